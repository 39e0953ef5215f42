"""SNNClassifier: features or spike trains in, class labels out."""

import time
from numbers import Integral, Real

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import gen_batches
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ._sklearn import Interval, StrOptions, _fit_context
from .common import check_spike_trains, random_generator, unchanged_on_error
from .encoder import SpikeEncoder
from .module import Module
from .parameters import Parameters
from .stdp import RULES
from .synapse import Synapse

_BATCH = 64  # samples whose spike trains are held at once

# Parameters of SNNClassifier that mean the same as the setting of that name.
_SETTINGS = (
    "training_duration",
    "past_window",
    "epochs",
    "resting_potential",
    "inhibitory_potential",
    "spike_threshold",
    "reset_potential",
    "spike_drop_rate",
    "threshold_drop_rate",
    "min_weight",
    "max_weight",
    "A_up",
    "A_down",
    "tau_up",
    "tau_down",
    "eta",
    "min_frequency",
    "max_frequency",
    "refractory_time",
    "tau_m",
    "tau_threshold",
)
_POSITIVE = [Interval(Real, 0, None, closed="neither")]
_NON_NEGATIVE = [Interval(Real, 0, None, closed="left")]
_ANY_NUMBER = [Interval(Real, None, None, closed="neither")]
_COUNT = [Interval(Integral, 1, None, closed="left")]


