"""Samples on their way to the network: moved, transformed, encoded, batch by batch."""

import copy
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from ._validation import check_first_step, check_spike_trains
from .encoder import BATCH, rows_at_once, trace_dtype, traces_of_spikes

_KEPT = 1 << 26  # bytes of traces that are kept through training


class Batch(NamedTuple):
    """Some samples as a network sees them; None for what is not asked for.

    Parameters
    ----------
    chosen : ndarray of int of shape (n_chosen,)
        Which of the samples.
    spikes : ndarray of shape (n_chosen, n_channels, n_steps), dtype uint8, or None
        Their spike trains, zeros and ones.
    traces : ndarray of shape (n_chosen, n_channels), or None
        What the spikes leave at the decision, whole numbers, in ms.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn.presentations import Presentations
    >>> presentations = Presentations(np.array([[[0, 1, 0], [0, 0, 1]]]))
    >>> for batch in presentations.batches(np.array([0]), traces=True):
    ...     print(batch.chosen, batch.traces, batch.spikes)
    [0] [[2. 1.]] None
    """

    chosen: np.ndarray
    spikes: np.ndarray | Any
    traces: np.ndarray | Any


def unrest_of_spikes(spike_trains: np.ndarray) -> np.ndarray:
    """Sum over all steps the squared number of times that each synapse is open.

    The errors of its readings, one a step, add up to a variance in proportion to it.

    Parameters
    ----------
    spike_trains : ndarray of shape (n_samples, n_channels, n_steps)

    Returns
    -------
    ndarray of shape (n_samples, n_channels), dtype float64
    """
    n_open = np.cumsum(spike_trains, axis=2, dtype=np.float64)
    return np.square(n_open).sum(axis=2)


class Shown(NamedTuple):
    """What one sample did to a network, step by step."""

    spike_counts: np.ndarray  # (n_neurons,), of the last layer
    winner: int  # its neuron with the highest potential at the end
    spikeplots: list  # the input spikes and those of each layer
    potentials: list  # for each layer {time step: potential} a neuron, if recorded
    weights: list  # of a layer after each firing, if learning and recorded
    thresholds: tuple = ()  # for each layer (n_neurons, n_steps), if it has some and is recorded


def transformed(features: Any, X: Any, takes_missing: bool) -> np.ndarray | sparse.csr_array:
    """Transform samples, and check what comes of them.

    Parameters
    ----------
    features : transformer
        Fitted.
    X : array-like or sparse matrix
        What it was fitted on.
    takes_missing : bool
        Whether features may be missing afterwards.

    Returns
    -------
    {ndarray, sparse matrix} of shape (n_samples, n_features), dtype float64, or ndarray of shape \
(n_samples, n_channels, n_steps), dtype uint8
        Features, or spike trains whose first step is silent.
    """
    X = check_array(
        features.transform(X),
        accept_sparse="csr",
        allow_nd=True,
        ensure_all_finite="allow-nan" if takes_missing else True,
        input_name=f"X transformed by {type(features).__name__}",
    )
    if X.ndim == 2:
        return X.astype(np.float64, copy=False)
    X = check_spike_trains(X)
    check_first_step(X)
    return X


