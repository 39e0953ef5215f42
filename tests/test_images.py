"""Blur, recognition of images, and patch features."""

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine
from sklearn.pipeline import make_pipeline

from nervos_sklearn import (
    GaussianBlur,
    ImageAugmentation,
    MarginLearning,
    SNNClassifier,
    SpikeEncoder,
    SpikingPatchFeatures,
)
from nervos_sklearn._kernels.images import move_images
from nervos_sklearn.images import find_image_shape
from nervos_sklearn.windows import Competition

TRANSFORMERS = [
    GaussianBlur,
    lambda: SpikingPatchFeatures(8, n_presentations=2000, random_state=0),
]


@pytest.fixture(scope="module")
def images():
    return load_digits().images


def test_blur_is_the_gaussian_filter(images):
    blurred = GaussianBlur(0.1).fit(images).transform(images[:20]).reshape(-1, 8, 8)
    expected = gaussian_filter(images[:20], 0.8, axes=(1, 2), mode="constant")
    np.testing.assert_allclose(blurred, expected, atol=1e-5)
    wide = GaussianBlur(0.1, image_shape=(4, 16)).fit_transform(images.reshape(-1, 64)[:3])
    expected = gaussian_filter(images[:3].reshape(3, 4, 16), 1.6, axes=(1, 2), mode="constant")
    np.testing.assert_allclose(wide.reshape(3, 4, 16), expected, atol=1e-5)
    np.testing.assert_array_equal(
        GaussianBlur(0).fit_transform(images[:2]).ravel(), images[:2].ravel()
    )


@pytest.mark.parametrize("make", TRANSFORMERS)
def test_flat_and_square_images_are_the_same(images, make):
    flat = images.reshape(len(images), -1)
    a, b = make().fit(images).transform(images[:9]), make().fit(flat).transform(flat[:9])
    np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=r"8 x 8|features"):
        make().fit(images).transform(images[:, :7])
    with pytest.raises(ValueError, match=r"8 x 8|features"):
        make().fit(flat).transform(flat[:, :60])


@pytest.mark.parametrize("make", TRANSFORMERS)
def test_flat_and_square_images_may_be_mixed(images, make):
    flat = images.reshape(len(images), -1)
    expected = make().fit(flat).transform(flat[:9])
    np.testing.assert_array_equal(make().fit(images).transform(flat[:9]), expected)
    np.testing.assert_array_equal(make().fit(flat).transform(images[:9]), expected)
    wide = make().set_params(image_shape=(4, 16))
    np.testing.assert_array_equal(
        clone(wide).fit(flat).transform(images[:9].reshape(9, 4, 16)),
        make().fit(images.reshape(-1, 4, 16)).transform(flat[:9]),
    )
    with pytest.raises(ValueError, match=r"8 x 8.*4 x 16"):
        make().fit(flat).transform(images.reshape(-1, 4, 16))
    with pytest.raises(ValueError, match=r"4 x 16.*8 x 8"):
        wide.fit(images)


@pytest.mark.parametrize("shape", [(-1, 64), (-1, 8, 8)])
@pytest.mark.parametrize("make", TRANSFORMERS)
def test_every_column_has_a_name(images, make, shape):
    transformer = make().fit(images.reshape(shape))
    out = transformer.transform(images[:5].reshape(shape))
    names = transformer.get_feature_names_out()
    assert transformer.n_features_in_ == 64
    assert len(set(names)) == out.shape[1]
    frame = transformer.set_output(transform="pandas").transform(images[:5].reshape(shape))
    assert list(frame.columns) == list(names)
    np.testing.assert_array_equal(frame, out)


def test_names_of_a_table_are_kept(images):
    frame = pd.DataFrame(images.reshape(len(images), -1)).add_prefix("pixel ")
    assert list(GaussianBlur().fit(frame).get_feature_names_out()) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names"):
        GaussianBlur().fit(frame).transform(frame[frame.columns[::-1]])


