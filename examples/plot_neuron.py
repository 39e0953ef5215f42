"""
One neuron under a current
==========================

A leaky integrate-and-fire neuron adds up what its synapse lets in, leaks, and spikes when it
reaches its threshold. Then it rests, and its threshold is higher than before.
"""

# %%
# A network of one input and one neuron. The input spikes at every step, so the weight of its
# synapse is a constant current, in mV a ms.
import matplotlib.pyplot as plt
import numpy as np

from nervos_sklearn import MembranePotentialDisplay, Module, Parameters, STDPLearning

spikes = np.ones((1, 151), dtype=np.uint8)
spikes[:, 0] = 0  # time runs from step 1


def neuron_with(current, true_lif=False, **parameters):
    learning = STDPLearning(true_lif=true_lif, labeling="reference")
    module = Module(Parameters(training_duration=150, **parameters), learning=learning)
    module.initialise_layers([1, 1])
    module.layers[0].set_synapses([[current]])
    return module


# %%
# The stronger the current, the sooner the threshold is reached. A potential that overshoots the
# threshold by several mV spikes several times in a row, each time raising the threshold by 1 mV.
figure, axes = plt.subplots(3, 1, figsize=(7, 9), sharex=True, layout="constrained")
for ax, current in zip(axes, (0.95, 1.53, 4.73), strict=True):
    MembranePotentialDisplay.from_module(neuron_with(current), spikes, ax=ax)
    ax.set_title(f"{current} mV/ms", loc="left", fontsize="medium")
    ax.label_outer()

# %%
# Spikes against current. Below the leak nothing happens; with a leak in proportion to the
# distance from rest, ``true_lif``, it takes a stronger current to reach the threshold at all.
# Beyond, the curves are jagged: a little more current may just clear the threshold once more.
currents = np.arange(0.013, 5, 0.125)
figure, ax = plt.subplots(layout="constrained")
for true_lif, name in ((False, "constant leak"), (True, "leak in proportion")):
    counts = [neuron_with(c, true_lif).count_spikes(spikes[np.newaxis])[0, 0] for c in currents]
    ax.plot(currents, counts, label=name)
ax.set(xlabel="current (mV/ms)", ylabel="spikes in 150 ms")
ax.legend()
plt.show()
