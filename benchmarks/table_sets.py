"""Tables that need no download: one collection to choose settings on, another to report.

The two are written differently and share no generator: what is reported are scikit-learn's
own tables and its generators, with one named difficulty each; settings are chosen on tables
drawn from random trees, random networks, mixtures, copulas and the like.

Each table is a function without arguments that returns X of shape (n_samples, n_features)
and y of shape (n_samples,), the same at each call.
"""

import numpy as np
from scipy import stats
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    load_wine,
    make_blobs,
    make_circles,
    make_classification,
    make_friedman1,
    make_friedman2,
    make_friedman3,
    make_gaussian_quantiles,
    make_hastie_10_2,
    make_moons,
)
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures

COLLECTIONS = {"report": {}, "choose": {}}


def big_table():
    """16,000 samples of 50 features in 3 classes to learn from, and 4,000 to answer."""
    X, y = make_classification(
        20_000, 50, n_informative=15, n_redundant=5, n_classes=3, random_state=11
    )
    return X[:16_000], X[16_000:], y[:16_000], y[16_000:]


def table(collection, name):
    """Enter a function into a collection under a name."""

    def enter(make):
        COLLECTIONS[collection][name] = make
        return make

    return enter


def cut(values, shares):
    """Classes of values cut at quantiles, so that they have these shares."""
    return np.searchsorted(np.quantile(values, np.cumsum(shares)[:-1]), values)


def flipped(y, share, rng):
    """Labels, a share of them drawn anew."""
    anew = rng.random(len(y)) < share
    return np.where(anew, rng.permutation(y), y)


def one_hot(X):
    return OneHotEncoder(sparse_output=False).fit_transform(X)


def with_noise_columns(X, n_columns, rng):
    return np.hstack([X, rng.normal(scale=X.std(), size=(len(X), n_columns))])


# ------------------------------------------------------------------------------ reported

COLLECTIONS["report"] |= {
    "iris": lambda: load_iris(return_X_y=True),
    "wine": lambda: load_wine(return_X_y=True),
    "breast_cancer": lambda: load_breast_cancer(return_X_y=True),
    "hastie_10_2": lambda: make_hastie_10_2(1200, random_state=1),
    "nested shells": lambda: make_gaussian_quantiles(
        n_samples=1200, n_features=6, n_classes=3, random_state=2
    ),
    "imbalanced 95:5": lambda: make_classification(
        1500, 20, n_informative=6, weights=[0.95], class_sep=0.8, random_state=3
    ),
    "imbalanced 90:9:1": lambda: make_classification(
        2000, 12, n_informative=6, n_classes=3, weights=[0.9, 0.09], random_state=4
    ),
    "60 samples, 200 features": lambda: make_classification(
        60, 200, n_informative=10, n_redundant=20, class_sep=1.5, random_state=5
    ),
    "20 informative of 50": lambda: make_classification(
        1500, 50, n_informative=20, n_redundant=0, n_classes=3, random_state=6
    ),
    "200 features": lambda: make_classification(
        1000, 200, n_informative=15, n_redundant=15, random_state=7
    ),
    "12 classes": lambda: make_classification(
        1500, 20, n_informative=12, n_classes=12, n_clusters_per_class=1, random_state=8
    ),
    "heavy label noise": lambda: make_classification(
        1200, 15, n_informative=6, flip_y=0.4, random_state=9
    ),
    "four clusters a class": lambda: make_classification(
        1500, 8, n_informative=6, n_clusters_per_class=4, n_classes=3, random_state=10
    ),
}


@table("report", "breast_cancer, quadratic")
def _():
    X, y = load_breast_cancer(return_X_y=True)
    return PolynomialFeatures(2, include_bias=False).fit_transform(X), y


@table("report", "diabetes, in thirds")
def _():
    X, y = load_diabetes(return_X_y=True, scaled=False)
    return X, cut(y, [1 / 3] * 3)


@table("report", "linear, 10 features")
def _():
    rng = np.random.default_rng(20)
    X = rng.normal(size=(800, 10))
    y = X @ rng.normal(size=10) + 0.5 * rng.normal(size=800) > 0
    return X, y.astype(int)


