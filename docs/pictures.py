"""The pictures of how_it_learns.md, from scikit-learn's digits.

python docs/pictures.py
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from nervos_sklearn import (
    GaussianBlur,
    ReceptiveFieldDisplay,
    SNNClassifier,
    SpikeEncoder,
    SpikingPatchFeatures,
)
from nervos_sklearn._reward_kernels import jitter_image

FOLDER = Path(__file__).parent / "images"
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=200, stratify=y, random_state=0
)


def save(figure, name):
    figure.savefig(FOLDER / f"{name}.png", dpi=70)
    plt.close(figure)


def fitted(**parameters):
    return SNNClassifier(random_state=0, **parameters).fit(X_train, y_train)


def latency_code():
    trains = SpikeEncoder("latency", training_duration=32).fit_transform(X_train[:1])
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained")
    left.imshow(X_train[0].reshape(8, 8), cmap="gray_r")
    left.set_title("an image")
    channels, steps = np.nonzero(trains[0])
    right.plot(steps, channels, "|", color="black")
    right.set(title="its spikes: dark pixels first", xlabel="time (ms)", ylabel="pixel")
    save(figure, "latency_code")


def blur_and_jitter():
    image = X_train[0].astype(np.float32)
    pictures = [("image", image), ("blurred", GaussianBlur(0.04).fit_transform([image])[0])]
    rng = np.random.default_rng(0)
    for k in range(4):
        moved = np.empty(64, dtype=np.float32)
        jitter = rng.uniform(-1, 1, 5) * [0.054, 0.054, 0.2, 0.15, 0.35]
        jitter_image(pictures[1][1], 8, 8, jitter, moved)
        pictures.append((f"jitter {k + 1}", moved))
    figure, axes = plt.subplots(1, 6, figsize=(9, 1.8), layout="constrained")
    for ax, (title, picture) in zip(axes, pictures, strict=True):
        ax.imshow(picture.reshape(8, 8), cmap="gray_r")
        ax.set_title(title)
        ax.set_axis_off()
    save(figure, "blur_and_jitter")


def recruitment():
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for ax, eta, title in ((axes[0], 0.0, "recruited"), (axes[1], None, "after 30 epochs")):
        clf = fitted(n_neurons=50, eta=eta)
        ReceptiveFieldDisplay.from_estimator(clf, image_shape=(8, 8), ax=ax)
        ax.set_title(title)
    save(figure, "recruitment")


def leads(clf):
    potentials = clf.module_.potentials(clf._traces(X_train))
    mine = clf.neuron_label_map_ == y_train[:, np.newaxis]
    right = np.where(mine, potentials, -1).max(axis=1)
    return right - np.where(mine, -1, potentials).max(axis=1)


def margin():
    figure, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
    bins = np.linspace(-0.15, 0.4, 45)
    one_each = {"n_neurons": 30}
    ax.hist(leads(fitted(eta=0.0, **one_each)), bins, alpha=0.6, label="before learning")
    ax.hist(leads(fitted(**one_each)), bins, alpha=0.6, label="after learning")
    ax.axvline(0.08, color="black", linestyle="--", label="margin")
    ax.set(xlabel="lead of the right class over the best wrong neuron", ylabel="samples")
    ax.legend()
    save(figure, "margin")


def accuracies():
    changes = {
        "everything": {},
        "no synaptic scaling": {"synaptic_scaling": False},
        "no recruitment": {"recruitment": False},
        "no jitter": {"jitter": 0},
        "no blur": {"blur": 0},
        "no margin": {"margin": 0},
        "no reward": {"reward": False},
    }
    scores = [fitted(**change).score(X_test, y_test) for change in changes.values()]
    figure, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
    ax.barh(list(changes)[::-1], scores[::-1])
    ax.set(xlim=(0.8, 1), xlabel="accuracy on digits, 200 training images, one seed")
    save(figure, "ingredients")


def late_decision():
    steps = [2, 4, 8, 12, 16, 20, 24, 28, 32]
    scores = [fitted(decision_step=step).score(X_test, y_test) for step in steps]
    figure, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
    ax.plot(steps, scores, marker="o")
    ax.set(xlabel="time step of the decision", ylabel="accuracy")
    save(figure, "late_decision")


def spike_race():
    clf = fitted(n_neurons=50)
    shares = clf.predict_proba(X_test).max(axis=1)
    sample = int(np.argmin(np.abs(shares - 0.6)))
    potentials = clf.module_.potentials(clf._traces(X_test[sample : sample + 1]))[0]
    figure, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
    spikes, race = [], potentials.copy()
    for _ in range(10):
        winner = int(race.argmax())
        spikes.append((race[winner], clf.neuron_label_map_[winner]))
        race[winner] -= 0.01
    ax.plot(clf.neuron_label_map_, potentials, "o", color="lightgray", label="neurons")
    ax.plot([k for _, k in spikes], [v for v, _ in spikes], "|", ms=14, color="C3", label="spikes")
    ax.axhline(spikes[-1][0], linestyle="--", color="black", label="threshold at the end")
    ax.set(xlabel="class of the neuron", ylabel="potential (cosine)", xticks=range(10))
    ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    save(figure, "spike_race")


def patch_features():
    features = SpikingPatchFeatures(random_state=0).fit(X_train)
    fields = features.receptive_fields_
    figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
    ReceptiveFieldDisplay(fields.reshape(len(fields), -1), image_shape=fields.shape[1:]).plot(
        ax=ax
    )
    save(figure, "patch_features")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (latency_code, blur_and_jitter, recruitment, margin, accuracies,
                 late_decision, spike_race, patch_features):  # fmt: skip
        draw()
