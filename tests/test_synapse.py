"""Synapse models against their definitions."""

import math
import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from nervos_sklearn import (
    DifferentialPair,
    EnduranceSynapse,
    IdealSynapse,
    LinearSynapse,
    Module,
    NonLinearSynapse,
    Parameters,
    SNNClassifier,
    STDPLearning,
    Synapse,
    TableSynapse,
    apply_truncated_noise_vectorized,
    load_model,
    synapse_study,
)

PCMO = [316.228, 199.526, 125.893, 63.096, 25.119, 12.589, 5.754, 3.981]  # microsiemens


def spikes(n_samples=30, seed=0):
    trains = np.random.default_rng(seed).random((n_samples, 16, 61)) < 0.2
    trains[:, :, 0] = False
    return trains.astype(np.uint8)


def network(synapse=None, seed=0, **parameters):
    settings = {"spike_threshold": -65, "eta": 0.2, "training_duration": 60} | parameters
    module = Module(Parameters(**settings), random_state=seed)
    module.synapse = synapse
    module.initialise_layers([16, 6])
    return module


# ------------------------------------------------------------------------- levels


def test_levels_by_hand():
    np.testing.assert_allclose(LinearSynapse(3).curves(0.2, 1.0), [0.2, 0.6, 1.0])
    # Each of n gaps is exp(nu / n) times the last: twice it here.
    doubling = NonLinearSynapse(4, nu=3 * math.log(2)).curves(0.1, 0.8)
    np.testing.assert_allclose(doubling, [0.1, 0.2, 0.4, 0.8], atol=1e-12)
    halving = NonLinearSynapse(4, nu=-3 * math.log(2)).curves(0.1, 0.8)
    np.testing.assert_allclose(halving, [0.1, 0.5, 0.7, 0.8], atol=1e-12)
    np.testing.assert_allclose(
        NonLinearSynapse(5, nu=0).curves(0, 1), LinearSynapse(5).curves(0, 1)
    )


@pytest.mark.parametrize(
    "synapse",
    [
        LinearSynapse(5),
        LinearSynapse(40),
        NonLinearSynapse(25),
        NonLinearSynapse(12, nu=-2),
        TableSynapse([0.9, 0.1, 0.5, 0.1]),
        TableSynapse([0.0, 0.2, 1.0], depression_levels=[0.0, 0.7, 0.8, 1.0]),
        EnduranceSynapse.from_memory_window([1, 1000], [1, 0.6], [0, 0.2], 8),
    ],
    ids=lambda synapse: f"{type(synapse).__name__}({synapse.n_levels})",
)
def test_weights_take_levels_of_their_table_only(synapse):
    module = network(synapse, eta=0.9)
    for seed in range(3):
        module.learn(spikes(seed=seed))
        weights, pulses = module.layers[0].synapses, module.layers[0].pulses[0]
        tables = np.array(synapse.curves(1e-5, 1.0), ndmin=3)
        first = getattr(synapse, "first_cycles", [0])
        row = np.searchsorted(first, np.maximum(pulses - 1, 0), side="right") - 1
        on_a_level = (tables[:, row] == weights[:, :, np.newaxis]).any(axis=(0, 3))
        assert on_a_level[pulses > 0].all()
        assert (weights[pulses == 0] == 1).all()
        assert (pulses > 0).any()


def test_many_equal_levels_come_close_to_none():
    fine, ideal = network(LinearSynapse(30_001)), network()
    for module in (fine, ideal):
        module.learn(spikes(3))
    np.testing.assert_allclose(fine.get_all_synapses(), ideal.get_all_synapses(), atol=0.01)


def test_separate_curves_are_taken_by_direction():
    up, down = [0.0, 0.3, 0.6, 1.0], [0.0, 0.1, 0.5, 1.0]
    module = network(TableSynapse(up, down), eta=0.5)
    assert module.update_synapse(0.5, 0.3, 0, 0) == 0.6
    assert module.update_synapse(0.61, -0.3, 0, 0) == 0.5


def test_lookup_and_model_are_the_same_synapse():
    table = np.sort(np.random.default_rng(0).random((40, 9)), axis=1)
    model, flags = network(EnduranceSynapse(table)), network()
    flags.enable_cycle_dependent_weights = True
    flags.cycle_dependent_weight_lookup = table
    for module in (model, flags):
        module.learn(spikes())
    np.testing.assert_array_equal(model.get_all_synapses(), flags.get_all_synapses())