@table("report", "Cauchy outliers")
def _():
    X, y = make_classification(1200, 20, n_informative=8, n_classes=3, random_state=21)
    rng = np.random.default_rng(21)
    wild = 1e3 * rng.standard_cauchy(X.shape)
    return np.where(rng.random(X.shape) < 0.01, wild, X), y


@table("report", "lognormal features")
def _():
    X, y = make_classification(
        1200, 20, n_informative=8, n_classes=3, class_sep=1.2, random_state=22
    )
    return np.exp(2 * X), y


@table("report", "80 one-hot columns")
def _():
    rng = np.random.default_rng(23)
    X = rng.integers(5, size=(1200, 16))
    scores = rng.normal(size=(3, 16, 5))[:, np.arange(16), X].sum(axis=-1)
    return one_hot(X), (scores + rng.gumbel(size=scores.shape)).argmax(axis=0)


@table("report", "70 positive columns of mixed scales")
def _():
    X, y = make_classification(1000, 70, n_informative=10, n_classes=3, random_state=24)
    scales = 10.0 ** np.random.default_rng(24).uniform(-3, 4, size=70)
    return (X - X.min(axis=0)) * scales, y


@table("report", "axis-parallel rules")
def _():
    rng = np.random.default_rng(25)
    X = rng.random((1200, 8))
    first = (X[:, 0] > 0.3) & (X[:, 1] < 0.6)
    second = (X[:, 2] > 0.7) | ((X[:, 3] < 0.4) & (X[:, 4] > 0.5))
    return X, flipped(np.where(first, 2 * second, second), 0.02, rng)


@table("report", "Friedman 1, in thirds")
def _():
    X, y = make_friedman1(1200, 10, noise=1.0, random_state=26)
    return X, cut(y, [1 / 3] * 3)


@table("report", "Friedman 2, in quarters")
def _():
    X, y = make_friedman2(1000, noise=60.0, random_state=27)
    return X, cut(y, [1 / 4] * 4)


@table("report", "Friedman 3, in halves")
def _():
    X, y = make_friedman3(1000, noise=0.1, random_state=28)
    return X, cut(y, [1 / 2] * 2)


@table("report", "exclusive or, 4 noise columns")
def _():
    rng = np.random.default_rng(29)
    X = rng.uniform(-1, 1, size=(1000, 6))
    return X, flipped(((X[:, 0] > 0) ^ (X[:, 1] > 0)).astype(int), 0.04, rng)


@table("report", "checkerboard, 4 x 4")
def _():
    X = np.random.default_rng(30).uniform(0, 4, size=(1500, 2))
    return X, np.floor(X).sum(axis=1).astype(int) % 2


@table("report", "moons, 3 noise columns")
def _():
    X, y = make_moons(800, noise=0.2, random_state=31)
    return with_noise_columns(X, 3, np.random.default_rng(31)), y


@table("report", "circles, 3 noise columns")
def _():
    X, y = make_circles(800, noise=0.1, factor=0.5, random_state=32)
    return with_noise_columns(X, 3, np.random.default_rng(32)), y


@table("report", "three spirals")
def _():
    rng = np.random.default_rng(33)
    y = rng.integers(3, size=1200)
    radius = np.sqrt(rng.random(1200))
    angle = 4 * radius + 2 * np.pi * y / 3
    X = radius * np.array([np.cos(angle), np.sin(angle)])
    return X.T + 0.04 * rng.normal(size=(1200, 2)), y


@table("report", "correlated and rotated")
def _():
    X, y = make_classification(1000, 15, n_informative=8, n_redundant=7, random_state=34)
    rng = np.random.default_rng(34)
    rotation = np.linalg.qr(rng.normal(size=(15, 15)))[0]
    return (X + 0.1 * rng.normal(size=X.shape)) @ rotation, y


@table("report", "Poisson counts")
def _():
    rng = np.random.default_rng(35)
    y = rng.integers(4, size=1200)
    rates = rng.gamma(0.7, 2.0, size=30) * np.exp(0.5 * rng.normal(size=(4, 30)))
    return rng.poisson(rates[y]).astype(float), y


@table("report", "categories and numbers that interact")
def _():
    rng = np.random.default_rng(36)
    kind, place = rng.integers(4, size=1500), rng.integers(6, size=1500)
    X = rng.normal(size=(1500, 5))
    slopes, shift = rng.normal(size=(4, 5)), rng.normal(size=6)
    value = (slopes[kind] * X).sum(axis=1) + shift[place] + 0.3 * rng.normal(size=1500)
    return np.hstack([X, one_hot(np.column_stack([kind, place]))]), cut(value, [1 / 3] * 3)


