"""What the page says can be pasted, can be pasted; and what it adds works like what is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from nervos_sklearn import IdealSynapse, LinearSynapse, Module, Parameters, SNNClassifier

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "how_to_extend.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CODE = [code for _, code in BLOCKS]


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, train_size=600, test_size=400, stratify=y, random_state=1)


def definitions(name):
    """The block that defines a class, up to where it is used."""
    (code,) = (code for code in CODE if f"class {name}(" in code or f"class {name}:" in code)
    scope = {"__name__": "extension"}
    exec(code.split("\n\n\nX, y = ")[0], scope)
    return scope[name]


def test_every_block_is_found():
    assert PAGE.count("```") == 2 * len(BLOCKS)
    assert {language for language, _ in BLOCKS} == {"python"}
    assert len(BLOCKS) == 7


@pytest.mark.parametrize("code", CODE, ids=lambda code: f"block{CODE.index(code)}")
def test_block_runs_alone(code, tmp_path):
    code = "import matplotlib; matplotlib.use('Agg')\n" + code
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("synapse", "least"),
    [
        (None, 0.93),
        (LinearSynapse(5, device_spread=0.1), 0.84),
        (LinearSynapse(16, update="stochastic", write_noise=0.05, read_noise=0.1), 0.88),
        (LinearSynapse(16, update="nearest"), 0.85),
        (IdealSynapse(write_noise=0.01, read_noise=0.05), 0.93),
    ],
)
def test_learning_runs_on_every_synapse(digits, synapse, least):
    X_train, X_test, y_train, y_test = digits
    learning = definitions("SharingLearning")()
    network = SNNClassifier(50, learning=learning, synapse=synapse, epochs=4, random_state=0)
    network.fit(X_train, y_train)
    assert network.score(X_test, y_test) > least
    weights = network.module_.get_all_synapses()[0]
    assert weights.min() >= 0
    assert network.module_.n_writes > 0
    if synapse is not None and np.isfinite(synapse.n_levels) and synapse.write_noise == 0:
        levels = synapse.fresh_levels(1e-5, 1.0)
        assert np.isin(weights, levels).all()


def test_what_a_learning_does_not_define_it_inherits(digits, tmp_path, monkeypatch):
    """Probabilities, step by step, files: as for the learnings that are there."""
    monkeypatch.chdir(tmp_path)
    X_train, X_test, y_train, y_test = digits
    learning = definitions("SharingLearning")()
    network = SNNClassifier(50, learning=learning, augmentation=None, random_state=0)
    network.fit(X_train, y_train)
    chances = network.predict_proba(X_test)
    right = chances[np.arange(len(y_test)), y_test]
    assert -np.log(right).mean() < 0.4
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    spikes = network.encoder_.transform(X_test[:20])
    module = network.module_
    answers = [module.get_prediction(train) for train in spikes]
    assert answers == network.predict(X_test[:20]).tolist()
    module.save_epoch(1, module.get_all_synapses(), module.neuron_label_map, 1.0)
    (path,) = tmp_path.glob("storage/*/*/model.red")
    loaded = Module(Parameters())
    loaded.load_model(str(path))
    assert type(loaded.learning) is type(learning)
    assert [loaded.get_prediction(train) for train in spikes] == answers


def test_a_change_is_written_as_the_device_can():
    module = Module(Parameters(), learning=definitions("SharingLearning")(), random_state=0)
    module.synapse = LinearSynapse(5)
    module.initialise_layers([2, 2])
    module.layers[0].start(np.zeros((2, 2)), module.device, module.draw_key())
    module.change_weights([[0.1, 0.6], [0, -1]])
    np.testing.assert_allclose(module.get_all_synapses()[0], [[0, 0.5], [0, 0]], atol=1e-4)
    module.change_weights([[0.2, 0], [0, 0]])  # .3 in all: one gap of .25
    np.testing.assert_allclose(module.get_all_synapses()[0], [[0.25, 0.5], [0, 0]], atol=1e-4)
    assert module.synapse_update_counts[0].tolist() == [[2, 1], [0, 1]]
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        module.change_weights([[0.1, 0.2]])
    with pytest.raises(ValueError, match="finite"):
        module.change_weights([[np.nan, 0], [0, 0]])


def test_code_stands_before_and_inside(digits):
    X_train, X_test, y_train, y_test = digits
    code = definitions("OnOffCode")()
    options = {"learning": "margin", "augmentation": None, "random_state": 0, "n_neurons": 10}
    before = make_pipeline(code, SNNClassifier(**options)).fit(X_train, y_train)
    inside = SNNClassifier(features=code, **options).fit(X_train, y_train)
    assert before.score(X_test, y_test) > 0.9
    np.testing.assert_array_equal(before.predict_proba(X_test), inside.predict_proba(X_test))
    moving = SNNClassifier(features=code, random_state=0).fit(X_train, y_train)
    assert moving.score(X_test, y_test) > 0.9


def test_features_that_spike_in_the_silent_column_are_refused():
    class Early(definitions("OnOffCode")):
        def transform(self, X):
            return super().transform(X)[:, :, 1:]

    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="column 0"):
        SNNClassifier(features=Early(), random_state=0).fit(X, y)


def test_picture_draws_the_pulses_of_each_class():
    mpl.use("Agg")
    X, y = load_iris(return_X_y=True)
    network = SNNClassifier(synapse=LinearSynapse(16), random_state=0, epochs=3).fit(X, y)
    display = definitions("WearDisplay").from_estimator(network)
    drawn = sum(pulses.sum() for pulses in display.pulses)
    assert drawn == network.module_.n_writes
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == ["0", "1", "2"]
