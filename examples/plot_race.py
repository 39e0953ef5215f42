"""
A race of neurons
=================

All neurons see the same spikes and integrate them. The first at its threshold wins: it spikes,
learns, and holds the others down.
"""

# %%
# A network that learns by spike timing, without labels; afterwards each neuron is named after
# the class it answered most.
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from nervos_sklearn import (
    MembranePotentialDisplay,
    SNNClassifier,
    SpikeCountDisplay,
    SpikeRasterDisplay,
)

X, y = load_digits(n_class=4, return_X_y=True)
X_train, y_train, x_new = X[:300], y[:300], X[303]
network = SNNClassifier(30, learning="stdp", random_state=0).fit(X_train, y_train)
print(f"The new image is a {y[303]}, the network says {network.predict([x_new])[0]}.")

# %%
# The race for one image: below, the spikes of the pixels; above, those of the neurons, in the
# colours of their classes. After each spike all neurons rest.
SpikeRasterDisplay.from_estimator(network, x_new)

# %%
# The same race as potentials. While the layer rests, grey, nothing moves; a neuron that has
# spiked has a higher threshold next time, so that others get their turn.
MembranePotentialDisplay.from_estimator(network, x_new)

# %%
# Over many images each neuron has found its class.
SpikeCountDisplay.from_estimator(network, X_train, y_train)

# %%
# Neurons that learn from reward have no rests: each spike opens a synapse until the sample ends,
# and the neuron with the highest potential at the end decides.
prototypes = SNNClassifier(30, learning="prototype", random_state=0).fit(X_train, y_train)
MembranePotentialDisplay.from_estimator(prototypes, x_new)
plt.show()
