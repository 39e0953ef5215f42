"""A slow simulator of learning from reward, written from its description alone.

It shares no code with the package. Every spike is presented step by step; weights are rows,
one a neuron. Given the same draws its weights are those of the package to the bit: each is
rounded to a multiple of 2**-20 after an update, so how a norm is summed (a relative error of
1e-16) could only show in a weight within 1e-9 of a grid step of the middle between two.

Beyond the rule that one layer learns by, it knows weights of both signs, the mean of all weights
passed through, and columns of neurons that learn side by side.
"""

import math
from typing import NamedTuple

import numpy as np

GRID = 2.0**20
RECRUIT_WEIGHT = 1e-3


def rounded(weights):
    """The nearest multiples of 2**-20, the higher one on a tie."""
    return np.floor(np.asarray(weights) * GRID + 0.5) / GRID


def scaled(weights):
    """Synaptic scaling: each row, or the only one, at an L2 norm of 1; a row of zeros stays."""
    weights = np.asarray(weights, dtype=float)
    norms = np.sqrt((weights**2).sum(axis=-1, keepdims=True))
    return rounded(weights / np.where(norms > 0, norms, 1))


def presented(weights, train, decision_step=None):
    """Potentials and traces at the decision, after every spike of a train (n_inputs, n_steps).

    A spike opens its synapse until the sample ends; an open synapse lets its weight in at every
    step, once for each spike that has opened it. Nothing leaks.
    """
    last = train.shape[1] - 1 if decision_step is None else decision_step
    opened = np.zeros(train.shape[0])
    potentials, traces = np.zeros(len(weights)), np.zeros(train.shape[0])
    for t in range(min(last, train.shape[1] - 1) + 1):
        opened += train[:, t]
        potentials += weights @ opened
        traces += opened
    return potentials, traces


def cosines(weights, train, decision_step=None):
    """Potentials in units of the norm of the traces; 0 if nothing has spiked."""
    potentials, traces = presented(weights, train, decision_step)
    norm = math.sqrt((traces**2).sum())
    return potentials / norm if norm > 0 else potentials


class Rule(NamedTuple):
    """What a presentation teaches.

    In the margin, the most driven neuron of the right class is rewarded and that of all other
    classes punished; outside it, the first gets a share `reinforcement` of the reward. Without
    `reward` the most driven neuron of the right class always learns, and no other.
    """

    eta: float
    margin: float = 0.08
    reinforcement: float = 0.0
    reward: bool = True
    scaling: bool = True
    signed: bool = False
    decision_step: int | None = None


def changed(row, change, traces, rule):
    """The weights of one neuron after ``w += change * trace / |trace|``.

    They do not fall below 0 unless they are signed, and end on a norm of 1; without scaling,
    those that are not signed end at 1 at most.
    """
    row = row + change * traces / math.sqrt((traces**2).sum())
    if not rule.signed:
        row = np.maximum(row, 0)
    if rule.scaling:
        return scaled(row)
    return rounded(row if rule.signed else np.minimum(row, 1))


def present(weights, neuron_classes, train, label, rule):
    """Learn from one spike train, in place; return whether it taught."""
    potentials, traces = presented(weights, train, rule.decision_step)
    if not traces.any():
        return False
    right = best_of(potentials, neuron_classes == label)
    wrong = best_of(potentials, neuron_classes != label)
    norm = math.sqrt((traces**2).sum())
    leads = (
        right is not None
        and wrong is not None
        and (potentials[right] - potentials[wrong]) / norm >= rule.margin
    )
    taught = not (rule.reward and leads)
    rate = rule.eta * (1 if taught else rule.reinforcement)
    if rate > 0 and right is not None:
        weights[right] = changed(weights[right], rate, traces, rule)
    if taught and rule.reward and wrong is not None:
        weights[wrong] = changed(weights[wrong], -rate, traces, rule)
    return taught


def best_of(potentials, among):
    """The most driven neuron of a mask, the first of equal ones; None if the mask is empty."""
    candidates = np.flatnonzero(among)
    return candidates[np.argmax(potentials[candidates])] if len(candidates) else None


