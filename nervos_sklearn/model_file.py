"""Networks as arrays and JSON: files that are safe to open."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ._files import write_atomically, write_json
from ._validation import check_numbers

if TYPE_CHECKING:
    from .parameters import Parameters

_FORMAT = "nervos_sklearn model"
_FORMAT_VERSION = 2


def save_model(
    labels: ArrayLike,
    synapses: Sequence | np.ndarray,
    parameters: Parameters | dict,
    path: str,
) -> None:
    """Save a model as plain arrays and JSON, never as code.

    The file is a NumPy ``.npz`` archive, whatever its name. It is written beside
    the path and moved there when it is whole.

    Parameters
    ----------
    labels : array-like of shape (n_neurons,)
        The label of each neuron of the last layer: numbers, booleans or strings.
    synapses : array-like of shape (n_layers, n_neurons, n_inputs), or sequence of arrays
        The weights of each layer, (n_neurons, n_inputs) each.
    parameters : Parameters or dict
        The settings of the network, as JSON can hold them.
    path : str
        The file to write. Its directory must exist.

    Raises
    ------
    TypeError
        If the parameters are neither a dict nor a Parameters object.
    ValueError
        If there is no layer, weights are not finite matrices, labels are not a row of numbers,
        booleans or strings, one for each neuron of the last layer, or the parameters cannot be
        written as JSON.
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
    write_model(path, labels, synapses, parameters, {})


def write_model(
    path: str,
    labels: ArrayLike,
    synapses: Sequence | np.ndarray,
    parameters: dict,
    state: dict,
) -> None:
    """Do what :func:`save_model` does, with further arrays of the state of a network.

    ValueError if the parts do not fit together or cannot be written.
    """
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
    arrays |= {f"state_{name}": array for name, array in state.items()}
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

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from nervos_sklearn import load_model, save_model
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.red")
    ...     save_model(["cat", "dog"], np.ones((1, 2, 3)), {}, path)
    ...     load_model(path)[1].tolist()
    ['cat', 'dog']
    """
    return _read(path, _read_model)


def read_network(path: str) -> tuple[np.ndarray, np.ndarray, dict, dict, int]:
    """Read what :func:`load_model` does, the state of the network, and the format's version.

    Raises what :func:`load_model` does, OSError or ValueError.
    """
    return _read(path, lambda archive: (*_read_model(archive), *_read_state(archive)))


def _read(path, read):
    with open(path, "rb") as file:
        try:
            if file.peek(2)[:2] != b"PK":
                raise ValueError("not an archive")
            content = io.BytesIO(file.read())  # whatever the file claims, there is no more
            with zipfile.ZipFile(content) as archive:
                _check_sizes(archive, content.getbuffer().nbytes)
                return read(archive)
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


def _read_state(archive):
    names = [name.removesuffix(".npy") for name in archive.namelist()]
    state = {
        name.removeprefix("state_"): _read_array(archive, name).copy()
        for name in names
        if name.startswith("state_")
    }
    return state, json.loads(str(_read_array(archive, "header")))["version"]


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


# --------------------------------------------------------------------------- networks


def to_json(estimator) -> dict | None:
    """Describe a synapse or a learning by its name and parameters, as JSON can hold them."""
    if estimator is None:
        return None
    parameters = {name: _plain(v) for name, v in estimator.get_params(deep=False).items()}
    return {"model": _name_of(type(estimator)), "parameters": parameters}


def _plain(value):
    if hasattr(value, "get_params"):
        return to_json(value)
    if hasattr(value, "__array__") or isinstance(value, (list, tuple)):
        return np.asarray(value).tolist()
    return value


def from_json(description: dict | None, base: type):
    """Make the object that :func:`to_json` has described.

    Its class must be one of this package, or a subclass of `base` that has been defined
    or imported before; else ValueError.
    """
    if description is None:
        return None
    classes = {_name_of(c): c for c in (base, *_subclasses(base))}
    if description["model"] not in classes:
        raise ValueError(
            f"unknown {base.__name__} {description['model']!r}, not of {sorted(classes)}; "
            "import the module that defines it first."
        )
    parameters = {
        name: from_json(v, base) if isinstance(v, dict) else v
        for name, v in description["parameters"].items()
    }
    return classes[description["model"]](**parameters)


def _name_of(cls):
    if cls.__module__.partition(".")[0] == __package__:
        return cls.__name__
    return f"{cls.__module__}.{cls.__qualname__}"


def _subclasses(cls):
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def of_first_format(own: dict) -> dict:
    """What files of version 0.1 mean by their settings today.

    There the learning was three flags of the network, the read noise of a model was a half
    range of 3 deviations, and a non-linear synapse of n states had n + 1 levels.
    """
    own = dict(own)
    parameters = {"labeling": "reference", "shuffle": False}
    for name, flag in (("rule", "learning_rule"), ("wta", "wta"), ("true_lif", "true_lif")):
        if flag in own:
            parameters[name] = own.pop(flag)
    own["learning"] = {"model": "STDPLearning", "parameters": parameters}
    if own.get("synapse"):
        synapse = dict(own["synapse"]["parameters"])
        synapse["read_noise"] = synapse.get("read_noise", 0.0) / 3
        if own["synapse"]["model"] == "NonLinearSynapse":
            synapse["n_states"] = synapse.get("n_states", 25) + 1
        own["synapse"] = {"model": own["synapse"]["model"], "parameters": synapse}
    return own
