"""The methods of nervos that do one step of one neuron or synapse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from . import _kernels, stdp
from ._validation import check_numbers
from .layer import Layer
from .learning import STDPLearning
from .neuron import LIFNeuron
from .parameters import Parameters


class StepByStep:
    """What a :class:`Module` that learns by spike timing does, one step at a time.

    Each method calls the compiled functions that the loops are made of.
    """

    if TYPE_CHECKING:  # what Module has
        parameters: Parameters
        learning: STDPLearning
        _generator: np.random.Generator

        @property
        def device(self) -> _kernels.Device | None: ...
        @property
        def learning_device(self) -> _kernels.Device | None: ...
        def made_layers(self) -> list[Layer]: ...
        def draw_keys(self, size: int | tuple[int, ...]) -> np.ndarray: ...
        def _neuron_constants(self) -> _kernels.NeuronConstants: ...
        def _plasticity(self) -> _kernels.Plasticity: ...
        def _rule(self, rule: stdp.RuleLike) -> _kernels.Rule: ...

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

        Raises
        ------
        ValueError
            If the rule is not valid, or does not answer with a finite number.
        """
        rule = stdp.make_rule(self.learning.rule, self.parameters)
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
        moves the weight to (the dynamics of nervos, arXiv 2506.19377); then the nearest
        level, or write noise, if there are.

        Parameters
        ----------
        synapse_weight : float
            The weight, which has no unit.
        weight_factor : float
            F, the value of the learning rule.
        next_neuron_idx, current_neuron_idx : int
            Neuron and input of the synapse, in the first layer: its count of
            pulses decides on the levels of a synapse that wears out.

        Returns
        -------
        float
            The weight after the update.

        Raises
        ------
        ValueError
            If there are no layers yet, or the weight or the factor is not a finite number.
        """
        layer = self.made_layers()[0]
        return self._updated(synapse_weight, weight_factor, layer, next_neuron_idx,
                             current_neuron_idx)[0]  # fmt: skip

    def _updated(self, weight, factor, layer, j, i):
        """Do with synapse (j, i) of a layer what the compiled loops do with many.

        Returns the new weight, the count of pulses and what is left in the accumulator.
        """
        weights = check_numbers("synapse_weight", [[weight]], ndim=2)
        factor = check_numbers("weight_factor", [factor], ndim=1)
        device = self.learning_device
        plasticity = self._plasticity()
        if device is None:
            weight = _kernels.synapses.change_weight(weights[0, 0], factor[0], plasticity)
            return weight, layer.pulses[0, j, i] + 1, 0.0
        none = np.empty((0, 0), dtype=np.int16)
        count, pulses = layer.synapse_update_counts[j : j + 1, i : i + 1], layer.pulses[0, j, i]
        pulses = np.array([[pulses]], dtype=np.int64)
        left = layer.accumulators[j, i] if layer.accumulators.size > 0 else 0.0
        learning = _kernels.Learning(
            learns=True,
            plasticity=plasticity,
            rule=self._rule(self.learning.rule),
            update_counts=count.copy(),
            touched=np.zeros((1, 1), dtype=np.bool_),
            workspace=_kernels.Workspace(
                inputs=np.zeros(1, dtype=np.int32),
                lags=np.zeros(1, dtype=np.int64),
                changes=factor,
                weights=np.empty(1),
                levels=none if device.n_levels == 0 else np.full((1, 1), -1, dtype=np.int16),
                transitions=np.empty((2, 0, 0, 0), dtype=np.int16),
            ),
            pulses=pulses,
            cycles=count.copy() if device.clipped else pulses,
            accumulators=np.full((1, 1), left),
        )
        _kernels.presentation.update_devices(
            0, weights, np.zeros(1, dtype=np.int32), learning, device, self.draw_keys(1)
        )
        return float(weights[0, 0]), pulses[0, 0], learning.accumulators[0, 0]

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

        Raises
        ------
        ValueError
            If no layer has synapses of that shape, or a weight is not a finite number.
        """
        j, i = next_neuron_idx, current_neuron_idx
        layer = self._layer_of(synapses)
        if (
            self.learning_device is not None
            and self.learning_device.update == _kernels.state.ACCUMULATE
        ):
            layer._make_accumulators()
        rule = self._rule(self.learning.rule)
        times = int(time_step) - np.arange(min(rule.n_recent, int(time_step) + 1))
        lags = np.flatnonzero(np.asarray(spike_train_for_current_layer)[i, times])
        factors = rule.changes[lags]
        if lags.size:
            synapse_memory[j, i] = 1
        elif not synapse_memory[j, i]:
            factors = self._generator.choice(rule.changes[rule.n_recent :], 1)
        for factor in factors:
            synapses[j, i], layer.pulses[0, j, i], left = self._updated(
                synapses[j, i], factor, layer, j, i
            )
            layer.synapse_update_counts[j, i] += 1
            if layer.accumulators.size > 0:
                layer.accumulators[j, i] = left

    def _layer_of(self, synapses):
        for layer in self.made_layers():
            if layer.synapses is synapses or layer.synapses.shape == np.shape(synapses):
                return layer
        raise ValueError(f"no layer has synapses of shape {np.shape(synapses)}.")

    def update_current_potentials_and_adaptive_thresholds(
        self,
        current_potentials: np.ndarray,
        neuron: LIFNeuron,
        neuron_index: int,
        spike_train_at_timestep: ArrayLike,
        synapses_for_neuron_index: ArrayLike,
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
            device = self.device
            weights = np.array([synapses_for_neuron_index], dtype=float)
            inputs = np.flatnonzero(spike_train_at_timestep).astype(np.int32)
            drive = np.empty(1)
            if device is None:
                _kernels.synapses.sum_weights(weights, inputs, drive)
            else:
                _kernels.synapses.sum_readings(
                    weights, None, inputs, device, self.draw_keys(1), drive
                )
            neuron.potential, neuron.adaptive_threshold = _kernels.neurons.leak(
                neuron.potential + drive[0], neuron.adaptive_threshold, self._neuron_constants()
            )
            current_potentials[neuron_index] = neuron.potential
        if in_training:
            neuron.potential_memory[int(time_step)] = neuron.potential
