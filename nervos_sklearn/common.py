"""Small helpers: model files, directories, time, logging, a picture of a spike train."""

import contextlib
import io
import json
import logging
import math
import os
import pathlib
import stat
import tempfile
import time
import zipfile
from collections.abc import Callable

import numpy as np
from sklearn.utils import check_random_state

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be removed
    fcntl = None  # type: ignore[assignment]

logger = logging.getLogger("nervos_sklearn")

_FORMAT = "nervos_sklearn model"
_FORMAT_VERSION = 1


def get_cwd() -> str:
    """Return the path of the current working directory.

    Examples
    --------
    >>> from nervos_sklearn import common
    >>> common.get_cwd() == os.getcwd()
    True
    """
    return os.getcwd()


def mkdir(f: str) -> None:
    """Create a directory, with its parents, unless it exists.

    Parameters
    ----------
    f : str
        Path of the directory.

    Raises
    ------
    FileExistsError
        If the path is a file.
    """
    os.makedirs(f, exist_ok=True)


def timenow() -> float:
    """Return the seconds since the epoch."""
    return time.time()


def strftime(t: float) -> str:
    """Write a time as ``YYYY_MM_DD-HH_MM_SS``, in local time.

    Parameters
    ----------
    t : float
        Seconds since the epoch.

    Returns
    -------
    str

    Examples
    --------
    >>> from nervos_sklearn import common
    >>> len(common.strftime(common.timenow()))
    19
    """
    return time.strftime("%Y_%m_%d-%H_%M_%S", time.localtime(float(t)))


