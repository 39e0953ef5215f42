"""
What neurons see, epoch by epoch
================================

The weights that lead to a neuron, drawn as an image, are its receptive field: the image that
would drive it most.
"""

# %%
# Prototypes start from training samples. In the first epochs they come to be means of what they
# win; then reward sharpens them where classes meet. With the same seed, fewer epochs are the
# same training, stopped earlier.
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from nervos_sklearn import ReceptiveFieldDisplay, SNNClassifier, TrainingHistoryDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = X[:500], X[500:1000], y[:500], y[500:1000]
network = SNNClassifier(20, learning="prototype", random_state=0)

figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
for ax, epochs in zip(axes, (1, 5, 20), strict=True):
    network.set_params(epochs=epochs).fit(X_train, y_train)
    ReceptiveFieldDisplay.from_estimator(network, ax=ax)
    ax.set_title(f"after {epochs} epochs" if epochs > 1 else "after 1 epoch")

# %%
# Meanwhile the accuracy rises, and fewer samples teach: those that the right class already leads
# by the margin change nothing.
TrainingHistoryDisplay.from_estimator(network, X_train, y_train, X_test=X_test, y_test=y_test)

# %%
# Spike timing starts from equal weights and learns without labels; winners lose what they do not
# see.
stdp = SNNClassifier(20, learning="stdp", random_state=0)
figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
for ax, epochs in zip(axes, (1, 3, 6), strict=True):
    stdp.set_params(epochs=epochs).fit(X_train, y_train)
    ReceptiveFieldDisplay.from_estimator(stdp, sort=False, ax=ax)
    ax.set_title(f"after {epochs} epochs" if epochs > 1 else "after 1 epoch")
plt.show()
