"""Plasticity: what a pair of spikes asks for, and what a weight does with it."""

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import BaseEstimator

from .. import stdp
from ..learning import STDPLearning
from ..module import Module
from ..parameters import Parameters
from ..synapse import Synapse
from .samples import fitted_classifier
from .style import DOWN, GREY, UP, add_legend, ink, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class LearningRuleDisplay:
    """A rule of spike timing: the change that a pair of spikes asks for, against its lag.

    Make it with :meth:`from_rule` or :meth:`from_estimator`.

    Parameters
    ----------
    dt : ndarray of shape (n,)
        Time differences t_post - t_pre, in ms.
    changes : ndarray of shape (n,)
        The change F(dt) that each asks for.
    lags : ndarray of shape (m,)
        The time differences that occur in the network, in ms.
    changes_at_lags : ndarray of shape (m,)
        The changes there.

    Attributes
    ----------
    line_ : matplotlib.lines.Line2D
        The rule.
    points_ : matplotlib.lines.Line2D
        The lags that occur.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from nervos_sklearn import LearningRuleDisplay
    >>> display = LearningRuleDisplay.from_rule("sin")
    >>> display.ax_.get_xlabel()
    'time difference, output - input (ms)'
    """

    def __init__(
        self, dt: np.ndarray, changes: np.ndarray, lags: np.ndarray, changes_at_lags: np.ndarray
    ):
        self.dt, self.changes = dt, changes
        self.lags, self.changes_at_lags = lags, changes_at_lags

    @classmethod
    def from_rule(
        cls,
        rule: stdp.RuleLike = "conventional",
        *,
        parameters: Parameters | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw a rule, and the lags at which a network asks for it.

        Parameters
        ----------
        rule : {"conventional", "cos", "sin", "ngauss"}, callable or array-like of shape \
(n, 2), default="conventional"
            As in :class:`STDPLearning`.
        parameters : Parameters, optional
            Amplitudes, time constants and `past_window`; by default the published ones.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        LearningRuleDisplay

        Raises
        ------
        ValueError
            If the rule is unknown, or does not answer with finite numbers.
        """
        parameters = Parameters() if parameters is None else parameters
        function = stdp.make_rule(rule, parameters)
        recent, silent = stdp.tabulate(function, parameters.past_window)
        lags = np.concatenate(
            [np.arange(len(recent)), -stdp.forgetting_lags(parameters.past_window)]
        )
        reach = 1.5 * max(np.abs(lags).max(), 10)
        before = np.linspace(-reach, 0, 300, endpoint=False)
        dt = np.concatenate([before, [-1e-6], np.linspace(0, reach, 300)])  # it may jump at 0
        changes = stdp.evaluate(function, dt)
        return cls(dt, changes, lags, np.concatenate([recent, silent])).plot(ax=ax)

    @classmethod
    def from_estimator(cls, estimator: BaseEstimator, *, ax: "Axes | None" = None) -> Self:
        """Draw the rule of a classifier that learns by spike timing.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier, or a pipeline that ends with one.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        LearningRuleDisplay

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If it does not learn by spike timing.
        """
        classifier = fitted_classifier(estimator)
        rule = _learning_of(classifier.module_).rule
        return cls.from_rule(rule, parameters=classifier.parameters_, ax=ax)

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        LearningRuleDisplay
        """
        ax = new_axes(ax)
        for sign, color, name in ((1, UP, "strengthens"), (-1, DOWN, "weakens")):
            part = np.where(sign * self.changes > 0, self.changes, 0)
            if part.any():
                ax.fill_between(self.dt, part, color=color, alpha=0.35, linewidth=0, label=name)
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.axvline(0, color=GREY, linewidth=0.8)
        (self.line_,) = ax.plot(self.dt, self.changes, color=ink(), linewidth=1.4)
        (self.points_,) = ax.plot(
            self.lags, self.changes_at_lags, "o", color=ink(), markersize=4,
            label="lags that occur",
        )  # fmt: skip
        ax.set(
            xlabel="time difference, output - input (ms)",
            ylabel="change asked for, F",
            xlim=(self.dt[0], self.dt[-1]),
        )
        add_legend(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


class WeightChangeDisplay:
    """How far a weight moves at the strongest potentiation and depression, against itself.

    The closer to a bound, the smaller the step towards it; devices of finite levels write
    what they can of it. Make it with :meth:`from_parameters` or :meth:`from_estimator`.

    Parameters
    ----------
    weights : ndarray of shape (n,)
        The weights before, which have no unit.
    strengthened, weakened : ndarray of shape (n,)
        The weights that the learning asks for.
    held : ndarray of shape (m,), optional
        The levels of a device that rounds to the nearest one.
    written : tuple of ndarray of shape (m,), optional
        The levels taken from each of them, when strengthened and when weakened.

    Attributes
    ----------
    lines_ : list of matplotlib.lines.Line2D
        The changes that are asked for.
    points_ : list of matplotlib.lines.Line2D
        Those that are written.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from nervos_sklearn import LinearSynapse, Parameters, WeightChangeDisplay
    >>> display = WeightChangeDisplay.from_parameters(
    ...     Parameters(eta=0.1), synapse=LinearSynapse(25))
    >>> display.ax_.get_xlabel(), display.ax_.get_ylabel(), len(display.points_)
    ('weight', 'change of the weight', 2)
    """

    def __init__(
        self,
        weights: np.ndarray,
        strengthened: np.ndarray,
        weakened: np.ndarray,
        *,
        held: np.ndarray | None = None,
        written: tuple[np.ndarray, np.ndarray] | None = None,
    ):
        self.weights, self.strengthened, self.weakened = weights, strengthened, weakened
        self.held, self.written = held, written

    @classmethod
    def from_parameters(
        cls,
        parameters: Parameters | None = None,
        *,
        rule: stdp.RuleLike = "conventional",
        synapse: Synapse | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the changes of one pair of spikes.

        Parameters
        ----------
        parameters : Parameters, optional
            The learning rate, the bounds of the weights and the rule's amplitudes; by
            default the published ones.
        rule : {"conventional", "cos", "sin", "ngauss"}, callable or array-like of shape \
(n, 2), default="conventional"
            As in :class:`STDPLearning`.
        synapse : Synapse, optional
            A device of finite levels; what it writes is drawn as points.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        WeightChangeDisplay

        Raises
        ------
        TypeError
            If a number of levels is not an integer.
        ValueError
            If the rule or the synapse is not valid.
        """
        parameters = Parameters() if parameters is None else parameters
        module = Module(parameters, learning=STDPLearning(rule), random_state=0)
        module.synapse = synapse
        module.initialise_layers([1, 1])
        return cls(**_changes_of(module)).plot(ax=ax)

    @classmethod
    def from_estimator(cls, estimator: BaseEstimator, *, ax: "Axes | None" = None) -> Self:
        """Draw the changes of one pair of spikes in a classifier that learns by spike timing.

        Parameters
        ----------
        estimator : SNNClassifier or Pipeline
            A fitted classifier, or a pipeline that ends with one.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        WeightChangeDisplay

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If it does not learn by spike timing.
        """
        classifier = fitted_classifier(estimator)
        rule = _learning_of(classifier.module_).rule
        synapse = classifier.module_.synapse
        return cls.from_parameters(classifier.parameters_, rule=rule, synapse=synapse, ax=ax)

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        WeightChangeDisplay
        """
        ax = new_axes(ax)
        ax.axhline(0, color=GREY, linewidth=0.8)
        self.lines_, self.points_ = [], []
        for k, (after, color, name) in enumerate(
            ((self.strengthened, UP, "strengthened"), (self.weakened, DOWN, "weakened"))
        ):
            self.lines_ += ax.plot(
                self.weights, after - self.weights, color=color, linewidth=2, label=name
            )
            if self.held is not None and self.written is not None:
                self.points_ += ax.plot(
                    self.held, self.written[k] - self.held, "o", color=color, markersize=5,
                    label=f"{name}, as written",
                )  # fmt: skip
        ax.set(xlabel="weight", ylabel="change of the weight")
        add_legend(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _learning_of(module):
    if not isinstance(module.learning, STDPLearning):
        raise TypeError(
            "only STDPLearning has a rule of spike timing; the classifier learned by "
            f"{type(module.learning).__name__}."
        )
    return module.learning


def _changes_of(module):
    """The changes that the rule asks of one synapse, and what a device writes of them."""
    low, high = module.parameters.min_weight, module.parameters.max_weight
    weights = np.linspace(low, high, 201)
    weakened, strengthened = module.changed_weights(weights)
    parts = {"weights": weights, "strengthened": strengthened, "weakened": weakened}
    held = None if module.synapse is None else module.synapse.fresh_levels(low, high)
    if held is not None:
        rule = stdp.make_rule(module.learning.rule, module.parameters)
        factors = np.concatenate(stdp.tabulate(rule, module.parameters.past_window))
        written = tuple(
            np.array([module.update_synapse(level, factor, 0, 0) for level in held])
            for factor in (max(factors.max(), 0.0), min(factors.min(), 0.0))
        )
        parts |= {"held": held, "written": written}
    return parts
