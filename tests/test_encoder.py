"""SpikeEncoder against encodings worked out by hand."""

import math

import numpy as np
import pytest
from sklearn import config_context
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nervos_sklearn import SpikeEncoder


def spike_times(train):
    return np.flatnonzero(train).tolist()


def test_rate_spikes_at_multiples_of_the_period():
    encoder = SpikeEncoder("rate", training_duration=100, min_frequency=1, max_frequency=50)
    image = np.array([[0.0, 255.0, 51.0]])
    trains = encoder.fit_transform(image)[0]
    assert spike_times(trains[0]) == []
    assert spike_times(trains[1]) == list(range(2, 101, 2))
    period = math.ceil(100 / (1 + 0.2 * 49))
    assert spike_times(trains[2]) == list(range(period, 101, period))


def test_a_frequency_of_zero_never_spikes():
    encoder = SpikeEncoder("rate", min_frequency=0, max_frequency=10, scale=None)
    assert encoder.fit_transform([[1e-300, 1.0]]).sum(axis=2).tolist() == [[0, 10]]


def test_receptive_fields_follow_the_gaussian():
    encoder = SpikeEncoder(
        training_duration=200, min_frequency=1, max_frequency=140, n_fields=[3, 1],
        field_variance=0.04, scale=None,
    )  # fmt: skip
    trains = encoder.fit_transform([[0.25, 0.5]])[0]
    responses = [math.exp(-((0.25 - c) ** 2) / 0.08) for c in (0, 0.5, 1)] + [1.0]
    for train, g in zip(trains, responses, strict=True):
        period = math.ceil(201 / (1 + g * 139))
        assert spike_times(train) == list(range(period, 201, period))
    assert encoder.get_feature_names_out().tolist() == [
        "x0_field0", "x0_field1", "x0_field2", "x1_field0",
    ]  # fmt: skip
    assert encoder.channel_features_.tolist() == [0, 0, 0, 1]


def test_receptive_fields_by_latency():
    """One spike a field, at 21 - round(20 p), of those that reach 1/2 of a step."""
    encoder = SpikeEncoder(
        training_duration=20, n_fields=3, field_variance=0.04, scale=None, field_code="latency"
    ).fit([[0.0]])
    trains = encoder.transform([[0.5], [0.25]])
    assert [spike_times(t) for t in trains[0]] == [[20], [1], [20]]
    far = math.exp(-((0.75**2) - 0.25**2) / 0.08)  # relative to the two nearest centres
    assert round(20 * far) == 0
    assert [spike_times(t) for t in trains[1]] == [[1], [1], []]
    np.testing.assert_array_equal(encoder.traces([[0.5], [0.25]]), [[1, 20, 1], [20, 20, 0]])


@pytest.mark.parametrize("encoding", ["receptive_fields", "rate", "poisson"])
def test_the_code_of_fields_matters_to_fields_only(encoding):
    X = np.random.default_rng(0).random((6, 3))
    rate, latency = (
        SpikeEncoder(encoding, field_code=code, random_state=0).fit_transform(X)
        for code in ("rate", "latency")
    )
    assert (rate != latency).any() == (encoding == "receptive_fields")


def test_quantiles_depend_on_ranks_only():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    skewed = np.exp(3 * X) * [1e-6, 1e6] + [1e3, 0]
    settings = {"training_duration": 200, "scale": "quantile"}
    trains = SpikeEncoder("latency", **settings).fit_transform(X)
    np.testing.assert_array_equal(
        SpikeEncoder("latency", **settings).fit_transform(skewed)[:, 1], trains[:, 1]
    )
    times = trains[:, 0].argmax(axis=1)
    by_rank = times[np.argsort(X[:, 0])]
    assert (np.diff(by_rank[by_rank > 0]) <= 0).all()
    # A normal distribution lies at x / 5 + 1/2, up to the noise of ranks.
    middle = (np.abs(X[:, 0]) < 1.5) & (times > 0)
    expected = 201 - 200 * (X[middle, 0] / 5 + 0.5)
    assert np.abs(times[middle] - expected).max() < 12


def test_quantiles_of_constant_and_unseen_values():
    encoder = SpikeEncoder("latency", training_duration=10, scale="quantile")
    encoder.fit([[1.0, 7.0], [2.0, 7.0], [3.0, 7.0]])
    trains = encoder.transform([[99.0, 7.0], [-99.0, 7.0], [2.0, 7.0]])
    assert [spike_times(train[0]) for train in trains] == [[1], [], [6]]
    assert len({tuple(spike_times(train[1])) for train in trains}) == 1


def test_traces_are_checked_as_features_are():
    encoder = SpikeEncoder("rate", scale="feature").fit([[0.0, 0.0], [1.0, 1.0]])
    for wrong, message in (
        ([[1.0]], "2 features"),
        ([[np.nan, 1.0]], "NaN"),
        (np.ma.masked_array([[1.0, 2.0]], mask=[[0, 1]]), "masked"),
    ):
        with pytest.raises(ValueError, match=message):
            encoder.traces(wrong)
    with pytest.raises(NotFittedError):
        SpikeEncoder("rate", scale="feature").traces([[1.0, 2.0]])


def test_receptive_fields_narrower_than_their_distance_still_answer():
    trains = SpikeEncoder(n_fields=2, field_variance=1e-9, scale=None).fit_transform(
        [[0.5], [0.1]]
    )
    assert (trains.sum(axis=(1, 2)) > 0).all()


