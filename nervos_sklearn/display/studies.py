"""Studies of devices: accuracy against levels, epochs and updates."""

import re
import textwrap
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .style import COLORS, add_legend, count_along, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame


class SynapseStudyDisplay:
    """Accuracy against the number of levels, or against epochs, of a study of synapses.

    Make it with :meth:`from_study`.

    Parameters
    ----------
    curves : dict of str to tuple of (x, mean, deviation)
        For each line its x, and the mean and standard deviation of the accuracy over the
        folds: three arrays of shape (n_points,).
    x : {"n_levels", "epoch", "updates_per_synapse"}
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
        x : {"n_levels", "epoch", "updates_per_synapse"}, default="n_levels"
            "n_levels" draws the last epoch, a point for each synapse, a line through
            those that differ in nothing but the number of levels, and continuous
            weights as a level line; the others draw a line for each synapse.
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
            If `x` is something else.
        """
        if x not in ("n_levels", "epoch", "updates_per_synapse"):
            raise ValueError(f'x must be "n_levels", "epoch" or "updates_per_synapse", got {x!r}.')
        devices = _devices(study)
        epochs = np.asarray(study["epoch"])
        accuracy, places = (np.asarray(study[name], dtype=float) for name in ("accuracy", x))
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
        ax = new_axes(ax)
        self.lines_ = []
        for k, (name, (x, mean, deviation)) in enumerate(self.curves.items()):
            style: dict[str, Any] = {
                "color": COLORS[k % len(COLORS)],
                "label": textwrap.fill(textwrap.shorten(name, 80), 40),
            }
            if np.isinf(x).all():
                ax.axhline(mean[0], linestyle="--", **style)
            else:
                marker = "osD^v"[k % 5]
                self.lines_.append(
                    ax.errorbar(x, mean, deviation, marker=marker, capsize=3, **style)
                )
        labels = {
            "n_levels": "levels of a synapse",
            "epoch": "epoch",
            "updates_per_synapse": "updates of a synapse",
        }
        ax.set(xlabel=labels[self.x], ylabel="accuracy")
        if self.x != "updates_per_synapse":
            count_along(ax.xaxis)
        add_legend(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _devices(study):
    """Number the devices of a study; without their numbers, text and levels tell them apart."""
    if "device" in study:
        return np.asarray(study["device"])
    keys = list(zip(study["synapse"], study["n_levels"], strict=True))
    numbers = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys])


def _alone(study, devices):
    """Map a name of each device to the device."""
    names = dict(zip(devices.tolist(), study["synapse"], strict=True))
    texts = list(names.values())
    return {
        text if texts.count(text) == 1 else f"{text} (device {device})": [device]
        for device, text in names.items()
    }


def _families(study, devices):
    """Map names to the devices that differ in nothing but the number of levels."""
    alone = {device: name for name, (device,) in _alone(study, devices).items()}
    models = dict(zip(devices.tolist(), study["model"], strict=True))
    levels = dict(zip(devices.tolist(), study["n_levels"], strict=True))
    families = {}
    for device, name in alone.items():
        kind = re.sub(r"n_states(_depression)?=\d+(, *)?", "", name)
        families.setdefault((models[device], kind), []).append(device)
    # Devices of one size in a family are different ones, by what their text does not say.
    lines = []
    for (model, kind), members in families.items():
        different = len({levels[device] for device in members}) == len(members)
        lines += (
            [(model, kind, members)]
            if different
            else [(model, alone[device], [device]) for device in members]
        )
    models = [model for model, _, _ in lines]
    return {  # a name of the user's own stays
        model if models.count(model) == 1 and name.startswith(model) else name: members
        for model, name, members in lines
    }
