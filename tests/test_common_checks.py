"""scikit-learn's own checks."""

import pytest
from sklearn.utils.estimator_checks import check_param_validation, parametrize_with_checks

from nervos_sklearn import (
    GaussianBlur,
    SNNClassifier,
    SpikeEncoder,
    SpikingPatchFeatures,
    SpikingWindowFeatures,
)

ESTIMATORS = [
    SNNClassifier(),
    SNNClassifier(learning="stdp"),
    SNNClassifier(learning="prototype"),
    SNNClassifier(learning="margin"),
    SpikeEncoder(),
    SpikeEncoder(field_code="latency", scale="standard"),
    SpikeEncoder(scale="quantile"),
    SpikeEncoder("rate"),
    SpikeEncoder("poisson", random_state=0),
    SpikeEncoder("latency"),
    SpikingPatchFeatures(),
    SpikingWindowFeatures(),
    GaussianBlur(),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_parameter_validation(estimator):
    check_param_validation(type(estimator).__name__, estimator)
