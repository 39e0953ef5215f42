"""Studies of devices: accuracy against levels, epochs, updates and energy."""

import re
import textwrap
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .style import COLORS, add_legend, count_along, ink, name_groups, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

_LABELS = {
    "n_levels": "levels of a synapse",
    "epoch": "epoch",
    "updates_per_synapse": "updates of a synapse",
    "energy": "energy for a training sample, of all epochs so far",
}
_LETTERS = 70  # of the name of a device that is not shortened
_GAP = 22  # points between two numbers of levels


class SynapseStudyDisplay:
    """Accuracy against levels, epochs, updates or energy, of a study of synapses.

    Make it with :meth:`from_study`.

    Parameters
    ----------
    curves : dict of str to tuple of (x, mean, deviation)
        For each line its x, and the mean and standard deviation of the accuracy over the
        folds: three arrays of shape (n_points,).
    x : {"n_levels", "epoch", "updates_per_synapse", "energy"}
        What x is.

    Attributes
    ----------
    lines_ : list of matplotlib.container.ErrorbarContainer
        A line for each model or synapse.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from nervos_sklearn import SynapseStudyDisplay
    >>> study = {"model": ["LinearSynapse"] * 4, "n_levels": [4, 4, 8, 8],
    ...          "synapse": [f"LinearSynapse(n_states={n})" for n in (4, 4, 8, 8)],
    ...          "fold": [0, 1, 0, 1], "epoch": [1, 1, 1, 1],
    ...          "accuracy": [0.5, 0.7, 0.8, 0.8]}
    >>> display = SynapseStudyDisplay.from_study(study)
    >>> display.curves["LinearSynapse"][1]
    array([0.6, 0.8])
    """

    def __init__(self, curves: dict[str, tuple], *, x: str):
        self.curves = curves
        self.x = x

    @classmethod
    def from_study(
        cls, study: "dict | DataFrame", *, x: str = "n_levels", ax: "Axes | None" = None
    ) -> Self:
        """Draw a study.

        Parameters
        ----------
        study : dict or pandas.DataFrame
            What :func:`synapse_study` returned.
        x : {"n_levels", "epoch", "updates_per_synapse", "energy"}, default="n_levels"
            "n_levels" draws the last epoch, a point for each synapse, a line through
            those that differ in nothing but the number of levels, and continuous
            weights as a level line; the others draw a line for each synapse. "energy" is
            what a training sample has cost in all epochs so far, in joule.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SynapseStudyDisplay

        Raises
        ------
        KeyError
            If the study lacks a column.
        ValueError
            If `x` is something else, or the study was given no energies.
        """
        if x not in _LABELS:
            raise ValueError(f"x must be one of {list(_LABELS)}, got {x!r}.")
        devices = _devices(study)
        epochs = np.asarray(study["epoch"])
        accuracy, places = (np.asarray(study[name], dtype=float) for name in ("accuracy", x))
        if x == "energy":
            places = _so_far(places, devices, np.asarray(study["fold"]), epochs)
        curves = {}
        for name, members in (_families if x == "n_levels" else _alone)(study, devices).items():
            parts = []
            for device in members:
                own = epochs[devices == device]
                shown = [own.max()] if x == "n_levels" else np.unique(own)
                parts += [(devices == device) & (epochs == epoch) for epoch in shown]
            parts.sort(key=lambda part: places[part].mean())
            curves[name] = tuple(
                np.array([statistic(values[part]) for part in parts])
                for statistic, values in (
                    (np.mean, places),
                    (np.mean, accuracy),
                    (np.std, accuracy),
                )
            )
        return cls(curves, x=x).plot(ax=ax)

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw the lines, with the standard deviation over the folds.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SynapseStudyDisplay
        """
        n = len(self.curves)
        ax = new_axes(ax, figsize=(6.4, 4.2 if n <= 4 else min(4.2 + 0.22 * n, 9)))
        self.lines_ = []
        for k, (name, (x, mean, deviation)) in enumerate(self.curves.items()):
            style: dict[str, Any] = {
                "color": COLORS[k % len(COLORS)],
                "label": textwrap.fill(name, 60),
            }
            if np.isinf(x).all():
                ax.axhline(mean[0], linestyle="--", **style)
            else:
                style["linestyle"] = ("-", "--", ":")[k // len(COLORS) % 3]
                marker = "osD^v"[k % 5]
                self.lines_.append(
                    ax.errorbar(x, mean, deviation, marker=marker, capsize=3, **style)
                )
        ax.set(xlabel=_LABELS[self.x], ylabel="accuracy")
        self._tick(ax)
        add_legend(ax, below=True)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _tick(self, ax):
        """Let ticks be the levels, on a logarithmic axis, whole numbers or joule."""
        from matplotlib.ticker import EngFormatter, NullLocator

        levels = np.unique(np.concatenate([x for x, _, _ in self.curves.values()]))
        levels = levels[np.isfinite(levels)]
        if self.x == "n_levels" and len(levels) > 0:
            ax.set_xscale("log", base=2)
            ax.xaxis.set_minor_locator(NullLocator())
            name_groups(ax, "x", [(n, f"{n:.0f}", ink()) for n in levels], _GAP)
            ax.tick_params(axis="x", length=3.5, labelsize="medium")
        elif self.x == "epoch":
            count_along(ax.xaxis)
        elif self.x == "energy":
            ax.xaxis.set_major_formatter(EngFormatter(unit="J"))


def _so_far(energy, devices, folds, epochs):
    """The energy of each epoch and those before, of each device and fold."""
    if np.isnan(energy).any():
        raise ValueError(
            "the study was given no energies: call synapse_study with read_energy and "
            "write_energy, in joule."
        )
    own = (devices[:, np.newaxis] == devices) & (folds[:, np.newaxis] == folds)
    return (own & (epochs <= epochs[:, np.newaxis])) @ energy


def _devices(study):
    """Number the devices of a study; without their numbers, text and levels tell them apart."""
    if "device" in study:
        return np.asarray(study["device"])
    keys = list(zip(study["synapse"], study["n_levels"], strict=True))
    numbers = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys])


def _alone(study, devices):
    """Map a name of each device to the device."""
    texts, models, levels = _described(study, devices)
    names = [_short(text, models[device], levels[device]) for device, text in texts.items()]
    return _told_apart(names, [[device] for device in texts])


def _families(study, devices):
    """Map names to the devices that differ in nothing but the number of levels."""
    texts, models, levels = _described(study, devices)
    families = {}
    for device, text in texts.items():
        kind = re.sub(r"n_states(_depression)?=\d+(, *)?", "", text)
        families.setdefault((models[device], kind), []).append(device)
    # Devices of one size in a family are different ones, by what their text does not say.
    lines = []
    for (model, kind), members in families.items():
        different = len({levels[device] for device in members}) == len(members)
        lines += (
            [(model, kind, members)]
            if different
            else [(model, texts[device], [device]) for device in members]
        )
    models = [model for model, _, _ in lines]
    names = [  # a name of the user's own stays
        model
        if models.count(model) == 1 and text.startswith(model)
        else _short(text, model, levels[members[0]])
        for model, text, members in lines
    ]
    return _told_apart(names, [members for _, _, members in lines])


def _described(study, devices):
    """Map each device to its text, in one line and different from others, model and levels."""
    numbers = devices.tolist()
    models, levels = (dict(zip(numbers, study[key], strict=True)) for key in ("model", "n_levels"))
    texts = dict(zip(numbers, study["synapse"], strict=True))
    texts = _told_apart([" ".join(text.split()) for text in texts.values()], [[k] for k in texts])
    return {device: text for text, (device,) in texts.items()}, models, levels


def _short(text, model, n_levels):
    """The text of a device or, where that is long and not the user's, its model and levels."""
    if len(text) <= _LETTERS or not text.startswith(model):
        return text
    return f"{model}({n_levels:.0f} levels)" if np.isfinite(n_levels) else f"{model}(continuous)"


def _told_apart(names, members):
    """Map names to their devices; equal names bring the first device's number."""
    return {
        name if names.count(name) == 1 else f"{name} (device {own[0]})": own
        for name, own in zip(names, members, strict=True)
    }
