"""SNNClassifier() on tables against six classifiers, default parameters, the same folds.

    python benchmarks/tables.py --output benchmarks/reports/tables.md

Settings were chosen on another collection, by other generators (`--collection choose`, or
`evaluate`); see table_sets.py. What the peers answered is kept in the file of `--cache`.
"""

import argparse
import os
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
from common import machine, write_report
from scipy import stats
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from table_sets import COLLECTIONS, big_table

from nervos_sklearn import SNNClassifier

OURS = "SNNClassifier"
METRICS = {  # and whether more is better
    "accuracy": True,
    "balanced accuracy": True,
    "ROC AUC": True,
    "log loss": False,
    "Brier": False,
}
CRITICAL_05 = 2.949  # of the studentised range over sqrt(2), 7 methods (Demsar 2006, table 5)
N_FOLDS = 5
N_BINS = 10  # of a reliability curve


def not_binary(X):
    """The columns that a scaler is for; zeros and ones stay."""
    return ~((X == 0) | (X == 1)).all(axis=0)


def scaled(model):
    scaler = make_column_transformer((StandardScaler(), not_binary), remainder="passthrough")
    return make_pipeline(scaler, model)


class CalibratedSVC(CalibratedClassifierCV):
    """An SVC that answers as it does, with the chances of Platt's method."""

    def __init__(self):
        super().__init__(SVC(), ensemble=False)

    def predict(self, X):
        return self.calibrated_classifiers_[0].estimator.predict(X)


PEERS = {
    "LogisticRegression": scaled(LogisticRegression(max_iter=1000)),
    "SVC": scaled(CalibratedSVC()),
    "RandomForest": RandomForestClassifier(random_state=0),
    "KNeighbors": scaled(KNeighborsClassifier()),
    "MLP": scaled(MLPClassifier(random_state=0)),
    "HistGradientBoosting": HistGradientBoostingClassifier(random_state=0),
}


# ------------------------------------------------------------------------------ measuring


def folds_of(X, y):
    return list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=0).split(X, y))


def measure(model, collection, name):
    """Answers to held-out samples: labels, chances; and seconds to fit and predict a fold."""
    X, y = COLLECTIONS[collection][name]()
    classes = np.unique(y)
    answers, chances = np.empty_like(y), np.empty((len(y), len(classes)))
    seconds = np.zeros(2)
    for train, test in folds_of(X, y):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of peers that do not converge
            fitted = clone(model).fit(X[train], y[train])
        between = time.perf_counter()
        answers[test], chances[test] = fitted.predict(X[test]), fitted.predict_proba(X[test])
        seconds += between - start, time.perf_counter() - between
    return answers, chances, seconds / N_FOLDS


def measure_all(models, collection, names, n_jobs=1, cache=None):
    """Answers of models to tables, {(table, model): measured}; some from a file, if given."""
    path = None if cache is None else Path(cache)
    known = joblib.load(path) if path is not None and path.exists() else {}
    parallel = joblib.Parallel(n_jobs, return_as="generator")
    jobs = [(n, m) for n in names for m in models if (collection, n, m) not in known]
    results = parallel(joblib.delayed(measure)(models[m], collection, n) for n, m in jobs)
    for (name, model), result in zip(jobs, results, strict=True):
        known[collection, name, model] = result
        if path is not None:
            joblib.dump(known, path.with_suffix(".part"))
            os.replace(path.with_suffix(".part"), path)
    return {(n, m): known[collection, n, m] for n in names for m in models}


def scores_of(y, answers, chances):
    """The METRICS of some answers."""
    classes, truth = np.unique(y, return_inverse=True)
    chances = chances / chances.sum(axis=1, keepdims=True)
    hits = np.eye(len(classes))[truth]
    ranked = chances[:, 1] if len(classes) == 2 else chances
    return (
        accuracy_score(y, answers),
        balanced_accuracy_score(y, answers),
        roc_auc_score(y, ranked, multi_class="ovr", average="macro"),
        log_loss(y, chances),
        np.square(chances - hits).sum(axis=1).mean(),
    )


def score_table(results, collection):
    """Mean over folds: array of shape (n_tables, n_models, n_metrics), and seconds."""
    names, models = (list(dict.fromkeys(key)) for key in zip(*results, strict=True))
    scores = np.empty((len(names), len(models), len(METRICS)))
    seconds = np.empty((len(names), len(models), 2))
    for i, name in enumerate(names):
        X, y = COLLECTIONS[collection][name]()
        tests = [test for _, test in folds_of(X, y)]
        for j, model in enumerate(models):
            answers, chances, seconds[i, j] = results[name, model]
            in_folds = [scores_of(y[t], answers[t], chances[t]) for t in tests]
            scores[i, j] = np.mean(in_folds, axis=0)
    return scores, seconds


