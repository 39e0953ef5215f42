"""Neurons that compete for the windows of a signal, of one dimension or two.

A signal is given by its levels, (n_signals, n_channels, n_sites): whole numbers, each of
which stands for what the inputs of a channel spike at a site; 0 is silent. Row `level` of a
code, (n_levels, n_inputs), holds the traces that those spikes leave. A window reads the
sites at its taps, rows and columns from its place, (n_taps, 2).
"""

import numpy as np

from . import _kernels


def recruit(
    places: np.ndarray, levels: np.ndarray, code: np.ndarray, taps: np.ndarray, shape: tuple
) -> np.ndarray:
    """Make a neuron of each window: its weights are the traces, scaled to norm 1.

    Parameters
    ----------
    places : ndarray of shape (n_neurons, 2)
        Signal and site of each window, which must not be silent.
    levels : ndarray of shape (n_signals, n_channels, n_sites)
    code : ndarray of shape (n_levels, n_inputs)
    taps : ndarray of shape (n_taps, 2)
    shape : tuple of (height, width)
        Of a signal, ``height * width == n_sites``.

    Returns
    -------
    ndarray of shape (n_taps * n_channels * n_inputs, n_neurons)
    """
    window = np.empty(len(taps) * levels.shape[1] * code.shape[1])
    weights = np.zeros((len(window), len(places)))
    for j, (n, site) in enumerate(places):
        row, column = divmod(int(site), shape[1])
        _kernels.windows.window_at(levels[n], code, taps, shape, row, column, window)
        _kernels.windows.imprint(weights, j, 1.0, window)
    return weights


def compete(
    weights: np.ndarray,
    levels: np.ndarray,
    code: np.ndarray,
    taps: np.ndarray,
    shape: tuple,
    places: np.ndarray,
    eta: float,
    final_eta: float,
    threshold_increment: float,
) -> None:
    """Let the neurons compete for the windows at `places`, and learn them by STDP.

    Parameters
    ----------
    weights : ndarray of shape (n_taps * n_channels * n_inputs, n_neurons)
        Changed in place; each neuron keeps a norm of 1.
    levels, code, taps, shape
        As in :func:`recruit`.
    places : ndarray of shape (n_presentations, 2)
        Signal and site of the windows, in the order they are shown.
    eta, final_eta : float
        Learning rate at the start and at the end, falling exponentially.
    threshold_increment : float
        Rise of the threshold of a neuron that wins.
    """
    rates = float(eta), float(final_eta), float(threshold_increment)
    _kernels.windows.learn_windows(weights, levels, code, taps, shape, places, *rates)


class Competition:
    """Neurons of which the most driven answer, at each site of a signal.

    Parameters
    ----------
    weights : ndarray of shape (n_taps * n_channels * n_inputs, n_neurons)
    code : ndarray of shape (n_levels, n_inputs)
    taps : ndarray of shape (n_taps, 2)
    n_winners : int
        Neurons that answer at a site, with their lead over the next one.
    normalised : bool, default=False
        Whether the leads are those of windows of norm 1.
    exact : bool, default=True
        Whether potentials are those of :func:`drive`, or have the 15 bits that are fast.
    """

    def __init__(
        self,
        weights: np.ndarray,
        code: np.ndarray,
        taps: np.ndarray,
        n_winners: int,
        *,
        normalised: bool = False,
        exact: bool = True,
    ):
        n_inputs, n_neurons = code.shape[1], weights.shape[1]
        responses = code @ weights.reshape(len(taps), -1, n_inputs, n_neurons)
        largest = responses.max(axis=2).sum(axis=(0, 1)).max()
        self._unit = 2.0**-20 if exact else largest / 2**14
        self._responses = np.rint(responses / self._unit).astype(np.int64 if exact else np.int16)
        self._packed = np.empty(n_neurons, np.int64 if exact else np.int32)
        self._powers = np.square(code).sum(axis=1)
        self._taps, self._n_winners, self._normalised = taps, n_winners, normalised
        self.n_neurons = n_neurons

    def answer(
        self, levels: np.ndarray, shapes: tuple | np.ndarray, map_shape: tuple, step: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pool the leads of the winners over signals.

        Parameters
        ----------
        levels : ndarray of shape (n_signals, n_channels, n_sites)
        shapes : tuple of (height, width) or ndarray of shape (n_signals, 2)
            Of each signal; sites beyond it do not count.
        map_shape : tuple of (height, width)
            Cells of a map.
        step : int, default=1
            Neurons answer at every so many sites.

        Returns
        -------
        maps : ndarray of shape (n_signals, n_neurons, height, width)
            Sums over the cells, which are triangles.
        peaks : ndarray of shape (n_signals, n_neurons)
            Maxima over whole signals.
        """
        n_signals = len(levels)
        shapes = np.array(np.broadcast_to(shapes, (n_signals, 2)), np.int64, order="C")
        maps = np.zeros((n_signals, self.n_neurons, *map_shape))
        peaks = np.zeros((n_signals, self.n_neurons))
        _kernels.windows.answer_windows(
            self._responses,
            self._unit,
            self._powers,
            levels,
            shapes,
            self._taps,
            step,
            self._normalised,
            np.empty_like(self._packed),  # not shared by threads
            np.empty(self._n_winners + 1, np.int64),
            maps,
            peaks,
        )
        return maps, peaks
