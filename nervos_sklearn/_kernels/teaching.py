"""Neurons whose synapses stay open, and what a reward teaches them.

A spike opens its synapse until the sample ends, there is no leak and the decision comes
late: the potential is V_j = sum_i w_ji q_i, where the trace q_i counts the steps since the
spikes of input i. Weights are multiples of 2**-20 and traces integers, so the sum is exact:
the same bits in any order, batch or library, and those of a simulation step by step.
"""

import math

import numpy as np

from .compiling import compiled, part
from .presentation import inputs_at, list_events
from .state import NEAREST, Events
from .streams import stream_of_sample, truncated_normal
from .synapses import noisy, on_grid, write_change, write_nearest, written_to

# ------------------------------------------------------------------------- read


@part
def list_active(traces, active):
    """List the inputs that have spiked; return their number and 1 / L2 norm of the traces."""
    n_active, power = 0, 0.0
    for i in range(traces.size):  # without a branch, which nobody could predict
        active[n_active] = i
        n_active += traces[i] > 0.0
        power += traces[i] * traces[i]
    return n_active, 1.0 / math.sqrt(power) if power > 0.0 else 0.0


@part
def gather(weights, first, traces, active, n_active, potentials):
    """The potentials of the neurons from the first on when a whole sample is gathered."""
    for j in range(potentials.size):
        potentials[j] = 0.0
    fours = n_active // 4 * 4
    for k in range(0, fours, 4):  # four inputs at once: neurons are often few; the sum is exact
        a, b, c, d = active[k], active[k + 1], active[k + 2], active[k + 3]
        for j in range(potentials.size):
            potentials[j] += (
                weights[a, first + j] * traces[a] + weights[b, first + j] * traces[b]
            ) + (weights[c, first + j] * traces[c] + weights[d, first + j] * traces[d])
    for k in range(fours, n_active):
        for j in range(potentials.size):
            potentials[j] += weights[active[k], first + j] * traces[active[k]]


@part
def gather_readings(values, traces, active, n_active, potentials):
    """The same, where the values of one neuron lie side by side."""
    for j in range(potentials.size):
        total = 0.0
        for k in range(n_active):
            total += values[j, active[k]] * traces[active[k]]
        potentials[j] = total


@part
def present_open(events, values, device, stream, opened, traces, potentials, recorded):
    """Gather a sample step by step: each step reads every open synapse anew.

    A synapse is open once for each spike its input has sent. `recorded` takes the
    potentials of each step, (n_neurons, n_steps), unless it is None.
    """
    n_neurons, n_inputs = values.shape
    for i in range(n_inputs):
        traces[i] = 0.0
    for j in range(n_neurons):
        potentials[j] = 0.0
    n_open, read_noise = 0, noise_of(device)
    for step in range(events.start.size - 1):
        inputs = inputs_at(events, step)
        for k in range(inputs.size):
            if traces[inputs[k]] == 0.0:
                opened[0, n_open] = inputs[k]
                n_open += 1
                opened[1, inputs[k]] = 0
            opened[1, inputs[k]] += 1
        for j in range(n_neurons):
            current = 0.0
            for k in range(n_open):
                i = opened[0, k]
                reading = values[j, i]
                if read_noise > 0.0:
                    reading = on_grid(noisy(reading, read_noise, False, stream))
                current += opened[1, i] * reading
            potentials[j] += current
        for k in range(n_open):
            traces[opened[0, k]] += opened[1, opened[0, k]]
        record_step(potentials, step, recorded)


@part
def noise_of(device):
    """The relative standard deviation of a reading; 0 for ideal synapses."""
    if device is None:
        return 0.0
    return device.read_noise


@part
def record_step(potentials, step, recorded):
    if recorded is not None:
        for j in range(potentials.size):
            recorded[j, step] = potentials[j]


@compiled
def present_open_batch(spike_trains, values, device, key, potentials, recorded):
    """Gather some samples, without learning.

    `recorded` is (n_samples, n_neurons, n_steps), or None.
    """
    n_samples, n_channels, n_steps = spike_trains.shape
    events = Events(np.empty(n_channels * n_steps, np.int32), np.empty(n_steps + 1, np.int64))
    active, free = np.empty(n_channels, np.int64), np.empty(n_steps, np.int64)
    opened = np.empty((2, n_channels), np.int64)
    traces, stream = np.empty(n_channels), np.zeros(1, np.uint64)
    for sample in range(n_samples):
        list_events(spike_trains[sample], events, active, free)
        stream[0] = stream_of_sample(events, key)
        present_open(
            events, values, device, stream, opened, traces, potentials[sample],
            sample_of(recorded, sample),
        )  # fmt: skip


@part
def sample_of(recorded, sample):
    if recorded is None:
        return None
    return recorded[sample]