@pytest.mark.parametrize(("count", "row"), [(0, 0), (1, 0), (2, 1), (4, 1), (5, 2), (99, 2)])
def test_endurance_rows_switch_at_the_right_update(count, row):
    synapse = EnduranceSynapse([[0.0, 1.0], [0.1, 0.9], [0.2, 0.8]], first_cycles=[0, 2, 5])
    module = network(synapse)
    module.layers[0].pulses[0, 0, 0] = count
    assert module.update_synapse(0.95, -1e-3, 0, 0) == [1.0, 0.9, 0.8][row]


def test_pulses_are_the_updates_that_changed_a_weight():
    """One update a firing, as each input spikes once a window: pulses are recorded changes."""
    X = np.zeros((16, 61), dtype=np.uint8)
    for i in range(16):
        X[i, 1 + i % 7 :: 7] = 1
    for synapse in (
        IdealSynapse(),
        NonLinearSynapse(25),
        NonLinearSynapse(9, nu_depression=-1.0),
        EnduranceSynapse.from_memory_window([1, 3, 30], [1, 0.9, 0.6], [0, 0.1, 0.2], 25),
    ):
        module = network(synapse, past_window=-4, eta=0.5)
        recorded = [module.layers[0].synapses.copy()]
        for _ in range(4):
            module.feed_forward(
                X, module.neuron_label_map, 60, do_stdp=True,
                weight_evolution_for_one_spike_train=recorded,
            )  # fmt: skip
        changes = (np.diff(recorded, axis=0) != 0).sum(axis=0)
        np.testing.assert_array_equal(module.layers[0].pulses[0], changes)
        updates = module.synapse_update_counts[0].sum()
        assert 0 < module.n_writes == changes.sum() < updates


def test_a_device_does_not_wear_where_nothing_is_written():
    levels = np.linspace(0, 1, 3)
    module = network(EnduranceSynapse([levels, levels / 2], [0, 2]), eta=0.01)
    module.learn(spikes())
    assert module.synapse_update_counts[0].max() > 2
    assert module.n_writes == 0
    assert (module.get_all_synapses() == 1).all()


@pytest.mark.parametrize("last", [10**9, 10**18])
def test_any_number_of_cycles_takes_the_same_room(last):
    """Nothing grows with the cycles; what holds at each is the row of the table."""
    synapse = EnduranceSynapse.from_memory_window([1, last], [1, 0.5], [0, 0.2], 9)
    module = network(synapse)
    tracemalloc.start()
    module.learn(spikes(3))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6
    for count in (0, 1, 5000, 10**8, last):
        module.layers[0].pulses[0, 0, 0] = count
        row = np.searchsorted(synapse.first_cycles, count, side="right") - 1
        assert module.update_synapse(1.2, 0.0, 0, 0) == synapse.table[row].max()


def test_levels_that_do_not_fit_in_the_memory_of_steps_are_computed():
    """Many levels and lags, or many tables: the same weights as with the step by step methods."""
    rng = np.random.default_rng(0)
    for synapse, window in (
        (LinearSynapse(30_001), -200),
        (EnduranceSynapse(np.sort(rng.random((200, 2000)), axis=1)), -20),
    ):
        batch, single = (network(synapse, past_window=window) for _ in range(2))
        X = spikes(2)
        tracemalloc.start()
        batch.learn(X)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60e6
        for train in X:
            single.feed_forward(train, single.neuron_label_map, 60, do_stdp=True)
        np.testing.assert_array_equal(batch.get_all_synapses(), single.get_all_synapses())


def test_endurance_of_a_batch_is_that_of_single_steps():
    synapse = EnduranceSynapse.from_memory_window([1, 30, 300], [1, 0.9, 0.6], [0, 0.1, 0.2], 7)
    batch, single = (network(synapse, past_window=-4) for _ in range(2))
    X = spikes(12)
    batch.learn(X)
    for train in X:
        single.feed_forward(train, single.neuron_label_map, 60, do_stdp=True)
    np.testing.assert_array_equal(batch.get_all_synapses(), single.get_all_synapses())


