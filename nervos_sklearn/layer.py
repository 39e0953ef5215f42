"""Layer: the neurons of one layer, and the synapses between them and their inputs."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_scalar

from . import _kernels
from ._kernels import (
    Device,
    DeviceState,
    LayerState,
    Learning,
    NeuronConstants,
    Plasticity,
    Record,
    Rule,
    Teaching,
    Workspace,
)
from ._kernels.state import on_grid
from ._validation import check_numbers
from .neuron import LIFNeuron, NeuronArrays
from .parameters import Parameters, check_parameters
from .threads import on_threads

_LARGEST_MEMO = 1 << 22  # entries of the table that remembers where changes lead


class Layer:
    """A layer of integrate-and-fire neurons and the synapses that lead to it.

    Each synapse is one device of a conductance, its weight; or two, of which the
    weight is the difference, where a learning with signed weights meets devices of
    finite levels. A learning proposes changes; the layer writes them as its devices can.

    Parameters
    ----------
    parameters : Parameters
        Settings of the network.
    num_input_neurons : int
        Inputs of the layer, at least 1.
    num_output_neurons : int
        Neurons of the layer, at least 1.

    Attributes
    ----------
    parameters : Parameters
    synapses : ndarray of shape (num_output_neurons, num_input_neurons)
        The weights; at first all 1.
    synapse_update_counts : ndarray of shape (num_output_neurons, num_input_neurons)
        How often a change of each synapse has been asked for.
    pulses : ndarray of shape (n_devices, num_output_neurons, num_input_neurons)
        How often each device has really been changed.
    accumulators : ndarray of shape (num_output_neurons, num_input_neurons)
        Changes gathered and not yet written (``update="accumulate"``), else empty.
    gains : ndarray of shape (n_devices, num_output_neurons, num_input_neurons) or None
        The factor through which each device is read; None if all are 1.
    fast : ndarray of shape (n_devices, num_output_neurons, num_input_neurons) or None
        The weights that learn, where their mean is what answers; else None.
    sums : ndarray of shape (num_output_neurons, num_input_neurons) or None
        What the mean is computed from: the changes of the fast weights, each times what the
        presentations before it count.
    importance : float
        What all presentations so far count in the mean.
    n_shown : int
        Presentations in the mean.
    num_input_neurons, num_output_neurons : int
        Inputs and neurons of the layer.
    layer : list of LIFNeuron
        The neurons.
    neuron_potential_memories : list of dict
        The recorded potential of each neuron at each time step, in mV.

    Raises
    ------
    ValueError
        If a size is smaller than 1, or the parameters contradict themselves.
    TypeError
        If a size is not an integer, or `parameters` not a Parameters object.

    Examples
    --------
    >>> from nervos_sklearn import Layer, Parameters
    >>> layer = Layer(Parameters(), num_input_neurons=3, num_output_neurons=2)
    >>> layer.synapses.shape, layer.layer[1].potential
    ((2, 3), -70.0)
    """

    def __init__(
        self, parameters: Parameters, num_input_neurons: int, num_output_neurons: int
    ) -> None:
        for name, size in (
            ("num_input_neurons", num_input_neurons),
            ("num_output_neurons", num_output_neurons),
        ):
            check_scalar(size, name, Integral, min_val=1)
        check_parameters(parameters)
        self.parameters = parameters
        self.num_input_neurons = int(num_input_neurons)
        self.num_output_neurons = int(num_output_neurons)
        self.neuron_potential_memories: list[dict[int, float]] = []
        shape = (self.num_output_neurons, self.num_input_neurons)
        self.synapse_update_counts = np.zeros(shape, dtype=np.int64)
        self.accumulators = np.empty((0, 0))
        self.gains: np.ndarray | None = None
        self.fast: np.ndarray | Any = None  # and sums: there if answers are averaged
        self.sums: np.ndarray | Any = None
        self._on_grid = True
        self._set_conductances(np.ones((1, *shape)))
        self._arrays = NeuronArrays(self.num_output_neurons, parameters)
        self.layer = [
            LIFNeuron._of_layer(parameters, self._arrays, j)
            for j in range(self.num_output_neurons)
        ]

    # ------------------------------------------------------------------ the synapses

    def _set_conductances(self, conductances):
        self._conductances = conductances
        self._synapses = _weights_of(conductances)
        if not hasattr(self, "pulses") or self.pulses.shape != conductances.shape:
            self.pulses = np.zeros(conductances.shape, dtype=np.int64)

    @property
    def conductances(self) -> np.ndarray:
        """Of each device, of shape (n_devices, num_output_neurons, num_input_neurons)."""
        return self._conductances

    @property
    def synapses(self) -> np.ndarray:
        return self._synapses

    @synapses.setter
    def synapses(self, synapses: np.ndarray) -> None:
        self.set_synapses(synapses)

    def set_synapses(self, synapses: ArrayLike) -> None:
        """Replace the weights by a copy of others.

        Parameters
        ----------
        synapses : array-like of shape (num_output_neurons, num_input_neurons)

        Raises
        ------
        ValueError
            If the shape differs or a weight is not finite.
        """
        synapses = check_numbers("synapses", synapses)
        if synapses.shape != self._synapses.shape:
            raise ValueError(
                f"synapses must have shape {self._synapses.shape} (neurons, inputs), "
                f"got {synapses.shape}."
            )
        if len(self._conductances) == 2:
            lowest = self.parameters.min_weight
            synapses = np.stack([np.maximum(synapses, 0), np.maximum(-synapses, 0)]) + lowest
            self._set_conductances(synapses)
        else:
            self._set_conductances(synapses[np.newaxis])
        self.fast = None
        self._on_grid = np.array_equal(synapses, on_grid(synapses))

    def use_devices(self, n_devices: int, gains: np.ndarray | None) -> None:
        """Give each synapse one device, or a pair, each read through a gain of its own."""
        if n_devices != len(self._conductances):
            if n_devices == 2:
                low = np.full_like(self._synapses, self.parameters.min_weight)
                self._set_conductances(np.stack([low, low]))
            else:
                self._set_conductances(self._synapses[np.newaxis].copy())
        self.gains = gains

    @property
    def n_writes(self) -> int:
        """Changes of devices that were really applied."""
        return int(self.pulses.sum())

    def state(self) -> dict[str, np.ndarray]:
        """What a file must hold beside the weights for the layer to go on as before.

        Counters, accumulators and fast weights have the shape of the weights, of one device
        or of each; `progress` has the shape (2,).
        """
        state = {"update_counts": self.synapse_update_counts, "pulses": self.pulses}
        if len(self._conductances) == 2:
            state["conductances"] = self._conductances
        if self.accumulators.size > 0:
            state["accumulators"] = self.accumulators
        if self.fast is not None:
            progress = np.array([self.importance, self.n_shown])
            state |= {"fast": self.fast, "sums": self.sums, "progress": progress}
        return state

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """Take what :meth:`state` gave; ValueError if it does not fit the layer."""
        shape, devices = self._synapses.shape, self._conductances.shape
        shapes = {
            "update_counts": shape, "pulses": devices, "conductances": devices,
            "accumulators": shape, "fast": devices, "sums": shape, "progress": (2,),
        }  # fmt: skip
        for name, array in state.items():
            if shapes.get(name) != array.shape:
                raise ValueError(f"the state {name!r} does not fit a layer of {shape}.")
        averaged = {"fast", "sums", "progress"} & set(state)
        if averaged and len(averaged) < 3:
            raise ValueError(f"of fast, sums and progress, there is {sorted(averaged)} only.")
        whole = {n: _check_counts(n, state[n]) for n in ("update_counts", "pulses") if n in state}
        numbers = {n: check_numbers(n, a) for n, a in state.items() if n not in whole}
        if averaged and numbers["progress"].min() < 0:
            raise ValueError(f"progress must be >= 0, got {numbers['progress']}.")
        if "conductances" in numbers:
            if not np.array_equal(_weights_of(numbers["conductances"]), self._synapses):
                raise ValueError("the conductances do not make the weights.")
            self._set_conductances(numbers["conductances"])
        self.synapse_update_counts = whole.get("update_counts", self.synapse_update_counts)
        self.pulses = whole.get("pulses", self.pulses)
        self.accumulators = numbers.get("accumulators", self.accumulators)
        if averaged:
            self.fast, self.sums = numbers["fast"], numbers["sums"]
            self.importance, self.n_shown = (
                float(numbers["progress"][0]),
                int(numbers["progress"][1]),
            )

    # ------------------------------------------------------- neurons, one time step after another

    def initial(self) -> None:
        """Bring every neuron to rest."""
        for neuron in self.layer:
            neuron.initial()

    def update_neuron_potential_memories(self) -> None:
        """Collect the recorded potentials of the neurons in `neuron_potential_memories`."""
        self.neuron_potential_memories = [neuron.potential_memory for neuron in self.layer]

    def remember_potentials(self, potentials: np.ndarray, steps: tuple) -> list[dict]:
        """Write recorded potentials (n_neurons, n_steps), in mV, to the memories of the neurons.

        `steps` are the first and the last, in ms.
        """
        times = range(steps[0], steps[1] + 1)
        for neuron, trace in zip(self.layer, potentials.tolist(), strict=True):
            neuron.potential_memory = {t: trace[t] for t in times}
        self.update_neuron_potential_memories()
        return self.neuron_potential_memories

    # ------------------------------------------------------------- learning by spike timing

    def learn(
        self,
        spike_trains: np.ndarray,
        steps: tuple[int, int],
        neuron: NeuronConstants,
        plasticity: Plasticity,
        rule: Rule,
        device: Device | None,
        keys: np.ndarray,
        *,
        output: bool = False,
        trace: bool = False,
    ) -> Record:
        """Present samples one after another, and learn from each by spike timing.

        Parameters
        ----------
        spike_trains : ndarray of shape (n_samples, num_input_neurons, n_steps), dtype uint8
        steps : tuple of int
            First and last time step.
        neuron, plasticity, rule, device : NamedTuple
            Constants of the compiled loops; `device` is None for ideal synapses.
        keys : ndarray of shape (n_samples,), dtype uint64
            Seed of the random stream of each presentation.
        output : bool, default=False
            Whether to return the spike trains of the layer.
        trace : bool, default=False
            Whether to return the potentials, and the weights after each firing.

        Returns
        -------
        _kernels.Record
        """
        self._set_conductances(_writable(self._conductances))
        self.synapse_update_counts = _writable(self.synapse_update_counts)
        learning = self._spike_timing(plasticity, rule, device)
        state = self._layer_state(self._arrays, by_input=False)
        record = self._new_record(spike_trains, output, trace, weights=trace)
        _kernels.presentation.present_batch(
            spike_trains, steps, state, neuron, learning, device, keys, record
        )
        if device is None:
            self.pulses = self.synapse_update_counts[np.newaxis].copy()
        return record

    def respond(
        self,
        spike_trains: np.ndarray,
        steps: tuple[int, int],
        neuron: NeuronConstants,
        device: Device | None,
        keys: np.ndarray,
        *,
        output: bool = False,
        trace: bool = False,
    ) -> Record:
        """Present samples without learning; each answer is independent of the others.

        The parameters are those of :meth:`learn`, but one key seeds all samples,
        and no weights are returned. The layer is not changed, so that many threads
        may ask at once.
        """
        if device is not None and device.read_noise == 0 and self.gains is None:
            device = None  # what finite levels hold is read as it is
        keys = np.full(len(spike_trains), keys[0])
        scratch = NeuronArrays(self.num_output_neurons, self.parameters)
        state = self._layer_state(scratch, by_input=device is None)
        record = self._new_record(spike_trains, output, trace, weights=False)
        _kernels.presentation.present_batch(
            spike_trains, steps, state, neuron, _NO_LEARNING, device, keys, record
        )
        return record

    def _spike_timing(self, plasticity, rule, device):
        n_inputs, shape = self.num_input_neurons, self._synapses.shape
        levels = np.empty((0, 0), dtype=np.int16)
        transitions = np.empty((2, 0, 0, 0), dtype=np.int16)
        cycles = self.synapse_update_counts
        if device is not None:
            self.pulses = _writable(self.pulses)
            if device.update == _kernels.state.ACCUMULATE:
                self._make_accumulators()
            if not device.clipped:
                cycles = self.pulses[0]
            if device.n_levels > 0 and device.update == _kernels.state.NEAREST:
                n_tables, n_levels = device.levels.shape
                levels = np.empty(shape, dtype=np.int16)
                _kernels.presentation.number_levels(self._synapses, cycles, device, levels)
                memo = (2, n_tables, rule.changes.size, n_levels)
                if np.prod(memo, dtype=float) <= _LARGEST_MEMO:
                    transitions = np.full(memo, -1, dtype=np.int16)
        return Learning(
            learns=True,
            plasticity=plasticity,
            rule=rule,
            update_counts=self.synapse_update_counts,
            touched=np.empty(shape, dtype=np.bool_),
            workspace=Workspace(
                inputs=np.empty(n_inputs, np.int32),
                lags=np.empty(n_inputs, np.int64),
                changes=np.empty(n_inputs),
                weights=np.empty(n_inputs),
                levels=levels,
                transitions=transitions,
            ),
            pulses=self.pulses[0],
            cycles=cycles,
            accumulators=_writable(self.accumulators),
        )

    def _make_accumulators(self):
        shape = self._synapses.shape
        if self.accumulators.shape != shape:
            self.accumulators = np.zeros(shape)
        self.accumulators = _writable(self.accumulators)

    def _layer_state(self, arrays, by_input):
        return LayerState(
            potential=arrays.potential,
            threshold=arrays.threshold,
            rest_until=arrays.rest_until,
            computed=np.empty(self.num_output_neurons),
            synapses=_writable(self._synapses),
            by_input=np.array(self._synapses.T, order="C") if by_input else np.empty((0, 0)),
            gains=None if self.gains is None else _writable(self.gains[0]),
        )

    def _new_record(self, spike_trains, output, potentials, weights):
        n_samples, n_channels, n_steps = spike_trains.shape
        n_neurons = self.num_output_neurons
        trains = (n_samples, n_neurons, n_steps)
        return Record(
            spike_counts=np.zeros((n_samples, n_neurons), dtype=np.int64),
            winners=np.zeros(n_samples, dtype=np.int64),
            activity=np.zeros((n_samples, 2), dtype=np.int64),
            spike_trains=np.zeros(trains, dtype=np.uint8) if output else None,
            potentials=np.empty(trains) if potentials else None,
            thresholds=np.empty(trains) if potentials else None,
            weights=np.empty((n_steps, n_neurons, n_channels)) if weights else None,
        )

    # ------------------------------------------------------------------ open synapses

    def potentials(
        self, traces: np.ndarray, device: Device | None = None, unit: float | None = 1.0
    ) -> np.ndarray:
        """Compute the potentials that traces leave: an exact sum, V_j = g_j sum_i w_ji q_i.

        Parameters
        ----------
        traces : ndarray of shape (n_samples, num_input_neurons)
            Integers: the steps that each synapse has been open.
        device : _kernels.Device, optional
            What the synapses are made of; it must read without noise.
        unit : float or None, default=1.0
            The gain g of every neuron; None for 1 / L2 norm of its weights.

        Returns
        -------
        ndarray of shape (n_samples, num_output_neurons)
        """
        values, gains = self._readings(device, unit)
        return (traces.astype(np.float64) @ values.T) * gains

    def present_open(
        self,
        spike_trains: np.ndarray,
        device: Device | None,
        key: np.uint64,
        unit: float | None = 1.0,
        *,
        trace: bool = False,
    ) -> tuple[np.ndarray, np.ndarray | Any]:
        """Do what :meth:`potentials` does, step by step; each step reads all open synapses.

        Parameters
        ----------
        spike_trains : ndarray of shape (n_samples, num_input_neurons, n_steps), dtype uint8
        device : _kernels.Device or None
        key : numpy.uint64
            Seeds the noise of readings, together with the spikes of each sample.
        unit : float or None, default=1.0
        trace : bool, default=False
            Whether to return the potentials of each step.

        Returns
        -------
        potentials : ndarray of shape (n_samples, num_output_neurons)
        recorded : ndarray of shape (n_samples, num_output_neurons, n_steps) or None
        """
        values, gains = self._readings(device, unit)
        n_samples, _, n_steps = spike_trains.shape
        potentials = np.empty((n_samples, self.num_output_neurons))
        recorded = np.empty((*potentials.shape, n_steps)) if trace else None
        _kernels.teaching.present_open_batch(
            spike_trains, _writable(values), device, np.uint64(key), potentials, recorded
        )
        if trace:
            recorded *= np.reshape(gains, (-1, 1))
        return potentials * gains, recorded

    def _readings(self, device, unit):
        """What is read of each synapse without noise, and the gain of each neuron."""
        if (device is None or (device.n_levels == 0 and self.gains is None)) and unit is not None:
            return self._synapses if self._on_grid else on_grid(self._synapses), unit
        state = self._device_state(self._conductances, unit)
        return state.values, state.gains

    def _device_state(self, conductances, unit):
        state = DeviceState(
            conductances=_writable(conductances),
            spreads=None if self.gains is None else _writable(self.gains),
            pulses=_writable(self.pulses),
            accumulators=_writable(self.accumulators),
            values=np.empty(self._synapses.shape),
            gains=np.full(self.num_output_neurons, 1.0 if unit is None else float(unit)),
        )
        _kernels.teaching.refresh(state, unit is None)
        return state

    def start(
        self,
        weights: np.ndarray,
        device: Device | None,
        seed: np.uint64,
        *,
        averaged: bool = False,
    ) -> None:
        """Program the weights that learning from reward begins with.

        Parameters
        ----------
        weights : ndarray of shape (num_output_neurons, num_input_neurons)
            Devices of finite levels take the nearest ones; what is missing then is the
            first that accumulators gather.
        device : _kernels.Device or None
        seed : numpy.uint64
            Of the noise of these writes.
        averaged : bool, default=False
            Whether the answers shall use the mean of all weights: there are fast weights
            then, which learn, beside those that answer.
        """
        if device is None:
            self._set_conductances(np.array(weights[np.newaxis], order="C"))
        else:
            self._program(weights, device, seed)
            if device.n_levels > 0 and device.update == _kernels.state.ACCUMULATE:
                self.accumulators = weights - self._synapses
        self._on_grid = True
        self.fast = self._conductances.copy() if averaged else None
        self.sums = np.zeros(weights.shape) if averaged else None
        self.importance, self.n_shown = 0.0, 0

    def recruit(
        self, neurons: np.ndarray, weights: np.ndarray, device: Device | None, seed: np.uint64
    ) -> None:
        """Give neurons that have waited new weights, as if they had always had them.

        Parameters
        ----------
        neurons : ndarray of bool of shape (num_output_neurons,)
        weights : ndarray of shape (n_recruited, num_input_neurons)
        device : _kernels.Device or None
        seed : numpy.uint64
            Of the noise of these writes.
        """
        new = Layer(self.parameters, self.num_input_neurons, len(weights))
        if self.gains is not None:
            new.gains = self.gains[:, neurons]
        if self._conductances.shape[0] > 1:
            new.use_devices(len(self._conductances), new.gains)
        new.start(weights, device, seed)
        conductances, self.pulses = self._conductances.copy(), self.pulses.copy()
        conductances[:, neurons] = new._conductances
        self.pulses[:, neurons] += new.pulses
        self._set_conductances(conductances)
        if self.accumulators.size > 0:
            self.accumulators = self.accumulators.copy()
            self.accumulators[neurons] = new.accumulators if new.accumulators.size > 0 else 0.0
        if self.fast is not None:
            self.fast, self.sums = self.fast.copy(), self.sums.copy()
            self.fast[:, neurons], self.sums[neurons] = new._conductances, 0.0

    def forget(self, n_shown: int, importance: float) -> None:
        """Let the mean of all weights so far count as if fewer presentations had made it.

        Parameters
        ----------
        n_shown : int
            Presentations; more than there were change nothing.
        importance : float
            What so many count in the mean.
        """
        if self.n_shown > n_shown:
            self.sums = self.sums * (importance / self.importance)
            self.n_shown, self.importance = n_shown, importance

    def average_anew(self) -> None:
        """Let the mean of all weights begin with those that answer now."""
        if self.fast is not None:
            self.fast, self.sums = self._conductances.copy(), np.zeros_like(self.sums)
            self.importance, self.n_shown = 0.0, 0

    def _program(self, weights, device, seed):
        """Write weights to the devices, the nearest levels they have."""
        if device.update == _kernels.state.ACCUMULATE:
            self._make_accumulators()
        self.pulses = self.pulses.copy()
        state = self._device_state(self._conductances.copy(), 1.0)
        _kernels.teaching.program(state, np.ascontiguousarray(weights), device, np.uint64(seed))
        self._set_conductances(state.conductances)
        self.pulses = state.pulses

    def change(
        self, changes: np.ndarray, device: Device | None, seed: np.uint64, lowest: float
    ) -> None:
        """Write a desired change to each synapse, as its device can.

        Parameters
        ----------
        changes : ndarray of shape (num_output_neurons, num_input_neurons)
            0 where nothing is asked for.
        device : _kernels.Device or None
        seed : numpy.uint64
            Of the random stream of these writes.
        lowest : float
            Ideal synapses: the bound of the weights.
        """
        self.synapse_update_counts = self.synapse_update_counts + (changes != 0)
        if device is None:
            weights = np.maximum(self._conductances + changes, lowest)
            self._set_conductances(_kernels.state.on_grid(weights))
            self.pulses = self.synapse_update_counts[np.newaxis].copy()
            return
        if device.update == _kernels.state.ACCUMULATE and device.n_levels > 0:
            self._make_accumulators()
        self.pulses = self.pulses.copy()
        state = self._device_state(self._conductances.copy(), 1.0)
        _kernels.teaching.write_changes(
            state, np.ascontiguousarray(changes), device, np.uint64(seed)
        )
        self._set_conductances(state.conductances)
        self.pulses, self.accumulators = state.pulses, state.accumulators

    def teach(
        self,
        traces: np.ndarray,
        labels: np.ndarray,
        rates: np.ndarray,
        classes: np.ndarray,
        teaching: Teaching,
        *,
        n_columns: int = 1,
        device: Device | None = None,
        unit: float | None = 1.0,
        unrest: np.ndarray | None = None,
        keys: np.ndarray | None = None,
        importance: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        silent: np.ndarray | None = None,
        n_jobs: int | None = None,
    ) -> int:
        """Present samples one after another, and learn from each by reward.

        Parameters
        ----------
        traces : ndarray of shape (n_samples, num_input_neurons), dtype float32
        labels : ndarray of shape (n_samples,), dtype int64
        rates : ndarray of shape (n_samples,)
            A factor of the learning rate for each sample.
        classes : ndarray of shape (num_output_neurons,), dtype int64
            The class of each neuron.
        teaching : _kernels.Teaching
        n_columns : int, default=1
            The neurons stand in so many columns of the same size, each of which learns as
            if it were alone.
        device : _kernels.Device, optional
        unit : float or None, default=1.0
            As in :meth:`potentials`.
        unrest : ndarray of shape (n_samples, num_input_neurons), optional
            For devices that are read with noise: the sum over all steps of the squared
            number of times that each synapse is open.
        keys : ndarray of shape (n_columns, n_samples), dtype uint64, optional
            Seed of the random stream of each presentation, for devices.
        importance : ndarray of shape (n_samples,), optional
            How much the weights after each presentation count in their mean.
        groups : ndarray of int of shape (num_input_neurons,), optional
            The group of each input, such as its feature.
        silent : ndarray of bool of shape (n_columns, n_samples, n_groups), optional
            The groups that are silent in a presentation.
        n_jobs : int, optional
            Threads for the columns. It does not change the result.

        Returns
        -------
        int
            Presentations that taught, in all columns.
        """
        passed = None
        if importance is not None:
            passed = self.importance + np.cumsum(importance) - importance
            self.importance += float(importance.sum())
        if groups is None:
            groups = np.zeros(self.num_input_neurons, dtype=np.int64)
        loops, averaged = _kernels.teaching, importance is not None
        counts = self.synapse_update_counts = _writable(self.synapse_update_counts)
        sums = _writable(self.sums) if averaged else None
        conductances = self.fast if averaged else self._conductances
        if device is not None:
            if device.update == _kernels.state.ACCUMULATE:
                self._make_accumulators()
            state = self._device_state(conductances, unit)
            conductances = state.conductances
            self.pulses, self.accumulators = state.pulses, state.accumulators
        elif averaged:
            conductances = _writable(conductances)
        else:
            by_input = _by_input(conductances[0])
            conductances = by_input.T[np.newaxis]
        width = self.num_output_neurons // n_columns

        def learn_column(k):
            ends = (k * width, (k + 1) * width)
            own, hidden = slice(*ends), None if silent is None else silent[k]
            if device is not None:
                return loops.teach_devices(
                    state, sums, counts, ends, classes, traces, unrest, labels, rates, passed,
                    groups, hidden, teaching, device, keys[k],
                )  # fmt: skip
            if averaged:
                return loops.teach_averaged(
                    conductances[0, own], sums[own], counts[own], classes[own], traces, labels,
                    rates, passed, groups, hidden, teaching,
                )  # fmt: skip
            return loops.teach(
                by_input, counts, ends, classes, traces, labels, rates, groups, hidden, teaching
            )

        taught = on_threads(learn_column, range(n_columns), n_jobs)
        if averaged:
            self.fast, self.sums = conductances, sums
        else:
            self._set_conductances(conductances)
        if device is None:
            self.pulses = self.synapse_update_counts[np.newaxis]
        return sum(taught)

    def settle(self, device: Device | None, seed: np.uint64, *, final: bool = False) -> None:
        """Let the mean of all fast weights answer from now on.

        On devices of finite levels it is programmed to the nearest ones. Until learning
        has ended that is a trial: what it writes is only billed the last time.

        Parameters
        ----------
        device : _kernels.Device or None
        seed : numpy.uint64
            Of the noise of these writes.
        final : bool, default=False
            Whether learning has ended.
        """
        mean = _weights_of(self.fast)
        if self.importance > 0:
            mean = mean - self.sums / self.importance
        mean = on_grid(mean)
        if device is None:
            self._set_conductances(mean[np.newaxis])
            return
        pulses, self._conductances = self.pulses, self.fast
        self._program(mean, device, seed)
        if final:
            self.fast = self._conductances.copy()
        else:
            self.pulses = pulses


_NO_LEARNING = Learning(
    learns=False,
    plasticity=Plasticity(0.0, 0.0, 1.0, True),
    rule=Rule(np.empty(0), 0),
    update_counts=np.empty((0, 0), dtype=np.int64),
    touched=np.empty((0, 0), dtype=np.bool_),
    workspace=Workspace(
        inputs=np.empty(0, dtype=np.int32),
        lags=np.empty(0, dtype=np.int64),
        changes=np.empty(0),
        weights=np.empty(0),
        levels=np.empty((0, 0), dtype=np.int16),
        transitions=np.empty((2, 0, 0, 0), dtype=np.int16),
    ),
    pulses=np.empty((0, 0), dtype=np.int64),
    cycles=np.empty((0, 0), dtype=np.int64),
    accumulators=np.empty((0, 0)),
)


def _weights_of(conductances):
    if len(conductances) == 1:
        return conductances[0]
    return conductances[0] - conductances[1]


def _check_counts(name, counts):
    if counts.dtype.kind not in "iu" or counts.min() < 0:
        raise ValueError(f"{name} must be whole numbers >= 0, got {counts.dtype}.")
    return np.array(counts, dtype=np.int64, order="C")


def _by_input(array):
    """The same array, (n_inputs, n_neurons), with the synapses of an input side by side."""
    return _writable(array.T)


def _writable(array):
    """Copy an array that joblib has mapped read-only: compiled code tells those from others."""
    return np.require(array, requirements="CW")
