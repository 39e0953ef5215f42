"""What pictures ask of a network: its classifier, the spikes it sees, what a sample does."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._validation import check_first_step, check_spike_trains
from ..classifier import SNNClassifier
from ..module import Module
from ..presentations import Presentations, Shown


def classifier_of(estimator: BaseEstimator):
    """Return the classifier, which may be the last step of a pipeline.

    Raises
    ------
    TypeError
        If it is no SNNClassifier.
    """
    classifier = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if not isinstance(classifier, SNNClassifier):
        raise TypeError(
            "estimator must be an SNNClassifier or a pipeline that ends with one, "
            f"got {_kind_of(estimator, classifier)}."
        )
    return classifier


def fitted_classifier(estimator: BaseEstimator):
    """Return the classifier as :func:`classifier_of`, and check that it is fitted.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    TypeError
        If it is no SNNClassifier.
    """
    classifier = classifier_of(estimator)
    check_is_fitted(classifier)
    return classifier


def _kind_of(estimator, last):
    """What came: an object of some class, a class, or the end of a pipeline."""
    name = f"the class {last.__name__}" if isinstance(last, type) else type(last).__name__
    if hasattr(last, "best_estimator_"):
        name += ", whose best_estimator_ may be one"
    return name if last is estimator else f"a pipeline that ends with {name}"


def class_names(classifier) -> list[str]:
    """Return the names of the classes."""
    return [str(name) for name in classifier.classes_]


def feature_names(estimator: BaseEstimator) -> list[str] | None:
    """Return the names of the features that reach the encoder; None if they have none."""
    steps = [*estimator] if hasattr(estimator, "steps") else [estimator]
    steps, classifier = steps[:-1], fitted_classifier(estimator)
    names = getattr(classifier, "feature_names_in_", None)
    if names is None and steps:
        names = _names_out(estimator[:-1], None)
    if classifier.features_ is not None:
        names = _names_out(classifier.features_, names)
    return None if names is None else [str(name) for name in names]


def _names_out(transformer, names):
    """The names of what a transformer returns; None where it or a step of it does not know."""
    try:
        return transformer.get_feature_names_out(names)
    except AttributeError:
        return None


def spikes_of(estimator: BaseEstimator, X: ArrayLike) -> np.ndarray:
    """Return the spike trains that the network of an estimator sees of samples.

    Returns
    -------
    ndarray of shape (n_samples, n_channels, n_steps)
    """
    classifier = fitted_classifier(estimator)
    if hasattr(estimator, "steps") and len(estimator.steps) > 1:
        X = estimator[:-1].transform(X)
    samples = classifier._check_samples(X)
    return samples.spikes(np.arange(len(samples)))


def spikes_of_one(estimator: BaseEstimator, x: ArrayLike) -> np.ndarray:
    """Return the spike train, (n_channels, n_steps), that the network sees of one sample.

    Raises
    ------
    ValueError
        If there are several samples.
    """
    classifier, shape = fitted_classifier(estimator), np.shape(x)
    if len(getattr(estimator, "steps", ())) > 1:
        is_batch = len(shape) > 1 and shape[0] == 1
    else:
        is_batch = len(shape) >= classifier.n_axes_in_
    spikes = spikes_of(estimator, x if is_batch else np.asarray(x)[np.newaxis])
    if len(spikes) != 1:
        raise ValueError(f"expected one sample, got {len(spikes)}, of shape {shape}.")
    return spikes[0]


def present(module: Module, spike_train: ArrayLike) -> Shown:
    """Show one spike train to a copy of a network, step by step, without learning."""
    module.made_layers()
    spikes = check_spike_trains(np.asanyarray(spike_train)[np.newaxis], module.layer_sizes[0])
    check_first_step(spikes)
    other = copy.deepcopy(module)
    last = spikes.shape[2] - 1
    return other.learning.present(other, spikes, (1, last), None, False, True)


def until(spikes: np.ndarray, step: int) -> Presentations:
    """Let the sample end after a step: silence first, then the spikes up to it."""
    seen = np.zeros_like(spikes)
    seen[:, :, spikes.shape[2] - step :] = spikes[:, :, 1 : step + 1]
    return Presentations(seen)