def test_a_memory_window_is_interpolated_in_log_cycles():
    synapse = EnduranceSynapse.from_memory_window([1, 10_000], [20.0, 12.0], [0.0, 4.0], 3)
    k = np.searchsorted(synapse.first_cycles, 100)
    decades = math.log10(synapse.first_cycles[k])
    assert decades == pytest.approx(2, abs=0.03)
    lowest, highest = 0.2 * decades / 4, 1 - 0.4 * decades / 4
    np.testing.assert_allclose(synapse.table[k], np.linspace(lowest, highest, 3))
    np.testing.assert_allclose(synapse.table[0], [0, 0.5, 1])
    np.testing.assert_allclose(synapse.table[-1], [0.2, 0.4, 0.6])


# ------------------------------------------------------------------------- fitting


def test_a_measured_device_is_fitted_within_the_published_range():
    synapse = NonLinearSynapse.from_measurement(range(8), PCMO)
    normalised = (np.array(PCMO) - synapse.offset_) / synapse.scale_
    errors = synapse.curves(0, 1)[::-1] - normalised
    assert synapse.residual_ == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert synapse.residual_ < 0.03
    assert 3.2 < synapse.nu < 3.8
    for nu in (synapse.nu - 0.05, synapse.nu + 0.05):
        other = NonLinearSynapse(8, nu).curves(0, 1)[::-1] - normalised
        assert np.mean(other**2) > np.mean(errors**2)


@pytest.mark.parametrize("nu", [-5.0, -0.5, 0.0, 2.0, 7.0])
def test_a_fit_finds_the_device_that_was_measured(nu):
    conductances = 3 + 40 * NonLinearSynapse(13, nu).curves(0, 1)
    up = NonLinearSynapse.from_measurement(np.arange(13), conductances)
    assert up.nu == pytest.approx(nu, abs=1e-4)
    assert up.n_states == 13
    both = NonLinearSynapse.from_measurement(
        np.arange(13), conductances, depression=(np.arange(13), conductances[::-1])
    )
    assert both.nu_depression == pytest.approx(nu, abs=1e-4)
    assert (both.offset_, both.scale_) == pytest.approx((3, 40))
    assert both.residual_ < 1e-6


def test_noise_of_a_measurement_does_not_bias_the_fit():
    truth = {"nu": 3.6, "offset_": 3.0, "scale_": 40.0}
    curve = 3 + 40 * NonLinearSynapse(26, 3.6).curves(0, 1)
    fits = [
        NonLinearSynapse.from_measurement(
            range(26), curve + np.random.default_rng(seed).normal(0, 2, 26)
        )
        for seed in range(40)
    ]
    assert np.mean([fit.nu for fit in fits]) == pytest.approx(3.6, abs=0.15)
    for name, value in truth.items():
        errors = [getattr(fit, f"{name.rstrip('_')}_error_") for fit in fits]
        standardised = (np.array([getattr(fit, name) for fit in fits]) - value) / errors
        assert np.mean(np.abs(standardised) < 2) > 0.8
        assert 0.7 < standardised.std() < 1.4


def test_both_branches_share_a_range_and_have_their_own_pulses():
    """A depression that ends half way down is not stretched to the whole range."""
    up, down = NonLinearSynapse(26, 3.6).curves(0, 1), NonLinearSynapse(11, -2.0).curves(0, 1)
    synapse = NonLinearSynapse.from_measurement(
        range(26), 5 + 2 * up, depression=(range(11), 5 + 2 * down[::-1])
    )
    assert (synapse.n_states, synapse.n_states_depression) == (26, 11)
    assert (synapse.nu, synapse.nu_depression) == pytest.approx((3.6, -2.0))
    curves = synapse.curves(0, 1)
    np.testing.assert_allclose(np.unique(curves[0].round(9)), np.unique(up.round(9)))
    np.testing.assert_allclose(np.unique(curves[1].round(9)), np.unique(down.round(9)))
    with pytest.warns(UserWarning, match="misses|step"):
        NonLinearSynapse.from_measurement(range(26), up, depression=(range(26), 9 + up[::-1]))


def cycle(up, down):
    """Conductances before and after each pulse up, then after each pulse down, in microsiemens.

    Pulses bring a device 1 / 8 of the way to its highest level, and 1 / 5 to its lowest.
    """
    rising = (1 - np.exp(-up / 8)) / (1 - np.exp(-up[-1] / 8))
    falling = (1 - np.exp(-down / 5)) / (1 - np.exp(-down[-1] / 5))
    return 2 + 38 * rising, 40 - 38 * falling


