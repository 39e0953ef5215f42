"""Synapse models: what a synapse can hold, and how truly it is read."""

import numpy as np
from sklearn.utils import check_random_state

from . import _kernels


def device(table=None) -> _kernels.Device:
    """Describe what a synapse can hold to the compiled loops.

    Parameters
    ----------
    table : array-like of shape (n_levels,) or (n_cycles, n_levels), optional
        The levels a weight can take; row k holds after k updates, the last row
        from there on. None for a continuous weight.

    Returns
    -------
    _kernels.Device

    Raises
    ------
    ValueError
        If the table is empty or holds something else than finite numbers.
    """
    if table is None:
        table = np.empty((0, 0))
    else:
        table = np.atleast_2d(np.asarray(table, dtype=float))
        if table.ndim != 2 or table.size == 0 or not np.isfinite(table).all():
            raise ValueError(
                "the levels of a synapse must be finite numbers of shape (n_levels,) or "
                f"(n_cycles, n_levels), got shape {table.shape}."
            )
    ranks = np.argsort(table, axis=1, kind="stable")
    return _kernels.Device(levels=np.take_along_axis(table, ranks, axis=1), ranks=ranks)


def check_half_range(half_range: float) -> float:
    """Return the bound of the relative error of a reading, or raise ValueError."""
    if not 0 <= half_range < np.inf:
        raise ValueError(
            f"the half range of noise must be a finite number >= 0, got {half_range!r}."
        )
    return float(half_range)


def new_stream(random_state=None) -> np.ndarray:
    """Seed a random stream of the compiled loops.

    Parameters
    ----------
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None

    Returns
    -------
    ndarray of shape (1,), dtype uint64
    """
    return draw_keys(random_generator(random_state), 1)


def random_generator(random_state=None) -> np.random.Generator:
    """Make a Generator of what scikit-learn accepts as `random_state`.

    Parameters
    ----------
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None

    Returns
    -------
    numpy.random.Generator
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    seeds = check_random_state(random_state).randint(2**32, size=4, dtype=np.uint32)
    return np.random.default_rng(seeds)


def draw_keys(generator: np.random.Generator, size) -> np.ndarray:
    """Draw the seeds of random streams, of dtype uint64."""
    return generator.integers(2**64, size=size, dtype=np.uint64)


@_kernels.compiled
def _apply_noise(values, half_range, stream):
    for k in range(values.size):
        values[k] = _kernels.noisy(values[k], half_range, stream)


def apply_truncated_noise_vectorized(
    input_array: np.ndarray, half_range: float, *, random_state=None
) -> np.ndarray:
    """Apply truncated normal noise to an array of values.

    Each value becomes ``clip(value * (1 + e), 0, 1)`` with its own e, drawn from a
    normal distribution of standard deviation ``half_range / 3`` that is cut off at
    ``-half_range`` and ``half_range``.

    Parameters
    ----------
    input_array : array-like
        Values between 0 and 1, in any shape.
    half_range : float
        Bound of the relative error, at least 0.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the noise.

    Returns
    -------
    ndarray
        New values, in the shape of `input_array`.

    Raises
    ------
    ValueError
        If the half range is negative or not finite, or a value is not finite.

    Examples
    --------
    >>> from nervos_sklearn import apply_truncated_noise_vectorized
    >>> noisy = apply_truncated_noise_vectorized([0.5, 0.5], 0.1, random_state=0)
    >>> bool((abs(noisy - 0.5) <= 0.05).all())
    True
    """
    half_range = check_half_range(half_range)
    values = np.array(input_array, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("values must be finite numbers, got NaN or infinity.")
    flat = values.reshape(-1)
    _apply_noise(flat, half_range, new_stream(random_state))
    return flat.reshape(values.shape)


def apply_truncated_noise_to_value(value: float, half_range: float, *, random_state=None) -> float:
    """Apply truncated normal noise to one value.

    Parameters
    ----------
    value : float
        Between 0 and 1.
    half_range : float
        Bound of the relative error, at least 0.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the noise.

    Returns
    -------
    float
        As :func:`apply_truncated_noise_vectorized` says.

    Examples
    --------
    >>> from nervos_sklearn import apply_truncated_noise_to_value
    >>> apply_truncated_noise_to_value(0.5, 0.0)
    0.5
    """
    return float(apply_truncated_noise_vectorized(value, half_range, random_state=random_state))