@table("report", "constants and near constants")
def _():
    X, y = make_classification(800, 12, n_informative=6, random_state=37)
    rng = np.random.default_rng(37)
    constant = np.tile([0.0, 7.0, -1e6], (800, 1))
    rare = (rng.random((800, 4)) < 0.005) * rng.normal(size=(800, 4))
    small = 1e5 + 1e-6 * rng.normal(size=(800, 3))
    return np.hstack([X, constant, rare, small]), y


@table("report", "rounded to few values")
def _():
    X, y = make_classification(1200, 12, n_informative=7, n_classes=3, random_state=38)
    return np.round(X), y


@table("report", "monotone-transformed features")
def _():
    X, y = make_classification(1200, 16, n_informative=8, n_classes=3, random_state=39)
    shapes = (np.exp, lambda x: x**3, np.arctan, lambda x: np.sign(x) * np.abs(x) ** 0.2)
    return np.column_stack([shapes[i % 4](column) for i, column in enumerate(X.T)]), y


@table("report", "interactions of 3 variables")
def _():
    rng = np.random.default_rng(40)
    X = rng.normal(size=(1500, 7))
    value = X[:, 0] * X[:, 1] * X[:, 2] + 0.5 * X[:, 3] + 0.2 * rng.normal(size=1500)
    return X, (value > 0).astype(int)


@table("report", "Gaussian clusters")
def _():
    X, y = make_blobs(1200, 6, centers=24, cluster_std=3.0, random_state=41)
    return X, y % 6


@table("report", "sine boundary")
def _():
    rng = np.random.default_rng(42)
    X = rng.uniform(-3, 3, size=(1000, 4))
    return X, (X[:, 1] > 1.5 * np.sin(2 * X[:, 0]) + 0.2 * rng.normal(size=1000)).astype(int)


# ------------------------------------------------------------------- to choose settings on


def tree_labels(X, depth, n_classes, rng):
    """Classes of a random tree whose nodes cut a random feature near its median."""
    if depth == 0 or len(X) < 2:
        return np.full(len(X), rng.integers(n_classes))
    column = X[:, rng.integers(X.shape[1])]
    left = column <= np.quantile(column, rng.uniform(0.25, 0.75))
    y = np.empty(len(X), int)
    for side in (left, ~left):
        y[side] = tree_labels(X[side], depth - 1, n_classes, rng)
    return y


def network_scores(X, layers, n_outputs, rng, activation=np.tanh):
    """What a random network answers to features, each output of mean 0 and deviation 1."""
    for width in layers:
        X = activation(
            1.5 * X @ rng.normal(size=(X.shape[1], width)) / np.sqrt(X.shape[1])
            + rng.normal(size=width)
        )
    scores = X @ rng.normal(size=(X.shape[1], n_outputs))
    return (scores - scores.mean(axis=0)) / scores.std(axis=0)


def correlated_normal(n_samples, n_features, n_factors, rng):
    """Normal features that share a few factors."""
    factors = rng.normal(size=(n_samples, n_factors))
    own = rng.normal(size=(n_samples, n_features))
    return factors @ rng.normal(size=(n_factors, n_features)) / np.sqrt(n_factors) + 0.7 * own


def mixture(n_samples, n_features, n_classes, n_components, spread, rng):
    """Samples of classes that are mixtures of Gaussians of random covariances."""
    y = rng.integers(n_classes, size=n_samples)
    component = rng.integers(n_components, size=n_samples)
    means = spread * rng.normal(size=(n_classes, n_components, n_features))
    shapes = rng.normal(size=(n_classes, n_components, n_features, n_features))
    noise = rng.normal(size=(n_samples, n_features, 1)) / np.sqrt(n_features)
    return means[y, component] + (shapes[y, component] @ noise)[:, :, 0], y


@table("choose", "tree of depth 6")
def _():
    rng = np.random.default_rng(1001)
    X = rng.random((1200, 10))
    return X, flipped(tree_labels(X, 6, 2, rng), 0.03, rng)


@table("choose", "tree on skewed features")
def _():
    rng = np.random.default_rng(1002)
    X = rng.gamma(0.5, 100.0, size=(1500, 15))
    return X, flipped(tree_labels(X, 5, 3, rng), 0.05, rng)


