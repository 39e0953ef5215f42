"""Regenerate the tables of arXiv 2506.19377 (nervos) with the reference dynamics.

    python benchmarks/paper_tables.py --mnist FILE --output benchmarks/reports/paper_tables.md

With --n-jobs N on so many processes, with --dask [ADDRESS] or --ray [ADDRESS] on a cluster, by
default one of this machine: the numbers are the same. The images are read here and sent to the
workers.

Every figure is the mean of 5 seeds. Test images come from the pool of 60 % of the
images that benchmarks/accuracy.py uses; parameters were chosen on the other 40 %, with
seeds from 100 on.
"""

import argparse
import contextlib
import functools
import time
from typing import NamedTuple

import numpy as np
from common import machine, write_report
from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from sklearn.datasets import load_iris, make_circles
from sklearn.model_selection import train_test_split

from nervos_sklearn import (
    EnduranceSynapse,
    LinearSynapse,
    Module,
    NonLinearSynapse,
    Parameters,
    SNNClassifier,
    SpikeEncoder,
    STDPLearning,
)
from nervos_sklearn.datasets import load_mnist
from nervos_sklearn.parameters import SETTINGS as NAMES

SEEDS = range(5)
N_TEST = 1500
N_TRAIN = {5: 100, 6: 200, 7: 200, 8: 200, 10: 200}
TOLERANCE = 0.015  # from the published value
FAR = 0.05  # from the published value: not the same behaviour
CHANCE = 0.3  # an accuracy on 5 classes below this is chance

# A late decision: the weakest ink spikes every 30 ms, the strongest every 15 ms, and neurons
# fire when about 100 spikes have come. So each stores about as many pixels, the brightest of
# an image, which makes stored images comparable: the network is a nearest neighbour.
_LATE = {
    "training_duration": 60, "min_frequency": 2, "max_frequency": 4, "past_window": -50,
    "spike_threshold": 30, "spike_drop_rate": 0, "refractory_time": 200, "epochs": 6,
    "A_up": 0.2, "A_down": -8, "tau_up": 1, "tau_down": 50, "eta": 0.05, "labeling": "votes",
}  # fmt: skip
# A weight of 1 leaves it only if the largest depression, eta |A_down| exp(-1 / tau_down), is
# half the way to the next level: at 0.0745 linear synapses learn from 8 states on, at 0.138
# non-linear ones from 12.
_FINITE = _LATE | {"A_up": 0.1, "A_down": -1, "tau_down": 1000}
# The rule sin strengthens spikes of the last 10 ms, so images are presented faster.
_SHORT = {
    "training_duration": 30, "min_frequency": 2, "max_frequency": 4, "past_window": -10,
    "spike_threshold": -40, "spike_drop_rate": 0, "refractory_time": 200, "epochs": 4,
    "eta": 0.03,
}  # fmt: skip
_FIELDS = {"past_window": -20, "A_up": 1, "A_down": -2, "tau_up": 8, "tau_down": 20, "eta": 0.05}
_OF_LEARNING = ("labeling", "rule", "initial_weights")
# What differs from the defaults of STDPLearning(labeling="reference") and SNNClassifier.
SETTINGS = {
    "published": {},
    "ideal": _LATE,
    "linear": _LATE,
    "linear, states": _FINITE | {"eta": 0.0746},
    "non-linear": _FINITE | {"eta": 0.138, "A_up": 0.5},
    "sin": _SHORT | {"rule": "sin"},
    "cos": {"rule": "cos", "initial_weights": "random"},
    "variability": {"past_window": -20, "A_down": -1.3, "eta": 0.07, "max_frequency": 70},
    "circles": _FIELDS | {"training_duration": 200, "max_frequency": 140},
    "iris": _FIELDS | {
        "training_duration": 300, "min_frequency": 0, "max_frequency": 200, "spike_threshold": 20,
        "refractory_time": 300, "tau_up": 2, "eta": 0.1, "epochs": 5, "threshold_drop_rate": 0,
    },
}  # fmt: skip
RECEPTIVE_FIELDS = {
    # The variance of 0.04 on [0, 2] of the publication is 0.01 on [0, 1].
    "circles": {"n_fields": 6, "field_variance": 0.01},
    "iris": {"n_fields": [5, 5, 4, 4], "field_variance": 0.03},
}


