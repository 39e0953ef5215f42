"""Module against a slow simulator, hand-solved numbers, and what must never change."""

import copy
import json
import logging
import math
import pickle
import subprocess
import sys
import threading
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from reference import Reference, nearest, stdp, updated
from scipy import stats

from nervos_sklearn import (
    EnduranceSynapse,
    LinearSynapse,
    Module,
    Parameters,
    Synapse,
    TableSynapse,
    apply_truncated_noise_to_value,
    apply_truncated_noise_vectorized,
    load_model,
    save_model,
)

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.npz"))

# A small network that fires often: 1.5 mV from rest to threshold, no long rest.
SMALL = {
    "training_duration": 30,
    "past_window": -4,
    "epochs": 2,
    "resting_potential": -70.0,
    "inhibitory_potential": -71.0,
    "spike_threshold": -68.5,
    "reset_potential": -70.5,
    "spike_drop_rate": 0.05,
    "threshold_drop_rate": 0.2,
    "refractory_time": 1,
    "eta": 0.1,
}


def settings(**changes):
    return Parameters(**(SMALL | changes)).to_dict()


def spike_trains(rng, n_samples, n_channels, T, rate=0.3):
    X = (rng.random((n_samples, n_channels, T + 1)) < rate).astype(np.uint8)
    X[:, :, 0] = 0
    return X


def network(p, sizes, weights=None, random_state=0, **flags):
    module = Module(Parameters(**p), random_state=random_state)
    module.initialise_layers(list(sizes))
    for layer, w in zip(module.layers, weights or [], strict=False):
        layer.set_synapses(w)
    for name, value in flags.items():
        assert hasattr(module, name)
        setattr(module, name, value)
    return module


def small(rng_seed=0, n_samples=6, sizes=(8, 5), random_state=0, **changes):
    """A small network with random weights, and labelled samples for it."""
    rng = np.random.default_rng(rng_seed)
    p = settings(**changes)
    weights = [rng.uniform(0.2, 1, (n, m)) for m, n in pairwise(sizes)]
    X = spike_trains(rng, n_samples, sizes[0], p["training_duration"])
    return network(p, sizes, weights, random_state), X, np.arange(n_samples) % 3


def state(module):
    """Everything a presentation without learning, or a refused one, must leave alone."""
    return {
        "weights": [layer.synapses.copy() for layer in module.layers],
        "update_counts": [counts.copy() for counts in module.synapse_update_counts],
        "labels": np.array(module.neuron_label_map),
        "sizes": list(module.layer_sizes),
        "parameters": module.parameters.to_dict(),
        "flags": [module.wta, module.true_lif, module.enable_synaptic_noise],
        "learned": copy.deepcopy(getattr(module, "learned_synapses", None)),
        "learned_labels": copy.deepcopy(getattr(module, "learned_neuron_label_map", None)),
        "records": [len(module.spikeplots), len(module.layerpotentials)],
    }


def assert_same_network(a, b):
    assert a["sizes"] == b["sizes"]
    assert a["parameters"] == b["parameters"]
    assert a["flags"] == b["flags"]
    assert a["records"] == b["records"]
    np.testing.assert_array_equal(a["labels"], b["labels"])
    for key in ("weights", "update_counts"):
        for x, y in zip(a[key], b[key], strict=True):
            np.testing.assert_array_equal(x, y)
    for key in ("learned", "learned_labels"):
        assert (a[key] is None) == (b[key] is None)
        if a[key] is not None:
            for x, y in zip(a[key], b[key], strict=True):
                np.testing.assert_array_equal(x, y)


def assert_equals_reference(module, ref, X, y, passes=1):
    """Learn and answer with both; return how often the last layer fired."""
    fired = 0
    for _ in range(passes):
        expected = ref.learn(X, y)
        np.testing.assert_array_equal(module.learn(X, y), expected)
        fired += expected.sum()
        for layer, weights in zip(module.layers, ref.weights, strict=True):
            np.testing.assert_allclose(layer.synapses, weights, rtol=0, atol=1e-12)
        for counts, expected in zip(module.synapse_update_counts, ref.update_counts, strict=True):
            np.testing.assert_array_equal(counts, expected)
        np.testing.assert_array_equal(module.neuron_label_map, ref.label_map)
    np.testing.assert_array_equal(module.count_spikes(X), ref.count(X))
    np.testing.assert_array_equal([module.get_prediction(x) for x in X], ref.predict(X))
    return fired


# ---------------------------------------------------------------- the reference itself


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_reference_reproduces_recorded_runs(path):
    golden = np.load(path)
    n_layers = sum(key.startswith("final_synapses") for key in golden)
    ref = Reference(
        json.loads(str(golden["parameters"])),
        [golden[f"initial_synapses_{k}"] for k in range(n_layers)],
        levels=golden.get("levels"),
        lookup=golden.get("lookup"),
        **json.loads(str(golden["flags"])),
    )
    counts = ref.learn(golden["spikes"], golden["labels"])
    np.testing.assert_array_equal(counts, golden["train_spike_counts"])
    for k in range(n_layers):
        np.testing.assert_allclose(
            ref.weights[k], golden[f"final_synapses_{k}"], rtol=0, atol=1e-13
        )
    np.testing.assert_array_equal(ref.label_map, golden["neuron_label_map"])


# ---------------------------------------------------------------- whole runs against it


def dyadic_levels(rng, low=0.0, high=1.0):
    """Unsorted levels, multiples of 1/64 so that sums of weights are exact and ties are ties."""
    return rng.permutation(low + (high - low) * rng.integers(0, 65, rng.integers(2, 12)) / 64)


def random_case(rng, **fixed):
    """Settings, sizes, flags: anything the reference can run."""
    p = settings(
        training_duration=int(rng.integers(10, 45)),
        past_window=int(rng.integers(-4, 1)),
        inhibitory_potential=-70 + rng.uniform(-4, 0.08),
        reset_potential=-70 + rng.uniform(-3, 0.08),
        spike_threshold=-70 + rng.uniform(0.5, 3),
        spike_drop_rate=rng.uniform(0, 0.5),
        threshold_drop_rate=rng.uniform(0, 0.6),
        A_up=rng.uniform(0, 1.5),
        A_down=rng.uniform(-2, 0.2),
        tau_up=rng.uniform(0.5, 20),
        tau_down=rng.uniform(0.5, 20),
        eta=rng.uniform(0, 0.5),
        refractory_time=int(rng.integers(0, 5)),
        tau_m=rng.uniform(1, 20),
        tau_threshold=rng.uniform(1, 20),
        min_weight=rng.choice([1e-5, 0.0, 0.1, -0.5]),
        max_weight=rng.choice([1.0, 1.5]),
    ) | {k: v for k, v in fixed.items() if k in SMALL or k in Parameters().to_dict()}
    sizes = fixed.get("sizes") or rng.integers(3, 9, rng.integers(2, 5)).tolist()
    flags = {
        "wta": fixed.get("wta", bool(rng.random() < 0.6)),
        "true_lif": fixed.get("true_lif", bool(rng.random() < 0.4)),
    }
    synapse = fixed.get("synapse", rng.choice(["ideal", "levels", "endurance"]))
    if synapse == "levels":
        flags["levels"] = dyadic_levels(rng)
    elif synapse == "endurance":
        width = rng.integers(2, 9)
        rows = rng.integers(0, 65, (rng.integers(1, 25), width)) / 64
        flags["lookup"] = rng.permuted(rows, axis=1)
    return p, sizes, flags


def both(rng, p, sizes, flags, ones=False):
    exact = "levels" in flags or "lookup" in flags
    shapes = [(n, m) for m, n in pairwise(sizes)]
    weights = [
        np.ones(shape) if ones else rng.integers(20, 65, shape) / 64 if exact
        else rng.uniform(p["min_weight"], p["max_weight"], shape)
        for shape in shapes
    ]  # fmt: skip
    module = network(p, sizes, weights, wta=flags["wta"], true_lif=flags["true_lif"])
    if "levels" in flags:
        module.allowed_levels = flags["levels"]
    if "lookup" in flags:
        module.enable_cycle_dependent_weights = True
        module.cycle_dependent_weight_lookup = flags["lookup"]
    return module, Reference(p, weights, **flags)


