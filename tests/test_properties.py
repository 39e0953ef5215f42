"""Properties of any network: random ones are tried, and the smallest that fails is shown."""

import contextlib
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import reward_reference as slow
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from reference import Reference, nearest, stdp
from sklearn.base import clone
from test_reward_reference import assert_equals_reference

from nervos_sklearn import (
    EnduranceSynapse,
    IdealSynapse,
    LinearSynapse,
    MarginLearning,
    Module,
    NonLinearSynapse,
    Parameters,
    PrototypeLearning,
    SNNClassifier,
    SpikeEncoder,
    STDPLearning,
    TableSynapse,
)

# Odd settings are tried on purpose; what is said about them is tested elsewhere.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:[\s\S]* has no effect here"),
    pytest.mark.filterwarnings("ignore:n_neurons=.* are too few"),
]

# The same examples in every run, however long the loops take to compile.
STABLE = {"derandomize": True, "deadline": None, "database": None}

seeds = st.integers(0, 2**32 - 1)


def numbers(low, high):
    """Finite numbers from a range, the bounds included."""
    return st.floats(low, high, allow_nan=False, allow_subnormal=False)


def spike_trains(rng, n_samples, n_channels, duration, rate):
    X = (rng.random((n_samples, n_channels, duration + 1)) < rate).astype(np.uint8)
    X[:, :, 0] = 0
    return X


def labels_of_all_classes(rng, n_classes, n_samples):
    more = rng.integers(0, n_classes, n_samples - n_classes)
    return rng.permutation(np.concatenate([np.arange(n_classes), more]))


# --------------------------------------------------------------- the dynamics, under STDP

# Networks that fire: a few mV from rest to threshold, some below the reset.
small_parameters = st.fixed_dictionaries(
    {
        "training_duration": st.integers(1, 40),
        "past_window": st.integers(-25, 0),
        "inhibitory_potential": numbers(-74, -69.9),
        "reset_potential": numbers(-73, -69.9),
        "spike_threshold": numbers(-69.5, -67),
        "spike_drop_rate": numbers(0, 0.5),
        "threshold_drop_rate": numbers(0, 0.6),
        "A_up": numbers(0, 1.5),
        "A_down": numbers(-2, 0.2),
        "tau_up": numbers(0.5, 20),
        "tau_down": numbers(0.5, 20),
        "eta": numbers(0, 0.5),
        "refractory_time": st.integers(0, 12),
        "tau_m": numbers(1, 20),
        "tau_threshold": numbers(1, 20),
        "min_weight": numbers(-1, 0.2),
        "max_weight": numbers(0.8, 2),
    }
)


@st.composite
def flags_and_levels(draw):
    """What the reference can be told beside parameters; levels are exact, so ties are ties."""
    level = st.integers(0, 64).map(lambda k: k / 64)
    flags = {"wta": draw(st.booleans()), "true_lif": draw(st.booleans())}
    kind = draw(st.sampled_from(["continuous", "levels", "lookup"]))
    if kind == "levels":
        flags["levels"] = draw(st.lists(level, min_size=1, max_size=12))
    elif kind == "lookup":
        width = draw(st.integers(1, 8))
        row = st.lists(level, min_size=width, max_size=width)
        flags["lookup"] = draw(st.lists(row, min_size=1, max_size=20))
    return flags


def two_networks(p, sizes, flags, weights, lag_matters):
    """The package's network and the reference's, of the same kind."""
    module = Module(Parameters(**p), random_state=0)
    module.initialise_layers(sizes)
    for layer, of_layer in zip(module.layers, weights, strict=True):
        layer.set_synapses(of_layer)
    module.wta, module.true_lif = flags["wta"], flags["true_lif"]
    module.allowed_levels = flags.get("levels")
    if "lookup" in flags:
        module.enable_cycle_dependent_weights = True
        module.cycle_dependent_weight_lookup = flags["lookup"]
    p = module.parameters.to_dict()
    if lag_matters:
        return module, Reference(p, weights, **flags)

    def rule(dt):
        """The conventional rule, but depression is the same for every lag: none need be drawn."""
        return stdp(max(dt, -1), p)

    module.learning_rule = rule
    ref = Reference(p | {"past_window": 0}, weights, rule=rule, **flags)
    ref.p = p
    return module, ref


