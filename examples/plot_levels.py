"""
How many levels, and how straight?
==================================

A device holds a weight on a number of levels, and they are not evenly spaced. One call trains a
network with each of a list of devices; here it is a grid of both.
"""

# %%
# Levels of three devices. With a larger ``nu`` they crowd at the lowest weight.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from nervos_sklearn import NonLinearSynapse, SNNClassifier, SynapseDisplay, synapse_study

figure, axes = plt.subplots(1, 3, figsize=(13, 3.5), layout="constrained")
for ax, nu in zip(axes, (0, 3, 6), strict=True):
    SynapseDisplay.from_synapse(NonLinearSynapse(16, nu), ax=ax)
    ax.set_title(f"nu = {nu}")
    ax.get_legend().remove()

# %%
# Accuracy of prototypes on each, the mean over two folds. A change that is smaller than the gap
# between two levels is written by chance, in proportion: ``update="stochastic"``.
X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]
network = SNNClassifier(30, learning="prototype", epochs=5, random_state=0)
n_levels, nus = [2, 4, 8, 32], [0.0, 2.0, 4.0, 6.0]
devices = [NonLinearSynapse(n, nu, update="stochastic") for nu in nus for n in n_levels]
study = synapse_study(network, devices, X, y, cv=2)
last = study["epoch"] == study["epoch"].max()
accuracy = [study["accuracy"][last & (study["device"] == k)].mean() for k in range(len(devices))]
accuracy = np.reshape(accuracy, (len(nus), len(n_levels)))

figure, ax = plt.subplots(layout="constrained")
image = ax.imshow(accuracy, origin="lower", aspect="auto")
ax.set_xticks(range(len(n_levels)), n_levels)
ax.set_yticks(range(len(nus)), nus)
ax.set(xlabel="levels", ylabel="non-linearity nu")
for (row, column), value in np.ndenumerate(accuracy):
    color = "white" if image.norm(value) < 0.6 else "black"
    ax.text(column, row, f"{value:.2f}", color=color, ha="center", va="center")
figure.colorbar(image, label="accuracy")
plt.show()
# sphinx_gallery_thumbnail_number = 2
