"""Checks of numbers, labels and spikes: what came, what is allowed, what to do."""

import contextlib
import inspect
import warnings

import numpy as np
from scipy import sparse
from sklearn.utils.validation import _check_sample_weight

_OURS = ("nervos_sklearn.", "sklearn.")
ANY_SAMPLES = {
    "accept_sparse": "csr",
    "allow_nd": True,
    "dtype": "numeric",
    "ensure_all_finite": "allow-nan",  # what may be missing depends on the way of the data
}


@contextlib.contextmanager
def unchanged_on_error(estimator):
    """Put the attributes of an estimator back if the block fails.

    Parameters
    ----------
    estimator : object
        Its attributes may be replaced by the block, but not modified.
    """
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def check_numbers(name: str, values, ndim: int | None = None) -> np.ndarray:
    """Check that values are an array of finite numbers.

    Parameters
    ----------
    name : str
        What to call the values in a message.
    values : array-like
    ndim : int, optional
        Number of axes the array must have, none of them empty.

    Returns
    -------
    ndarray of dtype float64
        A new array.

    Raises
    ------
    ValueError
        If the values are anything else.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be an array, got rows of different lengths.") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be numbers, got an array of dtype {array.dtype}.")
    if ndim is not None and (array.ndim != ndim or 0 in array.shape):
        raise ValueError(f"{name} must have {ndim} axes, none empty, got shape {array.shape}.")
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        place = tuple(wrong[0].tolist())
        raise ValueError(
            f"{name} must be finite numbers, got {array[place]} (NaN or infinity) at position "
            f"{place[0] if len(place) == 1 else place}."
        )
    return np.array(array, dtype=float, order="C")


def check_labels(name: str, values, n_labels: int, lowest: int = 0) -> np.ndarray:
    """Check that values are integer labels, at least `lowest`; return a new array of int64."""
    labels = check_numbers(name, values)
    if labels.shape != (n_labels,):
        raise ValueError(f"{name} must hold {n_labels} labels, got shape {labels.shape}.")
    if (labels != np.floor(labels)).any() or (labels < lowest).any() or (labels > 2**53).any():
        raise ValueError(
            f"{name} must be integer labels >= {lowest}, got {values!r}; "
            "SNNClassifier takes labels of any kind."
        )
    return labels.astype(np.int64)


def refuse_masked(name: str, values) -> None:
    """Raise ValueError if an array has masked values: NumPy would use what lies below the mask."""
    if np.ma.is_masked(values):
        raise ValueError(
            f"{name} is an array with masked values, which cannot be used: fill them in, as "
            "sklearn.impute does, or leave those samples out."
        )


def refuse_missing(X, reason: str) -> None:
    """Raise ValueError if features, an array or a sparse matrix, have missing values (NaN).

    Parameters
    ----------
    X : {ndarray, sparse matrix}
        Numbers.
    reason : str
        Why none may be missing here.
    """
    values = X.data if sparse.issparse(X) else np.asarray(X)
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise ValueError(
            f"X contains NaN, and {reason}: fill missing values in, as sklearn.impute does. "
            "Missing values may stay in tables that go through receptive fields with "
            'scale="feature", "standard" or "quantile".'
        )


def check_weights(sample_weight, X, *, relative: bool = True) -> np.ndarray:
    """Return the weights of samples, or raise ValueError if they are none.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
        At least 0.
    X : {ndarray, sparse matrix}
        The samples.
    relative : bool, default=True
        Whether they count in relation to each other: they are brought below 1, by a power of
        two, and some must be above 0.
    """
    if sample_weight is None:
        return np.ones(X.shape[0])
    refuse_masked("sample_weight", sample_weight)
    n_samples = X.shape[0]
    if not relative and np.shape(sample_weight) == (n_samples,) and not np.any(sample_weight):
        return np.zeros(n_samples)
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
    if weights.min() < 0 or (relative and weights.max() == 0):
        raise ValueError(
            "sample_weight must be at least 0, and above 0 for some samples, got values from "
            f"{weights.min()} to {weights.max()}."
        )
    return np.ldexp(weights, -np.frexp(weights.max())[1]) if relative else weights


def check_spike_trains(X, n_channels: int | None = None) -> np.ndarray:
    """Check that an array is a batch of spike trains.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_channels, n_steps)
        Zeros and ones of any numeric or boolean dtype.
    n_channels : int, optional
        The number of channels the network has.

    Returns
    -------
    ndarray of dtype uint8
        C-contiguous; `X` itself where possible.

    Raises
    ------
    ValueError
        If the shape is wrong, an axis is empty or a value is neither 0 nor 1.
    """
    refuse_masked("X", X)
    try:
        X = np.asarray(X)
    except ValueError as error:
        raise ValueError(
            "spike trains must be an array, got rows of different lengths."
        ) from error
    if X.ndim != 3:
        raise ValueError(
            "spike trains must have shape (n_samples, n_channels, n_steps), "
            f"got an array of shape {X.shape}."
        )
    if 0 in X.shape:
        raise ValueError(f"spike trains must not be empty, got shape {X.shape}.")
    if n_channels is not None and X.shape[1] != n_channels:
        raise ValueError(f"expected {n_channels} channels, got {X.shape[1]} (shape {X.shape}).")
    if X.dtype.kind not in "buif":
        raise ValueError(f"spikes must be 0 or 1, got an array of dtype {X.dtype}.")
    binary = X.max() <= 1 if X.dtype.kind in "bu" else ((X == 0) | (X == 1)).all()
    if not binary:
        raise ValueError(
            "spikes must be 0 or 1, got other values (negative, fractional, NaN or above 1). "
            "3-D input is spike trains unless there are features that take it: real-valued time "
            "series need SNNClassifier(features=SpikingWindowFeatures()), and images are rows: "
            "X.reshape(len(X), -1)."
        )
    return np.ascontiguousarray(X, dtype=np.uint8)


def check_first_step(spike_trains: np.ndarray) -> None:
    """Raise ValueError unless the first column of spike trains is silent."""
    if spike_trains[:, :, 0].any():
        raise ValueError(
            "spike trains must be silent in column 0, got spikes there: time runs from step 1. "
            "Put a column of zeros before them, np.pad(X, [(0, 0), (0, 0), (1, 0)]), which "
            "makes training_duration the number of columns they had."
        )


def warn_user(message: str) -> None:
    """Warn at the line that called this package, or scikit-learn, which called it."""
    frame, n_calls = inspect.currentframe(), 1
    while frame is not None and frame.f_globals["__name__"].startswith(_OURS):
        frame, n_calls = frame.f_back, n_calls + 1
    warnings.warn(message, stacklevel=n_calls)
