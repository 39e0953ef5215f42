"""Spikes of features, and images that move."""

import numpy as np

from .compiling import compiled
from .streams import SHIFT_12, STRIDE, random_bits, scramble
from .synapses import as_bits


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
            stream[0] += STRIDE
        for i in range(n_channels):
            for t in range(1, n_steps):
                if (random_bits(stream) >> SHIFT_12) * 2.0**-52 < probabilities[sample, i]:
                    spike_trains[sample, i, t] = 1
