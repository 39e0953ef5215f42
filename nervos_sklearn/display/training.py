"""Training: what a network gets right, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone

from .._validation import check_numbers
from .samples import classifier_of, fitted_classifier
from .style import COLORS, add_legend, count_along, ink, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class TrainingHistoryDisplay:
    """Accuracy, and how many samples still teach, against epochs.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    history : dict of str to sequence of float
        Fractions after each epoch, and what they are.
    best_epoch : int, optional
        The epoch that is marked, from 1.

    Attributes
    ----------
    lines_ : list of matplotlib.lines.Line2D
        A line for each name.
    best_ : matplotlib.lines.Line2D or None
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no history, or not of numbers.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from nervos_sklearn import SNNClassifier, TrainingHistoryDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> network = SNNClassifier(epochs=5, random_state=0)
    >>> display = TrainingHistoryDisplay.from_estimator(network, X, y)
    >>> {name: len(values) for name, values in display.history.items()}
    {'training accuracy': 5, 'samples that taught': 5}
    """

    def __init__(self, history: Mapping[str, Sequence[float]], *, best_epoch: int | None = None):
        if not history:
            raise ValueError("history must hold at least one line, got none.")
        self.history = {
            name: check_numbers(f"the history {name!r}", values, ndim=1)
            for name, values in history.items()
        }
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        X_test: ArrayLike | None = None,
        y_test: ArrayLike | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Train a copy of a classifier and measure it after each epoch.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A classifier, or a pipeline that ends with one. It does not change.
        X, y : array-like, optional
            The training set. Without it, the classifier must be fitted with
            ``early_stopping=True``, and the accuracies on the part held back are drawn.
        X_test, y_test : array-like, optional
            Samples that it does not learn from.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        TrainingHistoryDisplay

        Raises
        ------
        NotFittedError, ValueError
            If there is neither a training set nor a classifier that has kept its scores.
        TypeError
            If the estimator is no SNNClassifier, nor ends with one.
        """
        if X is None:
            return cls._of_fitted(fitted_classifier(estimator)).plot(ax=ax)
        classifier_of(estimator)
        estimator = clone(estimator)
        classifier = classifier_of(estimator)
        if hasattr(estimator, "steps"):
            before = estimator[:-1]
            if len(before) > 0:
                X = before.fit_transform(X, y)
                X_test = None if X_test is None else before.transform(X_test)
        history: dict[str, list] = {"training accuracy": []}
        if X_test is not None:
            history["test accuracy"] = []
        history["samples that taught"] = []
        for _, taught in classifier.fit_epochs(X, y):
            history["training accuracy"].append(classifier.score(X, y))
            if X_test is not None:
                history["test accuracy"].append(classifier.score(X_test, y_test))
            history["samples that taught"].append(taught)
        best = getattr(classifier, "best_epoch_", None)
        return cls(history, best_epoch=best).plot(ax=ax)

    @classmethod
    def _of_fitted(cls, classifier):
        if not hasattr(classifier, "validation_scores_"):
            raise ValueError(
                "the classifier has kept no scores: give X and y to train a copy, or fit it with "
                "early_stopping=True."
            )
        history = {"accuracy on the part held back": classifier.validation_scores_}
        return cls(history, best_epoch=classifier.best_epoch_)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        TrainingHistoryDisplay
        """
        ax = new_axes(ax)
        colors = [COLORS[k] for k in (0, 6, 7, 4, 3)]
        self.lines_ = []
        for k, (name, values) in enumerate(self.history.items()):
            epochs = np.arange(1, len(values) + 1)
            style = "o-" if len(values) <= 40 else "-"
            self.lines_ += ax.plot(
                epochs, values, style, color=colors[k % 5], markersize=4, label=name
            )
        self.best_ = None
        if self.best_epoch is not None:
            self.best_ = ax.axvline(
                self.best_epoch, color=ink(), linestyle=":", linewidth=1.2, label="epoch taken"
            )
        count_along(ax.xaxis)
        ax.set(xlabel="epoch", ylabel="fraction of samples", ylim=(None, 1.02))
        add_legend(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self
