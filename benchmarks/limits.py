"""Distance to the machine's limit, and start-up times.

    python benchmarks/limits.py --mnist FILE --output benchmarks/reports/limits.md

The limit is what the counted powers and synaptic additions of a presentation cost in
loops that do nothing else, on data in the first cache, in the same run.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
from common import machine, seconds, write_report

from nervos_sklearn import (
    EnduranceSynapse,
    IdealSynapse,
    LinearSynapse,
    Module,
    NonLinearSynapse,
    Parameters,
    SpikeEncoder,
)
from nervos_sklearn._kernels.compiling import compiled
from nervos_sklearn._kernels.synapses import power_of_gap
from nervos_sklearn.datasets import load_mnist

START_UP = """
import sys, time
start = time.perf_counter()
import sklearn.base, sklearn.utils.validation, sklearn.preprocessing, sklearn.model_selection
sklearn_imported = time.perf_counter()
import nervos_sklearn
imported = time.perf_counter()
from sklearn.datasets import load_iris
X, y = load_iris(return_X_y=True)
times = []
for learning in sys.argv[1:]:
    begin = time.perf_counter()
    nervos_sklearn.SNNClassifier(learning=learning, epochs=1).fit(X, y).predict(X[:1])
    times.append(time.perf_counter() - begin)
print(imported - sklearn_imported, *times)
"""


@compiled
def powers(values, out, n):
    for _ in range(n):
        for k in range(values.size):
            out[k] = power_of_gap(values[k])


@compiled
def additions(rows, out, n):
    for _ in range(n):
        for i in range(rows.shape[0]):
            for j in range(rows.shape[1]):
                out[j] += rows[i, j]


def start_up(cache, *learnings):
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    command = [sys.executable, "-c", START_UP, *learnings]
    answer = subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    return [float(word) for word in answer.split()]


def synapse_costs(trains, y):
    """Time of each model in training and prediction, over that of the ideal synapse."""
    window = {"cycles": [1, 300, 30_000], "highest": [1, 1, 0.6], "lowest": [0, 0, 0.4]}
    models = {
        "linear, 25 states": LinearSynapse(25),
        "non-linear, 25 states": NonLinearSynapse(25),
        "endurance, 42 states": EnduranceSynapse.from_memory_window(**window, n_states=42),
        "read noise 0.1": IdealSynapse(read_noise=0.1),
    }
    networks = {}
    for name, synapse in {"ideal": IdealSynapse(), **models}.items():
        module = Module(Parameters(eta=0.03 if name == "ideal" else 0.07), random_state=0)
        module.synapse = synapse
        module.initialise_layers([784, 80])
        module.learn(trains, y)
        networks[name] = module
    rounds = [
        {
            name: (seconds(lambda: m.learn(trains), 1), seconds(lambda: m.count_spikes(trains), 1))  # noqa: B023
            for name, m in networks.items()
        }
        for _ in range(5)
    ]
    return {
        name: np.median([np.divide(r[name], r["ideal"]) for r in rounds], axis=0)
        for name in models
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", help="npz file with images and labels; else fetch_openml")
    parser.add_argument("--output", help="Markdown file to write")
    options = parser.parse_args()
    X, y = load_mnist(options.mnist)
    chosen = np.flatnonzero(y < 5)[:200]
    trains = SpikeEncoder("rate").fit_transform(X[chosen])
    module = Module(Parameters(), random_state=0)
    module.initialise_layers([784, 80])
    module.learn(trains, y[chosen])
    before = np.array([module.n_firings, module.n_reads, module.n_writes])
    module.learn(trains, y[chosen])
    after = np.array([module.n_firings, module.n_reads, module.n_writes])
    firings, reads, writes = (after - before) / len(trains)
    training = seconds(lambda: module.learn(trains)) / len(trains)
    prediction = seconds(lambda: module.count_spikes(trains), 7) / len(trains)

    values, out = np.random.default_rng(0).random(1024), np.empty(1024)
    power = seconds(lambda: powers(values, out, 100)) / values.size / 100
    rows, sums = np.random.default_rng(0).random((32, 80)), np.zeros(80)
    addition = seconds(lambda: additions(rows, sums, 100)) / rows.size / 100
    numpy_power = seconds(lambda: [np.power(values, 0.9, out=out) for _ in range(100)])
    numpy_power /= values.size * 100
    limit_training = writes * power + reads * addition
    limit_prediction = reads * addition

    costs = synapse_costs(trains, y[chosen])
    starts = {}
    for learning in ("prototype", "margin", "stdp"):
        with tempfile.TemporaryDirectory() as cache:
            starts[learning] = start_up(cache, learning), start_up(cache, learning)
    lines = ["# Distance to the limit", "", machine(), ""]
    lines += [
        "784 x 80 network, 100 steps, published parameters, MNIST digits 0-4. A presentation for",
        f"training makes {firings:.0f} firings, {writes:,.0f} updates of a synapse, each with a",
        f"power of 0.9, and {reads:,.0f} synaptic additions.",
        "",
        "| | measured | limit | share of the limit |",
        "|---|---|---|---|",
        f"| training, µs a presentation | {1e6 * training:.0f} | {1e6 * limit_training:.0f} | "
        f"{limit_training / training:.0%} |",
        f"| prediction, µs a sample | {1e6 * prediction:.0f} | {1e6 * limit_prediction:.0f} | "
        f"{limit_prediction / prediction:.0%} |",
        f"| updates a second, million | {writes / training / 1e6:.0f} | {1e-6 / power:.0f} | |",
        "",
        f"Alone, a power takes {1e9 * power:.2f} ns (NumPy's {1e9 * numpy_power:.2f} ns), a",
        f"synaptic addition {1e9 * addition:.2f} ns. The rest of a prediction lists the spikes of",
        f"a dense train of {trains[0].size:,} bytes and integrates, step by step.",
        "",
        "## Models of the synapse",
        "",
        "Time over that of the ideal synapse, medians of 5 rounds.",
        "",
        "| | training | prediction |",
        "|---|---|---|",
        *(f"| {name} | {c[0]:.2f} | {c[1]:.2f} |" for name, c in costs.items()),
        "",
        "## Start-up",
        "",
        "| | seconds |",
        "|---|---|",
        f"| import, beyond that of scikit-learn | {starts['margin'][1][0]:.2f} |",
    ]
    for learning, (cold, warm) in starts.items():
        lines += [
            f"| first fit ever, {learning} | {cold[1]:.1f} |",
            f"| first fit in a new process, cache warm, {learning} | {warm[1]:.2f} |",
        ]
    write_report(lines, options.output, __doc__)


if __name__ == "__main__":
    main()
