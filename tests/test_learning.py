"""Ways to learn: their objects, what they learn, how they decide, and one of one's own."""

import inspect

import joblib
import numpy as np
import pytest
from scipy.special import logsumexp, softmax
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_circles,
    make_classification,
    make_moons,
)
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from nervos_sklearn import (
    ImageAugmentation,
    LinearSynapse,
    MarginLearning,
    Module,
    Parameters,
    PrototypeLearning,
    SNNClassifier,
    SpikeEncoder,
    STDPLearning,
)
from nervos_sklearn.learning import Learning
from nervos_sklearn.presentations import Presentations

NAMES = ["stdp", "prototype", "margin"]
REWARD = ["prototype", "margin"]


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


@pytest.fixture(scope="module")
def fitted(digits):
    X, _, y, _ = digits
    return SNNClassifier(learning="prototype", epochs=8, random_state=0).fit(X, y)


# ------------------------------------------------------------------ learnings are objects


def test_the_signature_is_small():
    own = set(inspect.signature(SNNClassifier).parameters) - set(vars(Parameters()))
    assert len(own) <= 16


@pytest.mark.parametrize(
    ("name", "learning"),
    [
        ("stdp", STDPLearning()),
        ("prototype", PrototypeLearning()),
        ("margin", MarginLearning()),
    ],
)
def test_a_name_stands_for_the_default_object(name, learning):
    X, y = load_iris(return_X_y=True)
    named = SNNClassifier(12, learning=name, epochs=2, random_state=0).fit(X, y)
    given = SNNClassifier(12, learning=learning, epochs=2, random_state=0).fit(X, y)
    np.testing.assert_array_equal(named.predict_proba(X), given.predict_proba(X))
    assert named.learning_.get_params() == given.learning_.get_params()
    assert given.learning_ is not learning
    assert named.learning == name


def test_auto_goes_by_the_kind_of_input(digits):
    X, _, y, _ = digits
    kinds = {
        "image": X[:300],
        "table": X[:300][:, np.random.default_rng(0).permutation(64)],
        "spikes": SpikeEncoder("latency", training_duration=32).fit_transform(X[:300]),
        "maps": np.hstack([X[:300], 16 - X[:300]]),
    }
    learned = {
        kind: SNNClassifier(epochs=1, random_state=0).fit(X, y[:300]).learning_
        for kind, X in kinds.items()
    }
    assert isinstance(learned["image"], PrototypeLearning)
    for kind in ("table", "spikes", "maps"):
        assert isinstance(learned[kind], MarginLearning)
    assert learned["table"].feature_dropout > learned["spikes"].feature_dropout == 0


@pytest.mark.parametrize("learning", ["auto", *NAMES])
@pytest.mark.parametrize("data", ["image", "table", "spikes"])
def test_what_was_learned_is_resolved_and_can_be_given_again(digits, learning, data):
    X, y = load_iris(return_X_y=True)
    if data != "table":
        X, y = digits[0][:200], digits[2][:200]
    if data == "spikes":
        X = SpikeEncoder("latency", training_duration=32).fit_transform(X)
    clf = SNNClassifier(30, learning=learning, epochs=2, random_state=0).fit(X, y)
    assert None not in clf.learning_.get_params().values()
    again = clone(clf).set_params(learning=clf.learning_).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    assert again.learning_.get_params() == clf.learning_.get_params()


def test_parameters_of_a_learning_are_set_through_the_classifier():
    clf = SNNClassifier(learning="margin").set_params(learning__margin=0.3)
    assert clf.learning.get_params() == MarginLearning(margin=0.3).get_params()
    clf.set_params(learning="prototype", learning__eta_decay=0.5)
    assert clf.learning.get_params() == PrototypeLearning(eta_decay=0.5).get_params()
    given = STDPLearning()
    clf = SNNClassifier(learning=given).set_params(learning__rule="cos")
    assert clf.learning is given
    assert given.rule == "cos"
    copy = clone(clf)
    assert copy.learning is not given
    assert copy.get_params()["learning__rule"] == "cos"
    before = SNNClassifier(learning="auto")
    with pytest.raises(ValueError, match=r"auto.*margin.*prototype.*stdp"):
        before.set_params(learning__margin=0.3)
    assert before.learning == "auto"
    with pytest.raises(ValueError, match="marginal"):
        SNNClassifier(learning="margin").set_params(learning__marginal=0.3)


