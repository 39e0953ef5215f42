"""What a user of scikit-learn tries without thinking, with the real packages."""

import pickle
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingClassifier
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.model_selection import cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.utils import estimator_html_repr, get_tags

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


def network(learning="margin", **parameters):
    return SNNClassifier(**{"learning": learning, "epochs": 4, "random_state": 0} | parameters)


# ---------------------------------------------------------------- ensembles and wrappers


def test_boosting_learns_from_what_was_answered_wrongly():
    X, y = load_breast_cancer(return_X_y=True)
    boosted = AdaBoostClassifier(network(epochs=1), n_estimators=3, random_state=0).fit(X, y)
    assert len({round(weight, 3) for weight in boosted.estimator_weights_}) > 1
    first, *later = boosted.estimators_
    assert all((first.predict(X) != other.predict(X)).any() for other in later)
    assert boosted.score(X, y) > 0.9


def test_bagging_leaves_samples_out_by_weight():
    X, y = load_wine(return_X_y=True)
    bag = BaggingClassifier(network(), n_estimators=25, oob_score=True, random_state=1).fit(X, y)
    assert bag.oob_score_ > 0.85


def test_calibration():
    X, y = load_breast_cancer(return_X_y=True)
    calibrated = CalibratedClassifierCV(network(), cv=3, ensemble=False).fit(X[:400], y[:400])
    assert log_loss(y[400:], calibrated.predict_proba(X[400:])) < 0.25


def test_stacking_with_other_kinds():
    X, y = load_wine(return_X_y=True)
    stack = StackingClassifier(
        [("network", network()), ("support", make_pipeline(StandardScaler(), SVC()))],
        LogisticRegression(max_iter=1000),
        cv=3,
    )
    assert cross_val_score(stack, X, y, cv=2).mean() > 0.9


# ---------------------------------------------------------------- weights on their way


def test_weights_are_routed_through_a_pipeline():
    X, y = load_wine(return_X_y=True)
    weights = np.where(y == 1, 4.0, 0.5)
    with config_context(enable_metadata_routing=True):
        classifier = network().set_fit_request(sample_weight=True)
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), classifier)
        pipeline.fit(X, y, sample_weight=weights)
        found = cross_validate(
            pipeline, X, y, params={"sample_weight": weights}, cv=2, scoring=scorer,
            error_score="raise", return_estimator=True, return_indices=True,
        )  # fmt: skip
    alone = network().fit(StandardScaler().fit_transform(X), y, sample_weight=weights)
    np.testing.assert_array_equal(
        pipeline.predict_proba(X), alone.predict_proba(StandardScaler().fit_transform(X))
    )
    part = found["indices"]["train"][0]
    scaled = StandardScaler().fit_transform(X[part])
    of_part = network().fit(scaled, y[part], sample_weight=weights[part])
    np.testing.assert_array_equal(
        found["estimator"][0].predict_proba(X[part]), of_part.predict_proba(scaled)
    )


# ---------------------------------------------------------------- what comes before


def test_words():
    of_sports = ["the team won the match", "a late goal decided the game", "the keeper saved it"]
    of_food = ["bake the bread slowly", "add salt and butter", "the soup needs salt and bread"]
    texts, y = np.array((of_sports + of_food) * 5), np.repeat([["sport", "food"]], 3)
    y = np.tile(y, 5)
    pipeline = make_pipeline(TfidfVectorizer(), network(learning="auto")).fit(texts, y)
    found = pipeline.predict(["salt the bread", "the team and the keeper"])
    np.testing.assert_array_equal(found, ["food", "sport"])