class SNNClassifier(ClassifierMixin, BaseEstimator):
    """A spiking neural network that classifies features or spike trains.

    Features become spike trains by an encoder, or are spike trains already. They
    run through layers of leaky integrate-and-fire neurons that compete and learn
    by spike-timing-dependent plasticity, without labels and without gradients.
    Labels serve only to name the neurons of the last layer afterwards.

    ``learning="stdp"`` are the dynamics of the simulator nervos [1]_, exactly, with
    ``labeling="reference"`` its labels too.

    Parameters
    ----------
    n_neurons : int, default=80
        Neurons of the last layer.
    hidden_layer_sizes : sequence of int, default=()
        Neurons of each layer before it. Layers learn at the same time, each from
        the spikes of the one before.
    learning : {"stdp"}, default="stdp"
        How the network learns.
    labeling : {"votes", "reference"}, default="votes"
        How neurons come by a class. "votes": after training, a neuron votes for
        each class in proportion to its mean spike count in the training samples of
        that class; the votes of all spikes add up. "reference": a neuron keeps the
        class of the last training sample at whose end it had the highest potential;
        the neuron that spikes most decides, among those that have a class.
    learning_rule : {"conventional", "cos", "sin", "ngauss"}, callable or array-like, \
default="conventional"
        The change F(dt) that a pair of spikes asks for; see :mod:`nervos_sklearn.stdp`.
        "conventional" has the amplitudes and time constants below. A callable
        takes a time difference in ms; measured pairs (dt, F) of shape (n, 2) are
        interpolated.
    unlearning_share : float, default=0
        After each epoch, this share of the training samples, drawn at random, is
        presented once more with the rule "ngauss", which only forgets; 0.1 in the
        publication.
    synapse : Synapse or None, default=None
        A model of the synapse, such as ``NonLinearSynapse(25)``; None for an ideal
        one. Its parameters can be searched, as in ``synapse__n_states``.
    initial_weights : {"max", "random"}, default="max"
        Weights before training: all at `max_weight`, or drawn evenly between the
        bounds.
    encoder : {"receptive_fields", "rate", "poisson", "latency"} or SpikeEncoder, \
default="receptive_fields"
        Turns 2-D features into spike trains; see :class:`SpikeEncoder`. A name is
        used with the `training_duration` and the frequencies below and the
        encoder's own defaults.
    epochs : int, default=3
        Passes over the training set.
    shuffle : bool, default=True
        Present the training samples in a random order, drawn once and the same in
        each epoch, instead of the given one.
    wta : bool, default=True
        Winner takes all: only the neuron that wins learns.
    true_lif : bool, default=False
        Leak in proportion to the distance from rest (time constants `tau_m` and
        `tau_threshold`) instead of by `spike_drop_rate` and `threshold_drop_rate`.
    training_duration : int, default=100
        Length of a presentation in ms; spike trains bring their own.
    min_frequency, max_frequency : float, default=1 and 50
        Spikes of the weakest and the strongest input in one presentation.
    past_window : int, default=-10
        Reach of the learning rule into the past, in ms, at most 0.
    A_up, A_down : float, default=0.8 and -0.3
        Amplitudes of potentiation and depression.
    tau_up, tau_down : float, default=5
        Their time constants, in ms.
    eta : float, default=0.03
        Learning rate.
    min_weight, max_weight : float, default=1e-5 and 1
        Bounds of the weights.
    resting_potential, inhibitory_potential, spike_threshold, reset_potential : float, \
default=-70, -100, -55 and -90
        Potentials in mV; the threshold above the others.
    spike_drop_rate, threshold_drop_rate : float, default=0.8 and 0.4
        Leak of the potential and of the adaptive threshold, in mV a ms.
    refractory_time : int, default=15
        Rest of a layer after it has fired, in ms.
    tau_m, tau_threshold : float, default=10 and 5
        Time constants of `true_lif`, in ms.
    verbose : int, default=0
        Print a line for each epoch.
    n_jobs : int or None, default=None
        Threads for prediction, as joblib counts them. The result is the same for any.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the order of samples, of the lags of depression and of an encoder
        given by name.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    module_ : Module
        The network.
    encoder_ : SpikeEncoder or None
        The fitted encoder; None if the network was fitted on spike trains.
    parameters_ : Parameters
        The settings of the network.
    neuron_label_map_ : ndarray of shape (n_neurons,)
        Index into `classes_` of the class each neuron stands for, -1 for none.
    neuron_votes_ : ndarray of shape (n_classes, n_neurons)
        The share of each neuron's votes that goes to each class.
    n_iter_ : int
        Epochs run.
    n_features_in_ : int
        Number of features, or of channels.
    n_steps_in_ : int
        Columns of the spike trains.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if they were all strings.

    References
    ----------
    .. [1] "nervos: a simulator of spiking networks with memristive synapses",
       arXiv 2506.19377.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from nervos_sklearn import SNNClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = SNNClassifier(n_neurons=30, random_state=0).fit(X, y)
    >>> bool(clf.score(X, y) > 0.8)
    True
    """

    _parameter_constraints = {
        "n_neurons": _COUNT,
        "hidden_layer_sizes": ["array-like"],
        "learning": [StrOptions({"stdp"})],
        "labeling": [StrOptions({"votes", "reference"})],
        "learning_rule": [StrOptions(set(RULES)), callable, "array-like"],
        "unlearning_share": [Interval(Real, 0, 1, closed="both")],
        "synapse": [Synapse, None],
        "initial_weights": [StrOptions({"max", "random"})],
        "encoder": [
            StrOptions({"receptive_fields", "rate", "poisson", "latency"}),
            SpikeEncoder,
        ],
        "epochs": _COUNT,
        "shuffle": ["boolean"],
        "wta": ["boolean"],
        "true_lif": ["boolean"],
        "training_duration": _COUNT,
        "min_frequency": _NON_NEGATIVE,
        "max_frequency": _POSITIVE,
        "past_window": [Interval(Integral, None, 0, closed="right")],
        "A_up": _ANY_NUMBER,
        "A_down": _ANY_NUMBER,
        "tau_up": _POSITIVE,
        "tau_down": _POSITIVE,
        "eta": _NON_NEGATIVE,
        "min_weight": _ANY_NUMBER,
        "max_weight": _ANY_NUMBER,
        "resting_potential": _ANY_NUMBER,
        "inhibitory_potential": _ANY_NUMBER,
        "spike_threshold": _ANY_NUMBER,
        "reset_potential": _ANY_NUMBER,
        "spike_drop_rate": _NON_NEGATIVE,
        "threshold_drop_rate": _NON_NEGATIVE,
        "refractory_time": [Interval(Integral, 0, None, closed="left")],
        "tau_m": _POSITIVE,
        "tau_threshold": _POSITIVE,
        "verbose": ["verbose"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        n_neurons=80,
        *,
        hidden_layer_sizes=(),
        learning="stdp",
        labeling="votes",
        learning_rule="conventional",
        unlearning_share=0.0,
        synapse=None,
        initial_weights="max",
        encoder="receptive_fields",
        epochs=3,
        shuffle=True,
        wta=True,
        true_lif=False,
        training_duration=100,
        min_frequency=1.0,
        max_frequency=50.0,
        past_window=-10,
        A_up=0.8,
        A_down=-0.3,
        tau_up=5.0,
        tau_down=5.0,
        eta=0.03,
        min_weight=1e-5,
        max_weight=1.0,
        resting_potential=-70.0,
        inhibitory_potential=-100.0,
        spike_threshold=-55.0,
        reset_potential=-90.0,
        spike_drop_rate=0.8,
        threshold_drop_rate=0.4,
        refractory_time=15,
        tau_m=10.0,
        tau_threshold=5.0,
        verbose=0,
        n_jobs=None,
        random_state=None,
    ):
        self.n_neurons = n_neurons
        self.hidden_layer_sizes = hidden_layer_sizes
        self.learning = learning
        self.labeling = labeling
        self.learning_rule = learning_rule
        self.unlearning_share = unlearning_share
        self.synapse = synapse
        self.initial_weights = initial_weights
        self.encoder = encoder
        self.epochs = epochs
        self.shuffle = shuffle
        self.wta = wta
        self.true_lif = true_lif
        self.training_duration = training_duration
        self.min_frequency = min_frequency
        self.max_frequency = max_frequency
        self.past_window = past_window
        self.A_up = A_up
        self.A_down = A_down
        self.tau_up = tau_up
        self.tau_down = tau_down
        self.eta = eta
        self.min_weight = min_weight
        self.max_weight = max_weight
        self.resting_potential = resting_potential
        self.inhibitory_potential = inhibitory_potential
        self.spike_threshold = spike_threshold
        self.reset_potential = reset_potential
        self.spike_drop_rate = spike_drop_rate
        self.threshold_drop_rate = threshold_drop_rate
        self.refractory_time = refractory_time
        self.tau_m = tau_m
        self.tau_threshold = tau_threshold
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state

    @classmethod
    def from_parameters(cls, parameters, **overrides):
        """Make a classifier with the settings of a network.

        Parameters
        ----------
        parameters : Parameters or dict
            The settings. Those that have no meaning for a classifier are left out.
        **overrides
            Parameters of the classifier that take precedence.

        Returns
        -------
        SNNClassifier
            With ``learning="stdp"`` and ``shuffle=False`` unless overridden.

        Raises
        ------
        TypeError, ValueError
            If a setting is wrong or an override is not a parameter.

        Examples
        --------
        >>> from nervos_sklearn import Parameters, SNNClassifier
        >>> SNNClassifier.from_parameters(Parameters(eta=0.07), n_neurons=60)
        SNNClassifier(eta=0.07, n_neurons=60, shuffle=False)
        """
        if not isinstance(parameters, Parameters):
            parameters = Parameters(**parameters)
        settings = {name: getattr(parameters, name) for name in _SETTINGS}
        return cls(**({"learning": "stdp", "shuffle": False} | settings | overrides))

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Train the network and label its neurons.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or \
(n_samples, n_channels, n_steps)
            Features, or spike trains of zeros and ones, whose first column is
            silent by convention.
        y : array-like of shape (n_samples,)
            Class labels of any type, at least two different ones.

        Returns
        -------
        SNNClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If a parameter, the data or the labels are not valid.
        """
        with unchanged_on_error(self):
            return self._fit(X, y)

    def _fit(self, X, y):
        started = time.perf_counter()
        for epoch in self._fit_epochs(X, y):
            if self.verbose:
                seconds = time.perf_counter() - started
                print(f"epoch {epoch}/{self.epochs}, {seconds:.1f} s")
        return self

    def _fit_epochs(self, X, y):
        """Train epoch by epoch; after each, the classifier is fitted."""
        X, y = validate_data(self, X, y, allow_nd=True, dtype="numeric")
        X = self._check_axes(X)
        check_classification_targets(y)
        self.classes_, y = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "SNNClassifier needs samples of at least 2 classes, "
                f"got one class: {self.classes_[0]!r}."
            )
        generator = random_generator(self.random_state)
        encoder = self._new_encoder(int(generator.integers(2**31)))
        self.encoder_ = encoder.fit(X) if X.ndim == 2 else None
        self.n_steps_in_ = X.shape[2] if X.ndim == 3 else encoder.n_steps_
        self.parameters_ = self._new_parameters()
        self.module_ = self._new_module(generator)
        order = generator.permutation(len(X)) if self.shuffle else np.arange(len(X))
        for epoch in range(1, self.epochs + 1):
            self._learn(X, y, order)
            if self.unlearning_share > 0:
                n_unlearned = max(1, round(self.unlearning_share * len(X)))
                self._learn(X, None, generator.permutation(len(X))[:n_unlearned], rule="ngauss")
            self._label_neurons(X, y)
            self.n_iter_ = epoch
            yield epoch

    def _new_parameters(self):
        parameters = Parameters(**{name: getattr(self, name) for name in _SETTINGS})
        parameters.training_duration = max(1, self.n_steps_in_ - 1)
        return parameters

    def _new_module(self, generator):
        module = Module(self.parameters_, random_state=generator)
        module.wta, module.true_lif = self.wta, self.true_lif
        module.learning_rule = self.learning_rule
        module.synapse = None if self.synapse is None else clone(self.synapse)
        encoder = self.encoder_
        n_channels = self.n_features_in_ if encoder is None else encoder.n_channels_
        module.initialise_layers(
            [n_channels, *self._hidden_layer_sizes(), self.n_neurons],
            initial_weights=self.initial_weights,
        )
        return module

    def _learn(self, X, y, order, rule=None):
        for batch in gen_batches(len(order), _BATCH):
            chosen = order[batch]
            labels = None if y is None else y[chosen]
            self.module_.learn(self._spike_trains(X[chosen]), labels, rule=rule)

    def _hidden_layer_sizes(self):
        sizes = np.asarray(self.hidden_layer_sizes)
        if sizes.ndim != 1 or (
            sizes.size > 0 and (sizes.dtype.kind not in "iu" or sizes.min() < 1)
        ):
            raise ValueError(
                "hidden_layer_sizes must be a sequence of integers >= 1, got "
                f"{self.hidden_layer_sizes!r}."
            )
        return sizes.tolist()

    def _check_axes(self, X):
        if X.ndim == 3:
            return check_spike_trains(X)
        if X.ndim == 2:
            return np.asarray(X, dtype=np.float64)
        raise ValueError(
            "X must have shape (n_samples, n_features) or (n_samples, n_channels, n_steps), "
            f"got shape {X.shape}."
        )

    def _new_encoder(self, seed):
        if isinstance(self.encoder, SpikeEncoder):
            return clone(self.encoder)
        return SpikeEncoder(
            self.encoder,
            training_duration=self.training_duration,
            min_frequency=self.min_frequency,
            max_frequency=self.max_frequency,
            random_state=seed,
        )

    def _spike_trains(self, X):
        return X if self.encoder_ is None else self.encoder_._encode(X)

    def _count_spikes(self, X):
        """Spike counts of the last layer, batch by batch on `n_jobs` threads."""

        def count(batch):
            return self.module_.count_spikes(self._spike_trains(X[batch]))

        if len(X) <= _BATCH:
            return count(slice(None))
        return np.concatenate(
            Parallel(n_jobs=self.n_jobs, prefer="threads")(
                delayed(count)(batch) for batch in gen_batches(len(X), _BATCH)
            )
        )

    def _label_neurons(self, X, y):
        n_classes = len(self.classes_)
        if self.labeling == "reference":
            labels = self.module_.neuron_label_map.copy()
            self.neuron_votes_ = (labels == np.arange(n_classes)[:, np.newaxis]).astype(float)
        else:
            counts = self._count_spikes(X)
            means = np.array([counts[y == k].mean(axis=0) for k in range(n_classes)])
            totals = means.sum(axis=0)
            self.neuron_votes_ = means / np.where(totals > 0, totals, 1)
            labels = np.where(totals > 0, means.argmax(axis=0), -1)
            self.module_.neuron_label_map = labels
        self.neuron_label_map_ = labels

    def _score_classes(self, X):
        """The share of each class in the decision, of shape (n_samples, n_classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, allow_nd=True, dtype="numeric", reset=False)
        X = self._check_axes(X)
        if (X.ndim == 3) != (self.encoder_ is None):
            seen = "spike trains with 3" if self.encoder_ is None else "features with 2"
            raise ValueError(f"the network was fitted on {seen} axes, got X of shape {X.shape}.")
        if X.ndim == 3 and X.shape[2] != self.n_steps_in_:
            raise ValueError(
                f"the network was fitted on {self.n_steps_in_} time steps, got {X.shape[2]}."
            )
        counts = self._count_spikes(X)
        if self.labeling == "votes":
            scores = counts @ self.neuron_votes_.T
        else:
            classes = range(len(self.classes_))
            scores = np.column_stack(
                [_best_neuron(counts, self.neuron_label_map_ == k) for k in classes]
            )
        totals = scores.sum(axis=1, keepdims=True)
        equal = np.full_like(scores, 1 / scores.shape[1])
        return np.divide(scores, totals, out=equal, where=totals > 0)

    def decision_function(self, X):
        """Compute how much speaks for each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or \
(n_samples, n_channels, n_steps)
            Features or spike trains, whichever the classifier was fitted on.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            The shares of :meth:`predict_proba`; for two classes, the second minus
            the first.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If the data are not valid.
        """
        shares = self._score_classes(X)
        return shares[:, 1] - shares[:, 0] if len(self.classes_) == 2 else shares

    def predict_proba(self, X):
        """Compute the share of each class in the decision.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or \
(n_samples, n_channels, n_steps)
            Features or spike trains, whichever the classifier was fitted on.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Shares that add up to 1; equal ones if no neuron fires. With
            ``labeling="votes"``, of the votes of all spikes; with "reference", of the
            spikes of each class' best neuron. They are not calibrated: use
            ``CalibratedClassifierCV`` for that.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If the data are not valid.
        """
        return self._score_classes(X)

    def predict(self, X):
        """Predict the class of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or \
(n_samples, n_channels, n_steps)
            Features or spike trains, whichever the classifier was fitted on.

        Returns
        -------
        ndarray of shape (n_samples,)
            Class labels.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If the data are not valid.
        """
        best = self._score_classes(X).argmax(axis=1)
        return self.classes_[best]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _best_neuron(spike_counts, of_class):
    """Spikes of the neuron of a class that spikes most.

    Less than one spike is added, so that of equal neurons the one with the lower
    index counts more.
    """
    if not of_class.any():
        return np.zeros(len(spike_counts))
    neurons = np.flatnonzero(of_class)
    best = spike_counts[:, neurons].argmax(axis=1)
    n_neurons = spike_counts.shape[1]
    return (
        spike_counts[np.arange(len(best)), neurons[best]] + 0.5 - neurons[best] / (2 * n_neurons)
    )
