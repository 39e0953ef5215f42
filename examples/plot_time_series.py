"""
Time series: from a signal to spikes to classes
===============================================

A gesture is a short movement at some time in a noisy record of three sensors. Neurons see
windows of the signal as spikes, compete, and learn without labels; a network learns classes
from what they answer. Run it with the name of a directory for the pictures; by default that
is ``time_series``.
"""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # pictures are written to files

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.svm import SVC

from nervos_sklearn import (
    SeriesAnswerDisplay,
    SeriesWindowDisplay,
    SNNClassifier,
    SpikingWindowFeatures,
)
from nervos_sklearn.datasets import make_spike_timings

GESTURES = ("circle left", "circle right", "shake", "push")


def make_gestures(n_samples, seed):
    """Three sensors, 120 steps; each record holds one gesture at a time and speed of its own."""
    rng = np.random.default_rng(seed)
    X = 0.4 * rng.normal(size=(n_samples, 3, 120))
    y = rng.integers(0, 4, n_samples)
    for record, label in zip(X, y, strict=True):
        length = rng.integers(25, 40)
        phase = np.linspace(0, 2 * np.pi, length)
        turn = np.stack([np.sin(phase), 1 - np.cos(phase), np.zeros(length)])
        movement = {
            0: turn,
            1: turn * [[-1], [1], [1]],
            2: np.stack([np.sin(3 * phase), np.zeros(length), np.sin(3 * phase)]),
            3: np.stack([np.zeros(length), np.zeros(length), 2 * np.sin(phase / 2) ** 2]),
        }[label]
        start = rng.integers(0, 120 - length)
        record[:, start : start + length] += movement
    return X, np.array(GESTURES)[y]


directory = Path(sys.argv[1] if len(sys.argv) > 1 else "time_series")
directory.mkdir(parents=True, exist_ok=True)
X, y = make_gestures(300, seed=0)
X_train, y_train, X_test, y_test = X[:100], y[:100], X[100:], y[100:]

# %%
# The network takes the records as they are; classifiers of tables see them flat.
network = SNNClassifier(features=SpikingWindowFeatures(random_state=0), random_state=0)
network.fit(X_train, y_train)
print(f"Test accuracy: {network.score(X_test, y_test):.3f}")
for peer in (SVC(), HistGradientBoostingClassifier(random_state=0)):
    peer.fit(X_train.reshape(100, -1), y_train)
    accuracy = peer.score(X_test.reshape(200, -1), y_test)
    print(f"{type(peer).__name__} of the flat records: {accuracy:.3f}")

ConfusionMatrixDisplay.from_estimator(network, X_test, y_test)
plt.savefig(directory / "confusion_matrix.png")

# %%
# What neurons have been recruited for, in the units of the sensors.
SeriesWindowDisplay.from_estimator(network, "value_d4", neurons=range(12))
plt.savefig(directory / "windows.png")

# %%
# Where in a record they answer.
SeriesAnswerDisplay.from_estimator(network, X_test[0], "value_d4")
plt.title(y_test[0])
plt.savefig(directory / "answers.png")

# %%
# Records may have any length, and gaps.
records = [X_test[0, :, :90], X_test[1]]
records[1][:, 40:45] = np.nan
print(f"Of a shorter record and one with a gap: {network.predict(records).tolist()}")

# %%
# Spike trains take the same way; here classes differ in the times of spikes only.
X, y = make_spike_timings(300, random_state=0)
print(f"Spikes of each channel, in each class: {np.unique(X.sum(axis=2)).tolist()}")
network.fit(X[:150], y[:150])
print(f"Test accuracy by spike times: {network.score(X[150:], y[150:]):.3f}")
