"""scikit-learn's own checks."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.preprocessing import SplineTransformer
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_param_validation, parametrize_with_checks

from nervos_sklearn import (
    DifferentialPair,
    GaussianBlur,
    ImageAugmentation,
    LinearSynapse,
    MarginLearning,
    NonLinearSynapse,
    PrototypeLearning,
    SNNClassifier,
    SpikeEncoder,
    SpikingLayerFeatures,
    SpikingPatchFeatures,
    SpikingWindowFeatures,
    STDPLearning,
)

CLASSIFIERS = [
    SNNClassifier(),
    SNNClassifier(learning="stdp"),
    SNNClassifier(learning=STDPLearning(labeling="reference")),
    SNNClassifier(learning=STDPLearning(true_lif=True), tau_m=20),
    SNNClassifier(learning="prototype"),
    SNNClassifier(learning=PrototypeLearning(signed=True)),
    SNNClassifier(learning=MarginLearning(n_columns=1)),
    SNNClassifier(features=SplineTransformer(), encoder="rate"),
    SNNClassifier(features=SplineTransformer(), encoder="poisson"),
    SNNClassifier(features=SplineTransformer(), encoder="latency"),
    SNNClassifier(features=SpikingWindowFeatures()),
    SNNClassifier(encoder=SpikeEncoder(scale="standard"), learning=MarginLearning(n_columns=2)),
    SNNClassifier(learning=MarginLearning(n_columns=1), synapse=LinearSynapse(30), epochs=5),
    SNNClassifier(
        learning=MarginLearning(n_columns=1),
        synapse=DifferentialPair(NonLinearSynapse(60)),
        epochs=5,
    ),
]
TRANSFORMERS = [
    SpikeEncoder(),
    SpikeEncoder(field_code="latency", scale="standard"),
    SpikeEncoder(scale="quantile"),
    SpikeEncoder("rate"),
    SpikeEncoder("poisson", random_state=0),
    SpikeEncoder("latency"),
    SpikingPatchFeatures(),
    SpikingWindowFeatures(),
    GaussianBlur(),
    SpikingLayerFeatures(),
    SpikingLayerFeatures(SNNClassifier(9, learning="margin", epochs=2)),
]
OTHERS = [ImageAugmentation(), STDPLearning(), PrototypeLearning(), MarginLearning()]
ESTIMATORS = CLASSIFIERS + TRANSFORMERS

# A sample that comes twice is drawn twice, and between two draws the network has learned from
# others: no seed makes that the same as one draw of weight 2. scikit-learn expects both to fail
# of its SGDClassifier, Perceptron and MLPClassifier, too. Their means are compared below.
DRAWN = "samples are learned one by one, in an order that is drawn"
OF_WEIGHTS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)


def expected_failures(estimator):
    if not isinstance(estimator, SNNClassifier):
        return {}
    return dict.fromkeys(OF_WEIGHTS[: 1 + get_tags(estimator).input_tags.sparse], DRAWN)


@pytest.mark.filterwarnings("ignore:n_iter_no_change=20 has no effect")  # a check sets it
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS + OTHERS, ids=str)
def test_parameter_validation(estimator):
    check_param_validation(type(estimator).__name__, estimator)


@pytest.mark.parametrize("learning", ["margin", "prototype", "stdp"])
def test_weights_are_repeats_on_average(learning):
    """Over seeds, chances are nearer to those of repeated samples than without any weights."""
    X, y = make_classification(
        400, 6, n_informative=4, n_redundant=0, class_sep=0.7, flip_y=0.1, random_state=18
    )
    X, X_test, y = X[:200], X[200:], y[:200]
    weights = np.random.default_rng(8).integers(0, 4, size=len(y))
    weights[y == 1] = np.minimum(weights[y == 1], 1)
    repeated = np.repeat(np.arange(len(y)), weights)

    seeds = range(10 if learning == "stdp" else 40)

    def mean_chances(chosen, sample_weight=None):
        few = {"n_neurons": 20, "epochs": 5, "learning": learning}
        fits = (
            SNNClassifier(**few, random_state=seed).fit(X[chosen], y[chosen], sample_weight)
            for seed in seeds
        )
        return np.mean([fit.predict_proba(X_test)[:, 1] for fit in fits], axis=0)

    every, expected = np.arange(len(y)), mean_chances(repeated)
    weighted, unweighted = (
        np.sqrt(np.mean((mean_chances(every, w) - expected) ** 2)) for w in (weights, None)
    )
    assert weighted < 0.6 * unweighted