class Cell(NamedTuple):
    """One number of the paper: what was published, and how to measure it."""

    row: str
    column: str
    published: object  # a number, or a text
    data: object  # "circles", "iris", or the number of digits
    n_neurons: int
    settings: str  # a key of SETTINGS
    synapse: object = None


def worn_synapse(n_states=42, onset=200, loss=0.8, centre=0.5):
    """Make a device whose memory window closes as its updates go on.

    The window stays open for `onset` updates. After d more decades its width is
    ``1 - sqrt(loss d)``, until it has closed around `centre`.
    """
    decades = np.linspace(0, 1 / loss, 100)
    width = 1 - np.sqrt(loss * decades)
    return EnduranceSynapse.from_memory_window(
        cycles=onset * 10**decades,
        highest=centre + width * (1 - centre),
        lowest=centre - width * centre,
        n_states=n_states,
    )


def make_classifier(cell, seed):
    settings = dict(SETTINGS[cell.settings])
    of_learning = {name: settings.pop(name) for name in _OF_LEARNING if name in settings}
    learning = STDPLearning(**({"labeling": "reference"} | of_learning))
    if cell.data in RECEPTIVE_FIELDS:
        names = ("training_duration", "min_frequency", "max_frequency")
        timing = {name: settings.pop(name) for name in names if name in settings}
        encoder = SpikeEncoder("receptive_fields", **timing, **RECEPTIVE_FIELDS[cell.data])
    else:
        encoder = "rate"
    return SNNClassifier(
        cell.n_neurons,
        learning=learning,
        encoder=encoder,
        synapse=cell.synapse,
        random_state=seed,
        **settings,
    )


def table_2():
    published = {
        "conventional": ("ideal", (0.9273, 0.8732, 0.7627)),
        "cos": ("cos", (0.2572, 0.1760, 0.1345)),
        "sin": ("sin", (0.8640, 0.8044, 0.6986)),
    }
    for rule, (settings, values) in published.items():
        for k, n, value in zip((5, 7, 10), (80, 160, 160), values, strict=True):
            yield Cell(rule, f"{k} classes", value, k, n, settings)


def table_3():
    columns = {
        "ideal": ((0.9273, 0.8893, 0.8732, 0.8703, 0.7627), (80, 160, 160, 160, 160), None),
        "linear": (
            (0.9167, 0.8788, 0.8558, 0.8658, 0.7446),
            (80, 140, 140, 140, 160),
            LinearSynapse(25),
        ),
        "non-linear": (
            (0.9107, 0.8473, 0.8398, 0.8240, 0.7120),
            (60, 140, 140, 140, 120),
            NonLinearSynapse(26),  # levels: the paper's formula with n = 25
        ),
    }
    for name, (values, sizes, synapse) in columns.items():
        for k, value, n in zip(N_TRAIN, values, sizes, strict=True):
            yield Cell(f"{k} classes", name, value, k, n, name, synapse)


def control():
    """The published parameters, as they are, in the column "ideal" of table 3."""
    for cell in table_3():
        if cell.column == "ideal":
            yield cell._replace(settings="published")


def figure_11a():
    published = {
        5: ("chance", "chance"), 8: ("~0.85", ""), 10: ("~0.85", ""), 11: ("", ""),
        12: ("", "~0.80"), 13: ("", "> 0.80"), 15: ("", ""), 25: ("near ideal", "near ideal"),
    }  # fmt: skip
    for n_states, (linear, non_linear) in published.items():
        row = f"{n_states} states"
        yield Cell(row, "linear", linear, 5, 80, "linear, states", LinearSynapse(n_states))
        synapse = NonLinearSynapse(n_states + 1)
        yield Cell(row, "non-linear", non_linear, 5, 60, "non-linear", synapse)


