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
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from nervos_sklearn import GaussianBlur, SNNClassifier, SpikingPatchFeatures
from nervos_sklearn._reward_kernels import jitter_image
from nervos_sklearn.datasets import load_mnist
from nervos_sklearn.reward import _FULL_JITTER, _JITTER_SAMPLES

SEEDS = range(5)
N_AUGMENTED = 20_000  # images, at most, that an SVC learns: its time grows with their square
N_COPIES = 29  # moved copies of each image, at most: a network sees 30, one in each epoch


def moved_copies(X, n_classes, n_copies, seed):
    """Copies of square images, moved as SNNClassifier moves them, copy by copy."""
    side = math.isqrt(X.shape[1])
    share = min(1.0, (_JITTER_SAMPLES * n_classes / len(X)) ** 0.25)
    rng = np.random.default_rng(seed)
    images, copies = X.astype(np.float32), np.empty((n_copies, *X.shape), dtype=np.float32)
    for image, moved in zip(
        np.tile(images, (n_copies, 1)), copies.reshape(-1, X.shape[1]), strict=True
    ):
        jitter_image(image, side, side, share * _FULL_JITTER * rng.uniform(-1, 1, 5), moved)
    return copies.reshape(-1, X.shape[1])


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
    "patch features": lambda seed: make_pipeline(
        SpikingPatchFeatures(random_state=seed), SNNClassifier(random_state=seed)
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
ABLATIONS = {
    "everything": {},
    "no synaptic scaling": {"synaptic_scaling": False},
    "no recruitment": {"recruitment": False},
    "no jitter": {"jitter": 0},
    "no blur": {"blur": 0},
    "no margin (errors only)": {"margin": 0},
    "no reward (competitive STDP)": {"reward": False},
    "no competitive epochs": {"competitive_epochs": 0},
    "one spike decides": {"n_race_spikes": 1},
    "early decision (step 8 of 32)": {"decision_step": 8},
    "with a second look (off for one map)": {"second_look": 0.7},
}
FEATURE_ABLATIONS = {
    "everything": {},
    "features not learned": {"n_presentations": 1},
    "no homeostasis": {"threshold_increment": 0},
    "no compression": {"compression": 1},
    "one winner": {"n_winners": 1},
    "no second look": {"snnclassifier__second_look": 0},
    "no jitter of the maps": {"snnclassifier__jitter": 0},
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


def measure(make, budget, seed, mnist):
    """Accuracy, seconds of fit, milliseconds of prediction a sample."""
    X_train, X_test, y_train, y_test = split(budget, seed, mnist)
    model = make(seed)
    start = time.perf_counter()
    model.fit(X_train, y_train)
    fitted = time.perf_counter()
    accuracy = model.score(X_test, y_test)
    return accuracy, fitted - start, 1e3 * (time.perf_counter() - fitted) / len(y_test)


def row(name, scores):
    return (
        f"| {name} | {scores.mean():.4f} | {scores.std():.4f} | {scores.min():.4f} | "
        + " ".join(f"{score:.4f}" for score in scores)
        + " |"
    )


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
        lines += ["", "| method | mean | deviation | worst | seeds 0-4 | fit, s | predict, ms |"]
        lines.append("|---|---|---|---|---|---|---|")
        for method in METHODS:
            cells = np.array([results[budget, method, seed] for seed in SEEDS])
            times = np.median(cells[:, 1:], axis=0)
            lines.append(f"{row(method, cells[:, 0])} {times[0]:.2f} | {times[1]:.3f} |")
        lines.append("")
    return lines


def changed_network(title, changes, seed):
    if title == "One layer":
        return SNNClassifier(random_state=seed, **changes)
    features = SpikingPatchFeatures(random_state=seed)
    network = make_pipeline(features, SNNClassifier(random_state=seed))
    return network.set_params(
        **{k if "__" in k else f"spikingpatchfeatures__{k}": v for k, v in changes.items()}
    )


def ablation_report(mnist, n_jobs):
    studies = {"One layer": ABLATIONS, "Patch features": FEATURE_ABLATIONS}
    lines = ["## What each ingredient is worth, budget C", ""]
    for title, changes in studies.items():
        lines += [f"### {title}", "", "| | mean | deviation | worst | seeds 0-4 |"]
        lines.append("|---|---|---|---|---|")
        for name, change in changes.items():
            make = functools.partial(changed_network, title, change)
            results = Parallel(n_jobs)(delayed(measure)(make, "C", s, mnist) for s in SEEDS)
            lines.append(row(name, np.array(results)[:, 0]))
        lines.append("")
    return lines


def tables_report(n_jobs):
    lines = ["## Tables", "", "5-fold cross-validation, default parameters.", ""]
    lines += ["| data | SNNClassifier() | scaled SVC() | difference | unshuffled folds |"]
    lines.append("|---|---|---|---|---|")
    for name, load_table in TABLES.items():

        def score(make, folds, seed, load_table=load_table):
            return cross_val_score(make(seed), *load_table(seed), cv=folds, n_jobs=n_jobs).mean()

        makes = (
            lambda seed: SNNClassifier(random_state=seed),
            lambda seed: make_pipeline(StandardScaler(), SVC()),
        )
        ours, svc = (
            np.array(
                [
                    score(make, StratifiedKFold(5, shuffle=True, random_state=seed), seed)
                    for seed in SEEDS
                ]
            )
            for make in makes
        )
        plain = [score(make, StratifiedKFold(5), 0) for make in makes]
        lines.append(
            f"| {name} | {ours.mean():.4f} ± {ours.std():.4f} | {svc.mean():.4f} ± "
            f"{svc.std():.4f} | {ours.mean() - svc.mean():+.4f} | "
            f"{plain[0]:.4f} against {plain[1]:.4f} |"
        )
    return [*lines, ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", help="npz file with images and labels; else fetch_openml")
    parser.add_argument("--output", help="Markdown file to write")
    parser.add_argument("--n-jobs", type=int, default=1, help="processes; 1 for honest times")
    parser.add_argument("--budgets", default="ABCDE")
    options = parser.parse_args()
    start = time.perf_counter()
    SNNClassifier(epochs=1).fit(*load_digits(return_X_y=True))  # compiles
    lines = [
        "# Accuracy of local learning",
        "",
        "Spiking networks with default parameters against other classifiers, on the same",
        f"splits in one run, seeds {SEEDS.start}-{SEEDS.stop - 1}. No gradients, no linear "
        "read-out, no kernel in the networks.",
        "One layer blurs images and moves them anew in each epoch; two of the SVCs are given the",
        f"same blur, and one of them up to {N_COPIES} copies of each training image with the same",
        f"movements, {N_AUGMENTED:,} images at most.",
        "",
        machine(),
        "",
        *tables_report(options.n_jobs),
        *budgets_report(options.mnist, options.budgets, options.n_jobs),
        *ablation_report(options.mnist, options.n_jobs),
    ]
    lines.append(f"Run time: {(time.perf_counter() - start) / 60:.1f} min.")
    write_report(lines, options.output, __doc__)


if __name__ == "__main__":
    main()
