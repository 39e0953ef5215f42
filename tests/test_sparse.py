"""Sparse matrices: encoded and learned as the arrays they stand for, a few rows at a time."""

import tracemalloc

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import get_tags

from nervos_sklearn import ImageAugmentation, SNNClassifier, SpikeEncoder


def counts(n_samples=300, n_features=40, seed=0):
    """Counts of two classes, most of them 0, some rows empty."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n_samples)
    rates = rng.gamma(0.2, 1.0, size=(2, n_features))
    X = rng.poisson(rates[y]).astype(float)
    X[::50] = 0
    return X, y


def random_matrix(shape, density, rng):
    """Numbers at random places; scipy's own has another signature before 1.15."""
    places = [rng.integers(n, size=round(density * np.prod(shape))) for n in shape]
    return sparse.csr_array((rng.random(len(places[0])), places), shape=shape)


def odd_versions(X):
    """The same numbers in every kind of sparse matrix that a user may bring."""
    tidy = sparse.csr_array(X)
    wide = tidy.copy()
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    with_zeros = sparse.csr_array(np.where(X == 0, 1.0, X))
    with_zeros.data[np.where(X == 0, 1, 0).ravel() == 1] = 0
    unsorted = sparse.csr_array(tidy.tocsc()[:, ::-1]).copy()
    unsorted.indices = X.shape[1] - 1 - unsorted.indices
    unsorted.has_sorted_indices = False
    halves = sparse.coo_array(
        (np.tile(tidy.data / 2, 2), np.tile(tidy.tocoo().coords, 2)), shape=X.shape
    )
    rows = sparse.csr_matrix(X)
    rows.data.flags.writeable = False
    return {
        "tidy": tidy,
        "64-bit indices": wide,
        "explicit zeros": with_zeros,
        "unsorted": unsorted,
        "columns": sparse.csc_matrix(X),
        "repeated coordinates": halves,
        "read-only": rows,
        "float32": tidy.astype(np.float32),
    }


KINDS = list(odd_versions(counts()[0]))
ENCODERS = [
    *(SpikeEncoder(scale=scale) for scale in ("feature", "standard", "quantile", "sample")),
    SpikeEncoder(scale="quantile", field_code="latency", training_duration=32),
    SpikeEncoder("rate"),
    SpikeEncoder("poisson", random_state=0),
    SpikeEncoder("latency", training_duration=32),
    SpikeEncoder("latency", scale="feature"),
]


@pytest.mark.parametrize("encoder", ENCODERS, ids=str)
@pytest.mark.parametrize("sign", [1, -1])
def test_codes_are_those_of_the_array(encoder, sign):
    X = sign * counts()[0]
    encoder.fit(X)
    spikes, traces = encoder.transform(X), encoder.traces(X)
    encoder.fit(sparse.csr_array(X))
    np.testing.assert_array_equal(encoder.transform(sparse.csr_array(X)), spikes)
    np.testing.assert_array_equal(encoder.traces(sparse.csr_array(X)), traces)


def test_many_columns_are_scaled_as_those_of_the_array():
    """So many that they are looked at block by block."""
    X = random_matrix((300, 1501), 0.02, np.random.default_rng(0))
    for scale in ("standard", "quantile"):
        encoder = SpikeEncoder(scale=scale, n_fields=2, field_code="latency")
        traces = encoder.fit(X.toarray()).traces(X[:20])
        np.testing.assert_array_equal(encoder.fit(X).traces(X[:20]), traces)
        assert encoder.data_min_.shape == (1501,)


@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_of_sparse_matrix(kind):
    X, y = counts()
    given = odd_versions(X)[kind]
    np.testing.assert_array_equal(given.toarray(), X)
    before = given.copy()
    tidy = SNNClassifier(epochs=3, random_state=0).fit(sparse.csr_array(X), y)
    clf = SNNClassifier(epochs=3, random_state=0).fit(given, y)
    np.testing.assert_array_equal(clf.predict_proba(given), tidy.predict_proba(X))
    assert type(given) is type(before)
    assert given.nnz == before.nnz
    np.testing.assert_array_equal(given.data, before.data)
    for row in (0, 50):  # empty
        np.testing.assert_allclose(clf.predict_proba(given.tocsr()[[row]]).sum(), 1)


