"""Generators, and the seeds of the random streams of the compiled loops."""

from typing import TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from ._sklearn import set_where_none

_Estimator = TypeVar("_Estimator", bound=BaseEstimator)
Seed = int | np.random.Generator | np.random.RandomState | None


def random_generator(random_state: Seed = None) -> np.random.Generator:
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


def draw_keys(generator: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
    """Draw the seeds of random streams of the compiled loops, of dtype uint64."""
    return generator.integers(2**64, size=size, dtype=np.uint64)


def seed_where_none(estimator: _Estimator, generator: np.random.Generator) -> _Estimator:
    """Give a seed to each `random_state` that is None, of an estimator and of those within.

    Parameters
    ----------
    estimator : BaseEstimator
        Changed in place.
    generator : numpy.random.Generator
        Asked only if a seed is missing.

    Returns
    -------
    BaseEstimator
        The same.
    """
    return set_where_none(estimator, "random_state", lambda: int(generator.integers(2**31)))
