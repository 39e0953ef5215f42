"""Studies of devices: what accuracy, wear and energy a synapse leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import BaseCrossValidator, check_cv
from sklearn.utils import _safe_indexing, indexable

from ._sklearn import _changed_params
from .classifier import SNNClassifier
from .learning import Task, make_learning
from .synapse import DifferentialPair, Synapse, check_share


def synapse_study(
    estimator: BaseEstimator,
    synapses: Iterable[Synapse] | Mapping[str, Synapse] | Synapse,
    X: ArrayLike,
    y: ArrayLike,
    *,
    cv: int | BaseCrossValidator | Iterable = 5,
    n_jobs: int | None = None,
    read_energy: float | None = None,
    write_energy: float | None = None,
) -> dict[str, np.ndarray]:
    """Train a network with each of some synapses, and measure it after each epoch.

    Parameters
    ----------
    estimator : SNNClassifier or Pipeline
        The network, or a pipeline that ends with it. It learns as it always does, on
        each synapse instead of its own, and for all its epochs: `early_stopping` is off.
    synapses : iterable of Synapse, dict of str to Synapse, or Synapse
        The models to compare; the keys of a dict are their names.
    X : array-like of shape (n_samples, n_features) or (n_samples, n_channels, n_steps)
        Features or spike trains.
    y : array-like of shape (n_samples,)
        Class labels.
    cv : int, cross-validation generator or iterable, default=5
        As in ``cross_val_score``.
    n_jobs : int, optional
        Number of processes; it does not change the result.
    read_energy, write_energy : float, optional
        Energy of one reading and of one writing of a synapse, in joule.

    Returns
    -------
    dict of str to ndarray
        A tidy table, a row for each synapse, fold and epoch; ``pandas.DataFrame``
        takes it as it is. Its columns:

        - `device`: the place of the synapse in `synapses`, from 0;
        - `synapse`: its name, by default the model as text, with the number of levels in the
          place of arrays, and with its `device` where two would be called the same; `model`: the
          name of its class;
        - `n_levels`: levels of a fresh device from one end to the other, those of the longer
          one of two curves, and `n_conductances`: how many different ones both curves have;
          infinity if a weight is continuous;
        - `fold`, `epoch`: from 0 and from 1;
        - `accuracy`: on the test part of the fold;
        - `updates_per_synapse`: updates of a synapse since the start, whether they
          changed it or not, on average;
        - `occupancy`: the fraction of devices, both of a pair, nearest to each of the
          `n_conductances` levels of a fresh one, ascending; if weights are continuous,
          their histogram in 10 bins from `min_weight`, or from `-max_weight` where they
          are signed, to `max_weight`;
        - `spikes`, `operations`, `writes`: firings, readings of a synapse and
          pulses for a training sample of the epoch, on average, in all layers; an update
          that leaves a device as it is writes nothing. What was written before the first
          presentation belongs to the first epoch, and what is programmed after the last
          one to the last;
        - `energy`: readings and writings for a training sample times their
          energies, in joule; NaN if either energy is not given.

    Raises
    ------
    TypeError
        If the estimator does not end with an SNNClassifier, a synapse is not a Synapse, its
        name not a str, or its number of levels not an integer.
    ValueError
        If the data or a parameter do not fit the estimator, there are no synapses or
        folds, or an energy is not a finite number of at least 0.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from nervos_sklearn import LinearSynapse, SNNClassifier, synapse_study
    >>> X, y = load_iris(return_X_y=True)
    >>> network = SNNClassifier(20, epochs=2, random_state=0)
    >>> study = synapse_study(network, [LinearSynapse(4), LinearSynapse(32)], X, y, cv=3)
    >>> len(study["accuracy"]), sorted(set(study["n_levels"].tolist()))
    (12, [4.0, 32.0])
    >>> named = {"coarse": LinearSynapse(4), "fine": LinearSynapse(32)}
    >>> synapse_study(network, named, X, y, cv=2)["synapse"][[0, -1]].tolist()
    ['coarse', 'fine']
    """
    names = list(synapses) if isinstance(synapses, Mapping) else None
    if isinstance(synapses, Mapping):
        synapses = synapses.values()
    synapses = [synapses] if isinstance(synapses, Synapse) else list(synapses)
    classifier = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if not isinstance(classifier, SNNClassifier):
        raise TypeError(
            "estimator must be an SNNClassifier or a pipeline that ends with one, "
            f"got {type(classifier).__name__}."
        )
    if not synapses:
        raise ValueError("synapses must hold at least one model, got none.")
    for synapse in synapses:
        if not isinstance(synapse, Synapse):
            raise TypeError(f"synapses must be Synapse objects, got {synapse!r}.")
    for name in names or ():
        if not isinstance(name, str):
            raise TypeError(f"the names of synapses must be str, got {name!r}.")
    for name, energy in (("read_energy", read_energy), ("write_energy", write_energy)):
        if energy is not None:
            check_share(name, energy)
    classifier._validate_params()
    _check_devices(synapses, classifier.learning)
    X, y = indexable(X, y)
    folds = list(check_cv(cv, y, classifier=True).split(X, y))
    if not folds:
        raise ValueError(f"cv must give at least one fold, got none from {cv!r}.")
    if names is None:
        names = _names(synapses)
    jobs = product(enumerate(zip(names, synapses, strict=True)), enumerate(folds))
    tables = Parallel(n_jobs=n_jobs)(
        delayed(_measure)(
            estimator, synapse, X, y, train, test,
            {"device": device, "synapse": name, "fold": fold},
        )
        for (device, (name, synapse)), (fold, (train, test)) in jobs
    )  # fmt: skip
    rows = [row for table in tables for row in table]
    for row in rows:
        row["energy"] = np.nan
        if read_energy is not None and write_energy is not None:
            row["energy"] = row["operations"] * read_energy + row["writes"] * write_energy
    return {name: _column([row[name] for row in rows]) for name in rows[0]}


def _check_devices(synapses, learning):
    """Find out whether each synapse can be used, and by a learning that is known already."""
    made = make_learning(learning, Task("table", np.ones(2, dtype=int)))
    for synapse in synapses:
        synapse.device(0.0, 1.0, made)
        if isinstance(synapse, DifferentialPair) and learning != "auto":
            made.check_pair(synapse)


def _column(values):
    if not isinstance(values[0], np.ndarray):
        return np.array(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _names(synapses):
    """Name synapses by their models, each differently."""
    texts = [_text(synapse) for synapse in synapses]
    return [
        text if texts.count(text) == 1 else f"{text} (device {device})"
        for device, text in enumerate(texts)
    ]


def _text(synapse):
    """Write a model as Python does, with the number of levels in the place of its arrays."""
    changed = _changed_params(synapse)
    parts = [
        f"{name}={_text(value) if isinstance(value, Synapse) else repr(value)}"
        for name, value in changed.items()
        if np.ndim(value) == 0
    ]
    if len(parts) < len(changed):
        parts.insert(0, f"{synapse.n_levels} levels")
    return f"{type(synapse).__name__}({', '.join(parts)})"


def _measure(estimator, synapse, X, y, train, test, names):
    """Train on one fold; return a row for each epoch, which begins with `names`."""
    estimator = clone(estimator)
    X_train, X_test = _safe_indexing(X, train), _safe_indexing(X, test)
    y_train, y_test = _safe_indexing(y, train), _safe_indexing(y, test)
    if hasattr(estimator, "steps"):
        if len(estimator.steps) > 1:
            X_train = estimator[:-1].fit_transform(X_train, y_train)
            X_test = estimator[:-1].transform(X_test)
        estimator = estimator.steps[-1][1]
    plain = {"early_stopping": False, "validation_fraction": 0.1, "n_iter_no_change": 10}
    estimator.set_params(synapse=clone(synapse), verbose=0, **plain)
    levels = synapse.fresh_levels(0.0, 1.0)
    rows, before = [], np.zeros(3)
    for epoch, _ in estimator.fit_epochs(X_train, y_train):
        module = estimator.module_
        n_synapses = sum(layer.synapses.size for layer in module.layers)
        n_updates = sum(int(counts.sum()) for counts in module.synapse_update_counts)
        so_far = np.array([module.n_firings, module.n_reads, module.n_writes])
        spikes, operations, writes = (so_far - before) / len(X_train)
        before = so_far
        rows.append(
            names
            | {
                "model": type(synapse).__name__,
                "n_levels": float(synapse.n_levels),
                "n_conductances": float("inf") if levels is None else float(len(levels)),
                "epoch": epoch,
                "accuracy": float(estimator.score(X_test, y_test)),
                "updates_per_synapse": n_updates / n_synapses,
                "occupancy": occupancy(module),
                "spikes": spikes,
                "operations": operations,
                "writes": writes,
            }
        )
    return rows


def occupancy(module):
    """Fraction of all devices on each level of a fresh one, or in each of 10 bins."""
    held = np.concatenate([layer.conductances.ravel() for layer in module.layers])
    low, high = module.parameters.min_weight, module.parameters.max_weight
    levels = module.synapse.fresh_levels(low, high)
    if levels is None:
        low = -high if module.learning.signed else low
        edges = np.linspace(low, high, 11)
        held = np.clip(held, low, high)
    else:
        edges = np.concatenate([[-np.inf], (levels[1:] + levels[:-1]) / 2, [np.inf]])
    return np.histogram(held, edges)[0] / held.size
