"""Fits and searches on a real Ray cluster of this machine, with two worker processes."""

import joblib
import numpy as np
import pytest
import ray
from ray.util.joblib import register_ray
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from nervos_sklearn import SNNClassifier


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    register_ray()
    yield
    ray.shutdown()


@pytest.mark.parametrize("learning", ["prototype", "margin", "stdp"])
def test_fit_predict_and_search_are_those_of_one_process(learning):
    X, y = load_digits(return_X_y=True)
    X, y = X[:400], y[:400]  # more than one batch
    network = SNNClassifier(20, learning=learning, epochs=2, random_state=0)
    alone = network.fit(X, y).predict_proba(X)
    searched = GridSearchCV(network, {"training_duration": [8, 32]}, cv=2).fit(X, y)
    with joblib.parallel_config("ray"):
        network.set_params(n_jobs=2)
        np.testing.assert_array_equal(network.fit(X, y).predict_proba(X), alone)
        network.set_params(n_jobs=None)
        search = GridSearchCV(network, {"training_duration": [8, 32]}, cv=2, n_jobs=2).fit(X, y)
    scores = (s.cv_results_["mean_test_score"] for s in (searched, search))
    np.testing.assert_array_equal(*scores)
    np.testing.assert_array_equal(search.predict_proba(X), searched.predict_proba(X))