@pytest.mark.parametrize("learning", ["margin", MarginLearning()], ids=str)
def test_parameters_of_a_learning_are_searched(learning):
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(12, learning=learning, epochs=2, random_state=0)
    grid = {"learning__margin": [0.0, 0.4], "learning__n_columns": [1, 2]}
    search = GridSearchCV(clf, grid, cv=2).fit(X, y)
    margin = search.best_params_["learning__margin"]
    assert search.best_estimator_.learning_.margin == margin
    assert clf.learning is learning  # the search has changed clones
    for params, score in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        one = MarginLearning(
            margin=params["learning__margin"], n_columns=params["learning__n_columns"]
        )
        assert cross_val_score(clone(clf).set_params(learning=one), X, y, cv=2).mean() == score


def test_ways_to_learn_are_searched(digits):
    X, _, y, _ = digits
    X, y = X[:200], y[:200]
    learnings = ["prototype", "stdp", MarginLearning(margin=0)]
    clf = SNNClassifier(20, epochs=1, random_state=0)
    search = GridSearchCV(clf, {"learning": learnings}, cv=2).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    for learning, score in zip(learnings, scores, strict=True):
        alone = clone(clf).set_params(learning=learning)
        assert cross_val_score(alone, X, y, cv=2).mean() == score
    assert len(set(scores)) == 3
    with pytest.raises(ValueError, match="auto"):
        GridSearchCV(clf, {"learning__margin": [0.1]}, cv=2, error_score="raise").fit(X, y)


def test_layers_before_the_last_belong_to_stdp():
    module = Module(Parameters(training_duration=5), learning=PrototypeLearning())
    module.initialise_layers([3, 4, 2])
    X = np.zeros((4, 3, 6), dtype=np.uint8)
    X[:, 0, 1] = 1
    with pytest.raises(ValueError, match=r"PrototypeLearning.*STDPLearning"):
        module.learn(X, [0, 1, 0, 1])


class CentroidLearning(Learning):
    """Neurons learn the mean traces of their class, less a share of the mean of all."""

    signed = True

    def __init__(self, inhibition=0.0):
        self.inhibition = inhibition

    def learn_epoch(self, module, presentations, y, weights, generator):
        sums = np.zeros((module.n_classes, presentations.n_channels))
        for batch in self.show(module, presentations, np.arange(len(y)), generator):
            np.add.at(sums, y[batch.chosen], batch.traces)
        means = sums / np.maximum(np.bincount(y, minlength=len(sums)), 1)[:, np.newaxis]
        means -= self.inhibition * means.mean(axis=0)
        norms = np.linalg.norm(means, axis=1, keepdims=True)
        means = np.divide(means, norms, out=np.zeros_like(means), where=norms > 0)
        module.layers[0].set_synapses(means[module.neuron_label_map])
        return 1.0


