"""
Save a network, and open it safely
==================================

Three kinds of file: joblib's keeps a whole pipeline, skops' the same without running code when it
is opened, and the package's own holds arrays and JSON, to be read in any language.
"""

# %%
# A pipeline to be kept.
import contextlib
import tempfile
import zipfile
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
import skops.io
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from nervos_sklearn import Module, Parameters, ReceptiveFieldDisplay, SNNClassifier, load_model

X, y = load_digits(return_X_y=True)
pipeline = make_pipeline(MinMaxScaler(), SNNClassifier(50, epochs=5, random_state=0))
pipeline.fit(X[:500], y[:500])
folder = Path(tempfile.mkdtemp())

# %%
# joblib: fast, and for files of your own only, because opening one runs what it says.
joblib.dump(pipeline, folder / "digits.joblib")
loaded = joblib.load(folder / "digits.joblib", mmap_mode="r")
print("the same answers:", np.array_equal(loaded.predict(X), pipeline.predict(X)))

# %%
# skops: a file names the types it holds, and is opened if you trust them.
skops.io.dump(pipeline, folder / "digits.skops")
types = skops.io.get_untrusted_types(file=folder / "digits.skops")
print("\n".join(types))
loaded = skops.io.load(folder / "digits.skops", trusted=types)
print("the same answers:", np.array_equal(loaded.predict(X), pipeline.predict(X)))

# %%
# The package's own: the network alone, without what stands before it. ``Module.train`` writes
# such files after each epoch; here we write one.
network = pipeline[-1]
module = network.module_
with contextlib.chdir(folder):  # below which it makes the directory "storage"
    module.save_epoch(5, module.get_all_synapses(), module.neuron_label_map, accuracy=0.9)
(path,) = folder.rglob("*.red")
with zipfile.ZipFile(path) as file:
    print("\n".join(file.namelist()))

# %%
# A network of its own makes of it what it was.
other = Module(Parameters())
other.load_model(path)
synapses, labels, settings = load_model(path)
print(type(other.learning).__name__, "with the weights of old:",
      np.array_equal(other.receptive_fields, module.receptive_fields))  # fmt: skip
ReceptiveFieldDisplay(synapses[0], image_shape=(8, 8), labels=labels).plot()
plt.show()