@pytest.mark.parametrize("encoder", ["receptive_fields", "latency", "poisson"])
@pytest.mark.parametrize("learning", ["stdp", "prototype", "margin"])
def test_networks_are_those_of_the_array(encoder, learning):
    X, y = counts()
    settings = {"encoder": encoder, "learning": learning, "epochs": 3, "random_state": 0}
    of_array = SNNClassifier(**settings).fit(X, y)
    of_sparse = SNNClassifier(**settings, n_jobs=2).fit(sparse.csr_array(X), y)
    np.testing.assert_array_equal(of_sparse.module_.layers[0].synapses,
                                  of_array.module_.layers[0].synapses)  # fmt: skip
    scores = of_array.decision_function(X)
    np.testing.assert_array_equal(of_sparse.decision_function(sparse.csr_array(X)), scores)
    np.testing.assert_array_equal(of_sparse.decision_function(X), scores)


def test_early_stopping_holds_back_rows():
    X, y = counts()
    settings = {"encoder": "latency", "early_stopping": True, "epochs": 5, "random_state": 0}
    dense, thin = (SNNClassifier(**settings).fit(Z, y) for Z in (X, sparse.csr_array(X)))
    assert thin.validation_scores_ == dense.validation_scores_
    np.testing.assert_array_equal(thin.predict(X), dense.predict(X))


def ways(clf):
    return clf.encoder_.encoding, clf.encoder_.scale, clf.learning_.margin


def test_the_rule_of_the_automatic_encoder():
    """What looks like words: a latency a feature, scaled by the row. All else: a table."""
    X, y = counts()
    network = SNNClassifier(epochs=1, random_state=0)
    features = ("latency", "auto", 0.15)
    table = ways(network.fit(X, y))
    assert table[:2] == ("receptive_fields", "quantile")
    assert ways(network.fit(sparse.csr_array(X), y)) == features
    assert ways(network.fit(sparse.csr_array(X / X.max(axis=0).clip(1)), y)) == features
    touched = sparse.csr_array(X)
    touched.data[3] = -1e-6
    assert ways(network.fit(touched, y)) == table
    assert ways(network.fit(touched.toarray(), y)) == table
    named = network.set_params(encoder="receptive_fields")
    assert ways(named.fit(sparse.csr_array(X), y)) == table


@pytest.mark.parametrize("n_levels", [4, 40])
@pytest.mark.parametrize("missing", [False, True])
def test_one_hot_columns_and_numbers_are_a_table_however_they_are_stored(n_levels, missing):
    rng = np.random.default_rng(n_levels)
    kinds, numbers = rng.integers(n_levels, size=(300, 1)), rng.lognormal(size=(300, 4))
    y = (numbers[:, 0] > 1) ^ (kinds[:, 0] % 2)
    if missing:
        numbers[rng.random(numbers.shape) < 0.1] = np.nan
    X = sparse.hstack([OneHotEncoder().fit_transform(kinds), sparse.csr_array(numbers)], "csr")
    network = SNNClassifier(epochs=3, random_state=0)
    stored, plain = (clone(network).fit(Z, y) for Z in (X, X.toarray()))
    assert stored.encoder_.encoding == "receptive_fields"
    np.testing.assert_array_equal(stored.predict_proba(X), plain.predict_proba(X.toarray()))


def texts(n_texts, seed=0):
    """Texts on three topics: some words are likelier there, most are everybody's."""
    rng = np.random.default_rng(seed)
    vocabulary = np.array([f"word{i}" for i in range(2000)])
    common = rng.dirichlet(np.full(2000, 0.1))
    topics = 0.8 * common + 0.2 * rng.dirichlet(np.full(2000, 0.02), size=3)
    y = rng.integers(3, size=n_texts)
    lengths = rng.integers(20, 80, size=n_texts)
    texts = [
        " ".join(rng.choice(vocabulary, size=length, p=topics[label]))
        for label, length in zip(y, lengths, strict=True)
    ]
    return texts, np.array(["art", "sport", "trade"])[y]