def test_tables_with_names():
    X, y = load_wine(return_X_y=True, as_frame=True)
    pipeline = make_pipeline(StandardScaler(), network()).set_output(transform="pandas")
    pipeline.fit(X, y.map(lambda k: f"cultivar {k}"))
    np.testing.assert_array_equal(pipeline[-1].feature_names_in_, X.columns)
    assert set(pipeline.predict(X)) == {"cultivar 0", "cultivar 1", "cultivar 2"}
    with pytest.raises(ValueError, match="feature names"):
        network().fit(X, y).predict(X[X.columns[::-1]])
    table = X.astype({"proline": "Int64"})  # of pandas, may miss values
    table.loc[0, "proline"] = pd.NA
    assert network().fit(table, y).predict(table).shape == (178,)


@pytest.mark.parametrize(
    "transformer",
    [
        SpikingPatchFeatures(4, n_presentations=50, random_state=0),
        GaussianBlur(),
        SpikingLayerFeatures(SNNClassifier(9, learning="stdp", epochs=1), random_state=0),
    ],
    ids=lambda transformer: type(transformer).__name__,
)
def test_features_have_names_everywhere(transformer):
    X = load_digits(as_frame=True).data[:60]
    table = clone(transformer).set_output(transform="pandas").fit_transform(X)
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns) == list(clone(transformer).fit(X).get_feature_names_out())
    assert table.columns.is_unique
    np.testing.assert_array_equal(table, clone(transformer).fit_transform(X))
    assert table.index.equals(X.index)


def test_spike_trains_leave_the_output_of_a_pipeline_alone():
    X, y = load_iris(return_X_y=True, as_frame=True)
    pipeline = make_pipeline(StandardScaler(), SpikeEncoder(), network("stdp", epochs=1))
    with config_context(transform_output="pandas"):
        assert pipeline.fit(X, y)[:-1].transform(X).shape == (150, 20, 101)
    names = pipeline[:-1].get_feature_names_out()
    assert (len(names), len(set(names))) == (20, 20)


# ---------------------------------------------------------------- features inside


