"""Decisions: which neurons answer to which class, and how early the answer is good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, column_or_1d

from .._validation import check_labels, check_numbers
from .samples import class_names, fitted_classifier, spikes_of, until
from .style import (
    DOWN,
    GREY,
    UP,
    add_legend,
    by_class,
    class_color,
    class_name,
    name_groups,
    new_axes,
    runs,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TIMES = 24  # of a decision that are tried


class SpikeCountDisplay:
    """How often each neuron spikes for samples of each class, neurons sorted by class.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    counts : array-like of shape (n_neurons, n_classes)
        Mean spikes of each neuron in a sample of each class.
    labels : array-like of shape (n_neurons,)
        The class of each neuron, an integer from 0; -1 for none.
    class_names : sequence of str, optional
        Names of the classes; by default their numbers.

    Attributes
    ----------
    image_ : matplotlib.image.AxesImage
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the lengths do not fit, counts are not finite numbers, or labels not integers.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from nervos_sklearn import SNNClassifier, SpikeCountDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> network = SNNClassifier(20, learning="stdp", random_state=0).fit(X, y)
    >>> SpikeCountDisplay.from_estimator(network, X, y).counts.shape
    (20, 3)
    """

    def __init__(
        self,
        counts: ArrayLike,
        labels: ArrayLike,
        *,
        class_names: Sequence[str] | None = None,
    ):
        self.counts = check_numbers("counts", counts, ndim=2)
        self.labels = check_labels("labels", labels, len(self.counts), -1)
        self.class_names = class_names

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, X: ArrayLike, y: ArrayLike, *, ax: Axes | None = None
    ) -> Self:
        """Show samples to a classifier and count the spikes of its last layer.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier, or a pipeline that ends with one. Neurons that learn from
            reward spike once a sample: the most driven one, at the decision.
        X : array-like of shape (n_samples, n_features) or (n_samples, n_channels, n_steps)
            Samples.
        y : array-like of shape (n_samples,)
            Their classes; others than those learned are left out.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SpikeCountDisplay

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If the estimator is no SNNClassifier, nor ends with one.
        ValueError
            If the samples do not fit the classifier, or the classes not the samples.
        """
        classifier = fitted_classifier(estimator)
        counts = classifier.module_.count_spikes(spikes_of(estimator, X))
        check_consistent_length(counts, y)
        of_class = column_or_1d(y) == classifier.classes_[:, np.newaxis]
        means = of_class @ counts / np.maximum(of_class.sum(axis=1, keepdims=True), 1)
        names = class_names(classifier)
        return cls(means.T, classifier.neuron_label_map_, class_names=names).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None, cmap: str = "viridis") -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        cmap : str or matplotlib.colors.Colormap, default="viridis"
            Colours of the counts.

        Returns
        -------
        SpikeCountDisplay
        """
        ax = new_axes(ax)
        order = by_class(self.labels)
        labels = self.labels[order]
        self.image_ = ax.imshow(
            self.counts[order], aspect="auto", interpolation="nearest", cmap=cmap, vmin=0
        )
        groups = []
        for label, start, stop in runs(labels):
            name = class_name(label, self.class_names)
            groups.append(((start + stop - 1) / 2, name, class_color(label)))
            if start > 0:
                ax.axhline(start - 0.5, color="white", linewidth=0.8)
        name_groups(ax, "y", groups)
        names = [class_name(k, self.class_names) for k in range(self.counts.shape[1])]
        name_groups(ax, "x", [(k, name, class_color(k)) for k, name in enumerate(names)])
        if sum(map(len, names)) > 40:
            ax.tick_params(axis="x", labelrotation=90)
        ax.set(xlabel="class of the sample", ylabel="neurons, by their class")
        ax.figure.colorbar(self.image_, ax=ax, label="spikes a sample")
        self.ax_, self.figure_ = ax, ax.figure
        return self


