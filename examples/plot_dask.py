"""
A sweep on a Dask cluster
=========================

The candidates of a search do not need each other, so each may be trained on another machine. A
cluster of two processes of this machine stands for a real one here; where Dask is not installed,
the same search runs on processes of joblib's own. The results are the same bits.
"""

# %%
# A search like any other: how wide shall the margin be, and how many neurons help?
import contextlib
import importlib.util

import joblib
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from nervos_sklearn import SNNClassifier

grid = {"n_neurons": [20, 60], "learning__margin": [0.02, 0.06, 0.18]}
network = SNNClassifier(learning="margin", epochs=3, random_state=0)

# %%
# ``Client("scheduler-address:8786")`` instead reaches a cluster that is there already. A worker
# that dies costs nothing but time: its candidates go to the others.


@contextlib.contextmanager
def on_cluster():
    if importlib.util.find_spec("distributed") is None:
        print("Dask is not installed: pip install 'dask[distributed]'. Using local processes.")
        with joblib.parallel_config("loky", n_jobs=2):
            yield
        return
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
        joblib.parallel_config("dask"),
    ):
        yield


# %%
# Workers import the script that started them: what shall run once stands behind this condition.
if __name__ == "__main__":
    X, y = load_digits(return_X_y=True)
    with on_cluster():
        search = GridSearchCV(network, grid, cv=2).fit(X[:500], y[:500])
    print(search.best_params_)

    ax = plt.subplots(layout="constrained")[1]
    results, margins = search.cv_results_, grid["learning__margin"]
    for n_neurons in grid["n_neurons"]:
        row = np.asarray(results["param_n_neurons"] == n_neurons)
        scores = results["mean_test_score"][row]
        ax.plot(margins, scores, "o-", label=f"{n_neurons} neurons")
    ax.set(xscale="log", xticks=margins, xticklabels=margins)
    ax.minorticks_off()
    ax.set(xlabel="margin", ylabel="accuracy of two folds")
    ax.legend()
    plt.show()
