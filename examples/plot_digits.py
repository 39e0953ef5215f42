"""
Handwritten digits in a minute
==============================

A spiking network turns the 8 x 8 images of ``load_digits`` into spike trains and learns them by
local rules; a grid search of scikit-learn chooses how. As a script, run it with the name of a
directory for the pictures and the model; by default that is ``digits``.
"""

import subprocess
import sys
from pathlib import Path

import joblib
import matplotlib as mpl

mpl.use("Agg")  # pictures are written to files

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import GridSearchCV, train_test_split

from nervos_sklearn import ReceptiveFieldDisplay, SNNClassifier, SpikingPatchFeatures

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "digits")
directory.mkdir(parents=True, exist_ok=True)
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

# %%
# The network is a classifier like any other.
print("Training, the classifier's own report an epoch:")
network = SNNClassifier(200, learning="prototype", epochs=10, verbose=1, random_state=0)
network.fit(X_train, y_train)
print(f"Test accuracy: {network.score(X_test, y_test):.3f}")

# %%
# Its probabilities can be trusted: where it is sure, it is right.
sure = network.predict_proba(X_test).max(axis=1) > 0.99
print(
    f"It is 99 % sure of {sure.mean():.0%} of the images, and right in "
    f"{np.mean(network.predict(X_test) == y_test, where=sure):.1%} of those"
)
ConfusionMatrixDisplay.from_estimator(network, X_test, y_test)
plt.savefig(directory / "confusion_matrix.png")

# %%
# What each neuron has learned: the image that would drive it most, neurons of a class together.
ReceptiveFieldDisplay.from_estimator(network, image_shape=(8, 8))
plt.savefig(directory / "receptive_fields.png")
print(f"Pictures: {directory}/confusion_matrix.png and receptive_fields.png")

# %%
# Parameters of the network and of its way to learn can be searched for.
network.set_params(verbose=0)
grid = {"training_duration": [8, 32], "learning__margin": [0, 0.04, 0.08]}
search = GridSearchCV(network, grid, cv=3).fit(X_train, y_train)
print(f"Best of a small grid: {search.best_params_}, {search.best_score_:.3f} in validation")
print(f"Its test accuracy: {search.score(X_test, y_test):.3f}")

# %%
# A layer of neurons that learns patches of images, without labels, can stand before it.
features = SpikingPatchFeatures(random_state=0)
layered = SNNClassifier(features=features, epochs=10, random_state=0).fit(X_train, y_train)
print(f"With a layer of patch features: {layered.score(X_test, y_test):.3f}")

# %%
# A saved network answers the same elsewhere.
other_process = """
import sys, joblib, numpy as np
model, images, answers = sys.argv[1:]
np.save(answers, joblib.load(model).predict(np.load(images)))
"""
model, images, answers = (directory / name for name in ("model.joblib", "X.npy", "y.npy"))
joblib.dump(search.best_estimator_, model)
np.save(images, X_test)
subprocess.run([sys.executable, "-c", other_process, model, images, answers], check=True)
same = np.array_equal(np.load(answers), search.predict(X_test))
print(f"The saved model gives the same answers in a new process: {same}")
# sphinx_gallery_thumbnail_number = 2
