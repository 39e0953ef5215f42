"""SNNClassifier: features or spike trains in, class labels out."""

from __future__ import annotations

import contextlib
import copy
import functools
import math
import time
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import train_test_split
from sklearn.utils import InputTags, get_tags
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ._random import Seed, random_generator, seed_where_none
from ._sklearn import (
    CallbackSupportMixin,
    Estimator,
    HasMethods,
    Interval,
    StrOptions,
    _check_partial_fit_first_call,
    _fit_context,
    handing_on,
    set_where_none,
    with_callbacks,
)
from ._validation import (
    ANY_SAMPLES,
    check_first_step,
    check_spike_trains,
    check_weights,
    refuse_masked,
    refuse_missing,
    unchanged_on_error,
    warn_user,
)
from .encoder import ENCODINGS, SpikeEncoder
from .images import ImageAugmentation, find_image_shape
from .learning import LEARNINGS, Learning, STDPLearning, Task, defaults_of, make_learning
from .module import Module
from .parameters import SETTINGS, Parameters, interval_of
from .presentations import BATCH, Presentations, transformed
from .series import SpikingWindowFeatures, pad_series
from .synapse import Synapse
from .threads import on_threads

_LOOK_AT_MAPS = 0.7  # strength of further looks at images of several maps
_CUT, _CUTS = 1 / 3, 2  # of the learning rate on a plateau, and how often
_CLEAR = 0.99  # chance of the best class from which on an image is not looked at again
_MOST_NEURONS = 1_000_000
_STREAM = 2000  # samples that a network is made for which learns from a stream
# Numbers of samples at which a stream begins anew from all of them; the last ends its beginning.
_BEGINNINGS = np.unique(np.geomspace(1, 1000, 27).round().astype(int))
_EPOCH_OF_STREAM, _FALL = 1000, 10  # samples after which the rate falls, and how often it does
_FEW, _UNLIKE = 0.2, 0.1  # share of columns that words fill, and deviation of rows from the mean
_OF_FEATURES = ("two_d_array", "three_d_array", "sparse", "allow_nan", "positive_only")
_COUNT = [Interval(Integral, 1, None, closed="left")]


