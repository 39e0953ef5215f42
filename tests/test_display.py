"""Pictures."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from nervos_sklearn import ReceptiveFieldDisplay, SNNClassifier, SpikeEncoder


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("learning", ["stdp", "prototype", "margin"])
def test_every_receptive_field_is_drawn_at_its_place(learning):
    X, y = load_digits(return_X_y=True)
    clf = SNNClassifier(10, learning=learning, epochs=1, random_state=0)
    network = make_pipeline(SpikeEncoder("rate"), clf).fit(X[:100], y[:100])
    display = ReceptiveFieldDisplay.from_estimator(network)
    mosaic = display.image_.get_array()
    weights = network[-1].module_.receptive_fields
    np.testing.assert_array_equal(mosaic[1:9, 10:18], weights[1].reshape(8, 8))
    labels = [text.get_text() for text in display.text_]
    assert labels == ["" if k < 0 else str(k) for k in network[-1].neuron_label_map_]


def test_a_given_axes_is_used():
    _, ax = plt.subplots()
    display = ReceptiveFieldDisplay(np.ones((3, 6)), image_shape=(2, 3)).plot(ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


def test_wrong_shapes_and_unfitted_networks_are_named():
    with pytest.raises(ValueError, match="image_shape"):
        ReceptiveFieldDisplay(np.ones((3, 6)), image_shape=(2, 2))
    with pytest.raises(ValueError, match="labels"):
        ReceptiveFieldDisplay(np.ones((3, 6)), image_shape=(2, 3), labels=["a"])
    with pytest.raises(NotFittedError):
        ReceptiveFieldDisplay.from_estimator(SNNClassifier())
