"""Accuracy of local learning against other classifiers, on identical splits in one run.

    python benchmarks/accuracy.py --mnist FILE --output benchmarks/reports/accuracy.md

Hyperparameters were chosen on seeds from 100 on and, for MNIST, on images that are
never test images here: test images come from a pool of 60 % of the data.
"""

import argparse
import functools
import math
import time
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
    make_moons,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    StratifiedKFold,
    cross_val_score,
    cross_validate,
    train_test_split,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import nervos_sklearn
from nervos_sklearn import GaussianBlur, SNNClassifier, SpikingPatchFeatures
from nervos_sklearn.datasets import load_mnist

SEEDS = range(5)
FLOOR = 0.001
# Accuracy and log losses of SNNClassifier() of version 0.1, with a checkout of its commit d2efc64:
#     PYTHONPATH=CHECKOUT python benchmarks/accuracy.py --mnist FILE --defaults
VERSION_0_1 = {
    "MNIST, 200 images": (0.9055, 1.2913, 0.3753),
    "digits": (0.9893, 0.2092, 0.0628),
    "breast_cancer": (0.9708, 0.4870, 0.1195),
    "wine": (0.9753, 0.2772, 0.0840),
}
N_AUGMENTED = 20_000  # images, at most, that an SVC learns: its time grows with their square
N_COPIES = 29  # moved copies of each image, at most: a network sees 30, one in each epoch


def moved_copies(X, n_classes, n_copies, seed):
    """Copies of square images, moved as SNNClassifier moves them, copy by copy."""
    side = math.isqrt(X.shape[1])
    augmentation = nervos_sklearn.ImageAugmentation((side, side)).fit(X, n_classes)
    generator = np.random.default_rng(seed)
    return np.concatenate([augmentation.moved(X, generator) for _ in range(n_copies)])


