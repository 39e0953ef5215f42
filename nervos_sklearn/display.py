"""Pictures of a network, as scikit-learn displays."""

import math
import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from pandas import DataFrame


class ReceptiveFieldDisplay:
    """The weights that lead to each neuron, as a picture for each.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    weights : ndarray of shape (n_neurons, n_inputs)
        The weights.
    image_shape : tuple of (height, width)
        How the inputs of a neuron are laid out; height * width is n_inputs.
    labels : sequence of length n_neurons, optional
        Written beside each picture.

    Attributes
    ----------
    image_ : matplotlib.image.AxesImage
        All receptive fields, side by side.
    text_ : list of matplotlib.text.Text
        The labels.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the inputs cannot be laid out in that shape.

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
        self, weights: ArrayLike, *, image_shape: tuple[int, int], labels: Sequence | None = None
    ):
        weights = np.asarray(weights, dtype=float)
        height, width = image_shape
        if weights.ndim != 2 or weights.shape[1] != height * width:
            raise ValueError(
                f"weights of shape {weights.shape} cannot be drawn as images of "
                f"{height} x {width}: image_shape must multiply to the number of inputs."
            )
        if labels is not None and len(labels) != len(weights):
            raise ValueError(f"expected {len(weights)} labels, got {len(labels)}.")
        self.weights = weights
        self.image_shape = (height, width)
        self.labels = labels

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        image_shape: tuple | None = None,
        ax: "Axes | None" = None,
        cmap: "str | Colormap" = "viridis",
    ) -> Self:
        """Draw the receptive fields of the first layer of a classifier.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier, or a pipeline that ends with one.
        image_shape : tuple of (height, width), optional
            Layout of the inputs. By default a square if their number allows it,
            else a row.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        cmap : str or matplotlib.colors.Colormap, default="viridis"
            Colours of the weights.

        Returns
        -------
        ReceptiveFieldDisplay

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        """
        classifier = estimator[-1] if hasattr(estimator, "steps") else estimator
        check_is_fitted(classifier)
        weights = classifier.module_.receptive_fields
        labels = None
        if len(classifier.neuron_label_map_) == len(weights):
            labels = [
                "" if k < 0 else str(classifier.classes_[k]) for k in classifier.neuron_label_map_
            ]
        if image_shape is None:
            side = math.isqrt(weights.shape[1])
            image_shape = (side, side) if side**2 == weights.shape[1] else (1, weights.shape[1])
        return cls(weights, image_shape=image_shape, labels=labels).plot(ax=ax, cmap=cmap)

    def plot(self, *, ax: "Axes | None" = None, cmap: "str | Colormap" = "viridis") -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        cmap : str or matplotlib.colors.Colormap, default="viridis"
            Colours of the weights.

        Returns
        -------
        ReceptiveFieldDisplay
        """
        import matplotlib.pyplot as plt

        height, width = (side + 1 for side in self.image_shape)
        n_columns = math.ceil(math.sqrt(len(self.weights) * height / width))
        n_rows = math.ceil(len(self.weights) / n_columns)
        mosaic = np.full((n_rows * height + 1, n_columns * width + 1), np.nan)
        corners = [
            (1 + height * (k // n_columns), 1 + width * (k % n_columns))
            for k in range(len(self.weights))
        ]
        for weights, (top, left) in zip(self.weights, corners, strict=True):
            mosaic[top : top + height - 1, left : left + width - 1] = weights.reshape(
                self.image_shape
            )
        if ax is None:
            _, ax = plt.subplots(
                figsize=(0.6 * n_columns + 1, 0.6 * n_rows * height / width), layout="constrained"
            )
        self.image_ = ax.imshow(mosaic, cmap=cmap, interpolation="nearest")
        self.text_ = [
            ax.text(left, top + 0.5, label, color="white", fontsize="x-small", va="top")
            for label, (top, left) in zip(self.labels or (), corners, strict=False)
        ]
        ax.set_axis_off()
        self.ax_, self.figure_ = ax, ax.figure
        self.figure_.colorbar(self.image_, ax=ax, label="weight", fraction=0.03, pad=0.02)
        return self


class SynapseStudyDisplay:
    """Accuracy against the number of levels, or against epochs, of a study of synapses.

    Make it with :meth:`from_study`.

    Parameters
    ----------
    curves : dict of str to tuple of ndarray
        For each line its x, mean and standard deviation of the accuracy over the
        folds.
    x : {"n_levels", "epoch", "updates_per_synapse"}
        What x is.

    Attributes
    ----------
    lines_ : list of matplotlib.container.ErrorbarContainer
        A line for each model or synapse.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from nervos_sklearn import SynapseStudyDisplay
    >>> study = {"model": ["LinearSynapse"] * 4, "n_levels": [4, 4, 8, 8],
    ...          "synapse": [f"LinearSynapse(n_states={n})" for n in (4, 4, 8, 8)],
    ...          "fold": [0, 1, 0, 1], "epoch": [1, 1, 1, 1],
    ...          "accuracy": [0.5, 0.7, 0.8, 0.8]}
    >>> display = SynapseStudyDisplay.from_study(study)
    >>> display.curves["LinearSynapse"][1]
    array([0.6, 0.8])
    """

    def __init__(self, curves: dict[str, tuple], *, x: str):
        self.curves = curves
        self.x = x

    @classmethod
    def from_study(
        cls, study: "dict | DataFrame", *, x: str = "n_levels", ax: "Axes | None" = None
    ) -> Self:
        """Draw a study.

        Parameters
        ----------
        study : dict or pandas.DataFrame
            What :func:`synapse_study` returned.
        x : {"n_levels", "epoch", "updates_per_synapse"}, default="n_levels"
            "n_levels" draws the last epoch, a point for each synapse, a line through
            those that differ in nothing but the number of levels, and continuous
            weights as a level line; the others draw a line for each synapse.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SynapseStudyDisplay

        Raises
        ------
        ValueError
            If `x` is something else.
        """
        if x not in ("n_levels", "epoch", "updates_per_synapse"):
            raise ValueError(f'x must be "n_levels", "epoch" or "updates_per_synapse", got {x!r}.')
        devices = _devices(study)
        epochs = np.asarray(study["epoch"])
        accuracy, places = (np.asarray(study[name], dtype=float) for name in ("accuracy", x))
        curves = {}
        for name, members in (_families if x == "n_levels" else _alone)(study, devices).items():
            parts = []
            for device in members:
                own = epochs[devices == device]
                shown = [own.max()] if x == "n_levels" else np.unique(own)
                parts += [(devices == device) & (epochs == epoch) for epoch in shown]
            parts.sort(key=lambda part: places[part].mean())
            curves[name] = tuple(
                np.array([statistic(values[part]) for part in parts])
                for statistic, values in (
                    (np.mean, places),
                    (np.mean, accuracy),
                    (np.std, accuracy),
                )
            )
        return cls(curves, x=x).plot(ax=ax)

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw the lines, with the standard deviation over the folds.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SynapseStudyDisplay
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        self.lines_ = []
        for k, (name, (x, mean, deviation)) in enumerate(self.curves.items()):
            style: dict[str, Any] = {"color": f"C{k}", "label": textwrap.shorten(name, 80)}
            if np.isinf(x).all():
                ax.axhline(mean[0], linestyle="--", **style)
            else:
                self.lines_.append(ax.errorbar(x, mean, deviation, marker="o", capsize=3, **style))
        labels = {
            "n_levels": "levels of a synapse",
            "epoch": "epoch",
            "updates_per_synapse": "updates of a synapse",
        }
        ax.set(xlabel=labels[self.x], ylabel="accuracy")
        ax.legend(fontsize="small")
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _devices(study):
    """Number the devices of a study; without their numbers, text and levels tell them apart."""
    if "device" in study:
        return np.asarray(study["device"])
    keys = list(zip(study["synapse"], study["n_levels"], strict=True))
    numbers = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys])


