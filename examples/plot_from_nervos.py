"""
Coming from nervos
==================

Everything is here under the same names, so that scripts go on as they are: faster, and with
pictures of what they record.
"""

# %%
# Settings, layers, spike trains, training: as in nervos. Each epoch is saved below ``storage``.
import contextlib
import tempfile

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from nervos_sklearn import (
    MembranePotentialDisplay,
    Module,
    Parameters,
    ReceptiveFieldDisplay,
    SNNClassifier,
    SpikeEncoder,
    SpikeRasterDisplay,
    WeightEvolutionDisplay,
    plot_spike_train,
)

parameters = Parameters(training_duration=100, epochs=2)
X, labels = load_digits(n_class=3, return_X_y=True)
spikes = SpikeEncoder("rate", training_duration=100).fit_transform(X)
plot_spike_train(spikes[0])

# %%
module = Module(parameters, random_state=0)
module.initialise_layers([64, 40])
module.X_train, module.Y_train = spikes[:150], labels[:150]
module.X_test, module.Y_test = spikes[150:300], labels[150:300]
module.get_spikeplots = module.get_weight_evolution = True
with contextlib.chdir(tempfile.mkdtemp()):
    print(f"test accuracy: {module.train():.3f}")

# %%
# What was recorded of each sample of each epoch can be drawn: the spikes ...
epoch, sample = 0, 2
SpikeRasterDisplay.from_spikes(module.spikeplots[epoch][sample], labels=module.neuron_label_map)

# %%
# ... the potentials ...
MembranePotentialDisplay.from_potentials(
    module.layerpotentials[epoch][sample][0],
    spikes=module.spikeplots[epoch][sample][1],
    refractory_time=parameters.refractory_time,
    labels=module.neuron_label_map,
)

# %%
# ... and the weights.
WeightEvolutionDisplay.from_module(module)
ReceptiveFieldDisplay(
    module.receptive_fields, image_shape=(8, 8), labels=module.neuron_label_map
).plot()

# %%
# The same network as an estimator, which makes its own spikes of the features, takes any labels,
# and stands in a pipeline or a grid search.
classifier = SNNClassifier.from_parameters(parameters, n_neurons=40, random_state=0)
classifier.fit(X[:150], labels[:150])
print(classifier.learning_, f"test accuracy: {classifier.score(X[150:300], labels[150:300]):.3f}")
plt.show()
# sphinx_gallery_thumbnail_number = 2