# ---------------------------------------------------------------------- propose


@part
def most_driven_of_class(potentials, classes, label):
    """The most driven neuron of the right class and of all others, -1 for none.

    Neurons of the class -1 wait for one, and take no part.
    """
    right, wrong = -1, -1
    for j in range(potentials.size):
        if classes[j] == label:
            if right < 0 or potentials[j] > potentials[right]:
                right = j
        elif classes[j] >= 0 and (wrong < 0 or potentials[j] > potentials[wrong]):
            wrong = j
    return right, wrong


@part
def rates_of(potentials, right, wrong, gain, rate, teaching):
    """How much the two neurons learn: reward inside the margin, reinforcement outside.

    Returns the rate of the right one, that of the wrong one, and whether the sample taught.
    """
    lead = (potentials[right] - potentials[wrong]) * gain if right >= 0 and wrong >= 0 else -1.0
    taught = lead < teaching.margin or not teaching.punishes
    rate *= teaching.eta
    if taught:
        return rate, -rate if teaching.punishes else 0.0, True
    return rate * teaching.reinforcement, 0.0, False


@part
def silence(traces, groups, silent, sample, heard):
    """Copy traces but those of the silent groups of a sample, such as the fields of a feature."""
    for i in range(traces.size):
        heard[i] = traces[i]
    if silent is not None:
        for i in range(traces.size):
            if silent[sample, groups[i]]:
                heard[i] = 0.0


# ------------------------------------------------------------ write: ideal synapses


@part
def bounded(weight, teaching):
    """What an ideal synapse holds of a weight, on the grid."""
    if not teaching.signed:
        weight = max(weight, 0.0)
        if not teaching.scaled:
            weight = min(weight, 1.0)
    return on_grid(weight)


@compiled
def scale_synapses(weights, j):
    """Synaptic scaling: bring the weights of neuron j, (n_inputs, n_neurons), to a norm of 1."""
    power = 0.0
    for i in range(weights.shape[0]):
        power += weights[i, j] * weights[i, j]
    scale = 1.0 / math.sqrt(power) if power > 0.0 else 0.0
    for i in range(weights.shape[0]):
        weights[i, j] = on_grid(weights[i, j] * scale)


@part
def disturbed(weight, device, stream):
    """What a continuous synapse holds that was told to hold a weight."""
    if device is None:
        return weight
    return written_to(weight, device, stream)


@part
def move_weights(weights, j, rate, traces, active, n_active, teaching, device, stream):
    """Move the continuous weights of neuron j, (n_inputs, n_neurons), along the traces."""
    for k in range(n_active):
        i = active[k]
        weight = disturbed(weights[i, j] + rate * traces[i], device, stream)
        weights[i, j] = weight if teaching.signed or weight > 0.0 else 0.0
    if teaching.scaled:
        scale_synapses(weights, j)
    else:
        for k in range(n_active):
            weights[active[k], j] = bounded(weights[active[k], j], teaching)


@part
def count_changes(update_counts, j, active, n_active):
    for k in range(n_active):
        update_counts[j, active[k]] += 1


@compiled
def teach(
    weights, update_counts, neurons, classes, traces, labels, rates, groups, silent, teaching
):  # fmt: skip
    """Present samples in order to some neurons, which learn from each.

    The most driven neuron of the right class is rewarded, that of the other classes
    punished, if the first does not lead by the margin; otherwise the right one is
    reinforced.

    `weights` are (n_inputs, n_neurons), so that few active inputs are quickly gathered,
    `update_counts` the other way round, `neurons` the first and the end of those that
    learn, `classes` those of all neurons, `traces` (n_samples, n_inputs); `rates` are
    numbers for each sample, `silent` is (n_samples, n_groups) or None. Returns the number
    of presentations that taught.
    """
    n_inputs = weights.shape[0]
    first, end = neurons
    classes = classes[first:end]
    potentials, heard = np.empty(end - first), np.empty(n_inputs)
    active = np.empty(n_inputs, np.int64)
    n_taught = 0
    for sample in range(traces.shape[0]):
        silence(traces[sample], groups, silent, sample, heard)
        n_active, gain = list_active(heard, active)
        if n_active > 0:
            gather(weights, first, heard, active, n_active, potentials)
            right, wrong = most_driven_of_class(potentials, classes, labels[sample])
            reward, punishment, taught = rates_of(
                potentials, right, wrong, gain, rates[sample], teaching
            )
            n_taught += taught
            for k in range(2):
                j, rate = (right, reward) if k == 0 else (wrong, punishment)
                if j >= 0 and rate != 0.0:
                    move_weights(
                        weights, first + j, rate * gain, heard, active, n_active, teaching,
                        None, None,
                    )  # fmt: skip
                    count_changes(update_counts, first + j, active, n_active)
    return n_taught