@pytest.mark.parametrize(
    ("up", "down", "offsets"),
    [
        (np.arange(31), np.arange(31), (0, 0)),
        (np.arange(1, 31), np.arange(1, 31), (0, 0)),
        (np.arange(1, 31), np.arange(13), (0, 0)),
        (np.arange(5, 31, 5), np.array([1, 2, 4, 8, 16]), (0, 0)),
        (np.arange(31), np.arange(1, 31), (0, 30)),
        (np.arange(1, 31), np.arange(1, 21), (300, 330)),
    ],
    ids=["before and after", "after", "unequal", "some", "counted on", "a later cycle"],
)
def test_pulses_may_be_counted_in_any_way(up, down, offsets):
    rising, falling = cycle(up, down)
    synapse = NonLinearSynapse.from_measurement(
        up + offsets[0], rising, depression=(down + offsets[1], falling)
    )
    assert (synapse.nu, synapse.nu_depression) == pytest.approx((-up[-1] / 8, down[-1] / 5))
    assert (synapse.n_states, synapse.n_states_depression) == (up[-1] + 1, down[-1] + 1)
    assert (synapse.offset_, synapse.scale_) == pytest.approx((2, 38))
    alone = NonLinearSynapse.from_measurement(up + offsets[0], rising)
    assert (alone.nu, alone.n_states) == pytest.approx((synapse.nu, synapse.n_states))
    levels = synapse.offset_ + synapse.scale_ * synapse.curves(0, 1)[0, 0]
    np.testing.assert_allclose(levels[up], rising)  # level k is held after pulse k


def test_noise_of_two_branches_does_not_bias_the_fit():
    pulses = np.arange(1, 31)
    rising, falling = cycle(pulses, pulses)
    fits = []
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0, 2, (2, 30))
        fits.append(
            NonLinearSynapse.from_measurement(
                pulses, rising + noise[0], depression=(pulses, falling + noise[1])
            )
        )
    assert np.mean([fit.nu for fit in fits]) == pytest.approx(-3.75, abs=0.2)
    assert np.mean([fit.nu_depression for fit in fits]) == pytest.approx(6, abs=0.3)
    for name, truth in (("nu", -3.75), ("nu_depression", 6)):
        errors = [getattr(fit, name) - truth for fit in fits]
        standard = [getattr(fit, f"{name}_error_") for fit in fits]
        assert 0.6 < np.divide(errors, standard).std() < 1.5


@pytest.mark.parametrize("noise", [0, 1])
def test_branches_that_do_not_meet_are_warned_of(noise):
    """Measured after the pulses 1 to 30, but called 0 to 29: nu would be -4.6 and 7.5."""
    generator = np.random.default_rng(0)
    after = np.arange(1, 31)
    rising, falling = (g + generator.normal(0, noise, 30) for g in cycle(after, after))
    with pytest.warns(UserWarning, match="do not share one range"):
        NonLinearSynapse.from_measurement(range(30), rising, depression=(range(30), falling))


@pytest.mark.parametrize("noise", [0, 0.05])
@pytest.mark.parametrize(("n_up", "n_down"), [(30, 30), (45, 15), (100, 100), (12, 12)])
def test_a_whole_cycle_is_no_branch(n_up, n_down, noise):
    generator = np.random.default_rng(0)
    whole = np.concatenate(cycle(np.arange(1, n_up + 1), np.arange(1, n_down + 1)))
    whole += generator.normal(0, 38 * noise, len(whole))
    for conductances in (whole, whole[::-1], -whole):
        pulses = range(len(whole))
        with pytest.raises(ValueError, match=r"turn at pulse .*whole cycle"):
            NonLinearSynapse.from_measurement(pulses, conductances)
        with pytest.raises(ValueError, match="the depression must be one branch"):
            NonLinearSynapse.from_measurement(
                range(4), [1, 2, 3, 4], depression=(pulses, conductances)
            )


@pytest.mark.filterwarnings("ignore:the fit:UserWarning")
@pytest.mark.parametrize("n_states", [10, 60, 200])
@pytest.mark.parametrize("nu", [-12, -3, 5])
def test_a_noisy_branch_is_no_cycle(n_states, nu):
    """Saturating or not, with noise of each reading, or of each write."""
    curve = NonLinearSynapse(n_states, nu).curves(0, 1)
    for seed in range(10):
        errors = np.random.default_rng(seed).normal(size=(2, n_states))
        held = np.zeros(n_states)
        for k in range(1, n_states):  # writes that forget within 8 pulses
            held[k] = held[k - 1] * 7 / 8 + 0.02 * errors[1, k]
        for conductances in (curve + 0.1 * errors[0], (curve + held)[::-1]):
            assert NonLinearSynapse.from_measurement(range(n_states), conductances).residual_ > 0


