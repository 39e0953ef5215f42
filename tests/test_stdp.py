"""Learning rules against their equations."""

import math

import numpy as np
import pytest

from nervos_sklearn import Module, Parameters, SNNClassifier, STDPLearning, stdp


@pytest.mark.parametrize(
    ("rule", "dt", "expected"),
    [
        (stdp.conventional, 0, 0.8),
        (stdp.conventional, 10, 0.8 * math.exp(-2)),
        (stdp.conventional, -10, -0.3 * math.exp(-2)),
        (stdp.cos, 0, 1),
        (stdp.cos, 1, math.cos(math.pi / 3)),
        (stdp.cos, -1, math.cos(math.pi / 3)),
        (stdp.cos, 3.5, -4 * (math.exp(-0.4) - math.exp(-0.8))),
        (stdp.cos, -3.5, -4 * (math.exp(-0.4) - math.exp(-0.8))),
        (stdp.sin, 0, 0),
        (stdp.sin, 2.5, math.sin(math.pi / 4)),
        (stdp.sin, -2, -4 * (math.exp(-0.4) - math.exp(-0.8))),
        (stdp.sin, 12, -4 * (math.exp(-0.4) - math.exp(-0.8))),
        (stdp.ngauss, 0, -1),
        (stdp.ngauss, -5, -math.exp(-0.5)),
    ],
)
def test_rule_by_hand(rule, dt, expected):
    assert float(rule(dt)) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("rule", [stdp.cos, stdp.sin])
def test_rules_are_continuous_at_the_edges_of_their_windows(rule):
    dt = np.linspace(-20, 20, 400_001)
    assert np.abs(np.diff(rule(dt))).max() < 2e-4


def test_a_module_learns_by_its_rule():
    module = Module(Parameters(past_window=-20))
    assert module.STDP(5) == pytest.approx(0.8 * math.exp(-1))
    module.learning_rule = "sin"
    assert module.STDP(5) == pytest.approx(1)
    module.learning_rule = lambda dt: 0.25 if dt > 3 else -0.5
    assert [module.STDP(t) for t in (2, 4)] == [-0.5, 0.25]
    module.learning_rule = [[-10, -1], [10, 1]]
    assert [module.STDP(t) for t in (-5, 0, 11)] == [-0.5, 0, 0]


def test_a_rule_of_ones_own_equals_the_built_in_one():
    rng = np.random.default_rng(0)
    X = (rng.random((20, 8, 61)) < 0.3).astype(np.uint8)
    y = np.arange(20) % 2

    def weights(rule):
        learning = STDPLearning(rule)
        clf = SNNClassifier(4, learning=learning, spike_threshold=-65, random_state=0)
        return clf.fit(X, y).module_.layers[0].synapses

    def mine(dt):
        return 0.8 * math.exp(-dt / 5) if dt >= 0 else -0.3 * math.exp(dt / 5)

    lags = np.arange(-20.0, 21.0)
    table = np.column_stack([lags, [mine(t) for t in lags]])
    np.testing.assert_allclose(weights(mine), weights("conventional"), rtol=0, atol=1e-12)
    np.testing.assert_allclose(weights(table), weights("conventional"), rtol=0, atol=1e-12)
    assert not np.allclose(weights("sin"), weights("conventional"))


def test_unlearning_only_forgets():
    rng = np.random.default_rng(0)
    X = (rng.random((20, 8, 61)) < 0.3).astype(np.uint8)
    X[:, :, 0] = 0
    module = Module(Parameters(spike_threshold=-65, training_duration=60), random_state=0)
    module.initialise_layers([8, 4])
    module.learn(X, np.zeros(20, dtype=int))
    before = module.get_all_synapses()
    labels = module.neuron_label_map.copy()
    module.learn(X, rule="ngauss")
    after = module.get_all_synapses()
    assert (after <= before).all()
    assert (after < before).any()
    np.testing.assert_array_equal(module.neuron_label_map, labels)


@pytest.mark.parametrize(
    "rule",
    [
        "hebb",
        [[0, 1, 2]],
        [[1, 0], [0, 1]],
        [[0, np.nan]],
        lambda dt: np.nan,
        lambda dt: 1e300,
        lambda dt: "x",
    ],
)
def test_wrong_rules_are_refused_and_change_nothing(rule):
    X = np.ones((2, 3, 11), dtype=np.uint8)
    X[:, :, 0] = 0
    module = Module(Parameters(training_duration=10))
    module.initialise_layers([3, 2])
    module.learning_rule = rule
    before = module.get_all_synapses()
    with pytest.raises(ValueError, match="rule"):
        module.learn(X, [0, 1])
    np.testing.assert_array_equal(module.get_all_synapses(), before)
