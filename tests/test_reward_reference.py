"""The slow simulator of learning from reward against hand-solved cases, and the package to it."""

import math

import numpy as np
import pytest
import reward_reference as slow
from reward_reference import Rule
from sklearn.datasets import load_digits, load_wine

from nervos_sklearn import MarginLearning, PrototypeLearning, SNNClassifier, SpikeEncoder

# Odd settings are tried on purpose; what is said about them is tested elsewhere.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:[\s\S]* has no effect here"),
    pytest.mark.filterwarnings("ignore:n_neurons=.* are too few"),
]

SHORT = {"n_neurons": 6, "epochs": 3, "eta": 0.3}


def train_of(spikes, n_steps):
    """A spike train from the steps at which each input spikes."""
    train = np.zeros((len(spikes), n_steps + 1), dtype=np.uint8)
    for i, steps in enumerate(spikes):
        train[i, steps] = 1
    return train


def assert_equals_reference(clf, X, trains, y, seed, groups=None):
    """Fit the classifier to X and the reference to its spike trains, from the same draws."""
    clf.set_params(random_state=np.random.default_rng(seed)).fit(X, y)
    settings = clf.get_params(deep=False) | clf.learning_.get_params()
    layer = clf.module_.layers[0]
    fast, expected, neuron_classes = slow.fit(
        trains, y, np.random.default_rng(seed), settings, groups
    )
    np.testing.assert_array_equal(clf.neuron_label_map_, neuron_classes)
    if layer.fast is not None:
        np.testing.assert_array_equal(layer.fast[0], fast)
    np.testing.assert_array_equal(layer.synapses, expected)
    noise, n_columns = clf.module_.decision["escape_noise"], settings.get("n_columns", 1)
    columns = np.repeat(np.arange(n_columns), len(neuron_classes) // n_columns)
    scores = np.array(
        [
            slow.class_scores(
                slow.cosines(expected, train), neuron_classes, y.max() + 1, noise, columns
            )
            for train in trains
        ]
    )
    two_best = np.sort(scores, axis=1)[:, -2:]
    clear = two_best[:, 1] - two_best[:, 0] > 1e-9  # of equal ones rounding decides
    np.testing.assert_array_equal(clf.predict(X)[clear], scores.argmax(axis=1)[clear])


# ------------------------------------------------------------- the reference, by hand

TWO = np.array([[0.75, 0.25], [0.25, 0.5]])  # two neurons, two inputs
FIRST = train_of([[4], []], 4)  # input 0 spikes at the last step: trace (1, 0)
BOTH = train_of([[4], [4]], 4)


@pytest.mark.parametrize(
    ("decision_step", "potentials", "traces"),
    [
        # Input 0 spikes at 1 and 3, input 1 at 2: open 1, 1, 2, 2 and 0, 1, 1, 1 times.
        (None, [6 * 0.75 + 3 * 0.25, 6 * 0.25 + 3 * 0.5], [6, 3]),
        (2, [2 * 0.75 + 0.25, 2 * 0.25 + 0.5], [2, 1]),
        (0, [0, 0], [0, 0]),
        (9, [6 * 0.75 + 3 * 0.25, 6 * 0.25 + 3 * 0.5], [6, 3]),
    ],
)
def test_an_open_synapse_lets_its_weight_in_at_every_step(decision_step, potentials, traces):
    found = slow.presented(TWO, train_of([[1, 3], [2]], 4), decision_step)
    np.testing.assert_array_equal(found[0], potentials)
    np.testing.assert_array_equal(found[1], traces)


@pytest.mark.parametrize(
    ("label", "rule", "expected", "taught"),
    [
        # Neuron 0 leads by .75 - .25 = .5.
        (0, Rule(0.125, margin=0.75), [[0.875, 0.25], [0.125, 0.5]], True),
        (0, Rule(0.125, margin=0.5), TWO, False),
        (0, Rule(0.125, margin=0.25, reinforcement=0.5), [[0.8125, 0.25], [0.25, 0.5]], False),
        (1, Rule(0.125, margin=0.0), [[0.625, 0.25], [0.375, 0.5]], True),
        # Competition: the right neuron learns whatever its lead, and nobody is punished.
        (0, Rule(0.125, margin=0.0, reward=False), [[0.875, 0.25], [0.25, 0.5]], True),
        (1, Rule(0.125, margin=0.0, reward=False), [[0.75, 0.25], [0.375, 0.5]], True),
        # Weights end at 0 and at 1; those of both signs do not.
        (0, Rule(0.5, margin=1.0), [[1, 0.25], [0, 0.5]], True),
        (0, Rule(0.5, margin=1.0, signed=True), [[1.25, 0.25], [-0.25, 0.5]], True),
    ],
)
def test_one_presentation_by_hand(label, rule, expected, taught):
    weights = TWO.copy()
    assert slow.present(weights, np.array([0, 1]), FIRST, label, rule._replace(scaling=False)) is (
        taught
    )
    np.testing.assert_array_equal(weights, expected)


def test_scaling_by_hand():
    np.testing.assert_array_equal(slow.scaled([[3.0, 4.0], [0, 0], [-2, 0]]),
                                  [[629146 / 2**20, 838861 / 2**20], [0, 0], [-1, 0]])  # fmt: skip
    weights = np.array([[1.0, 0.0], [0.6, 0.8]])
    slow.present(weights, np.array([0, 1]), train_of([[], [4]], 4), 0, Rule(0.75, margin=1.0))
    # (1, .75) has a norm of 1.25; (.6, .05) has one of sqrt(.3625).
    expected = [[0.8, 0.6], [0.6 / math.sqrt(0.3625), 0.05 / math.sqrt(0.3625)]]
    np.testing.assert_allclose(weights, expected, rtol=0, atol=2**-21)
    signed = np.array([[1.0, 0.0], [0.6, 0.25]])
    rule = Rule(0.85, margin=1.0, signed=True)
    slow.present(signed, np.array([0, 1]), train_of([[], [4]], 4), 0, rule)
    np.testing.assert_allclose(signed[1], np.array([1, -1]) / math.sqrt(2), rtol=0, atol=2**-21)


def test_the_change_is_in_units_of_the_norm_of_the_traces():
    weights = np.zeros((2, 2))
    rule = Rule(0.5, margin=1.0, scaling=False)
    slow.present(weights, np.array([0, 1]), train_of([[2], [1]], 4), 0, rule)  # traces 3, 4
    np.testing.assert_allclose(weights, [[0.3, 0.4], [0, 0]], rtol=0, atol=2**-21)


def test_equal_neurons_and_a_class_alone():
    weights = np.full((4, 2), 0.5)
    slow.present(weights, np.array([1, 0, 0, 1]), BOTH, 0, Rule(0.5, margin=0.1, scaling=False))
    changed = (weights != 0.5).any(axis=1)
    assert changed.tolist() == [True, True, False, False]  # the first neuron of each side
    alone = np.full((1, 2), 0.5)
    assert slow.present(alone, np.array([0]), FIRST, 0, Rule(0.25, margin=0.0, scaling=False))
    np.testing.assert_array_equal(alone, [[0.75, 0.5]])


def test_silence_by_hand():
    trains, labels = np.array([BOTH, BOTH]), np.array([0, 0])
    rule = Rule(0.125, margin=1.0, scaling=False)
    silent = np.array([[False, True], [True, True]])
    history, taught = slow.learn(
        TWO, [0, 1], trains, labels, [0, 1], rule, silent=silent, groups=np.array([0, 1])
    )
    np.testing.assert_array_equal(history[0], [[0.875, 0.25], [0.125, 0.5]])
    np.testing.assert_array_equal(history[1], history[0])  # where all are silent, nothing learns
    assert taught.ravel().tolist() == [True, False]


def test_recruits_and_their_traces():
    trains = np.array([train_of([[1], [2]], 4), FIRST])  # traces (4, 3) and (1, 0)
    weights = slow.recruited(trains, [1, 0, 0])
    expected = [[1.001, 0.001] / np.hypot(1.001, 0.001), [4.001, 3.001] / np.hypot(4.001, 3.001)]
    np.testing.assert_allclose(weights[:2], expected, rtol=0, atol=2**-21)
    np.testing.assert_array_equal(weights[1], weights[2])


def test_the_average_is_of_the_weights_after_each_presentation():
    trains, rule = np.array([FIRST, BOTH]), Rule(0.25, margin=9.0, scaling=False, signed=True)
    history, _ = slow.learn(np.zeros((2, 2)), [0, 1], trains, [0, 0], [0, 0, 0], rule)
    np.testing.assert_array_equal(history[:, 0, 0], [0.25, 0.5, 0.75])
    np.testing.assert_array_equal(history[:, 1, 0], [-0.25, -0.5, -0.75])
    np.testing.assert_array_equal(slow.averaged(history, [0, 1, 1])[:, 0], [0.625, -0.625])
    np.testing.assert_array_equal(slow.averaged(history, [3, 0, 1])[:, 0], [0.375, -0.375])
    third = slow.averaged(history, [0, 1, 2])[0, 0]  # (.5 + 1.5) / 3, on the grid
    assert third == round(2 / 3 * 2**20) / 2**20


def test_columns_learn_side_by_side_as_if_alone():
    rng = np.random.default_rng(0)
    trains = (rng.random((12, 5, 9)) < 0.3).astype(np.uint8)
    labels, order = np.arange(12) % 3, rng.permutation(12)
    classes, columns = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1])
    weights = slow.scaled(rng.random((6, 5)))
    silent = rng.random((12, 2, 5)) < 0.3
    rule, groups = Rule(0.2, margin=0.3), np.arange(5)
    history, taught = slow.learn(
        weights, classes, trains, labels, order, rule, silent=silent, groups=groups,
        columns=columns,
    )  # fmt: skip
    for column in (0, 1):
        alone = columns == column
        expected, its_own = slow.learn(
            weights[alone], classes[alone], trains, labels, order, rule,
            silent=silent[:, column], groups=groups,
        )  # fmt: skip
        np.testing.assert_array_equal(history[:, alone], expected)
        np.testing.assert_array_equal(taught[:, column], its_own[:, 0])
    assert taught.any(axis=0).all()