@pytest.mark.parametrize("make", TRANSFORMERS)
def test_parameters_set_after_fit_wait_for_the_next_fit(images, make):
    transformer = make().fit(images)
    expected = transformer.transform(images[:9])
    changed = {
        "sigma": 0.3, "n_features": 5, "n_winners": 4, "n_steps": 7, "blur": 0.2,
        "compression": 2, "patch_size": 1, "map_size": 2, "image_shape": (4, 16),
    }  # fmt: skip
    transformer.set_params(**{k: v for k, v in changed.items() if k in transformer.get_params()})
    np.testing.assert_array_equal(transformer.transform(images[:9]), expected)


@pytest.mark.parametrize("shape", [(-8, -8), (-1, -64), (8.0, 8.0), ("8", "8"), (64,), (0, 0)])
@pytest.mark.parametrize("make", TRANSFORMERS)
def test_wrong_shapes_of_images_are_named(images, make, shape):
    with pytest.raises(ValueError, match="image_shape must be"):
        make().set_params(image_shape=shape).fit(images.reshape(-1, 64))
    network = SNNClassifier(epochs=1, augmentation=ImageAugmentation(shape))
    with pytest.raises(ValueError, match="image_shape must be"):
        network.fit(images.reshape(-1, 64), np.arange(len(images)) % 2)


def test_senseless_sizes_are_refused_at_once(images):
    for name in ("patch_size", "map_size"):
        with pytest.raises(ValueError, match=f"{name} must be at most 8 .*got 1000"):
            SpikingPatchFeatures(**{name: 1000}).fit(images)
    for transformer in (GaussianBlur(1e6), SpikingPatchFeatures(blur=1e6)):
        with pytest.raises(ValueError, match=r"in the range \[0.0, 1.0\]"):
            transformer.fit(images)
    with pytest.raises(ValueError, match=r"'blur'.*in the range \[0.0, 1.0\]"):
        SNNClassifier(augmentation=ImageAugmentation(blur=1e6)).fit(
            images.reshape(-1, 64), np.arange(1797) % 2
        )
    with pytest.raises(ValueError, match="at most 1e"):
        GaussianBlur().fit(images * 1e300)


def test_images_are_recognised(images):
    flat = images.reshape(len(images), -1)
    assert find_image_shape(flat) == (1, 8, 8)
    maps = np.concatenate([flat, 16 - flat[::-1]], axis=1)
    assert find_image_shape(maps) == (2, 8, 8)
    rng = np.random.default_rng(0)
    assert find_image_shape(flat[:, rng.permutation(64)]) is None
    assert find_image_shape(rng.random((200, 64))) is None
    assert find_image_shape(rng.random((200, 1)) + 0.1 * rng.random((200, 64))) is None


def test_features_are_normalised_and_named(images):
    features = SpikingPatchFeatures(12, random_state=0).fit(images)
    out = features.transform(images[:50])
    assert out.shape == (50, 12 * 4 * 4)
    assert out.min() == 0
    np.testing.assert_allclose(out.max(axis=1), 1)
    assert len(features.get_feature_names_out()) == out.shape[1]
    norms = np.linalg.norm(features.receptive_fields_.reshape(12, -1), axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-4)


def test_features_do_not_depend_on_the_batch_and_follow_the_seed(images):
    features = SpikingPatchFeatures(8, random_state=1).fit(images)
    out = features.transform(images[:300])
    order = np.random.default_rng(0).permutation(300)
    np.testing.assert_array_equal(features.transform(images[:300][order]), out[order])
    np.testing.assert_array_equal(features.transform(images[7:8]), out[7:8])
    again = SpikingPatchFeatures(8, random_state=1).fit(images)
    np.testing.assert_array_equal(again.transform(images[:300]), out)
    other = SpikingPatchFeatures(8, random_state=2).fit(images)
    assert (other.transform(images[:300]) != out).any()


