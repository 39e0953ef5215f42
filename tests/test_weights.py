"""Weights of samples and of classes."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris, load_wine, make_classification
from sklearn.ensemble import AdaBoostClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict, cross_val_score

from nervos_sklearn import MarginLearning, PrototypeLearning, SNNClassifier, STDPLearning

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
def test_weights_of_classes_are_those_of_their_samples(learning):
    X, y = load_iris(return_X_y=True)
    X, names = X[20:], np.array(["a", "b", "c"])[y[20:]]
    of_class = {"a": 4, "c": 0.5}
    weights = np.array([of_class.get(name, 1) for name in names])
    by_class = network(learning, class_weight=of_class).fit(X, names)
    assert_same_network(by_class, network(learning).fit(X, names, sample_weight=weights))
    balanced = network(learning, class_weight="balanced").fit(X, names)
    _, of_samples, counts = np.unique(names, return_inverse=True, return_counts=True)
    even = len(names) / (3 * counts[of_samples])
    assert_same_network(balanced, network(learning).fit(X, names, sample_weight=even))


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
