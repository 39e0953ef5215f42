"""aeon's own evaluation of classifiers, on its data."""

import numpy as np
import pytest
from aeon.benchmarking.resampling import stratified_resample_data
from aeon.datasets import load_classification
from aeon.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score

from nervos_sklearn import SNNClassifier, SpikingWindowFeatures


@pytest.fixture
def network():
    return SNNClassifier(
        features=SpikingWindowFeatures(32, n_shared_features=32, random_state=0), random_state=0
    )


@pytest.mark.parametrize("name", ["GunPoint", "BasicMotions", "JapaneseVowels"])
def test_bundled_sets_are_learned_as_aeon_gives_them(network, name):
    """Arrays (n_cases, n_channels, n_timepoints), and a list where lengths differ."""
    X, y = load_classification(name, split="train")
    X_test, y_test = load_classification(name, split="test")
    predicted = network.fit(X, y).predict(X_test)
    assert accuracy_score(y_test, predicted) > 0.93
    assert set(predicted) <= set(y)


def test_resamples_of_aeon_and_cross_validation(network):
    X, y = load_classification("GunPoint", split="train")
    X_test, y_test = load_classification("GunPoint", split="test")
    data = stratified_resample_data(X, y, X_test, y_test, random_state=1)
    X, y, X_test, y_test = data
    assert clone(network).fit(X, y).score(X_test, y_test) > 0.9
    assert np.mean(cross_val_score(network, X, y, cv=3)) > 0.85


def test_pipeline_of_aeon(network):
    X, y = load_classification("GunPoint", split="train")
    X_test, y_test = load_classification("GunPoint", split="test")
    pipeline = make_pipeline(
        SpikingWindowFeatures(random_state=0),
        SNNClassifier(learning="margin", encoder="latency", random_state=0),
    )
    assert accuracy_score(y_test, pipeline.fit(X, y).predict(X_test)) > 0.9
