"""What a neuron does in a step: integrate, leak, fire, be inhibited."""

from .compiling import compiled, part


@compiled
def leak(potential, threshold, neuron):
    """Let the potential and the adaptive threshold of one neuron fall by one step.

    dV/dt = -spike_drop_rate, dH/dt = -threshold_drop_rate; with `true_lif`
    dV/dt = -(V - V_rest) / tau_m, dH/dt = -(H - H_0) / tau_threshold.
    """
    if potential > neuron.resting_potential:
        above_rest = potential - neuron.resting_potential
        above_base = threshold - neuron.spike_threshold
        potential -= above_rest / neuron.tau_m if neuron.true_lif else neuron.spike_drop_rate
        if above_base > 0.0:
            threshold -= (
                above_base / neuron.tau_threshold
                if neuron.true_lif
                else neuron.threshold_drop_rate
            )
    return potential, threshold


@part
def integrate(potential, threshold, computed, neuron):
    """Add its synaptic drive to the potential of every neuron, then let it leak.

    `computed` holds the drive before and the new potential after.
    """
    for j in range(potential.size):
        potential[j], threshold[j] = leak(potential[j] + computed[j], threshold[j], neuron)
        computed[j] = potential[j]


@part
def most_driven(potential):
    """The neuron with the highest potential, the first of several."""
    winner = 0
    for j in range(potential.size):
        if potential[j] > potential[winner]:
            winner = j
    return winner


@part
def fire_or_inhibit(potential, threshold, computed, neuron):
    """Every neuron above its threshold spikes and adapts; every other one is inhibited."""
    for j in range(potential.size):
        spikes = computed[j] > threshold[j]
        potential[j] = neuron.reset_potential if spikes else neuron.inhibitory_potential
        threshold[j] += 1.0 if spikes else 0.0
