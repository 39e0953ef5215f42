"""Spike trains run through a layer whose neurons fire, compete and learn by spike timing."""

import numpy as np

from .compiling import compiled, part
from .neurons import fire_or_inhibit, integrate, most_driven
from .state import NEAREST, Events
from .streams import draw_lags, stream_of_sample
from .synapses import (
    changed_weight,
    nearest_level,
    noisy,
    sum_readings,
    sum_rows,
    sum_weights,
    table_at,
    write_change,
    written,
)

# Loops instead of NumPy's functions and slices here: those take seconds to compile.


@part
def list_events(spike_train, events, active, free):
    """Write the spikes of a dense train (n_channels, n_steps) into a list of events.

    `active`, (n_channels,), and `free`, (n_steps,), are room to work in.
    """
    n_channels, n_steps = spike_train.shape
    channels, start = events.channels, events.start
    n_active = 0
    for t in range(n_steps + 1):
        start[t] = 0
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
        free[t] = start[t]
    for k in range(n_active):
        i = active[k]
        for t in range(n_steps):
            if spike_train[i, t]:
                channels[free[t]] = i
                free[t] += 1


@part
def inputs_at(events, step):
    """The channels that spike at one step."""
    return events.channels[events.start[step] : events.start[step + 1]]


# --------------------------------------------------------------- ideal synapses


@part
def strengthen(weights, update_counts, touched, inputs, change, plasticity, new):
    """Update the ideal synapses of one neuron with some inputs that have spiked.

    Gather, compute, scatter: the arithmetic in the middle is vectorised.
    """
    for k in range(inputs.size):
        new[k] = weights[inputs[k]]
    for k in range(inputs.size):
        new[k] = changed_weight(new[k], change, plasticity)
    for k in range(inputs.size):
        i = inputs[k]
        weights[i] = new[k]
        update_counts[i] += 1
        touched[i] = True


@part
def weaken(weights, update_counts, touched, changes, plasticity, new):
    """Update the ideal synapses of one neuron with its silent inputs.

    All are computed, without gathering them, and the silent ones are kept.
    """
    for i in range(touched.size):
        new[i] = changed_weight(weights[i], changes[i], plasticity)
    for i in range(touched.size):
        weights[i] = weights[i] if touched[i] else new[i]
        update_counts[i] += not touched[i]


# --------------------------------------------------------------------- devices


@part
def update_to_nearest(j, synapses, inputs, learning, device, stream):
    """Move the synapses of neuron j with some inputs to the levels nearest to their changes.

    A change leads from the same level to the same level, so each step is computed
    once and then looked up.
    """
    work, plasticity, levels = learning.workspace, learning.plasticity, device.levels
    weights, taken, cycles = synapses[j], work.levels[j], learning.cycles[j]
    pulses, counts = learning.pulses[j], learning.update_counts[j]
    lags, changes, transitions = work.lags, work.changes, work.transitions
    write_noise, lowest, highest = device.write_noise, device.lowest, device.highest
    last_table = levels.shape[0] - 1
    last_cycle = device.first_cycles[last_table]
    # A tuple of arrays costs time when it is handed on: only where there is something to find.
    for k in range(inputs.size):
        i = inputs[k]
        table, passed, cycle, level = last_table, 0, cycles[i], np.int64(taken[i])
        if cycle <= last_cycle:  # the device may still change its table
            table = table_at(cycle, device)
            passed = table - table_at(max(cycle - 1, 0), device)
        known = level >= 0 and passed <= 1 and transitions.shape[1] > table
        new_level = np.int64(transitions[passed, table, lags[k], level]) if known else -1
        if new_level < 0:
            weight = changed_weight(weights[i], changes[k], plasticity)
            new_level = nearest_level(weight, changes[k] >= 0.0, table, device)
            if known:
                transitions[passed, table, lags[k], level] = new_level
        weight = levels[table, new_level]
        taken[i] = new_level
        if write_noise > 0.0:
            weight = written(weight, write_noise, lowest, highest, stream)
            taken[i] = -1
        counts[i] += 1
        if weight != weights[i]:
            pulses[i] += 1
            weights[i] = weight