def test_latency_is_one_spike_the_stronger_the_earlier():
    encoder = SpikeEncoder("latency", training_duration=11, scale=None)
    trains = encoder.fit_transform([[0.0, 0.1, 0.5, 1.0]])[0]
    assert [spike_times(t) for t in trains] == [[], [11], [6], [1]]


def test_standard_scale_reaches_two_and_a_half_deviations():
    X = np.array([[-1.0], [1.0], [-1.0], [1.0]])
    encoder = SpikeEncoder("latency", training_duration=10, scale="standard").fit(X)
    trains = encoder.transform([[2.5], [0.0], [-2.5], [9.0]])
    assert [spike_times(t[0]) for t in trains] == [[1], [6], [], [1]]


def test_poisson_has_the_asked_rate_and_independent_steps():
    encoder = SpikeEncoder("poisson", training_duration=20_000, min_frequency=0,
                           max_frequency=5_000, scale=None, random_state=0)  # fmt: skip
    trains = encoder.fit_transform(np.array([[1.0, 0.4, 0.0], [1.0, 0.5, 0.0]])).astype(float)
    n = 20_000
    for p, train in zip([0.25, 0.1, 0, 0.25, 0.125, 0], trains.reshape(6, -1), strict=True):
        assert abs(train[1:].mean() - p) < 5 * math.sqrt(p * (1 - p) / n) + 1e-12
    centred = trains[0, 0, 1:] - 0.25
    for lag in (1, 2, 7):
        assert abs((centred[lag:] * centred[:-lag]).mean()) < 5 * 0.1875 / math.sqrt(n)
    assert abs((centred * (trains[1, 0, 1:] - 0.25)).mean()) < 5 * 0.1875 / math.sqrt(n)


@pytest.mark.parametrize("encoding", ["receptive_fields", "rate", "poisson", "latency"])
def test_a_sample_is_encoded_the_same_in_any_company(encoding):
    X = np.random.default_rng(0).random((9, 4))
    encoder = SpikeEncoder(encoding, random_state=3).fit(X)
    trains = encoder.transform(X)
    assert trains.dtype == np.uint8
    assert trains.shape == (9, encoder.n_channels_, encoder.n_steps_)
    assert not trains[:, :, 0].any()
    order = np.random.default_rng(1).permutation(9)
    np.testing.assert_array_equal(encoder.transform(X[order]), trains[order])
    np.testing.assert_array_equal(encoder.transform(X[4:5]), trains[4:5])
    again = SpikeEncoder(encoding, random_state=3).fit(X)
    np.testing.assert_array_equal(again.transform(X), trains)


def test_another_seed_gives_other_poisson_spikes():
    X = np.full((1, 5), 0.5)
    a, b = (SpikeEncoder("poisson", scale=None, random_state=s).fit_transform(X) for s in (0, 1))
    assert (a != b).any()


def test_features_are_scaled_by_the_training_range_and_clipped():
    encoder = SpikeEncoder("latency", training_duration=11, scale="feature")
    encoder.fit([[0.0, -10.0], [10.0, 10.0]])
    trains = encoder.transform([[5.0, 0.0], [99.0, 99.0], [-99.0, -99.0]])
    assert [spike_times(t) for t in trains[0]] == [[6], [6]]
    assert [spike_times(t) for t in trains[1]] == [[1], [1]]
    assert [spike_times(t) for t in trains[2]] == [[], []]


def test_constant_and_huge_features_are_no_obstacle():
    trains = SpikeEncoder(scale="feature").fit_transform([[3.0, -1e308], [3.0, 1e308]])
    assert (trains[0] != trains[1]).any()


@pytest.mark.parametrize("encoding", ["rate", "poisson", "latency"])
def test_names_are_those_of_the_features(encoding):
    encoder = SpikeEncoder(encoding).fit([[1.0, 2.0]])
    assert encoder.get_feature_names_out(["a", "b"]).tolist() == ["a", "b"]


def test_a_pipeline_may_set_its_output_to_frames():
    pipeline = make_pipeline(StandardScaler(), SpikeEncoder())
    pipeline.set_output(transform="default")
    with config_context(transform_output="default"):
        assert pipeline.fit_transform(np.random.default_rng(0).random((5, 2))).ndim == 3


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"encoding": "morse"}, "encoding"),
        ({"min_frequency": 9, "max_frequency": 5}, "min_frequency"),
        ({"max_frequency": 0}, "max_frequency"),
        ({"n_fields": [2, 2]}, "n_fields"),
        ({"n_fields": [2, 2.5, 2]}, "n_fields"),
        ({"n_fields": 0}, "n_fields"),
        ({"field_variance": 0}, "field_variance"),
        ({"training_duration": 0}, "training_duration"),
        ({"scale": "galaxy"}, "scale"),
        ({"field_code": "morse"}, "field_code"),
    ],
)
def test_wrong_parameters_are_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        SpikeEncoder(**parameters).fit(np.zeros((4, 3)))


def test_unscaled_features_out_of_range_are_refused():
    encoder = SpikeEncoder("rate", scale=None).fit([[0.5]])
    with pytest.raises(ValueError, match="between 0 and 1"):
        encoder.transform([[1.5]])
