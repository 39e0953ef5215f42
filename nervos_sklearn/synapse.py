"""Synapse models: what a synapse can hold, and how exactly it is written and read.

A model is a table of levels, so a measured device is a list of numbers.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares
from sklearn.isotonic import isotonic_regression
from sklearn.utils import check_scalar

from . import _kernels
from ._kernels.state import UPDATES
from ._random import Seed, draw_keys, random_generator
from ._sklearn import Estimator
from ._validation import check_numbers, warn_user

if TYPE_CHECKING:
    from .learning import Learning

_COMMON_PARAMETERS = """update : {"nearest", "pulse", "stochastic", "accumulate"}, optional
        Finite levels: how a desired change is written. "nearest": the level nearest to
        the weight that is asked for, as the reference does; changes of less than half a
        gap are lost. "pulse": one level up or down, whatever the size of the change.
        "stochastic": whole gaps, and one more with the chance of what is left over the
        gap. "accumulate": changes are gathered in a digital accumulator beside each
        synapse, and whole gaps are written [2]_. By default the learning chooses: "nearest"
        by spike timing, "accumulate" from reward.
    read_noise : float, default=0
        Relative standard deviation of each reading of each synapse, cut off at 3
        deviations; a reading never changes the sign.
    write_noise : float, default=0
        Cycle-to-cycle variation: standard deviation of the error of each write, as
        a fraction of the range of weights [1]_; cut off at 3 deviations and at the
        bounds of the weights.
    device_spread : float, default=0
        Device-to-device variation: relative standard deviation of the conductances
        of different devices in the same state [1]_. Each synapse is read through a
        factor of its own, ``1 + device_spread z``, z normal and cut off at 3."""
_REFERENCE = """References
    ----------
    .. [1] P.-Y. Chen, X. Peng, S. Yu, "NeuroSim: a circuit-level macro model for
       benchmarking neuro-inspired architectures in online learning", IEEE TCAD 37,
       2018.
    .. [2] S. R. Nandakumar et al., "Mixed-precision deep learning based on computational
       memory", Frontiers in Neuroscience 14, 2020."""


_MOST_LEVELS = np.iinfo(np.int16).max  # the compiled loops number them so


def _with_common_parameters(cls):
    if cls.__doc__ is None:  # python -OO
        return cls
    cls.__doc__ = cls.__doc__.replace("<common>", _COMMON_PARAMETERS).replace(
        "<reference>", _REFERENCE
    )
    return cls


def make_device(
    curves=None,
    first_cycles=None,
    *,
    update: str = "nearest",
    read_noise: float = 0.0,
    write_noise: float = 0.0,
    bounds: tuple[float, float] = (0.0, 1.0),
    clipped: bool = False,
) -> _kernels.Device:
    """Describe a synapse to the compiled loops.

    Parameters
    ----------
    curves : array-like of shape (n_curves, n_tables, n_levels), optional
        The levels a weight can take, first those for strengthening, last those for
        weakening; fewer axes stand for one curve, one table. None for a continuous
        weight.
    first_cycles : array-like of int of shape (n_tables,), optional
        The count of changes from which each table holds, the first 0. By default table
        k holds after k changes; the last one stays.
    update : {"nearest", "pulse", "stochastic", "accumulate"}, default="nearest"
    read_noise, write_noise : float
        As in :class:`Synapse`, `write_noise` in units of weight.
    bounds : tuple of float, default=(0, 1)
        What write noise cannot cross.
    clipped : bool, default=False
        The seed's noise: readings are clipped to [0, 1], and written as they are read.

    Returns
    -------
    _kernels.Device

    Raises
    ------
    ValueError
        If the table is empty or holds something else than finite numbers, or a
        noise is not a finite number of at least 0.
    """
    if curves is None:
        curves = np.empty((0, 0, 0))
    else:
        curves = check_numbers("the levels of a synapse", curves)
        if curves.ndim > 3 or curves.ndim == 0 or curves.size == 0:
            raise ValueError(
                "the levels of a synapse must have shape (n_levels,), (n_cycles, n_levels) or "
                f"(n_curves, n_cycles, n_levels), got {curves.shape}."
            )
        curves = np.array(curves, ndmin=3)
    n_curves, n_tables, n_levels = curves.shape
    if n_curves * n_levels > _MOST_LEVELS:
        raise ValueError(
            f"a synapse can have at most {_MOST_LEVELS} levels, got {n_curves * n_levels}."
        )
    if update not in UPDATES:
        raise ValueError(f"update must be one of {UPDATES} or None, got {update!r}.")
    ranks = np.argsort(curves, axis=2, kind="stable")
    levels = np.take_along_axis(curves, ranks, axis=2)
    # A level that stands twice in a table has one place there, the first.
    is_new = np.diff(levels, axis=2, prepend=-np.inf) > 0
    first = np.maximum.accumulate(np.where(is_new, np.arange(n_levels), 0), axis=2)
    ranks = np.take_along_axis(ranks, first, axis=2)
    in_one_row = (n_tables, n_curves * n_levels)
    if first_cycles is None:
        first_cycles = np.arange(n_tables)
    first_cycles = np.asarray(first_cycles, dtype=np.int64)
    return _kernels.Device(
        levels=np.ascontiguousarray(levels.swapaxes(0, 1)).reshape(in_one_row),
        ranks=np.ascontiguousarray(ranks.swapaxes(0, 1)).reshape(in_one_row),
        n_levels=n_levels,
        first_cycles=first_cycles,
        update=UPDATES.index(update),
        read_noise=check_share("read_noise", read_noise),
        write_noise=check_share("write_noise", write_noise),
        lowest=float(bounds[0]),
        highest=float(bounds[1]),
        clipped=clipped,
    )