def test_neurons_answer_with_their_lead_at_their_place():
    """Three neurons for single pixels; the image has one bright pixel."""
    weights = np.array([[1.0, 0.5, 0.25]])
    image = np.zeros((1, 1, 16), dtype=np.uint16)
    image[0, 0, 5] = 8
    code = np.arange(9.0)[:, np.newaxis]
    neurons = Competition(weights, code, np.zeros((1, 2), np.int64), n_winners=2)
    maps, peaks = neurons.answer(image, (4, 4), (4, 4))
    expected = np.zeros((3, 4, 4))
    expected[0, 1, 1] = 8 - 2
    expected[1, 1, 1] = 4 - 2
    np.testing.assert_array_equal(maps[0], expected)
    np.testing.assert_array_equal(peaks[0], [6, 2, 0])
    pooled, _ = neurons.answer(image, (4, 4), (2, 2))
    np.testing.assert_allclose(pooled[0, 0], 6 * np.outer([0.75, 0.25], [0.75, 0.25]))
    fast = Competition(weights, code, np.zeros((1, 2), np.int64), n_winners=2, exact=False)
    np.testing.assert_allclose(fast.answer(image, (4, 4), (4, 4))[0], maps, rtol=1e-3)


def test_competition_spreads_the_neurons_over_the_patches():
    """Four patterns, four neurons: each takes one, as none may win more than its share."""
    rng = np.random.default_rng(0)
    patterns = np.eye(9)[[0, 2, 6, 8]].reshape(4, 3, 3)
    images = np.zeros((200, 9, 9))
    images[:, 3:6, 3:6] = patterns[rng.integers(0, 4, 200)]
    features = SpikingPatchFeatures(
        4, patch_size=1, n_winners=1, blur=0, n_presentations=500, random_state=0
    ).fit(images)
    np.testing.assert_allclose(features.receptive_fields_, 1)
    features = SpikingPatchFeatures(
        9, patch_size=3, n_winners=1, blur=0, n_presentations=3000, random_state=0
    ).fit(images)
    fields = features.receptive_fields_.reshape(9, 9)
    assert set(fields.argmax(axis=1)) == set(range(9))


def test_dark_negative_and_contradictory_input_is_named(images):
    with pytest.raises(ValueError, match="dark"):
        SpikingPatchFeatures().fit(np.zeros((5, 8, 8)))
    with pytest.raises(ValueError, match="Negative"):
        SpikingPatchFeatures().fit(images - 1)
    with pytest.raises(ValueError, match="n_winners"):
        SpikingPatchFeatures(2, n_winners=2).fit(images)
    with pytest.raises(ValueError, match="image_shape"):
        SpikingPatchFeatures(image_shape=(3, 3)).fit(images.reshape(-1, 64))
    with pytest.raises(ValueError, match="shape"):
        SpikingPatchFeatures().fit(images[:, :, :, np.newaxis])
    blank = SpikingPatchFeatures(4, random_state=0).fit(images).transform(np.zeros((1, 8, 8)))
    assert (blank == 0).all()


def test_features_improve_on_pixels_when_samples_are_few(images):
    y = load_digits().target
    train = np.concatenate([np.flatnonzero(y == k)[:12] for k in range(10)])
    test = np.setdiff1d(np.arange(len(y)), train)

    def scores(make):
        return np.mean(
            [make(s).fit(images[train].reshape(-1, 64), y[train]).score(
                images[test].reshape(-1, 64), y[test]) for s in range(3)]
        )  # fmt: skip

    def with_features(seed):
        features = SpikingPatchFeatures(random_state=seed)
        return make_pipeline(features, SNNClassifier(random_state=seed))

    assert scores(with_features) > scores(lambda seed: SNNClassifier(random_state=seed)) + 0.01


# ------------------------------------------------------------------- augmentation


@pytest.fixture(scope="module")
def labels():
    return load_digits().target


def moved(image, movement):
    """Shifts along y and x in shares of the sides, angle, logarithm of the scale, shear."""
    out = np.empty((1, image.size), dtype=np.float32)
    flat = image.reshape(1, -1).astype(np.float32)
    move_images(flat, *image.shape, np.array([movement], float), out)
    return out.reshape(image.shape)