@part
def update_by_pulses(j, synapses, inputs, learning, device, stream):
    """Write the changes of the synapses of neuron j with some inputs as pulses."""
    work = learning.workspace
    conductances = synapses.reshape(1, synapses.shape[0], synapses.shape[1])
    pulses = learning.pulses.reshape(1, synapses.shape[0], synapses.shape[1])
    for k in range(inputs.size):
        i = inputs[k]
        weight = synapses[j, i]
        change = changed_weight(weight, work.changes[k], learning.plasticity) - weight
        write_change(
            conductances, j, i, change, pulses, pulses, learning.accumulators, device, stream
        )
        learning.update_counts[j, i] += 1


@part
def update_continuous(j, synapses, inputs, learning, device, stream):
    """Update the continuous synapses of neuron j with some inputs, written with noise.

    Under the seed's flags, weights that are read with noise are written with it too.
    """
    weights, pulses, counts = synapses[j], learning.pulses[j], learning.update_counts[j]
    work = learning.workspace
    new, changes, plasticity = work.weights, work.changes, learning.plasticity
    for k in range(inputs.size):
        new[k] = weights[inputs[k]]
    for k in range(inputs.size):
        new[k] = changed_weight(new[k], changes[k], plasticity)
    read_noise, write_noise = device.read_noise, device.write_noise
    lowest, highest = device.lowest, device.highest
    if device.clipped and read_noise > 0.0:
        for k in range(inputs.size):
            new[k] = noisy(new[k], read_noise, True, stream)
    if write_noise > 0.0:
        for k in range(inputs.size):
            new[k] = written(new[k], write_noise, lowest, highest, stream)
    for k in range(inputs.size):
        i = inputs[k]
        pulses[i] += new[k] != weights[i]
        weights[i] = new[k]
        counts[i] += 1


@compiled
def update_devices(j, synapses, inputs, learning, device, stream):
    """Update the synapses of neuron j with some inputs, each by its own change."""
    if device.n_levels == 0:
        update_continuous(j, synapses, inputs, learning, device, stream)
    elif device.update == NEAREST:
        update_to_nearest(j, synapses, inputs, learning, device, stream)
    else:
        update_by_pulses(j, synapses, inputs, learning, device, stream)


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


@part
def update_spiking(j, synapses, inputs, lag, change, learning, device, stream):
    """Update the devices of neuron j whose inputs have spiked at one lag."""
    work = learning.workspace
    for k in range(inputs.size):
        work.lags[k] = lag
        work.changes[k] = change
    update_devices(j, synapses, inputs, learning, device, stream)
    for k in range(inputs.size):
        learning.touched[j, inputs[k]] = True


# ---------------------------------------------------------------- presentations


@part
def read_inputs(layer, inputs, device, stream, drive):
    """Sum the synaptic drive of every neuron."""
    if device is None:
        if layer.by_input.size > 0:
            sum_rows(layer.by_input, inputs, drive)
        else:
            sum_weights(layer.synapses, inputs, drive)
    else:
        sum_readings(layer.synapses, layer.gains, inputs, device, stream, drive)


@part
def learn(j, step, events, synapses, learning, device, stream):
    """Neuron j has fired: update its synapses, those with recent spikes and the silent ones."""
    rule, work, touched = learning.rule, learning.workspace, learning.touched[j]
    lags, changes = work.lags, work.changes
    if device is None:
        weights, counts, new = synapses[j], learning.update_counts[j], work.weights
        plasticity = learning.plasticity
        for lag in range(min(rule.n_recent, step + 1)):
            inputs = inputs_at(events, step - lag)
            strengthen(weights, counts, touched, inputs, rule.changes[lag], plasticity, new)
        draw_lags(rule, stream, lags, changes)
        weaken(weights, counts, touched, changes, plasticity, new)
    else:
        for lag in range(min(rule.n_recent, step + 1)):
            inputs, change = inputs_at(events, step - lag), rule.changes[lag]
            update_spiking(j, synapses, inputs, lag, change, learning, device, stream)
        draw_lags(rule, stream, lags, changes)
        silent = list_silent(touched, work)
        update_devices(j, synapses, silent, learning, device, stream)


@part
def learners(winner, n_neurons, learning):
    """The first neuron that learns when the layer fires, and the one after the last."""
    if not learning.learns:
        return 0, 0
    return (winner, winner + 1) if learning.plasticity.wta else (0, n_neurons)