def check_share(name: str, value: float) -> float:
    """Return a finite number of at least 0 as a float, or raise ValueError."""
    if not isinstance(value, Real) or not 0 <= value < np.inf:
        raise ValueError(f"{name} must be a finite number >= 0, got {value!r}.")
    return float(value)


@_with_common_parameters
class Synapse(Estimator):
    """The base of all synapse models.

    A subclass says by :meth:`curves` which levels a weight can take. Weights have no unit;
    parameters are checked when a network is given the synapse, or asked for its levels.

    Parameters
    ----------
    <common>

    <reference>

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import Synapse
    >>> class SquareSynapse(Synapse):
    ...     def curves(self, min_weight, max_weight):
    ...         return min_weight + (max_weight - min_weight) * np.linspace(0, 1, 5) ** 2
    >>> SquareSynapse(write_noise=0.1).n_levels
    5
    """

    def __init__(
        self,
        *,
        update: str | None = None,
        read_noise: float = 0.0,
        write_noise: float = 0.0,
        device_spread: float = 0.0,
    ):
        self.update = update
        self.read_noise = read_noise
        self.write_noise = write_noise
        self.device_spread = device_spread

    def curves(self, min_weight: float, max_weight: float) -> np.ndarray | None:
        """Return the levels of a weight.

        Parameters
        ----------
        min_weight, max_weight : float
            Bounds of the weights.

        Returns
        -------
        ndarray or None
            None if a weight is continuous; else of shape

            - (n_levels,): the levels, in the order of pulses or any other;
            - (n_tables, n_levels): of a device that wears out, table k after k pulses, or
              after ``cycles()[k]``; the last one stays. Two rows are a fresh and a worn
              device, not two curves;
            - (2, n_tables, n_levels): first the levels a strengthened synapse takes, then
              those of a weakened one; n_tables is 1 if it does not wear out. Where one has
              fewer levels, repeat the last.

        Raises
        ------
        TypeError
            If a number of levels is not an integer.
        ValueError
            If a parameter of the model is out of its range, or has another shape.
        """
        return None

    def cycles(self) -> ArrayLike | None:
        """Return the count of pulses from which each table of :meth:`curves` holds.

        Returns
        -------
        array-like of int of shape (n_tables,), or None
            Increasing, the first 0. None: table k holds after k pulses.

        Raises
        ------
        ValueError
            If the counts do not fit the tables.
        """
        return None

    @property
    def n_levels(self) -> float:
        """How many levels a fresh device has on the way from one end to the other.

        Of two curves it is the longer one's: a device that rises and falls over four levels
        each has four. Infinity if a weight is continuous. TypeError or ValueError as
        :meth:`curves`.
        """
        curves = self.curves(0.0, 1.0)
        if curves is None:
            return float("inf")
        return max(len(np.unique(levels)) for levels in np.array(curves, ndmin=3)[:, 0])

    def fresh_levels(self, min_weight: float, max_weight: float) -> np.ndarray | None:
        """Return the different conductances of a fresh device, the levels of both curves.

        Parameters
        ----------
        min_weight, max_weight : float
            Bounds of the weights.

        Returns
        -------
        ndarray of shape (n_conductances,), ascending, or None
            None if a weight is continuous.

        Raises
        ------
        TypeError, ValueError
            As :meth:`curves`.
        """
        curves = self.curves(min_weight, max_weight)
        return None if curves is None else np.unique(np.array(curves, ndmin=3)[:, 0])

    def device(
        self, min_weight: float, max_weight: float, learning: Learning
    ) -> _kernels.Device | None:
        """Describe the synapse to the compiled loops.

        Parameters
        ----------
        min_weight, max_weight : float
            Bounds of the weights.
        learning : Learning
            Chooses how changes are written, unless the synapse does.

        Returns
        -------
        _kernels.Device, or None if the synapse is ideal

        Raises
        ------
        TypeError
            If the ``__init__`` of a subclass has not called that of Synapse, or a number of
            levels is not an integer.
        ValueError
            If a parameter of the model is not valid.
        """
        check_made(self)
        curves = self.curves(min_weight, max_weight)
        spread = check_share("device_spread", self.device_spread)
        read_noise = check_share("read_noise", self.read_noise)
        write_noise = check_share("write_noise", self.write_noise)
        if curves is None and spread == read_noise == write_noise == 0:
            return None
        return make_device(
            curves,
            self.cycles(),
            update=learning.update if self.update is None else self.update,
            read_noise=read_noise,
            write_noise=write_noise * (max_weight - min_weight),
            bounds=learning.bounds(curves is None, min_weight, max_weight),
        )

    def gains(self, shape: tuple, key: np.uint64) -> np.ndarray | None:
        """Draw the factor through which each device is read.

        Parameters
        ----------
        shape : tuple of (n_devices, n_neurons, n_inputs)
            The devices.
        key : numpy.uint64
            Their seed.

        Returns
        -------
        ndarray of that shape, or None if all devices are alike

        Raises
        ------
        TypeError
            If the ``__init__`` of a subclass has not called that of Synapse.
        ValueError
            If `device_spread` is not a finite number of at least 0.
        """
        check_made(self)
        if check_share("device_spread", self.device_spread) == 0:
            return None
        deviations = np.zeros(shape).reshape(-1)
        _kernels.streams.fill_deviations(deviations, np.uint64(key))
        return np.maximum(1 + self.device_spread * deviations.reshape(shape), 0.0)


