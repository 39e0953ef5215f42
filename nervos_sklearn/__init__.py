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
from .display import (
    DecisionTimeDisplay,
    DeviceWearDisplay,
    EncoderDisplay,
    LearningRuleDisplay,
    MembranePotentialDisplay,
    OccupancyDisplay,
    ReceptiveFieldDisplay,
    SeriesAnswerDisplay,
    SeriesWindowDisplay,
    SpikeCountDisplay,
    SpikeRasterDisplay,
    SynapseDisplay,
    SynapseStudyDisplay,
    TrainingHistoryDisplay,
    WeightChangeDisplay,
    WeightEvolutionDisplay,
    WeightHistogramDisplay,
)
from .encoder import SpikeEncoder
from .images import GaussianBlur, ImageAugmentation, SpikingPatchFeatures
from .layer import Layer
from .layer_features import SpikingLayerFeatures
from .learning import Learning, MarginLearning, PrototypeLearning, STDPLearning
from .module import Module
from .neuron import LIFNeuron
from .parameters import Parameters
from .series import SpikingWindowFeatures
from .study import synapse_study
from .synapse import (
    DifferentialPair,
    EnduranceSynapse,
    IdealSynapse,
    LinearSynapse,
    NonLinearSynapse,
    Synapse,
    TableSynapse,
    apply_truncated_noise_to_value,
    apply_truncated_noise_vectorized,
)

__version__ = "0.2.0"

__all__ = [
    "DecisionTimeDisplay",
    "DeviceWearDisplay",
    "DifferentialPair",
    "EncoderDisplay",
    "EnduranceSynapse",
    "GaussianBlur",
    "IdealSynapse",
    "ImageAugmentation",
    "LIFNeuron",
    "Layer",
    "Learning",
    "LearningRuleDisplay",
    "LinearSynapse",
    "MarginLearning",
    "MembranePotentialDisplay",
    "Module",
    "NonLinearSynapse",
    "OccupancyDisplay",
    "Parameters",
    "PrototypeLearning",
    "ReceptiveFieldDisplay",
    "SNNClassifier",
    "STDPLearning",
    "SeriesAnswerDisplay",
    "SeriesWindowDisplay",
    "SpikeCountDisplay",
    "SpikeEncoder",
    "SpikeRasterDisplay",
    "SpikingLayerFeatures",
    "SpikingPatchFeatures",
    "SpikingWindowFeatures",
    "Synapse",
    "SynapseDisplay",
    "SynapseStudyDisplay",
    "TableSynapse",
    "TrainingHistoryDisplay",
    "WeightChangeDisplay",
    "WeightEvolutionDisplay",
    "WeightHistogramDisplay",
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
    "synapse_study",
    "timenow",
]
