"""What users write has types: mypy reads this file, nobody runs it."""

from typing import assert_type

import numpy as np

from nervos_sklearn import (
    LinearSynapse,
    MarginLearning,
    Module,
    NonLinearSynapse,
    Parameters,
    SNNClassifier,
    SpikeEncoder,
    SpikingPatchFeatures,
    load_model,
    synapse_study,
)

X, y = [[0.0, 1.0], [1.0, 0.0]], ["one", "other"]
network = SNNClassifier(8, learning=MarginLearning(margin=0.2), synapse=LinearSynapse(16))
assert_type(network.fit(X, y), SNNClassifier)
assert_type(network.predict(X), np.ndarray)
assert_type(network.predict_proba(X), np.ndarray)
assert_type(network.predict_log_proba(X), np.ndarray)
assert_type(network.module_.made_layers()[0].synapses, np.ndarray)
SNNClassifier(encoder=SpikeEncoder("latency"), features=SpikingPatchFeatures(), random_state=0)
SNNClassifier(random_state=np.random.default_rng(0))
assert_type(SNNClassifier.from_parameters(Parameters(eta=0.1), epochs=2), SNNClassifier)

device = NonLinearSynapse.from_measurement(range(8), [8, 7, 6, 5, 4, 3, 2, 1], read_noise=0.1)
assert_type(device, NonLinearSynapse)
assert_type(synapse_study(network, device, X, y), dict[str, np.ndarray])

module = Module(Parameters(), random_state=0)
module.initialise_layers([2, 4])
assert_type(module.learn([[[0, 1], [0, 0]]], [0]), np.ndarray)
assert_type(module.get_prediction([[0, 1], [0, 0]]), int)
assert_type(load_model("model.red"), tuple[np.ndarray, np.ndarray, dict])

# What is wrong is found: mypy complains of an "ignore" that nothing needs.
SNNClassifier("many")  # type: ignore[arg-type]
SNNClassifier(neurons=3)  # type: ignore[call-arg]
SpikeEncoder(training_duration="long")  # type: ignore[arg-type]
LinearSynapse(16, read_noise=None)  # type: ignore[arg-type]
