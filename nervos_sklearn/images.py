"""Images: blur, what shape they have, and spiking features of their patches."""

from __future__ import annotations

import functools
import math
from numbers import Integral, Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter1d
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
)
from sklearn.utils import check_array, gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _kernels
from ._random import Seed, random_generator
from ._sklearn import (
    CallbackSupportMixin,
    Estimator,
    Interval,
    StrOptions,
    _fit_context,
    fits_in_one_step,
)
from ._validation import unchanged_on_error
from .encoder import latency_traces
from .windows import Competition, compete, recruit

_BATCH = 256  # images worked on at once
_BLUR = Interval(Real, 0, 1, closed="both")  # a fraction of the longer side
_LARGEST = 1e38  # intensity; float32, the type of the blurred images, holds it


def blur_images(images: ArrayLike, image_shape: tuple, sigma: float) -> np.ndarray:
    """Blur each map of each image by a Gaussian; pixels outside count as 0.

    Parameters
    ----------
    images : array-like of shape (n_images, n_maps * height * width)
        Intensities.
    image_shape : tuple of (n_maps, height, width)
        Their layout.
    sigma : float
        Standard deviation, in pixels; 0 for none.

    Returns
    -------
    ndarray of shape (n_images, n_maps * height * width), dtype float32

    Raises
    ------
    ValueError
        If the standard deviation is larger than the longer side.
    """
    images = np.asarray(images)
    if sigma > max(image_shape[1:]):
        raise ValueError(
            f"the blur must be at most the longer side of the image, {max(image_shape[1:])} "
            f"pixels, got {sigma:g} pixels."
        )
    if sigma == 0:
        return np.ascontiguousarray(images, dtype=np.float32)
    vertical, horizontal = (_blur_matrix(side, sigma) for side in image_shape[1:])
    blurred = np.empty(images.shape, dtype=np.float32)
    for start in range(0, len(images), _BATCH):
        batch = slice(start, start + _BATCH)
        maps = images[batch].reshape(-1, *image_shape[1:]).astype(np.float64)
        blurred[batch] = (vertical @ maps @ horizontal.T).reshape(len(images[batch]), -1)
    return blurred


@functools.lru_cache(maxsize=64)
def _blur_matrix(side, sigma):
    """The Gaussian filter as a matrix: what it makes of a unit matrix."""
    return gaussian_filter1d(np.eye(side), sigma, axis=0, mode="constant")


