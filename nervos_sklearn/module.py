"""Module: layers in sequence. Spike trains in, answers out; they learn on the way."""

from __future__ import annotations

import itertools
import logging
import operator
import os
import time
from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

from . import _kernels, stdp
from ._files import write_json
from ._random import Seed, draw_keys, random_generator
from ._validation import (
    check_first_step,
    check_labels,
    check_numbers,
    check_spike_trains,
    warn_user,
)
from .common import logger, mkdir, strftime, timenow
from .layer import Layer
from .learning import Learning, STDPLearning, Task, check_returned
from .model_file import (
    from_json,
    of_first_format,
    read_network,
    stack_layers,
    to_json,
    write_model,
)
from .neuron import neuron_constants
from .parameters import Parameters, check_parameters
from .presentations import BATCH, Batch, Presentations, Shown
from .stdp import RuleLike
from .step_by_step import StepByStep
from .synapse import (
    DifferentialPair,
    Synapse,
    apply_truncated_noise_to_value,
    apply_truncated_noise_vectorized,
    check_share,
    make_device,
)
from .threads import on_threads

__all__ = ["Module", "apply_truncated_noise_to_value", "apply_truncated_noise_vectorized"]

_FLAGS = (
    "allowed_levels",
    "enable_cycle_dependent_weights",
    "cycle_dependent_weight_lookup",
    "enable_synaptic_noise",
    "noise_magnitude_half_range",
)
_SWITCHES = ("enable_cycle_dependent_weights", "enable_synaptic_noise")
_COUNTERS = ("n_classes", "n_epochs", "n_firings", "n_reads", "learning_rate_factor")
_KEPT_IN_FILES = (
    *_FLAGS,
    *_COUNTERS,
    "parameters",
    "learning",
    "decision",
    "layers",
    "layer_sizes",
    "neuron_label_map",
    "_synapse",
    "_noise_key",
    "_device_key",
)