def check_made(synapse: Synapse) -> None:
    """Raise TypeError if a subclass has not stored what all synapses have."""
    for name in ("update", "read_noise", "write_noise", "device_spread"):
        if not hasattr(synapse, name):
            raise TypeError(
                f"{type(synapse).__name__} has no {name}: its __init__ must call "
                "super().__init__(), with the update, read_noise, write_noise and "
                "device_spread that it takes."
            )


@_with_common_parameters
class IdealSynapse(Synapse):
    """A synapse that holds any weight.

    Parameters
    ----------
    <common>

    <reference>

    Examples
    --------
    >>> from nervos_sklearn import IdealSynapse
    >>> IdealSynapse(read_noise=0.1).n_levels
    inf
    """


def _check_states(name, n_states, least):
    return check_scalar(n_states, name, Integral, min_val=least, max_val=_MOST_LEVELS)


@_with_common_parameters
class LinearSynapse(Synapse):
    """A synapse with evenly spaced levels.

    Parameters
    ----------
    n_states : int, default=25
        Number of levels, from the lowest to the highest weight; 2 to 32767.
    <common>

    <reference>

    Examples
    --------
    >>> from nervos_sklearn import LinearSynapse
    >>> LinearSynapse(5).curves(0.0, 1.0)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """

    def __init__(
        self,
        n_states: int = 25,
        *,
        update: str | None = None,
        read_noise: float = 0.0,
        write_noise: float = 0.0,
        device_spread: float = 0.0,
    ):
        super().__init__(
            update=update,
            read_noise=read_noise,
            write_noise=write_noise,
            device_spread=device_spread,
        )
        self.n_states = n_states

    def curves(self, min_weight: float, max_weight: float) -> np.ndarray | None:
        n_states = _check_states("n_states", self.n_states, 2)
        return np.linspace(min_weight, max_weight, n_states)