@settings(max_examples=120, **STABLE)
@given(
    p=small_parameters,
    sizes=st.lists(st.integers(1, 8), min_size=2, max_size=4),
    flags=flags_and_levels(),
    ones=st.booleans(),
    rate=numbers(0.1, 0.9),
    seed=seeds,
)
def test_any_network_is_that_of_the_reference(p, sizes, flags, ones, rate, seed):
    rng = np.random.default_rng(seed)
    exact = "levels" in flags or "lookup" in flags
    weights = [
        np.ones((n, m)) if ones
        else rng.integers(0, 65, (n, m)) / 64 if exact
        else rng.uniform(p["min_weight"], p["max_weight"], (n, m))
        for m, n in pairwise(sizes)
    ]  # fmt: skip
    module, ref = two_networks(p, sizes, flags, weights, lag_matters=p["past_window"] >= -4)
    X = spike_trains(rng, 4, sizes[0], p["training_duration"], rate)
    y = rng.integers(0, 3, 4)
    counts = ref.learn(X, y)
    event("fires" if counts.any() else "is silent")
    np.testing.assert_array_equal(module.learn(X, y), counts)
    for k, layer in enumerate(module.layers):
        np.testing.assert_allclose(layer.synapses, ref.weights[k], rtol=0, atol=1e-11)
        np.testing.assert_array_equal(module.synapse_update_counts[k], ref.update_counts[k])
    np.testing.assert_array_equal(module.neuron_label_map, ref.label_map)
    np.testing.assert_array_equal(module.count_spikes(X), ref.count(X))
    np.testing.assert_array_equal([module.get_prediction(x) for x in X], ref.predict(X))


@settings(max_examples=200, **STABLE)
@given(
    levels=st.lists(st.integers(0, 8).map(lambda k: k / 8), min_size=1, max_size=8),
    weight=st.integers(0, 16).map(lambda k: k / 16),
)
@example(levels=[0.25, 0.75, 0.25], weight=0.5)
def test_a_weight_goes_to_the_nearest_level_the_first_one_on_a_tie(levels, weight):
    """Also where a level stands in the table more than once."""
    module = Module(Parameters())
    module.initialise_layers([1, 1])
    module.allowed_levels = levels
    assert module.update_synapse(weight, 0.0, 0, 0) == nearest([weight], levels)[0]


# ------------------------------------------------------------------- learning from reward


# Margins that no ratio of small integers meets, so that no rounding decides.
margins = st.sampled_from([0.0, 0.031, 0.083, 0.217, 0.531, 3.0])
dropouts = st.just(0.0) | numbers(0, 0.95)
prototype_learnings = st.builds(
    PrototypeLearning,
    margin=margins,
    eta_decay=numbers(0.1, 1),
    competitive_epochs=st.integers(0, 5),
    reinforcement=st.just(0.0) | numbers(0.01, 1),
    recruitment=st.booleans(),
    synaptic_scaling=st.booleans(),
    signed=st.booleans(),
    feature_dropout=dropouts,
)
margin_learnings = st.builds(
    MarginLearning,
    margin=margins,
    eta_decay=numbers(0.1, 1),
    averaging=st.sampled_from([0, 0.5, 1, 3, 7.3]),
    n_columns=st.integers(1, 4),
    feature_dropout=dropouts,
)


@st.composite
def reward_classifiers(draw):
    learning = draw(prototype_learnings | margin_learnings)
    return SNNClassifier(
        draw(st.integers(1, 12)) * getattr(learning, "n_columns", 1),
        learning=learning,
        epochs=draw(st.integers(1, 4)),
        eta=draw(numbers(0.001, 1.5)),
    )


@settings(max_examples=120, **STABLE)
@given(
    clf=reward_classifiers(),
    n_classes=st.integers(2, 4),
    n_samples=st.integers(4, 16),
    n_channels=st.integers(1, 10),
    duration=st.integers(1, 25),
    rate=numbers(0.02, 0.7),
    seed=seeds,
)
def test_reward_on_any_spike_trains_is_the_slow_simulation(
    clf, n_classes, n_samples, n_channels, duration, rate, seed
):
    rng = np.random.default_rng(seed)
    X = spike_trains(rng, n_samples, n_channels, duration, rate)
    y = labels_of_all_classes(rng, n_classes, n_samples)
    assert_equals_reference(clf, X, X, y, seed)


