"""
Features of patches
===================

A first layer of spiking neurons learns small patches of images, without labels; its answers,
pooled into maps, are better inputs than pixels where there are few training images.
"""

# %%
# Each neuron sees a small square of the image. The one that is driven furthest above its
# threshold learns the patch, and its threshold rises, so that all neurons get their share.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from nervos_sklearn import ReceptiveFieldDisplay, SNNClassifier, SpikingPatchFeatures

X, y = load_digits(return_X_y=True)
features = SpikingPatchFeatures(n_features=32, random_state=0).fit(X)
patches = features.receptive_fields_
ReceptiveFieldDisplay(patches.reshape(len(patches), -1), image_shape=patches.shape[1:]).plot()

# %%
# Where in an image do they answer? One map for each neuron; here are those of one digit.
maps = features.transform(X[:1]).reshape(features.map_shape_)
figure, axes = plt.subplots(2, 4, figsize=(8, 4), layout="constrained")
axes[0, 0].imshow(X[0].reshape(8, 8), cmap="gray_r")
axes[0, 0].set_title("image")
strongest = np.argsort(-maps.sum(axis=(1, 2)))
for ax, k in zip(axes.flat[1:], strongest, strict=False):
    ax.imshow(maps[k])
    ax.set_title(f"map {k}")
for ax in axes.flat:
    ax.set_axis_off()

# %%
# As ``features=`` they stand inside the classifier: the images move, and not their maps.
figure, ax = plt.subplots(layout="constrained")
sizes = [50, 100, 200, 400]
networks = {
    "pixels": SNNClassifier(random_state=0),
    "patch features": SNNClassifier(
        features=SpikingPatchFeatures(n_presentations=5000, random_state=0), random_state=0
    ),
}
for name, network in networks.items():
    scores = []
    for n in sizes:
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, train_size=n, test_size=500, stratify=y, random_state=0
        )
        scores.append(network.fit(X_train, y_train).score(X_test, y_test))
    ax.semilogx(sizes, scores, "o-", label=name)
    print(f"{name:<15}", np.round(scores, 3))
ax.set(xlabel="training images", ylabel="test accuracy")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend()
plt.show()
