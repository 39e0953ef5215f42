"""What a synapse does: it is read, a change is proposed, its device writes what it can."""

import math

import numpy as np

from . import state
from .compiling import compiled, part
from .state import ACCUMULATE, PULSE, STOCHASTIC
from .streams import SHIFT_12, truncated_normal, uniform

_TWO_52 = 2.0**52
_BITS_OF_TWO_52 = np.float64(_TWO_52).view(np.uint64)
_ROOT_GUESS = (1.1 * 1023 - 0.052) * 2.0**40


on_grid = part(state.on_grid)

# ------------------------------------------------------------------------- read


@part
def noisy(weight, read_noise, clipped, stream):
    """W (1 + e), e normal and cut off at 3 deviations; a reading never changes its sign."""
    reading = weight * (1.0 + read_noise * truncated_normal(stream))
    if clipped:
        return min(max(reading, 0.0), 1.0)
    return max(reading, 0.0) if weight >= 0.0 else min(reading, 0.0)


@compiled
def apply_noise(values, device, stream):
    """Read each of some weights once."""
    for k in range(values.size):
        values[k] = noisy(values[k], device.read_noise, device.clipped, stream)


@part
def sum_rows(by_input, inputs, drive):
    """Do what `sum_weights` does, where the weights of one input lie side by side."""
    for j in range(drive.size):
        drive[j] = 0.0
    for k in range(inputs.size):
        i = inputs[k]
        for j in range(drive.size):
            drive[j] += by_input[i, j]


@part
def sum_weights(synapses, inputs, drive):
    """The synaptic drive of every neuron: the weights of the inputs that spike now."""
    for j in range(drive.size):
        total = 0.0
        for k in range(inputs.size):
            total += synapses[j, inputs[k]]
        drive[j] = total


@compiled
def sum_readings(synapses, gains, inputs, device, stream, drive):
    """The synaptic drive of every neuron, each weight as its device is read."""
    read_noise, clipped = device.read_noise, device.clipped
    for j in range(drive.size):
        total = 0.0
        for k in range(inputs.size):
            weight = synapses[j, inputs[k]]
            if gains is not None:
                weight *= gains[j, inputs[k]]
            total += noisy(weight, read_noise, clipped, stream) if read_noise > 0.0 else weight
        drive[j] = total


# ---------------------------------------------------------------------- propose


@part
def as_bits(x):
    """The 64 bits of a number."""
    return np.float64(x).view(np.uint64)


@part
def as_float(bits):
    """The number that 64 bits stand for."""
    return np.uint64(bits).view(np.float64)


@part(fastmath={"contract"})
def power_of_gap(gap):
    """sign(gap) |gap|**0.9, to 2e-15, in instructions that vectorise.

    x**0.9 = x r with r = x**-0.1. The exponent bits of x give r to 3 %; each
    round then uses r = r0 (1 - h)**-0.1 with h = 1 - x r0**10, to fourth order.
    """
    x = abs(gap) + 1e-300  # keeps 0 finite, changes no other gap
    logarithm = as_float((as_bits(x) >> SHIFT_12) | _BITS_OF_TWO_52) - _TWO_52
    r = as_float(as_bits((_ROOT_GUESS - 0.1 * logarithm) + _TWO_52) << SHIFT_12)
    for _ in range(2):
        r2 = r * r
        r4 = r2 * r2
        h = 1.0 - x * (r4 * r4 * r2)
        r += r * (h * (0.1 + h * (0.055 + h * (0.0385 + h * 0.0298375))))
    return math.copysign(x * r, gap)


@part
def changed_weight(weight, change, plasticity):
    """Add eta F sign(d) |d|**0.9, d being the way left to the bound the weight moves to."""
    gap = weight - plasticity.min_weight if change < 0.0 else plasticity.max_weight - weight
    return weight + plasticity.eta * change * power_of_gap(gap)


@compiled
def change_weight(weight, change, plasticity):
    """Change the weight of one ideal synapse."""
    return changed_weight(weight, change, plasticity)


# ------------------------------------------------------------------------ write


@part
def table_at(cycle, device):
    """The table of levels that holds after a number of cycles."""
    low, high = 0, device.first_cycles.size
    while high - low > 1:
        middle = (low + high) // 2
        if device.first_cycles[middle] <= cycle:
            low = middle
        else:
            high = middle
    return low


@part
def curve_for(up, device):
    """The numbers of the first level, and of the one after the last, of a curve."""
    size = device.levels.shape[1]
    return (0, device.n_levels) if up else (size - device.n_levels, size)


