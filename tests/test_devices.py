"""Devices under every learning: against cases by hand, a slow simulator and their statistics."""

import math

import numpy as np
import pytest
from device_reference import RewardedLayer, SpikingDevices, Synapse, traces_of
from sklearn.datasets import load_digits, load_iris

from nervos_sklearn import (
    DifferentialPair,
    EnduranceSynapse,
    IdealSynapse,
    LinearSynapse,
    MarginLearning,
    Module,
    NonLinearSynapse,
    Parameters,
    PrototypeLearning,
    SNNClassifier,
    STDPLearning,
    TableSynapse,
)

UPDATES = ("nearest", "pulse", "accumulate")
FIFTHS = [0.0, 0.25, 0.5, 0.75, 1.0]
CUT_OFF = 0.98658  # deviation of a standard normal cut off at 3


def rewarded(synapse, weights, *, eta=0.5, n_steps=4, classes=(0, 1), **learning):
    """A network of prototypes that begins with given weights."""
    learning = {"competitive_epochs": 0, "margin": 10.0} | learning
    parameters = Parameters(eta=eta, training_duration=n_steps, min_weight=0.0)
    module = Module(parameters, learning=PrototypeLearning(**learning), random_state=0)
    module.synapse = synapse
    weights = np.asarray(weights, dtype=float)
    module.initialise_layers([weights.shape[1], len(weights)])
    module.n_classes = len(set(classes))
    module.neuron_label_map = np.array(classes)
    module.decision["escape_noise"] = np.array(0.02)
    module.layers[0].synapses = weights
    return module


def opened_for(*steps, n_steps=4):
    """A spike train (n_inputs, n_steps + 1) whose synapses are open for so many steps."""
    train = np.zeros((len(steps), n_steps + 1), dtype=np.uint8)
    for i, n_open in enumerate(steps):
        if n_open:
            train[i, n_steps + 1 - n_open] = 1
    return train


def show(module, train, label, times=1):
    for _ in range(times):
        module.learn(train[np.newaxis], [label])
    return module.layers[0].synapses


# --------------------------------------------------------------------- cases by hand


@pytest.mark.parametrize(
    ("update", "after_one", "after_two"),
    [
        # Traces of 3 and 4 steps ask for .5 (3, 4) / 5 = (.3, .4), then again.
        ("nearest", [0.5, 0.75], [0.75, 1.0]),
        ("pulse", [0.5, 0.5], [0.75, 0.75]),
        ("accumulate", [0.5, 0.5], [0.75, 1.0]),  # .05 and .15 were left; (.35, .55)
    ],
)
def test_changes_are_written_as_a_device_can(update, after_one, after_two):
    weights = [[0.25, 0.25], [0.0, 0.0]]
    module = rewarded(LinearSynapse(5, update=update), weights, synaptic_scaling=False)
    train = opened_for(3, 4)
    assert show(module, train, 0)[0].tolist() == after_one
    assert show(module, train, 0)[0].tolist() == after_two
    layer = module.layers[0]
    gaps = 4 * (np.array(after_two) - 0.25)
    jumps = gaps if update != "nearest" else [2, 2]
    assert layer.pulses[0, 0].tolist() == list(jumps)
    assert layer.synapse_update_counts.tolist() == [[2, 2], [2, 2]]
    if update == "accumulate":
        np.testing.assert_allclose(layer.accumulators[0], [0.1, 0.0])  # .05 points outward


def test_what_points_beyond_the_last_level_is_lost():
    module = rewarded(LinearSynapse(5), [[0.75, 1.0], [0.0, 0.25]], synaptic_scaling=False)
    train = opened_for(3, 4)
    show(module, train, 0)
    layer = module.layers[0]
    assert layer.synapses.tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert (layer.accumulators == 0).all()
    show(module, train, 1)  # the way back starts from nothing
    assert layer.synapses.tolist() == [[0.75, 0.75], [0.25, 0.25]]
    np.testing.assert_allclose(layer.accumulators, [[-0.05, -0.15], [0.05, 0.15]])


