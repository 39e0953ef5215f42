"""SNNClassifier: features or spike trains in, class labels out."""

import copy
import math
import time
import warnings
from numbers import Integral, Real
from typing import Self

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import train_test_split
from sklearn.utils import gen_batches
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ._sklearn import Interval, StrOptions, _fit_context
from .common import check_spike_trains, random_generator, refuse_masked, unchanged_on_error
from .encoder import ENCODINGS, SpikeEncoder, exponents_of
from .images import blur_images, find_image_shape
from .module import Module
from .parameters import LARGEST, Parameters, interval_of
from .reward import RewardModule, RewardSettings, assign_neurons, traces_of_spikes
from .stdp import RULES
from .synapse import Synapse

_BATCH = 128  # samples whose spike trains are held at once

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
# What None stands for.
_DEFAULTS = {
    "stdp": {"n_neurons": 80, "epochs": 3, "eta": 0.03, "training_duration": 100},
    "reward": {"epochs": 30, "eta": 0.3, "training_duration": 32},
}
_NEURONS_A_CLASS = 64
_NEURONS_A_CLASS_ON_FIELDS = 16
_SECOND_LOOK_AT_MAPS = 0.7
_IMAGE_FEATURES = 64  # from so many features on, a table may be an image
_COOLING = 3.0  # by which the learning rate is divided when accuracy has stopped to rise
_N_COOLINGS = 3  # after which training stops
_NON_NEGATIVE = [Interval(Real, 0, LARGEST, closed="both")]
_STRENGTH = [Interval(Real, 0, 10, closed="both")]
_COUNT = [Interval(Integral, 1, None, closed="left")]
_MOST_NEURONS = 1_000_000
_MOST_RACE_SPIKES = 10_000

_ON_IMAGES = 'learning="reward" on images'
# Who reads a setting: its name in words, whether it is at work, the settings.
_READERS = (
    (
        'learning="stdp"',
        lambda clf: clf.learning == "stdp",
        (
            "labeling", "learning_rule", "unlearning_share", "initial_weights", "shuffle", "wta",
            "true_lif", "min_frequency", "max_frequency", "past_window", "A_up", "A_down",
            "tau_up", "tau_down", "min_weight", "max_weight", "resting_potential",
            "inhibitory_potential", "spike_threshold", "reset_potential", "spike_drop_rate",
            "threshold_drop_rate", "refractory_time", "tau_m", "tau_threshold",
        ),
    ),
    (
        'learning="reward"',
        lambda clf: clf.learning == "reward",
        (
            "eta_decay", "margin", "reward", "competitive_epochs", "reinforcement",
            "synaptic_scaling", "recruitment", "blur", "jitter", "image_shape", "silence",
            "decision_step", "n_race_spikes", "race_increment", "second_look",
        ),
    ),
    (
        "reward=True",
        lambda clf: clf.reward,
        ("margin", "competitive_epochs", "reinforcement"),
    ),
    ("n_race_spikes above 1", lambda clf: clf.n_race_spikes > 1, ("race_increment",)),
    (
        f"{_ON_IMAGES}, that is with features of an image and no receptive fields",
        lambda clf: clf.image_shape_ is not None,
        ("blur", "jitter", "image_shape", "second_look"),
    ),
    (f"{_ON_IMAGES} with jitter", lambda clf: clf.jitter > 0, ("second_look",)),
    (
        "receptive fields of more than two features",
        lambda clf: _encoding(clf) == "receptive_fields" and clf.n_features_in_ > 2,
        ("silence",),
    ),
    (
        'learning_rule="conventional"',
        lambda clf: _same(clf.learning_rule, "conventional"),
        ("A_up", "A_down", "tau_up", "tau_down"),
    ),
    ("true_lif=True", lambda clf: clf.true_lif, ("tau_m", "tau_threshold")),
    (
        "true_lif=False",
        lambda clf: not clf.true_lif,
        ("spike_drop_rate", "threshold_drop_rate"),
    ),
    (
        "early_stopping=True",
        lambda clf: clf.early_stopping,
        ("validation_fraction", "n_iter_no_change"),
    ),
    ("2-D features", lambda clf: clf.encoder_ is not None, ("encoder",)),
    (
        "an encoder that is named, for 2-D features",
        lambda clf: clf.encoder_ is not None and isinstance(clf.encoder, str),
        ("training_duration", "min_frequency", "max_frequency"),
    ),
    (
        'learning="stdp", while learning="reward" codes intensities as latencies',
        lambda clf: clf.learning == "stdp" or _encoding(clf) not in ("rate", "poisson"),
        ("encoder",),
    ),
    (
        "an encoder that has a frequency",
        lambda clf: _encoding(clf) != "latency",
        ("min_frequency", "max_frequency"),
    ),
)  # fmt: skip
# Values that ask for nothing: no warning if nobody reads them.
_NOTHING = {
    "blur": 0, "jitter": 0, "image_shape": None, "silence": 0, "second_look": 0,
    "reinforcement": 0, "unlearning_share": 0,
}  # fmt: skip


