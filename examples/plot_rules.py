"""
Learning rules of spike timing
==============================

When a neuron spikes, each of its synapses changes by a rule: a function of the time that has
passed since its input spiked. Four rules come with the package; a function or a measured curve
of your own is as good.
"""

# %%
# The rules of the package. Points are the time differences at which a network asks for them:
# spikes within the past window, and a random lag before the output spike for silent inputs.
import math

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from nervos_sklearn import (
    LearningRuleDisplay,
    LinearSynapse,
    Parameters,
    SNNClassifier,
    STDPLearning,
    WeightChangeDisplay,
)

figure, axes = plt.subplots(2, 2, figsize=(11, 7), layout="constrained")
for ax, rule in zip(axes.flat, ("conventional", "cos", "sin", "ngauss"), strict=True):
    LearningRuleDisplay.from_rule(rule, ax=ax)
    ax.set_title(rule)

# %%
# Two of our own: a function, and pairs of time difference and change as an experiment gives them.


def late(dt):
    """Strengthen inputs that came some ms before, weaken all others."""
    return 0.9 * math.exp(-((dt - 4) ** 2) / 8) - 0.2


measured = [(-12, 0.0), (-4, -0.2), (-1, -0.3), (0, 0.8), (3, 0.5), (6, 0.2), (12, 0.0)]
figure, axes = plt.subplots(1, 2, figsize=(11, 3.5), layout="constrained")
for ax, rule, name in zip(axes, (late, measured), ("late", "measured"), strict=True):
    LearningRuleDisplay.from_rule(rule, ax=ax)
    ax.set_title(name)

# %%
# What a weight does with it: the closer to its bound, the smaller the step. A device of few
# levels goes to the nearest one, so that small changes are lost.
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
parameters = Parameters(eta=0.1)
WeightChangeDisplay.from_parameters(parameters, ax=axes[0])
WeightChangeDisplay.from_parameters(parameters, synapse=LinearSynapse(12), ax=axes[1])
axes[0].set_title("any weight")
axes[1].set_title("12 levels")

# %%
# How well networks learn with them. Two are left out: ``ngauss`` only forgets, and serves beside
# another rule, ``STDPLearning(unlearning_fraction=...)``; ``cos`` weakens inputs on both sides,
# so that it needs random weights at the start and a learning rate of its own.
X, y = load_digits(n_class=4, return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=300, stratify=y, random_state=0
)
rules = {"conventional": "conventional", "sin": "sin", "late": late, "measured": measured}
scores = {}
for name, rule in rules.items():
    network = SNNClassifier(40, learning=STDPLearning(rule), random_state=0)
    scores[name] = network.fit(X_train, y_train).score(X_test, y_test)
    print(f"{name:<13}{scores[name]:.3f}")
figure, ax = plt.subplots(layout="constrained")
ax.bar(list(scores), list(scores.values()))
ax.axhline(0.25, color="0.5", linestyle="--", label="chance")
ax.set(ylabel="test accuracy", ylim=(0, 1))
ax.legend()
plt.show()
