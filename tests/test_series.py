"""Features of time series, spike trains whose timing decides, and events."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from nervos_sklearn import (
    SeriesAnswerDisplay,
    SeriesWindowDisplay,
    SNNClassifier,
    SpikeEncoder,
    SpikingWindowFeatures,
)
from nervos_sklearn import series as room
from nervos_sklearn.datasets import make_spike_timings, read_events
from nervos_sklearn.series import pad_series


def bumps(n_samples=80, n_channels=2, n_timepoints=60, seed=0):
    """Two classes: a rise and a fall, or the other way round, at a random place."""
    rng = np.random.default_rng(seed)
    X = 0.3 * rng.normal(size=(n_samples, n_channels, n_timepoints))
    y = rng.integers(0, 2, n_samples)
    wave = np.sin(np.arange(16) * np.pi / 8)
    for series, label in zip(X, y, strict=True):
        start = rng.integers(0, n_timepoints - 16)
        series[0, start : start + 16] += wave if label else -wave
    return X, y


@pytest.fixture(scope="module")
def data():
    return bumps()


@pytest.fixture(scope="module")
def fitted(data):
    return SpikingWindowFeatures(16, n_shared_features=8, random_state=0).fit(data[0])


# ------------------------------------------------------------------------ features


def test_features_are_named_bounded_and_of_norm_1(data, fitted):
    X, _ = data
    out = fitted.transform(X[:20])
    names = fitted.get_feature_names_out()
    # 3 codes, dilations 1, 2, 4 (8 x 4 < 60), 24 neurons, 2 segments and the peak
    assert fitted.dilations_.tolist() == [1, 2, 4]
    assert out.shape == (20, 3 * 3 * 24 * 3)
    assert len(set(names)) == out.shape[1]
    assert {"value_d4_neuron7_segment0", "detrended_d1_shared_neuron3_peak"} <= set(names)
    assert out.min() >= 0
    np.testing.assert_allclose(np.linalg.norm(out, axis=1), 1, rtol=1e-5)
    frame = clone(fitted).set_output(transform="pandas").fit(X).transform(X[:3])
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == list(names)
    for windows in fitted.windows_.values():
        norms = np.linalg.norm(windows.reshape(len(windows), -1), axis=1)
        np.testing.assert_allclose(norms, 1, atol=1e-3)


def test_any_batch_and_any_number_of_threads_give_the_same_bits(data, fitted, monkeypatch):
    X, _ = data
    out = fitted.transform(X)
    np.testing.assert_array_equal(fitted.transform(X[7:8]), out[7:8])
    np.testing.assert_array_equal(fitted.transform(X[::-1]), out[::-1])
    monkeypatch.setattr(room, "_BATCH", 3 * X[0].size)
    for n_jobs in (1, 2, 3):
        other = SpikingWindowFeatures(16, n_shared_features=8, n_jobs=n_jobs, random_state=0).fit(
            X
        )
        np.testing.assert_array_equal(other.transform(X), out)
    seeds = [SpikingWindowFeatures(16, random_state=s).fit(X).transform(X) for s in (1, 1, 2)]
    np.testing.assert_array_equal(seeds[0], seeds[1])
    assert (seeds[0] != seeds[2]).any()


def test_a_pickle_answers_the_same(data, fitted):
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(data[0]), fitted.transform(data[0]))


def test_neurons_start_from_the_latency_code_of_the_encoder():
    """One training series, one step a window: weights are the encoder's traces of its values."""
    X = np.linspace(-1, 1, 21)[np.newaxis, np.newaxis]
    features = SpikingWindowFeatures(
        200, window_size=1, codes=["value"], n_fields=5, random_state=0
    ).fit(X)
    shares = np.linspace(0, 1, 250)[:, np.newaxis]
    encoder = SpikeEncoder(
        field_code="latency", scale=None, n_fields=5, field_variance=0.15**2, training_duration=32
    )
    traces = encoder.fit(shares).traces(shares)
    traces[traces < 2] = 0
    traces /= np.linalg.norm(traces, axis=1, keepdims=True)
    windows = features.windows_["value_d1"][:, 0, 0]
    distances = np.abs(windows[:, np.newaxis] - traces).max(axis=2)
    assert distances.min(axis=1).max() < 1e-3  # of one of the 250 levels that are told apart
    values = features.window_values("value_d1")
    assert np.abs(values[:, 0, 0, np.newaxis] - X[0]).min(axis=1).max() < 0.15


