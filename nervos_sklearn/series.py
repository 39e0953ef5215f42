"""Time series: spiking features of their windows."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from ._random import Seed, random_generator
from ._sklearn import (
    CallbackSupportMixin,
    Estimator,
    Interval,
    StrOptions,
    _fit_context,
    fits_in_one_step,
)
from ._validation import refuse_masked, unchanged_on_error
from .encoder import SpikeEncoder, latency_counts
from .threads import on_threads
from .windows import Competition, compete, recruit

CODES = ("value", "difference", "detrended")
_REACH = 2.5  # deviations to both sides of the mean that are told apart
_FIELD_WIDTH = 0.6  # standard deviation of a receptive field, in distances between them
_N_LEVELS = 250  # steps in which a signal is read
_SILENT_BELOW = 2  # traces so short that their spikes are left out
_LEARNED_FROM = 1000  # series that windows are learned from, at most
_POSITIONS = 96  # where neurons answer in a series: so many times, up to twice that
_BATCH = 1 << 19  # numbers of series that are worked on at once
_LARGEST = 1e38
_SHARED, _PEAKS = 2.0, 1.5  # norms of the answers of one channel's neurons, and of maxima
_ROUNDING = 1e-9  # deviations below it, of the mean or of a channel's, are none


def pad_series(X: Any) -> Any:
    """Make an array of series of unequal lengths, NaN after the end of each.

    Parameters
    ----------
    X : list of arrays of shape (n_channels, n_timepoints) or (n_timepoints,), or array-like
        What is not a list of arrays of unequal lengths is returned as it is.

    Returns
    -------
    ndarray of shape (n_samples, n_channels, n_timepoints), or X

    Raises
    ------
    ValueError
        If the series have different numbers of channels.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn.series import pad_series
    >>> pad_series([np.array([1.0, 2.0]), np.array([3.0])]).tolist()
    [[[1.0, 2.0]], [[3.0, nan]]]
    """
    is_list = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object)
    shapes = {np.shape(series) for series in X} if is_list else set()
    if len(shapes) < 2 or not all(len(shape) in (1, 2) for shape in shapes):
        return X
    series = [np.atleast_2d(np.asarray(s, dtype=np.float64)) for s in X]
    channels = {len(s) for s in series}
    if len(channels) > 1:
        raise ValueError(
            f"all series must have the same number of channels, got {sorted(channels)}."
        )
    padded = np.full((len(series), channels.pop(), max(s.shape[1] for s in series)), np.nan)
    for row, s in zip(padded, series, strict=True):
        row[:, : s.shape[1]] = s
    return padded


class _Signals:
    """A batch of series, in deviations from the mean of each channel, and their codes."""

    def __init__(self, X):
        self._X, self._known = X, ~np.isnan(X)
        self._has_gaps = not self._known.all()
        anything = self._known.any(axis=1)
        ends = X.shape[2] - anything[:, ::-1].argmax(axis=1)
        self.lengths = np.where(anything.any(axis=1), ends, 0)
        self._sums = _running_sums(np.where(self._known, X, 0.0))
        self._counts = _running_sums(self._known if self._has_gaps else self._known[:1, :1])

    def mean(self, width):
        """The mean of what is known around each step, over an odd number of steps."""
        if width == 1:
            return self._X
        steps = np.arange(self._X.shape[2])
        first = np.maximum(steps - width // 2, 0)
        end = np.minimum(steps + width // 2 + 1, len(steps))
        means = self._sums[:, :, end] - self._sums[:, :, first]
        means /= np.maximum(self._counts[:, :, end] - self._counts[:, :, first], 1.0)
        if self._has_gaps:
            means[~self._known] = np.nan
        return means

    def coded(self, code, dilation, window_size):
        """The signal of a code as windows of a dilation see it; NaN where there is none."""
        if code == "spikes":
            return self._traces(dilation)
        if code == "difference":
            return np.diff(self._X, axis=2, prepend=np.nan)
        values = self.mean(dilation | 1)
        return values if code == "value" else values - self.mean((window_size * dilation) | 1)

    def _traces(self, decay):
        """What the last spike of a channel has left: exp(-time / decay), in steps."""
        steps = np.arange(self._X.shape[2])
        last = np.maximum.accumulate(np.where(self._X == 1, steps, -np.inf), axis=2)
        return np.where(self._known, np.exp((last - steps) / decay), 0.0)


def _running_sums(X):
    sums = np.zeros((*X.shape[:2], X.shape[2] + 1))
    np.cumsum(X, axis=2, out=sums[:, :, 1:])
    return sums


def _mean_and_deviation(signal, unit=0.0):
    """Of what is known of each channel, (n_channels, 1); a channel that does not vary has 1."""
    known = ~np.isnan(signal)
    counts = np.maximum(known.sum(axis=(0, 2)), 1)[:, np.newaxis]
    mean = np.where(known, signal, 0.0).sum(axis=(0, 2))[:, np.newaxis] / counts
    squares = np.where(known, signal - mean, 0.0) ** 2
    deviation = np.sqrt(squares.sum(axis=(0, 2))[:, np.newaxis] / counts)
    least = _ROUNDING * np.maximum(np.abs(mean), unit)
    return mean, np.where(deviation > least, deviation, 1.0)


class SpikingWindowFeatures(CallbackSupportMixin, TransformerMixin, Estimator):
    """Features of the windows of time series, by spikes, without labels.

    Each channel is scaled by the mean and deviation of the training series, and coded by
    populations of Gaussian receptive fields that spike the earlier the better the signal
    fits: its value, the difference to the step before, and its value without the trend.
    Neurons see windows of a few steps, close together or far apart (dilations 1, 2, 4 ...,
    as in [1]_; far apart, a value stands for the mean around it). They are recruited from
    windows of the training series, and compete: at each step of a series the most driven neurons
    answer with their lead over the next one. The leads of each neuron are pooled as sums
    over segments of the series and as its maximum. It is :class:`SpikingPatchFeatures` in
    one dimension.

    Some neurons see all channels at once. Of several channels others see one, whichever it
    is, and their answers are pooled over all channels.

    Parameters
    ----------
    n_features : int, default=64
        Neurons for each code and dilation that see all channels, 2 to 32768.
    n_shared_features : int, default=128
        Neurons for each code and dilation that see one channel, whichever it is; they exist
        if there are several channels. 0 for none.
    window_size : int, default=9
        Steps of a window, at least 1.
    codes : {"auto", "spikes"} or list of {"value", "difference", "detrended"}, default="auto"
        What of a series is coded. "spikes": the series are spike trains of zeros and ones,
        and what is seen of a channel is the trace of its last spike, which decays by 1 / e
        in as many steps as the dilation. "auto" is "spikes" for 3-D input of nothing but
        zeros and ones, else all three codes.
    n_fields : int, default=8
        Receptive fields of a channel, at least 1, evenly on 2.5 deviations to both sides of
        its mean.
    n_steps : int, default=32
        Time steps of the latency code, in ms, from 1 to 1000.
    n_winners : int, default=2
        Neurons that answer at each step; at least 1, less than `n_features` and
        `n_shared_features`.
    n_segments : int, default=2
        Segments of a series, at least 1, which overlap as triangles.
    n_presentations : int, default=0
        Windows shown while neurons learn by competitive STDP with homeostasis, for each code
        and dilation. By default neurons stay as recruited: to learn took time and changed no
        accuracy by more than chance.
    eta, final_eta : float, default=0.1 and 0.01
        Learning rate at the start and at the end, above 0, falling exponentially.
    threshold_increment : float, default=0.02
        Rise of the threshold of a neuron that wins, as a fraction of the largest possible
        potential; 0 switches homeostasis off.
    compression : float, default=0.4
        Exponent of the pooled answers, above 0.
    n_jobs : int, optional
        Threads that transform batches of series, as joblib counts them: -1 for all
        processors. They do not change the result.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the windows that are recruited and shown.

    Attributes
    ----------
    codes_ : list of str
        What is coded: "value", "difference" and "detrended", or "spikes".
    dilations_ : ndarray of shape (n_dilations,)
        1, 2, 4 ... steps, as long as a window is shorter than the longest training series.
    windows_ : dict of ndarray of shape (n_features, window_size, n_channels, n_fields)
        The weights of the neurons, of norm 1, for each code and dilation, as in
        ``windows_["value_d4"]``; "value_d4_shared" are those that see one channel. Spike
        trains have one input a channel in place of fields. A code that is silent in all
        training series has none.
    channel_means_, channel_deviations_ : ndarray of shape (n_channels,)
        Of the training series, in their units; not for spike trains.
    n_channels_ : int
        Channels of a series.
    n_features_in_ : int
        Channels, or time points where X was (n_samples, n_timepoints).

    Notes
    -----
    **Unequal lengths and gaps.** A list of arrays (n_channels, n_timepoints), or NaN after
    the end of a series: each series is seen as long as it is, with silence around it. NaN
    within a series are silent. A series without a value has features of 0; one that never
    changes is answered by no more than its level and its ends. Series may be longer or
    shorter in `transform` than in `fit`, unless that was given (n_samples, n_timepoints):
    scikit-learn holds the number of columns of a table fixed.

    **Cost.** Linear in samples and channels; a series is answered at 96 to 191 steps at
    most, evenly spread, at each of its dilations, which grow with the logarithm of its
    length.

    References
    ----------
    .. [1] A. Dempster, F. Petitjean, G. I. Webb, "ROCKET: exceptionally fast and accurate time
       series classification using random convolutional kernels", Data Mining and Knowledge
       Discovery 34, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import SNNClassifier, SpikingWindowFeatures
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(60, 2, 50)), np.arange(60) % 2
    >>> X[y == 1, 0, 20:30] += 3.0 * np.sin(np.arange(10))
    >>> features = SpikingWindowFeatures(random_state=0)
    >>> features.fit(X[:40]).transform(X[:3]).shape
    (3, 5184)
    >>> network = SNNClassifier(features=features, random_state=0)
    >>> float(network.fit(X[:40], y[:40]).score(X[40:], y[40:]))
    1.0
    """

    _parameter_constraints = {
        "n_features": [Interval(Integral, 2, 2**15, closed="both")],
        "n_shared_features": [Interval(Integral, 0, 2**15, closed="both")],
        "window_size": [Interval(Integral, 1, None, closed="left")],
        "codes": [StrOptions({"auto", "spikes"}), list, tuple],
        "n_fields": [Interval(Integral, 1, None, closed="left")],
        "n_steps": [Interval(Integral, 1, 1000, closed="both")],
        "n_winners": [Interval(Integral, 1, None, closed="left")],
        "n_segments": [Interval(Integral, 1, None, closed="left")],
        "n_presentations": [Interval(Integral, 0, None, closed="left")],
        "eta": [Interval(Real, 0, None, closed="neither")],
        "final_eta": [Interval(Real, 0, None, closed="neither")],
        "threshold_increment": [Interval(Real, 0, None, closed="left")],
        "compression": [Interval(Real, 0, None, closed="neither")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        n_features: int = 64,
        *,
        n_shared_features: int = 128,
        window_size: int = 9,
        codes: str | list[str] = "auto",
        n_fields: int = 8,
        n_steps: int = 32,
        n_winners: int = 2,
        n_segments: int = 2,
        n_presentations: int = 0,
        eta: float = 0.1,
        final_eta: float = 0.01,
        threshold_increment: float = 0.02,
        compression: float = 0.4,
        n_jobs: int | None = None,
        random_state: Seed = None,
    ):
        self.n_features = n_features
        self.n_shared_features = n_shared_features
        self.window_size = window_size
        self.codes = codes
        self.n_fields = n_fields
        self.n_steps = n_steps
        self.n_winners = n_winners
        self.n_segments = n_segments
        self.n_presentations = n_presentations
        self.eta = eta
        self.final_eta = final_eta
        self.threshold_increment = threshold_increment
        self.compression = compression
        self.n_jobs = n_jobs
        self.random_state = random_state

    # ------------------------------------------------------------------------ learn

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn windows of the series.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels, n_timepoints) or \
(n_samples, n_timepoints), or list of arrays of shape (n_channels, n_timepoints)
            Series; NaN where there is no value, and after the end of one.
        y : None
            Ignored.

        Returns
        -------
        SpikingWindowFeatures

        Raises
        ------
        ValueError
            If a parameter is out of its range, `n_winners` is not smaller than the number of
            neurons, the series have different numbers of channels, hold no value, an
            infinite one or one beyond 1e38, or `codes` asks for spikes and they hold
            something else than 0 and 1; nothing has changed then.
        """
        with unchanged_on_error(self):
            return self._fit(X)

    @fits_in_one_step
    def _fit(self, X):
        fewest = min(self.n_features, self.n_shared_features or self.n_features)
        if self.n_winners >= fewest:
            raise ValueError(
                "n_winners must be smaller than n_features and n_shared_features, got "
                f"n_winners={self.n_winners}, n_features={self.n_features} and "
                f"n_shared_features={self.n_shared_features}."
            )
        X = self._check_series(X, reset=True)
        self.n_channels_ = X.shape[1]
        self._answer = self.n_winners, self.n_segments, self.compression, self.window_size
        generator = random_generator(self.random_state)
        if self.codes_ == ["spikes"]:
            self._code = np.arange(self.n_steps + 1.0)[:, np.newaxis]
        else:
            self._code = self._field_code()
            self.channel_means_, self.channel_deviations_ = (
                of_channels[:, 0] for of_channels in _mean_and_deviation(X)
            )
        chosen = np.sort(generator.permutation(len(X))[:_LEARNED_FROM])
        signals = self._signals(X[chosen])
        longest = int(signals.lengths.max())
        spans = 2 ** np.arange(max(longest, 2).bit_length())
        self.dilations_ = spans[(spans == 1) | ((self.window_size - 1) * spans < longest)]
        self._step = max(1, longest // _POSITIONS)
        self.windows_, self._ranges = {}, {}
        for code, dilation in self._layers():
            self._learn(signals, code, dilation, generator)
        self._n_features_out = len(self.get_feature_names_out())
        return self

    def _field_code(self):
        """The traces of each level, from the encoder's own populations; level 0 is silent."""
        spacing = 1 / max(self.n_fields - 1, 1)
        encoder = SpikeEncoder(
            field_code="latency",
            scale=None,
            n_fields=self.n_fields,
            field_variance=(_FIELD_WIDTH * spacing) ** 2,
            training_duration=self.n_steps,
        )
        levels = np.linspace(0, 1, _N_LEVELS)[:, np.newaxis]
        code = np.zeros((_N_LEVELS + 1, self.n_fields))
        code[1:] = encoder.fit(levels).traces(levels)
        code[(code < _SILENT_BELOW) & (code < code.max())] = 0.0
        return code

    def _layers(self):
        return [(code, int(d)) for code in self.codes_ for d in self.dilations_]

    def _learn(self, signals, code, dilation, generator):
        """Scale a code, and recruit neurons for its windows."""
        name, signal = f"{code}_d{dilation}", signals.coded(code, dilation, self._answer[3])
        if code != "spikes":
            mean, deviation = _mean_and_deviation(signal, unit=1.0)
            self._ranges[name] = mean - _REACH * deviation, 2 * _REACH * deviation
        levels = self._levels(signal, name)
        self._recruit(name, levels, dilation, self.n_features, generator)
        if self.n_channels_ > 1 and self.n_shared_features:
            levels = levels.reshape(-1, 1, levels.shape[2])
            self._recruit(f"{name}_shared", levels, dilation, self.n_shared_features, generator)

    def _recruit(self, name, levels, dilation, n_neurons, generator):
        spiking = np.flatnonzero(levels.any(axis=1))
        if len(spiking) == 0:
            return
        scene = levels, self._code, self._taps(dilation), (1, levels.shape[2])

        def places(chosen):
            return np.stack(np.divmod(spiking[chosen], levels.shape[2]), axis=1)

        few = len(spiking) < n_neurons
        first = generator.choice(len(spiking), n_neurons, replace=few, shuffle=False)
        weights = recruit(places(first), *scene)
        if self.n_presentations:
            shown = places(generator.integers(0, len(spiking), self.n_presentations))
            compete(weights, *scene, shown, self.eta, self.final_eta, self.threshold_increment)
        shape = self.window_size, levels.shape[1], self._code.shape[1], n_neurons
        self.windows_[name] = np.ascontiguousarray(np.moveaxis(weights.reshape(shape), -1, 0))

    def _taps(self, dilation):
        """The steps of a window, from its middle; rows are all 0."""
        window_size = self._answer[3]
        steps = (np.arange(window_size) - window_size // 2) * dilation
        return np.stack([np.zeros_like(steps), steps], axis=1)

    # ----------------------------------------------------------------------- answer

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Compute the features of series.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels, n_timepoints) or \
(n_samples, n_timepoints), or list of arrays of shape (n_channels, n_timepoints)
            Series; NaN where there is no value, and after the end of one.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), dtype float32
            Between 0 and 1, of norm 1 for each series.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If the series are not valid, or have other channels than those in `fit`.
        """
        check_is_fitted(self)
        series = self._check_series(X, reset=False)
        features = np.empty((len(series), self._n_features_out), dtype=np.float32)
        competitions = self._competitions()

        def transform_batch(batch):
            features[batch] = self._features(self._signals(series[batch]), competitions)

        size = max(1, _BATCH // (series.shape[1] * series.shape[2]))
        on_threads(transform_batch, gen_batches(len(series), size), self.n_jobs)
        return features

    def answers(self, X: ArrayLike) -> dict[str, np.ndarray]:
        """Find out where in series each neuron answers, and by how much it leads.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels, n_timepoints) or \
