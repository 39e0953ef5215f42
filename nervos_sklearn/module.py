"""Module: layers in sequence. Spike trains in, spike counts out; they learn on the way."""

import copy
import itertools
import operator
import os
import time

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.utils import gen_even_slices

from . import _kernels, stdp
from .common import (
    check_labels,
    check_numbers,
    check_spike_trains,
    draw_keys,
    load_model,
    logger,
    mkdir,
    random_generator,
    save_model,
    stack_layers,
    strftime,
    timenow,
)
from .layer import Layer
from .neuron import LIFNeuron, neuron_constants
from .parameters import Parameters, check_parameters
from .synapse import (
    Synapse,
    apply_truncated_noise_to_value,
    apply_truncated_noise_vectorized,
    check_share,
    from_json,
    make_device,
    to_json,
)

__all__ = ["Module", "apply_truncated_noise_to_value", "apply_truncated_noise_vectorized"]

_BATCH = 256  # samples whose spike trains between two layers are held at once
_FLAGS = (
    "wta",
    "true_lif",
    "learning_rule",
    "allowed_levels",
    "enable_cycle_dependent_weights",
    "cycle_dependent_weight_lookup",
    "enable_synaptic_noise",
    "noise_magnitude_half_range",
)


class Module:
    """A spiking network: layers of neurons in sequence, each learning by itself.

    Make the layers with :meth:`initialise_layers`, set the data, and call
    :meth:`train`. Time runs in steps of 1 ms; a spike train holds one column a
    step, and its first column must be silent. The dynamics are those of
    the simulator nervos 0.0.7 (arXiv 2506.19377).

    Parameters
    ----------
    parameters : Parameters
        Settings of the network.
    identifier : str, optional
        Names the directory of saved epochs; by default the time of creation.
    random_state : int, Generator, RandomState or None, default=None
        Seed of everything that is drawn: the lags of depression and the synaptic
        noise.

    Attributes
    ----------
    parameters : Parameters
    t0 : float
        Time of creation, in seconds since the epoch; `str_t0` is the same as text.
    dataloader : object
        A place for the source of the data; not used.
    X_train, X_test : ndarray of shape (n_samples, n_channels, n_steps)
        Spike trains.
    Y_train, Y_test : ndarray of shape (n_samples,)
        Labels, integers from 0.
    identifier : str
    logger : logging.Logger
        Reports the progress of training at level INFO.
    layers : list of Layer
    layer_sizes : list of int
    neuron_label_map : ndarray of shape (n_neurons,)
        The label of each neuron of the last layer, -1 while it has none.
    learned_synapses, learned_neuron_label_map : ndarray
        Weights of all layers and labels of the neurons after :meth:`train`.
    wta : bool, default=True
        Winner takes all: only the winning neuron learns when a layer fires.
    true_lif : bool, default=False
        Leak in proportion to the distance from rest instead of by a constant.
    learning_rule : str, callable or array-like, default="conventional"
        A rule that :func:`nervos_sklearn.stdp.make_rule` knows.
    synapse : Synapse or None, default=None
        A model of the synapse; it takes the place of the following attributes.
    allowed_levels : array-like of shape (n_levels,) or None, default=None
        The levels a weight can take; None for any.
    enable_cycle_dependent_weights : bool, default=False
        Take the levels from `cycle_dependent_weight_lookup`.
    cycle_dependent_weight_lookup : array-like of shape (n_cycles, n_levels) or None
        The levels after 0, 1, ... updates of a synapse; the last row stays.
    enable_synaptic_noise : bool, default=False
        Read every weight with noise.
    noise_magnitude_half_range : float, default=0
        Bound of the relative error of a reading.
    n_firings, n_reads, n_writes : int
        Firings of all layers, readings and writings of their synapses, all while
        learning.
    receptive_fields : ndarray of shape (n_neurons, n_channels)
        The weights of the first layer.
    synapse_update_counts : list of ndarray of shape (n_neurons, n_inputs)
        How often each synapse of each layer has been updated.
    get_spikeplots, get_weight_evolution : bool, default=False
        Whether :meth:`train` records spikes and potentials, and weights.
    spikeplots, layerpotentials, weight_evolution : list
        What was recorded: a list of samples for each epoch.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import Module, Parameters
    >>> spikes = np.zeros((2, 4, 101), dtype=np.uint8)
    >>> spikes[0, :2, 2::2] = spikes[1, 2:, 2::2] = 1
    >>> module = Module(Parameters(), random_state=0)
    >>> module.initialise_layers([4, 3])
    >>> counts = module.learn(spikes, [0, 1])
    >>> [module.get_prediction(train) for train in spikes]
    [0, 1]
    """

    logger = logger  # of the class: networks are written without it

    def __init__(
        self, parameters: Parameters, identifier: str | None = None, *, random_state=None
    ) -> None:
        check_parameters(parameters)
        if identifier is not None and os.path.basename(str(identifier)) != str(identifier):
            raise ValueError(
                "identifier names a directory and must not hold a path separator, "
                f"got {identifier!r}."
            )
        self.parameters = parameters
        self.t0 = timenow()
        self.str_t0 = strftime(self.t0)
        self.identifier = self.str_t0 if identifier is None else identifier
        self.dataloader = None
        self.X_train = self.Y_train = self.X_test = self.Y_test = None
        self.layers: list[Layer] = []
        self.layer_sizes: list[int] = []
        self.wta = True
        self.true_lif = False
        self.learning_rule = "conventional"
        self._synapse: Synapse | None = None
        self.allowed_levels = None
        self.enable_cycle_dependent_weights = False
        self.cycle_dependent_weight_lookup = None
        self.enable_synaptic_noise = False
        self.noise_magnitude_half_range = 0.0
        self.get_spikeplots = self.get_weight_evolution = False
        self.spikeplots, self.layerpotentials, self.weight_evolution = [], [], []
        self.n_firings = self.n_reads = 0
        self._generator = random_generator(random_state)
        self._noise_key, self._device_key = draw_keys(self._generator, (2, 1))

    def __setstate__(self, state):
        vars(self).update(state)
        if self.layers:  # joblib may map arrays read-only
            self.neuron_label_map = np.require(self.neuron_label_map, requirements="W")

    # ------------------------------------------------------------------ structure

    def initialise_layers(self, layer_sizes: list, *, initial_weights: str = "ones") -> None:
        """Make the layers, no neuron labelled.

        As in the reference dynamics, weights begin at 1 whatever their bounds.

        Parameters
        ----------
        layer_sizes : list of int
            Number of inputs, then of the neurons of each layer: at least two.
        initial_weights : {"ones", "random"}, default="ones"
            All weights 1, or drawn evenly between the bounds.

        Raises
        ------
        ValueError
            If there are fewer than two sizes, or one is not a positive integer.
        """
        if not np.iterable(layer_sizes) or len(layer_sizes) < 2:
            raise ValueError(
                "layer_sizes must hold the number of inputs and the size of each layer, "
                f"got {layer_sizes!r}."
            )
        layers = [
            Layer(self.parameters, n_inputs, n_neurons)
            for n_inputs, n_neurons in itertools.pairwise(layer_sizes)
        ]
        if initial_weights == "random":
            bounds = self.parameters.min_weight, self.parameters.max_weight
            for layer in layers:
                layer.set_synapses(self._generator.uniform(*bounds, layer.synapses.shape))
        elif initial_weights != "ones":
            raise ValueError(
                f'initial_weights must be "ones" or "random", got {initial_weights!r}.'
            )
        self.layer_sizes = [int(size) for size in layer_sizes]
        self.layers = layers
        self.neuron_label_map = np.full(self.layer_sizes[-1], -1)
        self.synapse = self.synapse

    @property
    def synapse(self) -> Synapse | None:
        return self._synapse

    @synapse.setter
    def synapse(self, synapse: Synapse | None) -> None:
        for k, layer in enumerate(self.layers):
            if synapse is None:
                layer.gains = np.empty((0, 0))
            else:
                layer.gains = synapse.gains(layer.synapses.shape, self._key(self._device_key, k))
        self._synapse = synapse

    @staticmethod
    def _key(key, k):
        """Make a key for layer k of a key for the network."""
        return _kernels.scramble(key + np.uint64(k))[0]

    @property
    def synapse_update_counts(self) -> list[np.ndarray]:
        return [layer.synapse_update_counts for layer in self.layers]

    @property
    def receptive_fields(self) -> np.ndarray:
        return self._made_layers()[0].synapses

    def get_all_synapses(self) -> np.ndarray:
        """Return a copy of the weights of all layers.

        Returns
        -------
        ndarray of shape (n_layers, n_neurons, n_inputs)
            An object array with one matrix per layer if their shapes differ.
        """
        return stack_layers([layer.synapses.copy() for layer in self._made_layers()])

    def _state(self):
        """What has been learned, to be restored."""
        memo = {id(self.parameters): self.parameters}
        return copy.deepcopy((self.layers, self.neuron_label_map), memo)

    def _restore(self, state):
        memo = {id(self.parameters): self.parameters}
        self.layers, self.neuron_label_map = copy.deepcopy(state, memo)

    def _cool(self, factor):
        """Learn more slowly from now on."""
        self.parameters.eta /= factor

    def _made_layers(self):
        if not self.layers:
            raise ValueError("the network has no layers yet: call initialise_layers first.")
        return self.layers

    def _constants(self, *rules):
        """Gather what the compiled loops need to answer and, given a rule, to learn."""
        parameters = self.parameters
        parameters.validate()
        recent, silent = np.empty((2, 0))
        if rules:
            rule = stdp.make_rule(rules[0], parameters)
            recent, silent = stdp.tabulate(rule, parameters.past_window)
        return _kernels.Constants(
            neuron=neuron_constants(parameters, self.true_lif),
            plasticity=_kernels.Plasticity(
                eta=float(parameters.eta),
                min_weight=float(parameters.min_weight),
                max_weight=float(parameters.max_weight),
                wta=bool(self.wta),
            ),
            rule=_kernels.Rule(np.concatenate([recent, silent]), len(recent)),
            device=self._device(),
        )

    def _device(self):
        if self.synapse is not None:
            return self.synapse.device(self.parameters.min_weight, self.parameters.max_weight)
        table = self.allowed_levels
        if self.enable_cycle_dependent_weights:
            table = self.cycle_dependent_weight_lookup
            if table is None:
                raise ValueError(
                    "enable_cycle_dependent_weights needs a table of levels: "
                    "set cycle_dependent_weight_lookup."
                )
        noise = 0.0
        if self.enable_synaptic_noise:
            name = "noise_magnitude_half_range"
            noise = check_share(name, self.noise_magnitude_half_range)
        return make_device(table, read_noise=noise)

    # ------------------------------------------------------------- batches of samples

    def learn(self, X: np.ndarray, y=None, *, rule=None) -> np.ndarray:
        """Present samples in the given order, learning from each.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels, n_steps)
            Spike trains, 0 or 1.
        y : array-like of shape (n_samples,), optional
            Labels, integers from 0: the neuron with the highest potential at the
            end of a sample takes the sample's label.
        rule : str, callable or array-like, optional
            A learning rule for these samples only.

        Returns
        -------
        ndarray of shape (n_samples, n_neurons)
            Spike counts of the last layer.

        Raises
        ------
        ValueError
            If a spike train or a label is not valid; nothing has changed then.
        """
        layers = self._made_layers()
        X = self._check_spikes(X)
        if y is not None:
            y = check_labels("labels y", y, len(X))
        constants = self._constants(self.learning_rule if rule is None else rule)
        keys = draw_keys(self._generator, (len(X), len(layers)))
        steps = (0, X.shape[2] - 1)
        counts = []
        for start in range(0, len(X), _BATCH):
            batch = slice(start, start + _BATCH)
            spikes = X[batch]
            for k, layer in enumerate(layers):
                layer_keys = np.ascontiguousarray(keys[batch, k])
                hidden = k + 1 < len(layers)
                record = layer.learn(spikes, steps, constants, layer_keys, output=hidden)
                self._count(record)
                spikes = record.spike_trains
            counts.append(record.spike_counts)
            if y is not None:
                self.neuron_label_map[record.winners] = y[batch]  # the last sample counts
        return np.concatenate(counts)

    def _count(self, record):
        firings, reads = record.activity.sum(axis=0)
        self.n_firings += int(firings)
        self.n_reads += int(reads)

    @property
    def n_writes(self) -> int:
        return sum(int(counts.sum()) for counts in self.synapse_update_counts)

    def _check_spikes(self, X):
        X = _check_silence(check_spike_trains(X, self.layer_sizes[0]))
        duration = self.parameters.training_duration
        if X.shape[2] != duration + 1:
            raise ValueError(
                f"expected spike trains of {duration + 1} steps, a silent one and "
                f"training_duration={duration}, got {X.shape[2]}."
            )
        return X

    def count_spikes(self, X: np.ndarray, *, n_jobs: int | None = None) -> np.ndarray:
        """Present samples without learning; the network does not change.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels, n_steps)
            Spike trains, 0 or 1.
        n_jobs : int, optional
            Number of threads, as joblib counts them. It does not change the result.

        Returns
        -------
        ndarray of shape (n_samples, n_neurons)
            Spike counts of the last layer.

        Raises
        ------
        ValueError
            If a spike train is not valid.
        """
        layers = self._made_layers()
        X = self._check_spikes(X)
        constants, steps = self._constants(), (0, X.shape[2] - 1)

        def respond(batch):
            counts = []
            for start in range(batch.start, batch.stop, _BATCH):
                spikes = X[start : min(start + _BATCH, batch.stop)]
                if not spikes.flags.writeable:
                    spikes = spikes.copy()
                for k, layer in enumerate(layers):
                    hidden = k + 1 < len(layers)
                    key = np.array([self._key(self._noise_key, k)])
                    record = layer.respond(spikes, steps, constants, key, output=hidden)
                    spikes = record.spike_trains
                counts.append(record.spike_counts)
            return np.concatenate(counts)

        n_batches = min(effective_n_jobs(n_jobs), len(X))
        if n_batches == 1:
            return respond(slice(0, len(X)))
        return np.concatenate(
            Parallel(n_jobs=n_jobs, prefer="threads", require="sharedmem")(
                delayed(respond)(batch) for batch in gen_even_slices(len(X), n_batches)
            )
        )

    # ------------------------------------------------------------- data in, model out

    def train(self) -> float:
        """Train on `X_train` for the epochs of the parameters; test and save each epoch.

        Returns
        -------
        float
            The accuracy on the test set after the last epoch.

        Raises
        ------
        ValueError
            If data or layers are missing, or the data are not valid.
        """
        X, y = self._data("train")
        self._data("test")
        self.spikeplots, self.layerpotentials, self.weight_evolution = [], [], []
        started = time.perf_counter()
        for epoch in range(1, self.parameters.epochs + 1):
            if self.get_spikeplots or self.get_weight_evolution:
                self._learn_and_record(X, y)
            else:
                self.learn(X, y)
            self.learned_synapses = self.get_all_synapses()
            self.learned_neuron_label_map = self.neuron_label_map.copy()
            accuracy = self.test()
            self.save_epoch(epoch, self.learned_synapses, self.learned_neuron_label_map, accuracy)
            self.logger.info(
                "epoch %d/%d: test accuracy %.3f, %.1f s since the start",
                epoch,
                self.parameters.epochs,
                accuracy,
                time.perf_counter() - started,
            )
        return accuracy

    def _learn_and_record(self, X, y):
        self.spikeplots.append([])
        self.layerpotentials.append([])
        self.weight_evolution.append([])
        for spikes, label in zip(X, y, strict=True):
            plots, potentials, weights = [], [], []
            self.feed_forward(
                spikes,
                self.neuron_label_map,
                X.shape[2] - 1,
                do_stdp=True,
                label=label,
                spikeplots_for_one_spike_train=plots,
                layer_potentials_for_one_spike_train=potentials,
                weight_evolution_for_one_spike_train=weights,
            )
            if self.get_spikeplots:
                self.spikeplots[-1].append(plots)
                self.layerpotentials[-1].append(potentials)
            if self.get_weight_evolution:
                self.weight_evolution[-1].append(weights)

    def _data(self, which):
        X, y = getattr(self, f"X_{which}"), getattr(self, f"Y_{which}")
        if X is None or y is None:
            raise ValueError(f"there are no data yet: set X_{which} and Y_{which}.")
        self._made_layers()
        X = self._check_spikes(X)
        return X, check_labels(f"labels Y_{which}", y, len(X))

    def test(self) -> float:
        """Compare the predictions for `X_test` with `Y_test`.

        Returns
        -------
        float
            The accuracy, between 0 and 1.

        Raises
        ------
        ValueError
            If data or layers are missing, or the data are not valid.
        """
        X, y = self._data("test")
        return float(np.mean(self._labels_of(self.count_spikes(X)) == y))

    def _labels_of(self, spike_counts):
        return self.neuron_label_map[spike_counts.argmax(axis=1)]

    def get_prediction(
        self,
        spike_train: np.ndarray,
        all_synapses: np.ndarray | None = None,
        neuron_label_map: np.ndarray | None = None,
    ) -> int:
        """Predict the label of one spike train.

        Parameters
        ----------
        spike_train : array-like of shape (n_channels, n_steps)
            Spikes, 0 or 1.
        all_synapses : array-like of shape (n_layers, n_neurons, n_inputs), optional
            Weights to use instead of the learned ones.
        neuron_label_map : array-like of shape (n_neurons,), optional
            Labels to use instead of the learned ones.

        Returns
        -------
        int
            The label of the neuron that fired most; -1 if it was never labelled.

        Raises
        ------
        ValueError
            If the spike train, the weights or the labels do not fit the network.
        """
        network = self
        if all_synapses is not None or neuron_label_map is not None:
            network = self._with(
                self.get_all_synapses() if all_synapses is None else all_synapses,
                self.neuron_label_map if neuron_label_map is None else neuron_label_map,
            )
        counts = network.count_spikes(np.asanyarray(spike_train)[np.newaxis])
        return int(network._labels_of(counts)[0])

    def _with(self, all_synapses, neuron_label_map):
        """Make a network of the same kind with other weights and labels."""
        other = Module(self.parameters, self.identifier)
        other._resemble(self)
        other.initialise_layers(self.layer_sizes)
        other._set_weights(all_synapses, neuron_label_map)
        return other

    def _resemble(self, other):
        """Take over the kind of another network, not its layers."""
        vars(self).update({flag: getattr(other, flag) for flag in _FLAGS})
        self._noise_key, self._device_key = other._noise_key, other._device_key
        self.synapse = other.synapse

    def _set_weights(self, all_synapses, neuron_label_map):
        if not np.iterable(all_synapses) or len(all_synapses) != len(self.layers):
            raise ValueError(
                f"expected the weights of {len(self.layers)} layers, got {all_synapses!r}."
            )
        labels = check_labels("neuron_label_map", neuron_label_map, self.layer_sizes[-1], -1)
        for layer, weights in zip(self.layers, all_synapses, strict=True):
            layer.set_synapses(weights)
        self.neuron_label_map = labels

    def predict(self, X: np.ndarray, model_location: str) -> np.ndarray:
        """Predict the labels of a batch with a saved model; this one does not change.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels, n_steps)
            Spike trains, 0 or 1.
        model_location : str
            A file that :meth:`save_epoch` or ``save_model`` has written.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels; -1 where the winning neuron was never labelled.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it is damaged, or the spike trains do not fit it.
        """
        saved = Module(self.parameters, self.identifier)
        saved._resemble(self)
        saved.load_model(model_location)
        return saved._labels_of(saved.count_spikes(X))

    def save_epoch(
        self, epoch: int, synapses: np.ndarray, neuron_label_map: np.ndarray, accuracy: float
    ) -> None:
        """Write the model to ``storage/<run>/Epoch_<epoch>-<accuracy>/model.red``.

        The run is named by the identifier and the time of creation.

        Parameters
        ----------
        epoch : int
            Number of the epoch.
        synapses : array-like of shape (n_layers, n_neurons, n_inputs)
            Weights of all layers.
        neuron_label_map : array-like of shape (n_neurons,)
            Labels of the neurons.
        accuracy : float
            Accuracy on the test set; part of the name, to three digits.
        """
        run = self.str_t0
        if self.identifier != self.str_t0:
            run = f"{self.identifier}_{self.str_t0}"
        directory = os.path.join("storage", run, f"Epoch_{epoch}-{round(float(accuracy), 3)}")
        mkdir(directory)
        settings = self.parameters.to_dict() | {"module": self._settings()}
        save_model(neuron_label_map, synapses, settings, os.path.join(directory, "model.red"))

    def _settings(self):
        """What a file must hold beside the parameters for the network to run as before."""
        settings = {flag: getattr(self, flag) for flag in _FLAGS}
        for name, value in settings.items():
            if not (
                value is None or callable(value) or isinstance(value, (bool, int, float, str))
            ):
                settings[name] = np.asarray(value).tolist()
        if callable(self.learning_rule):  # code has no place in a file
            dt = np.arange(self.parameters.past_window, 1 - self.parameters.past_window)
            values = stdp.evaluate(self.learning_rule, dt)
            settings["learning_rule"] = np.column_stack([dt, values]).tolist()
        return settings | {
            "synapse": to_json(self.synapse),
            "noise_key": int(self._noise_key[0]),
            "device_key": int(self._device_key[0]),
        }

    def load_model(self, model_location: str) -> None:
        """Load weights, labels and settings from a file.

        Parameters
        ----------
        model_location : str
            A file that :meth:`save_epoch` or ``save_model`` has written.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it is damaged or its parts do not fit together; nothing is changed then.
        """
        synapses, labels, settings = load_model(model_location)
        own = settings.pop("module", {})
        try:
            loaded = Module(Parameters(**settings), self.identifier)
            sizes = [synapses[0].shape[1]] + [weights.shape[0] for weights in synapses]
            loaded.initialise_layers(sizes)
            loaded._set_weights(synapses, labels)
            flags = {flag: own[flag] for flag in _FLAGS if flag in own}
            keys = {
                f"_{key}": np.array([own[key]], dtype=np.uint64)
                for key in ("noise_key", "device_key")
                if key in own
            }
            model = from_json(own.get("synapse"))
        except (TypeError, ValueError, IndexError, KeyError) as error:
            raise ValueError(f"{model_location} does not hold a network: {error}") from error
        for name in ("parameters", "layers", "layer_sizes", "neuron_label_map"):
            setattr(self, name, getattr(loaded, name))
        vars(self).update(flags | keys)
        self.synapse = model
        self.learned_synapses = self.get_all_synapses()
        self.learned_neuron_label_map = self.neuron_label_map.copy()

    # ---------------------------------------------------------------- one sample

    def feed_forward(
        self,
        spike_train: np.ndarray,
        neuron_label_map: np.ndarray,
        training_duration: int,
        do_stdp: bool = False,
        label: int | None = None,
        spikeplots_for_one_spike_train: list | None = None,
        layer_potentials_for_one_spike_train: list | None = None,
        weight_evolution_for_one_spike_train: list | None = None,
        plotting: bool = False,
    ) -> tuple[np.ndarray, int]:
        """Present one sample.

        Parameters
        ----------
        spike_train : array-like of shape (n_channels, n_steps)
            Spikes, 0 or 1.
        neuron_label_map : ndarray of shape (n_neurons,)
            Labels of the neurons; changed in place if the network learns a label.
        training_duration : int or sequence of int
            The last time step, or all consecutive time steps, as a range.
        do_stdp : bool, default=False
            Whether to learn.
        label : int, optional
            The sample's label.
        spikeplots_for_one_spike_train : list, optional
            Takes the input and the output spikes of each layer, if the network
            learns or `plotting` is set; so do the next two lists.
        layer_potentials_for_one_spike_train : list, optional
            Takes for each layer a list of ``{time step: potential}``, one a neuron.
        weight_evolution_for_one_spike_train : list, optional
            Takes the weights of a layer after each of its firings, while learning.
        plotting : bool, default=False
            Record a sample that is not learned from.

        Returns
        -------
        spike_counts : ndarray of shape (n_neurons,)
            How often each neuron of the last layer won.
        winner : int
            The neuron of the last layer with the highest potential at the end.

        Raises
        ------
        ValueError
            If the spike train or the duration does not fit the network.
        """
        layers = self._made_layers()
        spikes = check_spike_trains(np.asanyarray(spike_train)[np.newaxis], self.layer_sizes[0])
        _check_silence(spikes)
        steps = _first_and_last(training_duration, spikes.shape[2])
        if do_stdp and label is not None:
            label = check_labels("label", [label], 1)[0]
            if np.shape(neuron_label_map) != (self.layer_sizes[-1],):
                raise ValueError(
                    f"neuron_label_map must have shape ({self.layer_sizes[-1]},), "
                    f"got {np.shape(neuron_label_map)}."
                )
        recording = do_stdp or plotting
        trace = recording and not (
            layer_potentials_for_one_spike_train is None
            and weight_evolution_for_one_spike_train is None
        )
        spikeplots, potentials, weights = [spikes[0]], [], []
        constants = self._constants(*([self.learning_rule] if do_stdp else []))
        keys = draw_keys(self._generator, (1, len(layers))) if do_stdp else None
        for k, layer in enumerate(layers):
            if do_stdp:
                record = layer.learn(
                    spikes, steps, constants, keys[:, k].copy(), output=True, trace=trace
                )
                self._count(record)
            else:
                key = np.array([self._key(self._noise_key, k)])
                record = layer.respond(spikes, steps, constants, key, output=True, trace=trace)
            spikes = record.spike_trains
            spikeplots.append(spikes[0])
            if trace:
                potentials.append(_remember_potentials(layer, record.potentials[0], steps))
                weights.extend(record.weights[: record.activity[0, 0]].copy())
        winner = int(record.winners[0])
        if do_stdp and label is not None:
            neuron_label_map[winner] = label
        if recording:
            for taken, offered in (
                (spikeplots_for_one_spike_train, spikeplots),
                (layer_potentials_for_one_spike_train, potentials),
                (weight_evolution_for_one_spike_train, weights),
            ):
                if taken is not None:
                    taken.extend(offered)
        return record.spike_counts[0], winner

    # ------------------------------------------------------------------ step by step

    def STDP(self, delta_t: int) -> float:
        """Evaluate the learning rule.

        Parameters
        ----------
        delta_t : float
            Time of the output spike minus time of the input spike, in ms.

        Returns
        -------
        float
            The change the pair asks for: positive to strengthen the synapse.
        """
        rule = stdp.make_rule(self.learning_rule, self.parameters)
        return float(stdp.evaluate(rule, delta_t))

    def update_synapse(
        self,
        synapse_weight: float,
        weight_factor: float,
        next_neuron_idx: int,
        current_neuron_idx: int,
    ) -> float:
        """Return a weight after one update, as the synapse would hold it.

        ``w + eta F sign(d) |d|**0.9``, d being what is left to the bound that F
        moves the weight to; then the nearest level, or write noise, if there are.

        Parameters
        ----------
        synapse_weight : float
            The weight.
        weight_factor : float
            F, the value of the learning rule.
        next_neuron_idx, current_neuron_idx : int
            Neuron and input of the synapse, in the first layer: its count of
            updates decides on the levels of a synapse that wears out.

        Returns
        -------
        float
        """
        count = self._made_layers()[0].synapse_update_counts[next_neuron_idx, current_neuron_idx]
        return self._updated(synapse_weight, weight_factor, count, self._constants())

    def _updated(self, weight, factor, update_count, constants):
        """Do with one synapse what the compiled loops do with many."""
        weights = check_numbers("synapse_weight", [weight], ndim=1)
        workspace = _kernels.new_workspace(1, constants)
        workspace.changes[:] = check_numbers("weight_factor", [factor], ndim=1)
        _kernels.update_synapses(
            weights,
            np.full(1, -1, dtype=np.int16),
            np.array([update_count], dtype=np.int64),
            np.zeros(1, dtype=np.int32),
            constants,
            draw_keys(self._generator, 1),
            workspace,
        )
        return float(weights[0])

    def reweigh_synapses_for_between_input_and_output_neuron(
        self,
        current_neuron_idx: int,
        spike_train_for_current_layer: np.ndarray,
        synapses: np.ndarray,
        time_step: float,
        next_neuron_idx: int,
        synapse_memory: np.ndarray,
    ) -> None:
        """Let one synapse learn from a firing of its neuron.

        One update for each input spike in the past window; if there was none in
        any window since the memory was cleared, one depression with a random lag.

        Parameters
        ----------
        current_neuron_idx : int
            Index of the input.
        spike_train_for_current_layer : ndarray of shape (n_inputs, n_steps)
            The input spikes.
        synapses : ndarray of shape (n_neurons, n_inputs)
            Weights; changed in place.
        time_step : int
            Time of the firing, in ms.
        next_neuron_idx : int
            Index of the neuron that fired.
        synapse_memory : ndarray of shape (n_neurons, n_inputs)
            Whether an input spike has reached the synapse's window; changed in place.
        """
        j, i = next_neuron_idx, current_neuron_idx
        constants = self._constants(self.learning_rule)
        counts = self._layer_of(synapses).synapse_update_counts
        rule = constants.rule
        times = int(time_step) - np.arange(min(rule.n_recent, int(time_step) + 1))
        lags = np.flatnonzero(np.asarray(spike_train_for_current_layer)[i, times])
        factors = rule.changes[lags]
        if lags.size:
            synapse_memory[j, i] = 1
        elif not synapse_memory[j, i]:
            factors = self._generator.choice(rule.changes[rule.n_recent :], 1)
        for factor in factors:
            synapses[j, i] = self._updated(synapses[j, i], factor, counts[j, i], constants)
            counts[j, i] += 1

    def _layer_of(self, synapses):
        for layer in self._made_layers():
            if layer.synapses is synapses or layer.synapses.shape == np.shape(synapses):
                return layer
        raise ValueError(f"no layer has synapses of shape {np.shape(synapses)}.")

    def update_current_potentials_and_adaptive_thresholds(
        self,
        current_potentials: np.ndarray,
        neuron: LIFNeuron,
        neuron_index: int,
        spike_train_at_timestep: np.ndarray,
        synapses_for_neuron_index: np.ndarray,
        time_step: float,
        in_training: bool = False,
    ) -> None:
        """Let one neuron integrate its inputs and leak, unless it rests.

        Parameters
        ----------
        current_potentials : ndarray of shape (n_neurons,)
            Potentials of the layer, in mV; the neuron's is changed in place.
        neuron : LIFNeuron
            The neuron; changed in place.
        neuron_index : int
            Its index.
        spike_train_at_timestep : array-like of shape (n_inputs,)
            The inputs that spike now, 0 or 1.
        synapses_for_neuron_index : array-like of shape (n_inputs,)
            The neuron's weights.
        time_step : int
            The time, in ms.
        in_training : bool, default=False
            Write the potential to the neuron's memory.
        """
        if neuron.rest_until < time_step:
            constants = self._constants()
            drive = np.empty(1)
            _kernels.sum_read_weights(
                np.array([synapses_for_neuron_index], dtype=float),
                np.empty((0, 0)),
                np.flatnonzero(spike_train_at_timestep).astype(np.int32),
                constants.device.read_noise,
                draw_keys(self._generator, 1),
                drive,
            )
            neuron.potential, neuron.adaptive_threshold = _kernels.leak(
                neuron.potential + drive[0], neuron.adaptive_threshold, constants.neuron
            )
            current_potentials[neuron_index] = neuron.potential
        if in_training:
            neuron.potential_memory[int(time_step)] = neuron.potential


