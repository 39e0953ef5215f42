"""RewardModule: class-assigned neurons that learn by reward-modulated STDP."""

from typing import NamedTuple

import numpy as np

from . import _reward_kernels as kernels

_BATCH = 1024  # samples whose potentials are computed at once
_LARGEST_TRACE = 2**24  # single precision holds each integer below
_RECRUIT_WEIGHT = 1e-3  # added to a recruit's traces, so that no synapse begins at 0
# Shifts along y and x as shares of the sides, angle (radians), logarithm of the scale, shear.
_FULL_JITTER = np.array([0.054, 0.054, 0.2, 0.15, 0.35])
# A second look: turned, scaled and sheared, both ways each, in full jitters.
_LOOKS = [sign * np.eye(5)[k] for k in (2, 3, 4) for sign in (1, -1)]
_JITTER_SAMPLES = 25  # of a class; above it jitter shrinks with their number to the power -1/4


class RewardSettings(NamedTuple):
    """How a RewardModule learns and decides; see the parameters of SNNClassifier."""

    n_steps: int = 32
    eta: float = 0.3
    eta_decay: float = 0.9
    margin: float = 0.08
    reinforcement: float = 0.0
    competitive_epochs: int = 4
    reward: bool = True
    synaptic_scaling: bool = True
    recruitment: bool = True
    jitter: float = 1.0
    silence: float = 0.3
    blur: float = 0.04
    decision_step: int | None = None
    n_race_spikes: int = 10
    race_increment: float = 0.01
    second_look: float = 0.0


class RewardModule:
    """A layer of neurons, each of a class, that learn from reward.

    Neurons integrate without leak: a spike opens its synapse until the sample ends,
    so after n steps ``V_j(n) = sum_i w_ji q_i``, where the trace q_i counts the steps
    since the spikes of input i. As weights are multiples of 2**-20 and traces are
    integers, this sum is exact, and equals the simulation step by step to the bit.
    The decision comes late, when the potential has gathered the whole sample.

    Parameters
    ----------
    settings : RewardSettings
    neuron_classes : array-like of int of shape (n_neurons,)
        The class of each neuron, as a number.
    n_classes : int
    generator : numpy.random.Generator
        Source of everything that is drawn.

    Attributes
    ----------
    weights : ndarray of shape (n_inputs, n_neurons)
        Synapses of an input side by side; each neuron's have an L2 norm of 1.
    n_taught : list of int
        Presentations that taught, for each epoch.
    """

    def __init__(self, settings, neuron_classes, n_classes, generator):
        self.settings = settings
        self.neuron_classes = np.asarray(neuron_classes, dtype=np.int64)
        self.n_classes = n_classes
        self.weights = np.empty((0, len(self.neuron_classes)))
        self.n_taught: list[int] = []
        self._jitter = np.zeros(5)  # the largest of a presentation
        self._generator = generator

    def _state(self):
        """What has been learned, to be restored."""
        return self.weights.copy()

    def _restore(self, state):
        self.weights = state.copy()

    def _cool(self, factor):
        """Learn more slowly from now on."""
        self.settings = self.settings._replace(eta=self.settings.eta / factor)

    @property
    def receptive_fields(self) -> np.ndarray:
        return self.weights.T

    @property
    def _late_steps(self):
        step = self.settings.decision_step
        return 0 if step is None else max(0, self.settings.n_steps - step)

    def traces(self, intensities: np.ndarray) -> np.ndarray:
        """Compute the traces that a latency code leaves at the decision.

        Parameters
        ----------
        intensities : ndarray of shape (n_samples, n_inputs), dtype float32
            At least 0.

        Returns
        -------
        ndarray of shape (n_samples, n_inputs), dtype float32
            Integers from 0 to n_steps.
        """
        traces = np.empty_like(intensities)
        kernels.latency_traces_of_batch(
            intensities, self.settings.n_steps, self._late_steps, traces
        )
        return traces

    def recruit(self, traces_of, n_inputs: int, labels: np.ndarray) -> None:
        """Let each neuron start from a training sample of its class.

        Parameters
        ----------
        traces_of : callable
            Gives the traces of the samples with some indices.
        n_inputs : int
        labels : ndarray of shape (n_samples,)
            The class of each sample, as a number.
        """
        self.weights = np.empty((n_inputs, len(self.neuron_classes)))
        if self.settings.recruitment:
            for label in np.unique(self.neuron_classes):
                neurons = np.flatnonzero(self.neuron_classes == label)
                candidates = self._generator.permutation(np.flatnonzero(labels == label))
                chosen = np.resize(candidates, len(neurons))
                self.weights[:, neurons] = traces_of(chosen).T + _RECRUIT_WEIGHT
        else:
            self.weights[:] = self._generator.random(self.weights.shape)
        for j in range(self.weights.shape[1]):
            kernels.scale_synapses(self.weights, j)

    def learn(
        self,
        samples: np.ndarray,
        labels: np.ndarray,
        image_shape: tuple | None = None,
        groups: np.ndarray | None = None,
    ) -> None:
        """Present all samples once, in a random order.

        Parameters
        ----------
        samples : ndarray of shape (n_samples, n_inputs), dtype float32
            Intensities, if the image shape is given and jitter is on; else traces.
        labels : ndarray of shape (n_samples,)
            The class of each sample, as a number.
        image_shape : tuple of (n_maps, height, width), optional
            Layout of the inputs; each presentation is jittered then.
        groups : ndarray of int of shape (n_inputs,), optional
            The group of each input, such as its feature; of more than two groups,
            each is silenced by chance in each presentation.
        """
        settings, generator, n_samples = self.settings, self._generator, len(samples)
        # joblib may map arrays read-only
        self.weights = np.require(self.weights, requirements="CW")
        self.neuron_classes = np.require(self.neuron_classes, requirements="W")
        epoch = len(self.n_taught)
        order = generator.permutation(n_samples)
        _n_maps, height, width = image_shape or (0, 0, 0)
        jitters = np.empty((0, 5))
        if image_shape is not None and settings.jitter > 0:
            samples_per_class = n_samples / self.n_classes
            amplitude = settings.jitter * min(1.0, (_JITTER_SAMPLES / samples_per_class) ** 0.25)
            self._jitter = amplitude * _FULL_JITTER
            jitters = generator.uniform(-1, 1, (n_samples, 5)) * self._jitter
        silent = np.empty((0, 0), dtype=np.bool_)
        if groups is None:
            groups = np.zeros(samples.shape[1], dtype=np.int64)
        if groups[-1] > 1 and settings.silence > 0:
            silent = generator.random((n_samples, groups[-1] + 1)) < settings.silence
        self.n_taught.append(
            kernels.learn_epoch(
                self.weights,
                self.neuron_classes,
                samples,
                labels,
                order,
                jitters,
                height,
                width,
                groups,
                silent,
                settings.n_steps,
                self._late_steps,
                settings.eta * settings.eta_decay**epoch,
                float(settings.margin),
                float(settings.reinforcement),
                bool(settings.reward) and epoch >= settings.competitive_epochs,
                bool(settings.synaptic_scaling),
            )
        )

    def potentials(self, traces: np.ndarray) -> np.ndarray:
        """Compute the membrane potentials at the decision.

        Parameters
        ----------
        traces : ndarray of shape (n_samples, n_inputs)

        Returns
        -------
        ndarray of shape (n_samples, n_neurons)
            In units of the norm of the traces: the cosine of weights and traces.
        """
        traces = traces.astype(np.float64)
        norms = np.sqrt(np.square(traces).sum(axis=1, keepdims=True))
        return (traces @ self.weights) / np.maximum(norms, 1.0)

    def race(self, traces: np.ndarray) -> np.ndarray:
        """Let the neurons race to spike, and count the spikes of each class.

        Parameters
        ----------
        traces : ndarray of shape (n_samples, n_inputs)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Spikes of each class, and a part below 1 that settles ties in favour of
            the class that spiked first.
        """
        scores = np.zeros((len(traces), self.n_classes))
        for start in range(0, len(traces), _BATCH):
            batch = slice(start, start + _BATCH)
            self._race(self.potentials(traces[batch]), scores[batch])
        return scores

    def look_again(self, scores: np.ndarray, images: np.ndarray, image_shape: tuple) -> None:
        """Repeat the races that no class has won alone, after more looks at the image.

        It is shown again turned, scaled and sheared a little, one way and the other;
        each neuron races with the highest potential of all looks.

        Parameters
        ----------
        scores : ndarray of shape (n_samples, n_classes)
            What the first race gave; those of undecided samples are replaced.
        images : ndarray of shape (n_samples, n_inputs), dtype float32
            Intensities.
        image_shape : tuple of (n_maps, height, width)
        """
        undecided = np.flatnonzero((scores >= 1).sum(axis=1) > 1)
        if len(undecided) == 0:
            return
        seen = np.repeat(images[undecided][np.newaxis], len(_LOOKS) + 1, axis=0)
        for look, moved in zip(_LOOKS, seen[1:], strict=True):
            jitter = self.settings.second_look * self._jitter * look
            kernels.jitter_images(seen[0], *image_shape[1:], jitter, moved)
        potentials = self.potentials(self.traces(seen.reshape(-1, images.shape[1])))
        potentials = potentials.reshape(*seen.shape[:2], -1).max(axis=0)
        again = np.zeros((len(undecided), self.n_classes))
        self._race(potentials, again)
        scores[undecided] = again

    def _race(self, potentials, scores):
        kernels.spike_race(
            potentials,
            np.require(self.neuron_classes, requirements="W"),  # joblib may map it read-only
            self.settings.n_race_spikes,
            float(self.settings.race_increment),
            scores,
        )