def test_windows_are_in_the_units_of_the_signal():
    rng = np.random.default_rng(0)
    X = np.stack([100 + rng.normal(size=(30, 50)), 0.01 * rng.normal(size=(30, 50))], axis=1)
    features = SpikingWindowFeatures(16, random_state=0).fit(X)
    values = features.window_values("value_d1")
    assert 98 < np.nanmean(values[..., 0]) < 102
    assert np.nanmax(np.abs(values[..., 1])) < 0.05
    differences = features.window_values("difference_d1")
    assert np.abs(np.nanmean(differences[..., 0])) < 1
    with pytest.raises(ValueError, match=r"name must be one of .*'value_d1'.*, got 'value_d3'"):
        features.window_values("value_d3")


def test_answers_are_the_leads_at_each_step(data, fitted):
    X, _ = data
    leads = fitted.answers(X[:5])
    assert leads["value_d1"].shape == (5, 16, 60)
    assert leads["value_d1_shared"].shape == (5, 8, 60)
    assert ((leads["value_d1"] > 0).sum(axis=1) <= 2).all()
    peaks = leads["value_d1"].max(axis=2)
    names = list(fitted.get_feature_names_out())
    first = names.index("value_d1_neuron0_peak")
    out = fitted.transform(X[:5])[:, first : first + 16]
    expected = (peaks / peaks.max(axis=1, keepdims=True)) ** 0.4
    ratio = out / np.linalg.norm(out, axis=1, keepdims=True)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(ratio, expected, atol=1e-5)


def test_neurons_that_see_one_channel_do_not_care_which(data):
    X, _ = data
    features = SpikingWindowFeatures(16, n_shared_features=8, random_state=0)
    features.fit(np.concatenate([X, X[:, ::-1]]))  # so that the channels have one scale
    leads, swapped = features.answers(X[:9]), features.answers(X[:9, ::-1])
    for name in features.windows_:
        if name.endswith("_shared"):
            np.testing.assert_allclose(leads[name], swapped[name])
    assert (leads["value_d1"] != swapped["value_d1"]).any()


def test_competitive_learning_is_an_option(data):
    X, y = data
    features = SpikingWindowFeatures(8, n_presentations=300, random_state=0)
    learned = clone(features).fit(X)
    recruited = clone(features).set_params(n_presentations=0).fit(X)
    assert (learned.windows_["value_d1"] != recruited.windows_["value_d1"]).any()
    network = SNNClassifier(features=features, epochs=10, random_state=0)
    assert network.fit(X[:60], y[:60]).score(X[60:], y[60:]) > 0.8


# ---------------------------------------------------------------------------- input


def test_two_layouts_of_one_channel_are_the_same():
    X = np.random.default_rng(0).normal(size=(20, 40)).cumsum(axis=1)
    flat = SpikingWindowFeatures(8, random_state=0).fit(X)
    deep = SpikingWindowFeatures(8, random_state=0).fit(X[:, np.newaxis])
    expected = flat.transform(X)
    for features in (flat, deep):
        np.testing.assert_array_equal(features.transform(X), expected)
        np.testing.assert_array_equal(features.transform(X[:, np.newaxis]), expected)
    assert deep.transform(X[:, np.newaxis, :25]).shape == expected.shape
    with pytest.raises(ValueError, match="40 features"):
        flat.transform(X[:, :25])


