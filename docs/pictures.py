"""The pictures of the pages, from scikit-learn's digits and a made-up series.

python docs/pictures.py
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.model_selection import train_test_split

from nervos_sklearn import (
    DecisionTimeDisplay,
    DeviceWearDisplay,
    EncoderDisplay,
    EnduranceSynapse,
    ImageAugmentation,
    LearningRuleDisplay,
    LinearSynapse,
    MembranePotentialDisplay,
    Module,
    NonLinearSynapse,
    OccupancyDisplay,
    Parameters,
    PrototypeLearning,
    ReceptiveFieldDisplay,
    SNNClassifier,
    SpikeCountDisplay,
    SpikeEncoder,
    SpikeRasterDisplay,
    SpikingPatchFeatures,
    SpikingWindowFeatures,
    SynapseDisplay,
    SynapseStudyDisplay,
    TableSynapse,
    TrainingHistoryDisplay,
    WeightChangeDisplay,
    WeightEvolutionDisplay,
    WeightHistogramDisplay,
    synapse_study,
)
from nervos_sklearn.presentations import Presentations

FOLDER = Path(__file__).parent / "images"
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=200, stratify=y, random_state=0
)


def save(figure, name):
    figure.savefig(FOLDER / f"{name}.png", dpi=70)
    plt.close(figure)


def fitted(n_neurons=None, *, augmentation="auto", training_duration=None, eta=None, **learning):
    return SNNClassifier(
        n_neurons,
        learning=PrototypeLearning(**learning),
        augmentation=augmentation,
        training_duration=training_duration,
        eta=eta,
        random_state=0,
    ).fit(X_train, y_train)


def front():
    """One image on its way: pixels, spikes, potentials, chances."""
    clf = fitted()
    image, label = X_test[6:7], y_test[6]
    train = clf.encoder_.transform(clf.augmentation_.blurred(image))[0]
    potentials = []
    clf.module_.feed_forward(
        train, clf.neuron_label_map_.copy(), train.shape[1] - 1,
        layer_potentials_for_one_spike_train=potentials, plotting=True,
    )  # fmt: skip
    steps = np.arange(1, train.shape[1])
    traces = np.array([[neuron[t] for t in steps] for neuron in potentials[0]])
    figure, axes = plt.subplots(
        1, 4, figsize=(11, 2.9), width_ratios=(1, 1.4, 1.4, 1), layout="constrained"
    )
    axes[0].imshow(image.reshape(8, 8), cmap="gray_r")
    axes[0].set_axis_off()
    channels, times = np.nonzero(train)
    axes[1].plot(times, channels, "|", color="black")
    axes[1].set(xlabel="time (ms)", ylabel="pixel")
    for digit in range(10):
        best = traces[clf.neuron_label_map_ == digit].max(axis=0)
        style = {"color": "C1", "linewidth": 2.5} if digit == label else {"color": "0.75"}
        axes[2].plot(steps, best, **style)
    axes[2].set(xlabel="time (ms)", ylabel="potential", yticks=[])
    chances = clf.predict_proba(image)[0]
    axes[3].barh(range(10), chances, color=["C1" if k == label else "0.75" for k in range(10)])
    axes[3].set(xlabel="chance", yticks=range(10), xlim=(0, 1))
    titles = ("an image", "its spikes", "its neurons, best of each class", "the answer")
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title)
    save(figure, "front")


def encodings():
    """Eight pixels of one image, in four codes."""
    row = X_train[:1, 16:24] / 16
    codes = {
        "receptive_fields": {"n_fields": 3},
        "rate": {"min_frequency": 0, "max_frequency": 20},
        "poisson": {"min_frequency": 0, "max_frequency": 20, "random_state": 0},
        "latency": {},
    }
    figure, axes = plt.subplots(1, 5, figsize=(11, 2.6), layout="constrained")
    axes[0].barh(range(8), row[0], color="0.5")
    axes[0].set(title="a sample", xlabel="value", ylabel="feature")
    for ax, (name, options) in zip(axes[1:], codes.items(), strict=True):
        encoder = SpikeEncoder(name, training_duration=32, scale=None, **options)
        channels, steps = np.nonzero(encoder.fit_transform(row)[0])
        ax.plot(steps, channels, "|", color="black")
        ax.set(title=name, xlabel="time (ms)", ylabel="channel", xlim=(0, 33))
        ax.set_ylim(-0.7, encoder.n_channels_ - 0.3)
    save(figure, "encodings")


def table_fields():
    """Receptive fields lie evenly on the ranks of a column."""
    values = np.random.default_rng(0).lognormal(sigma=0.8, size=500)[:, np.newaxis]
    encoder = SpikeEncoder(
        n_fields=6, field_variance=1 / 36, scale="quantile", field_code="latency",
        training_duration=32,
    ).fit(values)  # fmt: skip
    grid = np.linspace(values.min(), 6, 600)[:, np.newaxis]
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(8, 3.6), sharex=True, height_ratios=(1, 1.4), layout="constrained"
    )
    top.hist(values[:, 0], np.linspace(0, 6, 60), color="0.6")
    top.set(ylabel="samples", xlim=(0, 6))
    spikes = encoder.traces(grid)  # steps before the decision
    for field in range(6):
        bottom.plot(grid[:, 0], spikes[:, field])
    bottom.set(xlabel="value of the column", ylabel="spikes before the\ndecision by (ms)")
    save(figure, "table_fields")


def start():
    """A table as its network sees it, and how early the network knows."""
    X, y = load_breast_cancer(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    network = SNNClassifier(random_state=0).fit(X_train, y_train)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
    EncoderDisplay.from_estimator(network, X_train, 1, ax=left)
    DecisionTimeDisplay.from_estimator(network, X_test, y_test, ax=right)
    save(figure, "start")


def look():
    """Six questions to one network."""
    clf = fitted(n_neurons=30)
    figure, axes = plt.subplots(2, 3, figsize=(11, 6), layout="constrained")
    EncoderDisplay.from_estimator(clf, X_train, 20, ax=axes[0, 0])
    SpikeRasterDisplay.from_estimator(clf, X_test[6], ax=axes[0, 1])
    ReceptiveFieldDisplay.from_estimator(clf, ax=axes[0, 2])
    SpikeCountDisplay.from_estimator(clf, X_test, y_test, ax=axes[1, 0])
    DecisionTimeDisplay.from_estimator(clf, X_test, y_test, ax=axes[1, 1])
    WeightHistogramDisplay.from_estimator(clf, ax=axes[1, 2])
    save(figure, "look")


def learned():
    """What neurons learn under each learning."""
    learnings = {
        "PrototypeLearning": SNNClassifier(30, learning="prototype", random_state=0),
        "MarginLearning": SNNClassifier(30, learning="margin", encoder="latency", random_state=0),
        "STDPLearning": SNNClassifier(30, learning="stdp", eta=0.1, epochs=10, random_state=0),
    }
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    for ax, (name, network) in zip(axes, learnings.items(), strict=True):
        network.fit(X_train, y_train)
        ReceptiveFieldDisplay.from_estimator(network, image_shape=(8, 8), ax=ax)
        ax.set_title(name)
    save(figure, "learned")


def devices():
    """Levels of four devices, pulse after pulse."""
    measured = [316.228, 199.526, 125.893, 63.096, 25.119, 12.589, 5.754, 3.981]
    models = {
        "LinearSynapse(16)": LinearSynapse(16).curves(0, 1),
        "NonLinearSynapse(16, nu=3.6)": NonLinearSynapse(16, 3.6).curves(0, 1),
        "TableSynapse, as measured": TableSynapse.from_conductances(measured).curves(0, 1),
    }
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for name, levels in models.items():
        levels = np.sort(np.ravel(levels))
        left.plot(np.linspace(0, 1, len(levels)), levels, "o-", markersize=3, label=name)
    left.set(xlabel="pulses, as a share of all", ylabel="weight", title="levels")
    left.legend(fontsize="small")
    worn = EnduranceSynapse.from_memory_window(
        [1, 200, 500, 1000], highest=[1.0, 1.0, 0.7, 0.5], lowest=[0, 0, 0.3, 0.5], n_states=9
    )
    right.step(worn.cycles(), worn.curves(0, 1)[0], color="C0", linewidth=1, where="post")
    right.set(xlabel="pulses taken", ylabel="weight", xscale="symlog", title="a device wears out")
    save(figure, "devices")


def study():
    """The accuracy that the number of levels leaves."""
    network = SNNClassifier(50, learning="prototype", epochs=6, random_state=0)
    devices = [
        model(n_states, update=update)
        for model in (LinearSynapse, NonLinearSynapse)
        for update in ("nearest", "accumulate")
        for n_states in (2, 4, 8, 16, 32)
    ]
    table = synapse_study(network, devices, X[:1200], y[:1200], cv=3)
    display = SynapseStudyDisplay.from_study(table)
    display.ax_.set_xscale("log", base=2)
    display.figure_.set_size_inches(6.5, 3.6)
    figure = display.figure_
    save(figure, "study")


def latency_code():
    trains = SpikeEncoder("latency", training_duration=32).fit_transform(X_train[:1])
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained")
    left.imshow(X_train[0].reshape(8, 8), cmap="gray_r")
    left.set_title("an image")
    channels, steps = np.nonzero(trains[0])
    right.plot(steps, channels, "|", color="black")
    right.set(title="its spikes: dark pixels first", xlabel="time (ms)", ylabel="pixel")
    save(figure, "latency_code")


def augmentation():
    augmentation = ImageAugmentation((8, 8)).fit(X_train, n_classes=10)
    blurred = augmentation.blurred(X_train[:1])
    pictures = [("image", X_train[0]), ("blurred", blurred)]
    generator = np.random.default_rng(0)
    for k in range(4):
        pictures.append((f"moved {k + 1}", augmentation.moved(blurred, generator)))
    figure, axes = plt.subplots(1, 6, figsize=(9, 1.8), layout="constrained")
    for ax, (title, picture) in zip(axes, pictures, strict=True):
        ax.imshow(picture.reshape(8, 8), cmap="gray_r")
        ax.set_title(title)
        ax.set_axis_off()
    save(figure, "augmentation")


def recruitment():
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for ax, eta, title in ((axes[0], 0.0, "recruited"), (axes[1], None, "after 30 epochs")):
        clf = fitted(n_neurons=50, eta=eta)
        ReceptiveFieldDisplay.from_estimator(clf, image_shape=(8, 8), ax=ax)
        ax.set_title(title)
    save(figure, "recruitment")


def leads(clf):
    spikes = clf.encoder_.transform(clf.augmentation_.blurred(X_train))
    potentials = clf.module_.activity(Presentations(spikes), np.arange(len(X_train)))
    mine = clf.neuron_label_map_ == y_train[:, np.newaxis]
    right = np.where(mine, potentials, -1).max(axis=1)
    return right - np.where(mine, -1, potentials).max(axis=1)


def margin():
    figure, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
    bins = np.linspace(-0.15, 0.4, 45)
    one_each = {"n_neurons": 30}
    ax.hist(leads(fitted(eta=0.0, **one_each)), bins, alpha=0.6, label="before learning")
    ax.hist(leads(fitted(**one_each)), bins, alpha=0.6, label="after learning")
    ax.axvline(0.08, color="black", linestyle="--", label="margin")
    ax.set(xlabel="lead of the right class over the best wrong neuron", ylabel="samples")
    ax.legend()
    save(figure, "margin")


def accuracies():
    changes = {
        "everything": {},
        "no synaptic scaling": {"synaptic_scaling": False},
        "no recruitment": {"recruitment": False},
        "no movements": {"augmentation": ImageAugmentation(strength=0)},
        "no blur": {"augmentation": ImageAugmentation(blur=0)},
        "no margin": {"margin": 0},
        "no reward": {"competitive_epochs": 30},
    }
    scores = [fitted(**change).score(X_test, y_test) for change in changes.values()]
    figure, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
    ax.barh(list(changes)[::-1], scores[::-1])
    ax.set(xlim=(0.8, 1), xlabel="accuracy on digits, 200 training images, one seed")
    save(figure, "ingredients")


def late_decision():
    """The network decides when only the first spikes have come, as a shorter sample would."""
    clf = fitted(augmentation=ImageAugmentation(strength=0))
    figure, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
    DecisionTimeDisplay.from_estimator(clf, X_test, y_test, ax=ax)
    save(figure, "late_decision")


def escape_noise():
    clf = fitted()
    chances = clf.predict_proba(X_test)
    best, right = chances.max(axis=1), clf.predict(X_test) == y_test
    parts = np.array_split(np.argsort(best), 12)
    figure, ax = plt.subplots(figsize=(4, 3), layout="constrained")
    ax.plot([0.3, 1], [0.3, 1], "--", color="gray", label="calibrated")
    ax.plot(
        [best[part].mean() for part in parts], [right[part].mean() for part in parts], marker="o",
        label="test images, by twelfths",
    )  # fmt: skip
    ax.set(xlabel="chance of the best class", ylabel="how often it is right")
    ax.legend()
    save(figure, "escape_noise")


def patch_features():
    features = SpikingPatchFeatures(random_state=0).fit(X_train)
    fields = features.receptive_fields_
    figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
    ReceptiveFieldDisplay(fields.reshape(len(fields), -1), image_shape=fields.shape[1:]).plot(
        ax=ax
    )
    save(figure, "patch_features")


def way_of_a_series():
    """A signal, the spikes of its receptive fields, and the answers of two of its neurons."""
    rng = np.random.default_rng(2)
    steps = np.arange(120)
    series = 0.08 * rng.normal(size=(40, 1, 120)).cumsum(axis=2)
    envelope = np.exp(-(((steps - 60) / 25) ** 2))
    series += np.sin(steps / 9 + rng.uniform(0, 6, (40, 1, 1))) * envelope
    features = SpikingWindowFeatures(codes=["value"], random_state=0).fit(series)
    shown, layer = series[0, 0], "value_d4"
    leads = features.answers(series[:1])[layer][0]
    first, second = np.argsort(-leads.max(axis=1))[:2]

    shares = np.clip((shown - series.mean()) / (5 * series.std()) + 0.5, 0, 1)
    encoder = SpikeEncoder(
        field_code="latency", scale=None, n_fields=8, field_variance=(0.6 / 7) ** 2,
        training_duration=32,
    )  # fmt: skip
    traces = encoder.fit(shares[:, np.newaxis]).traces(shares[:, np.newaxis])

    figure, axes = plt.subplots(
        4, 1, figsize=(8, 7.5), sharex=True, layout="constrained",
        gridspec_kw={"height_ratios": [2, 2, 2, 1.4]},
    )  # fmt: skip
    axes[0].plot(steps, shown, color="black")
    axes[0].set(ylabel="signal", title="1  a signal")
    axes[1].imshow(
        np.where(traces.T > 1, traces.T, np.nan), aspect="auto", origin="lower", cmap="Blues",
        extent=(-0.5, 119.5, -0.5, 7.5), vmin=0,
    )  # fmt: skip
    axes[1].set(
        ylabel="receptive field", title="2  each step, few fields spike: the darker, the earlier"
    )
    windows = features.window_values(layer)[..., 0]
    axes[2].plot(steps, shown, color="0.8")
    for color, j in (("C0", first), ("C1", second)):
        place = leads[j].argmax()
        axes[2].plot(place + np.arange(-16, 17, 4), windows[j], "o-", color=color, markersize=4)
        axes[3].plot(steps, leads[j], color=color, label=f"neuron {j}")
    axes[2].set(ylabel="signal", title="3  windows of 9 steps, recruited in training: two neurons")
    axes[3].set(
        ylabel="lead",
        xlabel="time (steps)",
        title="4  where they are driven most they answer, with their lead over the third",
    )
    axes[3].legend()
    save(figure, "way_of_a_series")


def displays():
    """All pictures that the package draws, on one sheet."""
    stdp = SNNClassifier(40, learning="stdp", random_state=0).fit(X_train, y_train)
    table = load_wine(as_frame=True)
    classes = table.target_names[table.target]
    wine = SNNClassifier(3, random_state=0).fit(table.data, classes)
    conductances = [316.228, 199.526, 125.893, 63.096, 25.119, 12.589, 5.754, 3.981]
    synapse = NonLinearSynapse.from_measurement(range(8), conductances)
    network = SNNClassifier(60, learning="prototype", epochs=8, random_state=0)
    study = synapse_study(
        network, [model(n) for model in (LinearSynapse, NonLinearSynapse) for n in (2, 4, 8, 16)],
        X[:300], y[:300], cv=2,
    )  # fmt: skip
    device = clone(network).set_params(synapse=NonLinearSynapse(16)).fit(X_train, y_train)
    spikes = SpikeEncoder("rate", training_duration=50).fit_transform(X_train[:60])
    module = Module(Parameters(training_duration=50), random_state=0)
    module.initialise_layers([64, 10])
    weights = []
    for train in spikes:
        module.learn([train])
        weights.append(module.receptive_fields.copy())
    pictures = {
        "SpikeRaster": lambda ax: SpikeRasterDisplay.from_estimator(stdp, X_test[0], ax=ax),
        "MembranePotential": lambda ax: MembranePotentialDisplay.from_estimator(
            stdp, X_test[0], ax=ax
        ),
        "ReceptiveField": lambda ax: ReceptiveFieldDisplay.from_estimator(device, ax=ax),
        "ReceptiveField, of a table": lambda ax: ReceptiveFieldDisplay.from_estimator(wine, ax=ax),
        "WeightHistogram": lambda ax: WeightHistogramDisplay.from_estimator(device, ax=ax),
        "WeightEvolution": lambda ax: WeightEvolutionDisplay.from_weights(weights, ax=ax),
        "LearningRule": lambda ax: LearningRuleDisplay.from_rule("sin", ax=ax),
        "WeightChange": lambda ax: WeightChangeDisplay.from_parameters(
            Parameters(eta=0.1), synapse=LinearSynapse(16), ax=ax
        ),
        "Encoder": lambda ax: EncoderDisplay.from_estimator(wine, table.data, "alcohol", ax=ax),
        "SpikeCount": lambda ax: SpikeCountDisplay.from_estimator(stdp, X_train, y_train, ax=ax),
        "DecisionTime": lambda ax: DecisionTimeDisplay.from_estimator(
            device, X_test[:300], y_test[:300], ax=ax
        ),
        "TrainingHistory": lambda ax: TrainingHistoryDisplay.from_estimator(
            network, X_train, y_train, X_test=X_test[:300], y_test=y_test[:300], ax=ax
        ),
        "Synapse": lambda ax: SynapseDisplay.from_synapse(
            synapse, measurement=(range(8), conductances), ax=ax
        ),
        "Occupancy": lambda ax: OccupancyDisplay.from_estimator(device, ax=ax),
        "DeviceWear": lambda ax: DeviceWearDisplay.from_estimator(device, ax=ax),
        "SynapseStudy": lambda ax: SynapseStudyDisplay.from_study(study, ax=ax),
    }
    figure = plt.figure(figsize=(20, 14), layout="constrained")
    for part, (name, draw) in zip(figure.subfigures(4, 4).flat, pictures.items(), strict=True):
        ax = part.subplots()
        draw(ax)
        ax.set_title(name + ("" if "," in name else "Display"))
    save(figure, "displays")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (front, start, encodings, table_fields, look, learned, devices, study,
                 latency_code, augmentation, recruitment, margin, accuracies, late_decision,
                 escape_noise, patch_features, displays, way_of_a_series):  # fmt: skip
        draw()