def notebooks():
    noisy = LinearSynapse(42, read_noise=0.1 / 3)  # a half range of 0.1
    yield Cell("read noise 0.1, 42 states", "accuracy", 0.903, 5, 60, "variability", noisy)
    yield Cell("circles", "accuracy", 0.994, "circles", 18, "circles")
    yield Cell("iris", "accuracy", 0.957, "iris", 24, "iris")


ENDURANCE = (0.65, 0.82, 0.77, 0.70, 0.57)  # published, after each epoch
WORN = Cell("endurance", "accuracy", "", 5, 60, "variability", worn_synapse())
TABLES = {
    "Table 2: learning rules, ideal synapse": table_2,
    "Table 3: models of the synapse, 25 states": table_3,
    "Control: Table 3, ideal synapse, with the published parameters": control,
    "Fig. 11a: number of states, 5 classes": figure_11a,
    "Notebooks": notebooks,
}


mnist_at = functools.cache(load_mnist)


@functools.cache
def split(data, seed, mnist):
    """Training and test data; test images come from a fixed pool of 60 % of the images."""
    if data == "circles":
        X, y = make_circles(1200, noise=0.06, factor=0.5, random_state=seed)
        return X[:1000], X[1000:], y[:1000], y[1000:]
    if data == "iris":
        X, y = load_iris(return_X_y=True)
        return train_test_split(X, y, test_size=0.3, stratify=y, random_state=seed)
    X, y = mnist_at(mnist)
    X, y = X[y < data], y[y < data]
    every = np.arange(len(y))
    pool, _ = train_test_split(every, test_size=0.4, stratify=y, random_state=987)
    _, test = train_test_split(pool, test_size=N_TEST, stratify=y[pool], random_state=seed)
    train = np.setdiff1d(every, test)
    train, _ = train_test_split(
        train, train_size=N_TRAIN[data], stratify=y[train], random_state=seed
    )
    return X[train], X[test], y[train], y[test]


def measure(cell, seed, X_train, X_test, y_train, y_test):
    return make_classifier(cell, seed).fit(X_train, y_train).score(X_test, y_test)


def measure_endurance(cell, seed, X_train, X_test, y_train, y_test):
    """Accuracy after each epoch; as in the simulator of the paper, each update is a cycle."""
    network = make_classifier(cell, seed)
    given = {k: v for k, v in network.get_params(deep=False).items() if k in NAMES}
    settings = Parameters(**{name: value for name, value in given.items() if value is not None})
    names = ("training_duration", "min_frequency", "max_frequency")
    encoder = SpikeEncoder("rate", **{name: getattr(settings, name) for name in names})
    module = Module(settings, learning=network.learning, random_state=seed)
    module.initialise_layers([X_train.shape[1], network.n_neurons])
    worn, module.enable_cycle_dependent_weights = cell.synapse, True
    cycles = np.arange(worn.first_cycles[-1] + 1)
    rows = np.searchsorted(worn.first_cycles, cycles, side="right") - 1
    module.cycle_dependent_weight_lookup = worn.table[rows]
    order = np.random.default_rng(seed).permutation(len(y_train))
    spikes, labels = encoder.fit_transform(X_train)[order], y_train[order]
    module.X_test, module.Y_test = encoder.transform(X_test), y_test
    accuracies = []
    for _ in ENDURANCE:
        module.learn(spikes, labels)
        accuracies.append(module.test())
    return accuracies


def key(cell):
    """What decides the result: the same run may stand in two tables."""
    return repr(cell[3:])


