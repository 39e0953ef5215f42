"""SpikeEncoder: features into spike trains."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.special import ndtri
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.preprocessing import QuantileTransformer
from sklearn.utils import gen_even_slices
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _kernels
from ._random import Seed, draw_keys, random_generator
from ._sklearn import (
    CallbackSupportMixin,
    Estimator,
    Interval,
    StrOptions,
    _fit_context,
    fits_in_one_step,
)
from ._validation import refuse_masked, refuse_missing, unchanged_on_error
from .parameters import LARGEST, SMALLEST, interval_of

ENCODINGS = ("receptive_fields", "rate", "poisson", "latency")
BATCH = 128  # samples whose spike trains are held at once
_TRACES_AT_ONCE, _MOST_ROWS = 1 << 20, 2048
_VALUES = 1 << 17  # of a sparse matrix that are looked at together, column by column
_QUANTILES = 1000  # at most
_MOST_FIELDS = 10_000  # of a feature
_FIELDS = 6  # of a feature of more than two values, if their number is "auto"
_STANDARD_REACH = 2.5  # standard deviations to both sides of the mean that are told apart


class SpikeEncoder(
    CallbackSupportMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
    Estimator,
    auto_wrap_output_keys=None,  # type: ignore[call-arg]  # scikit-learn has no types
):
    """Turn features into spike trains.

    A spike train has one column a time step of 1 ms. Column 0 is silent; the spikes
    fall on the steps 1 ... `training_duration`. An intensity p between 0 and 1 asks
    for ``f = min_frequency + p (max_frequency - min_frequency)`` spikes.

    A missing value, NaN, silences the receptive fields of its feature, where the scale is
    learned for each feature; it is an error under the other encodings and scales. Sparse
    matrices are encoded as the arrays they stand for, a few rows at a time.

    Parameters
    ----------
    encoding : {"receptive_fields", "rate", "poisson", "latency"}, default="receptive_fields"
        - "receptive_fields": each feature has a population of channels with
          Gaussian receptive fields [1]_, ``g = exp(-(x - c)**2 / (2 field_variance))``,
          whose centres c lie evenly on [0, 1]; p is g over the largest g of the
          sample. A channel spikes at every multiple of
          ``ceil((training_duration + 1) / f)``.
        - "rate": one channel a feature, p the scaled feature. It spikes at every
          multiple of ``ceil(training_duration / f)``; p = 0 stays silent, or, with
          ``scale="sample"``, a feature that is not above 0.
        - "poisson": as "rate", but each step is a draw of its own with the chance
          ``f / training_duration`` (at most 1).
        - "latency": one spike a channel [2]_, the stronger the earlier, at step
          ``training_duration + 1 - round(p training_duration)``; where that rounds
          to 0, none. Frequencies do not matter.

        Receptive fields suit tables, the other encodings suit images.
    training_duration : int, default=100
        Time steps of a spike train after the silent one, in ms, from 1 to 2**20.
    min_frequency, max_frequency : float, default=1 and 50
        Spikes in `training_duration`, not in Hz, for p = 0, at least 0, and p = 1, above 0.
    n_fields : int, "auto" or array-like of shape (n_features,), default=5
        Receptive fields of each feature, from 1 to 10000. A single field lies at 0.5. "auto":
        2 for a feature of at most two values in training, such as a category's column, and 6
        for any other.
    field_variance : float, default=0.03
        Variance of a receptive field, above 0, in squared units of the scaled feature.
    field_code : {"rate", "latency"}, default="rate"
        How receptive fields spike: p as a number of spikes, or by one spike, the
        stronger the earlier, as "latency" does.
    scale : {"auto", "feature", "standard", "quantile", "sample"} or None, default="auto"
        How features become numbers between 0 and 1. "feature": by the range of
        each feature in the training data, beyond which values are clipped.
        "standard": by the mean and 2.5 standard deviations of each feature to
        both sides, beyond which values are clipped. "quantile": by their rank in
        the training data, spread as a normal distribution
        (:class:`~sklearn.preprocessing.QuantileTransformer`) and clipped at 2.5
        deviations; outliers and skew do not matter then. "sample": by the range of all
        features of the sample, as for an image. None: they already lie there. "auto"
        is "feature" for receptive fields and "sample" for the other encodings.
    random_state : int, Generator, RandomState or None, default=None
        Seed of "poisson". The spikes of a sample depend on the seed and the sample
        only, not on the samples around it.

    Attributes
    ----------
    n_channels_ : int
        Channels of a spike train.
    n_steps_ : int
        Columns of a spike train, ``training_duration + 1``.
    channel_features_ : ndarray of shape (`n_channels_`,)
        The feature that each channel comes from.
    channel_centers_ : ndarray of shape (`n_channels_`,)
        Centre of each receptive field on the scaled feature; only for
        "receptive_fields".
    data_min_, data_max_ : ndarray of shape (`n_features_in_`,)
        The values of each feature that become 0 and 1, for the scales "feature" and
        "standard", and the range of each feature for "quantile". NaN for a feature without
        any value in training, which stays silent.
    quantiles_ : QuantileTransformer
        The ranks in the training data, between 0 and 1, for "quantile".
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if they were all strings.

    References
    ----------
    .. [1] S. M. Bohte, H. La Poutre, J. N. Kok, "Unsupervised clustering with spiking
       neurons by sparse temporal coding and multilayer RBF networks", IEEE Transactions on
       Neural Networks 13, 2002.
    .. [2] S. Thorpe, A. Delorme, R. Van Rullen, "Spike-based strategies for rapid
       processing", Neural Networks 14, 2001.

    Examples
    --------
    >>> from nervos_sklearn import SpikeEncoder
    >>> X = [[0.0, 5.0], [1.0, 10.0]]
    >>> encoder = SpikeEncoder("latency", training_duration=10, scale="feature")
    >>> spikes = encoder.fit_transform(X)
    >>> spikes.shape
    (2, 2, 11)
    >>> spikes[1].argmax(axis=1)
    array([1, 1])
    """

    _parameter_constraints = {
        "encoding": [StrOptions(set(ENCODINGS))],
        "training_duration": [interval_of("training_duration")],
        "min_frequency": [interval_of("min_frequency")],
        "max_frequency": [interval_of("max_frequency")],
        "n_fields": [
            Interval(Integral, 1, _MOST_FIELDS, closed="both"),
            StrOptions({"auto"}),
            "array-like",
        ],
        "field_variance": [Interval(Real, SMALLEST, LARGEST, closed="both")],
        "field_code": [StrOptions({"rate", "latency"})],
        "scale": [StrOptions({"auto", "feature", "standard", "quantile", "sample"}), None],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        encoding: str = "receptive_fields",
        *,
        training_duration: int = 100,
        min_frequency: float = 1.0,
        max_frequency: float = 50.0,
        n_fields: int | ArrayLike = 5,
        field_variance: float = 0.03,
        field_code: str = "rate",
        scale: str | None = "auto",
        random_state: Seed = None,
    ):
        self.encoding = encoding
        self.training_duration = training_duration
        self.min_frequency = min_frequency
        self.max_frequency = max_frequency
        self.n_fields = n_fields
        self.field_variance = field_variance
        self.field_code = field_code
        self.scale = scale
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn the range of the features.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features, finite, or NaN where a value is missing.
        y : None
            Ignored.

        Returns
        -------
        SpikeEncoder
            The fitted encoder.

        Raises
        ------
        ValueError
            If a parameter is out of its range, `min_frequency` exceeds `max_frequency`,
            `n_fields` does not fit the features, or a feature is not a number, infinite, or
            missing where it may not be; nothing has changed then.
        """
        with unchanged_on_error(self):
            return self._fit(X)

    @fits_in_one_step
    def _fit(self, X):
        if self.min_frequency > self.max_frequency:
            raise ValueError(
                "min_frequency must not exceed max_frequency, got "
                f"min_frequency={self.min_frequency} and max_frequency={self.max_frequency}."
            )
        X = self._checked(X, reset=True)
        n_features = X.shape[1]
        if self.encoding == "receptive_fields":
            n_fields = self._n_fields_of(X)
            self.channel_features_ = np.repeat(np.arange(n_features), n_fields)
            self.channel_centers_ = np.concatenate([_centers(n) for n in n_fields])
        else:
            self.channel_features_ = np.arange(n_features)
        if self._scale() not in (None, "sample"):
            self._fit_scale(X)
        self.n_channels_ = len(self.channel_features_)
        self.n_steps_ = self.training_duration + 1
        self._seed = draw_keys(random_generator(self.random_state), 1)[0]
        return self

    def _fit_scale(self, X):
        """Learn how each feature becomes a number between 0 and 1, from the values it has."""
        ends, quantiles = [], []
        for values in _columns_of(X):
            absent = np.isnan(values).all(axis=0)
            values = np.where(absent, 0.0, values)
            low, high = (
                _standard_range(values)
                if self._scale() == "standard"
                else (np.nanmin(values, axis=0), np.nanmax(values, axis=0))
            )
            ends.append(np.where(absent, np.nan, [low, high]))
            if self._scale() == "quantile":
                of_columns = QuantileTransformer(
                    n_quantiles=min(len(values), _QUANTILES), subsample=None
                )
                quantiles.append(of_columns.fit(_by_range(values, low, high)))
        self.data_min_, self.data_max_ = np.concatenate(ends, axis=1)
        if quantiles:
            self.quantiles_ = quantiles[0]
            self.quantiles_.quantiles_ = np.hstack([q.quantiles_ for q in quantiles])
            self.quantiles_.n_features_in_ = X.shape[1]

    def _n_fields_of(self, X):
        if isinstance(self.n_fields, str):
            switches = np.concatenate([_has_two_values(values) for values in _columns_of(X)])
            return np.where(switches, 2, _FIELDS)
        n_fields, n_features = np.asarray(self.n_fields), X.shape[1]
        if (
            n_fields.dtype.kind not in "iu"
            or (n_fields < 1).any()
            or (n_fields > _MOST_FIELDS).any()
        ):
            raise ValueError(
                f"n_fields must hold integers from 1 to {_MOST_FIELDS}, got {self.n_fields!r}."
            )
        if n_fields.ndim > 0 and n_fields.shape != (n_features,):
            raise ValueError(
                f"n_fields must be one integer or one for each of {n_features} features, "
                f"got {self.n_fields!r}."
            )
        return np.broadcast_to(n_fields, n_features)

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Turn features into spike trains.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features, finite, or NaN where a value is missing.

        Returns
        -------
        ndarray of shape (n_samples, `n_channels_`, `n_steps_`), dtype uint8
            Ones where a channel spikes.

        Raises
        ------
        NotFittedError
            If the encoder is not fitted.
        ValueError
            If the features are not valid, or, with ``scale=None``, do not lie
            between 0 and 1.
        """
        check_is_fitted(self)
        return self.encode(self._checked(X, reset=False))

    def traces(self, X: ArrayLike) -> np.ndarray:
        """Compute the traces that the spikes of features leave at the end of a sample.

        A spike opens its synapse until the sample ends; its trace counts the steps.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features, finite, or NaN where a value is missing.

        Returns
        -------
        ndarray of shape (n_samples, `n_channels_`), dtype float32 or float64
            Whole numbers, in ms: the sum of ``training_duration + 1 - t`` over the spikes at
            times t.

        Raises
        ------
        NotFittedError
            If the encoder is not fitted.
        ValueError
            If the features are not valid, or, with ``scale=None``, do not lie
            between 0 and 1.

        Examples
        --------
        >>> from nervos_sklearn import SpikeEncoder
        >>> encoder = SpikeEncoder("latency", training_duration=10, scale=None)
        >>> encoder.fit_transform([[1.0, 0.5, 0.0]]).argmax(axis=2)  # 0: no spike
        array([[1, 6, 0]])
        >>> encoder.traces([[1.0, 0.5, 0.0]]).tolist()
        [[10.0, 5.0, 0.0]]
        """
        check_is_fitted(self)
        return self.traces_of(self._checked(X, reset=False))

    def _checked(self, X, reset):
        refuse_masked("X", X)
        X = validate_data(
            self,
            X,
            accept_sparse="csr",
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            reset=reset,
        )
        if not self.takes_missing:
            refuse_missing(
                X,
                f"encoding={self.encoding!r} with scale={self.scale!r} has no receptive fields "
                "that could stay silent",
            )
        return X

    @property
    def takes_missing(self) -> bool:
        """Whether features may be NaN: they have receptive fields and a scale of their own."""
        return self.encoding == "receptive_fields" and self._scale() not in (None, "sample")

    @property
    def has_frequency(self) -> bool:
        """Whether `min_frequency` and `max_frequency` matter."""
        return not self._has_latency()

    def _has_latency(self):
        by_field = self.encoding == "receptive_fields" and self.field_code == "latency"
        return by_field or self.encoding == "latency"

    def _latency_counts(self, X):
        counts = latency_counts(self._intensities(X), self.training_duration)
        return np.fmax(counts, 0)  # NaN is silent

    def traces_of(self, X: np.ndarray | sparse.csr_array) -> np.ndarray:
        """Compute the traces, (n_samples, n_channels), of checked features `X`.

        ValueError if, with ``scale=None``, they do not lie between 0 and 1.
        """
        traces = np.empty((X.shape[0], self.n_channels_), trace_dtype(self.n_steps_))
        size = rows_at_once(self.n_channels_) if self._has_latency() else BATCH
        for rows, some in _rows_of(X, size):
            if self._has_latency():
                traces[rows] = self._latency_counts(some)
            else:
                traces[rows] = traces_of_spikes(self.encode(some))
        return traces

    def encode(self, X: np.ndarray | sparse.csr_array) -> np.ndarray:
        """Turn checked features `X` into spike trains, (n_samples, n_channels, n_steps).

        ValueError if, with ``scale=None``, they do not lie between 0 and 1.
        """
        shape = (X.shape[0], self.n_channels_, self.n_steps_)
        spike_trains = np.zeros(shape, dtype=np.uint8)
        for rows, some in _rows_of(X, BATCH):
            self._fill(spike_trains[rows], some)
        return spike_trains

    def _fill(self, spike_trains, X):
        """Write the spikes of features into silent spike trains."""
        duration = self.training_duration
        if self._has_latency():
            counts = self._latency_counts(X).astype(np.int64)
            samples, channels = np.nonzero(counts)
            spike_trains[samples, channels, duration + 1 - counts[samples, channels]] = 1
            return
        intensities = self._intensities(X)
        frequencies = self.min_frequency + intensities * (self.max_frequency - self.min_frequency)
        if self.encoding == "receptive_fields":
            _kernels.codes.fill_periodic(_periods(duration + 1, frequencies), spike_trains)
            return
        frequencies[(X if self._scale() == "sample" else intensities) <= 0] = 0
        if self.encoding == "rate":
            _kernels.codes.fill_periodic(_periods(duration, frequencies), spike_trains)
        else:
            _kernels.codes.fill_poisson(frequencies / duration, self._seed, spike_trains)

    def _intensities(self, X):
        """The intensity of each channel, between 0 and 1; NaN where the value is missing."""
        scaled = self._scaled(X)
        if self.encoding != "receptive_fields":
            return scaled
        exponents = scaled[:, self.channel_features_]  # in place: the arrays are large
        exponents -= self.channel_centers_
        exponents *= exponents
        exponents /= -2 * self.field_variance
        exponents -= np.fmax.reduce(exponents, axis=1, keepdims=True)
        return np.exp(exponents, out=exponents)

    def _scale(self):
        if self.scale == "auto":
            return "feature" if self.encoding == "receptive_fields" else "sample"
        return self.scale

    def _scaled(self, X):
        scale = self._scale()
        if scale is None:
            if X.min() < 0 or X.max() > 1:
                raise ValueError(
                    "with scale=None, features must lie between 0 and 1, got values from "
                    f"{X.min()} to {X.max()}; use scale='feature' or scale='sample'."
                )
            return X
        if scale == "sample":
            return _by_range(X, X.min(axis=1, keepdims=True), X.max(axis=1, keepdims=True))
        scaled = _by_range(X, self.data_min_, self.data_max_)
        if scale == "quantile":  # of the range, because quantiles within 1e-7 are taken for one
            normal = ndtri(self.quantiles_.transform(scaled))
            return np.clip(normal / (2 * _STANDARD_REACH) + 0.5, 0.0, 1.0)
        return scaled

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Name the channels of the spike trains.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the features; by default those seen in `fit`, or x0, x1, ...

        Returns
        -------
        ndarray of shape (`n_channels_`,), dtype object
            The name of the feature; for receptive fields with the number of the
            field, as in "x0_field2".

        Raises
        ------
        NotFittedError
            If the encoder is not fitted.
        ValueError
            If the names are not those, or not as many as the features, of `fit`.
        """
        check_is_fitted(self)
        names = super().get_feature_names_out(input_features)[self.channel_features_]
        if self.encoding != "receptive_fields":
            return names
        first = np.searchsorted(self.channel_features_, self.channel_features_)
        fields = np.arange(self.n_channels_) - first
        return np.array([f"{n}_field{k}" for n, k in zip(names, fields, strict=True)], object)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Do nothing: spike trains have three axes and cannot become a data frame.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None
            Ignored, so that pipelines can set the output of their other steps.

        Returns
        -------
        SpikeEncoder
        """
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.takes_missing
        return tags


def latency_traces(intensities: np.ndarray, n_steps: int) -> np.ndarray:
    """Compute the traces of a latency code, the strongest input of a sample first.

    Parameters
    ----------
    intensities : ndarray of shape (n_samples, n_channels)
        At least 0.
    n_steps : int
        Time steps of a presentation.

    Returns
    -------
    ndarray of shape (n_samples, n_channels)
        Whole numbers from 0 to `n_steps`.
    """
    strongest = intensities.max(axis=1, keepdims=True)
    shares = intensities / np.where(strongest > 0, strongest, 1.0)
    return latency_counts(shares, n_steps)


def latency_counts(intensities: np.ndarray, n_steps: int) -> np.ndarray:
    """Steps from each channel's one spike to the end of the sample; 0 for no spike.

    An intensity p between 0 and 1 spikes at step ``n_steps + 1 - round(p n_steps)``.
    """
    # floor(x + 1/2), because rint prefers even numbers
    return np.floor(intensities * n_steps + 0.5)


def trace_dtype(n_steps: int) -> type:
    """The dtype that holds any trace of so many steps exactly: float32 up to 2**24."""
    return np.float32 if n_steps * (n_steps - 1) // 2 <= 2**24 else np.float64


def traces_of_spikes(spike_trains: np.ndarray) -> np.ndarray:
    """Compute the traces of spike trains: each spike counts the steps since it came.

    Parameters
    ----------
    spike_trains : ndarray of shape (n_samples, n_channels, n_steps)
        Spikes, 0 or 1.

    Returns
    -------
    ndarray of shape (n_samples, n_channels), dtype float32 or float64
        Whole numbers: the sum of ``n_steps - t`` over the spikes at times t.
    """
    n_steps = spike_trains.shape[2]
    remaining = (n_steps - np.arange(n_steps)).astype(trace_dtype(n_steps))
    return spike_trains @ remaining


def exponents_of(sizes: np.ndarray) -> np.ndarray:
    """The powers of two that bring sizes to 1/2 ... 1: scaling by them changes no digit."""
    return np.frexp(sizes)[1]


def rows_at_once(n_channels: int) -> int:
    """Samples whose traces are computed at once, from 128 to 2048."""
    return min(max(_TRACES_AT_ONCE // n_channels, BATCH), _MOST_ROWS)


def _rows_of(X, size):
    """Slices of rows, and their features as an array."""
    X = X.tocsr() if sparse.issparse(X) else X
    for start in range(0, X.shape[0], size):
        rows = slice(start, start + size)
        yield rows, X[rows].toarray() if sparse.issparse(X) else X[rows]


def _columns_of(X):
    """The columns of features as arrays; few at a time, at least two, of a sparse matrix."""
    if not sparse.issparse(X):
        yield X
        return
    X = X.tocsc()
    n_samples, n_features = X.shape
    n_blocks = max(1, min(n_features // 2, n_samples * n_features // _VALUES))
    for columns in gen_even_slices(n_features, n_blocks):
        yield X[:, columns].toarray(order="C")


def _has_two_values(columns):
    """Which columns have at most two different values, apart from missing ones."""
    low, high = np.fmin.reduce(columns, axis=0), np.fmax.reduce(columns, axis=0)
    return ((columns == low) | (columns == high) | np.isnan(columns)).all(axis=0)


def _by_range(X, low, high):
    """Bring features to 0 ... 1 by what becomes 0 and 1; beyond, they are clipped."""
    # Differences and squares of finite numbers may be infinite or 0, those of scaled ones not.
    exponents = exponents_of(np.maximum(np.abs(low), np.abs(high)))
    low, high = np.ldexp(low, -exponents), np.ldexp(high, -exponents)
    with np.errstate(over="ignore"):  # far beyond the range; clipped
        distances = np.ldexp(X, -exponents) - low
        return np.clip(distances / np.where(high > low, high - low, 1.0), 0.0, 1.0)


def _standard_range(X):
    """The values of each feature that lie the standard reach below and above the mean."""
    exponents = exponents_of(np.nanmax(np.abs(X), axis=0))
    scaled = np.ldexp(X, -exponents)
    centre, reach = np.nanmean(scaled, axis=0), _STANDARD_REACH * np.nanstd(scaled, axis=0)
    with np.errstate(over="ignore"):
        ends = np.ldexp([centre - reach, centre + reach], exponents)
    if not np.isfinite(ends).all():
        raise ValueError(
            f"features up to {np.nanmax(np.abs(X)):g} are too large for their range to be a "
            "number: scale them, such as by sklearn.preprocessing.StandardScaler."
        )
    return ends


def _centers(n_fields):
    return np.linspace(0, 1, n_fields) if n_fields > 1 else np.array([0.5])


def _periods(duration, frequencies):
    """Steps between two spikes, rounded up; 0 where the frequency is 0."""
    with np.errstate(divide="ignore", over="ignore"):
        periods = np.ceil(duration / frequencies)
    return np.where(periods <= duration, periods, 0).astype(np.int64)