def find_image_shape(X: np.ndarray, threshold: float = 0.2) -> tuple | None:
    """Find out whether the columns of a table are the pixels of square images.

    They are taken for images if neighbours on the grid vary together more than
    pixels two thirds of a side apart, by a difference of correlations of more than
    the threshold. Of several grids, the one with the largest difference is taken.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features; the first 1000 samples are looked at. A missing value is taken for the mean.
    threshold : float, default=0.2
        The smallest difference.

    Returns
    -------
    tuple of (n_maps, side, side) or None
        None if they are not images, or are not square.

    Examples
    --------
    >>> from sklearn.datasets import load_digits, load_wine
    >>> from nervos_sklearn.images import find_image_shape
    >>> find_image_shape(load_digits().data), find_image_shape(load_wine().data)
    ((1, 8, 8), None)
    """
    X = np.asarray(X[:1000], dtype=float)
    X = np.ldexp(X, -_exponent(X))
    missing = np.isnan(X)
    if missing.any():
        X = np.where(missing, np.ma.array(X, mask=missing).mean(axis=0).filled(0.0), X)
    centred, deviations = X - X.mean(axis=0), X.std(axis=0)
    best, shape = threshold, None
    for side in range(4, math.isqrt(X.shape[1]) + 1):
        if X.shape[1] % side**2 == 0:
            candidate = (X.shape[1] // side**2, side, side)
            score = _grid_score(
                centred.reshape(-1, *candidate), deviations.reshape(1, *candidate), side
            )
            if score > best:
                best, shape = score, candidate
    return shape


def _exponent(X):
    """The power of two that brings the largest number to 1/2 ... 1."""
    return int(np.frexp(np.nanmax(np.abs(X), initial=0.0))[1])


def _grid_score(centred, deviations, side):
    def correlation(distance, axis):
        def pairs(grid):
            here, there = (
                np.take(grid, range(*ends), axis=axis)
                for ends in ((distance, side), (0, side - distance))
            )
            return (here * there).sum()

        return pairs(centred) / max(len(centred) * pairs(deviations), 1e-12)

    far = max(2, 2 * side // 3)
    near = min(correlation(1, axis) for axis in (2, 3))
    return near - max(correlation(far, axis) for axis in (2, 3))


class _ImageTransformer(CallbackSupportMixin, TransformerMixin, Estimator):
    """A transformer of images, flattened or (n_images, height, width)."""

    image_shape: tuple[int, int] | None
    image_shape_: tuple[int, int]

    def _check_images(self, X: ArrayLike, reset: bool) -> np.ndarray:
        """Check images and flatten them: the pixels are the features."""
        shape = self.image_shape if reset else self.image_shape_
        images = check_array(X, allow_nd=True, dtype=np.float64, input_name="X", estimator=self)
        if images.ndim == 3:
            shape = _same_shape(images.shape[1:], shape)
            X = images = images.reshape(len(images), -1)
        elif images.ndim > 3:
            raise ValueError(
                "X must have shape (n_images, n_pixels) or (n_images, height, width), "
                f"got {images.shape}."
            )
        validate_data(self, X, skip_check_array=True, reset=reset)  # names, and their number
        if reset:
            self.image_shape_ = _image_shape(shape, images.shape[1])
        largest = np.abs(images).max()
        if largest > _LARGEST:
            raise ValueError(f"intensities must be at most {_LARGEST:g}, got {largest:g}.")
        return images

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _same_shape(shape, expected):
    if expected is not None and tuple(expected) != shape:
        wanted, came = (" x ".join(map(str, sides)) for sides in (expected, shape))
        raise ValueError(f"expected images of {wanted} pixels (image_shape), got {came} pixels.")
    return shape


def are_sides(shape: tuple) -> bool:
    """Whether all entries of the shape of an image are whole numbers above 0."""
    return all(isinstance(side, Integral) and int(side) > 0 for side in shape)


def _image_shape(shape, n_pixels):
    """Check the shape of an image; by default a square, or else a row."""
    if shape is None:
        side = math.isqrt(n_pixels)
        return (side, side) if side**2 == n_pixels else (1, n_pixels)
    shape = tuple(shape)
    if len(shape) != 2 or not are_sides(shape) or math.prod(shape) != n_pixels:
        raise ValueError(
            "image_shape must be (height, width), whole numbers above 0 with height * width = "
            f"{n_pixels}, got {shape}."
        )
    return tuple(int(side) for side in shape)


class GaussianBlur(OneToOneFeatureMixin, _ImageTransformer):
    """Blur images by a Gaussian; pixels outside an image count as 0.

    Parameters
    ----------
    sigma : float, default=0.04
        Standard deviation, as a fraction of the longer side; at most 1.
    image_shape : tuple of (height, width), optional
        Shape of flattened images; by default a square if the number of pixels
        allows it, else a row.

    Attributes
    ----------
    image_shape_ : tuple of (height, width)
        Shape of an image, in pixels.
    sigma_ : float
        Standard deviation, in pixels.
    n_features_in_ : int
        Pixels of an image.

    Examples
    --------
    >>> import numpy as np
    >>> from nervos_sklearn import GaussianBlur
    >>> dot = np.zeros((1, 5, 5))
    >>> dot[0, 2, 2] = 1
    >>> blurred = GaussianBlur(0.1).fit_transform(dot).reshape(5, 5)
    >>> blurred[2].astype(float).round(2).tolist()
    [0.0, 0.08, 0.62, 0.08, 0.0]
    """

    _parameter_constraints = {
        "sigma": [_BLUR],
        "image_shape": ["array-like", None],
    }

    def __init__(self, sigma: float = 0.04, *, image_shape: tuple[int, int] | None = None):
        self.sigma = sigma
        self.image_shape = image_shape

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn the shape of the images.

        Parameters
        ----------
        X : array-like of shape (n_images, n_pixels) or (n_images, height, width)
            Intensities.
        y : None
            Ignored.

        Returns
        -------
        GaussianBlur

        Raises
        ------
        ValueError
            If a parameter is out of its range, or the images are not finite numbers of at
            most 1e38 or do not have the given shape; nothing has changed then.
        """
        with unchanged_on_error(self):
            return self._fit(X)

    @fits_in_one_step
    def _fit(self, X):
        self._check_images(X, reset=True)
        self.sigma_ = self.sigma * max(self.image_shape_)
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Blur images.

        Parameters
        ----------
        X : array-like of shape (n_images, n_pixels) or (n_images, height, width)
            Intensities.

        Returns
        -------
        ndarray of shape (n_images, n_pixels), dtype float32
            Intensities.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If the images are not valid, or not of the size of those in `fit`.
        """
        check_is_fitted(self)
        X = self._check_images(X, reset=False)
        return blur_images(X, (1, *self.image_shape_), self.sigma_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


class SpikingPatchFeatures(ClassNamePrefixFeaturesOutMixin, _ImageTransformer):
    """Features of image patches, learned by spikes without labels.

    Neurons with a small receptive field compete for the patches of the training
    images: an image is blurred a little and coded as spike latencies; the neuron
    driven furthest above its threshold learns by STDP [1]_, and its threshold rises
    (homeostasis [2]_). Then, at each pixel of an image, the most driven neurons answer
    with their lead over the next one; the answers are pooled into a coarse map for
    each neuron [3]_, divided by the largest and raised to a power [4]_.

    Parameters
    ----------
    n_features : int, default=32
        Neurons, and maps; at least 2.
    patch_size : int or "auto", default="auto"
        Side of a receptive field, in pixels, at most the longer side of the image; 5,
        or 3 if both sides are below 16.
    map_size : int or "auto", default="auto"
        Side of a map, at most the longer side of the image; that side over 4.7, at
        least 4.
    n_winners : int, default=2
        Neurons that answer at each pixel; at least 1, less than `n_features`.
    n_steps : int, default=32
        Time steps of the latency code, in ms, from 1 to 1000.
    blur : float, default=0.018
        Standard deviation of the blur, as a fraction of the longer side; at most 1.
    n_presentations : int, default=20000
        Patches shown while learning, at least 1.
    eta, final_eta : float, default=0.1 and 0.005
        Learning rate at the start and at the end, above 0, falling exponentially.
    threshold_increment : float, default=0.01
        Rise of the threshold of a neuron that wins, as a fraction of the largest
        possible potential; 0 switches homeostasis off.
    minimum_contrast : float, default=0.1
        Patches with an L2 norm of less than this many times the strongest input are
        not learned.
    compression : float, default=0.4
        Exponent of the pooled answers, above 0.
    image_shape : tuple of (height, width), optional
        Shape of flattened images; by default a square if the number of pixels
        allows it, else a row.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the patches shown.

    Attributes
    ----------
    receptive_fields_ : ndarray of shape (n_features, patch_size, patch_size)
        What each neuron has learned, of norm 1; ReceptiveFieldDisplay draws it.
    map_shape_ : tuple of (n_features, map_size, map_size)
        The features of an image.
    image_shape_ : tuple of (height, width)
        Shape of an image, in pixels.
    n_features_in_ : int
        Pixels of an image.

    References
    ----------
    .. [1] T. Masquelier, S. J. Thorpe, "Unsupervised learning of visual features through spike
       timing dependent plasticity", PLoS Computational Biology 3, 2007.
    .. [2] P. U. Diehl, M. Cook, "Unsupervised learning of digit recognition using
       spike-timing-dependent plasticity", Frontiers in Computational Neuroscience 9, 2015.
    .. [3] A. Coates, A. Y. Ng, H. Lee, "An analysis of single-layer networks in unsupervised
       feature learning", AISTATS, 2011.
    .. [4] F. Perronnin, J. Sanchez, T. Mensink, "Improving the Fisher kernel for large-scale
       image classification", ECCV, 2010.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nervos_sklearn import SpikingPatchFeatures
    >>> X, _ = load_digits(return_X_y=True)
    >>> features = SpikingPatchFeatures(16, random_state=0).fit(X)
    >>> features.map_shape_, features.transform(X[:3]).shape
    ((16, 4, 4), (3, 256))
    """

    _parameter_constraints = {
        "n_features": [Interval(Integral, 2, None, closed="left")],
        "patch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "map_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "n_winners": [Interval(Integral, 1, None, closed="left")],
        "n_steps": [Interval(Integral, 1, 1000, closed="both")],
        "blur": [_BLUR],
        "n_presentations": [Interval(Integral, 1, None, closed="left")],
        "eta": [Interval(Real, 0, None, closed="neither")],
        "final_eta": [Interval(Real, 0, None, closed="neither")],
        "threshold_increment": [Interval(Real, 0, None, closed="left")],
        "minimum_contrast": [Interval(Real, 0, None, closed="left")],
        "compression": [Interval(Real, 0, None, closed="neither")],
        "image_shape": ["array-like", None],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        n_features: int = 32,
        *,
        patch_size: int | str = "auto",
        map_size: int | str = "auto",
        n_winners: int = 2,
        n_steps: int = 32,
        blur: float = 0.018,
        n_presentations: int = 20_000,
        eta: float = 0.1,
        final_eta: float = 0.005,
        threshold_increment: float = 0.01,
        minimum_contrast: float = 0.1,
        compression: float = 0.4,
        image_shape: tuple[int, int] | None = None,
        random_state: Seed = None,
    ):
        self.n_features = n_features
        self.patch_size = patch_size
        self.map_size = map_size
        self.n_winners = n_winners
        self.n_steps = n_steps
        self.blur = blur
        self.n_presentations = n_presentations
        self.eta = eta
        self.final_eta = final_eta
        self.threshold_increment = threshold_increment
        self.minimum_contrast = minimum_contrast
        self.compression = compression
        self.image_shape = image_shape
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn the features of patches.

        Parameters
        ----------
        X : array-like of shape (n_images, n_pixels) or (n_images, height, width)
            Intensities, at least 0.
        y : None
            Ignored.

        Returns
        -------
        SpikingPatchFeatures

        Raises
        ------
        ValueError
            If a parameter is out of its range, a patch or a map is larger than an image,
            `n_winners` is not smaller than `n_features`, or the images are negative, not
            finite, do not have the given shape, or are all dark; nothing has changed then.
        """
        with unchanged_on_error(self):
            return self._fit(X)

    @fits_in_one_step
    def _fit(self, X):
        if self.n_winners >= self.n_features:
            raise ValueError(
                "n_winners must be smaller than n_features, got "
                f"n_winners={self.n_winners} and n_features={self.n_features}."
            )
        X = self._check_images(X, reset=True)
        longer_side = max(self.image_shape_)
        size = self._size("patch_size", 5 if longer_side >= 16 else 3)
        map_size = self._size("map_size", max(4, round(longer_side / 4.7)))
        self._answer = self.n_winners, self.compression
        self._code = self.blur * longer_side, self.n_steps
        generator = random_generator(self.random_state)
        levels = self._levels(X[generator.permutation(len(X))[:500]])
        scene = levels, _one_latency(self.n_steps), _square_taps(size), self.image_shape_
        powers = np.empty((len(levels), levels.shape[2]))
        _kernels.windows.window_powers(*scene, powers)
        visible = np.argwhere(powers > (self.minimum_contrast * self.n_steps) ** 2)
        if len(visible) == 0:
            raise ValueError("the images are dark: no patch has the minimum_contrast.")
        first = generator.choice(
            len(visible), self.n_features, replace=len(visible) < self.n_features
        )
        weights = recruit(visible[first], *scene)
        shown = visible[generator.integers(0, len(visible), self.n_presentations)]
        compete(weights, *scene, shown, self.eta, self.final_eta, self.threshold_increment)
        self.receptive_fields_ = weights.T.reshape(-1, size, size)
        self.map_shape_ = (self.n_features, map_size, map_size)
        self._n_features_out = math.prod(self.map_shape_)
        return self

    def _size(self, name, automatic):
        size, largest = getattr(self, name), max(automatic, *self.image_shape_)
        if size == "auto":
            return automatic
        if size > largest:
            height, width = self.image_shape_
            raise ValueError(
                f"{name} must be at most {largest} for images of {height} x {width} pixels, "
                f"got {size}."
            )
        return size

    def _check_images(self, X, reset):
        X = super()._check_images(X, reset)
        if X.min() < 0:
            raise ValueError(
                "Negative values in data passed to SpikingPatchFeatures: intensities must be >= 0."
            )
        return X

    def _levels(self, images):
        """The traces of a latency code, (n_images, 1, n_pixels)."""
        sigma, n_steps = self._code
        blurred = blur_images(images, (1, *self.image_shape_), sigma)
        levels = latency_traces(blurred.astype(float), n_steps)
        return levels.astype(np.uint16)[:, np.newaxis]

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Compute the features of images.

        Parameters
        ----------
        X : array-like of shape (n_images, n_pixels) or (n_images, height, width)
            Intensities, at least 0.

        Returns
        -------
        ndarray of shape (n_images, n_features * map_size * map_size), dtype float32
            Between 0 and 1, map by map.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If the images are not valid, or not of the size of those in `fit`.
        """
        check_is_fitted(self)
        images = self._check_images(X, reset=False)
        n_features, size, _ = self.receptive_fields_.shape
        n_winners, compression = self._answer
        weights = self.receptive_fields_.reshape(n_features, -1).T
        neurons = Competition(weights, _one_latency(self._code[1]), _square_taps(size), n_winners)
        features = np.empty((len(images), self._n_features_out), dtype=np.float32)
        for batch in gen_batches(len(images), _BATCH):
            maps, _ = neurons.answer(
                self._levels(images[batch]), self.image_shape_, self.map_shape_[1:]
            )
            rows = maps.reshape(len(maps), -1)
            largest = rows.max(axis=1, keepdims=True)
            features[batch] = (rows / np.where(largest > 0, largest, 1.0)) ** compression
        return features

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _one_latency(n_steps):
    """The code of a pixel, one input whose trace is its level."""
    return np.arange(n_steps + 1.0)[:, np.newaxis]


def _square_taps(size):
    """The pixels of a patch, row by row, from its centre."""
    return np.argwhere(np.ones((size, size))) - size // 2


# The largest movements: shifts along y and x as fractions of the sides, angle (radians),
# logarithm of the scale, shear.
_LARGEST_MOVEMENT = np.array([0.054, 0.054, 0.2, 0.15, 0.35])
_LOOKS = [sign * np.eye(5)[k] for k in (2, 3, 4) for sign in (1, -1)]
_USUAL_EXPONENT, _LARGEST_PIXEL = 60, 1e30  # what float32 holds, and sums of it
_STRONGEST = 100.0  # movements beyond all use, and still numbers
_FULL_STRENGTH = 25  # samples of a class; above it movements shrink with the power -1/4


class ImageAugmentation(Estimator):
    """Blur images, move them a little in training, and look again in prediction.

    A parameter of SNNClassifier: what it does happens before the image is transformed and
    encoded. Every presentation for training shifts, turns, scales and shears the image at
    random, as in [1]_; pixels outside an image count as 0.

    Parameters
    ----------
    image_shape : {"auto"}, tuple of (height, width) or (n_maps, height, width), default="auto"
        Layout of flat images. "auto" recognises square images by how much neighbours vary
        together (:func:`find_image_shape`), and leaves alone what are not images.
    blur : float, default=0.04
        Standard deviation of a Gaussian blur, as a fraction of the longer side, at most 1; 0
        for none.
    strength : float, default=1
        Factor of the movements in training, 0 to 100; 0 for none. At 1, shifts reach 5.4 % of the
        side, angles 0.2 radians, log scales 0.15 and shears 0.35; with more than 25
        samples a class they shrink with the fourth root of their number.
    test_time : float, default=0
        An image whose class is not clear is looked at again in prediction, turned, scaled
        and sheared one way and the other; each neuron keeps its highest potential. The
        strength, 0 to 100, as a fraction of the largest movement in training; 0 for never.

    Attributes
    ----------
    image_shape_ : tuple of (n_maps, height, width) or None
        None if the features are not images.
    movement_ : ndarray of shape (5,)
        The largest movement of a presentation: shifts along y and x as fractions of the
        sides, angle in radians, logarithm of the scale, shear.

    References
    ----------
    .. [1] P. Y. Simard, D. Steinkraus, J. C. Platt, "Best practices for convolutional neural
       networks applied to visual document analysis", ICDAR, 2003.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nervos_sklearn import ImageAugmentation, SNNClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> augmentation = ImageAugmentation((8, 8), strength=0.5)
    >>> network = SNNClassifier(50, augmentation=augmentation, random_state=0)
    >>> network.fit(X[:200], y[:200]).augmentation_.image_shape_
    (1, 8, 8)
    """

    _parameter_constraints = {
        "image_shape": [StrOptions({"auto"}), "array-like"],
        "blur": [Interval(Real, 0, 1, closed="both")],
        "strength": [Interval(Real, 0, _STRONGEST, closed="both")],
        "test_time": [Interval(Real, 0, _STRONGEST, closed="both")],
    }

    def __init__(
        self,
        image_shape: str | tuple[int, ...] = "auto",
        *,
        blur: float = 0.04,
        strength: float = 1.0,
        test_time: float = 0.0,
    ):
        self.image_shape = image_shape
        self.blur = blur
        self.strength = strength
        self.test_time = test_time

    def fit(self, X: np.ndarray, n_classes: int) -> Self:
        """Find the layout of the images and how far they may move.

        Parameters
        ----------
        X : ndarray of shape (n_images, n_pixels)
            Intensities.
        n_classes : int
            Classes among the images; the more images of a class, the smaller the movements.

        Returns
        -------
        ImageAugmentation

        Raises
        ------
        ValueError
            If a parameter is not valid or the images do not have the given shape.
        """
        self._validate_params()
        self.image_shape_ = self.layout(X)
        # Scaling by powers of two changes no digit; numbers of usual size stay as they are.
        exponent = _exponent(X)
        self._exponent = exponent if abs(exponent) > _USUAL_EXPONENT else 0
        return self.set_movement(len(X), n_classes)

    def set_movement(self, n_samples: int, n_classes: int) -> Self:
        """Let images move as it suits a training set: the less, the more samples it has.

        It has `n_samples` of `n_classes`.
        """
        fewer = min(1.0, (_FULL_STRENGTH * n_classes / n_samples) ** 0.25)
        self.movement_ = self.strength * fewer * _LARGEST_MOVEMENT
        return self

    def layout(self, X: np.ndarray) -> tuple | None:
        """Return the layout of flat images `X`, (n_maps, height, width), or None.

        ValueError if `image_shape` does not multiply to the number of pixels.
        """
        if isinstance(self.image_shape, str):
            return find_image_shape(X)
        shape = tuple(np.ravel(self.image_shape).tolist())
        shape = (1, *shape) if len(shape) == 2 else shape
        if len(shape) != 3 or not are_sides(shape) or math.prod(shape) != X.shape[1]:
            raise ValueError(
                "image_shape must be (height, width) or (n_maps, height, width) and multiply to "
                f"the number of features, {X.shape[1]}; got {self.image_shape!r}."
            )
        return shape

    def blurred(self, X: np.ndarray) -> np.ndarray:
        """Blur images `X`, (n_images, n_pixels), as float32; else they stay as they are.

        ValueError if `blur` has been set to more than 1 since `fit`.
        """
        if self.image_shape_ is None:
            return X
        X = np.clip(np.ldexp(X, -self._exponent), -_LARGEST_PIXEL, _LARGEST_PIXEL)
        if self.blur == 0:
            return X
        return blur_images(X, self.image_shape_, self.blur * max(self.image_shape_[1:]))

    def moved(self, X: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Move each of the images `X`, (n_images, n_pixels), as `generator` draws it."""
        if self.image_shape_ is None or self.strength == 0:
            return X
        return self._move(X, generator.uniform(-1, 1, (len(X), 5)) * self.movement_)

    @property
    def looks_again(self) -> bool:
        """Whether `test_time` is above 0."""
        return self.test_time > 0

    def looks(self, X: np.ndarray) -> list[np.ndarray]:
        """Turn, scale and shear images `X` one way and the other: arrays (n_images, n_pixels)."""
        movements = [self.test_time * self.movement_ * look for look in _LOOKS]
        return [self._move(X, np.tile(movement, (len(X), 1))) for movement in movements]

    def _move(self, X, movements):
        images = np.require(X, np.float32, "CW")
        moved = np.empty_like(images)
        _kernels.images.move_images(images, *self.image_shape_[1:], movements, moved)
        return moved
