"""LIFNeuron alone, LIFNeuron as a view, and Layer."""

import copy
import pickle

import numpy as np
import pytest

from nervos_sklearn import Layer, LIFNeuron, Parameters

REST = {"potential": -70.0, "adaptive_threshold": -55.0, "rest_until": -1}


def values(neuron):
    return {name: getattr(neuron, name) for name in REST}


def lone(**settings):
    return LIFNeuron(Parameters(**settings))


def housed(**settings):
    return Layer(Parameters(**settings), 3, 4).layer[2]


both = pytest.mark.parametrize("make", [lone, housed])


# ---------------------------------------------------------------- one neuron


@both
def test_neuron_starts_at_rest(make):
    neuron = make()
    assert values(neuron) == REST
    assert neuron.refractory_time == 15
    assert neuron.potential_memory == {}
    assert neuron.parameters == Parameters()


@both
def test_neuron_takes_its_settings(make):
    neuron = make(resting_potential=-60, spike_threshold=-40, refractory_time=3)
    assert values(neuron) == REST | {"potential": -60.0, "adaptive_threshold": -40.0}
    assert neuron.refractory_time == 3


@both
def test_firing(make):
    neuron = make(reset_potential=-85, refractory_time=4)
    neuron.potential = -50.0
    assert neuron.state_just_after_firing(10) is None
    assert values(neuron) == REST | {"potential": -85.0, "rest_until": 14}


@both
def test_inhibition(make):
    neuron = make(inhibitory_potential=-95, refractory_time=4)
    neuron.adaptive_threshold = -52.5
    assert neuron.inhibit(20) is None
    assert values(neuron) == {
        "potential": -95.0, "adaptive_threshold": -52.5, "rest_until": 24
    }  # fmt: skip


@both
def test_no_refractory_time(make):
    neuron = make(refractory_time=0)
    neuron.inhibit(5)
    assert neuron.rest_until == 5


@both
@pytest.mark.parametrize("time_step", [7, 7.0, np.int64(7), np.float32(7)])
def test_time_may_come_as_any_number(make, time_step):
    for method in ("inhibit", "state_just_after_firing"):
        neuron = make()
        getattr(neuron, method)(time_step)
        assert neuron.rest_until == 22


@both
def test_initial_brings_back_to_rest(make):
    neuron = make()
    neuron.state_just_after_firing(10)
    neuron.adaptive_threshold += 3
    neuron.potential_memory[1] = -60.0
    assert neuron.initial() is None
    assert values(neuron) == REST
    assert neuron.potential_memory == {}


@both
def test_initial_reads_the_settings_again(make):
    neuron = make()
    neuron.parameters.resting_potential = -75
    neuron.parameters.spike_threshold = -45
    neuron.parameters.refractory_time = 2
    neuron.initial()
    assert (neuron.potential, neuron.adaptive_threshold) == (-75, -45)
    neuron.inhibit(1)
    assert neuron.rest_until == 3


@both
def test_state_is_plain_numbers(make):
    neuron = make()
    neuron.potential = np.float64(-61.5)
    assert isinstance(neuron.potential, float)
    assert isinstance(neuron.adaptive_threshold, float)
    assert isinstance(neuron.rest_until, (int, np.integer))


@both
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "soon"])
@pytest.mark.parametrize("method", ["inhibit", "state_just_after_firing"])
def test_time_that_is_no_number_is_refused_and_changes_nothing(make, method, bad):
    neuron = make()
    with pytest.raises((ValueError, TypeError), match="time_step"):
        getattr(neuron, method)(bad)
    assert values(neuron) == REST


@both
@pytest.mark.parametrize("name", ["potential", "adaptive_threshold"])
@pytest.mark.parametrize("bad", [float("nan"), None])
def test_state_that_is_no_number_is_refused(make, name, bad):
    neuron = make()
    with pytest.raises((ValueError, TypeError)):
        setattr(neuron, name, bad)
    assert values(neuron) == REST


@pytest.mark.parametrize("parameters", [None, {}, {"eta": 0.1}, "file.json", Parameters])
def test_neuron_and_layer_need_parameters(parameters):
    with pytest.raises(TypeError, match="Parameters"):
        LIFNeuron(parameters)
    with pytest.raises(TypeError, match="Parameters"):
        Layer(parameters, 3, 2)


@pytest.mark.parametrize("contradiction", [{"min_weight": 2.0}, {"spike_threshold": -80.0}])
def test_neuron_and_layer_need_parameters_that_agree(contradiction):
    p = Parameters()
    for name, value in contradiction.items():
        setattr(p, name, value)
    with pytest.raises(ValueError, match=next(iter(contradiction))):
        LIFNeuron(p)
    with pytest.raises(ValueError, match=next(iter(contradiction))):
        Layer(p, 3, 2)


# ---------------------------------------------------------------- a neuron of a layer


def test_neurons_of_a_layer_do_not_share_their_state():
    layer = Layer(Parameters(), 3, 4)
    layer.layer[1].state_just_after_firing(3)
    layer.layer[2].inhibit(4)
    layer.layer[3].adaptive_threshold += 1
    layer.layer[3].potential_memory[1] = -65.0
    assert [n.potential for n in layer.layer] == [-70, -90, -100, -70]
    assert [n.rest_until for n in layer.layer] == [-1, 18, 19, -1]
    assert [n.adaptive_threshold for n in layer.layer] == [-55, -55, -55, -54]
    assert [n.potential_memory for n in layer.layer] == [{}, {}, {}, {1: -65.0}]


def test_neuron_of_a_layer_is_a_view_that_lasts():
    layer = Layer(Parameters(), 3, 4)
    held = layer.layer[1]
    held.potential = -60.0
    assert layer.layer[1].potential == -60.0
    layer.initial()
    assert held.potential == -70.0
    layer.layer[1].potential = -61.0
    assert held.potential == -61.0


