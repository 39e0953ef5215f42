"""
Search over learning and synapse
================================

A learning and a synapse are parameters like any other, and so are their own parameters:
``learning__margin``, ``synapse__n_states``. A grid search finds what suits a device.
"""

# %%
# Two ways to learn, each with its margin, on devices of few and of many levels.
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from nervos_sklearn import LinearSynapse, MarginLearning, PrototypeLearning, SNNClassifier

X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]
network = SNNClassifier(24, synapse=LinearSynapse(), encoder="latency", epochs=5, random_state=0)
levels = [2, 4, 8, 32]
margins = {PrototypeLearning(): [0.02, 0.08], MarginLearning(): [0.02, 0.15]}
grid = [
    {"learning": [learning], "learning__margin": values, "synapse__n_states": levels}
    for learning, values in margins.items()
]
search = GridSearchCV(network, grid, cv=3).fit(X, y)
print("best:", search.best_params_)
print(f"accuracy in validation: {search.best_score_:.3f}")

# %%
# All results: a line for each way to learn.
results = pd.DataFrame(search.cv_results_)
names = results["param_learning"].map(lambda learning: type(learning).__name__)
names += "(margin=" + results["param_learning__margin"].astype(str) + ")"
lines = results.set_index([names, "param_synapse__n_states"])["mean_test_score"].unstack(0)
ax = lines.plot(style="o-", logx=True, xlabel="levels of a synapse", xticks=levels)
ax.set(ylabel="accuracy in validation", xticklabels=levels)
ax.minorticks_off()
ax.legend(title=None)
plt.show()
