"""Codes: what the channels of an encoder say about a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from .._validation import check_numbers
from ..encoder import SpikeEncoder
from ..presentations import transformed
from .samples import feature_names, fitted_classifier
from .style import GREY, add_legend, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GRID = 400  # values of the feature that are tried


class EncoderDisplay:
    """What each channel of a feature answers to its value, over the data.

    All other features stand at their medians. Make it with :meth:`from_encoder` or
    :meth:`from_estimator`.

    Parameters
    ----------
    values : array-like of shape (n_values,)
        Values of the feature.
    answers : array-like of shape (n_channels, n_values)
        What each of its channels answers.
    data : array-like of shape (n_samples,)
        The feature of some samples.
    name : str, default="feature"
        Of the feature.
    unit : str, default="spikes a sample"
        Of the answers.

    Attributes
    ----------
    lines_ : list of matplotlib.lines.Line2D
        A line for each channel.
    patch_ : matplotlib.patches.StepPatch
        The histogram of the data.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from nervos_sklearn import EncoderDisplay, SpikeEncoder
    >>> X, _ = load_iris(return_X_y=True)
    >>> encoder = SpikeEncoder("receptive_fields", n_fields=6).fit(X)
    >>> display = EncoderDisplay.from_encoder(encoder, X, 2)
    >>> len(display.lines_), display.ax_.get_xlabel()
    (6, 'x2')
    """

    def __init__(
        self,
        values: ArrayLike,
        answers: ArrayLike,
        data: ArrayLike,
        *,
        name: str = "feature",
        unit: str = "spikes a sample",
    ):
        self.values = check_numbers("values", values, ndim=1)
        self.answers = check_numbers("answers", answers, ndim=2)
        self.data = check_numbers("data", data, ndim=1)
        if self.answers.shape[1] != len(self.values):
            raise ValueError(
                f"answers must have a column for each of {len(self.values)} values, got shape "
                f"{self.answers.shape}."
            )
        self.name, self.unit = name, unit

    @classmethod
    def from_encoder(
        cls,
        encoder: SpikeEncoder,
        X: ArrayLike,
        feature: int | str | None = None,
        *,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the channels of one feature.

        Parameters
        ----------
        encoder : SpikeEncoder
            Fitted.
        X : array-like of shape (n_samples, n_features)
            Samples, such as those that it was fitted on. Those that miss the feature, NaN, are
            left out.
        feature : int or str, optional
            The number of the feature, or its name. By default the one with the most different
            values, the first of several, such as a pixel that is not at the rim.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        EncoderDisplay

        Raises
        ------
        NotFittedError
            If the encoder is not fitted.
        ValueError
            If there is no such feature, it is missing in all samples, or X does not fit.
        """
        check_is_fitted(encoder)
        names = getattr(encoder, "feature_names_in_", None)
        return cls._of(encoder, X, feature, None if names is None else list(names)).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        feature: int | str | None = None,
        *,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the channels of one feature of a classifier's encoder.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier that encodes features, or a pipeline that ends with one.
        X : array-like of shape (n_samples, n_features)
            Samples, as the estimator is given them. Those that miss the feature, NaN, are left
            out.
        feature : int or str, optional
            The number of the feature that reaches the encoder, or its name. By default the one
            with the most different values, the first of several.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        EncoderDisplay

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If the estimator is no SNNClassifier, nor ends with one.
        ValueError
            If it does not encode features, there is no such feature, or it is missing in all
            samples.
        """
        classifier = fitted_classifier(estimator)
        if classifier.encoder_ is None:
            raise ValueError("the classifier was fitted on spike trains: it encodes no features.")
        if hasattr(estimator, "steps") and len(estimator.steps) > 1:
            X = estimator[:-1].transform(X)
        X = classifier._check_samples(X).X
        if classifier.features_ is not None:
            X = transformed(classifier.features_, X, takes_missing=True)
        encoder = classifier.encoder_
        return cls._of(encoder, X, feature, feature_names(estimator)).plot(ax=ax)

    @classmethod
    def _of(cls, encoder, X, feature, names):
        finite = "allow-nan" if encoder.takes_missing else True
        X = check_array(X, dtype=float, ensure_all_finite=finite)
        if feature is None:
            k = int(np.argmax([len(np.unique(x[~np.isnan(x)])) for x in X.T]))
        else:
            k = _number_of(feature, names, encoder.n_features_in_)
        name = f"x{k}" if names is None else str(names[k])
        data = X[~np.isnan(X[:, k]), k]
        if len(data) == 0:
            raise ValueError(f"{name} is missing, NaN, in all samples: there is nothing to draw.")
        # Where some may be missing, each has a scale of its own, and the others do not matter.
        grid = np.tile(np.nan_to_num(np.median(X, axis=0)), (_GRID, 1))
        grid[:, k] = np.linspace(data.min(), data.max(), _GRID)
        own = encoder.channel_features_ == k
        if encoder.has_frequency:
            answers, unit = encoder.encode(grid)[:, own].sum(axis=2), "spikes a sample"
        else:
            answers, unit = encoder.traces_of(grid)[:, own], "ms from the spike to the end"
        return cls(grid[:, k], answers.T, data, name=name, unit=unit)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        EncoderDisplay
        """
        import matplotlib as mpl

        ax = new_axes(ax)
        highest = self.answers.max() or 1.0
        counts, edges = np.histogram(self.data, bins=30)
        self.patch_ = ax.stairs(
            0.6 * highest * counts / counts.max(), edges, fill=True, color=GREY, alpha=0.35,
            label="data",
        )  # fmt: skip
        n = len(self.answers)
        places = [0.45] if n == 1 else np.linspace(0.05, 0.9, n)
        colors = mpl.colormaps["viridis"](places)
        self.lines_ = []
        for k, (answer, color) in enumerate(zip(self.answers, colors, strict=True)):
            label = None
            if k in (0, n - 1):
                label = "channel" if n == 1 else f"field {k}"
            self.lines_ += ax.plot(self.values, answer, color=color, linewidth=1.8, label=label)
        ax.set(xlabel=self.name, ylabel=self.unit, ylim=(0, 1.05 * highest))
        add_legend(ax, beside=True)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _number_of(feature, names, n_features):
    if isinstance(feature, str):
        if names is None or feature not in list(names):
            raise ValueError(f"there is no feature {feature!r}, got the names {names}.")
        return list(names).index(feature)
    if not -n_features <= feature < n_features:
        raise ValueError(f"feature must be from 0 to {n_features - 1}, got {feature!r}.")
    return int(feature) % n_features
