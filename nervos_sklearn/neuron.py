"""LIFNeuron: one leaky integrate-and-fire neuron, alone or within a layer."""

import numpy as np

from . import _kernels
from .common import check_numbers
from .parameters import Parameters, check_parameters


def neuron_constants(parameters: Parameters, true_lif: bool = False) -> _kernels.NeuronConstants:
    """Gather what the dynamics of a neuron depend on.

    Parameters
    ----------
    parameters : Parameters
    true_lif : bool, default=False
        Leak in proportion to the distance from rest instead of by a constant.

    Returns
    -------
    _kernels.NeuronConstants
    """
    return _kernels.NeuronConstants(
        resting_potential=float(parameters.resting_potential),
        inhibitory_potential=float(parameters.inhibitory_potential),
        spike_threshold=float(parameters.spike_threshold),
        reset_potential=float(parameters.reset_potential),
        spike_drop_rate=float(parameters.spike_drop_rate),
        threshold_drop_rate=float(parameters.threshold_drop_rate),
        tau_m=float(parameters.tau_m),
        tau_threshold=float(parameters.tau_threshold),
        true_lif=bool(true_lif),
        refractory_time=int(parameters.refractory_time),
    )


class NeuronArrays:
    """The state of some neurons, as one array for each variable.

    Attributes
    ----------
    potential, threshold : ndarray of shape (n_neurons,)
        Membrane potential and adaptive threshold, in mV.
    rest_until : ndarray of shape (n_neurons,)
        Last time step of rest.
    """

    def __init__(self, n_neurons: int, parameters: Parameters) -> None:
        self.potential = np.empty(n_neurons)
        self.threshold = np.empty(n_neurons)
        self.rest_until = np.empty(n_neurons, dtype=np.int64)
        self.reset(slice(None), parameters)

    def __setstate__(self, state):
        # joblib may map arrays read-only
        vars(self).update({name: np.require(v, requirements="W") for name, v in state.items()})

    def reset(self, which, parameters: Parameters) -> None:
        """Bring the neurons `which` to rest."""
        self.potential[which] = parameters.resting_potential
        self.threshold[which] = parameters.spike_threshold
        self.rest_until[which] = -1


class LIFNeuron:
    """A leaky integrate-and-fire neuron with an adaptive threshold.

    The leaky integrate-and-fire neuron is that of [1]_, with the leaks and the threshold of
    nervos (arXiv 2506.19377): in each step of 1 ms, a potential above rest falls by
    `spike_drop_rate`, and the threshold by `threshold_drop_rate` back to `spike_threshold`;
    each spike raises it by 1 mV. A neuron of a layer is a view: it reads and writes the arrays
    of its layer.

    Parameters
    ----------
    parameters : Parameters
        Potentials in mV, times in steps of 1 ms.

    Attributes
    ----------
    parameters : Parameters
    adaptive_threshold : float
        The potential at which the neuron fires, in mV.
    refractory_time : int
        Rest after firing or inhibition, in ms, as the parameters say.
    potential : float
        The membrane potential, in mV.
    rest_until : int
        The last time step of rest; -1 at the start.
    potential_memory : dict of int to float
        The potential, in mV, after each time step of a recorded presentation.

    Raises
    ------
    TypeError
        If `parameters` is not a Parameters object.
    ValueError
        If the parameters contradict themselves, or an attribute is set to something else than
        a finite number.

    References
    ----------
    .. [1] W. Gerstner, W. Kistler, "Spiking Neuron Models", 2002, chapter 4.

    Examples
    --------
    >>> from nervos_sklearn import LIFNeuron, Parameters
    >>> neuron = LIFNeuron(Parameters())
    >>> neuron.potential = -50.0
    >>> neuron.state_just_after_firing(time_step=7)
    >>> neuron.potential, neuron.adaptive_threshold, neuron.rest_until
    (-90.0, -55.0, 22)
    """

    def __init__(self, parameters: Parameters) -> None:
        check_parameters(parameters)
        self.parameters = parameters
        self.potential_memory: dict[int, float] = {}
        self._arrays, self._index = NeuronArrays(1, parameters), 0

    @classmethod
    def _of_layer(cls, parameters, arrays, index):
        neuron = cls.__new__(cls)
        neuron.parameters = parameters
        neuron.potential_memory = {}
        neuron._arrays, neuron._index = arrays, index
        return neuron

    @property
    def potential(self) -> float:
        return float(self._arrays.potential[self._index])

    @potential.setter
    def potential(self, value: float) -> None:
        self._arrays.potential[self._index] = check_numbers("potential", value, ndim=0)

    @property
    def adaptive_threshold(self) -> float:
        return float(self._arrays.threshold[self._index])

    @adaptive_threshold.setter
    def adaptive_threshold(self, value: float) -> None:
        self._arrays.threshold[self._index] = check_numbers("adaptive_threshold", value, ndim=0)

    @property
    def rest_until(self) -> int:
        return int(self._arrays.rest_until[self._index])

    @rest_until.setter
    def rest_until(self, value: int) -> None:
        self._arrays.rest_until[self._index] = check_numbers("rest_until", value, ndim=0)

    @property
    def refractory_time(self) -> int:
        return self.parameters.refractory_time

    def initial(self) -> None:
        """Bring the neuron to rest and forget its recorded potentials."""
        self._arrays.reset(self._index, self.parameters)
        self.potential_memory = {}

    def state_just_after_firing(self, time_step: float) -> None:
        """Reset the potential and rest.

        Parameters
        ----------
        time_step : float
            The time of the spike, in ms.

        Raises
        ------
        ValueError
            If the time is not a finite number.
        """
        now = int(check_numbers("time_step", time_step, ndim=0))
        self.potential = self.parameters.reset_potential
        self.rest_until = now + self.refractory_time

    def inhibit(self, time_step: float) -> None:
        """Hold the neuron down at the inhibitory potential and let it rest.

        Parameters
        ----------
        time_step : float
            The time of a neighbour's spike, in ms.

        Raises
        ------
        ValueError
            If the time is not a finite number.
        """
        now = int(check_numbers("time_step", time_step, ndim=0))
        self.potential = self.parameters.inhibitory_potential
        self.rest_until = now + self.refractory_time