def write_atomically(path: str, write: Callable) -> None:
    """Write a file so that the path holds the old content or the new one, never a part.

    A file that is replaced keeps its mode, and a symbolic link is written through.
    What a writer that was killed has left in the directory is removed. Where there
    is no file to keep, as for a device or a pipe, the content is written directly.

    Parameters
    ----------
    path : str
        The file to make or to replace.
    write : callable
        Called with a binary file to write to.

    Raises
    ------
    OSError
        If the directory does not exist or cannot be written to.
    """
    path = os.path.realpath(os.fsdecode(path))
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG | (0o666 & ~_umask())
    if not stat.S_ISREG(mode):
        with open(path, "wb") as file:
            write(file)
        return
    directory = os.path.dirname(path)
    _remove_abandoned(directory)
    handle, unfinished = _unfinished_file(directory)
    try:
        with _locked(handle):
            with os.fdopen(handle, "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(unfinished, stat.S_IMODE(mode))
            os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise


_UNFINISHED = {"prefix": ".nervos_sklearn-", "suffix": ".unfinished"}


def _unfinished_file(directory):
    """Make a file to write to, locked to show that its writer lives."""
    while True:
        handle, path = tempfile.mkstemp(dir=directory, **_UNFINISHED)
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, path
        os.close(handle)  # somebody took it for abandoned before it was locked


@contextlib.contextmanager
def _locked(handle):
    """Keep the lock of a handle that the block closes."""
    if fcntl is None:
        yield
        return
    copy = os.dup(handle)
    try:
        yield
    finally:
        os.close(copy)


def _remove_abandoned(directory):
    """Remove the files of writers that live no more."""
    for path in pathlib.Path(directory).glob("*".join(_UNFINISHED.values())):
        with contextlib.suppress(OSError):  # in use, finished by now, or of another user
            if fcntl is None:
                path.unlink()
                continue
            handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(handle)


def _umask():
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def random_generator(random_state=None) -> np.random.Generator:
    """Make a Generator of what scikit-learn accepts as `random_state`.

    Parameters
    ----------
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None

    Returns
    -------
    numpy.random.Generator
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    seeds = check_random_state(random_state).randint(2**32, size=4, dtype=np.uint32)
    return np.random.default_rng(seeds)


def draw_keys(generator: np.random.Generator, size) -> np.ndarray:
    """Draw the seeds of random streams of the compiled loops, of dtype uint64."""
    return generator.integers(2**64, size=size, dtype=np.uint64)


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
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite numbers, got NaN or infinity.")
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
            "3-D input is spike trains; real-valued time series are not supported: give a row of "
            "features a sample, as X.reshape(len(X), -1) is, or turn them into spikes yourself."
        )
    return np.ascontiguousarray(X, dtype=np.uint8)


def write_json(parameters: dict, indent: int | None = None) -> str:
    """Write settings as JSON, or raise ValueError if it cannot hold them."""
    try:
        return json.dumps(parameters, allow_nan=False, indent=indent)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the parameters cannot be written as JSON: {error}") from error


def save_model(labels: np.ndarray, synapses: np.ndarray, parameters: dict, path: str) -> None:
    """Save a model as plain arrays and JSON, never as code.

    The file is a NumPy ``.npz`` archive, whatever its name. It is written beside
    the path and moved there when it is whole.

    Parameters
    ----------
    labels : array-like of shape (n_neurons,)
        The label of each neuron of the last layer: numbers, booleans or strings.
    synapses : array-like of shape (n_layers, n_neurons, n_inputs), or sequence of arrays
        The weights of each layer, (n_neurons, n_inputs) each.
    parameters : dict or Parameters
        The settings of the network, as JSON can hold them.
    path : str
        The file to write. Its directory must exist.

    Raises
    ------
    ValueError
        If an array holds Python objects, or the parameters cannot be written as JSON.
    OSError
        If the file cannot be written; a file that was there is left as it was.

    Examples
    --------
    >>> import os, tempfile
    >>> from nervos_sklearn import load_model, save_model
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.red")
    ...     save_model([0, 1], np.ones((1, 2, 3)), {"eta": 0.03}, path)
    ...     synapses, labels, parameters = load_model(path)
    >>> synapses.shape, labels.tolist(), parameters
    ((1, 2, 3), [0, 1], {'eta': 0.03})
    """
    if hasattr(parameters, "to_dict"):
        parameters = parameters.to_dict()
    if not isinstance(parameters, dict):
        raise TypeError(f"parameters must be a dict, got {type(parameters).__name__}.")
    settings = write_json(parameters)
    if not np.iterable(synapses) or len(synapses) == 0:
        raise ValueError(f"synapses must hold the weights of each layer, got {synapses!r}.")
    header = {"format": _FORMAT, "version": _FORMAT_VERSION, "n_layers": len(synapses)}
    arrays = {
        "header": np.array(json.dumps(header)),
        "parameters": np.array(settings),
        "labels": _plain_labels(labels),
    }
    for k, weights in enumerate(synapses):
        arrays[f"synapses_{k}"] = check_numbers(f"synapses[{k}]", weights, ndim=2)
    if len(arrays["labels"]) != len(synapses[-1]):
        raise ValueError(
            f"labels must be as many as the neurons of the last layer, {len(synapses[-1])}, "
            f"got {len(arrays['labels'])}."
        )
    write_atomically(path, lambda file: np.savez(file, allow_pickle=False, **arrays))


def _plain_labels(labels):
    try:
        array = np.asarray(labels)
    except ValueError as error:
        raise ValueError("labels must be an array, got rows of different lengths.") from error
    if array.dtype.kind not in "biufU" or array.ndim != 1:
        raise ValueError(
            "labels must be a row of numbers, booleans or strings, got an array of shape "
            f"{array.shape} and dtype {array.dtype}: model files hold no Python objects."
        )
    return array


def load_model(path: str) -> tuple[np.ndarray, np.ndarray, dict]:
    """Load a model that :func:`save_model` wrote. No code in the file is ever run.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    synapses : ndarray of shape (n_layers, n_neurons, n_inputs)
        The weights of each layer; an object array of matrices if their shapes differ.
    labels : ndarray of shape (n_neurons,)
        The label of each neuron of the last layer.
    parameters : dict
        The settings of the network.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If the file is damaged, or is not a model file of this package.
    """
    with open(path, "rb") as file:
        try:
            if file.peek(2)[:2] != b"PK":
                raise ValueError("not an archive")
            content = io.BytesIO(file.read())  # whatever the file claims, there is no more
            with zipfile.ZipFile(content) as archive:
                _check_sizes(archive, content.getbuffer().nbytes)
                return _read_model(archive)
        except Exception as error:  # whatever the bytes make the parsers say
            raise ValueError(
                f"{path} is damaged or not a model file of nervos_sklearn. "
                "Save the model again with save_model; pickles are never opened."
            ) from error


def _check_sizes(archive, file_size):
    """Refuse a small file that claims much memory: save_model compresses nothing."""
    members = archive.infolist()
    if any(
        member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size
        for member in members
    ):
        raise ValueError("compressed")
    if sum(member.file_size for member in members) > file_size:
        raise ValueError("the parts are larger than the file")


def _read_array(archive, name):
    """Read an array as NumPy does, but reserve no memory for more than there is."""
    content = archive.read(f"{name}.npy")
    file = io.BytesIO(content)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[np.lib.format.read_magic(file)]
    shape, fortran_order, dtype = read_header(file)
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(content) - file.tell():
        raise ValueError(f"{name} holds Python objects, or not what its header says")
    array = np.frombuffer(content, dtype, offset=file.tell())
    return array.reshape(shape, order="F" if fortran_order else "C")


def _read_model(archive):
    header = json.loads(str(_read_array(archive, "header")))
    if header["format"] != _FORMAT:
        raise ValueError(f"unknown format {header['format']!r}")
    if header["version"] > _FORMAT_VERSION:
        raise ValueError(f"written by a newer version, format {header['version']}")
    synapses = [
        check_numbers("synapses", _read_array(archive, f"synapses_{k}"), ndim=2)
        for k in range(header["n_layers"])
    ]
    labels = _plain_labels(_read_array(archive, "labels").copy())
    settings = json.loads(str(_read_array(archive, "parameters")))
    if len(labels) != len(synapses[-1]) or not isinstance(settings, dict):
        raise ValueError("the parts do not fit together")
    return stack_layers(synapses), labels, settings


def stack_layers(synapses: list) -> np.ndarray:
    """Put the weights of all layers in one array.

    Parameters
    ----------
    synapses : list of ndarray of shape (n_neurons, n_inputs)

    Returns
    -------
    ndarray of shape (n_layers, n_neurons, n_inputs)
        Of dtype object, with one matrix per layer, if the shapes differ.
    """
    if len({weights.shape for weights in synapses}) == 1:
        return np.stack(synapses)
    stacked = np.empty(len(synapses), dtype=object)
    stacked[:] = synapses
    return stacked


def plot_spike_train(spike_train: np.ndarray, ylim: tuple | None = None) -> None:
    """Draw a spike train: one dot a spike, time to the right, channels upwards.

    Parameters
    ----------
    spike_train : ndarray of shape (n_channels, n_steps)
        Ones where a channel spikes.
    ylim : tuple of (low, high), optional
        The channels to show; all by default.

    Raises
    ------
    ValueError
        If the array is not 2-D or holds something else than 0 and 1, or `ylim` is
        not a pair of numbers.
    """
    import matplotlib.pyplot as plt

    spike_train = check_spike_trains([spike_train])[0]
    if ylim is not None and check_numbers("ylim", ylim, ndim=1).shape != (2,):
        raise ValueError(f"ylim must be (low, high), got {ylim!r}.")
    channels, steps = np.nonzero(spike_train)
    _, ax = plt.subplots()
    ax.plot(steps, channels, "|", color="black")
    ax.set(
        xlabel="time (ms)",
        ylabel="channel",
        xlim=(0, spike_train.shape[1]),
        ylim=(-0.5, spike_train.shape[0] - 0.5) if ylim is None else ylim,
    )
    plt.show()
