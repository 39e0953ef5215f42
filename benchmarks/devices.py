"""Every learning on devices of few levels and with noise, against ideal synapses.

    python benchmarks/devices.py --mnist FILE --output benchmarks/reports/devices.md

Digits: 540 test images, the same for every device, that no parameter was chosen on; three
networks, each with a random state of its own. MNIST: training and test images are drawn anew
for each random state.
"""

import argparse
import time
import warnings
from itertools import product

import numpy as np
from common import machine, write_report
from joblib import Parallel, delayed
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_circles,
    make_classification,
    make_gaussian_quantiles,
    make_hastie_10_2,
    make_moons,
)
from sklearn.model_selection import StratifiedKFold, train_test_split

from nervos_sklearn import (
    EnduranceSynapse,
    LinearSynapse,
    MarginLearning,
    NonLinearSynapse,
    PrototypeLearning,
    SNNClassifier,
    STDPLearning,
    synapse_study,
)
from nervos_sklearn.datasets import load_mnist

SEEDS = range(3)
LEVELS = (2, 4, 5, 8, 16, 32)
GOALS = {
    "linear": (0.955, 0.975, 0.978, 0.979, 0.982, 0.982),
    "non-linear, nu 3.6": (0.945, 0.970, 0.973, 0.975, 0.980, 0.980),
}
MODELS = {"linear": LinearSynapse, "non-linear, nu 3.6": NonLinearSynapse}
NOISES = {
    "write noise 10 %": {"write_noise": 0.1},
    "device spread 30 %": {"device_spread": 0.3},
    "read noise 10 %": {"read_noise": 0.1},
}
NOISE_GOAL, MNIST_GOAL, STDP_GOAL = 0.975, 0.92, 0.85
LOSSES = {16: 0.010, 5: 0.025, 2: 0.050}  # of accuracy, at most, of pairs on tables


def digits(seed):
    X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, test_size=540, stratify=y, random_state=987)


def mnist(path, n_classes, n_train, n_test, seed):
    X, y = load_mnist(path)
    chosen = y < n_classes
    return train_test_split(
        X[chosen], y[chosen], train_size=n_train, test_size=n_test, stratify=y[chosen],
        random_state=seed,
    )  # fmt: skip


def measure(network, data, *arguments, seed):
    """Accuracy, and pulses for each device of the network."""
    X_train, X_test, y_train, y_test = data(*arguments, seed)
    network.set_params(random_state=seed)
    with warnings.catch_warnings():  # of levels that nothing can leave: they are shown here
        warnings.simplefilter("ignore", UserWarning)
        network.fit(X_train, y_train)
    n_devices = sum(layer.conductances.size for layer in network.module_.layers)
    return network.score(X_test, y_test), network.module_.n_writes / n_devices


def rows(networks, n_jobs, data, *arguments):
    """Rows of a table: for each name the mean, deviation, worst, goal and pulses a device."""
    jobs = list(product(networks, SEEDS))
    results = Parallel(n_jobs)(
        delayed(measure)(networks[name][0], data, *arguments, seed=seed) for name, seed in jobs
    )
    lines = []
    for name, (_, goal) in networks.items():
        cells = np.array([r for (n, _), r in zip(jobs, results, strict=True) if n == name])
        accuracy, pulses = cells.T
        goal = "" if goal is None else f"{goal:.3f}"
        lines.append(
            f"| {name} | {accuracy.mean():.4f} | {accuracy.std():.4f} | {accuracy.min():.4f} | "
            f"{goal} | {pulses.mean():.2f} |"
        )
    return lines


HEAD = [
    "| synapse | mean | deviation | worst | goal | pulses a device |",
    "|---|---|---|---|---|---|",
]


def prototypes(synapse, **learning):
    return SNNClassifier(200, learning=PrototypeLearning(**learning), synapse=synapse)


def digits_report(n_jobs):
    networks = {"ideal": (prototypes(None), None)}
    for kind, model in MODELS.items():
        for n_levels, goal in zip(LEVELS, GOALS[kind], strict=True):
            networks[f"{kind}, {n_levels} levels"] = prototypes(model(n_levels)), goal
    for name, noise in NOISES.items():
        networks[f"linear, 16 levels, {name}"] = prototypes(LinearSynapse(16, **noise)), NOISE_GOAL
    text = "1,257 training images, 20 neurons a class, defaults otherwise."
    title = "## Digits, PrototypeLearning"
    return [title, "", text, "", *HEAD, *rows(networks, n_jobs, digits), ""]


def mnist_report(path, n_jobs):
    networks = {
        "ideal": (prototypes(None), None),
        "accumulate": (prototypes(LinearSynapse(5)), MNIST_GOAL),
        "nearest": (prototypes(LinearSynapse(5, update="nearest")).set_params(eta=0.3), None),
        "recruitment alone": (
            prototypes(LinearSynapse(5, update="nearest")).set_params(eta=1e-9, epochs=1), None
        ),
    }  # fmt: skip
    text = "1,000 training and 1,000 test images, 20 neurons a class, 5 linear levels."
    title = "## MNIST, PrototypeLearning"
    lines = rows(networks, n_jobs, mnist, path, 10, 1000, 1000)
    return [title, "", text, "", *HEAD, *lines, ""]


