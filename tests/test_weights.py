"""Weights of samples and of classes."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris, load_wine, make_classification
from sklearn.ensemble import AdaBoostClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict, cross_val_score

from nervos_sklearn import (
    MarginLearning,
    Module,
    Parameters,
    PrototypeLearning,
    SNNClassifier,
    STDPLearning,
)

LEARNINGS = [MarginLearning(), PrototypeLearning(), STDPLearning()]


def network(learning, **params):
    return SNNClassifier(**{"learning": learning, "epochs": 3, "random_state": 0} | params)


def assert_same_network(one, other):
    for layer, of_other in zip(one.module_.layers, other.module_.layers, strict=True):
        np.testing.assert_array_equal(layer.synapses, of_other.synapses)
    assert one.module_.decision.keys() == other.module_.decision.keys()
    for name, value in one.module_.decision.items():
        np.testing.assert_array_equal(value, other.module_.decision[name])


@pytest.mark.parametrize("learning", LEARNINGS, ids=str)
def test_samples_of_weight_zero_leave_no_trace(learning):
    X, y = load_wine(return_X_y=True)
    rng = np.random.default_rng(0)
    weights = rng.random(len(y))
    weights[rng.random(len(y)) < 0.3] = 0
    X[weights == 0] = 1e6  # would change every scale
    kept = weights > 0
    with_zeros = network(learning).fit(X, y, sample_weight=weights)
    without = network(learning).fit(X[kept], y[kept], sample_weight=weights[kept])
    assert_same_network(with_zeros, without)
    np.testing.assert_array_equal(
        with_zeros.predict_proba(X[kept]), without.predict_proba(X[kept])
    )


def test_a_class_of_weight_zero_is_no_class():
    X, y = load_iris(return_X_y=True)
    clf = network("margin").fit(X, y, sample_weight=y != 1)
    np.testing.assert_array_equal(clf.classes_, [0, 2])


@pytest.mark.parametrize("learning", LEARNINGS, ids=str)
def test_equal_weights_are_none(learning):
    X, y = load_wine(return_X_y=True)
    plain = network(learning).fit(X, y)
    for weights in (np.full(len(y), 0.1), np.full(len(y), 7), 3.0):
        assert_same_network(plain, network(learning).fit(X, y, sample_weight=weights))
    ones = dict.fromkeys(range(3), 1.0)
    assert_same_network(plain, network(learning, class_weight=ones).fit(X, y))


@pytest.mark.parametrize("learning", LEARNINGS, ids=str)
def test_weights_matter_and_their_scale_does_not(learning):
    X, y = load_wine(return_X_y=True)
    weights = 2.0 ** np.random.default_rng(1).integers(-2, 3, size=len(y))
    one = network(learning).fit(X, y, sample_weight=weights)
    assert_same_network(one, network(learning).fit(X, y, sample_weight=1024 * weights))
    plain = network(learning).fit(X, y)
    assert (one.module_.receptive_fields != plain.module_.receptive_fields).any()


@pytest.mark.parametrize("learning", LEARNINGS, ids=str)
def test_weights_of_classes_leave_the_network_as_it_is(learning):
    X, y = load_iris(return_X_y=True)
    plain = network(learning).fit(X[20:], y[20:])
    weighted = network(learning, class_weight={0: 7, 2: 1e-6}).fit(X[20:], y[20:])
    np.testing.assert_array_equal(
        weighted.module_.receptive_fields, plain.module_.receptive_fields
    )
    assert weighted.predict_proba(X)[:, 2].max() < plain.predict_proba(X)[:, 2].max()


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("learning", [MarginLearning(), PrototypeLearning()], ids=str)
def test_a_class_of_some_weight_is_so_many_times_as_frequent(learning, early_stopping):
    """Bayes' rule with other shares of the classes: C. Elkan, 2001."""
    X, y = load_iris(return_X_y=True)
    X, names = X[20:], np.array(["a", "b", "c"])[y[20:]]
    settings = {"epochs": 10, "early_stopping": early_stopping}
    plain = network(learning, **settings).fit(X, names).predict_proba(X)
    counts = np.array([30, 50, 50])
    for of_class, weights in (
        ({"a": 4, "c": 0.5}, [4, 1, 0.5]),
        ("balanced", len(names) / (3 * counts)),
    ):
        clf = network(learning, class_weight=of_class, **settings).fit(X, names)
        chances = plain * weights
        chances /= chances.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(clf.predict_proba(X), chances, rtol=1e-9)
        np.testing.assert_array_equal(clf.predict(X), clf.classes_[chances.argmax(axis=1)])


def test_weights_of_classes_in_a_stream():
    X, y = load_iris(return_X_y=True)
    plain, weighted = network("margin"), network("margin", class_weight={1: 3})
    for block in (slice(0, None, 2), slice(1, None, 2)):
        plain.partial_fit(X[block], y[block], [0, 1, 2])
        weighted.partial_fit(X[block], y[block], [0, 1, 2])
        chances = plain.predict_proba(X) * [1, 3, 1]
        chances /= chances.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(weighted.predict_proba(X), chances, rtol=1e-9)
    weighted.set_params(class_weight=None).partial_fit(X, y)
    np.testing.assert_array_equal(
        weighted.predict_proba(X), plain.partial_fit(X, y).predict_proba(X)
    )


