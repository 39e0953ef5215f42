"""Ways to learn: what a network starts from, what an epoch changes, how it decides.

A learning proposes changes, and a layer writes them as its synapses can; neither knows
the other. To add one, write a subclass of :class:`Learning`.
"""

from abc import ABC, abstractmethod
from bisect import bisect
from collections.abc import Iterator, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from ._kernels import Teaching
from ._kernels.state import on_grid
from ._sklearn import Estimator, Interval, StrOptions
from .layer import Layer
from .parameters import LARGEST, SMALLEST, Parameters
from .presentations import BATCH, Batch, Presentations, Shown, unrest_of_spikes
from .stdp import RULES, RuleLike

if TYPE_CHECKING:
    from .module import Module
    from .synapse import DifferentialPair

_OF_TRUE_LIF = ("tau_m", "tau_threshold")
_OF_CONVENTIONAL = ("A_up", "A_down", "tau_up", "tau_down")
_RECRUIT_WEIGHT = 1e-3  # added to a recruit's traces, so that no synapse begins at 0
_READS_DROPOUT = "receptive fields of more than two features"
_CALIBRATED_ON = 500  # samples at most
_BLIND_ON = 4_000  # samples at most that a network learns from to calibrate another
_LEAST_LOG_CHANCE = -50.0  # so that one sample does not outweigh all others
_NOISE_RANGE = (1e-3, 10.0)  # in which the escape noise is looked for
_FRACTION = [Interval(Real, 0, 1, closed="left")]
_NON_NEGATIVE = [Interval(Real, 0, LARGEST, closed="both")]
_MOST_COLUMNS = 1000
_COLUMNS, _TAUGHT_IN_ALL = 5, 20_000  # columns by default, and the samples that all learn from
_TAUGHT_IN_BEGINNING = 20_000  # presentations of the first samples of a stream, at most
_REMEMBERED = 2000  # presentations of a stream that its mean weights stand for, at most
_LEAST_OF_CLASS = 4  # neurons of a class in one of several columns
_STEEPEST_MEAN = 20  # the power of which of any number of presentations is finite
_NEVER = -1e9  # the potential of a neuron that is not there, or must not be asked


class Task(NamedTuple):
    """What a learning may choose its defaults by.

    Parameters
    ----------
    kind : {"image", "table", "features", "spikes"}
        What the network sees.
    class_counts : ndarray of shape (n_classes,)
        Samples of each class.
    n_neurons : int, optional
        Neurons of the last layer, if they are given.
    n_features : int, optional
        Columns of a table.

    Examples
    --------
    >>> from nervos_sklearn import PrototypeLearning
    >>> from nervos_sklearn.learning import Task
    >>> PrototypeLearning().defaults(Task("image", np.array([50, 80])))["n_neurons"]
    114
    """

    kind: str
    class_counts: np.ndarray
    n_neurons: int | None = None
    n_features: int | None = None