@_with_common_parameters
class NonLinearSynapse(Synapse):
    """A synapse whose levels crowd at one end, as those of Pr0.7Ca0.3MnO3 do.

    ``w_i = w_max - (w_max - w_min) / (1 - exp(-nu)) (1 - exp(-nu (1 - i / n)))``
    for i = 0 ... n, n being ``n_states - 1`` (arXiv 2506.19377), the exponential curve of
    [1]_ in other letters.

    Parameters
    ----------
    n_states : int, default=25
        Number of levels, from the lowest to the highest weight; 2 to 32767. The
        publication's n = 25 has 26 of them.
    nu : float, default=3.6
        Non-linearity, from -50 to 50. Levels crowd at the lowest weight if it is positive, at the
        highest if it is negative; they are evenly spaced if it is 0. So a conductance
        that rises fast and saturates has a negative nu, and one that falls fast and
        then slowly a positive one.
    nu_depression : float, optional
        Non-linearity of the levels that a weakened synapse takes; by default the
        same levels serve both ways.
    n_states_depression : int, optional
        The number of levels of a weakened synapse; by default `n_states`.
    <common>

    Attributes
    ----------
    nu_error_, nu_depression_error_ : float
        Standard errors of `nu` and `nu_depression`. This and the following is what
        :meth:`from_measurement` found.
    offset_, offset_error_ : float
        The conductance of the lowest weight, in the unit of the measurement, and its
        standard error.
    scale_, scale_error_ : float
        The range of the conductances, in the same unit, and its standard error.
    residual_ : float
        Root mean square of what could not be fitted, as a fraction of `scale_`.

    <reference>

    Examples
    --------
    >>> from nervos_sklearn import NonLinearSynapse
    >>> NonLinearSynapse(5).curves(0.0, 1.0).round(3)
    array([0.   , 0.041, 0.142, 0.39 , 1.   ])
    """

    def __init__(
        self,
        n_states: int = 25,
        nu: float = 3.6,
        *,
        nu_depression: float | None = None,
        n_states_depression: int | None = None,
        update: str | None = None,
        read_noise: float = 0.0,
        write_noise: float = 0.0,
        device_spread: float = 0.0,
    ):
        super().__init__(
            update=update,
            read_noise=read_noise,
            write_noise=write_noise,
            device_spread=device_spread,
        )
        self.n_states = n_states
        self.nu = nu
        self.nu_depression = nu_depression
        self.n_states_depression = n_states_depression

    def curves(self, min_weight: float, max_weight: float) -> np.ndarray | None:
        n_states, nu = [self.n_states], [self.nu]
        if self.nu_depression is not None or self.n_states_depression is not None:
            n_states.append(_first_given(self.n_states_depression, self.n_states))
            nu.append(_first_given(self.nu_depression, self.nu))
        curves: list[np.ndarray] = []
        for n, non_linearity in zip(n_states, nu, strict=True):
            if not isinstance(non_linearity, Real) or not abs(non_linearity) <= _MOST_NU:
                raise ValueError(
                    f"nu must be a number between -{_MOST_NU} and {_MOST_NU}, "
                    f"got {non_linearity!r}."
                )
            steps = np.linspace(0, 1, _check_states("n_states", n, 2))
            shares = _conductance(steps, non_linearity)
            curves.append(min_weight + (max_weight - min_weight) * shares)
        return curves[0] if len(curves) == 1 else _stack_curves(curves)

    @classmethod
    def from_measurement(
        cls,
        pulses: ArrayLike,
        conductances: ArrayLike,
        depression: tuple[ArrayLike, ArrayLike] | None = None,
        **parameters: Any,
    ) -> NonLinearSynapse:
        """Fit the model to a measured device.

        Least squares fit ``offset + scale c(pulse; nu)``, c being the model's curve
        from 0 to 1. Offset and scale are free, so noise at the ends does not bias nu, and
        common to both branches: each begins where the other ends, before its first pulse.
        So the lowest and the highest weight are the conductances at those two ends, whether
        they were measured or not.

        Parameters
        ----------
        pulses : array-like of shape (n,)
            Numbers of the pulses, increasing; at least 4, over at least 1 pulse. 0 is the
            state before the first pulse, 1 that after it; later ones may be left out. Numbers
            that begin further from 0 than they span, as those of a later cycle, begin one
            step before the first.
        conductances : array-like of shape (n,)
            The conductance after each pulse, in any unit, rising or falling: one
            branch, not a cycle up and down.
        depression : tuple of (pulses, conductances), optional
            A second measurement, with pulses that weaken the synapse; their number
            may differ. They are counted from 0 anew, or on from the last pulse of the first.
        **parameters
            Further parameters of the model.

        Returns
        -------
        NonLinearSynapse
            With the fitted `nu` and `nu_depression`, a level before the first pulse and
            one after each up to the last, and the attributes of a fit.

        Raises
        ------
        TypeError
            If one of the further parameters is unknown.
        ValueError
            If a measurement is too short, not finite, not sorted, or constant, if it turns, as
            a whole cycle does, or if the model explains less than half of the variance.

        Warns
        -----
        UserWarning
            If `residual_` exceeds 0.1, nu lies at the end of its range, or one range for both
            branches misses them by more than 0.02 of it and more than their noise does (an F
            test at 0.001): they do not begin where the other one ends.

        Examples
        --------
        >>> from nervos_sklearn import NonLinearSynapse
        >>> microsiemens = [316.228, 199.526, 125.893, 63.096, 25.119, 12.589, 5.754, 3.981]
        >>> synapse = NonLinearSynapse.from_measurement(range(8), microsiemens)
        >>> round(synapse.nu, 1), synapse.n_states, round(synapse.residual_, 2)
        (3.2, 8, 0.02)
        """
        branches = [_check_branch("the measurement", pulses, conductances)]
        if depression is not None:
            branches.append(_check_branch("the depression", *_check_pair(depression)))
        starts = branch_starts([numbers for numbers, _ in branches])
        steps, n_states = [], []
        for (numbers, measured), start in zip(branches, starts, strict=True):
            steps.append(_ascending_steps(numbers - start, measured))
            n_states.append(round(numbers[-1] - start) + 1)
        fit = _fit_branches(steps, [measured for _, measured in branches])
        parameters = {"n_states": n_states[0], "nu": fit["nu"][0]} | parameters
        if depression is not None:
            fitted = {"n_states_depression": n_states[1], "nu_depression": fit["nu"][1]}
            parameters = fitted | parameters
        synapse = cls(**parameters)
        synapse.nu_error_ = fit["nu_error"][0]
        if depression is not None:
            synapse.nu_depression_error_ = fit["nu_error"][1]
        for name in ("offset", "offset_error", "scale", "scale_error", "residual"):
            setattr(synapse, f"{name}_", fit[name])
        return synapse


_MOST_NU = 50  # the levels of the steepest branch are a step


def _first_given(value, default):
    return default if value is None else value


def _stack_curves(curves):
    """Stack tables of levels of different length; a level that stands twice is the same."""
    n_levels = max(len(curve) for curve in curves)
    return np.stack([np.pad(c, (0, n_levels - len(c)), mode="edge")[np.newaxis] for c in curves])


def _conductance(steps, nu):
    """Fraction of the range after a fraction of the steps, from 0 to 1."""
    if abs(nu) < 1e-9:
        return steps
    return 1 - np.expm1(-nu * (1 - steps)) / np.expm1(-nu)