def test_scaled_neurons_turn_towards_the_traces():
    """Change = eta (|w| q / |q| - cos w): (0, .4) for w = (1, 0), cos = .6; away, w = (.5, .5)."""
    module = rewarded(LinearSynapse(5), [[1.0, 0.0], [0.5, 0.5]])
    show(module, opened_for(3, 4), 0)
    layer = module.layers[0]
    assert layer.synapses.tolist() == [[1.0, 0.25], [0.5, 0.5]]
    norm, cosine = math.sqrt(0.5), 0.7 / math.sqrt(0.5)
    away = [-0.5 * (norm * 0.6 - cosine * 0.5), -0.5 * (norm * 0.8 - cosine * 0.5)]
    np.testing.assert_allclose(layer.accumulators, [[0.0, 0.15], away], atol=1e-12)


def test_gaps_start_from_the_conductance_at_hand():
    """At .3, the next level up is .5, a gap of .2; down it is 0, a gap of .3, beside .25."""
    train = opened_for(3, 4)
    up = rewarded(
        LinearSynapse(5), [[0.3, 0.3], [0.3, 0.3]], synaptic_scaling=False, eta=0.35
    )  # asks for (.21, .28)
    show(up, train, 0)
    np.testing.assert_allclose(up.layers[0].synapses, [[0.5, 0.5], [0.3, 0.3]])
    np.testing.assert_allclose(up.layers[0].accumulators, [[0.01, 0.08], [-0.21, -0.28]])
    show(up, train, 0)
    np.testing.assert_allclose(up.layers[0].synapses[1], [0.0, 0.0])


def test_a_pair_lowers_one_device_before_it_raises_the_other():
    module = rewarded(
        LinearSynapse(3), [[0.5, -0.5], [0.5, -0.5]], signed=True, synaptic_scaling=False, eta=1.0
    )  # asks for (.6, .8)
    layer = module.layers[0]
    assert layer.conductances[:, 0].tolist() == [[0.5, 0.0], [0.0, 0.5]]
    show(module, opened_for(3, 4), 0)
    # Up: G+ .5 to 1; G- .5 to 0. Down: G+ .5 to 0; G- .5 to 1.
    assert layer.conductances[0].tolist() == [[1.0, 0.0], [0.0, 0.0]]
    assert layer.conductances[1].tolist() == [[0.0, 0.0], [0.0, 1.0]]
    np.testing.assert_allclose(layer.accumulators, [[0.0, 0.3], [-0.1, 0.0]], atol=1e-12)
    show(module, opened_for(3, 4), 0)
    assert layer.conductances[0].tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert layer.conductances[1].tolist() == [[0.0, 0.0], [0.5, 1.0]]


def test_stochastic_pulses_are_right_on_average():
    """Changes of .3 and .65 over gaps of .25: one pulse and .2 more, two and .6 more."""
    n = 3000
    train = opened_for(*[6] * n, *[13] * n, n_steps=13)
    norm = math.sqrt(n * (6**2 + 13**2))
    weights = np.zeros((2, 2 * n))
    module = rewarded(
        LinearSynapse(5, update="stochastic"), weights, n_steps=13, synaptic_scaling=False,
        eta=0.05 * norm,
    )  # fmt: skip
    levels = 4 * show(module, train, 0)[0]
    for part, least, chance in ((levels[:n], 1, 0.2), (levels[n:], 2, 0.6)):
        assert set(part) == {least, least + 1}
        error = math.sqrt(chance * (1 - chance) / n)
        assert abs((part - least).mean() - chance) < 5 * error
    assert module.n_writes == levels.sum()
    assert not module.layers[0].accumulators.any()


def test_what_recruitment_could_not_program_is_gathered_first():
    X, y = load_digits(n_class=3, return_X_y=True)
    trains = {}
    for n_states in (3, 30_000):
        clf = SNNClassifier(
            6, learning="prototype", synapse=LinearSynapse(n_states), eta=1e-9, epochs=1,
            random_state=0,
        ).fit(X, y)  # fmt: skip
        layer = clf.module_.layers[0]
        trains[n_states] = layer.synapses + layer.accumulators
    np.testing.assert_allclose(trains[3], trains[30_000], atol=1e-4)


# -------------------------------------------------------------- against a slow simulator

TABLES = {
    "linear": (LinearSynapse, {"n_states": 5}, [FIFTHS]),
    "crowded": (TableSynapse, {"levels": [0.0, 0.1, 0.3, 1.0]}, [[0.0, 0.1, 0.3, 1.0]]),
    "two curves": (
        TableSynapse,
        {"levels": [0.0, 0.3, 0.6, 1.0], "depression_levels": [0.0, 0.1, 0.5, 1.0]},
        [([0.0, 0.3, 0.6, 1.0], [0.0, 0.1, 0.5, 1.0])],
    ),
    "wearing out": (
        EnduranceSynapse,
        {"table": [[0.0, 0.5, 1.0], [0.0, 0.4, 0.9], [0.0, 0.3, 0.6]]},
        [[0.0, 0.5, 1.0], [0.0, 0.4, 0.9], [0.0, 0.3, 0.6]],
    ),
}