def test_movements_shift_turn_and_scale():
    image = np.random.default_rng(0).random((9, 9))
    np.testing.assert_allclose(moved(image, [0, 0, 0, 0, 0]), image, atol=1e-6)
    down = moved(image, [-1 / 9, 2 / 9, 0, 0, 0])
    np.testing.assert_allclose(down[1:, :-2], image[:-1, 2:], atol=1e-6)
    assert (down[0] == 0).all()
    quarter = moved(image, [0, 0, np.pi / 2, 0, 0])
    assert min(np.abs(quarter - np.rot90(image, k)).max() for k in (1, 3)) < 1e-5
    smaller = moved(np.ones((9, 9)), [0, 0, 0, np.log(2), 0])
    assert 16 <= smaller.sum() <= 30


def test_images_are_recognised_and_tables_are_not(images, labels):
    X, y = images.reshape(-1, 64), labels

    def shape(X, **settings):
        augmentation = SNNClassifier(epochs=1, **settings).fit(X, y).augmentation_
        return None if augmentation is None else augmentation.image_shape_

    assert shape(X) == (1, 8, 8)
    assert shape(X, learning="margin") == (1, 8, 8)
    assert shape(X, learning="stdp", n_neurons=10) is None
    assert shape(X[:, np.random.default_rng(0).permutation(64)]) is None
    assert shape(X, augmentation=ImageAugmentation((4, 16))) == (1, 4, 16)
    assert shape(X, augmentation=ImageAugmentation((4, 4, 4))) == (4, 4, 4)
    assert shape(X, augmentation=None) is None
    table = load_wine(return_X_y=True)
    assert SNNClassifier(epochs=1).fit(*table).augmentation_ is None
    with pytest.warns(UserWarning, match="not recognised as square images"):
        SNNClassifier(epochs=1, augmentation=ImageAugmentation()).fit(*table)


@pytest.mark.parametrize("image_shape", [(7, 9), (64,), (2, 8, 8), (64, 1, 1, 1), (0, 64)])
@pytest.mark.parametrize("learning", ["stdp", "prototype", "margin"])
def test_shapes_of_images_that_do_not_fit_are_named(images, labels, image_shape, learning):
    clf = SNNClassifier(learning=learning, augmentation=ImageAugmentation(image_shape))
    with pytest.raises(ValueError, match=r"image_shape must be .* features, 64; got \("):
        clf.fit(images.reshape(-1, 64), labels)


@pytest.mark.parametrize("learning", ["stdp", "prototype", "margin"])
def test_blur_is_that_of_a_transformer_before(images, labels, learning):
    """Without movements, an augmentation is a blur before the network."""
    X, X_new = images[:300].reshape(-1, 64), images[300:400].reshape(-1, 64)
    y = labels[:300]
    only_blur = ImageAugmentation((8, 8), blur=0.1, strength=0)
    clf = SNNClassifier(30, learning=learning, epochs=2, random_state=0)
    clf.set_params(**{"spike_threshold": -65} if learning == "stdp" else {"encoder": "latency"})
    inside = clone(clf).set_params(augmentation=only_blur).fit(X, y)
    blur = GaussianBlur(0.1).fit(X)
    before = clone(clf).set_params(augmentation=None).fit(blur.transform(X), y)
    np.testing.assert_array_equal(inside.module_.receptive_fields, before.module_.receptive_fields)
    np.testing.assert_array_equal(
        inside.predict_proba(X_new), before.predict_proba(blur.transform(X_new))
    )
    assert len(np.unique(inside.predict(X_new))) > 5


@pytest.mark.parametrize("learning", ["stdp", "prototype", "margin"])
def test_movements_are_only_for_training(images, labels, learning):
    X, y = images[:300].reshape(-1, 64), labels[:300]
    clf = SNNClassifier(30, learning=learning, epochs=2, random_state=0)
    clf.set_params(**{"spike_threshold": -65} if learning == "stdp" else {"encoder": "latency"})
    answers = {}
    for strength in (0, 0.5, 1):
        augmentation = ImageAugmentation((8, 8), strength=strength)
        network = clone(clf).set_params(augmentation=augmentation).fit(X, y)
        answers[strength] = network.predict_proba(X)
        np.testing.assert_array_equal(network.predict_proba(X), answers[strength])
        np.testing.assert_array_equal(network.predict_proba(X[7:8]), answers[strength][7:8])
    assert (answers[0] != answers[0.5]).any()
    assert (answers[0.5] != answers[1]).any()


