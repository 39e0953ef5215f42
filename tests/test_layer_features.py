"""What the neurons of a network do, as features for other estimators."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from nervos_sklearn import MarginLearning, SNNClassifier, SpikingLayerFeatures, STDPLearning


def by_timing(n_neurons=30, **parameters):
    return SNNClassifier(n_neurons, learning="stdp", epochs=1, random_state=0, **parameters)


def digits(n_samples=300):
    X, y = load_digits(return_X_y=True)
    return X[:n_samples], y[:n_samples]


def test_spike_counts_are_those_of_the_network():
    X, y = digits()
    spikes = SpikingLayerFeatures(by_timing()).fit(X).network_.encoder_.transform(X)
    counts = SpikingLayerFeatures(by_timing()).fit_transform(X)
    module = by_timing().fit(X, y).module_
    np.testing.assert_array_equal(counts, module.count_spikes(spikes))
    assert counts.any()


@pytest.mark.parametrize("labels", ["none", "numbers", "real"])
def test_labels_play_no_part_in_spike_timing(labels):
    X, y = digits(150)
    other = {"none": None, "numbers": y, "real": np.sin(np.arange(150.0))}[labels]
    counts = SpikingLayerFeatures(by_timing()).fit(X, y[::-1]).transform(X)
    np.testing.assert_array_equal(
        SpikingLayerFeatures(by_timing()).fit_transform(X, other), counts
    )


@pytest.mark.parametrize("learning", ["prototype", MarginLearning(n_columns=1)], ids=str)
def test_potentials_decide_as_the_network(learning):
    X, y = digits()
    network = SNNClassifier(30, learning=learning, epochs=2, augmentation=None, random_state=0)
    features = SpikingLayerFeatures(network).fit(X, y)
    potentials, fitted = features.transform(X), features.network_
    best = [
        np.where(fitted.neuron_label_map_ == label, potentials, -np.inf).max(axis=1)
        for label in range(10)
    ]
    decided = np.argsort(np.array(best), axis=0)[-1]
    noise = fitted.learning_.escape_noise(fitted.module_)
    clear = np.sort(np.array(best), axis=0)
    clear = clear[-1] - clear[-2] > 3 * noise  # no crowd of second-best neurons can outvote it
    assert clear.mean() > 0.3
    np.testing.assert_array_equal(decided[clear], network.fit(X, y).predict(X)[clear])


def test_all_layers_and_their_names():
    X, _ = digits(200)
    network = by_timing(8).set_params(learning=STDPLearning(hidden_layer_sizes=[20, 12]))
    whole = SpikingLayerFeatures(network, layers="all").set_output(transform="pandas").fit(X)
    table = whole.transform(X)
    assert table.shape == (200, 40)
    assert list(table.columns[[0, 19, 20, 39]]) == [
        "layer0_neuron0", "layer0_neuron19", "layer1_neuron0", "layer2_neuron7",
    ]  # fmt: skip
    last = SpikingLayerFeatures(network).set_output(transform="pandas").fit(X).transform(X)
    pd.testing.assert_frame_equal(last, table.filter(like="layer2"))
    assert (table.filter(like="layer0").sum() > 0).any()


def test_answer_does_not_depend_on_threads_or_company():
    X, _ = digits(300)
    network = by_timing(8).set_params(learning=STDPLearning(hidden_layer_sizes=[20]))
    features = SpikingLayerFeatures(network, layers="all").fit(X)
    together = features.transform(X)
    np.testing.assert_array_equal(
        np.vstack([features.transform(x) for x in np.split(X, 3)]), together
    )
    features.network_.n_jobs = 2
    np.testing.assert_array_equal(features.transform(X), together)


def test_other_estimators_stand_on_it():
    X, y = digits(600)
    learned = make_pipeline(
        SpikingLayerFeatures(by_timing(60)), LogisticRegression(max_iter=2000, C=0.1)
    )
    assert learned.fit(X[:400], y[:400]).score(X[400:], y[400:]) > 0.6
    make_pipeline(SpikingLayerFeatures(by_timing()), Ridge()).fit(X, np.sin(y))


def test_parameters_of_the_network_are_searched():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(
        SpikingLayerFeatures(SNNClassifier(6, learning="margin", epochs=2), random_state=0),
        LogisticRegression(max_iter=1000),
    )
    grid = {"spikinglayerfeatures__network__n_neurons": [3, 9]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    n_neurons = search.best_params_["spikinglayerfeatures__network__n_neurons"]
    assert search.best_estimator_[0].transform(X).shape == (150, n_neurons)


def test_spike_trains_and_sparse_matrices():
    rng = np.random.default_rng(0)
    spikes = (rng.random((40, 6, 30)) < 0.3).astype(np.uint8)
    assert SpikingLayerFeatures(by_timing(5)).fit_transform(spikes).shape == (40, 5)
    X, y = digits(100)
    network = SNNClassifier(10, learning="margin", encoder="latency", epochs=1, random_state=0)
    features = SpikingLayerFeatures(network.set_params(augmentation=None)).fit(X, y)
    np.testing.assert_array_equal(features.transform(sparse.csr_array(X)), features.transform(X))


def test_random_state_seeds_a_network_without_one():
    X, _ = digits(100)
    network = by_timing().set_params(random_state=None)
    a, b, c = (
        SpikingLayerFeatures(network, random_state=seed).fit_transform(X) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()
    assert network.random_state is None


def test_what_is_wrong_is_refused_and_changes_nothing():
    X, _ = load_iris(return_X_y=True)
    features = SpikingLayerFeatures(by_timing(5))
    with pytest.raises(NotFittedError):
        features.transform(X)
    before = features.fit(X).transform(X)
    for network in (SNNClassifier(), by_timing(early_stopping=True)):
        with pytest.raises(ValueError, match="y is None"):
            features.set_params(network=network).fit(X)
        assert get_tags(features).target_tags.required
    np.testing.assert_array_equal(features.transform(X), before)
    with pytest.raises(ValueError, match="4 features"):
        features.transform(X[:, :3])
    with pytest.raises(ValueError, match="layers"):
        SpikingLayerFeatures(layers="first").fit(X)
    with pytest.raises(ValueError, match="network"):
        SpikingLayerFeatures(LogisticRegression()).fit(X)
