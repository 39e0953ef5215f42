"""
Prototypes against margin
=========================

Both learn from a reward, and differ in what a neuron is. A *prototype* looks like samples of its
class; a *margin* neuron tells its class from the others, with weights of both signs.
"""

# %%
# The same images and the same code for both, ten neurons each, so that the pictures can be
# compared.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from nervos_sklearn import ReceptiveFieldDisplay, SNNClassifier, WeightHistogramDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=600, stratify=y, random_state=0
)


def network(n_neurons, learning):
    return SNNClassifier(
        n_neurons, learning=learning, encoder="latency", augmentation=None, epochs=15,
        random_state=0,
    ).fit(X_train, y_train)  # fmt: skip


few = {learning: network(10, learning) for learning in ("prototype", "margin")}
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for ax, (learning, fitted) in zip(axes, few.items(), strict=True):
    ReceptiveFieldDisplay.from_estimator(fitted, ax=ax)
    ax.set_title(learning)

# %%
# Prototypes need one device a synapse, signed weights a pair of them.
WeightHistogramDisplay.from_weights(
    {name: fitted.module_.receptive_fields for name, fitted in few.items()}
)

# %%
# With more neurons, prototypes find the several shapes of a digit; margin is good with few.
sizes = [10, 20, 40, 80, 160]
figure, ax = plt.subplots(layout="constrained")
for learning in ("prototype", "margin"):
    scores = [network(n, learning).score(X_test, y_test) for n in sizes]
    ax.semilogx(sizes, scores, "o-", label=learning)
    print(learning, np.round(scores, 3))
ax.set(xlabel="neurons", ylabel="test accuracy")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend()
plt.show()