def _alone(study, devices):
    """Map a name of each device to the device."""
    names = dict(zip(devices.tolist(), study["synapse"], strict=True))
    texts = list(names.values())
    return {
        text if texts.count(text) == 1 else f"{text} (device {device})": [device]
        for device, text in names.items()
    }


def _families(study, devices):
    """Map names to the devices that differ in nothing but the number of levels."""
    alone = {device: name for name, (device,) in _alone(study, devices).items()}
    models = dict(zip(devices.tolist(), study["model"], strict=True))
    levels = dict(zip(devices.tolist(), study["n_levels"], strict=True))
    families = {}
    for device, name in alone.items():
        kind = re.sub(r"n_states(_depression)?=\d+(, *)?", "", name)
        families.setdefault((models[device], kind), []).append(device)
    # Devices of one size in a family are different ones, by what their text does not say.
    lines = []
    for (model, kind), members in families.items():
        different = len({levels[device] for device in members}) == len(members)
        lines += (
            [(model, kind, members)]
            if different
            else [(model, alone[device], [device]) for device in members]
        )
    models = [model for model, _, _ in lines]
    return {model if models.count(model) == 1 else name: members for model, name, members in lines}


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

    def __init__(self, values: np.ndarray, *, dilation: int, name: str):
        self.values = values
        self.dilation = dilation
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        layer: str | None = None,
        *,
        neurons: Sequence[int] = range(16),
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
        values = values[[j for j in neurons if j < len(values)]]
        code, dilation = layer.removesuffix("_shared").split("_d")
        unit = " (deviations)" if layer.endswith("_shared") else ""
        return cls(values, dilation=int(dilation), name=code + unit).plot()

    def plot(self) -> Self:
        """Draw the pictures, a new figure.

        Returns
        -------
        SeriesWindowDisplay
        """
        import matplotlib.pyplot as plt

        n_neurons, window_size, n_channels = self.values.shape
        n_columns = math.ceil(math.sqrt(2 * n_neurons))
        n_rows = math.ceil(n_neurons / n_columns)
        self.figure_, axes = plt.subplots(
            n_rows,
            n_columns,
            sharex=True,
            sharey=True,
            squeeze=False,
            figsize=(1.2 * n_columns + 1, 0.9 * n_rows + 1),
            layout="constrained",
        )
        steps = (np.arange(window_size) - window_size // 2) * self.dilation
        self.axes_, self.lines_ = axes.ravel()[:n_neurons], []
        for ax, values in zip(self.axes_, self.values, strict=True):
            for channel, line in enumerate(values.T):
                self.lines_ += ax.plot(
                    steps, line, marker=".", markersize=3, color=f"C{channel}",
                    label=f"channel {channel}",
                )  # fmt: skip
        for ax in axes.ravel()[n_neurons:]:
            ax.set_axis_off()
        if 1 < n_channels <= 10:
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
        ax: "Axes | None" = None,
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

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SeriesAnswerDisplay
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(8, 3), layout="constrained")
        self.lines_ = [ax.plot(channel, color="0.7", zorder=1)[0] for channel in self.series]
        largest = self.leads.max(initial=0.0)
        self.marks_ = []
        for k, (name, leads) in enumerate(zip(self.names, self.leads, strict=True)):
            steps = np.flatnonzero(leads)
            places = np.tile(steps, len(self.series)), self.series[:, steps].ravel()
            sizes = np.tile(80 * leads[steps] / largest, len(self.series))
            self.marks_.append(
                ax.scatter(*places, sizes, color=f"C{k}", alpha=0.7, linewidths=0, label=name)
            )
        ax.set(xlabel="time (steps)", ylabel="signal")
        if self.marks_:
            ax.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
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
        layer = next(iter(features.windows_))
    if layer not in features.windows_:
        raise ValueError(f"layer must be one of {sorted(features.windows_)}, got {layer!r}.")
    return layer
