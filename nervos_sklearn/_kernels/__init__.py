"""The compiled loops. This room knows arrays and nothing else.

Each formula of the dynamics stands here once: the loops call it, and so do the
step-by-step methods of ``Module`` and ``LIFNeuron``. The rooms within: `streams` draws,
`neurons` integrate and fire, `synapses` are read and written, `presentation` runs spike
trains through a layer that learns by spike timing, `teaching` through one that learns
from reward, `codes` makes spikes of features, `windows` answers patches of images.

A room is imported, and numba with it, when one of its functions is first asked for:
``from . import _kernels`` and then ``_kernels.teaching.teach(...)``.
"""

import importlib

from .state import (
    Device,
    DeviceState,
    Events,
    LayerState,
    Learning,
    NeuronConstants,
    Plasticity,
    Record,
    Rule,
    Teaching,
    Workspace,
)

__all__ = [
    "Device",
    "DeviceState",
    "Events",
    "LayerState",
    "Learning",
    "NeuronConstants",
    "Plasticity",
    "Record",
    "Rule",
    "Teaching",
    "Workspace",
]

_ROOMS = {
    "codes", "images", "neurons", "presentation", "streams", "synapses", "teaching", "windows",
}  # fmt: skip


def __getattr__(name):
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
