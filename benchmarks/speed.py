"""Training and prediction against other simulators: same data, same run, as ratios.

    python benchmarks/speed.py --mnist FILE --output benchmarks/reports/speed.md

The network is the published one for 5 digits, 784 inputs x 80 neurons x 100 steps.
"""

import argparse
import contextlib
import importlib.util
import io
import statistics
import time

import numpy as np
from common import machine, seconds, write_report

from nervos_sklearn import Module, Parameters, SNNClassifier, SpikeEncoder
from nervos_sklearn.datasets import load_mnist

N_NEURONS = 80
N_TRAIN, N_TEST = 20, 40


def spike_trains(X, y):
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
    copies = 1

    def __init__(self, past_window=-10):
        self.module = published_network(Parameters, Module, past_window)

    def train(self, X, y):
        self.module.learn(X, y)

    def predict(self, X):
        return self.module.count_spikes(X)


class Nervos:
    name = "nervos 0.0.7"
    repetitions = 1
    copies = 1

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


class Brian2:
    """The closest network in brian2: one long run, pair-based STDP with traces.

    Neurons, leak, adaptive threshold, refractory time and lateral inhibition are the
    same; held potentials and the depression of silent inputs have no counterpart.
    """

    name = "brian2, one long run"
    repetitions = 1
    copies = 30  # of the data, in one run

    def __init__(self):
        self.networks = {}

    def train(self, X, y):
        self.run(X, plastic=True)

    def predict(self, X):
        self.run(X, plastic=False)

    def run(self, X, plastic):
        import brian2 as b2

        if plastic not in self.networks:
            self.networks[plastic] = self.build(b2, plastic)
        source, network = self.networks[plastic]
        X = np.tile(X, (self.copies, 1, 1))
        samples, channels, steps = np.nonzero(X)
        times = network.t / b2.ms + samples * X.shape[2] + steps
        source.set_spikes(channels, times * b2.ms)
        network.run(len(X) * X.shape[2] * b2.ms)

    def build(self, b2, plastic):
        b2.BrianLogger.suppress_name("base")
        b2.defaultclock.dt = 1 * b2.ms
        source = b2.SpikeGeneratorGroup(784, [], [] * b2.ms)
        neurons = b2.NeuronGroup(
            N_NEURONS,
            """dv/dt = -0.8 / ms * int(v > -70) : 1 (unless refractory)
               dh/dt = -0.4 / ms * int(h > -55) : 1""",
            threshold="v > h",
            reset="v = -90; h += 1",
            refractory=15 * b2.ms,
            method="euler",
        )
        neurons.v, neurons.h = -70, -55
        model, on_pre, on_post = "w : 1", "v_post += w", ""
        if plastic:
            model += """
                dapre/dt = -apre / (5 * ms) : 1 (event-driven)
                dapost/dt = -apost / (5 * ms) : 1 (event-driven)"""
            on_pre += "; apre += 0.8; w = clip(w + 0.03 * apost * abs(w) ** 0.9, 1e-5, 1)"
            on_post = "apost -= 0.3; w = clip(w + 0.03 * apre * abs(1 - w) ** 0.9, 1e-5, 1)"
        synapses = b2.Synapses(source, neurons, model, on_pre=on_pre, on_post=on_post)
        synapses.connect()
        synapses.w = 1
        inhibition = b2.Synapses(neurons, neurons, on_pre="v_post = -100")
        inhibition.connect(condition="i != j")
        return source, b2.Network(source, neurons, synapses, inhibition)


def measure(simulator, X, y):
    """Milliseconds of one training presentation and of one prediction, after warm-up.

    Each repetition trains a new network: the first presentations are the busiest.
    """
    network = simulator()
    network.train(X[:1], y[:1])
    network.predict(X[:1])
    training = []
    for _ in range(simulator.repetitions):
        if simulator is not Brian2:  # whose networks are compiled one by one
            network = simulator()
        start = time.perf_counter()
        network.train(X[:N_TRAIN], y[:N_TRAIN])
        training.append(time.perf_counter() - start)
    prediction = seconds(lambda: network.predict(X[N_TRAIN:]), simulator.repetitions)
    copies = 1e3 / simulator.copies
    return copies * statistics.median(training) / N_TRAIN, copies * prediction / N_TEST


def largest_difference(X, y):
    """Largest difference of a weight where the depression lag is not random."""
    ours, nervos = Ours(past_window=-4), Nervos(past_window=-4)
    ours.train(X[:3], y[:3])
    nervos.train(X[:3], y[:3])
    return np.abs(ours.module.get_all_synapses() - nervos.module.get_all_synapses()).max()


def default_classifier(X, y):
    """Microseconds: prediction in bulk, of one sample, and in bulk on two threads."""
    clf = SNNClassifier(random_state=0).fit(X[:200], y[:200])
    clf.predict(X[:300])
    bulk = seconds(lambda: clf.predict(X[200:4200]), 7) / len(X[200:4200])
    single = seconds(lambda: clf.predict(X[200:201]), 200)
    clf.set_params(n_jobs=2)
    clf.predict(X[:300])
    threads = seconds(lambda: clf.predict(X[200:4200]), 7) / len(X[200:4200])
    return 1e6 * bulk, 1e6 * single, 1e6 * threads


def report(rounds, difference, ours):
    lines = [
        "# Speed",
        "",
        machine(),
        "",
        "## Against other simulators",
        "",
        f"784 x {N_NEURONS} network, 100 steps, published parameters for MNIST digits 0-4, one",
        f"thread. {len(rounds)} rounds, in each of which all simulators ran on the same spike",
        "trains one after the other; medians over the rounds, ratios within a round. Largest",
        "difference between the weights of nervos_sklearn and nervos after 3 presentations",
        f"with a deterministic depression lag: {difference:.1e}. The network in brian2 is the",
        "closest that it can express, not the same; its code generation is not counted.",
        "",
        "| simulator | training, ms a presentation | ratio | prediction, ms a sample | ratio |",
        "|---|---|---|---|---|",
    ]
    for name in rounds[0]:
        times = np.median([r[name] for r in rounds], axis=0)
        ratios = np.median([np.divide(r[name], r[Ours.name]) for r in rounds], axis=0)
        lines.append(
            f"| {name} | {times[0]:.3g} | {ratios[0]:,.1f} | {times[1]:.3g} | {ratios[1]:,.1f} |"
        )
    bulk, single, threads = ours
    return [
        *lines,
        "",
        "## The default classifier",
        "",
        "`SNNClassifier()` fitted on 200 MNIST images of 10 classes, medians.",
        "",
        "| | µs a sample |",
        "|---|---|",
        f"| `predict` of 4,000 images, one thread | {bulk:.1f} |",
        f"| the same, `n_jobs=2` | {threads:.1f} (ratio {bulk / threads:.2f}) |",
        f"| `predict` of one image | {single:.0f} |",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", help="npz file with images and labels; else fetch_openml")
    parser.add_argument("--output", help="Markdown file to write")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    images, digits = load_mnist(options.mnist)
    X, y = spike_trains(images, digits)
    simulators = [Ours, Nervos]
    if importlib.util.find_spec("brian2"):
        simulators.append(Brian2)
    with contextlib.redirect_stdout(io.StringIO()):
        difference = largest_difference(X, y)
        rounds = [
            {simulator.name: measure(simulator, X, y) for simulator in simulators}
            for _ in range(options.rounds)
        ]
        ours = default_classifier(images, digits)
    write_report(report(rounds, difference, ours), options.output, __doc__)


if __name__ == "__main__":
    main()