def random_trains(n_samples, n_inputs, n_steps, seed=0, density=0.15):
    trains = np.random.default_rng(seed).random((n_samples, n_inputs, n_steps + 1)) < density
    trains[:, :, 0] = False
    trains[:, 0, 1] = True
    return trains.astype(np.uint8)


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("scaled", [False, True])
def test_rewarded_devices_are_those_of_the_simulation(kind, update, signed, scaled):
    model, parameters, tables = TABLES[kind]
    classes, eta = [0, 0, 1, 1], 0.37
    rng = np.random.default_rng(1)
    weights = rng.choice([0.0, 1.0], (4, 6)) * (rng.choice([-1, 1], (4, 6)) if signed else 1)
    weights[:, 0] = 1
    module = rewarded(
        model(**parameters, update=update), weights, n_steps=12, classes=classes, eta=eta,
        signed=signed, synaptic_scaling=scaled, margin=0.3, reinforcement=0.1,
    )  # fmt: skip
    layer = module.layers[0]
    slow = RewardedLayer(
        layer.conductances, classes, tables, update, eta=eta, margin=0.3, scaled=scaled,
        reinforcement=0.1,
    )  # fmt: skip
    trains, labels = random_trains(40, 6, 12), rng.integers(0, 2, 40)
    for train, label in zip(trains, labels, strict=True):
        module.learn(train[np.newaxis], [label])
        slow.present(traces_of(train), label)
        np.testing.assert_array_equal(
            layer.conductances, np.moveaxis(slow.of_each("g"), 2, 0), strict=True
        )
    np.testing.assert_array_equal(layer.pulses, np.moveaxis(slow.of_each("pulses"), 2, 0))
    assert module.n_writes == layer.pulses.sum() > 0
    if update == "accumulate":
        np.testing.assert_allclose(layer.accumulators, slow.of_each("accumulator"), atol=1e-9)


@pytest.mark.parametrize("update", ["pulse", "accumulate"])
@pytest.mark.parametrize("kind", TABLES)
def test_devices_under_spike_timing_are_those_of_the_simulation(kind, update):
    model, parameters, tables = TABLES[kind]
    settings = Parameters(
        eta=0.8, past_window=-3, spike_threshold=-66, training_duration=40, min_weight=0.0,
        refractory_time=4,
    )  # fmt: skip
    batch, single = (Module(settings, random_state=0) for _ in range(2))
    for module in (batch, single):
        module.synapse = model(**parameters, update=update)
        module.initialise_layers([8, 3])
    weights = np.random.default_rng(2).choice([0.0, 1.0], (3, 8))
    batch.layers[0].synapses = single.layers[0].synapses = weights
    slow = SpikingDevices(settings.to_dict(), [weights], tables, update)
    for train in random_trains(30, 8, 40, density=0.2):
        batch.learn(train[np.newaxis])
        single.feed_forward(train, single.neuron_label_map, 40, do_stdp=True)
        slow.present(train, learn=True)
        for module in (batch, single):
            np.testing.assert_allclose(module.layers[0].synapses, slow.weights[0], atol=1e-12)
    devices = slow.devices[0]
    pulses = [[synapse.pulses[0] for synapse in row] for row in devices]
    np.testing.assert_array_equal(batch.layers[0].pulses[0], pulses)
    np.testing.assert_array_equal(batch.layers[0].synapse_update_counts, slow.update_counts[0])
    assert batch.n_writes > 10
    if update == "accumulate":
        left = [[synapse.accumulator for synapse in row] for row in devices]
        np.testing.assert_allclose(batch.layers[0].accumulators, left, atol=1e-9)