def learn(
    weights, neuron_classes, trains, labels, order, rule, *, silent=None, groups=None, columns=None
):
    """Present samples in an order; return the weights after each presentation, and what taught.

    Parameters
    ----------
    weights : ndarray of shape (n_neurons, n_inputs)
        Left alone.
    neuron_classes : ndarray of shape (n_neurons,)
    trains : ndarray of shape (n_samples, n_inputs, n_steps)
    labels : ndarray of shape (n_samples,)
    order : sequence of int
        The sample of each presentation.
    rule : Rule
    silent : ndarray of bool of shape (n_presentations, n_groups) or \
(n_presentations, n_columns, n_groups), optional
        The groups of inputs that are silent in a presentation, to all columns or to each.
    groups : ndarray of int of shape (n_inputs,), optional
        The group of each input.
    columns : ndarray of int of shape (n_neurons,), optional
        The column of each neuron. Each learns as if it were alone.

    Returns
    -------
    history : ndarray of shape (n_presentations, n_neurons, n_inputs)
    taught : ndarray of bool of shape (n_presentations, n_columns)
    """
    weights, neuron_classes = np.array(weights, dtype=float), np.asarray(neuron_classes)
    columns = np.zeros(len(weights), dtype=int) if columns is None else np.asarray(columns)
    n_columns = columns.max() + 1
    history = np.empty((len(order), *weights.shape))
    taught = np.zeros((len(order), n_columns), dtype=bool)
    for k, sample in enumerate(order):
        for column in range(n_columns):
            train = trains[sample]
            if silent is not None:
                quiet = silent[k] if np.ndim(silent) == 2 else silent[k, column]
                train = np.where(quiet[groups][:, np.newaxis], 0, train)
            neurons = np.flatnonzero(columns == column)
            part = weights[neurons]
            taught[k, column] = present(part, neuron_classes[neurons], train, labels[sample], rule)
            weights[neurons] = part
        history[k] = weights
    return history, taught


def averaged(history, shares):
    """The mean of the weights after each presentation, weighted by a share for each."""
    shares = np.asarray(shares, dtype=float)
    return rounded(np.tensordot(shares, history, axes=1) / shares.sum())


def recruited(trains, chosen):
    """Start weights of neurons: each takes the traces of one sample, and a little more."""
    none = np.empty((0, trains.shape[1]))
    return scaled(np.array([presented(none, trains[k])[1] for k in chosen]) + RECRUIT_WEIGHT)


# ------------------------------------------------------------------------- the decision


def class_scores(potentials, neuron_classes, n_classes, noise=0.0, columns=None):
    """How much drives each class: its neurons' potentials, the mean over columns.

    Neurons of a column fire at the rate exp(V / noise), so those of a class count as
    ``noise * log(sum(exp(V / noise)))``; without noise, as the most driven one. A class without
    a neuron is never chosen.
    """
    neuron_classes = np.asarray(neuron_classes)
    columns = np.zeros(len(potentials), dtype=int) if columns is None else np.asarray(columns)
    scores = np.zeros((columns.max() + 1, n_classes))
    for column, label in np.ndindex(*scores.shape):
        V = potentials[(columns == column) & (neuron_classes == label)]
        if len(V) == 0:
            scores[column, label] = -np.inf
        elif noise == 0:
            scores[column, label] = V.max()
        else:
            scores[column, label] = V.max() + noise * math.log(np.exp((V - V.max()) / noise).sum())
    return scores.mean(axis=0)


# --------------------------------------------------------------------- a whole training


def latency_trains(intensities, n_steps):
    """One spike an input, the strongest of a sample at step 1.

    An input of intensity p spikes at step ``n_steps - round(n_steps p / max p) + 1``, and not at
    all where that lies beyond the last one.
    """
    trains = np.zeros((*np.shape(intensities), n_steps + 1), dtype=np.uint8)
    for train, row in zip(trains, intensities, strict=True):
        for i, p in enumerate(row):
            count = math.floor(p * (n_steps / max(row)) + 0.5) if max(row) > 0 else 0
            if count > 0:
                train[i, n_steps + 1 - count] = 1
    return trains


