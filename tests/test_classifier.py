"""SNNClassifier as its users meet it."""

import re
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, make_circles
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline

from nervos_sklearn import (
    ImageAugmentation,
    LinearSynapse,
    MarginLearning,
    Module,
    Parameters,
    PrototypeLearning,
    SNNClassifier,
    SpikeEncoder,
    SpikingPatchFeatures,
    STDPLearning,
)
from nervos_sklearn.presentations import Presentations

NAMES = ["stdp", "prototype", "margin"]

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
    if defaults["learning"] == "stdp" or isinstance(defaults["learning"], STDPLearning):
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
    learning = STDPLearning(labeling="reference", shuffle=False)
    clf = small(learning=learning, epochs=2, past_window=-4).fit(X, y)
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
    active, votes = means.sum(axis=0) > 0, clf.module_.decision["votes"]
    np.testing.assert_allclose(votes[:, active].sum(axis=0), 1)
    np.testing.assert_allclose(votes[:, active], means[:, active] / means[:, active].sum(axis=0))
    assert (clf.neuron_label_map_[~active] == -1).all()


@pytest.mark.parametrize("learning", NAMES)
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
@pytest.mark.parametrize("learning", NAMES)
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
@pytest.mark.parametrize("learning", NAMES)
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


@pytest.mark.parametrize("learning", NAMES)
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
    learning = STDPLearning(hidden_layer_sizes=(20,))
    clf = small(learning=learning, refractory_time=2, epochs=2).fit(X, y)
    assert [layer.synapses.shape for layer in clf.module_.layers] == [(20, 12), (12, 20)]
    assert all(counts.sum() > 0 for counts in clf.module_.synapse_update_counts)
    assert clf.predict_proba(X).shape == (60, 3)


def test_from_parameters_takes_every_setting():
    parameters = Parameters(eta=0.07, past_window=-20, epochs=2, spike_threshold=-50)
    clf = SNNClassifier.from_parameters(parameters, n_neurons=7)
    assert (clf.eta, clf.past_window, clf.epochs, clf.spike_threshold) == (0.07, -20, 2, -50)
    assert (str(clf.learning), clf.n_neurons) == ("STDPLearning(shuffle=False)", 7)
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
        found = [re.search(r": \d+% of .* taught, (.*) s, (\d+) s left$", line) for line in lines]
        epochs = [float(line[1]) for line in found]
        assert sum(epochs) == pytest.approx(seconds, rel=0.1, abs=0.15)
        for k, line in enumerate(found, start=1):
            assert float(line[2]) == pytest.approx((20 - k) * epochs[k - 1], abs=0.7)


@pytest.mark.parametrize("learning", NAMES)
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: np.where(X == 1, 2, X), "must be 0 or 1"),
        (lambda X: X.astype(int) * -1, "must be 0 or 1"),
        (lambda X: X * 0.5, "must be 0 or 1"),
        (lambda X: np.where(X == 1, np.nan, X), "contains NaN"),
        (lambda X: np.where(X == 1, np.inf, X), "contains infinity"),
        (lambda X: X[:, :0], "0 features|must not be empty"),
        (lambda X: X[:, :, :0], "must not be empty"),
        (lambda X: X[:0], "0 sample"),
        (lambda X: X[np.newaxis], "60 features|n_channels, n_steps"),
        (lambda X: X[0, 0], "Expected 2D array, got 1D array"),
        (lambda X: X.astype(str), "strings"),
    ],
    ids="two negative fraction nan inf no-channel no-step no-sample 4d 1d text".split(),  # noqa: SIM905
)
def test_wrong_spikes_are_refused_and_change_nothing(spikes, spoil, message, learning):
    X, y = spikes
    clf = small(learning=learning).fit(X, y)
    expected = clf.predict_proba(X)
    wrong = spoil(X.copy())
    with pytest.raises(ValueError, match=message):
        clf.predict(wrong)
    with pytest.raises(ValueError, match=message):
        clf.fit(wrong, y[: len(wrong)])
    np.testing.assert_array_equal(clf.predict_proba(X), expected)
    with pytest.raises(ValueError, match=message):
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
        ({"learning": STDPLearning(labeling="oracle")}, "labeling"),
        ({"learning": STDPLearning(hidden_layer_sizes=[0])}, "hidden_layer_sizes"),
        ({"learning": STDPLearning(hidden_layer_sizes=[2.5])}, "hidden_layer_sizes"),
        ({"learning": STDPLearning("morse")}, "rule"),
        ({"learning": PrototypeLearning(margin=-1)}, "margin"),
        ({"learning": MarginLearning(n_columns=2)}, "multiple of n_columns"),
        ({"learning": MarginLearning(averaging=-1)}, "averaging"),
        ({"learning": "reward"}, "learning"),
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


