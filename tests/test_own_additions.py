"""What a newcomer added with README and `how_to_extend` alone: it goes on working as it is."""

import joblib
import matplotlib as mpl
import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_digits, load_wine
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline

from nervos_sklearn import (
    Learning,
    LinearSynapse,
    NonLinearSynapse,
    SNNClassifier,
    Synapse,
    TableSynapse,
    synapse_study,
)

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, train_size=700, test_size=400, stratify=y, random_state=0)


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True)
    names = np.array(["barolo", "grignolino", "barbera"])[y]
    return train_test_split(X, names, stratify=y, random_state=0)


class ConscienceLearning(Learning):
    """Neurons compete within their class; whoever has won often must be driven more to win."""

    moves_images = False

    def __init__(self, conscience=0.2, rate=0.1):
        self.conscience = conscience
        self.rate = rate

    def initial_weights(self, module, presentations, y, generator):
        recruits = [generator.choice(np.flatnonzero(y == k)) for k in module.neuron_label_map]
        return self.normed(presentations.traces(recruits))

    def start(self, module, presentations, y, generator):
        super().start(module, presentations, y, generator)
        module.decision["wins"] = np.ones(len(module.neuron_label_map))

    def learn_epoch(self, module, presentations, y, weights, generator):
        wins = module.decision["wins"]
        for i in generator.permutation(len(y)):
            (batch,) = self.show(module, presentations, [i], generator)
            own = np.flatnonzero(module.neuron_label_map == y[i])
            handicap = self.conscience * (wins[own] / wins[own].mean() - 1)
            winner = own[(self.activity(module, batch)[0, own] - handicap).argmax()]
            wins[winner] += 1
            now = module.get_all_synapses()[0]
            changes = np.zeros_like(now)
            changes[winner] = self.rate * weights[i] * (self.normed(batch.traces)[0] - now[winner])
            module.change_weights(changes)
        return 1.0

    def activity(self, module, batch):
        norms = np.linalg.norm(module.get_all_synapses()[0], axis=1)
        return super().activity(module, batch) / norms

    @staticmethod
    def normed(traces):
        return traces / np.linalg.norm(traces, axis=1, keepdims=True)


def test_conscience_shares_the_wins(digits):
    X_train, X_test, y_train, y_test = digits
    spread = {}
    for conscience in (0.0, 0.2):
        learning = ConscienceLearning(conscience)
        network = SNNClassifier(60, learning=learning, epochs=2, random_state=0)
        assert network.fit(X_train, y_train).score(X_test, y_test) > 0.9
        wins = network.module_.decision["wins"]
        assert wins.sum() == 60 + 2 * len(y_train)
        spread[conscience] = wins.std()
    assert spread[0.2] < spread[0.0] / 2
    network.set_params(synapse=LinearSynapse(32), early_stopping=True)
    network.fit(X_train[:500], y_train[:500])
    assert network.score(X_test, y_test) > 0.85


class PassiveAggressiveLearning(Learning):
    """Each sample moves its best right and best wrong neuron just far enough, at most by C."""

    signed = True
    update = "stochastic"
    reads = frozenset({"epochs"})  # no eta

    def __init__(self, aggressiveness=0.1, margin=0.2):
        self.aggressiveness = aggressiveness
        self.margin = margin

    def defaults(self, task):
        return super().defaults(task) | {"n_neurons": 2 * len(task.class_counts), "epochs": 5}

    def learn_epoch(self, module, presentations, y, weights, generator):
        taught = 0
        for i in generator.permutation(len(y)):
            (batch,) = self.show(module, presentations, [i], generator)
            potentials = self.activity(module, batch)[0]
            own = module.neuron_label_map == y[i]
            right = np.where(own, potentials, -np.inf).argmax()
            wrong = np.where(own, -np.inf, potentials).argmax()
            loss = self.margin - potentials[right] + potentials[wrong]
            if loss > 0:
                x = batch.traces[0] / np.linalg.norm(batch.traces[0])
                changes = np.zeros((len(own), len(x)))
                changes[right] = min(self.aggressiveness * weights[i], loss / 2) * x
                changes[wrong] = -changes[right]
                module.change_weights(changes)
                taught += 1
        return taught / len(y)


