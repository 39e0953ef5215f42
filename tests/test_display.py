"""Pictures: what is drawn is true, and can be read, small and large, on white and on black."""

import copy
from itertools import combinations

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nervos_sklearn import (
    DecisionTimeDisplay,
    DeviceWearDisplay,
    DifferentialPair,
    EncoderDisplay,
    EnduranceSynapse,
    IdealSynapse,
    LearningRuleDisplay,
    LinearSynapse,
    MembranePotentialDisplay,
    Module,
    NonLinearSynapse,
    OccupancyDisplay,
    Parameters,
    ReceptiveFieldDisplay,
    SeriesAnswerDisplay,
    SeriesWindowDisplay,
    SNNClassifier,
    SpikeCountDisplay,
    SpikeEncoder,
    SpikeRasterDisplay,
    SpikingPatchFeatures,
    SpikingWindowFeatures,
    STDPLearning,
    SynapseDisplay,
    SynapseStudyDisplay,
    TableSynapse,
    TrainingHistoryDisplay,
    WeightChangeDisplay,
    WeightEvolutionDisplay,
    WeightHistogramDisplay,
    synapse_study,
)
from nervos_sklearn.stdp import conventional, forgetting_lags

X, Y = load_digits(return_X_y=True)
FEW = Y < 2


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def texts_of(figure):
    """Every visible text, as (what it says, its box in pixels)."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    texts = [
        text
        for text in figure.findobj(mpl.text.Text)
        if text.get_visible() and text.get_text().strip()
    ]
    # Ticks beyond the limits of an axis exist and are not drawn.
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            hidden = axis.get_visible() and ax.axison
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                if not hidden or not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                    texts = [t for t in texts if t not in (tick.label1, tick.label2)]
    return [(text, text.get_window_extent(renderer)) for text in texts]


def overlapping(figure):
    """Pairs of texts whose boxes share more than a rim of two pixels."""
    boxes = [(t.get_text(), box.padded(-1)) for t, box in texts_of(figure)]
    return [
        (one, other)
        for (one, a), (other, b) in combinations(boxes, 2)
        if a.width > 0 and b.width > 0 and a.overlaps(b)
    ]


def outside(figure):
    """Texts that the edge of the figure cuts."""
    width, height = figure.canvas.get_width_height()
    return [
        t.get_text()
        for t, box in texts_of(figure)
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]


# -------------------------------------------------------------------- networks to be drawn


def stdp(n_neurons, chosen, **parameters):
    network = SNNClassifier(
        n_neurons, learning="stdp", epochs=1, training_duration=60, random_state=0, **parameters
    )
    return network.fit(X[chosen], Y[chosen])


@pytest.fixture(scope="module")
def networks():
    some, recorded = slice(0, 120), Module(Parameters(epochs=2, training_duration=40))
    prototypes = {"learning": "prototype", "epochs": 2, "random_state": 0}
    wine = load_wine(as_frame=True)
    names = wine.target_names[wine.target]
    spikes = SpikeEncoder("rate", training_duration=40).fit_transform(X[:40])
    rng = np.random.default_rng(0)
    broad, groups = rng.normal(size=(120, 60)), np.arange(120) % 4
    broad[:, :4] += 3 * np.eye(4)[groups]
    broad[rng.random(broad.shape) < 0.1] = np.nan
    pairs = rng.normal(size=(20, 2, 40)).cumsum(axis=2)
    recorded.initialise_layers([64, 10])
    recorded.get_spikeplots = recorded.get_weight_evolution = True
    for _ in range(2):
        recorded.spikeplots.append([])
        recorded.layerpotentials.append([])
        recorded.weight_evolution.append([])
        recorded.learn_and_record(spikes, Y[:40])
    return {
        "stdp small": stdp(4, np.flatnonzero(FEW)[:40]),
        "stdp large": stdp(400, some),
        "prototype small": SNNClassifier(
            4, encoder="latency", augmentation=None, **prototypes
        ).fit(X[FEW][:60], Y[FEW][:60]),
        "prototype large": SNNClassifier(400, **prototypes).fit(X[:500], Y[:500]),
        "margin": SNNClassifier(
            10, learning="margin", encoder="latency", augmentation=None, epochs=2, random_state=0
        ).fit(X[:300], Y[:300]),
        "table small": SNNClassifier(4, epochs=3, random_state=0).fit(
            wine.data.iloc[:, :4][:130], names[:130]
        ),
        "table": SNNClassifier(epochs=3, random_state=0).fit(wine.data, names),
        "table large": SNNClassifier(400, **prototypes).fit(wine.data, names),
        "device small": SNNClassifier(4, synapse=LinearSynapse(4), **prototypes).fit(
            X[FEW][:60], Y[FEW][:60]
        ),
        "device large": SNNClassifier(400, synapse=NonLinearSynapse(200), **prototypes).fit(
            X[:500], Y[:500]
        ),
        "table broad": SNNClassifier(epochs=1, random_state=0).fit(
            broad, np.array(["dormant", "churn", "a new customer of this year", "loyal"])[groups]
        ),
        "windows": SpikingWindowFeatures(8, random_state=0).fit(pairs),
        "pairs": pairs,
        "broad": broad,
        "recorded": recorded,
        "spikes": spikes,
        "wine": wine.data,
        "names": names,
    }


@pytest.fixture(scope="module")
def study():
    synapses = [IdealSynapse(), *(LinearSynapse(n) for n in (2, 4, 8, 16))]
    synapses += [NonLinearSynapse(n, nu=1.5, write_noise=0.01) for n in (2, 4)]
    network = SNNClassifier(6, learning="prototype", epochs=2, random_state=0)
    return synapse_study(network, synapses, *load_iris(return_X_y=True), cv=2)


@pytest.fixture(scope="module")
def long_study():
    """Nine devices, some of which take long to describe."""
    tables = [TableSynapse.from_conductances(np.linspace(1, 9, 60) ** a) for a in (0.5, 0.6)]
    devices = [NonLinearSynapse(n, 2.5, write_noise=0.02, read_noise=0.03) for n in (16, 200)]
    devices += [IdealSynapse(), *tables, *(LinearSynapse(n) for n in (3, 4, 5, 64))]
    network = SNNClassifier(6, learning="prototype", epochs=2, random_state=0)
    data = load_iris(return_X_y=True)
    return synapse_study(network, devices, *data, cv=2, read_energy=1e-12, write_energy=1e-10)


WORN = EnduranceSynapse.from_memory_window(
    cycles=[1, 200, 500, 1000], highest=[1, 1, 0.7, 0.5], lowest=[0, 0, 0.3, 0.5], n_states=20
)
LONG_HISTORY = {f"accuracy of {k}": np.linspace(0.5, 0.9, 300) + k / 99 for k in range(6)}

# A name, and how to draw it of the networks and the study.
PICTURES = {
    "raster of an input": lambda n, s, ax: SpikeRasterDisplay.from_spikes(n["spikes"][0], ax=ax),
    "raster small": lambda n, s, ax: SpikeRasterDisplay.from_estimator(
        n["stdp small"], X[0], ax=ax
    ),
    "raster large": lambda n, s, ax: SpikeRasterDisplay.from_estimator(
        n["stdp large"], X[5], ax=ax
    ),
    "raster of prototypes": lambda n, s, ax: SpikeRasterDisplay.from_estimator(
        n["prototype large"], X[5], ax=ax
    ),
    "potentials small": lambda n, s, ax: MembranePotentialDisplay.from_estimator(
        n["stdp small"], X[0], ax=ax
    ),
    "potentials large": lambda n, s, ax: MembranePotentialDisplay.from_estimator(
        n["stdp large"], X[5], ax=ax
    ),
    "potentials of prototypes": lambda n, s, ax: MembranePotentialDisplay.from_estimator(
        n["prototype large"], X[5], highlight=[3, 200], ax=ax
    ),
    "fields small": lambda n, s, ax: ReceptiveFieldDisplay.from_estimator(
        n["prototype small"], ax=ax
    ),
    "fields large": lambda n, s, ax: ReceptiveFieldDisplay.from_estimator(
        n["prototype large"], ax=ax
    ),
    "fields signed": lambda n, s, ax: ReceptiveFieldDisplay.from_estimator(n["margin"], ax=ax),
    "bars small": lambda n, s, ax: ReceptiveFieldDisplay.from_estimator(n["table small"], ax=ax),
    "bars": lambda n, s, ax: ReceptiveFieldDisplay.from_estimator(n["table"], ax=ax),
    "bars large": lambda n, s, ax: ReceptiveFieldDisplay.from_estimator(n["table large"], ax=ax),
    "bars of many features": lambda n, s, ax: ReceptiveFieldDisplay.from_estimator(
        n["table broad"], ax=ax
    ),
    "map": lambda n, s, ax: ReceptiveFieldDisplay.from_estimator(
        n["table"], neurons="each", ax=ax
    ),
    "map large": lambda n, s, ax: ReceptiveFieldDisplay.from_estimator(
        n["table large"], neurons="each", ax=ax
    ),
    "map of many features": lambda n, s, ax: ReceptiveFieldDisplay.from_estimator(
        n["table broad"], neurons="each", ax=ax
    ),
    "histogram small": lambda n, s, ax: WeightHistogramDisplay.from_estimator(
        n["device small"], ax=ax
    ),
    "histogram large": lambda n, s, ax: WeightHistogramDisplay.from_estimator(
        n["device large"], ax=ax
    ),
    "evolution": lambda n, s, ax: WeightEvolutionDisplay.from_module(n["recorded"], ax=ax),
    "evolution of one time": lambda n, s, ax: WeightEvolutionDisplay.from_weights([[1.0]], ax=ax),
    "rule": lambda n, s, ax: LearningRuleDisplay.from_rule("sin", ax=ax),
    "change": lambda n, s, ax: WeightChangeDisplay.from_parameters(ax=ax),
    "change of levels": lambda n, s, ax: WeightChangeDisplay.from_parameters(
        Parameters(eta=0.1), synapse=LinearSynapse(400), ax=ax
    ),
    "synapse small": lambda n, s, ax: SynapseDisplay.from_synapse(
        LinearSynapse(4, write_noise=0.05), ax=ax
    ),
    "synapse large": lambda n, s, ax: SynapseDisplay.from_synapse(
        NonLinearSynapse(400, -3, nu_depression=3), ax=ax
    ),
    "synapse worn": lambda n, s, ax: SynapseDisplay.from_synapse(WORN, ax=ax),
    "occupancy small": lambda n, s, ax: OccupancyDisplay.from_estimator(n["device small"], ax=ax),
    "occupancy large": lambda n, s, ax: OccupancyDisplay.from_estimator(n["device large"], ax=ax),
    "occupancy of a study": lambda n, s, ax: OccupancyDisplay.from_study(s, device=4, ax=ax),
    "wear small": lambda n, s, ax: DeviceWearDisplay.from_estimator(n["device small"], ax=ax),
    "wear large": lambda n, s, ax: DeviceWearDisplay.from_estimator(n["device large"], ax=ax),
    "study by levels": lambda n, s, ax: SynapseStudyDisplay.from_study(s, ax=ax),
    "study by epochs": lambda n, s, ax: SynapseStudyDisplay.from_study(s, x="epoch", ax=ax),
    "history small": lambda n, s, ax: TrainingHistoryDisplay({"accuracy": [0.5]}).plot(ax=ax),
    "history large": lambda n, s, ax: TrainingHistoryDisplay(LONG_HISTORY, best_epoch=9).plot(
        ax=ax
    ),
    "encoder small": lambda n, s, ax: EncoderDisplay.from_encoder(
        SpikeEncoder(n_fields=2).fit(n["wine"]), n["wine"], "hue", ax=ax
    ),
    "encoder large": lambda n, s, ax: EncoderDisplay.from_encoder(
        SpikeEncoder(n_fields=100, field_variance=1e-4).fit(n["wine"]), n["wine"], 12, ax=ax
    ),
    "encoder with missing values": lambda n, s, ax: EncoderDisplay.from_estimator(
        n["table broad"], n["broad"], ax=ax
    ),
    "answers to a series": lambda n, s, ax: SeriesAnswerDisplay.from_estimator(
        n["windows"], n["pairs"][0], "value_d2", ax=ax
    ),
    "counts small": lambda n, s, ax: SpikeCountDisplay.from_estimator(
        n["stdp small"], X[FEW], Y[FEW], ax=ax
    ),
    "counts large": lambda n, s, ax: SpikeCountDisplay.from_estimator(
        n["stdp large"], X[:300], Y[:300], ax=ax
    ),
    "decision small": lambda n, s, ax: DecisionTimeDisplay.from_estimator(
        n["table small"], n["wine"].iloc[:, :4], n["names"], times=[8, 32], ax=ax
    ),
    "decision large": lambda n, s, ax: DecisionTimeDisplay.from_estimator(
        n["prototype large"], X[:200], Y[:200], ax=ax
    ),
}
LARGER = [name for name in PICTURES if "small" not in name]
WITHOUT_AXES = {"fields small", "fields large", "fields signed"}


@pytest.mark.parametrize(
    ("name", "style"),
    [(name, "default") for name in PICTURES] + [(name, "dark_background") for name in LARGER],
)
def test_every_picture_can_be_read(name, style, networks, study):
    with plt.style.context(style):
        display = PICTURES[name](networks, study, None)
        figure, ax = display.figure_, display.ax_
        assert ax in figure.axes
        assert overlapping(figure) == []
        assert outside(figure) == []
        if name not in WITHOUT_AXES:
            assert ax.get_xlabel()
        legends = [a.get_legend() for a in figure.axes if a.get_legend() is not None]
        for legend in legends:
            entries = [text.get_text() for text in legend.get_texts()]
            assert len(entries) == len(set(entries)), entries
        background = mpl.colors.to_rgb(figure.get_facecolor())
        in_pictures = set(getattr(display, "text_", []))
        for text, _ in texts_of(figure):
            if text not in in_pictures:  # those are read on the colours of the picture
                assert (
                    np.abs(np.subtract(mpl.colors.to_rgb(text.get_color()), background)).max()
                    > 0.4
                )


@pytest.mark.parametrize("style", ["default", "dark_background"])
@pytest.mark.parametrize("x", ["n_levels", "epoch", "updates_per_synapse", "energy"])
def test_studies_of_many_devices_leave_room_for_their_lines(x, style, long_study):
    with plt.style.context(style):
        display = SynapseStudyDisplay.from_study(long_study, x=x)
    figure, ax = display.figure_, display.ax_
    assert overlapping(figure) == outside(figure) == []
    assert ax.get_window_extent().width > 0.75 * figure.get_window_extent().width
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(names) == len(set(names)) == len(display.curves)
    assert max(map(len, names)) <= 70
    assert {"TableSynapse(60 levels) (device 3)", "TableSynapse(60 levels) (device 4)"} <= {*names}


def test_windows_of_series_are_numbered_and_find_room(networks):
    figure = plt.figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subfigures(1, 2)
    for part, neurons in ((None, range(16)), (left, [5]), (right, [2, 7, 1])):
        display = SeriesWindowDisplay.from_estimator(
            networks["windows"], "value_d2", neurons=neurons, figure=part
        )
        whole = display.figure_ if part is None else figure
        assert overlapping(whole) == outside(whole) == []
        numbers = [j for j in neurons if j < 8]
        assert [ax.get_title() for ax in display.axes_] == [f"neuron {j}" for j in numbers]
        values = networks["windows"].window_values("value_d2")
        np.testing.assert_array_equal(display.lines_[1].get_ydata(), values[numbers[0], :, 1])
        assert all(ax.get_figure() is part or part is None for ax in display.axes_)


@pytest.mark.parametrize("name", LARGER)
def test_given_axes_are_used_and_a_title_finds_room(name, networks, study):
    figure, (_, ax) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    ax.set_title("what the picture shows")
    display = PICTURES[name](networks, study, ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]
    assert overlapping(figure) == []


def test_overlaps_are_found():
    _, ax = plt.subplots()
    ax.text(0.5, 0.5, "one")
    assert overlapping(ax.figure) == []
    ax.text(0.51, 0.5, "other")
    assert overlapping(ax.figure) == [("one", "other")]
    ax.text(5.0, 0.5, "far away")
    assert outside(ax.figure) == ["far away"]


@pytest.mark.parametrize("kind", ["stdp small", "prototype small", "table small"])
def test_a_network_that_is_drawn_does_not_change(kind, networks):
    network = copy.deepcopy(networks[kind])
    x = networks["wine"].iloc[:1, :4] if "table" in kind else X[0]
    before = copy.deepcopy(network)
    SpikeRasterDisplay.from_estimator(network, x)
    MembranePotentialDisplay.from_estimator(network, x)
    for old, new in zip(before.module_.layers, network.module_.layers, strict=True):
        np.testing.assert_array_equal(old.synapses, new.synapses)
        memories = [[n.potential_memory for n in layer.layer] for layer in (old, new)]
        assert memories[0] == memories[1]
    module, other = network.module_, before.module_
    assert (module.n_firings, module.n_reads) == (other.n_firings, other.n_reads)
    assert module.draw_key() == other.draw_key()


def test_unfitted_networks_are_refused():
    network = SNNClassifier()
    for draw in (
        lambda: ReceptiveFieldDisplay.from_estimator(network),
        lambda: SpikeRasterDisplay.from_estimator(network, X[0]),
        lambda: MembranePotentialDisplay.from_estimator(network, X[0]),
        lambda: WeightHistogramDisplay.from_estimator(network),
        lambda: OccupancyDisplay.from_estimator(network),
        lambda: DeviceWearDisplay.from_estimator(network),
        lambda: SpikeCountDisplay.from_estimator(network, X, Y),
        lambda: DecisionTimeDisplay.from_estimator(network, X, Y),
        lambda: TrainingHistoryDisplay.from_estimator(network),
        lambda: EncoderDisplay.from_estimator(network, X),
        lambda: LearningRuleDisplay.from_estimator(network),
    ):
        with pytest.raises(NotFittedError):
            draw()
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    "draw",
    [
        lambda e: ReceptiveFieldDisplay.from_estimator(e),
        lambda e: SpikeRasterDisplay.from_estimator(e, X[0]),
        lambda e: MembranePotentialDisplay.from_estimator(e, X[0]),
        lambda e: WeightHistogramDisplay.from_estimator(e),
        lambda e: OccupancyDisplay.from_estimator(e),
        lambda e: DeviceWearDisplay.from_estimator(e),
        lambda e: SpikeCountDisplay.from_estimator(e, X, Y),
        lambda e: DecisionTimeDisplay.from_estimator(e, X, Y),
        lambda e: TrainingHistoryDisplay.from_estimator(e),
        lambda e: TrainingHistoryDisplay.from_estimator(e, X, Y),
        lambda e: EncoderDisplay.from_estimator(e, X),
        lambda e: LearningRuleDisplay.from_estimator(e),
        lambda e: WeightChangeDisplay.from_estimator(e),
    ],
)
def test_other_estimators_are_refused_by_name(draw):
    other = GaussianNB().fit(X, Y)
    with pytest.raises(TypeError, match=r"must be an SNNClassifier .*got GaussianNB"):
        draw(other)
    with pytest.raises(TypeError, match="got a pipeline that ends with GaussianNB"):
        draw(make_pipeline(StandardScaler(), other))
    search = GridSearchCV(other, {}, cv=2).fit(X, Y)
    with pytest.raises(TypeError, match="got GridSearchCV, whose best_estimator_ may be one"):
        draw(search)
    assert not plt.get_fignums()


@pytest.mark.parametrize("display", [SpikeCountDisplay, DecisionTimeDisplay])
def test_a_class_for_each_sample(display, networks):
    network, X = networks["margin"], load_digits().data
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        display.from_estimator(network, X[:20], np.zeros(10, dtype=int))


# ------------------------------------------------------------------------------ spikes


def test_a_raster_draws_every_spike_of_every_layer(networks):
    network = networks["stdp small"]
    display = SpikeRasterDisplay.from_estimator(network, X[1])
    train = network.encoder_.transform(X[1:2])[0]
    recorded = []
    counts, _ = network.module_.feed_forward(
        train, network.neuron_label_map_.copy(), 60, spikeplots_for_one_spike_train=recorded,
        plotting=True,
    )  # fmt: skip
    first, *others = display.lines_
    assert sorted(first.get_xdata()) == sorted(np.nonzero(train)[1])
    assert sum(len(line.get_xdata()) for line in others) == recorded[1].sum() > 0
    assert display.winner == counts.argmax()
    place = display.winner_.get_ydata()[0]
    assert any((line.get_ydata() == place).sum() == recorded[1][display.winner].sum()
               for line in others)  # fmt: skip
    ticks = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert ticks[0] == "input"
    labelled = {"none" if k < 0 else str(k) for k in network.neuron_label_map_}
    assert set(ticks[1:]) == labelled


def test_a_sample_may_be_features_a_frame_or_a_spike_train(networks):
    wine, names = networks["wine"], networks["names"]
    pipeline = make_pipeline(StandardScaler(), SNNClassifier(6, epochs=1, random_state=0))
    of_frame = SpikeRasterDisplay.from_estimator(pipeline.fit(wine, names), wine.iloc[:1])
    assert of_frame.class_names == ["class_0", "class_1", "class_2"]
    unnamed = clone(pipeline).fit(wine.to_numpy(), names)
    row = SpikeRasterDisplay.from_estimator(unnamed, wine.to_numpy()[0])
    np.testing.assert_array_equal(of_frame.layers[0], row.layers[0])
    spikes = networks["spikes"][:, :1, 1:]  # one channel that spikes at once
    spikes[:, 0, 0] = Y[:40] > 4
    network = SNNClassifier(2, learning="prototype", epochs=1).fit(spikes, Y[:40] > 4)
    train = SpikeRasterDisplay.from_estimator(network, spikes[0])
    np.testing.assert_array_equal(train.layers[0][:, 1:], spikes[0])
    with pytest.raises(ValueError, match="one sample, got 2"):
        SpikeRasterDisplay.from_estimator(network, spikes[:2])
    with pytest.raises(ValueError, match="one sample, got 2"):
        SpikeRasterDisplay.from_estimator(networks["stdp small"], X[:2])


def test_rows_of_a_raster_are_sorted_by_class():
    spikes = np.eye(4, 6, k=1, dtype=int)
    display = SpikeRasterDisplay.from_spikes(spikes, labels=[1, -1, 0, 1], class_names=["a", "b"])
    rows = {x: y for line in display.lines_ for x, y in zip(*line.get_data(), strict=True)}
    assert rows == {3: 0, 1: 1, 4: 2, 2: 3}  # neuron 2 is of class 0, neurons 0 and 3 of class 1
    assert [t.get_text() for t in display.ax_.get_yticklabels()] == ["a", "b", "none"]
    assert len({line.get_color() for line in display.lines_}) == 3


def test_recorded_spikes_are_drawn(networks):
    module = networks["recorded"]
    layers = module.spikeplots[1][3]
    display = SpikeRasterDisplay.from_spikes(layers, labels=module.neuron_label_map)
    assert sum(len(line.get_xdata()) for line in display.lines_) == sum(s.sum() for s in layers)


def test_wrong_spikes_are_refused():
    with pytest.raises(ValueError, match="0 or 1"):
        SpikeRasterDisplay.from_spikes(np.full((2, 3), 2))
    with pytest.raises(ValueError, match="as many time steps"):
        SpikeRasterDisplay.from_spikes([np.zeros((2, 3)), np.zeros((2, 4))])
    with pytest.raises(ValueError, match="labels"):
        SpikeRasterDisplay.from_spikes(np.zeros((2, 3)), labels=[0])
    with pytest.raises(ValueError, match="winner"):
        SpikeRasterDisplay.from_spikes(np.zeros((2, 3)), winner=2)


@pytest.mark.parametrize("true_lif", [False, True])
def test_potentials_and_thresholds_are_those_of_the_dynamics(true_lif):
    """One neuron after another, step by step, by the methods for one neuron."""
    parameters = Parameters(training_duration=80, refractory_time=7, threshold_drop_rate=0.9)
    learning = STDPLearning(true_lif=true_lif, labeling="reference")
    module = Module(parameters, learning=learning, random_state=0)
    module.initialise_layers([6, 3], initial_weights="random")
    train = (np.random.default_rng(3).random((6, 81)) < 0.7).astype(np.uint8)
    train[:, 0] = 0
    display = MembranePotentialDisplay.from_module(module, train, highlight=[0, 1, 2])

    other = copy.deepcopy(module)
    (layer,) = other.layers
    layer.initial()
    potentials, computed, rest_until = np.zeros((3, 80)), np.zeros(3), -1
    thresholds, firings = np.zeros((3, 80)), []
    for step in range(1, 81):
        for j, neuron in enumerate(layer.layer):
            other.update_current_potentials_and_adaptive_thresholds(
                computed, neuron, j, train[:, step], layer.synapses[j], step
            )
        above = [computed[j] > n.adaptive_threshold for j, n in enumerate(layer.layer)]
        if any(above):
            firings.append(step)
            for neuron, spikes in zip(layer.layer, above, strict=True):
                if spikes:
                    neuron.state_just_after_firing(step)
                    neuron.adaptive_threshold += 1
                else:
                    neuron.inhibit(step)
            rest_until = step + parameters.refractory_time
        potentials[:, step - 1] = [n.potential for n in layer.layer]
        thresholds[:, step - 1] = [n.adaptive_threshold for n in layer.layer]
    assert len(firings) > 3
    assert rest_until > 0
    for j, (line, threshold) in enumerate(zip(display.lines_, display.thresholds_, strict=True)):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 81))
        np.testing.assert_allclose(line.get_ydata(), potentials[j])
        np.testing.assert_allclose(threshold.get_ydata(), thresholds[j])
    rests = {t for start, end in display._rests(np.arange(1, 81)) for t in range(start, end + 1)}
    assert rests == {t for f in firings for t in range(f, min(f + 7, 80) + 1)}
    assert len(display.spans_) > 1


def test_the_winner_of_prototypes_is_highlighted(networks):
    network = networks["prototype large"]
    display = MembranePotentialDisplay.from_estimator(network, X[7])
    (line,) = display.lines_
    winner = network.neuron_label_map_[display.highlight[0]]
    assert network.predict(X[7:8])[0] == winner
    assert line.get_label() == f"neuron {display.highlight[0]}, class {winner}"
    table = MembranePotentialDisplay.from_estimator(networks["table"], networks["wine"].iloc[:1])
    assert table.lines_[0].get_label() == f"neuron {table.highlight[0]}, class_0"
    assert line.get_ydata()[-1] == display.potentials[:, -1].max()
    assert display.spans_ == display.thresholds_ == []
    assert sum(len(c.get_segments()) for c in display.collections_) == 399


def test_recorded_potentials_are_drawn(networks):
    module = networks["recorded"]
    memories = module.layerpotentials[1][5][0]
    display = MembranePotentialDisplay.from_potentials(
        memories, spikes=module.spikeplots[1][5][-1], refractory_time=15, highlight=2
    )
    assert display.lines_[0].get_ydata().tolist() == list(memories[2].values())
    assert display.spans_


def test_wrong_potentials_are_refused():
    with pytest.raises(ValueError, match="thresholds"):
        MembranePotentialDisplay(np.zeros((2, 5)), thresholds=np.zeros((2, 4)))
    with pytest.raises(ValueError, match="highlight"):
        MembranePotentialDisplay(np.zeros((2, 5)), highlight=2)


def test_the_one_spike_of_a_winner_is_seen(networks):
    display = SpikeRasterDisplay.from_estimator(networks["prototype large"], X[5])
    (line,) = [line for line in display.lines_[1:] if len(line.get_xdata()) > 0]
    assert line.get_xdata().tolist() == [32]
    assert line.get_markersize() >= 10
    assert line.get_ydata() == display.winner_.get_ydata()


def test_each_class_is_named_once_beside_its_strongest_line(networks):
    display = MembranePotentialDisplay.from_estimator(networks["prototype large"], X[7])
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    winner = networks["prototype large"].neuron_label_map_[display.highlight[0]]
    assert names == [display.lines_[0].get_label()] + [
        f"class {k}" for k in range(10) if k != winner
    ]
    for label, lines in enumerate(display.collections_):
        *others, last = zip(lines.get_segments(), lines.get_linewidths(), strict=True)
        assert last[0][:, 1].max() >= max(segment[:, 1].max() for segment, _ in others)
        assert (last[1] > others[0][1]) == (label != winner)
    styles = [(tuple(c.get_color()[0][:3]), str(c.get_linestyle())) for c in display.collections_]
    assert len(set(styles)) == 10


def test_the_strongest_of_many_classes_are_named():
    heights = np.random.default_rng(0).permutation(60)
    potentials = heights[:, np.newaxis] * np.linspace(0, 1, 20)
    labels = np.arange(60) % 30
    display = MembranePotentialDisplay(potentials, labels=labels).plot()
    best = heights.reshape(2, 30).max(axis=0)
    strongest = np.sort(np.argsort(-best)[1:11])
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert names[1:] == [f"class {k}" for k in strongest]
    assert overlapping(display.figure_) == outside(display.figure_) == []


# ------------------------------------------------------------------------------ weights


@pytest.mark.parametrize("learning", ["stdp", "prototype", "margin"])
@pytest.mark.parametrize("sort", [True, False])
def test_every_receptive_field_is_drawn_at_its_place(learning, sort):
    clf = SNNClassifier(10, learning=learning, epochs=1, random_state=0)
    network = make_pipeline(SpikeEncoder("rate"), clf).fit(X[:100], Y[:100])
    display = ReceptiveFieldDisplay.from_estimator(network, sort=sort)
    mosaic = display.image_.get_array()
    weights, labels = network[-1].module_.receptive_fields, network[-1].neuron_label_map_
    order = np.arange(10)
    if sort:
        order = sorted(range(10), key=lambda j: (labels[j] < 0, labels[j], j))
    np.testing.assert_array_equal(mosaic[1:9, 10:18], weights[order[1]].reshape(8, 8))
    drawn = [text.get_text() for text in display.text_]
    assert drawn == ["" if labels[j] < 0 else str(labels[j]) for j in order]


def test_negative_weights_have_a_colour_of_their_own(networks):
    signed = ReceptiveFieldDisplay.from_estimator(networks["margin"]).image_
    low, high = signed.get_clim()
    assert low == -high
    assert np.allclose(signed.cmap(signed.norm(0.0)), signed.cmap(0.5))
    assert (
        ReceptiveFieldDisplay.from_estimator(networks["prototype large"]).image_.get_clim()[0] >= 0
    )
    bars = ReceptiveFieldDisplay([[1.0, -0.5, 0.0]]).plot().bars_
    heights = [[s[1, 1] - s[0, 1] for s in bar.get_segments()] for bar in bars]
    assert heights == [[pytest.approx(0.45)], [pytest.approx(-0.225)]]
    assert len({tuple(bar.get_color()[0]) for bar in bars}) == 2


def test_images_of_any_shape_and_of_several_maps():
    weights = np.arange(24.0).reshape(2, 12)
    image = ReceptiveFieldDisplay(weights, image_shape=(2, 6)).plot().image_.get_array()
    np.testing.assert_array_equal(image[1:3, 1:7], weights[0].reshape(2, 6))
    maps = ReceptiveFieldDisplay(weights, image_shape=(3, 2, 2)).plot().image_.get_array()
    np.testing.assert_array_equal(maps[1:3, 1:3], weights[0, :4].reshape(2, 2))
    np.testing.assert_array_equal(maps[1:3, 3:5], weights[0, 4:8].reshape(2, 2))
    np.testing.assert_array_equal(maps[3:5, 1:3], weights[0, 8:].reshape(2, 2))


def test_maps_of_patch_features_are_recognised():
    features = SpikingPatchFeatures(8, n_presentations=500, random_state=0)
    network = SNNClassifier(features=features, epochs=1, random_state=0).fit(X[:150], Y[:150])
    display = ReceptiveFieldDisplay.from_estimator(network)
    assert display.image_shape == network.features_.map_shape_ == (8, 4, 4)


def test_bars_of_tables_name_their_features(networks):
    display = ReceptiveFieldDisplay.from_estimator(networks["table small"])
    assert display.image_ is None
    names = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert names == ["alcohol", "malic_acid", "ash", "alcalinity_of_ash"]
    drawn = sum(len(bar.get_segments()) for bar in display.bars_)
    assert drawn == np.count_nonzero(networks["table small"].module_.receptive_fields)
    assert [text.get_text() for text in display.text_] == ["class_0", "class_1"]
    wine = networks["wine"].iloc[:, :4]
    inside = SNNClassifier(6, features=PCA(2), encoder="receptive_fields", epochs=1)
    display = ReceptiveFieldDisplay.from_estimator(inside.fit(wine, networks["names"]))
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == ["pca0", "pca1"]
    scaled = make_pipeline(StandardScaler(), SNNClassifier(6, epochs=1))
    display = ReceptiveFieldDisplay.from_estimator(scaled.fit(wine, networks["names"]))
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == names
    unnamed = scaled[-1].fit(wine.to_numpy(), networks["names"])
    display = ReceptiveFieldDisplay.from_estimator(unnamed)
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == ["x0", "x1", "x2", "x3"]


@pytest.mark.parametrize("name", ["table", "table broad"])
def test_many_neurons_of_a_table_are_means_of_classes(name, networks):
    network = networks[name]
    weights, numbers = network.module_.receptive_fields, network.neuron_label_map_
    display = ReceptiveFieldDisplay.from_estimator(network)
    for k, row in enumerate(display.weights):
        np.testing.assert_allclose(row, weights[numbers == k].mean(axis=0))
    shown = [text.get_text() for text in display.text_]
    for name, text in zip(network.classes_, shown, strict=True):
        first, *last = text.split("...")
        assert name.startswith(first)
        assert name.endswith("".join(last))
        assert len(text) == min(len(name), 24)
    assert display.image_ is None
    display.figure_.draw_without_rendering()
    left = display.ax_.get_window_extent().x0  # names stand beside the bars, not on them
    assert all(text.get_window_extent().x1 <= left for text in display.text_)


def test_chosen_neurons_are_drawn(networks):
    network = networks["table"]
    weights, numbers = network.module_.receptive_fields, network.neuron_label_map_
    display = ReceptiveFieldDisplay.from_estimator(network, neurons="each")
    assert display.bars_ == []
    order = np.argsort(numbers, kind="stable")
    np.testing.assert_array_equal(display.image_.get_array(), weights[order])
    assert [text.get_text() for text in display.text_] == network.classes_.tolist()
    few = ReceptiveFieldDisplay.from_estimator(network, neurons=[40, 3], sort=False)
    np.testing.assert_array_equal(few.weights, weights[[40, 3]])
    images = ReceptiveFieldDisplay.from_estimator(networks["prototype large"], neurons="class")
    assert len(images.weights) == 10
    assert [text.get_text() for text in images.text_] == [str(k) for k in range(10)]
    for wrong in ([120], [-1], [0.5], "all", []):
        with pytest.raises(ValueError, match="neurons must"):
            ReceptiveFieldDisplay.from_estimator(network, neurons=wrong)


def test_hidden_neurons_have_no_class():
    learning = STDPLearning(hidden_layer_sizes=(30,))
    network = SNNClassifier(4, learning=learning, epochs=1, training_duration=20, random_state=0)
    network.fit(X[:30, 1:], Y[:30])
    display = ReceptiveFieldDisplay.from_estimator(network)
    assert display.weights.shape == (30, 63 * 5)  # five fields a pixel
    assert display.labels is None
    with pytest.raises(ValueError, match="no neuron of the first layer has a class"):
        ReceptiveFieldDisplay.from_estimator(network, neurons="class")


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match="image_shape"):
        ReceptiveFieldDisplay(np.ones((3, 6)), image_shape=(2, 2))
    with pytest.raises(ValueError, match="labels"):
        ReceptiveFieldDisplay(np.ones((3, 6)), image_shape=(2, 3), labels=["a"])
    with pytest.raises(ValueError, match="groups"):
        ReceptiveFieldDisplay(np.ones((3, 6)), groups=[0, 1])
    with pytest.raises(ValueError, match="group_names"):
        ReceptiveFieldDisplay(np.ones((3, 4)), groups=[0, 0, 1, 1], group_names=["a"])


def test_a_histogram_counts_all_weights(networks):
    network = networks["device small"]
    display = WeightHistogramDisplay.from_estimator(network, bins=10)
    shares, edges, _ = display.patches_[0].get_data()
    assert shares.sum() == pytest.approx(100)
    weights = network.module_.receptive_fields
    np.testing.assert_allclose(shares, 100 * np.histogram(weights, edges)[0] / weights.size)
    assert len(display.levels) == 4
    with pytest.raises(ValueError, match="at least one"):
        WeightHistogramDisplay({})


def test_evolution_follows_the_recorded_weights(networks):
    module = networks["recorded"]
    display = WeightEvolutionDisplay.from_module(module, neuron=3)
    last = module.receptive_fields[3]
    np.testing.assert_allclose(display.percentiles_[-1], np.percentile(last, [5, 25, 50, 75, 95]))
    assert len(display.percentiles_) == sum(map(len, module.weight_evolution))
    assert display.epoch_ends == [len(module.weight_evolution[0])]
    empty = Module(Parameters())
    empty.initialise_layers([3, 2])
    with pytest.raises(ValueError, match="get_weight_evolution"):
        WeightEvolutionDisplay.from_module(empty)


# ------------------------------------------------------------------------------ plasticity


def test_a_rule_is_drawn_with_the_lags_that_occur():
    parameters = Parameters(past_window=-12, A_up=0.5, tau_up=3.0)
    display = LearningRuleDisplay.from_rule(parameters=parameters)
    dt, changes = display.line_.get_data()
    expected = conventional(dt, 0.5, -0.3, 3.0, 5.0)
    np.testing.assert_allclose(changes, expected, atol=1e-6)
    lags = display.points_.get_xdata()
    assert sorted(lags) == sorted([*range(13), *(-forgetting_lags(-12))])
    measured = LearningRuleDisplay.from_rule([(-10, -0.1), (0, 0.8), (10, 0.1)])
    assert measured.points_.get_ydata()[0] == 0.8


def test_the_rule_of_a_classifier(networks):
    network = networks["stdp small"]
    drawn = LearningRuleDisplay.from_estimator(network).points_.get_ydata()
    assert drawn[0] == network.module_.STDP(0)
    change = WeightChangeDisplay.from_estimator(network)
    assert change.lines_[0].get_ydata()[0] > 0 > change.lines_[1].get_ydata()[-1]
    with pytest.raises(TypeError, match="PrototypeLearning"):
        LearningRuleDisplay.from_estimator(networks["prototype small"])


def test_weights_change_as_the_equation_says_and_as_levels_allow():
    display = WeightChangeDisplay.from_parameters(Parameters(eta=0.1), synapse=LinearSynapse(11))
    weights, up = display.lines_[0].get_data()
    np.testing.assert_allclose(up, 0.1 * 0.8 * (1 - weights) ** 0.9, atol=1e-9)
    held, written = display.points_[0].get_data()
    assert len(held) == 11
    np.testing.assert_allclose(written[:4], 0.1, atol=1e-4)  # .08 is nearest to a gap of .1
    assert written[-1] == 0


# ------------------------------------------------------------------------------ devices


def test_a_device_is_drawn_pulse_by_pulse():
    synapse = NonLinearSynapse(9, nu=-2, nu_depression=4, n_states_depression=5)
    display = SynapseDisplay.from_synapse(synapse, max_weight=2.0)
    up, down = (line.get_ydata() for line in display.lines_)
    curves = synapse.curves(0.0, 2.0)
    np.testing.assert_allclose(up, curves[0, 0])
    np.testing.assert_allclose(down[::-1], curves[1, 0, :5])
    assert display.lines_[1].get_xdata().tolist() == [8, 9, 10, 11, 12]
    pair = SynapseDisplay.from_synapse(DifferentialPair(synapse))
    np.testing.assert_array_equal(pair.up[0], synapse.curves(0.0, 1.0)[0, 0])
    with pytest.raises(ValueError, match="any weight"):
        SynapseDisplay.from_synapse(IdealSynapse())
    with pytest.raises(ValueError, match="a measurement"):
        SynapseDisplay.from_synapse(synapse, measurement=([0, 1, 2], [3.0, 3.0, 3.0]))


@pytest.mark.parametrize("falls", [True, False])
def test_a_measurement_lies_on_its_fit(falls):
    true = 3.0 + 200 * NonLinearSynapse(20, nu=2.5).curves(0.0, 1.0)
    conductances = true[::-1] if falls else true
    synapse = NonLinearSynapse.from_measurement(range(20), conductances)
    display = SynapseDisplay.from_synapse(synapse, measurement=(range(20), conductances))
    pulses, weights = display.points_.get_data()
    order = np.argsort(pulses)
    np.testing.assert_allclose(weights[order], display.up[0], atol=1e-6)
    later = range(1, 20), conductances[1:]  # without the state before the first pulse
    shown = SynapseDisplay.from_synapse(
        NonLinearSynapse.from_measurement(*later), measurement=later
    ).points_.get_data()
    np.testing.assert_allclose(shown, np.array([pulses, weights])[:, 1:], atol=1e-6)
    table = SynapseDisplay.from_synapse(
        TableSynapse.from_conductances(true), measurement=(range(20), conductances)
    )
    np.testing.assert_allclose(np.sort(table.points_.get_ydata()), table.up[0])


def test_worn_devices_are_told_by_their_writes():
    display = SynapseDisplay.from_synapse(WORN)
    assert display.cycles[0] == 0
    assert display.cycles[-1] == 1000
    assert np.ptp(display.up[0]) == 1
    assert np.ptp(display.up[-1]) == pytest.approx(0, abs=1e-9)
    assert (np.diff([np.ptp(levels) for levels in display.up]) < -0.2).all()
    named = [line for line in display.lines_ if line.get_label().startswith("after")]
    assert len({tuple(mpl.colors.to_rgba(line.get_color())) for line in named}) == len(named) > 2


@pytest.mark.parametrize("kind", ["device small", "device large"])
def test_occupancy_and_wear_count_all_devices(kind, networks):
    network = networks[kind]
    (layer,) = network.module_.layers
    heights = [bar.get_height() for bar in OccupancyDisplay.from_estimator(network).bars_]
    levels = network.synapse.curves(1e-5, 1.0)
    np.testing.assert_allclose(
        heights, [100 * np.mean(np.isclose(layer.conductances, v, atol=1e-9)) for v in levels]
    )
    display = DeviceWearDisplay.from_estimator(network)
    assert display.pulses.sum() == network.module_.n_writes > 0
    assert display.patch_.get_data()[0].sum() == pytest.approx(100)
    assert display.mean_.get_xdata()[0] == layer.pulses.mean()


def test_occupancy_of_a_study(study):
    display = OccupancyDisplay.from_study(study, device=2)
    own = (study["device"] == 2) & (study["epoch"] == 2)
    np.testing.assert_allclose(display.shares, np.mean(list(study["occupancy"][own]), axis=0))
    with pytest.raises(ValueError, match="device"):
        OccupancyDisplay.from_study(study, device=9)


@pytest.mark.parametrize("display", [OccupancyDisplay, DeviceWearDisplay])
def test_ideal_synapses_are_neither_used_nor_worn(display, networks):
    with pytest.raises(ValueError, match="WeightHistogramDisplay"):
        display.from_estimator(networks["prototype small"])


def test_levels_of_a_study_are_ticks(study, long_study):
    ax = SynapseStudyDisplay.from_study(study).ax_
    assert [text.get_text() for text in ax.get_xticklabels()] == ["2", "4", "8", "16"]
    pixels = ax.transData.transform([[n, 0.5] for n in (2, 4, 8, 16)])[:, 0]
    assert np.ptp(np.diff(pixels)) < 1e-6
    with pytest.raises(ValueError, match="given no energies"):
        SynapseStudyDisplay.from_study(study, x="energy")
    curves = SynapseStudyDisplay.from_study(long_study, x="energy").curves
    own = long_study["device"] == 6
    spent, epoch = long_study["energy"][own], long_study["epoch"][own]
    expected = [spent[epoch == 1].mean(), spent.sum() / 2]
    np.testing.assert_allclose(curves["LinearSynapse(n_states=4)"][0], expected)


# ------------------------------------------------------------------------------ codes


def test_each_field_answers_most_at_its_centre(networks):
    wine = networks["wine"]
    encoder = SpikeEncoder("receptive_fields", n_fields=5).fit(wine)
    display = EncoderDisplay.from_encoder(encoder, wine, "alcohol")
    low, high = wine["alcohol"].min(), wine["alcohol"].max()
    for line, centre in zip(display.lines_, np.linspace(low, high, 5), strict=True):
        values, answers = line.get_data()
        best = values[answers == answers.max()]
        assert best.min() - 0.01 <= centre <= best.max() + 0.01
    assert display.patch_.get_data()[0].max() > 0
    assert display.ax_.get_xlabel() == "alcohol"
    with pytest.raises(ValueError, match="no feature"):
        EncoderDisplay.from_encoder(encoder, wine, "price")
    with pytest.raises(ValueError, match="feature must be"):
        EncoderDisplay.from_encoder(encoder, wine, 13)


def test_a_latency_code_is_earlier_where_the_feature_is_stronger():
    encoder = SpikeEncoder("latency", training_duration=32).fit(X)
    display = EncoderDisplay.from_encoder(encoder, X, 20)
    (line,) = display.lines_
    assert (np.diff(line.get_ydata()) >= 0).all()
    assert line.get_ydata()[-1] == 32


def test_the_encoder_within_a_classifier(networks):
    wine, network = networks["wine"], networks["table"]
    inside = EncoderDisplay.from_estimator(network, wine, "proline")
    assert inside.ax_.get_xlabel() == "proline"
    alone = EncoderDisplay.from_encoder(network.encoder_, wine.to_numpy(), 12)
    np.testing.assert_array_equal(inside.answers, alone.answers)
    scaled = make_pipeline(StandardScaler(), SNNClassifier(epochs=1, random_state=0))
    scaled.fit(wine, networks["names"])
    display = EncoderDisplay.from_estimator(scaled, wine, 12)
    assert display.data.mean() == pytest.approx(0, abs=1e-9)


def test_missing_values_are_left_out_and_images_show_a_pixel_that_varies(networks):
    broad = networks["broad"]
    display = EncoderDisplay.from_estimator(networks["table broad"], broad)
    fewest = np.isnan(broad).sum(axis=0).argmin()  # the most values
    known = broad[~np.isnan(broad[:, fewest]), fewest]
    np.testing.assert_array_equal(display.data, known)
    assert 0 < len(known) < 120
    np.testing.assert_allclose(display.values[[0, -1]], [known.min(), known.max()])
    nothing = broad.copy()
    nothing[:, 5] = np.nan
    EncoderDisplay.from_estimator(networks["table broad"], nothing, 0)
    with pytest.raises(ValueError, match="x5 is missing"):
        EncoderDisplay.from_estimator(networks["table broad"], nothing, 5)
    image = EncoderDisplay.from_encoder(networks["stdp small"].encoder_, X)
    np.testing.assert_array_equal(np.unique(image.data), np.arange(17))
    with pytest.raises(ValueError, match="NaN"):
        EncoderDisplay.from_estimator(networks["stdp small"], np.full((2, 64), np.nan))


# ------------------------------------------------------------------------------ decisions


@pytest.mark.parametrize("kind", ["stdp large", "prototype large"])
def test_spike_counts_by_class(kind, networks):
    network, chosen = networks[kind], slice(0, 100)
    display = SpikeCountDisplay.from_estimator(network, X[chosen], Y[chosen])
    shown = X[chosen]
    if network.augmentation_ is not None:
        shown = network.augmentation_.blurred(shown)
    counts = network.module_.count_spikes(network.encoder_.transform(shown))
    np.testing.assert_allclose(display.counts[:, 3], counts[Y[chosen] == 3].mean(axis=0))
    image, labels = display.image_.get_array(), network.neuron_label_map_
    first = np.flatnonzero(labels == 0)
    np.testing.assert_allclose(image[: len(first)], display.counts[first])


@pytest.mark.parametrize("kind", ["stdp large", "prototype large", "table"])
def test_the_last_decision_is_the_prediction(kind, networks):
    network = networks[kind]
    data = (networks["wine"], networks["names"]) if kind == "table" else (X[:200], Y[:200])
    last = network.n_steps_in_ - 1
    display = DecisionTimeDisplay.from_estimator(network, *data, times=[1, last])
    assert display.accuracy[1] == network.score(*data)
    assert display.agreement[1] == 1
    assert display.accuracy[0] < display.accuracy[1]
    assert display.spikes[0] < display.spikes[1]
    with pytest.raises(ValueError, match="times"):
        DecisionTimeDisplay.from_estimator(network, *data, times=[last + 1])


def test_an_early_decision_has_seen_nothing_later(networks):
    """A sample that ends at step 20 answers the same as one whose later spikes are gone."""
    network = networks["prototype small"]
    display = DecisionTimeDisplay.from_estimator(network, X[FEW], Y[FEW], times=[20])
    spikes = network.encoder_.transform(X[FEW])
    early = SNNClassifier(4, learning="prototype", epochs=1, random_state=0)
    early.fit(np.pad(spikes[:, :, 1:21], ((0, 0), (0, 0), (1, 0))), Y[FEW])
    early.module_.layers[0].set_synapses(network.module_.receptive_fields)
    early.module_.neuron_label_map = network.neuron_label_map_
    early.module_.decision = network.module_.decision
    score = early.score(np.pad(spikes[:, :, 1:21], ((0, 0), (0, 0), (1, 0))), Y[FEW])
    assert display.accuracy[0] == score
    assert display.spikes[0] == pytest.approx(spikes[:, :, :21].sum() / FEW.sum())


# ------------------------------------------------------------------------------ training


def test_history_is_that_of_a_fit():
    data = X[:200], Y[:200]
    network = SNNClassifier(20, learning="prototype", epochs=3, random_state=0)
    display = TrainingHistoryDisplay.from_estimator(
        network, *data, X_test=X[200:300], y_test=Y[200:300]
    )
    assert not hasattr(network, "classes_")
    network.fit(*data)
    assert display.history["training accuracy"][-1] == network.score(*data)
    assert display.history["test accuracy"][-1] == network.score(X[200:300], Y[200:300])
    assert [len(line.get_xdata()) for line in display.lines_] == [3, 3, 3]
    with pytest.raises(ValueError, match="early_stopping"):
        TrainingHistoryDisplay.from_estimator(network)


def test_history_of_a_pipeline_and_of_early_stopping(networks):
    wine, names = networks["wine"], networks["names"]
    network = SNNClassifier(
        epochs=6, early_stopping=True, n_iter_no_change=2, validation_fraction=0.2, random_state=0
    )
    pipeline = make_pipeline(StandardScaler(), network)
    display = TrainingHistoryDisplay.from_estimator(pipeline, wine, names)
    pipeline.fit(wine, names)
    fitted = TrainingHistoryDisplay.from_estimator(pipeline)
    (values,) = fitted.history.values()
    assert values.tolist() == network.validation_scores_
    assert fitted.best_.get_xdata()[0] == display.best_epoch == network.best_epoch_