def compare(scores):
    """How the first model does against the others.

    Parameters
    ----------
    scores : ndarray of shape (n_tables, n_models, n_metrics)

    Returns
    -------
    dict
        "ahead" and "auc ahead", accuracy and ROC AUC minus the median of the others,
        (n_tables,); "rank", mean rank of each model by accuracy, (n_models,), 1 the best;
        "loss ratio", log loss over the median of the others, both + .05, (n_tables,).
    """
    accuracy, auc, loss = (scores[:, :, i] for i in (0, 2, 3))
    return {
        "ahead": accuracy[:, 0] - np.median(accuracy[:, 1:], axis=1),
        "rank": stats.rankdata(-accuracy.round(4), axis=1).mean(axis=0),
        "auc ahead": auc[:, 0] - np.median(auc[:, 1:], axis=1),
        "loss ratio": (loss[:, 0] + 0.05) / (np.median(loss[:, 1:], axis=1) + 0.05),
    }


def evaluate(estimator, names=None, collection="choose", n_jobs=1, cache=None, verbose=True):
    """Compare an estimator with the peers, and print what came out.

    Parameters
    ----------
    estimator : classifier
        Cloned for each fold.
    names : sequence of str, optional
        Tables of the collection; all by default.
    collection : {"choose", "report"}
    n_jobs : int
        Processes.
    cache : path, optional
        File that keeps the answers of the peers, not of the estimator.
    verbose : bool
        Whether to print.

    Returns
    -------
    scores : ndarray of shape (n_tables, 1 + n_peers, n_metrics)
        The estimator first.
    """
    names = list(COLLECTIONS[collection] if names is None else names)
    peers = measure_all(PEERS, collection, names, n_jobs, cache)
    own = measure_all({OURS: estimator}, collection, names, n_jobs)
    results = {(n, m): (peers | own)[n, m] for n in names for m in (OURS, *PEERS)}
    scores, seconds = score_table(results, collection)
    if verbose:
        print("\n".join([*table_lines(names, scores, seconds), *mean_lines(scores, seconds)]))
    return scores


# ------------------------------------------------------------------------------ reporting


def table_lines(names, scores, seconds):
    """One line a table: ours, the median and the best peer."""
    found = compare(scores)
    lines = [
        "| table | accuracy | median | best | ahead | balanced | median | AUC | median "
        "| log loss | median | Brier | median | fit, s | predict, ms |",
        "|---" * 15 + "|",
    ]
    for i, name in enumerate(names):
        own, median = scores[i, 0], np.median(scores[i, 1:], axis=0)
        best = scores[i, 1:, 0].max()
        lines.append(
            f"| {name} | {own[0]:.3f} | {median[0]:.3f} | {best:.3f} | {found['ahead'][i]:+.3f} | "
            + " | ".join(f"{own[m]:.3f} | {median[m]:.3f}" for m in (1, 2, 3, 4))
            + f" | {seconds[i, 0, 0]:.2f} | {1e3 * seconds[i, 0, 1]:.0f} |"
        )
    return [*lines, ""]


def mean_lines(scores, seconds):
    """Means of each model over the tables, and how the first compares with the others."""
    found = compare(scores)
    ahead, ratio, auc = found["ahead"], found["loss ratio"], found["auc ahead"]
    lines = [
        "| mean | " + " | ".join(METRICS) + " | rank | fit, s | predict, ms |",
        "|---" * (len(METRICS) + 4) + "|",
    ]
    for j, model in enumerate((OURS, *PEERS)):
        means = " | ".join(f"{mean:.4f}" for mean in scores[:, j].mean(axis=0))
        fit, predict = seconds[:, j].mean(axis=0)
        lines.append(
            f"| {model} | {means} | {found['rank'][j]:.2f} | {fit:.2f} | {1e3 * predict:.0f} |"
        )
    return [
        *lines,
        "",
        f"{OURS} against the median peer of each table: accuracy {ahead.mean():+.4f} on average, "
        f"{ahead.min():+.4f} at worst; ROC AUC {auc.mean():+.4f}, {auc.min():+.4f} at worst; "
        f"log loss (+ .05) {ratio.mean():.2f} x, {ratio.max():.2f} x at worst.",
        "",
    ]


