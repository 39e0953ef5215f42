"""
A network that wears out
========================

Each write wears a device a little, and its memory window closes. How long can it learn?
"""

# %%
# The memory window of a device, measured over its cycles: first it stays, then it closes.
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from nervos_sklearn import (
    DeviceWearDisplay,
    EnduranceSynapse,
    LinearSynapse,
    SNNClassifier,
    SynapseDisplay,
    SynapseStudyDisplay,
    synapse_study,
)


def device(n_cycles):
    """Its window begins to close after a quarter of so many writes, and is closed then."""
    return EnduranceSynapse.from_memory_window(
        cycles=[1, n_cycles / 4, n_cycles],
        highest=[1.0, 1.0, 0.5],
        lowest=[0.0, 0.0, 0.5],
        n_states=32,
    )


SynapseDisplay.from_synapse(device(400))

# %%
# How often are devices written? Some hardly ever, some far more often than on average.
X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]
network = SNNClassifier(
    30, learning="prototype", synapse=LinearSynapse(32), epochs=10, random_state=0
)
DeviceWearDisplay.from_estimator(network.fit(X, y))

# %%
# The same network on devices of different endurance, epoch by epoch. A network of worn devices
# forgets while it learns.
endurance = [20, 60, 200]
devices = [LinearSynapse(32), *map(device, endurance)]
study = synapse_study(network, devices, X, y, cv=2)
display = SynapseStudyDisplay.from_study(study, x="epoch")
display.ax_.legend(["never", *endurance], title="worn out after writes:")
plt.show()
# sphinx_gallery_thumbnail_number = 3