class DecisionTimeDisplay:
    """How early the answer is good: accuracy, and spikes spent, against the time of decision.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    times : array-like of shape (n_times,)
        Times of the decision, in ms after the start of the sample.
    accuracy : array-like of shape (n_times,)
        Fraction of samples answered rightly.
    agreement : array-like of shape (n_times,)
        Fraction of samples answered as at the end.
    spikes : array-like of shape (n_times,)
        Input spikes of a sample until then, on average.

    Attributes
    ----------
    line_ : matplotlib.lines.Line2D
        The accuracy.
    agreement_ : matplotlib.lines.Line2D
    spikes_ : matplotlib.lines.Line2D
    ax_ : matplotlib.axes.Axes
    ax_spikes_ : matplotlib.axes.Axes
        The axes of the spikes, with its scale at the right.
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the lengths differ, or values are not finite numbers.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nervos_sklearn import DecisionTimeDisplay, SNNClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> network = SNNClassifier(100, epochs=5, random_state=0).fit(X[:500], y[:500])
    >>> display = DecisionTimeDisplay.from_estimator(network, X[500:], y[500:], times=[8, 32])
    >>> print("after 8 and after 32 ms:", display.accuracy.round(1))
    after 8 and after 32 ms: [0.8 0.9]
    """

    def __init__(
        self, times: ArrayLike, accuracy: ArrayLike, agreement: ArrayLike, spikes: ArrayLike
    ):
        self.times = check_numbers("times", times, ndim=1)
        self.accuracy = check_numbers("accuracy", accuracy, ndim=1)
        self.agreement = check_numbers("agreement", agreement, ndim=1)
        self.spikes = check_numbers("spikes", spikes, ndim=1)
        lengths = [len(a) for a in (self.times, self.accuracy, self.agreement, self.spikes)]
        if len(set(lengths)) != 1:
            raise ValueError(
                f"times, accuracy, agreement and spikes must be of one length, got {lengths}."
            )

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        y: ArrayLike,
        *,
        times: ArrayLike | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Let a classifier decide early: as if the sample ended at each of some times.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier, or a pipeline that ends with one. Images are looked at once.
        X : array-like of shape (n_samples, n_features) or (n_samples, n_channels, n_steps)
            Samples.
        y : array-like of shape (n_samples,)
            Their classes.
        times : array-like of int of shape (n_times,), optional
            Times of the decision, in ms; by default some from 1 to the end.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        DecisionTimeDisplay

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If the estimator is no SNNClassifier, nor ends with one.
        ValueError
            If a time lies outside of the sample, the samples do not fit the classifier, or the
            classes not the samples.
        """
        classifier, spikes = fitted_classifier(estimator), spikes_of(estimator, X)
        check_consistent_length(spikes, y)
        module, last = classifier.module_, spikes.shape[2] - 1
        if times is None:
            times = np.unique(np.linspace(1, last, min(last, _TIMES)).round())
        times = check_labels("times", times, np.size(times), 1)
        if times.max() > last:
            raise ValueError(f"times must be steps from 1 to {last}, got {times.max()}.")

        def answers(step):
            activity = module.activity(until(spikes, step), np.arange(len(spikes)))
            return classifier.classes_[module.learning.checked_scores(module, activity).argmax(1)]

        early, final = [answers(step) for step in times], answers(last)
        so_far = spikes.sum(axis=1, dtype=np.int64).cumsum(axis=1).mean(axis=0)
        return cls(
            times,
            [np.mean(labels == column_or_1d(y)) for labels in early],
            [np.mean(labels == final) for labels in early],
            so_far[times],
        ).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        DecisionTimeDisplay
        """
        ax = new_axes(ax)
        (self.line_,) = ax.plot(
            self.times, self.accuracy, "o-", color=UP, markersize=4, label="accuracy"
        )
        (self.agreement_,) = ax.plot(
            self.times, self.agreement, "--", color=GREY, label="answers as at the end"
        )
        ax.set(xlabel="time of the decision (ms)", ylabel="fraction of samples", ylim=(0, 1.05))
        self.ax_spikes_ = ax.twinx()
        (self.spikes_,) = self.ax_spikes_.plot(
            self.times, self.spikes, "-", color=DOWN, linewidth=2, label="input spikes"
        )
        self.ax_spikes_.set(ylabel="input spikes a sample", ylim=(0, None))
        self.ax_spikes_.yaxis.label.set_color(DOWN)
        add_legend(self.ax_spikes_, [self.line_, self.agreement_, self.spikes_], loc="lower right")
        self.ax_, self.figure_ = ax, ax.figure
        return self
