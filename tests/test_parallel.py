"""Whatever joblib backend is at work, the answers are those of one thread, to the bit."""

import contextlib

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from nervos_sklearn import (
    ImageAugmentation,
    MarginLearning,
    Module,
    Parameters,
    SNNClassifier,
    SpikeEncoder,
    STDPLearning,
)

N_TRAIN = 400  # several batches of the classifier, also in the folds of a search


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)


# Two clusters that start at once look for a free port, and leave a socket to the collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Port .* is already in use:UserWarning"),
]


@contextlib.contextmanager
def dask_cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        yield


BACKENDS = {
    "loky": lambda: joblib.parallel_config("loky", n_jobs=2),
    "multiprocessing": lambda: joblib.parallel_config("multiprocessing", n_jobs=2),
    "threading": lambda: joblib.parallel_config("threading", n_jobs=2),
    "processes": lambda: joblib.parallel_config(prefer="processes", n_jobs=2),
    "dask": dask_cluster,
}


LEARNINGS = ("stdp", "prototype", "margin", MarginLearning(n_columns=2))


def network(learning, **parameters):
    few = {"n_neurons": 20, "epochs": 1, "random_state": 0, "learning": learning}
    return SNNClassifier(**few | parameters)


def assert_same_search(search, serial, X):
    for key, scores in serial.cv_results_.items():
        if "score" in key and "time" not in key:
            np.testing.assert_array_equal(search.cv_results_[key], scores)
    np.testing.assert_array_equal(search.predict_proba(X), serial.predict_proba(X))


@pytest.fixture(scope="module")
def serial(digits):
    """A network and a search of each learning, on one thread."""
    X, y = (part[:N_TRAIN] for part in digits)
    return {
        learning: (
            network(learning).fit(X, y),
            GridSearchCV(network(learning), {"eta": [0.05, 0.3]}, cv=2).fit(X, y),
        )
        for learning in LEARNINGS
    }


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("backend", BACKENDS)
def test_fit_predict_and_search_are_those_of_one_thread(digits, serial, backend, n_jobs):
    X, y = digits
    X_train, y_train, X_test = X[:N_TRAIN], y[:N_TRAIN], X[N_TRAIN : 2 * N_TRAIN]
    with BACKENDS[backend]():
        for learning, (expected, expected_search) in serial.items():
            clf = network(learning, n_jobs=n_jobs).fit(X_train, y_train)
            for name, value in expected.module_.decision.items():
                np.testing.assert_array_equal(clf.module_.decision[name], value)
            np.testing.assert_array_equal(clf.neuron_label_map_, expected.neuron_label_map_)
            np.testing.assert_array_equal(
                clf.module_.receptive_fields, expected.module_.receptive_fields
            )
            np.testing.assert_array_equal(
                clf.predict_proba(X_test), expected.predict_proba(X_test)
            )
            search = GridSearchCV(clf, {"eta": [0.05, 0.3]}, cv=2, n_jobs=n_jobs)
            assert_same_search(search.fit(X_train, y_train), expected_search, X_test)


@pytest.mark.parametrize("backend", BACKENDS)
def test_counts_of_a_network_are_those_of_one_thread(digits, backend):
    X = SpikeEncoder("rate", training_duration=50).fit_transform(digits[0][:600])
    module = Module(Parameters(training_duration=50, spike_threshold=-65), random_state=0)
    module.initialise_layers([64, 10])
    module.learn(X[:100])
    expected = module.count_spikes(X)
    assert expected.any()
    with BACKENDS[backend]():
        for n_jobs in (None, 2):
            np.testing.assert_array_equal(module.count_spikes(X, n_jobs=n_jobs), expected)


@pytest.mark.parametrize("n_neurons", [1, 7, 20, 130, 300])
def test_votes_add_up_to_the_same_bits_in_any_company(digits, n_neurons):
    X, y = digits
    learning = STDPLearning(initial_weights="random")
    clf = network(learning, n_neurons=n_neurons, spike_threshold=-65)
    assert_same_answers_in_any_company(clf.fit(X[:200], y[:200]), X[:300])


def assert_same_answers_in_any_company(clf, X):
    for answer in (clf.decision_function, clf.predict_proba):
        together = answer(X)
        for size in (1, 2, 3, 127, 129):
            some = X[: 40 * size]  # parts are slow where they are small
            parts = [answer(some[k : k + size]) for k in range(0, len(some), size)]
            np.testing.assert_array_equal(np.concatenate(parts), together[: len(some)])


@pytest.mark.parametrize("test_time", [0.0, 0.8])
@pytest.mark.parametrize("n_neurons", [10, 310])
@pytest.mark.parametrize("learning", ["prototype", "margin", MarginLearning(n_columns=2)])
def test_races_have_the_same_bits_in_any_company(digits, learning, n_neurons, test_time):
    X, y = digits
    augmentation = ImageAugmentation((8, 8), test_time=test_time)
    n_neurons *= getattr(learning, "n_columns", 1)
    clf = network(learning, n_neurons=n_neurons, augmentation=augmentation)
    assert_same_answers_in_any_company(clf.fit(X[:200], y[:200]), X[:300])
