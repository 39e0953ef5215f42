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


def nearest(value, levels):
    """The level nearest to a value, the first one on a tie."""
    return min(levels, key=lambda level: abs(level - value))


def updated(w, F, p, levels=None):
    """One weight after one update."""
    diff = w - p["min_weight"] if F < 0 else p["max_weight"] - w
    new = w + p["eta"] * F * math.copysign(abs(diff) ** 0.9, diff)
    return new if levels is None else nearest(new, levels)


class Reference:
    """Layers in sequence; `p` is a dict of settings, `weights` a list of matrices."""

    def __init__(self, p, weights, *, wta=True, true_lif=False, levels=None, lookup=None, rule=None):
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
            for j in range(N):
                if rest_until[j] < t:
                    V[j] += W[j] @ train[:, t]
                    if V[j] > p["resting_potential"]:
                        V[j], H[j] = self._decayed(V[j], H[j])
                    C[j] = V[j]
            integrated.append(C.copy())
            h = int(np.argmax(C))
            if C[h] >= H[h]:
                counts[h] += 1
                for j in range(N):
                    if C[j] > H[j]:
                        out[j, t] = 1
                        V[j] = p["reset_potential"]
                        H[j] += 1
                    else:
                        V[j] = p["inhibitory_potential"]
                    rest_until[j] = t + p["refractory_time"]
                if learn:
                    for neuron in [h] if self.wta else range(N):
                        for i in range(W.shape[1]):
                            self._reweigh(k, neuron, i, t, train, touched)
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
        return V - lower_V, H - lower_H if H > p["spike_threshold"] else H

    def _reweigh(self, k, h, i, t, train, touched):
        for d in range(-self.p["past_window"] + 1):
            if t - d >= 0 and train[i, t - d]:
                self._update(k, h, i, self.rule(d))
                touched[h, i] = True
        if not touched[h, i]:
            self._update(k, h, i, self.rule(-1))

    def _update(self, k, h, i, F):
        levels, counts = self.levels, self.update_counts[k]
        if self.lookup is not None:
            levels = self.lookup[min(counts[h, i], len(self.lookup) - 1)]
        self.weights[k][h, i] = updated(self.weights[k][h, i], F, self.p, levels)
        counts[h, i] += 1