class Module(StepByStep):
    """A spiking network: layers of neurons in sequence, and a way to learn.

    Make the layers with :meth:`initialise_layers`, set the data, and call
    :meth:`train`. Time runs in steps of 1 ms; a spike train holds one column a
    step, and its first column is silent: time runs from 1. The dynamics are those of
    the simulator nervos 0.0.7 (arXiv 2506.19377), unless another way to learn is given.

    Parameters
    ----------
    parameters : Parameters
        Settings of the network.
    identifier : str, optional
        Names the directory of saved epochs; by default the time of creation.
    learning : Learning, optional
        How the network learns and decides; by default
        ``STDPLearning(labeling="reference", shuffle=False)``, as nervos does.
    random_state : int, Generator, RandomState or None, default=None
        Seed of everything that is drawn.

    Attributes
    ----------
    parameters : Parameters
    learning : Learning
    t0 : float
        Time of creation, in seconds since the epoch.
    str_t0 : str
        The same as text, in local time.
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
    decision : dict of str to ndarray
        What the learning has found to decide by, such as votes or the escape noise.
    n_classes : int
        Labels that the network tells apart.
    n_epochs : int
        Epochs that it has learned for.
    learning_rate_factor : float, default=1
        Factor of `eta`: less than 1 after a plateau, with early stopping.
    n_jobs : int or None, default=None
        Threads, as joblib counts them. They do not change the result.
    learned_synapses : ndarray of shape (n_layers, n_neurons, n_inputs)
        Weights of all layers after :meth:`train`.
    learned_neuron_label_map : ndarray of shape (n_neurons,)
        Labels of the neurons after :meth:`train`.
    wta, true_lif, learning_rule
        The parameters `wta`, `true_lif` and `rule` of an STDPLearning; other ways to learn
        have none.
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
        Firings of all layers, readings of their synapses and changes of their devices
        that were really applied, all while learning.
    receptive_fields : ndarray of shape (n_neurons, n_channels)
        The weights of the first layer.
    synapse_update_counts : list of ndarray of shape (n_neurons, n_inputs)
        How often a change of each synapse of each layer has been asked for.
    get_spikeplots, get_weight_evolution : bool, default=False
        Whether :meth:`train` records spikes and potentials, and weights.
    spikeplots, layerpotentials, weight_evolution : list
        What was recorded: a list of samples for each epoch; potentials in mV.

    Raises
    ------
    TypeError
        If `parameters` is not a Parameters object, or `learning` not a Learning.
    ValueError
        If the parameters contradict themselves, or `identifier` holds a path separator.

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
    >>> module
    Module(layer_sizes=[4, 3], learning=STDPLearning(labeling='reference', shuffle=False))
    """

    def __init__(
        self,
        parameters: Parameters,
        identifier: str | None = None,
        *,
        learning: Learning | None = None,
        random_state: Seed = None,
    ) -> None:
        check_parameters(parameters)
        if identifier is not None and os.path.basename(str(identifier)) != str(identifier):
            raise ValueError(
                "identifier names a directory and must not hold a path separator, "
                f"got {identifier!r}."
            )
        if learning is not None and not isinstance(learning, Learning):
            raise TypeError(
                f"learning must be an object such as PrototypeLearning(), got {learning!r}."
            )
        self.parameters = parameters
        self.learning = learning or STDPLearning(labeling="reference", shuffle=False)
        self.t0 = timenow()
        self.str_t0 = strftime(self.t0)
        self.identifier = self.str_t0 if identifier is None else identifier
        self.dataloader = None
        self.X_train = self.Y_train = self.X_test = self.Y_test = None
        self.layers: list[Layer] = []
        self.layer_sizes: list[int] = []
        self.decision: dict[str, np.ndarray] = {}
        self.n_classes = self.n_epochs = 0
        self.learning_rate_factor = 1.0
        self.n_jobs = None
        self._synapse: Synapse | None = None
        self.allowed_levels = None
        self.enable_cycle_dependent_weights = False
        self.cycle_dependent_weight_lookup = None
        self.enable_synaptic_noise = False
        self.noise_magnitude_half_range = 0.0
        self.get_spikeplots = self.get_weight_evolution = False
        self.spikeplots: list = []
        self.layerpotentials: list = []
        self.weight_evolution: list = []
        self.n_firings = self.n_reads = 0
        self._generator = random_generator(random_state)
        self._noise_key, self._device_key = draw_keys(self._generator, (2, 1))

    def __repr__(self) -> str:
        return f"Module(layer_sizes={self.layer_sizes}, learning={self.learning!r})"

    def __setstate__(self, state):
        vars(self).update(state)
        if self.layers:  # joblib may map arrays read-only
            self.neuron_label_map = np.require(self.neuron_label_map, requirements="W")

    @property
    def logger(self) -> logging.Logger:
        return logger

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
        TypeError
            If a size is not an integer.
        ValueError
            If there are fewer than two sizes, one is below 1, or `initial_weights` is unknown.
        """
        if not np.iterable(layer_sizes) or len(layer_sizes) < 2:
            raise ValueError(
                "layer_sizes must hold the number of inputs and the size of each layer, "
                f"got {layer_sizes!r}."
            )
        if initial_weights not in ("ones", "random"):
            raise ValueError(
                f'initial_weights must be "ones" or "random", got {initial_weights!r}.'
            )
        layers = [
            Layer(self.parameters, n_inputs, n_neurons)
            for n_inputs, n_neurons in itertools.pairwise(layer_sizes)
        ]
        self.layer_sizes = [int(size) for size in layer_sizes]
        self.layers = layers
        self.neuron_label_map = np.full(self.layer_sizes[-1], -1)
        self.decision, self.n_classes, self.n_epochs = {}, 0, 0
        self.synapse = self.synapse
        if initial_weights == "random":
            self.draw_weights()

    def draw_weights(self) -> None:
        """Draw all weights evenly between the bounds."""
        bounds = self.parameters.min_weight, self.parameters.max_weight
        for layer in self.layers:
            layer.set_synapses(self._generator.uniform(*bounds, layer.synapses.shape))

    def change_weights(self, changes: ArrayLike) -> None:
        """Ask each synapse of a network of one layer for a change; its device does what it can.

        Parameters
        ----------
        changes : array-like of shape (n_neurons, n_inputs)
            What to add to the weights. Where it is 0, nothing is written. Ideal synapses
            take it as it is, but stay at 0 or above unless the learning is signed.

        Raises
        ------
        ValueError
            If the shape differs, a change is not finite or there are several layers.
        """
        if len(self.made_layers()) != 1:
            raise ValueError(
                f"change_weights serves networks of one layer, got layer_sizes={self.layer_sizes}."
            )
        layer, changes = self.layers[0], check_numbers("changes", changes)
        if changes.shape != layer.synapses.shape:
            raise ValueError(
                f"changes must have shape {layer.synapses.shape} (neurons, inputs), "
                f"got {changes.shape}."
            )
        lowest = -np.inf if self.learning.signed else 0.0
        layer.change(changes, self.device, self.draw_key(), lowest)

    @property
    def synapse(self) -> Synapse | None:
        return self._synapse

    @synapse.setter
    def synapse(self, synapse: Synapse | None) -> None:
        if isinstance(synapse, DifferentialPair):
            self.learning.check_pair(synapse)
        self._synapse = synapse
        paired = self.learning.signed and synapse is not None and np.isfinite(synapse.n_levels)
        n_devices = 2 if paired else 1
        for k, layer in enumerate(self.layers):
            gains = None
            if synapse is not None:
                shape = (n_devices, layer.num_output_neurons, layer.num_input_neurons)
                gains = synapse.gains(shape, self._key(self._device_key, k))
            layer.use_devices(n_devices, gains)

    @property
    def device(self) -> _kernels.Device | None:
        """What the compiled loops know of the synapses; None if they are ideal.

        TypeError or ValueError if a model of the synapse, or an attribute, is not valid.
        """
        low, high = self.parameters.min_weight, self.parameters.max_weight
        if self.synapse is not None:
            return self.synapse.device(low, high, self.learning)
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
        if table is None and noise == 0.0:
            return None
        return make_device(table, read_noise=noise / 3, bounds=(low, high), clipped=True)

    @property
    def learning_device(self) -> _kernels.Device | None:
        """The same for loops that learn by spike timing: a model counts its pulses.

        TypeError or ValueError as :attr:`device`.
        """
        device = self.device
        return make_device() if device is None and self.synapse is not None else device

    def made_layers(self) -> list[Layer]:
        """Return the layers, or raise ValueError if there are none yet."""
        if not self.layers:
            raise ValueError("the network has no layers yet: call initialise_layers first.")
        return self.layers

    def blank_copy(self) -> Module:
        """Make a network of the same kind that has learned nothing, with draws of its own."""
        other = Module(self.parameters, learning=self.learning, random_state=self.draw_generator())
        other._resemble(self)
        other.initialise_layers(self.layer_sizes)
        other.n_classes, other.n_jobs = self.n_classes, self.n_jobs
        return other

    @property
    def wta(self) -> bool:
        return self.learning.wta

    @wta.setter
    def wta(self, wta: bool) -> None:
        self.learning.wta = wta

    @property
    def true_lif(self) -> bool:
        return self.learning.true_lif

    @true_lif.setter
    def true_lif(self, true_lif: bool) -> None:
        self.learning.true_lif = true_lif

    @property
    def learning_rule(self) -> RuleLike:
        return self.learning.rule

    @learning_rule.setter
    def learning_rule(self, rule: RuleLike) -> None:
        self.learning.rule = rule

    @property
    def synapse_update_counts(self) -> list[np.ndarray]:
        return [layer.synapse_update_counts for layer in self.layers]

    @property
    def n_writes(self) -> int:
        return sum(layer.n_writes for layer in self.layers)

    @property
    def receptive_fields(self) -> np.ndarray:
        """The weights of the first layer, or ValueError if there are no layers yet."""
        return self.made_layers()[0].synapses

    def get_all_synapses(self) -> np.ndarray:
        """Return a copy of the weights of all layers.

        Returns
        -------
        ndarray of shape (n_layers, n_neurons, n_inputs)
            An object array with one matrix per layer if their shapes differ.

        Raises
        ------
        ValueError
            If there are no layers yet.
        """
        return stack_layers([weights.copy() for weights in self._synapses()])

    def _synapses(self):
        return [layer.synapses for layer in self.made_layers()]

    # ---------------------------------------------------------------------- chance

    @staticmethod
    def _key(key, k):
        """Make a key for layer k of a key for the network."""
        return _kernels.streams.scramble_key(key[0], k)

    def noise_key(self, k: int) -> np.uint64:
        """The seed of the noise with which layer k answers."""
        return np.uint64(self._key(self._noise_key, k))

    def _answering_key(self, k, device):
        return np.array([0 if device is None else self.noise_key(k)], dtype=np.uint64)

    def draw_keys(self, size: int | tuple[int, ...]) -> np.ndarray:
        """Draw `size` seeds of random streams, an array of that shape."""
        return draw_keys(self._generator, size)

    def draw_key(self) -> np.uint64:
        """Draw the seed of one random stream."""
        return draw_keys(self._generator, 1)[0]

    def draw_generator(self) -> np.random.Generator:
        """Draw a generator."""
        return np.random.default_rng(self._generator.integers(2**63, size=2))

    # ------------------------------------------------------------- what the loops need

    def _neuron_constants(self) -> _kernels.NeuronConstants:
        return neuron_constants(self.parameters, self.true_lif)

    def _plasticity(self) -> _kernels.Plasticity:
        parameters = self.parameters
        return _kernels.Plasticity(
            eta=float(parameters.eta) * self.learning_rate_factor,
            min_weight=float(parameters.min_weight),
            max_weight=float(parameters.max_weight),
            wta=bool(self.wta),
        )

    def _rule(self, rule: RuleLike) -> _kernels.Rule:
        """Tabulate a learning rule over the lags that can occur."""
        rule = stdp.make_rule(rule, self.parameters)
        recent, silent = stdp.tabulate(rule, self.parameters.past_window)
        return _kernels.Rule(np.concatenate([recent, silent]), len(recent))

    def changed_weights(self, weights: np.ndarray) -> tuple:
        """Compute the weights after the strongest depression and the strongest potentiation."""
        changes, plasticity = self._rule(self.learning.rule).changes, self._plasticity()
        change = _kernels.synapses.change_weight
        return tuple(
            np.array([change(weight, factor, plasticity) for weight in weights])
            for factor in (min(changes.min(), 0.0), max(changes.max(), 0.0))
        )

    def is_fixed(self, presentations: Presentations) -> bool:
        """Whether no update by `presentations` can leave the level that a device starts from.

        So it is where changes are rounded to the nearest level and all are too small.
        """
        device = self.device
        if device is None or device.n_levels == 0 or device.update != _kernels.state.NEAREST:
            return False
        held = np.unique(np.concatenate([layer.conductances.ravel() for layer in self.layers]))
        lowest, highest = self.learning.reach(self, presentations, held)
        falling, rising = device.levels[0, -device.n_levels :], device.levels[0, : device.n_levels]
        return bool(
            (_nearest(lowest, falling) == _nearest(held, falling)).all()
            and (_nearest(highest, rising) == _nearest(held, rising)).all()
        )

    # ------------------------------------------------------------- batches of samples

    def learn(
        self, X: ArrayLike, y: ArrayLike | None = None, *, rule: RuleLike | None = None
    ) -> np.ndarray:
        """Present samples in the given order, learning from each.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels, n_steps)
            Spike trains, 0 or 1, the first step silent.
        y : array-like of shape (n_samples,), optional
            Labels, integers from 0. By spike timing, the neuron with the highest
            potential at the end of a sample takes the sample's label; learning from
            reward needs them.
        rule : str, callable or array-like, optional
            Spike timing: a learning rule for these samples only.

        Returns
        -------
        ndarray of shape (n_samples, n_neurons)
            Spike counts of the last layer.

        Raises
        ------
        ValueError
            If there are no layers yet, a spike train, a label or the rule is not valid, or the
            learning cannot do without labels or with a rule; nothing has changed then.
        """
        X = self._check_spikes(X)
        if y is not None:
            y = check_labels("labels y", y, len(X))
        return self.learning.learn(self, X, y, rule)

    def learn_by_spike_timing(
        self, X: np.ndarray, y: np.ndarray | None, rule: RuleLike
    ) -> np.ndarray:
        """Do what :meth:`learn` does, with checked spike trains `X` and labels `y`.

        Returns the spike counts, (n_samples, n_neurons).
        """
        layers = self.layers
        neuron, plasticity = self._neuron_constants(), self._plasticity()
        table, device = self._rule(rule), self.learning_device
        keys = self.draw_keys((len(X), len(layers)))
        steps = (1, X.shape[2] - 1)
        counts = []
        for start in range(0, len(X), BATCH):
            batch = slice(start, start + BATCH)
            spikes = X[batch]
            for k, layer in enumerate(layers):
                layer_keys = np.ascontiguousarray(keys[batch, k])
                hidden = k + 1 < len(layers)
                record = layer.learn(
                    spikes, steps, neuron, plasticity, table, device, layer_keys, output=hidden
                )
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

    def count(self, batch: Batch, n_neurons: int) -> None:
        """Count what a batch costs whose synapses stay open: a reading a step and synapse."""
        self.n_firings += len(batch.chosen)
        self.n_reads += int(batch.traces.sum(dtype=float)) * n_neurons

    def _check_spikes(self, X: ArrayLike) -> np.ndarray:
        self.made_layers()
        self.parameters.validate()
        X = check_spike_trains(X, self.layer_sizes[0])
        duration = self.parameters.training_duration
        if X.shape[2] != duration + 1:
            raise ValueError(
                f"expected spike trains of {duration + 1} steps, a silent one and "
                f"training_duration={duration}, got {X.shape[2]}."
            )
        check_first_step(X)
        return X

    def count_spikes(self, X: ArrayLike, *, n_jobs: int | None = None) -> np.ndarray:
        """Present samples without learning; the network does not change.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels, n_steps)
            Spike trains, 0 or 1, the first step silent.
        n_jobs : int, optional
            Number of threads, as joblib counts them. It does not change the result.

        Returns
        -------
        ndarray of shape (n_samples, n_neurons)
            Spike counts of the last layer: how often each neuron won.

        Raises
        ------
        ValueError
            If there are no layers yet, or a spike train is not valid.
        """
        X = self._check_spikes(X)
        batches = [slice(start, start + BATCH) for start in range(0, len(X), BATCH)]
        counts = on_threads(lambda batch: self.learning.spikes(self, X[batch]), batches, n_jobs)
        return np.concatenate(counts)

    def respond(self, X: np.ndarray) -> np.ndarray:
        """Let layers of firing neurons answer checked spike trains `X`.

        Returns the spike counts of the last layer, (n_samples, n_neurons).
        """
        return self.respond_by_layer(X)[-1]

    def respond_by_layer(self, X: np.ndarray) -> list[np.ndarray]:
        """Let layers of firing neurons answer checked spike trains `X`.

        Returns the spike counts of each layer, (n_samples, n_neurons).
        """
        neuron, device, steps = self._neuron_constants(), self.device, (1, X.shape[2] - 1)
        spikes, counts = np.require(X, requirements=["C", "W"]), []
        for k, layer in enumerate(self.layers):
            hidden = k + 1 < len(self.layers)
            key = self._answering_key(k, device)
            record = layer.respond(spikes, steps, neuron, device, key, output=hidden)
            spikes = record.spike_trains
            counts.append(record.spike_counts)
        return counts

    def activity(
        self, presentations: Presentations, chosen: np.ndarray, *, n_jobs: int | None = None
    ) -> np.ndarray:
        """Compute what the neurons of the last layer do when samples are shown as they are.

        Parameters
        ----------
        presentations : Presentations
        chosen : ndarray of int
            The samples.
        n_jobs : int, optional
            Threads.

        Returns
        -------
        ndarray of shape (n_chosen, n_neurons)
            Spike counts or potentials, as the learning has it.

        Raises
        ------
        ValueError
            If the learning returns something else.
        """
        sees = self.learning.sees(self)
        size = BATCH if sees == "spikes" else presentations.size_of_batch

        def answer(start):
            some = chosen[start : start + size]
            batch = next(presentations.batches(some, size=size, **{sees: True}))
            activity = self.learning.activity(self, batch)
            shape = (len(batch.chosen), self.layer_sizes[-1])
            return check_returned(self.learning, "activity", activity, shape)

        return np.concatenate(on_threads(answer, range(0, len(chosen), size), n_jobs))

    def activity_of_all_layers(
        self, presentations: Presentations, chosen: np.ndarray, *, n_jobs: int | None = None
    ) -> np.ndarray:
        """Count the spikes of all layers when samples are shown as they are.

        The parameters are those of :meth:`activity`.

        Returns
        -------
        ndarray of shape (n_chosen, n_neurons of all layers)
            Layer by layer.
        """

        def answer(start):
            batch = chosen[start : start + BATCH]
            return np.hstack(self.respond_by_layer(presentations.spikes(batch)))

        return np.concatenate(on_threads(answer, range(0, len(chosen), BATCH), n_jobs))

    # ------------------------------------------------------------- data in, model out

    def train(self) -> float:
        """Train on `X_train` for the epochs of the parameters; test and save each epoch.

        Returns
        -------
        float
            The accuracy on the test set after the last epoch, from 0 to 1.

        Raises
        ------
        ValueError
            If data or layers are missing, the data are not valid, the layers do not suit the
            learning, or the settings cannot be saved.
        OSError
            If an epoch cannot be saved.
        """
        X, y = self._data("train")
        self._data("test")
        write_json(self._file_settings())  # what cannot be saved is not trained
        self.spikeplots, self.layerpotentials, self.weight_evolution = [], [], []
        presentations, weights = Presentations(X), np.ones(len(X))
        if self.n_epochs == 0:
            self.begin(presentations, y, self._generator)
        else:
            self.check_known(y)
        started = time.perf_counter()
        for epoch in range(1, self.parameters.epochs + 1):
            if self.records:
                self.spikeplots.append([])
                self.layerpotentials.append([])
                self.weight_evolution.append([])
            self.learn_epoch(presentations, y, weights, self._generator)
            if epoch == self.parameters.epochs:
                self.learning.finish(self, presentations, y, weights, self._generator)
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

    def begin(
        self, presentations: Presentations, y: np.ndarray, generator: np.random.Generator
    ) -> None:
        """Give a network that has learned nothing the weights and classes it starts from.

        `presentations`, `y` and `generator` are those of :meth:`learn_epoch`. ValueError if
        layers or parameters do not suit the learning.
        """
        counts = np.bincount(y)
        learning = self.learning.resolved(Task("spikes", counts))
        learning._validate_params()
        learning.check_layers(self.layer_sizes)
        self.learning, self.n_classes = learning, len(counts)
        learning.start(self, presentations, y, generator)
        self.warn_of_few_neurons()

    @property
    def is_started(self) -> bool:
        """Whether there is anything that the network has begun to learn."""
        return bool(self.decision) or self.n_firings > 0 or self.n_reads > 0

    def go_on(self, parameters: Parameters, learning: Learning) -> None:
        """Learn on from the weights at hand, as from the first epoch, by other settings.

        They are `parameters` and `learning`. ValueError if there are no layers yet.
        """
        self.parameters, self.learning = parameters, learning
        self.n_epochs, self.learning_rate_factor = 0, 1.0
        self.decision.pop("class_weights", None)
        for layer in self.made_layers():
            layer.parameters = parameters
            layer.average_anew()

    def warn_of_few_neurons(self) -> None:
        """Warn if neurons are given their classes and are too few for all."""
        n_neurons, n_columns = self.layer_sizes[-1], self.learning.columns
        if not self.learning.names_winners and n_neurons < n_columns * self.n_classes:
            columns = f" in {n_columns} columns" if n_columns > 1 else ""
            warn_user(
                f"n_neurons={n_neurons} are too few for {self.n_classes} classes{columns}: a "
                "class without a neuron is never predicted."
            )

    def learn_epoch(
        self,
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> float:
        """Let the network learn from all samples once, and count the epoch.

        Parameters
        ----------
        presentations, y, weights, generator
            As in :meth:`Learning.learn_epoch`.

        Returns
        -------
        float
            The fraction of samples that taught.

        Raises
        ------
        ValueError
            If the learning returns something else.
        """
        epoch = self.n_epochs
        taught = self.learning.learn_epoch(self, presentations, y, weights, generator)
        if not isinstance(taught, Real) or not 0 <= taught <= 1:
            raise ValueError(
                f"{type(self.learning).__name__}.learn_epoch must return the fraction of samples "
                f"that taught, from 0 to 1, got {taught!r}."
            )
        self.n_epochs = epoch + 1
        return float(taught)

    def check_known(self, y: np.ndarray) -> None:
        """Raise ValueError if the network decides, and not for one of the labels `y`."""
        n_classes = int(y.max()) + 1
        if self.decision and n_classes > self.n_classes:
            raise ValueError(
                f"the network has learned to tell the labels 0 ... {self.n_classes - 1} apart, "
                f"got {n_classes - 1}: call initialise_layers to begin anew."
            )
        self.n_classes = max(self.n_classes, n_classes)

    @property
    def records(self) -> bool:
        """Whether :meth:`train` records."""
        return bool(self.get_spikeplots or self.get_weight_evolution)

    def learn_and_record(self, X: np.ndarray, y: np.ndarray) -> None:
        """Do what :meth:`learn` does, with checked samples `X` and `y`, and record each."""
        for spikes, label in zip(X, y, strict=True):
            shown = self.learning.present(
                self, spikes[np.newaxis], (1, X.shape[2] - 1), label, True, True
            )
            if self.learning.names_winners:
                self.neuron_label_map[shown.winner] = label
            self.record(shown)

    def record(self, shown: Shown) -> None:
        """Keep what a sample did, `shown`, of what is asked for."""
        if self.get_spikeplots:
            self.spikeplots[-1].append(shown.spikeplots)
            self.layerpotentials[-1].append(shown.potentials)
        if self.get_weight_evolution:
            self.weight_evolution[-1].append(shown.weights)

    def _data(self, which):
        X, y = getattr(self, f"X_{which}"), getattr(self, f"Y_{which}")
        if X is None or y is None:
            raise ValueError(f"there are no data yet: set X_{which} and Y_{which}.")
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
        return float(np.mean(self._labels_of(X) == y))

    def _labels_of(self, X):
        X = self._check_spikes(X)
        activity = self.activity(Presentations(X), np.arange(len(X)), n_jobs=self.n_jobs)
        return self.learning.labels(self, activity)

    def get_prediction(
        self,
        spike_train: ArrayLike,
        all_synapses: ArrayLike | None = None,
        neuron_label_map: ArrayLike | None = None,
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
            network = self._with(all_synapses, neuron_label_map)
        return int(network._labels_of(np.asanyarray(spike_train)[np.newaxis])[0])

    def _with(self, all_synapses, neuron_label_map):
        """Make a network of the same kind with other weights or labels."""
        other = Module(self.parameters, self.identifier, learning=self.learning)
        other._resemble(self)
        other.initialise_layers(self.layer_sizes)
        other.decision, other.n_classes = self.decision.copy(), self.n_classes
        labels = self.neuron_label_map
        if neuron_label_map is not None:
            labels = neuron_label_map
            other.decision.pop("votes", None)
        other._set_weights(self._synapses() if all_synapses is None else all_synapses, labels)
        if all_synapses is None:
            for layer, own in zip(other.layers, self.layers, strict=True):
                layer.set_state(own.state())
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

    def predict(self, X: ArrayLike, model_location: str) -> np.ndarray:
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
            If it is damaged, its parts do not fit together, or the spike trains do not fit it.
        """
        saved = Module(self.parameters, self.identifier, learning=self.learning)
        saved._resemble(self)
        saved.load_model(model_location)
        return saved._labels_of(X)

    def save_epoch(
        self,
        epoch: int,
        synapses: Sequence | np.ndarray,
        neuron_label_map: ArrayLike,
        accuracy: float,
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

        Raises
        ------
        OSError
            If the file cannot be written.
        ValueError
            If the weights or labels do not fit together, or the settings cannot be written as
            JSON.
        """
        settings = self._file_settings()
        write_json(settings)  # what cannot be saved makes no directory
        run = self.str_t0
        if self.identifier != self.str_t0:
            run = f"{self.identifier}_{self.str_t0}"
        directory = os.path.join("storage", run, f"Epoch_{epoch}-{round(float(accuracy), 3)}")
        mkdir(directory)
        path = os.path.join(directory, "model.red")
        write_model(path, neuron_label_map, synapses, settings, self._state_of(synapses))

    def _state_of(self, synapses) -> dict[str, np.ndarray]:
        """The state that belongs to some weights: that of the network if they are its own."""
        state = {f"decision_{name}": array for name, array in self.decision.items()}
        own = self._synapses()
        if len(synapses) == len(own) and all(map(np.array_equal, synapses, own)):
            for k, layer in enumerate(self.layers):
                state |= {f"{name}_{k}": array for name, array in layer.state().items()}
        return state

    def _file_settings(self):
        """The parameters, and what a file must hold for the network to run as before."""
        settings = {flag: getattr(self, flag) for flag in _FLAGS}
        for name, value in settings.items():
            if not (value is None or isinstance(value, (bool, int, float, str))):
                settings[name] = np.asarray(value).tolist()
        learning = clone(self.learning)
        if callable(getattr(learning, "rule", None)):  # code has no place in a file
            dt = np.arange(self.parameters.past_window, 1 - self.parameters.past_window)
            learning.rule = np.column_stack([dt, stdp.evaluate(learning.rule, dt)])
        settings |= {name: getattr(self, name) for name in _COUNTERS}
        settings |= {
            "learning": to_json(learning),
            "synapse": to_json(self.synapse),
            "noise_key": int(self._noise_key[0]),
            "device_key": int(self._device_key[0]),
        }
        return self.parameters.to_dict() | {"module": settings}

    def load_model(self, model_location: str) -> None:
        """Load weights, labels, settings and the state of learning from a file.

        Parameters
        ----------
        model_location : str
            A file that :meth:`save_epoch` or ``save_model`` has written. Those of version
            0.1 mean the same as they did.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it is damaged or its parts do not fit together; nothing is changed then.
        """
        parts = read_network(model_location)
        try:
            loaded = self._network_of_file(*parts)
        except Exception as error:  # whatever settings of a wrong kind make the checks say
            raise ValueError(f"{model_location} does not hold a network: {error}") from error
        vars(self).update({name: getattr(loaded, name) for name in _KEPT_IN_FILES})
        self.learned_synapses = self.get_all_synapses()
        self.learned_neuron_label_map = self.neuron_label_map.copy()

    def _network_of_file(self, synapses, labels, settings, state, version):
        """Make a network of the parts of a file, and try all that it will be asked for."""
        own = settings.pop("module", {})
        own = of_first_format(own) if version == 1 and own else own
        learning = from_json(own.get("learning"), Learning) or self.learning
        learning._validate_params()
        loaded = Module(Parameters(**settings), self.identifier, learning=learning)
        sizes = [synapses[0].shape[1]] + [weights.shape[0] for weights in synapses]
        for weights, n_inputs in zip(synapses, sizes, strict=False):
            if weights.shape[1] != n_inputs:  # before there are layers of these sizes
                raise ValueError(f"a layer has {weights.shape[1]} inputs instead of {n_inputs}.")
        vars(loaded).update(_check_flags({flag: own[flag] for flag in _FLAGS if flag in own}))
        for key in ("noise_key", "device_key"):
            value = own[key] if key in own else getattr(self, f"_{key}")[0]
            setattr(loaded, f"_{key}", np.array([operator.index(value)], dtype=np.uint64))
        loaded.initialise_layers(sizes)
        loaded.synapse = from_json(own.get("synapse"), Synapse)
        loaded._set_weights(synapses, labels)
        counters = {name: own.get(name, getattr(loaded, name)) for name in _COUNTERS}
        vars(loaded).update(check_counters(counters))
        loaded.n_classes = max(loaded.n_classes, int(loaded.neuron_label_map.max()) + 1)
        loaded._set_state(state)
        loaded._try_everything()
        return loaded

    def _set_state(self, state):
        """Take what :meth:`_state_of` gave."""
        state = state.copy()
        self.decision = {
            name.removeprefix("decision_"): check_numbers(name, state.pop(name))
            for name in list(state)
            if name.startswith("decision_")
        }
        for k, layer in enumerate(self.layers):
            names = [name for name in state if name.endswith(f"_{k}")]
            layer.set_state({name.removesuffix(f"_{k}"): state.pop(name) for name in names})
        if state:
            raise ValueError(f"there is no place for its arrays {sorted(state)}.")

    def _try_everything(self):
        """Ask for all that settings could make fail later."""
        self.device  # noqa: B018
        self.learning.check_layers(self.layer_sizes)
        self.learning.check_decision(self)
        if hasattr(self.learning, "rule"):
            self._neuron_constants(), self._plasticity(), self._rule(self.learning.rule)

    # ---------------------------------------------------------------- one sample

    def feed_forward(
        self,
        spike_train: ArrayLike,
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
            The last time step, in ms, or all consecutive time steps, as a range.
        do_stdp : bool, default=False
            Whether to learn.
        label : int, optional
            The sample's label.
        spikeplots_for_one_spike_train : list, optional
            Takes the input and the output spikes of each layer, if the network
            learns or `plotting` is set; so do the next two lists.
        layer_potentials_for_one_spike_train : list, optional
            Takes for each layer a list of ``{time step: potential}``, in mV, one a neuron.
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
            If there are no layers yet, or the spike train, the duration, the label or the
            `neuron_label_map` does not fit the network.
        """
        self.made_layers()
        self.parameters.validate()
        spikes = check_spike_trains(np.asanyarray(spike_train)[np.newaxis], self.layer_sizes[0])
        check_first_step(spikes)
        first, last = _first_and_last(training_duration, spikes.shape[2])
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
        shown = self.learning.present(self, spikes, (max(1, first), last), label, do_stdp, trace)
        if do_stdp and label is not None and self.learning.names_winners:
            neuron_label_map[shown.winner] = label
        if recording:
            for taken, offered in (
                (spikeplots_for_one_spike_train, shown.spikeplots),
                (layer_potentials_for_one_spike_train, shown.potentials),
                (weight_evolution_for_one_spike_train, shown.weights),
            ):
                if taken is not None:
                    taken.extend(offered)
        return shown.spike_counts, shown.winner

    def present_by_spike_timing(
        self, spikes: np.ndarray, steps: tuple[int, int], learns: bool, trace: bool
    ) -> Shown:
        """Present one checked spike train to layers of firing neurons.

        `learns` says whether they learn, `trace` whether potentials are recorded.
        """
        neuron = self._neuron_constants()
        device = self.learning_device if learns else self.device
        spikeplots, potentials, thresholds = [spikes[0]], [], []
        weights: list[np.ndarray] = []
        if learns:
            plasticity, rule = self._plasticity(), self._rule(self.learning.rule)
            keys = self.draw_keys((1, len(self.layers)))
        for k, layer in enumerate(self.layers):
            if learns:
                record = layer.learn(
                    spikes, steps, neuron, plasticity, rule, device, keys[:, k].copy(),
                    output=True, trace=trace,
                )  # fmt: skip
                self._count(record)
            else:
                key = self._answering_key(k, device)
                record = layer.respond(
                    spikes, steps, neuron, device, key, output=True, trace=trace
                )
            spikes = record.spike_trains
            spikeplots.append(spikes[0])
            if trace:
                potentials.append(layer.remember_potentials(record.potentials[0], steps))
                thresholds.append(record.thresholds[0])
                if record.weights is not None:
                    weights.extend(record.weights[: record.activity[0, 0]].copy())
        winner = int(record.winners[0])
        counts = record.spike_counts[0]
        return Shown(counts, winner, spikeplots, potentials, weights, tuple(thresholds))


def _check_flags(flags):
    """Check what a file says of the kind of a network, also where it is switched off."""
    for name, value in flags.items():
        if name in _SWITCHES and not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false, got {value!r}.")
    for name in ("allowed_levels", "cycle_dependent_weight_lookup"):
        make_device(flags.get(name))
    check_share("noise_magnitude_half_range", flags.get("noise_magnitude_half_range", 0.0))
    return flags


def check_counters(counters):
    """Check what a file says of how far a network has learned."""
    for name, value in counters.items():
        kind = float if name == "learning_rate_factor" else int
        if isinstance(value, bool) or not isinstance(value, (int, kind)) or not 0 <= value < 2**53:
            raise ValueError(f"{name} must be a number >= 0, got {value!r}.")
    return counters


def _nearest(values, levels):
    return levels[np.abs(values[:, np.newaxis] - levels).argmin(axis=1)]


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
