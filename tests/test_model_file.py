"""Files of networks: those of version 0.1, what a file keeps, and what is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from nervos_sklearn import LinearSynapse, Module, NonLinearSynapse, Parameters, load_model

# Small networks that version 0.1 has trained and saved, with the answers it gave.
OLD = Path(__file__).parent / "data" / "version_0_1"


def loaded(name):
    module = Module(Parameters(), random_state=0)
    module.load_model(str(OLD / f"{name}.red"))
    return module


@pytest.mark.parametrize("name", ["plain", "plain_two_layers", "non_linear"])
def test_networks_of_version_0_1_answer_as_they_did(name):
    module, then = loaded(name), np.load(OLD / "answers.npz")
    np.testing.assert_array_equal(module.count_spikes(then["X"]), then[f"{name}_counts"])
    labels = [module.get_prediction(spikes) for spikes in then["X"]]
    np.testing.assert_array_equal(labels, then[f"{name}_labels"])
    again = Module(Parameters()).predict(then["X"], str(OLD / f"{name}.red"))
    np.testing.assert_array_equal(again, then[f"{name}_labels"])


def test_flags_of_version_0_1_are_those_of_the_learning():
    plain, two_layers = loaded("plain"), loaded("plain_two_layers")
    assert [plain.wta, plain.true_lif, two_layers.wta, two_layers.true_lif] == [0, 0, 1, 1]
    assert plain.learning.labeling == "reference"
    assert plain.learning.shuffle is False
    np.testing.assert_allclose([plain.STDP(3), plain.STDP(-3)], [0.5 * np.exp(-0.75)] * 2 *
                               np.array([1, -1]))  # fmt: skip
    assert two_layers.layer_sizes == [12, 8, 6]


def test_non_linear_synapse_of_n_states_had_n_plus_1_levels():
    module = loaded("non_linear")
    assert isinstance(module.synapse, NonLinearSynapse)
    assert module.synapse.n_states == 6
    assert module.synapse.device_spread == 0.2
    p = module.parameters
    levels = module.synapse.fresh_levels(p.min_weight, p.max_weight)
    n = np.arange(6) / 5  # the formula of the publication, with n = 5
    formula = 1 - (1 - np.exp(-3.6 * (1 - n))) / (1 - np.exp(-3.6))
    formula = p.min_weight + (p.max_weight - p.min_weight) * formula
    np.testing.assert_allclose(levels, formula)
    before = module.get_all_synapses()
    then = np.load(OLD / "answers.npz")
    module.learn(then["X"], then["y"])
    changed = module.get_all_synapses()[module.get_all_synapses() != before]
    assert changed.size > 0
    assert np.abs(changed[:, np.newaxis] - levels).min(axis=1).max() < 1e-12


def test_read_noise_of_version_0_1_was_the_half_range_of_three_deviations():
    module, then = loaded("noisy"), np.load(OLD / "answers.npz")
    assert isinstance(module.synapse, LinearSynapse)
    assert module.synapse.read_noise == pytest.approx(0.9 / 3)
    counts = module.count_spikes(then["X"])
    old = then["noisy_counts"]
    per_sample = (counts.sum(axis=1) - old.sum(axis=1)).std() / np.sqrt(len(counts))
    assert abs(counts.sum(axis=1).mean() - old.sum(axis=1).mean()) < 4 * per_sample
    module.synapse.read_noise = 0.9  # what it would be if the number were taken as it is
    too_noisy = module.count_spikes(then["X"]).sum(axis=1).mean()
    assert abs(too_noisy - old.sum(axis=1).mean()) > 4 * per_sample


def test_file_of_version_0_1_learns_on_and_is_saved_as_one_of_today(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module, then = loaded("non_linear"), np.load(OLD / "answers.npz")
    module.X_train = module.X_test = then["X"]
    module.Y_train = module.Y_test = then["y"]
    module.train()
    again = Module(Parameters())
    again.load_model(str(max(tmp_path.rglob("model.red"))))
    assert again.synapse.n_states == 6
    np.testing.assert_array_equal(again.count_spikes(then["X"]), module.count_spikes(then["X"]))


def test_what_version_0_1_cannot_have_meant_is_refused_by_name(tmp_path):
    """A model of a synapse that nobody has defined here."""
    path = tmp_path / "model.red"
    with np.load(OLD / "non_linear.red") as archive:
        arrays = dict(archive)
    arrays["parameters"] = np.array(str(arrays["parameters"]).replace("NonLinear", "My"))
    with open(path, "wb") as file:
        np.savez(file, **arrays)
    module = Module(Parameters())
    with pytest.raises(ValueError, match=r"unknown Synapse 'MySynapse'"):
        module.load_model(str(path))
    assert module.layers == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wta", "no"), ("true_lif", 0), ("learning_rule", "nonsense"), ("learning_rule", 5),
        ("synapse", 5), ("synapse", {"model": "NonLinearSynapse"}),
        ("synapse", {"parameters": {}}),
        ("synapse", {"model": "NonLinearSynapse", "parameters": {"n_states": "many"}}),
        ("synapse", {"model": "NonLinearSynapse", "parameters": {"n_states": 0}}),
        ("synapse", {"model": "LinearSynapse", "parameters": {"read_noise": "much"}}),
        ("noise_key", -1), ("allowed_levels", "abc"),
    ],
)  # fmt: skip
def test_damaged_settings_of_version_0_1_are_refused(name, value, tmp_path):
    with np.load(OLD / "non_linear.red") as archive:
        arrays = dict(archive)
    settings = json.loads(str(arrays["parameters"]))
    assert name in settings["module"]
    settings["module"][name] = value
    arrays["parameters"] = np.array(json.dumps(settings))
    path = tmp_path / "model.red"
    with open(path, "wb") as file:
        np.savez(file, **arrays)
    module = loaded("plain")
    before = module.get_all_synapses()
    with pytest.raises(ValueError, match=r"model.red"):
        module.load_model(str(path))
    np.testing.assert_array_equal(module.get_all_synapses(), before)
    assert module.synapse is None


def test_load_model_reads_files_of_version_0_1_as_they_are(tmp_path):
    shutil.copy(OLD / "plain.red", tmp_path / "copy")
    synapses, labels, parameters = load_model(str(tmp_path / "copy"))
    assert synapses.shape == (1, 6, 12)
    assert labels.shape == (6,)
    assert parameters["module"]["wta"] is False