def _check_pair(depression):
    try:
        pulses, conductances = depression
    except (TypeError, ValueError):
        raise ValueError(
            f"depression must be a pair (pulses, conductances), got {depression!r}."
        ) from None
    return pulses, conductances


def _check_branch(name, pulses, conductances):
    """Return the pulses and the conductances of one branch, or say what is wrong with them."""
    pulses = check_numbers(f"the pulses of {name}", pulses, 1)
    conductances = check_numbers(f"the conductances of {name}", conductances, 1)
    if len(pulses) != len(conductances):
        raise ValueError(
            f"{name} must have a conductance for each pulse, got {len(pulses)} pulses and "
            f"{len(conductances)} conductances."
        )
    if len(pulses) < 4:
        raise ValueError(f"{name} must have at least 4 points, got {len(pulses)}.")
    _check_increasing(f"the pulses of {name}", pulses)
    if np.ptp(pulses) < 1:
        raise ValueError(f"{name} must span at least 1 pulse, got {np.ptp(pulses)}.")
    if np.ptp(conductances) == 0:
        raise ValueError(
            f"the conductances of {name} must not be all the same, got {conductances[0]} "
            f"{len(conductances)} times."
        )
    _check_one_way(name, pulses, conductances)
    return pulses, conductances


def _check_increasing(name, values):
    falls = np.flatnonzero(np.diff(values) <= 0)
    if falls.size:
        k = falls[0]
        raise ValueError(
            f"{name} must increase, got {values[k]:g} and then {values[k + 1]:g} at position "
            f"{k + 1}."
        )


def _check_one_way(name, pulses, conductances):
    """Raise ValueError if a branch turns, by half its range and more than its noise, as a cycle.

    What no rising and no falling curve explains is compared with the noise of neighbours, by
    their second differences, which a smooth curve hardly has.
    """
    n = len(conductances)
    missed = min(
        np.sum((isotonic_regression(conductances, increasing=up) - conductances) ** 2)
        for up in (True, False)
    )
    noise = n / (n - 2) * np.sum(np.diff(conductances, 2) ** 2) / 6
    peaks = []
    for values in (conductances, -conductances):
        before, after = np.minimum.accumulate(values), np.minimum.accumulate(values[::-1])[::-1]
        heights = values - np.maximum(before, after)
        peaks.append((heights.max(), heights.argmax()))
    height, turn = max(peaks)
    if height > 0.5 * np.ptp(conductances) and missed > 1.5 * noise:
        raise ValueError(
            f"{name} must be one branch, rising or falling, got {n} points that turn at pulse "
            f"{pulses[turn]:g} (position {turn}), as those of a whole cycle do: give the part up "
            "to there as the measurement, and the rest as depression=(pulses, conductances)."
        )


def branch_starts(pulses: list[np.ndarray]) -> list[float]:
    """Find the number of the pulse before which each branch of a measurement begins.

    Pulses are counted from 0, the state before the first, in each branch anew or from the
    last pulse of the branch before. A branch whose numbers begin further away than they span,
    as those of a later cycle, begins one step before its first number.

    Parameters
    ----------
    pulses : list of ndarray of shape (n,)
        The increasing numbers of each branch.

    Returns
    -------
    list of float

    Examples
    --------
    >>> branch_starts([np.arange(1, 31), np.arange(1, 21)])
    [0.0, 0.0]
    >>> branch_starts([np.arange(31), np.arange(31, 61)])
    [0.0, 30.0]
    """
    starts, last = [], 0.0
    for numbers in pulses:
        start = min(last if numbers[0] >= last else 0.0, numbers[0])
        if numbers[0] - start > np.ptp(numbers):
            start = 2 * numbers[0] - numbers[1]
        starts.append(float(start))
        last = numbers[-1]
    return starts


def _ascending_steps(counts, conductances):
    """Return how far up the levels each count of pulses has brought a device, from 0 to 1."""
    steps = counts / counts[-1]
    falls = np.dot(steps - steps.mean(), conductances) < 0
    return 1 - steps if falls else steps


def _fit_branches(steps, conductances):
    """Fit nu of each branch, and the offset and the scale they have in common."""
    everything = np.concatenate(conductances)
    low, width = everything.min(), np.ptp(everything)
    measured = [(branch - low) / width for branch in conductances]
    alone = [_fit_alone(s, branch) for s, branch in zip(steps, measured, strict=True)]
    nus = np.array([nu for nu, _ in alone])
    if len(steps) > 1:
        nus = _search(nus, steps, measured)
    squares = np.sum(_errors(nus, steps, measured) ** 2)
    design, measured = _design(nus, steps), np.concatenate(measured)
    offset, scale = np.linalg.lstsq(design, measured)[0]
    residual = np.sqrt(squares / len(measured)) / abs(scale)
    _judge_fit(1 - squares / np.sum((measured - measured.mean()) ** 2), scale, residual, nus)
    if len(steps) > 1:
        _judge_range(squares, sum(own for _, own in alone), scale, len(measured))
    step = 1e-3
    slopes = [
        scale * (_design(nus + shift, steps) - _design(nus - shift, steps))[:, 1] / (2 * step)
        for shift in step * np.eye(len(nus))
    ]
    jacobian = np.column_stack([*slopes, design])
    n_free = len(measured) - jacobian.shape[1]
    deviations = np.sqrt(np.diag(np.linalg.pinv(jacobian.T @ jacobian)) * squares / n_free)
    return {
        "nu": [float(nu) for nu in nus],
        "nu_error": [float(error) for error in deviations[:-2]],
        "offset": float(low + width * offset),
        "offset_error": float(width * deviations[-2]),
        "scale": float(width * scale),
        "scale_error": float(width * deviations[-1]),
        "residual": float(residual),
    }


