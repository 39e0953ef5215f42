"""
What accuracy does a measured synapse leave?
============================================

A device paper gives conductances after each pulse. One call trains a network with each device
and tells accuracy, wear and energy: here with prototypes that learn from reward, and with
spike-timing-dependent plasticity. As a script, run it with the name of a directory for the
pictures; by default that is ``device``.
"""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # pictures are written to files

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from nervos_sklearn import (
    DeviceWearDisplay,
    IdealSynapse,
    LinearSynapse,
    NonLinearSynapse,
    OccupancyDisplay,
    SNNClassifier,
    STDPLearning,
    SynapseDisplay,
    SynapseStudyDisplay,
    synapse_study,
)

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "device")
directory.mkdir(parents=True, exist_ok=True)
X, y = load_digits(n_class=5, return_X_y=True)
X, y = X[:200], y[:200]

# %%
# The measurement: the conductance of a Pr0.7Ca0.3MnO3 device after each pulse, in microsiemens.
# A model is fitted to it.
microsiemens = [316.228, 199.526, 125.893, 63.096, 25.119, 12.589, 5.754, 3.981]
device = NonLinearSynapse.from_measurement(range(8), microsiemens)
print(f"The measured device: nu = {device.nu:.2f}, residual {device.residual_:.3f}")
SynapseDisplay.from_synapse(device, measurement=(range(8), microsiemens))
plt.savefig(directory / "device.png")

# %%
# Two networks on devices of this kind with few and with many levels, and on evenly spaced levels
# and ideal weights for comparison.
networks = {
    "reward": SNNClassifier(50, learning="prototype", epochs=4, random_state=0),
    "spike timing": SNNClassifier(40, learning=STDPLearning(), eta=0.1, past_window=-20,
                                  A_down=-1.3, training_duration=50, epochs=1, random_state=0),
}  # fmt: skip
synapses = [IdealSynapse()]
for n_states in (2, 5, 25):
    synapses += [
        LinearSynapse(n_states, update="stochastic"),
        NonLinearSynapse(n_states, round(device.nu, 2), update="stochastic"),
    ]
studies = {
    learning: synapse_study(
        network, synapses, X, y, cv=2, n_jobs=2, read_energy=1e-15, write_energy=1e-12
    )
    for learning, network in networks.items()
}


# %%
# The table of a study has a row for each device, fold and epoch.
def print_table(learning, study):
    print(f"\nLearning by {learning}, after the last epoch:")
    print("levels  synapse             accuracy  writes a sample  energy a sample, nJ")
    last = study["epoch"] == study["epoch"].max()
    for device in range(study["device"].max() + 1):
        rows = last & (study["device"] == device)
        first = rows.argmax()
        print(
            f"{study['n_levels'][first]:6g}  {study['model'][first]:<18}"
            f"{study['accuracy'][rows].mean():10.3f}"
            f"{study['writes'][rows].mean():17,.0f}{1e9 * study['energy'][rows].mean():21.1f}"
        )


figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for ax, (learning, study) in zip(axes, studies.items(), strict=True):
    print_table(learning, study)
    SynapseStudyDisplay.from_study(study, ax=ax)
    ax.set_title(f"learning by {learning}")
figure.savefig(directory / "levels.png")

# %%
# Which levels are used, and how often are devices written?
network = networks["reward"].set_params(synapse=synapses[-1]).fit(X, y)
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
OccupancyDisplay.from_estimator(network, ax=axes[0])
DeviceWearDisplay.from_estimator(network, ax=axes[1])
figure.savefig(directory / "use.png")
print(f"\nPictures: {directory}/device.png, levels.png and use.png")