@pytest.mark.parametrize("update", ["pulse", "accumulate"])
def test_single_steps_of_spike_timing_write_as_the_loops_do(update):
    """update_synapse asks once; reweigh_... keeps what is left for the next time."""
    module = Module(Parameters(eta=0.3, min_weight=0.0, past_window=-2), random_state=0)
    module.synapse = LinearSynapse(5, update=update)
    module.initialise_layers([1, 1])
    alone = Synapse(0.5, [FIFTHS], update)
    weights, memory = np.array([[0.5]]), np.zeros((1, 1))
    module.layers[0].synapses = weights
    train = np.zeros((1, 9), dtype=np.uint8)
    train[0, 4] = 1
    for _ in range(6):
        asked = 0.3 * 0.8 * (1 - alone.weight) ** 0.9
        alone.ask(asked)
        module.reweigh_synapses_for_between_input_and_output_neuron(
            0, train, weights, 4, 0, memory
        )
        assert weights[0, 0] == alone.weight
        assert module.layers[0].pulses[0, 0, 0] == alone.pulses[0]
    assert module.layers[0].synapse_update_counts[0, 0] == 6


def test_stochastic_pulses_under_spike_timing_are_right_on_average():
    module = Module(Parameters(eta=0.1, min_weight=0.0), random_state=0)
    module.synapse = LinearSynapse(5, update="stochastic")
    module.initialise_layers([1, 1])
    new = np.array([module.update_synapse(0.5, 0.8, 0, 0) for _ in range(4000)])
    chance = 0.1 * 0.8 * 0.5**0.9 / 0.25
    assert set(new) == {0.5, 0.75}
    error = math.sqrt(chance * (1 - chance) / len(new))
    assert abs((new == 0.75).mean() - chance) < 5 * error


# ------------------------------------------------------------------ levels out of reach


@pytest.mark.parametrize(("n_states", "eta"), [(5, 0.03), (16, 0.1), (8, 0.28), (2, 0.9)])
def test_levels_that_no_spike_timing_can_leave_are_named(n_states, eta):
    """From a weight of 1, the most is lost with eta .3 exp(-1 / 5), for half a gap."""
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(
        8, learning="stdp", synapse=LinearSynapse(n_states), eta=eta, epochs=1, random_state=0
    )
    reaches = eta * 0.3 * math.exp(-0.2) > 0.5 / (n_states - 1)
    assert not reaches
    with pytest.warns(UserWarning, match="stochastic"):
        clf.fit(X, y)
    assert clf.module_.n_writes == 0
    larger = 0.51 / (n_states - 1) / (0.3 * math.exp(-0.2))
    if larger < 1:
        assert clf.set_params(eta=larger).fit(X, y).module_.n_writes > 0
    clf.set_params(eta=eta, synapse__update="stochastic").fit(X, y)
    assert clf.module_.n_writes > 0


@pytest.mark.parametrize("learning", ["prototype", "margin"])
def test_levels_that_no_reward_can_leave_are_named(learning):
    X, y = load_iris(return_X_y=True)
    synapse = LinearSynapse(5, update="nearest")
    clf = SNNClassifier(6, learning=learning, synapse=synapse, eta=0.02, epochs=2, random_state=0)
    with pytest.warns(UserWarning, match="accumulate"):
        clf.fit(X, y)
    first = clf.module_.get_all_synapses()
    with pytest.warns(UserWarning, match="accumulate"):
        again = clf.set_params(epochs=1).fit(X, y)
    np.testing.assert_array_equal(first, again.module_.get_all_synapses())
    clf.set_params(eta=1.0).fit(X, y)
    clf.set_params(eta=0.02, synapse__update="accumulate").fit(X, y)


# ---------------------------------------------------------------------------- noise


def test_errors_of_readings_add_up_as_step_by_step():
    """In training the sum of all errors is drawn at once, with the variance of single readings."""
    rng = np.random.default_rng(0)
    weights = rng.random((2, 30))
    train = random_trains(1, 30, 20, density=0.1)
    module = rewarded(IdealSynapse(read_noise=0.2), weights, n_steps=20, synaptic_scaling=False)
    layer, device = module.layers[0], module.device
    n_open = np.cumsum(train[0], axis=1, dtype=float)
    traces, unrest = n_open.sum(axis=1), np.square(n_open).sum(axis=1)
    mean = layer.synapses @ traces
    deviation = 0.2 * CUT_OFF * np.sqrt(np.square(layer.synapses) @ unrest)
    shown = [layer.present_open(train, device, np.uint64(key))[0][0] for key in range(3000)]
    np.testing.assert_allclose(np.mean(shown, axis=0), mean, rtol=0.01)
    np.testing.assert_allclose(np.std(shown, axis=0), deviation, rtol=0.06)

    n, norm = 8000, math.sqrt((traces**2).sum())
    lead, spread = (mean[0] - mean[1]) / norm, math.hypot(*deviation) / norm
    for deviations, chance in ((-1, 0.1587), (0, 0.5), (1, 0.8413)):
        taught = layer.teach(
            np.tile(traces, (n, 1)).astype(np.float32), np.zeros(n, dtype=np.int64), np.ones(n),
            module.neuron_label_map,
            module.learning.teaching_now(module)._replace(
                eta=0.0, margin=float(lead + deviations * spread)
            ),
            device=device, unrest=np.tile(unrest, (n, 1)), keys=module.draw_keys((1, n)),
        )  # fmt: skip
        assert taught / n == pytest.approx(chance, abs=0.02)


