"""
A stream that drifts
====================

Two classes of samples move past each other, day after day: where one was, the other is at the
end. A network that was trained once is lost; one that goes on learning from each day's samples,
block by block, follows.
"""

# %%
# The samples of a day: two clouds on a circle that turns by half a turn in thirty days.
import matplotlib.pyplot as plt
import numpy as np

from nervos_sklearn import SNNClassifier

rng = np.random.default_rng(0)


def samples_of(day, n_samples=300):
    y = rng.integers(2, size=n_samples)
    angle = np.pi * (day / 30 + y)
    X = rng.normal(scale=0.3, size=(n_samples, 2))
    return X + np.column_stack([np.cos(angle), np.sin(angle)]), y


figure, panels = plt.subplots(1, 3, figsize=(9, 3), sharex=True, sharey=True, layout="constrained")
for ax, day in zip(panels, (0, 15, 30), strict=True):
    X, y = samples_of(day)
    for label in (0, 1):
        ax.plot(*X[y == label].T, ".", label=f"class {label}")
    ax.set_title(f"day {day}")
panels[0].legend()

# %%
# One network learns from the first five days, and then rests. The other is asked for each day's
# samples first and learns from them afterwards, so that each of its answers is to samples it has
# not seen.
days = [samples_of(day) for day in range(31)]
X, y = (np.concatenate(parts) for parts in zip(*days[:5], strict=True))
fixed = SNNClassifier(random_state=0).fit(X, y)

stream = SNNClassifier(random_state=0)
for X, y in days[:5]:
    stream.partial_fit(X, y, classes=[0, 1])

accuracies = {"trained once": [], "learns on": []}
for X, y in days[5:]:
    accuracies["trained once"].append(fixed.score(X, y))
    accuracies["learns on"].append(stream.score(X, y))
    stream.partial_fit(X, y)

# %%
# What learns on is right about nine in ten; what was trained once is wrong about nearly all in
# the end.
ax = plt.subplots(layout="constrained")[1]
for name, values in accuracies.items():
    ax.plot(range(5, 31), values, label=name)
ax.set(xlabel="day", ylabel="accuracy", ylim=(0, 1.02))
ax.legend()
print({name: round(float(np.mean(values[-5:])), 2) for name, values in accuracies.items()})
plt.show()
