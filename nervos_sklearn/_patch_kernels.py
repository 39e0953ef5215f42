"""The compiled loops of patch features."""

import math

import numpy as np

from ._compiling import compiled, part
from ._reward_kernels import RESOLUTION


@compiled
def patch_at(image, height, width, size, y, x, patch):
    """Copy the patch around (y, x), dark outside the image; return its squared L2 norm."""
    power = 0.0
    for k in range(size * size):
        py, px = y + k // size - size // 2, x + k % size - size // 2
        inside = 0 <= py < height and 0 <= px < width
        patch[k] = image[py * width + px] if inside else 0.0
        power += patch[k] * patch[k]
    return power


@compiled
def patch_powers(images, height, width, size, powers):
    """The squared L2 norm of the patch around each pixel."""
    patch = np.empty(size * size)
    for n in range(images.shape[0]):
        for location in range(height * width):
            powers[n, location] = patch_at(
                images[n], height, width, size, location // width, location % width, patch
            )


@part
def drive(weights, patch, potentials):
    """The membrane potential of each feature neuron, given the traces of a patch."""
    potentials[:] = 0.0
    for k in range(patch.size):
        if patch[k] > 0.0:
            for j in range(potentials.size):
                potentials[j] += weights[k, j] * patch[k]


@compiled
def imprint(weights, j, rate, patch):
    """STDP of neuron j: its weights move along the patch, and are scaled to norm 1."""
    power = 0.0
    for k in range(patch.size):
        weights[k, j] += rate * patch[k]
        power += weights[k, j] ** 2
    scale = RESOLUTION / math.sqrt(power)
    for k in range(patch.size):
        weights[k, j] = math.floor(weights[k, j] * scale + 0.5) / RESOLUTION


@compiled
def learn_patches(
    weights, images, locations, height, width, size, eta, final_eta, threshold_increment
):
    """Show the patches at `locations` (image, pixel) to competing neurons.

    The neuron furthest above its threshold learns; its threshold rises and all
    thresholds fall, so that every neuron comes to win as often (homeostasis).
    """
    n_neurons = weights.shape[1]
    thresholds, potentials = np.zeros(n_neurons), np.empty(n_neurons)
    patch = np.empty(size * size)
    n_presentations = locations.shape[0]
    for t in range(n_presentations):
        image, pixel = locations[t]
        power = patch_at(images[image], height, width, size, pixel // width, pixel % width, patch)
        gain = 1.0 / math.sqrt(power)
        drive(weights, patch, potentials)
        winner = np.argmax(potentials * gain - thresholds)
        rate = eta * (final_eta / eta) ** (t / n_presentations)
        imprint(weights, winner, rate * gain, patch)
        thresholds -= threshold_increment / n_neurons
        thresholds[winner] += threshold_increment


@part
def rank_most_driven(potentials, ranked, winners):
    """Write the highest potentials, best first, and their neurons; a tie goes to the first."""
    ranked[:] = -1.0
    for j in range(potentials.size):
        k = ranked.size - 1
        if potentials[j] > ranked[k]:
            while k > 0 and potentials[j] > ranked[k - 1]:
                ranked[k], winners[k] = ranked[k - 1], winners[k - 1]
                k -= 1
            ranked[k], winners[k] = potentials[j], j


@part
def pool(feature_map, row, column, value):
    """Triangular pooling: share a value among the four cells around (row, column)."""
    side = feature_map.shape[0]
    y0, x0 = math.floor(row), math.floor(column)
    for y in range(max(y0, 0), min(y0 + 2, side)):
        for x in range(max(x0, 0), min(x0 + 2, side)):
            feature_map[y, x] += value * (1.0 - abs(row - y)) * (1.0 - abs(column - x))


@compiled
def map_patches(weights, images, height, width, size, n_winners, maps):
    """At each pixel, the most driven neurons answer with their lead over the next one.

    The answers are pooled into `maps`, (n_images, n_neurons, map_size, map_size).
    """
    n_neurons, map_size = maps.shape[1], maps.shape[2]
    patch, potentials = np.empty(size * size), np.empty(n_neurons)
    ranked, winners = np.empty(n_winners + 1), np.empty(n_winners + 1, np.int64)
    for n in range(images.shape[0]):
        for y in range(height):
            for x in range(width):
                if patch_at(images[n], height, width, size, y, x, patch) > 0.0:
                    drive(weights, patch, potentials)
                    rank_most_driven(potentials, ranked, winners)
                    row = (y + 0.5) * map_size / height - 0.5
                    column = (x + 0.5) * map_size / width - 0.5
                    for k in range(n_winners):
                        if ranked[k] > ranked[n_winners]:
                            lead = ranked[k] - ranked[n_winners]
                            pool(maps[n, winners[k]], row, column, lead)