def test_a_noisy_reading_of_an_open_synapse_never_changes_its_sign():
    weights = [[0.5] * 5, [-0.5] * 5]
    module = rewarded(IdealSynapse(read_noise=2.0), weights, n_steps=60, signed=True)
    train = random_trains(1, 5, 60)
    _, recorded = module.layers[0].present_open(train, module.device, np.uint64(1), trace=True)
    steps = np.diff(recorded[0], axis=1)
    assert (steps[0] >= 0).all()
    assert (steps[1] <= 0).all()
    assert (steps == 0).any()
    assert len(np.unique(steps)) > 50


def test_each_of_many_devices_has_a_spread_and_a_write_error_of_its_own():
    n = 4000
    module = rewarded(
        LinearSynapse(5, update="pulse", write_noise=0.02, device_spread=0.3), np.zeros((2, n)),
        synaptic_scaling=False, eta=1e-3,
    )  # fmt: skip
    show(module, opened_for(*[4] * n), 0)
    layer = module.layers[0]
    errors = layer.synapses[0] - 0.25
    assert abs(errors).max() <= 0.06 + 1e-12
    assert errors.std() == pytest.approx(0.02 * CUT_OFF, rel=0.05)
    assert layer.gains.min() >= 0.1 - 1e-12
    assert layer.gains.std() == pytest.approx(0.3 * CUT_OFF, rel=0.05)
    traces = np.full((1, n), 4.0)
    np.testing.assert_allclose(
        layer.potentials(traces, module.device), traces @ (layer.synapses * layer.gains[0]).T,
        rtol=1e-5,
    )  # fmt: skip


def fitted(learning, synapse, X, y, **parameters):
    parameters = {"epochs": 3, "random_state": 0} | parameters
    return SNNClassifier(12, learning=learning, synapse=synapse, **parameters).fit(X, y)


@pytest.mark.parametrize("learning", ["prototype", "margin", "stdp"])
def test_no_noise_equals_no_synapse(learning):
    X, y = load_iris(return_X_y=True)
    quiet = IdealSynapse(read_noise=0, write_noise=0.0, device_spread=0)
    ideal, modelled = fitted(learning, None, X, y), fitted(learning, quiet, X, y)
    for a, b in zip(ideal.module_.layers, modelled.module_.layers, strict=True):
        np.testing.assert_array_equal(a.synapses, b.synapses)
        np.testing.assert_array_equal(a.synapse_update_counts, b.synapse_update_counts)
    np.testing.assert_array_equal(ideal.predict_proba(X), modelled.predict_proba(X))


@pytest.mark.parametrize("noise", ["read_noise", "write_noise", "device_spread"])
@pytest.mark.parametrize(
    "learning",
    [
        PrototypeLearning(margin=0.3, competitive_epochs=0),
        PrototypeLearning(margin=0.3, competitive_epochs=0, signed=True),
        PrototypeLearning(margin=0.3, competitive_epochs=0, synaptic_scaling=False),
        MarginLearning(margin=0.3, eta_decay=1.0, feature_dropout=0.0),
    ],
    ids=repr,
)
def test_noise_of_nothing_equals_none(learning, noise):
    """The loops for continuous devices do what those for ideal synapses do, to the bit."""
    trains, labels = random_trains(50, 6, 12), np.arange(50) % 3
    answers = []
    for synapse in (None, IdealSynapse(**{noise: 1e-17})):
        module = Module(
            Parameters(eta=0.3, training_duration=12), learning=learning, random_state=0
        )
        module.synapse = synapse
        module.initialise_layers([6, 6])
        module.learn(trains, labels)
        assert (module.device is None) == (synapse is None)
        answers.append(module.layers[0].potentials(np.eye(6) * 2.0**10, module.device))
        answers.append(module.synapse_update_counts[0])
    np.testing.assert_array_equal(answers[0], answers[2])
    np.testing.assert_array_equal(answers[1], answers[3])