def _check_silence(X):
    """Raise ValueError if spike trains have spikes in column 0; return them."""
    if X[:, :, 0].any():
        raise ValueError(
            "spike trains must be silent in column 0, got spikes there: time runs from step 1. "
            "Put a column of zeros before them, np.pad(X, [(0, 0), (0, 0), (1, 0)]), which "
            "makes training_duration the number of columns they had."
        )
    return X


def _first_and_last(training_duration, n_steps):
    """Read a duration, or the consecutive time steps of a presentation."""
    try:
        first, last = 0, operator.index(training_duration)
    except TypeError:
        times = np.asarray(training_duration)
        if times.ndim != 1 or times.size == 0 or (np.diff(times) != 1).any():
            raise ValueError(
                "training_duration must be an integer or consecutive time steps, "
                f"got {training_duration!r}."
            ) from None
        first, last = int(times[0]), int(times[-1])
    if not 0 <= first <= last < n_steps:
        raise ValueError(
            f"training_duration asks for the time steps {first} ... {last}, "
            f"the spike train has 0 ... {n_steps - 1}."
        )
    return first, last


def _remember_potentials(layer, potentials, steps):
    """Write recorded potentials (n_neurons, n_steps) to the memories of the neurons."""
    times = range(max(1, steps[0]), steps[1] + 1)
    for neuron, trace in zip(layer.layer, potentials.tolist(), strict=True):
        neuron.potential_memory = {t: trace[t] for t in times}
    layer.update_neuron_potential_memories()
    return layer.neuron_potential_memories