def run(cells, mnist, seeds=SEEDS):
    """Map the key of each cell to an array with a row for each seed, on joblib's backend."""
    cells = {key(cell): cell for cell in cells}
    answers = Parallel()(
        delayed(measure_endurance if cell is WORN else measure)(
            cell, seed, *split(cell.data, seed, mnist)
        )
        for cell in cells.values()
        for seed in seeds
    )
    n = len(seeds)
    groups = [np.array(answers[k : k + n]) for k in range(0, len(answers), n)]
    return dict(zip(cells, groups, strict=True))


@contextlib.contextmanager
def on_engine(options):
    """Let joblib work where the options say: on a cluster, or in processes of this machine."""
    with contextlib.ExitStack() as stack:
        backend, n_jobs = "loky", options.n_jobs or 1
        if options.dask is not None:
            from distributed import Client

            own = {"threads_per_worker": 1, "dashboard_address": None}
            stack.enter_context(Client(options.dask) if options.dask else Client(**own))
            backend, n_jobs = "dask", -1
        elif options.ray is not None:
            import ray
            from ray.util.joblib import register_ray

            ray.init(options.ray or None)
            stack.callback(ray.shutdown)
            register_ray()
            backend, n_jobs = "ray", options.n_jobs or -1
        stack.enter_context(parallel_config(backend, n_jobs=n_jobs))
        yield


def side(published, accuracy):
    """Where an accuracy lies: "above" or "below" the tolerance, or "within"."""
    difference = accuracy - published
    if abs(difference) <= TOLERANCE:
        return "within"
    return "above" if difference > 0 else "below"


def verdict(published, accuracy):
    """The difference from the published value; for a figure, whether it is at chance."""
    if not isinstance(published, float):
        return "at chance" if accuracy < CHANCE else ""
    difference, where = accuracy - published, side(published, accuracy)
    far = "far " if abs(difference) > FAR else ""
    return f"{100 * difference:+.1f}" + (f" ({far}{where})" if where != "within" else "")


def published_and_measured(table, results):
    """The cells of a table with a published number: that number, and the mean of the seeds."""
    means = [(cell.published, results[key(cell)].mean()) for cell in table()]
    if table is notebooks:
        means += zip(ENDURANCE, results[key(WORN)].mean(axis=0), strict=True)
    return [(published, mean) for published, mean in means if isinstance(published, float)]


def count_report(results):
    """How many cells of each table lie within the tolerance, above and below it."""
    lines = ["| | numbers published | within | above | below |", "|---|---|---|---|---|"]
    for title, table in TABLES.items():
        sides = [side(*pair) for pair in published_and_measured(table, results)]
        if sides:
            counts = " | ".join(str(sides.count(name)) for name in ("within", "above", "below"))
            lines.append(f"| {title} | {len(sides)} | {counts} |")
    return [*lines, ""]


def row(name, column, published, scores):
    mean = scores.mean()
    shown = f"{published:.4f}" if isinstance(published, float) else published
    each = " ".join(f"{score:.3f}" for score in scores)
    return (
        f"| {name} | {column} | {shown} | {mean:.4f} | {scores.std(ddof=1):.4f} | "
        f"{verdict(published, mean)} | {each} |"
    )


def settings_report():
    lines = ["## Parameters", "", "Where they differ from those of `published`.", ""]
    lines += ["| set | parameters |", "|---|---|"]
    for name, settings in SETTINGS.items():
        shown = settings or Parameters().to_dict() | {"labeling": "reference"}
        text = ", ".join(
            f"{key} {value:g}" if isinstance(value, int | float) else f"{key} {value}"
            for key, value in shown.items()
        )
        lines.append(f"| {name} | {text} |")
    return [*lines, ""]


