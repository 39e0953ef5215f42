"""Spikes and potentials: what a sample does to a network, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .._validation import check_labels, check_numbers, check_spike_trains
from ..module import Module
from .samples import class_names, fitted_classifier, present, spikes_of_one
from .style import (
    GREY,
    UP,
    add_legend,
    by_class,
    class_color,
    class_name,
    count_along,
    ink,
    name_groups,
    new_axes,
    runs,
    size_in_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROOM_OF_SPIKES = 0.06  # above the potentials, as a fraction of the height
_GAP = 0.08  # between two layers, as a fraction of the height of one
_FEW_SPIKES = 3  # of a layer, such as the one of a winner at the decision
_TALLEST_SPIKE = 24.0  # points
_MOST_CLASSES = 10  # that a legend names, those with the highest potentials
_STYLES = ("-", (0, (4, 1.5)))  # of the first five classes and the next


class SpikeRasterDisplay:
    """Spikes against time: a row for each channel and neuron, neurons sorted by class.

    Make it with :meth:`from_spikes`, :meth:`from_module` or :meth:`from_estimator`.

    Parameters
    ----------
    layers : sequence of ndarray of shape (n_channels, n_steps)
        The input spikes, then those of each layer: zeros and ones, a column a ms.
    labels : array-like of shape (n_neurons,), optional
        The class of each neuron of the last layer, an integer from 0; -1 for none.
    class_names : sequence of str, optional
        Names of the classes; by default their numbers.
    winner : int, optional
        The neuron of the last layer that is marked.

    Attributes
    ----------
    lines_ : list of matplotlib.lines.Line2D
        The spikes of the input, of each layer, and of each class of the last one.
    winner_ : matplotlib.lines.Line2D or None
        The mark of the winner.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If spikes are something else than 0 and 1, layers differ in their steps, or the labels
        do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import SpikeRasterDisplay
    >>> spikes = np.random.default_rng(0).random((8, 50)) < 0.1
    >>> display = SpikeRasterDisplay.from_spikes(spikes)
    >>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
    ('time (ms)', 'channel')
    """

    def __init__(
        self,
        layers: Sequence[np.ndarray],
        *,
        labels: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
        winner: int | None = None,
    ):
        self.layers = [check_spike_trains([spikes])[0] for spikes in layers]
        lengths = {spikes.shape[1] for spikes in self.layers}
        if len(lengths) != 1:
            raise ValueError(
                f"all layers must have as many time steps, got {sorted(lengths) or 'no layer'}."
            )
        n_neurons = len(self.layers[-1])
        self.labels = None if labels is None else check_labels("labels", labels, n_neurons, -1)
        if winner is not None and not 0 <= winner < n_neurons:
            raise ValueError(f"winner must be a neuron from 0 to {n_neurons - 1}, got {winner!r}.")
        self.class_names = class_names
        self.winner = winner

    @classmethod
    def from_spikes(
        cls,
        spikes: ArrayLike | Sequence[ArrayLike],
        *,
        labels: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
        winner: int | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw spike trains, or the input and the output of each layer.

        Parameters
        ----------
        spikes : array-like of shape (n_channels, n_steps), or list of ndarray of that shape
            One spike train; or the input spikes and those of each layer, such as
            ``module.spikeplots[epoch][sample]``.
        labels, class_names, winner
            As in the class.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SpikeRasterDisplay

        Raises
        ------
        ValueError
            As the class: if spikes are something else than 0 and 1, or the parts do not fit.
        """
        several = isinstance(spikes, (list, tuple)) and all(np.ndim(s) == 2 for s in spikes)
        layers: Any = spikes if several else [spikes]
        return cls(layers, labels=labels, class_names=class_names, winner=winner).plot(ax=ax)

    @classmethod
    def from_module(
        cls, module: Module, spike_train: ArrayLike, *, ax: Axes | None = None
    ) -> Self:
        """Show a spike train to a network, which does not change, and draw all spikes.

        Parameters
        ----------
        module : Module
        spike_train : array-like of shape (n_channels, n_steps)
            Spikes, 0 or 1, the first step silent.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SpikeRasterDisplay
            The winner is the neuron that has spiked most.

        Raises
        ------
        ValueError
            If there are no layers yet, or the spike train does not fit the network.
        """
        return cls(**_raster_of(module, spike_train)).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, x: ArrayLike, *, ax: Axes | None = None
    ) -> Self:
        """Show one sample to a classifier and draw all spikes.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier, or a pipeline that ends with one.
        x : array-like of shape (n_features,) or (n_channels, n_steps)
            The sample.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SpikeRasterDisplay
            The winner is the neuron that has spiked most.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If the estimator is no SNNClassifier, nor ends with one.
        ValueError
            If the sample is not one, or does not fit the classifier.
        """
        classifier = fitted_classifier(estimator)
        parts = _raster_of(classifier.module_, spikes_of_one(estimator, x))
        return cls(**parts, class_names=class_names(classifier)).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SpikeRasterDisplay
        """
        ax = new_axes(ax)
        bands = list(self._bands())
        first, last = bands[0], bands[-1]
        ends = first.places[0] - first.step / 2, last.places[-1] + last.step / 2
        ax.set(xlim=(0, self.layers[0].shape[1]), ylim=ends)
        ax.set(xlabel="time (ms)", ylabel=self._ylabel())
        self._tint_classes(ax, bands)
        self.lines_ = [self._draw(ax, band) for band in bands]
        for band, above in pairwise(bands):
            if band.layer != above.layer:
                between = 0.5 * (band.places[-1] + above.places[0])
                ax.axhline(between, color=GREY, linewidth=0.8)
        if len(self.layers) > 1 or self.labels is not None:
            name_groups(ax, "y", [(b.places.mean(), b.name, b.color) for b in bands])
        else:
            count_along(ax.yaxis)
        self.winner_ = None if self.winner is None else self._mark_winner(ax, bands)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _bands(self) -> Iterator[_Band]:
        """The rows of each layer, those of a class together, and where they lie."""
        height, bottom = max(map(len, self.layers)), 0.0
        for k, spikes in enumerate(self.layers):
            n, last = len(spikes), k == len(self.layers) - 1
            step = height / n if len(self.layers) > 1 else 1.0
            places = bottom + (step - 1) / 2 + step * np.arange(n)
            bottom += (1 + _GAP) * step * n
            if not last or self.labels is None:
                name = "input" if k == 0 else f"layer {k}"
                yield _Band(k, np.arange(n), places, step, name, ink())
                continue
            order = by_class(self.labels)
            for label, start, stop in runs(self.labels[order]):
                rows, name = order[start:stop], class_name(label, self.class_names)
                yield _Band(k, rows, places[start:stop], step, name, class_color(label))

    def _ylabel(self):
        if self.labels is None:
            return "channel" if len(self.layers) == 1 else ""
        return "neurons by class" if len(self.layers) == 1 else "input, and neurons by class"

    def _tint_classes(self, ax, bands):
        """Let the rows of a class be seen where none of them spikes."""
        if self.labels is None:
            return
        for band in bands:
            if band.layer == len(self.layers) - 1:
                low, high = band.places[0] - band.step / 2, band.places[-1] + band.step / 2
                ax.axhspan(low, high, color=band.color, alpha=0.08, linewidth=0)

    def _draw(self, ax, band):
        spikes = self.layers[band.layer]
        rows, steps = np.nonzero(spikes[band.rows])
        width, height = size_in_points(ax)
        n_rows = np.ptp(ax.get_ylim()) / band.step
        # Where spikes are few, they may be taller than their rows.
        least, thinnest = _sizes_of_spikes(spikes)
        (line,) = ax.plot(
            steps,
            band.places[rows],
            "|",
            color=band.color,
            markersize=float(np.clip(0.9 * height / n_rows, least, _TALLEST_SPIKE)),
            markeredgewidth=float(np.clip(0.6 * width / spikes.shape[1], thinnest, 2.0)),
        )
        return line

    def _mark_winner(self, ax, bands):
        (band,) = (b for b in bands if b.layer == len(self.layers) - 1 and self.winner in b.rows)
        place = band.places[band.rows == self.winner]
        ax.axhline(place[0], color=band.color, linestyle=":", linewidth=1.2, zorder=1)
        (mark,) = ax.plot(
            ax.get_xlim()[1:], place, "*", color=band.color, markeredgecolor=ink(),
            markersize=15, clip_on=False, zorder=5,
        )  # fmt: skip
        ax.annotate("winner", (1, place[0]), (11, 0), ("axes fraction", "data"),
                    textcoords="offset points", va="center", fontsize="small")  # fmt: skip
        return mark


def _sizes_of_spikes(spikes):
    """The least height and width, in points, of the marks of a layer's spikes."""
    n_spikes = np.count_nonzero(spikes)
    if n_spikes <= _FEW_SPIKES:
        return 10.0, 2.0
    return (5.0, 1.0) if n_spikes <= 2 * len(spikes) else (2.5, 0.5)