def test_texts_in_a_pipeline():
    X, y = texts(600)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
    ours, peer = (
        make_pipeline(TfidfVectorizer(), model).fit(X_train, y_train)
        for model in (SNNClassifier(random_state=0), LogisticRegression())
    )
    assert ours.score(X_test, y_test) > 0.85
    assert ours.score(X_test, y_test) > peer.score(X_test, y_test) - 0.02
    assert set(ours.predict(["", "neverseen"])) <= {"art", "sport", "trade"}
    search = GridSearchCV(ours, {"snnclassifier__epochs": [2, 4]}, cv=2)
    assert search.fit(X_train[:200], y_train[:200]).best_score_ > 0.5


def test_a_transformer_inside_may_take_and_give_sparse_matrices():
    X, y = counts()
    X = sparse.csr_array(X)
    inside = SNNClassifier(features=TfidfTransformer(), epochs=4, random_state=0).fit(X, y)
    before = make_pipeline(TfidfTransformer(), SNNClassifier(epochs=4, random_state=0)).fit(X, y)
    np.testing.assert_array_equal(inside.predict_proba(X), before.predict_proba(X))


def test_a_matrix_is_never_made_dense_as_a_whole():
    rng = np.random.default_rng(0)
    shape = 1500, 20_000  # 240 MB as an array
    X = random_matrix(shape, 5e-4, rng)
    y = rng.integers(2, size=shape[0])
    X = X + sparse.csr_array((np.ones(1500), (np.arange(1500), y)), shape=shape)
    clf = SNNClassifier(n_neurons=2, epochs=1, random_state=0)
    tracemalloc.start()
    try:
        clf.fit(X, y)
        score = clf.score(X[:500], y[:500])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert score > 0.99
    assert peak < 150e6  # bytes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[:, :-1], "expecting 40 features"),
        (lambda X: X * np.inf, "infinity"),
        (lambda X: X * np.nan, "X contains NaN"),
    ],
    ids=["columns", "infinity", "NaN"],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_wrong_matrices_are_refused(change, message):
    X, y = counts()
    X = sparse.csr_array(X)
    clf = SNNClassifier(epochs=1).fit(X, y)
    encoder = SpikeEncoder("latency").fit(X)
    for answer in (clf.predict, clf.predict_proba, encoder.transform, encoder.traces):
        with pytest.raises(ValueError, match=message):
            answer(change(X))


def test_missing_values_of_a_sparse_table_are_those_of_the_array():
    X, y = counts()
    X[X == 2] = np.nan
    settings = {"encoder": "receptive_fields", "epochs": 3, "random_state": 0}
    dense, thin = (SNNClassifier(**settings).fit(Z, y) for Z in (X, sparse.csr_array(X)))
    np.testing.assert_array_equal(thin.predict_proba(X), dense.predict_proba(X))
    with pytest.raises(ValueError, match="X contains NaN"):
        SNNClassifier(encoder="latency").fit(sparse.csr_array(X), y)


def test_images_must_be_dense():
    X, y = counts(n_features=64)
    with pytest.raises(ValueError, match=r"dense array, got a sparse matrix: use X\.toarray\(\)"):
        SNNClassifier(augmentation=ImageAugmentation((8, 8))).fit(sparse.csr_array(X), y)


def test_tags():
    assert get_tags(SNNClassifier()).input_tags.sparse
    assert get_tags(SpikeEncoder("rate")).input_tags.sparse
    assert not get_tags(SNNClassifier(augmentation=ImageAugmentation((8, 8)))).input_tags.sparse


def test_cross_validation_of_a_sparse_matrix():
    X, y = counts()
    answers = cross_val_predict(SNNClassifier(random_state=0), sparse.csr_matrix(X), y, cv=3)
    assert (answers == y).mean() > 0.8