@part
def nearest_level(weight, up, table, device):
    """Find the level closest to a weight, on the curve for its change.

    Of two equally close ones, it is the first in the user's table.
    """
    low, end = curve_for(up, device)
    high = end - 1
    while high - low > 1:
        middle = (low + high) // 2
        if device.levels[table, middle] <= weight:
            low = middle
        else:
            high = middle
    below = abs(weight - device.levels[table, low])
    above = abs(device.levels[table, high] - weight)
    closer = below < above or (
        below == above and device.ranks[table, low] < device.ranks[table, high]
    )
    return low if closer else high


@part
def next_level(conductance, up, table, device):
    """The level that one pulse leads to, beside the nearest one; itself where there is none."""
    first, end = curve_for(up, device)
    level = nearest_level(conductance, up, table, device)
    at = device.levels[table, level]
    step = 1 if up else -1
    while first <= level < end and device.levels[table, level] == at:  # levels may stand twice
        level += step
    return device.levels[table, level] if first <= level < end else conductance


@part
def written(conductance, write_noise, lowest, highest, stream):
    """What a device holds that was told to hold a conductance: with write noise, if any."""
    if write_noise > 0.0:
        conductance += write_noise * truncated_normal(stream)
        conductance = min(max(conductance, lowest), highest)
    return conductance


@part
def written_to(conductance, device, stream):
    """The same, for a device."""
    return written(conductance, device.write_noise, device.lowest, device.highest, stream)


@part
def device_to_move(conductances, j, i, cycles, up, device):
    """Which device of a synapse a pulse goes to, in which direction, and to which level.

    A single device goes where it is told. Of a pair, G+ - G-, up raises G+ if G- is at
    its lowest, else it lowers G-; down mirrors that.
    """
    if conductances.shape[0] == 1:
        d, rises = 0, up
    else:
        other = 1 if up else 0
        table = table_at(cycles[other, j, i], device)
        lower = next_level(conductances[other, j, i], False, table, device)
        at_lowest = lower == conductances[other, j, i]
        d, rises = (1 - other, True) if at_lowest else (other, False)
    table = table_at(cycles[d, j, i], device)
    return d, next_level(conductances[d, j, i], rises, table, device)


@part
def move(conductances, d, j, i, level, pulses, device, stream):
    """Write a level to a device."""
    conductances[d, j, i] = written_to(level, device, stream)
    pulses[d, j, i] += 1


@part
def write_change(conductances, j, i, change, pulses, cycles, accumulators, device, stream):
    """Write a desired change to one synapse, as its device can.

    "pulse": one level, whatever the size of the change. "stochastic": as many whole
    gaps as fit, and one more by chance. "accumulate": changes are gathered in a digital
    accumulator, and whole gaps written. At an end level what points outward is lost.
    """
    if change == 0.0:
        return
    if device.update == ACCUMULATE:
        change += accumulators[j, i]
        accumulators[j, i] = 0.0
        if change == 0.0:
            return
    up = change > 0.0
    left = abs(change)
    while True:
        d, level = device_to_move(conductances, j, i, cycles, up, device)
        gap = abs(level - conductances[d, j, i])
        if gap == 0.0:
            return
        if device.update == PULSE:
            move(conductances, d, j, i, level, pulses, device, stream)
            return
        if left < gap:
            break
        move(conductances, d, j, i, level, pulses, device, stream)
        left -= gap
    if device.update == STOCHASTIC:
        if uniform(stream) * gap < left:
            move(conductances, d, j, i, level, pulses, device, stream)
    else:
        accumulators[j, i] = left if up else -left


@part
def write_nearest(conductances, j, i, change, pulses, cycles, device, stream):
    """Move a synapse to the level that lies nearest to where a change wants it."""
    if conductances.shape[0] == 1:
        d, target = 0, conductances[0, j, i] + change
    else:
        weight = conductances[0, j, i] - conductances[1, j, i]
        d = 0 if weight + change >= 0.0 else 1
        target = abs(weight + change) + device.lowest
        if conductances[1 - d, j, i] != device.lowest:
            set_level(conductances, 1 - d, j, i, device.lowest, pulses, cycles, device, stream)
    set_level(conductances, d, j, i, target, pulses, cycles, device, stream)


@part
def set_level(conductances, d, j, i, target, pulses, cycles, device, stream):
    """Write the level nearest to a target to a device, unless it is there already."""
    table = table_at(cycles[d, j, i], device)
    level = nearest_level(target, target >= conductances[d, j, i], table, device)
    if device.levels[table, level] != conductances[d, j, i]:
        move(conductances, d, j, i, device.levels[table, level], pulses, device, stream)