def assign_neurons(labels: np.ndarray, n_classes: int, n_per_class: int) -> np.ndarray:
    """Assign neurons to classes: as many to each, but no more than it has samples.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        The class of each sample, as a number.
    n_classes, n_per_class : int

    Returns
    -------
    ndarray of shape (n_neurons,)
        The class of each neuron.
    """
    counts = np.bincount(labels, minlength=n_classes)
    return np.repeat(np.arange(n_classes), np.minimum(counts, n_per_class))


def traces_of_spikes(spike_trains: np.ndarray, decision_step: int | None = None) -> np.ndarray:
    """Compute the traces of spike trains: each spike counts the steps since it came.

    Parameters
    ----------
    spike_trains : ndarray of shape (n_samples, n_channels, n_steps)
        Spikes, 0 or 1.
    decision_step : int, optional
        The last step that counts; by default the last one.

    Returns
    -------
    ndarray of shape (n_samples, n_channels), dtype float32
        Sum of ``t_end - t + 1`` over the spikes at times t.

    Raises
    ------
    ValueError
        If a trace reaches 2**24, beyond which single precision is not exact.
    """
    n_steps = spike_trains.shape[2]
    end = n_steps if decision_step is None else min(decision_step + 1, n_steps)
    remaining = np.maximum(end - np.arange(n_steps), 0).astype(np.float32)
    traces = spike_trains @ remaining
    if traces.max(initial=0) >= _LARGEST_TRACE:
        raise ValueError(
            f"spike trains of {n_steps} steps leave traces of 2**24 and more, which are no longer "
            "exact: shorten the trains, or decide earlier by decision_step."
        )
    return traces
