"""Learning rules: how a spike pair changes a weight, as a function of its time difference.

A rule is any callable F(dt) of the time difference ``t_post - t_pre`` in ms. The
network never calls it while it runs: it is tabulated once over the lags that can
occur, so a new rule is a plain function and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .parameters import LARGEST

RuleLike = str | Callable | ArrayLike  # a name, a function F(dt) or measured pairs (dt, F)


def conventional(
    dt: ArrayLike,
    A_up: float = 0.8,
    A_down: float = -0.3,
    tau_up: float = 5.0,
    tau_down: float = 5.0,
) -> np.ndarray:
    """Exponential window of spike-timing-dependent plasticity.

    ``A_up exp(-dt / tau_up)`` for ``dt >= 0``, else ``A_down exp(dt / tau_down)``
    (arXiv 2506.19377, Eq. 5). Such a window was measured in [1]_ and made a model in [2]_.

    Parameters
    ----------
    dt : array-like
        Time differences ``t_post - t_pre``, in ms, of any shape.
    A_up, A_down : float, default=0.8 and -0.3
        Amplitudes of potentiation and depression.
    tau_up, tau_down : float, default=5
        Time constants, in ms, above 0.

    Returns
    -------
    ndarray
        The change each pair asks for, in the shape of `dt`.

    References
    ----------
    .. [1] G. Bi, M. Poo, "Synaptic modifications in cultured hippocampal neurons: dependence
       on spike timing, synaptic strength, and postsynaptic cell type", Journal of
       Neuroscience 18, 1998.
    .. [2] S. Song, K. D. Miller, L. F. Abbott, "Competitive Hebbian learning through
       spike-timing-dependent synaptic plasticity", Nature Neuroscience 3, 2000.

    Examples
    --------
    >>> from nervos_sklearn.stdp import conventional
    >>> conventional([0, 5, -5]).round(3)
    array([ 0.8  ,  0.294, -0.11 ])
    """
    dt = np.asarray(dt, dtype=float)
    return np.where(
        dt >= 0,
        A_up * np.exp(-np.abs(dt) / tau_up),
        A_down * np.exp(-np.abs(dt) / tau_down),
    )


def cos(
    dt: ArrayLike,
    t0: float = 1.5,
    A_in: float = 1.0,
    A_out: float = 4.0,
    a1: float = 0.2,
    a2: float = 0.4,
) -> np.ndarray:
    """Symmetric window: a cosine within t0, depression beyond.

    ``A_in cos(pi dt / 2 t0)`` for ``|dt| <= t0``, else
    ``-A_out (exp(-a1 (|dt| - t0)) - exp(-a2 (|dt| - t0)))`` (arXiv 2506.19377,
    Eq. 6). The publication starts it from random weights.

    Parameters
    ----------
    dt : array-like
        Time differences ``t_post - t_pre``, in ms, of any shape.
    t0 : float, default=1.5
        Half width of the window, in ms, above 0.
    A_in, A_out : float, default=1 and 4
        Amplitudes within the window and beyond it.
    a1, a2 : float, default=0.2 and 0.4
        Rates at which the depression goes and comes, per ms.

    Returns
    -------
    ndarray
        The change each pair asks for, in the shape of `dt`.

    Examples
    --------
    >>> from nervos_sklearn.stdp import cos
    >>> cos([0, 1.5, 5, -5]).round(3)
    array([ 1.,  0., -1., -1.])
    """
    distance = np.abs(np.asarray(dt, dtype=float))
    return np.where(
        distance <= t0,
        A_in * np.cos(np.pi * distance / (2 * t0)),
        -A_out * _hump(distance - t0, a1, a2),
    )


def sin(
    dt: ArrayLike,
    t0: float = 5.0,
    A_in: float = 1.0,
    A_out: float = 4.0,
    a1: float = 0.2,
    a2: float = 0.4,
) -> np.ndarray:
    """One-sided window: half a sine after the input spike, depression around it.

    ``A_in sin(pi dt / 2 t0)`` for ``0 <= dt <= 2 t0``; before and beyond it
    ``-A_out (exp(-a1 u) - exp(-a2 u))``, u being the distance from the window
    (arXiv 2506.19377, Eq. 7).

    Parameters
    ----------
    dt : array-like
        Time differences ``t_post - t_pre``, in ms, of any shape.
    t0 : float, default=5
        Half width of the window, in ms, above 0.
    A_in, A_out : float, default=1 and 4
        Amplitudes within the window and beyond it.
    a1, a2 : float, default=0.2 and 0.4
        Rates at which the depression goes and comes, per ms.

    Returns
    -------
    ndarray
        The change each pair asks for, in the shape of `dt`.

    Examples
    --------
    >>> from nervos_sklearn.stdp import sin
    >>> sin([-5, 0, 5, 10]).round(3) + 0.0
    array([-0.93,  0.  ,  1.  ,  0.  ])
    """
    dt = np.asarray(dt, dtype=float)
    outside = np.maximum(np.maximum(-dt, dt - 2 * t0), 0)
    return np.where(
        outside > 0, -A_out * _hump(outside, a1, a2), A_in * np.sin(np.pi * dt / (2 * t0))
    )


def ngauss(dt: ArrayLike, A: float = 1.0, sigma: float = 5.0) -> np.ndarray:
    """Negative Gaussian: a rule that only forgets, for unlearning beside another rule.

    ``-A exp(-dt**2 / (2 sigma**2))`` (arXiv 2506.19377, Eq. 8).

    Parameters
    ----------
    dt : array-like
        Time differences ``t_post - t_pre``, in ms, of any shape.
    A : float, default=1
        Amplitude.
    sigma : float, default=5
        Width, in ms, above 0.

    Returns
    -------
    ndarray
        The change each pair asks for, in the shape of `dt`.

    Examples
    --------
    >>> from nervos_sklearn.stdp import ngauss
    >>> ngauss([0, 5]).round(3)
    array([-1.   , -0.607])
    """
    return -A * np.exp(-(np.asarray(dt, dtype=float) ** 2) / (2 * sigma**2))


def _hump(distance, a1, a2):
    """Rise from 0 and fall back to it; before the start it is 0."""
    distance = np.maximum(distance, 0)
    return np.exp(-a1 * distance) - np.exp(-a2 * distance)


RULES: dict[str, Callable] = {
    "conventional": conventional,
    "cos": cos,
    "sin": sin,
    "ngauss": ngauss,
}


def make_rule(rule, parameters=None) -> Callable:
    """Make a callable F(dt) of a rule's name, a callable or a measured curve.

    Parameters
    ----------
    rule : {"conventional", "cos", "sin", "ngauss"}, callable, or array-like of shape (n, 2)
        A name stands for the function of this module; "conventional" takes its
        amplitudes and time constants from `parameters`. Measured pairs of time
        difference, in ms, and change are interpolated linearly; beyond the first
        and the last the rule is 0.
    parameters : Parameters, optional
        Settings of the network; by default those of :func:`conventional`.

    Returns
    -------
    callable
        F(dt), dt being a time difference in ms.

    Raises
    ------
    ValueError
        If the name is unknown, or the pairs are not finite numbers, sorted by time.

    Examples
    --------
    >>> from nervos_sklearn.stdp import make_rule
    >>> make_rule([[-10, -0.2], [0, 0.8], [10, 0.0]])([-5.0, 5.0, 20.0])
    array([0.3, 0.4, 0. ])
    """
    if isinstance(rule, str) and rule in RULES:
        if rule != "conventional" or parameters is None:
            return RULES[rule]
        p = parameters
        return lambda dt: conventional(dt, p.A_up, p.A_down, p.tau_up, p.tau_down)
    if callable(rule):
        return rule
    measured = np.asarray(rule, dtype=float) if not isinstance(rule, str) else np.empty(0)
    if (
        measured.ndim != 2
        or measured.shape[1] != 2
        or not np.isfinite(measured).all()
        or (np.diff(measured[:, 0]) <= 0).any()
    ):
        raise ValueError(
            f"learning_rule must be one of {sorted(RULES)}, a callable F(dt), or finite pairs "
            f"(dt, F) of shape (n, 2), sorted by dt; got {rule!r}."
        )
    return lambda dt: np.interp(dt, measured[:, 0], measured[:, 1], left=0.0, right=0.0)


def forgetting_lags(past_window: int) -> np.ndarray:
    """Lags from which the depression of a silent input is drawn, in ms.

    Parameters
    ----------
    past_window : int
        As in :class:`~nervos_sklearn.Parameters`: in ms, at most 0.

    Returns
    -------
    ndarray of int of shape (n_lags,)
        1 ... ``abs(past_window // 2) - 1``, at least the lag 1.

    Examples
    --------
    >>> from nervos_sklearn.stdp import forgetting_lags
    >>> forgetting_lags(-10)
    array([1, 2, 3, 4])
    """
    return np.arange(1, max(2, abs(past_window // 2)))


def tabulate(rule: Callable, past_window: int) -> tuple[np.ndarray, np.ndarray]:
    """Evaluate a learning rule once at every lag that can occur.

    Parameters
    ----------
    rule : callable
        F(dt), dt being a time difference in ms.
    past_window : int
        As in :class:`~nervos_sklearn.Parameters`: in ms, at most 0.

    Returns
    -------
    potentiation : ndarray of shape (1 - past_window,)
        F(0), F(1), ... F(-past_window): for an input that spiked so long ago.
    depression : ndarray of shape (n_lags,)
        F(-k) for each k of :func:`forgetting_lags`: for an input that was silent.

    Raises
    ------
    ValueError
        If the rule does not answer each lag with one finite number.

    Examples
    --------
    >>> from nervos_sklearn.stdp import ngauss, tabulate
    >>> potentiation, depression = tabulate(ngauss, past_window=-4)
    >>> potentiation.round(2), depression.round(2)
    (array([-1.  , -0.98, -0.92, -0.84, -0.73]), array([-0.98]))
    """
    return (
        evaluate(rule, np.arange(1 - past_window)),
        evaluate(rule, -forgetting_lags(past_window)),
    )


def evaluate(rule: Callable, dt: ArrayLike) -> np.ndarray:
    """Evaluate a learning rule at some time differences, in ms, one by one.

    Parameters
    ----------
    rule : callable
        F(dt) for a number dt.
    dt : array-like
        Time differences, in ms, of any shape.

    Returns
    -------
    ndarray
        F of each, in the shape of `dt`.

    Raises
    ------
    ValueError
        If the rule does not answer each of them with a finite number.

    Examples
    --------
    >>> from nervos_sklearn.stdp import evaluate
    >>> evaluate(lambda dt: 0.5 if dt >= 0 else -0.5, [-3, 0, 3])
    array([-0.5,  0.5,  0.5])
    """
    dt = np.asarray(dt, dtype=float)
    try:
        answers = np.array([float(rule(t)) for t in dt.ravel()])
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"a learning rule must answer a time difference with a number: {error}"
        ) from error
    if not (np.abs(answers) <= LARGEST).all():
        raise ValueError(
            f"a learning rule must answer with finite numbers, at most {LARGEST:g} in size, "
            f"got {answers} for {dt.ravel()}."
        )
    return answers.reshape(dt.shape)