@pytest.mark.parametrize("learning", ["prototype", "margin"])
def test_finite_levels_without_noise_equal_those_with_noise_of_nothing(learning):
    X, y = load_iris(return_X_y=True)
    plain, tiny = (
        fitted(learning, NonLinearSynapse(9, device_spread=s), X, y) for s in (0.0, 1e-15)
    )
    np.testing.assert_array_equal(
        plain.module_.layers[0].conductances, tiny.module_.layers[0].conductances
    )


# ------------------------------------------------------------------------- wear, pairs


@pytest.mark.parametrize("learning", ["stdp", "prototype", "margin"])
def test_devices_wear_under_every_learning(learning):
    """What a device holds is a level of the table that held when it was last written."""
    X, y = load_iris(return_X_y=True)
    table = np.linspace(0.0, 1.0 - 0.02 * np.arange(12), 6, axis=1)
    parameters = {"eta": 0.9, "epochs": 4}
    clf = fitted(learning, EnduranceSynapse(table), X, y, **parameters)
    layer = clf.module_.layers[0]
    pulses, held = layer.pulses, layer.conductances
    assert pulses.max() > 3
    assert clf.module_.n_writes == pulses.sum()
    rows = table[np.clip(pulses - 1, 0, len(table) - 1)]
    on_a_level = (rows == held[..., np.newaxis]).any(axis=-1)
    assert on_a_level[pulses > 0].all()


def test_the_mean_of_margin_learning_is_programmed_and_billed_once():
    n_inputs, n_steps = 5, 16
    trains, labels = random_trains(60, n_inputs, n_steps, density=0.1), np.arange(60) % 2
    module = Module(
        Parameters(eta=0.3, training_duration=n_steps, min_weight=0.0),
        learning=MarginLearning(margin=0.2, eta_decay=1.0, feature_dropout=0.0, averaging=2.0),
        random_state=0,
    )
    module.synapse = LinearSynapse(9)
    module.initialise_layers([n_inputs, 2])
    layer, levels = module.layers[0], np.linspace(0, 1, 9)
    total, importance = np.zeros((2, n_inputs)), 0.0
    for t, (train, label) in enumerate(zip(trains, labels, strict=True), start=1):
        module.learn(train[np.newaxis], [label])
        if t == 1:  # the first presentation makes two classes of the labels seen
            module.n_classes = 2
            module.neuron_label_map = np.array([0, 1])
        total += t**2.0 * (layer.fast[0] - layer.fast[1])
        importance += t**2.0
        mean = total / importance
        nearest = levels[np.abs(np.abs(mean)[..., np.newaxis] - levels).argmin(axis=-1)]
        np.testing.assert_allclose(layer.synapses, np.sign(mean) * nearest, atol=1e-12)
    fast, before = layer.fast.copy(), module.n_writes
    assert before == layer.pulses.sum() > 0
    answer = layer.conductances.copy()
    layer.settle(module.device, module.draw_key(), final=True)
    np.testing.assert_array_equal(layer.conductances, answer)
    assert module.n_writes - before == (fast != answer).sum() > 0


def test_a_fit_of_margin_learning_ends_on_levels():
    X, y = load_iris(return_X_y=True)
    clf = fitted("margin", LinearSynapse(4), X, y, epochs=5)
    layer = clf.module_.layers[0]
    assert layer.conductances.shape[0] == 2
    np.testing.assert_array_equal(layer.fast, layer.conductances)
    assert np.isin(layer.conductances, LinearSynapse(4).curves(1e-5, 1.0)).all()
    np.testing.assert_array_equal(layer.synapses, layer.conductances[0] - layer.conductances[1])
    assert clf.score(X, y) > 0.9


def test_a_pair_is_refused_where_weights_are_not_signed():
    X, y = load_iris(return_X_y=True)
    for learning in ("stdp", "prototype", STDPLearning(shuffle=False)):
        with pytest.raises(ValueError, match="no negative weights"):
            fitted(learning, DifferentialPair(LinearSynapse(4)), X, y)
    pair = fitted("margin", DifferentialPair(LinearSynapse(4)), X, y)
    bare = fitted("margin", LinearSynapse(4), X, y)
    np.testing.assert_array_equal(pair.predict_proba(X), bare.predict_proba(X))
