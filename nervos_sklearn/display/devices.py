"""Devices: the levels of a synapse and its answer to pulses, how levels are used, and wear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .._validation import check_numbers
from ..study import occupancy
from ..synapse import DifferentialPair, Synapse, branch_starts
from .samples import fitted_classifier
from .style import DOWN, GREY, UP, add_legend, count_along, ink, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

_MOST_WORN = 4  # tables of a worn device that are drawn
_MOST_POINTS = 40  # levels that are marked


class SynapseDisplay:
    """The levels of a device: the weight after each pulse up, and then down.

    Bands are the write noise, plus and minus one standard deviation; thin lines, the brighter
    the later, are the levels of a device that is worn. Make it with :meth:`from_synapse`.

    Parameters
    ----------
    up, down : sequence of ndarray of shape (n_levels,)
        The levels, ascending, that a strengthened and a weakened synapse takes: of a fresh
        device, then of an ever more worn one.
    cycles : sequence of int, default=(0,)
        The count of writes from which each holds.
    write_noise : float, default=0
        Standard deviation of a write, in units of weight.
    measured : tuple of (pulses, weights), optional
        Measured points, two arrays of shape (n_points,).

    Attributes
    ----------
    lines_ : list of matplotlib.lines.Line2D
        Up and down, fresh and then worn.
    points_ : matplotlib.lines.Line2D or None
        The measurement.
    levels_ : matplotlib.lines.Line2D
        The levels, as ticks at the right.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If `up`, `down` and `cycles` are not of one length.

    Examples
    --------
    >>> from nervos_sklearn import NonLinearSynapse, SynapseDisplay
    >>> synapse = NonLinearSynapse(16, nu=-3, nu_depression=3, write_noise=0.02)
    >>> display = SynapseDisplay.from_synapse(synapse)
    >>> display.ax_.get_xlabel(), len(display.lines_)
    ('pulse', 2)
    """

    def __init__(
        self,
        up: Sequence[np.ndarray],
        down: Sequence[np.ndarray],
        *,
        cycles: Sequence[int] = (0,),
        write_noise: float = 0.0,
        measured: tuple[np.ndarray, np.ndarray] | None = None,
    ):
        self.up, self.down, self.cycles = list(up), list(down), list(cycles)
        if not len(self.up) == len(self.down) == len(self.cycles) > 0:
            raise ValueError(
                "up, down and cycles must hold as many tables of levels, at least one, got "
                f"{len(self.up)}, {len(self.down)} and {len(self.cycles)}."
            )
        self.write_noise = write_noise
        self.measured = measured

    @classmethod
    def from_synapse(
        cls,
        synapse: Synapse,
        *,
        min_weight: float = 0.0,
        max_weight: float = 1.0,
        measurement: tuple[ArrayLike, ArrayLike] | None = None,
        depression: tuple[ArrayLike, ArrayLike] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a model of a device, and the measurement that it was fitted to.

        Parameters
        ----------
        synapse : Synapse
            A model with finite levels; of a pair, one device is drawn.
        min_weight, max_weight : float, default=0 and 1
            Bounds of the weights.
        measurement, depression : tuple of (pulses, conductances), optional
            What was measured, as in :meth:`NonLinearSynapse.from_measurement`. Conductances
            become weights by the fitted `offset_` and `scale_`, or else by their range.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SynapseDisplay

        Raises
        ------
        TypeError
            If a number of levels is not an integer.
        ValueError
            If the synapse holds any weight or is not valid, or a measurement is no pair of
            numbers.
        """
        synapse = synapse.synapse if isinstance(synapse, DifferentialPair) else synapse
        curves = synapse.curves(min_weight, max_weight)
        if curves is None:
            raise ValueError(
                f"{synapse!r} holds any weight: there are no levels to draw. Give a model of "
                "finite levels, such as LinearSynapse()."
            )
        curves = np.array(curves, ndmin=3, dtype=float)
        cycles = synapse.cycles()
        cycles = np.arange(curves.shape[1]) if cycles is None else np.asarray(cycles)
        chosen = _some_tables(curves[0])
        up, down = ([_ascending(table) for table in curves[k, chosen]] for k in (0, -1))
        measured = None
        if measurement is not None or depression is not None:
            points = _measured(synapse, measurement, depression, len(up[0]), len(down[0]))
            measured = points[0], min_weight + (max_weight - min_weight) * points[1]
        return cls(
            up,
            down,
            cycles=cycles[chosen].tolist(),
            write_noise=synapse.write_noise * (max_weight - min_weight),
            measured=measured,
        ).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SynapseDisplay
        """
        import matplotlib as mpl

        ax = new_axes(ax)
        self.lines_: list = []
        tables = zip(self.up, self.down, self.cycles, strict=True)
        worn = mpl.colormaps["viridis"](np.linspace(0.2, 0.85, len(self.up) - 1))
        for k, (up, down, cycles) in enumerate(tables):
            rising = np.arange(len(up))
            falling = rising[-1] + np.arange(len(down))
            if k == 0:
                self._draw_fresh(ax, rising, up, UP, "pulses up")
                self._draw_fresh(ax, falling, down[::-1], DOWN, "pulses down")
                continue
            style: dict[str, Any] = {"linewidth": 1.2, "color": worn[k - 1]}
            self.lines_ += ax.plot(rising, up, label=f"after {cycles:,} writes", **style)
            self.lines_ += ax.plot(falling, down[::-1], **style)
        self.points_ = None
        if self.measured is not None:
            (self.points_,) = ax.plot(
                *self.measured, "x", color=ink(), markersize=7, label="measured", zorder=4
            )
        (self.levels_,) = ax.plot(
            np.ones(len(self.up[0])), self.up[0], "_", color=ink(), markersize=8, clip_on=False,
            transform=ax.get_yaxis_transform(), label="levels",
        )  # fmt: skip
        count_along(ax.xaxis)
        ax.set(xlabel="pulse", ylabel="weight")
        add_legend(ax, beside=True)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_fresh(self, ax, pulses, weights, color, name):
        style = "o-" if len(pulses) <= _MOST_POINTS else "-"
        self.lines_ += ax.plot(pulses, weights, style, color=color, markersize=4, label=name)
        if self.write_noise > 0:
            ends = np.stack([weights - self.write_noise, weights + self.write_noise])
            ends = np.clip(ends, weights.min(), weights.max())
            noise = "write noise, 1 s.d." if color == UP else None
            ax.fill_between(pulses, *ends, color=color, alpha=0.2, linewidth=0, label=noise)


def _some_tables(tables):
    """The fresh table, and a few of worn ones, each of which differs from the one before."""
    tables = np.sort(tables, axis=1)
    distances = np.abs(tables - tables[0]).max(axis=1)
    steps = np.floor(_MOST_WORN * distances / (distances.max() or 1.0))
    return np.unique(np.maximum.accumulate(steps), return_index=True)[1]


def _ascending(levels):
    """The different levels of a device, ascending; all of them if its window has closed."""
    different = np.unique(levels)
    return different if len(different) > 1 else np.sort(levels)


def _measured(synapse, measurement, depression, n_up, n_down):
    """Measured points as (pulses, shares of the range), those up and then those down."""
    branches = [
        (check_numbers("pulses", branch[0], 1), check_numbers("conductances", branch[1], 1), first)
        for branch, first in ((measurement, True), (depression, False))
        if branch is not None
    ]
    everything = np.concatenate([conductances for _, conductances, _ in branches])
    offset = getattr(synapse, "offset_", everything.min())
    scale = getattr(synapse, "scale_", np.ptp(everything))
    fitted = hasattr(synapse, "offset_")  # else the levels are those that were measured
    numbers = [pulses for pulses, _, _ in branches]
    starts = branch_starts(numbers) if fitted else [pulses[0] for pulses in numbers]
    places, shares = [], []
    for (pulses, conductances, first), start in zip(branches, starts, strict=True):
        if pulses.shape != conductances.shape or np.ptp(pulses) == 0 or scale == 0:
            raise ValueError(
                "a measurement must be conductances, not all the same, at increasing pulses; got "
                f"pulses {pulses} and conductances {conductances}."
            )
        fractions = (pulses - start) / (pulses[-1] - start)
        rises = np.dot(fractions - fractions.mean(), conductances) > 0
        if rises != first:  # measured the other way
            fractions = 1 - fractions
        places.append((n_up - 1) * fractions if first else n_up - 1 + (n_down - 1) * fractions)
        shares.append((conductances - offset) / scale)
    return np.concatenate(places), np.concatenate(shares)


class OccupancyDisplay:
    """How many devices hold each level, or how weights are spread if they are continuous.

    Make it with :meth:`from_estimator` or :meth:`from_study`.

    Parameters
    ----------
    shares : array-like of shape (n_levels,)
        The fraction of devices on each level, the lowest first.
    continuous : bool, default=False
        Whether they are equal parts of the range of the weights instead.

    Attributes
    ----------
    bars_ : matplotlib.container.BarContainer
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the shares are not numbers of at least 0.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from nervos_sklearn import LinearSynapse, OccupancyDisplay, SNNClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> network = SNNClassifier(synapse=LinearSynapse(8), epochs=3, random_state=0).fit(X, y)
    >>> display = OccupancyDisplay.from_estimator(network)
    >>> len(display.bars_), round(float(display.shares.sum()), 6)
    (8, 1.0)
    """

    def __init__(self, shares: ArrayLike, *, continuous: bool = False):
        self.shares = check_numbers("shares", shares, ndim=1)
        if self.shares.min() < 0:
            raise ValueError(f"shares must be at least 0, got {self.shares.min()}.")
        self.continuous = continuous

    @classmethod
    def from_estimator(cls, estimator: BaseEstimator, *, ax: Axes | None = None) -> Self:
        """Draw the devices of a classifier, both of a pair.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier with a `synapse`, or a pipeline that ends with one.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        OccupancyDisplay

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If the estimator is no SNNClassifier, nor ends with one.
        ValueError
            If it has no `synapse`.
        """
        module = _module_of_devices(estimator)
        continuous = not np.isfinite(module.synapse.n_levels)
        return cls(occupancy(module), continuous=continuous).plot(ax=ax)

    @classmethod
    def from_study(
        cls, study: dict | DataFrame, *, device: int = 0, ax: Axes | None = None
    ) -> Self:
        """Draw a device of a study, after its last epoch, the mean over the folds.

        Parameters
        ----------
        study : dict or pandas.DataFrame
            What :func:`synapse_study` returned.
        device : int, default=0
            Its place in the list of synapses.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        OccupancyDisplay

        Raises
        ------
        ValueError
            If the study has no such device.
        """
        devices, epochs = np.asarray(study["device"]), np.asarray(study["epoch"])
        if device not in devices:
            raise ValueError(f"device must be one of {np.unique(devices)}, got {device!r}.")
        own = (devices == device) & (epochs == epochs[devices == device].max())
        shares = np.mean([np.asarray(study["occupancy"])[k] for k in np.flatnonzero(own)], axis=0)
        continuous = not np.isfinite(np.asarray(study["n_levels"])[own][0])
        return cls(shares, continuous=continuous).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        OccupancyDisplay
        """
        ax = new_axes(ax)
        n_levels = len(self.shares)
        self.bars_ = ax.bar(np.arange(1, n_levels + 1), 100 * self.shares, color=UP, width=0.85)
        even = ax.axhline(100 / n_levels, color=ink(), linestyle="--", linewidth=1)
        even.set_label("all alike")
        count_along(ax.xaxis)
        what = f"part of the range of weights, of {n_levels}" if self.continuous else "level"
        ax.set(xlabel=what, ylabel="share of devices (%)", xlim=(0.3, n_levels + 0.7))
        add_legend(ax, [even])
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _module_of_devices(estimator):
    """The network of a classifier with devices; of ideal synapses, none is used or worn."""
    module = fitted_classifier(estimator).module_
    if module.synapse is None:
        raise ValueError(
            "the classifier has ideal synapses without a model: WeightHistogramDisplay draws "
            "their weights; give it a synapse, such as LinearSynapse()."
        )
    return module


