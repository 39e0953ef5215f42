"""Reward-modulated learning."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_circles,
    make_classification,
    make_moons,
)
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from nervos_sklearn import LinearSynapse, SNNClassifier, SpikeEncoder
from nervos_sklearn._reward_kernels import jitter_image


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


@pytest.fixture(scope="module")
def fitted(digits):
    X, _, y, _ = digits
    return SNNClassifier(epochs=8, random_state=0).fit(X, y)


def simulate(weights, spike_trains, decision_step=None):
    """Spikes in time, step by step: a spike opens its synapse until the sample ends."""
    n_samples, _, n_steps = spike_trains.shape
    potentials = np.zeros((n_samples, weights.shape[1]))
    for sample, train in enumerate(spike_trains):
        current = np.zeros(weights.shape[1])
        for step in range(n_steps):
            for i in np.flatnonzero(train[:, step]):
                current += weights[i]
            potentials[sample] += current
            if step == decision_step:
                break
    return potentials


def race(potentials, neuron_classes, n_classes, n_spikes, increment):
    """The threshold falls through all potentials, one spike after the other."""
    winners = []
    for row in potentials.copy():
        spikes = []
        for _ in range(n_spikes):
            j = max(range(len(row)), key=lambda j: (row[j], -j))
            row[j] -= increment
            spikes.append(neuron_classes[j])
        counts = [spikes.count(k) for k in range(n_classes)]
        tied = [k for k in range(n_classes) if counts[k] == max(counts)]
        winners.append(min(tied, key=spikes.index))
    return np.array(winners)


@pytest.mark.parametrize("decision_step", [None, 20])
def test_the_algebra_is_the_simulation_of_every_spike(digits, decision_step):
    X, X_test, y, _ = digits
    clf = SNNClassifier(epochs=3, blur=0, decision_step=decision_step, random_state=0).fit(X, y)
    trains = SpikeEncoder("latency", training_duration=32).fit(X).transform(X_test[:60])
    module = clf.module_
    simulated = simulate(module.weights, trains, decision_step)
    traces = clf._traces(X_test[:60])
    np.testing.assert_array_equal(traces @ module.weights, simulated)
    norms = np.sqrt((traces.astype(float) ** 2).sum(axis=1, keepdims=True))
    expected = race(simulated / norms, module.neuron_classes, 10, 10, 0.01)
    np.testing.assert_array_equal(clf.predict(X_test[:60]), expected)


def test_spike_trains_of_any_kind_are_simulated_too():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    rates = np.where(y[:, np.newaxis, np.newaxis] == np.arange(10)[:, np.newaxis] % 2, 0.3, 0.1)
    X = (rng.random((40, 10, 50)) < rates).astype(np.uint8)
    clf = SNNClassifier(random_state=0).fit(X, y)
    simulated = simulate(clf.module_.weights, X)
    np.testing.assert_array_equal(clf._traces(X) @ clf.module_.weights, simulated)
    assert clf.score(X, y) > 0.9


def test_latencies_from_an_encoder_are_the_inner_ones(digits):
    X, X_test, y, _ = digits
    clf = SNNClassifier(epochs=3, image_shape=None, random_state=0)
    outer = make_pipeline(SpikeEncoder("latency", training_duration=32), clf).fit(X, y)
    inner = clone(clf).fit(X, y)
    np.testing.assert_array_equal(outer.predict_proba(X_test), inner.predict_proba(X_test))


def test_weights_are_scaled_to_norm_one_on_their_grid(fitted):
    weights = fitted.module_.weights
    np.testing.assert_allclose((weights**2).sum(axis=0), 1, atol=1e-4)
    assert (weights >= 0).all()
    np.testing.assert_array_equal(weights * 2**20, np.round(weights * 2**20))


def test_neurons_belong_to_classes_and_start_from_samples(digits):
    X, _, y, _ = digits
    clf = SNNClassifier(50, epochs=1, eta=0.0, blur=0, random_state=0).fit(X, y)
    assert np.bincount(clf.neuron_label_map_).tolist() == [5] * 10
    traces = clf._traces(X).astype(float) + 1e-3
    cosines = (traces / np.linalg.norm(traces, axis=1, keepdims=True)) @ clf.module_.weights
    np.testing.assert_allclose(cosines.max(axis=0), 1, atol=1e-5)
    np.testing.assert_array_equal(y[cosines.argmax(axis=0)], clf.neuron_label_map_)
    few = SNNClassifier(epochs=1, random_state=0).fit(X[:40], y[:40])
    samples = np.unique(y[:40], return_counts=True)[1]
    np.testing.assert_array_equal(np.bincount(few.neuron_label_map_), samples)


def test_digits_are_learned_well(digits):
    X, X_test, y, y_test = digits
    assert SNNClassifier(random_state=0).fit(X, y).score(X_test, y_test) > 0.975


@pytest.mark.parametrize(
    "change",
    [
        {"reward": False},
        {"synaptic_scaling": False},
        {"recruitment": False},
        {"jitter": 0},
        {"blur": 0},
        {"margin": 0},
        {"competitive_epochs": 0},
        {"reinforcement": 0.1},
        {"n_race_spikes": 1},
        {"decision_step": 8},
        {"image_shape": None},
        {"eta_decay": 0.5},
        {"training_duration": 8},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_ingredient_can_be_changed_and_matters(digits, fitted, change):
    X, X_test, y, y_test = digits
    clf = SNNClassifier(epochs=8, random_state=0, **change).fit(X, y)
    assert (clf.predict_proba(X_test) != fitted.predict_proba(X_test)).any()
    assert clf.score(X_test, y_test) > 0.5


def test_reward_strengthens_the_right_and_weakens_the_wrong_neuron():
    """Two samples, two neurons of norm 1, one presentation, by hand."""
    X = np.zeros((2, 2, 2), dtype=np.uint8)
    X[0, 0, 1] = X[1, :, 1] = 1
    clf = SNNClassifier(
        2, epochs=1, eta=0.5, competitive_epochs=0, margin=2.0, random_state=0
    ).fit(X, [0, 1])
    w0, w1 = np.array([1.0, 0.0]), np.array([1.0, 1.0]) / np.sqrt(2)
    candidates = []
    for order in ([0, 1], [1, 0]):
        w = [w0.copy(), w1.copy()]
        for label in order:
            x = [np.array([1.0, 0.0]), np.array([1.0, 1.0]) / np.sqrt(2)][label]
            w[label] += 0.5 * x
            w[1 - label] = np.maximum(0, w[1 - label] - 0.5 * x)
            w = [v / np.linalg.norm(v) for v in w]
        candidates.append(np.array(w).T)
    assert min(np.abs(clf.module_.weights - w).max() for w in candidates) < 2e-3


def test_early_stopping_returns_to_the_best_epoch(digits):
    X, X_test, y, _ = digits
    clf = SNNClassifier(epochs=12, early_stopping=True, n_iter_no_change=3, random_state=0).fit(
        X, y
    )
    scores = clf.validation_scores_
    assert len(scores) == clf.n_iter_ == 12
    error = np.sqrt(max(scores) * (1 - max(scores)) / 90)  # 10 % of 898 samples are held back
    good = [k for k in range(1, 13) if scores[k - 1] >= max(scores) - error]
    assert clf.best_epoch_ == good[-1]
    shorter = SNNClassifier(
        epochs=clf.best_epoch_, early_stopping=True, n_iter_no_change=3, random_state=0
    ).fit(X, y)
    assert shorter.validation_scores_ == scores[: clf.best_epoch_]
    np.testing.assert_array_equal(shorter.predict_proba(X_test), clf.predict_proba(X_test))


def test_early_stopping_ends_when_lower_rates_do_not_help_any_more():
    X, y = make_moons(300, noise=0.2, random_state=0)
    clf = SNNClassifier(epochs=500, early_stopping=True, n_iter_no_change=3, random_state=0)
    clf.fit(X, y)
    last_rise = int(np.argmax(clf.validation_scores_)) + 1
    assert clf.n_iter_ >= last_rise + 3
    assert clf.n_iter_ < 200


def few_of_the_last_class():
    X, y = load_iris(return_X_y=True)
    few = np.r_[0:50, 50:100, 100:103]
    return X[few], y[few]


@pytest.mark.parametrize("learning", ["stdp", "reward"])
@pytest.mark.parametrize("fraction", [0.4, 0.5, 0.7])
def test_early_stopping_trains_on_every_class(learning, fraction):
    X, y = few_of_the_last_class()
    for seed in range(3):
        clf = SNNClassifier(
            learning=learning, epochs=2, early_stopping=True, validation_fraction=fraction,
            random_state=seed,
        ).fit(X, y)  # fmt: skip
        assert np.isfinite(clf.predict_proba(X)).all()
        assert np.isfinite(clf.neuron_votes_).all()
        assert clf.neuron_votes_[2].any()


@pytest.mark.parametrize("learning", ["stdp", "reward"])
@pytest.mark.parametrize(("fraction", "n_last"), [(0.9, 3), (0.95, 3), (0.1, 1)])
def test_early_stopping_refuses_to_train_without_a_class(learning, fraction, n_last):
    X, y = few_of_the_last_class()
    X, y = X[: 100 + n_last], y[: 100 + n_last]
    clf = SNNClassifier(learning=learning, early_stopping=True, validation_fraction=fraction)
    with pytest.raises(ValueError, match="validation_fraction"):
        clf.fit(X, y)


def early_and_plain(tables, seeds):
    """Mean accuracy with early stopping and without."""
    scores = []
    for seed in seeds:
        X, y = tables(seed)
        X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=seed)
        scores.append(
            [
                SNNClassifier(early_stopping=early, random_state=seed)
                .fit(X, y)
                .score(X_test, y_test)
                for early in (True, False)
            ]
        )
    return np.mean(scores, axis=0)


def classification(n_features):
    return lambda seed: make_classification(
        1000, n_features, n_informative=n_features // 2, n_classes=3, random_state=seed
    )


STOPPED = {
    "iris": lambda _: load_iris(return_X_y=True),
    "wine": lambda _: load_wine(return_X_y=True),
    "breast_cancer": lambda _: load_breast_cancer(return_X_y=True),
    "digits": lambda _: load_digits(return_X_y=True),
    "moons": lambda seed: make_moons(500, noise=0.2, random_state=seed),
    "10 features": classification(10),
    "20 features": classification(20),
    "50 features": classification(50),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STOPPED)
def test_early_stopping_costs_less_than_a_point(name):
    early, plain = early_and_plain(STOPPED[name], range(5))
    assert early >= plain - 0.01


def test_early_stopping_costs_little_on_a_hard_table():
    early, plain = early_and_plain(classification(20), range(3))
    assert early >= plain - 0.02


def test_early_stopping_of_stdp():
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(
        12, learning="stdp", epochs=6, early_stopping=True, n_iter_no_change=2,
        validation_fraction=0.3, random_state=0,
    ).fit(X, y)  # fmt: skip
    assert len(clf.validation_scores_) == clf.n_iter_ >= clf.best_epoch_
    assert clf.score(X, y) > 0.6


def test_images_are_recognised_and_tables_are_not(digits):
    X, _, y, _ = digits
    assert SNNClassifier(epochs=1).fit(X, y).image_shape_ == (1, 8, 8)
    shuffled = X[:, np.random.default_rng(0).permutation(64)]
    assert SNNClassifier(epochs=1).fit(shuffled, y).image_shape_ is None
    assert SNNClassifier(epochs=1, image_shape=(4, 16)).fit(X, y).image_shape_ == (1, 4, 16)
    table = SNNClassifier(epochs=1).fit(*load_wine(return_X_y=True))
    assert table.encoder_.encoding == "receptive_fields"
    assert table.image_shape_ is None


@pytest.mark.parametrize("image_shape", [(7, 9), (64,), (2, 8, 8)])
def test_wrong_image_shapes_are_named(digits, image_shape):
    X, _, y, _ = digits
    with pytest.raises(ValueError, match="image_shape"):
        SNNClassifier(image_shape=image_shape).fit(X, y)


@pytest.mark.parametrize("change", [{"synapse": LinearSynapse(4)}, {"hidden_layer_sizes": (5,)}])
def test_what_belongs_to_stdp_is_refused(digits, change):
    X, _, y, _ = digits
    with pytest.raises(ValueError, match="stdp"):
        SNNClassifier(**change).fit(X, y)


def moved(image, jitter):
    out = np.empty(image.size, dtype=np.float32)
    jitter_image(image.ravel().astype(np.float32), *image.shape, np.array(jitter, float), out)
    return out.reshape(image.shape)


def test_jitter_moves_turns_and_scales():
    image = np.random.default_rng(0).random((9, 9))
    np.testing.assert_allclose(moved(image, [0, 0, 0, 0, 0]), image, atol=1e-6)
    down = moved(image, [-1 / 9, 2 / 9, 0, 0, 0])
    np.testing.assert_allclose(down[1:, :-2], image[:-1, 2:], atol=1e-6)
    assert (down[0] == 0).all()
    quarter = moved(image, [0, 0, np.pi / 2, 0, 0])
    assert min(np.abs(quarter - np.rot90(image, k)).max() for k in (1, 3)) < 1e-5
    smaller = moved(np.ones((9, 9)), [0, 0, 0, np.log(2), 0])
    assert 16 <= smaller.sum() <= 30


TABLES = {
    "iris": load_iris(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "breast_cancer": load_breast_cancer(return_X_y=True),
    "circles": make_circles(500, noise=0.06, factor=0.5, random_state=0),
    "moons": make_moons(500, noise=0.2, random_state=0),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_without_any_argument_come_near_a_support_vector_machine(name):
    X, y = TABLES[name]
    svc = make_pipeline(StandardScaler(), SVC())
    folds = [StratifiedKFold(5, shuffle=True, random_state=seed) for seed in range(3)]
    ours, theirs = (
        np.mean([cross_val_score(model, X, y, cv=cv) for cv in folds])
        for model in (SNNClassifier(random_state=0), svc)
    )
    assert ours > theirs - 0.02


def test_a_second_look_settles_undecided_races_only(digits):
    X, X_test, y, y_test = digits
    few = slice(0, 80)
    once = SNNClassifier(second_look=0, random_state=0).fit(X[few], y[few])
    twice = SNNClassifier(second_look=0.7, random_state=0).fit(X[few], y[few])
    np.testing.assert_array_equal(once.module_.weights, twice.module_.weights)
    shares, again = once.predict_proba(X_test), twice.predict_proba(X_test)
    decided = shares.max(axis=1) == 1
    assert 0 < decided.sum() < len(decided)
    np.testing.assert_array_equal(again[decided], shares[decided])
    assert (again[~decided] != shares[~decided]).any()
    assert twice.score(X_test, y_test) > once.score(X_test, y_test)
    np.testing.assert_array_equal(twice.predict_proba(X_test[3:4]), again[3:4])
    assert SNNClassifier().fit(X[few], y[few]).module_.settings.second_look == 0
