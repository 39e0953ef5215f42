"""SNNClassifier as its users meet it."""

import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, make_circles
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline

from nervos_sklearn import Module, Parameters, SNNClassifier, SpikeEncoder

CIRCLES = Parameters(
    training_duration=200, past_window=-20, A_up=1, A_down=-2, tau_up=8, tau_down=20, eta=0.05,
    min_frequency=1, max_frequency=140,
)  # fmt: skip
IRIS = Parameters(
    **CIRCLES.to_dict()
    | {"training_duration": 300, "min_frequency": 0, "max_frequency": 200, "epochs": 1}
)


@pytest.fixture(scope="module")
def spikes():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    rates = np.full((60, 12), 0.05)
    for k in range(3):
        rates[y == k, 4 * k : 4 * k + 4] = 0.5
    X = (rng.random((60, 12, 61)) < rates[:, :, np.newaxis]).astype(np.uint8)
    X[:, :, 0] = 0
    return X, np.array(["oak", "ash", "elm"])[y]


def small(**parameters):
    defaults = {"n_neurons": 12, "learning": "stdp", "random_state": 0} | parameters
    if defaults["learning"] == "stdp":
        defaults.setdefault("spike_threshold", -62)
    return SNNClassifier(**defaults)


def test_published_iris_set_reaches_its_accuracy():
    X, y = load_iris(return_X_y=True)
    scores = []
    for seed in range(5):
        X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=seed)
        encoder = SpikeEncoder(
            training_duration=300, n_fields=[5, 5, 4, 4], min_frequency=0, max_frequency=200
        )
        clf = SNNClassifier.from_parameters(IRIS, n_neurons=24, encoder=encoder, random_state=seed)
        scores.append(clf.fit(X_train, y_train).score(X_test, y_test))
    assert np.mean(scores) >= 0.93


def test_published_circles_set_reaches_its_accuracy():
    scores = []
    for seed in range(5):
        X, y = make_circles(1200, noise=0.05, factor=0.5, random_state=seed)
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=200, stratify=y, random_state=seed
        )
        encoder = SpikeEncoder(
            training_duration=200, n_fields=6, field_variance=0.01, max_frequency=140
        )
        clf = SNNClassifier.from_parameters(
            CIRCLES, n_neurons=18, encoder=encoder, random_state=seed
        )
        scores.append(clf.fit(X_train, y_train).score(X_test, y_test))
    assert np.mean(scores) >= 0.98


def test_reference_labelling_is_the_reference(spikes):
    X, y = spikes
    clf = small(labeling="reference", shuffle=False, epochs=2, past_window=-4).fit(X, y)
    module = Module(clf.parameters_)
    module.initialise_layers([12, 12])
    codes = np.searchsorted(clf.classes_, y)
    for _ in range(2):
        module.learn(X, codes)
    np.testing.assert_array_equal(clf.module_.layers[0].synapses, module.layers[0].synapses)
    np.testing.assert_array_equal(clf.neuron_label_map_, module.neuron_label_map)
    expected = np.array([module.get_prediction(train) for train in X])
    known = expected >= 0
    assert known.any()
    np.testing.assert_array_equal(clf.predict(X)[known], clf.classes_[expected[known]])


def test_votes_are_mean_spike_counts_of_the_classes(spikes):
    X, y = spikes
    clf = small().fit(X, y)
    counts = clf.module_.count_spikes(X)
    means = np.array([counts[y == label].mean(axis=0) for label in clf.classes_])
    active = means.sum(axis=0) > 0
    np.testing.assert_allclose(clf.neuron_votes_[:, active].sum(axis=0), 1)
    np.testing.assert_allclose(
        clf.neuron_votes_[:, active], means[:, active] / means[:, active].sum(axis=0)
    )
    assert (clf.neuron_label_map_[~active] == -1).all()