class AugmentedSVC(SVC):
    """An SVC that learns moved copies of its training images too."""

    def fit(self, X, y):
        n_copies = min(N_COPIES, N_AUGMENTED // len(X) - 1)
        copies = moved_copies(X, len(np.unique(y)), n_copies, self.random_state)
        return super().fit(np.concatenate([X, copies]), np.tile(y, n_copies + 1))


# classes, training images, published accuracy of nervos, goals for one layer and for features
BUDGETS = {
    "A": (5, 100, 0.927, 0.965, 0.980),
    "B": (7, 200, 0.873, 0.955, 0.980),
    "C": (10, 200, 0.763, 0.885, 0.945),
    "D": (10, 4500, None, 0.970, 0.988),
    "E": (10, 1347, None, 0.985, 0.991),
}
METHODS = {
    "one layer": lambda seed: SNNClassifier(random_state=seed),
    "patch features": lambda seed: SNNClassifier(
        features=SpikingPatchFeatures(random_state=seed), random_state=seed
    ),
    "patch features, in a pipeline": lambda seed: make_pipeline(
        SpikingPatchFeatures(random_state=seed),
        SNNClassifier(encoder="latency", learning="margin", random_state=seed),
    ),
    "LogisticRegression": lambda seed: LogisticRegression(max_iter=1000),
    "SVC(C=10)": lambda seed: SVC(C=10),
    "blur, SVC(C=10)": lambda seed: make_pipeline(GaussianBlur(), SVC(C=10)),
    "blur, moved copies, SVC(C=10)": lambda seed: make_pipeline(
        GaussianBlur(), AugmentedSVC(C=10, random_state=seed)
    ),
    "KNeighbors": lambda seed: KNeighborsClassifier(3),
    "MLP": lambda seed: MLPClassifier(max_iter=500, random_state=seed),
}
# What is changed, by the names of set_params of the networks in `ablation_networks`.
ABLATIONS = {
    "everything": {},
    "no synaptic scaling": {"learning__synaptic_scaling": False},
    "no recruitment": {"learning__recruitment": False},
    "no movements": {"augmentation__strength": 0},
    "no blur": {"augmentation__blur": 0},
    "no margin (errors only)": {"learning__margin": 0},
    "no reward (competitive STDP)": {"learning__competitive_epochs": 30},
    "no competitive epochs": {"learning__competitive_epochs": 0},
    "signed weights": {"learning__signed": True},
    "with further looks (off for one map)": {"augmentation__test_time": 0.7},
}
FEATURE_ABLATIONS = {
    "everything, and the blur of one layer": {},
    "features not learned": {"features__n_presentations": 1},
    "no homeostasis": {"features__threshold_increment": 0},
    "no compression": {"features__compression": 1},
    "one winner": {"features__n_winners": 1},
    "no further looks": {"augmentation__test_time": 0},
    "no movements": {"augmentation__strength": 0},
    "no blur (the default)": {"augmentation__blur": 0},
    "no mean of weights that counts later ones more": {"learning__averaging": 0},
    "no margin (errors only)": {"learning__margin": 0},
    "prototypes": {"learning": "prototype"},
}
TABLE_ABLATIONS = {
    "everything": {},
    "no feature dropout": {"learning__feature_dropout": 0},
    "plain mean of weights": {"learning__averaging": 0},
    "no margin (errors only)": {"learning__margin": 0},
    "one neuron a class": {"n_neurons_a_class": 1},
    "five columns": {"learning__n_columns": 5, "n_neurons_a_class": 40},
    "prototypes": {"learning": "prototype"},
}
TABLES = {
    "iris": lambda seed: load_iris(return_X_y=True),
    "wine": lambda seed: load_wine(return_X_y=True),
    "breast_cancer": lambda seed: load_breast_cancer(return_X_y=True),
    "circles": lambda seed: make_circles(500, noise=0.06, factor=0.5, random_state=seed),
    "moons": lambda seed: make_moons(500, noise=0.2, random_state=seed),
}


def load(budget, mnist):
    if budget == "E":
        X, y = load_digits(return_X_y=True)
        return X / 16, y
    X, y = load_mnist(mnist)
    kept = y < BUDGETS[budget][0]
    return X[kept] / 255, y[kept]


def split(budget, seed, mnist):
    """Training and test data; test images come from a fixed pool of 60 % of the images."""
    X, y = load(budget, mnist)
    every = np.arange(len(y))
    pool, _ = train_test_split(every, test_size=0.4, stratify=y, random_state=987)
    n_train = BUDGETS[budget][1]
    n_test = 450 if budget == "E" else 1500
    _, test = train_test_split(pool, test_size=n_test, stratify=y[pool], random_state=seed)
    train = np.setdiff1d(every, test)
    if n_train < len(train):
        train, _ = train_test_split(
            train, train_size=n_train, stratify=y[train], random_state=seed
        )
    return X[train], X[test], y[train], y[test]


def scores_of(model, X, y):
    """Accuracy, log loss, and log loss with chances of at least FLOOR; NaN without chances."""
    accuracy, loss, floored = model.score(X, y), np.nan, np.nan
    if hasattr(model, "predict_proba"):
        chances = model.predict_proba(X)
        loss = log_loss(y, chances, labels=model.classes_)
        chances = np.maximum(chances, FLOOR)
        chances /= chances.sum(axis=1, keepdims=True)
        floored = log_loss(y, chances, labels=model.classes_)
    return {"accuracy": accuracy, "loss": loss, "floored": floored}


def measure(make, budget, seed, mnist):
    """Accuracy, log loss, seconds of fit, milliseconds of prediction a sample."""
    X_train, X_test, y_train, y_test = split(budget, seed, mnist)
    model = make(seed)
    start = time.perf_counter()
    model.fit(X_train, y_train)
    fitted = time.perf_counter()
    accuracy = model.score(X_test, y_test)
    prediction = 1e3 * (time.perf_counter() - fitted) / len(y_test)
    return accuracy, scores_of(model, X_test, y_test)["loss"], fitted - start, prediction


def row(name, scores):
    return (
        f"| {name} | {scores.mean():.4f} | {scores.std():.4f} | {scores.min():.4f} | "
        + " ".join(f"{score:.4f}" for score in scores)
        + " |"
    )


def shown(loss):
    return "" if np.isnan(loss) else f"{loss:.3f}"


def budgets_report(mnist, budgets, n_jobs):
    jobs = list(product(budgets, METHODS, SEEDS))
    results = Parallel(n_jobs)(
        delayed(measure)(METHODS[method], budget, seed, mnist) for budget, method, seed in jobs
    )
    results = dict(zip(jobs, results, strict=True))
    lines = ["## Images", ""]
    for budget in budgets:
        n_classes, n_train, published, *goals = BUDGETS[budget]
        source = "load_digits" if budget == "E" else "MNIST"
        lines += [f"### {budget}: {source}, {n_classes} classes, {n_train} training images", ""]
        lines.append(
            f"Goals: one layer {goals[0]}, patch features {goals[1]}."
            + (f" Published for nervos: {published}." if published else "")
        )
        lines += [
            "",
            "| method | mean | deviation | worst | seeds 0-4 | log loss | fit, s | predict, ms |",
        ]
        lines.append("|---|---|---|---|---|---|---|---|")
        for method in METHODS:
            cells = np.array([results[budget, method, seed] for seed in SEEDS])
            times = np.median(cells[:, 2:], axis=0)
            loss = shown(cells[:, 1].mean())
            lines.append(f"{row(method, cells[:, 0])} {loss} | {times[0]:.2f} | {times[1]:.3f} |")
        lines.append("")
    return lines


def ablation_networks(seed):
    """The networks of the studies, with all that a study changes written out."""
    augmentation = nervos_sklearn.ImageAugmentation
    return {
        "One layer": SNNClassifier(
            learning="prototype", augmentation=augmentation(), random_state=seed
        ),
        "Patch features": SNNClassifier(
            features=SpikingPatchFeatures(random_state=seed),
            augmentation=augmentation(test_time=0.7),
            learning="margin",
            random_state=seed,
        ),
        "Tables": SNNClassifier(learning="margin", random_state=seed),
    }


def changed_network(title, changes, seed):
    return ablation_networks(seed)[title].set_params(**changes)


def ablation_report(mnist, n_jobs):
    studies = {"One layer": ABLATIONS, "Patch features": FEATURE_ABLATIONS}
    lines = ["## What each ingredient is worth, budget C", ""]
    for title, changes in studies.items():
        lines += [f"### {title}", "", "| | mean | deviation | worst | seeds 0-4 | log loss |"]
        lines.append("|---|---|---|---|---|---|")
        for name, change in changes.items():
            make = functools.partial(changed_network, title, change)
            results = Parallel(n_jobs)(delayed(measure)(make, "C", s, mnist) for s in SEEDS)
            results = np.array(results)
            lines.append(f"{row(name, results[:, 0])} {results[:, 1].mean():.3f} |")
        lines.append("")
    return lines


def table_ablation_report(n_jobs):
    lines = ["### Tables", "", "Mean over the tables and seeds.", ""]
    lines += ["| | accuracy | log loss |", "|---|---|---|"]
    for name, change in TABLE_ABLATIONS.items():
        change = dict(change)
        size = change.pop("n_neurons_a_class", None)
        scores = []
        for load_table in TABLES.values():
            for seed in SEEDS:
                X, y = load_table(seed)
                model = changed_network("Tables", change, seed)
                if size is not None:
                    model.set_params(n_neurons=size * len(np.unique(y)))
                scores.append(cross_validated(model, X, y, seed, n_jobs))
        accuracy, loss, _ = np.mean(scores, axis=0)
        lines.append(f"| {name} | {accuracy:.4f} | {loss:.3f} |")
    return [*lines, ""]


def cross_validated(model, X, y, seed, n_jobs):
    """Means of `scores_of` in 5 shuffled folds."""
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    scores = cross_validate(model, X, y, cv=folds, n_jobs=n_jobs, scoring=scores_of)
    return [scores[f"test_{name}"].mean() for name in ("accuracy", "loss", "floored")]


def tables_report(n_jobs):
    makes = (
        lambda seed: SNNClassifier(random_state=seed),
        lambda seed: make_pipeline(StandardScaler(), SVC()),
    )
    lines = ["## Tables", "", "5-fold cross-validation, default parameters.", ""]
    lines += [
        "| data | SNNClassifier() | log loss | scaled SVC() | difference | unshuffled folds |"
    ]
    lines.append("|---|---|---|---|---|---|")
    for name, load_table in TABLES.items():
        ours, svc = (
            np.array([cross_validated(make(s), *load_table(s), s, n_jobs) for s in SEEDS])
            for make in makes
        )
        plain = [
            cross_val_score(make(0), *load_table(0), cv=StratifiedKFold(5), n_jobs=n_jobs).mean()
            for make in makes
        ]
        accuracy, other = ours[:, 0], svc[:, 0]
        lines.append(
            f"| {name} | {accuracy.mean():.4f} ± {accuracy.std():.4f} | {ours[:, 1].mean():.3f} | "
            f"{other.mean():.4f} ± {other.std():.4f} | {accuracy.mean() - other.mean():+.4f} | "
            f"{plain[0]:.4f} against {plain[1]:.4f} |"
        )
    return [*lines, ""]


def default_scores(mnist, n_jobs):
    """Scores of SNNClassifier() on the data that version 0.1 was measured on."""
    scores = {}
    for name, budget in (("MNIST, 200 images", "C"), ("digits", "E")):
        results = []
        for seed in SEEDS:
            X_train, X_test, y_train, y_test = split(budget, seed, mnist)
            network = SNNClassifier(random_state=seed).fit(X_train, y_train)
            results.append(list(scores_of(network, X_test, y_test).values()))
        scores[name] = np.mean(results, axis=0)
    for name in ("breast_cancer", "wine"):
        results = [
            cross_validated(SNNClassifier(random_state=s), *TABLES[name](s), s, n_jobs)
            for s in SEEDS
        ]
        scores[name] = np.mean(results, axis=0)
    return {name: tuple(round(float(x), 4) for x in each) for name, each in scores.items()}


def default_report(mnist, n_jobs):
    lines = [
        "## Probabilities",
        "",
        "Default parameters, means of five seeds, against version 0.1: its commit, d2efc64,",
        "measured by this script with `--defaults`. It gave chances of 0, which a log loss",
        f"punishes without measure; the loss with chances of at least {FLOOR} is the fairer one.",
        "",
        f"| data | accuracy | 0.1 | log loss | 0.1 | at least {FLOOR} | 0.1 | ratio of these |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, now in default_scores(mnist, n_jobs).items():
        pairs = zip(now, VERSION_0_1[name], strict=True)
        cells = " | ".join(f"{new:.4f} | {old:.4f}" for new, old in pairs)
        lines.append(f"| {name} | {cells} | {now[2] / VERSION_0_1[name][2]:.2f} |")
    return [*lines, ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", help="npz file with images and labels; else fetch_openml")
    parser.add_argument("--output", help="Markdown file to write")
    parser.add_argument("--n-jobs", type=int, default=1, help="processes; 1 for honest times")
    parser.add_argument("--budgets", default="ABCDE")
    parser.add_argument("--defaults", action="store_true", help="only scores of SNNClassifier()")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    start = time.perf_counter()
    global SEEDS
    SEEDS = range(options.seeds)
    if options.defaults:
        print(default_scores(options.mnist, options.n_jobs))
        return
    SNNClassifier(epochs=1).fit(*load_digits(return_X_y=True))  # compiles
    lines = [
        "# Accuracy of local learning",
        "",
        "Spiking networks with default parameters against other classifiers, on the same",
        f"splits in one run, seeds {SEEDS.start}-{SEEDS.stop - 1}. No gradient passes through "
        "layers;",
        "each synapse sees its own trace, its neuron and one reward. With patch features, one",
        "neuron a class reads them out linearly (MarginLearning).",
        "One layer blurs images and moves them anew in each epoch; two of the SVCs are given the",
        f"same blur, and one of them up to {N_COPIES} copies of each training image with the same",
        f"movements, {N_AUGMENTED:,} images at most.",
        "",
        machine(),
        "",
        *default_report(options.mnist, options.n_jobs),
        *tables_report(options.n_jobs),
        *budgets_report(options.mnist, options.budgets, options.n_jobs),
        *ablation_report(options.mnist, options.n_jobs),
        *table_ablation_report(options.n_jobs),
    ]
    lines.append(f"Run time: {(time.perf_counter() - start) / 60:.1f} min.")
    write_report(lines, options.output, __doc__)


if __name__ == "__main__":
    main()
