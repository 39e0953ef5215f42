"""Studies of synapses."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline

from nervos_sklearn import (
    DifferentialPair,
    EnduranceSynapse,
    IdealSynapse,
    LinearSynapse,
    MarginLearning,
    NonLinearSynapse,
    SNNClassifier,
    SpikeEncoder,
    STDPLearning,
    SynapseStudyDisplay,
    TableSynapse,
    synapse_study,
)

PLAIN = LinearSynapse(4)


def network(learning="stdp", **parameters):
    return SNNClassifier(8, learning=learning, epochs=2, random_state=0, **parameters)


@pytest.fixture(scope="module")
def study():
    synapses = [IdealSynapse(), LinearSynapse(4), LinearSynapse(16), NonLinearSynapse(9)]
    pipeline = make_pipeline(SpikeEncoder(), network(eta=0.9))
    return synapse_study(
        pipeline, synapses, *load_iris(return_X_y=True), cv=3, read_energy=1e-15,
        write_energy=1e-12,
    )  # fmt: skip


def test_a_row_for_each_synapse_fold_and_epoch(study):
    assert {len(column) for column in study.values()} == {4 * 3 * 2}
    rows = set(zip(study["synapse"], study["fold"], study["epoch"], strict=True))
    assert len(rows) == 24
    assert sorted(set(study["n_levels"])) == [4, 9, 16, np.inf]


def test_numbers_are_those_of_a_fit_by_hand(study):
    X, y = load_iris(return_X_y=True)
    train, test = next(StratifiedKFold(3).split(X, y))
    clf = network(eta=0.9, synapse=NonLinearSynapse(9)).fit(X[train], y[train])
    row = (study["synapse"] == "NonLinearSynapse(n_states=9)") & (study["fold"] == 0)
    assert study["accuracy"][row][-1] == clf.score(X[test], y[test])
    module = clf.module_
    counts = module.synapse_update_counts[0]
    assert study["updates_per_synapse"][row][-1] == pytest.approx(counts.mean())
    pulses = module.layers[0].pulses[0]
    assert 0 < pulses.sum() < counts.sum()
    assert study["writes"][row].sum() == pytest.approx(pulses.sum() / len(train))
    assert study["spikes"][row].sum() == pytest.approx(module.n_firings / len(train))
    levels = NonLinearSynapse(9).curves(1e-5, 1.0)
    shares = [(module.layers[0].synapses == level).mean() for level in levels]
    np.testing.assert_allclose(study["occupancy"][row][-1], shares)
    np.testing.assert_allclose(
        study["energy"], study["operations"] * 1e-15 + study["writes"] * 1e-12
    )


@pytest.mark.parametrize("learning", ["prototype", "margin", MarginLearning(margin=0.05)])
def test_a_study_keeps_the_way_its_network_learns(learning):
    """The numbers of the last epoch are those of a fit; pairs count both their devices."""
    X, y = load_iris(return_X_y=True)
    train, test = next(StratifiedKFold(3).split(X, y))
    synapses = [LinearSynapse(4), IdealSynapse()]
    study = synapse_study(network(learning, n_jobs=2), synapses, X, y, cv=[(train, test)])
    levels = LinearSynapse(4).curves(1e-5, 1.0)
    for device, synapse in enumerate(synapses):
        clf = network(learning, synapse=synapse).fit(X[train], y[train])
        module, rows = clf.module_, study["device"] == device
        (layer,) = module.layers
        assert study["accuracy"][rows][-1] == clf.score(X[test], y[test])
        for column, total in (
            ("spikes", module.n_firings), ("operations", module.n_reads),
            ("writes", layer.pulses.sum()),
        ):  # fmt: skip
            assert study[column][rows].sum() * len(train) == pytest.approx(total)
            assert (study[column][rows] > 0).all()
        counts = layer.synapse_update_counts
        assert study["updates_per_synapse"][rows][-1] == pytest.approx(counts.mean())
        if device == 0:
            shares = [(layer.conductances == level).mean() for level in levels]
            np.testing.assert_allclose(study["occupancy"][rows][-1], shares)
        assert sum(study["occupancy"][rows][-1]) == pytest.approx(1)
    assert len(layer.conductances) == 1
    assert learning == "prototype" or clf.learning_.signed


def test_early_stopping_is_off_in_a_study():
    X, y = load_iris(return_X_y=True)
    plain, stopping = (
        synapse_study(
            network("margin", early_stopping=stops, n_iter_no_change=1), [LinearSynapse(4)], X, y,
            cv=2,
        ) for stops in (False, True)
    )  # fmt: skip
    np.testing.assert_array_equal(plain["accuracy"], stopping["accuracy"])


def test_synaptic_operations_are_what_arrives_while_the_layer_listens():
    X = np.zeros((3, 4, 31), dtype=np.uint8)
    X[:, :, 5::5] = 1
    clf = network(spike_threshold=1e6, learning=STDPLearning(shuffle=False)).fit(X, [0, 1, 1])
    assert clf.module_.n_firings == 0
    assert clf.module_.n_reads == 2 * X.sum() * 8


@pytest.mark.parametrize("n_jobs", [2])
def test_processes_do_not_change_a_study(study, n_jobs):
    again = synapse_study(
        network(eta=0.9), [LinearSynapse(4)], *load_iris(return_X_y=True), cv=3, n_jobs=n_jobs
    )
    row = study["synapse"] == "LinearSynapse(n_states=4)"
    np.testing.assert_array_equal(again["accuracy"], study["accuracy"][row])
    assert np.isnan(again["energy"]).all()


def test_a_study_is_drawn(study):
    by_levels = SynapseStudyDisplay.from_study(study)
    assert set(by_levels.curves) == {"IdealSynapse", "LinearSynapse", "NonLinearSynapse"}
    x, mean, deviation = by_levels.curves["LinearSynapse"]
    assert x.tolist() == [4, 16]
    chosen = (study["n_levels"] == 16) & (study["epoch"] == 2)
    assert mean[1] == pytest.approx(study["accuracy"][chosen].mean())
    assert deviation[1] == pytest.approx(study["accuracy"][chosen].std())
    assert len(by_levels.lines_) == 2
    by_epoch = SynapseStudyDisplay.from_study(study, x="epoch")
    assert by_epoch.curves["IdealSynapse()"][0].tolist() == [1, 2]
    with pytest.raises(ValueError, match="x must be"):
        SynapseStudyDisplay.from_study(study, x="day")
    plt.close("all")


def test_updates_that_change_nothing_cost_nothing():
    """Steps of a quarter of the range are out of reach of an eta that small."""
    with pytest.warns(UserWarning, match="no update can leave"):
        study = synapse_study(
            network(eta=0.01), [LinearSynapse(5)], *load_iris(return_X_y=True), cv=2,
            read_energy=0.0, write_energy=1e-12,
        )  # fmt: skip
    assert (study["updates_per_synapse"] > 0).all()
    assert not study["writes"].any()
    assert not study["energy"].any()


def test_the_warning_of_levels_that_hold_is_short():
    table = TableSynapse(np.linspace(0, 1, 5).repeat(20))
    X, y = load_iris(return_X_y=True)
    with pytest.warns(UserWarning, match="TableSynapse, of 5 levels") as warned:
        network(eta=0.01, synapse=table).fit(X, y)
    assert max(len(str(warning.message)) for warning in warned) < 300


def test_a_single_synapse_is_a_list_of_one():
    X, y = load_iris(return_X_y=True)
    one, many = (synapse_study(network("margin"), s, X, y, cv=2) for s in (PLAIN, [PLAIN]))
    assert {name: list(map(str, column)) for name, column in one.items()} == {
        name: list(map(str, column)) for name, column in many.items()
    }


def test_levels_are_those_of_one_curve_and_conductances_those_of_both():
    devices = [
        LinearSynapse(4),
        NonLinearSynapse(4, nu=-3, nu_depression=3),
        NonLinearSynapse(4, nu=-3, nu_depression=3, n_states_depression=9),
        DifferentialPair(NonLinearSynapse(4, nu=-3, nu_depression=3)),
    ]
    assert [device.n_levels for device in devices] == [4, 4, 9, 4]
    study = synapse_study(network("margin"), devices, *load_iris(return_X_y=True), cv=2)
    first = [np.argmax(study["device"] == k) for k in range(4)]
    assert study["n_levels"][first].tolist() == [4, 4, 9, 4]
    # The two ends are common to both curves.
    assert study["n_conductances"][first].tolist() == [4, 6, 11, 6]
    assert [len(study["occupancy"][k]) for k in first] == [4, 6, 11, 6]


def test_occupancy_counts_each_level_of_both_curves_once():
    synapse = TableSynapse([0.0, 0.5, 0.5, 1.0], [0.0, 0.25, 0.75, 1.0])
    assert synapse.n_levels == 4
    assert TableSynapse([0.9, 0.1, 0.5, 0.1]).n_levels == 3
    X, y = load_iris(return_X_y=True)
    study = synapse_study(network(eta=0.9), [synapse], X, y, cv=[(np.arange(150), np.arange(150))])
    weights = network(eta=0.9, synapse=synapse).fit(X, y).module_.layers[0].synapses
    shares = [(weights == level).mean() for level in (0, 0.25, 0.5, 0.75, 1)]
    assert sum(shares) == pytest.approx(1)
    assert shares[1] + shares[3] > 0
    np.testing.assert_allclose(study["occupancy"][-1], shares)


def test_synapses_have_names_that_are_short_and_differ():
    X, y = load_iris(return_X_y=True)
    table = np.linspace(0, 1, 60)
    devices = {
        "TableSynapse(60 levels, write_noise=0.02)": TableSynapse(table, write_noise=0.02),
        "TableSynapse(60 levels) (device 1)": TableSynapse(table),
        "TableSynapse(60 levels) (device 2)": TableSynapse(table**2),
        "EnduranceSynapse(60 levels)": EnduranceSynapse([table, table / 2], [0, 500]),
        "DifferentialPair(synapse=TableSynapse(60 levels))": DifferentialPair(TableSynapse(table)),
        "NonLinearSynapse(n_states=60, nu=2.0)": NonLinearSynapse(60, 2.0),
    }
    study = synapse_study(network("margin"), devices.values(), X, y, cv=2)
    assert study["synapse"][study["fold"] == 0][::2].tolist() == list(devices)
    for x in ("n_levels", "epoch"):
        assert len(SynapseStudyDisplay.from_study(study, x=x).curves) == len(devices)
    plt.close("all")


def test_a_study_takes_names():
    X, y = load_iris(return_X_y=True)
    devices = {"oxide": TableSynapse(np.linspace(0, 1, 60)), "ideal": IdealSynapse()}
    study = synapse_study(network("margin"), devices, X, y, cv=2)
    assert study["synapse"].tolist() == ["oxide"] * 4 + ["ideal"] * 4
    assert study["model"].tolist() == ["TableSynapse"] * 4 + ["IdealSynapse"] * 4
    unnamed = synapse_study(network("margin"), devices.values(), X, y, cv=2)
    np.testing.assert_array_equal(study["accuracy"], unnamed["accuracy"])
    for x in ("n_levels", "epoch"):
        legend = SynapseStudyDisplay.from_study(study, x=x).ax_.get_legend()
        assert {text.get_text() for text in legend.get_texts()} == {"oxide", "ideal"}
    plt.close("all")


def test_different_devices_are_different_points():
    """Two devices of one class and size: four points, none of them an average of two."""
    rows = [
        ("NonLinearSynapse", f"NonLinearSynapse(n_states={n}, nu={nu})", n, fold, 1)
        for nu in (1, 5) for n in (4, 9) for fold in (0, 1)
    ]  # fmt: skip
    columns = zip(*rows, strict=True)
    names = ("model", "synapse", "n_levels", "fold", "epoch")
    study = dict(zip(names, columns, strict=True)) | {
        "accuracy": [0.1, 0.3, 0.4, 0.4, 0.6, 0.6, 0.8, 1.0]
    }
    curves = SynapseStudyDisplay.from_study(study).curves
    assert len(curves) == 2
    means = {tuple(x.tolist()): [] for x, _, _ in curves.values()}
    for x, mean, _ in curves.values():
        means[tuple(x.tolist())].append(mean.round(3).tolist())
    assert means == {(4, 9): [[0.2, 0.4], [0.6, 0.9]]}
    plt.close("all")


def test_devices_whose_text_is_the_same_are_kept_apart():
    rng = np.random.default_rng(0)
    tables = [rng.random(1001) for _ in range(2)]
    synapses = [TableSynapse(table) for table in tables]
    assert repr(synapses[0])[:20] == repr(synapses[1])[:20]
    synapses += [IdealSynapse(), IdealSynapse()]
    study = synapse_study(network(), synapses, *load_iris(return_X_y=True), cv=2)
    for x in ("n_levels", "epoch"):
        assert len(SynapseStudyDisplay.from_study(study, x=x).curves) == 4
    plt.close("all")


def test_wear_shows_in_a_study():
    levels = np.linspace(0, 1, 41)
    worn_out = EnduranceSynapse([levels, np.full(41, 0.5)], [0, 1])
    synapses = [EnduranceSynapse([levels]), worn_out]
    study = synapse_study(network(eta=0.1), synapses, *load_iris(return_X_y=True), cv=2)
    last = study["epoch"] == 2
    fresh_score, worn_score = study["accuracy"][last].reshape(2, 2).mean(axis=1)
    assert fresh_score > worn_score + 0.05


def test_wrong_arguments_are_named():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(TypeError, match="SNNClassifier"):
        synapse_study(LogisticRegression(), [LinearSynapse(4)], X, y)
    with pytest.raises(TypeError, match="Synapse"):
        synapse_study(network(), [25], X, y)
    with pytest.raises(TypeError, match="Synapse"):
        synapse_study(network(), {"oxide": 25}, X, y)
    with pytest.raises(TypeError, match="names of synapses must be str, got 4"):
        synapse_study(network(), {4: LinearSynapse(4)}, X, y)
    with pytest.raises(ValueError, match="read_energy"):
        synapse_study(network(), [LinearSynapse(4)], X, y, read_energy=-1)


@pytest.mark.parametrize(
    ("synapses", "options", "name"),
    [
        ([], {}, "synapses"),
        ([LinearSynapse(4)], {"cv": []}, "cv"),
        ([LinearSynapse(4)], {"read_energy": "a"}, "read_energy"),
        ([LinearSynapse(4)], {"write_energy": np.inf}, "write_energy"),
        ([LinearSynapse(4)], {"estimator": network(eta="fast")}, "eta"),
        (
            [LinearSynapse(4)],
            {"estimator": network(learning=STDPLearning(labeling="by hand"))},
            "labeling",
        ),
        ([LinearSynapse(4), LinearSynapse(1)], {}, "n_states"),
        ([LinearSynapse(4), LinearSynapse(4, update="now")], {}, "update"),
        ([LinearSynapse(4), DifferentialPair(LinearSynapse(4))], {}, "negative"),
    ],
)
def test_wrong_settings_are_named_before_anything_is_trained(synapses, options, name):
    estimator = options.get("estimator", network())
    options = {key: value for key, value in options.items() if key != "estimator"}
    with pytest.raises(ValueError, match=name):
        synapse_study(estimator, synapses, *load_iris(return_X_y=True), **options)