_learned_here = set()  # ways to learn that this process has compiled


class SNNClassifier(ClassifierMixin, BaseEstimator):
    """A spiking neural network that classifies features or spike trains.

    Features become spike trains by an encoder, or are spike trains already; a layer
    of leaky or non-leaky integrate-and-fire neurons that compete learns from them by
    local rules: spike timing, a reward or class signal, and normalisation.

    ``learning="reward"`` is the accurate one. Each neuron belongs to a class and
    starts from a training sample. If the most driven neuron of the right class does
    not lead by a margin when a whole sample has been gathered, it is rewarded: its
    weights move towards the traces of the input spikes; the most driven neuron of the
    other classes is punished. Each neuron's weights are scaled to a norm of 1. To
    decide, the neurons race to a falling threshold. Each ingredient can be switched
    off by its parameter.

    ``learning="stdp"`` are the dynamics of the simulator nervos [1]_, exactly, with
    finite, noisy and wearing synapses; with ``labeling="reference"`` its labels too.
    Neurons learn without labels, which only name them afterwards.

    Parameters
    ----------
    n_neurons : int, optional
        Neurons of the last layer. Reward: divided evenly among the classes, no more
        than a class has samples; by default 64 a class, 16 on receptive fields.
        STDP: 80 by default. If so many cannot be made, a warning says how many are.
    learning : {"reward", "stdp"}, default="reward"
        How the network learns.
    encoder : {"auto", "receptive_fields", "rate", "poisson", "latency"} or SpikeEncoder, \
default="auto"
        Turns 2-D features into spike trains; see :class:`SpikeEncoder`. A name is
        used with the `training_duration` and the frequencies below. "auto" takes 64
        or more features that are never negative for an image ("latency", for STDP
        "rate"), and others for a table ("receptive_fields"). With reward, the
        intensity of each channel is always coded as a latency.
    epochs : int, optional
        Passes over the training set; by default 30 for reward, 3 for STDP.
    eta : float, optional
        Learning rate; by default 0.3 for reward, 0.03 for STDP.
    training_duration : int, optional
        Length of a presentation in ms; by default 32 for reward, 100 for STDP. Spike
        trains bring their own.
    eta_decay : float, default=0.9
        Reward: the learning rate shrinks by this factor each epoch.
    margin : float, default=0.08
        Reward: a sample teaches if the right class does not lead by this much, in
        units of the cosine of weights and traces; 0 to learn from errors only.
    reward : bool, default=True
        Reward: False for plain competitive STDP of the neurons of the right class.
    competitive_epochs : int, default=4
        Reward: the first epochs, in which neurons compete within their class, each
        sample teaches and nobody is punished.
    reinforcement : float, default=0
        Reward: share of the learning rate for samples that lie outside the margin.
    synaptic_scaling : bool, default=True
        Reward: scale each neuron's weights to an L2 norm of 1 after every update;
        False to bound them by 1 instead.
    recruitment : bool, default=True
        Reward: each neuron starts from a training sample of its class; False for
        random weights.
    blur : float, default=0.04
        Reward, images: standard deviation of a Gaussian blur, as a share of the
        longer side; 0 for none.
    jitter : float, default=1
        Reward, images: every presentation for training moves, turns, scales and
        shears the image a little at random; the factor of its strength, 0 for none.
        At 1, shifts reach 5.4 % of the side, angles 0.2, log scales 0.15 and shears
        0.35; with more than 25 samples a class they shrink with the fourth root of
        their number.
    image_shape : {"auto"}, tuple of (height, width) or (n_maps, height, width), or None, \
default="auto"
        Reward: layout of the features, for blur and jitter; None if they are not
        images. "auto" recognises square images by how much neighbours vary together
        (:func:`nervos_sklearn.images.find_image_shape`).
    silence : float, default=0.3
        Reward, receptive fields: the chance that all fields of a feature are silent in
        a presentation for training, if there are more than two features; 0 for never.
    decision_step : int, optional
        Reward: decide after this time step instead of the last; the first step that
        can have spikes is 1.
    n_race_spikes : int, default=10
        Reward: spikes of the race that decides; 1 lets the most driven neuron decide.
    race_increment : float, default=0.01
        Reward: what a neuron loses when it spikes in the race, in units of the cosine.
    second_look : float or "auto", default="auto"
        Reward, images: unless all spikes of the race come from one class, the image is
        looked at again, turned, scaled and sheared one way and the other, and each
        neuron races with its highest potential. The strength, as a share of the
        largest jitter in training; 0 for never. "auto" is 0.7 for images of several
        maps, such as patch features, and 0 for others, where it helps too but takes
        three times as long.
    early_stopping : bool, default=False
        Hold back a part of the training set and stop when the accuracy on it does not
        rise any more. Each time it has not for `n_iter_no_change` epochs, go back to
        the best epoch and on from there at a third of the learning rate; the fourth
        time, stop. In the end return to the best epoch: the last one whose accuracy is
        within a standard error of the highest.
    validation_fraction : float, default=0.1
        The part held back, stratified. Every class must be left in the other part.
    n_iter_no_change : int, default=10
        Epochs without a rise after which the learning rate falls or training stops.
    labeling : {"votes", "reference"}, default="votes"
        STDP: how neurons come by a class. "votes": after training, a neuron votes for
        each class in proportion to its mean spike count in the training samples of
        that class; the votes of all spikes add up. "reference": a neuron keeps the
        class of the last training sample at whose end it had the highest potential;
        the neuron that spikes most decides, among those that have a class.
    hidden_layer_sizes : sequence of int, default=()
        STDP: neurons of each layer before the last. Layers learn at the same time,
        each from the spikes of the one before.
    learning_rule : {"conventional", "cos", "sin", "ngauss"}, callable or array-like, \
default="conventional"
        STDP: the change F(dt) that a pair of spikes asks for; see
        :mod:`nervos_sklearn.stdp`. "conventional" has the amplitudes and time
        constants below. A callable takes a time difference in ms; measured pairs
        (dt, F) of shape (n, 2) are interpolated.
    unlearning_share : float, default=0
        STDP: after each epoch, this share of the training samples, drawn at random, is
        presented once more with the rule "ngauss", which only forgets; 0.1 in the
        publication.
    synapse : Synapse or None, default=None
        STDP: a model of the synapse, such as ``NonLinearSynapse(25)``; None for an
        ideal one. Its parameters can be searched, as in ``synapse__n_states``.
    initial_weights : {"ones", "random"}, default="ones"
        STDP: weights before training: all 1, or drawn evenly between the bounds.
    shuffle : bool, default=True
        STDP: present the training samples in a random order, drawn once and the same
        in each epoch, instead of the given one. Reward draws one each epoch.
    wta : bool, default=True
        STDP: winner takes all, only the neuron that wins learns.
    true_lif : bool, default=False
        STDP: leak in proportion to the distance from rest (time constants `tau_m` and
        `tau_threshold`) instead of by `spike_drop_rate` and `threshold_drop_rate`.
    min_frequency, max_frequency : float, default=1 and 50
        Spikes of the weakest and the strongest input in one presentation, for encoders
        that have a frequency.
    past_window : int, default=-10
        STDP: reach of the learning rule into the past, in ms, at most 0.
    A_up, A_down : float, default=0.8 and -0.3
        STDP: amplitudes of potentiation and depression.
    tau_up, tau_down : float, default=5
        STDP: their time constants, in ms.
    min_weight, max_weight : float, default=1e-5 and 1
        STDP: bounds of the weights.
    resting_potential, inhibitory_potential, spike_threshold, reset_potential : float, \
default=-70, -100, -55 and -90
        STDP: potentials in mV; the threshold above the others.
    spike_drop_rate, threshold_drop_rate : float, default=0.8 and 0.4
        STDP: leak of the potential and of the adaptive threshold, in mV a ms.
    refractory_time : int, default=15
        STDP: rest of a layer after it has fired, in ms.
    tau_m, tau_threshold : float, default=10 and 5
        STDP: time constants of `true_lif`, in ms.
    verbose : int, default=0
        Print a line for each epoch.
    n_jobs : int or None, default=None
        Threads for prediction, as joblib counts them. The result is the same for any.
    random_state : int, Generator, RandomState or None, default=None
        Seed of everything that is drawn.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    module_ : RewardModule or Module
        The network.
    encoder_ : SpikeEncoder or None
        The fitted encoder; None if the network was fitted on spike trains.
    image_shape_ : tuple of (n_maps, height, width) or None
        How the features were taken for images, with reward.
    parameters_ : Parameters
        The settings of the network.
    neuron_label_map_ : ndarray of shape (n_neurons,)
        Index into `classes_` of the class each neuron stands for, -1 for none.
    neuron_votes_ : ndarray of shape (n_classes, n_neurons)
        The share of each neuron's votes that goes to each class.
    n_iter_ : int
        Epochs run.
    validation_scores_ : list of float
        With early stopping, the accuracy on the part held back after each epoch.
    best_epoch_ : int
        With early stopping, the epoch that was returned to, from 1: the last one whose
        accuracy is within a standard error of the highest.
    n_features_in_ : int
        Number of features, or of channels.
    n_steps_in_ : int
        Columns of the spike trains.
    adds_silent_column_ : bool
        Whether a silent column is put before the spike trains, because some of those
        it was fitted on had spikes in the first column, and time begins at step 1.
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
    >>> clf = SNNClassifier(random_state=0).fit(X, y)
    >>> bool(clf.score(X, y) > 0.9)
    True
    """

    _parameter_constraints = {
        "n_neurons": [Interval(Integral, 1, _MOST_NEURONS, closed="both"), None],
        "learning": [StrOptions({"reward", "stdp"})],
        "encoder": [StrOptions({"auto", *ENCODINGS}), SpikeEncoder],
        "eta_decay": [Interval(Real, 0, 1, closed="right")],
        "margin": _NON_NEGATIVE,
        "reward": ["boolean"],
        "competitive_epochs": [Interval(Integral, 0, None, closed="left")],
        "reinforcement": _NON_NEGATIVE,
        "synaptic_scaling": ["boolean"],
        "recruitment": ["boolean"],
        "blur": [Interval(Real, 0, 1, closed="both")],
        "jitter": _STRENGTH,
        "image_shape": [StrOptions({"auto"}), "array-like", None],
        "silence": [Interval(Real, 0, 1, closed="left")],
        "decision_step": [*_COUNT, None],
        "n_race_spikes": [Interval(Integral, 1, _MOST_RACE_SPIKES, closed="both")],
        "race_increment": _NON_NEGATIVE,
        "second_look": [*_STRENGTH, StrOptions({"auto"})],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": _COUNT,
        "labeling": [StrOptions({"votes", "reference"})],
        "hidden_layer_sizes": ["array-like"],
        "learning_rule": [StrOptions(set(RULES)), callable, "array-like"],
        "unlearning_share": [Interval(Real, 0, 1, closed="both")],
        "synapse": [Synapse, None],
        "initial_weights": [StrOptions({"ones", "random"})],
        "shuffle": ["boolean"],
        "wta": ["boolean"],
        "true_lif": ["boolean"],
        "verbose": ["verbose"],
        "n_jobs": [
            Interval(Integral, None, -1, closed="right"),
            Interval(Integral, 1, None, closed="left"),
            None,
        ],
        "random_state": ["random_state", np.random.Generator],
    }
    _parameter_constraints |= {name: [interval_of(name)] for name in _SETTINGS}
    _parameter_constraints |= {
        name: [interval_of(name), None] for name in ("epochs", "eta", "training_duration")
    }

    def __init__(
        self,
        n_neurons=None,
        *,
        learning="reward",
        encoder="auto",
        epochs=None,
        eta=None,
        training_duration=None,
        eta_decay=0.9,
        margin=0.08,
        reward=True,
        competitive_epochs=4,
        reinforcement=0.0,
        synaptic_scaling=True,
        recruitment=True,
        blur=0.04,
        jitter=1.0,
        image_shape="auto",
        silence=0.3,
        decision_step=None,
        n_race_spikes=10,
        race_increment=0.01,
        second_look="auto",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        labeling="votes",
        hidden_layer_sizes=(),
        learning_rule="conventional",
        unlearning_share=0.0,
        synapse=None,
        initial_weights="ones",
        shuffle=True,
        wta=True,
        true_lif=False,
        min_frequency=1.0,
        max_frequency=50.0,
        past_window=-10,
        A_up=0.8,
        A_down=-0.3,
        tau_up=5.0,
        tau_down=5.0,
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
        self.learning = learning
        self.encoder = encoder
        self.epochs = epochs
        self.eta = eta
        self.training_duration = training_duration
        self.eta_decay = eta_decay
        self.margin = margin
        self.reward = reward
        self.competitive_epochs = competitive_epochs
        self.reinforcement = reinforcement
        self.synaptic_scaling = synaptic_scaling
        self.recruitment = recruitment
        self.blur = blur
        self.jitter = jitter
        self.image_shape = image_shape
        self.silence = silence
        self.decision_step = decision_step
        self.n_race_spikes = n_race_spikes
        self.race_increment = race_increment
        self.second_look = second_look
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.labeling = labeling
        self.hidden_layer_sizes = hidden_layer_sizes
        self.learning_rule = learning_rule
        self.unlearning_share = unlearning_share
        self.synapse = synapse
        self.initial_weights = initial_weights
        self.shuffle = shuffle
        self.wta = wta
        self.true_lif = true_lif
        self.min_frequency = min_frequency
        self.max_frequency = max_frequency
        self.past_window = past_window
        self.A_up = A_up
        self.A_down = A_down
        self.tau_up = tau_up
        self.tau_down = tau_down
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
    def from_parameters(cls, parameters: Parameters | dict, **overrides) -> Self:
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
            With ``learning="stdp"`` and, for that, ``shuffle=False`` unless overridden.

        Raises
        ------
        TypeError, ValueError
            If a setting is wrong or an override is not a parameter.

        Examples
        --------
        >>> from nervos_sklearn import Parameters, SNNClassifier
        >>> clf = SNNClassifier.from_parameters(Parameters(eta=0.07), n_neurons=60)
        >>> clf.learning, clf.eta, clf.epochs
        ('stdp', 0.07, 3)
        """
        if not isinstance(parameters, Parameters):
            parameters = Parameters(**parameters)
        settings = {name: getattr(parameters, name) for name in _SETTINGS}
        settings = {"learning": "stdp"} | settings | overrides
        if settings["learning"] == "stdp":
            settings.setdefault("shuffle", False)
        return cls(**settings)

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train the network and label its neurons.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or \
(n_samples, n_channels, n_steps)
            Features, or spike trains of zeros and ones. If some of those have spikes in
            the first column, a silent one is put before them, here and in prediction.
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

        Warns
        -----
        UserWarning
            If a parameter was set that is not read, or the number of neurons is not the
            one asked for.
        """
        with unchanged_on_error(self):
            return self._fit(X, y)

    def _fit(self, X, y):
        if self.verbose and self.learning not in _learned_here:
            print("compiling the loops, or reading them from disk, once: within the first epoch")
        started = time.perf_counter()
        for epoch in self._fit_epochs(X, y):
            _learned_here.add(self.learning)
            if self.verbose:
                seconds = time.perf_counter() - started
                print(f"epoch {epoch}/{self.parameters_.epochs}: {seconds:.2f} s")
            started = time.perf_counter()
        return self

    def _fit_epochs(self, X, y):
        """Train epoch by epoch; after each, the classifier is fitted."""
        refuse_masked("X", X)
        refuse_masked("y", y)
        X, y = validate_data(self, X, y, allow_nd=True, dtype="numeric")
        X = self._check_axes(X)
        self.classes_, y = _number_classes(y)
        if len(self.classes_) < 2:
            raise ValueError(
                "SNNClassifier needs samples of at least 2 classes, "
                f"got one class: {self.classes_[0]!r}."
            )
        generator = random_generator(self.random_state)
        encoder = self._new_encoder(X, int(generator.integers(2**31)))
        self.encoder_ = encoder.fit(X) if X.ndim == 2 else None
        self.n_steps_in_ = X.shape[2] if X.ndim == 3 else encoder.n_steps_
        self.adds_silent_column_ = X.ndim == 3 and bool(X[:, :, 0].any())
        self.image_shape_ = self._find_image_shape(X) if X.ndim == 2 else None
        self.parameters_ = self._new_parameters()
        self._warn_of_unread()
        learn = self._learn_by_stdp if self.learning == "stdp" else self._learn_by_reward
        if self.early_stopping:
            yield from self._until_no_change(learn, X, y, generator)
        else:
            for self.n_iter_ in learn(X, y, generator):
                yield self.n_iter_

    def _until_no_change(self, learn, X, y, generator):
        X, X_held, y, y_held = self._hold_back(X, y, int(generator.integers(2**31)))
        scores = self.validation_scores_ = []
        last_change, n_coolings = 0, 0
        for self.n_iter_ in learn(X, y, generator):
            predicted = self._share_classes(X_held).argmax(axis=1)
            scores.append(float(np.mean(predicted == y_held)))
            highest = max(scores)
            if scores.index(highest) + 1 == self.n_iter_:
                last_change = self.n_iter_
            if scores[-1] >= highest - math.sqrt(highest * (1 - highest) / len(y_held)):
                self.best_epoch_ = self.n_iter_
                best = self.module_._state(), self.neuron_votes_, self.neuron_label_map_
            yield self.n_iter_
            if self.n_iter_ - last_change >= self.n_iter_no_change:
                if n_coolings == _N_COOLINGS:
                    break
                self.module_._restore(best[0])
                self.module_._cool(_COOLING)
                last_change, n_coolings = self.n_iter_, n_coolings + 1
        state, self.neuron_votes_, self.neuron_label_map_ = best
        self.module_._restore(state)

    def _hold_back(self, X, y, seed):
        try:
            parts = train_test_split(
                X, y, test_size=self.validation_fraction, stratify=y, random_state=seed
            )
        except ValueError as error:
            raise ValueError(
                f"early_stopping cannot hold back validation_fraction={self.validation_fraction} "
                f"of {len(y)} samples: {error}"
            ) from error
        missing = np.setdiff1d(y, parts[2])
        if len(missing) > 0:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} leaves no sample of the classes "
                f"{self.classes_[missing].tolist()} for training: hold back less, or set "
                "early_stopping=False."
            )
        return parts

    def _warn_of_unread(self):
        """Warn of each parameter that was set and that nobody reads."""
        unread = {}
        for reader, is_at_work, names in _READERS:
            if not is_at_work(self):
                unread = dict.fromkeys(names, reader) | unread
        defaults = SNNClassifier().get_params(deep=False)
        encoders_own = {"training_duration": self.parameters_.training_duration}
        if isinstance(self.encoder, SpikeEncoder):
            encoders_own |= self.encoder.get_params()
        for name, reader in unread.items():
            value = getattr(self, name)
            default = defaults[name]
            harmless = default, _NOTHING.get(name, default), encoders_own.get(name, default)
            if not any(_same(value, other) for other in harmless):
                warnings.warn(
                    f"{name}={value!r} has no effect here: it is read by {reader}.", stacklevel=6
                )

    def _learn_by_stdp(self, X, y, generator):
        self.module_ = self._new_module(generator)
        order = generator.permutation(len(X)) if self.shuffle else np.arange(len(X))
        for epoch in range(1, self.parameters_.epochs + 1):
            self._present(X, y, order)
            if self.unlearning_share > 0:
                n_unlearned = max(1, round(self.unlearning_share * len(X)))
                chosen = generator.permutation(len(X))[:n_unlearned]
                self._present(X, None, chosen, rule="ngauss")
            self._label_neurons(X, y)
            yield epoch

    def _learn_by_reward(self, X, y, generator):
        if self.synapse is not None or len(self._hidden_layer_sizes()) > 0:
            raise ValueError(
                'synapse and hidden_layer_sizes belong to learning="stdp", got '
                f"synapse={self.synapse!r} and hidden_layer_sizes={self.hidden_layer_sizes!r} "
                'with learning="reward".'
            )
        n_classes = len(self.classes_)
        on_fields = _encoding(self) == "receptive_fields"
        n_neurons = _NEURONS_A_CLASS_ON_FIELDS if on_fields else _NEURONS_A_CLASS
        if self.n_neurons is not None:
            n_neurons = max(1, self.n_neurons // n_classes)
        shared = (name for name in RewardSettings._fields if name not in ("n_steps", "eta"))
        settings = {name: getattr(self, name) for name in shared}
        settings |= {
            "n_steps": self.parameters_.training_duration,
            "eta": self.parameters_.eta,
        }
        if self.second_look == "auto":
            has_maps = self.image_shape_ is not None and self.image_shape_[0] > 1
            settings["second_look"] = _SECOND_LOOK_AT_MAPS if has_maps else 0.0
        classes_of_neurons = assign_neurons(y, n_classes, n_neurons)
        if self.n_neurons not in (None, len(classes_of_neurons)):
            warnings.warn(
                f"n_neurons={self.n_neurons} cannot be divided evenly among {n_classes} classes, "
                f"none with more than it has samples: {len(classes_of_neurons)} are made.",
                stacklevel=6,
            )
        module = RewardModule(RewardSettings(**settings), classes_of_neurons, n_classes, generator)
        self.module_, self.neuron_label_map_ = module, classes_of_neurons
        self.neuron_votes_ = np.eye(n_classes)[:, classes_of_neurons]
        jittered = self.image_shape_ is not None and self.jitter > 0
        samples = self._in_batches(self._intensities if jittered else self._traces, X)
        module.recruit(lambda chosen: self._traces(X[chosen]), samples.shape[1], y)
        groups = self.encoder_.channel_features_ if on_fields else None
        shape = self.image_shape_ if jittered else None
        for epoch in range(1, self.parameters_.epochs + 1):
            module.learn(samples, y, shape, groups)
            yield epoch

    def _find_image_shape(self, X):
        on_fields = _encoding(self) == "receptive_fields"
        if self.learning == "stdp" or self.image_shape is None or on_fields:
            return None
        if isinstance(self.image_shape, str):
            return find_image_shape(np.ldexp(X, -exponents_of(np.abs(X).max())))
        shape = tuple(self.image_shape)
        shape = (1, *shape) if len(shape) == 2 else shape
        if len(shape) != 3 or math.prod(shape) != X.shape[1]:
            raise ValueError(
                "image_shape must be (height, width) or (n_maps, height, width) and multiply to "
                f"the number of features, {X.shape[1]}; got {self.image_shape!r}."
            )
        return shape

    def _in_batches(self, function, X):
        """Call a function on batches of samples on `n_jobs` threads; join the results."""
        if len(X) <= _BATCH:
            return function(X)
        one = function(X[:1])
        joined = np.empty((len(X), *one.shape[1:]), one.dtype)

        def fill(start):
            joined[start : start + _BATCH] = function(X[start : start + _BATCH])

        Parallel(n_jobs=self.n_jobs, prefer="threads", require="sharedmem")(
            delayed(fill)(start) for start in range(0, len(X), _BATCH)
        )
        return joined

    def _intensities(self, X):
        """What the channels show of features: float32, blurred if they are images."""
        intensities = self.encoder_._intensities(X)
        if self.image_shape_ is None:
            return intensities.astype(np.float32)
        sigma = self.module_.settings.blur * max(self.image_shape_[1:])
        return blur_images(intensities, self.image_shape_, sigma)

    def _traces(self, X):
        if self.encoder_ is None:
            return traces_of_spikes(self._spike_trains(X), self.module_.settings.decision_step)
        return self.module_.traces(self._intensities(X))

    def _setting(self, name):
        value = getattr(self, name)
        return _DEFAULTS[self.learning].get(name) if value is None else value

    def _new_parameters(self):
        parameters = Parameters(**{name: self._setting(name) for name in _SETTINGS})
        parameters.training_duration = self.n_steps_in_ - 1 + self.adds_silent_column_
        return parameters

    def _new_module(self, generator):
        module = Module(copy.copy(self.parameters_), random_state=generator)
        module.wta, module.true_lif = self.wta, self.true_lif
        module.learning_rule = self.learning_rule
        module.synapse = None if self.synapse is None else clone(self.synapse)
        encoder = self.encoder_
        n_channels = self.n_features_in_ if encoder is None else encoder.n_channels_
        module.initialise_layers(
            [n_channels, *self._hidden_layer_sizes(), self._setting("n_neurons")],
            initial_weights=self.initial_weights,
        )
        return module

    def _present(self, X, y, order, rule=None):
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
            if X.shape[2] == 1:
                raise ValueError(
                    "spike trains must have at least 2 time steps, the first one silent, got 1."
                )
            return check_spike_trains(X)
        if X.ndim == 2:
            return np.asarray(X, dtype=np.float64)
        raise ValueError(
            "X must have shape (n_samples, n_features) or (n_samples, n_channels, n_steps), "
            f"got shape {X.shape}."
        )

    def _new_encoder(self, X, seed):
        if isinstance(self.encoder, SpikeEncoder):
            return clone(self.encoder)
        settings = {
            "training_duration": self._setting("training_duration"),
            "min_frequency": self.min_frequency,
            "max_frequency": self.max_frequency,
            "random_state": seed,
        }
        encoding = self.encoder
        if encoding == "auto":
            is_image = X.ndim == 2 and X.shape[1] >= _IMAGE_FEATURES and X.min() >= 0
            code = "rate" if self.learning == "stdp" else "latency"
            encoding = code if is_image else "receptive_fields"
        if encoding == "receptive_fields" and self.learning == "reward":
            # Ten fields, one and a half times as wide as they are apart.
            settings |= {"n_fields": 10, "field_variance": 1 / 36, "scale": "standard"}
        return SpikeEncoder(encoding, **settings)

    def _spike_trains(self, X):
        if self.encoder_ is not None:
            return self.encoder_._encode(X)
        return np.pad(X, [(0, 0), (0, 0), (1, 0)]) if self.adds_silent_column_ else X

    def _count_spikes(self, X):
        return self.module_.count_spikes(self._spike_trains(X), n_jobs=1)

    def _label_neurons(self, X, y):
        n_classes = len(self.classes_)
        self._decides_by_votes = self.labeling == "votes"
        if not self._decides_by_votes:
            labels = self.module_.neuron_label_map.copy()
            self.neuron_votes_ = (labels == np.arange(n_classes)[:, np.newaxis]).astype(float)
        else:
            counts = self._in_batches(self._count_spikes, X)
            means = np.array([counts[y == k].mean(axis=0) for k in range(n_classes)])
            totals = means.sum(axis=0)
            self.neuron_votes_ = means / np.where(totals > 0, totals, 1)
            labels = np.where(totals > 0, means.argmax(axis=0), -1)
            self.module_.neuron_label_map = labels
        self.neuron_label_map_ = labels

    def _score_classes(self, X):
        """The share of each class in the decision, of shape (n_samples, n_classes)."""
        check_is_fitted(self)
        refuse_masked("X", X)
        X = validate_data(self, X, allow_nd=True, dtype="numeric", reset=False)
        X = self._check_axes(X)
        if (X.ndim == 3) != (self.encoder_ is None):
            seen = "spike trains with 3" if self.encoder_ is None else "features with 2"
            raise ValueError(f"the network was fitted on {seen} axes, got X of shape {X.shape}.")
        if X.ndim == 3 and X.shape[2] != self.n_steps_in_:
            raise ValueError(
                f"the network was fitted on {self.n_steps_in_} time steps, got {X.shape[2]}."
            )
        if X.ndim == 3 and not self.adds_silent_column_ and X[:, :, 0].any():
            raise ValueError(
                "spike trains must be silent in their first column, as those were that the "
                "network was fitted on: fit it again with some that are not."
            )
        return self._share_classes(X)

    def _share_classes(self, X):
        scores = self._in_batches(self._score_batch, X)
        totals = scores.sum(axis=1, keepdims=True)
        equal = np.full_like(scores, 1 / scores.shape[1])
        return np.divide(scores, totals, out=equal, where=totals > 0)

    def _score_batch(self, X):
        """How much speaks for each class, at least 0."""
        if isinstance(self.module_, RewardModule):
            return self._race(X)
        counts = self._count_spikes(X)
        if self._decides_by_votes:
            # A sum along each row: a matrix product adds in an order of its own for each shape.
            return np.column_stack([(counts * votes).sum(axis=1) for votes in self.neuron_votes_])
        classes = range(len(self.classes_))
        return np.column_stack(
            [_best_neuron(counts, self.neuron_label_map_ == k) for k in classes]
        )

    def _race(self, X):
        module = self.module_
        if self.image_shape_ is None or module.settings.second_look == 0:
            return module.race(self._traces(X))
        images = self._intensities(X)
        scores = module.race(module.traces(images))
        module.look_again(scores, images, self.image_shape_)
        return scores

    def decision_function(self, X: ArrayLike) -> np.ndarray:
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

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Compute the share of each class in the decision.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or \
(n_samples, n_channels, n_steps)
            Features or spike trains, whichever the classifier was fitted on.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Shares that add up to 1; equal ones if no neuron fires. Reward: of the
            spikes of the race. STDP: of the votes of all spikes; with
            ``labeling="reference"``, of the spikes of each class' best neuron.
            They are not calibrated: use ``CalibratedClassifierCV`` for that.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If the data are not valid.
        """
        return self._score_classes(X)

    def predict(self, X: ArrayLike) -> np.ndarray:
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


def _encoding(clf):
    """The code that a classifier makes of features; None if it was given spike trains."""
    return None if clf.encoder_ is None else clf.encoder_.encoding


def _same(value, other):
    return value is other or np.array_equal(value, other)


def _number_classes(y):
    """The classes, sorted, and the number of each sample's class."""
    try:
        classes, numbers = np.unique(y, return_inverse=True)
    except TypeError as error:
        kinds = sorted({type(label).__name__ for label in y})
        raise ValueError(
            f"labels y must be of one kind that can be sorted, got {' and '.join(kinds)}: "
            "use numbers only, or strings only."
        ) from error
    check_classification_targets(y)
    return classes, numbers


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