class Presentations:
    """The samples of a training set or of a batch, as a network sees them.

    The one way of the data: images are blurred and, in training, moved; then they go
    through `features` and the encoder, which makes spikes of them, or the traces that
    the spikes leave at the decision. Spike trains are taken as they are.

    Parameters
    ----------
    X : {ndarray, csr_array} of shape (n_samples, n_features) or ndarray of shape \
(n_samples, n_channels, n_steps)
        What the classifier is given, checked; spike trains if there is no encoder. A sparse
        matrix stays one: the encoder makes arrays of the rows of a batch.
    encoder : SpikeEncoder, optional
        Fitted.
    features : transformer, optional
        Fitted. Without an encoder, what it gives are spike trains.
    augmentation : ImageAugmentation, optional
        Fitted.
    weights : ndarray of shape (n_samples,), optional
        Factors of the learning rate, all 1 by default.

    Attributes
    ----------
    weights : ndarray of shape (n_samples,)
        Factors of the learning rate.
    class_weights : ndarray of shape (n_classes,) or None
        What each class counts in the decision; None if all count the same.
    n_channels, n_steps : int
        Of the spike trains; the first step is silent.
    groups : ndarray of int of shape (n_channels,) or None
        The feature that each channel is a receptive field of.
    order : ndarray of int of shape (n_samples,) or None
        The order in which to learn, if the learning keeps one.
    expected : ndarray of int of shape (n_classes,) or None
        Samples of each class that the network is made for, if more will come.
    recruits : ndarray of int of shape (n_neurons,)
        The sample that each neuron has started from, -1 for none; there if a learning recruits.

    Raises
    ------
    ValueError
        If what `features` give are no spike trains, where there is no encoder.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import SpikeEncoder
    >>> from nervos_sklearn.presentations import Presentations
    >>> X = np.array([[0.0, 1.0], [1.0, 0.5]])
    >>> encoder = SpikeEncoder("latency", training_duration=10, scale=None).fit(X)
    >>> presentations = Presentations(X, encoder)
    >>> presentations.traces([0, 1]).tolist()
    [[0.0, 10.0], [10.0, 5.0]]
    """

    recruits: np.ndarray  # the sample that each neuron starts from, if a learning recruits

    def __init__(self, X, encoder=None, features=None, augmentation=None, weights=None):
        self.encoder, self.features, self.augmentation = encoder, features, augmentation
        self.weights = np.ones(X.shape[0]) if weights is None else weights
        self._given, self._blurred = X, None
        self.order = None  # in which to learn, if the learning keeps one
        self.expected = None  # samples of each class, if more will come
        self.class_weights = None
        self.groups = None
        if encoder is None:
            self.n_channels, self.n_steps = self._transformed(X[:1]).shape[1:]
        else:
            self.n_channels, self.n_steps = encoder.n_channels_, encoder.n_steps_
            if encoder.encoding == "receptive_fields":
                self.groups = encoder.channel_features_
        self._kept = None

    def __len__(self):
        return self._given.shape[0]

    @property
    def X(self) -> np.ndarray:
        """The samples, blurred if they are images."""
        if self._blurred is None:
            still = self.augmentation is None
            self._blurred = self._given if still else self.augmentation.blurred(self._given)
        return self._blurred

    @property
    def size_of_batch(self) -> int:
        """Samples that are encoded at once where only traces are asked for."""
        if self.encoder is None or self.features is not None or self.augmentation is not None:
            return BATCH
        return rows_at_once(self.n_channels)

    def subset(self, chosen: np.ndarray) -> "Presentations":
        """Return some of the samples; `chosen` are their numbers."""
        blurred = None if self._blurred is None else self._blurred[chosen]
        part = self._with(self._given[chosen], blurred)
        part.weights = self.weights[chosen]
        part._kept = None if self._kept is None else self._kept[chosen]
        return part

    def of(self, X: np.ndarray) -> "Presentations":
        """Return other samples `X`, blurred already, that take the same way."""
        return self._with(X, X)

    def _with(self, given, blurred):
        other = copy.copy(self)
        other.weights = np.ones(given.shape[0])
        other._given, other._blurred, other.order, other._kept = given, blurred, None, None
        return other

    def spikes(self, chosen) -> np.ndarray:
        """Make the spike trains of the samples `chosen`, as they are.

        Of shape (n_chosen, n_channels, n_steps). ValueError if `features` give no spike trains,
        where there is no encoder.
        """
        return self._spikes(self.X[chosen])

    def traces(self, chosen) -> np.ndarray:
        """Compute the traces that the spikes of the samples `chosen` leave, whole numbers, in ms.

        Of shape (n_chosen, n_channels). ValueError as :meth:`spikes`.
        """
        return self._traces(self.X[chosen])

    def batches(self, order, *, spikes=False, traces=False, moved_by=None, size=BATCH):
        """Show samples in some order, a batch at a time.

        Parameters
        ----------
        order : ndarray of int
            The samples.
        spikes, traces : bool, default=False
            What of them is asked for.
        moved_by : numpy.random.Generator, optional
            Moves images as in training; without it they are shown as they are.
        size : int
            Samples of a batch.

        Yields
        ------
        Batch

        Raises
        ------
        ValueError
            If `features` give no spike trains, where there is no encoder.
        """
        moved = moved_by is not None and self.augmentation is not None
        kept = self._kept_traces() if traces and not (moved or spikes) else None
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            if kept is not None:
                yield Batch(chosen, None, kept[chosen])
                continue
            X = self.X[chosen]
            if moved:
                X = self.augmentation.moved(X, moved_by)
            trains = self._spikes(X) if spikes else None
            yield Batch(chosen, trains, self._traces(X, trains) if traces else None)

    def _kept_traces(self):
        if self._kept is None and len(self) * self.n_channels * 4 <= _KEPT:
            kept = np.empty((len(self), self.n_channels), trace_dtype(self.n_steps))
            size = self.size_of_batch
            for start in range(0, len(self), size):
                kept[start : start + size] = self._traces(self.X[start : start + size])
            self._kept = kept
        return self._kept

    def _transformed(self, X):
        if self.features is None:
            return X
        takes_missing = self.encoder is not None and self.encoder.takes_missing
        return transformed(self.features, X, takes_missing)

    def _spikes(self, X):
        X = self._transformed(X)
        return X if self.encoder is None else self.encoder.encode(X)

    def _traces(self, X, spikes=None):
        if self.encoder is None:
            return traces_of_spikes(self._spikes(X) if spikes is None else spikes)
        return self.encoder.traces_of(self._transformed(X))
