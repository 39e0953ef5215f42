"""
An early answer
===============

Spikes arrive one after another, and the strongest first in a latency code. So a network can
answer before the sample is over: early for clear samples, late for doubtful ones.
"""

# %%
# If the decision came earlier, for all samples alike: what would it be worth, and how many spikes
# would have been spent?
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from nervos_sklearn import DecisionTimeDisplay, SNNClassifier, SpikeEncoder

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=900, stratify=y, random_state=0
)
network = SNNClassifier(150, learning="prototype", epochs=10, random_state=0)
DecisionTimeDisplay.from_estimator(network.fit(X_train, y_train), X_test, y_test)

# %%
# Now each sample for itself: answer as soon as the chance of a class is high enough. The network
# takes spike trains here, so that we can let them end when we like: silence first, then the
# spikes that have come.
encoder = SpikeEncoder("latency", training_duration=32).fit(X_train)
network = SNNClassifier(150, learning="prototype", epochs=10, random_state=0)
network.fit(encoder.transform(X_train), y_train)
spikes, times = encoder.transform(X_test), np.arange(2, 33, 2)


def ending_at(time):
    seen = np.zeros_like(spikes)
    seen[:, :, -time:] = spikes[:, :, 1 : time + 1]
    return seen


chances = np.stack([network.predict_proba(ending_at(time)) for time in times])
answers, sure = network.classes_[chances.argmax(axis=2)], chances.max(axis=2)

# %%
# A lower threshold answers sooner. Up to a point, that costs little.
figure, ax = plt.subplots(layout="constrained")
thresholds = [0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999]
mean_times, scores = [], []
for threshold in thresholds:
    first = np.where((sure > threshold).any(axis=0), (sure > threshold).argmax(axis=0), -1)
    mean_times.append(times[first].mean())
    scores.append(np.mean(answers[first, np.arange(len(y_test))] == y_test))
    print(f"chance {threshold:5g}: {mean_times[-1]:4.1f} ms on average, accuracy {scores[-1]:.3f}")
ax.plot(mean_times, scores, "o-", label="each sample when it is clear")
ax.plot(times, (answers == y_test).mean(axis=1), "s--", color="0.5", label="all at one time")
ax.set(xlabel="time of the decision, on average (ms)", ylabel="test accuracy")
ax.legend()
plt.show()
