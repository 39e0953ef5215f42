"""Callbacks of scikit-learn hear of each epoch, and may end the training."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nervos_sklearn import (
    GaussianBlur,
    LinearSynapse,
    SNNClassifier,
    SpikeEncoder,
    SpikingPatchFeatures,
)

pytest.importorskip("sklearn.callback", reason="scikit-learn before 1.9 has no callbacks")
from sklearn.callback import ScoringMonitor

LEARNINGS = ("stdp", "prototype", "margin")


class Diary:
    """Notes what it hears, and asks to stop after some epochs."""

    def __init__(self, last=None):
        self.last, self.heard, self.accuracies = last, [], []

    def setup(self, estimator, context):
        self.heard.append("setup")

    def teardown(self, estimator, context):
        self.heard.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.heard.append(f"begin {context.task_name} {context.task_id}")
        self.announced = context.max_subtasks if context.task_name == "fit" else self.announced

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        self.heard.append(f"end {context.task_name} {context.task_id}")
        if fitted_estimator is not None:
            self.accuracies.append(fitted_estimator.score(X, y))
        return context.task_name == "epoch" and context.task_id + 1 == self.last


class Traveller(Diary):
    """One that a pipeline hands on to its steps."""

    max_propagation_depth = None

    def on_fit_task_end(self, estimator, context):
        self.heard.append(f"end of {type(estimator).__name__}")


def classifier(learning="margin", **parameters):
    few = {"n_neurons": 12, "epochs": 4, "random_state": 0, "learning": learning}
    return SNNClassifier(**few | parameters)


def answers(network, X):
    return network.predict_proba(X)


def test_an_epoch_is_a_task_of_fit():
    X, y = load_iris(return_X_y=True)
    diary = Diary()
    network = classifier(epochs=2).set_callbacks(diary).fit(X, y)
    epochs = [f"{when} epoch {k}" for k in range(2) for when in ("begin", "end")]
    assert diary.heard == ["setup", "begin fit 0", *epochs, "end fit 0", "teardown"]
    assert diary.announced == 2
    np.testing.assert_array_equal(answers(network, X), answers(classifier(epochs=2).fit(X, y), X))


@pytest.mark.parametrize(
    ("learning", "synapse"),
    [*((learning, None) for learning in LEARNINGS), ("margin", LinearSynapse(30, read_noise=0.1))],
    ids=str,
)
def test_a_network_that_is_stopped_answers_as_one_of_as_many_epochs(learning, synapse):
    X, y = load_digits(return_X_y=True)
    X, y = X[:200], y[:200]
    whole = classifier(learning, n_neurons=20, epochs=2, synapse=synapse).fit(X, y)
    stopped = classifier(learning, n_neurons=20, epochs=9, synapse=synapse)
    stopped.set_callbacks(Diary(last=2)).fit(X, y)
    assert stopped.n_iter_ == 2
    np.testing.assert_array_equal(answers(stopped, X), answers(whole, X))
    np.testing.assert_array_equal(
        stopped.module_.get_all_synapses(), whole.module_.get_all_synapses()
    )


def test_early_stopping_that_is_stopped_learns_anew_from_all():
    X, y = load_iris(return_X_y=True)
    network = classifier(epochs=9, early_stopping=True, random_state=1)
    network.set_callbacks(Diary(last=2)).fit(X, y)
    assert len(network.validation_scores_) == network.n_iter_ == 2
    assert network.best_epoch_ <= 2
    assert network.score(X, y) > 0.8


@pytest.mark.parametrize("learning", LEARNINGS)
def test_the_score_of_an_epoch_is_that_of_a_network_of_as_many(learning):
    X, y = load_digits(return_X_y=True)
    X, y = X[:200], y[:200]
    monitor = ScoringMonitor(scoring=["accuracy", "neg_log_loss"])
    network = classifier(learning, n_neurons=20, epochs=3).set_callbacks(monitor).fit(X, y)
    log = monitor.get_logs().data
    scores = {row["task_id"]: row for row in log if row["task_name"] == "epoch"}
    assert len(scores) == 3
    for k, row in scores.items():
        alone = classifier(learning, n_neurons=20, epochs=k + 1).fit(X, y)
        assert row["accuracy"] == alone.score(X, y)
    unwatched = classifier(learning, n_neurons=20, epochs=3).fit(X, y)
    np.testing.assert_array_equal(answers(network, X), answers(unwatched, X))


def test_scores_are_weighted_as_the_training():
    X, y = load_iris(return_X_y=True)
    weights = np.where(y == 1, 5.0, 0.5)
    monitor = ScoringMonitor(scoring="accuracy")
    network = classifier().set_callbacks(monitor).fit(X, y, sample_weight=weights)
    weighted = accuracy_score(y, network.predict(X), sample_weight=weights)
    assert monitor.get_logs().data[-1]["accuracy"] == weighted


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"n_neurons": 10**7}])
def test_callbacks_of_a_fit_that_fails_are_ended_and_nothing_has_changed(wrong):
    X, y = load_iris(return_X_y=True)
    network = classifier().fit(X, y)
    before, state = answers(network, X), set(vars(network))
    with pytest.raises(ValueError, match=next(iter(wrong))):
        network.set_params(**wrong).fit(X, y)
    assert set(vars(network)) == state
    np.testing.assert_array_equal(answers(network, X), before)


def test_callback_that_raises_leaves_the_network_as_it_was():
    class Spoiler(Diary):
        def on_fit_task_begin(self, estimator, context):
            if context.task_name == "epoch" and context.task_id == 1:
                raise KeyError("spoiled")

    X, y = load_iris(return_X_y=True)
    network, spoiler = classifier().fit(X, y), Spoiler()
    before, module = answers(network, X), network.module_
    with pytest.raises(KeyError, match="spoiled"):
        network.set_callbacks(spoiler).fit(X, y)
    assert spoiler.heard[-1] == "teardown"
    assert network.module_ is module
    assert not [name for name in vars(network) if name.startswith("_callback")]
    np.testing.assert_array_equal(answers(network, X), before)


def test_callbacks_stay_in_clones_and_leave_no_trace_in_what_was_learned():
    X, y = load_iris(return_X_y=True)
    network = classifier().set_callbacks(Diary()).fit(X, y)
    plain = classifier().fit(X, y)
    assert set(vars(network)) - set(vars(plain)) == {"_skl_callbacks"}
    other = clone(network)
    assert isinstance(other._skl_callbacks[0], Diary)
    np.testing.assert_array_equal(answers(copy.deepcopy(network), X), answers(plain, X))
    assert len(pickle.dumps(network.set_callbacks())) == len(pickle.dumps(plain))


@pytest.mark.parametrize(
    "steps",
    [
        (StandardScaler(), SNNClassifier(epochs=2)),
        (GaussianBlur(), SpikingPatchFeatures(4, n_presentations=50), SNNClassifier(epochs=2)),
        (SpikeEncoder("rate"), SNNClassifier(5, learning="stdp", epochs=2)),
        (GaussianBlur(), LogisticRegression(max_iter=1000, tol=0.1)),
    ],
    ids=str,
)
def test_pipelines_hand_callbacks_on(steps):
    X, y = load_digits(return_X_y=True)
    traveller = Traveller()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("ignore", "lbfgs failed")
        make_pipeline(*steps).set_callbacks(traveller).fit(X[:100], y[:100])
    heard = set(traveller.heard)
    assert {f"end of {type(step).__name__}" for step in steps} <= heard
