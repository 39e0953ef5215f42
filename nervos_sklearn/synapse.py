"""Synapse models: what a synapse can hold, how truly it is written and read.

A model is a table of levels, so a device of one's own is a list of measured numbers.
"""

from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from sklearn.base import BaseEstimator
from sklearn.utils import check_scalar

from . import _kernels
from ._kernels.state import UPDATES
from ._random import draw_keys, random_generator
from ._validation import check_numbers

_COMMON_PARAMETERS = """update : {"nearest", "pulse", "stochastic", "accumulate"}, optional
        Finite levels: how a desired change is written. "nearest": the level nearest to
        the weight that is asked for, as the reference does; changes of less than half a
        gap are lost. "pulse": one level up or down, whatever the size of the change.
        "stochastic": whole gaps, and one more with the chance of what is left over the
        gap. "accumulate": changes are gathered in a digital accumulator beside each
        synapse, and whole gaps are written. By default the learning chooses: "nearest"
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
       2018."""


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
    if n_curves * n_levels > np.iinfo(np.int16).max:
        raise ValueError(f"a synapse can have at most 32767 levels, got {n_curves * n_levels}.")
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
    return _kernels.Device(
        levels=np.ascontiguousarray(levels.swapaxes(0, 1)).reshape(in_one_row),
        ranks=np.ascontiguousarray(ranks.swapaxes(0, 1)).reshape(in_one_row),
        n_levels=n_levels,
        first_cycles=np.asarray(first_cycles, dtype=np.int64),
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


class Synapse(BaseEstimator):
    """The base of all synapse models.

    A subclass says by :meth:`curves` which levels a weight can take.
    """

    def __init__(self, *, update=None, read_noise=0.0, write_noise=0.0, device_spread=0.0):
        self.update = update
        self.read_noise = read_noise
        self.write_noise = write_noise
        self.device_spread = device_spread

    def curves(self, min_weight: float, max_weight: float):
        """Return the levels of a weight.

        Parameters
        ----------
        min_weight, max_weight : float
            Bounds of the weights.

        Returns
        -------
        ndarray of shape (n_levels,) or (n_curves, n_tables, n_levels), or None
            None if a weight is continuous; else see :func:`make_device`.
        """
        return None

    def tables_from(self):
        """Return the count of changes from which each table holds, or None; see `make_device`."""
        return None

    @property
    def n_levels(self) -> float:
        """How many levels a weight can take; infinity if it is continuous."""
        curves = self.curves(0.0, 1.0)
        return float("inf") if curves is None else np.shape(curves)[-1]

    def device(self, min_weight: float, max_weight: float, learning) -> _kernels.Device | None:
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
        ValueError
            If a parameter of the model is not valid.
        """
        curves = self.curves(min_weight, max_weight)
        spread = check_share("device_spread", self.device_spread)
        read_noise = check_share("read_noise", self.read_noise)
        write_noise = check_share("write_noise", self.write_noise)
        if curves is None and spread == read_noise == write_noise == 0:
            return None
        return make_device(
            curves,
            self.tables_from(),
            update=learning.update if self.update is None else self.update,
            read_noise=read_noise,
            write_noise=write_noise * (max_weight - min_weight),
            bounds=learning.bounds(curves is None, min_weight, max_weight),
        )

    def gains(self, shape: tuple, key: np.uint64) -> np.ndarray:
        """Draw the factor through which each device is read.

        Parameters
        ----------
        shape : tuple of (n_devices, n_neurons, n_inputs)
        key : numpy.uint64
            Seed of the devices.

        Returns
        -------
        ndarray of that shape, or None if all devices are alike
        """
        if check_share("device_spread", self.device_spread) == 0:
            return None
        deviations = np.zeros(shape).reshape(-1)
        _kernels.streams.fill_deviations(deviations, np.uint64(key))
        return np.maximum(1 + self.device_spread * deviations.reshape(shape), 0.0)


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


@_with_common_parameters
class LinearSynapse(Synapse):
    """A synapse with evenly spaced levels.

    Parameters
    ----------
    n_states : int, default=25
        Number of levels, from the lowest to the highest weight; at least 2.
    <common>

    <reference>

    Examples
    --------
    >>> from nervos_sklearn import LinearSynapse
    >>> LinearSynapse(5).curves(0.0, 1.0)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """

    def __init__(self, n_states=25, *, update=None, read_noise=0.0, write_noise=0.0, device_spread=0.0):
        super().__init__(
            update=update,
            read_noise=read_noise,
            write_noise=write_noise,
            device_spread=device_spread,
        )
        self.n_states = n_states

    def curves(self, min_weight, max_weight):
        n_states = check_scalar(self.n_states, "n_states", Integral, min_val=2)
        return np.linspace(min_weight, max_weight, n_states)


@_with_common_parameters
class NonLinearSynapse(Synapse):
    """A synapse whose levels crowd at one end, as those of Pr0.7Ca0.3MnO3 do.

    ``w_i = w_max - (w_max - w_min) / (1 - exp(-nu)) (1 - exp(-nu (1 - i / n)))``
    for i = 0 ... n (arXiv 2506.19377).

    Parameters
    ----------
    n_states : int, default=25
        n, the number of steps from the lowest to the highest weight; at least 1.
        With the lowest weight there are n + 1 levels.
    nu : float, default=3.6
        Non-linearity. Levels crowd at the lowest weight if it is positive, at the
        highest if it is negative; they are evenly spaced if it is 0.
    nu_depression : float, optional
        Non-linearity of the levels that a weakened synapse takes; by default the
        same levels serve both ways.
    <common>

    Attributes
    ----------
    residual_ : float
        Root mean square of what :meth:`from_measurement` could not fit, as a share
        of the measured range.

    <reference>

    Examples
    --------
    >>> from nervos_sklearn import NonLinearSynapse
    >>> NonLinearSynapse(4).curves(0.0, 1.0).round(3)
    array([0.   , 0.041, 0.142, 0.39 , 1.   ])
    """

    def __init__(
        self,
        n_states=25,
        nu=3.6,
        *,
        nu_depression=None,
        update=None,
        read_noise=0.0,
        write_noise=0.0,
        device_spread=0.0,
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

    def curves(self, min_weight, max_weight):
        n_states = check_scalar(self.n_states, "n_states", Integral, min_val=1)
        steps = np.arange(n_states + 1) / n_states
        nus = [self.nu] if self.nu_depression is None else [self.nu, self.nu_depression]
        for nu in nus:
            if not isinstance(nu, Real) or not -50 <= nu <= 50:
                raise ValueError(f"nu must be a number between -50 and 50, got {nu!r}.")
        curves = [min_weight + (max_weight - min_weight) * _conductance(steps, nu) for nu in nus]
        return curves[0] if len(curves) == 1 else np.array(curves)[:, np.newaxis]

    @classmethod
    def from_measurement(
        cls, pulses: ArrayLike, conductances: ArrayLike, depression=None, **parameters
    ) -> "NonLinearSynapse":
        """Fit the model to a measured device.

        The conductances are normalised to their range, the pulses to theirs, and nu
        is fitted by least squares.

        Parameters
        ----------
        pulses : array-like of shape (n,)
            Numbers of the pulses, increasing; at least 3.
        conductances : array-like of shape (n,)
            The conductance after each pulse, in any unit, rising or falling.
        depression : tuple of (pulses, conductances), optional
            A second measurement, with pulses that weaken the synapse.
        **parameters
            Further parameters of the model.

        Returns
        -------
        NonLinearSynapse
            With the fitted `nu` and `nu_depression`, as many steps as the pulses
            span, and `residual_`.

        Raises
        ------
        ValueError
            If the measurement is too short, not finite, not sorted, or constant.

        Examples
        --------
        >>> from nervos_sklearn import NonLinearSynapse
        >>> microsiemens = [316.228, 199.526, 125.893, 63.096, 25.119, 12.589, 5.754, 3.981]
        >>> synapse = NonLinearSynapse.from_measurement(range(8), microsiemens)
        >>> round(synapse.nu, 1), synapse.n_states, bool(synapse.residual_ < 0.03)
        (3.4, 7, True)
        """
        nu, n_steps, residual = _fit_nu(pulses, conductances)
        parameters = {"n_states": n_steps} | parameters
        residuals = [residual]
        if depression is not None:
            parameters["nu_depression"], _, residual = _fit_nu(*depression)
            residuals.append(residual)
        synapse = cls(nu=nu, **parameters)
        synapse.residual_ = float(np.sqrt(np.mean(np.square(residuals))))
        return synapse


def _conductance(steps, nu):
    """Share of the range after a share of the steps, from 0 to 1."""
    if abs(nu) < 1e-9:
        return steps
    return 1 - np.expm1(-nu * (1 - steps)) / np.expm1(-nu)


def _fit_nu(pulses, conductances):
    pulses, conductances = np.asarray(pulses, float), np.asarray(conductances, float)
    if (
        pulses.ndim != 1
        or pulses.shape != conductances.shape
        or len(pulses) < 3
        or not np.isfinite([pulses, conductances]).all()
        or (np.diff(pulses) <= 0).any()
        or np.ptp(conductances) == 0
    ):
        raise ValueError(
            "a measurement must be at least 3 finite conductances, not all the same, at "
            f"increasing pulse numbers; got pulses {pulses} and conductances {conductances}."
        )
    steps = (pulses - pulses[0]) / np.ptp(pulses)
    if conductances[-1] < conductances[0]:
        steps = 1 - steps
    measured = (conductances - conductances.min()) / np.ptp(conductances)

    def squared_error(nu):
        return np.mean((_conductance(steps, nu) - measured) ** 2)

    nu = minimize_scalar(squared_error, bounds=(-50, 50), method="bounded").x
    return float(nu), round(np.ptp(pulses)), float(np.sqrt(squared_error(nu)))


@_with_common_parameters
class TableSynapse(Synapse):
    """A synapse with levels of one's own.

    Parameters
    ----------
    levels : array-like of shape (n_levels,)
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
        levels=(0.0, 1.0),
        depression_levels=None,
        *,
        update=None,
        read_noise=0.0,
        write_noise=0.0,
        device_spread=0.0,
    ):
        super().__init__(
            update=update,
            read_noise=read_noise,
            write_noise=write_noise,
            device_spread=device_spread,
        )
        self.levels = levels
        self.depression_levels = depression_levels

    def curves(self, min_weight, max_weight):
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
        n_levels = max(len(levels), len(other))
        # A level that stands twice in the table is the same level.
        return np.stack(
            [np.pad(c, (0, n_levels - len(c)), mode="edge")[np.newaxis] for c in (levels, other)]
        )

    @classmethod
    def from_conductances(
        cls,
        conductances: ArrayLike,
        depression_conductances: ArrayLike | None = None,
        **parameters,
    ) -> "TableSynapse":
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
        ValueError
            If the conductances are not finite, or all the same.
        """
        curves = [np.asarray(conductances, dtype=float)]
        if depression_conductances is not None:
            curves.append(np.asarray(depression_conductances, dtype=float))
        everything = np.concatenate(curves)
        if not np.isfinite(everything).all() or np.ptp(everything) == 0:
            raise ValueError(
                f"conductances must be finite and not all the same, got {everything}."
            )
        return cls(*((c - everything.min()) / np.ptp(everything) for c in curves), **parameters)


@_with_common_parameters
class EnduranceSynapse(Synapse):
    """A synapse that wears out: its levels depend on how often it has been updated.

    Parameters
    ----------
    table : array-like of shape (n_tables, n_levels)
        The levels of a fresh device, and of an ever more worn one.
    first_cycles : array-like of int of shape (n_tables,), optional
        The count of updates from which each row holds: increasing, the first 0. By
        default row k holds after k updates. The last row stays.
    <common>

    <reference>

    Examples
    --------
    >>> from nervos_sklearn import EnduranceSynapse
    >>> synapse = EnduranceSynapse.from_memory_window(
    ...     cycles=[1, 100, 10_000], highest=[1.0, 1.0, 0.6], lowest=[0.0, 0.0, 0.2], n_states=3)
    >>> np.asarray(synapse.table)[[0, -1]].round(3)
    array([[0. , 0.5, 1. ],
           [0.2, 0.4, 0.6]])
    """

    def __init__(
        self,
        table=((0.0, 1.0),),
        first_cycles=None,
        *,
        update=None,
        read_noise=0.0,
        write_noise=0.0,
        device_spread=0.0,
    ):
        super().__init__(
            update=update,
            read_noise=read_noise,
            write_noise=write_noise,
            device_spread=device_spread,
        )
        self.table = table
        self.first_cycles = first_cycles

    def curves(self, min_weight, max_weight):
        table = np.asarray(self.table, dtype=float)
        if table.ndim != 2:
            raise ValueError(
                f"table must have shape (n_tables, n_levels), got shape {table.shape}."
            )
        return table[np.newaxis]

    def tables_from(self):
        if self.first_cycles is None:
            return None
        first = np.asarray(self.first_cycles)
        if (
            first.shape != (len(self.table),)
            or first.dtype.kind not in "iu"
            or first[0] != 0
            or (np.diff(first) <= 0).any()
        ):
            raise ValueError(
                "first_cycles must hold an increasing count of updates for each of the "
                f"{len(self.table)} rows of the table, the first 0; got {self.first_cycles!r}."
            )
        return first

    @classmethod
    def from_memory_window(
        cls, cycles: ArrayLike, highest: ArrayLike, lowest: ArrayLike, n_states: int, **parameters
    ) -> "EnduranceSynapse":
        """Make the table of a measured endurance: the memory window against cycles.

        The window is interpolated linearly in the logarithm of the cycle and filled
        with evenly spaced levels; conductances are scaled so that the first window
        is 0 to 1.

        Parameters
        ----------
        cycles : array-like of shape (n,)
            Increasing counts of updates, at least 1.
        highest, lowest : array-like of shape (n,)
            Bounds of the window at each count, in any unit.
        n_states : int
            Levels within the window, at least 2.
        **parameters
            Further parameters of the model.

        Returns
        -------
        EnduranceSynapse

        Raises
        ------
        ValueError
            If the measurement is not finite, not sorted, or a window is inverted.
        """
        cycles, highest, lowest = (np.asarray(a, dtype=float) for a in (cycles, highest, lowest))
        if (
            cycles.ndim != 1
            or len(cycles) < 2
            or not cycles.shape == highest.shape == lowest.shape
            or not np.isfinite([cycles, highest, lowest]).all()
            or cycles[0] < 1
            or (np.diff(cycles) <= 0).any()
            or (highest < lowest).any()
            or highest[0] == lowest[0]
        ):
            raise ValueError(
                "the memory window must be given by at least 2 increasing cycles >= 1 and the "
                f"highest and lowest conductance at each; got cycles {cycles}, highest "
                f"{highest}, lowest {lowest}."
            )
        check_scalar(n_states, "n_states", Integral, min_val=2)
        spaced = np.geomspace(1, cycles[-1], _TABLES_OF_A_WINDOW).round().astype(np.int64)
        first_cycles = np.concatenate([[0], np.unique(spaced)])
        where = np.log(np.maximum(first_cycles, 1))
        highest, lowest = (np.interp(where, np.log(cycles), c) for c in (highest, lowest))
        low, width = lowest[0], highest[0] - lowest[0]
        table = np.linspace((lowest - low) / width, (highest - low) / width, n_states, axis=1)
        return cls(table, first_cycles, **parameters)


class DifferentialPair(Synapse):
    """A signed synapse of two devices: the weight is G+ - G-.

    A learning with signed weights makes it by itself of a bare device of finite levels.
    Strengthening raises G+ if G- is at its lowest, else it lowers G-; weakening mirrors that.

    Parameters
    ----------
    synapse : Synapse
        The model of each of the two devices.

    Examples
    --------
    >>> from nervos_sklearn import DifferentialPair, LinearSynapse
    >>> pair = DifferentialPair(LinearSynapse(16, device_spread=0.1))
    >>> pair.n_levels, pair.set_params(synapse__n_states=5).n_levels
    (16, 5)
    """

    def __init__(self, synapse):
        self.synapse = synapse

    def curves(self, min_weight, max_weight):
        return self.synapse.curves(min_weight, max_weight)

    def device(self, min_weight, max_weight, learning):
        return self.synapse.device(min_weight, max_weight, learning)

    def gains(self, shape, key):
        return self.synapse.gains(shape, key)


_TABLES_OF_A_WINDOW = 200
MODELS = (
    IdealSynapse,
    LinearSynapse,
    NonLinearSynapse,
    TableSynapse,
    EnduranceSynapse,
    DifferentialPair,
)


def to_json(synapse: Synapse | None) -> dict | None:
    """Describe a model by its name and parameters, as JSON can hold them."""
    if synapse is None:
        return None
    parameters = {
        name: np.asarray(value).tolist()
        if hasattr(value, "__array__") or isinstance(value, (list, tuple))
        else value
        for name, value in synapse.get_params().items()
    }
    return {"model": _name_of(type(synapse)), "parameters": parameters}


def from_json(description: dict | None) -> Synapse | None:
    """Make the model that :func:`to_json` has described.

    Its class must be one of this package, or a subclass of :class:`Synapse` that has
    been defined or imported before.
    """
    if description is None:
        return None
    models = {_name_of(model): model for model in (Synapse, *_subclasses(Synapse))}
    if description["model"] not in models:
        raise ValueError(
            f"unknown synapse model {description['model']!r}, not of {sorted(models)}; "
            "import the module that defines it first."
        )
    return models[description["model"]](**description["parameters"])


def _name_of(model):
    if model in MODELS:
        return model.__name__
    return f"{model.__module__}.{model.__qualname__}"


def _subclasses(model):
    for subclass in model.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


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
    half_range = check_share("half_range", half_range)
    values = np.array(input_array, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("values must be finite numbers, got NaN or infinity.")
    flat = values.reshape(-1)
    device = make_device(read_noise=half_range / 3, clipped=True)
    _kernels.synapses.apply_noise(flat, device, draw_keys(random_generator(random_state), 1))
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