def _fit_alone(steps, conductances):
    """Return nu of one branch, and the sum of squares that it misses."""

    def squares(nu):
        return np.sum(_errors([nu], [steps], [conductances]) ** 2)

    start = min(np.linspace(-_MOST_NU, _MOST_NU, 201), key=squares)
    (nu,) = _search([start], [steps], [conductances])
    return nu, squares(nu)


def _design(nus, steps):
    """Return what offset and scale, which branches have in common, are multiplied with."""
    shares = [_conductance(s, nu) for s, nu in zip(steps, nus, strict=True)]
    return np.column_stack([np.ones(sum(map(len, steps))), np.concatenate(shares)])


def _errors(nus, steps, conductances):
    """Return what the best offset and scale for given nu miss.

    The model is linear in them (variable projection: Golub and Pereyra, 1973), so that only
    nu is searched for.
    """
    design, measured = _design(nus, steps), np.concatenate(conductances)
    return design @ np.linalg.lstsq(design, measured)[0] - measured


def _search(start, steps, conductances):
    start = np.clip(start, -0.99 * _MOST_NU, 0.99 * _MOST_NU)
    return least_squares(
        _errors, start, bounds=(-_MOST_NU, _MOST_NU), xtol=1e-12, ftol=1e-12,
        args=(steps, conductances),
    ).x  # fmt: skip


def _judge_fit(explained, scale, residual, nus):
    """Refuse a fit that means nothing, and warn of a doubtful one."""
    if explained < 0.5 or scale <= 0:
        raise ValueError(
            "the model does not describe the measurement: it explains "
            f"{max(explained, 0):.0%} of the variance. Give one branch, rising or falling, and "
            "the other one as depression, got perhaps noise alone, or branches of different "
            "ranges."
        )
    if residual > 0.1:
        warn_user(
            f"the fit misses the measurement by {residual:.0%} of its range (root mean square): "
            "average several measurements, check that both branches have one range, or give "
            "their levels to a TableSynapse."
        )
    if np.abs(nus).max() > 0.98 * _MOST_NU:
        warn_user(
            f"the fit ends at nu = {nus}, the end of the range from -{_MOST_NU} to {_MOST_NU}: "
            "the measurement is a step."
        )


def _judge_range(squares, squares_alone, scale, n_points):
    """Warn if two branches do not have one range: an F test against a range for each."""
    n_free = n_points - 6  # two branches of nu, offset and scale
    chance = (squares_alone / squares) ** (n_free / 2) if squares > 0 else 1.0
    missed = np.sqrt(max(squares - squares_alone, 0) / n_points) / scale
    if chance < 1e-3 and missed > 0.02:
        warn_user(
            f"the two branches do not share one range: that they should misses them by "
            f"{missed:.1%} of it (root mean square), and nu is biased. Each branch begins where "
            "the other one ends: number the conductance after the first pulse 1, that before "
            "it 0; or fit the branches one by one."
        )