class DeviceWearDisplay:
    """How often devices have been written: the distribution of their pulses.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    pulses : array-like of int
        The pulses of each device, at least 0, in any shape.

    Attributes
    ----------
    patch_ : matplotlib.patches.StepPatch
        The histogram.
    mean_ : matplotlib.lines.Line2D
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no pulses, or a count is below 0.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from nervos_sklearn import DeviceWearDisplay, LinearSynapse, SNNClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> network = SNNClassifier(synapse=LinearSynapse(8), epochs=3, random_state=0).fit(X, y)
    >>> display = DeviceWearDisplay.from_estimator(network)
    >>> print(f"{display.pulses.size} devices, {display.pulses.mean():.0f} pulses on average")
    5760 devices, 3 pulses on average
    """

    def __init__(self, pulses: ArrayLike):
        self.pulses = check_numbers("pulses", np.ravel(pulses), ndim=1).astype(np.int64)
        if self.pulses.min() < 0:
            raise ValueError(f"pulses must be counts of at least 0, got {self.pulses.min()}.")

    @classmethod
    def from_estimator(cls, estimator: BaseEstimator, *, ax: Axes | None = None) -> Self:
        """Draw the wear of all devices of a classifier, both of a pair.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier with a `synapse`, or a pipeline that ends with one.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        DeviceWearDisplay

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If the estimator is no SNNClassifier, nor ends with one.
        ValueError
            If it has no `synapse`.
        """
        layers = _module_of_devices(estimator).layers
        return cls(np.concatenate([layer.pulses.ravel() for layer in layers])).plot(ax=ax)

    def plot(self, *, bins: int = 40, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        bins : int, default=40
            Bins of the histogram, at most; each holds as many counts.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        DeviceWearDisplay
        """
        ax = new_axes(ax)
        most, mean = int(self.pulses.max()), self.pulses.mean()
        edges = np.arange(0, most + 2 + (most + 1) // bins, 1 + most // bins) - 0.5
        shares = 100 * np.histogram(self.pulses, edges)[0] / len(self.pulses)
        self.patch_ = ax.stairs(shares, edges, fill=True, color=UP, alpha=0.8)
        self.mean_ = ax.axvline(
            mean, color=ink(), linestyle="--", linewidth=1.2, label=f"mean, {mean:.3g}"
        )
        end = ax.axvline(most, color=GREY, linestyle=":", linewidth=1.2, label=f"most, {most:,}")
        ax.set(xlabel="pulses of a device", ylabel="share of devices (%)", ylim=(0, None))
        add_legend(ax, [self.mean_, end])
        self.ax_, self.figure_ = ax, ax.figure
        return self
