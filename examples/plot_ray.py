"""
Devices compared on a Ray cluster
=================================

How many levels does a synapse need? Each device and each fold is a network of its own, so a study
spreads over the processes of a cluster, here of Ray. Where Ray is not installed, the same study
runs on processes of joblib's own.
"""

# %%
# Synapses of a few levels up to many, each trained in two folds.
import contextlib
import importlib.util

import joblib
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from nervos_sklearn import LinearSynapse, SNNClassifier, synapse_study

levels = [4, 8, 16, 32, 64]
network = SNNClassifier(20, learning="margin", epochs=3, random_state=0)

# %%
# ``ray.init(address="auto")`` instead reaches a cluster that is there already. Ray's backend of
# joblib does not try again: if one of its processes dies, the study raises.


@contextlib.contextmanager
def on_cluster():
    if importlib.util.find_spec("ray") is None:
        print("Ray is not installed: pip install ray. Using local processes.")
        with joblib.parallel_config("loky", n_jobs=2):
            yield
        return
    import ray
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    register_ray()
    with joblib.parallel_config("ray", n_jobs=2):
        yield
    ray.shutdown()


# %%
# Workers import the script that started them: what shall run once stands behind this condition.
if __name__ == "__main__":
    X, y = load_digits(return_X_y=True)
    with on_cluster():
        table = synapse_study(network, [LinearSynapse(n) for n in levels], X[:500], y[:500], cv=2)

    last = table["epoch"] == table["epoch"].max()
    means = [np.mean(table["accuracy"][last & (table["n_levels"] == n)]) for n in levels]
    ax = plt.subplots(layout="constrained")[1]
    ax.plot(levels, means, "o-")
    ax.set(xscale="log", xticks=levels, xticklabels=levels)
    ax.minorticks_off()
    ax.set(xlabel="levels of a synapse", ylabel="accuracy of two folds")
    print(dict(zip(levels, np.round(means, 2).tolist(), strict=True)))
    plt.show()