def test_movements_shrink_with_the_number_of_samples(images, labels):
    X, y = images.reshape(-1, 64), labels
    few, many = (
        SNNClassifier(20, augmentation=ImageAugmentation(), epochs=1).fit(X[:n], y[:n])
        for n in (200, 1600)
    )
    largest = [0.054, 0.054, 0.2, 0.15, 0.35]
    np.testing.assert_allclose(few.augmentation_.movement_, largest)
    factor = (25 * 10 / 1600) ** 0.25
    np.testing.assert_allclose(many.augmentation_.movement_, factor * np.array(largest))


@pytest.mark.parametrize("learning", ["prototype", "margin"])
def test_further_looks_settle_what_is_not_clear_and_nothing_else(images, labels, learning):
    X, X_new = images[:80].reshape(-1, 64), images[80:].reshape(-1, 64)
    y, y_new = labels[:80], labels[80:]
    once = SNNClassifier(
        learning=learning, augmentation=ImageAugmentation((8, 8)), random_state=0
    ).fit(X, y)
    looking = ImageAugmentation((8, 8), test_time=0.7)
    again = clone(once).set_params(augmentation=looking).fit(X, y)
    np.testing.assert_array_equal(once.module_.receptive_fields, again.module_.receptive_fields)
    before, after = once.predict_proba(X_new), again.predict_proba(X_new)
    clear = before.max(axis=1) >= 0.99
    assert 0 < clear.sum() < len(clear)
    np.testing.assert_array_equal(after[clear], before[clear])
    assert (after[~clear] != before[~clear]).any(axis=1).mean() > 0.9
    assert again.score(X_new, y_new) >= once.score(X_new, y_new) - 0.005
    np.testing.assert_array_equal(again.predict_proba(X_new[3:4]), after[3:4])


def test_an_encoder_of_ones_own_sees_moved_images(images, labels):
    X, y = images[:300].reshape(-1, 64), labels[:300]
    clf = SNNClassifier(30, encoder=SpikeEncoder("latency", training_duration=32), epochs=2)
    by_name = SNNClassifier(30, encoder="latency", epochs=2, random_state=0).fit(X, y)
    np.testing.assert_array_equal(
        clf.set_params(random_state=0).fit(X, y).predict_proba(X), by_name.predict_proba(X)
    )
    assert clf.augmentation_.image_shape_ == (1, 8, 8)


def test_blurred_images_stay_in_the_range_of_an_encoder_that_does_not_scale(images, labels):
    X, y = images.reshape(-1, 64)[:200] / 16, labels[:200]
    X[:50] = 1.0
    encoder = SpikeEncoder("latency", training_duration=32, scale=None)
    augmentation = ImageAugmentation((8, 8), blur=0.2, test_time=1)
    clf = SNNClassifier(30, encoder=encoder, augmentation=augmentation, epochs=3, random_state=0)
    assert np.isfinite(clf.fit(X, y).predict_proba(X)).all()


def test_features_see_moved_images_and_inside_equals_before_without_movements(images, labels):
    X, y = images[:300].reshape(-1, 64), labels[:300]
    features = SpikingPatchFeatures(8, n_presentations=500, random_state=0)
    learning = MarginLearning(margin=0.15, eta_decay=0.9, feature_dropout=0.0)
    clf = SNNClassifier(10, learning=learning, encoder="latency", epochs=3, random_state=0)
    still = clone(clf).set_params(features=features, augmentation=None).fit(X, y)
    maps = clone(features).fit_transform(X)
    before = clone(clf).set_params(augmentation=None).fit(maps, y)
    np.testing.assert_array_equal(still.predict_proba(X), before.predict_proba(maps))
    moving = clone(clf).set_params(features=features).fit(X, y)
    assert moving.augmentation_.image_shape_ == (1, 8, 8)
    assert (moving.module_.receptive_fields != still.module_.receptive_fields).any()
