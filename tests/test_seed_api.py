"""Every name, argument and attribute of nervos 0.0.7 has its place here.

``nervos.utils.X`` is ``nervos_sklearn.X``, and what nervos.utils offers, the package offers.
"""

import importlib
import inspect
import logging
import re

import numpy as np
import pytest

import nervos_sklearn

NONE = inspect.Parameter.empty

# module -> {function or Class or Class.method: [argument or (argument, default), ...]}
SEED = {
    "common": {
        "get_cwd": [],
        "load_model": ["path"],
        "mkdir": ["f"],
        "plot_spike_train": ["spike_train", ("ylim", None)],
        "save_model": ["labels", "synapses", "parameters", "path"],
        "timenow": [],
        "strftime": ["t"],
    },
    "layer": {
        "Layer": ["parameters", "num_input_neurons", "num_output_neurons"],
        "Layer.initial": [],
        "Layer.set_synapses": ["synapses"],
        "Layer.update_neuron_potential_memories": [],
    },
    "module": {
        "Module": ["parameters", ("identifier", None)],
        "Module.STDP": ["delta_t"],
        "Module.feed_forward": [
            "spike_train",
            "neuron_label_map",
            "training_duration",
            ("do_stdp", False),
            ("label", None),
            ("spikeplots_for_one_spike_train", None),
            ("layer_potentials_for_one_spike_train", None),
            ("weight_evolution_for_one_spike_train", None),
            ("plotting", False),
        ],
        "Module.get_all_synapses": [],
        "Module.get_prediction": [
            "spike_train",
            ("all_synapses", None),
            ("neuron_label_map", None),
        ],
        "Module.initialise_layers": ["layer_sizes"],
        "Module.load_model": ["model_location"],
        "Module.predict": ["X", "model_location"],
        "Module.reweigh_synapses_for_between_input_and_output_neuron": [
            "current_neuron_idx",
            "spike_train_for_current_layer",
            "synapses",
            "time_step",
            "next_neuron_idx",
            "synapse_memory",
        ],
        "Module.save_epoch": ["epoch", "synapses", "neuron_label_map", "accuracy"],
        "Module.test": [],
        "Module.train": [],
        "Module.update_current_potentials_and_adaptive_thresholds": [
            "current_potentials",
            "neuron",
            "neuron_index",
            "spike_train_at_timestep",
            "synapses_for_neuron_index",
            "time_step",
            ("in_training", False),
        ],
        "Module.update_synapse": [
            "synapse_weight",
            "weight_factor",
            "next_neuron_idx",
            "current_neuron_idx",
        ],
        "apply_truncated_noise_to_value": ["value", "half_range"],
        "apply_truncated_noise_vectorized": ["input_array", "half_range"],
    },
    "neuron": {
        "LIFNeuron": ["parameters"],
        "LIFNeuron.inhibit": ["time_step"],
        "LIFNeuron.initial": [],
        "LIFNeuron.state_just_after_firing": ["time_step"],
    },
    "parameters": {
        "Parameters": [],
        "Parameters.from_dict": ["parameters"],
        "Parameters.from_file": ["path"],
        "Parameters.from_url": ["url"],
        "Parameters.list_parameters": [],
        "Parameters.save": ["identifier", ("directory", None)],
    },
}

# class -> {attribute: its type, or what it is in the beginning}
ATTRIBUTES = {
    "LIFNeuron": {
        "parameters": nervos_sklearn.Parameters,
        "adaptive_threshold": float,
        "refractory_time": int,
        "potential": float,
        "rest_until": (int, np.integer),
        "potential_memory": dict,
    },
    "Layer": {
        "parameters": nervos_sklearn.Parameters,
        "synapses": np.ndarray,
        "num_input_neurons": int,
        "num_output_neurons": int,
        "neuron_potential_memories": list,
    },
    "Module": {
        "parameters": nervos_sklearn.Parameters,
        "t0": float,
        "str_t0": str,
        "dataloader": None,
        "X_train": None,
        "Y_train": None,
        "X_test": None,
        "Y_test": None,
        "identifier": str,
        "logger": logging.Logger,
        "wta": True,
        "synapse_update_counts": list,
        "cycle_dependent_weight_lookup": None,
        "enable_cycle_dependent_weights": False,
        "enable_synaptic_noise": False,
        "noise_magnitude_half_range": (int, float),
        # found in the system, not in its documentation
        "true_lif": False,
        "allowed_levels": None,
        "get_spikeplots": False,
        "get_weight_evolution": False,
        "spikeplots": list,
        "layerpotentials": list,
        "weight_evolution": list,
        "layers": list,
        "layer_sizes": list,
    },
}

GIVEN = ("parameters", "t0", "str_t0", "logger", "synapse_update_counts", "layers", "layer_sizes")


def calls():
    return [(module, name) for module, names in SEED.items() for name in names]


def find(module, name):
    found = importlib.import_module(f"nervos_sklearn.{module}")
    for part in name.split("."):
        found = getattr(found, part)
    return found