def test_a_fit_that_means_nothing_is_refused_or_warned_of():
    up = NonLinearSynapse(26, 3.6).curves(0, 1)
    noise = np.random.default_rng(0).normal(size=26)
    with pytest.raises(ValueError, match="of the variance"):
        NonLinearSynapse.from_measurement(range(26), noise)
    with pytest.warns(UserWarning, match="misses"):
        NonLinearSynapse.from_measurement(
            range(26), up + np.random.default_rng(0).normal(0, 0.15, 26)
        )


# --------------------------------------------------------------------------- noise


def test_read_noise_has_the_defined_statistics():
    half_range = 0.3
    errors = apply_truncated_noise_vectorized(np.full(400_000, 0.5), half_range, random_state=0)
    errors = errors / 0.5 - 1
    phi = math.exp(-4.5) / math.sqrt(2 * math.pi)
    variance = (half_range / 3) ** 2 * (1 - 6 * phi / math.erf(3 / math.sqrt(2)))
    assert abs(errors.mean()) < 5 * math.sqrt(variance / errors.size)
    assert errors.var() == pytest.approx(variance, rel=0.01)
    assert np.abs(errors).max() <= half_range + 1e-12
    assert np.abs(errors).max() > 0.97 * half_range
    quantiles = np.quantile(errors / (half_range / 3), [0.1, 0.25, 0.75, 0.9])
    np.testing.assert_allclose(quantiles, [-1.2782, -0.6729, 0.6729, 1.2782], atol=0.01)
    clipped = apply_truncated_noise_vectorized(np.full(1000, 0.95), 1.0, random_state=0)
    assert clipped.max() == 1.0
    assert clipped.min() >= 0.0


def test_every_synapse_is_read_with_noise_of_its_own_at_every_step():
    """One spike a step into two neurons that never fire: their potentials are sums of draws."""
    X = np.zeros((1, 3, 401), dtype=np.uint8)
    X[0, 1, 1:] = 1
    parameters = Parameters(
        spike_threshold=1e6, spike_drop_rate=0, resting_potential=0, reset_potential=0,
        inhibitory_potential=0,
    )  # fmt: skip
    module = Module(parameters, random_state=0)
    module.synapse = IdealSynapse(read_noise=0.1)
    module.initialise_layers([3, 2])
    module.layers[0].synapses = np.full((2, 3), 0.5)
    potentials = []
    module.feed_forward(
        X[0], module.neuron_label_map, 400, layer_potentials_for_one_spike_train=potentials,
        plotting=True,
    )  # fmt: skip
    traces = np.array([[m[t] for t in range(1, 401)] for m in potentials[0]])
    draws = np.diff(traces, axis=1)
    assert np.abs(draws - 0.5).max() <= 0.15 + 1e-12
    assert draws.std() == pytest.approx(0.05, rel=0.15)
    assert abs(np.corrcoef(draws)[0, 1]) < 0.2
    assert len(np.unique(draws)) == draws.size


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_noise_of_a_sample_does_not_depend_on_its_neighbours(n_jobs):
    module = network(IdealSynapse(read_noise=0.2))
    X = spikes(40)
    module.learn(X)
    counts = module.count_spikes(X, n_jobs=n_jobs)
    order = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_array_equal(module.count_spikes(X[order]), counts[order])
    np.testing.assert_array_equal(module.count_spikes(X[5:6]), counts[5:6])
    quiet = network()
    quiet.layers[0].synapses = module.layers[0].synapses
    assert (quiet.count_spikes(X) != counts).any()


def test_no_noise_equals_zero_noise():
    silent = IdealSynapse(read_noise=0.0, write_noise=0.0, device_spread=0.0)
    a, b = network(silent), network(None)
    for module in (a, b):
        module.learn(spikes())
    np.testing.assert_array_equal(a.get_all_synapses(), b.get_all_synapses())