PROTOTYPE, MARGIN, STDP = ({"learning": name} for name in ("prototype", "margin", "stdp"))
UNREAD = [
    (PROTOTYPE, {"A_up": 5}, "STDPLearning"),
    (MARGIN, {"refractory_time": 5}, "STDPLearning"),
    (MARGIN, {"max_weight": 0.5}, "STDPLearning and a synapse"),
    (MARGIN, {"max_frequency": 90}, "an encoder with a frequency"),
    (MARGIN, {"n_iter_no_change": 3}, "early_stopping=True"),
    (STDP, {"validation_fraction": 0.2}, "early_stopping=True"),
    (STDP, {"tau_m": 7}, "true_lif=True"),
    ({"learning": STDPLearning(true_lif=True)}, {"spike_drop_rate": 0.5}, "true_lif=False"),
    ({"learning": STDPLearning("cos")}, {"A_up": 0.5}, 'rule="conventional"'),
    ({"learning": STDPLearning([[0, 0.5], [5, 0.1]])}, {"tau_up": 2}, 'rule="conventional"'),
    (STDP | {"encoder": "latency"}, {"min_frequency": 2}, "frequency"),
    (STDP | {"encoder": SpikeEncoder()}, {"training_duration": 50}, "encoder"),
    (MARGIN | {"encoder": SpikeEncoder()}, {"max_frequency": 70}, "encoder"),
]


@pytest.mark.parametrize(("setting", "unread", "reader"), UNREAD, ids=str)
def test_a_setting_that_nobody_reads_warns_and_changes_nothing(setting, unread, reader):
    X, y = load_iris(return_X_y=True)
    plain = SNNClassifier(12, epochs=1, random_state=0, **setting).fit(X, y)
    clf = SNNClassifier(12, epochs=1, random_state=0, **setting | unread)
    with pytest.warns(UserWarning, match=next(iter(unread))) as caught:
        clf.fit(X, y)
    assert len(caught) == 1
    assert reader in str(caught[0].message)
    assert "has no effect here" in str(caught[0].message)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(clf.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize(
    ("encoder", "plain", "unread", "reader"),
    [
        ("latency", PrototypeLearning(), PrototypeLearning(feature_dropout=0.7), "fields"),
        ("latency", MarginLearning(), MarginLearning(feature_dropout=0.7), "fields"),
        (
            "auto",
            PrototypeLearning(competitive_epochs=5),
            PrototypeLearning(competitive_epochs=5, margin=0.7),
            "competitive_epochs",
        ),
    ],
    ids=str,
)
def test_a_parameter_of_a_learning_that_plays_no_part_warns(encoder, plain, unread, reader):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(12, learning=plain, encoder=encoder, epochs=2, random_state=0)
    expected = clf.fit(X, y).predict_proba(X)
    with pytest.warns(UserWarning, match="learning__.*has no effect here") as caught:
        clf.set_params(learning=unread).fit(X, y)
    assert len(caught) == 1
    assert reader in str(caught[0].message)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)


def test_settings_that_are_read_do_not_warn(spikes):
    X, y = load_iris(return_X_y=True)
    encoder = SpikeEncoder(training_duration=50, max_frequency=70)
    clf = SNNClassifier(12, learning="stdp", encoder=encoder, epochs=1)
    clf.set_params(training_duration=50, max_frequency=70, tau_up=3, random_state=0).fit(X, y)
    SNNClassifier(12, epochs=1, augmentation=None, synapse=LinearSynapse(8), max_weight=0.5).fit(
        X, y
    )
    SNNClassifier(12, learning=MarginLearning(feature_dropout=0.3), epochs=1).fit(X, y)
    small(training_duration=60, epochs=1).fit(*spikes)
    parameters = Parameters(training_duration=32, eta=0.3, epochs=1)
    clf = SNNClassifier.from_parameters(parameters, learning="prototype", n_neurons=9)
    assert clf.fit(X, y).parameters_ == parameters


