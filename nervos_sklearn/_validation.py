from .common import check_labels, check_numbers, check_spike_trains, unchanged_on_error


def check_first_step(spike_trains):
    """Raise ValueError unless the first column of spike trains is silent."""
    if spike_trains[:, :, 0].any():
        raise ValueError(
            "the first time step must be silent, got spikes in column 0: time runs from 1. "
            "Shift the spike trains by one step, as np.pad(X, ((0, 0), (0, 0), (1, 0))) does."
        )