@_with_common_parameters
class TableSynapse(Synapse):
    """A synapse whose levels are given, such as measured ones.

    Parameters
    ----------
    levels : array-like of shape (n_levels,), default=(0, 1)
        The weights it can take, in any order.
    depression_levels : array-like of shape (n_levels,), optional
        The weights it can take when it is weakened; by default the same.
    <common>

    <reference>

    Examples
    --------
    >>> from nervos_sklearn import TableSynapse
    >>> TableSynapse.from_conductances([2.0, 4.0, 10.0]).levels
    array([0.  , 0.25, 1.  ])
    """

    def __init__(
        self,
        levels: ArrayLike = (0.0, 1.0),
        depression_levels: ArrayLike | None = None,
        *,
        update: str | None = None,
        read_noise: float = 0.0,
        write_noise: float = 0.0,
        device_spread: float = 0.0,
    ):
        super().__init__(
            update=update,
            read_noise=read_noise,
            write_noise=write_noise,
            device_spread=device_spread,
        )
        self.levels = levels
        self.depression_levels = depression_levels

    def curves(self, min_weight: float, max_weight: float) -> np.ndarray | None:
        levels = np.asarray(self.levels, dtype=float)
        if levels.ndim != 1:
            raise ValueError(f"levels must have shape (n_levels,), got shape {levels.shape}.")
        if self.depression_levels is None:
            return levels
        other = np.asarray(self.depression_levels, dtype=float)
        if other.ndim != 1 or 0 in (len(levels), len(other)):
            raise ValueError(
                f"depression_levels must have shape (n_levels,), got shape {other.shape}."
            )
        return _stack_curves([levels, other])

    @classmethod
    def from_conductances(
        cls,
        conductances: ArrayLike,
        depression_conductances: ArrayLike | None = None,
        **parameters: Any,
    ) -> TableSynapse:
        """Make levels between 0 and 1 of measured conductances.

        Parameters
        ----------
        conductances : array-like of shape (n_levels,)
            Conductances in any unit, not all the same.
        depression_conductances : array-like of shape (n_levels,), optional
            Those of a synapse that is weakened, in the same unit.
        **parameters
            Further parameters of the model.

        Returns
        -------
        TableSynapse

        Raises
        ------
        TypeError
            If one of the further parameters is unknown.
        ValueError
            If the conductances are no finite numbers, or all the same.

        Examples
        --------
        >>> from nervos_sklearn import TableSynapse
        >>> up, down = [1.0, 3.0, 4.0, 5.0], [5.0, 2.0, 1.5, 1.0]  # in microsiemens
        >>> TableSynapse.from_conductances(up, down).depression_levels
        array([1.   , 0.25 , 0.125, 0.   ])
        """
        curves = [check_numbers("conductances", conductances, 1)]
        if depression_conductances is not None:
            curves.append(check_numbers("depression_conductances", depression_conductances, 1))
        everything = np.concatenate(curves)
        if np.ptp(everything) == 0:
            raise ValueError(
                f"conductances must not be all the same, got {everything[0]:g} "
                f"{len(everything)} times."
            )
        return cls(*((c - everything.min()) / np.ptp(everything) for c in curves), **parameters)


@_with_common_parameters
class EnduranceSynapse(Synapse):
    """A synapse that wears out: its levels depend on how often it has been written.

    Parameters
    ----------
    table : array-like of shape (n_tables, n_levels), default=((0, 1),)
        The levels of a fresh device, and of an ever more worn one.
    first_cycles : array-like of int of shape (n_tables,), optional
        The count of writes, or cycles, from which each row holds: increasing, the
        first 0. By default row k holds after k cycles. The last row stays. An update
        that leaves the weight as it is writes nothing.
    <common>

    <reference>

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import EnduranceSynapse
    >>> synapse = EnduranceSynapse.from_memory_window(
    ...     cycles=[1, 100, 10_000], highest=[1.0, 1.0, 0.6], lowest=[0.0, 0.0, 0.2], n_states=3)
    >>> np.asarray(synapse.table)[[0, -1]].round(3)
    array([[0. , 0.5, 1. ],
           [0.2, 0.4, 0.6]])
    """

    def __init__(
        self,
        table: ArrayLike = ((0.0, 1.0),),
        first_cycles: ArrayLike | None = None,
        *,
        update: str | None = None,
        read_noise: float = 0.0,
        write_noise: float = 0.0,
        device_spread: float = 0.0,
    ):
        super().__init__(
            update=update,
            read_noise=read_noise,
            write_noise=write_noise,
            device_spread=device_spread,
        )
        self.table = table
        self.first_cycles = first_cycles

    def curves(self, min_weight: float, max_weight: float) -> np.ndarray | None:
        table = np.asarray(self.table, dtype=float)
        if table.ndim != 2:
            raise ValueError(
                f"table must have shape (n_tables, n_levels), got shape {table.shape}."
            )
        return table[np.newaxis]

    def cycles(self) -> ArrayLike | None:
        if self.first_cycles is None:
            return None
        first, n_tables = np.asarray(self.first_cycles), len(np.asarray(self.table))
        if (
            first.shape != (n_tables,)
            or first.dtype.kind not in "iu"
            or first[0] != 0
            or (first[1:] <= first[:-1]).any()
            or first[-1] > _LAST_CYCLE
        ):
            raise ValueError(
                f"first_cycles must hold an increasing count of writes, at most {_LAST_CYCLE}, "
                f"for each of the {n_tables} rows of the table, the first 0; got "
                f"{self.first_cycles!r}."
            )
        return first

    @classmethod
    def from_memory_window(
        cls,
        cycles: ArrayLike,
        highest: ArrayLike,
        lowest: ArrayLike,
        n_states: int,
        **parameters: Any,
    ) -> EnduranceSynapse:
        """Make the table of a measured endurance: the memory window against cycles.

        The window is interpolated linearly in the logarithm of the cycle and filled
        with evenly spaced levels; conductances are scaled so that the first window
        is 0 to 1.

        Parameters
        ----------
        cycles : array-like of shape (n,)
            Increasing counts of writes, at least two, from 1 to 10**18.
        highest, lowest : array-like of shape (n,)
            Bounds of the window at each count, in any unit.
        n_states : int
            Levels within the window, 2 to 32767.
        **parameters
            Further parameters of the model.

        Returns
        -------
        EnduranceSynapse

        Raises
        ------
        TypeError
            If `n_states` is not an integer, or one of the further parameters is unknown.
        ValueError
            If the measurement is not finite, not sorted, or too long, a window is
            inverted, or `n_states` out of range.
        """
        cycles = check_numbers("cycles", cycles, 1)
        highest, lowest = check_numbers("highest", highest, 1), check_numbers("lowest", lowest, 1)
        if not len(cycles) == len(highest) == len(lowest) >= 2:
            raise ValueError(
                "a memory window must be at least 2 cycles and the highest and the lowest "
                f"conductance at each, got {len(cycles)}, {len(highest)} and {len(lowest)}."
            )
        _check_increasing("cycles", cycles)
        if cycles[0] < 1 or cycles[-1] > _LAST_CYCLE:
            raise ValueError(
                f"cycles must be from 1 to {_LAST_CYCLE}, got {cycles[0]:g} to {cycles[-1]:g}."
            )
        inverted = np.flatnonzero(highest < lowest)
        if inverted.size or highest[0] == lowest[0]:
            k = inverted[0] if inverted.size else 0
            raise ValueError(
                "highest must not be below lowest, and above it at first, got "
                f"{highest[k]:g} and {lowest[k]:g} at position {k}."
            )
        _check_states("n_states", n_states, 2)
        spaced = np.geomspace(1, cycles[-1], _TABLES_OF_A_WINDOW).round().astype(np.int64)
        first_cycles = np.concatenate([[0], np.unique(spaced)])
        where, known = np.log(np.maximum(first_cycles, 1)), np.log(cycles)
        top, bottom = np.interp(where, known, highest), np.interp(where, known, lowest)
        low, width = bottom[0], top[0] - bottom[0]
        table = np.linspace((bottom - low) / width, (top - low) / width, n_states, axis=1)
        return cls(table, first_cycles, **parameters)