@table("choose", "tree on answers from 0 to 4")
def _():
    rng = np.random.default_rng(1003)
    X = np.clip(np.round(2 + correlated_normal(1000, 14, 4, rng)), 0, 4)
    return X, tree_labels(X + 1e-6 * rng.normal(size=X.shape), 4, 3, rng)


@table("choose", "network of two layers")
def _():
    rng = np.random.default_rng(1004)
    X = rng.normal(size=(1200, 8))
    return X, network_scores(X, [16, 16], 3, rng).argmax(axis=1)


@table("choose", "network, 30 features")
def _():
    rng = np.random.default_rng(1005)
    X = correlated_normal(1500, 30, 10, rng)
    return X, network_scores(X, [20], 4, rng, lambda x: np.maximum(x, 0)).argmax(axis=1)


@table("choose", "network, noisy labels")
def _():
    rng = np.random.default_rng(1006)
    X = rng.uniform(size=(1000, 10))
    return X, flipped(cut(network_scores(X, [8], 1, rng)[:, 0], [0.5, 0.5]), 0.3, rng)


@table("choose", "mixtures, 4 classes")
def _():
    return mixture(1200, 8, 4, 3, 1.0, np.random.default_rng(1007))


@table("choose", "mixtures, 10 classes")
def _():
    return mixture(1500, 15, 10, 2, 0.7, np.random.default_rng(1008))


@table("choose", "one broad class in another")
def _():
    rng = np.random.default_rng(1009)
    y = rng.integers(2, size=1000)
    return rng.normal(size=(1000, 8)) * np.where(y == 0, 1.0, 1.7)[:, None], y


@table("choose", "copula with Pareto margins")
def _():
    rng = np.random.default_rng(1010)
    latent = correlated_normal(1200, 18, 6, rng)
    latent /= latent.std(axis=0)
    y = network_scores(latent[:, :10], [12], 3, rng).argmax(axis=1)
    return stats.pareto.ppf(stats.norm.cdf(latent), 1.2), y


@table("choose", "heavy tails, both sides")
def _():
    rng = np.random.default_rng(1011)
    X = rng.standard_t(1.3, size=(1200, 12))
    return X, cut(np.arctan(X) @ rng.normal(size=12) + 0.5 * rng.normal(size=1200), [1 / 3] * 3)


@table("choose", "gross errors in 2 % of cells")
def _():
    rng = np.random.default_rng(1012)
    X, y = mixture(1000, 16, 3, 2, 0.6, rng)
    wrong = rng.random(X.shape) < 0.02
    return np.where(wrong, rng.choice([-9999.0, 99999.0], size=X.shape), X), y


@table("choose", "products of features")
def _():
    rng = np.random.default_rng(1013)
    X = rng.uniform(-1, 1, size=(1200, 8))
    return X, (X[:, 0] * X[:, 1] + X[:, 2] * X[:, 3] + 0.05 * rng.normal(size=1200) > 0) * 1


@table("choose", "ellipsoids in a subspace")
def _():
    rng = np.random.default_rng(1014)
    X = rng.normal(size=(1200, 10))
    return X, cut(((X @ rng.normal(size=(10, 3))) ** 2).sum(axis=1), [1 / 3] * 3)


@table("choose", "one-hot, by class tables")
def _():
    rng = np.random.default_rng(1015)
    y = rng.integers(4, size=1000)
    chances = rng.dirichlet(np.full(6, 1.5), size=(4, 10)).cumsum(axis=-1)
    X = (rng.random((1000, 10, 1)) > chances[y]).sum(axis=-1)
    return one_hot(X), y


@table("choose", "one-hot, pairs interact")
def _():
    rng = np.random.default_rng(1016)
    X = rng.integers(4, size=(1500, 9))
    pairs = rng.normal(size=(4, 4, 4))
    value = sum(pairs[i, X[:, 2 * i], X[:, 2 * i + 1]] for i in range(4))
    return one_hot(X), cut(value + 0.3 * rng.normal(size=1500), [0.5, 0.5])