def test_settings_of_features_warn_with_spike_trains(spikes):
    for unread, reader in (
        ({"encoder": "rate"}, "2-D features"),
        ({"training_duration": 50}, "an encoder"),
        ({"max_frequency": 70}, "an encoder"),
        ({"augmentation": ImageAugmentation()}, "images"),
    ):
        with pytest.warns(UserWarning, match=f"no effect here.*{reader}"):
            small(epochs=1, **unread).fit(*spikes)


@pytest.mark.parametrize("learning", ["prototype", "margin"])
@pytest.mark.parametrize(("n_neurons", "of_classes"), [(10, [4, 3, 3]), (200, [67, 67, 66])])
def test_as_many_neurons_as_asked_for(learning, n_neurons, of_classes):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(n_neurons, learning=learning, epochs=1).fit(X, y)
    assert np.bincount(clf.neuron_label_map_).tolist() == of_classes


@pytest.mark.parametrize("learning", ["prototype", "margin"])
def test_fewer_neurons_than_classes_warn(learning):
    X, y = load_iris(return_X_y=True)
    with pytest.warns(UserWarning, match="n_neurons=2 are too few for 3 classes") as warned:
        clf = SNNClassifier(2, learning=learning, epochs=3, random_state=0).fit(X, y)
    assert len(warned) == 1
    assert set(clf.predict(X)) == {0, 1}
    np.testing.assert_allclose(clf.predict_proba(X).sum(axis=1), 1)


@pytest.mark.parametrize("learning", NAMES)
def test_spikes_in_the_first_column_are_not_lost(spikes, learning):
    X, y = spikes
    early, later = X[:, :, 1:], X  # the same trains, without and with a silent column
    assert early[:, :, 0].any()
    clf = small(learning=learning, epochs=1).fit(early, y)
    other = small(learning=learning, epochs=1).fit(later, y)
    assert (clf.n_steps_in_, other.n_steps_in_) == (60, 61)
    assert clf.parameters_ == other.parameters_
    np.testing.assert_array_equal(clf.predict_proba(early), other.predict_proba(later))
    np.testing.assert_array_equal(clf.predict_proba(early[:1]), other.predict_proba(later[:1]))
    spoiled = later.copy()
    spoiled[5, 3, 0] = 1
    with pytest.raises(ValueError, match="column 0"):
        other.predict(spoiled)
    late = early.copy()
    late[:, :, 0] = 0  # decided in fit, whatever comes later
    padded = np.pad(late, [(0, 0), (0, 0), (1, 0)])
    np.testing.assert_array_equal(clf.predict_proba(late), other.predict_proba(padded))


def test_a_network_refuses_spikes_in_its_first_column(spikes):
    X, y = spikes
    codes = np.searchsorted(np.unique(y), y)
    module = Module(Parameters(training_duration=60), random_state=0)
    module.initialise_layers([12, 4])
    before = module.get_all_synapses()
    spoiled = X.copy()
    spoiled[7, 0, 0] = 1
    module.X_train = module.X_test = spoiled
    module.Y_train = module.Y_test = codes
    for call in (
        lambda: module.learn(spoiled, codes),
        lambda: module.count_spikes(spoiled),
        lambda: module.get_prediction(spoiled[7]),
        lambda: module.feed_forward(spoiled[7], module.neuron_label_map, 60, True, 1),
        module.train,
        module.test,
    ):
        with pytest.raises(ValueError, match="column 0"):
            call()
    np.testing.assert_array_equal(module.get_all_synapses(), before)


@pytest.mark.parametrize("data", ["features", "images", "spikes"])
@pytest.mark.parametrize("learning", ["auto", *NAMES])
def test_parameters_set_after_fit_do_not_change_predictions(spikes, learning, data):
    X, y = spikes
    if data != "spikes":
        X, y = (load_iris if data == "features" else load_digits)(return_X_y=True)
    X, y = X[: 2 * 150 : 2], y[: 2 * 150 : 2]
    encoder = "auto" if data == "spikes" else SpikeEncoder("poisson", random_state=0)
    augmentation = ImageAugmentation((8, 8), test_time=0.5) if data == "images" else None
    clf = SNNClassifier(
        learning=learning, encoder=encoder, augmentation=augmentation, epochs=1, random_state=0
    ).fit(X, y)
    expected = clf.predict_proba(X)
    if data != "spikes":
        clf.encoder.set_params(training_duration=3, random_state=1, scale="standard")
    if data == "images":
        clf.augmentation.set_params(blur=0.3, test_time=0)
    for changes in (
        {"learning": "margin" if learning == "stdp" else "stdp"},
        {"augmentation": ImageAugmentation(test_time=1), "class_weight": None},
        {"encoder": "rate", "synapse": LinearSynapse(3), "n_neurons": 3},
        {"eta": 5.0, "spike_threshold": -60, "training_duration": 7, "min_weight": 0.5},
        {"early_stopping": True, "n_jobs": 2, "verbose": 1, "random_state": 5},
        {"features": SpikingPatchFeatures(), "max_frequency": 99},
    ):
        clf.set_params(**{k: v for k, v in changes.items() if k in clf.get_params()})
        np.testing.assert_array_equal(clf.predict_proba(X), expected)
        assert (clf.predict(X) == clf.classes_[expected.argmax(axis=1)]).all()