def test_two_lone_neurons_do_not_share_their_state():
    p = Parameters()
    a, b = LIFNeuron(p), LIFNeuron(p)
    a.inhibit(3)
    assert values(b) == REST


duplicates = pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"]
)


@both
@duplicates
def test_copied_neuron_lives_on_its_own(make, duplicate):
    neuron = make()
    neuron.potential = -60.0
    twin = duplicate(neuron)
    assert values(twin) == values(neuron)
    twin.inhibit(1)
    assert neuron.potential == -60.0
    neuron.initial()
    assert twin.potential == -100.0


@duplicates
def test_copied_layer_lives_on_its_own_with_its_own_neurons(duplicate):
    layer = Layer(Parameters(), 3, 2)
    layer.layer[1].potential = -60.0
    layer.synapses[1, 2] = 0.25
    twin = duplicate(layer)
    assert twin.layer[1].potential == -60.0
    assert twin.synapses[1, 2] == 0.25
    twin.initial()  # resets the twin's neurons, so they are views of the twin
    assert twin.layer[1].potential == -70.0
    twin.synapses[:] = 0
    assert layer.layer[1].potential == -60.0
    assert layer.synapses[1, 2] == 0.25


# ---------------------------------------------------------------- layers


def test_layer():
    p = Parameters()
    layer = Layer(p, 3, 2)
    assert layer.parameters is p
    assert (layer.num_input_neurons, layer.num_output_neurons) == (3, 2)
    assert len(layer.layer) == 2
    assert all(isinstance(neuron, LIFNeuron) for neuron in layer.layer)
    assert layer.synapses.shape == (2, 3)
    assert layer.synapses.dtype == float
    assert (layer.synapses == 1).all()
    assert layer.neuron_potential_memories == []


def test_layer_takes_its_sizes_by_name():
    layer = Layer(parameters=Parameters(), num_input_neurons=4, num_output_neurons=1)
    assert layer.synapses.shape == (1, 4)


@pytest.mark.parametrize("size", [0, -1, 1.5, "3", None, [3], float("nan"), float("inf")], ids=str)
def test_bad_size_is_named(size):
    with pytest.raises((ValueError, TypeError), match="num_input_neurons"):
        Layer(Parameters(), size, 2)
    with pytest.raises((ValueError, TypeError), match="num_output_neurons"):
        Layer(Parameters(), 2, size)


def test_initial_resets_neurons_and_keeps_weights():
    layer = Layer(Parameters(), 3, 2)
    layer.synapses[0, 0] = 0.5
    for neuron in layer.layer:
        neuron.state_just_after_firing(5)
        neuron.adaptive_threshold += 1
        neuron.potential_memory[1] = 0.0
    assert layer.initial() is None
    for neuron in layer.layer:
        assert values(neuron) == REST
        assert neuron.potential_memory == {}
    assert layer.synapses[0, 0] == 0.5


def test_update_neuron_potential_memories_collects_one_dict_a_neuron():
    layer = Layer(Parameters(), 3, 2)
    layer.layer[0].potential_memory[1] = -65.0
    layer.layer[1].potential_memory[2] = -66.0
    assert layer.update_neuron_potential_memories() is None
    assert layer.neuron_potential_memories == [{1: -65.0}, {2: -66.0}]
    layer.layer[0].potential_memory[2] = -64.0
    layer.update_neuron_potential_memories()
    assert layer.neuron_potential_memories == [{1: -65.0, 2: -64.0}, {2: -66.0}]


@pytest.mark.parametrize("form", [np.array, np.asfortranarray, lambda w: w.tolist(),
                                  lambda w: w.astype(np.float32)])  # fmt: skip
def test_set_synapses_copies(form):
    layer = Layer(Parameters(), 3, 2)
    weights = np.array([[0.25, 0.5, 0.75], [1.0, 0.0, 0.125]])
    given = form(weights)
    assert layer.set_synapses(given) is None
    np.testing.assert_array_equal(layer.synapses, weights)
    if isinstance(given, np.ndarray):
        given[:] = 0.5
    np.testing.assert_array_equal(layer.synapses, weights)


def test_synapses_may_be_assigned_and_written_in_place():
    layer = Layer(Parameters(), 3, 2)
    layer.synapses = np.full((2, 3), 0.5)
    layer.synapses[1, 2] = 0.25
    assert layer.synapses.tolist() == [[0.5, 0.5, 0.5], [0.5, 0.5, 0.25]]


BAD_WEIGHTS = {
    "transposed": np.ones((3, 2)),
    "too few": np.ones((2, 2)),
    "1-D": np.ones(6),
    "3-D": np.ones((1, 2, 3)),
    "scalar": 1.0,
    "nan": np.array([[1, 1, 1], [1, 1, np.nan]]),
    "infinity": np.array([[1, 1, 1], [1, 1, np.inf]]),
    "text": [["a"] * 3] * 2,
    "none": None,
    "objects": [[None] * 3] * 2,
    "ragged": [[1, 1, 1], [1, 1]],
    "complex": np.full((2, 3), 1j),
}


@pytest.mark.parametrize("kind", BAD_WEIGHTS)
def test_bad_weights_are_refused_and_change_nothing(kind):
    layer = Layer(Parameters(), 3, 2)
    layer.set_synapses(np.full((2, 3), 0.5))
    with pytest.raises((ValueError, TypeError), match=r"synapses|weights"):
        layer.set_synapses(BAD_WEIGHTS[kind])
    with pytest.raises((ValueError, TypeError), match=r"synapses|weights"):
        layer.synapses = BAD_WEIGHTS[kind]
    assert (layer.synapses == 0.5).all()
