"""How time grows with samples, inputs, neurons and time steps.

    python benchmarks/scaling.py --output benchmarks/reports/scaling.md

Writes a table and, beside it, a plot.
"""

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from common import machine, seconds, write_report

from nervos_sklearn import Module, Parameters, PrototypeLearning, SNNClassifier

SIZES = {
    "samples": (1000, 2000, 4000, 8000),
    "inputs": (196, 392, 784, 1568),
    "neurons": (40, 80, 160, 320),
    "steps": (50, 100, 200, 400),
}
STANDARD = {"samples": 200, "inputs": 784, "neurons": 80, "steps": 100}


def stdp_network(inputs, neurons, steps):
    parameters = Parameters(training_duration=steps, epochs=1)
    module = Module(parameters, random_state=0)
    module.initialise_layers([inputs, neurons])
    return module


def spike_trains(samples, inputs, steps):
    """A fifth of the channels spike, at random rates: as sparse as digits are."""
    rng = np.random.default_rng(0)
    X = np.zeros((samples, inputs, steps + 1), dtype=np.uint8)
    for sample in range(samples):
        active = rng.permutation(inputs)[: inputs // 5]
        rates = rng.uniform(0, 0.5, (len(active), 1))
        X[sample, active, 1:] = rng.random((len(active), steps)) < rates
    return X


def stdp_times(samples, inputs, neurons, steps):
    """Seconds of training and prediction on all samples."""
    X = spike_trains(samples, inputs, steps)
    module = stdp_network(inputs, neurons, steps)
    return seconds(lambda: module.learn(X)), seconds(lambda: module.count_spikes(X))


def prototype_times(samples, inputs):
    """Seconds of an epoch and of prediction of prototypes that learn from reward."""
    rng = np.random.default_rng(0)
    X = rng.random((samples, inputs)) * (rng.random((samples, inputs)) < 0.2)
    y = np.arange(samples) % 10
    X[np.arange(samples), y] += 1.0
    settings = {"encoder": "latency", "augmentation": None, "n_neurons": 100, "random_state": 0}
    settings["learning"] = PrototypeLearning(competitive_epochs=0)

    def fit(epochs):
        return SNNClassifier(epochs=epochs, **settings).fit(X, y)

    epoch = (seconds(lambda: fit(5)) - seconds(lambda: fit(1))) / 4
    clf = fit(1)
    return epoch, seconds(lambda: clf.predict(X))


def exponent(sizes, times):
    return np.polyfit(np.log(sizes), np.log(times), 1)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="scaling.md", help="Markdown file to write")
    options = parser.parse_args()
    plot = Path(options.output).with_suffix(".png")
    curves = {}
    for axis, sizes in SIZES.items():
        grid = [STANDARD | {axis: size} for size in sizes]
        if axis == "samples":
            grid = [STANDARD | {axis: size // 10} for size in sizes]
        times = np.array([stdp_times(**point) for point in grid])
        sizes = [point[axis] for point in grid]
        curves["STDP, training", axis] = sizes, times[:, 0]
        curves["STDP, prediction", axis] = sizes, times[:, 1]
        if axis in ("samples", "inputs"):
            point = {"samples": 2000, "inputs": 784}
            times = np.array([prototype_times(**point | {axis: size}) for size in SIZES[axis]])
            curves["prototypes, an epoch", axis] = SIZES[axis], times[:, 0]
            curves["prototypes, prediction", axis] = SIZES[axis], times[:, 1]
    lines = ["# Scaling", "", machine(), ""]
    lines += [
        "STDP: {samples} samples of {inputs} channels, a fifth of them active, {neurons} neurons, "
        "{steps} steps, but for the one named.".format(**STANDARD),
        "Prototypes: 2,000 samples of 784 features, 100 neurons. One thread, medians of 3. The",
        "exponent is the slope of the logarithm of the time against that of the size.",
        "",
        "| | grows with | sizes | seconds | exponent |",
        "|---|---|---|---|---|",
    ]
    for (what, axis), (sizes, times) in curves.items():
        lines.append(
            f"| {what} | {axis} | {', '.join(map(str, sizes))} | "
            f"{', '.join(f'{t:.3g}' for t in times)} | {exponent(sizes, times):.2f} |"
        )
    lines += ["", f"![Time against size]({plot.name})"]
    write_report(lines, options.output, __doc__)

    figure, axes = plt.subplots(1, 4, figsize=(13, 3.4), layout="constrained", sharey=True)
    for ax, axis in zip(axes, SIZES, strict=True):
        for (what, of), (sizes, times) in curves.items():
            if of == axis:
                ax.loglog(sizes, times, marker="o", label=what)
        ax.set_xticks(SIZES[axis] if axis != "samples" else (100, 1000), minor=False)
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("")
        ax.set(xlabel=axis, title=f"time against {axis}")
        ax.legend(fontsize="x-small")
    axes[0].set_ylabel("seconds")
    figure.savefig(plot, dpi=80)


if __name__ == "__main__":
    main()