def test_a_way_to_learn_of_ones_own_is_one_class(digits, tmp_path):
    X, X_test, y, y_test = digits
    learning = CentroidLearning(inhibition=0.5)
    clf = SNNClassifier(10, learning=learning, augmentation=None, epochs=1, random_state=0)
    clf.fit(X, y)
    centres = SpikeEncoder("latency", training_duration=32).fit(X).traces(X)
    centres = np.array([centres[y == k].mean(axis=0) for k in range(10)])
    centres -= 0.5 * centres.mean(axis=0)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    np.testing.assert_allclose(clf.module_.receptive_fields, centres, atol=1e-5)
    assert clf.learning_.get_params() == {"inhibition": 0.5}
    assert clf.score(X_test, y_test) > 0.85
    scores, noise = clf.decision_function(X_test), clf.module_.decision["escape_noise"]
    np.testing.assert_allclose(clf.predict_proba(X_test), softmax(scores / noise, axis=1))
    assert log_loss(y_test, clf.predict_proba(X_test)) < 0.5
    joblib.dump(clf, tmp_path / "clf.joblib")
    loaded = joblib.load(tmp_path / "clf.joblib", mmap_mode="r")
    np.testing.assert_array_equal(loaded.predict_proba(X_test), clf.predict_proba(X_test))
    grid = {"learning__inhibition": [0.0, 0.9], "encoder": ["latency", "rate"]}
    search = GridSearchCV(clf, grid, cv=2, n_jobs=2).fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) == 4
    both = [CentroidLearning(), "prototype"]
    GridSearchCV(SNNClassifier(epochs=1), {"learning": both}, cv=2).fit(X[:200], y[:200])
    stopped = clone(clf).set_params(early_stopping=True, epochs=2).fit(X, y)
    assert stopped.score(X_test, y_test) > 0.85


def test_a_network_learns_by_a_way_of_ones_own():
    rng = np.random.default_rng(0)
    X = (rng.random((30, 6, 9)) < 0.1).astype(np.uint8)
    y = np.arange(30) % 3
    X[np.arange(30), y, 2] = 1
    X[:, :, 0] = 0
    module = Module(Parameters(training_duration=8), learning=CentroidLearning(), random_state=0)
    module.initialise_layers([6, 3])
    counts = module.learn(X, y)
    assert (counts.sum(axis=1) == 1).all()
    labels = [module.get_prediction(train) for train in X]
    assert np.mean(labels == y) > 0.7
    _, winner = module.feed_forward(X[0], module.neuron_label_map, 8)
    assert winner == labels[0]


class CountingLearning(CentroidLearning):
    """Counts the epochs itself, as was necessary once."""

    def learn_epoch(self, module, presentations, y, weights, generator):
        module.n_epochs += 1
        return super().learn_epoch(module, presentations, y, weights, generator)


@pytest.mark.parametrize("kind", [CentroidLearning, CountingLearning, "prototype", "stdp"])
def test_epochs_are_counted_once(kind):
    learning = kind if isinstance(kind, str) else kind()
    network = SNNClassifier(6, learning=learning, epochs=2, random_state=0)
    network.fit(*load_iris(return_X_y=True))
    assert network.module_.n_epochs == 2


@pytest.mark.parametrize("taught", [None, 1.5, -0.1, np.nan, "all", 1j, np.zeros(2)])
def test_an_epoch_returns_the_fraction_that_taught(taught):
    class Odd(CentroidLearning):
        def learn_epoch(self, *arguments):
            super().learn_epoch(*arguments)
            return taught

    network = SNNClassifier(learning=Odd(), random_state=0)
    with pytest.raises(ValueError, match=r"Odd\.learn_epoch must return the fraction .* got"):
        network.fit(*load_iris(return_X_y=True))


@pytest.mark.parametrize("method", ["initial_weights", "activity", "decide", "chances"])
@pytest.mark.parametrize("wrong", ["none", "shape", "text", "nan"])
def test_what_a_learning_computes_has_a_shape(method, wrong):
    def bad(self, *arguments):
        right = np.asarray(getattr(super(Odd, self), method)(*arguments))
        return {
            "none": None,
            "shape": right[:, :-1],
            "text": right.astype(str),
            "nan": np.full(right.shape, np.nan),
        }[wrong]

    class Odd(CentroidLearning):
        pass

    setattr(Odd, method, bad)
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=rf"Odd\.{method} must return numbers of shape"):
        SNNClassifier(learning=Odd(), epochs=1, random_state=0).fit(X, y).predict_proba(X)


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        ({"epochs": 3}, "missing: encoding, eta, fields, n_neurons, training_duration"),
        (None, "missing: encoding"),
        ("super", "unknown: n_epoch"),
    ],
)
def test_defaults_are_complete_and_known(defaults, message):
    class Odd(CentroidLearning):
        def defaults(self, task):
            return super().defaults(task) | {"n_epoch": 3} if defaults == "super" else defaults

    with pytest.raises(ValueError, match=rf"Odd\.defaults must return a dict with .*{message}"):
        SNNClassifier(learning=Odd()).fit(*load_iris(return_X_y=True))


