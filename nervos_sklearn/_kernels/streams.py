"""Random streams: an array with the one state word of SplitMix64 (Steele, Lea, Flood, 2014)."""

import numpy as np
from scipy.special import ndtr, ndtri

from .compiling import compiled, part

STRIDE = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)
SHIFT_32, SHIFT_12 = np.uint64(32), np.uint64(12)

NOISE_BOUND = 3.0  # standard deviations at which every noise is cut off
_NOISE_CELLS = 1 << 12
_NOISE_QUANTILES = np.clip(
    ndtri(np.linspace(ndtr(-NOISE_BOUND), ndtr(NOISE_BOUND), _NOISE_CELLS + 1)),
    -NOISE_BOUND,
    NOISE_BOUND,
)


@part
def scramble(bits):
    """Mix 64 bits."""
    bits = (bits ^ (bits >> _SHIFT_30)) * _MIX_1
    bits = (bits ^ (bits >> _SHIFT_27)) * _MIX_2
    return bits ^ (bits >> _SHIFT_31)


@part
def random_bits(stream):
    """Draw 64 random bits."""
    stream[0] += STRIDE
    return scramble(stream[0])


@part
def uniform(stream):
    """Draw evenly from [0, 1)."""
    return np.float64(random_bits(stream) >> SHIFT_12) * 2.0**-52


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
    first = np.uint32(random_bits(stream) >> SHIFT_32)
    n_lags = np.uint64(rule.changes.size - rule.n_recent)
    for k in range(lags.size):
        bits = scramble_32(np.uint32(first + np.uint32(k) * np.uint32(0x9E3779B9)))
        lags[k] = rule.n_recent + np.int64((np.uint64(bits) * n_lags) >> SHIFT_32)
    for k in range(lags.size):
        changes[k] = rule.changes[lags[k]]


@part
def truncated_normal(stream):
    """Draw from a standard normal cut off at 3 deviations.

    By inversion, the quantile function being linear in each of 4096 cells.
    """
    bits = random_bits(stream)
    cell = np.int64(bits & np.uint64(_NOISE_CELLS - 1))
    fraction = np.float64(bits >> SHIFT_12) * 2.0**-52
    low = _NOISE_QUANTILES[cell]
    return low + fraction * (_NOISE_QUANTILES[cell + 1] - low)


@part
def stream_of_sample(events, seed):
    """Make the key of a random stream from a seed and what a sample consists of."""
    key = seed
    for step in range(events.start.size - 1):
        for k in range(events.start[step], events.start[step + 1]):
            key = scramble(key ^ np.uint64(events.channels[k] + 1))
        key += STRIDE
    return key


@compiled
def scramble_key(key, k):
    """Make a key for the k-th of several things of one key."""
    return scramble(np.uint64(key + np.uint64(k)))


@compiled
def fill_deviations(values, seed):
    """Draw standard normals cut off at 3 deviations."""
    stream = np.zeros(1, np.uint64)
    stream[0] = seed
    for k in range(values.size):
        values[k] = truncated_normal(stream)