@pytest.mark.parametrize("learning", NAMES)
def test_missing_values_and_mixed_labels_are_named(spikes, learning):
    X, y = spikes
    clf = small(learning=learning, epochs=1)
    rows = X.mean(axis=2)
    hidden = np.ma.masked_array(rows, mask=rows < np.median(rows))
    for wrong_X, wrong_y, message in (
        (hidden, y, "masked"),
        (np.ma.masked_array(X, mask=X == 1), y, "masked"),
        (rows, np.ma.masked_array(y, mask=y == "oak"), "masked"),
        (rows, np.array(["oak", 1, None] * 20, dtype=object), "NoneType and int and str"),
        (rows, np.array([1, "oak"] * 30, dtype=object), "int and str"),
    ):
        with pytest.raises(ValueError, match=message):
            clf.fit(wrong_X, wrong_y)
    clf.fit(np.ma.masked_array(rows), y)
    np.testing.assert_array_equal(clf.predict(np.ma.masked_array(rows)), clf.predict(rows))
    with pytest.raises(ValueError, match="masked"):
        clf.predict(hidden)
    with pytest.raises(ValueError, match="masked"):
        SpikeEncoder().fit(hidden)


def test_real_valued_series_are_told_what_is_possible(spikes):
    X, y = spikes
    with pytest.raises(
        ValueError, match=r"time series need .*features=SpikingWindowFeatures"
    ) as caught:
        SNNClassifier().fit(X * 0.5, y)
    assert "SpikeEncoder" not in str(caught.value)
    flat = (X * 0.5).reshape(len(X), -1)  # what the message proposes
    assert SNNClassifier(12, epochs=1).fit(flat, y).score(flat, y) > 0.5


@pytest.mark.parametrize(
    "learning",
    [
        PrototypeLearning(margin=1e308),
        PrototypeLearning(reinforcement=np.inf),
        MarginLearning(margin=1e308),
        MarginLearning(averaging=1e9),
        MarginLearning(n_columns=10**30),
        MarginLearning(weight_range=1e308),
    ],
    ids=str,
)
def test_numbers_of_a_learning_that_would_overflow_are_refused(learning):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=str(learning).split("(")[1].split("=")[0]):
        SNNClassifier(learning=learning).fit(X, y)


@pytest.mark.parametrize("name", ["blur", "strength", "test_time"])
def test_numbers_of_an_augmentation_that_would_overflow_are_refused(name):
    X, y = load_digits(return_X_y=True)
    with pytest.raises(ValueError, match=name):
        SNNClassifier(augmentation=ImageAugmentation(**{name: 1e6})).fit(X, y)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("refractory_time", 2**63 - 1), ("eta", 1e308), ("epochs", 10**30), ("tau_up", 1e-320),
        ("past_window", -(10**6)), ("A_up", 1e308), ("max_weight", 1e308), ("n_jobs", 0),
        ("training_duration", 2**40), ("n_neurons", 10**30), ("max_frequency", 1e308),
        ("spike_threshold", 1e308),
    ],
)  # fmt: skip
def test_numbers_that_would_overflow_are_refused(name, value):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=name):
        SNNClassifier(**{name: value}).fit(X, y)


@pytest.mark.parametrize("learning", NAMES)
def test_the_largest_numbers_give_finite_answers(spikes, learning):
    X, y = spikes
    extremes = {"eta": 1000.0}
    if learning == "stdp":
        extremes |= {"A_up": 1e9, "A_down": -1e9, "refractory_time": 2**31, "past_window": -9999}
    clf = small(learning=learning, epochs=2, **extremes)
    if learning == "prototype":
        clf.set_params(
            learning=PrototypeLearning(margin=1e9, reinforcement=1e9, competitive_epochs=0)
        )
    if learning == "margin":
        clf.set_params(learning__margin=1e9, learning__averaging=20)
    clf.fit(X, y)
    assert np.isfinite(clf.predict_proba(X)).all()
    assert np.isfinite(clf.module_.receptive_fields).all()


