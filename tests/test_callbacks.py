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
    SpikingLayerFeatures,
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

    def on_fit_task_begin(self, estimator, context):
        self.heard.append(f"begin {estimator_and_task(estimator, context)}")

    def on_fit_task_end(self, estimator, context):
        self.heard.append(f"end {estimator_and_task(estimator, context)}")


def estimator_and_task(estimator, context):
    return f"{context.task_name} of {type(estimator).__name__}"


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
        (SpikingLayerFeatures(), SNNClassifier(epochs=2)),
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
    assert {f"end fit of {type(step).__name__}" for step in steps} <= heard


def a_fit(part):
    return [f"begin fit of {part}", f"end fit of {part}"]


def epochs(n_epochs):
    return ["begin epoch of SNNClassifier", "end epoch of SNNClassifier"] * n_epochs


def test_features_of_a_network_hear_of_their_own_fit():
    X, y = load_digits(return_X_y=True)
    X, y = X[:100], y[:100]
    features = SpikingPatchFeatures(4, n_presentations=50, random_state=0)
    network = SNNClassifier(features=features, epochs=2, random_state=0)
    traveller = Traveller()
    clone(network).set_callbacks(traveller).fit(X, y)
    begin, end = a_fit("SNNClassifier")
    heard = ["setup", begin, *a_fit("SpikingPatchFeatures"), *epochs(2), end, "teardown"]
    assert traveller.heard == heard
    watched = clone(network).set_callbacks(monitor := ScoringMonitor(scoring="accuracy"))
    np.testing.assert_array_equal(answers(watched.fit(X, y), X), answers(network.fit(X, y), X))
    names = [row["task_name"] for row in monitor.get_logs().data]
    assert sorted(names) == ["epoch", "epoch", "fit"]
    assert not [name for name in vars(watched.features_) if "callback" in name]


def test_the_network_of_layer_features_tells_of_its_epochs():
    X, _ = load_iris(return_X_y=True)
    features = SpikingLayerFeatures(classifier("stdp", epochs=2))
    alone = clone(features).fit_transform(X)
    traveller = Traveller()
    watched = clone(features).set_callbacks(traveller)
    np.testing.assert_array_equal(watched.fit_transform(X), alone)
    begin, end = a_fit("SpikingLayerFeatures")
    of_network = a_fit("SNNClassifier")
    heard = ["setup", begin, of_network[0], *epochs(2), of_network[1], end, "teardown"]
    assert traveller.heard == heard
    assert not [name for name in vars(watched.network_) if "callback" in name]


def test_callbacks_of_a_part_belong_to_the_whole():
    X, y = load_iris(return_X_y=True)
    for whole in (
        SpikingLayerFeatures(classifier().set_callbacks(Traveller())),
        SNNClassifier(features=SpikingLayerFeatures().set_callbacks(Traveller())),
    ):
        with pytest.raises(TypeError, match="Register them directly on the meta-estimator"):
            whole.fit(X, y)
    monitor = ScoringMonitor(scoring="accuracy")
    SpikingLayerFeatures(classifier(epochs=2).set_callbacks(monitor)).fit(X, y)
    assert len(monitor.get_logs().data) == 3  # two epochs, and the whole fit


@pytest.mark.parametrize("features", [None, SpikingLayerFeatures(classifier("stdp", epochs=1))])
def test_a_block_of_a_stream_is_a_fit_of_its_own(features):
    X, y = load_digits(return_X_y=True)
    network, plain = (
        SNNClassifier(20, learning="margin", features=features, random_state=0) for _ in range(2)
    )
    diary, monitor = Diary(), ScoringMonitor(scoring="accuracy")
    network.set_callbacks(diary, monitor)
    for block in (slice(0, 200), slice(200, 1000), slice(1000, 1200)):
        diary.heard.clear()
        network.partial_fit(X[block], y[block], classes=range(10))
        plain.partial_fit(X[block], y[block], classes=range(10))
        heard = ["setup", "begin fit 0", "end fit 0", "teardown"]
        if features is not None and block.start < 1000:  # while a stream begins anew
            heard[2:2] = ["begin fit-features 0", "end fit-features 0"]
        assert diary.heard == heard
        np.testing.assert_array_equal(answers(network, X), answers(plain, X))
        (row,) = monitor.get_logs().data
        assert row["accuracy"] == plain.score(X[block], y[block])
    assert len(monitor.get_logs(select="all")) == 3


def test_a_block_that_is_refused_or_weighs_nothing_tells_nothing():
    X, y = load_iris(return_X_y=True)
    network, diary = classifier().partial_fit(X, y, classes=range(3)), Diary()
    before = answers(network, X)
    network.set_callbacks(diary)
    with pytest.raises(ValueError, match="labels that are not among"):
        network.partial_fit(X, y + 1)
    assert diary.heard == []
    network.partial_fit(X, y, sample_weight=np.zeros(len(y)))  # teaches nothing
    assert diary.heard == []
    np.testing.assert_array_equal(answers(network, X), before)