(n_samples, n_timepoints), or list of arrays
            Series, as for `transform`.

        Returns
        -------
        dict of ndarray of shape (n_samples, n_features, n_timepoints)
            Leads of the neurons at each step, by code and dilation, as in `windows_`; 0 for
            all but the winners. Those of neurons that see one channel are summed over
            channels.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If the series are not valid, or have other channels than those in `fit`.
        """
        check_is_fitted(self)
        signals = self._signals(self._check_series(X, reset=False))
        longest = int(signals.lengths.max(initial=1))
        leads = {}
        for name, competition, levels, n_channels in self._seen(signals, self._competitions()):
            shapes = np.full((len(levels), 2), (1, longest))
            maps, _ = competition.answer(levels, shapes, (1, longest))
            leads[name] = maps.reshape(-1, n_channels, *maps.shape[1:]).sum(axis=1)[:, :, 0]
        return leads

    def window_values(self, name: str) -> np.ndarray:
        """What each neuron is driven by most, at each step of its window.

        Parameters
        ----------
        name : str
            Code and dilation, as in `windows_`.

        Returns
        -------
        ndarray of shape (n_features, window_size, n_channels)
            Means of the centres of receptive fields, weighted by the weights, in the units of
            the series; in deviations of a channel for neurons that see one, whichever it is.
            NaN where all weights are 0. Of spike trains, the weights.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If `windows_` has no such name.
        """
        check_is_fitted(self)
        if name not in self.windows_:
            raise ValueError(f"name must be one of {sorted(self.windows_)}, got {name!r}.")
        windows = self.windows_[name]
        if self.codes_ == ["spikes"]:
            return windows[..., 0]
        centres = np.linspace(0, 1, windows.shape[3]) if windows.shape[3] > 1 else np.array([0.5])
        weights = windows.sum(axis=3)
        with np.errstate(invalid="ignore"):
            shares = np.where(weights > 0, windows @ centres / weights, np.nan)
        low, span = (
            of_channels[:, 0] for of_channels in self._ranges[name.removesuffix("_shared")]
        )
        if name.endswith("_shared"):
            return low.mean() + span.mean() * shares
        values = (low + span * shares) * self.channel_deviations_
        return values + self.channel_means_ if name.startswith("value") else values

    def _competitions(self):
        """The neurons of each code and dilation, ready to answer."""
        competitions = {}
        for code, dilation in self._layers():
            for name in (f"{code}_d{dilation}", f"{code}_d{dilation}_shared"):
                if name in self.windows_:
                    windows = self.windows_[name]
                    competitions[name] = Competition(
                        windows.reshape(len(windows), -1).T,
                        self._code,
                        self._taps(dilation),
                        self._answer[0],
                        normalised=True,
                        exact=False,
                    )
        return competitions

    def _seen(self, signals, competitions):
        """The neurons of each code and dilation, and what levels they see of how many channels."""
        for code, dilation in self._layers():
            name = f"{code}_d{dilation}"
            if name in competitions:
                levels = self._levels(signals.coded(code, dilation, self._answer[3]), name)
                yield name, competitions[name], levels, 1
                if f"{name}_shared" in competitions:
                    alone = levels.reshape(-1, 1, levels.shape[2])
                    name = f"{name}_shared"
                    yield name, competitions[name], alone, self.n_channels_

    def _features(self, signals, competitions):
        """Sums over segments and maxima, compressed and scaled to a norm each, then together."""
        _, n_segments, compression, _ = self._answer
        n_series, blocks = len(signals.lengths), []
        shapes = np.stack([np.ones_like(signals.lengths), signals.lengths], axis=1)
        for name, competition, levels, n_channels in self._seen(signals, competitions):
            importance = _SHARED if name.endswith("_shared") else 1.0
            sums, peaks = competition.answer(
                levels, np.repeat(shapes, n_channels, axis=0), (1, n_segments), self._step
            )
            sums = sums.reshape(n_series, n_channels, -1).sum(axis=1)
            peaks = peaks.reshape(n_series, n_channels, -1).max(axis=1)
            for pooled, factor in ((sums, importance), (peaks, _PEAKS * importance)):
                largest = pooled.max(axis=1, keepdims=True)
                block = (pooled / np.where(largest > 0, largest, 1.0)) ** compression
                blocks.append(factor * _scaled(block))
        return _scaled(np.concatenate(blocks, axis=1)) if blocks else np.zeros((n_series, 0))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Name the features.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the features that were seen in `fit`; they do not matter.

        Returns
        -------
        ndarray of str of shape (n_features_out,)
            Code, dilation and neuron, and what is pooled, as in "value_d4_neuron7_segment0"
            and "value_d4_shared_neuron7_peak".

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If the names are not those, or not as many as the features, of `fit`.
        """
        check_is_fitted(self, "windows_")
        _check_feature_names_in(self, input_features)
        names = []
        for layer, windows in self.windows_.items():
            neurons = [f"{layer}_neuron{j}" for j in range(len(windows))]
            names += [f"{n}_segment{k}" for n in neurons for k in range(self._answer[1])]
            names += [f"{n}_peak" for n in neurons]
        return np.array(names, dtype=object)

    # ------------------------------------------------------------------------- code

    def _signals(self, X):
        if self.codes_ == ["spikes"]:
            return _Signals(X)
        by_channel = self.channel_means_[:, np.newaxis], self.channel_deviations_[:, np.newaxis]
        return _Signals((X - by_channel[0]) / by_channel[1])

    def _levels(self, signal, name):
        """The level of each channel and step, 0 for silence."""
        if self.codes_ == ["spikes"]:
            levels = latency_counts(signal, len(self._code) - 1)
            return np.where(levels < _SILENT_BELOW, 0, levels).astype(np.uint16)
        low, span = self._ranges[name]
        shares = np.clip((signal - low) / span, 0.0, 1.0)
        levels = latency_counts(shares, _N_LEVELS - 1) + 1.0
        return np.where(np.isnan(levels), 0.0, levels).astype(np.uint16)

    # ----------------------------------------------------------------------- checks

    def _check_series(self, X, reset):
        """Check series; return them as (n_samples, n_channels, n_timepoints)."""
        refuse_masked("X", X)
        X = pad_series(X)
        if not reset and isinstance(X, np.ndarray) and X.ndim in (2, 3):
            X = self._as_in_fit(X)
        X = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", allow_nd=True, reset=reset
        )
        if X.ndim not in (2, 3) or 0 in X.shape:
            raise ValueError(
                "X must have shape (n_samples, n_channels, n_timepoints) or (n_samples, "
                f"n_timepoints), no axis empty, got {X.shape}."
            )
        if reset:
            self._is_table = X.ndim == 2
            self.codes_ = self._codes_for(X)
        return self._checked_values(X if X.ndim == 3 else X[:, np.newaxis], reset)

    def _as_in_fit(self, X):
        """Bring series of one channel into the layout of `fit`; refuse others channels."""
        n_channels = X.shape[1] if X.ndim == 3 else 1
        if n_channels != self.n_channels_:
            raise ValueError(
                f"expected series of {self.n_channels_} channels as in fit, got {n_channels} "
                f"(shape {X.shape})."
            )
        if self._is_table and X.ndim == 3:
            return X[:, 0]
        return X[:, np.newaxis] if X.ndim == 2 and not self._is_table else X

    def _checked_values(self, X, reset):
        known = X[~np.isnan(X)]
        if len(known) == 0 and reset:
            raise ValueError("the series hold no value: all are NaN.")
        largest = np.abs(known).max(initial=0.0)
        if not largest <= _LARGEST:
            raise ValueError(f"values must be at most {_LARGEST:g}, got {largest:g}.")
        if self.codes_ == ["spikes"] and not ((known == 0) | (known == 1)).all():
            raise ValueError(
                "the features were set to spike trains of zeros and ones (codes='spikes', or "
                "'auto' and such trains in fit), got other values. Set codes to "
                f"{list(CODES)} for series of numbers."
            )
        return X

    def _codes_for(self, X):
        if isinstance(self.codes, str):
            is_spikes = X.ndim == 3 and (np.isnan(X) | (X == 0) | (X == 1)).all()
            return ["spikes"] if self.codes == "spikes" or is_spikes else list(CODES)
        codes = list(self.codes)
        if not codes or not set(codes) <= set(CODES) or len(set(codes)) < len(codes):
            raise ValueError(
                f"codes must be 'auto', 'spikes' or some of {list(CODES)}, got {self.codes!r}."
            )
        return codes

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _scaled(rows):
    """Bring rows to an L2 norm of 1."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1.0)
