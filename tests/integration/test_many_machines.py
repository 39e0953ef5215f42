"""Clusters that lose a worker, data that no worker holds whole, files larger than memory."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dask.array as da
import joblib
import numpy as np
import pytest
import ray
from distributed import Client, LocalCluster
from ray.util.joblib import register_ray
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV

from nervos_sklearn import LinearSynapse, NonLinearSynapse, SNNClassifier, synapse_study

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def cluster():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def on_ray():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    register_ray()
    yield
    ray.shutdown()


class Deadly(SNNClassifier):
    """A network in whose first fit the worker that trains it dies."""

    def fit(self, X, y):
        trap = Path(os.environ["TRAP"])
        if self.epochs == 3 and trap.exists():
            trap.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.2)
        return super().fit(X, y)


def use_trap(path):
    os.environ["TRAP"] = str(path)


def test_a_search_on_dask_survives_a_worker(cluster, tmp_path):
    X, y = load_iris(return_X_y=True)
    trap = tmp_path / "trap"
    use_trap(trap)
    cluster.run(use_trap, trap)
    before = set(cluster.scheduler_info()["workers"])
    search = GridSearchCV(Deadly(random_state=0), {"epochs": [1, 2, 3, 4]}, cv=2)
    alone = search.fit(X, y).cv_results_["mean_test_score"]
    trap.touch()
    with joblib.parallel_config("dask"):
        found = search.fit(X, y).cv_results_["mean_test_score"]
    assert not trap.exists()
    assert set(cluster.scheduler_info()["workers"]) != before  # one was replaced
    np.testing.assert_array_equal(found, alone)


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_devices_are_compared_on_a_cluster(engine, cluster, on_ray):
    X, y = load_iris(return_X_y=True)
    network = SNNClassifier(12, learning="margin", epochs=2, random_state=0)
    arguments = network, [LinearSynapse(10), NonLinearSynapse(40)], X, y
    alone = synapse_study(*arguments, cv=2)
    with joblib.parallel_config(engine):
        table = synapse_study(*arguments, cv=2, n_jobs=2)
    assert len(table["accuracy"]) == 8
    for name in ("synapse", "fold", "accuracy", "writes"):
        np.testing.assert_array_equal(table[name], alone[name])


def test_an_array_of_dask_is_answered_block_by_block(cluster):
    X, y = load_digits(return_X_y=True)
    network = SNNClassifier(20, learning="prototype", epochs=2, random_state=0).fit(
        X[:400], y[:400]
    )
    blocks = da.from_array(X, chunks=(500, 64))
    answers = blocks.map_blocks(
        network.predict_proba, chunks=(blocks.chunks[0], (10,)), dtype=float
    )
    np.testing.assert_array_equal(answers.compute(), network.predict_proba(X))


OUT_OF_CORE = """
import resource
import sys
import numpy as np
from nervos_sklearn import SNNClassifier

X, y = np.load("X.npy", mmap_mode="r"), np.load("y.npy")
network = SNNClassifier(20, learning="margin", encoder="latency", random_state=0)
first = slice(0, 2000)
network.partial_fit(X[first], y[first], classes=[0, 1])  # loads all that is needed
used = int(open("/proc/self/statm").read().split()[5]) * resource.getpagesize()
limit = used + int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
try:
    np.array(X)
except MemoryError:
    print("does not fit")
for start in range(2000, len(y) - 2000, 2000):
    block = slice(start, start + 2000)
    network.partial_fit(X[block], y[block])
last = slice(len(y) - 2000, None)
print(network.score(X[last], y[last]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of data are those of Linux")
def test_a_file_larger_than_memory_is_learned_block_by_block(tmp_path):
    rng = np.random.default_rng(0)
    n_samples, n_features = 40_000, 1000
    y = rng.integers(2, size=n_samples)
    X = np.lib.format.open_memmap(
        tmp_path / "X.npy", mode="w+", dtype=np.float32, shape=(n_samples, n_features)
    )
    shift = rng.normal(size=n_features) * 0.1
    for start in range(0, n_samples, 4000):
        rows = slice(start, start + 4000)
        X[rows] = rng.normal(size=(4000, n_features)) + np.outer(2 * y[rows] - 1, shift)
    X.flush()
    np.save(tmp_path / "y.npy", y)
    limit = 120_000_000
    assert X.nbytes > limit
    done = subprocess.run(
        [sys.executable, "-c", OUT_OF_CORE, str(limit)],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    fits, score = done.stdout.splitlines()
    assert fits == "does not fit"
    assert float(score) > 0.9


MORTAL = """
import os
import signal
import joblib
import ray
from ray.util.joblib import register_ray

def task(k, trap):
    if k == 5 and os.path.exists(trap):
        os.remove(trap)
        os.kill(os.getpid(), signal.SIGKILL)
    return k

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
register_ray()
open("trap", "w").close()
with joblib.parallel_config("ray"):
    try:
        jobs = (joblib.delayed(task)(k, os.path.abspath("trap")) for k in range(8))
        print(joblib.Parallel(n_jobs=2)(jobs))
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_what_ray_does_when_a_worker_dies(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", MORTAL],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert "ActorDiedError" in done.stdout, done.stdout + done.stderr
