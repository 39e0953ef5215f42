"""The compiled loops of window features, of images and of series alike.

A signal has one or two dimensions: its sites are rows and columns, a series has one row.
At each site, each channel holds a *level*, a whole number, which says what its inputs
spike; `code[level]` are the traces that these spikes leave, and level 0 is silent. A
window reads the sites at given *taps*, rows and columns from its place; outside the
signal all is silent. Neurons compete for windows, and answer for all of a signal.
"""

import math

import numpy as np

from .compiling import compiled, part
from .synapses import on_grid


@part
def level_at(levels, channel, shape, y, x):
    """The level of a channel at a site, 0 outside the signal."""
    inside = 0 <= y < shape[0] and 0 <= x < shape[1]
    return levels[channel, y * shape[1] + x] if inside else 0


@compiled
def window_at(levels, code, taps, shape, y, x, window):
    """Write the traces of the window at (y, x); return its squared L2 norm.

    `window` holds all inputs of the channels of the first tap, then of the second ...
    """
    power, k = 0.0, 0
    for tap in range(taps.shape[0]):
        for channel in range(levels.shape[0]):
            level = level_at(levels, channel, shape, y + taps[tap, 0], x + taps[tap, 1])
            for i in range(code.shape[1]):
                window[k] = code[level, i]
                power += window[k] * window[k]
                k += 1
    return power


@compiled
def window_powers(levels, code, taps, shape, powers):
    """The squared L2 norm of the window at each site of each signal."""
    window = np.empty(taps.shape[0] * levels.shape[1] * code.shape[1])
    for n in range(levels.shape[0]):
        for site in range(levels.shape[2]):
            y, x = site // shape[1], site % shape[1]
            powers[n, site] = window_at(levels[n], code, taps, shape, y, x, window)


@part
def drive(weights, window, potentials):
    """The membrane potential of each neuron, given the traces of a window."""
    potentials[:] = 0.0
    for k in range(window.size):
        if window[k] > 0.0:
            for j in range(potentials.size):
                potentials[j] += weights[k, j] * window[k]


@compiled
def imprint(weights, j, rate, window):
    """STDP of neuron j: its weights move along the window, and are scaled to norm 1."""
    power = 0.0
    for k in range(window.size):
        weights[k, j] += rate * window[k]
        power += weights[k, j] ** 2
    scale = 1.0 / math.sqrt(power)
    for k in range(window.size):
        weights[k, j] = on_grid(weights[k, j] * scale)


@compiled
def learn_windows(weights, levels, code, taps, shape, places, eta, final_eta, threshold_increment):
    """Show the windows at `places` (signal, site) to competing neurons.

    The neuron furthest above its threshold learns; its threshold rises and all
    thresholds fall, so that every neuron comes to win as often (homeostasis).
    """
    n_neurons = weights.shape[1]
    thresholds, potentials = np.zeros(n_neurons), np.empty(n_neurons)
    window = np.empty(weights.shape[0])
    n_presentations = places.shape[0]
    for t in range(n_presentations):
        n, site = places[t]
        y, x = site // shape[1], site % shape[1]
        gain = 1.0 / math.sqrt(window_at(levels[n], code, taps, shape, y, x, window))
        drive(weights, window, potentials)
        winner = np.argmax(potentials * gain - thresholds)
        rate = eta * (final_eta / eta) ** (t / n_presentations)
        imprint(weights, winner, rate * gain, window)
        thresholds -= threshold_increment / n_neurons
        thresholds[winner] += threshold_increment


@part
def respond(responses, powers, levels, taps, shape, y, x, potentials):
    """What `drive` computes, added up from the response to each level; the squared L2 norm.

    Few inputs of a channel spike at a time, and what a level's spikes add to the
    potentials is known beforehand: one row of `responses` a tap and channel.
    """
    potentials[:] = 0
    power = 0.0
    for tap in range(taps.shape[0]):
        ty, tx = y + taps[tap, 0], x + taps[tap, 1]
        if 0 <= ty < shape[0] and 0 <= tx < shape[1]:
            site = ty * shape[1] + tx
            for channel in range(levels.shape[0]):
                level = levels[channel, site]
                if level > 0:
                    row = responses[tap, channel, level]
                    for j in range(potentials.size):
                        potentials[j] += row[j]
                    power += powers[level]
    return power


@part
def rank_most_driven(potentials, shift, packed, ranked, winners):
    """Write the highest potentials, best first, and their neurons; a tie goes to the first.

    Potential and neuron are packed into one whole number, so that the highest is found
    without a branch; neurons have numbers below ``2**shift``.
    """
    n_neurons, last = potentials.size, (1 << shift) - 1
    for j in range(n_neurons):
        packed[j] = (potentials[j] << shift) + (last - j)
    for k in range(ranked.size):
        highest = packed[0]
        for j in range(1, n_neurons):
            highest = max(highest, packed[j])
        ranked[k], winners[k] = highest >> shift, last - (highest & last)
        packed[winners[k]] = -1


@part
def pool(feature_map, row, column, value):
    """Triangular pooling: share a value among the four cells around (row, column)."""
    y0, x0 = math.floor(row), math.floor(column)
    for y in range(max(y0, 0), min(y0 + 2, feature_map.shape[0])):
        for x in range(max(x0, 0), min(x0 + 2, feature_map.shape[1])):
            feature_map[y, x] += value * (1.0 - abs(row - y)) * (1.0 - abs(column - x))


@compiled
def answer_windows(
    responses, unit, powers, levels, shapes, taps, step, normalised, packed, ranked, maps, peaks
):  # fmt: skip
    """At every `step`-th site, the most driven neurons answer with their lead over the next.

    The leads, of windows of norm 1 if they are `normalised`, are pooled for each signal and
    neuron: into `maps`, (n_signals, n_neurons, height, width), by triangles, and their
    maximum into `peaks`, (n_signals, n_neurons). Potentials are whole numbers of
    `unit`; `packed` and `ranked` hold those of the neurons and of the winners and the next.
    """
    potentials = np.empty(maps.shape[1], responses.dtype)
    n_winners, winners = ranked.size - 1, np.empty(ranked.size, np.int64)
    shift = 0
    while (1 << shift) < potentials.size:
        shift += 1
    for n in range(levels.shape[0]):
        height, width = shapes[n, 0], shapes[n, 1]
        for site in range(0, height * width, step):
            y, x = site // width, site % width
            power = respond(responses, powers, levels[n], taps, shapes[n], y, x, potentials)
            if power > 0.0:
                rank_most_driven(potentials, shift, packed, ranked, winners)
                gain = unit / math.sqrt(power) if normalised else unit
                row = (y + 0.5) * maps.shape[2] / height - 0.5
                column = (x + 0.5) * maps.shape[3] / width - 0.5
                for k in range(n_winners):
                    if ranked[k] > ranked[n_winners]:
                        lead, j = gain * (ranked[k] - ranked[n_winners]), winners[k]
                        peaks[n, j] = max(peaks[n, j], lead)
                        pool(maps[n, j], row, column, lead)