def test_lists_are_padded_series_and_lengths_may_differ(data):
    X, y = data
    lengths = np.random.default_rng(0).integers(30, 61, len(X))
    as_list = [series[:, :length] for series, length in zip(X, lengths, strict=True)]
    padded = pad_series(as_list)
    assert padded.shape == (80, 2, lengths.max())
    features = SpikingWindowFeatures(8, random_state=0).fit(as_list)
    np.testing.assert_array_equal(features.transform(as_list), features.transform(padded))
    # A series is answered as long as it is, whatever stands beside it.
    longer = np.pad(padded, ((0, 0), (0, 0), (0, 9)), constant_values=np.nan)
    np.testing.assert_array_equal(features.transform(longer), features.transform(padded))
    np.testing.assert_array_equal(
        features.transform(as_list[3:4]), features.transform(as_list)[3:4]
    )
    with pytest.raises(ValueError, match=r"same number of channels, got \[1, 2\]"):
        features.transform([X[0], X[1, :1, :30]])
    network = SNNClassifier(features=SpikingWindowFeatures(16), epochs=10, random_state=0)
    network.fit(as_list[:60], y[:60])
    np.testing.assert_array_equal(network.predict(as_list[60:]), network.predict(padded[60:]))
    assert network.predict([X[0, :, :11], X[1, :, :50]]).shape == (2,)


def test_gaps_are_silent(data, fitted):
    X, _ = data
    gaps = X[:4].copy()
    gaps[:, :, 20:30] = np.nan
    gaps[0] = np.nan
    leads = fitted.answers(gaps)
    assert np.isfinite(fitted.transform(gaps)).all()
    assert (fitted.transform(gaps)[0] == 0).all()
    before = fitted.answers(X[:4])["value_d1"]
    np.testing.assert_array_equal(leads["value_d1"][1:, :, :16], before[1:, :, :16])
    assert (leads["value_d1"][1:, :, 25] == 0).all()  # nothing but silence within 4 steps
    for wrong in (np.inf, -np.inf):
        gaps[1, 0, 3] = wrong
        with pytest.raises(ValueError, match="infinity"):
            fitted.transform(gaps)


def test_series_without_anything_to_tell(data, fitted):
    constant = SpikingWindowFeatures(8, random_state=0).fit(np.full((5, 2, 40), 7.3))
    assert len(np.unique(constant.transform(np.full((3, 2, 40), 7.3)), axis=0)) == 1
    leads = constant.answers(np.full((1, 2, 60), 7.3))["value_d1"][0]
    assert (leads[:, 8:-8] == leads[:, 8:9]).all()
    assert np.isfinite(fitted.transform(np.full((2, 2, 60), 0.25))).all()
    one_step = SpikingWindowFeatures(8, random_state=0).fit(data[0][:, :, :1])
    assert one_step.dilations_.tolist() == [1]
    assert np.isfinite(one_step.transform(data[0][:, :, :1])).all()
    assert np.isfinite(fitted.transform(data[0][:3, :, :1])).all()


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((3, 1, 60)), "expected series of 2 channels as in fit, got 1"),
        (np.zeros((3, 60)), "expected series of 2 channels as in fit, got 1"),
        (np.zeros((3, 3, 60)), "expected series of 2 channels as in fit, got 3"),
        (np.zeros((3, 2, 60, 1)), "shape"),
        (np.zeros((3, 2, 0)), "no axis empty"),
        (np.full((3, 2, 60), 1e39), "at most 1e"),
    ],
)
def test_wrong_series_are_named(fitted, X, message):
    with pytest.raises(ValueError, match=message):
        fitted.transform(X)


def test_wrong_settings_are_named_and_change_nothing(data, fitted):
    X, _ = data
    features = clone(fitted).fit(X)
    before = features.transform(X)
    for settings, message in (
        ({"n_winners": 8}, "n_winners must be smaller"),
        ({"codes": ["value", "trend"]}, "codes must be"),
        ({"codes": []}, "codes must be"),
        ({"codes": "spikes"}, "zeros and ones"),
    ):
        with pytest.raises(ValueError, match=message):
            features.set_params(**settings).fit(X)
        features.set_params(n_winners=2, codes="auto")
        np.testing.assert_array_equal(features.transform(X), before)
    with pytest.raises(ValueError, match="all are NaN"):
        features.fit(np.full((4, 2, 9), np.nan))