TABLES = {
    "iris": lambda: load_iris(return_X_y=True),
    "wine": lambda: load_wine(return_X_y=True),
    "breast_cancer": lambda: load_breast_cancer(return_X_y=True),
    "moons": lambda: make_moons(500, noise=0.2, random_state=0),
    "circles": lambda: make_circles(500, noise=0.1, factor=0.5, random_state=0),
    "quantiles, 3 classes": lambda: make_gaussian_quantiles(
        n_samples=500, n_features=3, random_state=0
    ),
    "hastie": lambda: make_hastie_10_2(600, random_state=0),
    "clusters, 10 features": lambda: make_classification(
        500, 10, n_informative=5, n_clusters_per_class=2, random_state=0
    ),
    "clusters, 5 classes": lambda: make_classification(
        600, 10, n_informative=8, n_redundant=0, n_classes=5, random_state=1
    ),
    "clusters, 20 features": lambda: make_classification(
        500, 20, n_informative=10, flip_y=0.05, random_state=2
    ),
}


def fold_score(name, n_levels, fold):
    X, y = TABLES[name]()
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    train, test = list(folds.split(X, y))[fold]
    synapse = None if n_levels is None else LinearSynapse(n_levels)
    network = SNNClassifier(learning=MarginLearning(), synapse=synapse, random_state=fold)
    return network.fit(X[train], y[train]).score(X[test], y[test])


def tables_report(n_jobs):
    levels = [None, *LOSSES]
    jobs = list(product(TABLES, levels, range(3)))
    scores = Parallel(n_jobs)(delayed(fold_score)(*job) for job in jobs)
    means = np.reshape(scores, (len(TABLES), len(levels), 3)).mean(axis=2)
    lines = ["## Tables, MarginLearning on pairs of devices", ""]
    lines += ["3-fold cross-validation, default parameters.", ""]
    lines += ["| table | ideal | " + " | ".join(f"{n} levels" for n in LOSSES) + " |"]
    lines += ["|---|---|" + "---|" * len(LOSSES)]
    for name, row in zip(TABLES, means, strict=True):
        lines.append(f"| {name} | " + " | ".join(f"{score:.3f}" for score in row) + " |")
    mean = means.mean(axis=0)
    lines.append("| **mean** | " + " | ".join(f"{score:.4f}" for score in mean) + " |")
    losses = " | ".join(f"{mean[0] - score:.4f}" for score in mean[1:])
    lines.append(f"| loss | | {losses} |")
    lines.append("| goal: at most | | " + " | ".join(f"{x:.3f}" for x in LOSSES.values()) + " |")
    return [*lines, ""]


def timing(synapse, eta):
    return SNNClassifier(80, learning=STDPLearning(), synapse=synapse, eta=eta)


def stdp_report(path, n_jobs):
    networks = {"ideal, eta .03": (timing(None, 0.03), None)}
    for update, goal in (("nearest", None), ("pulse", None), ("stochastic", STDP_GOAL)):
        for n_levels in LEVELS:
            synapse = LinearSynapse(n_levels, update=update)
            networks[f"{update}, {n_levels} levels"] = timing(synapse, 0.3), goal
    text = "100 training and 1,500 test images, 80 neurons, eta .3, linear levels."
    lines = rows(networks, n_jobs, mnist, path, 5, 100, 1500)
    return ["## MNIST 0-4, STDPLearning", "", text, "", *HEAD, *lines, ""]


def study_report():
    """The time of a study such as users run."""
    window = EnduranceSynapse.from_memory_window([1, 1000], [1, 0.6], [0, 0.2], 16)
    synapses = [model(n) for model in MODELS.values() for n in (2, 4, 8, 16)]
    synapses += [LinearSynapse(16, **noise) for noise in NOISES.values()] + [window]
    X, y = load_digits(return_X_y=True)
    start = time.perf_counter()
    study = synapse_study(SNNClassifier(random_state=0), synapses, X, y, cv=3, n_jobs=2)
    seconds = time.perf_counter() - start
    last = study["epoch"] == study["epoch"].max()
    lines = ["## A study of 12 devices", ""]
    lines += [
        "`synapse_study(SNNClassifier(), synapses, *load_digits(return_X_y=True), cv=3, n_jobs=2)`"
        f": {seconds:.0f} s (goal: 120 s), mean accuracy {study['accuracy'][last].mean():.3f}.",
        "",
    ]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", help="npz file with images and labels; else fetch_openml")
    parser.add_argument("--output", help="Markdown file to write")
    parser.add_argument("--n-jobs", type=int, default=1, help="processes")
    parser.add_argument("--parts", default="digits,mnist,tables,stdp,study")
    options = parser.parse_args()
    start = time.perf_counter()
    reports = {
        "digits": lambda: digits_report(options.n_jobs),
        "mnist": lambda: mnist_report(options.mnist, options.n_jobs),
        "tables": lambda: tables_report(options.n_jobs),
        "stdp": lambda: stdp_report(options.mnist, options.n_jobs),
        "study": study_report,
    }
    lines = ["# Devices under every learning", ""]
    lines += [*__doc__.strip().splitlines()[4:], "", machine(), ""]
    for part in options.parts.split(","):
        lines += reports[part]()
    lines.append(f"Run time: {(time.perf_counter() - start) / 60:.1f} min.")
    write_report(lines, options.output, __doc__)


if __name__ == "__main__":
    main()
