"""The compiled loops of reward-modulated learning.

An input is the trace that its spikes leave by the end of a sample, a small integer;
a weight is a multiple of 2**-20. So a membrane potential is an exact sum in double
precision: the same bits in any order, batch or library, and those of a simulation
step by step.
"""

import math

import numpy as np

from ._compiling import compiled, part

RESOLUTION = 2.0**20  # weights are multiples of 1 / RESOLUTION


@part
def pixel(image, first, y, x, height, width):
    """The intensity of one pixel of the map that begins at `first`; dark outside."""
    inside = 0 <= y < height and 0 <= x < width
    return image[first + y * width + x] if inside else 0.0


@part
def jitter_image(image, height, width, jitter, moved):
    """Move, turn, scale and shear all maps of an image about their centre, bilinearly.

    `jitter` holds the shifts along y and x as shares of the sides, the angle in
    radians, the logarithm of the scale, and the shear.
    """
    centre_y, centre_x = 0.5 * (height - 1), 0.5 * (width - 1)
    cosine = math.cos(jitter[2]) * math.exp(jitter[3])
    sine = math.sin(jitter[2]) * math.exp(jitter[3])
    for y in range(height):
        for x in range(width):
            dy, dx = y - centre_y, x - centre_x
            from_y = cosine * dy - sine * dx + centre_y + jitter[0] * height
            from_x = sine * dy + cosine * dx + jitter[4] * dy + centre_x + jitter[1] * width
            y0, x0 = math.floor(from_y), math.floor(from_x)
            fy, fx = from_y - y0, from_x - x0
            for first in range(0, image.size, height * width):
                upper_left = pixel(image, first, y0, x0, height, width)
                upper_right = pixel(image, first, y0, x0 + 1, height, width)
                lower_left = pixel(image, first, y0 + 1, x0, height, width)
                lower_right = pixel(image, first, y0 + 1, x0 + 1, height, width)
                upper = (1 - fx) * upper_left + fx * upper_right
                lower = (1 - fx) * lower_left + fx * lower_right
                moved[first + y * width + x] = (1 - fy) * upper + fy * lower


@compiled
def jitter_images(images, height, width, jitter, moved):
    """Move all images alike."""
    for sample in range(images.shape[0]):
        jitter_image(images[sample], height, width, jitter, moved[sample])


@part
def latency_traces(intensities, n_steps, late_steps, traces):
    """The traces of a latency code: the strongest input spikes first, at step 1.

    An input of intensity p spikes at step ``n_steps - round(n_steps p / max p) + 1``
    and counts from then on; steps after the decision do not count.
    """
    strongest = 0.0
    for i in range(intensities.size):
        strongest = max(strongest, intensities[i])
    scale = n_steps / strongest if strongest > 0.0 else 0.0
    for i in range(intensities.size):
        traces[i] = max(0.0, math.floor(intensities[i] * scale + 0.5) - late_steps)


@compiled
def latency_traces_of_batch(intensities, n_steps, late_steps, traces):
    """The traces of a latency code of each sample."""
    for sample in range(intensities.shape[0]):
        latency_traces(intensities[sample], n_steps, late_steps, traces[sample])


@compiled
def scale_synapses(weights, j):
    """Synaptic scaling: bring the weights of neuron j back to an L2 norm of 1."""
    power = 0.0
    for i in range(weights.shape[0]):
        power += weights[i, j] * weights[i, j]
    scale = RESOLUTION / math.sqrt(power) if power > 0.0 else 0.0
    for i in range(weights.shape[0]):
        weights[i, j] = math.floor(weights[i, j] * scale + 0.5) / RESOLUTION


@part
def bound_synapses(weights, j):
    """Keep the weights of neuron j below 1, where synaptic scaling is switched off."""
    for i in range(weights.shape[0]):
        weights[i, j] = math.floor(min(weights[i, j], 1.0) * RESOLUTION + 0.5) / RESOLUTION


@part
def modulate(weights, j, change, traces, active, scaling):
    """Reward-modulated STDP of neuron j: w = max(0, w + change * trace), then scaling."""
    for k in range(active.size):
        i = active[k]
        weights[i, j] = max(0.0, weights[i, j] + change * traces[i])
    if scaling:
        scale_synapses(weights, j)
    else:
        bound_synapses(weights, j)