def test_parameters_of_an_ideal_synapse_are_refused():
    clf = SNNClassifier()
    with pytest.raises(ValueError, match=r"synapse=None.*synapse__n_states.*LinearSynapse\(\)"):
        clf.set_params(synapse__n_states=5)
    clf.set_params(synapse=LinearSynapse(), synapse__n_states=5)
    assert clf.synapse.n_levels == 5
    with pytest.raises(ValueError, match="synapse=None"):
        clf.set_params(synapse=None, synapse__n_states=5)


def test_own_methods_collide_with_no_helper():
    """Names that come to mind first are free for a subclass."""
    taken = {name for name in dir(Learning) if not name.startswith("__")}
    inherited = set(dir(BaseEstimator)) | {"_get_params_html"}  # from scikit-learn 1.7 on
    assert not {name for name in taken - inherited if name.startswith("_")} - {
        "_parameter_constraints",
        "_parameter_groups",
        "_abc_impl",
    }


# ---------------------------------------------------------------------- what they learn


def simulate(weights, spike_trains):
    """Spikes in time, step by step: a spike opens its synapse until the sample ends."""
    potentials = np.zeros((len(spike_trains), len(weights)))
    for sample, train in enumerate(spike_trains):
        current = np.zeros(len(weights))
        for step in range(train.shape[1]):
            for i in np.flatnonzero(train[:, step]):
                current += weights[:, i]
            potentials[sample] += current
    return potentials