@part
def record_spikes(computed, threshold, sample, step, trains):
    """Write down which neurons spike at a step."""
    if trains is not None:
        for j in range(computed.size):
            trains[sample, j, step] = computed[j] > threshold[j]


@part
def record_weights(synapses, n, weights):
    """Write down all weights, as the n-th."""
    if weights is not None:
        for j in range(synapses.shape[0]):
            for i in range(synapses.shape[1]):
                weights[n, j, i] = synapses[j, i]


@part
def record_steps(values, sample, step, next_step, trace):
    """Write down a value of every neuron for the steps from one to before the next one."""
    if trace is not None:
        for j in range(values.size):
            for t in range(step, next_step):
                trace[sample, j, t] = values[j]


@part
def present(events, sample, steps, layer, neuron, learning, device, stream, record):
    """Run a layer through the time steps of one sample.

    All neurons rest together: whichever spike, the others are inhibited for the
    same refractory time. While they rest their computed potentials stay as they
    are, so a strong winner fires on until its threshold has climbed past its own;
    from then on nothing can happen before the rest ends.
    """
    potential, threshold, computed = layer.potential, layer.threshold, layer.computed
    for j in range(potential.size):
        potential[j] = neuron.resting_potential
        threshold[j] = neuron.spike_threshold
        computed[j] = 0.0
    winner, rest_until, n_firings, n_reads = 0, -1, 0, 0
    step, last = steps
    while step <= last:
        if step > rest_until:
            inputs = inputs_at(events, step)
            read_inputs(layer, inputs, device, stream, computed)
            integrate(potential, threshold, computed, neuron)
            winner = most_driven(computed)
            n_reads += inputs.size * potential.size
        next_step = step + 1
        if computed[winner] < threshold[winner]:
            next_step = max(next_step, min(rest_until, last) + 1)
        else:
            record.spike_counts[sample, winner] += 1
            record_spikes(computed, threshold, sample, step, record.spike_trains)
            fire_or_inhibit(potential, threshold, computed, neuron)
            rest_until = step + neuron.refractory_time
            first, end = learners(winner, potential.size, learning)
            for j in range(first, end):
                learn(j, step, events, layer.synapses, learning, device, stream)
            record_weights(layer.synapses, n_firings, record.weights)
            n_firings += 1
        record_steps(potential, sample, step, next_step, record.potentials)
        record_steps(threshold, sample, step, next_step, record.thresholds)
        step = next_step
    for j in range(potential.size):
        layer.rest_until[j] = rest_until
    record.winners[sample] = winner
    record.activity[sample, 0] = n_firings
    record.activity[sample, 1] = n_reads


@compiled
def number_levels(synapses, cycles, device, levels):
    """Number the levels that weights lie on now; -1 for those that lie on none."""
    for j in range(synapses.shape[0]):
        for i in range(synapses.shape[1]):
            table = table_at(max(cycles[j, i] - 1, 0), device)
            levels[j, i] = -1
            for level in range(device.levels.shape[1]):
                if device.levels[table, level] == synapses[j, i]:
                    levels[j, i] = level
                    break


@part
def begin_sample(learning, device, events, stream):
    """No input of the sample has spiked yet; an answer has a random stream of its own."""
    touched = learning.touched
    for j in range(touched.shape[0]):
        for i in range(touched.shape[1]):
            touched[j, i] = False
    if device is None:
        return
    if not learning.learns:
        stream[0] = stream_of_sample(events, stream[0])


@compiled
def present_batch(spike_trains, steps, layer, neuron, learning, device, keys, record):
    """Present spike trains (n_samples, n_channels, n_steps) to a layer, one after another.

    `keys` seeds the random stream of each; where nothing is learned, each sample adds its
    own spikes to it.
    """
    n_channels, n_steps = spike_trains.shape[1:]
    events = Events(np.empty(n_channels * n_steps, np.int32), np.empty(n_steps + 1, np.int64))
    active, free = np.empty(n_channels, np.int64), np.empty(n_steps, np.int64)
    stream = np.empty(1, np.uint64)
    for sample in range(spike_trains.shape[0]):
        list_events(spike_trains[sample], events, active, free)
        stream[0] = keys[sample]
        begin_sample(learning, device, events, stream)
        present(events, sample, steps, layer, neuron, learning, device, stream, record)
