"""scikit-learn's own checks."""

import pytest
from sklearn.utils.estimator_checks import check_param_validation, parametrize_with_checks

from nervos_sklearn import SNNClassifier, SpikeEncoder

ESTIMATORS = [SNNClassifier(), SpikeEncoder()]


@parametrize_with_checks(ESTIMATORS, xfail_strict=True)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_parameter_validation(estimator):
    check_param_validation(type(estimator).__name__, estimator)
