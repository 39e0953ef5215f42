"""
Learn from a file that is larger than memory
============================================

A mapped file is read where it is asked for, and a network that learns block by block asks for one
block at a time. So the size of a training set is bounded by the disk, not by memory.
"""

# %%
# A file of samples, written block by block, too, and small, so that this page is made in seconds:
# two thirds of the samples are of a class that surrounds the other.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from nervos_sklearn import SNNClassifier

n_samples, n_features, n_block = 40_000, 20, 1000
blocks = [slice(start, start + n_block) for start in range(0, n_samples, n_block)]
rng = np.random.default_rng(0)
path = Path(tempfile.mkdtemp()) / "samples.npy"

X = np.lib.format.open_memmap(path, "w+", np.float32, (n_samples, n_features))
y = np.empty(n_samples, dtype=int)
for block in blocks:
    X[block] = rng.normal(size=(n_block, n_features))
    y[block] = np.square(X[block, :4]).sum(axis=1) > 2.4
X.flush()
print(f"{path.stat().st_size / 1e6:.1f} MB in all, {X[:n_block].nbytes / 1e6:.2f} MB a block")

# %%
# Mapped, the file takes no memory until a part of it is touched. Each block is asked first and
# learned afterwards, so that the accuracy is that of samples not seen yet.
mapped = np.load(path, mmap_mode="r")
first = blocks[0]
network = SNNClassifier(random_state=0).partial_fit(mapped[first], y[first], classes=[0, 1])
accuracies = []
for block in blocks[1:]:
    accuracies.append(network.score(mapped[block], y[block]))
    network.partial_fit(mapped[block], y[block])

# %%
# The file may come in any order but one: samples that are sorted by class teach one class and
# then the other. Shuffle before writing.
ax = plt.subplots(layout="constrained")[1]
ax.plot(np.arange(1, len(blocks)) * n_block, accuracies, "o-", markersize=3)
ax.set(xlabel="samples learned so far", ylabel="accuracy of the next block")
print(f"first: {accuracies[0]:.2f}, mean of the last ten: {np.mean(accuracies[-10:]):.2f}")
plt.show()