def measure_scalers(names, n_jobs):
    """Accuracies of the network on tables that are standardised or between 0 and 1."""
    models = {
        "StandardScaler": make_pipeline(StandardScaler(), SNNClassifier(random_state=0)),
        "MinMaxScaler": make_pipeline(MinMaxScaler(), SNNClassifier(random_state=0)),
    }
    scores, _ = score_table(measure_all(models, "report", names, n_jobs), "report")
    return dict(zip(models, scores[:, :, 0].T, strict=True))


def scaler_lines(names, accuracies):
    span = np.ptp(list(accuracies.values()), axis=0)
    means = ", ".join(f"{scaler} {a.mean():.4f}" for scaler, a in accuracies.items())
    return [
        "## Scale",
        "",
        f"Mean accuracy: {means}. Largest difference on one table: {span.max():.4f} "
        f"({names[span.argmax()]}).",
        "",
    ]


def measure_big():
    """Accuracy, seconds to fit and to predict, of the network and of gradient boosting."""
    X_train, X_test, y_train, y_test = big_table()
    measured = {}
    for name in (OURS, "HistGradientBoosting"):
        model = clone(PEERS.get(name, SNNClassifier(random_state=0)))
        start = time.perf_counter()
        model.fit(X_train, y_train)
        fitted = time.perf_counter()
        accuracy = model.score(X_test, y_test)
        measured[name] = accuracy, fitted - start, time.perf_counter() - fitted
    return measured


def big_lines(measured):
    lines = [
        "## 16,000 x 50, 3 classes",
        "",
        "| | accuracy | fit, s | 4,000 predictions, s |",
        "|---|---|---|---|",
    ]
    lines += [f"| {name} | {a:.4f} | {f:.2f} | {p:.3f} |" for name, (a, f, p) in measured.items()]
    return [*lines, ""]


def goal_lines(scores, accuracies, big):
    """What the network should reach, and what it does."""
    found, means = compare(scores), scores.mean(axis=0)
    spans = [a.mean() for a in accuracies.values()]
    ours, other = big.values()
    forest = 1 + list(PEERS).index("RandomForest")
    goals = [  # what, reached, at least (1) or at most (-1), the goal
        ("accuracy ahead of the median peer, mean", found["ahead"].mean(), 1, 0.045),
        ("the same, worst table", found["ahead"].min(), 1, -0.03),
        ("mean accuracy, and that of the best peer", means[0, 0], 1, means[1:, 0].max()),
        ("mean rank among the seven", found["rank"][0], -1, 2.7),
        ("mean ROC AUC, and that of RandomForest", means[0, 2], 1, means[forest, 2]),
        ("ROC AUC ahead of the median peer, worst table", found["auc ahead"].min(), 1, -0.03),
        ("log loss over the median peer's (+ .05), mean", found["loss ratio"].mean(), -1, 1.25),
        ("the same, worst table", found["loss ratio"].max(), -1, 2.0),
        ("change of mean accuracy by a scaler", max(spans) - min(spans), -1, 0.01),
        ("accuracy, 16,000 x 50", ours[0], 1, 0.89),
        ("its time to fit over HistGradientBoosting's", ours[1] / other[1], -1, 1.5),
        ("its 4,000 predictions over HistGradientBoosting's", ours[2] / other[2], -1, 2.0),
    ]
    lines = ["## Goals", "", "| | reached | goal | missed by |", "|---|---|---|---|"]
    for what, value, sign, goal in goals:
        missed = max(0.0, sign * (goal - value))
        bound = "at least" if sign > 0 else "at most"
        lines.append(
            f"| {what} | {value:.4f} | {bound} {goal:.4g} | "
            + (f"{missed:.4f} |" if missed else "|")
        )
    return [*lines, ""]


def reliability(results, names, model):
    """Chance given to the answer, and how often it was right, in bins of equal numbers."""
    given, right = [], []
    for name in names:
        answers, chances, _ = results[name, model]
        given.append(chances.max(axis=1))
        right.append(answers == COLLECTIONS["report"][name]()[1])
    given, right = np.concatenate(given), np.concatenate(right)
    order = np.array_split(np.argsort(given, kind="stable"), N_BINS)
    return np.array([(given[bin_].mean(), right[bin_].mean()) for bin_ in order])


