"""The helper names of nervos: directories, time, logging, model files, a spike train's picture."""

import logging
import os
import time

import numpy as np

from ._validation import check_numbers, check_spike_trains
from .model_file import load_model, save_model

__all__ = [
    "get_cwd",
    "load_model",
    "logger",
    "mkdir",
    "plot_spike_train",
    "save_model",
    "strftime",
    "timenow",
]

logger = logging.getLogger("nervos_sklearn")


def get_cwd() -> str:
    """Return the path of the current working directory.

    Returns
    -------
    str
        The absolute path.

    Raises
    ------
    FileNotFoundError
        If the directory is no longer there.

    Examples
    --------
    >>> from nervos_sklearn import get_cwd
    >>> print("files will be saved below", get_cwd())
    files will be saved below ...
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
    OSError
        If the directory cannot be made, such as for want of a permission.

    Examples
    --------
    >>> import os, tempfile
    >>> from nervos_sklearn import mkdir
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mkdir(os.path.join(folder, "a", "b"))
    ...     os.listdir(folder)
    ['a']
    """
    os.makedirs(f, exist_ok=True)


def timenow() -> float:
    """Return the seconds since the epoch.

    Returns
    -------
    float
        Seconds since 1970-01-01, 00:00 UTC.

    Examples
    --------
    >>> from nervos_sklearn import timenow
    >>> started = timenow()
    >>> print(f"{timenow() - started:.0f} s later")
    0 s later
    """
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
        19 letters, which sort by time.

    Raises
    ------
    TypeError, ValueError
        If the time is not a number.
    OverflowError, OSError
        If it is no time of a calendar.

    Examples
    --------
    >>> from nervos_sklearn import strftime, timenow
    >>> print("run", strftime(timenow()))
    run 20...
    """
    return time.strftime("%Y_%m_%d-%H_%M_%S", time.localtime(float(t)))


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

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from nervos_sklearn import plot_spike_train
    >>> plt.switch_backend("Agg")  # opens no window
    >>> plot_spike_train([[0, 1, 0, 1], [0, 0, 1, 0]])
    >>> plt.gca().get_xlabel()
    'time (ms)'
    """
    import matplotlib.pyplot as plt

    from .display import SpikeRasterDisplay

    spike_train = check_spike_trains([spike_train])[0]
    if ylim is not None and check_numbers("ylim", ylim, ndim=1).shape != (2,):
        raise ValueError(f"ylim must be (low, high), got {ylim!r}.")
    ax = SpikeRasterDisplay.from_spikes(spike_train).ax_
    if ylim is not None:
        ax.set_ylim(ylim)
    plt.show()