@table("choose", "switches and numbers")
def _():
    rng = np.random.default_rng(1017)
    switches, X = rng.random((1200, 6)) < 0.4, rng.normal(size=(1200, 8))
    y = tree_labels(np.hstack([np.where(switches, X[:, :6], 0), X[:, 6:]]), 4, 3, rng)
    return np.hstack([switches, X]), flipped(y, 0.05, rng)


@table("choose", "words of topics")
def _():
    rng = np.random.default_rng(1018)
    topics = rng.dirichlet(np.full(40, 0.3), size=5)
    y = rng.integers(5, size=1000)
    shares = 0.7 * topics[y] + 0.3 * rng.dirichlet(np.full(40, 0.5), size=1000)
    lengths = rng.integers(15, 60, size=1000)
    return rng.multinomial(lengths, shares / shares.sum(axis=1, keepdims=True)) * 1.0, y


@table("choose", "rare class, 96:4")
def _():
    rng = np.random.default_rng(1019)
    X = correlated_normal(1500, 10, 4, rng)
    return X, cut(
        network_scores(X, [10], 1, rng)[:, 0] + 0.3 * rng.normal(size=1500), [0.96, 0.04]
    )


@table("choose", "three classes, 85:12:3")
def _():
    rng = np.random.default_rng(1020)
    X = rng.normal(size=(1500, 6))
    y = np.repeat([0, 1, 2], [1275, 180, 45])
    return X + 1.6 * rng.normal(size=(3, 6))[y], y


@table("choose", "80 samples, 150 features")
def _():
    rng = np.random.default_rng(1021)
    factors = rng.normal(size=(80, 5))
    X = factors @ rng.normal(size=(5, 150)) + 2 * rng.normal(size=(80, 150))
    return X, cut(factors[:, 0] + 0.5 * factors[:, 1], [1 / 3] * 3)


@table("choose", "150 features of 8 factors")
def _():
    rng = np.random.default_rng(1022)
    factors = rng.normal(size=(900, 8))
    X = np.tanh(factors @ rng.normal(size=(8, 150))) + rng.normal(size=(900, 150))
    return X, network_scores(factors, [10], 3, rng).argmax(axis=1)


@table("choose", "sums of odd functions")
def _():
    rng = np.random.default_rng(1023)
    X = rng.normal(size=(1200, 9))
    value = np.abs(X[:, 0]) + np.cos(2 * X[:, 1]) + (X[:, 2] > 0.5) + np.tanh(2 * X[:, 3])
    return X, cut(value + 0.5 * X[:, 4] + 0.3 * rng.normal(size=1200), [1 / 4] * 4)


@table("choose", "arms and rings")
def _():
    rng = np.random.default_rng(1024)
    t, y = rng.uniform(0, 1, size=1000), rng.integers(3, size=1000)
    ring = np.column_stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)])
    curves = np.stack([ring, 2.2 * ring, np.column_stack([5 * t - 2.5, 3 * t**2 - 1.5])])
    X = curves[y, np.arange(1000)] + 0.25 * rng.normal(size=(1000, 2))
    return np.hstack([X, rng.uniform(-2, 2, size=(1000, 2))]), y


@table("choose", "nearest of 18 points")
def _():
    rng = np.random.default_rng(1025)
    X, points = rng.random((1200, 4)), rng.random((18, 4))
    return X, np.linalg.norm(X[:, None] - points, axis=2).argmin(axis=1) % 6


@table("choose", "waves of projections")
def _():
    rng = np.random.default_rng(1026)
    X = rng.uniform(-1, 1, size=(1500, 5))
    return X, (np.sin(3 * X @ rng.normal(size=(5, 2))).sum(axis=1) > 0).astype(int)


@table("choose", "probit, correlated")
def _():
    rng = np.random.default_rng(1027)
    X = correlated_normal(700, 12, 3, rng)
    return X, (X @ rng.normal(size=12) + rng.normal(size=700) > 0).astype(int)


@table("choose", "repeated and idle columns of many scales")
def _():
    rng = np.random.default_rng(1028)
    X, y = mixture(900, 6, 3, 2, 0.8, rng)
    idle = np.hstack([np.ones((900, 4)), rng.random((900, 3)) < 0.01])
    X = np.hstack(
        [X, X[:, :3] + 0.3 * rng.normal(size=(900, 3)), rng.normal(size=(900, 20)), idle]
    )
    return np.exp(rng.normal(scale=5, size=X.shape[1])) * (X - X.min(axis=0)), y