def test_passive_aggressive_learning_is_signed_searched_and_kept(wine, tmp_path):
    X_train, X_test, y_train, y_test = wine
    network = SNNClassifier(learning=PassiveAggressiveLearning(), random_state=0)
    assert network.fit(X_train, y_train).score(X_test, y_test) > 0.9
    fields = network.module_.receptive_fields
    assert fields.shape[0] == 6
    assert fields.min() < 0

    noisy = LinearSynapse(16, read_noise=0.1, write_noise=0.02)
    on_devices = clone(network).set_params(synapse=noisy)
    assert on_devices.fit(X_train, y_train).score(X_test, y_test) > 0.85
    assert on_devices.module_.layers[0].pulses.shape[0] == 2  # a pair of devices

    grid = {"learning__aggressiveness": [0.001, 0.1], "learning__margin": [0.1, 0.2]}
    search = GridSearchCV(network, grid, cv=3, error_score="raise").fit(X_train, y_train)
    assert search.best_params_["learning__aggressiveness"] == 0.1
    joblib.dump(search, tmp_path / "search.joblib")
    again = joblib.load(tmp_path / "search.joblib")
    np.testing.assert_array_equal(again.predict_proba(X_test), search.predict_proba(X_test))


class FatiguedSynapse(Synapse):
    """Strengthening is abrupt, weakening even; after `life` pulses half the window is left."""

    def __init__(
        self,
        n_states=16,
        abruptness=2.0,
        life=1000,
        *,
        update=None,
        read_noise=0.0,
        write_noise=0.0,
        device_spread=0.0,
    ):
        super().__init__(
            update=update,
            read_noise=read_noise,
            write_noise=write_noise,
            device_spread=device_spread,
        )
        self.n_states = n_states
        self.abruptness = abruptness
        self.life = life

    def curves(self, min_weight, max_weight):
        even = np.linspace(0, 1, self.n_states)
        both = np.stack([even ** (1 / self.abruptness), even])[:, np.newaxis]  # (2, 1, n)
        windows = np.array([1.0, 0.75, 0.5])[:, np.newaxis]  # (n_tables, 1)
        return min_weight + (max_weight - min_weight) * windows * both  # (2, n_tables, n)

    def cycles(self):
        return [0, self.life // 2, self.life]


def test_devices_measured_and_own_serve_every_learning():
    generator = np.random.default_rng(1)  # an invented measurement, in microsiemens
    pulses, noise = np.arange(32), generator.normal(0, 0.3, (2, 32))
    rising = 2 + 38 * (1 - np.exp(-pulses / 10)) / (1 - np.exp(-3.1)) + noise[0]
    falling = 40 - 38 * (1 - np.exp(-pulses / 4)) / (1 - np.exp(-7.75)) + noise[1]
    fitted = NonLinearSynapse.from_measurement(
        pulses, rising, depression=(pulses, falling), update="stochastic"
    )
    assert fitted.residual_ < 0.02
    assert fitted.nu == pytest.approx(-3.1, abs=0.2)
    assert fitted.nu_depression == pytest.approx(7.75, abs=0.3)
    measured = TableSynapse.from_conductances(rising, falling, update="stochastic")
    own = FatiguedSynapse(16, life=4, write_noise=0.02)
    assert clone(own).get_params() == own.get_params()

    X, y = load_wine(return_X_y=True)
    for learning in ("prototype", "margin"):
        network = SNNClassifier(12, learning=learning, epochs=3, random_state=0)
        study = synapse_study(
            network, [fitted, measured, own], X, y, cv=2, read_energy=1e-15, write_energy=1e-12
        )
        last = study["epoch"] == 3
        for device in range(3):
            assert study["accuracy"][last & (study["device"] == device)].mean() > 0.8

    layer = SNNClassifier(12, synapse=own, epochs=3, random_state=0).fit(X, y).module_.layers[0]
    worn = layer.pulses >= 4
    assert 0 < worn.mean() < 1
    assert layer.conductances[worn].max() <= 0.5 + 0.06


class BurstCode(TransformerMixin, BaseEstimator):
    """The larger a feature among its training values, the more spikes its burst has."""

    def __init__(self, n_spikes=4, gap=3):
        self.n_spikes = n_spikes
        self.gap = gap

    def fit(self, X, y=None):
        shares = (np.arange(self.n_spikes) + 0.5) / self.n_spikes
        self.thresholds_ = np.quantile(X, shares, axis=0)
        return self

    def transform(self, X):
        counts = (np.asarray(X)[:, :, np.newaxis] > self.thresholds_.T).sum(axis=2)
        spikes = np.zeros((*counts.shape, 1 + self.n_spikes * self.gap), dtype=np.uint8)
        for k in range(self.n_spikes):
            spikes[:, :, 1 + k * self.gap] = counts > k
        return spikes


def test_burst_code_stands_before_and_inside(digits):
    X_train, X_test, y_train, y_test = digits
    inside = SNNClassifier(features=BurstCode(), random_state=0).fit(X_train, y_train)
    before = make_pipeline(BurstCode(), SNNClassifier(random_state=0)).fit(X_train, y_train)
    assert inside.score(X_test, y_test) > 0.85
    assert before.score(X_test, y_test) > 0.85
    assert inside.augmentation_ is not None
    assert before[-1].augmentation_ is None
    assert before[-1].n_steps_in_ == 13
    assert inside.features_.thresholds_.shape == (4, 64)

    search = GridSearchCV(
        SNNClassifier(features=BurstCode(), learning="prototype", epochs=3, random_state=0),
        {"features__n_spikes": [1, 4]},
        cv=2,
        error_score="raise",
    ).fit(X_train, y_train)
    assert search.cv_results_["mean_test_score"].min() > 0.8
    n_spikes = search.best_params_["features__n_spikes"]
    assert search.best_estimator_.features_.get_params() == {"gap": 3, "n_spikes": n_spikes}


class FeatureUseDisplay:
    """How strongly the neurons of each class are wired to each feature of a table."""

    def __init__(self, use, classes, features):
        self.use, self.classes, self.features = use, classes, features

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        n_features, labels = estimator.n_features_in_, estimator.neuron_label_map_
        fields = np.abs(estimator.module_.receptive_fields)
        of_feature = np.eye(n_features)[estimator.encoder_.channel_features_]
        of_class = labels == np.arange(len(estimator.classes_))[:, np.newaxis]
        use = of_class @ fields @ of_feature / of_class.sum(axis=1, keepdims=True)
        names = getattr(estimator, "feature_names_in_", np.arange(n_features))
        return cls(use, estimator.classes_, names).plot(ax=ax)

    def plot(self, *, ax=None):
        ax = plt.subplots(layout="constrained")[1] if ax is None else ax
        self.image_ = ax.imshow(self.use, aspect="auto")
        ax.set_yticks(range(len(self.classes)), self.classes)
        ax.set_xticks(range(len(self.features)), self.features, rotation=90)
        ax.figure.colorbar(self.image_, ax=ax, label="sum of |weight| a neuron")
        self.ax_, self.figure_ = ax, ax.figure
        return self


class RaceDisplay:
    """The potential of each neuron while one sample is shown, coloured by its class."""

    def __init__(self, steps, potentials, labels, classes):
        self.steps, self.potentials = steps, potentials
        self.labels, self.classes = labels, classes

    @classmethod
    def from_estimator(cls, estimator, sample, *, ax=None):
        module, labels = estimator.module_, estimator.neuron_label_map_
        spikes = estimator.encoder_.transform(np.atleast_2d(sample))[0]  # (n_channels, n_steps)
        traces = []
        module.feed_forward(
            spikes,
            labels.copy(),
            spikes.shape[1] - 1,
            plotting=True,
            layer_potentials_for_one_spike_train=traces,
        )
        layer = traces[-1]  # a list for each layer, of a dict for each neuron
        potentials = np.array([list(neuron.values()) for neuron in layer])
        return cls(list(layer[0]), potentials, labels, estimator.classes_).plot(ax=ax)

    def plot(self, *, ax=None):
        ax = plt.subplots(layout="constrained")[1] if ax is None else ax
        for potential, label in zip(self.potentials, self.labels, strict=True):
            ax.plot(self.steps, potential, color=f"C{label}", alpha=0.5)
        for k, name in enumerate(self.classes):
            ax.plot([], [], color=f"C{k}", label=name)
        ax.set(xlabel="time step (ms)", ylabel="potential")
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


def test_pictures_of_features_and_of_a_race():
    pytest.importorskip("pandas")
    data = load_wine(as_frame=True)
    names = data.target_names[data.target]
    network = SNNClassifier(random_state=0).fit(data.data, names)

    use = FeatureUseDisplay.from_estimator(network)
    assert use.use.shape == (3, 13)
    assert use.ax_.get_xticklabels()[-1].get_text() == "proline"

    race = RaceDisplay.from_estimator(network, data.data.iloc[0].to_numpy())
    assert race.potentials.shape == (len(network.neuron_label_map_), 32)
    winner = network.neuron_label_map_[race.potentials[:, -1].argmax()]
    assert network.classes_[winner] == network.predict(data.data.iloc[:1])[0] == "class_0"
    for display in (use, race):
        display.figure_.draw_without_rendering()
        plt.close(display.figure_)
