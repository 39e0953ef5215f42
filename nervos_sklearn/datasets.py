"""Loaders of the data that examples and benchmarks use."""

import numpy as np
from sklearn.datasets import fetch_openml

from ._random import Seed, random_generator


def load_mnist(path: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Load MNIST [1]_, from a file or by scikit-learn's ``fetch_openml``.

    Parameters
    ----------
    path : str, optional
        A ``.npz`` file with arrays `images` (n_samples, 28, 28) and `labels`.
        Without it, the data are fetched once from openml.org and kept in
        scikit-learn's data directory.

    Returns
    -------
    X : ndarray of shape (n_samples, 784), dtype float64
        Intensities from 0 to 255.
    y : ndarray of shape (n_samples,), dtype int64
        Digits.

    Raises
    ------
    OSError
        If the file or the server cannot be read.
    ValueError
        If the file does not hold the two arrays.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to
       document recognition", Proceedings of the IEEE 86, 1998.

    Examples
    --------
    >>> import os, tempfile
    >>> from nervos_sklearn.datasets import load_mnist
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "mnist.npz")
    ...     np.savez(path, images=np.zeros((2, 28, 28)), labels=[5, 0])
    ...     X, y = load_mnist(path)
    >>> X.shape, y.tolist()
    ((2, 784), [5, 0])
    """
    if path is None:
        X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
        return X.astype(float), y.astype(np.int64)
    with np.load(path, allow_pickle=False) as file:
        if not {"images", "labels"} <= set(file.files):
            raise ValueError(f"{path} must hold the arrays images and labels, got {file.files}.")
        images, labels = file["images"], file["labels"]
    return images.reshape(len(images), -1).astype(float), labels.astype(np.int64)


def make_spike_timings(
    n_samples: int = 200,
    *,
    n_classes: int = 3,
    n_channels: int = 10,
    n_spikes: int = 3,
    n_steps: int = 200,
    duration: int = 40,
    jitter: float = 1.0,
    random_state: Seed = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Make spike trains whose classes differ in nothing but the times of the spikes.

    Each class is a pattern: every channel spikes `n_spikes` times, at times of its own with
    the same mean for all. A sample shows the pattern of its class from a random step on,
    each spike moved by a normal deviate. So neither counts nor mean times nor single steps
    tell the classes apart.

    Parameters
    ----------
    n_samples : int, default=200
        Spike trains, of all classes.
    n_classes : int, default=3
        Patterns.
    n_channels : int, default=10
        Channels of a spike train.
    n_spikes : int, default=3
        Spikes of each channel in each sample.
    n_steps : int, default=200
        Columns of a spike train, of 1 ms each; the first one is silent.
    duration : int, default=40
        Steps between the spikes of a channel, at most: at least twice `n_spikes`, and at most
        half of `n_steps`.
    jitter : float, default=1
        Standard deviation of the time of a spike, in steps, at least 0.
    random_state : int, Generator, RandomState or None, default=None
        Seed of all that is drawn.

    Returns
    -------
    X : ndarray of shape (n_samples, n_channels, n_steps), dtype uint8
        Ones where a channel spikes.
    y : ndarray of shape (n_samples,), dtype int64
        The pattern of each sample.

    Raises
    ------
    TypeError
        If a number of samples, classes, channels, spikes or steps is not an integer.
    ValueError
        If the pattern does not fit into a sample, or the spikes not into the pattern, or a
        number is below 0.

    Examples
    --------
    >>> from nervos_sklearn.datasets import make_spike_timings
    >>> X, y = make_spike_timings(50, random_state=0)
    >>> X.shape, sorted(set(X.sum(axis=2).ravel().tolist())), sorted(set(y.tolist()))
    ((50, 10, 200), [3], [0, 1, 2])
    """
    if not 2 * n_spikes <= duration <= n_steps // 2:
        raise ValueError(
            f"duration must be at least 2 * n_spikes = {2 * n_spikes} and at most half of "
            f"n_steps = {n_steps}, got {duration}."
        )
    generator = random_generator(random_state)
    order = generator.random((n_classes, n_channels, duration)).argsort(axis=2)
    patterns = order[:, :, :n_spikes] - order[:, :, :n_spikes].mean(axis=2, keepdims=True)
    X = np.zeros((n_samples, n_channels, n_steps), dtype=np.uint8)
    y = generator.integers(0, n_classes, n_samples)
    for train, label in zip(X, y, strict=True):
        middle = generator.uniform(duration, n_steps - duration)
        moved = patterns[label] + generator.normal(0.0, jitter, (n_channels, n_spikes))
        for channel, times in enumerate(np.rint(middle + moved).astype(np.int64)):
            for time in np.clip(times, 1, n_steps - 1):
                free = np.flatnonzero(train[channel, 1:] == 0) + 1
                train[channel, free[np.abs(free - time).argmin()]] = 1
    return X, y


