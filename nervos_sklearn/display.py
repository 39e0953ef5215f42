"""Pictures of a network, as scikit-learn displays."""

import math

import numpy as np
from sklearn.utils.validation import check_is_fitted


class ReceptiveFieldDisplay:
    """The weights that lead to each neuron, as a picture for each.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    weights : ndarray of shape (n_neurons, n_inputs)
        The weights.
    image_shape : tuple of (height, width)
        How the inputs of a neuron are laid out; height * width is n_inputs.
    labels : sequence of length n_neurons, optional
        Written beside each picture.

    Attributes
    ----------
    image_ : matplotlib.image.AxesImage
        All receptive fields, side by side.
    text_ : list of matplotlib.text.Text
        The labels.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the inputs cannot be laid out in that shape.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import ReceptiveFieldDisplay
    >>> weights = np.random.default_rng(0).random((6, 64))
    >>> display = ReceptiveFieldDisplay(weights, image_shape=(8, 8)).plot()
    >>> display.image_.get_array().shape
    (19, 28)
    """

    def __init__(self, weights, *, image_shape, labels=None):
        weights = np.asarray(weights, dtype=float)
        height, width = image_shape
        if weights.ndim != 2 or weights.shape[1] != height * width:
            raise ValueError(
                f"weights of shape {weights.shape} cannot be drawn as images of "
                f"{height} x {width}: image_shape must multiply to the number of inputs."
            )
        if labels is not None and len(labels) != len(weights):
            raise ValueError(f"expected {len(weights)} labels, got {len(labels)}.")
        self.weights = weights
        self.image_shape = (height, width)
        self.labels = labels

    @classmethod
    def from_estimator(cls, estimator, *, image_shape=None, ax=None, cmap="viridis"):
        """Draw the receptive fields of the first layer of a classifier.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier, or a pipeline that ends with one.
        image_shape : tuple of (height, width), optional
            Layout of the inputs. By default a square if their number allows it,
            else a row.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        cmap : str or matplotlib.colors.Colormap, default="viridis"
            Colours of the weights.

        Returns
        -------
        ReceptiveFieldDisplay

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        """
        classifier = estimator[-1] if hasattr(estimator, "steps") else estimator
        check_is_fitted(classifier)
        layers = classifier.module_.layers
        weights = layers[0].synapses
        labels = None
        if len(layers) == 1:
            labels = [
                "" if k < 0 else str(classifier.classes_[k]) for k in classifier.neuron_label_map_
            ]
        if image_shape is None:
            side = math.isqrt(weights.shape[1])
            image_shape = (side, side) if side**2 == weights.shape[1] else (1, weights.shape[1])
        return cls(weights, image_shape=image_shape, labels=labels).plot(ax=ax, cmap=cmap)

    def plot(self, *, ax=None, cmap="viridis"):
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        cmap : str or matplotlib.colors.Colormap, default="viridis"
            Colours of the weights.

        Returns
        -------
        ReceptiveFieldDisplay
        """
        import matplotlib.pyplot as plt

        height, width = (side + 1 for side in self.image_shape)
        n_columns = math.ceil(math.sqrt(len(self.weights) * height / width))
        n_rows = math.ceil(len(self.weights) / n_columns)
        mosaic = np.full((n_rows * height + 1, n_columns * width + 1), np.nan)
        corners = [
            (1 + height * (k // n_columns), 1 + width * (k % n_columns))
            for k in range(len(self.weights))
        ]
        for weights, (top, left) in zip(self.weights, corners, strict=True):
            mosaic[top : top + height - 1, left : left + width - 1] = weights.reshape(
                self.image_shape
            )
        if ax is None:
            _, ax = plt.subplots(
                figsize=(0.6 * n_columns + 1, 0.6 * n_rows * height / width), layout="constrained"
            )
        self.image_ = ax.imshow(mosaic, cmap=cmap, interpolation="nearest")
        self.text_ = [
            ax.text(left, top + 0.5, label, color="white", fontsize="x-small", va="top")
            for label, (top, left) in zip(self.labels or (), corners, strict=False)
        ]
        ax.set_axis_off()
        self.ax_, self.figure_ = ax, ax.figure
        self.figure_.colorbar(self.image_, ax=ax, label="weight", fraction=0.03, pad=0.02)
        return self