# Sums of whole numbers times weights on the grid are exact in any order.
@part(fastmath={"reassoc"})
def power_of(traces):
    power = 0.0
    for i in range(traces.size):
        power += traces[i] * traces[i]
    return power


@part(fastmath={"reassoc"})
def potential_of(weights, traces):
    potential = 0.0
    for i in range(traces.size):
        potential += weights[i] * traces[i]
    return potential


@part
def move_and_sum(weights, sums, update_counts, rate, traces, passed, teaching):
    """Move the weights of a neuron along the traces, and keep the sum of all weights.

    A weight changed after presentations of a total importance `passed` is missing from
    those: the mean of all weights is ``weights - sums / (total importance)``.
    """
    for i in range(traces.size):
        before = weights[i]
        weights[i] = bounded(before + rate * traces[i], teaching)
        sums[i] += (weights[i] - before) * passed
        update_counts[i] += traces[i] > 0.0


@compiled
def teach_averaged(
    weights, sums, update_counts, classes, traces, labels, rates, passed, groups, silent, teaching
):
    """Do what `teach` does, without scaling, and keep the sums of all weights.

    Most inputs are active, so `weights`, `sums` and `update_counts`, (n_neurons, n_inputs),
    are read a neuron at a time; `passed` is a number for each sample.
    """
    n_neurons, n_inputs = weights.shape
    potentials, heard = np.empty(n_neurons), np.empty(n_inputs)
    n_taught = 0
    for sample in range(traces.shape[0]):
        silence(traces[sample], groups, silent, sample, heard)
        power = power_of(heard)
        if power > 0.0:
            gain = 1.0 / math.sqrt(power)
            for j in range(n_neurons):
                potentials[j] = potential_of(weights[j], heard)
            right, wrong = most_driven_of_class(potentials, classes, labels[sample])
            reward, punishment, taught = rates_of(
                potentials, right, wrong, gain, rates[sample], teaching
            )
            n_taught += taught
            for k in range(2):
                j, rate = (right, reward) if k == 0 else (wrong, punishment)
                if j >= 0 and rate != 0.0:
                    move_and_sum(
                        weights[j], sums[j], update_counts[j], rate * gain, heard,
                        passed[sample], teaching,
                    )  # fmt: skip
    return n_taught


# ---------------------------------------------------------------- write: devices


@part
def read_value(state, j, i):
    """What is read of a synapse without noise, on the grid of exact sums."""
    value = 0.0
    for d in range(state.conductances.shape[0]):
        conductance = spread(state.conductances[d, j, i], state.spreads, d, j, i)
        value += conductance if d == 0 else -conductance
    return on_grid(value)


@part
def spread(conductance, spreads, d, j, i):
    if spreads is None:
        return conductance
    return conductance * spreads[d, j, i]


@part
def refresh_neuron(state, j, normalised):
    """Read all synapses of neuron j; its gain becomes 1 over their norm."""
    power = 0.0
    for i in range(state.values.shape[1]):
        state.values[j, i] = read_value(state, j, i)
        power += state.values[j, i] * state.values[j, i]
    if normalised:
        state.gains[j] = 1.0 / math.sqrt(power) if power > 0.0 else 0.0


@compiled
def refresh(state, normalised):
    """Read all synapses of a layer."""
    for j in range(state.values.shape[0]):
        refresh_neuron(state, j, normalised)


@compiled
def program(state, targets, device, seed):
    """Program every synapse to the levels nearest to a target, (n_neurons, n_inputs)."""
    stream = np.zeros(1, np.uint64)
    stream[0] = seed
    for j in range(targets.shape[0]):
        for i in range(targets.shape[1]):
            if device.n_levels > 0:
                change = targets[j, i] - held(state.conductances, j, i)
                write_nearest(
                    state.conductances, j, i, change, state.pulses, state.pulses, device, stream
                )
            else:
                state.conductances[0, j, i] = on_grid(written_to(targets[j, i], device, stream))
                state.pulses[0, j, i] += 1


@compiled
def write_changes(state, changes, device, seed):
    """Write a desired change to every synapse for which it is not 0, (n_neurons, n_inputs)."""
    stream = np.zeros(1, np.uint64)
    stream[0] = seed
    for j in range(changes.shape[0]):
        for i in range(changes.shape[1]):
            if changes[j, i] != 0.0:
                write_one(state, j, i, changes[j, i], device, stream)


