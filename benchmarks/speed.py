"""Training and prediction against other simulators: same data, same run, as ratios.

    python benchmarks/speed.py --mnist FILE --output benchmarks/reports/speed.md

The network is the published one for 5 digits, 784 inputs x 80 neurons x 100 steps.
"""

import argparse
import contextlib
import io
import platform
import statistics
import time

import numpy as np

from nervos_sklearn import Module, Parameters, SpikeEncoder
from nervos_sklearn.datasets import load_mnist

N_NEURONS = 80
N_TRAIN, N_TEST = 10, 40


def spike_trains(mnist):
    X, y = load_mnist(mnist)
    chosen = np.flatnonzero(y < 5)[: N_TRAIN + N_TEST]
    return SpikeEncoder("rate").fit_transform(X[chosen]), y[chosen]


def published_network(make_parameters, make_module, past_window):
    parameters = make_parameters()
    parameters.from_dict(Parameters(past_window=past_window, epochs=1).to_dict())
    module = make_module(parameters)
    module.initialise_layers([784, N_NEURONS])
    return module


class Ours:
    name = "nervos_sklearn"
    repetitions = 20

    def __init__(self, past_window=-10):
        self.module = published_network(Parameters, Module, past_window)

    def train(self, X, y):
        self.module.learn(X, y)

    def predict(self, X):
        return self.module.count_spikes(X)


class Nervos:
    name = "nervos 0.0.7"
    repetitions = 1

    def __init__(self, past_window=-10):
        import nervos

        self.module = published_network(nervos.Parameters, nervos.Module, past_window)
        self.labels = np.full(N_NEURONS, -1)

    def train(self, X, y):
        for spikes, label in zip(X, y, strict=True):
            self.module.feed_forward(
                spikes, self.labels, range(1, X.shape[2]), do_stdp=True, label=int(label)
            )

    def predict(self, X):
        synapses = self.module.get_all_synapses()
        for spikes in X:
            self.module.get_prediction(spikes, synapses, self.labels)


def seconds(job, repetitions):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(simulator, X, y):
    """Milliseconds of one training presentation and of one prediction."""
    network = simulator()
    simulator().train(X[:1], y[:1])  # compiles
    training = seconds(lambda: network.train(X[:N_TRAIN], y[:N_TRAIN]), network.repetitions)
    network.predict(X[-1:])
    prediction = seconds(lambda: network.predict(X[N_TRAIN:]), network.repetitions)
    return 1e3 * training / N_TRAIN, 1e3 * prediction / N_TEST


def largest_difference(X, y):
    """Largest difference of a weight where the depression lag is not random."""
    ours, nervos = Ours(past_window=-4), Nervos(past_window=-4)
    ours.train(X[:3], y[:3])
    nervos.train(X[:3], y[:3])
    return np.abs(ours.module.get_all_synapses() - nervos.module.get_all_synapses()).max()


def processor():
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor()


def report(rounds, difference):
    lines = [
        "# Speed against nervos",
        "",
        f"784 x {N_NEURONS} network, 100 steps, published parameters for MNIST digits 0-4, one",
        f"thread. {len(rounds)} rounds, in each of which both simulators ran on the same data one",
        "after the other; medians. Largest difference between their weights after 3 presentations",
        f"with a deterministic depression lag: {difference:.1e}.",
        "",
        f"CPU: {processor()}; Python {platform.python_version()}, numpy {np.__version__}.",
        "",
        "| simulator | training, ms a presentation | prediction, ms a sample |",
        "|---|---|---|",
    ]
    for name in rounds[0]:
        training, prediction = np.median([r[name] for r in rounds], axis=0)
        lines.append(f"| {name} | {training:.3g} | {prediction:.3g} |")
    ratios = np.median([np.divide(r[Nervos.name], r[Ours.name]) for r in rounds], axis=0)
    lines.append(f"| ratio | {ratios[0]:,.0f} | {ratios[1]:,.0f} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", help="npz file with images and labels; else fetch_openml")
    parser.add_argument("--output", help="Markdown file to write")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    X, y = spike_trains(options.mnist)
    with contextlib.redirect_stdout(io.StringIO()):
        difference = largest_difference(X, y)
        rounds = [
            {simulator.name: measure(simulator, X, y) for simulator in (Ours, Nervos)}
            for _ in range(options.rounds)
        ]
    text = report(rounds, difference)
    print(text)
    if options.output:
        with open(options.output, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