class Learning(Estimator, ABC):
    """The base of all ways to learn: a subclass says what an epoch changes.

    It must have :meth:`learn_epoch`. All else has a meaning here: one layer of neurons, each
    of a class, whose synapses stay open from a spike until the sample ends, so that the
    potential is the sum of weights times traces; the class whose neurons are driven most
    wins. Parameters are those of ``__init__``, stored under their names, as in scikit-learn.

    Attributes
    ----------
    reads : frozenset of str
        The names of :class:`Parameters` that it reads.
    update : str
        How finite levels are written unless the synapse says so itself.
    signed : bool
        Whether weights may be negative. A synapse of finite levels is a pair of devices then.
    hidden_layer_sizes : sequence of int
        Neurons of each layer before the last.
    names_winners : bool
        Whether the winner of a sample takes its label.
    moves_images : bool
        Whether it learns better from images that move.
    n_columns : int
        Groups of neurons, side by side, that learn as if each were alone.
    averaged : bool
        Whether answers use the mean of all weights so far.
    typical_noise : float
        The escape noise before there is anything to fit it to.

    Notes
    -----
    Its methods are given

    - `module`, the :class:`Module`, and `task`, what defaults may depend on;
    - `layer_sizes`, the number of inputs and of the neurons of each layer;
    - `presentations`, the samples as the network sees them, or a `batch` of them;
    - `y` of shape (n_samples,), labels, integers from 0, and `weights` of that shape, a factor
      of the learning rate for each sample;
    - `generator`, for all that is drawn;
    - `X` or `spikes` of shape (n_samples, n_channels, n_steps), checked spike trains, the first
      and the last of their `steps`, in ms, and `trace`, whether to record potentials;
    - a `rule` of spike timing, or None;
    - `activity` of shape (n_samples, n_neurons), what the neurons of the last layer do, and
      `scores` of shape (n_samples, n_classes), how much speaks for each class, and
      `class_weights` of shape (n_classes,), what each class counts;
    - `min_weight` and `max_weight`, between which devices lie, whether weights are
      `continuous`, and `held` of shape (n,), conductances.

    They return arrays: `decide` (n_samples, n_classes), `chances` (n_samples, n_classes),
    `weighed` (n_samples, n_classes), `labels` (n_samples,), `spikes` (n_samples, n_neurons).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from nervos_sklearn import Learning, SNNClassifier
    >>> class HebbianLearning(Learning):
    ...     signed = True
    ...
    ...     def learn_epoch(self, module, presentations, y, weights, generator):
    ...         for batch in self.show(module, presentations, np.arange(len(y))):
    ...             own = module.neuron_label_map[:, np.newaxis] == y[batch.chosen]
    ...             module.change_weights(1e-4 * (own - own.mean(axis=0)) @ batch.traces)
    ...         return 1.0
    >>> X, y = load_iris(return_X_y=True)
    >>> network = SNNClassifier(learning=HebbianLearning(), random_state=0).fit(X, y)
    >>> print("accuracy", network.score(X, y))
    accuracy 0.8...
    """

    _parameter_constraints: dict = {}
    reads: frozenset = frozenset({"epochs", "eta"})
    update = "accumulate"
    signed = False
    hidden_layer_sizes: Sequence[int] = ()
    names_winners = False
    moves_images = True
    n_columns: int | None = 1
    averaged = False
    typical_noise = 0.1

    def resolved(self, task: Task) -> "Learning":
        """Return this learning with every None replaced by what fits the task."""
        return self

    def defaults(self, task: Task) -> dict:
        """Return what None stands for in a classifier.

        Returns
        -------
        dict
            `n_neurons`, `epochs`, `eta`, `training_duration` (ms), `encoding`, and
            the parameters of a SpikeEncoder of receptive fields under `fields`.
        """
        return {
            "n_neurons": 8 * len(task.class_counts),
            "epochs": 10,
            "eta": 0.1,
            "training_duration": 32,
            "encoding": "receptive_fields" if task.kind == "table" else "latency",
            "fields": {"n_fields": "auto", "field_variance": 1 / 36, "scale": "standard",
                       "field_code": "latency"},
        }  # fmt: skip

    @property
    def columns(self) -> int:
        """`n_columns`, 1 where that is None."""
        return self.n_columns or 1

    def unread(self, has_fields: bool, parameters: Parameters) -> dict:
        """Name what plays no part as this learning is set, and who would read it.

        Parameters
        ----------
        has_fields : bool
            Whether the inputs are receptive fields of more than two features.
        parameters : Parameters
            The settings of the network.

        Returns
        -------
        dict of str to str
            Its own parameters, or those of the network that are in `reads`.
        """
        return {}

    # -------------------------------------------------------------------- learning

    def check_layers(self, layer_sizes: Sequence[int]) -> None:
        """Raise ValueError if layers of these sizes cannot learn so."""
        if len(layer_sizes) != 2:
            raise ValueError(
                f"{type(self).__name__} teaches one layer, got layer_sizes={layer_sizes}; "
                "hidden layers learn with STDPLearning."
            )
        if layer_sizes[-1] % self.columns != 0:
            raise ValueError(
                f"n_neurons must be a multiple of n_columns, got n_neurons={layer_sizes[-1]} and "
                f"n_columns={self.columns}."
            )

    def start(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        """Give the neurons their classes, and the network the weights it starts from.

        ValueError if the layers cannot learn so, or :meth:`initial_weights` returns no numbers
        of the shape of the weights.
        """
        self.check_layers(module.layer_sizes)
        n_neurons = module.layer_sizes[-1]
        counts = presentations.expected
        if counts is None:
            counts = np.bincount(y, minlength=module.n_classes)
        column = share_neurons(n_neurons // self.columns, counts)
        module.neuron_label_map = np.tile(column, self.columns)
        weights = self.initial_weights(module, presentations, y, generator)
        shape = module.layers[0].synapses.shape
        weights = check_returned(self, "initial_weights", weights, shape)
        module.layers[0].start(weights, module.device, module.draw_key(), averaged=self.averaged)
        module.decision["escape_noise"] = np.array(self.typical_noise)

    def initial_weights(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        generator: np.random.Generator,
    ) -> np.ndarray:
        """Return the weights to start from, (n_neurons, n_channels)."""
        low, high = module.parameters.min_weight, module.parameters.max_weight
        shape = (module.layer_sizes[-1], presentations.n_channels)
        return on_grid(low + (high - low) * generator.random(shape))

    @abstractmethod
    def learn_epoch(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> float:
        """Present all samples once, and learn from them; return the fraction that taught.

        Parameters
        ----------
        module : Module
            The network; its `n_epochs` are the epochs before this one, counted outside.
        presentations : Presentations
            The samples, batch by batch.
        y : ndarray of shape (n_samples,)
            Labels, integers from 0.
        weights : ndarray of shape (n_samples,)
            A factor of the learning rate for each sample.
        generator : numpy.random.Generator
            For all that is drawn.

        Returns
        -------
        float
            The fraction of samples that taught, from 0 to 1; `verbose` prints it.
        """

    def learn_block(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> float:
        """Learn from the next samples of a stream; return the fraction that taught.

        The first ones teach for several epochs. Before later ones teach, the network answers
        them, blind, and so learns how sure it may be. Neurons of a class wait until its first
        sample comes, and start from it. ValueError as :meth:`start`.

        Parameters
        ----------
        module : Module
            Its `n_epochs` say how far the learning rate has come down.
        presentations : Presentations
            The samples; `expected` are the samples of each class the network is made for.
        y : ndarray of shape (n_samples,)
            Labels, integers from 0.
        weights : ndarray of shape (n_samples,)
            A factor of the learning rate for each sample.
        generator : numpy.random.Generator
            For all that is drawn.
        """
        first = not module.decision
        if first:
            self.start(module, presentations, y, generator)
            module.neuron_label_map = np.full(module.layer_sizes[-1], -1)
        else:
            self.learn_how_sure(module, presentations, y, weights)
        self.recruit(module, presentations, y, generator)
        n_epochs = epochs_of_beginning(module.parameters.epochs, len(y)) if first else 1
        for _ in range(n_epochs):
            taught = module.learn_epoch(presentations, y, weights, generator)
        if first:
            self.calibrate_blindly(module, presentations, y, weights, generator)
        return taught

    def recruit(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        """Wake neurons that wait for samples of their class.

        Where neurons start from samples, no more of each column than there are samples.
        """
        labels, from_samples = module.neuron_label_map, bool(getattr(self, "recruitment", False))
        if (labels >= 0).all():
            return
        column = share_neurons(len(labels) // self.columns, presentations.expected)
        planned, columns = np.tile(column, self.columns), np.arange(len(labels)) // len(column)
        woken = np.full(len(labels), -1)
        for label, n_samples in zip(*np.unique(y, return_counts=True), strict=True):
            for k in range(self.columns):
                waiting = np.flatnonzero((labels < 0) & (planned == label) & (columns == k))
                woken[waiting[: n_samples if from_samples else None]] = label
        if (woken >= 0).any():
            module.neuron_label_map = woken
            weights = self.initial_weights(module, presentations, y, generator)
            module.neuron_label_map = np.where(woken >= 0, woken, labels)
            module.layers[0].recruit(
                woken >= 0, weights[woken >= 0], module.device, module.draw_key()
            )

    def learn_how_sure(
        self, module: "Module", presentations: Presentations, y: np.ndarray, weights: np.ndarray
    ) -> None:
        """Move the escape noise towards that of samples which have not taught yet."""
        known = np.flatnonzero(np.isin(y, module.neuron_label_map))[-_CALIBRATED_ON:]
        if len(known) == 0:
            return
        before = self.escape_noise(module)
        self.calibrate(module, module.activity(presentations, known), y[known], weights[known])
        share = len(known) / _CALIBRATED_ON
        noise = before ** (1 - share) * self.escape_noise(module) ** share
        module.decision["escape_noise"] = np.array(noise)

    def show(
        self,
        module: "Module",
        presentations: Presentations,
        order: np.ndarray,
        generator: np.random.Generator | None = None,
    ) -> Iterator[Batch]:
        """Show samples in some order, batch by batch, and count what that costs.

        Parameters
        ----------
        module : Module
        presentations : Presentations
        order : ndarray of int
            The samples.
        generator : numpy.random.Generator, optional
            Moves images as in training; without it they are shown as they are.

        Yields
        ------
        Batch
            With traces; with spikes, too, where the network reads its synapses with noise.
        """
        layer, records = module.layers[0], generator is not None and module.records
        spikes = records or self.sees(module) == "spikes"
        size = presentations.size_of_batch if module.device is None and not spikes else BATCH
        for batch in presentations.batches(
            order, spikes=spikes, traces=True, moved_by=generator, size=1 if records else size
        ):
            module.count(batch, n_neurons=layer.num_output_neurons)
            if records:
                shown = self.present_step_by_step(
                    module, batch.spikes, (1, presentations.n_steps - 1), True
                )
            yield batch
            if records:
                module.record(shown._replace(weights=[layer.synapses.copy()]))

    def learn(
        self, module: "Module", X: np.ndarray, y: np.ndarray | None, rule: RuleLike | None
    ) -> np.ndarray:
        """Present checked spike trains in the given order, and learn.

        Returns the spike counts, (n_samples, n_neurons). ValueError if there are no labels, a
        rule of spike timing, or layers that cannot learn so.
        """
        if y is None or rule is not None:
            raise ValueError(
                f"{type(self).__name__} learns from labels: it needs y, and knows no "
                f"rule of spike timing; got y={y!r} and rule={rule!r}."
            )
        presentations = Presentations(X)
        if module.decision:
            module.check_known(y)
        else:
            self.check_layers(module.layer_sizes)
            module.begin(presentations, y, module.draw_generator())
        module.learning.learn_in_given_order(module, presentations, y)  # every None resolved
        return module.learning.spikes(module, X)

    def learn_in_given_order(
        self, module: "Module", presentations: Presentations, y: np.ndarray
    ) -> None:
        """Learn from samples outside of any epoch, as they are."""
        n_epochs, generator = module.n_epochs, module.draw_generator()
        module.learn_epoch(presentations, y, np.ones(len(y)), generator)
        module.n_epochs = n_epochs

    def finish(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        """Find what the network needs to decide, after its last epoch: the escape noise.

        ValueError if a method that a subclass has written returns something else than it must.
        """
        self.calibrate_blindly(module, presentations, y, weights, generator)

    def calibrate_blindly(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        """Fit the escape noise, as far as possible on potentials blind to their samples.

        The arguments, and the errors, ValueError, are those of :meth:`finish`. Here potentials
        are not blind.
        """
        chosen = generator.permutation(len(y))[:_CALIBRATED_ON]
        self.calibrate(module, module.activity(presentations, chosen), y[chosen], weights[chosen])

    def calibrate(
        self,
        module: "Module",
        potentials: np.ndarray,
        y: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> None:
        """Fit the escape noise: the least log loss on potentials.

        As if half a sample more had been answered wrongly: without any error, the least
        noise would be the best.

        Parameters
        ----------
        module : Module
        potentials : ndarray of shape (n_samples, n_neurons)
            At best of samples that the network has not learned; -inf for a neuron that
            shall not count.
        y : ndarray of shape (n_samples,)
        weights : ndarray of shape (n_samples,), optional
            How much each sample counts.
        """
        known = np.isfinite(potentials).any(axis=1)
        weights = np.ones(len(y)) if weights is None else weights
        potentials, y, weights = potentials[known], y[known], weights[known]
        wrong = error_to_expect(len(y))
        expected = np.full((len(y), module.n_classes), wrong / (module.n_classes - 1))
        expected[np.arange(len(y)), y] = 1 - wrong

        def log_loss(log_noise):
            noise = np.exp(log_noise)
            labels, n_classes = module.neuron_label_map, module.n_classes
            scores = race(potentials, labels, n_classes, self.columns, noise) / noise
            chances = np.maximum(log_softmax(scores, axis=1), _LEAST_LOG_CHANCE)
            return -np.average((expected * chances).sum(axis=1), weights=weights)

        if known.any():
            best = minimize_scalar(
                log_loss,
                bounds=np.log(_NOISE_RANGE),
                method="bounded",
                options={"xatol": 0.02},
            )
            module.decision["escape_noise"] = np.array(np.exp(best.x))

    def weigh_classes(self, module: "Module", presentations: Presentations, y: np.ndarray) -> None:
        """Keep what the classes count in the decision, after :meth:`finish`.

        Parameters
        ----------
        module : Module
        presentations : Presentations
            Its `class_weights`, of shape (n_classes,), or None if all classes count the same.
        y : ndarray of shape (n_samples,)
        """
        module.decision.pop("class_weights", None)
        if presentations.class_weights is not None:
            module.decision["class_weights"] = presentations.class_weights

    # -------------------------------------------------------------------- answering

    def sees(self, module: "Module") -> str:
        """Whether the network is shown "spikes", or the "traces" that they leave."""
        device = module.device
        return "spikes" if device is not None and device.read_noise > 0 else "traces"

    def potential_unit(self, module: "Module") -> float | None:
        """Return the gain of potentials, a number; None for 1 / norm of each neuron's weights.

        A hook for weights whose scale is not that of the decision: devices hold 0 to
        `max_weight`, pairs of them -1 to 1 times that, ideal synapses any weight.
        """
        return 1.0

    def activity(self, module: "Module", batch: Batch) -> np.ndarray:
        """Compute what the neurons of the last layer do, of shape (n_samples, n_neurons).

        The potentials at the decision, in units of the norm of the traces.
        """
        layer, device, unit = module.layers[0], module.device, self.potential_unit(module)
        if self.sees(module) == "spikes":
            potentials, _ = layer.present_open(batch.spikes, device, module.noise_key(0), unit)
        else:
            potentials = layer.potentials(batch.traces, device, unit)
        return potentials / trace_norms(batch)

    def decide(self, module: "Module", activity: np.ndarray) -> np.ndarray:
        """Compute how much speaks for each class, of shape (n_samples, n_classes).

        The race with escape noise: score_c = D logsumexp(V_j / D, j in c). Neurons fire at
        the rate exp(V / D) [1]_, so that the class of the score s_c is the first to fire
        with the chance softmax(s / D). Columns add up.

        .. [1] W. Gerstner, W. Kistler, "Spiking Neuron Models", 2002, chapter 5.
        """
        noise = self.escape_noise(module)
        return race(activity, module.neuron_label_map, module.n_classes, self.columns, noise)

    def weighed(
        self, module: "Module", scores: np.ndarray, class_weights: np.ndarray
    ) -> np.ndarray:
        """Weigh the scores of :meth:`decide` by what the classes count, (n_classes,).

        A class of weight w fires w times as often: D log w is added, and its probability is
        that of a class w times as frequent [1]_. What the network has learned stays.

        .. [1] C. Elkan, "The foundations of cost-sensitive learning", 2001, theorem 2.
        """
        return scores + self.escape_noise(module) * np.log(class_weights)

    def chances(self, module: "Module", scores: np.ndarray) -> np.ndarray:
        """Turn the scores of :meth:`decide` into probabilities."""
        return softmax(scores / self.escape_noise(module), axis=1)

    def labels(self, module: "Module", activity: np.ndarray) -> np.ndarray:
        """Decide for a label, an integer from 0, for each sample; -1 before anything is known.

        ValueError if :meth:`decide` does not return a number for each sample and class.
        """
        if module.n_classes == 0:
            return np.full(len(activity), -1)
        return self.checked_scores(module, activity).argmax(axis=1)

    def checked_scores(self, module: "Module", activity: np.ndarray) -> np.ndarray:
        """Return the scores, (n_samples, n_classes), or raise ValueError if they are none.

        They are those of :meth:`decide`, :meth:`weighed` where classes have weights.
        """
        scores = self.decide(module, activity)
        scores = check_returned(self, "decide", scores, (len(activity), module.n_classes))
        class_weights = module.decision.get("class_weights")
        return scores if class_weights is None else self.weighed(module, scores, class_weights)

    def checked_chances(self, module: "Module", scores: np.ndarray) -> np.ndarray:
        """Return what :meth:`chances` does, (n_samples, n_classes), or raise ValueError."""
        return check_returned(self, "chances", self.chances(module, scores), scores.shape)

    def escape_noise(self, module: "Module") -> float:
        """The noise of the race, in units of the potentials."""
        return float(module.decision.get("escape_noise", self.typical_noise))

    def check_decision(self, module: "Module") -> None:
        """Raise ValueError if what a network has found cannot decide."""
        noise = module.decision.get("escape_noise", self.typical_noise)
        if np.shape(noise) != () or not noise > 0:
            raise ValueError(f"escape_noise must be a number above 0, got {noise!r}.")
        weights = module.decision.get("class_weights", np.ones(module.n_classes))
        if weights.shape != (module.n_classes,) or not (weights > 0).all():
            raise ValueError(
                f"class_weights must be {module.n_classes} numbers above 0, got {weights!r}."
            )
        if module.decision and module.n_classes > 0:
            with np.errstate(all="ignore"):
                scores = self.decide(module, np.zeros((1, module.layer_sizes[-1])))
            if scores.shape != (1, module.n_classes) or not np.isfinite(scores).all():
                raise ValueError(
                    f"{sorted(module.decision)} do not fit {module.n_classes} labels."
                )

    def bounds(self, continuous: bool, min_weight: float, max_weight: float) -> tuple:
        """The weights that write noise cannot cross."""
        if continuous:
            return (-np.inf, np.inf) if self.signed else (0.0, np.inf)
        return min_weight, max_weight

    def reach(self, module: "Module", presentations: Presentations, held: np.ndarray) -> tuple:
        """The lowest and the highest conductances that one update can ask for.

        Asked once, after :meth:`start`, to warn of devices that nothing would move.

        Parameters
        ----------
        module : Module
        presentations : Presentations
        held : ndarray of shape (n,)
            Conductances that devices hold.

        Returns
        -------
        lowest, highest : ndarray of shape (n,)
        """
        return np.full_like(held, -np.inf), np.full_like(held, np.inf)

    def check_pair(self, pair: "DifferentialPair") -> None:
        """Raise ValueError if weights are not signed and so need no pairs of devices."""
        if not self.signed:
            raise ValueError(
                f"{type(self).__name__} has no negative weights: give it the synapse "
                f"itself, {pair.synapse!r}, instead of a DifferentialPair."
            )

    def spikes(self, module: "Module", X: np.ndarray) -> np.ndarray:
        """Count the spikes of the last layer: one, of the most driven neuron at the decision."""
        activity = module.activity(Presentations(X), np.arange(len(X)))
        return (activity.argmax(axis=1)[:, np.newaxis] == np.arange(activity.shape[1])).astype(int)

    def present(
        self,
        module: "Module",
        spikes: np.ndarray,
        steps: tuple[int, int],
        label: int | None,
        learns: bool,
        trace: bool,
    ) -> Shown:
        """Present one spike train, (1, n_channels, n_steps), step by step."""
        spikes = spikes[:, :, : steps[1] + 1].copy()
        spikes[:, :, : steps[0]] = 0
        shown = self.present_step_by_step(module, spikes, steps, trace)
        if learns and label is not None:
            self.learn_in_given_order(module, Presentations(spikes), np.array([label]))
            if trace:
                shown = shown._replace(weights=[module.layers[0].synapses.copy()])
        return shown

    def present_step_by_step(
        self, module: "Module", spikes: np.ndarray, steps: tuple[int, int], trace: bool
    ) -> Shown:
        """Present one spike train step by step; the most driven neuron spikes at the last."""
        layer = module.layers[0]
        potentials, recorded = layer.present_open(
            spikes, module.device, module.noise_key(0), self.potential_unit(module), trace=trace
        )
        winner = int(potentials[0].argmax())
        output = np.zeros((layer.num_output_neurons, spikes.shape[2]), dtype=np.uint8)
        output[winner, steps[1]] = 1
        remembered = [layer.remember_potentials(recorded[0], steps)] if trace else []
        counts = output.sum(axis=1, dtype=np.int64)
        return Shown(counts, winner, [spikes[0], output], remembered, [])


class STDPLearning(Learning):
    """Spike-timing-dependent plasticity without labels: the dynamics of nervos, exactly.

    Neurons of any number of layers fire, compete and learn; labels only name them
    afterwards [2]_. The rule is a function of the time difference of two spikes [1]_ [3]_.

    Parameters
    ----------
    rule : {"conventional", "cos", "sin", "ngauss"}, callable or array-like, \
default="conventional"
        The change F(dt) that a pair of spikes asks for; see :mod:`nervos_sklearn.stdp`.
        "conventional" has the amplitudes `A_up`, `A_down` and time constants `tau_up`,
        `tau_down` of the network. A callable takes a time difference in ms; measured
        pairs (dt, F) of shape (n, 2) are interpolated.
    labeling : {"votes", "reference"}, default="votes"
        How neurons get a class. "votes": after training, a neuron votes for each
        class in proportion to its mean spike count in the training samples of that
        class; the votes of all spikes add up. "reference": a neuron keeps the class of
        the last training sample at whose end it had the highest potential; the neuron
        that spikes most decides.
    wta : bool, default=True
        Winner takes all: only the neuron that wins learns.
    true_lif : bool, default=False
        Leak in proportion to the distance from rest (time constants `tau_m` and
        `tau_threshold`) instead of by `spike_drop_rate` and `threshold_drop_rate`.
    shuffle : bool, default=True
        Present the training samples in a random order, drawn once and the same in each
        epoch, instead of the given one.
    initial_weights : {"ones", "random"}, default="ones"
        Weights before training: all 1, or drawn evenly between the bounds.
    unlearning_fraction : float, default=0
        After each epoch, this fraction of the training samples, from 0 to 1, drawn at random,
        is presented once more with the rule "ngauss", which only forgets; 0.1 in the
        publication.
    hidden_layer_sizes : sequence of int, default=()
        Neurons of each layer before the last, at least 1. Layers learn at the same time, each from
        the spikes of the one before.

    References
    ----------
    .. [1] The publication of the simulator nervos, arXiv 2506.19377.
    .. [2] P. U. Diehl, M. Cook, "Unsupervised learning of digit recognition using
       spike-timing-dependent plasticity", Frontiers in Computational Neuroscience 9, 2015.
    .. [3] G. Bi, M. Poo, "Synaptic modifications in cultured hippocampal neurons: dependence
       on spike timing, synaptic strength, and postsynaptic cell type", Journal of
       Neuroscience 18, 1998.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nervos_sklearn import SNNClassifier, STDPLearning
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> network = SNNClassifier(20, learning=STDPLearning("sin"), random_state=0).fit(X, y)
    >>> print("accuracy", network.score(X, y))
    accuracy 0.9...
    >>> np.bincount(network.neuron_label_map_)  # neurons named 0, 1 and 2
    array([ 2,  8, 10])
    """

    reads = frozenset(
        {
            "epochs", "eta", "past_window", "resting_potential", "inhibitory_potential",
            "spike_threshold", "reset_potential", "spike_drop_rate", "threshold_drop_rate",
            "min_weight", "max_weight", "A_up", "A_down", "tau_up", "tau_down",
            "refractory_time", "tau_m", "tau_threshold",
        }
    )  # fmt: skip
    update = "nearest"
    names_winners = True
    moves_images = False
    _parameter_constraints = {
        "rule": [StrOptions(set(RULES)), callable, "array-like"],
        "labeling": [StrOptions({"votes", "reference"})],
        "wta": ["boolean"],
        "true_lif": ["boolean"],
        "shuffle": ["boolean"],
        "initial_weights": [StrOptions({"ones", "random"})],
        "unlearning_fraction": [Interval(Real, 0, 1, closed="both")],
        "hidden_layer_sizes": ["array-like"],
    }

    def __init__(
        self,
        rule: RuleLike = "conventional",
        *,
        labeling: str = "votes",
        wta: bool = True,
        true_lif: bool = False,
        shuffle: bool = True,
        initial_weights: str = "ones",
        unlearning_fraction: float = 0.0,
        hidden_layer_sizes: Sequence[int] = (),
    ):
        self.rule = rule
        self.labeling = labeling
        self.wta = wta
        self.true_lif = true_lif
        self.shuffle = shuffle
        self.initial_weights = initial_weights  # type: ignore[method-assign,assignment]  # start is its own
        self.unlearning_fraction = unlearning_fraction
        self.hidden_layer_sizes = hidden_layer_sizes

    def defaults(self, task: Task) -> dict:
        encoding = "rate" if task.kind in ("image", "features") else "receptive_fields"
        return {
            "n_neurons": 80,
            "epochs": 3,
            "eta": 0.03,
            "training_duration": 100,
            "encoding": encoding,
            "fields": {},
        }

    def unread(self, has_fields: bool, parameters: Parameters) -> dict:
        idle = ("spike_drop_rate", "threshold_drop_rate") if self.true_lif else _OF_TRUE_LIF
        unread = dict.fromkeys(idle, f"STDPLearning(true_lif={not self.true_lif})")
        if not (isinstance(self.rule, str) and self.rule == "conventional"):
            unread |= dict.fromkeys(_OF_CONVENTIONAL, 'STDPLearning(rule="conventional")')
        return unread

    def start(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        """Draw the weights if `initial_weights` is "random"; else they stay as they are."""
        if self.initial_weights == "random":
            module.draw_weights()

    def check_layers(self, layer_sizes: Sequence[int]) -> None:
        """Do nothing: any number of layers learns."""

    def learn_epoch(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> float:
        if presentations.order is None:
            n = len(y)
            presentations.order = generator.permutation(n) if self.shuffle else np.arange(n)
        learn = module.learn_and_record if module.records else module.learn
        factor, size = module.learning_rate_factor, BATCH if (weights == 1).all() else 1
        for batch in presentations.batches(
            presentations.order, spikes=True, moved_by=generator, size=size
        ):
            module.learning_rate_factor = factor * float(weights[batch.chosen[0]])
            learn(batch.spikes, y[batch.chosen])
        module.learning_rate_factor = factor
        if self.unlearning_fraction > 0:
            n_unlearned = max(1, round(self.unlearning_fraction * len(y)))
            chosen = generator.permutation(len(y))[:n_unlearned]
            for batch in presentations.batches(chosen, spikes=True):
                module.learn(batch.spikes, rule="ngauss")
        self.name_neurons_by_votes(module, presentations, y, weights)
        return 1.0

    def name_neurons_by_votes(
        self, module: "Module", presentations: Presentations, y: np.ndarray, weights: np.ndarray
    ) -> None:
        """Label the neurons by what they did, and keep what each votes for."""
        if self.labeling == "votes":
            self.name_neurons(module, *self.drive_by_class(module, presentations, y, weights))

    def check_decision(self, module: "Module") -> None:
        super().check_decision(module)
        n_classes, n_neurons = module.n_classes, module.layer_sizes[-1]
        for name, shape in (("drive", (n_classes, n_neurons)), ("shown", (n_classes, 1))):
            counts = module.decision.get(name, np.zeros(shape))
            if counts.shape != shape or (counts < 0).any():
                raise ValueError(
                    f"{name} must have shape {shape} and counts of at least 0, got shape "
                    f"{counts.shape}."
                )

    def drive_by_class(
        self, module: "Module", presentations: Presentations, y: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Spikes of each neuron for each class, (n_classes, n_neurons), and samples, (…, 1)."""
        counts = module.activity(presentations, np.arange(len(y)))
        of_class = (y == np.arange(module.n_classes)[:, np.newaxis]) * weights
        return of_class @ counts, of_class.sum(axis=1, keepdims=True)

    def name_neurons(self, module: "Module", drive: np.ndarray, sizes: np.ndarray) -> None:
        """Let each neuron vote for each class in proportion to its mean spike count there.

        Its spikes are `drive`, (n_classes, n_neurons), in `sizes`, (n_classes, 1), samples.
        """
        means = drive / np.where(sizes > 0, sizes, 1.0)  # a label may have no samples
        totals = means.sum(axis=0)
        votes = means / np.where(totals > 0, totals, 1)
        module.decision = {"votes": votes, "drive": drive, "shown": sizes}
        module.neuron_label_map = np.where(totals > 0, means.argmax(axis=0), -1)

    def learn_block(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> float:
        """Learn from the next samples of a stream; the votes are those of all samples so far."""
        before, n_epochs = module.decision, 1
        if not module.is_started:
            self.start(module, presentations, y, generator)
            n_epochs = epochs_of_beginning(module.parameters.epochs, len(y))
        for _ in range(n_epochs):
            taught = module.learn_epoch(presentations, y, weights, generator)
        if self.labeling == "votes":
            now = module.decision
            self.name_neurons(
                module, *(now[name] + before.get(name, 0.0) for name in ("drive", "shown"))
            )
        return taught

    def recruit(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        """Do nothing: no neuron waits for a class."""

    def finish(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        """Do nothing: votes are found after each epoch."""

    def weigh_classes(self, module: "Module", presentations: Presentations, y: np.ndarray) -> None:
        """Keep what the classes count beyond the votes, which are of mean spike counts.

        Votes make classes even that differ in size. So weights that bring a class from its
        size to an even one change nothing, and others count from where these two end.
        """
        super().weigh_classes(module, presentations, y)
        of_class = module.decision.pop("class_weights", None)
        if of_class is None:
            return
        sizes = presentations.expected
        if sizes is None:
            sizes = np.bincount(y, presentations.weights, module.n_classes)
        if "shown" in module.decision:  # in all blocks of a stream
            sizes = module.decision["shown"][:, 0]
        even = sizes.mean()
        asked = sizes * (of_class / of_class.max())
        asked *= sizes.sum() / asked.sum()
        done = np.clip(asked, np.minimum(sizes, even), np.maximum(sizes, even))
        beyond = np.divide(asked, done, out=np.ones(len(sizes)), where=done > 0)
        if not np.allclose(beyond, 1):
            module.decision["class_weights"] = beyond

    def bounds(self, continuous: bool, min_weight: float, max_weight: float) -> tuple:
        return min_weight, max_weight

    def sees(self, module: "Module") -> str:
        """What the network is shown: always "spikes"."""
        return "spikes"

    def reach(self, module: "Module", presentations: Presentations, held: np.ndarray) -> tuple:
        return module.changed_weights(held)

    def learn(
        self, module: "Module", X: np.ndarray, y: np.ndarray | None, rule: RuleLike | None
    ) -> np.ndarray:
        """Present checked spike trains in the given order, and learn; labels only name neurons.

        Returns the spike counts, (n_samples, n_neurons). ValueError if the rule is not valid.
        """
        return module.learn_by_spike_timing(X, y, self.rule if rule is None else rule)

    def spikes(self, module: "Module", X: np.ndarray) -> np.ndarray:
        """Count the spikes of the last layer, of shape (n_samples, n_neurons)."""
        return module.respond(X)

    def present(
        self,
        module: "Module",
        spikes: np.ndarray,
        steps: tuple[int, int],
        label: int | None,
        learns: bool,
        trace: bool,
    ) -> Shown:
        return module.present_by_spike_timing(spikes, steps, learns, trace)

    def activity(self, module: "Module", batch: Batch) -> np.ndarray:
        """Count the spikes of the neurons of the last layer, of shape (n_samples, n_neurons)."""
        return module.respond(batch.spikes)

    def labels(self, module: "Module", activity: np.ndarray) -> np.ndarray:
        """As nervos: the label of the neuron that fired most, -1 if it was never labelled."""
        if self.labeling == "reference":
            return module.neuron_label_map[activity.argmax(axis=1)]
        return super().labels(module, activity)

    def decide(self, module: "Module", activity: np.ndarray) -> np.ndarray:
        """Shares of the votes of all spikes, or of the spikes of each class' best neuron."""
        scores = self.votes_by_class(module, activity)
        totals = sum_in_order(scores)[:, np.newaxis]
        equal = np.full_like(scores, 1 / scores.shape[1])
        return np.divide(scores, totals, out=equal, where=totals > 0)

    def votes_by_class(self, module: "Module", activity: np.ndarray) -> np.ndarray:
        """Add up the votes of all spikes for each class, (n_samples, n_classes)."""
        if self.labeling == "votes":
            own_label = module.neuron_label_map == np.arange(module.n_classes)[:, np.newaxis]
            votes = module.decision.get("votes", own_label.astype(float))
            # Summed neuron by neuron: the same bits for any number of samples at once.
            return sum_in_order(activity[:, np.newaxis] * votes)
        labels = module.neuron_label_map
        return np.column_stack(
            [_best_neuron(activity, labels == k) for k in range(module.n_classes)]
        )

    def weighed(
        self, module: "Module", scores: np.ndarray, class_weights: np.ndarray
    ) -> np.ndarray:
        """Shares of the votes times the weights, and never 0: few spikes cannot say never."""
        if "shown" in module.decision:
            doubt = error_to_expect(module.decision["shown"].sum())
            scores = (1 - doubt) * scores + doubt / module.n_classes
        weighed = scores * class_weights
        return weighed / sum_in_order(weighed)[:, np.newaxis]

    def chances(self, module: "Module", scores: np.ndarray) -> np.ndarray:
        """Return the scores of :meth:`decide`, which are shares of the votes."""
        return scores


def sum_in_order(values):
    """Sum over the last axis, one after another."""
    return np.add.accumulate(values, axis=-1)[..., -1]


def _best_neuron(spike_counts, of_class):
    """Spikes of the neuron of a class that spikes most.

    Less than one spike is added, so that of equal neurons the one with the lower
    index counts more.
    """
    if not of_class.any():
        return np.zeros(len(spike_counts))
    neurons = np.flatnonzero(of_class)
    best = spike_counts[:, neurons].argmax(axis=1)
    n_neurons = spike_counts.shape[1]
    return (
        spike_counts[np.arange(len(best)), neurons[best]] + 0.5 - neurons[best] / (2 * n_neurons)
    )


class _RewardLearning(Learning):
    """What the two ways to learn from reward have in common.

    If the most driven neuron of the right class does not lead by a margin, it is rewarded,
    its weights move along the traces, and the most driven neuron of the other classes is
    punished.
    """

    synaptic_scaling = True
    competitive_epochs = 0
    reinforcement = 0.0

    def unread(self, has_fields: bool, parameters: Parameters) -> dict:
        dropped = self.feature_dropout and not has_fields
        unread = {"feature_dropout": _READS_DROPOUT} if dropped else {}
        if self.competitive_epochs >= parameters.epochs:
            unread |= dict.fromkeys(("margin", "reinforcement"), "fewer competitive_epochs")
        return unread

    def reach(self, module: "Module", presentations: Presentations, held: np.ndarray) -> tuple:
        """All changes are within eta (|w| max(q / |q|), w): see :meth:`teaching_now`."""
        largest = 0.0
        for batch in presentations.batches(np.arange(len(presentations)), traces=True):
            largest = max(largest, float((batch.traces / trace_norms(batch)).max()))
        if self.synaptic_scaling:
            values = module.layers[0].synapses
            norms = np.linalg.norm(values, axis=1)
            largest = max(norms.max() * largest, np.abs(values).max())
        else:
            largest /= self.potential_unit(module) or 1.0
        largest *= self.teaching_now(module).eta
        return held - largest, held + largest

    def learn_epoch(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> float:
        order, rates = self.plan_epoch(weights, generator)
        n_taught = self.teach_in_order(module, presentations, y, rates, order, generator)
        return n_taught / (len(y) * self.columns)

    def plan_epoch(
        self, weights: np.ndarray, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Plan the order in which samples come, and the rate of each, both (n_samples,)."""
        return generator.permutation(len(weights)), weights

    def teach_in_order(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        rates: np.ndarray,
        order: np.ndarray,
        generator: np.random.Generator | None,
    ) -> int:
        """Show samples in an order, moved and with dropout if there is a generator.

        The `rates` of samples, (n_samples,), are factors of the learning rate.
        """
        layer, device = module.layers[0], module.device
        teaching = self.teaching_now(module)
        mover, dropper = (None, None) if generator is None else generator.spawn(2)
        n_taught, groups = 0, presentations.groups if dropper is not None else None
        noisy = self.sees(module) == "spikes"
        for batch in self.show(module, presentations, order, mover):
            chosen, silent = batch.chosen, None
            if dropper and groups is not None and groups[-1] > 1 and self.feature_dropout > 0:
                shape = (len(chosen), self.columns, groups[-1] + 1)
                silent = (dropper.random(shape) < self.feature_dropout).swapaxes(0, 1)
                silent = np.ascontiguousarray(silent)
            n_taught += layer.teach(
                batch.traces,
                y[chosen],
                rates[chosen],
                module.neuron_label_map,
                teaching,
                n_columns=self.columns,
                device=device,
                unit=self.potential_unit(module),
                unrest=unrest_of_spikes(batch.spikes) if noisy else None,
                keys=None if device is None else module.draw_keys((self.columns, len(chosen))),
                importance=self.importance_of_next(layer, len(chosen)) if self.averaged else None,
                groups=groups,
                silent=silent,
                n_jobs=module.n_jobs,
            )
        if self.averaged:
            layer.settle(device, module.draw_key())
        return n_taught

    def learn_in_given_order(
        self, module: "Module", presentations: Presentations, y: np.ndarray
    ) -> None:
        self.teach_in_order(module, presentations, y, np.ones(len(y)), np.arange(len(y)), None)

    def teaching_now(self, module: "Module") -> Teaching:
        """What the compiled loops are told for the epoch at hand."""
        epoch = module.n_epochs
        return Teaching(
            eta=module.parameters.eta * self.eta_decay**epoch * module.learning_rate_factor,
            margin=float(self.margin),
            reinforcement=float(self.reinforcement),
            punishes=epoch >= self.competitive_epochs,
            signed=bool(self.signed),
            scaled=bool(self.synaptic_scaling),
        )


def check_returned(learning, name, value, shape):
    """Return what a method of a learning returned, or raise ValueError if it is no such array."""
    values = np.asarray(value)
    are_numbers = values.dtype.kind in "fiub"
    if values.shape != shape or not are_numbers or np.isnan(values).any():
        if values.ndim == 0:
            got = repr(value)
        elif values.shape != shape:
            got = f"shape {values.shape}"
        else:
            got = "NaN" if are_numbers else f"dtype {values.dtype}"
        raise ValueError(
            f"{type(learning).__name__}.{name} must return numbers of shape {shape}, got {got}."
        )
    return values


def trace_norms(batch):
    """L2 norms of traces, (n_samples, 1); 1 for a sample without spikes."""
    from .encoder import traces_of_spikes

    traces = traces_of_spikes(batch.spikes) if batch.traces is None else batch.traces
    return norms_of(traces)


def norms_of(traces: np.ndarray) -> np.ndarray:
    """L2 norms of traces (n_samples, n_channels), (n_samples, 1); 1 for silence."""
    norms = np.sqrt(np.square(traces, dtype=np.float64).sum(axis=1, keepdims=True))
    return np.where(norms > 0, norms, 1.0)


def error_to_expect(n_samples):
    """The chance of an error after samples without any: as if half a sample more were one."""
    return 0.5 / (n_samples + 1)


def race(potentials, labels, n_classes, n_columns, noise):
    """Scores of the race with escape noise, of shape (n_samples, n_classes)."""
    width = potentials.shape[1] // n_columns
    scores = np.zeros((len(potentials), n_classes))
    for start in range(0, width * n_columns, width):
        column = potentials[:, start : start + width]
        for label in range(n_classes):
            neurons = labels[start : start + width] == label
            scores[:, label] += first_to_fire(column[:, neurons], noise)
    return scores / n_columns


def first_to_fire(potentials, noise):
    """D logsumexp(V / D) over the neurons of a class; very low where it has none."""
    if potentials.shape[1] == 0:
        return np.full(len(potentials), _NEVER)
    potentials = np.maximum(potentials, _NEVER)
    highest = potentials.max(axis=1, keepdims=True)
    rates = np.exp((potentials - highest) / noise)
    return highest[:, 0] + noise * np.log(sum_in_order(rates))


def epochs_of_beginning(n_epochs: int, n_samples: int) -> int:
    """Epochs for the first samples of a stream: those of a fit, fewer where samples are many."""
    return max(1, min(n_epochs, _TAUGHT_IN_BEGINNING // n_samples))


def width_of_fields(task: Task) -> float:
    """Deviation of receptive fields in units of a feature: broad where samples are few."""
    few = task.n_features is not None and task.class_counts.sum() < 5 * task.n_features
    return 1 / 3 if few else 1 / 6


def epochs_for(task: Task) -> int:
    """Epochs of margin learning: the more samples there are, the fewer."""
    n_samples = task.class_counts.sum()
    if task.kind == "table":
        return 40 if n_samples < 10_000 else 30
    return 30 if n_samples < 1000 else 16


def columns_for(task: Task) -> int:
    """Columns for a table: as many as learn from 20,000 samples in all, 1 to 5.

    They share the neurons, if those are given: at least four of each class in a column.
    """
    n_columns = min(max(1, _TAUGHT_IN_ALL // max(1, int(task.class_counts.sum()))), _COLUMNS)
    if task.n_neurons is not None:
        while n_columns > 1 and (
            task.n_neurons % (n_columns * len(task.class_counts))
            or task.n_neurons < n_columns * _LEAST_OF_CLASS * len(task.class_counts)
        ):
            n_columns -= 1
    return n_columns


def neurons_for(task: Task) -> int:
    """Neurons of each class in a column, for a table: 8, more for thousands of samples."""
    samples_of_class = task.class_counts.sum() / len(task.class_counts)
    return round(8 * np.sqrt(max(1.0, samples_of_class / 1000)))


def draw_by_weight(weights: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw as many samples as there are, in random order, each as often as its weight says.

    One of w times the mean weight comes floor(w) times, and once more by chance, such that it
    comes w times on average: systematic sampling [1]_, from an order that is random.

    .. [1] W. G. Madow, "On the theory of systematic sampling, II", 1949.
    """
    order, n_samples = generator.permutation(len(weights)), len(weights)
    ends = np.cumsum(weights[order])
    places = (np.arange(n_samples) + generator.random()) / n_samples * ends[-1]
    return generator.permutation(order[np.searchsorted(ends, places)])


def choose_recruits(
    labels: np.ndarray, y: np.ndarray, weights: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """A training sample for each neuron, of its class `labels`; -1 if the class has none.

    Each of a class once, in random order, the heavier the earlier, before any is taken again.
    """
    recruits = np.full(len(labels), -1)
    for label in np.unique(labels):
        neurons = np.flatnonzero(labels == label)
        candidates = np.flatnonzero(y == label)
        if len(candidates) > 0:
            chances = weights[candidates] / weights[candidates].sum()
            if np.ptp(chances) == 0:
                candidates = generator.permutation(candidates)
            else:
                candidates = generator.choice(candidates, len(candidates), False, chances)
            recruits[neurons] = np.resize(candidates, len(neurons))
    return recruits


def share_neurons(n_neurons, class_counts):
    """The class of each neuron: as many for each, but no more than it has samples if possible."""
    scarce = n_neurons < class_counts.sum()
    fill = np.minimum if scarce else np.maximum

    def needed(level):
        return fill(class_counts, level).sum()

    level = bisect(range(n_neurons + 1), n_neurons, key=needed) - 1
    shares = fill(class_counts, level)
    open_to_more = np.flatnonzero(class_counts > level if scarce else class_counts <= level)
    shares[open_to_more[: n_neurons - shares.sum()]] += 1
    return np.repeat(np.arange(len(class_counts)), shares)


class PrototypeLearning(_RewardLearning):
    """Neurons of a class become its prototypes, by reward: made for raw images.

    Each neuron belongs to a class and starts from a training sample. A three-factor rule
    [2]_, pre- and postsynaptic activity and a reward: if the most driven neuron of the right class
    does not lead by a margin, its weights move towards the traces of the sample, and those
    of the most driven neuron of the other classes away from it; each neuron's weights are
    scaled to a norm of 1. Close to learning vector quantisation [1]_.

    Parameters
    ----------
    margin : float, default=0.08
        A sample teaches if the right class does not lead by this much, in units of the
        cosine of weights and traces; 0 to learn from errors only.
    eta_decay : float, default=0.9
        The learning rate shrinks by this factor each epoch; above 0, at most 1.
    competitive_epochs : int, default=4
        The first epochs, in which neurons compete within their class, each sample teaches
        and nobody is punished. With as many as all epochs, the rule is plain competitive
        STDP.
    reinforcement : float, default=0
        Fraction of the learning rate for samples that lie outside the margin, at least 0.
    recruitment : bool, default=True
        Each neuron starts from a training sample of its class; False for random weights.
    synaptic_scaling : bool, default=True
        Scale each neuron's weights to an L2 norm of 1 after every update; False to bound
        them by 1 instead.
    signed : bool, default=False
        Let weights fall below 0; each synapse takes two devices then.
    feature_dropout : float, default=0.3
        Receptive fields: the chance, from 0 to below 1, that all fields of a feature are
        silent in a presentation for training, if there are more than two features.

    References
    ----------
    .. [1] T. Kohonen, "Improved versions of learning vector quantization", IJCNN, 1990.
    .. [2] N. Fremaux, W. Gerstner, "Neuromodulated spike-timing-dependent plasticity, and
       theory of three-factor learning rules", Frontiers in Neural Circuits 9, 2016.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nervos_sklearn import PrototypeLearning, SNNClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> network = SNNClassifier(100, learning=PrototypeLearning(margin=0.1), random_state=0)
    >>> print("accuracy", network.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]))
    accuracy 0.9...
    """

    typical_noise = 0.02
    _parameter_constraints = {
        "margin": _NON_NEGATIVE,
        "eta_decay": [Interval(Real, 0, 1, closed="right")],
        "competitive_epochs": [Interval(Integral, 0, None, closed="left")],
        "reinforcement": _NON_NEGATIVE,
        "recruitment": ["boolean"],
        "synaptic_scaling": ["boolean"],
        "signed": ["boolean"],
        "feature_dropout": _FRACTION,
    }

    def __init__(
        self,
        *,
        margin: float = 0.08,
        eta_decay: float = 0.9,
        competitive_epochs: int = 4,
        reinforcement: float = 0.0,
        recruitment: bool = True,
        synaptic_scaling: bool = True,
        signed: bool = False,
        feature_dropout: float = 0.3,
    ):
        self.margin = margin
        self.eta_decay = eta_decay
        self.competitive_epochs = competitive_epochs
        self.reinforcement = reinforcement
        self.recruitment = recruitment
        self.synaptic_scaling = synaptic_scaling
        self.signed = signed
        self.feature_dropout = feature_dropout

    def defaults(self, task: Task) -> dict:
        most = 16 if task.kind == "table" else 64
        n_neurons = int(np.minimum(task.class_counts, most).sum())
        return super().defaults(task) | {"n_neurons": n_neurons, "epochs": 30, "eta": 0.3}

    def potential_unit(self, module: "Module") -> float | None:
        device = module.device
        return None if self.synaptic_scaling and device is not None and device.n_levels else 1.0

    def initial_weights(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        generator: np.random.Generator,
    ) -> np.ndarray:
        labels, device = module.neuron_label_map, module.device
        shape = (len(labels), presentations.n_channels)
        presentations.recruits = np.full(len(labels), -1)
        if self.recruitment:
            weights = presentations.weights
            presentations.recruits = choose_recruits(labels, y, weights, generator)
            weights = presentations.traces(presentations.recruits).astype(float)
        else:
            weights = generator.random(shape)
        if device is not None and device.n_levels > 0:
            strongest = weights.max(axis=1, keepdims=True)
            weights = weights / np.where(strongest > 0, strongest, 1.0)
            low, high = module.parameters.min_weight, module.parameters.max_weight
            return low + (high - low) * weights
        if self.recruitment:
            weights = weights + _RECRUIT_WEIGHT
        return on_grid(weights / np.linalg.norm(weights, axis=1, keepdims=True))

    def calibrate_blindly(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        """Fit the escape noise, on potentials without a sample's own recruit."""
        chosen = generator.permutation(len(y))[:_CALIBRATED_ON]
        potentials = module.activity(presentations, chosen)
        recruits = getattr(presentations, "recruits", np.full(potentials.shape[1], -1))
        potentials[chosen[:, np.newaxis] == recruits] = -np.inf
        self.calibrate(module, potentials, y[chosen], weights[chosen])


class MarginLearning(_RewardLearning):
    """Signed neurons learn inside a margin and answer with the mean of their weights.

    Made for tables and for features of other layers. Each neuron belongs to a class. If the
    most driven neuron of the right class does not lead by the margin, its weights move along
    the traces of the sample, and those of the most driven neuron of the other classes against
    them. Weights are signed, a pair of synapses each, and not scaled. Fast weights learn;
    their mean, in which later weights count more, answers. With one neuron a class this is an
    averaged perceptron with margin [1]_ [2]_.

    Parameters
    ----------
    margin : float, optional
        A sample teaches if the right class does not lead by this much, in units of the norm
        of the traces; at least 0. By default 0.1 for tables, 0.15 for features.
    eta_decay : float, optional
        The learning rate shrinks by this factor, above 0 and at most 1, each epoch; by default
        0.93 for tables, 0.9 for features.
    averaging : float, default=3
        The weights after presentation t count t to this power, from 0 to 20, in the mean; 0
        for a plain mean. With 3, the second half of all presentations counts 94 %.
    recruitment : float, optional
        Each neuron starts from the traces of a training sample of its class, of a norm of
        this; 0 for small random weights. By default 0.5 for tables, 0 for features.
    n_columns : int, optional
        The neurons stand in so many columns, 1 to 1000, of which `n_neurons` is a multiple.
        Within a column the neurons of the classes compete and learn as if they were alone; the
        potentials of a class add up over them. By default 1 for features, and for tables as
        many as can learn from 20,000 samples in all, from 1 to 5.
    feature_dropout : float, optional
        Receptive fields: the chance, from 0 to below 1, that all fields of a feature are
        silent in a presentation for training, if there are more than two features. By default
        0.1 for tables, else 0.
    weight_range : float, default=0.25
        Devices of finite levels: the weight, above 0, of a device at `max_weight`.

    References
    ----------
    .. [1] Y. Freund, R. Schapire, "Large margin classification using the perceptron
       algorithm", Machine Learning 37, 1999.
    .. [2] W. Krauth, M. Mezard, "Learning algorithms with optimal stability in neural
       networks", Journal of Physics A 20, 1987.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import cross_val_score
    >>> from nervos_sklearn import MarginLearning, SNNClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> network = SNNClassifier(learning=MarginLearning(margin=0.2), random_state=0)
    >>> print("accuracy", cross_val_score(network, X, y, cv=3).mean())
    accuracy 0.9...
    """

    signed = True
    synaptic_scaling = False
    averaged = True
    _parameter_constraints = {
        "margin": [*_NON_NEGATIVE, None],
        "eta_decay": [Interval(Real, 0, 1, closed="right"), None],
        "averaging": [Interval(Real, 0, _STEEPEST_MEAN, closed="both")],
        "recruitment": [*_NON_NEGATIVE, None],
        "n_columns": [Interval(Integral, 1, _MOST_COLUMNS, closed="both"), None],
        "feature_dropout": [*_FRACTION, None],
        "weight_range": [Interval(Real, SMALLEST, LARGEST, closed="both")],
    }

    def __init__(
        self,
        *,
        margin: float | None = None,
        eta_decay: float | None = None,
        averaging: float = 3.0,
        recruitment: float | None = None,
        n_columns: int | None = None,
        feature_dropout: float | None = None,
        weight_range: float = 0.25,
    ):
        self.margin = margin
        self.eta_decay = eta_decay
        self.averaging = averaging
        self.recruitment = recruitment
        self.n_columns = n_columns
        self.feature_dropout = feature_dropout
        self.weight_range = weight_range

    typical_of_tables = {
        "margin": 0.1, "eta_decay": 0.93, "recruitment": 0.5, "feature_dropout": 0.1,
    }  # fmt: skip
    typical_of_features = {
        "margin": 0.15, "eta_decay": 0.9, "recruitment": 0.0, "n_columns": 1,
        "feature_dropout": 0.0,
    }  # fmt: skip

    def resolved(self, task: Task) -> Self:
        typical = self.typical_of_features
        if task.kind == "table":
            typical = self.typical_of_tables | {"n_columns": columns_for(task)}
        missing = {k: v for k, v in typical.items() if getattr(self, k) is None}
        return type(self)(**(self.get_params(deep=False) | missing))

    def defaults(self, task: Task) -> dict:
        table, n_classes = task.kind == "table", len(task.class_counts)
        typical = super().defaults(task)
        return typical | {
            "n_neurons": n_classes * self.columns * (neurons_for(task) if table else 1),
            "epochs": epochs_for(task),
            "eta": 0.2 if table else 0.1,
            "fields": typical["fields"]
            | {"scale": "quantile", "field_variance": width_of_fields(task) ** 2},
        }

    def potential_unit(self, module: "Module") -> float | None:
        device = module.device
        return self.weight_range if device is not None and device.n_levels else 1.0

    def plan_epoch(
        self, weights: np.ndarray, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Plan to show each sample as often as its weight says, all at the same rate.

        A sample that is clear teaches nothing, so one at twice the rate is not two of them.
        Returns the samples in order and their rates, both of shape (n_samples,).
        """
        if np.ptp(weights) == 0:
            return super().plan_epoch(weights, generator)
        return draw_by_weight(weights, generator), np.full(len(weights), weights.mean())

    def importance_of_next(self, layer: Layer, n_samples: int) -> np.ndarray:
        """How much the weights after each of the next samples count, of shape (n_samples,)."""
        shown = layer.n_shown + np.arange(1, n_samples + 1, dtype=float)
        layer.n_shown += n_samples
        return shown**self.averaging

    def learn_block(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> float:
        """As :meth:`Learning.learn_block`; the mean of the weights forgets what is long past."""
        if module.decision:
            importance = np.sum(np.arange(1.0, _REMEMBERED + 1) ** self.averaging)
            module.layers[0].forget(_REMEMBERED, float(importance))
        return super().learn_block(module, presentations, y, weights, generator)

    def initial_weights(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        generator: np.random.Generator,
    ) -> np.ndarray:
        labels = module.neuron_label_map
        weights = 0.01 * generator.random((len(labels), presentations.n_channels))
        if self.recruitment:  # no longer None
            recruits = choose_recruits(labels, y, presentations.weights, generator)
            traces = presentations.traces(recruits[recruits >= 0]).astype(float)
            weights[recruits >= 0] = self.recruitment * traces / norms_of(traces)
        return on_grid(weights) / self.potential_unit(module)

    def finish(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        """Program the mean of the weights; fit the escape noise on held-out folds."""
        module.layers[0].settle(module.device, module.draw_key(), final=True)
        super().finish(module, presentations, y, weights, generator)

    def calibrate_blindly(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        """Fit the escape noise on samples that networks of the same kind have not learned.

        The arguments, and the errors, ValueError, are those of :meth:`finish`.
        """
        potentials, held = self.potentials_held_out(module, presentations, y, weights, generator)
        self.calibrate(module, potentials, y[held], weights[held])

    def potentials_held_out(
        self,
        module: "Module",
        presentations: Presentations,
        y: np.ndarray,
        weights: np.ndarray,
        generator: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The potentials of samples in networks that have not seen them, in half the epochs.

        Returns them, (n_held, n_neurons), and which samples they are, (n_held,). The arguments,
        and the errors, ValueError, are those of :meth:`finish`.
        """
        counts = np.bincount(y)
        n_folds = min(3, counts[counts > 0].min())
        if n_folds < 2:
            return np.full((1, module.layer_sizes[-1]), -np.inf), np.array([0])
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=int(generator.integers(2**31)))
        answers, held = [], []
        for train, test in folds.split(y, y):
            if len(train) > _BLIND_ON:
                train = np.sort(generator.permutation(train)[:_BLIND_ON])
            blind = module.blank_copy()
            part = presentations.subset(train)
            self.start(blind, part, y[train], generator)
            for _ in range(max(1, module.n_epochs // 2)):
                blind.learn_epoch(part, y[train], weights[train], generator)
            test = generator.permutation(test)[:_CALIBRATED_ON]
            answers.append(blind.activity(presentations, test))
            held.append(test)
            if sum(map(len, held)) >= _CALIBRATED_ON:
                break
        return np.concatenate(answers), np.concatenate(held)


LEARNINGS = {
    "stdp": STDPLearning,
    "prototype": PrototypeLearning,
    "margin": MarginLearning,
}


_DEFAULTS = frozenset(("n_neurons", "epochs", "eta", "training_duration", "encoding", "fields"))


def defaults_of(learning, task: Task) -> dict:
    """Return the defaults of a learning, or raise ValueError if they are not what is asked for."""
    defaults = learning.defaults(task)
    got = set(defaults) if isinstance(defaults, dict) else set()
    missing, unknown = sorted(_DEFAULTS - got), sorted(map(str, got - _DEFAULTS))
    if missing or unknown:
        raise ValueError(
            f"{type(learning).__name__}.defaults must return a dict with {sorted(_DEFAULTS)}, "
            "such as super().defaults(task) | {...}; "
            + "; ".join(
                f"{what}: {', '.join(names)}"
                for what, names in (("missing", missing), ("unknown", unknown))
                if names
            )
            + "."
        )
    return defaults


def make_learning(learning, task: Task) -> Learning:
    """Make the object that the name of a learning stands for, every None resolved.

    "auto" is Prototype for raw images and Margin for all else.
    """
    if isinstance(learning, str):
        name = learning
        if name == "auto":
            name = "prototype" if task.kind == "image" else "margin"
        learning = LEARNINGS[name]()
    learning = clone(learning)
    learning._validate_params()
    return learning.resolved(task)
