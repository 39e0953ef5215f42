"""Recorded runs of the reference simulator, reproduced."""

import json
from pathlib import Path

import numpy as np
import pytest

from nervos_sklearn import Module, Parameters

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.npz"))


def build(golden):
    module = Module(Parameters(**json.loads(str(golden["parameters"]))))
    module.initialise_layers(
        golden["layer_sizes"]
        if len(golden["layer_sizes"]) > 2
        else [golden["spikes"].shape[1], golden["initial_synapses_0"].shape[0]]
    )
    for name, value in json.loads(str(golden["flags"])).items():
        setattr(module, name, value)
    if "levels" in golden:
        module.allowed_levels = golden["levels"]
    if "lookup" in golden:
        module.enable_cycle_dependent_weights = True
        module.cycle_dependent_weight_lookup = golden["lookup"]
    for k, layer in enumerate(module.layers):
        layer.set_synapses(golden[f"initial_synapses_{k}"])
    return module


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_run_in_batches(path):
    golden = np.load(path)
    module = build(golden)
    counts = module.learn(golden["spikes"], golden["labels"])
    np.testing.assert_array_equal(counts, golden["train_spike_counts"])
    for k, layer in enumerate(module.layers):
        np.testing.assert_allclose(
            layer.synapses, golden[f"final_synapses_{k}"], rtol=0, atol=1e-9
        )
    np.testing.assert_array_equal(module.neuron_label_map, golden["neuron_label_map"])
    if "synapse_update_counts" in golden:
        np.testing.assert_array_equal(
            module.synapse_update_counts[0], golden["synapse_update_counts"]
        )
    counts = module.count_spikes(golden["spikes"])
    np.testing.assert_array_equal(counts, golden["test_spike_counts"])
    predictions = [module.get_prediction(train) for train in golden["spikes"]]
    np.testing.assert_array_equal(predictions, golden["predictions"])
