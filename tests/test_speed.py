"""Guards of the speed: counts in every run; ratios of times where nothing else runs."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from reference import Reference

from nervos_sklearn import Module, Parameters, SNNClassifier, _kernels
from nervos_sklearn._kernels.compiling import compiled
from nervos_sklearn._kernels.synapses import power_of_gap

FIT = """
import sys
import numpy as np
from sklearn.datasets import load_iris
from nervos_sklearn import SNNClassifier
X, y = load_iris(return_X_y=True)
print(SNNClassifier(epochs=2, random_state=0).fit(X, y).predict_proba(X).sum(axis=0).tolist())
"""


def seconds(job, repetitions=5):
    job()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


@compiled
def powers(values, out):
    for k in range(values.size):
        out[k] = power_of_gap(values[k])


def test_power_is_exact():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.random(200_000), 10.0 ** rng.uniform(-25, 3, 100_000), [1.0]])
    out = np.empty_like(values)
    powers(values, out)
    np.testing.assert_allclose(out, values**0.9, rtol=1e-14)
    powers(-values, out)
    np.testing.assert_allclose(out, -(values**0.9), rtol=1e-14)
    assert abs(power_of_gap(0.0)) < 1e-200


@pytest.mark.timing
def test_power_is_vectorised():
    """A scalar pow takes as long as NumPy's or longer; vectorised, it takes a third or less."""
    values = np.random.default_rng(0).random(300_000)
    out = np.empty_like(values)
    ratio = seconds(lambda: np.power(values, 0.9, out=out)) / seconds(lambda: powers(values, out))
    assert ratio > 1.5


def spike_trains(n, n_channels=200, n_steps=61):
    X = (np.random.default_rng(0).random((n, n_channels, n_steps)) < 0.1).astype(np.uint8)
    X[:, :, 0] = 0
    return X


def network(n_channels=200):
    module = Module(Parameters(training_duration=60, past_window=-4), random_state=0)
    module.initialise_layers([n_channels, 20])
    return module


def test_the_work_is_what_the_dynamics_ask_for():
    """Nothing is read while a layer rests, nothing is written unless it fires."""
    module, X = network(), spike_trains(10)
    module.learn(X)
    slow = Reference(module.parameters.to_dict(), [np.ones((20, 200))])
    events = X.sum() * 20
    assert module.n_reads < events / 3
    assert module.n_writes == module.synapse_update_counts[0].sum()
    assert module.n_firings == sum(slow.present(train, learn=True)[0].sum() for train in X)


@pytest.mark.timing
def test_compiled_loops_are_far_ahead_of_plain_numpy():
    module, X = network(), spike_trains(4)
    slow = Reference(module.parameters.to_dict(), [np.ones((20, 200))])
    start = time.perf_counter()
    for train in X:
        slow.present(train, learn=True)
    plain = time.perf_counter() - start
    assert plain / seconds(lambda: module.learn(X)) > 8


@pytest.mark.timing
@pytest.mark.parametrize("size", ["n_channels", "n_samples"])
def test_time_does_not_explode_with_size(size):
    def learn(factor):
        n_channels, n_samples = (200 * factor, 20) if size == "n_channels" else (200, 20 * factor)
        X, module = spike_trains(n_samples, n_channels), network(n_channels)
        return seconds(lambda: module.learn(X))

    assert learn(8) / learn(1) < 16


def test_many_processes_may_compile_at_once(tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    children = [
        subprocess.Popen([sys.executable, "-c", FIT], env=environment, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    answers = {child.communicate()[0] for child in children}
    assert [child.returncode for child in children] == [0] * 3
    assert len(answers) == 1


def test_a_read_only_installation_works(tmp_path):
    """Without any place for a cache, functions are compiled anew."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare here")
    package = Path(_kernels.__file__).parents[1]
    script = f"""
        mount -t tmpfs none {tmp_path} && cp -r {package} {tmp_path}/nervos_sklearn &&
        rm -rf {tmp_path}/nervos_sklearn/__pycache__ && mount -o remount,ro {tmp_path} &&
        cd {tmp_path} && HOME=/dev/null XDG_CACHE_HOME=/dev/null exec "$0" -B -c "$1"
    """
    code = "import nervos_sklearn, os; print(os.path.dirname(nervos_sklearn.__file__))\n" + FIT
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, sys.executable, code],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "Operation not permitted" in done.stderr or "permission denied" in done.stderr:
        pytest.skip("mounting is not permitted here")
    assert done.returncode == 0, done.stderr
    where, answer = done.stdout.splitlines()
    assert where == f"{tmp_path}/nervos_sklearn"
    X, y = __import__("sklearn.datasets", fromlist=["x"]).load_iris(return_X_y=True)
    here = SNNClassifier(epochs=2, random_state=0).fit(X, y).predict_proba(X).sum(axis=0)
    assert answer == str(here.tolist())