def test_cost_is_linear():
    """Steps at which neurons answer, times inputs: counted, as times depend on the machine."""

    def work(n_samples, n_channels, n_timepoints):
        X = np.random.default_rng(0).normal(size=(8, n_channels, n_timepoints))
        features = SpikingWindowFeatures(8, n_shared_features=0, random_state=0).fit(X)
        steps = len(range(0, n_timepoints, features._step))
        inputs = sum(windows[0].size for windows in features.windows_.values())
        return n_samples * (steps * inputs + n_timepoints * n_channels)

    for small, large, factor in (
        ((100, 1, 100), (400, 1, 100), 4),
        ((100, 1, 100), (100, 16, 100), 16),
        ((100, 1, 256), (100, 1, 16384), 64),
    ):
        assert work(*large) <= work(*small) * factor**1.05


# ----------------------------------------------------------------------- classifier


def test_classifier_takes_series_by_its_features_and_in_a_pipeline(data):
    X, y = data
    network = SNNClassifier(features=SpikingWindowFeatures(random_state=0), random_state=0)
    network.fit(X[:60], y[:60])
    assert network.score(X[60:], y[60:]) >= 0.9
    pipeline = make_pipeline(
        SpikingWindowFeatures(random_state=0),
        SNNClassifier(learning="margin", encoder="latency", random_state=0),
    )
    assert pipeline.fit(X[:60], y[:60]).score(X[60:], y[60:]) >= 0.9
    flat = X.reshape(len(X), -1)
    assert cross_val_score(SVC(), flat, y).mean() < 0.8
    early = clone(network).set_params(early_stopping=True, epochs=5).fit(X[:60], y[:60])
    assert early.predict(X[60:]).shape == (20,)


def test_classifier_answers_the_same_in_any_batch(data):
    X, y = data
    network = SNNClassifier(
        features=SpikingWindowFeatures(16, random_state=0), epochs=5, random_state=0
    ).fit(X[:60], y[:60])
    proba = network.predict_proba(X)
    np.testing.assert_array_equal(network.predict_proba(X[5:6]), proba[5:6])
    again = clone(network).set_params(n_jobs=2).fit(X[:60], y[:60])
    np.testing.assert_array_equal(again.predict_proba(X), proba)


def test_rows_of_a_table_are_series_even_if_they_look_like_images():
    X = np.random.default_rng(0).normal(size=(40, 64)).cumsum(axis=1)
    y = (X[:, -1] > X[:, 0]).astype(int)
    network = SNNClassifier(features=SpikingWindowFeatures(8), epochs=5, random_state=0)
    assert network.fit(X, y).augmentation_ is None
    assert network.score(X, y) > 0.8


def test_series_without_features_are_told_what_to_do(data):
    X, y = data
    with pytest.raises(ValueError, match=r"SNNClassifier\(features=SpikingWindowFeatures\(\)\)"):
        SNNClassifier().fit(X, y)
    X[0, 0, 0], first = np.nan, X[0, 0, 0]
    with pytest.raises(ValueError, match="NaN"):
        SNNClassifier().fit(X, y)
    X[0, 0, 0] = first


# ----------------------------------------------------------------------- spike trains


def test_timing_decides_where_counts_and_single_steps_do_not():
    X, y = make_spike_timings(300, random_state=1)
    train, test = slice(0, 150), slice(150, None)
    counts = X.sum(axis=2)
    assert len(np.unique(counts)) == 1
    flat = X.reshape(len(X), -1)
    assert SVC().fit(flat[train], y[train]).score(flat[test], y[test]) < 0.8
    network = SNNClassifier(features=SpikingWindowFeatures(random_state=0), random_state=0)
    assert network.fit(X[train], y[train]).score(X[test], y[test]) >= 0.95
    assert network.features_.codes_ == ["spikes"]
    with pytest.raises(ValueError, match="zeros and ones"):
        network.predict(X * 0.5)
    # Without the layer the same trains remain spike trains of the network.
    assert SNNClassifier(epochs=1, random_state=0).fit(X, y).features_ is None


