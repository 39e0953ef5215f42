"""Under every learning, on every synapse, `module_` is a Module that answers as the classifier."""

import copy
import itertools
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest

from nervos_sklearn import (
    IdealSynapse,
    LinearSynapse,
    MarginLearning,
    Module,
    NonLinearSynapse,
    Parameters,
    PrototypeLearning,
    SNNClassifier,
    STDPLearning,
    save_model,
)

N_SAMPLES, N_CHANNELS, N_STEPS = 150, 18, 25  # more samples than one batch holds
CLASSES = np.array(["a", "b", "c"])

LEARNINGS = {
    "stdp": STDPLearning(),
    "reference": STDPLearning(labeling="reference", wta=False, hidden_layer_sizes=[8]),
    "prototype": PrototypeLearning(competitive_epochs=1),
    "margin": MarginLearning(margin=0.2, n_columns=2),
}
SYNAPSES = {
    "ideal": None,
    "levels": LinearSynapse(6),
    "spread": NonLinearSynapse(9, device_spread=0.2),
    "noisy": LinearSynapse(16, read_noise=0.2, write_noise=0.05),
    "noisy continuous": IdealSynapse(read_noise=0.2),
}
# What spike timing asks for is lost between levels unless it is gathered, or a pulse each.
UPDATES = {"levels": "accumulate", "spread": "pulse", "noisy": "stochastic"}
CASES = [(learning, synapse) for learning in LEARNINGS for synapse in SYNAPSES]
FROM_REWARD = [case for case in CASES if case[0] in ("prototype", "margin")]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = np.arange(N_SAMPLES) % 3
    rates = np.where(np.arange(N_CHANNELS) // 6 == y[:, np.newaxis], 0.2, 0.12)
    X = (rng.random((N_SAMPLES, N_CHANNELS, N_STEPS)) < rates[:, :, np.newaxis]).astype(np.uint8)
    X[:, :, 0] = 0
    X.flags.writeable = False
    return X, y


def synapse_of(learning, synapse):
    model = copy.deepcopy(SYNAPSES[synapse])
    if learning in ("stdp", "reference") and synapse in UPDATES:
        model.update = UPDATES[synapse]
    return model


def new(learning, synapse, generator=0):
    spike_timing = {}
    if isinstance(LEARNINGS[learning], STDPLearning):
        spike_timing = {"spike_threshold": -66.0, "refractory_time": 2}
    return SNNClassifier(
        12, learning=LEARNINGS[learning], synapse=synapse_of(learning, synapse), epochs=3, eta=0.1,
        random_state=generator, **spike_timing,
    )  # fmt: skip


@pytest.fixture(scope="module")
def fitted(data):
    """Each case, fitted once."""
    X, y = data
    networks = {}

    def fit(case):
        if case not in networks:
            networks[case] = new(*case).fit(X, CLASSES[y])
        return networks[case]

    return fit


def traces(spikes):
    """What spikes leave: a spike at step t keeps its synapse open in t ... T."""
    return (spikes * np.arange(spikes.shape[-1], 0, -1)).sum(axis=-1)


def copied(module):
    return copy.deepcopy(module)


def saved_and_loaded(module, tmp_path, monkeypatch, random_state=3):
    monkeypatch.chdir(tmp_path)
    module.save_epoch(1, module.get_all_synapses(), module.neuron_label_map, 0.5)
    (path,) = tmp_path.rglob("model.red")
    loaded = Module(Parameters(), random_state=random_state)
    loaded.load_model(str(path))
    return loaded, str(path)


def settings_of(module):
    settings = module.learning.get_params()  # JSON knows no tuples
    return type(module.learning), {k: list(v) if v == () else v for k, v in settings.items()}


def assert_same_state(one, other):
    assert settings_of(one) == settings_of(other)
    assert repr(one.synapse) == repr(other.synapse)
    assert one.parameters.to_dict() == other.parameters.to_dict()
    np.testing.assert_array_equal(one.neuron_label_map, other.neuron_label_map)
    for name in ("n_reads", "n_writes", "n_firings", "n_epochs", "n_classes"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.decision.keys() == other.decision.keys()
    for name, array in one.decision.items():
        np.testing.assert_array_equal(array, other.decision[name])
    for a, b in zip(one.layers, other.layers, strict=True):
        np.testing.assert_array_equal(a.synapses, b.synapses)
        np.testing.assert_array_equal(a.conductances, b.conductances)
        np.testing.assert_array_equal(a.synapse_update_counts, b.synapse_update_counts)
        np.testing.assert_array_equal(a.pulses, b.pulses)
        np.testing.assert_array_equal(a.accumulators, b.accumulators)


# ---------------------------------------------------------------- one network


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_network_has_weights_and_counts(case, fitted, data):
    module = fitted(case).module_
    assert isinstance(module, Module)
    sizes = module.layer_sizes
    assert sizes[0] == N_CHANNELS
    assert sizes[-1] == 12
    synapses = module.get_all_synapses()
    assert [weights.shape for weights in synapses] == [
        (n, m) for m, n in itertools.pairwise(sizes)
    ]
    for layer, counts in zip(module.layers, module.synapse_update_counts, strict=True):
        assert counts.shape == layer.synapses.shape
        assert counts.sum() > 0
    assert module.n_reads > module.n_firings > 0
    assert module.n_writes > 0
    if case in FROM_REWARD:  # each of 3 epochs reads every open synapse at each step
        assert module.n_firings == 3 * N_SAMPLES
        assert module.n_reads == 3 * 12 * traces(data[0]).sum()
    if case[1] == "ideal":
        assert module.n_writes == sum(counts.sum() for counts in module.synapse_update_counts)
    synapses[0][:] = 9  # a copy
    assert not (module.layers[0].synapses == 9).any()


@pytest.mark.parametrize("case", [c for c in CASES if c[1] in ("levels", "spread")], ids="-".join)
def test_devices_hold_their_levels_and_nothing_else(case, fitted):
    module = fitted(case).module_
    p = module.parameters
    levels = module.synapse.fresh_levels(p.min_weight, p.max_weight)
    for layer in module.layers:
        assert len(layer.conductances) == (2 if case[0] == "margin" else 1)
        changed = layer.conductances[layer.pulses > 0]
        assert changed.size > 0
        np.testing.assert_array_equal(np.setdiff1d(changed, levels), [])


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_network_and_classifier_answer_the_same(case, fitted, data, tmp_path, monkeypatch):
    X, y = data
    clf = fitted(case)
    module, expected = copied(clf.module_), clf.predict(X)
    labels = np.array([module.get_prediction(train) for train in X])
    if case[0] == "reference":  # nervos' own: a neuron without a label wins too
        expected = np.where(labels < 0, "?", expected)
    named = np.where(labels < 0, "?", CLASSES[labels])
    np.testing.assert_array_equal(named, expected)
    module.X_test, module.Y_test = X, y
    assert module.test() == np.mean(labels == y)
    _, path = saved_and_loaded(module, tmp_path, monkeypatch)
    np.testing.assert_array_equal(Module(Parameters()).predict(X, path), labels)
    np.testing.assert_array_equal(module.predict(X, path), labels)
    given = module.get_all_synapses()
    if case[1] == "ideal":
        again = [module.get_prediction(t, given, module.neuron_label_map) for t in X[:20]]
        if case[0] != "stdp":  # votes are more than labels
            np.testing.assert_array_equal(again, labels[:20])
    assert_same_state(module, clf.module_)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_samples_one_by_one_equal_batches(case, fitted, data):
    X, _ = data
    module = copied(fitted(case).module_)
    before = copied(module)
    counts = module.count_spikes(X)
    np.testing.assert_array_equal(module.count_spikes(X, n_jobs=2), counts)
    np.testing.assert_array_equal(module.count_spikes(X[::-1]), counts[::-1])
    for k in range(0, N_SAMPLES, 7):
        one, winner = module.feed_forward(X[k], module.neuron_label_map, N_STEPS - 1)
        np.testing.assert_array_equal(one, counts[k])
        if case in FROM_REWARD:  # the most driven neuron is the one that spikes
            assert one.tolist() == [j == winner for j in range(12)]
    assert_same_state(module, before)


@pytest.mark.parametrize("case", FROM_REWARD, ids="-".join)
def test_recorded_potentials_decide_as_the_classifier(case, fitted, data):
    X, _ = data
    clf = fitted(case)
    module, scores, chances = copied(clf.module_), clf.decision_function(X), clf.predict_proba(X)
    for k in range(0, N_SAMPLES, 7):
        spikes, potentials = [], []
        counts, winner = module.feed_forward(
            X[k], module.neuron_label_map, N_STEPS - 1, plotting=True,
            spikeplots_for_one_spike_train=spikes, layer_potentials_for_one_spike_train=potentials,
        )  # fmt: skip
        (recorded,) = potentials
        assert [sorted(neuron) for neuron in recorded] == [list(range(1, N_STEPS))] * 12
        last = np.array([[neuron[N_STEPS - 1] for neuron in recorded]])
        norm = np.sqrt(np.square(traces(X[k])).sum())
        decided = module.learning.decide(module, last / norm)
        np.testing.assert_array_equal(decided[0], scores[k])
        np.testing.assert_array_equal(module.learning.chances(module, decided)[0], chances[k])
        assert winner == last.argmax()
        np.testing.assert_array_equal(spikes[0], X[k])
        np.testing.assert_array_equal(spikes[1].sum(axis=1), counts)


@pytest.mark.parametrize("learning", ["prototype", "margin"])
def test_recorded_potentials_equal_the_product_of_weights_and_traces(learning, fitted, data):
    """At every step, to the bit: q counts the steps that each spike has held a synapse open."""
    X, _ = data
    module = copied(fitted((learning, "ideal")).module_)
    (weights,) = module.get_all_synapses()
    assert (weights * 2**20 == np.round(weights * 2**20)).all()
    potentials = []
    module.feed_forward(
        X[5], module.neuron_label_map, N_STEPS - 1, plotting=True,
        layer_potentials_for_one_spike_train=potentials,
    )  # fmt: skip
    for step in range(1, N_STEPS):
        at_step = [neuron[step] for neuron in potentials[0]]
        np.testing.assert_array_equal(at_step, weights @ traces(X[5, :, : step + 1]))


@pytest.mark.parametrize("learning", ["prototype", "margin"])
def test_weights_of_any_kind_are_summed_to_the_same_bits(learning, fitted, data, tmp_path):
    """One by one, in batches or step by step, also with weights that nobody has rounded."""
    X, _ = data
    module = copied(fitted((learning, "ideal")).module_)
    module.layers[0].synapses = np.random.default_rng(0).normal(size=(12, N_CHANNELS))
    activity = module.learning.activity(module, batch_of(module, X))
    for k in range(0, 100, 7):
        one = module.learning.activity(module, batch_of(module, X[k : k + 1], 1))
        np.testing.assert_array_equal(one[0], activity[k])
        potentials = []
        module.feed_forward(X[k], module.neuron_label_map, N_STEPS - 1, plotting=True,
                            layer_potentials_for_one_spike_train=potentials)  # fmt: skip
        last = np.array([neuron[N_STEPS - 1] for neuron in potentials[0]])
        norm = np.sqrt(np.square(traces(X[k])).sum())
        np.testing.assert_array_equal(last / norm, activity[k])


@pytest.mark.parametrize("synapse", ["levels", "spread"])
def test_potentials_of_devices_are_those_of_what_is_read(synapse, fitted, data):
    """Conductances through the gain of each device; a neuron's gain is 1 / norm of its weights."""
    X, _ = data
    clf = fitted(("prototype", synapse))
    (layer,) = clf.module_.layers
    read = layer.conductances[0] * (1 if layer.gains is None else layer.gains[0])
    potentials = X.dot(np.arange(N_STEPS, 0, -1)) @ read.T
    q = traces(X)
    potentials = potentials / np.linalg.norm(read, axis=1) / np.linalg.norm(q, axis=1)[:, None]
    noise = float(clf.module_.decision["escape_noise"])
    labels = clf.module_.neuron_label_map
    scores = [noise * np.log(np.exp(potentials[:, labels == k] / noise).sum(1)) for k in range(3)]
    np.testing.assert_allclose(clf.decision_function(X), np.transpose(scores), atol=1e-5)


@pytest.mark.parametrize("case", [c for c in CASES if c[0] != "reference"], ids="-".join)
def test_a_network_made_by_hand_trains_as_the_classifier(case, data, tmp_path, monkeypatch):
    """Both draw from one generator; the classifier takes a seed for its encoder first."""
    X, y = data
    monkeypatch.chdir(tmp_path)
    clf = new(*case, generator=np.random.default_rng(7)).fit(X, CLASSES[y])
    generator = np.random.default_rng(7)
    generator.integers(2**31)
    learning = clf.learning_
    module = Module(clf.parameters_, learning=learning, random_state=generator)
    module.synapse = synapse_of(*case)
    module.initialise_layers([N_CHANNELS, *learning.hidden_layer_sizes, 12])
    module.X_train = module.X_test = X
    module.Y_train = module.Y_test = y
    accuracy = module.train()
    assert_same_state(module, clf.module_)
    assert accuracy == pytest.approx(clf.score(X, CLASSES[y]), abs=1e-12)
    epochs = sorted(tmp_path.rglob("model.red"))
    assert len(epochs) == 3
    np.testing.assert_array_equal(
        CLASSES[Module(Parameters()).predict(X, str(epochs[-1]))], clf.predict(X)
    )


@pytest.mark.parametrize("learning", ["prototype", "margin", "stdp"])
def test_recording_does_not_change_what_is_learned(learning, data, tmp_path, monkeypatch):
    X, y = data[0][:20], data[1][:20]
    monkeypatch.chdir(tmp_path)
    trained = []
    for records in (False, True):
        module = Module(Parameters(epochs=2, training_duration=N_STEPS - 1, spike_threshold=-66.0),
                        learning=LEARNINGS[learning], random_state=0)  # fmt: skip
        module.initialise_layers([N_CHANNELS, 12])
        module.X_train = module.X_test = X
        module.Y_train = module.Y_test = y
        module.get_spikeplots = module.get_weight_evolution = records
        module.train()
        trained.append(module)
    assert_same_state(*trained)
    assert [len(epoch) for epoch in module.spikeplots] == [20, 20]
    shown = np.array([plots[0] for plots in module.spikeplots[0]])
    assert sorted(shown.tolist()) == sorted(X.tolist())
    assert [len(epoch) for epoch in module.layerpotentials] == [20, 20]
    if learning == "prototype":
        np.testing.assert_array_equal(
            module.weight_evolution[-1][-1][-1], module.layers[0].synapses
        )


# ---------------------------------------------------------------- what a file keeps


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_loaded_network_answers_and_learns_on_as_the_saved_one(
    case, fitted, data, tmp_path, monkeypatch
):
    X, y = data
    module = copied(fitted(case).module_)
    loaded, _ = saved_and_loaded(module, tmp_path, monkeypatch)
    assert_same_state(loaded, module)
    np.testing.assert_array_equal(loaded.count_spikes(X), module.count_spikes(X))
    scores = [
        m.learning.decide(m, m.learning.activity(m, batch_of(m, X))) for m in (module, loaded)
    ]
    np.testing.assert_array_equal(*scores)
    learned = module.get_all_synapses()
    for network in (module, loaded):
        network._generator = np.random.default_rng(11)  # files hold no random stream
        network.learn(X[::-1], y[::-1])
        network.learn(X[:10], y[:10])
    assert_same_state(loaded, module)
    if case[0] == "margin":
        for one, other in ((module.layers[0], loaded.layers[0]),):
            np.testing.assert_array_equal(one.fast, other.fast)
            np.testing.assert_array_equal(one.sums, other.sums)
            assert one.n_shown == other.n_shown
    changed = [not np.array_equal(a, b) for a, b in
               zip(learned, module.get_all_synapses(), strict=True)]  # fmt: skip
    assert any(changed)


def batch_of(module, X, n=100):
    from nervos_sklearn.presentations import Presentations

    sees = {module.learning.sees(module): True}
    return next(Presentations(X).batches(np.arange(n), **sees))


MAY_BE_NEGATIVE = ("state_accumulators", "state_fast", "state_sums", "state_decision_votes")
DAMAGED = [
    ("stdp", "ideal"), ("stdp", "levels"), ("prototype", "levels"), ("margin", "levels"),
    ("margin", "ideal"),
]  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED, ids="-".join)
def test_damaged_state_is_refused_and_changes_nothing(case, fitted, data, tmp_path, monkeypatch):
    module, path = saved_and_loaded(copied(fitted(case).module_), tmp_path, monkeypatch)
    with np.load(path) as archive:
        good = dict(archive)
    names = [name for name in good if name.startswith("state_")]
    assert {"state_update_counts_0", "state_pulses_0"} < set(names)
    assert ("state_fast_0" in names) == (case[0] == "margin")
    assert ("state_accumulators_0" in names) == (case[1] == "levels")
    before = copied(module)

    def refused(arrays):
        with open(path, "wb") as file:
            np.savez(file, **arrays)
        with pytest.raises(ValueError, match=r"model.red"):
            module.load_model(path)
        assert_same_state(module, before)

    for name in names:
        array = good[name]
        whole = array.dtype.kind in "iu"
        bad = [array[..., np.newaxis, np.newaxis], array.astype(complex), array.astype(str)]
        bad += [array.astype(float) + 0.5 if whole else array * np.nan]
        if not name.startswith(MAY_BE_NEGATIVE):
            bad.append(-1 - np.abs(array))
        if array.ndim > 0:
            bad += [array[:0], array[..., :-1]]
        for damaged in bad:
            refused(good | {name: damaged})
    refused(good | {"state_unheard_0": np.zeros(3)})
    refused(good | {"state_pulses_1": np.zeros((12, N_CHANNELS), dtype=int)})
    if case[0] == "margin":
        refused({name: array for name, array in good.items() if name != "state_sums_0"})
    with open(path, "wb") as file:
        np.savez(file, **good)
    module.load_model(path)
    assert_same_state(module, before)


def test_counts_of_another_dtype_are_read(fitted, data, tmp_path, monkeypatch):
    X, y = data
    module, path = saved_and_loaded(
        copied(fitted(("prototype", "levels")).module_), tmp_path, monkeypatch
    )
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["state_pulses_0"] = arrays["state_pulses_0"].astype(">i4")
    arrays["state_accumulators_0"] = np.asfortranarray(arrays["state_accumulators_0"])
    with open(path, "wb") as file:
        np.savez(file, **arrays)
    other = Module(Parameters())
    other.load_model(path)
    for network in (module, other):
        network.learn(X, y)
    assert_same_state(module, other)


# ---------------------------------------------------------------- other ways to keep a network


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_mapped_network_answers_from_many_threads_and_learns_on(case, fitted, data, tmp_path):
    X, y = data
    clf = fitted(case)
    joblib.dump(clf, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    expected = clf.decision_function(X)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(mapped.decision_function, [X] * 4))
    for answer in answers:
        np.testing.assert_array_equal(answer, expected)
    module, other = mapped.module_, copied(clf.module_)
    module.feed_forward(X[0], module.neuron_label_map, N_STEPS - 1, plotting=True)
    assert_same_state(module, other)
    for network in (module, other):
        network.learn(X, y)
        network.feed_forward(X[0], network.neuron_label_map, N_STEPS - 1, True, 2)
        network.layers[0].initial()
    assert_same_state(module, other)


# What skops has to be told to trust: classes of this package, and of NumPy's generators.
OWN = {
    "nervos_sklearn.classifier.SNNClassifier",
    "nervos_sklearn.encoder.SpikeEncoder",
    "nervos_sklearn.images.ImageAugmentation",
    "nervos_sklearn.layer.Layer",
    "nervos_sklearn.learning.MarginLearning",
    "nervos_sklearn.learning.PrototypeLearning",
    "nervos_sklearn.learning.STDPLearning",
    "nervos_sklearn.module.Module",
    "nervos_sklearn.neuron.LIFNeuron",
    "nervos_sklearn.neuron.NeuronArrays",
    "nervos_sklearn.parameters.Parameters",
    "nervos_sklearn.synapse.IdealSynapse",
    "nervos_sklearn.synapse.LinearSynapse",
    "nervos_sklearn.synapse.NonLinearSynapse",
}


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_skops_keeps_a_network_and_nothing_else(case, fitted, data):
    io = pytest.importorskip("skops.io")
    X, y = data
    clf = fitted(case)
    kept = io.dumps(clf)
    types = set(io.get_untrusted_types(data=kept))
    assert types <= OWN
    loaded = io.loads(kept, trusted=sorted(types))
    np.testing.assert_array_equal(loaded.decision_function(X), clf.decision_function(X))
    other = copied(clf.module_)
    for network in (loaded.module_, other):
        network.learn(X, y)
    assert_same_state(loaded.module_, other)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("learning", ["prototype", "margin", "stdp"])
@pytest.mark.parametrize(
    "wrong", ["spikes", "labels", "first column", "rule", "settings", "device"]
)
def test_a_failed_learn_leaves_all_as_it_was(learning, wrong, fitted, data):
    X, y = data
    module = copied(fitted((learning, "noisy")).module_)
    before = copied(module)
    bad_X, bad_y, rule = X.copy(), y.copy(), None
    if wrong == "spikes":
        bad_X[3, 2, 5] = 2
    elif wrong == "labels":
        bad_y = y - 1
    elif wrong == "first column":
        bad_X[3, 2, 0] = 1
    elif wrong == "rule":
        rule = "nonsense"
    elif wrong == "settings":
        module.parameters.min_weight = 2.0
    else:
        module.synapse.update = "sometimes"
    with pytest.raises(ValueError):  # noqa: PT011
        module.learn(bad_X, bad_y, rule=rule)
    module.parameters.min_weight = before.parameters.min_weight
    module.synapse.update = before.synapse.update
    assert_same_state(module, before)
    for network in (module, before):
        network.learn(X, y)
    assert_same_state(module, before)


@pytest.mark.parametrize("learning", ["prototype", "margin"])
def test_a_new_network_that_cannot_learn_so_is_left_as_it_was(learning, data):
    X, y = data
    p = Parameters(training_duration=N_STEPS - 1)
    module = Module(p, learning=LEARNINGS[learning], random_state=0)
    module.initialise_layers([N_CHANNELS, 5, 12])
    other = copied(module)
    for labels, match in ((None, "labels"), (y, "layer_sizes")):
        with pytest.raises(ValueError, match=match):
            module.learn(X, labels)
    assert_same_state(module, other)
    for network in (module, other):
        network.initialise_layers([N_CHANNELS, 12])
        network.learn(X, y)
    assert_same_state(module, other)


@pytest.mark.parametrize("learning", LEARNINGS)
def test_spikes_in_the_first_column_are_refused_everywhere(learning, fitted, data, tmp_path,
                                                           monkeypatch):  # fmt: skip
    X, y = data
    module, path = saved_and_loaded(
        copied(fitted((learning, "ideal")).module_), tmp_path, monkeypatch
    )
    before = copied(module)
    early = X.copy()
    early[0, 3, 0] = 1
    module.X_train = module.X_test = early
    module.Y_train = module.Y_test = y
    labels = np.full(12, -1)
    for call in (
        lambda: module.learn(early, y), lambda: module.count_spikes(early), module.train,
        module.test, lambda: module.get_prediction(early[0]), lambda: module.predict(early, path),
        lambda: module.feed_forward(early[0], labels, N_STEPS - 1),
        lambda: module.feed_forward(early[0], labels, range(5, 9), do_stdp=True, label=1),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="column 0"):
            call()
    assert_same_state(module, before)
    with pytest.raises(ValueError, match="column 0"):
        fitted((learning, "ideal")).predict(early)


@pytest.mark.parametrize("learning", ["prototype", "margin", "stdp"])
def test_labels_that_the_network_does_not_decide_for_are_refused(learning, fitted, data):
    X, y = data
    module = copied(fitted((learning, "ideal")).module_)
    before = copied(module)
    module.X_train = module.X_test = X
    module.Y_train = module.Y_test = y + 1
    with pytest.raises(ValueError, match=r"0 \.\.\. 2"):
        module.train()
    assert_same_state(module, before)


def test_part_of_a_spike_train_is_presented_without_changing_it(fitted, data):
    X, _ = data
    module = copied(fitted(("prototype", "ideal")).module_)
    (weights,) = module.get_all_synapses()
    potentials = []
    spikes = X[4].copy()
    module.feed_forward(spikes, module.neuron_label_map, range(5, 12), plotting=True,
                        layer_potentials_for_one_spike_train=potentials)  # fmt: skip
    np.testing.assert_array_equal(spikes, X[4])
    part = np.where(np.arange(12) < 5, 0, X[4, :, :12])
    recorded = potentials[0]
    np.testing.assert_array_equal([neuron[11] for neuron in recorded], weights @ traces(part))
    assert sorted(recorded[0]) == list(range(5, 12))


@pytest.mark.parametrize("learning", ["prototype", "margin", "stdp"])
def test_an_untrained_network_answers_minus_1(learning, data):
    X, _ = data
    p = Parameters(training_duration=N_STEPS - 1)
    module = Module(p, learning=LEARNINGS[learning], random_state=0)
    module.initialise_layers([N_CHANNELS, 12])
    assert module.get_prediction(X[0]) == -1


@pytest.mark.parametrize("learning", ["margin", PrototypeLearning, 5])
def test_a_learning_is_an_object(learning):
    with pytest.raises(TypeError, match="learning"):
        Module(Parameters(), learning=learning)


def test_parameters_of_a_learning_are_checked_before_it_begins(data):
    X, y = data
    module = Module(Parameters(training_duration=N_STEPS - 1),
                    learning=PrototypeLearning(margin=-1), random_state=0)  # fmt: skip
    module.initialise_layers([N_CHANNELS, 12])
    with pytest.raises(ValueError, match="margin"):
        module.learn(X, y)


@pytest.mark.parametrize("learning", ["prototype", "margin", "stdp"])
def test_a_label_without_samples_is_never_answered(learning, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = data
    module = Module(Parameters(training_duration=N_STEPS - 1, spike_threshold=-66.0),
                    learning=LEARNINGS[learning], random_state=0)  # fmt: skip
    module.initialise_layers([N_CHANNELS, 12])
    module.X_train = module.X_test = X
    module.Y_train = module.Y_test = 2 * y  # 0, 2 and 4
    assert module.train() > 0.4
    assert {module.get_prediction(train) for train in X} <= {0, 2, 4}


def test_columns_must_share_the_neurons_evenly(data, tmp_path):
    X, y = data
    module = Module(
        Parameters(training_duration=N_STEPS - 1), learning=MarginLearning(n_columns=2)
    )
    module.initialise_layers([N_CHANNELS, 9])
    with pytest.raises(ValueError, match="n_columns=2"):
        module.learn(X, y)
    assert module.n_classes == 0
    save_model(np.arange(9), np.ones((1, 9, N_CHANNELS)), {}, str(tmp_path / "model.red"))
    with pytest.raises(ValueError, match="n_columns=2"):
        module.load_model(str(tmp_path / "model.red"))


@pytest.mark.parametrize("learning", ["prototype", "margin"])
def test_layers_made_anew_forget(learning, fitted, data):
    X, y = data
    module = copied(fitted((learning, "ideal")).module_)
    module.initialise_layers([N_CHANNELS, 8])
    assert module.get_prediction(X[0]) == -1
    module.learn(X[y < 2], y[y < 2])
    assert module.n_classes == 2
    assert sorted(set(module.neuron_label_map)) == [0, 1]


@pytest.mark.parametrize("learning", LEARNINGS)
def test_masked_spikes_are_refused(learning, fitted, data):
    X, _ = data
    module = copied(fitted((learning, "ideal")).module_)
    masked = np.ma.masked_array(X, mask=np.zeros(X.shape, dtype=bool))
    masked[0, 2, 3] = np.ma.masked
    for call in (
        lambda: module.learn(masked, np.zeros(N_SAMPLES)), lambda: module.count_spikes(masked),
        lambda: module.get_prediction(masked[0]),
        lambda: module.feed_forward(masked[0], module.neuron_label_map, N_STEPS - 1),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="masked"):
            call()


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_loaded_network_trains_on_as_the_saved_one(case, fitted, data, tmp_path, monkeypatch):
    """A further call of train goes on: the learning rate has decayed, competition is over."""
    X, y = data
    module = copied(fitted(case).module_)
    loaded, _ = saved_and_loaded(module, tmp_path, monkeypatch)
    for network in (module, loaded):
        network._generator = np.random.default_rng(11)  # files hold no random stream
        network.X_train = network.X_test = X
        network.Y_train = network.Y_test = y
        network.train()
        assert network.n_epochs == 6
    assert_same_state(loaded, module)


@pytest.mark.parametrize("learning", ["prototype", "margin", "stdp"])
def test_plain_weights_and_labels_answer_under_the_learning_at_hand(learning, data, tmp_path):
    """A file of `save_model` holds no more; the label of the most driven neuron is the answer."""
    X, _ = data
    weights = np.random.default_rng(1).uniform(0.2, 1, (1, 3, N_CHANNELS))
    labels, path = [2, 0, 1], str(tmp_path / "model.red")
    settings = Parameters(training_duration=N_STEPS - 1, spike_threshold=-66.0)
    save_model(labels, weights, settings, path)
    way = MarginLearning() if learning == "margin" else LEARNINGS[learning]
    module = Module(Parameters(), learning=way)
    answers = module.predict(X, path)
    module.load_model(path)
    np.testing.assert_array_equal([module.get_prediction(train) for train in X], answers)
    activity = module.count_spikes(X) if learning == "stdp" else traces(X) @ weights[0].T
    np.testing.assert_array_equal(answers, activity[:, np.argsort(labels)].argmax(axis=1))
    assert len(set(answers)) > 1
