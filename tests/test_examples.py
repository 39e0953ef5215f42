"""The examples run, and leave what they promise."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
PROMISES = {
    "plot_digits.py": ["confusion_matrix.png", "receptive_fields.png", "model.joblib"],
    "plot_device.py": ["levels.png", "endurance.png"],
    "plot_time_series.py": ["confusion_matrix.png", "windows.png", "answers.png"],
}


def test_every_example_is_run():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PROMISES)


@pytest.mark.parametrize("name", PROMISES)
def test_example(name, tmp_path):
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, tmp_path], capture_output=True, text=True, check=True
    )
    for promised in PROMISES[name]:
        assert (tmp_path / promised).stat().st_size > 1000
    if name == "plot_digits.py":
        assert "same answers in a new process: True" in done.stdout
    if name in ("plot_digits.py", "plot_time_series.py"):
        accuracy = float(done.stdout.split("Test accuracy: ")[1].split()[0])
        assert accuracy > 0.95
