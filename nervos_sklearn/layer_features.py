"""SpikingLayerFeatures: what the neurons of a network do, as features for other estimators."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from ._random import Seed, random_generator, seed_where_none
from ._sklearn import (
    CallbackSupportMixin,
    Estimator,
    StrOptions,
    _fit_context,
    handing_on,
    with_callbacks,
)
from ._validation import ANY_SAMPLES, refuse_masked, unchanged_on_error
from .classifier import SNNClassifier
from .learning import LEARNINGS


class SpikingLayerFeatures(
    CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, Estimator
):
    """What the neurons of a spiking network do, as features for other estimators.

    Networks that learn by spike timing need no labels, and give the spike counts of their
    neurons; those that learn from reward need them, and give potentials, in units of the norm
    of a sample's traces.

    Parameters
    ----------
    network : SNNClassifier, optional
        The network, trained in `fit` as a copy; by default one of spike timing,
        ``SNNClassifier(learning="stdp")``. Its parameters can be searched, as in
        ``network__n_neurons``.
    layers : {"last", "all"}, default="last"
        Whose neurons: those of the last layer, or of all that fire.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the network and what is in it, where they have none.

    Attributes
    ----------
    network_ : SNNClassifier
        The trained network.
    n_features_in_ : int
        Number of features, or of channels.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if they were all strings.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from nervos_sklearn import SNNClassifier, SpikingLayerFeatures
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> features = SpikingLayerFeatures(SNNClassifier(40, learning="stdp"), random_state=0)
    >>> features.fit_transform(X).shape
    (537, 40)
    >>> pipeline = make_pipeline(features, LogisticRegression(max_iter=1000)).fit(X, y)
    >>> print("accuracy", pipeline.score(X, y))
    accuracy 0.9...
    """

    network_: SNNClassifier

    _parameter_constraints = {
        "network": [SNNClassifier, None],
        "layers": [StrOptions({"last", "all"})],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        network: SNNClassifier | None = None,
        *,
        layers: str = "last",
        random_state: Seed = None,
    ):
        self.network = network
        self.layers = layers
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or array-like of shape \
(n_samples, n_channels, n_steps)
            Features, or spike trains, as :class:`SNNClassifier` takes them.
        y : array-like of shape (n_samples,), optional
            Class labels, where the learning needs them, or early stopping does; otherwise
            ignored.

        Returns
        -------
        SpikingLayerFeatures

        Raises
        ------
        ValueError
            If a parameter, the data or the labels are not valid, or missing.
        """
        with unchanged_on_error(self):
            return self._fit(X, y)

    @with_callbacks
    def _fit(self, X, y):
        told = {"estimator": self, "X": X, "y": y}
        context = self._init_callback_context(max_subtasks=1)
        context.call_on_fit_task_begin(**told)
        network = seed_where_none(clone(self._network()), random_generator(self.random_state))
        refuse_masked("X", X)
        X = network._series(X)
        if self._needs_labels():
            if y is None:
                raise ValueError(
                    "This SpikingLayerFeatures estimator requires y to be passed, but the target "
                    f"y is None: {network.learning!r} learns from labels. Give y, or a network "
                    'of learning="stdp", which needs none.'
                )
            X, y = validate_data(self, X, y, **ANY_SAMPLES)
        else:
            X = validate_data(self, X, **ANY_SAMPLES)
            y = np.arange(X.shape[0]) % 2  # spike timing only names its neurons by labels
        with handing_on(context, network, "fit-network", **told):
            self.network_ = network.fit(X, y)
        sizes = network.module_.layer_sizes[1:]
        self._sizes = sizes if self.layers == "all" else sizes[-1:]
        self._n_features_out = sum(self._sizes)
        context.call_on_fit_task_end(**told, reconstruction_attributes={})
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Compute what the neurons do.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or array-like of shape \
(n_samples, n_channels, n_steps)
            Features or spike trains, whichever the network was fitted on.

        Returns
        -------
        ndarray of shape (n_samples, n_neurons), dtype float64
            Spike counts or potentials, layer by layer.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If the data are not valid.
        """
        check_is_fitted(self)
        refuse_masked("X", X)
        network = self.network_
        X = validate_data(self, network._series(X), **ANY_SAMPLES, reset=False)
        samples, module = network._check_samples(X), network.module_
        what = module.activity if len(self._sizes) == 1 else module.activity_of_all_layers
        activity = what(samples, np.arange(len(samples)), n_jobs=network.n_jobs)
        return activity.astype(np.float64)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Name the neurons by their layer.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the features, which play no part.

        Returns
        -------
        ndarray of shape (n_neurons,), dtype object
            Such as "layer0_neuron3".
        """
        super().get_feature_names_out(input_features)  # checks that it is fitted
        first = len(self.network_.module_.layers) - len(self._sizes)
        names = [
            f"layer{layer}_neuron{neuron}"
            for layer, size in enumerate(self._sizes, start=first)
            for neuron in range(size)
        ]
        return np.array(names, dtype=object)

    def _network(self):
        return SNNClassifier(learning="stdp") if self.network is None else self.network

    def _needs_labels(self):
        network = self._network()
        learning = LEARNINGS.get(network.learning, network.learning)
        return network.early_stopping or not getattr(learning, "names_winners", False)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._network()).input_tags
        tags.target_tags.required = self._needs_labels()
        tags.transformer_tags.preserves_dtype = []
        return tags