class SNNClassifier(CallbackSupportMixin, ClassifierMixin, Estimator):
    """A spiking neural network that classifies features or spike trains.

    Features become spike trains by an encoder, or are spike trains already; layers of
    integrate-and-fire neurons that compete learn from them by local rules. How they learn is
    an object: :class:`PrototypeLearning`, made for raw images, and :class:`MarginLearning`,
    made for tables and features, learn from a reward; :class:`STDPLearning` runs the dynamics
    of the simulator nervos [1]_, exactly. Each learns on each model of a synapse.

    Sparse matrices are tables too; they are encoded a few rows at a time. With
    ``encoder="auto"``, those that look like words of texts, counts or TF-IDF, are taken for the
    features of a transformer: one latency a feature, scaled by the row. Less than a fifth of
    them is filled, none of it negative or missing, and some rows are fuller than others; one-hot
    columns fill all rows alike. Dense features are never told apart by their sign. A missing
    value, NaN, of a table silences the receptive fields of its feature; it is an error where
    there are none.

    Parameters
    ----------
    n_neurons : int, optional
        Neurons of the last layer, 1 to 1000000, shared among the classes; by default the
        learning chooses.
    learning : {"auto", "stdp", "prototype", "margin"} or Learning, default="auto"
        How the network learns and decides. "auto" is "prototype" for raw images and "margin"
        for all else.
    synapse : Synapse or None, default=None
        A model of the synapse, such as ``NonLinearSynapse(25)``; None for an ideal one. Its
        parameters can be searched, as in ``synapse__n_states``.
    encoder : {"auto", "receptive_fields", "rate", "poisson", "latency"} or SpikeEncoder, \
default="auto"
        Turns 2-D features into spike trains; see :class:`SpikeEncoder`. A name is used with
        the `training_duration` and the frequencies below; "auto" goes by the learning and by
        whether the features are an image, a table or the features of a transformer.
    features : transformer, optional
        Stands before the encoder, fitted on what the classifier is given, such as
        ``SpikingPatchFeatures()``, whose `image_shape`, if None, is that of the augmentation. In
        training it sees each image moved. It gives features,
        or spike trains whose first step is silent.
    augmentation : {"auto"}, ImageAugmentation or None, default="auto"
        Blurs images, moves them in training and looks again in prediction. "auto" does so
        where the features are recognised as images and the learning is from reward.
    training_duration : int, optional
        Length of a presentation in ms, 1 to 2**20; by default the learning chooses. Spike
        trains bring their own.
    past_window : int, default=-10
        Spike timing: reach of the learning rule into the past, in ms, from -10000 to 0.
    epochs : int, optional
        Passes over the training set, at least 1; by default the learning chooses.
    resting_potential, inhibitory_potential, spike_threshold, reset_potential : float, \
default=-70, -100, -55 and -90
        Spike timing: potentials in mV; the threshold above the others.
    spike_drop_rate, threshold_drop_rate : float, default=0.8 and 0.4
        Spike timing: leak of the potential and of the adaptive threshold, in mV a ms, at
        least 0.
    min_weight, max_weight : float, default=1e-5 and 1
        Bounds of the weights, which have no unit, or of what a device of finite levels holds.
    A_up, A_down : float, default=0.8 and -0.3
        Spike timing: amplitudes of potentiation and depression.
    tau_up, tau_down : float, default=5
        Spike timing: their time constants, in ms, above 0.
    eta : float, optional
        Learning rate, 0 to 1000; by default the learning chooses.
    min_frequency, max_frequency : float, default=1 and 50
        Spikes of the weakest input in one presentation, at least 0, and of the strongest one,
        above 0, for encoders that have a frequency.
    refractory_time : int, default=15
        Spike timing: rest of a layer after it has fired, in ms, at least 0.
    tau_m, tau_threshold : float, default=10 and 5
        Spike timing: time constants of ``STDPLearning(true_lif=True)``, in ms, above 0.
    class_weight : dict, "balanced" or None, default=None
        What each class counts in the decision, above 0, by its label; those left out have 1.
        A class of weight w is answered as if it were w times as frequent; what the network
        learns stays the same. "balanced" makes all classes equally frequent. The votes of
        `STDPLearning` take them for that already, so there weights count beyond it.
    warm_start : bool, default=False
        Let `fit` go on from the weights of the last one, with the learning rate of a first
        epoch; encoder, features and augmentation stay as they were fitted then.
    early_stopping : bool, default=False
        Find out how long to learn, on a part of the training set that is held back. When
        the accuracy on it does not rise any more, go on from the best epoch, the last one
        within a standard error of the highest accuracy, with a third of the learning rate;
        when that has not helped twice, stop. Then learn anew from all samples, as long as
        it took to the best epoch.
    validation_fraction : float, default=0.1
        The part held back, stratified; above 0, below 1.
    n_iter_no_change : int, default=10
        Epochs without a rise that count as a plateau, at least 1.
    verbose : int, default=0
        Print a line for each epoch.
    n_jobs : int or None, default=None
        Threads, as joblib counts them. The result is the same for any.
    random_state : int, Generator, RandomState or None, default=None
        Seed of everything that is drawn, also by an `encoder` and by `features` that have no
        seed of their own.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    learning_ : Learning
        How the network learned, every None resolved.
    module_ : Module
        The network.
    encoder_ : SpikeEncoder or None
        The fitted encoder; None if the network was fitted on spike trains.
    features_ : transformer or None
        The fitted `features`.
    augmentation_ : ImageAugmentation or None
        The fitted augmentation.
    parameters_ : Parameters
        The settings of the network as they were used.
    neuron_label_map_ : ndarray of shape (n_neurons,)
        Index into `classes_` of the class each neuron stands for, -1 for none.
    n_iter_ : int
        Epochs run, or blocks learned by `partial_fit`.
    n_samples_seen_ : int
        Presentations for training so far; in a stream, the samples that have come.
    validation_scores_ : list of float
        With early stopping, the accuracy on the part held back after each epoch.
    best_epoch_ : int
        With early stopping, the epoch that was taken, from 1.
    n_features_in_ : int
        Number of features, or of channels.
    n_axes_in_ : int
        Axes of the samples: 2, or 3 for spike trains and series of channels.
    n_steps_in_ : int
        Columns of the spike trains.
    module_steps_ : int
        Columns as the network sees them, one more if a silent one is put before them.
    starts_at_once_ : bool
        Whether a silent column is put before spike trains, as some spike in their first one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if they were all strings.

    References
    ----------
    .. [1] The publication of the simulator nervos, arXiv 2506.19377.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from nervos_sklearn import SNNClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = SNNClassifier(random_state=0).fit(X, y)
    >>> clf.predict([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])
    array([0, 2])
    >>> print("accuracy", clf.score(X, y), "in", clf.learning_.n_columns, "columns")
    accuracy 0.9... in 5 columns
    """

    module_: Module
    learning_: Learning
    parameters_: Parameters
    classes_: np.ndarray
    _remembered: tuple | None = None  # the first samples of a stream, their labels and weights

    _parameter_constraints = {
        "n_neurons": [Interval(Integral, 1, _MOST_NEURONS, closed="both"), None],
        "learning": [StrOptions({"auto", *LEARNINGS}), Learning],
        "synapse": [Synapse, None],
        "encoder": [StrOptions({"auto", *ENCODINGS}), SpikeEncoder],
        "features": [HasMethods(["fit", "transform"]), None],
        "augmentation": [StrOptions({"auto"}), ImageAugmentation, None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "warm_start": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": _COUNT,
        "verbose": ["verbose"],
        "n_jobs": [
            Interval(Integral, None, -1, closed="right"),
            Interval(Integral, 1, None, closed="left"),
            None,
        ],
        "random_state": ["random_state", np.random.Generator],
    }
    _parameter_constraints |= {name: [interval_of(name)] for name in SETTINGS}
    _parameter_constraints |= {
        name: [interval_of(name), None] for name in ("epochs", "eta", "training_duration")
    }
    _parameter_groups = {
        "Network": ("n_neurons", "learning", "synapse", "min_weight", "max_weight"),
        "What it sees": (
            "encoder", "training_duration", "min_frequency", "max_frequency", "features",
            "augmentation",
        ),
        "Training": (
            "epochs", "eta", "class_weight", "warm_start", "early_stopping",
            "validation_fraction", "n_iter_no_change", "verbose", "n_jobs", "random_state",
        ),
        "Spike timing": (
            "past_window", "resting_potential", "inhibitory_potential", "spike_threshold",
            "reset_potential", "spike_drop_rate", "threshold_drop_rate", "A_up", "A_down",
            "tau_up", "tau_down", "refractory_time", "tau_m", "tau_threshold",
        ),
    }  # fmt: skip

    def __init__(
        self,
        n_neurons: int | None = None,
        *,
        learning: str | Learning = "auto",
        synapse: Synapse | None = None,
        encoder: str | SpikeEncoder = "auto",
        features: BaseEstimator | None = None,
        augmentation: str | ImageAugmentation | None = "auto",
        training_duration: int | None = None,
        past_window: int = -10,
        epochs: int | None = None,
        resting_potential: float = -70.0,
        inhibitory_potential: float = -100.0,
        spike_threshold: float = -55.0,
        reset_potential: float = -90.0,
        spike_drop_rate: float = 0.8,
        threshold_drop_rate: float = 0.4,
        min_weight: float = 1e-5,
        max_weight: float = 1.0,
        A_up: float = 0.8,
        A_down: float = -0.3,
        tau_up: float = 5.0,
        tau_down: float = 5.0,
        eta: float | None = None,
        min_frequency: float = 1.0,
        max_frequency: float = 50.0,
        refractory_time: int = 15,
        tau_m: float = 10.0,
        tau_threshold: float = 5.0,
        class_weight: dict | str | None = None,
        warm_start: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        verbose: int = 0,
        n_jobs: int | None = None,
        random_state: Seed = None,
    ):
        self.n_neurons = n_neurons
        self.learning = learning
        self.synapse = synapse
        self.encoder = encoder
        self.features = features
        self.augmentation = augmentation
        self.training_duration = training_duration
        self.past_window = past_window
        self.epochs = epochs
        self.resting_potential = resting_potential
        self.inhibitory_potential = inhibitory_potential
        self.spike_threshold = spike_threshold
        self.reset_potential = reset_potential
        self.spike_drop_rate = spike_drop_rate
        self.threshold_drop_rate = threshold_drop_rate
        self.min_weight = min_weight
        self.max_weight = max_weight
        self.A_up = A_up
        self.A_down = A_down
        self.tau_up = tau_up
        self.tau_down = tau_down
        self.eta = eta
        self.min_frequency = min_frequency
        self.max_frequency = max_frequency
        self.refractory_time = refractory_time
        self.tau_m = tau_m
        self.tau_threshold = tau_threshold
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state

    @classmethod
    def from_parameters(cls, parameters: Parameters | dict, **overrides: Any) -> Self:
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
            With ``learning=STDPLearning(shuffle=False)`` unless overridden.

        Raises
        ------
        TypeError, ValueError
            If a setting is wrong or an override is not a parameter.

        Examples
        --------
        >>> from nervos_sklearn import Parameters, SNNClassifier
        >>> clf = SNNClassifier.from_parameters(Parameters(eta=0.07), n_neurons=60)
        >>> clf.learning, clf.eta, clf.epochs
        (STDPLearning(shuffle=False), 0.07, 3)
        """
        if not isinstance(parameters, Parameters):
            parameters = Parameters(**parameters)
        settings = {name: getattr(parameters, name) for name in SETTINGS}
        learning = STDPLearning(shuffle=False)
        return cls(**({"learning": learning} | settings | overrides))

    def set_params(self, **params: Any) -> Self:
        """Set parameters; ``learning__margin`` also where `learning` is a name.

        The name of a learning becomes the object it stands for when a parameter of it is set.

        Parameters
        ----------
        **params : dict

        Returns
        -------
        SNNClassifier

        Raises
        ------
        ValueError
            If a name is unknown, or `learning` is "auto" or `synapse` None and so has no
            parameters.
        """
        learning = params.get("learning", self.learning)
        if any(name.startswith("learning__") for name in params) and isinstance(learning, str):
            if learning not in LEARNINGS:
                raise ValueError(
                    f"learning={learning!r} has no parameters of its own; name one of "
                    f"{sorted(LEARNINGS)} or give an object."
                )
            params = params | {"learning": LEARNINGS[learning]()}
        of_synapse = [name for name in params if name.startswith("synapse__")]
        if of_synapse and params.get("synapse", self.synapse) is None:
            raise ValueError(
                f"synapse=None, an ideal one, has no parameters of its own, got {of_synapse[0]}; "
                "give a model, such as synapse=LinearSynapse()."
            )
        return super().set_params(**params)

    # ------------------------------------------------------------------ the way of the data

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or array-like of shape \
(n_samples, n_channels, n_steps)
            Features, or spike trains of zeros and ones. Spike trains with spikes in the
            first column get a silent one before it, as time runs from 1.
        y : array-like of shape (n_samples,)
            Class labels of any type, at least two different ones.
        sample_weight : array-like of shape (n_samples,), optional
            At least 0, relative to their mean: how many samples each stands for. With
            `MarginLearning` it comes so often, with others it is a factor of the learning
            rate. Samples of weight 0 are left out before anything else.

        Returns
        -------
        SNNClassifier
            The fitted classifier.

        Raises
        ------
        TypeError
            If the synapse has a number of levels that is not an integer.
        ValueError
            If a parameter, the data or the labels are not valid; nothing has changed then.

        Warns
        -----
        UserWarning
            If a parameter is set that this learning does not read.
        """
        with unchanged_on_error(self):
            self._fit(X, y, sample_weight)
        return self

    @with_callbacks
    def _fit(self, X, y, sample_weight):
        watch, started = _Watch(self, X, y, sample_weight), time.perf_counter()
        for epoch, taught in self._train(X, y, sample_weight, watch):
            if self.verbose:
                now = time.perf_counter()
                self._report(epoch, taught, now - started)
                started = now
        watch.end()

    def _report(self, epoch, taught, seconds):
        n_epochs = self.parameters_.epochs
        print(
            f"epoch {epoch}/{n_epochs}: {taught:.0%} of the samples taught, {seconds:.2f} s, "
            f"{'at most ' * self.early_stopping}{(n_epochs - epoch) * seconds:.0f} s left",
            flush=True,
        )

    def fit_epochs(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Iterator[tuple[int, float]]:
        """Train epoch by epoch: yield the number of each and the fraction that taught.

        `X`, `y` and `sample_weight` are those of :meth:`fit`. After each, the classifier
        answers; after the last, it decides as after `fit`. Callbacks hear of `fit` and
        `partial_fit` only.

        Yields
        ------
        epoch : int
            From 1 on.
        taught : float
            The fraction of samples that taught, from 0 to 1.

        Raises
        ------
        ValueError
            If a parameter, the data or the labels are not valid, when the first epoch is
            asked for.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from nervos_sklearn import SNNClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> network = SNNClassifier(epochs=2, random_state=0)
        >>> for epoch, taught in network.fit_epochs(X, y):
        ...     print(epoch, network.score(X, y))
        1 0.9...
        2 0.9...
        """
        self._validate_params()
        yield from self._train(X, y, sample_weight, _Nobody())

    def _train(self, X, y, sample_weight, watch):
        fitted = vars(self).copy() if self.warm_start and hasattr(self, "module_") else None
        X, labels, weights = self._check_training_data(X, y, sample_weight)
        self._remembered = None
        class_weights = self._class_weights(labels, weights)
        generator = random_generator(self.random_state)
        if fitted is None:
            typical = self._choose_learning(X, np.bincount(labels))
            watch.begin(typical["epochs"] if self.epochs is None else self.epochs, self.features)
            samples = self._prepare(X, labels, weights, generator, typical, watch)
            self._warn_of_unread()
        else:
            samples = self._resume(X, weights, fitted)
            watch.begin(self.parameters_.epochs)
        samples.class_weights = class_weights
        learn = self._until_no_change if self.early_stopping else self._learn
        self.n_samples_seen_ = 0
        yield from learn(samples, labels, generator, watch)
        self.n_samples_seen_ = len(labels) * self.n_iter_

    def _resume(self, X, weights, fitted):
        """Go on from the weights of the last fit; what stands before the network stays."""
        for name in ("classes_", "n_features_in_", "n_axes_in_", "starts_at_once_"):
            if not np.array_equal(getattr(self, name), fitted[name]):
                raise ValueError(
                    f"warm_start=True goes on from a network with {name}={fitted[name]!r}, got "
                    f"{getattr(self, name)!r}: set warm_start=False to begin anew."
                )
        samples = Presentations(X, self.encoder_, self.features_, self.augmentation_, weights)
        if samples.n_steps != self.module_steps_:
            raise ValueError(
                f"the network was fitted on {self.module_steps_} time steps, got "
                f"{samples.n_steps}: set warm_start=False to begin anew."
            )
        n_neurons = self.module_.layer_sizes[-1]
        if self.n_neurons not in (None, n_neurons):
            raise ValueError(
                f"warm_start=True goes on from a network of {n_neurons} neurons, got n_neurons="
                f"{self.n_neurons}: set warm_start=False to begin anew."
            )
        task = Task(*self._task)
        self.learning_ = make_learning(self.learning, task)
        self.learning_.check_layers(self.module_.layer_sizes)
        self.parameters_ = self._used_parameters(defaults_of(self.learning_, task))
        self.module_ = copy.deepcopy(self.module_)
        self.module_.go_on(self.parameters_, self.learning_)
        samples.expected = task.class_counts
        return samples

    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from the next samples of a stream.

        The size of blocks does not matter. The first 1000 samples are remembered: each time
        they have become a third more, and when they are 1000, all begins anew from all of them,
        and the network learns from them as in `fit`. Then they are forgotten, each further
        sample teaches once, and scales and features stay as they are: the first 1000 samples,
        or a first block that is larger, should be typical.

        The learning rate, and how far images move, come down with the samples seen; after
        10,000 samples the rate stays, at `eta_decay` to the power of ten, so that the network
        follows a drift. Neurons of a class of which nothing has come yet wait for its first
        sample. Callbacks of scikit-learn hear of a block as of a fit of its own.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or array-like of shape \
(n_samples, n_channels, n_steps)
            Features or spike trains.
        y : array-like of shape (n_samples,)
            Class labels, all among `classes`.
        classes : array-like of shape (n_classes,), optional
            All labels that will ever come; needed in the first call.
        sample_weight : array-like of shape (n_samples,), optional
            At least 0, as in :meth:`fit`, but not relative: their mean in a block is a factor
            of the learning rate.

        Returns
        -------
        SNNClassifier

        Raises
        ------
        ValueError
            If a parameter, the data or the labels are not valid, or with
            ``early_stopping=True`` or ``class_weight="balanced"``, which need all samples.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_breast_cancer
        >>> from nervos_sklearn import SNNClassifier
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> network = SNNClassifier(random_state=0)
        >>> for block in np.array_split(np.random.default_rng(0).permutation(len(y)), 6):
        ...     network = network.partial_fit(X[block], y[block], classes=[0, 1])
        >>> bool(network.score(X, y) > 0.95)
        True
        """
        for name, value in (("early_stopping", True), ("class_weight", "balanced")):
            if getattr(self, name) == value:
                raise ValueError(
                    f"partial_fit sees a part of the samples only, and {name}={value!r} needs "
                    "all: use fit, or leave it out."
                )
        with unchanged_on_error(self):
            self._learn_block(X, y, classes, sample_weight)
        return self

    @with_callbacks
    def _learn_block(self, X, y, classes, sample_weight):
        watch, first = _Watch(self, X, y, sample_weight), not hasattr(self, "module_")
        X, y, weights = self._check_block(X, y, classes, sample_weight, first)
        class_weights = self._class_weights(y, weights)
        if len(y) == 0:
            return
        n_blocks, n_before = (0, 0) if first else (self.n_iter_, self.n_samples_seen_)
        seen = n_before + len(y)
        expected = np.full(len(self.classes_), max(1, _STREAM // len(self.classes_)))
        begins = first or self._remembered is not None
        if begins and self._remember(X, y, weights):
            X, y, weights = self._remembered
            X, generator = self._check_axes(X), random_generator(self.random_state)
            typical = self._choose_learning(X, expected)
            watch.begin(0, self.features)
            samples = self._prepare(X, y, weights, generator, typical, watch)
        else:
            watch.begin(0)
            self.module_ = copy.deepcopy(self.module_)
            self.module_.n_epochs = min(n_before // _EPOCH_OF_STREAM, _FALL)
            self.module_.learning_rate_factor = 1.0
            samples = self._shown(X, weights)
            if samples.augmentation is not None:
                self.augmentation_ = samples.augmentation = copy.copy(samples.augmentation)
                self.augmentation_.set_movement(seen, len(self.classes_))
        if seen >= _BEGINNINGS[-1]:
            self._remembered = None
        samples.expected, samples.class_weights = expected, class_weights
        module = self.module_
        self.learning_.learn_block(module, samples, y, weights, module.draw_generator())
        self.learning_.weigh_classes(module, samples, y)
        self.n_iter_, self.n_samples_seen_ = n_blocks + 1, seen
        if first:
            self._warn_of_unread()
            module.warn_of_few_neurons()
        watch.end()

    def _remember(self, X, y, weights):
        """Keep the first samples of a stream; return whether to begin anew from all so far."""
        n_before, started_at_once = 0, False
        if self._remembered is not None:
            X_before, y_before, weights_before = self._remembered
            n_before, started_at_once = len(y_before), self.starts_at_once_
            X = self._joined(X_before, X)
            y, weights = np.append(y_before, y), np.append(weights_before, weights)
        self._see_axes(X)
        self._remembered = X, y, weights
        past, now = np.searchsorted(_BEGINNINGS, [n_before, len(y)], side="right")
        return now > past or self.starts_at_once_ != started_at_once

    def _joined(self, X, more):
        """Put together what came in two blocks."""
        if X.ndim != more.ndim:
            raise ValueError(
                f"all blocks must have the same number of axes, {X.ndim}, got X of shape "
                f"{more.shape}."
            )
        if sparse.issparse(X) or sparse.issparse(more):
            return sparse.vstack([X, more], format="csr")
        if X.ndim == 3 and X.shape[2] != more.shape[2]:
            if self.features is None:
                raise ValueError(
                    f"all blocks must have the same number of time steps, {X.shape[2]}, got "
                    f"{more.shape[2]}."
                )
            return pad_series([*X, *more])
        return np.concatenate([X, more])

    def _check_block(self, X, y, classes, sample_weight, first):
        """Check samples of a stream; return them with numbers for labels and their weights."""
        refuse_masked("X", X)
        refuse_masked("y", y)
        X, y = validate_data(self, self._series(X), y, **ANY_SAMPLES, reset=first)
        _check_partial_fit_first_call(self, classes)
        if len(self.classes_) < 2:
            raise ValueError(f"classes must hold at least 2 labels, got {classes!r}.")
        weights = check_weights(sample_weight, X, relative=False)
        X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown) > 0:
            raise ValueError(
                f"y has labels that are not among the classes of the first call: "
                f"{unknown.tolist()}; classes are {self.classes_.tolist()}."
            )
        y = np.searchsorted(self.classes_, y)
        return X, y, weights

    def _choose_learning(self, X, counts):
        """Make the learning, and return what parameters are by default under it."""
        task = Task(self._kind_of(X), counts, self.n_neurons, self.n_features_in_)
        self._task = tuple(task)  # of known types, for files
        self.learning_ = make_learning(self.learning, task)
        return defaults_of(self.learning_, task)

    def _prepare(self, X, y, weights, generator, typical, watch):
        """Fit all that stands before the network, and make the network."""
        seed = int(generator.integers(2**31))
        self.augmentation_ = self._fit_augmentation(X, len(self.classes_))
        moved = X if self.augmentation_ is None else self.augmentation_.blurred(X)
        self.features_ = self._fit_features(moved, y, generator, watch)
        if self.features_ is not None:
            moved = transformed(self.features_, moved, takes_missing=True)
        self.encoder_ = None if moved.ndim == 3 else self._fit_encoder(moved, typical, seed)
        if self.augmentation_ is None:  # then features stay as they are: compute them once
            samples = Presentations(moved, self.encoder_, weights=weights)
        else:
            samples = Presentations(X, self.encoder_, self.features_, self.augmentation_, weights)
        self.module_steps_ = samples.n_steps
        self.n_steps_in_ = samples.n_steps - self.starts_at_once_
        self.parameters_ = self._used_parameters(typical)
        self.module_ = self._new_module(samples.n_channels, typical, generator)
        self._say_that_loops_are_compiled()
        return samples

    def _say_that_loops_are_compiled(self):
        kind = type(self.learning_)
        if self.verbose and kind not in _learned_here:
            print("compiling the loops, or reading them from disk, once: within the first epoch")
        _learned_here.add(kind)

    def _learn(self, samples, y, generator, watch):
        module, weights = self.module_, samples.weights
        self._start(module, samples, y, generator)
        for epoch in range(1, self.parameters_.epochs + 1):
            self.n_iter_ = epoch
            watch.begin_epoch()
            taught = module.learn_epoch(samples, y, weights, generator)
            stop = watch.end_epoch(functools.partial(self._as_if_done, samples, y, generator))
            is_last = stop or epoch == self.parameters_.epochs
            if is_last:
                self._finish(module, samples, y, generator)
            yield epoch, taught
            if is_last:
                return

    def _as_if_done(self, samples, y, generator):
        """What a copy needs to answer as if this epoch had been the last."""
        module, generator = copy.deepcopy((self.module_, generator))
        self._finish(module, samples, y, generator)
        return {"module_": module}

    def _finish(self, module, samples, y, generator):
        self.learning_.finish(module, samples, y, samples.weights, generator)
        self.learning_.weigh_classes(module, samples, y)

    def _start(self, module, samples, y, generator):
        if module.is_started:
            self.learning_.recruit(module, samples, y, generator)
            return
        self.learning_.start(module, samples, y, generator)
        module.warn_of_few_neurons()
        if module.is_fixed(samples):
            warn_user(
                "no update can leave the level that a synapse starts from: "
                f"{type(self.synapse).__name__}, of {self.synapse.n_levels} levels, "
                f"takes the nearest level, and changes with eta={self.parameters_.eta} are "
                'smaller than half a gap. Set its update="stochastic" or "accumulate", or a '
                "larger eta."
            )

    def _until_no_change(self, samples, y, generator, watch):
        """Find out on a part held back how long to learn and how fast; then learn from all."""
        train, held = self._held_back(y, generator)
        shown, judged, y_shown = samples.subset(train), samples.subset(held), y[train]
        module, learning, weights = self.module_, self.learning_, shown.weights
        final = copy.deepcopy(module) if module.is_started else module.blank_copy()
        final_generator = module.draw_generator()
        self._start(module, shown, y_shown, generator)
        scores = self.validation_scores_ = []
        rates, last_rise, n_cuts = [], 0, 0  # factors of the learning rate, one an epoch
        for epoch in range(1, self.parameters_.epochs + 1):
            self.n_iter_ = epoch
            rates = [*rates, _CUT**n_cuts]
            watch.begin_epoch()
            taught = self._learn_at(rates[-1], shown, y_shown, weights, generator)
            right = self._decide(judged).argmax(axis=1) == y[held]
            scores.append(float(np.average(right, weights=judged.weights)))
            highest = max(scores)
            if scores.index(highest) + 1 == epoch:
                last_rise = epoch
            if scores[-1] >= highest - math.sqrt(highest * (1 - highest) / len(held)):
                self.best_epoch_, best = epoch, (copy.deepcopy(self.module_), rates)
            stop = watch.end_epoch(functools.partial(self._as_if_done, shown, y_shown, generator))
            yield epoch, taught
            if stop:
                break
            if epoch - last_rise >= self.n_iter_no_change:
                if n_cuts == _CUTS:
                    break
                n_cuts, last_rise = n_cuts + 1, epoch
                self.module_, rates = copy.deepcopy(best[0]), best[1]
        self.module_, weights = final, samples.weights
        begin = learning.recruit if final.is_started else learning.start
        begin(final, samples, y, final_generator)
        for rate in best[1]:
            self._learn_at(rate, samples, y, weights, final_generator)
        self._finish(final, samples, y, final_generator)

    def _learn_at(self, rate, samples, y, weights, generator):
        """Learn for an epoch, at a fraction of the learning rate."""
        self.module_.learning_rate_factor = rate
        return self.module_.learn_epoch(samples, y, weights, generator)

    def _decide(self, samples):
        """How much speaks for each class: encode, present, decide, batch by batch."""
        sees = self.learning_.sees(self.module_)
        size = BATCH if sees == "spikes" else samples.size_of_batch

        def decide(start):
            chosen = np.arange(start, min(start + size, len(samples)))
            return self._decide_batch(samples.subset(chosen))

        batches = range(0, len(samples), size)
        return np.concatenate(on_threads(decide, batches, self.n_jobs))

    def _decide_batch(self, samples):
        """Decide; where an image is not clear, go by the highest activity over more looks."""
        module, learning, every = self.module_, self.learning_, np.arange(len(samples))
        activity = module.activity(samples, every)
        scores = learning.checked_scores(module, activity)
        augmentation = samples.augmentation
        if augmentation is not None and augmentation.looks_again:
            chances = learning.checked_chances(module, scores)
            unclear = every[chances.max(axis=1) < _CLEAR]
            if len(unclear) > 0:
                activity = activity[unclear]
                for X in augmentation.looks(samples.X[unclear]):
                    again = module.activity(samples.of(X), np.arange(len(X)))
                    activity = np.maximum(activity, again)
                scores[unclear] = learning.checked_scores(module, activity)
        return scores

    # ------------------------------------------------------------------- what stands before

    def _kind_of(self, X):
        """What a learning goes by: raw images, tables, features of a layer or spike trains."""
        if self.features is not None:
            return "features"
        if X.ndim == 3:
            return "spikes"
        if sparse.issparse(X) and self.encoder == "auto" and _are_words(X):
            return "features"
        shape = self._image_shape(X)
        if shape is None:
            code = getattr(self.encoder, "encoding", self.encoder)
            return "table" if code in ("auto", "receptive_fields") else "features"
        return "image" if shape[0] == 1 else "features"

    def _image_shape(self, X):
        """The layout of flat images as (n_maps, height, width), None if X is something else."""
        if X.ndim != 2 or sparse.issparse(X):
            return None
        if isinstance(self.augmentation, ImageAugmentation):
            return self.augmentation.layout(X)
        return find_image_shape(X)

    def _fit_augmentation(self, X, n_classes):
        if self.augmentation is None or X.ndim != 2:
            return None
        augmentation = self.augmentation
        if isinstance(augmentation, ImageAugmentation) and sparse.issparse(X):
            raise ValueError(
                "augmentation moves images, which must be a dense array, got a sparse matrix: "
                "use X.toarray(), or augmentation=None."
            )
        if isinstance(augmentation, str):
            if isinstance(self.features, SpikingWindowFeatures):
                return None  # rows are series, however much they look like images
            shape = self._image_shape(X) if self.learning_.moves_images else None
            if shape is None:
                return None
            maps = shape[0] > 1 or self.features is not None
            # Maps answer better without a further blur, and to further looks.
            settings = {"blur": 0.0, "test_time": _LOOK_AT_MAPS} if maps else {}
            augmentation = ImageAugmentation(shape, **settings)
        refuse_missing(X, "images are moved as a whole")
        augmentation = clone(augmentation).fit(X, n_classes)
        if augmentation.image_shape_ is None:
            warn_user(
                "augmentation does nothing: the features were not recognised as square images. "
                "Give their image_shape."
            )
            return None
        return augmentation

    def _fit_features(self, X, y, generator, watch):
        if self.features is None:
            return None
        features = seed_where_none(clone(self.features), generator)
        if self.augmentation_ is not None:
            n_maps, *shape = self.augmentation_.image_shape_
            if n_maps == 1:
                set_where_none(features, "image_shape", lambda: tuple(shape))
        with watch.handing_on(features):
            return features.fit(X, y)

    def _fit_encoder(self, X, typical, seed):
        encoder = clone(self._new_encoder(typical))
        if encoder.random_state is None:
            encoder.random_state = seed
        return encoder.fit(X)

    def _new_encoder(self, typical):
        if isinstance(self.encoder, SpikeEncoder):
            return self.encoder
        encoding = typical["encoding"] if self.encoder == "auto" else self.encoder
        fields = typical["fields"] if encoding == "receptive_fields" else {}
        return SpikeEncoder(
            encoding,
            training_duration=self.training_duration or typical["training_duration"],
            min_frequency=self.min_frequency,
            max_frequency=self.max_frequency,
            **fields,
        )

    def _used_parameters(self, typical):
        """The settings of the network, as they are used."""
        settings = {name: getattr(self, name) for name in SETTINGS}
        settings |= {k: typical[k] for k, v in settings.items() if v is None}
        settings["training_duration"] = self.module_steps_ - 1
        if self.encoder_ is not None:
            settings["min_frequency"] = self.encoder_.min_frequency
            settings["max_frequency"] = self.encoder_.max_frequency
        return Parameters(**settings)

    def _new_module(self, n_channels, typical, generator):
        learning = self.learning_
        hidden = np.asarray(learning.hidden_layer_sizes)
        if hidden.ndim != 1 or (
            hidden.size > 0 and (hidden.dtype.kind not in "iu" or hidden.min() < 1)
        ):
            raise ValueError(
                "hidden_layer_sizes must be a sequence of integers >= 1, got "
                f"{learning.hidden_layer_sizes!r}."
            )
        n_neurons = typical["n_neurons"] if self.n_neurons is None else self.n_neurons
        module = Module(self.parameters_, learning=learning, random_state=generator)
        module.synapse = None if self.synapse is None else clone(self.synapse)
        module.initialise_layers([n_channels, *hidden.tolist(), n_neurons])
        module.n_classes, module.n_jobs = len(self.classes_), self.n_jobs
        return module

    def _warn_of_unread(self):
        """Say which settings play no part here, and who would read them."""
        harmless = {"training_duration": self.parameters_.training_duration}
        if isinstance(self.encoder, SpikeEncoder):
            harmless |= self.encoder.get_params()
        for name, reader in self._unread().items():
            value = getattr(self, name)
            others = (_DEFAULTS[name], harmless.get(name, _DEFAULTS[name]))
            if not any(value is other or np.array_equal(value, other) for other in others):
                _warn_unread(name, value, reader)
        if isinstance(self.learning, Learning):
            defaults = type(self.learning)().get_params(deep=False)
            for name, reader in self.learning_.unread(
                self._has_fields(), self.parameters_
            ).items():
                value = getattr(self.learning, name, None)
                if name in defaults and not np.array_equal(value, defaults[name]):
                    _warn_unread(f"learning__{name}", value, reader)

    def _unread(self):
        """The parameters that nobody reads here, each with those who would."""
        unread = {name: _who_reads(name) for name in SETTINGS if name not in self._settings_read()}
        of_learning = self.learning_.unread(self._has_fields(), self.parameters_)
        unread |= {name: reader for name, reader in of_learning.items() if name in SETTINGS}
        if not self.early_stopping:
            unread |= dict.fromkeys(
                ("validation_fraction", "n_iter_no_change"), "early_stopping=True"
            )
        if self.encoder_ is None:
            unread["encoder"] = "2-D features"
        if self.n_axes_in_ == 3 and self.augmentation is not None:
            unread["augmentation"] = "images, which are 2-D features"
        return unread

    def _settings_read(self):
        read = {"epochs", *self.learning_.reads}
        if self.synapse is not None:
            read |= {"min_weight", "max_weight"}
        if self.encoder_ is not None and not isinstance(self.encoder, SpikeEncoder):
            read.add("training_duration")
            if self.encoder_.has_frequency:
                read |= {"min_frequency", "max_frequency"}
        return read

    def _has_fields(self):
        """Whether features have populations of receptive fields, some of which may be dropped."""
        encoder = self.encoder_
        return (
            encoder is not None
            and encoder.encoding == "receptive_fields"
            and encoder.n_features_in_ > 2
        )

    # ------------------------------------------------------------------------- checks

    def _check_training_data(self, X, y, sample_weight):
        refuse_masked("X", X)
        refuse_masked("y", y)
        X, y = validate_data(self, self._series(X), y, **ANY_SAMPLES)
        weights = check_weights(sample_weight, X)
        X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]
        self._see_axes(X)
        X = self._check_axes(X)
        self.classes_, y = _number_classes(y)
        if len(self.classes_) < 2:
            raise ValueError(
                "SNNClassifier needs samples of at least 2 classes, "
                f"got one class: {self.classes_.tolist()[0]!r}."
            )
        return X, y, np.ones(len(y)) if np.ptp(weights) == 0 else weights / weights.mean()

    def _class_weights(self, y, weights):
        """What each class counts in the decision, (n_classes,); None if all count the same."""
        if self.class_weight == "balanced":
            sums = np.bincount(y, weights, minlength=len(self.classes_))
            of_class = sums.sum() / (len(sums) * sums)
        else:
            classes, known = self.classes_, self.classes_.tolist()
            try:
                of_class = compute_class_weight(self.class_weight, classes=classes, y=classes[y])
            except ValueError as error:
                unknown = [label for label in self.class_weight if label not in known]
                raise ValueError(
                    f"class_weight names {unknown}, not among the classes {known}."
                ) from error
        if (of_class <= 0).any() or not np.isfinite(of_class).all():
            raise ValueError(
                f"class_weight must hold finite numbers above 0, got {self.class_weight!r}."
            )
        return None if np.ptp(of_class) == 0 else of_class

    def _see_axes(self, X):
        self.n_axes_in_ = X.ndim
        self.starts_at_once_ = bool(
            X.ndim == 3 and self.features is None and np.asarray(X)[:, :, :1].any()
        )

    def _series(self, X):
        """Series of unequal lengths as one array, for `features` that take them."""
        padded = pad_series(X)
        if padded is not X and self.features is None:
            raise ValueError(
                "the samples have unequal lengths: as time series they need "
                "features=SpikingWindowFeatures(), and all else must be of one length."
            )
        return padded

    def _check_axes(self, X):
        """Check features or spike trains; put a silent step before those that need one."""
        if X.ndim not in (2, 3):
            raise ValueError(
                "X must have shape (n_samples, n_features) or (n_samples, n_channels, n_steps), "
                f"got shape {X.shape}. Images are rows: X.reshape(len(X), -1)."
            )
        if X.ndim == 2 or self.features is not None:
            return _as_floats(X)
        refuse_missing(X, "spikes are zeros and ones")
        X = check_spike_trains(X)
        if self.starts_at_once_:
            return np.pad(X, ((0, 0), (0, 0), (1, 0)))
        if X.shape[2] == 1:
            raise ValueError(
                "spike trains must have at least 2 time steps, the first one silent, got 1."
            )
        check_first_step(X)
        return X

    def _check_samples(self, X):
        """Check X for an answer; return it as the network sees it."""
        check_is_fitted(self)
        refuse_masked("X", X)
        return self._shown(validate_data(self, self._series(X), **ANY_SAMPLES, reset=False))

    def _shown(self, X, weights=None):
        """Check samples against those that were fitted; return them as the network sees them."""
        if X.ndim != self.n_axes_in_:
            seen = "spike trains with 3" if self.n_axes_in_ == 3 else "features with 2"
            raise ValueError(f"the network was fitted on {seen} axes, got X of shape {X.shape}.")
        X = self._check_axes(X)
        if not self._may_miss_values():
            refuse_missing(X, "the network has no receptive fields with a scale of their own")
        if self.encoder_ is None and self.features_ is None and X.shape[2] != self.module_steps_:
            padded = int(self.starts_at_once_)
            raise ValueError(
                f"the network was fitted on {self.module_steps_ - padded} time steps, "
                f"got {X.shape[2] - padded}."
            )
        return Presentations(X, self.encoder_, self.features_, self.augmentation_, weights)

    def _may_miss_values(self):
        if self.augmentation_ is not None or isinstance(self.augmentation, ImageAugmentation):
            return False
        known = self.encoder_ is not None and self.encoder_.takes_missing
        return known or self.features is not None  # which then say what they take

    def _held_back(self, y, generator):
        """Split the training set by class; each class keeps a sample to learn from."""
        counts = np.bincount(y)
        n_held = int(np.ceil(self.validation_fraction * len(y)))
        if counts.min() < 2 or len(y) - n_held < len(counts):
            raise ValueError(
                f"early_stopping holds back {n_held} of {len(y)} samples "
                f"(validation_fraction={self.validation_fraction}) and needs at least 2 of each "
                f"class and as many others as there are classes, {len(counts)}; the class "
                f"{self.classes_.tolist()[counts.argmin()]!r} has {counts.min()}. Hold back less, "
                "give more samples, or set early_stopping=False."
            )
        seed = int(generator.integers(2**31))
        train, held = train_test_split(
            np.arange(len(y)), test_size=max(n_held, len(counts)), stratify=y, random_state=seed
        )
        missing = np.setdiff1d(y, y[train])
        for label in missing:
            moved = held[y[held] == label][:1]
            train, held = np.append(train, moved), np.setdiff1d(held, moved)
        return train, held

    # ------------------------------------------------------------------------- answers

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Compute how much speaks for each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or array-like of shape \
(n_samples, n_channels, n_steps)
            Features or spike trains, whichever the classifier was fitted on.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            The scores of the learning: potentials of a race between the classes, or shares
            of the votes.
            For two classes, the second minus the first.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If the data are not valid.
        """
        scores = self._decide(self._check_samples(X))
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Compute the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or array-like of shape \
(n_samples, n_channels, n_steps)
            Features or spike trains, whichever the classifier was fitted on.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            From reward: the chance of each class to fire first, given escape noise that was
            fitted on potentials blind to their samples. By spike timing: fractions of the votes,
            equal if no neuron fires, and not calibrated.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If the data are not valid.
        """
        scores = self._decide(self._check_samples(X))
        return self.learning_.checked_chances(self.module_, scores)

    def predict_log_proba(self, X: ArrayLike) -> np.ndarray:
        """Compute the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or array-like of shape \
(n_samples, n_channels, n_steps)
            Features or spike trains, whichever the classifier was fitted on.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            The logarithm of :meth:`predict_proba`; -inf for a class that got no vote.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If the data are not valid.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the class of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or array-like of shape \
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
        scores = self._decide(self._check_samples(X))
        return self.classes_[scores.argmax(axis=1)]

    @property
    def neuron_label_map_(self) -> np.ndarray:
        return self.module_.neuron_label_map

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_input = tags.input_tags
        if self.features is None:
            of_input.three_d_array = of_input.sparse = True
            of_input.allow_nan = self._table_may_miss_values()
        else:
            for name in _OF_FEATURES:
                setattr(of_input, name, getattr(_input_tags(self.features), name))
        if isinstance(self.augmentation, ImageAugmentation):
            of_input.sparse = of_input.allow_nan = False
        return tags

    def _table_may_miss_values(self):
        """Whether the encoder that a table gets leaves missing values out."""
        by_name = isinstance(self.learning, str)
        with contextlib.suppress(ValueError, TypeError, KeyError):  # of what `fit` refuses
            typical = (_typical_of_name if by_name else _typical_of_tables)(self.learning)
            return self._new_encoder(typical).takes_missing
        return False


class _Nobody:
    """Nobody watches the training."""

    def begin(self, n_epochs, features=None):
        pass

    def handing_on(self, transformer):
        return contextlib.nullcontext()

    def begin_epoch(self):
        pass

    def end_epoch(self, as_if_done):
        return False


class _Watch:
    """Tells the callbacks of a classifier what happens in its training.

    They are given the samples as the user gave them, and on request a classifier that answers
    as if the training had ended.
    """

    def __init__(self, classifier, X, y, sample_weight):
        self.classifier = classifier
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.told = {"estimator": classifier, "X": X, "y": y, "metadata": metadata}

    def begin(self, n_epochs, features=None):
        """Announce the training: that of the features, if there are some, and the epochs."""
        n_tasks = n_epochs + (features is not None)
        self.training = self.classifier._init_callback_context(max_subtasks=n_tasks)
        self.training.call_on_fit_task_begin(**self.told)

    def handing_on(self, transformer):
        return handing_on(self.training, transformer, "fit-features", **self.told)

    def begin_epoch(self):
        self.epoch = self.training.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(**self.told)

    def end_epoch(self, as_if_done):
        """Return whether a callback asks to stop."""
        return self.epoch.call_on_fit_task_end(**self.told, reconstruction_attributes=as_if_done)

    def end(self):
        self.training.call_on_fit_task_end(**self.told, reconstruction_attributes={})


_DEFAULTS = SNNClassifier().get_params(deep=False)
_learned_here: set[type] = set()  # kinds of learning that this process has begun to compile


def _typical_of_tables(learning):
    task = Task("table", np.ones(2, dtype=np.int64))
    return defaults_of(make_learning(learning, task), task)


_typical_of_name = functools.cache(_typical_of_tables)  # because tags are asked for often


def _input_tags(estimator):
    with contextlib.suppress(AttributeError):  # of a transformer that says nothing of itself
        return get_tags(estimator).input_tags
    return InputTags()


def _are_words(X):
    """Whether few of a sparse matrix are filled, none negative or missing, and rows unlike."""
    filled = (X != 0).sum(axis=1)
    return (
        (X.data >= 0).all()
        and filled.mean() < _FEW * X.shape[1]
        and filled.std() > _UNLIKE * filled.mean()
    )


def _as_floats(X):
    return X.astype(np.float64) if sparse.issparse(X) else np.asarray(X, dtype=np.float64)


def _number_classes(y):
    """The classes, sorted, and the number of each label."""
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


def _warn_unread(name, value, reader):
    warn_user(f"{name}={value!r} has no effect here: it is read by {reader}.")


def _who_reads(name):
    readers = [learning.__name__ for learning in LEARNINGS.values() if name in learning.reads]
    if name in ("min_weight", "max_weight"):
        readers.append("a synapse")
    if name in ("min_frequency", "max_frequency"):
        readers.append("an encoder with a frequency that is given by its name")
    if name == "training_duration":
        readers.append("an encoder that is given by its name")
    return " and ".join(readers)
