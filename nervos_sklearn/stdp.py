"""Learning rules: how a spike pair changes a weight, as a function of its time difference.

A rule is any callable F(dt) of the time differences ``t_post - t_pre`` in ms. The
network never calls it while it runs: it is tabulated once over the lags that can
occur, so a rule of one's own is plain NumPy and costs nothing.
"""

import numpy as np


def conventional(dt, A_up=0.8, A_down=-0.3, tau_up=5.0, tau_down=5.0):
    """Exponential window of spike-timing-dependent plasticity.

    ``A_up exp(-dt / tau_up)`` for ``dt >= 0``, else ``A_down exp(dt / tau_down)``
    (arXiv 2506.19377, Eq. 5).

    Parameters
    ----------
    dt : array-like
        Time differences ``t_post - t_pre``, in ms.
    A_up, A_down : float
        Amplitudes of potentiation and depression.
    tau_up, tau_down : float
        Time constants, in ms.

    Returns
    -------
    ndarray
        The change each pair asks for, in the shape of `dt`.

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


def forgetting_lags(past_window: int) -> np.ndarray:
    """Lags from which the depression of a silent input is drawn, in ms.

    Parameters
    ----------
    past_window : int
        As in :class:`~nervos_sklearn.Parameters`, at most 0.

    Returns
    -------
    ndarray of int
        1 ... ``abs(past_window // 2) - 1``, at least the lag 1.

    Examples
    --------
    >>> from nervos_sklearn.stdp import forgetting_lags
    >>> forgetting_lags(-10)
    array([1, 2, 3, 4])
    """
    return np.arange(1, max(2, abs(past_window // 2)))


def tabulate(rule, past_window: int) -> tuple[np.ndarray, np.ndarray]:
    """Evaluate a learning rule once at every lag that can occur.

    Parameters
    ----------
    rule : callable
        F(dt), with dt an array of time differences in ms.
    past_window : int
        As in :class:`~nervos_sklearn.Parameters`, at most 0.

    Returns
    -------
    potentiation : ndarray of shape (1 - past_window,)
        F(0), F(1), ... F(-past_window): for an input that spiked so long ago.
    depression : ndarray
        F(-k) for each k of :func:`forgetting_lags`: for an input that was silent.

    Raises
    ------
    ValueError
        If the rule does not answer each lag with one finite number.
    """
    return (
        _evaluate(rule, np.arange(1 - past_window)),
        _evaluate(rule, -forgetting_lags(past_window)),
    )


def _evaluate(rule, dt):
    answer = np.asarray(rule(dt.astype(float)), dtype=float)
    if answer.shape != dt.shape or not np.isfinite(answer).all():
        raise ValueError(
            f"a learning rule must answer each time difference with one finite number, "
            f"got {answer!r} for {dt!r}."
        )
    return answer