def fields(scaled, n_fields, variance):
    """Intensities of Gaussian receptive fields, relative to the strongest of the sample.

    Their centres lie evenly between 0 and 1; of several features, those of one lie together.
    """
    centres = np.linspace(0, 1, n_fields) if n_fields > 1 else np.array([0.5])
    responses = np.exp(-((scaled[:, :, np.newaxis] - centres) ** 2) / (2 * variance))
    return (responses / responses.max(axis=(1, 2), keepdims=True)).reshape(len(scaled), -1)


def neurons_of_classes(labels, n_neurons):
    """One neuron after another for the class that has the fewest, none with more than samples.

    When all classes have as many as they have samples, that does not count any more.
    """
    sizes = np.bincount(labels)
    shares = [0] * len(sizes)
    for _ in range(n_neurons):
        free = [k for k, size in enumerate(sizes) if shares[k] < size] or range(len(sizes))
        shares[min(free, key=lambda k: shares[k])] += 1
    return np.repeat(np.arange(len(sizes)), shares)


def fit(trains, labels, generator, settings, groups=None):
    """Train as SNNClassifier does, with the draws it takes from a generator.

    `settings` are its parameters n_neurons, epochs and eta, and those of its learning. Those
    of a MarginLearning have an `averaging`. Returns the weights that learn, those that answer
    and the classes of the neurons.
    """
    s = settings
    margin_learning = "averaging" in s
    n_columns = s.get("n_columns", 1)
    of_column = neurons_of_classes(labels, s["n_neurons"] // n_columns)
    neuron_classes = np.tile(of_column, n_columns)
    columns = np.repeat(np.arange(n_columns), len(of_column))
    generator.integers(2**31)  # the seed of an encoder
    draw_keys(generator, 2)
    if margin_learning:
        weights = rounded(0.01 * generator.random((len(neuron_classes), trains.shape[1])))
    if s["recruitment"]:
        chosen = np.empty(len(neuron_classes), int)
        for k, n in enumerate(np.bincount(neuron_classes)):
            of_class = generator.permutation(np.flatnonzero(labels == k))
            chosen[neuron_classes == k] = np.resize(of_class, n)
        if margin_learning:
            none = np.empty((0, trains.shape[1]))
            traces = np.array([presented(none, train)[1] for train in trains[chosen]])
            norms = np.sqrt((traces**2).sum(axis=1, keepdims=True))
            weights = rounded(s["recruitment"] * traces / np.where(norms > 0, norms, 1.0))
        else:
            weights = recruited(trains, chosen)
    elif not margin_learning:
        weights = scaled(generator.random((len(neuron_classes), trains.shape[1])))
    draw_keys(generator, 1)
    histories = []
    for epoch in range(s["epochs"]):
        order = generator.permutation(len(trains))
        _, dropper = generator.spawn(2)
        silent = None
        if groups is not None and groups.max() > 1 and s["feature_dropout"] > 0:
            # A batch of at most 128 presentations is drawn at once, which changes nothing.
            shape = (len(trains), n_columns, groups.max() + 1)
            silent = dropper.random(shape) < s["feature_dropout"]
        rule = Rule(
            s["eta"] * s["eta_decay"] ** epoch,
            s["margin"],
            s.get("reinforcement", 0.0),
            epoch >= s.get("competitive_epochs", 0),
            s.get("synaptic_scaling", False),
            margin_learning or s["signed"],
        )
        history, _ = learn(
            weights, neuron_classes, trains, labels, order, rule, silent=silent, groups=groups,
            columns=columns,
        )  # fmt: skip
        histories.append(history)
        weights = history[-1]
        if margin_learning:
            draw_keys(generator, 1)
    answering = weights
    if margin_learning:
        history = np.concatenate(histories)
        answering = averaged(history, np.arange(1.0, len(history) + 1) ** s["averaging"])
    return weights, answering, neuron_classes


def draw_keys(generator, size):
    """The seeds of noise, which these networks do not have."""
    generator.integers(2**64, size=size, dtype=np.uint64)