@pytest.mark.parametrize("learning", ["stdp", "reward"])
def test_labels_of_any_type(spikes, learning):
    X, y = spikes
    reference = small(learning=learning).fit(X, y)
    assert reference.score(X, y) > 0.9
    codes = np.searchsorted(reference.classes_, y)
    for labels in (codes * 10 - 3, codes % 2 == 1, codes.astype(float), codes.astype(str)):
        clf = small(learning=learning).fit(X, labels)
        assert clf.predict(X).dtype == labels.dtype
        assert set(clf.predict(X)) <= set(labels.tolist())


def test_pipeline_and_inner_encoder_agree():
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(20, learning="stdp", random_state=0)
    outer = make_pipeline(SpikeEncoder(), clf).fit(X, y)
    inner = clone(clf).fit(X, y)
    np.testing.assert_array_equal(outer.predict_proba(X), inner.predict_proba(X))


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
@pytest.mark.parametrize("learning", ["stdp", "reward"])
def test_threads_and_batches_do_not_change_an_answer(learning, n_jobs):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(21, learning=learning, random_state=0).fit(X, y)
    expected = clf.predict_proba(X)
    clf.set_params(n_jobs=n_jobs)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)
    order = np.random.default_rng(0).permutation(len(X))
    np.testing.assert_array_equal(clf.predict_proba(X[order]), expected[order])
    np.testing.assert_array_equal(clf.predict_proba(X[7:8]), expected[7:8])


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("learning", ["stdp", "reward"])
def test_same_seed_same_bits_in_other_processes(learning, backend):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(12, learning=learning, epochs=1, random_state=0)
    with joblib.parallel_config(backend):
        scores = cross_val_score(clf, X, y, cv=3, n_jobs=2)
    np.testing.assert_array_equal(scores, cross_val_score(clf, X, y, cv=3))


