"""The compiled loops, and the scalar steps of neurons and synapses they are made of.

This room knows arrays and nothing else. Each formula stands here once: the loops
call it, and so do the step-by-step methods of ``Module`` and ``LIFNeuron``.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.special import ndtr, ndtri

_OPTIONS = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}


def compiled(function):
    """Compile a function on its first call; keep the result on disk where that is possible."""
    try:
        return njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # no directory for the cache can be written to
        return njit(**_OPTIONS)(function)


def part(function=None, **options):
    """Compile a function that is a part of others only; what is kept on disk are those."""
    if function is None:
        return lambda function: part(function, **options)
    return njit(**_OPTIONS, **options)(function)


# --------------------------------------------------------------------- constants


class Neuron(NamedTuple):
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
    """How fast synapses change, between which bounds, and who learns."""

    eta: float
    min_weight: float
    max_weight: float
    wta: bool


class Rule(NamedTuple):
    """A learning rule F over the lags that can occur, numbered by their place here."""

    changes: np.ndarray  # F(0), F(1), ... F(-past_window), then F(-1), F(-2), ...
    n_recent: int  # how many of them are for inputs that spiked


class Device(NamedTuple):
    """What a synapse can hold, and how truly it is written and read.

    The levels of a table are numbered: those for strengthening, ascending, and
    then, if they are others, those for weakening, ascending. A continuous weight
    has none.
    """

    levels: np.ndarray  # (n_tables, n_curves * n_levels)
    ranks: np.ndarray  # like levels: the place of each in the user's table, to settle ties
    n_levels: int
    first_cycles: np.ndarray  # (n_tables,), the cycle from which each holds, ascending from 0
    early_tables: np.ndarray  # (n_cycles,), the table at each of the first cycles, to look it up
    like_reference: bool  # cycles are updates, applied or not; what is read is clipped to [0, 1]
    read_noise: float  # half range of the relative error of a reading; 0 for none
    write_noise: float  # standard deviation of the error of a write, a weight; 0 for none


class Constants(NamedTuple):
    """All that stays the same during a presentation."""

    neuron: Neuron
    plasticity: Plasticity
    rule: Rule
    device: Device


class Layer(NamedTuple):
    """All that changes during a presentation."""

    potential: np.ndarray  # (n_neurons,), mV
    threshold: np.ndarray  # (n_neurons,), mV, adaptive
    rest_until: np.ndarray  # (n_neurons,), the last step of rest
    computed: np.ndarray  # (n_neurons,), the potential when it was last integrated
    synapses: np.ndarray  # (n_neurons, n_inputs), the weights
    by_input: np.ndarray  # (n_inputs, n_neurons), the same the other way round; empty if learning
    gains: np.ndarray  # (n_neurons, n_inputs), of each device when read; empty if all are 1
    levels: np.ndarray  # (n_neurons, n_inputs), the number of the level of a weight, -1 for none
    update_counts: np.ndarray  # (n_neurons, n_inputs), how often a change of each was asked for
    pulse_counts: np.ndarray  # (n_neurons, n_inputs), how often each was written
    touched: np.ndarray  # (n_neurons, n_inputs), whether a spike fell into its windows


class Events(NamedTuple):
    """A spike train as a list: at step t the `channels[start[t]:start[t + 1]]` spike."""

    channels: np.ndarray
    start: np.ndarray


class Workspace(NamedTuple):
    """Room for the synapses of one neuron that are updated together, (n_inputs,) each.

    Levels have a second table: where a change has led from a level before, for
    weights that stay in a table and for those that come from the table before it.
    It has room for the last tables, as many as fit.
    """

    inputs: np.ndarray  # those that are silent
    lags: np.ndarray  # the number of each one's lag in the rule
    changes: np.ndarray  # F at that lag
    weights: np.ndarray  # the new weights
    transitions: np.ndarray  # (2, n_last, n_lags, n_curves * n_levels), -1 if unknown


class Record(NamedTuple):
    """What is written down of a batch; an empty array for what is not asked for."""

    spike_counts: np.ndarray  # (n_samples, n_neurons), how often each neuron won
    winners: np.ndarray  # (n_samples,), the neuron with the highest potential at the end
    activity: np.ndarray  # (n_samples, 2), firings of the layer and synapses read
    spike_trains: np.ndarray  # (n_samples, n_neurons, n_steps), the output
    potentials: np.ndarray  # (n_samples, n_neurons, n_steps), mV
    weights: np.ndarray  # (n_firings, n_neurons, n_inputs), after each firing of one sample


# ---------------------------------------------------------------- random numbers

_STRIDE = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)
_SHIFT_32, _SHIFT_12 = np.uint64(32), np.uint64(12)


@compiled
def scramble(bits):
    """Mix 64 bits (the finaliser of SplitMix64, Steele, Lea and Flood, 2014)."""
    bits = (bits ^ (bits >> _SHIFT_30)) * _MIX_1
    bits = (bits ^ (bits >> _SHIFT_27)) * _MIX_2
    return bits ^ (bits >> _SHIFT_31)


@part
def random_bits(stream):
    """Draw 64 random bits; a stream is an array with the one state word of SplitMix64."""
    stream[0] += _STRIDE
    return scramble(stream[0])


@part
def scramble_32(bits):
    """Mix 32 bits, eight numbers at a time where the machine can (lowbias32, Wellons, 2018)."""
    bits = np.uint32((bits ^ (bits >> np.uint32(16))) * np.uint32(0x7FEB352D))
    bits = np.uint32((bits ^ (bits >> np.uint32(15))) * np.uint32(0x846CA68B))
    return np.uint32(bits ^ (bits >> np.uint32(16)))


@part
def draw_lags(rule, stream, lags, changes):
    """Draw for every input the lag of its depression, and look up the change.

    All lags have the same chance. The draws are numbered, so that none waits for
    another one.
    """
    first = np.uint32(random_bits(stream) >> _SHIFT_32)
    n_lags = np.uint64(rule.changes.size - rule.n_recent)
    for k in range(lags.size):
        bits = scramble_32(np.uint32(first + np.uint32(k) * np.uint32(0x9E3779B9)))
        lags[k] = rule.n_recent + np.int64((np.uint64(bits) * n_lags) >> _SHIFT_32)
    for k in range(lags.size):
        changes[k] = rule.changes[lags[k]]


_NOISE_BOUND = 3.0  # standard deviations at which the noise is cut off
_NOISE_CELLS = 1 << 12
_NOISE_QUANTILES = np.clip(
    ndtri(np.linspace(ndtr(-_NOISE_BOUND), ndtr(_NOISE_BOUND), _NOISE_CELLS + 1)),
    -_NOISE_BOUND,
    _NOISE_BOUND,
)


@part
def truncated_normal(stream):
    """Draw from a standard normal cut off at 3 deviations.

    By inversion, the quantile function being linear in each of 4096 cells.
    """
    bits = random_bits(stream)
    cell = np.int64(bits & np.uint64(_NOISE_CELLS - 1))
    fraction = np.float64(bits >> _SHIFT_12) * 2.0**-52
    low = _NOISE_QUANTILES[cell]
    return low + fraction * (_NOISE_QUANTILES[cell + 1] - low)


@part
def stream_of_sample(events, seed):
    """Make the key of a random stream from a seed and what a sample consists of."""
    key = seed
    for step in range(events.start.size - 1):
        for k in range(events.start[step], events.start[step + 1]):
            key = scramble(key ^ np.uint64(events.channels[k] + 1))
        key += _STRIDE
    return key


# ----------------------------------------------------------------------- neurons


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


# ---------------------------------------------------------------------- synapses

_TWO_52 = 2.0**52
_BITS_OF_TWO_52 = np.float64(_TWO_52).view(np.uint64)
_ROOT_GUESS = (1.1 * 1023 - 0.052) * 2.0**40


@part
def as_bits(x):
    """The 64 bits of a number."""
    return np.float64(x).view(np.uint64)


@part
def as_float(bits):
    """The number that 64 bits stand for."""
    return np.uint64(bits).view(np.float64)


@part(fastmath={"contract"})
def power_of_gap(gap):
    """sign(gap) |gap|**0.9, to 2e-15, in instructions that vectorise.

    x**0.9 = x r with r = x**-0.1. The exponent bits of x give r to 3 %; each
    round then uses r = r0 (1 - h)**-0.1 with h = 1 - x r0**10, to fourth order.
    """
    x = abs(gap) + 1e-300  # keeps 0 finite, changes no other gap
    logarithm = as_float((as_bits(x) >> _SHIFT_12) | _BITS_OF_TWO_52) - _TWO_52
    r = as_float(as_bits((_ROOT_GUESS - 0.1 * logarithm) + _TWO_52) << _SHIFT_12)
    for _ in range(2):
        r2 = r * r
        r4 = r2 * r2
        h = 1.0 - x * (r4 * r4 * r2)
        r += r * (h * (0.1 + h * (0.055 + h * (0.0385 + h * 0.0298375))))
    return math.copysign(x * r, gap)


@compiled
def changed_weight(weight, change, plasticity):
    """Add eta F sign(d) |d|**0.9, d being the way left to the bound the weight moves to."""
    gap = weight - plasticity.min_weight if change < 0.0 else plasticity.max_weight - weight
    return weight + plasticity.eta * change * power_of_gap(gap)


@part
def noisy(weight, half_range, stream):
    """Read w (1 + e), e normal with deviation half_range / 3, cut off at half_range and -1."""
    error = truncated_normal(stream) * (half_range / _NOISE_BOUND)
    return weight * max(1.0 + error, 0.0)


@part
def noisy_share(weight, half_range, stream):
    """Read clip(w (1 + e), 0, 1), as the reference does."""
    return min(max(noisy(weight, half_range, stream), 0.0), 1.0)


@part
def nearest_level(weight, change, table, device):
    """Find the level closest to a weight, on the curve for its change.

    Of two equally close ones, it is the first in the user's table.
    """
    levels, ranks = device.levels[table], device.ranks[table]
    low = 0 if change >= 0.0 else levels.size - device.n_levels
    high = low + device.n_levels - 1
    while high - low > 1:
        middle = (low + high) // 2
        if levels[middle] <= weight:
            low = middle
        else:
            high = middle
    below, above = abs(weight - levels[low]), abs(levels[high] - weight)
    return low if below < above or (below == above and ranks[low] < ranks[high]) else high


@part
def table_at(device, cycle):
    """The table that holds at a cycle of a synapse."""
    first_cycles = device.first_cycles
    table, n_left = 0, first_cycles.size
    while n_left > 1:  # bisection without a branch that could be guessed wrong
        half = n_left // 2
        table += half * (first_cycles[table + half] <= cycle)
        n_left -= half
    return table


@part
def find_levels(weights, cycles, device, levels_taken):
    """Number the levels that weights lie on now; -1 for those that lie on none."""
    for j in range(weights.shape[0]):
        for i in range(weights.shape[1]):
            table = table_at(device, max(cycles[j, i] - 1, 0))
            level = nearest_level(weights[j, i], 1.0, table, device)
            if device.levels[table, level] != weights[j, i]:
                level = nearest_level(weights[j, i], -1.0, table, device)
            on_a_level = device.levels[table, level] == weights[j, i]
            levels_taken[j, i] = level if on_a_level else -1


@part
def next_level(weight, k, table, constants, workspace):
    """Find the level in a table that the k-th change leads to."""
    change = workspace.changes[k]
    goal = changed_weight(weight, change, constants.plasticity)
    return nearest_level(goal, change, table, constants.device)


@part
def update_levels(
    weights, levels_taken, update_counts, pulse_counts, inputs, constants, workspace
):
    """Move the synapses of one neuron with some inputs to the levels their changes lead to.

    A change leads from the same level to the same level, so each step is computed
    once and then looked up.
    """
    device, transitions, lags = constants.device, workspace.transitions, workspace.lags
    if transitions.shape[1] < 1 or device.first_cycles.size > 1:
        update_worn_levels(
            weights, levels_taken, update_counts, pulse_counts, inputs, constants, workspace
        )
        return
    levels, transitions = device.levels[0], transitions[0, 0]
    always_written = device.write_noise > 0.0
    for k in range(inputs.size):
        i = inputs[k]
        level = np.int64(levels_taken[i])
        new_level = np.int64(transitions[lags[k], level]) if level >= 0 else -1
        if new_level < 0:
            new_level = next_level(weights[i], k, 0, constants, workspace)
            if level >= 0:
                transitions[lags[k], level] = new_level
        update_counts[i] += 1
        if new_level != level or always_written:
            pulse_counts[i] += levels[new_level] != weights[i] or always_written
            levels_taken[i] = new_level
            weights[i] = levels[new_level]


@part
def update_worn_levels(
    weights, levels_taken, update_counts, pulse_counts, inputs, constants, workspace
):
    """Do what `update_levels` does, with the table that holds at the cycle of each synapse."""
    device, transitions, lags = constants.device, workspace.transitions, workspace.lags
    levels, first_cycles, early_tables = device.levels, device.first_cycles, device.early_tables
    always_written = device.write_noise > 0.0
    like_reference, last_change = device.like_reference, first_cycles[first_cycles.size - 1]
    cycles = update_counts if like_reference else pulse_counts
    n_tables = first_cycles.size
    n_forgotten = n_tables - transitions.shape[1]
    for k in range(inputs.size):
        i = inputs[k]
        cycle, level = cycles[i], np.int64(levels_taken[i])
        table, passed = n_tables - 1, 0
        if cycle <= last_change:  # the device may still change its table
            early = cycle < early_tables.size
            table = np.int64(early_tables[cycle]) if early else table_at(device, cycle)
            passed = np.int64(cycle > 0 and cycle == first_cycles[table])
        known = level >= 0 and table >= n_forgotten
        kept = table - n_forgotten
        new_level = np.int64(transitions[passed, kept, lags[k], level]) if known else -1
        if new_level < 0:
            new_level = next_level(weights[i], k, table, constants, workspace)
            if known:
                transitions[passed, kept, lags[k], level] = new_level
        written = (levels[table, new_level] != weights[i]) | always_written
        if written | like_reference:  # else it stays in the table it came from
            levels_taken[i] = new_level
        weights[i] = levels[table, new_level]
        update_counts[i] += 1
        pulse_counts[i] += written


@part
def update_weights(weights, update_counts, pulse_counts, inputs, constants, stream, workspace):
    """Update the continuous synapses of one neuron with some inputs.

    Gather, compute, scatter: the arithmetic in the middle is vectorised. Where weights
    are read with noise, they are written with it too.
    """
    device, plasticity = constants.device, constants.plasticity
    new, changes, read_noise = workspace.weights, workspace.changes, device.read_noise
    for k in range(inputs.size):
        new[k] = weights[inputs[k]]
    for k in range(inputs.size):
        new[k] = changed_weight(new[k], changes[k], plasticity)
    if read_noise > 0.0 and device.like_reference:
        for k in range(inputs.size):
            new[k] = noisy_share(new[k], read_noise, stream)
    elif read_noise > 0.0:
        for k in range(inputs.size):
            weight = noisy(new[k], read_noise, stream)
            new[k] = min(max(weight, plasticity.min_weight), plasticity.max_weight)
    always_written = device.write_noise > 0.0
    for k in range(inputs.size):
        i = inputs[k]
        pulse_counts[i] += (new[k] != weights[i]) | always_written
        weights[i] = new[k]
        update_counts[i] += 1


@part
def add_write_noise(weights, levels_taken, inputs, device, plasticity, stream):
    """Add the error of a write to the synapses of one neuron with some inputs."""
    for k in range(inputs.size):
        weight = weights[inputs[k]] + device.write_noise * truncated_normal(stream)
        weights[inputs[k]] = min(max(weight, plasticity.min_weight), plasticity.max_weight)
        levels_taken[inputs[k]] = -1


@compiled
def update_synapses(
    weights, levels_taken, update_counts, pulse_counts, inputs, constants, stream, workspace
):
    """Update the synapses of one neuron with some inputs, each by its own change.

    A pulse is counted where a weight is written: where it changes, or noise is written.
    """
    device = constants.device
    if device.levels.size > 0:
        update_levels(
            weights, levels_taken, update_counts, pulse_counts, inputs, constants, workspace
        )
    else:
        update_weights(weights, update_counts, pulse_counts, inputs, constants, stream, workspace)
    if device.write_noise > 0.0:
        add_write_noise(weights, levels_taken, inputs, device, constants.plasticity, stream)


@part
def strengthen_ideal_synapses(
    weights, update_counts, pulse_counts, touched, channels, start, step, rule, plasticity, new
):
    """Update the ideal synapses of one neuron with each input spike of the past window.

    Lag by lag, gather, compute, scatter: the arithmetic in the middle is vectorised.
    """
    for lag in range(min(rule.n_recent, step + 1)):
        first, n_inputs = start[step - lag], start[step - lag + 1] - start[step - lag]
        change = rule.changes[lag]
        for k in range(n_inputs):
            new[k] = weights[channels[first + k]]
        for k in range(n_inputs):
            new[k] = changed_weight(new[k], change, plasticity)
        for k in range(n_inputs):
            i = channels[first + k]
            pulse_counts[i] += weights[i] != new[k]
            weights[i] = new[k]
            update_counts[i] += 1
            touched[i] = True


@part
def weaken_ideal_synapses(weights, update_counts, pulse_counts, touched, changes, plasticity, new):
    """Update the ideal synapses of one neuron with its silent inputs.

    All are computed, without gathering them, and the silent ones are kept.
    """
    for i in range(touched.size):
        new[i] = changed_weight(weights[i], changes[i], plasticity)
    for i in range(touched.size):
        new[i] = weights[i] if touched[i] else new[i]
        update_counts[i] += not touched[i]
    for i in range(touched.size):
        pulse_counts[i] += weights[i] != new[i]
        weights[i] = new[i]


@part
def list_silent(touched, workspace):
    """List the silent inputs, and move their lags and changes to the front."""
    n_silent = 0
    for i in range(touched.size):
        if not touched[i]:
            workspace.inputs[n_silent] = i
            workspace.lags[n_silent] = workspace.lags[i]
            workspace.changes[n_silent] = workspace.changes[i]
            n_silent += 1
    return workspace.inputs[:n_silent]


# ------------------------------------------------------------------------ layers


@part
def list_events(spike_train, events):
    """Write the spikes of a dense train (n_channels, n_steps) into a list of events."""
    n_channels, n_steps = spike_train.shape
    channels, start = events.channels, events.start
    active = np.empty(n_channels, np.int64)
    n_active = 0
    start[:] = 0
    for i in range(n_channels):
        n_spikes = 0
        for t in range(n_steps):
            n_spikes += spike_train[i, t]
        if n_spikes > 0:
            active[n_active] = i
            n_active += 1
            for t in range(n_steps):
                start[t + 1] += spike_train[i, t]
    for t in range(n_steps):
        start[t + 1] += start[t]
    free = start.copy()
    for i in active[:n_active]:
        for t in range(n_steps):
            if spike_train[i, t]:
                channels[free[t]] = i
                free[t] += 1


@part
def inputs_at(events, step):
    """The channels that spike at one step."""
    return events.channels[events.start[step] : events.start[step + 1]]


@part
def sum_rows(by_input, inputs, drive):
    """Do what `sum_weights` does, where the weights of one input lie side by side."""
    drive[:] = 0.0
    for k in range(inputs.size):
        i = inputs[k]
        for j in range(drive.size):
            drive[j] += by_input[i, j]


@part
def sum_weights(synapses, inputs, drive):
    """The synaptic drive of every neuron: the weights of the inputs that spike now."""
    for j in range(drive.size):
        total = 0.0
        for k in range(inputs.size):
            total += synapses[j, inputs[k]]
        drive[j] = total


@compiled
def sum_read_weights(synapses, gains, inputs, device, stream, drive):
    """The synaptic drive of every neuron, each weight as its device is read."""
    read_noise, like_reference = device.read_noise, device.like_reference
    for j in range(drive.size):
        total = 0.0
        for k in range(inputs.size):
            weight = synapses[j, inputs[k]]
            if gains.size > 0:
                weight *= gains[j, inputs[k]]
            if read_noise > 0.0 and like_reference:
                weight = noisy_share(weight, read_noise, stream)
            elif read_noise > 0.0:
                weight = noisy(weight, read_noise, stream)
            total += weight
        drive[j] = total


@part
def integrate(potential, threshold, computed, neuron):
    """Add its synaptic drive to the potential of every neuron, then let it leak.

    `computed` holds the drive before and the new potential after.
    """
    for j in range(potential.size):
        potential[j], threshold[j] = leak(potential[j] + computed[j], threshold[j], neuron)
        computed[j] = potential[j]


@part
def fire_or_inhibit(potential, threshold, computed, neuron):
    """Every neuron above its threshold spikes and adapts; every other one is inhibited."""
    for j in range(potential.size):
        spikes = computed[j] > threshold[j]
        potential[j] = neuron.reset_potential if spikes else neuron.inhibitory_potential
        threshold[j] += 1.0 if spikes else 0.0


@part(inline="always")
def learn(j, step, events, layer, constants, stream, workspace):
    """Neuron j has fired: update its synapses, those with recent spikes and the silent ones."""
    rule, device, plasticity = constants.rule, constants.device, constants.plasticity
    weights, levels_taken = layer.synapses[j], layer.levels[j]
    update_counts, pulse_counts = layer.update_counts[j], layer.pulse_counts[j]
    touched = layer.touched[j]
    lags, changes, new = workspace.lags, workspace.changes, workspace.weights
    if device.levels.size == 0 and device.read_noise == 0.0 and device.write_noise == 0.0:
        channels, start = events.channels, events.start
        strengthen_ideal_synapses(
            weights, update_counts, pulse_counts, touched, channels, start, step, rule,
            plasticity, new,
        )  # fmt: skip
        draw_lags(rule, stream, lags, changes)
        weaken_ideal_synapses(
            weights, update_counts, pulse_counts, touched, changes, plasticity, new
        )
    else:
        for lag in range(min(rule.n_recent, step + 1)):
            inputs = inputs_at(events, step - lag)
            lags[: inputs.size] = lag
            changes[: inputs.size] = rule.changes[lag]
            update_synapses(
                weights, levels_taken, update_counts, pulse_counts, inputs, constants, stream,
                workspace,
            )  # fmt: skip
            for k in range(inputs.size):
                touched[inputs[k]] = True
        draw_lags(rule, stream, lags, changes)
        silent = list_silent(touched, workspace)
        update_synapses(
            weights, levels_taken, update_counts, pulse_counts, silent, constants, stream,
            workspace,
        )  # fmt: skip


@part
def write_weights(synapses, n, written):
    """Write down all weights, as the n-th."""
    # Loops here and below: NumPy's assignment of slices takes seconds to compile.
    for j in range(synapses.shape[0]):
        for i in range(synapses.shape[1]):
            written[n, j, i] = synapses[j, i]


@part
def write_potentials(potential, sample, step, next_step, written):
    """Write down the potentials of the steps from one to before the next one."""
    for j in range(potential.size):
        for t in range(step, next_step):
            written[sample, j, t] = potential[j]


@part(inline="always")
def present(events, sample, steps, learning, layer, constants, stream, workspace, record):
    """Run a layer through the time steps of one sample.

    All neurons rest together: whichever spike, the others are inhibited for the
    same refractory time. While they rest their computed potentials stay as they
    are, so a strong winner fires on until its threshold has climbed past its own;
    from then on nothing can happen before the rest ends.
    """
    winner, rest_until, n_firings = 0, -1, 0
    read_noise = constants.device.read_noise
    step, last = steps
    while step <= last:
        if step > rest_until:
            inputs = inputs_at(events, step)
            if read_noise > 0.0 or layer.gains.size > 0:
                sum_read_weights(
                    layer.synapses, layer.gains, inputs, constants.device, stream, layer.computed
                )
            elif layer.by_input.size > 0:
                sum_rows(layer.by_input, inputs, layer.computed)
            else:
                sum_weights(layer.synapses, inputs, layer.computed)
            integrate(layer.potential, layer.threshold, layer.computed, constants.neuron)
            winner = np.argmax(layer.computed)
            record.activity[sample, 1] += inputs.size * layer.potential.size
        next_step = step + 1
        if layer.computed[winner] < layer.threshold[winner]:
            next_step = max(next_step, min(rest_until, last) + 1)
        else:
            record.spike_counts[sample, winner] += 1
            if record.spike_trains.size > 0:
                for j in range(layer.potential.size):
                    record.spike_trains[sample, j, step] = layer.computed[j] > layer.threshold[j]
            fire_or_inhibit(layer.potential, layer.threshold, layer.computed, constants.neuron)
            rest_until = step + constants.neuron.refractory_time
            if learning and constants.plasticity.wta:
                learn(winner, step, events, layer, constants, stream, workspace)
            elif learning:
                for j in range(layer.potential.size):
                    learn(j, step, events, layer, constants, stream, workspace)
            if record.weights.size > 0:
                write_weights(layer.synapses, n_firings, record.weights)
            n_firings += 1
        if record.potentials.size > 0:
            write_potentials(layer.potential, sample, step, next_step, record.potentials)
        step = next_step
    layer.rest_until[:] = rest_until
    record.winners[sample] = winner
    record.activity[sample, 0] = n_firings


_MOST_TRANSITIONS = 1 << 22  # 8 MiB


@compiled
def new_workspace(n_inputs, constants):
    """Make room to update the synapses of one neuron."""
    n_tables, n_levels = constants.device.levels.shape
    n_lags = constants.rule.changes.size
    n_last = min(n_tables, _MOST_TRANSITIONS // (2 * n_lags * n_levels + 1))
    return Workspace(
        inputs=np.empty(n_inputs, np.int32),
        lags=np.empty(n_inputs, np.int64),
        changes=np.empty(n_inputs),
        weights=np.empty(n_inputs),
        transitions=np.full((2, n_last, n_lags, n_levels), -1, np.int16),
    )


@compiled
def present_batch(spike_trains, steps, learning, layer, constants, keys, record):
    """Present spike trains (n_samples, n_channels, n_steps) to a layer, one after another.

    `keys` seeds the random stream: one a sample while learning, else one for all,
    to which each sample adds its own spikes, so that its answer is its own.
    """
    n_channels, n_steps = spike_trains.shape[1:]
    events = Events(np.empty(n_channels * n_steps, np.int32), np.empty(n_steps + 1, np.int64))
    workspace = new_workspace(n_channels, constants)
    if learning and constants.device.levels.size > 0:
        like_reference = constants.device.like_reference
        cycles = layer.update_counts if like_reference else layer.pulse_counts
        find_levels(layer.synapses, cycles, constants.device, layer.levels)
    stream = np.zeros(1, np.uint64)
    for sample in range(spike_trains.shape[0]):
        list_events(spike_trains[sample], events)
        if learning:
            stream[0] = keys[sample]
        elif constants.device.read_noise > 0.0:
            stream[0] = stream_of_sample(events, keys[0])
        layer.potential[:] = constants.neuron.resting_potential
        layer.threshold[:] = constants.neuron.spike_threshold
        layer.computed[:] = 0.0
        layer.touched[:] = False
        present(events, sample, steps, learning, layer, constants, stream, workspace, record)


# -------------------------------------------------------------------- spike codes


@compiled
def fill_periodic(periods, spike_trains):
    """Let each channel spike at every multiple of its period, in steps; 0 for never."""
    n_samples, n_channels, n_steps = spike_trains.shape
    for sample in range(n_samples):
        for i in range(n_channels):
            period = periods[sample, i]
            if period > 0:
                for t in range(period, n_steps, period):
                    spike_trains[sample, i, t] = 1


@compiled
def fill_poisson(probabilities, seed, spike_trains):
    """Let each channel spike at each step but the first with its own probability.

    The random stream of a sample is seeded by the sample's probabilities, so that
    its spikes do not depend on the samples around it.
    """
    n_samples, n_channels, n_steps = spike_trains.shape
    stream = np.zeros(1, np.uint64)
    for sample in range(n_samples):
        stream[0] = seed
        for i in range(n_channels):
            stream[0] = scramble(stream[0] ^ as_bits(probabilities[sample, i]))
            stream[0] += _STRIDE
        for i in range(n_channels):
            for t in range(1, n_steps):
                if (random_bits(stream) >> _SHIFT_12) * 2.0**-52 < probabilities[sample, i]:
                    spike_trains[sample, i, t] = 1
