"""Layer: the neurons and the weights of one layer, as arrays."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from . import _kernels
from .common import check_numbers
from .neuron import LIFNeuron, NeuronArrays
from .parameters import Parameters, check_parameters


def _writable(array):
    """Copy an array that joblib has mapped read-only: compiled code tells those from others."""
    return np.require(array, requirements="CW")


class Layer:
    """A layer of leaky integrate-and-fire neurons and the synapses that lead to it.

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
        How often the learning rule has asked for a change of each synapse.
    synapse_pulse_counts : ndarray of shape (num_output_neurons, num_input_neurons)
        How often each synapse has been written: those of the updates that changed
        the weight, and all of them if noise is written.
    gains : ndarray of shape (num_output_neurons, num_input_neurons)
        The factor through which each device is read; empty if all are 1.
    num_input_neurons, num_output_neurons : int
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
        self._synapses = np.ones(shape)
        self.synapse_update_counts = np.zeros(shape, dtype=np.int64)
        self.synapse_pulse_counts = np.zeros(shape, dtype=np.int64)
        self.gains = np.empty((0, 0))
        self._levels = np.zeros(shape, dtype=np.int16)
        self._arrays = NeuronArrays(self.num_output_neurons, parameters)
        self.layer = [
            LIFNeuron._of_layer(parameters, self._arrays, j)
            for j in range(self.num_output_neurons)
        ]

    @property
    def synapses(self) -> np.ndarray:
        return self._synapses

    @synapses.setter
    def synapses(self, synapses: np.ndarray) -> None:
        self.set_synapses(synapses)

    def set_synapses(self, synapses: np.ndarray) -> None:
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
        self._synapses = synapses

    def initial(self) -> None:
        """Bring every neuron to rest."""
        for neuron in self.layer:
            neuron.initial()

    def update_neuron_potential_memories(self) -> None:
        """Collect the recorded potentials of the neurons in `neuron_potential_memories`."""
        self.neuron_potential_memories = [neuron.potential_memory for neuron in self.layer]

    def learn(
        self, spike_trains, steps, constants, keys, *, output=False, trace=False
    ) -> _kernels.Record:
        """Present samples one after another, and learn from each.

        Parameters
        ----------
        spike_trains : ndarray of shape (n_samples, num_input_neurons, n_steps), dtype uint8
        steps : tuple of int
            First and last time step.
        constants : _kernels.Constants
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
        self._synapses = _writable(self._synapses)
        self.synapse_update_counts = _writable(self.synapse_update_counts)
        self.synapse_pulse_counts = _writable(self.synapse_pulse_counts)
        self._levels = _writable(self._levels)
        arrays = self._kernel_arrays(self._arrays, learning=True)
        record = self._new_record(spike_trains, output, trace, weights=trace)
        _kernels.present_batch(spike_trains, steps, True, arrays, constants, keys, record)
        return record

    def respond(
        self, spike_trains, steps, constants, keys, *, output=False, trace=False
    ) -> _kernels.Record:
        """Present samples without learning; each answer is independent of the others.

        The parameters are those of :meth:`learn`, but one key seeds all samples,
        and no weights are returned. The layer is not changed, so that many threads
        may ask at once.
        """
        scratch = NeuronArrays(self.num_output_neurons, self.parameters)
        arrays = self._kernel_arrays(scratch, learning=False)
        record = self._new_record(spike_trains, output, trace, weights=False)
        _kernels.present_batch(spike_trains, steps, False, arrays, constants, keys, record)
        return record

    def _kernel_arrays(self, arrays, learning):
        shape = self._synapses.shape if learning else (0, 0)
        return _kernels.Layer(
            potential=arrays.potential,
            threshold=arrays.threshold,
            rest_until=arrays.rest_until,
            computed=np.empty(self.num_output_neurons),
            synapses=_writable(self._synapses),
            by_input=np.empty((0, 0)) if learning else np.array(self._synapses.T, order="C"),
            gains=_writable(self.gains),
            levels=self._levels if learning else np.empty(shape, np.int16),
            update_counts=self.synapse_update_counts if learning else np.empty(shape, np.int64),
            pulse_counts=self.synapse_pulse_counts if learning else np.empty(shape, np.int64),
            touched=np.empty(shape, dtype=np.bool_),
        )

    def _new_record(self, spike_trains, output, potentials, weights):
        n_samples, n_channels, n_steps = spike_trains.shape
        n_neurons = self.num_output_neurons
        trains = (n_samples, n_neurons, n_steps)
        return _kernels.Record(
            spike_counts=np.zeros((n_samples, n_neurons), dtype=np.int64),
            winners=np.zeros(n_samples, dtype=np.int64),
            activity=np.zeros((n_samples, 2), dtype=np.int64),
            spike_trains=np.zeros(trains if output else (0, 0, 0), dtype=np.uint8),
            potentials=np.empty(trains if potentials else (0, 0, 0)),
            weights=np.empty((n_steps if weights else 0, n_neurons, n_channels)),
        )