def test_decisions_by_hand():
    V, classes = np.array([0.25, 0.75, 0.5, 1.0]), [0, 0, 1, 1]
    np.testing.assert_array_equal(slow.class_scores(V, classes, 2), [0.75, 1.0])
    np.testing.assert_array_equal(
        slow.class_scores(V, [0, 1, 0, 1], 2, columns=[0, 0, 1, 1]), [0.375, 0.875]
    )
    noisy = slow.class_scores(np.array([0.5, 0.5, 0.5]), [0, 0, 1], 2, noise=0.25)
    np.testing.assert_allclose(noisy, [0.5 + 0.25 * math.log(2), 0.5])
    assert slow.class_scores(V[:1], [1], 2).tolist() == [-np.inf, 0.25]


def test_neurons_of_classes_by_hand():
    labels = np.array([0, 0, 0, 0, 1, 2, 2])
    assert np.bincount(slow.neurons_of_classes(labels, 6)).tolist() == [3, 1, 2]
    assert np.bincount(slow.neurons_of_classes(labels, 8)).tolist() == [4, 2, 2]
    assert slow.neurons_of_classes(labels, 2).tolist() == [0, 1]


def test_latencies_by_hand():
    trains = slow.latency_trains([[0.0, 2.0, 1.0, 0.3], [0.0, 0.0, 0.0, 0.0]], 4)
    assert [np.flatnonzero(row).tolist() for row in trains[0]] == [[], [1], [3], [4]]
    assert not trains[1].any()


