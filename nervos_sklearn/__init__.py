"""Spiking neural networks as scikit-learn estimators."""

from . import common
from .classifier import SNNClassifier
from .common import (
    get_cwd,
    load_model,
    logger,
    mkdir,
    plot_spike_train,
    save_model,
    strftime,
    timenow,
)
from .display import ReceptiveFieldDisplay
from .encoder import SpikeEncoder
from .layer import Layer
from .module import Module
from .neuron import LIFNeuron
from .parameters import Parameters
from .synapse import apply_truncated_noise_to_value, apply_truncated_noise_vectorized

__version__ = "0.1.0"

__all__ = [
    "LIFNeuron",
    "Layer",
    "Module",
    "Parameters",
    "ReceptiveFieldDisplay",
    "SNNClassifier",
    "SpikeEncoder",
    "apply_truncated_noise_to_value",
    "apply_truncated_noise_vectorized",
    "common",
    "get_cwd",
    "load_model",
    "logger",
    "mkdir",
    "plot_spike_train",
    "save_model",
    "strftime",
    "timenow",
]