def tables_report(results):
    lines = []
    for title, table in TABLES.items():
        lines += [f"## {title}", ""]
        lines += ["| | | published | measured | deviation | difference, points | seeds 0-4 |"]
        lines.append("|---|---|---|---|---|---|---|")
        for cell in table():
            lines.append(row(cell.row, cell.column, cell.published, results[key(cell)]))
        if table is notebooks:
            for epoch, published in enumerate(ENDURANCE):
                scores = results[key(WORN)][:, epoch]
                lines.append(row(f"endurance, epoch {epoch + 1}", "accuracy", published, scores))
        lines.append("")
    return lines


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", help="npz file with images and labels; else fetch_openml")
    parser.add_argument("--output", help="Markdown file to write")
    parser.add_argument("--n-jobs", type=int, help="processes; 1, or all of a cluster")
    engine = parser.add_mutually_exclusive_group()
    for name in ("dask", "ray"):
        where = f"address of a cluster of {name.capitalize()}; without one, of this machine"
        engine.add_argument(f"--{name}", nargs="?", const="", metavar="ADDRESS", help=where)
    return parser.parse_args(arguments)


def main():
    options = parse()
    start = time.perf_counter()
    with on_engine(options):
        cells = [WORN, *(cell for table in TABLES.values() for cell in table())]
        results, n_processes = run(cells, options.mnist), effective_n_jobs(None)
    lines = [
        "# The tables of arXiv 2506.19377",
        "",
        "SNNClassifier with an STDPLearning, the dynamics of the simulator of the paper, with its",
        f"numbers of neurons and training images; {N_TEST:,} test images, seeds "
        f"{SEEDS.start}-{SEEDS.stop - 1}. The paper does not",
        "say which parameters belong to which table, so they were searched on images that are",
        "never test images here (for the same number of classes), with other seeds.",
        "",
        machine(),
        "",
        "## What these numbers say",
        "",
        "**Reached or exceeded** is a published number if the mean is at most "
        f"{100 * TOLERANCE:.1f} points below it.",
        f"What lies more than {100 * TOLERANCE:.1f} points off, on either side, is marked above "
        "or below, and what lies",
        f"more than {100 * FAR:.0f} points off, far above or far below: there the behaviour of "
        "the paper is not",
        "reproduced. At chance (rule cos), above is not better.",
        "",
        *count_report(results),
        "**The regime is not the paper's.** In the sets ideal, linear, non-linear and sin the",
        "refractory time is longer than a presentation, so a neuron fires once in it at most; in",
        "all of these but sin, neurons get their labels by votes instead of as in the reference.",
        "The dynamics are those of nervos to the last digit, but these tables show what accuracy",
        "they can give, not that the paper's runs were repeated. The control has the published",
        "parameters, and is lower.",
        "",
        "**The thresholds of Fig. 11a follow from eta.** A weight leaves its level only if its",
        "largest change, proportional to eta, is at least half the gap to the next level. With",
        "the eta chosen here, that is so from 8 states on for the linear synapse and from 12 for",
        "the non-linear one, as published; another eta moves both thresholds.",
        "",
        "**Endurance** is run under the flags of the paper's simulator: each update of a synapse",
        "is a cycle, whether it changes the level or not. (A model of a synapse counts the pulses",
        "that were really applied, and wears far more slowly.) How the window closes is not",
        "published; the device here, worn_synapse in the script, is a guess.",
        "",
        *tables_report(results),
        *settings_report(),
        "## Tried",
        "",
        "Some 220 sets of parameters by an evolutionary search on validation images. A late",
        "decision of neurons that each store the brightest pixels of an image does best; higher",
        "frequencies, a shorter past window, a larger leak or one epoch lose up to 7 points. For",
        "the linear synapse and 8 classes, more epochs, other learning rates and the set of the",
        "non-linear synapse gain at most 0.5 points. The rule sin starts from weights of 1;",
        "from random ones it loses 15 points. The rule cos is at chance with reference labels.",
        "",
        f"Run time: {(time.perf_counter() - start) / 60:.1f} min, {n_processes} process(es).",
    ]
    write_report(lines, options.output, __doc__)


if __name__ == "__main__":
    main()