def test_grid_search_over_a_pipeline():
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(10, learning="stdp", epochs=1, random_state=0)
    pipeline = make_pipeline(SpikeEncoder(), clf)
    grid = {"spikeencoder__n_fields": [3, 5], "snnclassifier__eta": [0.01, 0.05]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
    assert search.best_score_ > 0.7
    assert clone(search.best_estimator_).get_params()["snnclassifier__eta"] in (0.01, 0.05)


@pytest.mark.parametrize("learning", ["stdp", "reward"])
def test_saved_model_answers_alike_in_a_new_process(tmp_path, learning):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(12, learning=learning, epochs=1, random_state=0)
    clf = make_pipeline(SpikeEncoder(), clf).fit(X, y)
    joblib.dump(clf, tmp_path / "model.joblib")
    np.save(tmp_path / "X.npy", X)
    code = (
        "import joblib, numpy as np; m = joblib.load('model.joblib', mmap_mode='r');"
        "np.save('p.npy', m.predict_proba(np.load('X.npy', mmap_mode='r')))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), clf.predict_proba(X))


def test_hidden_layers_learn_and_predict(spikes):
    X, y = spikes
    clf = small(hidden_layer_sizes=(20,), refractory_time=2, epochs=2).fit(X, y)
    assert [layer.synapses.shape for layer in clf.module_.layers] == [(20, 12), (12, 20)]
    assert all(counts.sum() > 0 for counts in clf.module_.synapse_update_counts)
    assert clf.predict_proba(X).shape == (60, 3)


def test_from_parameters_takes_every_setting():
    parameters = Parameters(eta=0.07, past_window=-20, epochs=2, spike_threshold=-50)
    clf = SNNClassifier.from_parameters(parameters, n_neurons=7)
    assert (clf.eta, clf.past_window, clf.epochs, clf.spike_threshold) == (0.07, -20, 2, -50)
    assert (clf.learning, clf.n_neurons) == ("stdp", 7)
    X, y = load_iris(return_X_y=True)
    assert clf.fit(X, y).parameters_ == parameters
    assert SNNClassifier.from_parameters(parameters.to_dict()).eta == 0.07
    with pytest.raises(TypeError, match="n_neuron"):
        SNNClassifier.from_parameters(parameters, n_neuron=7)


VERBOSE = """
from time import perf_counter
from sklearn.datasets import load_iris
from nervos_sklearn import SNNClassifier
X, y = load_iris(return_X_y=True)
for fit in range(2):
    started = perf_counter()
    SNNClassifier(6, epochs=20, verbose=1).fit(X, y)
    print("whole fit:", perf_counter() - started)
"""


def test_verbose_prints_the_time_of_each_epoch_and_says_once_that_loops_are_compiled():
    command = [sys.executable, "-c", VERBOSE]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    first, second = (part.splitlines() for part in out.split("whole fit:")[:2])
    assert "compil" in first[0]
    assert "compil" not in " ".join(first[1:] + second)
    whole = [float(line.split()[0]) for line in out.split("whole fit:")[1:]]
    for lines, seconds in ((first[1:], whole[0]), (second[1:], whole[1])):
        assert [line.split(":")[0] for line in lines] == [f"epoch {k}/20" for k in range(1, 21)]
        epochs = [float(line.split()[-2]) for line in lines]
        assert sum(epochs) == pytest.approx(seconds, rel=0.1, abs=0.15)


@pytest.mark.parametrize("learning", ["stdp", "reward"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda X: np.where(X == 1, 2, X),
        lambda X: X.astype(int) * -1,
        lambda X: X * 0.5,
        lambda X: np.where(X == 1, np.nan, X),
        lambda X: np.where(X == 1, np.inf, X),
        lambda X: X[:, :0],
        lambda X: X[:, :, :0],
        lambda X: X[:0],
        lambda X: X[np.newaxis],
        lambda X: X[0, 0],
        lambda X: X.astype(str),
    ],
    ids="two negative fraction nan inf no-channel no-step no-sample 4d 1d text".split(),  # noqa: SIM905
)
def test_wrong_spikes_are_refused_and_change_nothing(spikes, spoil, learning):
    X, y = spikes
    clf = small(learning=learning).fit(X, y)
    expected = clf.predict_proba(X)
    wrong = spoil(X.copy())
    with pytest.raises(ValueError, match=r"."):
        clf.predict(wrong)
    with pytest.raises(ValueError, match=r"."):
        clf.fit(wrong, y[: len(wrong)])
    np.testing.assert_array_equal(clf.predict_proba(X), expected)
    with pytest.raises(ValueError, match=r"."):
        small(learning=learning).fit(wrong, y[: len(wrong)])


def test_wrong_shape_of_later_data_is_named(spikes):
    X, y = spikes
    clf = small().fit(X, y)
    with pytest.raises(ValueError, match="12"):
        clf.predict(X[:, :11])
    with pytest.raises(ValueError, match="61 time steps"):
        clf.predict(X[:, :, :60])
    with pytest.raises(ValueError, match="spike trains"):
        clf.predict(X[:, :, 0])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_weight": 1.0, "max_weight": 0.5}, "min_weight"),
        ({"past_window": 1}, "past_window"),
        ({"max_frequency": 0}, "max_frequency"),
        ({"min_frequency": 60}, "min_frequency"),
        ({"tau_up": 0}, "tau_up"),
        ({"tau_down": -1}, "tau_down"),
        ({"spike_threshold": -80}, "spike_threshold"),
        ({"encoder": "morse"}, "encoder"),
        ({"labeling": "oracle"}, "labeling"),
        ({"hidden_layer_sizes": [0]}, "hidden_layer_sizes"),
        ({"hidden_layer_sizes": [2.5]}, "hidden_layer_sizes"),
        ({"n_neurons": 0}, "n_neurons"),
    ],
)
def test_wrong_parameters_are_named_and_change_nothing(parameters, message):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(5, learning="stdp", epochs=1, random_state=0).fit(X, y)
    expected = clf.predict_proba(X)
    before = clf.get_params()
    clf.set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        clf.fit(X, y)
    clf.set_params(**before)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)


def test_one_class_and_no_fit_are_named():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="2 classes"):
        SNNClassifier().fit(X[:20], y[:20])
    with pytest.raises(NotFittedError):
        SNNClassifier().predict(X)
