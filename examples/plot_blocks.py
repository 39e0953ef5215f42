"""
Answers for an array larger than memory
=======================================

A fitted network answers each sample alone, so the blocks of a Dask array may be answered anywhere
and in any order. Here a network that was trained on two hundred points answers for a map of the
whole plane; no process holds all of its points.
"""

# %%
# A network, and what it shall answer for: the points of a fine grid, in stripes. Where Dask is not
# installed, the stripes are answered one after the other.
import importlib.util

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from nervos_sklearn import SNNClassifier

X, y = make_moons(200, noise=0.2, random_state=0)
network = SNNClassifier(random_state=0).fit(X, y)

n_rows, n_stripes = 400, 8
x1, x2 = np.linspace(-2, 3, n_rows), np.linspace(-1.5, 2, n_rows)


def points_of(rows):
    """The points of some rows of the grid, (n_points, 2)."""
    return np.stack(np.meshgrid(x1, rows), axis=-1).reshape(-1, 2)


# %%
# ``map_blocks`` hands each block to ``predict_proba``, when the answer is asked for. With a
# ``Client`` of a cluster, its workers do it. ``chunks`` says what shape the answers have: as many
# rows as before, and a column for each of two classes.
if importlib.util.find_spec("dask") is None:
    print("Dask is not installed: pip install 'dask[array]'. Answering stripe by stripe.")
    stripes = (network.predict_proba(points_of(rows)) for rows in np.array_split(x2, n_stripes))
    chances = np.concatenate(list(stripes))
else:
    import dask.array as da

    grid = da.stack(da.meshgrid(x1, da.from_array(x2, chunks=n_rows // n_stripes)), axis=-1)
    grid = grid.reshape(-1, 2).rechunk({1: 2})
    print(f"{len(grid)} points in {grid.numblocks[0]} blocks")
    chances = grid.map_blocks(
        network.predict_proba, chunks=(grid.chunks[0], (2,)), dtype=float
    ).compute()

# %%
# The chance of the second class, on a stretch of the plane that is wider than the data.
ax = plt.subplots(layout="constrained")[1]
shown = ax.pcolormesh(x1, x2, chances[:, 1].reshape(n_rows, n_rows), cmap="RdBu_r", vmin=0, vmax=1)
ax.figure.colorbar(shown, label="chance of class 1")
for label, colour in ((0, "darkblue"), (1, "darkred")):
    dots = {"color": colour, "markersize": 5, "markeredgecolor": "white"}
    ax.plot(*X[y == label].T, "o", **dots, label=f"class {label}")
ax.set(xlabel="x0", ylabel="x1")
ax.legend(loc="upper right")
plt.show()
