"""Learning block by block, and going on from where the last fit ended."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_classification,
)
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from nervos_sklearn import (
    IdealSynapse,
    LinearSynapse,
    MarginLearning,
    PrototypeLearning,
    SNNClassifier,
    SpikingWindowFeatures,
    STDPLearning,
)

LEARNINGS = ["margin", "prototype", "stdp"]


def blocks_of(X, y, size, seed=0):
    order = np.random.default_rng(seed).permutation(len(y))
    for start in range(0, len(y), size):
        chosen = order[start : start + size]
        yield X[chosen], y[chosen]


def learn_blocks(clf, X, y, size):
    for X_block, y_block in blocks_of(X, y, size):
        clf.partial_fit(X_block, y_block, classes=np.unique(y))
    return clf


@pytest.mark.parametrize(
    ("load", "size"), [(load_digits, 20), (load_breast_cancer, 20), (load_breast_cancer, 150)]
)
def test_a_stream_is_learned_nearly_as_well_as_all_at_once(load, size):
    X, y = load(return_X_y=True)
    ahead = []
    for seed in range(2):
        X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=seed)
        whole = SNNClassifier(random_state=seed).fit(X_train, y_train)
        stream = learn_blocks(SNNClassifier(random_state=seed), X_train, y_train, size)
        ahead.append(stream.score(X_test, y_test) - whole.score(X_test, y_test))
    assert np.mean(ahead) > -0.015


@pytest.mark.parametrize("learning", LEARNINGS)
def test_an_answer_at_any_time(learning):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(learning=learning, random_state=0)
    for k, (X_block, y_block) in enumerate(blocks_of(X, y, 30)):
        clf.partial_fit(X_block, y_block, classes=[0, 1, 2])
        chances = clf.predict_proba(X)
        np.testing.assert_allclose(chances.sum(axis=1), 1)
        np.testing.assert_array_equal(clf.classes_[chances.argmax(axis=1)], clf.predict(X))
        assert clf.n_iter_ == k + 1
        assert clf.n_samples_seen_ == 30 * (k + 1)
    assert clf.score(X, y) > 0.85


@pytest.mark.parametrize("synapse", [None, IdealSynapse(write_noise=0.01), LinearSynapse(16)])
@pytest.mark.parametrize("learning", ["margin", "prototype"])
def test_a_class_that_comes_late(learning, synapse):
    X, y = load_wine(return_X_y=True)
    early, late = np.flatnonzero(y != 2), np.flatnonzero(y == 2)
    clf = SNNClassifier(learning=learning, synapse=synapse, epochs=3, random_state=0)
    clf.partial_fit(X[::4], y[::4], classes=[0, 1, 2])  # scales of all
    clf = SNNClassifier(learning=learning, synapse=synapse, epochs=3, random_state=0)
    many = np.tile(early, 8)  # more than are remembered
    clf.partial_fit(X[many], y[many], classes=[0, 1, 2])
    assert not (clf.neuron_label_map_ == 2).any()
    assert (clf.neuron_label_map_ == -1).any()  # in reserve
    assert clf.score(X[early], y[early]) > 0.9
    assert set(clf.predict(X)) <= {0, 1}
    assert np.isfinite(clf.decision_function(X)).all()
    known = clf.module_.layers[0].synapses[clf.neuron_label_map_ >= 0]
    clf.partial_fit(X[late[:10]], y[late[:10]], classes=[0, 1, 2])
    assert (clf.neuron_label_map_ == 2).any()
    assert len(known) < len(clf.neuron_label_map_)
    for _ in range(4):
        clf.partial_fit(X, y)
    assert clf.score(X, y) > 0.9


def test_a_drift_is_followed():
    """The classes move past each other: where one was, the other is at the end."""
    rng = np.random.default_rng(0)

    def block(time):
        y = rng.integers(2, size=150)
        angle = np.pi * (time / 30 + y)
        X = rng.normal(scale=0.35, size=(150, 4))
        X[:, 0] += np.cos(angle)
        X[:, 1] += np.sin(angle)
        return X, y

    X, y = (np.concatenate(parts) for parts in zip(*(block(t) for t in range(5)), strict=True))
    fixed = SNNClassifier(random_state=0).fit(X, y)
    stream = SNNClassifier(random_state=0)
    scores = []
    for time in range(5, 31):
        X, y = block(time)
        if hasattr(stream, "classes_"):
            scores.append((stream.score(X, y), fixed.score(X, y)))
        stream.partial_fit(X, y, classes=[0, 1])
    of_stream, of_fixed = np.mean(scores[-5:], axis=0)
    assert of_fixed < 0.2
    assert of_stream > 0.9


@pytest.mark.parametrize("learning", LEARNINGS)
def test_blocks_give_the_same_bits_after_a_pickle(learning):
    X, y = load_iris(return_X_y=True)
    blocks = list(blocks_of(X, y, 40))
    blocks.insert(3, (np.tile(X, (6, 1)), np.tile(y, 6)))  # more than are remembered
    one, other = (SNNClassifier(learning=learning, epochs=3, random_state=3) for _ in range(2))
    for X_block, y_block in blocks:
        one.partial_fit(X_block, y_block, classes=[0, 1, 2])
        other.partial_fit(X_block, y_block, classes=[0, 1, 2])
        other = pickle.loads(pickle.dumps(other))
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    np.testing.assert_array_equal(one.module_.receptive_fields, other.module_.receptive_fields)


@pytest.mark.parametrize("learning", LEARNINGS)
def test_a_stream_goes_on_after_fit(learning):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(learning=learning, epochs=2, random_state=0).fit(X[::2], y[::2])
    before = clf.module_.receptive_fields.copy()
    clf.partial_fit(X[1::2], y[1::2])
    assert (clf.module_.receptive_fields != before).any()
    assert clf.score(X, y) > 0.85


def test_votes_are_those_of_all_blocks():
    """A neuron keeps what it answered to classes that do not come any more."""
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(30, learning=STDPLearning(), epochs=1, random_state=0)
    clf.partial_fit(np.tile(X, (7, 1)), np.tile(y, 7), classes=[0, 1, 2])
    for label in (0, 1, 2):
        clf.partial_fit(X[y == label], y[y == label])
    assert set(clf.predict(X)) == {0, 1, 2}


def test_probabilities_of_a_stream_are_calibrated():
    X, y = load_breast_cancer(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    clf = learn_blocks(SNNClassifier(random_state=0), X_train, y_train, 60)
    assert log_loss(y_test, clf.predict_proba(X_test)) < 0.25


def test_samples_of_weight_zero_are_none():
    X, y = load_iris(return_X_y=True)
    weights = np.random.default_rng(0).integers(3, size=len(y)).astype(float)
    with_zeros, without = (SNNClassifier(random_state=0) for _ in range(2))
    for part in (slice(0, None, 2), slice(1, None, 2)):
        w = weights[part]
        with_zeros.partial_fit(X[part], y[part], [0, 1, 2], sample_weight=w)
        without.partial_fit(X[part][w > 0], y[part][w > 0], [0, 1, 2], sample_weight=w[w > 0])
    np.testing.assert_array_equal(with_zeros.predict_proba(X), without.predict_proba(X))
    seen = with_zeros.n_samples_seen_
    with_zeros.partial_fit(X, y, sample_weight=np.zeros(len(y)))
    assert with_zeros.n_samples_seen_ == seen


@pytest.mark.parametrize(
    ("params", "arguments", "message"),
    [
        ({"early_stopping": True}, {}, "early_stopping"),
        ({"class_weight": "balanced"}, {}, "class_weight"),
        ({}, {"classes": None}, "classes must be passed"),
        ({}, {"classes": [0, 1]}, "not among the classes"),
        ({}, {"classes": [0]}, "at least 2"),
    ],
)
def test_wrong_streams(params, arguments, message):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(**params)
    before = vars(clf).copy()
    with pytest.raises(ValueError, match=message):
        clf.partial_fit(X, y, **{"classes": [0, 1, 2]} | arguments)
    assert vars(clf) == before


def test_a_wrong_block_changes_nothing():
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    expected, state = clf.predict_proba(X), clf.module_.draw_generator().bit_generator.state
    clf = SNNClassifier(random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    for X_wrong, y_wrong, classes in (
        (X[:, :3], y, None),
        (np.full_like(X, np.inf), y, None),
        (X, y + 1, None),
        (X, y, [0, 1]),
    ):
        with pytest.raises(ValueError, match=r"features|infinity|classes"):
            clf.partial_fit(X_wrong, y_wrong, classes=classes)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)
    assert clf.module_.draw_generator().bit_generator.state == state


def test_votes_of_a_fit_are_kept_by_a_stream():
    """Blocks of one class do not make the network forget what stands for the others."""
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(30, learning=STDPLearning(), random_state=0).fit(X, y)
    clf.partial_fit(X[y == 0][:5], y[y == 0][:5])
    assert set(clf.predict(X)) == {0, 1, 2}


def test_a_stream_after_early_stopping_learns_at_its_own_rate():
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(random_state=0)
    clf.set_params(learning="margin", epochs=60, early_stopping=True, n_iter_no_change=2).fit(X, y)
    assert clf.module_.learning_rate_factor < 1
    clf.set_params(early_stopping=False).partial_fit(X, y)
    assert clf.module_.learning_rate_factor == 1


def test_a_stream_with_too_few_neurons_warns():
    X, y = load_iris(return_X_y=True)
    with pytest.warns(UserWarning, match="too few for 3 classes"):
        SNNClassifier(2, learning="margin").partial_fit(X, y, classes=[0, 1, 2])


# ------------------------------------------------- the beginning, which is remembered


def small_table(n_features=5):
    return make_classification(1050, n_features, n_informative=4, n_redundant=0, random_state=0)


@pytest.mark.parametrize("learning", LEARNINGS)
def test_the_size_of_blocks_does_not_matter(learning):
    """As soon as 1000 samples have come, all is as if they had come at once."""
    X, y = small_table()
    networks = [
        SNNClassifier(20, learning=learning, epochs=2, training_duration=20, random_state=0)
        for _ in range(3)
    ]
    for clf, size in zip(networks, (1000, 250, 40), strict=True):
        for start in range(0, 1000, size):
            clf.partial_fit(X[start : start + size], y[start : start + size], classes=[0, 1])
        assert clf.n_iter_ == 1000 // size
        assert clf.n_samples_seen_ == 1000
    for clf in networks:
        clf.partial_fit(X[1000:], y[1000:])
        np.testing.assert_array_equal(clf.predict_proba(X), networks[0].predict_proba(X))
        assert clf.n_samples_seen_ == 1050


def test_samples_one_by_one():
    X, y = load_iris(return_X_y=True)
    clf = learn_blocks(SNNClassifier(epochs=5, random_state=0), X[::2], y[::2], 1)
    assert clf.score(X, y) > 0.9


@pytest.mark.parametrize("learning", LEARNINGS)
def test_a_first_block_of_one_class(learning):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(learning=learning, random_state=0)
    clf.partial_fit(X[:20], y[:20], classes=[0, 1, 2])
    assert set(clf.predict(X)) == {0}
    learn_blocks(clf, X[20:], y[20:], 40)
    assert clf.score(X, y) > 0.85


def test_images_are_recognised_when_enough_have_come():
    X, y = load_digits(return_X_y=True)
    clf = SNNClassifier(epochs=1, random_state=0)
    clf.partial_fit(X[:1], y[:1], classes=range(10))
    assert isinstance(clf.learning_, MarginLearning)  # one sample may be anything
    clf.partial_fit(X[1:100], y[1:100])
    assert isinstance(clf.learning_, PrototypeLearning)
    assert clf.augmentation_.image_shape_ == (1, 8, 8)


def test_blocks_may_come_in_the_same_array():
    X, y = load_iris(return_X_y=True)
    expected, clf = (SNNClassifier(epochs=3, random_state=0) for _ in range(2))
    array, labels = np.empty((30, 4)), np.empty(30, dtype=y.dtype)
    for X_block, y_block in blocks_of(X, y, 30):
        array[:], labels[:] = X_block, y_block
        clf.partial_fit(array, labels, classes=[0, 1, 2])
        expected.partial_fit(X_block, y_block, classes=[0, 1, 2])
    np.testing.assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))


def test_what_was_remembered_is_dropped():
    X, y = small_table(300)
    network = SNNClassifier(2, learning="prototype", encoder="latency", epochs=1, random_state=0)
    stream = clone(network).partial_fit(X[:700], y[:700], classes=[0, 1])
    assert len(pickle.dumps(stream)) > X[:700].nbytes
    stream.partial_fit(X[700:], y[700:])
    assert len(pickle.dumps(stream)) < 1.02 * len(pickle.dumps(network.fit(X, y)))


def test_fit_ends_the_beginning():
    X, y = load_iris(return_X_y=True)
    expected, clf = (SNNClassifier(epochs=3, random_state=0) for _ in range(2))
    clf.partial_fit(X[:20], y[:20], classes=[0, 1, 2])
    for network in (expected, clf):
        network.fit(X, y)
        encoder = network.encoder_
        network.partial_fit(X[::5], y[::5])
        assert network.encoder_ is encoder
    np.testing.assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))


def test_a_wrong_block_does_not_end_the_beginning():
    X, y = load_iris(return_X_y=True)
    expected, clf = (SNNClassifier(epochs=3, random_state=0) for _ in range(2))
    for k, (X_block, y_block) in enumerate(blocks_of(X, y, 50)):
        for network in (expected, clf):
            network.partial_fit(X_block, y_block, classes=[0, 1, 2])
        for X_wrong in (X_block[:, :3], np.zeros((50, 4, 3)), np.full((50, 4), np.inf)):
            with pytest.raises(ValueError, match=r"features|axes|infinity"):
                clf.partial_fit(X_wrong, y_block)
        assert clf.n_samples_seen_ == 50 * (k + 1)
    np.testing.assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))


def test_sparse_blocks_are_those_of_arrays():
    X, y = load_digits(n_class=3, return_X_y=True)
    X[:, 0] = -1.0  # else counts that are sparse are features
    dense, mixed = (
        SNNClassifier(30, augmentation=None, learning="margin", encoder="latency", epochs=2,
                      random_state=0)
        for _ in range(2)
    )  # fmt: skip
    for k, (X_block, y_block) in enumerate(blocks_of(X, y, 100)):
        dense.partial_fit(X_block, y_block, classes=[0, 1, 2])
        X_block = X_block if k == 1 else sparse.csr_array(X_block)
        mixed.partial_fit(X_block, y_block, classes=[0, 1, 2])
    np.testing.assert_array_equal(mixed.predict_proba(X), dense.predict_proba(X))


def test_spike_trains_that_start_later_in_the_stream():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=120)
    X = (rng.random((120, 8, 12)) < 0.1 + 0.3 * (np.arange(8) // 4 == y[:, None])[..., None]) * 1
    late = X.copy()
    late[:40, :, 0] = 0
    clf = SNNClassifier(epochs=3, random_state=0)
    for start in range(0, 120, 40):
        block = slice(start, start + 40)
        clf.partial_fit(late[block], y[block], classes=[0, 1])
    assert clf.n_steps_in_ == 12
    whole = SNNClassifier(epochs=3, random_state=0).partial_fit(late, y, classes=[0, 1])
    np.testing.assert_array_equal(clf.predict_proba(X), whole.predict_proba(X))
    with pytest.raises(ValueError, match="time steps, 12, got 11"):
        clf.partial_fit(X[:, :, :11], y)


def test_a_stream_of_series_of_unequal_lengths():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=60)
    series = [np.sin((1 + k) * np.arange(20 + n % 7) / 3) for n, k in enumerate(y)]
    features = SpikingWindowFeatures(8, n_shared_features=8, random_state=0)
    clf = SNNClassifier(features=features, epochs=3, random_state=0)
    for length in range(0, 60, 6):
        block = slice(length, length + 6)
        clf.partial_fit(series[block], y[block], classes=[0, 1])
    assert clf.score(series, y) > 0.9


# ------------------------------------------------------------------------- warm start


@pytest.mark.parametrize(
    "learning",
    [MarginLearning(), PrototypeLearning(), STDPLearning(), STDPLearning(labeling="reference")],
    ids=str,
)
def test_warm_start_goes_on(learning):
    """With a learning rate of nothing, the network stays where it was."""
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(learning=learning, epochs=2, warm_start=True, random_state=0).fit(X, y)
    module, encoder = clf.module_, clf.encoder_
    before = module.receptive_fields.copy()
    clf.set_params(eta=1e-9, epochs=1).fit(X[::2], y[::2])
    np.testing.assert_allclose(clf.module_.receptive_fields, before, atol=2e-6)
    assert clf.encoder_ is encoder
    assert clf.n_iter_ == 1
    np.testing.assert_array_equal(module.receptive_fields, before)  # the old one is another
    cold = clf.set_params(warm_start=False).fit(X[::2], y[::2])
    assert (cold.module_.receptive_fields != before).any()


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("learning", LEARNINGS)
def test_warm_start_wakes_neurons_of_classes_that_a_stream_has_not_brought(
    learning, early_stopping
):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(learning=learning, warm_start=True, random_state=0)
    clf.partial_fit(X[:100], y[:100], classes=[0, 1, 2])
    assert set(clf.predict(X)) == {0, 1}
    clf.set_params(early_stopping=early_stopping, epochs=10).fit(X, y)
    assert clf.score(X, y) > 0.85


@pytest.mark.parametrize("early_stopping", [False, True])
def test_warm_start_learns(early_stopping):
    X, y = load_digits(n_class=4, return_X_y=True)
    clf = SNNClassifier(
        learning="margin", epochs=2, warm_start=True, early_stopping=early_stopping,
        random_state=0,
    ).fit(X[:60], y[:60])  # fmt: skip
    first = clf.score(X, y)
    for _ in range(3):
        clf.fit(X, y)
    assert clf.score(X, y) > first
    assert clf.score(X, y) > 0.97


def test_warm_start_needs_the_same_problem():
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(epochs=1, warm_start=True, random_state=0).fit(X, y)
    expected = clf.predict_proba(X)
    for X_other, y_other in ((X[:, :3], y), (X[:100], y[:100])):
        with pytest.raises(ValueError, match="warm_start=False to begin anew"):
            clf.fit(X_other, y_other)
        np.testing.assert_array_equal(clf.predict_proba(X), expected)


def test_warm_start_keeps_the_network_however_many_samples_come():
    """By default the number of columns goes by the samples of the first fit."""
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(epochs=1, warm_start=True, random_state=0).fit(X, y)
    shape, learning = clf.module_.layer_sizes, repr(clf.learning_)
    rng = np.random.default_rng(0)
    many = rng.integers(len(y), size=11_000)
    clf.fit(X[many] + 0.01 * rng.normal(size=(11_000, 4)), y[many])
    assert clf.module_.layer_sizes == shape
    assert repr(clf.learning_) == learning
    assert clf.score(X, y) > 0.9
    with pytest.raises(ValueError, match="n_neurons=30"):
        clf.set_params(n_neurons=30).fit(X, y)