def read_events(
    path: str,
    *,
    n_steps: int = 100,
    duration: float | None = None,
    sensor_shape: tuple[int, int] | None = None,
) -> np.ndarray:
    """Read the events of an event camera as spike trains.

    Parameters
    ----------
    path : str
        A ``.npy`` file with an array (n_events, 4) of columns x, y, t, polarity, or with a
        structured array with the fields x, y, t and p (or polarity), or a ``.npz`` file
        with arrays of those names.
    n_steps : int, default=100
        Time steps after the first one, which is silent.
    duration : float, optional
        Length of the recording, in the unit of t, such as microseconds; later events are
        left out. By default up to the last event. Give the same for all files of a data set.
    sensor_shape : tuple of (height, width), optional
        By default what holds all events of the file. Give the same for all files.

    Returns
    -------
    ndarray of shape (2 * height * width, n_steps + 1), dtype uint8
        A channel for each polarity and pixel, darker ones first, row by row; ones where
        there was an event, however many.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it does not hold such events, or they lie outside the sensor.

    Examples
    --------
    >>> import os, tempfile
    >>> from nervos_sklearn.datasets import read_events
    >>> events = np.array([[0, 0, 1000, 1], [2, 1, 5000, 0]])  # x, y, t, polarity
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "events.npy")
    ...     np.save(path, events)
    ...     spikes = read_events(path, n_steps=4)
    >>> spikes.shape, [[int(i) for i in event] for event in np.argwhere(spikes)]
    ((12, 5), [[5, 4], [6, 1]])
    """
    x, y, t, polarity = _columns_of_events(path)
    height, width = sensor_shape or (int(y.max()) + 1, int(x.max()) + 1)
    if x.min() < 0 or y.min() < 0 or x.max() >= width or y.max() >= height:
        raise ValueError(
            f"events lie outside a sensor of {height} x {width}: x from {x.min()} to {x.max()}, "
            f"y from {y.min()} to {y.max()}."
        )
    since = t - t.min()
    if duration is None:
        duration = max(float(since.max()), 1.0)
    steps = 1 + np.minimum((since * n_steps / duration).astype(np.int64), n_steps - 1)
    spikes = np.zeros((2, height, width, n_steps + 1), dtype=np.uint8)
    within = since <= duration
    spikes[(polarity > 0).astype(int)[within], y[within], x[within], steps[within]] = 1
    return spikes.reshape(-1, n_steps + 1)


def _columns_of_events(path):
    """The columns x, y, t and polarity of a file of events."""
    with open(path, "rb") as file:
        events = np.load(file, allow_pickle=False)
        names = events.dtype.names if isinstance(events, np.ndarray) else tuple(events.files)
        if names is not None:
            keys = ["x", "y", "t", "p" if "p" in names else "polarity"]
            if not set(keys) <= set(names):
                raise ValueError(f"{path} must hold x, y, t and p, got {', '.join(names)}.")
            columns = [np.asarray(events[key]) for key in keys]
        elif events.ndim == 2 and events.shape[1] == 4:
            columns = list(events.T)
        else:
            raise ValueError(
                f"{path} must hold an array (n_events, 4) of x, y, t, polarity, got shape "
                f"{events.shape}."
            )
    lengths = {np.shape(column) for column in columns}
    if len(lengths) > 1 or lengths == {(0,)}:
        raise ValueError(f"{path} must hold events, one a row, got shapes {sorted(lengths)}.")
    x, y, t, polarity = columns
    return x.astype(np.int64), y.astype(np.int64), t.astype(np.float64), polarity
