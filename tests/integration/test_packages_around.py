"""Packages that a user of scikit-learn has around: each does with a network what it promises."""

import warnings

import numpy as np
import polars
import pytest
from sklearn.callback import ProgressBar
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nervos_sklearn import GaussianBlur, SNNClassifier, SpikingLayerFeatures, SpikingPatchFeatures


@pytest.mark.filterwarnings("ignore")  # its own
@pytest.mark.parametrize("learning", ["margin", "prototype", "stdp"])
def test_mlflow_keeps_a_model(learning, tmp_path, monkeypatch):
    import mlflow

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # a database needs further packages
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    X, y = load_iris(return_X_y=True)
    network = SNNClassifier(12, learning=learning, epochs=3, random_state=0).fit(X, y)
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(
            network, name="network", serialization_format="cloudpickle"
        )
    loaded = mlflow.sklearn.load_model(info.model_uri)
    np.testing.assert_array_equal(loaded.predict_proba(X), network.predict_proba(X))
    plain = mlflow.pyfunc.load_model(info.model_uri)
    np.testing.assert_array_equal(plain.predict(X), network.predict(X))


def test_polars_before_and_after():
    bunch = load_iris()
    names = [f"leaf {k}" for k in range(4)]
    table = polars.DataFrame(bunch.data, schema=names)
    network = SNNClassifier(epochs=3, random_state=0)
    of_table = network.fit(table, polars.Series(bunch.target)).predict_proba(table)
    np.testing.assert_array_equal(network.feature_names_in_, names)
    plain = SNNClassifier(epochs=3, random_state=0).fit(bunch.data, bunch.target)
    np.testing.assert_array_equal(of_table, plain.predict_proba(bunch.data))
    pixels = polars.DataFrame(load_digits().data[:60])
    for transformer in (
        GaussianBlur(),
        SpikingPatchFeatures(4, n_presentations=50),
        SpikingLayerFeatures(SNNClassifier(9, learning="stdp", epochs=1)),
    ):
        made = transformer.set_output(transform="polars").fit_transform(pixels)
        assert isinstance(made, polars.DataFrame)
        assert made.columns == list(transformer.get_feature_names_out())


def parts_of(estimator):
    """Names of the classes of an estimator and of all that it fits."""
    parts = [estimator, *estimator.get_params().values()]
    return {type(part).__name__ for part in parts if hasattr(part, "set_callbacks")}


@pytest.mark.parametrize(
    "estimator",
    [
        SNNClassifier(epochs=3),
        SNNClassifier(features=SpikingPatchFeatures(4, n_presentations=50), epochs=3),
        make_pipeline(StandardScaler(), SNNClassifier(epochs=3)),
        make_pipeline(GaussianBlur(), SpikingPatchFeatures(4), SNNClassifier(epochs=3)),
        make_pipeline(
            SpikingLayerFeatures(SNNClassifier(9, learning="stdp", epochs=2)), LogisticRegression()
        ),
    ],
    ids=str,
)
def test_progress_bars(estimator, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # else names and bars are cut off
    X, y = load_digits(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "lbfgs failed")
        estimator.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X[:100], y[:100])
    bars = [line for line in capsys.readouterr().out.splitlines() if "100%" in line]
    for name in parts_of(estimator):
        assert any(name in bar for bar in bars), name


def test_progress_bar_of_a_search():
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(SNNClassifier(epochs=2), {"eta": [0.1, 0.3]}, cv=2, n_jobs=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.set_callbacks(ProgressBar()).fit(X, y)
    assert search.score(X, y) > 0.8