@settings(max_examples=80, **STABLE)
@given(
    clf=reward_classifiers(),
    n_fields=st.integers(1, 6),
    variance=numbers(0.005, 0.2),
    n_features=st.integers(1, 5),
    duration=st.integers(2, 25),
    seed=seeds,
)
def test_reward_on_any_table_is_the_slow_simulation(
    clf, n_fields, variance, n_features, duration, seed
):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(14, n_features))
    y = labels_of_all_classes(rng, 2, 14)
    scaled = (X - X.min(axis=0)) / np.ptp(X, axis=0)
    trains = slow.latency_trains(slow.fields(scaled, n_fields, variance), duration)
    encoder = SpikeEncoder(
        training_duration=duration, n_fields=n_fields, field_variance=variance,
        field_code="latency",
    )  # fmt: skip
    groups = np.repeat(np.arange(n_features), n_fields)
    assert_equals_reference(clf.set_params(encoder=encoder), X, trains, y, seed, groups)


# --------------------------------------------------------------------------- round trips

names = st.from_regex(r"note_[a-z]{0,8}", fullmatch=True)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | numbers(-1e300, 1e300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
any_parameters = st.fixed_dictionaries(
    {},
    optional={
        "training_duration": st.integers(1, 10_000),
        "past_window": st.integers(-10_000, 0),
        "epochs": st.integers(1, 10_000),
        "resting_potential": numbers(-1000, -60),
        "inhibitory_potential": numbers(-1000, -60),
        "reset_potential": numbers(-1000, -60),
        "spike_threshold": numbers(-59.9, 1000),
        "spike_drop_rate": numbers(0, 1000),
        "threshold_drop_rate": numbers(0, 1000),
        "min_weight": numbers(-10, 0.5),
        "max_weight": numbers(0.6, 10),
        "A_up": numbers(-100, 100),
        "A_down": numbers(-100, 100),
        "tau_up": numbers(1e-3, 1e4),
        "tau_down": numbers(1e-3, 1e4),
        "eta": numbers(0, 10),
        "min_frequency": numbers(0, 10),
        "max_frequency": numbers(11, 1000),
        "refractory_time": st.integers(0, 10_000),
        "tau_m": numbers(1, 1e4),
        "tau_threshold": numbers(1, 1e4),
        "conductance": numbers(1e-3, 1e4),
        "training_images_amount": st.integers(0, 10**6),
        "testing_images_amount": st.integers(0, 10**6),
    },
)


@contextlib.contextmanager
def an_empty_directory():
    """Work in a directory of its own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        yield Path(folder)


@settings(max_examples=100, **STABLE)
@given(known=any_parameters, unknown=st.dictionaries(names, json_values, max_size=3))
def test_parameters_survive_json(known, unknown):
    p = Parameters(**known, **unknown)
    with an_empty_directory() as folder:
        p.save("x")
        q = Parameters()
        q.from_file(folder / "parameters" / "parameters_x.json")
    assert q == p
    assert q.to_dict() == p.to_dict()
    assert {name: getattr(q, name) for name in known | unknown} == known | unknown
    assert all(type(getattr(q, name)) is type(value) for name, value in known.items())
    assert Parameters(**p.to_dict()) == p


@st.composite
def synapses(draw):
    """A model of a synapse with any levels, noise and spread."""
    level = numbers(0, 1)
    common = {
        "read_noise": draw(st.just(0.0) | numbers(0.001, 0.3)),
        "write_noise": draw(st.just(0.0) | numbers(0.001, 0.3)),
        "device_spread": draw(st.just(0.0) | numbers(0.001, 0.3)),
    }
    kind = draw(st.sampled_from(["ideal", "linear", "nonlinear", "table", "branches", "wear"]))
    if kind == "ideal":
        return IdealSynapse(**common)
    if kind == "linear":
        return LinearSynapse(draw(st.integers(2, 40)), **common)
    if kind == "nonlinear":
        nu = draw(numbers(0.5, 8))
        return NonLinearSynapse(draw(st.integers(2, 40)), nu, **common)
    if kind == "wear":
        width = draw(st.integers(2, 6))
        row = st.lists(level, min_size=width, max_size=width)
        table = draw(st.lists(row, min_size=1, max_size=5))
        steps = draw(st.lists(st.integers(1, 50), min_size=len(table), max_size=len(table)))
        first_cycles = np.cumsum([0, *steps[1:]])
        return EnduranceSynapse(table, draw(st.sampled_from([None, first_cycles])), **common)
    levels = st.lists(level, min_size=2, max_size=12)
    return TableSynapse(draw(levels), draw(levels) if kind == "branches" else None, **common)


def assert_same_model(model, expected):
    """The same class and the same parameters, whether they are kept as arrays or as lists."""
    assert type(model) is type(expected)
    if expected is not None:
        ours, theirs = model.get_params(), expected.get_params()
        assert ours.keys() == theirs.keys()
        for name, value in theirs.items():
            np.testing.assert_array_equal(ours[name], value, err_msg=name)


@settings(max_examples=100, **STABLE)
@given(
    p=small_parameters,
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    synapse=st.none() | synapses(),
    wta=st.booleans(),
    true_lif=st.booleans(),
    rule=st.sampled_from(["conventional", "cos", "sin"]),
    half_range=st.none() | numbers(0, 0.5),
    epoch=st.integers(1, 99),
    seed=seeds,
)
def test_a_saved_epoch_predicts_as_the_network_that_was_saved(
    p, sizes, synapse, wta, true_lif, rule, half_range, epoch, seed
):
    rng = np.random.default_rng(seed)
    module = Module(Parameters(**p), "run", random_state=seed)
    module.initialise_layers(sizes, initial_weights="random")
    module.wta, module.true_lif, module.learning_rule = wta, true_lif, rule
    if half_range is not None and synapse is None:
        module.enable_synaptic_noise, module.noise_magnitude_half_range = True, half_range
    module.synapse = synapse
    X = spike_trains(rng, 6, sizes[0], p["training_duration"], 0.5)
    module.learn(X, rng.integers(0, 3, 6))
    expected = module.count_spikes(X)
    with an_empty_directory() as folder:
        module.save_epoch(epoch, module.get_all_synapses(), module.neuron_label_map, 0.5)
        (path,) = folder.glob(f"storage/*/Epoch_{epoch}-0.5/model.red")
        loaded = Module(Parameters())
        loaded.load_model(path)
        predicted = Module(Parameters()).predict(X, path)
    assert_same_model(loaded.synapse, synapse)
    assert loaded.parameters == module.parameters
    assert (loaded.wta, loaded.true_lif, loaded.learning_rule) == (wta, true_lif, rule)
    np.testing.assert_array_equal(loaded.neuron_label_map, module.neuron_label_map)
    for ours, theirs in zip(loaded.layers, module.layers, strict=True):
        np.testing.assert_array_equal(ours.synapses, theirs.synapses)
    np.testing.assert_array_equal(loaded.count_spikes(X), expected)
    labels = [module.get_prediction(x) for x in X]
    np.testing.assert_array_equal([loaded.get_prediction(x) for x in X], labels)
    np.testing.assert_array_equal(predicted, labels)


# ------------------------------------------------- the encoder, inside and before

CODES = [("receptive_fields", "rate"), ("receptive_fields", "latency"), ("rate", "rate"),
         ("poisson", "rate"), ("latency", "rate")]  # fmt: skip
SCALES = ("auto", "feature", "standard", "quantile", "sample", None)
# Every default by name, because those depend on what a network is given; dropout is only inside.
LEARNINGS = {
    "stdp": STDPLearning(),
    "prototype": PrototypeLearning(feature_dropout=0.0),
    "margin": MarginLearning(
        margin=0.1, eta_decay=0.93, feature_dropout=0.0, recruitment=0.5, n_columns=3
    ),
}
ALL = [(learning, *code, scale) for learning in LEARNINGS for code in CODES for scale in SCALES]


def classifier(learning, **changes):
    if learning == "stdp":
        changes = {"spike_threshold": -69.0, "n_neurons": 12, "epochs": 2} | changes
    if learning == "margin":
        changes = {"eta": 0.1} | changes
    defaults = {"epochs": 3, "n_neurons": 9, "augmentation": None}
    return SNNClassifier(**defaults | changes, learning=LEARNINGS[learning])


def assert_inside_equals_before(encoder, clf, X, y, X_new):
    """Fit on features with the encoder inside, and on the spike trains it makes of them."""
    inside = clone(clf).set_params(encoder=encoder).fit(X, y)
    before = clone(encoder).fit(X)
    after = clone(clf).fit(before.transform(X), y)
    assert inside.parameters_.training_duration == after.parameters_.training_duration
    np.testing.assert_array_equal(inside.module_.receptive_fields, after.module_.receptive_fields)
    new = before.transform(X_new)
    np.testing.assert_array_equal(inside.decision_function(X_new), after.decision_function(new))
    np.testing.assert_array_equal(inside.predict_proba(X_new), after.predict_proba(new))
    np.testing.assert_array_equal(inside.predict(X_new), after.predict(new))
    return after


def grey_values(rng, n_samples, n_features, scale):
    """Whole numbers, or shares of the largest one where the encoder does not scale."""
    X = rng.integers(0, 17, (n_samples, n_features)).astype(float)
    return X / 16 if scale is None else X


@pytest.mark.parametrize(("learning", "encoding", "field_code", "scale"), ALL)
@settings(max_examples=4, **STABLE)
@given(
    n_features=st.integers(1, 12),
    n_classes=st.integers(2, 4),
    duration=st.integers(1, 60),
    n_fields=st.integers(1, 6),
    max_frequency=numbers(5, 60),
    seed=st.integers(0, 2**31 - 1),
)
def test_encoder_inside_equals_encoder_before(
    learning, encoding, field_code, scale, n_features, n_classes, duration, n_fields,
    max_frequency, seed,
):  # fmt: skip
    rng = np.random.default_rng(seed)
    X, X_new = (grey_values(rng, n, n_features, scale) for n in (20, 8))
    y = labels_of_all_classes(rng, n_classes, 20)
    encoder = SpikeEncoder(
        encoding,
        field_code=field_code,
        scale=scale,
        training_duration=duration,
        n_fields=n_fields,
        max_frequency=max_frequency,
        random_state=seed,
    )
    clf = classifier(learning, random_state=seed)
    assert_inside_equals_before(encoder, clf, X, y, X_new)


@pytest.mark.parametrize(("learning", "encoding", "field_code", "scale"), ALL)
def test_encoder_inside_equals_encoder_before_on_many_samples(
    learning, encoding, field_code, scale
):
    """More samples than one batch, and networks that do learn."""
    rng = np.random.default_rng(0)
    X, X_new = (grey_values(rng, n, 8, scale) for n in (300, 150))
    y = (X[:, 0] > X[:, 1]).astype(int)
    encoder = SpikeEncoder(
        encoding, field_code=field_code, scale=scale, training_duration=32, random_state=1
    )
    after = assert_inside_equals_before(encoder, classifier(learning, random_state=0), X, y, X_new)
    spikes = encoder.fit(X).transform(X_new)
    assert len(np.unique(after.predict(spikes))) == 2
    assert len(np.unique(after.predict_proba(spikes))) > 10


@pytest.mark.parametrize("learning", LEARNINGS)
def test_latency_inside_rounds_as_the_encoder_does(learning):
    """5/6 of 3 steps is 2.5 in double precision and less in single precision."""
    X, y = np.array([[0.0, 5.0, 6.0], [6.0, 5.0, 0.0]] * 4), np.arange(8) % 2
    encoder = SpikeEncoder("latency", training_duration=3)
    assert_inside_equals_before(encoder, classifier(learning, random_state=0), X, y, X)


@settings(max_examples=300, **STABLE)
@given(
    code=st.sampled_from(CODES),
    scale=st.sampled_from(SCALES),
    n_features=st.integers(1, 12),
    duration=st.integers(1, 300),
    n_fields=st.integers(1, 6),
    variance=numbers(1e-4, 1),
    frequencies=st.tuples(numbers(0, 60), numbers(0.1, 300)),
    size=st.sampled_from([1e-300, 1.0, 1e300]),
    seed=st.integers(0, 2**31 - 1),
)
def test_traces_are_those_of_the_spikes(
    code, scale, n_features, duration, n_fields, variance, frequencies, size, seed
):
    rng = np.random.default_rng(seed)
    X, X_new = (rng.random((n, n_features)) for n in (20, 8))
    if scale is not None:
        X, X_new = (X - 0.5) * size, (X_new * 1.5 - 0.7) * size
    encoder = SpikeEncoder(
        code[0],
        field_code=code[1],
        scale=scale,
        training_duration=duration,
        n_fields=n_fields,
        field_variance=variance,
        min_frequency=min(frequencies),
        max_frequency=max(frequencies),
        random_state=seed,
    ).fit(X)
    spikes = encoder.transform(X_new)
    open_for = duration + 1 - np.arange(duration + 1)
    counted = np.array([[open_for[train == 1].sum() for train in sample] for sample in spikes])
    np.testing.assert_array_equal(encoder.traces(X_new), counted)
    assert not spikes[:, :, 0].any()