class DifferentialPair(Synapse):
    """A signed synapse of two devices: the weight is G+ - G-.

    A learning with signed weights makes one by itself of a single device of finite levels.
    Strengthening raises G+ if G- is at its lowest, else it lowers G-; weakening mirrors that.
    Such pairs were trained in [1]_.

    Parameters
    ----------
    synapse : Synapse
        The model of each of the two devices.

    References
    ----------
    .. [1] M. Prezioso et al., "Training and operation of an integrated neuromorphic network
       based on metal-oxide memristors", Nature 521, 2015.

    Examples
    --------
    >>> from nervos_sklearn import DifferentialPair, LinearSynapse
    >>> pair = DifferentialPair(LinearSynapse(16, device_spread=0.1))
    >>> pair.n_levels, pair.set_params(synapse__n_states=5).n_levels
    (16, 5)
    """

    def __init__(self, synapse: Synapse):
        self.synapse = synapse

    def curves(self, min_weight: float, max_weight: float) -> np.ndarray | None:
        return self._device_model().curves(min_weight, max_weight)

    def device(
        self, min_weight: float, max_weight: float, learning: Learning
    ) -> _kernels.Device | None:
        return self._device_model().device(min_weight, max_weight, learning)

    def gains(self, shape: tuple, key: np.uint64) -> np.ndarray | None:
        return self._device_model().gains(shape, key)

    def _device_model(self):
        if not isinstance(self.synapse, Synapse) or isinstance(self.synapse, DifferentialPair):
            raise TypeError(
                "the synapse of a DifferentialPair must be the model of one device, such as "
                f"LinearSynapse(16), got {self.synapse!r}."
            )
        return self.synapse


_TABLES_OF_A_WINDOW = 200
_LAST_CYCLE = 10**18  # what a count holds


def apply_truncated_noise_vectorized(
    input_array: ArrayLike, half_range: float, *, random_state: Seed = None
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
    ndarray of dtype float64
        New values, in the shape of `input_array`.

    Raises
    ------
    ValueError
        If the half range is negative or not finite, or a value is not finite.

    Examples
    --------
    >>> from nervos_sklearn import apply_truncated_noise_vectorized
    >>> noisy = apply_truncated_noise_vectorized([0.2, 0.5, 0.8], 0.1, random_state=0)
    >>> noisy.round(3)
    array([0.193, 0.498, 0.815])
    """
    half_range = check_share("half_range", half_range)
    values = np.array(input_array, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("values must be finite numbers, got NaN or infinity.")
    flat = values.reshape(-1)
    device = make_device(read_noise=half_range / 3, clipped=True)
    _kernels.synapses.apply_noise(flat, device, draw_keys(random_generator(random_state), 1))
    return flat.reshape(values.shape)


def apply_truncated_noise_to_value(
    value: float, half_range: float, *, random_state: Seed = None
) -> float:
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
        ``clip(value * (1 + e), 0, 1)``, e as in :func:`apply_truncated_noise_vectorized`.

    Raises
    ------
    ValueError
        If the half range is negative or not finite, or the value is not finite.

    Examples
    --------
    >>> from nervos_sklearn import apply_truncated_noise_to_value
    >>> round(apply_truncated_noise_to_value(0.5, 0.1, random_state=0), 3)
    0.483
    """
    return float(apply_truncated_noise_vectorized(value, half_range, random_state=random_state))