@part
def write_one(state, j, i, change, device, stream):
    if device.n_levels == 0:
        weight = written_to(state.conductances[0, j, i] + change, device, stream)
        state.conductances[0, j, i] = on_grid(max(weight, device.lowest))
        state.pulses[0, j, i] += 1
    elif device.update == NEAREST:
        write_nearest(state.conductances, j, i, change, state.pulses, state.pulses, device, stream)
    else:
        write_change(
            state.conductances, j, i, change, state.pulses, state.pulses, state.accumulators,
            device, stream,
        )  # fmt: skip


@part
def held(conductances, j, i):
    """The weight that a synapse holds, before it is read through its devices."""
    if conductances.shape[0] == 1:
        return conductances[0, j, i]
    return conductances[0, j, i] - conductances[1, j, i]


@part
def write_neuron(state, j, rate, gain, cosine, traces, teaching, device, stream):
    """Write the desired changes of neuron j to its devices of finite levels.

    With synaptic scaling, change = rate (|w| q / |q| - cos w): the direction of the weights
    turns towards the traces, or away from them. Without it, rate q / |q|.
    """
    for i in range(traces.size):
        change = rate * traces[i] * gain / state.gains[j]
        if teaching.scaled:
            change -= rate * cosine * state.values[j, i]
        if device.update == NEAREST:
            if change != 0.0:
                write_nearest(
                    state.conductances, j, i, change, state.pulses, state.pulses, device, stream
                )
        else:
            write_change(
                state.conductances, j, i, change, state.pulses, state.pulses,
                state.accumulators, device, stream,
            )  # fmt: skip


@part
def sum_changes(state, sums, j, before, passed, sample):
    """Keep the sum of all weights, as `move_and_sum` does."""
    if sums is not None:
        for i in range(before.size):
            sums[j, i] += (state.values[j, i] - before[i]) * passed[sample]


@part
def change_devices(
    state, sums, j, rate, gain, cosine, traces, active, n_active, before, passed, sample,
    teaching, device, stream,
):  # fmt: skip
    for i in range(before.size):
        before[i] = state.values[j, i]
    if device.n_levels > 0:
        write_neuron(state, j, rate, gain, cosine, traces, teaching, device, stream)
    else:
        move_weights(
            state.conductances[0].T, j, rate * gain, traces, active, n_active, teaching, device,
            stream,
        )  # fmt: skip
        for k in range(n_active):
            state.pulses[0, j, active[k]] += 1
    refresh_neuron(state, j, teaching.scaled and device.n_levels > 0)
    sum_changes(state, sums, j, before, passed, sample)


@part
def gather_devices(
    state, first, potentials, traces, active, n_active, unrest, sample, device, stream
):
    """The potentials as they are read from devices, each after the gain of its neuron.

    The errors of all readings of a presentation add up. Their sum is drawn at once, as a
    normal of the same variance.
    """
    values = state.values[first : first + potentials.size]
    gather_readings(values, traces, active, n_active, potentials)
    if unrest is not None:
        for j in range(potentials.size):
            power = 0.0
            for k in range(n_active):
                value = values[j, active[k]]
                power += value * value * unrest[sample, active[k]]
            potentials[j] += device.read_noise * math.sqrt(power) * truncated_normal(stream)
    for j in range(potentials.size):
        potentials[j] *= state.gains[first + j]


@compiled
def teach_devices(
    state, sums, update_counts, neurons, classes, traces, unrest, labels, rates, passed, groups,
    silent, teaching, device, keys,
):  # fmt: skip
    """Do what `teach` does, on devices.

    `unrest`, (n_samples, n_inputs), is the sum over all steps of the squared number of times
    that a synapse is open, where readings are noisy, else None; `keys` seeds the random
    stream of each presentation.
    """
    n_samples, n_inputs = traces.shape
    first, end = neurons
    classes = classes[first:end]
    potentials, heard, before = np.empty(end - first), np.empty(n_inputs), np.empty(n_inputs)
    active, stream = np.empty(n_inputs, np.int64), np.zeros(1, np.uint64)
    n_taught = 0
    for sample in range(n_samples):
        stream[0] = keys[sample]
        silence(traces[sample], groups, silent, sample, heard)
        n_active, gain = list_active(heard, active)
        if n_active > 0:
            gather_devices(
                state, first, potentials, heard, active, n_active, unrest, sample, device, stream
            )
            right, wrong = most_driven_of_class(potentials, classes, labels[sample])
            reward, punishment, taught = rates_of(
                potentials, right, wrong, gain, rates[sample], teaching
            )
            n_taught += taught
            for k in range(2):
                j, rate = (right, reward) if k == 0 else (wrong, punishment)
                if j >= 0 and rate != 0.0:
                    change_devices(
                        state, sums, first + j, rate, gain, potentials[j] * gain, heard, active,
                        n_active, before, passed, sample, teaching, device, stream,
                    )  # fmt: skip
                    count_changes(update_counts, first + j, active, n_active)
    return n_taught