@pytest.mark.parametrize("power", [-1000, -600, 600, 1000])
@pytest.mark.parametrize("load", [load_iris, load_digits])
@pytest.mark.parametrize("learning", NAMES)
def test_features_of_any_size_are_learned_alike(learning, load, power):
    X, y = load(return_X_y=True)
    X, y = X[::3], y[::3]
    clf = SNNClassifier(30, learning=learning, epochs=1, random_state=0).fit(X, y)
    large = clone(clf).fit(np.ldexp(X, power), y)
    np.testing.assert_array_equal(large.predict_proba(np.ldexp(X, power)), clf.predict_proba(X))


def test_features_whose_range_is_no_number_are_refused():
    X, y = load_iris(return_X_y=True)
    X = np.where(X > 3, 1.7e308, 0)
    with pytest.raises(ValueError, match="too large"):
        SNNClassifier(learning="prototype").fit(X, y)
    ranked = SNNClassifier(learning="margin", epochs=1, random_state=0).fit(X, y)
    small = clone(ranked).fit(X / 1.7e308, y)
    np.testing.assert_array_equal(ranked.predict_proba(X), small.predict_proba(X / 1.7e308))


@pytest.mark.parametrize("learning", ["prototype", "margin"])
def test_long_trains_are_summed_exactly(learning):
    """Traces above 2**24 are beyond single precision."""
    y = np.arange(12) % 2
    X = np.zeros((12, 3, 6001), dtype=np.uint8)
    X[:, 0, 1:] = 1
    X[y == 1, 1, 1::2] = 1
    clf = SNNClassifier(4, learning=learning, epochs=1, random_state=0).fit(X, y)
    assert clf.score(X, y) == 1
    traces = (X * np.arange(6001, 0, -1)).sum(axis=2)
    assert traces.max() > 2**24
    potentials = traces @ clf.module_.receptive_fields.T
    expected = potentials / np.sqrt((traces.astype(float) ** 2).sum(axis=1, keepdims=True))
    found = clf.module_.activity(Presentations(X), np.arange(12))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("learning", NAMES)
def test_a_network_mapped_from_a_file_learns_on(spikes, tmp_path, learning):
    X, y = spikes
    codes = np.searchsorted(np.unique(y), y)
    clf = small(learning=learning, epochs=1).fit(X, y)
    joblib.dump(clf, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    for module in (clf.module_, loaded.module_):
        module.learn(X, codes)
        module.feed_forward(X[0], module.neuron_label_map.copy(), 60, do_stdp=True, label=2)
        module.layers[0].initial()
    np.testing.assert_array_equal(loaded.module_.receptive_fields, clf.module_.receptive_fields)
    unchanged = joblib.load(tmp_path / "model.joblib")
    assert (unchanged.module_.receptive_fields != clf.module_.receptive_fields).any()


@pytest.mark.parametrize("learning", NAMES)
def test_skops_keeps_a_network_and_nothing_else(spikes, learning):
    io = pytest.importorskip("skops.io")
    X, y = spikes
    clf = small(learning=learning, epochs=1).fit(X, y)
    content = io.dumps(clf)
    untrusted = io.get_untrusted_types(data=content)
    assert all(name.startswith("nervos_sklearn.") for name in untrusted)
    loaded = io.loads(content, trusted=untrusted)
    np.testing.assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))


@pytest.mark.parametrize("wrong", ["rule", "labels", "spikes"])
def test_a_failed_learn_leaves_the_random_stream_where_it_was(spikes, wrong):
    X, y = spikes
    codes = np.searchsorted(np.unique(y), y)
    networks = []
    for _ in range(2):
        module = Module(Parameters(training_duration=60, spike_threshold=-62), random_state=0)
        module.initialise_layers([12, 4])
        networks.append(module)
    calls = {
        "rule": lambda: networks[0].learn(X, codes, rule=lambda dt: np.nan),
        "labels": lambda: networks[0].learn(X, codes - 5),
        "spikes": lambda: networks[0].learn(X * 2, codes),
    }
    with pytest.raises(ValueError, match=r"rule|label|spikes"):
        calls[wrong]()
    for module in networks:
        module.learn(X, codes)
    np.testing.assert_array_equal(*(module.get_all_synapses() for module in networks))
