"""
How features become spikes
==========================

Networks of spikes see no numbers: an encoder turns each feature into spike trains. Here is the
same image, and the same feature of a table, in each code.
"""

# %%
# For images, one channel a pixel. A *rate* code spikes at even intervals, the darker the more
# often; a *Poisson* code as often, but at random; a *latency* code once, the darker the earlier.
# Fewer spikes cost less energy.
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits, load_wine

from nervos_sklearn import EncoderDisplay, SpikeEncoder, SpikeRasterDisplay

X, y = load_digits(return_X_y=True)
figure, axes = plt.subplots(2, 2, figsize=(9, 7), layout="constrained")
axes[0, 0].imshow(X[0].reshape(8, 8), cmap="gray_r")
axes[0, 0].set(title="an image of 64 pixels", xticks=[], yticks=[])
for ax, code in zip(axes.flat[1:], ("rate", "poisson", "latency"), strict=True):
    encoder = SpikeEncoder(code, training_duration=50, max_frequency=15, random_state=0).fit(X)
    spikes = encoder.transform(X[:1])[0]
    SpikeRasterDisplay.from_spikes(spikes, ax=ax)
    ax.set_title(f"{code}: {spikes.sum()} spikes")

# %%
# For tables, a feature has several channels with *receptive fields*: each answers most to values
# near its centre, so that a neuron can learn to like the middle of a range. A field can spike
# often, or early.
wine = load_wine(as_frame=True).data
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for ax, field_code in zip(axes, ("rate", "latency"), strict=True):
    encoder = SpikeEncoder("receptive_fields", n_fields=6, field_code=field_code).fit(wine)
    EncoderDisplay.from_encoder(encoder, wine, "alcohol", ax=ax)
    ax.set_title(f"fields that answer by their {field_code}")

# %%
# A feature with a long tail wastes fields where there are no data. The scale ``"quantile"``
# spreads them as the data are.
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for ax, scale in zip(axes, ("feature", "quantile"), strict=True):
    encoder = SpikeEncoder("receptive_fields", n_fields=6, field_code="latency", scale=scale)
    EncoderDisplay.from_encoder(encoder.fit(wine), wine, "malic_acid", ax=ax)
    ax.set_title(f'scale="{scale}"')
plt.show()
