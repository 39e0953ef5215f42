"""Time series: the windows that neurons have learned, and where in a series they answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .style import COLORS, add_legend, count_along, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_CHANNELS = ("-", "--", ":", "-.")  # so that colours are left for the neurons
_MOST_NAMED = 10  # channels that a legend names


class SeriesWindowDisplay:
    """The windows of time series that neurons have learned, in the units of the signal.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    values : ndarray of shape (n_neurons, window_size, n_channels)
        What each neuron is driven by most, at each step of its window; NaN for nothing.
    dilation : int
        Time steps between two steps of a window.
    name : str
        What the values are, such as "value".
    neurons : sequence of int, optional
        Their numbers, which are titles; by default from 0 on.

    Attributes
    ----------
    lines_ : list of matplotlib.lines.Line2D
        A line for each neuron and channel.
    axes_ : ndarray of matplotlib.axes.Axes of shape (n_neurons,)
        A picture for each neuron.
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import SeriesWindowDisplay, SpikingWindowFeatures
    >>> X = np.random.default_rng(0).normal(size=(20, 2, 40)).cumsum(axis=2)
    >>> features = SpikingWindowFeatures(8, random_state=0).fit(X)
    >>> display = SeriesWindowDisplay.from_estimator(features, "value_d2")
    >>> len(display.axes_), len(display.lines_)
    (8, 16)
    """

    def __init__(
        self,
        values: np.ndarray,
        *,
        dilation: int,
        name: str,
        neurons: Sequence[int] | None = None,
    ):
        self.values = values
        self.dilation = dilation
        self.name = name
        self.neurons = list(range(len(values)) if neurons is None else neurons)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        layer: str | None = None,
        *,
        neurons: Sequence[int] = range(16),
        figure: Figure | SubFigure | None = None,
    ) -> Self:
        """Draw windows of one code and dilation.

        Parameters
        ----------
        estimator : SpikingWindowFeatures, or SNNClassifier or Pipeline with it
            Fitted.
        layer : str, optional
            Code and dilation, one of the names in `windows_`, such as "value_d4"; by default
            the first.
        neurons : sequence of int, default=range(16)
            Which to draw; numbers beyond the last are left out.
        figure : matplotlib.figure.Figure or SubFigure, optional
            Where to draw; a new one by default.

        Returns
        -------
        SeriesWindowDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If there are no such features, or no such layer.
        """
        features = _window_features(estimator)
        layer = _layer_of(features, layer)
        values = features.window_values(layer)
        neurons = [j for j in neurons if j < len(values)]
        code, dilation = layer.removesuffix("_shared").split("_d")
        unit = " (deviations)" if layer.endswith("_shared") else ""
        return cls(
            values[neurons], dilation=int(dilation), name=code + unit, neurons=neurons
        ).plot(figure=figure)

    def plot(self, *, figure: Figure | SubFigure | None = None) -> Self:
        """Draw the pictures.

        Parameters
        ----------
        figure : matplotlib.figure.Figure or SubFigure, optional
            Where to draw; a new one by default.

        Returns
        -------
        SeriesWindowDisplay
        """
        n_neurons, window_size, n_channels = self.values.shape
        n_columns = math.ceil(math.sqrt(2 * n_neurons))
        n_rows = math.ceil(n_neurons / n_columns)
        if figure is None:
            import matplotlib.pyplot as plt

            size = 1.2 * n_columns + 1, 1.1 * n_rows + 1
            figure = plt.figure(figsize=size, layout="constrained")
        self.figure_: Any = figure
        axes = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        steps = (np.arange(window_size) - window_size // 2) * self.dilation
        self.axes_, self.lines_ = axes.ravel()[:n_neurons], []
        for ax, values, neuron in zip(self.axes_, self.values, self.neurons, strict=True):
            ax.set_title(f"neuron {neuron}", fontsize="small")
            for channel, line in enumerate(values.T):
                self.lines_ += ax.plot(
                    steps, line, marker=".", markersize=3, color=COLORS[channel % len(COLORS)],
                    label=f"channel {channel}",
                )  # fmt: skip
        for ax in axes.ravel()[n_neurons:]:
            ax.set_axis_off()
        for ax in self.axes_[-n_columns:]:  # the last of each column
            ax.tick_params(labelbottom=True)
        axes[0, 0].set_xticks([0, steps[-1]])
        if 1 < n_channels <= _MOST_NAMED:
            self.figure_.legend(
                handles=self.lines_[:n_channels], loc="outside right upper", fontsize="small"
            )
        self.figure_.supxlabel("time (steps)")
        self.figure_.supylabel(self.name)
        return self


class SeriesAnswerDisplay:
    """Where in a time series the winning neurons answered.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    series : ndarray of shape (n_channels, n_timepoints)
        The series.
    leads : ndarray of shape (n_neurons, n_timepoints)
        The lead with which each neuron answered at each step, 0 for no answer.
    names : sequence of str
        Of the neurons.

    Attributes
    ----------
    lines_ : list of matplotlib.lines.Line2D
        The channels.
    marks_ : list of matplotlib.collections.PathCollection
        The answers of each neuron, the larger the lead the larger the mark.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import SeriesAnswerDisplay, SpikingWindowFeatures
    >>> X = np.random.default_rng(0).normal(size=(20, 2, 40)).cumsum(axis=2)
    >>> features = SpikingWindowFeatures(8, random_state=0).fit(X)
    >>> display = SeriesAnswerDisplay.from_estimator(features, X[0], "value_d2", n_neurons=3)
    >>> len(display.lines_), len(display.marks_)
    (2, 3)
    """

    def __init__(self, series: np.ndarray, leads: np.ndarray, *, names: Sequence[str]):
        self.series = series
        self.leads = leads
        self.names = names

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        series: ArrayLike,
        layer: str | None = None,
        *,
        n_neurons: int = 5,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a series and the answers to it.

        Parameters
        ----------
        estimator : SpikingWindowFeatures, or SNNClassifier or Pipeline with it
            Fitted.
        series : array-like of shape (n_channels, n_timepoints) or (n_timepoints,)
            One series.
        layer : str, optional
            Code and dilation, one of the names in `windows_`, such as "value_d4"; by default
            the first.
        n_neurons : int, default=5
            The neurons that answered most are drawn, so many at most.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SeriesAnswerDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If there are no such features, or no such layer.
        """
        features = _window_features(estimator)
        layer = _layer_of(features, layer)
        series = np.atleast_2d(np.asarray(series, dtype=float))
        leads = features.answers(series[np.newaxis])[layer][0]
        first = np.argsort(-leads.sum(axis=1), kind="stable")[:n_neurons]
        first = first[leads[first].any(axis=1)]
        names = [f"{layer}_neuron{j}" for j in first]
        return cls(series, leads[first], names=names).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SeriesAnswerDisplay
        """
        ax = new_axes(ax, figsize=(8, 3))
        n_channels = len(self.series)
        named = 1 < n_channels <= _MOST_NAMED
        greys = np.linspace(0.35, 0.65, n_channels) if n_channels > 1 else [0.5]
        self.lines_ = [
            ax.plot(
                channel, color=str(grey), linestyle=_CHANNELS[k % len(_CHANNELS)], linewidth=1.2,
                zorder=1, label=f"channel {k}" if named else None,
            )[0]
            for k, (channel, grey) in enumerate(zip(self.series, greys, strict=True))
        ]  # fmt: skip
        largest = self.leads.max(initial=0.0)
        self.marks_ = []
        for k, (name, leads) in enumerate(zip(self.names, self.leads, strict=True)):
            steps = np.flatnonzero(leads)
            places = np.tile(steps, n_channels), self.series[:, steps].ravel()
            sizes = np.tile(80 * leads[steps] / largest, n_channels)
            self.marks_.append(
                ax.scatter(
                    *places,
                    sizes,
                    color=COLORS[k % len(COLORS)],
                    alpha=0.7,
                    linewidths=0,
                    label=name,
                )
            )
        count_along(ax.xaxis)
        ax.set(xlabel="time (steps)", ylabel="signal")
        add_legend(ax, beside=True)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _window_features(estimator):
    """The fitted SpikingWindowFeatures of an estimator."""
    steps = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    for step in steps:
        features = getattr(step, "features_", step)
        if hasattr(features, "window_values"):
            check_is_fitted(features)
            return features
        if getattr(step, "features", None) is not None:
            check_is_fitted(step)
    raise ValueError(
        f"{type(estimator).__name__} has no SpikingWindowFeatures: give one, or a classifier or "
        "pipeline with it."
    )


def _layer_of(features, layer):
    """Check the name of a code and dilation; by default the first."""
    if layer is None:
        layer = next(iter(features.windows_), None)
    if layer not in features.windows_:
        raise ValueError(f"layer must be one of {sorted(features.windows_)}, got {layer!r}.")
    return layer
