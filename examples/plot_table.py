"""
A table in a pipeline
=====================

Numbers and words in one table: scikit-learn prepares the columns, a spiking network learns them,
and every tool of scikit-learn works on the whole.
"""

# %%
# The wines of scikit-learn, with the colour in words.
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_wine
from sklearn.inspection import permutation_importance
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from nervos_sklearn import EncoderDisplay, ReceptiveFieldDisplay, SNNClassifier

data = load_wine(as_frame=True)
table = data.data.assign(
    color=pd.cut(data.data["color_intensity"], [0, 4, 6, 20], labels=["pale", "medium", "deep"])
).drop(columns="color_intensity")
names = data.target_names[data.target]
print(table[["alcohol", "hue", "color"]].head(3))

# %%
# Words become columns of zeros and ones; numbers go through as they are, because the network
# scales them itself, by their quantiles.
prepare = make_column_transformer(
    (OneHotEncoder(sparse_output=False), ["color"]),
    remainder="passthrough",
    verbose_feature_names_out=False,
).set_output(transform="pandas")
network = make_pipeline(prepare, SNNClassifier(random_state=0))
scores = cross_val_score(network, table, names, cv=5)
print(f"accuracy {scores.mean():.3f}, standard deviation over the folds {scores.std():.3f}")

# %%
# Each number is seen by several fields, one beside the other.
network.fit(table, names)
EncoderDisplay.from_estimator(network, table, "alcohol")

# %%
# What its neurons make of it, those of a class on average: what speaks for the class, and what
# against it.
ReceptiveFieldDisplay.from_estimator(network)

# %%
# Which columns matter? Shuffle each, and see what it costs.
X_train, X_test, y_train, y_test = train_test_split(table, names, stratify=names, random_state=0)
network.fit(X_train, y_train)
importance = permutation_importance(network, X_test, y_test, n_repeats=10, random_state=0)
order = importance.importances_mean.argsort()
figure, ax = plt.subplots(layout="constrained")
ax.barh(table.columns[order], importance.importances_mean[order])
ax.set(xlabel="accuracy lost when the column is shuffled")
plt.show()
# sphinx_gallery_thumbnail_number = 2
