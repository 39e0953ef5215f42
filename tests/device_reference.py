"""A slow simulator of devices under learning from reward and by spike timing.

Written from the description of the devices alone; it shares no code with the package. Numbers
of synapses are objects here, one a synapse, and a presentation is arithmetic over traces.
"""

import math

import numpy as np
from reference import Reference, updated

GRID = 2.0**20


class Synapse:
    """One device of finite levels, or a pair of them whose weight is the difference.

    `tables` holds the levels after 0, 1, 2 ... pulses of a device, the last one stays: each a
    list, or a list for strengthening and one for weakening.
    """

    def __init__(self, conductances, tables, update, lowest=0.0):
        self.g = [float(g) for g in np.atleast_1d(conductances)]
        self.pulses = [0] * len(self.g)
        self.tables, self.update, self.lowest = tables, update, lowest
        self.accumulator = 0.0

    @property
    def weight(self):
        return self.g[0] if len(self.g) == 1 else self.g[0] - self.g[1]

    def levels(self, d, up):
        table = self.tables[min(self.pulses[d], len(self.tables) - 1)]
        return table if np.ndim(table) == 1 else table[0 if up else 1]

    def next_level(self, d, up):
        """The neighbour of the level nearest to what device d holds, None at the end."""
        levels = self.levels(d, up)
        at = min(levels, key=lambda level: abs(level - self.g[d]))
        beyond = [level for level in levels if (level > at if up else level < at)]
        return (min if up else max)(beyond) if beyond else None

    def write(self, d, level):
        if self.g[d] != level:
            self.g[d], self.pulses[d] = level, self.pulses[d] + 1

    def pulse(self, up):
        """Where one pulse goes: the device, and the level it leads to."""
        if len(self.g) == 1:
            return 0, self.next_level(0, up)
        ours, other = (0, 1) if up else (1, 0)
        lower = self.next_level(other, False)
        return (ours, self.next_level(ours, True)) if lower is None else (other, lower)

    def ask(self, change):
        """Write a desired change as this device does."""
        if self.update == "nearest":
            if change != 0:
                self.ask_nearest(self.weight + change)
            return
        if self.update == "accumulate" and change != 0:
            change, self.accumulator = change + self.accumulator, 0.0
        while change != 0:
            d, level = self.pulse(change > 0)
            if level is None:
                return
            gap = abs(level - self.g[d])
            if self.update == "pulse":
                self.write(d, level)
                return
            if abs(change) < gap:
                self.accumulator = change
                return
            self.write(d, level)
            change = math.copysign(abs(change) - gap, change)

    def ask_nearest(self, weight):
        if len(self.g) == 2:
            d = 0 if weight >= 0 else 1
            self.write(1 - d, self.lowest)
            weight = abs(weight) + self.lowest
        else:
            d = 0
        levels = self.levels(d, weight >= self.g[d])
        self.write(d, min(levels, key=lambda level: abs(level - weight)))


class RewardedLayer:
    """Neurons of a class on devices; each row of `conductances` is a neuron's synapses.

    `conductances` has a first axis of two for pairs.
    """

    def __init__(self, conductances, classes, tables, update, *, eta, margin, scaled=True,
                 reinforcement=0.0, unit=1.0):  # fmt: skip
        conductances = np.array(conductances, dtype=float)
        if conductances.ndim == 2:
            conductances = conductances[np.newaxis]
        _, n_neurons, n_inputs = conductances.shape
        self.synapses = [
            [Synapse(conductances[:, j, i], tables, update) for i in range(n_inputs)]
            for j in range(n_neurons)
        ]
        self.classes = np.asarray(classes)
        self.eta, self.margin, self.scaled, self.unit = eta, margin, scaled, unit
        self.reinforcement = reinforcement

    def of_each(self, name):
        return np.array([[getattr(s, name) for s in row] for row in self.synapses])

    @property
    def weights(self):
        return np.floor(self.of_each("weight") * GRID + 0.5) / GRID

    def gains(self):
        if not self.scaled:
            return np.full(len(self.synapses), self.unit)
        return 1 / np.sqrt((self.weights**2).sum(axis=1))

    def present(self, traces, label):
        """Learn from the traces of one sample."""
        weights, gains = self.weights, self.gains()
        q = traces / math.sqrt((traces**2).sum())
        cosines = (weights @ q) * gains
        right = max(np.flatnonzero(self.classes == label), key=lambda j: cosines[j])
        wrong = max(np.flatnonzero(self.classes != label), key=lambda j: cosines[j])
        if cosines[right] - cosines[wrong] < self.margin:
            rates = {right: self.eta, wrong: -self.eta}
        else:
            rates = {right: self.eta * self.reinforcement}
        for j, rate in rates.items():
            if rate == 0:
                continue
            change = rate * q / gains[j]
            if self.scaled:
                change = change - rate * cosines[j] * weights[j]
            for synapse, part in zip(self.synapses[j], change, strict=True):
                synapse.ask(part)


def traces_of(train):
    """How long each input's synapse has been open, once for each of its spikes."""
    return np.cumsum(train, axis=1).sum(axis=1).astype(float)


class SpikingDevices(Reference):
    """The reference of spike timing on devices that are written by pulses."""

    def __init__(self, p, weights, tables, update):
        super().__init__(p, weights)
        self.devices = [
            [[Synapse(w, tables, update) for w in row] for row in matrix] for matrix in weights
        ]

    def _update(self, k, h, which, F):
        for i in np.flatnonzero(which):
            synapse = self.devices[k][h][i]
            synapse.ask(updated(synapse.weight, F, self.p) - synapse.weight)
            self.weights[k][h, i] = synapse.weight
        self.update_counts[k][h][which] += 1
