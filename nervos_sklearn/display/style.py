"""What all pictures have in common: colours, axes, legends, and the names of groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Ten colours that people with any kind of colour vision tell apart, on white and on black:
# M. A. Petroff, "Accessible color sequences for data visualization", arXiv 2107.02270.
COLORS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
UP, DOWN = COLORS[0], COLORS[6]  # strengthening and weakening, positive and negative
GREY = "0.5"  # seen on white and on black
_MOST_INSIDE = 4  # entries of a legend that finds room inside the axes
_LEAST_GAP = 11  # points between two names along an axis
_POINTS_OF_LETTER, _POINTS_OF_KEY = 4.2, 28  # of a legend
_BELOW = 38  # points of the ticks and the label of an axis


def new_axes(ax: Axes | None, **figure: Any) -> Axes:
    """Return the axes, or those of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained", **figure)[1]


def ink() -> str:
    """Return the colour of text: black on white, white on black."""
    import matplotlib as mpl

    return mpl.rcParams["text.color"]


def class_color(k: int) -> str:
    """Return the colour of a class; grey for none."""
    return COLORS[k % len(COLORS)] if k >= 0 else GREY


def class_name(k: int, names: Sequence[str] | None) -> str:
    """Return the name of a class, "none" for -1."""
    if k < 0:
        return "none"
    return str(k) if names is None else str(names[k])


def size_in_points(ax: Axes) -> tuple[float, float]:
    """Return the width and height of axes before anything is moved to make room."""
    box = ax.get_window_extent()
    return 72 * box.width / ax.figure.dpi, 72 * box.height / ax.figure.dpi


def add_legend(
    ax: Axes,
    handles: Sequence | None = None,
    *,
    beside: bool | None = None,
    below: bool = False,
    loc: str = "best",
) -> None:
    """Explain the artists: inside the axes if they are few, else beside them, or below."""
    handles = ax.get_legend_handles_labels()[0] if handles is None else list(handles)
    if not handles:
        return
    style: dict[str, Any] = {"fontsize": "small", "handles": handles, "loc": loc}
    if len(handles) > _MOST_INSIDE if beside is None else beside:
        place = {"loc": "upper left", "bbox_to_anchor": (1.02, 1.0), "borderaxespad": 0.0}
        style |= _below(ax, handles) if below else place
    ax.legend(**style)


def _below(ax, handles):
    """The place of a legend below the label of the x axis, in as many columns as there is room."""
    from matplotlib.transforms import offset_copy

    width = max(len(line) for h in handles for line in str(h.get_label()).splitlines())
    room = size_in_points(ax)[0] / (_POINTS_OF_LETTER * width + _POINTS_OF_KEY)
    return {
        "loc": "upper left",
        "ncols": int(np.clip(room, 1, len(handles))),
        "bbox_to_anchor": (0.0, 0.0),
        "bbox_transform": offset_copy(ax.transAxes, ax.figure, 0, -_BELOW, units="points"),
        "borderaxespad": 0.0,
    }


def name_groups(
    ax: Axes, axis: str, groups: Sequence[tuple[float, str, str]], gap: float = _LEAST_GAP
) -> None:
    """Name places along an axis by ticks; of names that would overlap, the later one waits.

    Parameters
    ----------
    ax : Axes
    axis : {"x", "y"}
    groups : sequence of (place, name, colour)
    gap : float
        Points between two names, at least.
    """
    chosen = ax.yaxis if axis == "y" else ax.xaxis
    scale = chosen.get_transform().transform
    gap *= np.ptp(scale(chosen.get_view_interval())) / size_in_points(ax)[axis == "y"]
    kept: list[tuple[float, str, str]] = []
    for group in sorted(groups, key=lambda group: group[0]):
        if not kept or np.diff(scale(np.array([kept[-1][0], group[0]], dtype=float))) >= gap:
            kept.append(group)
    places, names = [g[0] for g in kept], [g[1] for g in kept]
    chosen.set_ticks(places, names)
    for label, (_, _, color) in zip(chosen.get_ticklabels(), kept, strict=True):
        label.set_color(_to_be_read(color))
    chosen.set_tick_params(length=0, labelsize="small")


def _to_be_read(color):
    """A colour for text: nearer to that of other text, since pale letters are hard to read."""
    from matplotlib.colors import to_rgb

    return tuple(0.6 * np.array(to_rgb(color)) + 0.4 * np.array(to_rgb(ink())))


def count_along(axis: Any) -> None:
    """Let the ticks of an axis be whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def by_class(labels: np.ndarray) -> np.ndarray:
    """Return the order that brings the neurons of a class together; those of none come last."""
    labels = np.asarray(labels)
    return np.argsort(np.where(labels < 0, np.iinfo(np.int64).max, labels), kind="stable")


def runs(labels: ArrayLike) -> list[tuple[int, int, int]]:
    """Return (label, start, stop) of each run of equal labels."""
    labels = np.asarray(labels)
    starts = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist()]
    stops = [*starts[1:], len(labels)]
    return [(int(labels[a]), a, b) for a, b in zip(starts, stops, strict=True)]
