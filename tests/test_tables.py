"""Tables: missing values, and what tells a table from an image."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import get_tags, resample

from nervos_sklearn import (
    ImageAugmentation,
    MarginLearning,
    PrototypeLearning,
    SNNClassifier,
    SpikeEncoder,
    SpikingPatchFeatures,
    STDPLearning,
)
from nervos_sklearn.images import find_image_shape

sys.path.append(str(Path(__file__).parent.parent / "benchmarks"))
from table_sets import COLLECTIONS

SCALES = ["feature", "standard", "quantile"]
CODES = ["rate", "latency"]


def with_holes(X, share, seed=0):
    return np.where(np.random.default_rng(seed).random(X.shape) < share, np.nan, X)


@pytest.fixture(scope="module")
def wine():
    return load_wine(return_X_y=True)


# ------------------------------------------------------------------- missing values


@pytest.mark.parametrize("code", CODES)
def test_a_missing_value_silences_its_fields_and_no_others(code):
    settings = {"training_duration": 20, "n_fields": 3, "field_code": code}
    both = SpikeEncoder(**settings).fit([[0.0, 0.0], [8.0, 4.0]])
    second = SpikeEncoder(**settings).fit([[0.0], [4.0]])
    spikes = both.transform([[np.nan, 1.0], [np.nan, 4.0]])
    assert not spikes[:, :3].any()
    np.testing.assert_array_equal(spikes[:, 3:], second.transform([[1.0], [4.0]]))
    assert spikes[:, 3:].any(axis=(1, 2)).all()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("scale", SCALES)
def test_a_scale_is_learned_from_the_values_present(scale, code):
    rng = np.random.default_rng(0)
    X = rng.lognormal(size=(3000, 1))
    held = np.where(rng.random(X.shape) < 0.5, np.nan, X)
    present = held[~np.isnan(held)][:, None]
    with_gaps, without = (
        SpikeEncoder(scale=scale, field_code=code).fit(values) for values in (held, present)
    )
    np.testing.assert_array_equal(with_gaps.traces(X), without.traces(X))
    np.testing.assert_array_equal(
        with_gaps.traces(held), with_gaps.transform(held) @ np.arange(101, 0, -1)
    )


@pytest.mark.parametrize("scale", SCALES)
def test_a_feature_without_any_value_is_silent_for_ever(scale, wine):
    X, y = wine[0].copy(), wine[1]
    X[:, 3] = np.nan
    encoder = SpikeEncoder(scale=scale).fit(X)
    assert not encoder.transform(wine[0])[:, encoder.channel_features_ == 3].any()
    clf = SNNClassifier(encoder=SpikeEncoder(scale=scale), epochs=5, random_state=0).fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), clf.predict_proba(wine[0]))
    assert clf.score(X, y) > 0.9


@pytest.mark.parametrize("learning", ["stdp", "prototype", "margin"])
def test_a_sample_without_any_value_gets_an_answer(learning, wine):
    X, y = wine
    clf = SNNClassifier(learning=learning, random_state=0).fit(with_holes(X, 0.1), y)
    nothing = np.full((1, X.shape[1]), np.nan)
    assert not clf.encoder_.transform(nothing).any()
    chances = clf.predict_proba(nothing)
    np.testing.assert_allclose(chances.sum(), 1)
    assert (chances > 0).all()


def test_a_fifth_of_the_values_may_be_missing():
    """About as good as a random forest, which handles missing values in its own way."""
    X, y = load_breast_cancer(return_X_y=True)
    X = with_holes(X, 0.2)
    ours, forest = (
        cross_val_score(model, X, y, cv=StratifiedKFold(3, shuffle=True, random_state=0)).mean()
        for model in (
            SNNClassifier(random_state=0),
            RandomForestClassifier(50, random_state=0),
        )
    )
    assert ours > 0.93
    assert ours > forest - 0.02


def test_whether_a_value_is_missing_can_be_learned():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 3)), rng.integers(2, size=300)
    X[y == 1, 0] = np.nan
    clf = SNNClassifier(random_state=0).fit(X[:200], y[:200])
    assert clf.score(X[200:], y[200:]) > 0.97


def test_values_may_be_missing_in_prediction_only(wine):
    X, y = wine
    clf = SNNClassifier(random_state=0).fit(X[::2], y[::2])
    assert clf.score(with_holes(X[1::2], 0.1), y[1::2]) > 0.85


def test_missing_values_of_pandas(wine):
    X, y = wine
    holes = with_holes(X, 0.1)
    frame = pd.DataFrame(holes).rename(columns=str).astype("Float64")
    assert frame.isna().any(axis=None)
    plain, nullable = (SNNClassifier(epochs=3, random_state=0).fit(Z, y) for Z in (holes, frame))
    np.testing.assert_array_equal(plain.predict_proba(holes), nullable.predict_proba(frame))


@pytest.mark.parametrize(
    "estimator",
    [
        SpikeEncoder(scale=None),
        SpikeEncoder(scale="sample"),
        SpikeEncoder("rate"),
        SpikeEncoder("poisson", scale="feature"),
        SpikeEncoder("latency", scale="quantile"),
        SNNClassifier(encoder="latency"),
        SNNClassifier(learning="stdp", encoder="rate"),
        SNNClassifier(encoder=SpikeEncoder(scale="sample")),
    ],
    ids=str,
)
def test_elsewhere_a_missing_value_is_an_error(estimator, wine):
    X, y = MinMaxScaler().fit_transform(wine[0]), wine[1]
    assert not get_tags(estimator).input_tags.allow_nan
    with pytest.raises(ValueError, match=r"X contains NaN.*sklearn\.impute"):
        estimator.fit(with_holes(X, 0.1), y)
    assert not hasattr(estimator, "n_features_in_")
    estimator.fit(X, y)
    answer = estimator.transform if isinstance(estimator, SpikeEncoder) else estimator.predict
    with pytest.raises(ValueError, match=r"X contains NaN"):
        answer(with_holes(X, 0.1))


@pytest.mark.parametrize(
    "estimator",
    [
        SpikeEncoder(),
        *(SpikeEncoder(scale=scale, field_code="latency") for scale in SCALES),
        SNNClassifier(epochs=1),
        SNNClassifier(epochs=1, learning=PrototypeLearning()),
        SNNClassifier(epochs=1, learning=STDPLearning()),
        SNNClassifier(epochs=1, learning=MarginLearning(n_columns=2)),
        SNNClassifier(epochs=1, encoder="receptive_fields"),
        SNNClassifier(epochs=1, encoder=SpikeEncoder(scale="quantile")),
    ],
    ids=str,
)
def test_the_tag_says_where_values_may_be_missing(estimator, wine):
    X, y = wine
    assert get_tags(estimator).input_tags.allow_nan
    estimator.fit(with_holes(X, 0.1), y)
    infinite = np.where(X.max() == X, np.inf, X)
    with pytest.raises(ValueError, match="infinity"):
        estimator.fit(infinite, y)


def test_an_image_must_not_have_holes():
    X, y = load_digits(return_X_y=True)
    holes = with_holes(X[:300], 0.01)
    with pytest.raises(ValueError, match="X contains NaN, and images"):
        SNNClassifier().fit(holes, y[:300])
    clf = SNNClassifier(epochs=1).fit(X[:300], y[:300])
    with pytest.raises(ValueError, match="X contains NaN"):
        clf.predict(holes)
    augmented = SNNClassifier(augmentation=ImageAugmentation((8, 8)))
    patches = SNNClassifier(features=SpikingPatchFeatures())
    for image_network in (augmented, patches):
        assert not get_tags(image_network).input_tags.allow_nan
        with pytest.raises(ValueError, match="X contains NaN"):
            image_network.fit(holes, y[:300])


def test_tags_of_parameters_that_fit_refuses():
    assert not get_tags(SNNClassifier(learning="unknown")).input_tags.allow_nan
    assert not get_tags(SNNClassifier(learning=MarginLearning(margin=-1))).input_tags.allow_nan


# ------------------------------------------------------- a table is told by its structure

WIDE = {  # those whose columns can be a grid at all
    name: make
    for collection in COLLECTIONS.values()
    for name, make in collection.items()
    if make()[0].shape[1] >= 16
}


def parts_of(y, n_bootstraps):
    for train, _ in StratifiedKFold(5, shuffle=True, random_state=0).split(y, y):
        yield train
    for seed in range(n_bootstraps):
        yield resample(np.arange(len(y)), random_state=seed, stratify=y)


def scaled_versions(X):
    return [X, StandardScaler().fit_transform(X), MinMaxScaler().fit_transform(X)]


@pytest.mark.parametrize("name", WIDE)
def test_no_table_of_the_benchmark_is_taken_for_an_image(name):
    X, y = WIDE[name]()
    for version in scaled_versions(X):
        assert {find_image_shape(version[part]) for part in parts_of(y, 2)} == {None}


def test_images_are_images_on_every_part_and_scale():
    X, y = load_digits(return_X_y=True)
    for version in scaled_versions(X):
        assert {find_image_shape(version[part]) for part in parts_of(y, 5)} == {(1, 8, 8)}
    assert find_image_shape(with_holes(X, 0.1)) == (1, 8, 8)


# ------------------------------------------------------------- how many fields a column needs


def test_two_fields_for_two_values():
    rng = np.random.default_rng(0)
    switch, levels = rng.integers(2, size=(50, 1)), rng.integers(3, size=(50, 1))
    constant, nothing = np.full((50, 1), 7.0), np.full((50, 1), np.nan)
    torn = np.where(rng.random((50, 1)) < 0.3, np.nan, 5 - 9 * switch)
    X = np.hstack([switch, levels, constant, torn, nothing, rng.normal(size=(50, 1))])
    expected = np.repeat(np.arange(6), [2, 6, 2, 2, 2, 6])
    for version in (X, sparse.csc_array(X)):
        encoder = SpikeEncoder(n_fields="auto", field_code="latency").fit(version)
        np.testing.assert_array_equal(encoder.channel_features_, expected)
    spikes = encoder.transform(X)[:, :, 1]  # the strongest: in the middle of a field
    np.testing.assert_array_equal(spikes[:, 0], 1 - switch[:, 0])
    np.testing.assert_array_equal(spikes[:, 1], switch[:, 0])
    there = ~np.isnan(torn[:, 0])
    np.testing.assert_array_equal(spikes[there, 10], switch[there, 0])
    assert not spikes[~there, 10:12].any()


def test_a_network_has_two_fields_for_each_category():
    X, y = COLLECTIONS["choose"]["switches and numbers"]()
    clf = SNNClassifier(epochs=1, random_state=0).fit(X[:300], y[:300])
    assert clf.encoder_.n_channels_ == 6 * 2 + 8 * 6


def ways(X, y):
    """How a classifier takes a table: the code and the learning, as far as they are chosen."""
    clf = SNNClassifier(epochs=1, random_state=0).fit(X, y)
    code = (clf.encoder_.encoding, clf.encoder_.scale, clf.encoder_.field_code)
    return code, str(clf.learning_), clf.augmentation_


@pytest.mark.parametrize("name", ["Poisson counts", "80 one-hot columns", "words of topics"])
def test_columns_that_are_never_negative_are_a_table(name):
    X, y = (COLLECTIONS["report"] | COLLECTIONS["choose"])[name]()
    X, y = X[:400], y[:400]
    assert X.min() == 0
    touched = X.copy()
    touched[7, 5] = -1e-6
    found = {ways(version, y) for version in (*scaled_versions(X), touched)}
    assert len(found) == 1
    (encoding, scale, _), learning, augmentation = found.pop()
    assert (encoding, scale, augmentation) == ("receptive_fields", "quantile", None)
    assert learning.startswith("MarginLearning")


def test_the_scale_of_a_table_hardly_matters(wine):
    """Quantiles are the same after any linear change of a column."""
    X, y = wine
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = [
        cross_val_score(make_pipeline(*scaler, SNNClassifier(random_state=0)), X, y, cv=folds)
        for scaler in ([], [StandardScaler()], [MinMaxScaler()])
    ]
    assert np.ptp(np.mean(scores, axis=1)) < 0.01
