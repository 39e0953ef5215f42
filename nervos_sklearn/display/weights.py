"""Weights: what each neuron has learned, how weights are spread, and how they came there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .._validation import check_numbers
from ..module import Module
from .samples import class_names, feature_names, fitted_classifier
from .style import (
    DOWN,
    GREY,
    UP,
    add_legend,
    by_class,
    class_color,
    ink,
    name_groups,
    new_axes,
    runs,
    size_in_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

_CELL = 0.6  # inches of the picture of a neuron
_MOST_BARS = 24  # neurons that are drawn as rows of bars; more are a map
_LETTERS = 24  # of the name of a feature or class
_SHARES = (5, 25, 50, 75, 95)  # percentiles of the weights


class ReceptiveFieldDisplay:
    """The weights that lead to each neuron: images, rows of bars, or a map of many neurons.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    weights : array-like of shape (n_neurons, n_inputs)
        The weights.
    image_shape : tuple of (height, width) or (n_maps, height, width), optional
        How the inputs of a neuron are laid out; they multiply to n_inputs. None draws a
        row of bars for each of up to 24 neurons, and a map of more, a row for each.
    labels : sequence of length n_neurons, optional
        Written into each image, or beside the rows, once for neighbours of one label.
    groups : array-like of int of shape (n_inputs,), optional
        Bars and maps: the feature of each input; lines part them.
    group_names : sequence of str, optional
        Bars and maps: names of the features; by default "x0", "x1", ...
    ylabel : str, default="weights of each neuron"
        Bars and maps: what a row shows.

    Attributes
    ----------
    image_ : matplotlib.image.AxesImage or None
        All receptive fields, side by side, or the map; None for bars.
    bars_ : list of matplotlib.collections.LineCollection
        The bars, those of positive weights and those of negative ones.
    text_ : list of matplotlib.text.Text
        The labels.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the inputs cannot be laid out in that shape, or the lengths do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import ReceptiveFieldDisplay
    >>> weights = np.random.default_rng(0).random((6, 64))
    >>> display = ReceptiveFieldDisplay(weights, image_shape=(8, 8)).plot()
    >>> display.image_.get_array().shape
    (19, 28)
    """

    def __init__(
        self,
        weights: ArrayLike,
        *,
        image_shape: Sequence[int] | None = None,
        labels: Sequence | None = None,
        groups: ArrayLike | None = None,
        group_names: Sequence[str] | None = None,
        ylabel: str = "weights of each neuron",
    ):
        weights = np.asarray(weights, dtype=float)
        n_inputs = None if weights.ndim != 2 else weights.shape[1]
        if n_inputs is None or (image_shape is not None and math.prod(image_shape) != n_inputs):
            raise ValueError(
                f"weights of shape {weights.shape} cannot be drawn as images of "
                f"{image_shape}: image_shape must multiply to the number of inputs."
            )
        if labels is not None and len(labels) != len(weights):
            raise ValueError(f"expected {len(weights)} labels, got {len(labels)}.")
        if groups is not None and np.shape(groups) != weights.shape[1:]:
            raise ValueError(
                f"groups must hold the feature of each of {weights.shape[1]} inputs, got shape "
                f"{np.shape(groups)}."
            )
        n_groups = n_inputs if groups is None else len(runs(groups))
        if group_names is not None and len(group_names) != n_groups:
            raise ValueError(f"expected {n_groups} group_names, got {len(group_names)}.")
        self.weights = weights
        self.image_shape = None if image_shape is None else tuple(image_shape)
        self.labels = labels
        self.groups = None if groups is None else np.asarray(groups)
        self.group_names = group_names
        self.ylabel = ylabel

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        image_shape: Sequence[int] | None = None,
        neurons: str | Sequence[int] | None = None,
        sort: bool = True,
        ax: Axes | None = None,
        cmap: str | Colormap | None = None,
    ) -> Self:
        """Draw the receptive fields of the first layer of a classifier.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier, or a pipeline that ends with one.
        image_shape : tuple of (height, width) or (n_maps, height, width), optional
            Layout of the inputs. By default that of the images that the classifier has
            recognised, or a square if their number allows it; fields of tables, and all
            else, are drawn as bars or a map.
        neurons : {"each", "class"} or sequence of int, optional
            Which are drawn: each, the mean of those of each class, or those of these numbers,
            from 0. By default each of an image, or of up to 24 neurons, and else the means.
        sort : bool, default=True
            Draw the neurons of a class side by side.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        cmap : str or matplotlib.colors.Colormap, optional
            Colours of the weights, as in :meth:`plot`.

        Returns
        -------
        ReceptiveFieldDisplay

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If the estimator is no SNNClassifier, nor ends with one.
        ValueError
            If `image_shape` does not multiply to the number of inputs, or `neurons` names none
            of the network's, or means of classes where neurons have none.
        """
        classifier = fitted_classifier(estimator)
        weights, encoder = classifier.module_.receptive_fields, classifier.encoder_
        numbers = np.asarray(classifier.neuron_label_map_)
        if len(numbers) != len(weights):  # those of a hidden layer have no class
            numbers = np.full(len(weights), -1)
        if image_shape is None:
            image_shape = _shape_of_inputs(classifier)
        if neurons is None:
            many = image_shape is None and len(weights) > _MOST_BARS and (numbers >= 0).any()
            neurons = "class" if many else "each"
        weights, numbers, ylabel = _chosen(weights, numbers, neurons)
        if sort:
            order = by_class(numbers)
            weights, numbers = weights[order], numbers[order]
        names = class_names(classifier)
        labels = ["" if k < 0 else names[k] for k in numbers]
        return cls(
            weights,
            image_shape=image_shape,
            labels=labels if any(labels) else None,
            groups=None if encoder is None else encoder.channel_features_,
            group_names=None if encoder is None else feature_names(estimator),
            ylabel=ylabel,
        ).plot(ax=ax, cmap=cmap)

    def plot(self, *, ax: Axes | None = None, cmap: str | Colormap | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        cmap : str or matplotlib.colors.Colormap, optional
            Colours of the weights; by default "viridis", or "PuOr_r" with white for 0 if
            some are negative. Bars have none.

        Returns
        -------
        ReceptiveFieldDisplay
        """
        self.image_: Any = None
        self.bars_: list = []
        self.text_: list = []
        if self.image_shape is not None:
            ax = self._plot_images(ax, cmap)
        elif len(self.weights) <= _MOST_BARS:
            ax = self._plot_bars(ax)
        else:
            ax = self._plot_map(ax, cmap)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_images(self, ax, cmap):
        fields = np.stack([_side_by_side(w.reshape(self.image_shape)) for w in self.weights])
        height, width = (side + 1 for side in fields.shape[1:])
        n_columns = math.ceil(math.sqrt(len(fields) * height / width))
        n_rows = math.ceil(len(fields) / n_columns)
        corners = [
            (1 + height * (k // n_columns), 1 + width * (k % n_columns))
            for k in range(len(fields))
        ]
        mosaic = np.full((n_rows * height + 1, n_columns * width + 1), np.nan)
        for field, (top, left) in zip(fields, corners, strict=True):
            mosaic[top : top + height - 1, left : left + width - 1] = field
        size = (_CELL * n_columns + 1, max(_CELL * n_rows * height / width, 1))
        ax = new_axes(ax, figsize=size)
        self.image_ = ax.imshow(mosaic, interpolation="nearest", **_colors_of(fields, cmap))
        if self.labels is not None:
            cell = min(
                size_in_points(ax)[0] / mosaic.shape[1], size_in_points(ax)[1] / len(mosaic)
            )
            self.text_ = [
                _label_image(ax, text, left, top, field, self.image_, cell * height)
                for text, (top, left), field in zip(self.labels, corners, fields, strict=True)
            ]
        ax.set_axis_off()
        ax.figure.colorbar(self.image_, ax=ax, label="weight", fraction=0.03, pad=0.02)
        return ax

    def _plot_bars(self, ax):
        n_neurons, n_inputs = self.weights.shape
        bottoms = np.arange(n_neurons - 1, -1, -1)
        ax = new_axes(ax, figsize=(self._width(), float(np.clip(2.6 + 0.4 * n_neurons, 4.2, 10))))
        ax.set(xlim=(-0.5, n_inputs - 0.5), ylim=(-0.6, n_neurons), yticks=[])
        ax.spines[:].set_visible(False)
        ax.hlines(bottoms, -0.5, n_inputs - 0.5, color=GREY, linewidth=0.5)
        self._draw_bars(ax, np.tile(np.arange(n_inputs), (n_neurons, 1)), bottoms[:, np.newaxis])
        self._name_rows(ax, bottoms + (0 if self._both_signs() else 0.4))
        self._name_features(ax, GREY)
        return ax

    def _plot_map(self, ax, cmap):
        ax = new_axes(ax, figsize=(self._width(), 5))
        self.image_ = ax.imshow(self.weights, aspect="auto", **_colors_of(self.weights, cmap))
        self._name_rows(ax, np.arange(len(self.weights)))
        self._name_features(ax, "white")
        if self.labels is not None:
            for start in self._starts()[1:]:
                ax.axhline(start - 0.5, color="white", linewidth=0.8)
        ax.figure.colorbar(self.image_, ax=ax, label="weight")
        return ax

    def _width(self):
        """Inches that leave room for the names of the features."""
        return float(np.clip(2 + 0.16 * len(self._feature_starts()), 6.4, 12))

    def _both_signs(self):
        return self.weights.min() < 0 < self.weights.max()

    def _starts(self):
        """Where neighbours of one label begin."""
        labels = self.labels
        return [k for k in range(len(labels)) if k == 0 or labels[k] != labels[k - 1]]

    def _feature_starts(self):
        """The first input of each feature."""
        n_inputs = self.weights.shape[1]
        return [
            start
            for _, start, _ in runs(np.arange(n_inputs) if self.groups is None else self.groups)
        ]

    def _draw_bars(self, ax, x, bottoms):
        from matplotlib.collections import LineCollection
        from matplotlib.lines import Line2D

        heights = (
            (0.45 if self._both_signs() else 0.85)
            * self.weights
            / (np.abs(self.weights).max() or 1.0)
        )
        low, high = ax.get_xlim()
        width = max(0.8 * size_in_points(ax)[0] / (high - low), 0.3)
        keys = []
        for sign, color, name in ((1, UP, "positive"), (-1, DOWN, "negative")):
            chosen = np.sign(self.weights) == sign
            if chosen.any():
                starts = np.broadcast_to(bottoms, x.shape)[chosen]
                ends = starts + heights[chosen]
                bars = np.stack([x[chosen], starts, x[chosen], ends], axis=1).reshape(-1, 2, 2)
                bars = LineCollection(bars, colors=color, linewidths=width, capstyle="butt")
                self.bars_.append(ax.add_collection(bars))
                keys.append(Line2D([], [], color=color, linewidth=4, label=name))
        if len(keys) > 1:
            add_legend(ax, keys, beside=True)

    def _name_features(self, ax, color):
        """Part the inputs of different features by lines, and name the features below."""
        edges = np.array([*self._feature_starts(), self.weights.shape[1]]) - 0.5
        width, height = size_in_points(ax)
        if len(edges) < width / _LEAST_BETWEEN_LINES:
            ax.vlines(edges[1:-1], *ax.get_ylim(), color=color, linewidth=0.4, alpha=0.6)
        ax.set_xlabel("feature")
        names = self.group_names
        if names is None:
            names = [f"x{k}" for k in range(len(edges) - 1)]
        names = [_short(name) for name in names]
        wide = _POINTS_OF_LETTER * max(map(len, names)) * len(names) > width
        if wide:  # those that stand upright take half of the height at most
            names = [_short(name, max(int(0.5 * height / _POINTS_OF_LETTER), 8)) for name in names]
        places = (edges[1:] + edges[:-1]) / 2
        name_groups(ax, "x", [(*group, ink()) for group in zip(places, names, strict=True)])
        ax.tick_params(axis="x", labelrotation=90 if wide else 0)

    def _name_rows(self, ax, places):
        """Write each label once, in the middle of neighbours of one label."""
        ax.set_ylabel(self.ylabel)
        if self.labels is None:
            ax.set_yticks([])
            return
        ends = [*self._starts(), len(self.labels)]
        name_groups(ax, "y", [
            (places[start:stop].mean(), _short(self.labels[start]), ink())
            for start, stop in pairwise(ends)
        ])  # fmt: skip
        texts = ax.get_yticklabels()  # from small places to large ones, and here from above
        self.text_ = texts if places[0] < places[-1] else texts[::-1]


_POINTS_OF_LETTER = 5.5  # of a small font
_LEAST_BETWEEN_LINES = 4  # points


def _short(name, n_letters=_LETTERS):
    """The name of a feature or class; of a long one, the beginning and the end."""
    name, kept = str(name), min(n_letters, _LETTERS) - 3
    return (
        name if len(name) <= kept + 3 else f"{name[: kept - kept // 2]}...{name[-(kept // 2) :]}"
    )


def _chosen(weights, numbers, neurons):
    """The weights and classes of chosen neurons or of means, and what to call them."""
    if isinstance(neurons, str):
        if neurons == "each":
            return weights, numbers, "weights of each neuron"
        if neurons != "class":
            raise ValueError(
                f'neurons must be "each", "class" or numbers of neurons, got {neurons!r}.'
            )
        classes = np.unique(numbers[numbers >= 0])
        if len(classes) == 0:
            raise ValueError(
                'no neuron of the first layer has a class: neurons="each" draws them all.'
            )
        means = np.stack([weights[numbers == k].mean(axis=0) for k in classes])
        return means, classes, "mean weights of a class"
    chosen = check_numbers("neurons", neurons, ndim=1)
    if (chosen != chosen.astype(int)).any() or chosen.min() < 0 or chosen.max() >= len(weights):
        raise ValueError(f"neurons must be numbers from 0 to {len(weights) - 1}, got {neurons!r}.")
    chosen = chosen.astype(int)
    return weights[chosen], numbers[chosen], "weights of each neuron"


def _shape_of_inputs(classifier):
    """The layout of the inputs of a network as images, None if they are something else."""
    n_inputs, augmentation = classifier.module_.layer_sizes[0], classifier.augmentation_
    encoder, features = classifier.encoder_, classifier.features_
    if encoder is not None and encoder.encoding == "receptive_fields":
        return None
    shape = getattr(features, "map_shape_", None)
    if shape is None and augmentation is not None:
        shape = augmentation.image_shape_
    if shape is not None and math.prod(shape) == n_inputs:
        return tuple(shape)
    side = math.isqrt(n_inputs)
    return (side, side) if side**2 == n_inputs else None


def _side_by_side(maps):
    """Lay several maps out as one image, nearly square; an image stays as it is."""
    if maps.ndim == 2:
        return maps
    n_maps, height, width = maps.shape
    n_columns = math.ceil(math.sqrt(n_maps))
    n_rows = math.ceil(n_maps / n_columns)
    padded = np.full((n_rows * n_columns, height, width), np.nan)
    padded[:n_maps] = maps
    grid = padded.reshape(n_rows, n_columns, height, width).swapaxes(1, 2)
    return grid.reshape(n_rows * height, n_columns * width)


def _colors_of(fields, cmap):
    """One colour from 0 on; two if some weights are negative, white for 0."""
    if np.nanmin(fields) >= 0:
        return {"cmap": cmap or "viridis"}
    reach = np.nanmax(np.abs(fields))
    return {"cmap": cmap or "PuOr_r", "vmin": -reach, "vmax": reach}


def _label_image(ax, label, left, top, field, image, size):
    """Write the label of a neuron into the corner of its picture, to be read on its colours."""
    height, width = field.shape
    corner = np.nanmean(field[: math.ceil(height / 3), : math.ceil(width / 3)])
    red, green, blue, _ = image.cmap(image.norm(corner))
    dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.55
    fontsize = np.clip(0.28 * size, 1, 9) / max(1, 0.4 * len(str(label)))
    return ax.text(
        left - 0.3, top - 0.3, str(label), color="white" if dark else "black",
        fontsize=float(fontsize), va="top",
    )  # fmt: skip


class WeightHistogramDisplay:
    """How the weights of a network are spread.

    Make it with :meth:`from_estimator` or :meth:`from_weights`.

    Parameters
    ----------
    weights : dict of str to array-like
        Weights of any shape, and what to call them.
    levels : array-like of shape (n_levels,), optional
        The levels that a weight can take, drawn as ticks.

    Attributes
    ----------
    patches_ : list of matplotlib.patches.StepPatch
        A histogram for each name.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no weights, or weights or levels are not finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import WeightHistogramDisplay
    >>> rng = np.random.default_rng(0)
    >>> display = WeightHistogramDisplay.from_weights(
    ...     {"before": rng.random((5, 64)), "after": rng.beta(0.5, 0.5, (5, 64))})
    >>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
    ('weight', 'share of synapses (%)')
    """

    def __init__(self, weights: dict[str, ArrayLike], *, levels: ArrayLike | None = None):
        if not weights:
            raise ValueError("weights must hold at least one array, got none.")
        self.weights = {
            name: check_numbers(f"the weights {name!r}", np.ravel(w), ndim=1)
            for name, w in weights.items()
        }
        self.levels = None if levels is None else check_numbers("levels", levels, ndim=1)

    @classmethod
    def from_weights(
        cls,
        weights: ArrayLike | dict[str, ArrayLike],
        *,
        levels: ArrayLike | None = None,
        bins: int = 40,
        ax: Axes | None = None,
    ) -> Self:
        """Draw weights, such as those before and after learning.

        Parameters
        ----------
        weights : array-like of any shape, or dict of str to array-like
            The weights; several are told apart by their names.
        levels : array-like of shape (n_levels,), optional
            The levels that a weight can take.
        bins : int, default=40
            Bins of the histogram.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        WeightHistogramDisplay

        Raises
        ------
        ValueError
            If there are no weights, or weights or levels are not finite numbers.
        """
        weights = weights if isinstance(weights, dict) else {"weights": weights}
        return cls(weights, levels=levels).plot(bins=bins, ax=ax)

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, *, bins: int = 40, ax: Axes | None = None
    ) -> Self:
        """Draw the weights of each layer of a classifier.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier, or a pipeline that ends with one.
        bins : int, default=40
            Bins of the histogram.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        WeightHistogramDisplay

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If the estimator is no SNNClassifier, nor ends with one.
        """
        module = fitted_classifier(estimator).module_
        weights = {f"layer {k + 1}": layer.synapses for k, layer in enumerate(module.layers)}
        levels = None
        if module.synapse is not None and len(module.layers[0].conductances) == 1:
            bounds = module.parameters.min_weight, module.parameters.max_weight
            levels = module.synapse.fresh_levels(*bounds)
        return cls(weights, levels=levels).plot(bins=bins, ax=ax)

    def plot(self, *, bins: int = 40, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        bins : int, default=40
            Bins of the histogram.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        WeightHistogramDisplay
        """
        ax = new_axes(ax)
        edges = np.histogram_bin_edges(np.concatenate(list(self.weights.values())), bins)
        self.patches_ = []
        for k, (name, weights) in enumerate(self.weights.items()):
            shares = 100 * np.histogram(weights, edges)[0] / weights.size
            color = class_color(k)
            ax.stairs(shares, edges, fill=True, color=color, alpha=0.25)
            self.patches_.append(ax.stairs(shares, edges, color=color, linewidth=1.8, label=name))
        if self.levels is not None:
            ax.plot(
                self.levels, np.zeros(len(self.levels)), "|", color=ink(), markersize=9,
                transform=ax.get_xaxis_transform(), label="levels", clip_on=False,
            )  # fmt: skip
        ax.set(xlabel="weight", ylabel="share of synapses (%)")
        if len(self.weights) > 1 or self.levels is not None:
            add_legend(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


class WeightEvolutionDisplay:
    """How weights move while a network learns: their percentiles, sample by sample.

    Make it with :meth:`from_module`, of a network that has recorded its weights, or
    :meth:`from_weights`.

    Parameters
    ----------
    weights : sequence of array-like
        The weights of the same synapses, one time after another.
    epoch_ends : sequence of int, default=()
        Where an epoch ends, counted in `weights`.
    xlabel : str, default="presentation"
        What the steps are.

    Attributes
    ----------
    percentiles_ : ndarray of shape (n_times, 5)
        5, 25, 50, 75 and 95 % of the weights lie below.
    line_ : matplotlib.lines.Line2D
        The median.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no weights.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import WeightEvolutionDisplay
    >>> rng = np.random.default_rng(0)
    >>> weights = [np.clip(0.5 + 0.05 * k * rng.standard_normal(200), 0, 1) for k in range(20)]
    >>> WeightEvolutionDisplay.from_weights(weights).percentiles_.shape
    (20, 5)
    """

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        *,
        epoch_ends: Sequence[int] = (),
        xlabel: str = "presentation",
    ):
        if len(weights) == 0:
            raise ValueError(
                "there are no weights to draw: set get_weight_evolution = True before train()."
            )
        self.percentiles_ = np.stack([np.percentile(np.asarray(w), _SHARES) for w in weights])
        self.epoch_ends = list(epoch_ends)
        self.xlabel = xlabel

    @classmethod
    def from_weights(
        cls,
        weights: Sequence[ArrayLike],
        *,
        xlabel: str = "presentation",
        ax: Axes | None = None,
    ) -> Self:
        """Draw weights, one time after another.

        Parameters
        ----------
        weights : sequence of array-like
            The weights of the same synapses, one time after another.
        xlabel : str, default="presentation"
            What the steps are.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        WeightEvolutionDisplay

        Raises
        ------
        ValueError
            If there are no weights.
        """
        return cls(weights, xlabel=xlabel).plot(ax=ax)

    @classmethod
    def from_module(
        cls, module: Module, *, neuron: int | None = None, ax: Axes | None = None
    ) -> Self:
        """Draw what a network has recorded with ``get_weight_evolution = True``.

        Parameters
        ----------
        module : Module
            A trained network of one layer.
        neuron : int, optional
            Only the weights that lead to this neuron; by default all.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        WeightEvolutionDisplay

        Raises
        ------
        ValueError
            If the network has recorded no weights, or has several layers.
        """
        if len(module.made_layers()) != 1:
            raise ValueError(
                f"from_module draws a network of one layer, got layer_sizes={module.layer_sizes}."
            )
        chosen = slice(None) if neuron is None else neuron
        weights: list[np.ndarray] = []
        ends = []
        for epoch in module.weight_evolution:
            # After a sample without firings, the weights are those before.
            for firings in epoch:
                if firings or weights:
                    weights.append(firings[-1][chosen] if firings else weights[-1])
            ends.append(len(weights))
        return cls(weights, epoch_ends=ends[:-1]).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        WeightEvolutionDisplay
        """
        ax = new_axes(ax)
        times = np.arange(1, len(self.percentiles_) + 1)
        lowest, low, median, high, highest = self.percentiles_.T
        ax.fill_between(times, lowest, highest, color=UP, alpha=0.2, linewidth=0,
                        label="90 % of the weights")  # fmt: skip
        ax.fill_between(times, low, high, color=UP, alpha=0.4, linewidth=0,
                        label="half of the weights")  # fmt: skip
        (self.line_,) = ax.plot(times, median, color=UP, linewidth=2, label="median")
        for k, end in enumerate(self.epoch_ends):
            label = None if k else "end of an epoch"
            ax.axvline(end + 0.5, color=GREY, linestyle=":", linewidth=1.2, label=label)
        ax.set(xlabel=self.xlabel, ylabel="weight", xlim=(1, max(len(times), 2)))
        add_legend(ax, beside=True)
        self.ax_, self.figure_ = ax, ax.figure
        return self
