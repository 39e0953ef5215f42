"""Pictures of a network, as scikit-learn displays: a room for each idea.

Each class keeps what it draws, so that it can be drawn again: ``plot`` takes the axes, and
sets `ax_`, `figure_` and the artists. matplotlib is imported when something is drawn.
"""

from .decisions import DecisionTimeDisplay, SpikeCountDisplay
from .devices import DeviceWearDisplay, OccupancyDisplay, SynapseDisplay
from .encoding import EncoderDisplay
from .plasticity import LearningRuleDisplay, WeightChangeDisplay
from .series import SeriesAnswerDisplay, SeriesWindowDisplay
from .spikes import MembranePotentialDisplay, SpikeRasterDisplay
from .studies import SynapseStudyDisplay
from .training import TrainingHistoryDisplay
from .weights import ReceptiveFieldDisplay, WeightEvolutionDisplay, WeightHistogramDisplay

__all__ = [
    "DecisionTimeDisplay",
    "DeviceWearDisplay",
    "EncoderDisplay",
    "LearningRuleDisplay",
    "MembranePotentialDisplay",
    "OccupancyDisplay",
    "ReceptiveFieldDisplay",
    "SeriesAnswerDisplay",
    "SeriesWindowDisplay",
    "SpikeCountDisplay",
    "SpikeRasterDisplay",
    "SynapseDisplay",
    "SynapseStudyDisplay",
    "TrainingHistoryDisplay",
    "WeightChangeDisplay",
    "WeightEvolutionDisplay",
    "WeightHistogramDisplay",
]
