"""
What accuracy does a measured synapse leave?
============================================

A device paper gives conductances after each pulse, and how the memory window closes with
the cycles. One call trains a network with each device and tells accuracy, wear and energy:
here with prototypes that learn from reward, and with spike-timing-dependent plasticity.
Run it with the name of a directory for the pictures; by default that is ``device``.
"""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from nervos_sklearn import (
    EnduranceSynapse,
    IdealSynapse,
    LinearSynapse,
    NonLinearSynapse,
    SNNClassifier,
    STDPLearning,
    SynapseStudyDisplay,
    synapse_study,
)

MICROSIEMENS = [316.228, 199.526, 125.893, 63.096, 25.119, 12.589, 5.754, 3.981]  # PCMO, measured


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


def main(directory):
    directory.mkdir(parents=True, exist_ok=True)
    X, y = load_digits(n_class=5, return_X_y=True)
    X, y = X[:300], y[:300]

    device = NonLinearSynapse.from_measurement(range(8), MICROSIEMENS)
    print(f"The measured device: nu = {device.nu:.2f}, residual {device.residual_:.3f}")

    networks = {
        "reward": SNNClassifier(50, learning="prototype", epochs=6, random_state=0),
        "spike timing": SNNClassifier(60, learning=STDPLearning(), eta=0.1, past_window=-20,
                                      A_down=-1.3, random_state=0),
    }  # fmt: skip
    synapses = [IdealSynapse()]
    for n_states in (2, 5, 25):
        synapses += [
            LinearSynapse(n_states, update="stochastic"),
            NonLinearSynapse(n_states, round(device.nu, 2), update="stochastic"),
        ]
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for ax, (learning, network) in zip(axes, networks.items(), strict=True):
        study = synapse_study(
            network, synapses, X, y, cv=2, n_jobs=2, read_energy=1e-15, write_energy=1e-12
        )
        print_table(learning, study)
        SynapseStudyDisplay.from_study(study, ax=ax)
        ax.set_title(f"learning by {learning}")
    figure.savefig(directory / "levels.png")

    worn = EnduranceSynapse.from_memory_window(
        cycles=[1, 200, 500, 1000], highest=[1.0, 1.0, 0.7, 0.5], lowest=[0, 0, 0.3, 0.5],
        n_states=42,
    )  # fmt: skip
    network = networks["spike timing"].set_params(epochs=6)
    study = synapse_study(network, [LinearSynapse(42), worn], X, y, cv=3, n_jobs=2)
    display = SynapseStudyDisplay.from_study(study, x="epoch")
    display.ax_.legend(["fresh for ever", "wearing out"])
    plt.savefig(directory / "endurance.png")
    print(f"\nPictures: {directory}/levels.png and endurance.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "device"))