def make(name):
    p = nervos_sklearn.Parameters()
    if name == "LIFNeuron":
        return nervos_sklearn.LIFNeuron(p)
    if name == "Layer":
        return nervos_sklearn.Layer(p, 3, 2)
    module = nervos_sklearn.Module(p)
    module.initialise_layers([3, 2])
    return module


@pytest.mark.parametrize(("module", "name"), calls())
def test_arguments_and_defaults(module, name):
    signature = inspect.signature(find(module, name))
    given = [p for p in signature.parameters.values() if p.name != "self"]
    expected = [a if isinstance(a, tuple) else (a, NONE) for a in SEED[module][name]]
    usable = [p for p in given if p.kind == p.POSITIONAL_OR_KEYWORD]
    assert [(p.name, p.default) for p in usable[: len(expected)]] == expected
    for extra in [p for p in given if p not in usable[: len(expected)]]:
        optional = extra.default is not NONE
        assert optional or extra.kind in (extra.VAR_KEYWORD, extra.VAR_POSITIONAL), extra


@pytest.mark.parametrize(("module", "name"), calls())
def test_everything_is_documented(module, name):
    text = inspect.getdoc(find(module, name))
    assert text
    for argument in SEED[module][name]:
        argument = argument if isinstance(argument, str) else argument[0]
        assert re.search(rf"\b{argument}\b", text), argument


@pytest.mark.parametrize(("module", "name"), [(m, n) for m, n in calls() if "." not in n])
def test_the_package_offers_what_nervos_utils_offered(module, name):
    assert getattr(nervos_sklearn, name) is find(module, name)
    assert name in nervos_sklearn.__all__


@pytest.mark.parametrize("module", SEED)
def test_modules_are_attributes_of_the_package(module):
    assert getattr(nervos_sklearn, module) is importlib.import_module(f"nervos_sklearn.{module}")


def test_logger_is_offered():
    assert isinstance(nervos_sklearn.logger, logging.Logger)
    assert nervos_sklearn.common.logger is nervos_sklearn.logger


@pytest.mark.parametrize("name", nervos_sklearn.__all__)
def test_every_public_name_exists(name):
    assert getattr(nervos_sklearn, name) is not None


@pytest.mark.parametrize(
    ("name", "attribute"), [(c, a) for c, names in ATTRIBUTES.items() for a in names]
)
def test_attributes(name, attribute):
    value, expected = getattr(make(name), attribute), ATTRIBUTES[name][attribute]
    if isinstance(expected, (type, tuple)):
        assert isinstance(value, expected)
    else:
        assert value is expected


@pytest.mark.parametrize("attribute", [a for a in ATTRIBUTES["Module"] if a not in GIVEN])
def test_module_attributes_can_be_set(attribute):
    module, value = make("Module"), object()
    if attribute in ("wta", "true_lif") or attribute.startswith(("get_", "enable_")):
        value = not getattr(module, attribute)
    elif attribute in ("allowed_levels", "cycle_dependent_weight_lookup"):
        value = np.array([[0.0, 0.5, 1.0]])[0 if attribute == "allowed_levels" else slice(None)]
    elif attribute == "noise_magnitude_half_range":
        value = 0.25
    setattr(module, attribute, value)
    found = getattr(module, attribute)
    assert found is value or np.array_equal(found, value)


def test_run_is_named_by_its_time_unless_told_otherwise():
    module = make("Module")
    assert re.fullmatch(r"\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d", module.str_t0)
    assert nervos_sklearn.strftime(module.t0) == module.str_t0
    assert abs(nervos_sklearn.timenow() - module.t0) < 60
    assert module.identifier == module.str_t0
    assert nervos_sklearn.Module(module.parameters, "mine").identifier == "mine"


def test_update_counts_have_the_shape_of_the_weights():
    module = make("Module")
    assert [counts.shape for counts in module.synapse_update_counts] == [(2, 3)]


def test_results_have_the_documented_types():
    module, train = make("Module"), np.ones((3, 101), dtype=np.uint8)
    train[:, 0] = 0
    counts, winner = module.feed_forward(train, np.full(2, -1), 100)
    assert isinstance(counts, np.ndarray)
    assert isinstance(winner, (int, np.integer))
    assert isinstance(module.STDP(1), float)
    assert isinstance(module.get_prediction(train), (int, np.integer))
    assert isinstance(module.update_synapse(0.5, 0.5, 0, 0), float)
    assert isinstance(module.get_all_synapses(), np.ndarray)
    assert isinstance(nervos_sklearn.get_cwd(), str)
    assert isinstance(nervos_sklearn.timenow(), float)
    noisy = nervos_sklearn.apply_truncated_noise_vectorized(np.ones((2, 3)), 0.1)
    assert isinstance(noisy, np.ndarray)
    assert noisy.shape == (2, 3)
    assert isinstance(nervos_sklearn.apply_truncated_noise_to_value(0.5, 0.1), float)