@pytest.mark.parametrize("sign", [1, -1])
def test_a_reading_is_clipped_to_nothing_but_sign(sign):
    """Weights beyond [0, 1], by themselves or by device spread, are read as they are."""
    X = np.zeros((1, 1, 201), dtype=np.uint8)
    X[0, 0, 1:] = 1
    parameters = Parameters(
        spike_threshold=1e9, spike_drop_rate=0, resting_potential=0, reset_potential=0,
        inhibitory_potential=0, training_duration=200, max_weight=4, min_weight=-4,
    )  # fmt: skip
    for read_noise, tolerance in ((1e-9, 1e-6), (0.1, 0.06), (2.0, None)):
        module = Module(parameters, random_state=0)
        module.synapse = IdealSynapse(read_noise=read_noise, device_spread=0.3)
        module.initialise_layers([1, 40])
        module.layers[0].synapses = np.full((40, 1), 3.0 * sign)
        potentials = []
        module.feed_forward(
            X[0], module.neuron_label_map, 200, plotting=True,
            layer_potentials_for_one_spike_train=potentials,
        )  # fmt: skip
        reads = np.diff([[m[t] for t in range(1, 201)] for m in potentials[0]], axis=1)
        assert (reads * sign >= -1e-9).all()
        assert (module.layers[0].gains > 1.2).any()
        if tolerance is not None:
            expected = 3.0 * sign * module.layers[0].gains[0, :, 0]
            np.testing.assert_allclose(reads.mean(axis=1), expected, rtol=tolerance)


def test_the_flags_of_the_reference_clip_to_shares():
    module = network()
    module.enable_synaptic_noise, module.noise_magnitude_half_range = True, 1e-9
    module.layers[0].synapses = np.full((6, 16), 1.5)
    ones = network()
    assert (ones.count_spikes(spikes()) == module.count_spikes(spikes())).all()


def test_write_noise_has_its_deviation_and_respects_the_bounds():
    module = network(IdealSynapse(write_noise=0.05), eta=0.0)
    new = np.array([module.update_synapse(0.5, 0.1, 0, 0) for _ in range(2000)])
    expected = 0.05 * (1 - 1e-5) * 0.98658  # deviation of a normal cut off at 3
    assert new.std() == pytest.approx(expected, rel=0.06)
    assert abs(new.mean() - 0.5) < 0.005
    at_the_top = [module.update_synapse(1.0, 0.1, 0, 0) for _ in range(50)]
    assert max(at_the_top) <= 1.0
    assert len(set(at_the_top)) > 10


def test_device_spread_is_a_fixed_gain_of_each_device(tmp_path):
    module = network(IdealSynapse(device_spread=0.2), seed=3)
    gains = module.layers[0].gains
    assert gains.shape == (1, 6, 16)
    assert gains.std() == pytest.approx(0.2, rel=0.3)
    X = spikes(10)
    plain = network()
    plain.layers[0].synapses = module.layers[0].synapses * gains[0]
    np.testing.assert_array_equal(module.count_spikes(X), plain.count_spikes(X))
    again = network(IdealSynapse(device_spread=0.2), seed=3)
    np.testing.assert_array_equal(again.layers[0].gains, gains)


