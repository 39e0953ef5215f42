"""A slow simulator of one network, written from the description of the dynamics alone.

It shares no code with the package. The lag of depression is not drawn: the reference can only
run windows in which a single lag is possible (``past_window`` from -4 to 0, but not -5 or less).
"""

import math

import numpy as np


def stdp(dt, p):
    """F(dt) of the conventional rule, for one number."""
    if dt >= 0:
        return p["A_up"] * math.exp(-dt / p["tau_up"])
    return p["A_down"] * math.exp(dt / p["tau_down"])


def nearest(values, levels):
    """The level nearest to each value, the first one on a tie; `levels` may be a row a value."""
    values, levels = np.asarray(values, float), np.asarray(levels, float)
    best = np.abs(levels - values[..., None]).argmin(axis=-1)
    rows = np.broadcast_to(levels, (*values.shape, levels.shape[-1]))
    return np.take_along_axis(rows, best[..., None], axis=-1)[..., 0]


def updated(w, F, p, levels=None):
    """Weights, or one weight, after one update."""
    diff = w - p["min_weight"] if F < 0 else p["max_weight"] - w
    new = w + p["eta"] * F * np.sign(diff) * np.abs(diff) ** 0.9
    return new if levels is None else nearest(new, levels)


class Reference:
    """Layers in sequence; `p` is a dict of settings, `weights` a list of matrices."""

    def __init__(
        self, p, weights, *, wta=True, true_lif=False, levels=None, lookup=None, rule=None
    ):
        assert -4 <= p["past_window"] <= 0, "only windows with a single lag of depression"
        self.p = p
        self.weights = [np.array(w, dtype=float) for w in weights]
        self.wta, self.true_lif, self.levels, self.lookup = wta, true_lif, levels, lookup
        self.rule = rule or (lambda dt: stdp(dt, p))
        self.update_counts = [np.zeros(w.shape, dtype=int) for w in self.weights]
        self.label_map = np.full(len(self.weights[-1]), -1)

    def present(self, train, learn=False, label=None):
        """Run all layers; return the counts of the last one and its neuron of highest potential.

        What happened stays in `trains` (input, then each layer's output), `integrated` (for each
        layer C after step 1 of t = 1 ... T, a row a time step), `membranes` (V at the end of
        each time step) and `firings` (the layer's weights after each learned firing).
        """
        self.trains, self.integrated, self.membranes, self.firings = [np.array(train)], [], [], []
        for k in range(len(self.weights)):
            counts, C = self._run_layer(k, self.trains[-1], learn)
        winner = int(np.argmax(C))
        if learn and label is not None:
            self.label_map[winner] = label
        return counts, winner

    def learn(self, X, y):
        return np.array([self.present(x, True, label)[0] for x, label in zip(X, y, strict=True)])

    def count(self, X):
        return np.array([self.present(x)[0] for x in X])

    def predict(self, X):
        return self.label_map[np.argmax(self.count(X), axis=1)]

    def _run_layer(self, k, train, learn):
        p, W = self.p, self.weights[k]
        N, T = len(W), train.shape[1] - 1
        V = np.full(N, float(p["resting_potential"]))
        H = np.full(N, float(p["spike_threshold"]))
        rest_until = np.full(N, -1)
        C = np.zeros(N)
        touched = np.zeros(W.shape, dtype=bool)
        out = np.zeros((N, T + 1), dtype=int)
        counts = np.zeros(N, dtype=int)
        integrated, membranes = [], []
        for t in range(1, T + 1):
            awake = rest_until < t
            V[awake] += W[awake][:, train[:, t] == 1].sum(axis=1)
            leaky = awake & (p["resting_potential"] < V)
            V[leaky], H[leaky] = self._decayed(V[leaky], H[leaky])
            C[awake] = V[awake]
            integrated.append(C.copy())
            h = int(np.argmax(C))
            if C[h] >= H[h]:
                counts[h] += 1
                fires = C > H
                out[fires, t] = 1
                V[:] = np.where(fires, p["reset_potential"], p["inhibitory_potential"])
                H[fires] += 1
                rest_until[:] = t + p["refractory_time"]
                if learn:
                    for neuron in [h] if self.wta else range(N):
                        self._reweigh(k, neuron, t, train, touched)
                    self.firings.append(W.copy())
            membranes.append(V.copy())
        self.trains.append(out)
        self.integrated.append(np.array(integrated))
        self.membranes.append(np.array(membranes))
        return counts, C

    def _decayed(self, V, H):
        p = self.p
        if self.true_lif:
            lower_V = (V - p["resting_potential"]) / p["tau_m"]
            lower_H = (H - p["spike_threshold"]) / p["tau_threshold"]
        else:
            lower_V, lower_H = p["spike_drop_rate"], p["threshold_drop_rate"]
        return V - lower_V, np.where(p["spike_threshold"] < H, H - lower_H, H)

    def _reweigh(self, k, h, t, train, touched):
        for d in range(-self.p["past_window"] + 1):
            if t - d >= 0:
                spiked = train[:, t - d] == 1
                self._update(k, h, spiked, self.rule(d))
                touched[h] |= spiked
        self._update(k, h, ~touched[h], self.rule(-1))

    def _update(self, k, h, which, F):
        """Update the synapses `which` (a mask over the inputs) of neuron h once."""
        levels, counts = self.levels, self.update_counts[k][h]
        if self.lookup is not None:
            levels = np.asarray(self.lookup)[np.minimum(counts[which], len(self.lookup) - 1)]
        row = self.weights[k][h]
        row[which] = updated(row[which], F, self.p, levels)
        counts[which] += 1