def norms_of_traces(spike_trains):
    n_steps = spike_trains.shape[2]
    traces = (spike_trains * (n_steps - np.arange(n_steps))).sum(axis=2)
    return np.sqrt((traces.astype(float) ** 2).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("code", ["latency", "rate"])
@pytest.mark.parametrize("learning", REWARD)
def test_the_algebra_is_the_simulation_of_every_spike(digits, learning, code):
    X, X_test, y, _ = digits
    encoder = SpikeEncoder(code, training_duration=32)
    clf = SNNClassifier(
        40, learning=learning, epochs=3, encoder=encoder, augmentation=None, random_state=0
    ).fit(X, y)
    trains, module = encoder.fit(X).transform(X_test[:60]), clf.module_
    simulated = simulate(module.receptive_fields, trains) / norms_of_traces(trains)
    found = module.activity(Presentations(trains), np.arange(60))
    np.testing.assert_array_equal(found, simulated)


def test_weights_are_scaled_to_norm_one_on_their_grid(fitted):
    weights = fitted.module_.receptive_fields
    np.testing.assert_allclose((weights**2).sum(axis=1), 1, atol=1e-4)
    assert (weights >= 0).all()
    np.testing.assert_array_equal(weights * 2**20, np.round(weights * 2**20))


def test_weights_of_margin_learning_are_signed_and_on_the_grid(digits):
    X, _, y, _ = digits
    clf = SNNClassifier(learning="margin", epochs=2, random_state=0).fit(X, y)
    weights = clf.module_.receptive_fields
    assert (weights < 0).any()
    assert (weights > 0).any()
    np.testing.assert_array_equal(weights * 2**20, np.round(weights * 2**20))


def test_neurons_belong_to_classes_and_start_from_samples(digits):
    X, _, y, _ = digits
    settings = {"learning": "prototype", "epochs": 1, "augmentation": None, "random_state": 0}
    clf = SNNClassifier(50, eta=0.0, **settings).fit(X, y)
    assert np.bincount(clf.neuron_label_map_).tolist() == [5] * 10
    traces = clf.encoder_.traces(X).astype(float) + 1e-3
    traces /= np.linalg.norm(traces, axis=1, keepdims=True)
    cosines = traces @ clf.module_.receptive_fields.T
    np.testing.assert_allclose(cosines.max(axis=0), 1, atol=1e-5)
    np.testing.assert_array_equal(y[cosines.argmax(axis=0)], clf.neuron_label_map_)
    few = SNNClassifier(**settings).fit(X[:40], y[:40])
    samples = np.unique(y[:40], return_counts=True)[1]
    np.testing.assert_array_equal(np.bincount(few.neuron_label_map_), samples)


@pytest.mark.parametrize(("learning", "least"), [("prototype", 0.975), ("margin", 0.95)])
def test_digits_are_learned_well(digits, learning, least):
    X, X_test, y, y_test = digits
    clf = SNNClassifier(learning=learning, random_state=0).fit(X, y)
    assert clf.score(X_test, y_test) > least


@pytest.mark.parametrize(
    "change",
    [
        {"learning__competitive_epochs": 99},
        {"learning__synaptic_scaling": False},
        {"learning__recruitment": False},
        {"learning__margin": 0},
        {"learning__competitive_epochs": 0},
        {"learning__reinforcement": 0.1},
        {"learning__eta_decay": 0.5},
        {"learning__signed": True},
        {"augmentation": ImageAugmentation(strength=0)},
        {"augmentation": ImageAugmentation(blur=0)},
        {"augmentation": ImageAugmentation(test_time=0.7)},
        {"augmentation": None},
        {"training_duration": 8},
        {"eta": 0.1},
    ],
    ids=str,
)
def test_each_ingredient_of_prototypes_can_be_changed_and_matters(digits, fitted, change):
    X, X_test, y, y_test = digits
    clf = clone(fitted).set_params(**change).fit(X, y)
    assert (clf.predict_proba(X_test) != fitted.predict_proba(X_test)).any()
    assert clf.score(X_test, y_test) > 0.8


@pytest.mark.parametrize(
    "change",
    [
        {"learning__margin": 0},
        {"learning__eta_decay": 0.5},
        {"learning__averaging": 0},
        {"learning__n_columns": 1},
        {"learning__recruitment": 0},
        {"learning__feature_dropout": 0.5},
        {"eta": 0.02},
        {"n_neurons": 6},
    ],
    ids=str,
)
def test_each_ingredient_of_margins_can_be_changed_and_matters(change):
    X, y = load_wine(return_X_y=True)
    plain = SNNClassifier(24, learning="margin", epochs=8, random_state=0).fit(X, y)
    clf = clone(plain).set_params(**change).fit(X, y)
    assert (clf.predict_proba(X) != plain.predict_proba(X)).any()
    assert clf.score(X, y) > 0.95


@pytest.mark.parametrize("learning", REWARD)
def test_without_an_encoder_frequency_the_weights_are_those_of_plain_sums(learning):
    """A weight of a class grows with the inputs that its samples share and others lack."""
    X = np.zeros((40, 4, 9), dtype=np.uint8)
    y = np.arange(40) % 2
    X[:, 0, 3] = 1
    X[y == 0, 1, 3] = X[y == 1, 2, 3] = 1
    clf = SNNClassifier(2, learning=learning, epochs=5, random_state=0).fit(X, y)
    weights = clf.module_.receptive_fields
    assert weights[0, 1] > weights[0, 2]
    assert weights[1, 2] > weights[1, 1]
    assert clf.score(X, y) == 1


def test_reward_strengthens_the_right_and_weakens_the_wrong_neuron():
    """Two samples, two neurons of norm 1, one presentation, by hand."""
    X = np.zeros((2, 2, 2), dtype=np.uint8)
    X[0, 0, 1] = X[1, :, 1] = 1
    learning = PrototypeLearning(competitive_epochs=0, margin=2.0)
    clf = SNNClassifier(2, learning=learning, epochs=1, eta=0.5, random_state=0).fit(X, [0, 1])
    w0, w1 = np.array([1.0, 0.0]), np.array([1.0, 1.0]) / np.sqrt(2)
    candidates = []
    for order in ([0, 1], [1, 0]):
        w = [w0.copy(), w1.copy()]
        for label in order:
            x = [np.array([1.0, 0.0]), np.array([1.0, 1.0]) / np.sqrt(2)][label]
            w[label] += 0.5 * x
            w[1 - label] = np.maximum(0, w[1 - label] - 0.5 * x)
            w = [v / np.linalg.norm(v) for v in w]
        candidates.append(np.array(w))
    found = clf.module_.receptive_fields
    assert min(np.abs(found - w).max() for w in candidates) < 2e-3


TABLES = {
    "iris": load_iris(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "breast_cancer": load_breast_cancer(return_X_y=True),
    "circles": make_circles(500, noise=0.06, factor=0.5, random_state=0),
    "moons": make_moons(500, noise=0.2, random_state=0),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_without_any_argument_come_near_a_support_vector_machine(name):
    X, y = TABLES[name]
    svc = make_pipeline(StandardScaler(), SVC())
    folds = [StratifiedKFold(5, shuffle=True, random_state=seed) for seed in range(2)]
    ours, theirs = (
        np.mean([cross_val_score(model, X, y, cv=cv) for cv in folds])
        for model in (SNNClassifier(random_state=0), svc)
    )
    assert ours > theirs - 0.02


# --------------------------------------------------------------------- how they decide


@pytest.mark.parametrize("data", ["iris", "breast_cancer", "digits"])
@pytest.mark.parametrize("learning", NAMES)
def test_scores_predictions_and_probabilities_are_of_one_piece(digits, learning, data):
    X, X_test, y, _ = digits
    if data != "digits":
        X, X_test, y, _ = train_test_split(*TABLES[data], random_state=0)
    clf = SNNClassifier(30, learning=learning, epochs=3, random_state=0).fit(X, y)
    scores, chances = clf.decision_function(X_test), clf.predict_proba(X_test)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-12)
    assert (chances >= 0).all()
    if scores.ndim == 1:
        assert chances.shape[1] == 2
        best = (scores > 0).astype(int)
        ranked = chances[np.argsort(scores), 1]
        assert (np.diff(ranked) >= 0).all() or learning == "stdp"
    else:
        best = scores.argmax(axis=1)
        order = np.argsort(scores, axis=1)
        assert (np.diff(np.take_along_axis(chances, order, axis=1)) >= 0).all()
    np.testing.assert_array_equal(clf.predict(X_test), clf.classes_[best])
    np.testing.assert_array_equal(chances.argmax(axis=1), best)
    np.testing.assert_allclose(np.exp(clf.predict_log_proba(X_test)), chances, rtol=1e-12)


@pytest.mark.parametrize(
    "learning",
    [PrototypeLearning(), MarginLearning(), MarginLearning(n_columns=3)],
    ids=str,
)
def test_the_decision_is_a_race_with_escape_noise(digits, learning):
    X, X_test, y, _ = digits
    clf = SNNClassifier(
        60, learning=learning, encoder="latency", augmentation=None, epochs=3, random_state=0
    ).fit(X, y)
    n_columns = getattr(clf.learning_, "n_columns", 1)
    trains = SpikeEncoder("latency", training_duration=32).fit(X).transform(X_test[:80])
    V = simulate(clf.module_.receptive_fields, trains) / norms_of_traces(trains)
    V = V.reshape(80, n_columns, -1)
    labels = clf.neuron_label_map_.reshape(n_columns, -1)
    noise = float(clf.module_.decision["escape_noise"])
    scores = np.array(
        [
            [
                np.mean([
                    noise * logsumexp(V[s, k, labels[k] == label] / noise)
                    for k in range(n_columns)
                ])
                for label in range(10)
            ]
            for s in range(80)
        ]
    )  # fmt: skip
    np.testing.assert_allclose(clf.decision_function(X_test[:80]), scores, rtol=1e-10)
    np.testing.assert_allclose(
        clf.predict_proba(X_test[:80]), softmax(scores / noise, axis=1), rtol=1e-8, atol=1e-300
    )


@pytest.mark.parametrize("learning", REWARD)
def test_distinct_potentials_are_never_tied(digits, learning):
    X, X_test, y, _ = digits
    clf = SNNClassifier(60, learning=learning, epochs=3, random_state=0).fit(X, y)
    scores = np.sort(clf.decision_function(X_test), axis=1)
    assert (np.diff(scores, axis=1) > 0).all()
    best = clf.predict_proba(X_test).max(axis=1)
    assert len(np.unique(best)) > 0.9 * len(best)


CALIBRATED = {
    "iris": lambda: load_iris(return_X_y=True),
    "wine": lambda: load_wine(return_X_y=True),
    "digits": lambda: [part[:600] for part in load_digits(return_X_y=True)],
}


@pytest.mark.parametrize("learning", REWARD)
@pytest.mark.parametrize("data", CALIBRATED)
def test_the_escape_noise_is_near_the_best_for_samples_never_seen(data, learning):
    X, y = CALIBRATED[data]()
    grid = np.geomspace(1e-3, 1, 19)
    ours, theirs, plain = 0.0, np.zeros(len(grid)), 0.0
    for seed in range(3):
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=0.5, stratify=y, random_state=seed
        )
        clf = SNNClassifier(learning=learning, random_state=seed).fit(X_train, y_train)
        ours += log_loss(y_test, clf.predict_proba(X_test)) / 3
        for k, noise in enumerate(grid):
            clf.module_.decision["escape_noise"] = np.array(noise)
            theirs[k] += log_loss(y_test, clf.predict_proba(X_test)) / 3
        plain += log_loss(y_test, np.tile(np.bincount(y_train) / len(y_train), (len(y_test), 1)))
    assert ours < 1.3 * theirs.min() + 0.01
    assert ours < plain / 3 / 3


# ----------------------------------------------------------------------- early stopping


@pytest.mark.parametrize("learning", REWARD)
def test_early_stopping_takes_the_best_epoch(digits, learning):
    X, X_test, y, _ = digits
    settings = {"learning": learning, "early_stopping": True, "n_iter_no_change": 3}
    clf = SNNClassifier(epochs=12, random_state=0, **settings).fit(X, y)
    scores = clf.validation_scores_
    assert len(scores) == clf.n_iter_ <= 12
    error = np.sqrt(max(scores) * (1 - max(scores)) / 90)  # 10 % of 898 samples are held back
    good = [k for k in range(1, len(scores) + 1) if scores[k - 1] >= max(scores) - error]
    assert clf.best_epoch_ == good[-1]
    shorter = SNNClassifier(epochs=clf.best_epoch_, random_state=0, **settings).fit(X, y)
    assert shorter.validation_scores_ == scores[: clf.best_epoch_]
    np.testing.assert_array_equal(shorter.predict_proba(X_test), clf.predict_proba(X_test))


def test_early_stopping_learns_from_all_samples_in_the_end():
    """The last samples, of which one was held back, are recruits of a network of all."""
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(
        150, learning="prototype", epochs=1, eta=0.0, early_stopping=True, random_state=0
    ).fit(X, y)
    assert len(np.unique(clf.module_.receptive_fields, axis=0)) == len(np.unique(X, axis=0))


def test_early_stopping_ends_when_lower_rates_do_not_help_any_more():
    X, y = make_moons(300, noise=0.2, random_state=0)
    clf = SNNClassifier(epochs=500, early_stopping=True, n_iter_no_change=3, random_state=0)
    clf.fit(X, y)
    last_rise = int(np.argmax(clf.validation_scores_)) + 1
    assert clf.n_iter_ >= last_rise + 3
    assert clf.n_iter_ < 200


def few_of_the_last_class(n_last=3):
    X, y = load_iris(return_X_y=True)
    return X[: 100 + n_last], y[: 100 + n_last]


@pytest.mark.parametrize("learning", NAMES)
@pytest.mark.parametrize("fraction", [0.01, 0.4, 0.7, 0.95])
@pytest.mark.parametrize("n_last", [2, 3])
def test_early_stopping_trains_on_every_class(learning, fraction, n_last):
    X, y = few_of_the_last_class(n_last)
    for seed in range(3):
        clf = SNNClassifier(
            60, learning=learning, epochs=2, early_stopping=True, validation_fraction=fraction,
            random_state=seed,
        ).fit(X, y)  # fmt: skip
        assert np.isfinite(clf.predict_proba(X)).all()
        if learning == "stdp":
            assert clf.module_.decision["votes"][2].any()
        else:
            assert set(clf.neuron_label_map_) == {0, 1, 2}


@pytest.mark.parametrize("learning", NAMES)
@pytest.mark.parametrize(("fraction", "n_last"), [(0.99, 3), (0.1, 1)])
def test_early_stopping_refuses_to_train_without_a_class(learning, fraction, n_last):
    X, y = few_of_the_last_class(n_last)
    clf = SNNClassifier(learning=learning, early_stopping=True, validation_fraction=fraction)
    with pytest.raises(ValueError, match=r"validation_fraction=.* class 2 has"):
        clf.fit(X, y)


@pytest.mark.parametrize("sizes", [(2, 2), (2, 3), (2, 2, 2, 2, 2), (3, 9, 2), (17, 2)])
@pytest.mark.parametrize("fraction", [0.01, 0.3, 0.5])
def test_early_stopping_of_small_sets(sizes, fraction):
    y = np.repeat(np.arange(len(sizes)), sizes)
    X = np.random.default_rng(0).normal(size=(len(y), 3)) + y[:, np.newaxis]
    clf = SNNClassifier(
        epochs=2, early_stopping=True, validation_fraction=fraction, random_state=0
    ).fit(X, y)
    assert set(clf.neuron_label_map_) == set(y)
    assert len(clf.validation_scores_) == clf.n_iter_
    assert np.isfinite(clf.predict_proba(X)).all()


def early_and_plain(tables, seeds):
    """Mean accuracy with early stopping and without."""
    scores = []
    for seed in seeds:
        X, y = tables(seed)
        X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=seed)
        scores.append(
            [
                SNNClassifier(early_stopping=early, random_state=seed)
                .fit(X, y)
                .score(X_test, y_test)
                for early in (True, False)
            ]
        )
    return np.mean(scores, axis=0)