def test_spike_timings_follow_their_settings():
    X, y = make_spike_timings(
        40, n_classes=2, n_channels=3, n_spikes=2, n_steps=50, duration=20, random_state=3
    )
    again, _ = make_spike_timings(
        40, n_classes=2, n_channels=3, n_spikes=2, n_steps=50, duration=20, random_state=3
    )
    np.testing.assert_array_equal(X, again)
    assert X.shape == (40, 3, 50)
    assert (X.sum(axis=2) == 2).all()
    assert not X[:, :, 0].any()
    assert set(y) == {0, 1}
    for duration in (3, 26):
        with pytest.raises(ValueError, match="duration must be"):
            make_spike_timings(n_spikes=2, n_steps=50, duration=duration)


def test_events_are_read_in_all_layouts(tmp_path):
    x, y, t = np.array([0, 2, 1]), np.array([0, 1, 1]), np.array([100, 350, 500])
    polarity = np.array([1, 0, 1])
    expected = np.zeros((2, 2, 3, 5), dtype=np.uint8)
    expected[1, 0, 0, 1] = expected[0, 1, 2, 3] = expected[1, 1, 1, 4] = 1
    table = np.stack([x, y, t, polarity], axis=1)
    fields = [("x", "u2"), ("y", "u2"), ("t", "i8"), ("p", "?")]
    structured = np.array([tuple(row) for row in table.tolist()], dtype=fields)
    np.save(tmp_path / "table.npy", table)
    np.save(tmp_path / "structured.npy", structured)
    np.savez(tmp_path / "columns.npz", x=x, y=y, t=t, polarity=polarity)
    for name in ("table.npy", "structured.npy", "columns.npz"):
        spikes = read_events(tmp_path / name, n_steps=4)
        np.testing.assert_array_equal(spikes, expected.reshape(12, 5))
    half = read_events(tmp_path / "table.npy", n_steps=4, duration=200, sensor_shape=(5, 6))
    assert half.shape == (60, 5)
    assert half.sum() == 1
    with pytest.raises(ValueError, match="outside a sensor of 1 x 3"):
        read_events(tmp_path / "table.npy", sensor_shape=(1, 3))
    np.save(tmp_path / "wrong.npy", table[:, :3])
    with pytest.raises(ValueError, match="n_events, 4"):
        read_events(tmp_path / "wrong.npy")
    np.savez(tmp_path / "wrong.npz", x=x, y=y, t=t)
    with pytest.raises(ValueError, match="must hold x, y, t and p"):
        read_events(tmp_path / "wrong.npz")


# --------------------------------------------------------------------------- displays


def test_displays_show_windows_and_answers(data):
    X, y = data
    network = SNNClassifier(
        features=SpikingWindowFeatures(6, random_state=0), epochs=1, random_state=0
    ).fit(X, y)
    pipeline = make_pipeline(SpikingWindowFeatures(6, random_state=0), SNNClassifier(epochs=1))
    pipeline.fit(X, y)
    for estimator in (network, pipeline, network.features_):
        display = SeriesWindowDisplay.from_estimator(estimator, "difference_d2")
        assert len(display.axes_) == 6
        drawn = [line.get_ydata() for line in display.lines_]
        values = network.features_.window_values("difference_d2")
        np.testing.assert_array_equal(drawn, np.moveaxis(values, 1, 2).reshape(12, 9))
        assert display.lines_[0].get_xdata().tolist() == list(range(-8, 9, 2))
        display = SeriesAnswerDisplay.from_estimator(estimator, X[0], "value_d1", n_neurons=4)
        leads = network.features_.answers(X[:1])["value_d1"][0]
        most = np.argsort(-leads.sum(axis=1), kind="stable")[:4]
        for j, marks in zip(most, display.marks_, strict=True):
            steps = np.flatnonzero(leads[j])
            assert marks.get_offsets()[: len(steps), 0].tolist() == steps.tolist()
    with pytest.raises(ValueError, match="layer must be one of"):
        SeriesWindowDisplay.from_estimator(network, "value_d3")
    with pytest.raises(ValueError, match="has no SpikingWindowFeatures"):
        SeriesWindowDisplay.from_estimator(SVC())
    silent = SpikingWindowFeatures(codes="spikes").fit(np.zeros((3, 2, 20)))
    with pytest.raises(ValueError, match=r"layer must be one of \[\]"):
        SeriesWindowDisplay.from_estimator(silent)