@part
def list_active(traces, active):
    """List the inputs that have spiked; return their number and 1 / L2 norm of the traces."""
    n_active, power = 0, 0.0
    for i in range(traces.size):
        if traces[i] > 0.0:
            active[n_active] = i
            n_active += 1
            power += traces[i] * traces[i]
    return n_active, 1.0 / math.sqrt(power) if power > 0.0 else 0.0


@part
def integrate(weights, traces, active, potentials):
    """The membrane potentials when the whole sample has been gathered: no leak, late decision."""
    potentials[:] = 0.0
    for k in range(active.size):
        i = active[k]
        for j in range(potentials.size):
            potentials[j] += weights[i, j] * traces[i]


@part
def most_driven(potentials, neuron_classes, label):
    """The most driven neuron of the right class and of all others, -1 for none."""
    right, wrong = -1, -1
    for j in range(potentials.size):
        if neuron_classes[j] == label:
            if right < 0 or potentials[j] > potentials[right]:
                right = j
        elif wrong < 0 or potentials[j] > potentials[wrong]:
            wrong = j
    return right, wrong


@part
def silence(traces, groups, silent):
    """Take the spikes from the inputs of each silent group, such as the fields of a feature."""
    for i in range(traces.size):
        if silent[groups[i]]:
            traces[i] = 0.0


@compiled
def learn_epoch(
    weights,
    neuron_classes,
    samples,
    labels,
    order,
    jitters,
    height,
    width,
    groups,
    silent,
    n_steps,
    late_steps,
    eta,
    margin,
    reinforcement,
    reward,
    scaling,
):
    """Present samples in order, and let the layer learn from each.

    The most driven neuron of the right class is rewarded, that of the other classes
    punished, if the first does not lead by the margin; otherwise the right one is
    reinforced. Without reward, the right one learns always and nobody is punished.

    `samples` are intensities if there are jitters, else traces. Returns the number of
    presentations that taught.
    """
    n_inputs, n_neurons = weights.shape
    potentials, traces = np.empty(n_neurons), np.empty(n_inputs)
    moved, room = np.empty(n_inputs, samples.dtype), np.empty(n_inputs, np.int64)
    n_taught = 0
    for k in range(order.size):
        sample = order[k]
        if jitters.shape[0] > 0:
            jitter_image(samples[sample], height, width, jitters[k], moved)
            latency_traces(moved, n_steps, late_steps, traces)
        else:
            traces[:] = samples[sample]
        if silent.shape[0] > 0:
            silence(traces, groups, silent[k])
        n_active, gain = list_active(traces, room)
        if n_active == 0:
            continue
        active = room[:n_active]
        integrate(weights, traces, active, potentials)
        right, wrong = most_driven(potentials, neuron_classes, labels[sample])
        lead = (potentials[right] - potentials[wrong]) * gain if wrong >= 0 else -1.0
        taught = not reward or lead < margin
        rate = eta * gain * (1.0 if taught else reinforcement)
        if rate > 0.0:
            modulate(weights, right, rate, traces, active, scaling)
        if taught and reward and wrong >= 0:
            modulate(weights, wrong, -rate, traces, active, scaling)
        n_taught += taught
    return n_taught


@compiled
def spike_race(potentials, neuron_classes, n_spikes, threshold_increment, scores):
    """Let a common threshold fall until `n_spikes` spikes have been fired in all.

    A neuron that it reaches spikes and loses `threshold_increment`. Each class scores
    its spikes, and a part below 1 that grows the earlier its first spike comes.
    """
    race = np.empty(potentials.shape[1])
    for sample in range(potentials.shape[0]):
        race[:] = potentials[sample]
        for spike in range(n_spikes):
            winner = np.argmax(race)
            race[winner] -= threshold_increment
            label = neuron_classes[winner]
            if scores[sample, label] == 0.0:
                scores[sample, label] = (n_spikes - spike) / (n_spikes + 1.0)
            scores[sample, label] += 1.0
