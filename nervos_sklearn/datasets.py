"""Loaders of the data that examples and benchmarks use."""

import numpy as np
from sklearn.datasets import fetch_openml


def load_mnist(path: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Load MNIST, from a file or by scikit-learn's ``fetch_openml``.

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
