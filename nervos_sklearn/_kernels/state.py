"""What the compiled loops are given: small tuples of arrays and numbers.

An array that a call has no use for is None, so that what would read it is not compiled.
"""

from typing import Any, NamedTuple

import numpy as np

UPDATES = ("nearest", "pulse", "stochastic", "accumulate")
RESOLUTION = 2.0**20  # of exact sums: weights are multiples of 1 / RESOLUTION
NEAREST, PULSE, STOCHASTIC, ACCUMULATE = range(4)


def on_grid(weight):
    """Round to a multiple of 2**-20: sums of such weights times integers are exact."""
    return np.floor(weight * RESOLUTION + 0.5) / RESOLUTION


class NeuronConstants(NamedTuple):
    """What all neurons of a layer have in common; potentials in mV, times in steps."""

    resting_potential: float
    inhibitory_potential: float
    spike_threshold: float
    reset_potential: float
    spike_drop_rate: float
    threshold_drop_rate: float
    tau_m: float
    tau_threshold: float
    true_lif: bool
    refractory_time: int


class Plasticity(NamedTuple):
    """How fast synapses change by spike timing, between which bounds, and who learns."""

    eta: float
    min_weight: float
    max_weight: float
    wta: bool


class Rule(NamedTuple):
    """A learning rule F over the lags that can occur, numbered by their place here."""

    changes: np.ndarray  # F(0), F(1), ... F(-past_window), then F(-1), F(-2), ...
    n_recent: int  # how many of them are for inputs that spiked


class Device(NamedTuple):
    """What a synapse can hold, and how exactly it is written and read.

    The levels of a table are numbered: those for strengthening, ascending, and
    then, if they are others, those for weakening, ascending. A continuous weight
    has none.
    """

    levels: np.ndarray  # (n_tables, n_curves * n_levels)
    ranks: np.ndarray  # like levels: the place of each in the user's table, to settle ties
    n_levels: int
    first_cycles: np.ndarray  # (n_tables,), the cycle from which each table holds
    update: int  # how a desired change is written, an index into UPDATES
    read_noise: float  # relative standard deviation of a reading; 0 for none
    write_noise: float  # standard deviation of the error of a write, a weight; 0 for none
    lowest: float  # what write noise cannot cross
    highest: float
    clipped: bool  # the seed's noise: readings within [0, 1], and writes with it too


class Teaching(NamedTuple):
    """How a layer learns from reward in one epoch."""

    eta: float
    margin: float
    reinforcement: float
    punishes: bool  # whether the most driven neuron of another class is weakened
    signed: bool  # whether weights may fall below 0
    scaled: bool  # whether each neuron's weights keep a norm of 1


class DeviceState(NamedTuple):
    """The devices of a layer that learns from reward.

    Each synapse has one, or two for a signed weight, G+ - G-.
    """

    conductances: np.ndarray  # (n_devices, n_neurons, n_inputs)
    spreads: np.ndarray | None  # the factor through which each is read
    pulses: np.ndarray  # changes that were really applied
    accumulators: np.ndarray  # (n_neurons, n_inputs), changes not yet written
    values: np.ndarray  # (n_neurons, n_inputs), what is read of a synapse without noise
    gains: np.ndarray  # (n_neurons,), applied to a potential after the sum


class LayerState(NamedTuple):
    """All that changes while a layer learns by spike timing."""

    potential: np.ndarray  # (n_neurons,), mV
    threshold: np.ndarray  # (n_neurons,), mV, adaptive
    rest_until: np.ndarray  # (n_neurons,), the last step of rest
    computed: np.ndarray  # (n_neurons,), the potential when it was last integrated
    synapses: np.ndarray  # (n_neurons, n_inputs), the weights
    by_input: np.ndarray  # (n_inputs, n_neurons), the same the other way round; or empty
    gains: np.ndarray | None  # (n_neurons, n_inputs), of each device when read


class Learning(NamedTuple):
    """What a layer needs to learn by spike timing, beside its state.

    A layer that only answers has one too, so that there is one loop to compile.
    """

    learns: bool
    plasticity: Plasticity
    rule: Rule
    update_counts: np.ndarray  # (n_neurons, n_inputs), how often a change was asked for
    touched: np.ndarray  # (n_neurons, n_inputs), whether a spike fell into its windows
    workspace: "Workspace"
    pulses: np.ndarray  # (n_neurons, n_inputs), changes that were really applied
    cycles: np.ndarray  # the one of the two counts that wears a device out
    accumulators: np.ndarray  # (n_neurons, n_inputs), changes not yet written; or empty


class Events(NamedTuple):
    """A spike train as a list: at step t the `channels[start[t]:start[t + 1]]` spike."""

    channels: np.ndarray
    start: np.ndarray


class Workspace(NamedTuple):
    """Room for the synapses of one neuron that are updated together, (n_inputs,) each.

    Levels have a second table: where a change has led from a level before, for
    weights that stay in a table and for those that come from the table before it.
    """

    inputs: np.ndarray  # those that are silent
    lags: np.ndarray  # the number of each one's lag in the rule
    changes: np.ndarray  # F at that lag
    weights: np.ndarray  # the new weights
    levels: np.ndarray  # (n_neurons, n_inputs), the level of a weight, -1 for none; or empty
    transitions: np.ndarray  # (2, n_tables, n_lags, n_curves * n_levels), -1: not known


class Record(NamedTuple):
    """What is written down of a batch; None, which Any allows, for what is not asked for."""

    spike_counts: np.ndarray  # (n_samples, n_neurons), how often each neuron won
    winners: np.ndarray  # (n_samples,), the neuron with the highest potential at the end
    activity: np.ndarray  # (n_samples, 2), firings of the layer and synapses read
    spike_trains: np.ndarray | Any  # (n_samples, n_neurons, n_steps), the output
    potentials: np.ndarray | Any  # (n_samples, n_neurons, n_steps), mV
    thresholds: np.ndarray | Any  # the same of the adaptive thresholds, with the potentials
    weights: np.ndarray | Any  # (n_firings, n_neurons, n_inputs), after each of one sample