@pytest.mark.parametrize(
    "parts",
    [
        {"features": SpikingPatchFeatures(8)},
        {"features": make_pipeline(GaussianBlur(), SpikingPatchFeatures(8))},
        {"features": SpikingLayerFeatures(network("stdp", random_state=None))},
        {"encoder": SpikeEncoder("poisson", training_duration=20)},
    ],
    ids=["patches", "pipeline", "layer", "encoder"],
)
def test_one_seed_is_enough(parts):
    X, y = load_digits(return_X_y=True)
    X, y = X[:200], y[:200]
    first, again, other = (
        network(augmentation=None, random_state=seed, **parts).fit(X, y).predict_proba(X)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_one_shape_is_enough():
    X, y = load_digits(n_class=3, return_X_y=True)
    X = X.reshape(-1, 8, 8)[:, :, 1:7].reshape(len(X), -1)  # 8 x 6 pixels
    augmentation = ImageAugmentation((8, 6))
    fitted = network(features=SpikingPatchFeatures(8), augmentation=augmentation).fit(X, y)
    assert fitted.features_.image_shape_ == (8, 6)
    assert fitted.score(X, y) > 0.9
    other = SpikingPatchFeatures(8, image_shape=(6, 8))
    fitted = network(features=other, augmentation=augmentation).fit(X, y)
    assert fitted.features_.image_shape_ == (6, 8)


def test_warnings_point_at_the_line_of_the_user():
    X, y = load_iris(return_X_y=True)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        SNNClassifier(2, epochs=1, tau_m=3.0, augmentation=ImageAugmentation()).fit(X, y)
    assert {warning.filename for warning in warned} == {__file__}
    assert len(warned) == 3


@pytest.mark.parametrize(
    ("X", "hint"),
    [
        (np.full((20, 8, 8), 0.5), r"images are rows: X\.reshape"),
        (np.full((20, 8, 8, 3), 0.5), r"Images are rows: X\.reshape"),
        ([np.arange(n, dtype=float) for n in range(5, 25)], "SpikingWindowFeatures"),
    ],
    ids=["images", "colours", "series"],
)
def test_wrong_shapes_say_what_to_do(X, hint):
    with pytest.raises(ValueError, match=hint):
        network().fit(X, np.arange(20) % 2)


def test_a_seed_that_is_given_stays():
    X, y = load_digits(return_X_y=True)
    features = SpikingPatchFeatures(8, random_state=5)
    fits = (network(features=features, random_state=seed).fit(X[:200], y[:200]) for seed in (0, 1))
    alone = features.fit(X[:200]).transform(X[:200])
    for fit in fits:
        np.testing.assert_array_equal(fit.features_.transform(X[:200]), alone)
    assert network(features=SpikingPatchFeatures(8)).features.random_state is None


def test_features_that_come_as_a_data_frame():
    X, y = load_wine(return_X_y=True)
    expected = network(features=StandardScaler()).fit(X, y).predict_proba(X)
    framed = StandardScaler().set_output(transform="pandas")
    np.testing.assert_array_equal(network(features=framed).fit(X, y).predict_proba(X), expected)


def test_features_in_single_precision_are_the_same_in_training_and_prediction():
    X, y = load_wine(return_X_y=True)
    halved = FunctionTransformer(lambda X: X.astype(np.float32))
    inside = network(features=halved).fit(X, y)
    before = network(encoder="latency").fit(X.astype(np.float32), y)
    np.testing.assert_array_equal(
        inside.predict_proba(X), before.predict_proba(halved.transform(X))
    )


def test_features_may_fill_in_what_is_missing():
    X, y = load_wine(return_X_y=True)
    X[::5, 3] = np.nan
    filling = make_pipeline(SimpleImputer(), StandardScaler())
    inside = network(features=filling).fit(X, y)
    filled = filling.fit_transform(X)
    before = network(encoder="latency").fit(filled, y)
    np.testing.assert_array_equal(inside.predict_proba(X), before.predict_proba(filled))


def test_what_features_leave_missing_is_refused():
    X, y = load_wine(return_X_y=True)
    fitted = network(features=StandardScaler()).fit(X, y)
    X[3, 3] = np.nan
    with pytest.raises(ValueError, match="X transformed by StandardScaler contains NaN"):
        fitted.predict(X)
    with pytest.raises(ValueError, match="contains NaN"):
        network(features=StandardScaler()).fit(X, y)
    fields = network(features=StandardScaler(), encoder=SpikeEncoder(scale="quantile")).fit(X, y)
    assert fields.score(X, y) > 0.9


def test_tags_follow_the_features():
    def tags(**parts):
        return get_tags(SNNClassifier(**parts)).input_tags

    assert tags(features=SpikingPatchFeatures()).positive_only
    assert tags(features=SpikingWindowFeatures()).allow_nan
    assert not tags(features=SpikingWindowFeatures()).sparse
    assert tags(features=TfidfTransformer()).sparse
    assert not tags(features=StandardScaler()).three_d_array
    assert tags().three_d_array
    assert tags().sparse
    assert tags().allow_nan
    assert not tags(augmentation=ImageAugmentation()).allow_nan


# ---------------------------------------------------------------- a notebook


PAGES = "https://nervos-sklearn.readthedocs.io/en/stable/api/generated/nervos_sklearn."


@pytest.mark.parametrize(
    "estimator",
    [
        SNNClassifier(), SpikeEncoder(), GaussianBlur(), SpikingPatchFeatures(),
        SpikingLayerFeatures(), ImageAugmentation(), LinearSynapse(), MarginLearning(),
    ],
    ids=str,
)  # fmt: skip
def test_picture_links_to_its_page(estimator):
    assert f"{PAGES}{type(estimator).__name__}.html" in estimator_html_repr(estimator)


def test_classes_of_others_do_not_link_to_pages_here():
    class OwnSynapse(LinearSynapse):
        pass

    assert PAGES not in estimator_html_repr(OwnSynapse())


@pytest.mark.skipif(
    not hasattr(BaseEstimator, "_get_params_html"), reason="scikit-learn 1.7 shows parameters"
)
def test_pictures_show_parameters_in_groups():
    shown = estimator_html_repr(network(MarginLearning(margin=0.1), eta=0.2))
    tables = re.findall(r"<summary>(.*?)</summary>(.*?)</table>", shown, flags=re.DOTALL)
    groups = {title: re.findall(r"copyToClipboard\('(\w+)'", rows) for title, rows in tables}
    assert list(groups) == ["Network", "What it sees", "Training", "Spike timing"]
    assert groups["Network"][:2] == ["learning", "learning__averaging"]
    assert groups["Training"][:2] == ["epochs", "eta"]
    own = SNNClassifier().get_params(deep=False)
    assert sorted(own) == sorted(n for names in groups.values() for n in names if "__" not in n)
    assert re.search(r'user-set">(?:(?!</tr>).)*MarginLearning\(margin=0.1\)', shown, re.DOTALL)


# ---------------------------------------------------------------- files

VARIANTS = {
    "margin": network(),
    "prototype": network("prototype"),
    "spike timing": network("stdp", epochs=1),
    "its layers": network(STDPLearning(hidden_layer_sizes=[9]), epochs=1),
    "signed prototypes": network(PrototypeLearning(signed=True)),
    "a device": network(synapse=LinearSynapse(30, read_noise=0.1)),
    "a pair": network(synapse=DifferentialPair(NonLinearSynapse(60))),
    "quantiles": network(encoder=SpikeEncoder(scale="quantile", field_code="latency")),
    "patches": network(features=SpikingPatchFeatures(4, n_presentations=50)),
    "moved images": network("prototype", augmentation=ImageAugmentation((8, 8), test_time=0.5)),
    "early stopping": network(early_stopping=True),
    "windows of series": SNNClassifier(
        features=SpikingWindowFeatures(n_features=4), epochs=2, random_state=0
    ),
    "features of a layer": make_pipeline(
        SpikingLayerFeatures(network("stdp", epochs=1)), LogisticRegression(max_iter=1000)
    ),
}
GUIDE = Path(__file__).parent.parent / "docs" / "guide" / "save.md"
TRUSTED = set(re.findall(r"nervos_sklearn\.\w+\.\w+", GUIDE.read_text("utf-8")))


@pytest.fixture(scope="module")
def fitted():
    X, y = load_digits(return_X_y=True)
    return {name: clone(variant).fit(X[:150], y[:150]) for name, variant in VARIANTS.items()}


@pytest.mark.parametrize("name", VARIANTS)
def test_skops_needs_trust_in_this_package_alone(name, fitted):
    X = load_digits().data[150:250]
    file = skops.io.dumps(fitted[name])
    types = skops.io.get_untrusted_types(data=file)
    assert set(types) <= TRUSTED
    other = skops.io.loads(file, trusted=types)
    np.testing.assert_array_equal(other.predict_proba(X), fitted[name].predict_proba(X))


def size_of_arrays(thing, seen):
    """Bytes of all arrays that an object holds, each once."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if isinstance(thing, dict):
        thing = list(thing.values())
    elif hasattr(thing, "__dict__"):
        thing = list(vars(thing).values())
    return sum(size_of_arrays(x, seen) for x in thing) if isinstance(thing, (list, tuple)) else 0


@pytest.mark.parametrize("learning", ["margin", "prototype", "stdp"])
@pytest.mark.parametrize("synapse", [None, LinearSynapse(30)], ids=str)
def test_a_pickle_is_as_large_as_what_was_learned(learning, synapse):
    X, y = load_digits(return_X_y=True)
    parameters = {"synapse": synapse, "epochs": 1, "eta": 0.5 if learning == "stdp" else None}
    clf = network(learning, n_neurons=60, **parameters).fit(X[:150], y[:150])
    learned = [(clf.module_.layers, clf.module_.decision), clf.module_.neuron_label_map]
    assert len(pickle.dumps(clf)) < 1.2 * size_of_arrays(learned, set())