# ------------------------------------------------------------- the package, against it


PLAIN = {"competitive_epochs": 1}
LEARNINGS = [
    PrototypeLearning(**PLAIN),
    PrototypeLearning(margin=0.0, **PLAIN),
    PrototypeLearning(margin=2.0, eta_decay=0.5, **PLAIN),
    PrototypeLearning(competitive_epochs=9),
    PrototypeLearning(competitive_epochs=0),
    PrototypeLearning(reinforcement=0.5, **PLAIN),
    PrototypeLearning(synaptic_scaling=False, **PLAIN),
    PrototypeLearning(recruitment=False, **PLAIN),
    PrototypeLearning(signed=True, **PLAIN),
    PrototypeLearning(signed=True, synaptic_scaling=False, **PLAIN),
    MarginLearning(margin=0.15, eta_decay=0.9, feature_dropout=0.0),
    MarginLearning(margin=0.0, eta_decay=1.0, feature_dropout=0.0, averaging=0),
    MarginLearning(margin=0.3, eta_decay=0.8, feature_dropout=0.0, averaging=1, n_columns=3),
    MarginLearning(margin=0.3, feature_dropout=0.0, recruitment=0.7, n_columns=3),
]


@pytest.mark.parametrize("learning", LEARNINGS, ids=str)
def test_learning_images_equals_the_simulation_of_every_spike(learning):
    X, y = load_digits(return_X_y=True)
    X, y = X[:200], y[:200]  # more than one batch
    trains = SpikeEncoder("latency", training_duration=32).fit_transform(X)
    clf = SNNClassifier(
        learning=learning, encoder="latency", augmentation=None, **SHORT | {"n_neurons": 60}
    )
    assert_equals_reference(clf, X, trains, y, 0)