@pytest.mark.parametrize(
    "synapse",
    [
        NonLinearSynapse(9, read_noise=0.1, device_spread=0.1),
        TableSynapse([0.1, 0.9], [0.2, 0.8]),
        EnduranceSynapse.from_memory_window([1, 100], [1, 0.6], [0, 0.2], 4),
    ],
    ids=lambda synapse: type(synapse).__name__,
)
def test_a_saved_network_keeps_its_devices(synapse, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = network(synapse)
    X = spikes()
    module.learn(X, np.zeros(30, dtype=int))
    module.save_epoch(1, module.get_all_synapses(), module.neuron_label_map, 1.0)
    path = next(tmp_path.rglob("model.red"))
    load_model(path)
    loaded = Module(Parameters(), random_state=99)
    loaded.load_model(path)
    np.testing.assert_array_equal(loaded.count_spikes(X), module.count_spikes(X))
    assert type(loaded.synapse) is type(synapse)
    for name, value in synapse.get_params().items():
        np.testing.assert_array_equal(loaded.synapse.get_params()[name], value)


class OwnSynapse(IdealSynapse):
    """A model of the user's: what it holds decides whether a file can describe it."""

    def __init__(self, levels=None):
        super().__init__()
        self.levels = levels

    def curves(self, min_weight, max_weight):
        return None if self.levels is None else np.linspace(min_weight, max_weight, self.levels())


def test_a_model_that_could_not_be_loaded_is_not_saved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = network(OwnSynapse(lambda: 5))
    with pytest.raises(ValueError, match="JSON"):
        module.save_epoch(1, module.get_all_synapses(), module.neuron_label_map, 1.0)
    module.X_train = module.X_test = spikes(4)
    module.Y_train = module.Y_test = np.zeros(4, dtype=int)
    with pytest.raises(ValueError, match="JSON"):
        module.train()
    assert not list(tmp_path.rglob("*"))
    assert module.n_firings == 0


def test_a_model_of_the_users_is_saved_and_needs_its_class_to_be_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = network(OwnSynapse())
    module.save_epoch(1, module.get_all_synapses(), module.neuron_label_map, 1.0)
    path = next(tmp_path.rglob("model.red"))
    loaded = Module(Parameters())
    loaded.load_model(path)
    assert type(loaded.synapse) is OwnSynapse
    arrays = dict(np.load(path))
    name, text = next((n, str(a)) for n, a in arrays.items() if "OwnSynapse" in str(a))
    arrays[name] = np.array(text.replace("OwnSynapse", "LostSynapse"))
    with open(path, "wb") as file:
        np.savez(file, **arrays)
    before = loaded.get_all_synapses()
    with pytest.raises(ValueError, match="LostSynapse"):
        loaded.load_model(path)
    np.testing.assert_array_equal(loaded.get_all_synapses(), before)


def test_numpy_scalars_are_saved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = network(LinearSynapse(np.int64(5), read_noise=np.float32(0.5)))
    module.save_epoch(1, module.get_all_synapses(), module.neuron_label_map, 1.0)
    loaded = Module(Parameters())
    loaded.load_model(next(tmp_path.rglob("model.red")))
    assert loaded.synapse.get_params() == LinearSynapse(5, read_noise=0.5).get_params()


# --------------------------------------------------------------------- in scikit-learn


def test_models_are_cloned_and_searched():
    X, y = load_iris(return_X_y=True)
    synapse = LinearSynapse(8, update="stochastic")
    clf = SNNClassifier(8, learning="stdp", epochs=1, eta=0.9, synapse=synapse, random_state=0)
    assert clone(clf).synapse is not clf.synapse
    search = GridSearchCV(clf, {"synapse__n_states": [3, 12]}, cv=3).fit(X, y)
    assert (
        search.best_estimator_.module_.synapse.n_states == search.best_params_["synapse__n_states"]
    )
    search = GridSearchCV(clf, {"synapse": [None, NonLinearSynapse(25)]}, cv=3).fit(X, y)
    assert len(search.cv_results_["mean_test_score"]) == 2


def test_hidden_layers_have_their_own_weights_counts_and_devices():
    X, y = spikes(40), np.arange(40) % 2
    learning = STDPLearning(hidden_layer_sizes=(12,))
    clf = SNNClassifier(
        5, learning=learning, synapse=LinearSynapse(6, device_spread=0.1),
        spike_threshold=-66, refractory_time=1, eta=0.9, random_state=0,
    ).fit(X, y)  # fmt: skip
    first, second = clf.module_.layers
    assert (first.gains.shape, second.gains.shape) == ((1, 12, 16), (1, 5, 12))
    assert (first.gains[:, :5, :12] != second.gains).any()
    for layer in (first, second):
        assert layer.synapse_update_counts.sum() > 0
        written = layer.synapses[layer.synapse_update_counts > 0]
        assert np.isin(written, LinearSynapse(6).curves(1e-5, 1.0)).all()


@pytest.mark.parametrize(
    "synapse",
    [
        LinearSynapse(1),
        LinearSynapse(2.5),
        LinearSynapse(10**9),
        NonLinearSynapse(10**9),
        NonLinearSynapse(0),
        NonLinearSynapse(5, nu=np.nan),
        TableSynapse([]),
        TableSynapse([[0, 1]]),
        TableSynapse([0, np.inf]),
        TableSynapse([0, 1], []),
        EnduranceSynapse([0.0, 1.0]),
        EnduranceSynapse([[0, 1], [0, 1]], [0, 0]),
        EnduranceSynapse([[0, 1], [0, 1]], [1, 2]),
        EnduranceSynapse([[0, 1], [0, 1]], [0, 2**63]),
        IdealSynapse(read_noise=-0.1),
        IdealSynapse(write_noise=np.nan),
        IdealSynapse(device_spread="wide"),
    ],
    ids=repr,
)
def test_wrong_models_are_refused(synapse):
    X, y = load_iris(return_X_y=True)
    with pytest.raises((ValueError, TypeError)):
        SNNClassifier(4, learning="stdp", synapse=synapse).fit(X, y)


@pytest.mark.parametrize("device", [3, DifferentialPair(LinearSynapse(4))], ids=repr)
def test_a_pair_is_made_of_devices(device):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(TypeError, match="must be the model of one device"):
        SNNClassifier(synapse=DifferentialPair(device)).fit(X, y)


@pytest.mark.parametrize(
    "make",
    [
        lambda: TableSynapse.from_conductances([1, 1]),
        lambda: TableSynapse.from_conductances([]),
        lambda: EnduranceSynapse.from_memory_window([1], [1], [0], 4),
        lambda: EnduranceSynapse.from_memory_window([10, 1], [1, 1], [0, 0], 4),
        lambda: EnduranceSynapse.from_memory_window([1, 10], [1, 0], [0, 1], 4),
        lambda: EnduranceSynapse.from_memory_window([0, 10], [1, 1], [0, 0], 4),
        lambda: EnduranceSynapse.from_memory_window([1, 1e300], [1, 1], [0, 0], 4),
        lambda: EnduranceSynapse.from_memory_window([1, 10], [1, 1, 1], [0, 0], 4),
        lambda: EnduranceSynapse.from_memory_window([1, 10], [1, np.nan], [0, 0], 4),
        lambda: TableSynapse.from_conductances([1.0, np.inf]),
    ],
)
def test_wrong_tables_are_refused(make):
    with pytest.raises(ValueError, match=r"got [^\[]{3,60}$"):
        make()


RISING = np.linspace(1, 2, 60)


@pytest.mark.parametrize(
    ("pulses", "conductances", "fault"),
    [
        ([0, 1, 2], [1, 2, 3], "at least 4 points, got 3"),
        (range(60), RISING[:59], "got 60 pulses and 59 conductances"),
        ([0, 1, 3, 2, 4], RISING[:5], "must increase, got 3 and then 2 at position 3"),
        ([0, 1, 2, 2], RISING[:4], "must increase, got 2 and then 2 at position 3"),
        (
            range(60),
            np.where(RISING == 2, np.nan, RISING),
            "finite numbers, got nan .*position 59",
        ),
        ([0, np.inf, 2, 3], RISING[:4], "must be finite numbers, got inf .*position 1"),
        (range(60), np.ones(60), "not be all the same, got 1.0 60 times"),
        ([0, 0.1, 0.2, 0.3], RISING[:4], "span at least 1 pulse, got 0.3"),
        (range(4), list("abcd"), "must be numbers"),
        ([range(60)], [RISING], r"shape \(1, 60\)"),
    ],
)
def test_each_fault_of_a_measurement_has_its_message(pulses, conductances, fault):
    with pytest.raises(ValueError, match=f"the measurement .*{fault}") as refused:
        NonLinearSynapse.from_measurement(pulses, conductances)
    assert len(str(refused.value)) < 130
    with pytest.raises(ValueError, match=f"the depression .*{fault}"):
        NonLinearSynapse.from_measurement(range(60), RISING, depression=(pulses, conductances))


@pytest.mark.parametrize("depression", [[4, 3, 2, 1], 4.0, (range(4),), (1, 2)])
def test_depression_is_a_pair(depression):
    with pytest.raises(ValueError, match=r"must be a|must have 1 axes"):
        NonLinearSynapse.from_measurement(range(4), [1, 2, 3, 4], depression=depression)


def test_a_model_that_has_not_stored_what_all_have_is_named():
    class Forgetful(Synapse):
        def __init__(self, n_states=4):
            self.n_states = n_states

        def curves(self, min_weight, max_weight):
            return np.linspace(min_weight, max_weight, self.n_states)

    X, y = np.eye(6), [0, 1] * 3
    with pytest.raises(TypeError, match=r"Forgetful has no .*super\(\).__init__\(\)"):
        SNNClassifier(synapse=Forgetful()).fit(X, y)
    with pytest.raises(TypeError, match=r"Forgetful has no .*super\(\).__init__\(\)"):
        synapse_study(SNNClassifier(), Forgetful(), X, y, cv=2)