def classification(n_features):
    return lambda seed: make_classification(
        1000, n_features, n_informative=n_features // 2, n_classes=3, random_state=seed
    )


STOPPED = {
    "iris": lambda _: load_iris(return_X_y=True),
    "wine": lambda _: load_wine(return_X_y=True),
    "breast_cancer": lambda _: load_breast_cancer(return_X_y=True),
    "digits": lambda _: load_digits(return_X_y=True),
    "moons": lambda seed: make_moons(500, noise=0.2, random_state=seed),
    "10 features": classification(10),
    "20 features": classification(20),
    "50 features": classification(50),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STOPPED)
def test_early_stopping_costs_less_than_a_point(name):
    early, plain = early_and_plain(STOPPED[name], range(5))
    assert early >= plain - 0.01


def test_early_stopping_costs_little_on_a_hard_table():
    early, plain = early_and_plain(classification(20), range(3))
    assert early >= plain - 0.02


def test_early_stopping_of_stdp():
    X, y = load_iris(return_X_y=True)
    clf = SNNClassifier(
        12, learning="stdp", epochs=6, early_stopping=True, n_iter_no_change=2,
        validation_fraction=0.3, random_state=0,
    ).fit(X, y)  # fmt: skip
    assert len(clf.validation_scores_) == clf.n_iter_ >= clf.best_epoch_
    assert clf.score(X, y) > 0.6