TABLE_LEARNINGS = [
    PrototypeLearning(feature_dropout=0.0, **PLAIN),
    PrototypeLearning(feature_dropout=0.3, **PLAIN),
    PrototypeLearning(feature_dropout=0.8, signed=True, **PLAIN),
    MarginLearning(margin=0.1, eta_decay=0.93, feature_dropout=0.1),
    MarginLearning(margin=0.1, eta_decay=0.93, feature_dropout=0.4, recruitment=0, n_columns=2),
    MarginLearning(margin=0.1, eta_decay=0.93, feature_dropout=0.4, n_columns=5, averaging=0.5),
]


@pytest.mark.parametrize("learning", TABLE_LEARNINGS, ids=str)
def test_learning_a_table_equals_the_simulation_of_every_spike(learning):
    """Dropout feature by feature, in each column by itself."""
    X, y = load_wine(return_X_y=True)
    scaled = np.clip((X - X.mean(axis=0)) / (5 * X.std(axis=0)) + 0.5, 0, 1)
    trains = slow.latency_trains(slow.fields(scaled, 10, 1 / 36), 32)
    groups = np.repeat(np.arange(X.shape[1]), 10)
    encoder = SpikeEncoder(
        training_duration=32, n_fields=10, field_variance=1 / 36, field_code="latency",
        scale="standard",
    )  # fmt: skip
    clf = SNNClassifier(learning=learning, encoder=encoder, **SHORT | {"n_neurons": 30})
    assert_equals_reference(clf, X, trains, y, 1, groups)


@pytest.mark.parametrize("learning", LEARNINGS, ids=str)
def test_learning_spike_trains_of_any_kind_equals_the_simulation(learning):
    rng = np.random.default_rng(2)
    trains = (rng.random((150, 12, 40)) < 0.2).astype(np.uint8)
    trains[:, :, 0] = 0
    trains[7] = 0  # one sample is silent
    y = np.arange(150) % 3
    clf = SNNClassifier(learning=learning, **SHORT | {"n_neurons": 24})
    assert_equals_reference(clf, trains, trains, y, 2)