def test_a_warm_start_without_weights_of_classes_has_none():
    X, y = load_iris(return_X_y=True)
    one, other = network("margin", warm_start=True), network("margin", warm_start=True)
    one.fit(X, y).fit(X, y)
    other.set_params(class_weight={0: 5}).fit(X, y).set_params(class_weight=None).fit(X, y)
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("learning", LEARNINGS, ids=str)
def test_weights_of_classes_are_saved_with_the_network(learning, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = load_iris(return_X_y=True)
    clf = network(learning, class_weight={1: 1e-50}).fit(X, y)
    module, loaded = clf.module_, Module(Parameters())
    module.save_epoch(1, module.get_all_synapses(), module.neuron_label_map, 0.5)
    loaded.load_model(str(next(tmp_path.rglob("model.red"))))
    assert (clf.predict(X[45:55]) != 1).all()
    for train, answer in zip(clf.encoder_.transform(X[45:55]), clf.predict(X[45:55]), strict=True):
        assert loaded.get_prediction(train) == module.get_prediction(train) == answer


@pytest.mark.parametrize("labeling", ["votes", "reference"])
def test_votes_make_classes_even_and_weights_count_beyond(labeling):
    X, y = load_iris(return_X_y=True)
    X, y = np.delete(X, range(65, 100), axis=0), np.delete(y, range(65, 100))  # 50, 15, 50
    stdp = STDPLearning(labeling=labeling)
    plain = network(stdp).fit(X, y).predict_proba(X)
    for evening in ("balanced", {1: 2}):
        clf = network(stdp, class_weight=evening).fit(X, y)
        np.testing.assert_array_equal(clf.predict_proba(X), plain)
    before = plain[:, 1]
    for weight in (20, 400):  # 15 samples of weight 20 are more than 50
        now = network(stdp, class_weight={1: weight}).fit(X, y).predict_proba(X)[:, 1]
        assert now.mean() > before.mean() + 0.05
        assert (now > before - 0.01).all()
        before = now


def test_a_sample_that_weighs_more_is_learned_more():
    """Two labels for the same samples: the heavier one wins."""
    X, y = load_iris(return_X_y=True)
    twice, labels = np.vstack([X, X]), np.concatenate([y, (y + 1) % 3])
    for heavier, expected in ((0, y), (1, (y + 1) % 3)):
        weights = np.repeat([1.0, 0.05] if heavier == 0 else [0.05, 1.0], len(y))
        for learning in ("margin", "prototype", "stdp"):
            clf = network(learning, epochs=10).fit(twice, labels, sample_weight=weights)
            assert np.mean(clf.predict(X) == expected) > 0.85


def test_balanced_classes_find_the_rare_one():
    X, y = make_classification(
        1200, 10, n_informative=6, weights=[0.95], class_sep=0.8, random_state=5
    )
    found = {
        name: balanced_accuracy_score(
            y, cross_val_predict(SNNClassifier(class_weight=name, random_state=0), X, y, cv=3)
        )
        for name in (None, "balanced")
    }
    assert found["balanced"] > found[None] + 0.05


@pytest.mark.parametrize("n_epochs", [1, 50])
def test_a_heavy_sample_comes_more_often_and_no_presentation_is_added(n_epochs):
    """Each sample has a channel of its own, and two neurons learn at each presentation."""
    y, weights = np.array([0, 1, 0, 1, 0, 1]), np.array([1, 1, 0.25, 3, 0.5, 0.25])
    X = np.eye(6, dtype=np.uint8)[:, :, np.newaxis] * np.array([0, 1, 0], dtype=np.uint8)
    clf = network(MarginLearning(margin=1e6), n_neurons=2, epochs=n_epochs)
    clf.fit(X, y, sample_weight=weights)
    shown = clf.module_.synapse_update_counts[0].sum(axis=0) / 2
    assert shown.sum() == 6 * n_epochs
    assert (np.abs(shown / n_epochs - weights) < (1 if n_epochs == 1 else 0.2)).all()


def test_boosting_gives_weights_that_sum_to_one():
    X, y = load_wine(return_X_y=True)
    boosted = AdaBoostClassifier(network("margin"), n_estimators=3, random_state=0)
    assert cross_val_score(boosted, X, y, cv=3).mean() > 0.93


def test_early_stopping_goes_by_weights():
    X, y = load_digits(n_class=3, return_X_y=True)
    weights = np.where(np.random.default_rng(2).random(len(y)) < 0.5, 1.0, 1e-9)
    clf = network("margin", epochs=20, early_stopping=True).fit(X, y, sample_weight=weights)
    assert clf.score(X, y) > 0.95


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0] * 149 + [-1.0], "at least 0"),
        ([0.0] * 150, "above 0|non-zero"),
        ([1.0] * 149 + [np.nan], "NaN"),
        ([1.0] * 149, "shape"),
    ],
)
def test_wrong_weights(weights, message):
    X, y = load_iris(return_X_y=True)
    clf = network("margin")
    before = vars(clf).copy()
    with pytest.raises(ValueError, match=message):
        clf.fit(X, y, sample_weight=weights)
    assert vars(clf) == before


@pytest.mark.parametrize("of_class", [{0: -1}, {1: 0}, {2: np.inf}, {7: 1}, "even"])
def test_wrong_weights_of_classes(of_class):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=r"class_weight|[Cc]lass"):
        network("margin", class_weight=of_class).fit(X, y)


def test_a_class_that_is_not_there_is_named():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=r"names \[7\], not among the classes \[0, 1, 2\]"):
        network("margin", class_weight={7: 2, 1: 3}).fit(X, y)