class _Band(NamedTuple):
    """Rows of a layer that are drawn in one colour."""

    layer: int
    rows: np.ndarray
    places: np.ndarray
    step: float  # from one row to the next
    name: str
    color: str


def _raster_of(module, spike_train):
    shown = present(module, spike_train)
    return {
        "layers": shown.spikeplots,
        "labels": _labels_of(module),
        "winner": _spiked_most(shown),
    }


def _labels_of(module):
    """The labels of the neurons; None if none has one."""
    labels = module.neuron_label_map
    return labels if (labels >= 0).any() else None


def _spiked_most(shown):
    """The neuron that wins: by its spikes or, if none has spiked, its potential."""
    return int(shown.spike_counts.argmax()) if shown.spike_counts.any() else shown.winner


class MembranePotentialDisplay:
    """Potentials against time, with thresholds, spikes and rests.

    All neurons are drawn thin, in the colours of their classes, the one with the highest
    potential of each class, of ten classes at most, stronger than the others; some are drawn
    thick, with their adaptive threshold and, at the top, their spikes. Grey spans are the rests
    of the layer, which come after each of its spikes. Make it with :meth:`from_module`,
    :meth:`from_estimator` or :meth:`from_potentials`.

    Parameters
    ----------
    potentials : array-like of shape (n_neurons, n_steps)
        The potentials at the time steps 1, 2, ..., in `unit`.
    thresholds : array-like of shape (n_neurons, n_steps), optional
        The adaptive thresholds, in the same unit.
    spikes : array-like of shape (n_neurons, n_steps), optional
        Zeros and ones.
    refractory_time : int, default=0
        Rest of the layer after a spike, in ms, at least 0.
    labels : array-like of shape (n_neurons,), optional
        The class of each neuron, an integer from 0; -1 for none.
    class_names : sequence of str, optional
        Names of the classes; by default their numbers.
    highlight : int or sequence of int, optional
        The neurons that are drawn thick; by default the one that spikes most, or has the
        highest potential at the end.
    unit : str, default="mV"
        Of the potentials.

    Attributes
    ----------
    lines_ : list of matplotlib.lines.Line2D
        The potentials of the highlighted neurons.
    collections_ : list of matplotlib.collections.LineCollection
        The potentials of all neurons, one for each class.
    thresholds_ : list of matplotlib.lines.Line2D
        The thresholds of the highlighted neurons.
    spans_ : list of matplotlib.patches.Rectangle
        The rests.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the shapes or the labels do not fit, or `highlight` names no neuron.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import MembranePotentialDisplay, Module, Parameters
    >>> module = Module(Parameters())
    >>> module.initialise_layers([1, 1])
    >>> spikes = np.ones((1, 101), dtype=np.uint8)
    >>> spikes[:, 0] = 0
    >>> display = MembranePotentialDisplay.from_module(module, spikes)
    >>> display.ax_.get_ylabel(), len(display.spans_)
    ('membrane potential (mV)', 1)
    """

    def __init__(
        self,
        potentials: ArrayLike,
        *,
        thresholds: ArrayLike | None = None,
        spikes: ArrayLike | None = None,
        refractory_time: int = 0,
        labels: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
        highlight: int | Sequence[int] | None = None,
        unit: str = "mV",
    ):
        self.potentials = check_numbers("potentials", potentials, ndim=2)
        n_neurons, shape = len(self.potentials), self.potentials.shape
        for name, values in (("thresholds", thresholds), ("spikes", spikes)):
            if values is not None and np.shape(values) != shape:
                raise ValueError(
                    f"{name} must have the shape of the potentials, {shape}, got "
                    f"{np.shape(values)}."
                )
        self.thresholds = None if thresholds is None else np.asarray(thresholds, dtype=float)
        self.spikes = np.zeros(shape, dtype=bool) if spikes is None else np.asarray(spikes) > 0
        self.refractory_time = refractory_time
        self.labels = None if labels is None else check_labels("labels", labels, n_neurons, -1)
        self.class_names = class_names
        counts = self.spikes.sum(axis=1)
        best = (counts if counts.any() else self.potentials[:, -1]).argmax()
        self.highlight = np.atleast_1d(np.asarray(best if highlight is None else highlight))
        if self.highlight.min() < 0 or self.highlight.max() >= n_neurons:
            raise ValueError(
                f"highlight must name neurons from 0 to {n_neurons - 1}, got {highlight!r}."
            )
        self.unit = unit

    @classmethod
    def from_potentials(
        cls,
        potentials: ArrayLike | Sequence[dict[int, float]],
        *,
        spikes: ArrayLike | None = None,
        refractory_time: int = 0,
        labels: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
        highlight: int | Sequence[int] | None = None,
        unit: str = "mV",
        ax: Axes | None = None,
    ) -> Self:
        """Draw potentials, such as those that a network has recorded.

        Parameters
        ----------
        potentials : array-like of shape (n_neurons, n_steps), or list of dict
            The potentials at the steps 1, 2, ..., or ``{time step: potential}`` of each
            neuron, such as ``module.layerpotentials[epoch][sample][layer]``.
        spikes : array-like of shape (n_neurons, n_steps), optional
            Zeros and ones; a first column for step 0 is left out.
        refractory_time, labels, class_names, highlight, unit
            As in the class.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        MembranePotentialDisplay

        Raises
        ------
        ValueError
            As the class: if the shapes or the labels do not fit, or `highlight` names no neuron.
        """
        rows: Any = potentials
        if isinstance(rows, Sequence) and rows and isinstance(rows[0], dict):
            rows = [list(potential.values()) for potential in rows]
        if spikes is not None:
            spikes = np.asarray(spikes)[:, -np.shape(rows)[1] :]
        return cls(
            rows,
            spikes=spikes,
            refractory_time=refractory_time,
            labels=labels,
            class_names=class_names,
            highlight=highlight,
            unit=unit,
        ).plot(ax=ax)

    @classmethod
    def from_module(
        cls,
        module: Module,
        spike_train: ArrayLike,
        *,
        layer: int = -1,
        highlight: int | Sequence[int] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Show a spike train to a network, which does not change, and draw its potentials.

        Parameters
        ----------
        module : Module
        spike_train : array-like of shape (n_channels, n_steps)
            Spikes, 0 or 1, the first step silent.
        layer : int, default=-1
            Which layer.
        highlight : int or sequence of int, optional
            As in the class.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        MembranePotentialDisplay

        Raises
        ------
        IndexError
            If there is no such layer.
        ValueError
            If there are no layers yet, the spike train does not fit the network, or `highlight`
            names no neuron.
        """
        parts = _potentials_of(module, spike_train, layer)
        return cls(**parts, highlight=highlight).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        x: ArrayLike,
        *,
        layer: int = -1,
        highlight: int | Sequence[int] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Show one sample to a classifier and draw the potentials of a layer.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier, or a pipeline that ends with one.
        x : array-like of shape (n_features,) or (n_channels, n_steps)
            The sample.
        layer : int, default=-1
            Which layer.
        highlight : int or sequence of int, optional
            As in the class.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        MembranePotentialDisplay

        Raises
        ------
        IndexError
            If there is no such layer.
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If the estimator is no SNNClassifier, nor ends with one.
        ValueError
            If the sample is not one, or does not fit the classifier, or `highlight` names no
            neuron.
        """
        classifier = fitted_classifier(estimator)
        parts = _potentials_of(classifier.module_, spikes_of_one(estimator, x), layer)
        names = class_names(classifier)
        return cls(**parts, class_names=names, highlight=highlight).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        MembranePotentialDisplay
        """
        from matplotlib.lines import Line2D

        ax = new_axes(ax)
        times = np.arange(1, self.potentials.shape[1] + 1)
        self.spans_ = [
            ax.axvspan(start, stop, color=GREY, alpha=0.2, linewidth=0, label="refractory")
            for start, stop in self._rests(times)
        ]
        labels = np.full(len(self.potentials), -1) if self.labels is None else self.labels
        others = np.setdiff1d(np.arange(len(labels)), self.highlight)
        named = self._named_classes(labels, others)
        self.collections_ = self._draw_others(ax, times, labels, others, named)
        self.lines_: list = []
        self.thresholds_: list = []
        for j in self.highlight:
            self._draw_highlighted(ax, times, j, class_color(labels[j]))
        keys = [
            Line2D([], [], color=class_color(k), linestyle=_style_of(k), label=self._name(k))
            for k in named
        ]
        add_legend(ax, [*self.lines_, *self.thresholds_[:1], *self.spans_[:1], *keys])
        what = "membrane potential" if self.unit == "mV" else "potential"
        low, high = ax.get_ylim()
        high += _ROOM_OF_SPIKES * (high - low) if self.spikes[self.highlight].any() else 0
        ax.set(xlabel="time (ms)", ylabel=f"{what} ({self.unit})", xlim=(0, times[-1]))
        ax.set_ylim(low, high)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _name(self, label):
        name = class_name(label, self.class_names)
        if label < 0:
            return "no class"
        return f"class {name}" if name.isdecimal() else name

    def _rests(self, times):
        """The spans of time in which the layer rests, those that meet in one."""
        spans: list[list[int]] = []
        for time in times[self.spikes.any(axis=0)] if self.refractory_time > 0 else ():
            end = min(time + self.refractory_time, times[-1])
            if spans and time <= spans[-1][1]:
                spans[-1][1] = end
            else:
                spans.append([time, end])
        return spans

    def _named_classes(self, labels, others):
        """The classes that the legend names, none that a highlighted neuron is of."""
        if self.labels is None:
            return []
        highest = self.potentials.max(axis=1)
        classes = np.setdiff1d(labels[others], labels[self.highlight]).tolist()
        classes.sort(key=lambda k: -highest[labels == k].max())
        return sorted(classes[:_MOST_CLASSES])

    def _draw_others(self, ax, times, labels, others, named):
        from matplotlib.collections import LineCollection

        faint = float(np.clip(12 / max(len(others), 1), 0.12, 0.7))
        collections = []
        for label in np.unique(labels[others]):
            chosen = others[labels[others] == label]
            chosen = chosen[self.potentials[chosen].max(axis=1).argsort(kind="stable")]
            best = label in named
            collection = LineCollection(
                [np.column_stack([times, self.potentials[j]]) for j in chosen],
                colors=class_color(label),
                linestyles=[_style_of(label)],
                linewidths=[1.0] * (len(chosen) - 1) + [1.6 if best else 1.0],
                alpha=[faint] * (len(chosen) - 1) + [1.0 if best else faint],
            )
            collections.append(ax.add_collection(collection))
        return collections

    def _draw_highlighted(self, ax, times, j, color):
        from matplotlib.patheffects import withStroke

        name = f"neuron {j}"
        if self.labels is not None:
            name += f", {self._name(self.labels[j])}"
        color = color if self.labels is not None else UP
        rim = [withStroke(linewidth=3.4, foreground=GREY)]  # pale colours are seen on white, too
        self.lines_ += ax.plot(
            times, self.potentials[j], color=color, linewidth=2.2, label=name, path_effects=rim
        )
        if self.thresholds is not None:
            self.thresholds_ += ax.plot(
                times, self.thresholds[j], "--", color=ink(), linewidth=1.2,
                label="adaptive threshold",
            )  # fmt: skip
        spiked = times[self.spikes[j]]
        ax.plot(
            spiked, np.full(len(spiked), 0.97), "|", color=color, markersize=8,
            transform=ax.get_xaxis_transform(),
        )  # fmt: skip


def _style_of(label):
    """How the lines of a class are drawn, as a second sign beside its colour."""
    return _STYLES[label // 5 % 2] if label >= 0 else "-"


def _potentials_of(module, spike_train, layer):
    shown = present(module, spike_train)
    potentials = [list(potential.values()) for potential in shown.potentials[layer]]
    parts = {"potentials": potentials, "unit": "weight x ms"}
    if shown.thresholds:  # neurons that fire
        parts |= {
            "thresholds": shown.thresholds[layer][:, 1:],
            "refractory_time": module.parameters.refractory_time,
            "unit": "mV",
        }
    n_layers = len(module.layers)
    if layer % n_layers == n_layers - 1:
        parts["labels"] = _labels_of(module)
    return parts | {"spikes": shown.spikeplots[1:][layer][:, 1:]}