CASES = {
    "plain": {},
    "all_neurons_learn": {"wta": False},
    "true_lif": {"true_lif": True},
    "true_lif_all_neurons": {"true_lif": True, "wta": False},
    "levels": {"synapse": "levels"},
    "endurance": {"synapse": "endurance"},
    "endurance_all_neurons": {"synapse": "endurance", "wta": False},
    "no_rest": {"refractory_time": 0},
    "long_rest": {"refractory_time": 12},
    "window_0": {"past_window": 0},
    "window_1": {"past_window": -1},
    "window_2": {"past_window": -2},
    "window_3": {"past_window": -3},
    "many_fire": {"spike_threshold": -69.9, "wta": False},
    "no_leak": {"spike_drop_rate": 0.0, "threshold_drop_rate": 0.0},
    "strong_leak": {"spike_drop_rate": 2.0, "threshold_drop_rate": 3.0, "spike_threshold": -69.9},
    "leak_almost_everything": {
        "true_lif": True,
        "tau_m": 1.2,
        "tau_threshold": 0.7,
        "spike_threshold": -69.7,
    },
    "fast_learning": {"eta": 1.5, "A_up": 1.0, "A_down": -1.0},
    "one_step": {"training_duration": 1, "spike_threshold": -69.5},
    "one_input": {"sizes": [1, 4], "spike_threshold": -69.9},
    "one_neuron": {"sizes": [6, 1]},
    "two_layers": {"sizes": [8, 6, 4], "spike_threshold": -69.5},
    "three_layers": {"sizes": [9, 7, 6, 4], "spike_threshold": -69.7},
    "three_layers_endurance": {
        "sizes": [9, 7, 6, 4],
        "spike_threshold": -69.7,
        "synapse": "endurance",
        "wta": False,
    },
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("case", CASES)
def test_equals_reference(case, seed):
    rng = np.random.default_rng(seed)
    fixed = {"sizes": [8, 5], "wta": True, "true_lif": False, "synapse": "ideal"} | {
        "spike_drop_rate": 0.1
    }
    p, sizes, flags = random_case(rng, **(fixed | CASES[case]))
    module, ref = both(rng, p, sizes, flags)
    X = spike_trains(rng, 5, sizes[0], p["training_duration"], rate=0.5)
    assert assert_equals_reference(module, ref, X, rng.integers(0, 4, 5), passes=2) > 0


@pytest.mark.parametrize("seed", range(40))
def test_equals_reference_in_any_combination(seed):
    rng = np.random.default_rng(1000 + seed)
    p, sizes, flags = random_case(rng)
    module, ref = both(rng, p, sizes, flags, ones=seed % 3 == 0)
    X = spike_trains(rng, 4, sizes[0], p["training_duration"], rate=rng.uniform(0.1, 0.9))
    assert_equals_reference(module, ref, X, rng.integers(0, 4, 4))


@pytest.mark.parametrize("seed", range(5))
def test_potential_exactly_at_the_threshold_equals_reference(seed):
    rng = np.random.default_rng(seed)
    p = settings(eta=0.0, spike_drop_rate=0.25, threshold_drop_rate=0.5, past_window=-1)
    weights = rng.integers(1, 5, (5, 6)) / 4  # with such numbers sums and differences are exact
    module, ref = network(p, [6, 5], [weights]), Reference(p, [weights])
    X = spike_trains(rng, 5, 6, 30)
    assert_equals_reference(module, ref, X, rng.integers(0, 3, 5))
    silent_wins = 0
    for x in X:
        counts, _ = ref.present(x)
        silent_wins += counts.sum() - ref.trains[1].any(axis=0).sum()
    assert silent_wins > 0  # a winner at its threshold wins, but only one above it spikes


@pytest.mark.parametrize("order", [[0.25, 0.75], [0.75, 0.25], [1.0, 0.75, 0.0, 0.25]])
@pytest.mark.parametrize("model", ["levels", "lookup"])
def test_tie_between_levels_goes_to_the_first_one(order, model):
    p = settings(A_up=0.0, A_down=0.0, past_window=0)
    flags = {"wta": True, "true_lif": False, model: [order] if model == "lookup" else order}
    module, ref = both(np.random.default_rng(0), p, [6, 3], flags)
    for target in (module.layers[0].synapses, ref.weights[0]):
        target[:] = 0.5
    X = spike_trains(np.random.default_rng(1), 1, 6, 30, rate=0.6)
    assert module.update_synapse(0.5, 0.0, 0, 0) == order[0 if len(order) == 2 else 1]
    assert assert_equals_reference(module, ref, X, [0]) > 0


def test_tied_neurons_win_in_index_order_and_learn_alone():
    p = settings()
    module, ref = both(np.random.default_rng(0), p, [6, 4], {"wta": True, "true_lif": False}, True)
    X = spike_trains(np.random.default_rng(2), 1, 6, 30, rate=0.6)
    X[0, :, 1] = 1
    assert module.count_spikes(X)[0].argmax() == 0
    assert assert_equals_reference(module, ref, X, [1]) > 0


def test_own_learning_rule_equals_reference():
    def rule(dt):
        return np.where(np.asarray(dt) > 1, -0.3, 0.5 * np.cos(np.asarray(dt)))

    module, X, y = small()
    ref = Reference(settings(), [module.layers[0].synapses], rule=lambda dt: float(rule(dt)))
    module.learning_rule = rule
    assert assert_equals_reference(module, ref, X, y) > 0
    assert module.STDP(3) == pytest.approx(-0.3)
    assert module.STDP(-1) == pytest.approx(0.5 * math.cos(1))


def test_endurance_counts_go_on_over_samples_and_the_last_row_stays():
    rows = [[0.125 * k, 0.5 + 0.0625 * k] for k in range(4)]
    module, X, y = small(n_samples=3)
    module.enable_cycle_dependent_weights = True
    module.cycle_dependent_weight_lookup = rows
    module.learn(X, y)
    worn = module.synapse_update_counts[0] > len(rows)
    assert worn.any()
    assert np.isin(module.layers[0].synapses[worn], rows[-1]).all()


# ---------------------------------------------------------------- solved by hand


def hand(weights, T=8, **changes):
    p = settings(
        **{
            "training_duration": T,
            "inhibitory_potential": -72.0,
            "reset_potential": -71.0,
            "spike_threshold": -68.5,
            "spike_drop_rate": 0.25,
            "threshold_drop_rate": 0.5,
            "refractory_time": 2,
            "past_window": 0,
            "min_weight": 0.0,
        }
        | changes
    )
    return network(p, [len(weights[0]), len(weights)], [np.array(weights, float)])


def record(module, train, learn=False):
    spikes, potentials, weights = [], [], []
    labels = np.full(module.layer_sizes[-1], -1)
    T = module.parameters.training_duration
    counts, winner = module.feed_forward(
        train, labels, T, learn, 0 if learn else None, spikes, potentials, weights, plotting=True
    )
    return counts, winner, spikes, potentials, weights


def test_presentation_solved_by_hand():
    # t=1: V0 = -70 + 1 - 0.25 = -69.25, V1 = -70 + 0.5 - 0.25 = -69.75
    # t=2: C0 = -69.25 + 1 - 0.25 = -68.5 = H: fires without a spike, all inhibited till 4
    # t=3, 4: C0 is held at H, so the firing repeats: rest until 6
    # and so on: with C0 == H held, every later step fires again
    module = hand([[1.0], [0.5]], T=5)
    train = np.array([[0, 1, 1, 0, 0, 1]])
    counts, winner, spikes, potentials, _ = record(module, train)
    assert counts.tolist() == [4, 0]
    assert winner == 0
    assert not spikes[1].any()
    assert potentials[0][0] == {1: -69.25, 2: -72.0, 3: -72.0, 4: -72.0, 5: -72.0}
    assert potentials[0][1] == {1: -69.75, 2: -72.0, 3: -72.0, 4: -72.0, 5: -72.0}


def test_strong_winner_fires_again_until_its_threshold_has_passed_it():
    # t=1: C = [-66.25, -68.25, -69.25], H = -68.5: neurons 0 and 1 spike, 2 is inhibited
    # t=2: H0 = -67.5 < C0; neuron 1 (H1 = -67.5 > C1) is inhibited;  t=3: H0 = -66.5 < C0
    # t=4: H0 = -65.5 > C0: silence; all rest until 3 + 2 = 5
    # t=6: V0 = -71 + 4 = -67 leaks to -67.25, H0 = -65.5 - 0.5 = -65: no winner
    module = hand([[4.0], [2.0], [1.0]], T=6, max_weight=4.0)
    train = np.array([[0, 1, 1, 1, 1, 1, 1]])
    counts, winner, spikes, potentials, _ = record(module, train)
    assert counts.tolist() == [3, 0, 0]
    assert winner == 0
    assert spikes[1][0].tolist() == [0, 1, 1, 1, 0, 0, 0]
    assert spikes[1][1].tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert not spikes[1][2].any()
    assert list(potentials[0][0].values()) == [-71, -71, -71, -71, -71, -67.25]
    # -72 + 2 is not above rest: no leak
    assert list(potentials[0][1].values()) == [-71, -72, -72, -72, -72, -70.0]
    assert list(potentials[0][2].values()) == [-72, -72, -72, -72, -72, -71.0]


def test_refractory_layer_does_not_integrate():
    module = hand([[4.0]], T=3, max_weight=4.0, refractory_time=50)
    _, _, _, potentials, _ = record(module, np.array([[0, 1, 1, 1]]))
    assert potentials[0][0] == {1: -71.0, 2: -71.0, 3: -71.0}


def test_weights_after_one_firing_solved_by_hand():
    # t=3 fires once (C = -68.25, then H = -67.5): input 0 spiked now and one step ago, input 1
    # one step ago, input 2 two steps ago, out of the window; F = A_up exp(-d / tau_up)
    module = hand(
        [[0.5, 0.5, 0.5]], T=3, past_window=-1, spike_threshold=-68.625, spike_drop_rate=0.0625,
        A_up=1.0, A_down=-0.5, tau_up=2.0, tau_down=4.0, eta=0.5,
    )  # fmt: skip
    train = np.array([[0, 0, 1, 1], [0, 0, 1, 0], [0, 1, 0, 0]])
    labels = np.array([-1])
    counts, _ = module.feed_forward(train, labels, range(2, 4), True, 7)
    assert counts.tolist() == [1]
    assert labels.tolist() == [7]
    w = 0.5 + 0.5 * 0.5**0.9  # lag 0
    assert module.layers[0].synapses[0, 0] == pytest.approx(
        w + 0.5 * math.exp(-0.5) * (1 - w) ** 0.9, abs=1e-15
    )
    assert module.layers[0].synapses[0, 1] == pytest.approx(
        0.5 + 0.5 * math.exp(-0.5) * 0.5**0.9, abs=1e-15
    )
    assert module.layers[0].synapses[0, 2] == pytest.approx(
        0.5 - 0.25 * math.exp(-0.25) * 0.5**0.9, abs=1e-15
    )
    assert module.synapse_update_counts[0].tolist() == [[2, 1, 1]]


def test_touched_input_is_not_depressed_again_in_the_same_sample():
    # fires at t = 1, 2 and 3; input 0 spikes at t = 1 only, input 1 never
    module = hand([[4.0, 1.0]], T=3, max_weight=4.0)
    train = np.array([[0, 1, 0, 0], [0, 0, 0, 0]])
    module.feed_forward(train, np.array([-1]), 3, True, 0)
    assert module.synapse_update_counts[0].tolist() == [[1, 3]]
    module.feed_forward(train, np.array([-1]), 3, True, 0)
    assert module.synapse_update_counts[0].tolist() == [[2, 6]]


def test_all_neurons_learn_without_winner_takes_all():
    train = np.array([[0, 1]])
    for wta, learned in ((True, [True, False, False]), (False, [True, True, True])):
        module = hand([[4.0], [2.0], [1.0]], T=1, max_weight=5.0)
        module.wta = wta
        before = module.layers[0].synapses.copy()
        module.feed_forward(train, np.full(3, -1), 1, True, 0)
        assert (module.layers[0].synapses != before).ravel().tolist() == learned


def test_second_layer_sees_the_spikes_of_the_first_at_the_same_step():
    p = settings(
        training_duration=3, spike_threshold=-69.0, spike_drop_rate=0.25, refractory_time=0,
        max_weight=2.0,
    )  # fmt: skip
    module = network(p, [1, 1, 1], [np.array([[1.5]]), np.array([[2.0]])])
    _, _, spikes, potentials, _ = record(module, np.array([[0, 1, 0, 0]]))
    # layer 0: C = -68.75 > -69 at t=1, then H = -68; layer 1: C = -68.25, fires at t=1
    assert spikes[1].tolist() == [[0, 1, 0, 0]]
    assert spikes[2].tolist() == [[0, 1, 0, 0]]
    assert potentials[1][0][1] == -70.5


# ---------------------------------------------------------------- step by step


@pytest.mark.parametrize(
    ("dt", "F"),
    [(0, 0.8), (5, 0.8 / math.e), (10, 0.8 / math.e**2), (-5, -0.3 / math.e), (-1, -0.2456192259)],
)
def test_stdp_by_hand(dt, F):
    assert Module(Parameters()).STDP(dt) == pytest.approx(F, abs=1e-10)


def test_stdp_follows_its_settings():
    module = Module(Parameters(A_up=2.0, tau_up=4.0, A_down=-1.0, tau_down=8.0))
    assert module.STDP(4) == pytest.approx(2 / math.e)
    assert module.STDP(-8) == pytest.approx(-1 / math.e)


@pytest.mark.parametrize(
    ("w", "F", "expected"),
    [
        (0.5, 0.8, 0.5 + 0.024 * 0.5358867312681466),
        (0.5, -0.3, 0.5 - 0.009 * 0.5358770854),
        (1.0, 0.8, 1.0),
        (1e-5, -0.3, 1e-5),
        (0.5, 0.0, 0.5),
        (1.2, 0.8, 1.2 - 0.024 * 0.2349238),
        (1e-5, 0.8, 1e-5 + 0.024 * 0.9999910000),
    ],
)
def test_update_synapse_by_hand(w, F, expected):
    module = network(Parameters().to_dict(), [2, 2])
    assert module.update_synapse(w, F, 0, 0) == pytest.approx(expected, abs=1e-9)
    assert (module.layers[0].synapses == 1).all()
    assert not module.synapse_update_counts[0].any()


@pytest.mark.parametrize("seed", range(5))
def test_update_synapse_equals_reference(seed):
    rng = np.random.default_rng(seed)
    p = settings(min_weight=rng.uniform(-1, 0.2), max_weight=rng.uniform(0.5, 2), eta=0.4)
    module = network(p, [2, 2])
    for w, F in rng.uniform(-1.2, 2.2, (50, 2)):
        assert module.update_synapse(w, F, 1, 1) == pytest.approx(updated(w, F, p), abs=1e-13)
    module.allowed_levels = levels = rng.uniform(-1, 2, 7)
    for w, F in rng.uniform(-1.2, 2.2, (50, 2)):
        assert module.update_synapse(w, F, 1, 1) == updated(w, F, p, levels)


def test_update_synapse_takes_the_levels_of_its_cycle():
    rows = [[0.0, 1.0], [0.2, 0.4], [0.6, 0.9]]
    module = network(settings(), [2, 1])
    module.enable_cycle_dependent_weights = True
    module.cycle_dependent_weight_lookup = rows
    train = np.array([[0, 1, 1], [0, 0, 1]])
    memory = np.zeros((1, 2), dtype=bool)
    W = module.layers[0].synapses
    for i in (0, 1):
        module.reweigh_synapses_for_between_input_and_output_neuron(i, train, W, 2, 0, memory)
    assert module.synapse_update_counts[0].tolist() == [[2, 1]]
    # input 0: from 1 to 1.0, then of 0.2 and 0.4 the nearest; input 1: one update
    assert W.tolist() == [[0.4, 1.0]]
    assert module.update_synapse(0.5, 0.0, 0, 0) == 0.6
    assert module.update_synapse(0.5, 0.0, 0, 1) == 0.4
    for _ in range(5):
        module.reweigh_synapses_for_between_input_and_output_neuron(1, train, W, 2, 0, memory)
    assert module.update_synapse(0.5, 0.0, 0, 1) == 0.6


def test_finite_levels_yield_to_cycle_dependent_ones():
    module = network(settings(), [2, 1], allowed_levels=[0.1, 0.2])
    module.enable_cycle_dependent_weights = True
    module.cycle_dependent_weight_lookup = [[0.5, 0.75]]
    assert module.update_synapse(0.5, 0.0, 0, 0) == 0.5
    module.enable_cycle_dependent_weights = False
    assert module.update_synapse(0.5, 0.0, 0, 0) == 0.2


def test_reweigh_by_hand():
    p = settings(past_window=-2)
    module = network(p, [3, 2])
    W = np.full((2, 3), 0.5)
    memory = np.zeros((2, 3))
    train = np.array([[0, 1, 0, 1, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 1]])
    for i in range(3):
        module.reweigh_synapses_for_between_input_and_output_neuron(i, train, W, 3, 1, memory)
    assert (W[0] == 0.5).all()
    assert (module.layers[0].synapses == 1).all()
    assert W[1, 0] == pytest.approx(updated(updated(0.5, stdp(0, p), p), stdp(2, p), p))
    assert W[1, 1:] == pytest.approx(updated(0.5, stdp(-1, p), p))
    assert memory.tolist() == [[0, 0, 0], [1, 0, 0]]
    assert module.synapse_update_counts[0].tolist() == [[0, 0, 0], [2, 1, 1]]
    # remembered inputs rest, the others sink on
    for i in range(3):
        module.reweigh_synapses_for_between_input_and_output_neuron(
            i, np.zeros_like(train), W, 3, 1, memory
        )
    assert module.synapse_update_counts[0].tolist() == [[0, 0, 0], [2, 2, 2]]


def test_reweigh_near_the_start_looks_back_to_column_0_only():
    module = network(settings(past_window=-4), [1, 1])
    W, memory = np.full((1, 1), 0.5), np.zeros((1, 1))
    train = np.array([[1, 0, 0, 1, 1]])  # the spikes at the end must not wrap around
    module.reweigh_synapses_for_between_input_and_output_neuron(0, train, W, 1, 0, memory)
    assert module.synapse_update_counts[0].tolist() == [[1]]
    assert W[0, 0] == pytest.approx(updated(0.5, stdp(1, settings()), settings()))


def integrate(module, neuron, drive, t, in_training=False):
    current = np.zeros(3)
    train, weights = np.array([1, 0, 1]), np.array([drive / 2, 99.0, drive / 2])
    module.update_current_potentials_and_adaptive_thresholds(
        current, neuron, 1, train, weights, t, in_training
    )
    assert current[[0, 2]].tolist() == [0, 0]
    return current[1]


def test_integration_by_hand():
    module = network(settings(spike_drop_rate=0.25, threshold_drop_rate=0.5), [3, 3])
    neuron = module.layers[0].layer[1]
    assert integrate(module, neuron, 1.0, 1) == -69.25
    assert neuron.potential == -69.25
    assert neuron.adaptive_threshold == -68.5  # at its base: does not sink
    neuron.adaptive_threshold = -66.0
    assert integrate(module, neuron, 0.0, 2) == -69.5
    assert neuron.adaptive_threshold == -66.5
    neuron.potential = -71.0
    assert integrate(module, neuron, 1.0, 3) == -70.0  # not above rest: neither leaks
    assert neuron.adaptive_threshold == -66.5
    assert integrate(module, neuron, 0.125, 4) == -70.125  # one leak may pass below rest
    assert neuron.potential_memory == {}


def test_threshold_may_sink_below_its_base_by_less_than_a_step():
    module = network(settings(threshold_drop_rate=0.4), [3, 3])
    neuron = module.layers[0].layer[1]
    neuron.adaptive_threshold = -68.4
    integrate(module, neuron, 1.0, 1)
    assert neuron.adaptive_threshold == pytest.approx(-68.8)
    integrate(module, neuron, 1.0, 2)
    assert neuron.adaptive_threshold == pytest.approx(-68.8)


def test_true_lif_integration_by_hand():
    module = network(settings(tau_m=4.0, tau_threshold=2.0), [3, 3], true_lif=True)
    neuron = module.layers[0].layer[1]
    neuron.adaptive_threshold = -66.5
    assert integrate(module, neuron, 2.0, 1) == -68.5  # -68 - 2/4
    assert neuron.adaptive_threshold == -67.5  # -66.5 - 2/2


def test_resting_neuron_keeps_its_last_computed_potential():
    module = network(settings(), [3, 3])
    neuron = module.layers[0].layer[1]
    neuron.state_just_after_firing(4)  # rests until 5
    assert neuron.rest_until == 5
    assert integrate(module, neuron, 1.0, 5, in_training=True) == 0
    assert neuron.potential == -70.5
    assert integrate(module, neuron, 1.0, 6, in_training=True) == -69.5 - 0.05
    assert neuron.potential_memory == {5: -70.5, 6: -69.55}


def step_by_step(module, train):
    """Present and learn with nothing but the public methods for single steps."""
    recorded, firings = [train], []
    for layer in module.layers:
        layer.initial()
        N, T = layer.num_output_neurons, train.shape[1] - 1
        current, counts = np.zeros(N), np.zeros(N)
        out, memory = np.zeros((N, T + 1), dtype=int), np.zeros(layer.synapses.shape)
        for t in range(1, T + 1):
            for j, neuron in enumerate(layer.layer):
                module.update_current_potentials_and_adaptive_thresholds(
                    current, neuron, j, train[:, t], layer.synapses[j], t, True
                )
            h = int(np.argmax(current))
            if current[h] < layer.layer[h].adaptive_threshold:
                continue
            counts[h] += 1
            for j, neuron in enumerate(layer.layer):
                if current[j] > neuron.adaptive_threshold:
                    out[j, t] = 1
                    neuron.state_just_after_firing(t)
                    neuron.adaptive_threshold += 1
                else:
                    neuron.inhibit(t)
            for j in [h] if module.wta else range(N):
                for i in range(layer.num_input_neurons):
                    module.reweigh_synapses_for_between_input_and_output_neuron(
                        i, train, layer.synapses, t, j, memory
                    )
            firings.append(layer.synapses.copy())
        train = out
        recorded.append(out)
    return counts, int(np.argmax(current)), recorded, firings


@pytest.mark.parametrize(
    "flags",
    [{}, {"wta": False}, {"true_lif": True}, {"allowed_levels": [0.25, 1.0, 0.5, 0.75]}, "cycles"],
    ids=str,
)
@pytest.mark.parametrize("sizes", [(8, 5), (8, 6, 4)], ids=str)
def test_step_by_step_equals_feed_forward(flags, sizes):
    if flags == "cycles":
        if len(sizes) > 2:
            pytest.skip("single steps know the counts of the first layer only")
        rows = np.random.default_rng(0).random((20, 6))
        flags = {"enable_cycle_dependent_weights": True, "cycle_dependent_weight_lookup": rows}
    fast, X, _ = small(sizes=sizes, spike_threshold=-69.3)
    slow, _, _ = small(sizes=sizes, spike_threshold=-69.3)
    for module in (fast, slow):
        for name, value in flags.items():
            setattr(module, name, value)
    for train in X[:3]:
        spikes, weights = [], []
        counts, winner = fast.feed_forward(
            train, np.full(sizes[-1], -1), 30, True, 0, spikes, [], weights
        )
        expected = step_by_step(slow, train)
        assert counts.tolist() == expected[0].tolist()
        assert counts.sum() > 0
        assert winner == expected[1]
        for a, b in zip(spikes, expected[2], strict=True):
            np.testing.assert_array_equal(a, b)
        for a, b in zip(weights, expected[3], strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)
    for a, b in zip(fast.layers, slow.layers, strict=True):
        np.testing.assert_allclose(a.synapses, b.synapses, rtol=0, atol=1e-12)


# ---------------------------------------------------------------- feed_forward


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("learn", [True, False])
def test_recording_equals_reference(seed, learn):
    rng = np.random.default_rng(seed)
    p = settings(spike_threshold=-69.4)
    module, ref = both(rng, p, [8, 6, 4], {"wta": True, "true_lif": False})
    for train in spike_trains(rng, 3, 8, 30):
        counts, winner, spikes, potentials, weights = record(module, train, learn)
        expected = ref.present(train, learn, 0)
        np.testing.assert_array_equal(counts, expected[0])
        assert winner == expected[1]
        for a, b in zip(spikes, ref.trains, strict=True):
            np.testing.assert_array_equal(a, b)
        assert [len(layer) for layer in potentials] == [6, 4]
        for layer, membranes in zip(potentials, ref.membranes, strict=True):
            for j, memory in enumerate(layer):
                assert list(memory) == list(range(1, 31))
                np.testing.assert_allclose(
                    list(memory.values()), membranes[:, j], rtol=0, atol=1e-12
                )
        assert (len(weights) > 0) == learn
        for a, b in zip(weights, ref.firings, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


def test_feed_forward_one_by_one_equals_learn_in_one_go():
    for window in (-4, -20):
        a, X, y = small(past_window=window)
        b, _, _ = small(past_window=window)
        labels = np.full(5, -1)
        counts = [a.feed_forward(x, labels, 30, True, k)[0] for x, k in zip(X, y, strict=True)]
        np.testing.assert_array_equal(counts, b.learn(X, y))
        np.testing.assert_array_equal(a.layers[0].synapses, b.layers[0].synapses)
        np.testing.assert_array_equal(labels, b.neuron_label_map)


def test_feed_forward_takes_a_range_of_steps():
    module, X, _ = small()
    labels = np.full(5, -1)
    for k in range(len(X)):
        a = module.feed_forward(X[k], labels, 30)
        b = module.feed_forward(X[k], labels, range(1, 31))
        np.testing.assert_array_equal(a[0], b[0])
        assert a[1] == b[1]


def test_feed_forward_stops_at_its_duration():
    module, X, _ = small()
    ref = Reference(settings(), [module.layers[0].synapses])
    for duration in (1, 7, 29):
        counts, winner = module.feed_forward(X[0], np.full(5, -1), duration)
        expected = ref.present(X[0][:, : duration + 1])
        np.testing.assert_array_equal(counts, expected[0])
        assert winner == expected[1]


def test_feed_forward_without_learning_labels_and_changes_nothing():
    module, X, _ = small()
    before, labels = state(module), np.full(5, -1)
    counts, winner = module.feed_forward(X[0], labels, 30, label=2)
    assert counts.sum() > 0
    assert 0 <= winner < 5
    assert (labels == -1).all()
    assert_same_network(before, state(module))


def test_feed_forward_without_label_learns_but_labels_nothing():
    module, X, _ = small()
    before, labels = module.get_all_synapses(), np.full(5, -1)
    module.feed_forward(X[0], labels, 30, do_stdp=True)
    assert (labels == -1).all()
    assert (module.get_all_synapses() != before).any()


def test_feed_forward_labels_the_given_map():
    module, X, _ = small()
    labels = np.full(5, -1)
    _, winner = module.feed_forward(X[0], labels, 30, do_stdp=True, label=2)
    assert labels[winner] == 2
    assert (np.delete(labels, winner) == -1).all()


def test_silent_first_column_is_a_no_op():
    for learn in (True, False):
        a, X, y = small(sizes=(8, 6, 4), spike_threshold=-69.4, training_duration=30)
        b, _, _ = small(sizes=(8, 6, 4), spike_threshold=-69.4, training_duration=31)
        padded = np.concatenate([np.zeros((*X.shape[:2], 1), np.uint8), X], axis=2)
        counts = [m.learn(Z, y) if learn else m.count_spikes(Z) for m, Z in ((a, X), (b, padded))]
        np.testing.assert_array_equal(*counts)
        assert counts[0].sum() > 0
        for k in (0, 1):
            np.testing.assert_array_equal(a.layers[k].synapses, b.layers[k].synapses)


def test_silent_sample_fires_nothing_and_labels_neuron_0():
    module, X, _ = small()
    before = module.get_all_synapses()
    assert not module.learn(np.zeros_like(X[:1]), [2]).any()
    np.testing.assert_array_equal(module.get_all_synapses(), before)
    assert module.neuron_label_map.tolist() == [2, -1, -1, -1, -1]


# ---------------------------------------------------------------- layers and weights


def test_initialise_layers():
    module = Module(Parameters())
    module.initialise_layers([7, 5, 3])
    assert list(module.layer_sizes) == [7, 5, 3]
    assert [layer.synapses.shape for layer in module.layers] == [(5, 7), (3, 5)]
    assert all((layer.synapses == 1).all() for layer in module.layers)
    assert [c.shape for c in module.synapse_update_counts] == [(5, 7), (3, 5)]
    assert not any(c.any() for c in module.synapse_update_counts)
    assert module.neuron_label_map.tolist() == [-1, -1, -1]


def test_initial_weights_are_1_whatever_the_bounds():
    module = Module(Parameters(max_weight=2.0))
    module.initialise_layers([3, 2])
    assert (module.layers[0].synapses == 1).all()


def test_initialise_layers_again_forgets():
    module, X, y = small()
    module.learn(X, y)
    module.initialise_layers([8, 5])
    assert (module.layers[0].synapses == 1).all()
    assert not module.synapse_update_counts[0].any()
    assert (module.neuron_label_map == -1).all()


def test_get_all_synapses_copies():
    for sizes in ((8, 5), (8, 6, 4), (5, 5, 5)):
        module, _, _ = small(sizes=sizes)
        weights = module.get_all_synapses()
        assert len(weights) == len(sizes) - 1
        for w, layer in zip(weights, module.layers, strict=True):
            np.testing.assert_array_equal(w, layer.synapses)
            before = layer.synapses.copy()
            w[:] = 7
            np.testing.assert_array_equal(layer.synapses, before)


def test_weights_changed_in_place_count_at_once():
    module, X, _ = small()
    twin, _, _ = small()
    module.count_spikes(X)
    module.layers[0].synapses[:] = new = np.random.default_rng(9).uniform(0, 1, (5, 8))
    twin.layers[0].set_synapses(new)
    counts = module.count_spikes(X)
    np.testing.assert_array_equal(counts, twin.count_spikes(X))
    np.testing.assert_array_equal(counts, Reference(settings(), [new]).count(X))


def test_parameters_are_read_when_a_sample_is_presented():
    module, X, y = small()
    before = module.get_all_synapses()
    module.parameters.eta = 0
    module.learn(X, y)
    np.testing.assert_array_equal(module.get_all_synapses(), before)
    module.parameters.spike_threshold = 1e6
    assert not module.count_spikes(X).any()


# ---------------------------------------------------------------- prediction


def test_prediction_is_the_label_of_the_neuron_that_fired_most():
    module, X, y = small()
    module.learn(X, y)
    counts = module.count_spikes(X)
    expected = np.asarray(module.neuron_label_map)[counts.argmax(axis=1)]
    assert [module.get_prediction(x) for x in X] == expected.tolist()


def test_untrained_network_predicts_minus_1():
    module, X, _ = small()
    assert [module.get_prediction(x) for x in X] == [-1] * len(X)


@pytest.mark.parametrize("sizes", [(8, 5), (8, 6, 5)], ids=str)
def test_prediction_with_other_weights_and_labels_leaves_the_module_alone(sizes):
    module, X, y = small(sizes=sizes, spike_threshold=-69.4)
    other, _, _ = small(sizes=sizes, spike_threshold=-69.4, rng_seed=5)
    other.learn(X, y)
    other.neuron_label_map[:] = labels = np.array([4, 5, 6, 7, 8])
    before = state(module)
    found = [module.get_prediction(x, other.get_all_synapses(), labels) for x in X]
    assert found == [other.get_prediction(x) for x in X]
    assert_same_network(before, state(module))


NOISY = {"enable_synaptic_noise": True, "noise_magnitude_half_range": 0.5}


@pytest.mark.parametrize("noise", [False, True])
def test_counts_do_not_depend_on_batch_order_or_jobs(noise):
    module, X, y = small(n_samples=17, sizes=(8, 6, 4), spike_threshold=-69.4)
    module.learn(X, y)
    if noise:
        quiet = module.count_spikes(X)
        for name, value in NOISY.items():
            setattr(module, name, value)
    counts = module.count_spikes(X)
    if noise:
        assert (counts != quiet).any()
    order = np.random.default_rng(0).permutation(len(X))
    np.testing.assert_array_equal(module.count_spikes(X), counts)
    np.testing.assert_array_equal(module.count_spikes(X[order]), counts[order])
    np.testing.assert_array_equal([module.count_spikes(x[None])[0] for x in X], counts)
    for n_jobs in (1, 2, 3, -1):
        np.testing.assert_array_equal(module.count_spikes(X, n_jobs=n_jobs), counts)
    labels = np.asarray(module.neuron_label_map)[counts.argmax(axis=1)]
    assert [module.get_prediction(x) for x in X] == labels.tolist()


@pytest.mark.parametrize("noise", [False, True])
def test_answering_changes_neither_the_network_nor_what_it_learns_next(noise):
    modules = [small(past_window=-20) for _ in range(2)]
    X, y = modules[0][1:]
    a, b = (m[0] for m in modules)
    for module in (a, b):
        module.learn(X[:3], y[:3])
        for name, value in NOISY.items() if noise else ():
            setattr(module, name, value)
    before = state(a)
    a.count_spikes(X)
    a.get_prediction(X[0])
    a.feed_forward(X[1], a.neuron_label_map, 30)
    assert_same_network(before, state(a))
    a.learn(X, y)
    b.learn(X, y)
    np.testing.assert_array_equal(a.get_all_synapses(), b.get_all_synapses())


def test_answers_from_many_threads_at_once():
    module, X, y = small(n_samples=40)
    module.learn(X, y)
    expected, found = module.count_spikes(X), [None] * 6

    def work(k):
        found[k] = [module.count_spikes(X) for _ in range(10)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for counts in found:
        assert counts is not None
        for c in counts:
            np.testing.assert_array_equal(c, expected)


@pytest.mark.parametrize(
    "form",
    [
        np.asfortranarray,
        lambda X: X.astype(bool),
        lambda X: X.astype(float),
        lambda X: X.astype(np.int64),
        lambda X: X.tolist(),
        lambda X: np.repeat(X, 2, axis=2)[:, :, ::2],
        lambda X: X[::-1][::-1],
    ],
    ids=["fortran", "bool", "float", "int64", "list", "strided", "reversed"],
)
def test_form_of_the_array_does_not_matter(form):
    a, X, y = small()
    b, _, _ = small()
    np.testing.assert_array_equal(a.learn(form(X), y), b.learn(X, y))
    np.testing.assert_array_equal(a.get_all_synapses(), b.get_all_synapses())
    np.testing.assert_array_equal(a.count_spikes(form(X)), b.count_spikes(X))


def test_input_is_read_only(tmp_path):
    module, X, y = small()
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    expected = module.count_spikes(X)
    np.testing.assert_array_equal(module.count_spikes(mapped, n_jobs=2), expected)
    module.learn(mapped, y)
    frozen = X.copy()
    module.learn(frozen, y)
    np.testing.assert_array_equal(frozen, X)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_live_on_their_own(duplicate):
    module, X, y = small(past_window=-20)
    module.learn(X[:2], y[:2])
    twin = duplicate(module)
    np.testing.assert_array_equal(twin.count_spikes(X), module.count_spikes(X))
    before = state(module)
    twin.learn(X, y)
    assert_same_network(before, state(module))
    module.learn(X, y)
    np.testing.assert_array_equal(twin.get_all_synapses(), module.get_all_synapses())


# ---------------------------------------------------------------- chance


def test_same_random_state_same_bits():
    results = []
    for random_state in (7, 7, 8, np.random.default_rng(7), np.random.default_rng(7)):
        module, X, y = small(past_window=-20, random_state=random_state)
        for name, value in NOISY.items():
            setattr(module, name, value)
        counts = module.learn(X, y)
        results.append((counts.tobytes(), module.get_all_synapses().tobytes()))
    assert results[0] == results[1]
    assert results[0][1] != results[2][1]
    assert results[3] == results[4]


def test_learning_in_pieces_equals_learning_in_one_go():
    a, X, y = small(past_window=-20)
    b, _, _ = small(past_window=-20)
    a.learn(X, y)
    for k in range(0, len(X), 2):
        b.learn(X[k : k + 2], y[k : k + 2])
    np.testing.assert_array_equal(a.get_all_synapses(), b.get_all_synapses())


def one_firing(n_silent, n_neurons=1, random_state=0, **changes):
    """A layer that fires exactly once, at t = 2, beside `n_silent` silent inputs."""
    p = Parameters(training_duration=4, **changes).to_dict()
    X = np.zeros((1, 20 + n_silent, 5), dtype=np.uint8)
    X[0, :20, 2] = 1
    weights = np.ones((n_neurons, 20 + n_silent))
    weights[:, :20] = 0.8  # 16 mV - 0.8 mV: between the threshold and 1 mV above it
    return network(p, [20 + n_silent, n_neurons], [weights], random_state), X


def lags_of(weights, p):
    """Which lag of depression took a weight from 1 to where it is."""
    candidates = np.array([updated(1.0, stdp(-k, p), p) for k in range(1, 40)])
    lags = np.abs(weights[:, None] - candidates).argmin(axis=1)
    np.testing.assert_allclose(weights, candidates[lags], rtol=0, atol=1e-12)
    return lags + 1


def uniform(lags, n_values):
    counts = np.bincount(lags, minlength=n_values + 1)[1:]
    assert len(counts) == n_values
    return stats.chisquare(counts).pvalue > 1e-4


@pytest.mark.parametrize(
    ("past_window", "longest"),
    [(-4, 1), (-5, 2), (-6, 2), (-7, 3), (-10, 4), (-20, 9), (-21, 10), (0, 1), (-1, 1), (-2, 1)],
)
def test_depression_lags_are_uniform(past_window, longest):
    module, X = one_firing(4000, past_window=past_window)
    assert module.learn(X, [0]).tolist() == [[1]]
    lags = lags_of(module.layers[0].synapses[0, 20:], module.parameters.to_dict())
    assert set(lags) == set(range(1, longest + 1))
    assert longest == 1 or uniform(lags, longest)


def test_no_random_state_draws_afresh():
    drawn = []
    for _ in range(2):
        module, X = one_firing(200, random_state=None)
        module.learn(X, [0])
        drawn.append(module.get_all_synapses())
    assert (drawn[0] != drawn[1]).any()


def test_depression_lags_are_independent_of_neighbours_neurons_and_samples():
    drawn = []
    module, X = one_firing(3000, n_neurons=2, past_window=-10)
    module.wta = False
    start = module.get_all_synapses()[0]
    for _ in range(2):
        module.layers[0].set_synapses(start)
        module.learn(X, [0])
        for j in (0, 1):
            weights = module.layers[0].synapses[j, 20:]
            drawn.append(lags_of(weights, module.parameters.to_dict()))
    drawn.append(np.roll(drawn[0], 1))
    drawn.append(np.roll(drawn[0], 2))
    for i in range(len(drawn)):
        for j in range(i):
            pairs = np.bincount(4 * drawn[i] + drawn[j] - 5, minlength=16)
            assert stats.chisquare(pairs).pvalue > 1e-4, (i, j)


def test_single_steps_draw_the_same_lags():
    module = network(Parameters().to_dict(), [1, 1], random_state=3)
    p, weights = module.parameters.to_dict(), []
    for _ in range(4000):
        W = np.ones((1, 1))
        module.reweigh_synapses_for_between_input_and_output_neuron(
            0, np.zeros((1, 101), dtype=np.uint8), W, 50, 0, np.zeros((1, 1))
        )
        weights.append(W[0, 0])
    assert uniform(lags_of(np.array(weights), p), 4)


def truncated_normal(half_range):
    return stats.truncnorm(-3, 3, scale=half_range / 3).cdf


def is_truncated_normal(errors, half_range):
    assert np.abs(errors).max() <= half_range * (1 + 1e-12)
    return stats.kstest(errors, truncated_normal(half_range)).pvalue > 1e-4


@pytest.mark.parametrize("half_range", [0.05, 0.1, 0.4])
def test_noise_is_a_truncated_normal(half_range):
    values = np.full((100, 200), 0.5)
    noisy = apply_truncated_noise_vectorized(values, half_range, random_state=0)
    assert noisy.shape == (100, 200)
    assert (values == 0.5).all()
    assert is_truncated_normal(noisy.ravel() / 0.5 - 1, half_range)


def test_noise_of_one_value_is_a_truncated_normal():
    rng = np.random.default_rng(0)
    noisy = [apply_truncated_noise_to_value(0.5, 0.3, random_state=rng) for _ in range(3000)]
    assert all(isinstance(value, float) for value in noisy)
    assert is_truncated_normal(np.array(noisy) / 0.5 - 1, 0.3)


def test_noise_is_relative_and_clipped():
    noisy = apply_truncated_noise_vectorized([0.0, 1.0] * 1000, 0.3, random_state=0)
    assert (noisy[::2] == 0).all()
    assert noisy.max() == 1
    assert 0.4 < (noisy[1::2] == 1).mean() < 0.6
    wide = apply_truncated_noise_vectorized(np.full(5000, 0.5), 4.0, random_state=0)
    assert wide.min() == 0
    assert wide.max() == 1


def test_no_noise_without_a_range():
    values = np.random.default_rng(0).random(50)
    np.testing.assert_array_equal(apply_truncated_noise_vectorized(values, 0.0), values)
    assert apply_truncated_noise_to_value(0.3, 0) == 0.3


def test_noise_repeats_with_its_seed():
    a, b, c = (
        apply_truncated_noise_vectorized(np.full(9, 0.5), 0.1, random_state=s) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(a, b)
    assert (a != c).all()
    assert (apply_truncated_noise_vectorized(np.full(9, 0.5), 0.1) != a).all()


@pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf, "wide", None])
def test_bad_noise_range_is_named(bad):
    with pytest.raises((ValueError, TypeError), match=r"half.range"):
        apply_truncated_noise_vectorized(np.full(3, 0.5), bad)
    with pytest.raises((ValueError, TypeError), match=r"half.range"):
        apply_truncated_noise_to_value(0.5, bad)
    module, X, _ = small()
    module.enable_synaptic_noise = True
    with pytest.raises((ValueError, TypeError), match=r"half.range"):  # noqa: PT012
        module.noise_magnitude_half_range = bad
        module.count_spikes(X)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_noise_on_values_that_are_not_numbers_is_refused(bad):
    with pytest.raises(ValueError, match=r"finite|NaN"):
        apply_truncated_noise_vectorized([0.5, bad], 0.1)
    with pytest.raises(ValueError, match=r"finite|NaN"):
        apply_truncated_noise_to_value(bad, 0.1)


def readings(weight, half_range, T=3000, n_neurons=2):
    """What neurons that never fire and never leak take from one input in each step."""
    p = settings(training_duration=T, spike_threshold=1e6, spike_drop_rate=0.0)
    module = network(p, [1, n_neurons], [np.full((n_neurons, 1), weight)])
    module.enable_synaptic_noise = True
    module.noise_magnitude_half_range = half_range
    train = np.ones((1, T + 1), dtype=np.uint8)
    train[0, 0] = 0
    potentials = record(module, train)[3][0]
    V = np.array([[-70.0, *memory.values()] for memory in potentials])
    return np.diff(V, axis=1)


def test_reading_noise_is_fresh_for_every_step_and_neuron():
    read = readings(0.5, 0.3)
    errors = read / 0.5 - 1
    assert is_truncated_normal(np.round(errors.ravel(), 9), 0.3)
    a, b = errors
    for x, y in ((a, b), (a[1:], a[:-1]), (b[1:], b[:-1]), (a[1:], b[:-1])):
        assert abs(np.corrcoef(x, y)[0, 1]) < 0.08


def test_reading_noise_is_clipped():
    read = readings(1.0, 0.3)
    assert read.max() <= 1 + 1e-9
    assert 0.4 < (read > 1 - 1e-9).mean() < 0.6
    assert not readings(0.0, 0.3, T=50).any()


def test_noise_switched_off_is_no_noise():
    module, X, y = small()
    module.noise_magnitude_half_range = 0.5
    ref = Reference(settings(), [module.layers[0].synapses])
    assert assert_equals_reference(module, ref, X, y) > 0


def test_writing_noise_on_continuous_weights():
    module, X = one_firing(3000, past_window=-4)
    module.enable_synaptic_noise, module.noise_magnitude_half_range = True, 0.01
    assert module.learn(X, [0]).tolist() == [[1]]
    p = module.parameters.to_dict()
    written = module.layers[0].synapses[0, 20:] / updated(1.0, stdp(-1, p), p) - 1
    # the weight that is written may not pass 1, and one step of depression leaves 0.7 % to it
    room = 1 / updated(1.0, stdp(-1, p), p) - 1
    inside = written[written < room - 1e-9]
    assert np.abs(written).max() <= 0.01 + 1e-12
    assert written.max() <= room + 1e-12
    expected = stats.truncnorm(-3, 3 * room / 0.01, scale=0.01 / 3).cdf
    assert stats.kstest(inside, expected).pvalue > 1e-4


def test_writing_noise_of_a_single_update():
    module = network(settings(), [2, 2], enable_synaptic_noise=True)
    module.noise_magnitude_half_range = 0.2
    new = np.array([module.update_synapse(0.5, 0.8, 0, 0) for _ in range(2000)])
    assert is_truncated_normal(new / updated(0.5, 0.8, settings()) - 1, 0.2)


def test_levels_are_written_without_noise():
    module, X, y = small()
    module.allowed_levels = levels = [0.1, 0.3, 0.9, 0.6]
    module.enable_synaptic_noise, module.noise_magnitude_half_range = True, 0.3
    module.learn(X, y)
    changed = module.synapse_update_counts[0] > 0
    assert changed.any()
    assert np.isin(module.layers[0].synapses[changed], levels).all()
    assert module.update_synapse(0.5, 0.8, 0, 0) == nearest(updated(0.5, 0.8, settings()), levels)


# ---------------------------------------------------------------- train, test, files


@pytest.fixture
def trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module, X, y = small()
    module.X_train, module.Y_train = X, y
    module.X_test, module.Y_test = X[:4], y[:4]
    module.get_spikeplots = module.get_weight_evolution = True
    return module, Reference(settings(), [module.layers[0].synapses])


def test_train_runs_epochs_tests_records_and_saves(trained, tmp_path):
    module, ref = trained
    X, y = module.X_train, module.Y_train
    accuracy = module.train()
    saved = sorted(tmp_path.rglob("model.red"))
    assert [path.parent.name.split("-")[0] for path in saved] == ["Epoch_1", "Epoch_2"]
    assert [len(e) for e in module.spikeplots] == [len(X)] * 2
    assert [len(e) for e in module.layerpotentials] == [len(X)] * 2
    assert [len(e) for e in module.weight_evolution] == [len(X)] * 2
    for epoch in range(2):
        for k, x in enumerate(X):
            ref.present(x, True, y[k])
            spikes = module.spikeplots[epoch][k]
            assert len(spikes) == 2
            for a, b in zip(spikes, ref.trains, strict=True):
                np.testing.assert_array_equal(a, b)
            potentials = module.layerpotentials[epoch][k]
            assert [len(layer) for layer in potentials] == [5]
            for j in range(5):
                memory = potentials[0][j]
                assert [int(t) for t in memory] == list(range(1, 31))
                np.testing.assert_allclose(
                    list(memory.values()), ref.membranes[0][:, j], rtol=0, atol=1e-12
                )
            weights = module.weight_evolution[epoch][k]
            assert len(weights) == len(ref.firings)
            for a, b in zip(weights, ref.firings, strict=True):
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)
        synapses, labels, parameters = load_model(str(saved[epoch]))
        np.testing.assert_allclose(synapses, ref.weights, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(labels, ref.label_map)
        assert module.parameters.to_dict().items() <= parameters.items()
        expected = (ref.predict(X[:4]) == y[:4]).mean()
        assert float(saved[epoch].parent.name.split("-")[1]) == pytest.approx(expected, abs=1e-3)
    assert accuracy == pytest.approx(expected)
    assert module.test() == pytest.approx(expected)
    np.testing.assert_allclose(module.learned_synapses, ref.weights, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(module.learned_neuron_label_map, ref.label_map)


def test_train_records_nothing_unless_asked(trained):
    module, _ = trained
    module.get_spikeplots = module.get_weight_evolution = False
    module.train()
    for records in (module.spikeplots, module.layerpotentials, module.weight_evolution):
        assert not any(len(epoch) for epoch in records)


def test_recorded_weights_do_not_change_later(trained):
    module, _ = trained
    module.train()
    first = module.weight_evolution[0][0][0].copy()
    last = module.weight_evolution[-1][-1][-1]
    assert (first != last).any()
    module.learn(module.X_train, module.Y_train)
    np.testing.assert_array_equal(module.weight_evolution[0][0][0], first)
    module.learned_synapses[:] = 0
    assert module.get_all_synapses().any()


def test_recording_does_not_change_what_is_learned(trained):
    module, _ = trained
    twin, _, _ = small()
    twin.X_train, twin.Y_train = module.X_train, module.Y_train
    twin.X_test, twin.Y_test = module.X_test, module.Y_test
    assert module.train() == twin.train()
    np.testing.assert_array_equal(module.get_all_synapses(), twin.get_all_synapses())


def test_train_reports_at_level_info(trained, caplog):
    module, _ = trained
    with caplog.at_level(logging.INFO, logger=module.logger.name):
        module.train()
    assert "epoch" in caplog.text.lower()


def test_test_is_the_share_of_right_predictions(trained):
    module, _ = trained
    module.learn(module.X_train, module.Y_train)
    found = np.array([module.get_prediction(x) for x in module.X_test])
    before = state(module)
    module.Y_test = found
    assert module.test() == 1.0
    module.Y_test = np.where(np.arange(4) < 1, found + 1, found)
    assert module.test() == 0.75
    assert_same_network(before, state(module))


def test_two_layers_train_save_and_load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module, X, y = small(sizes=(8, 6, 4), spike_threshold=-69.4)
    module.X_train = module.X_test = X
    module.Y_train = module.Y_test = y
    accuracy = module.train()
    path = str(max(tmp_path.rglob("model.red")))
    fresh = Module(Parameters())
    fresh.load_model(path)
    assert list(fresh.layer_sizes) == [8, 6, 4]
    assert (fresh.predict(X, path) == y).mean() == accuracy
    np.testing.assert_array_equal(fresh.count_spikes(X), module.count_spikes(X))


def saved_small(tmp_path, name="model.red", **changes):
    module, X, y = small(**changes)
    module.learn(X, y)
    path = str(tmp_path / name)
    save_model(module.neuron_label_map, module.get_all_synapses(), module.parameters, path)
    return module, X, path


def test_load_model_restores_weights_labels_settings_and_sizes(tmp_path):
    module, X, path = saved_small(tmp_path, past_window=-6)
    other = Module(Parameters())
    other.load_model(path)
    assert other.parameters == module.parameters
    assert list(other.layer_sizes) == [8, 5]
    np.testing.assert_array_equal(other.get_all_synapses(), module.get_all_synapses())
    np.testing.assert_array_equal(other.neuron_label_map, module.neuron_label_map)
    np.testing.assert_array_equal(other.count_spikes(X), module.count_spikes(X))
    other.learn(X, np.zeros(len(X), dtype=int))


def test_load_model_leaves_the_parameters_of_other_modules_alone(tmp_path):
    _, _, path = saved_small(tmp_path)
    shared = Parameters(eta=0.5)
    a, b = Module(shared), Module(shared)
    a.load_model(path)
    assert b.parameters.eta == 0.5


@pytest.mark.parametrize("flag", ["true_lif", "wta"])
def test_saved_epoch_predicts_as_the_module_that_saved_it(flag, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module, X, y = small(n_samples=12, tau_m=2.0)
    setattr(module, flag, not getattr(module, flag))
    module.learn(X, y)
    module.save_epoch(1, module.get_all_synapses(), module.neuron_label_map, 0.5)
    (path,) = tmp_path.rglob("model.red")
    other = Module(Parameters())
    expected = [module.get_prediction(x) for x in X]
    np.testing.assert_array_equal(other.predict(X, str(path)), expected)
    other.load_model(str(path))
    np.testing.assert_array_equal(other.count_spikes(X), module.count_spikes(X))


def test_predict_answers_a_batch_and_changes_nothing(tmp_path):
    module, X, path = saved_small(tmp_path)
    other, _, _ = small(rng_seed=3, sizes=(4, 2))
    before = state(other)
    found = other.predict(X, path)
    assert found.shape == (len(X),)
    np.testing.assert_array_equal(found, [module.get_prediction(x) for x in X])
    assert_same_network(before, state(other))
    np.testing.assert_array_equal(Module(Parameters()).predict(X, path), found)


def test_save_epoch_writes_what_it_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module, _, _ = small()
    weights = np.random.default_rng(0).random((1, 5, 8))
    module.save_epoch(4, weights, np.arange(5), 0.875)
    (path,) = tmp_path.rglob("model.red")
    assert path.parent.name == "Epoch_4-0.875"
    assert path.parent.parent.parent == tmp_path / "storage"
    synapses, labels, parameters = load_model(str(path))
    np.testing.assert_array_equal(synapses, weights)
    np.testing.assert_array_equal(labels, np.arange(5))
    assert module.parameters.to_dict().items() <= parameters.items()


def test_identifier_names_the_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = Module(Parameters(), "blind test")
    module.initialise_layers([2, 2])
    assert module.identifier == "blind test"
    module.save_epoch(1, module.get_all_synapses(), module.neuron_label_map, 0.5)
    (run,) = (tmp_path / "storage").iterdir()
    assert "blind test" in run.name
    assert Module(Parameters()).identifier == Module(Parameters()).str_t0


@pytest.mark.parametrize("identifier", ["../elsewhere", "a/b", "/tmp/elsewhere"])
def test_identifier_cannot_lead_out_of_the_storage(identifier, tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    with pytest.raises(ValueError, match="identifier"):  # noqa: PT012
        module = Module(Parameters(), identifier)
        module.initialise_layers([2, 2])
        module.save_epoch(1, module.get_all_synapses(), module.neuron_label_map, 0.5)
    assert not list(tmp_path.rglob("model.red"))


# ---------------------------------------------------------------- wrong input

BAD_SPIKES = {
    "nan": (lambda X: np.where(X, np.nan, 0.0), "0 or 1|NaN"),
    "infinity": (lambda X: np.where(X, np.inf, 0.0), "0 or 1|infin"),
    "negative": (lambda X: -X.astype(int), "0 or 1|negative"),
    "fraction": (lambda X: X * 0.5, "0 or 1"),
    "two": (lambda X: X * 2, "0 or 1"),
    "256": (lambda X: X.astype(int) * 256, "0 or 1"),
    "complex": (lambda X: X * 1j, "0 or 1|complex"),
    "text": (lambda X: X.astype(str), "0 or 1|number"),
    "objects": (lambda X: np.full(X.shape, None), "0 or 1|number"),
    "one bad value at the end": (lambda X: np.where(np.arange(31) < 30, X, 3), "0 or 1"),
    "too few channels": (lambda X: X[:, :-1], "channel"),
    "too many channels": (lambda X: np.concatenate([X, X], axis=1), "channel"),
    "no samples": (lambda X: X[:0], "empty|sample"),
    "no channels": (lambda X: X[:, :0], "empty|channel"),
    "no steps": (lambda X: X[:, :, :0], "empty|step"),
    "4-D": (lambda X: X[None], "shape|dimension"),
    "1-D": (lambda X: X[0, 0], "shape|dimension"),
    "scalar": (lambda X: 1, "shape|dimension"),
    "none": (lambda X: None, "shape|dimension|spike|X_t"),
    "ragged": (lambda X: [[[0, 1], [1]]] * 6, "shape|spike"),
}


@pytest.mark.parametrize("kind", BAD_SPIKES)
@pytest.mark.parametrize("method", ["learn", "count_spikes", "predict", "train", "test"])
def test_bad_spikes_are_refused_and_change_nothing(kind, method, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spoil, message = BAD_SPIKES[kind]
    module, X, y = small(past_window=-20)
    twin, _, _ = small(past_window=-20)
    bad, before = spoil(X), state(module)
    path = str(tmp_path / "model.red")
    save_model(module.neuron_label_map, module.get_all_synapses(), module.parameters, path)
    module.X_train = module.X_test = bad
    module.Y_train = module.Y_test = y
    calls = {
        "learn": lambda: module.learn(bad, y),
        "count_spikes": lambda: module.count_spikes(bad),
        "predict": lambda: module.predict(bad, path),
        "train": module.train,
        "test": module.test,
    }
    with pytest.raises((ValueError, TypeError), match=message):
        calls[method]()
    assert_same_network(before, state(module))
    assert not (tmp_path / "storage").exists()
    module.learn(X, y)  # the random stream has not moved either
    twin.learn(X, y)
    np.testing.assert_array_equal(module.get_all_synapses(), twin.get_all_synapses())


@pytest.mark.parametrize("kind", [k for k in BAD_SPIKES if k not in ("no samples", "4-D", "1-D")])
def test_bad_single_spike_train_is_refused_and_changes_nothing(kind):
    spoil, message = BAD_SPIKES[kind]
    module, X, _ = small(past_window=-20)
    bad = spoil(X)
    bad = bad[0] if isinstance(bad, (list, np.ndarray)) else bad
    before, labels = state(module), np.full(5, -1)
    with pytest.raises((ValueError, TypeError), match=message):
        module.get_prediction(bad)
    with pytest.raises((ValueError, TypeError), match=message):
        module.feed_forward(bad, labels, 30, True, 1)
    assert (labels == -1).all()
    assert_same_network(before, state(module))


@pytest.mark.parametrize("n_steps", [1, 30, 32, 61])
@pytest.mark.parametrize("method", ["learn", "count_spikes", "get_prediction", "predict"])
def test_wrong_number_of_steps_is_refused(method, n_steps, tmp_path):
    module, X, y = small()
    path = str(tmp_path / "model.red")
    save_model(module.neuron_label_map, module.get_all_synapses(), module.parameters, path)
    bad, before = np.resize(X, (6, 8, n_steps)), state(module)
    calls = {
        "learn": lambda: module.learn(bad, y),
        "count_spikes": lambda: module.count_spikes(bad),
        "get_prediction": lambda: module.get_prediction(bad[0]),
        "predict": lambda: module.predict(bad, path),
    }
    with pytest.raises(ValueError, match="step"):
        calls[method]()
    assert_same_network(before, state(module))


@pytest.mark.parametrize(
    "labels",
    [
        [0, 1],
        [0] * 7,
        [],
        5,
        [0, 1, 2, 0, 1, -1],
        [0, 1, 2, 0, 1, 0.5],
        [0, 1, 2, 0, 1, np.nan],
        [0, 1, 2, 0, 1, np.inf],
        list("abcdef"),
        [0, 1, 2, 0, 1, None],
        [[0], [1], [2], [0], [1], [2]],
        [0, 1, 2, 0, 1, 2.0**70],
        [[0, 1], [2]],
    ],
    ids=str,
)
def test_bad_labels_are_refused_and_change_nothing(labels, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module, X, _ = small()
    module.X_train = module.X_test = X
    module.Y_train = labels
    module.Y_test = np.zeros(len(X), dtype=int)
    before = state(module)
    for call in (lambda: module.learn(X, labels), module.train):
        with pytest.raises((ValueError, TypeError), match="label"):
            call()
        assert_same_network(before, state(module))
    assert not (tmp_path / "storage").exists()


@pytest.mark.parametrize("labels", [[0], [], list("abcdef"), [np.nan] * 6, [[0]] * 6], ids=str)
def test_bad_test_labels_are_refused(labels, trained):
    module, _ = trained
    module.X_test, module.Y_test = module.X_train, labels
    before = state(module)
    for call in (module.test, module.train):
        with pytest.raises((ValueError, TypeError), match="label"):
            call()
        assert_same_network(before, state(module))


@pytest.mark.parametrize("label", [-1, 0.5, np.nan, "a", [1], [1, 2]], ids=str)
def test_bad_label_of_one_sample_is_refused(label):
    module, X, _ = small()
    before, labels = state(module), np.full(5, -1)
    with pytest.raises((ValueError, TypeError), match="label"):
        module.feed_forward(X[0], labels, 30, True, label)
    assert_same_network(before, state(module))
    assert (labels == -1).all()


@pytest.mark.parametrize("labels", [np.full(4, -1), np.full(6, -1), np.full((5, 1), -1), None])
def test_label_map_that_does_not_fit_is_refused(labels):
    module, X, _ = small()
    before = state(module)
    with pytest.raises((ValueError, TypeError), match="neuron_label_map"):
        module.feed_forward(X[0], labels, 30, True, 1)
    assert_same_network(before, state(module))


@pytest.mark.parametrize("duration", [31, -1, 2.5, np.nan, "ten", None, [1, 3], [], [2, 1]])
def test_bad_duration_is_refused(duration):
    module, X, _ = small()
    before = state(module)
    with pytest.raises((ValueError, TypeError), match="training_duration"):
        module.feed_forward(X[0], np.full(5, -1), duration, True, 1)
    assert_same_network(before, state(module))


@pytest.mark.parametrize(
    "sizes",
    [[], [5], [5, 0], [0, 5], [5, -1], [5, 2.5], [5, "3"], [5, None], [5, [3]], 5, None, "53",
     [5, 3, 0], [5, np.nan]],
    ids=str,
)  # fmt: skip
def test_bad_layer_sizes_are_refused_and_change_nothing(sizes):
    module, X, y = small()
    module.learn(X, y)
    before = state(module)
    with pytest.raises((ValueError, TypeError), match=r"layer_sizes|num_\w+_neurons"):
        module.initialise_layers(sizes)
    assert_same_network(before, state(module))


@pytest.mark.parametrize(
    "weights",
    [np.ones((1, 5, 7)), np.ones((2, 5, 8)), np.ones((5, 8)), np.full((1, 5, 8), np.nan),
     np.full((1, 5, 8), np.inf), np.full((1, 5, 8), "a"), [], 3],
    ids=lambda w: f"{np.asarray(w).dtype}{np.shape(w)}",
)  # fmt: skip
def test_bad_weights_for_a_prediction_are_refused(weights):
    module, X, _ = small()
    before = state(module)
    with pytest.raises((ValueError, TypeError), match=r"synapses|weights|layers"):
        module.get_prediction(X[0], weights, np.arange(5))
    assert_same_network(before, state(module))


@pytest.mark.parametrize("labels", [[0, 1], np.zeros((5, 1)), list("abcde"), [0, 1, 2, 3, np.nan]])
def test_bad_labels_for_a_prediction_are_refused(labels):
    module, X, _ = small()
    with pytest.raises((ValueError, TypeError), match="label"):
        module.get_prediction(X[0], None, labels)


@pytest.mark.parametrize(
    "levels", [[], [np.nan, 1], [np.inf], "levels", [0.1, None], [[0.1, 0.2], [0.3]], {"a": 1}]
)
@pytest.mark.parametrize("model", ["levels", "lookup"])
def test_bad_levels_are_refused_and_change_nothing(levels, model):
    module, X, y = small()
    before = state(module)
    with pytest.raises((ValueError, TypeError), match=r"level|lookup"):  # noqa: PT012
        if model == "levels":
            module.allowed_levels = levels
        else:
            module.enable_cycle_dependent_weights = True
            module.cycle_dependent_weight_lookup = levels
        module.learn(X, y)
    assert_same_network(before, state(module))


def test_cycles_without_a_table_are_refused():
    module, X, y = small()
    module.enable_cycle_dependent_weights = True
    before = state(module)
    with pytest.raises(ValueError, match="cycle_dependent_weight_lookup"):
        module.learn(X, y)
    assert_same_network(before, state(module))


@pytest.mark.parametrize(
    "rule", [5, lambda dt: dt * np.nan, lambda dt: np.ones(3), lambda dt: "no"]
)
def test_bad_learning_rule_is_refused_and_changes_nothing(rule):
    module, X, y = small()
    before = state(module)
    with pytest.raises((ValueError, TypeError), match=r"rule"):  # noqa: PT012
        module.learning_rule = rule
        module.learn(X, y)
    assert_same_network(before, state(module))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_update_of_a_weight_that_is_no_number_is_refused(value):
    module = network(settings(), [2, 2])
    for levels in (None, [0.25, 0.75]):
        module.allowed_levels = levels
        with pytest.raises(ValueError, match=r"finite|NaN"):
            module.update_synapse(value, 0.5, 0, 0)
        with pytest.raises(ValueError, match=r"finite|NaN"):
            module.update_synapse(0.5, value, 0, 0)


@pytest.mark.parametrize(
    "contradiction", [{"min_weight": 2.0}, {"spike_threshold": -80.0}, {"min_frequency": 99.0}]
)
def test_settings_that_came_to_contradict_each_other_are_refused(contradiction):
    module, X, y = small()
    for name, value in contradiction.items():
        setattr(module.parameters, name, value)
    before = state(module)
    for call in (lambda: module.learn(X, y), lambda: module.count_spikes(X)):
        with pytest.raises(ValueError, match=next(iter(contradiction))):
            call()
    assert_same_network(before, state(module))


@pytest.mark.parametrize("parameters", [None, {}, {"eta": 0.1}, "parameters.json", Parameters])
def test_module_needs_parameters(parameters):
    with pytest.raises(TypeError, match="Parameters"):
        Module(parameters)


@pytest.mark.parametrize("random_state", [-1, "seed", 1.5, [None]])
def test_bad_random_state_is_refused(random_state):
    with pytest.raises((ValueError, TypeError), match=r"(?i)seed|random_state"):
        small(random_state=random_state)


@pytest.mark.parametrize(
    "call",
    [
        lambda m, X: m.learn(X, [0] * 6),
        lambda m, X: m.count_spikes(X),
        lambda m, X: m.get_prediction(X[0]),
        lambda m, X: m.feed_forward(X[0], np.zeros(5), 30),
        lambda m, X: m.get_all_synapses(),
        lambda m, X: m.update_synapse(0.5, 0.1, 0, 0),
    ],
)
def test_network_without_layers_says_so(call):
    with pytest.raises(ValueError, match="initialise_layers"):
        call(Module(Parameters()), small()[1])


@pytest.mark.parametrize("missing", ["X_train", "Y_train", "X_test", "Y_test"])
def test_train_without_data_says_what_is_missing(missing, trained, tmp_path):
    module, _ = trained
    setattr(module, missing, None)
    before = state(module)
    with pytest.raises(ValueError, match=missing):
        module.train()
    assert_same_network(before, state(module))
    assert not (tmp_path / "storage").exists()


def test_train_without_layers_says_so(trained):
    module, _ = trained
    bare = Module(Parameters())
    for name in ("X_train", "Y_train", "X_test", "Y_test"):
        setattr(bare, name, getattr(module, name))
    for call in (bare.train, bare.test):
        with pytest.raises(ValueError, match="initialise_layers"):
            call()


# ---------------------------------------------------------------- damaged models

GOOD = {"labels": [0, 1, 2, 3, -1], "synapses": np.full((1, 5, 8), 0.5), "parameters": SMALL}
MISFITS = {
    "labels too short": {"labels": [0, 1]},
    "labels too long": {"labels": [0] * 6},
    "labels with fractions": {"labels": [0, 1, 2, 3, 0.5]},
    "labels with NaN": {"labels": [0, 1, 2, 3, np.nan]},
    "layers do not chain": {"synapses": [np.ones((7, 8)), np.ones((5, 6))]},
    "impossible setting": {"parameters": SMALL | {"eta": -1}},
    "contradictory settings": {"parameters": SMALL | {"min_weight": 3.0}},
    "no dict of settings": {"parameters": [1, 2]},
    "setting of text": {"parameters": SMALL | {"eta": "much"}},
}


def test_the_model_the_misfits_are_made_of_is_good(tmp_path):
    save_model(**GOOD, path=str(tmp_path / "model.red"))
    module = Module(Parameters())
    module.load_model(str(tmp_path / "model.red"))
    assert list(module.layer_sizes) == [8, 5]


@pytest.mark.parametrize("misfit", MISFITS)
def test_model_that_does_not_fit_together_is_refused_and_changes_nothing(misfit, tmp_path):
    path = str(tmp_path / "model.red")
    module, X, y = small()
    module.learn(X, y)
    before = state(module)
    for call in (module.load_model, lambda path: module.predict(X, path)):
        with pytest.raises((ValueError, TypeError), match=r"model.red|labels|parameters"):  # noqa: PT012
            save_model(**(GOOD | MISFITS[misfit]), path=path)
            call(path)
        assert_same_network(before, state(module))


def test_model_with_labels_of_text_is_refused_or_answers_in_text(tmp_path):
    path = str(tmp_path / "model.red")
    save_model(**(GOOD | {"labels": list("abcde")}), path=path)
    module, X, _ = small()
    try:
        module.load_model(path)
    except ValueError:
        assert module.neuron_label_map.tolist() == [-1] * 5
    else:
        found = module.predict(X, path).tolist()
        assert set(found) <= set("abcde")
        assert [module.get_prediction(x) for x in X] == found


@pytest.mark.parametrize("part", [0, 1, 100, 0.3, 0.5, 0.9, 0.99, -1])
def test_truncated_model_is_refused_and_changes_nothing(part, tmp_path):
    _, X, path = saved_small(tmp_path)
    whole = Path(path).read_bytes()
    size = int(part * len(whole)) if isinstance(part, float) else part
    Path(path).write_bytes(whole[:size])
    module, X, y = small(rng_seed=4)
    module.learn(X, y)
    before = state(module)
    for call in (module.load_model, lambda path: module.predict(X, path)):
        with pytest.raises(ValueError, match=r"model.red"):
            call(path)
        assert_same_network(before, state(module))


def test_missing_model_is_an_os_error(tmp_path):
    module, X, _ = small()
    before = state(module)
    for call in (module.load_model, lambda path: module.predict(X, path)):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            call(str(tmp_path / "nowhere.red"))
    assert_same_network(before, state(module))


def kind_of(module):
    return {
        name: getattr(module, name)
        for name in (
            "parameters", "synapse", "wta", "true_lif", "learning_rule", "allowed_levels",
            "enable_cycle_dependent_weights", "cycle_dependent_weight_lookup",
            "enable_synaptic_noise", "noise_magnitude_half_range",
        )
    }  # fmt: skip


BAD_STDP = {
    "wta": ["no", 1, None, []],
    "true_lif": ["no", 0, None],
    "rule": ["nonsense", 5, None, {}, [], [[0, 1, 2]], [[1, 0.5], [0, 0.5]]],
    "labeling": ["names", None, 1],
    "shuffle": ["no", 0],
    "initial_weights": ["twos", 1],
    "unlearning_fraction": [-1, 2, "much"],
    "unheard": [1],
}


def learning_of(model="STDPLearning", **parameters):
    return {"model": model, "parameters": parameters}


BAD_KINDS = {
    "learning": [
        5, "STDPLearning", [], {}, {"model": "STDPLearning"}, {"model": [], "parameters": {}},
        learning_of("os.system"), {"model": "STDPLearning", "parameters": []},
        learning_of("Learning"), learning_of("LinearSynapse"),
        learning_of("PrototypeLearning", margin=-1), learning_of("MarginLearning", n_columns=0),
        *(learning_of(**{name: value}) for name, values in BAD_STDP.items() for value in values),
    ],
    "n_classes": [-1, 0.5, "many", None, [1], True, 2**60],
    "n_epochs": [-1, 0.5, "many", None, [1], True, 2**60],
    "n_reads": [-1, 0.5, "many", None],
    "n_firings": [-1, 0.5, "many", None],
    "learning_rate_factor": [-1, "much", None, [1.0]],
    "allowed_levels": ["abc", [], {}, [[[[1.0]]]], [None], [0.0] * 40_000, [[0.0], [0.0, 1.0]]],
    "enable_cycle_dependent_weights": ["yes", True, 1],
    "cycle_dependent_weight_lookup": ["abc", [], {}, [[]]],
    "enable_synaptic_noise": ["yes", 1],
    "noise_magnitude_half_range": [-1, "much", None, [0.1], {}],
    "noise_key": [-1, 2**64, 10**400, 0.5, "key", None, [1], {}],
    "device_key": [-1, 2**64, 10**400, 0.5, "key", None, [1], {}],
    "synapse": [
        5, "LinearSynapse", [], {}, {"model": "LinearSynapse"}, {"model": [], "parameters": {}},
        {"model": "os.system", "parameters": {}}, {"model": "LinearSynapse", "parameters": []},
        {"model": "LinearSynapse", "parameters": {"n_states": "many"}},
        {"model": "LinearSynapse", "parameters": {"n_states": 1}},
        {"model": "LinearSynapse", "parameters": {"unheard": 1}},
        {"model": "IdealSynapse", "parameters": {"read_noise": "a"}},
        {"model": "IdealSynapse", "parameters": {"write_noise": -1}},
        {"model": "IdealSynapse", "parameters": {"device_spread": {}}},
        {"model": "TableSynapse", "parameters": {"levels": ["a"]}},
        {"model": "EnduranceSynapse", "parameters": {"table": 5}},
        {"model": "EnduranceSynapse", "parameters": {"first_cycles": [3]}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_KINDS)
def test_impossible_kind_of_network_is_refused_and_changes_nothing(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module, X, y = small()
    module.learn(X, y)
    module.save_epoch(1, module.get_all_synapses(), module.neuron_label_map, 0.5)
    (path,) = tmp_path.rglob("model.red")
    synapses, labels, good = load_model(str(path))
    assert name in good["module"]
    module, X, y = small(rng_seed=4)
    module.learn(X, y)
    before, kind, counts = state(module), kind_of(module), module.count_spikes(X)
    for value in BAD_KINDS[name]:
        save_model(labels, synapses, good | {"module": good["module"] | {name: value}}, path)
        with pytest.raises(ValueError, match=r"model.red"):
            module.load_model(str(path))
        assert_same_network(before, state(module))
        assert kind_of(module) == kind
        np.testing.assert_array_equal(module.count_spikes(X), counts)
    for value in (5, "module", [1], None):
        save_model(labels, synapses, good | {"module": value}, path)
        with pytest.raises(ValueError, match=r"model.red"):
            module.load_model(str(path))
    assert_same_network(before, state(module))
    save_model(labels, synapses, good, path)
    module.load_model(str(path))
    np.testing.assert_array_equal(module.get_all_synapses(), synapses)


def test_layers_that_do_not_chain_claim_no_memory(tmp_path):
    path = str(tmp_path / "model.red")
    save_model(np.zeros(20_000), [np.ones((20_000, 1))] * 2, SMALL, path)
    module, _, _ = small()
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"model.red"):
            module.load_model(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20e6


# ---------------------------------------------------------------- synapses in files


def trained_with(synapse, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module, X, y = small()
    module.X_train = module.X_test = X
    module.Y_train = module.Y_test = y
    module.synapse = synapse
    return module, X


@pytest.mark.parametrize(
    "synapse",
    [
        LinearSynapse(np.int64(5), device_spread=np.float32(0.125)),
        LinearSynapse(np.uint8(9), read_noise=np.float16(0.25)),
        TableSynapse([np.float32(0.0), np.float32(0.5), np.int32(1)]),
        EnduranceSynapse(np.array([[0.0, 1.0], [0.25, 0.75]]), [np.int64(0), np.int64(40)]),
    ],
    ids=str,
)
def test_train_saves_synapses_of_numpy_numbers(synapse, tmp_path, monkeypatch):
    module, X = trained_with(synapse, tmp_path, monkeypatch)
    module.train()
    loaded = Module(Parameters())
    loaded.load_model(str(max(tmp_path.rglob("model.red"))))
    assert type(loaded.synapse) is type(synapse)
    np.testing.assert_array_equal(loaded.count_spikes(X), module.count_spikes(X))


class PairSynapse(Synapse):
    """Two levels, as a user might write it."""

    def __init__(self, high=1.0, *, read_noise=0.0, write_noise=0.0, device_spread=0.0):
        super().__init__(
            read_noise=read_noise, write_noise=write_noise, device_spread=device_spread
        )
        self.high = high

    def curves(self, min_weight, max_weight):
        return np.array([0.0, self.high])


def test_synapse_of_the_user_is_saved_and_loaded(tmp_path, monkeypatch):
    module, X = trained_with(PairSynapse(np.float64(0.75)), tmp_path, monkeypatch)
    module.train()
    path = max(tmp_path.rglob("model.red"))
    loaded = Module(Parameters())
    loaded.load_model(str(path))
    assert type(loaded.synapse) is PairSynapse
    assert loaded.synapse.high == 0.75
    np.testing.assert_array_equal(loaded.count_spikes(X), module.count_spikes(X))
    code = (
        "import sys\nfrom nervos_sklearn import Module, Parameters\n"
        "try:\n    Module(Parameters()).load_model(sys.argv[1])\n"
        "except ValueError as error:\n    print(error)"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert "PairSynapse" in elsewhere.stdout
    assert "import the module" in elsewhere.stdout


@pytest.mark.parametrize("where", ["synapse", "parameters"])
def test_what_cannot_be_saved_is_not_trained(where, tmp_path, monkeypatch):
    module, _ = trained_with(PairSynapse(), tmp_path, monkeypatch)
    if where == "synapse":
        module.synapse.read_noise = {1, 2}
    else:
        module.parameters.source = object()
    before = state(module)
    with pytest.raises(ValueError, match="JSON"):
        module.train()
    assert_same_network(before, state(module))
    assert not list(tmp_path.rglob("*.red"))