def draw(results, names, scores, path):
    """Accuracy ahead of the median peer, ranks with their critical difference, reliability."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    models = (OURS, *PEERS)
    figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    accuracy = scores[:, :, 0]
    ahead = accuracy - np.median(accuracy[:, 1:], axis=1, keepdims=True)
    axes[0].boxplot(ahead, orientation="horizontal", tick_labels=models)
    axes[0].axvline(0, color="grey", linewidth=0.8)
    axes[0].invert_yaxis()
    axes[0].set(xlabel="accuracy ahead of the median peer", xlim=(-0.3, None))
    ranks = compare(scores)["rank"]
    reach = CRITICAL_05 * np.sqrt(len(models) * (len(models) + 1) / (6 * len(names))) / 2
    order = np.argsort(ranks)
    axes[1].errorbar(ranks[order], range(len(models)), xerr=reach, fmt="o", color="black")
    axes[1].set_yticks(range(len(models)), [models[j] for j in order])
    axes[1].invert_yaxis()
    axes[1].set(xlabel="mean rank, critical difference (Nemenyi, .05)")
    for model in models:
        curve = reliability(results, names, model)
        style = {"color": "black", "linewidth": 2} if model == OURS else {"linewidth": 0.8}
        axes[2].plot(*curve.T, marker=".", label=model, **style)
    axes[2].plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    axes[2].set(xlabel="chance given to the answer", ylabel="share that was right")
    axes[2].set(xlim=(0.2, 1.02), ylim=(0.2, 1.02))
    axes[2].legend(fontsize=7, loc="lower right")
    figure.savefig(path, dpi=80)


def reliability_lines(results, names):
    ours = reliability(results, names, OURS)
    gap = np.abs(ours[:, 0] - ours[:, 1]).mean()
    return [
        "## Reliability",
        "",
        "All answers to all tables, in ten bins of equal numbers by the chance they were given.",
        "",
        "| chance given | " + " | ".join(f"{x:.3f}" for x in ours[:, 0]) + " |",
        "|---" * (N_BINS + 1) + "|",
        "| share right | " + " | ".join(f"{x:.3f}" for x in ours[:, 1]) + " |",
        "",
        f"Mean difference {gap:.3f}.",
        "",
    ]


def report(options):
    start = time.perf_counter()
    collection = options.collection
    names = list(options.only or COLLECTIONS[collection])
    SNNClassifier(epochs=1).fit(*COLLECTIONS["report"]["iris"]())  # compiles
    results = measure_all(
        {OURS: SNNClassifier(random_state=0)}, collection, names, options.n_jobs
    ) | measure_all(PEERS, collection, names, options.n_jobs, options.cache)
    results = {(n, m): results[n, m] for n in names for m in (OURS, *PEERS)}
    scores, seconds = score_table(results, collection)
    goals, extras = [], []
    if collection == "report":
        accuracies = {"as it is": scores[:, 0, 0]} | measure_scalers(names, options.n_jobs)
        big = measure_big()
        goals = goal_lines(scores, accuracies, big)
        extras = [
            *reliability_lines(results, names),
            *scaler_lines(names, accuracies),
            *big_lines(big),
        ]
        if options.output:
            picture = Path(options.output).with_suffix(".png")
            draw(results, names, scores, picture)
            extras += [f"![accuracy, ranks and reliability]({picture.name})", ""]
    lines = [
        "# Tables",
        "",
        f"{len(names)} tables that need no download, {N_FOLDS} stratified folds, the same for "
        "all; default parameters.",
        "LogisticRegression, SVC (chances by CalibratedClassifierCV), KNeighbors and MLP see",
        "standardised columns, but for zeros and ones. ROC AUC is one against the rest.",
        "",
        machine(),
        "",
        *goals,
        "## Means",
        "",
        *mean_lines(scores, seconds),
        "## Each table",
        "",
        "SNNClassifier(), the median and the best of the six peers.",
        "",
        *table_lines(names, scores, seconds),
        *accuracy_lines(names, scores),
        *extras,
    ]
    lines.append(f"Run time: {(time.perf_counter() - start) / 60:.1f} min.")
    write_report(lines, options.output, __doc__)


def accuracy_lines(names, scores):
    models = (OURS, *PEERS)
    lines = ["## Accuracy of each", "", "| table | " + " | ".join(models) + " |"]
    lines.append("|---" * (len(models) + 1) + "|")
    for name, row in zip(names, scores[:, :, 0], strict=True):
        lines.append(f"| {name} | " + " | ".join(f"{a:.3f}" for a in row) + " |")
    return [*lines, ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", help="Markdown file to write, and a picture beside it")
    parser.add_argument("--collection", choices=COLLECTIONS, default="report")
    parser.add_argument("--only", nargs="+", metavar="TABLE", help="names of tables")
    parser.add_argument("--n-jobs", type=int, default=1, help="processes; 1 for honest times")
    parser.add_argument("--cache", help="file that keeps what the peers answered")
    report(parser.parse_args())


if __name__ == "__main__":
    main()
