"""The examples run without a warning, and leave what they promise."""

import ast
import os
import runpy
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
PROMISES = {
    "plot_digits.py": ["confusion_matrix.png", "receptive_fields.png", "model.joblib"],
    "plot_device.py": ["device.png", "levels.png", "use.png"],
    "plot_time_series.py": ["confusion_matrix.png", "windows.png", "answers.png"],
}
NEEDS = {"plot_save.py": "skops", "plot_search.py": "pandas", "plot_table.py": "pandas"}
GALLERY = sorted(path.name for path in EXAMPLES.glob("plot_*.py"))


def test_every_script_belongs_to_the_gallery():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(GALLERY)
    assert set(PROMISES) <= set(GALLERY)


@pytest.mark.parametrize("name", GALLERY)
def test_an_example_is_a_page(name):
    """A title, an introduction, and cells with text."""
    source = (EXAMPLES / name).read_text(encoding="utf-8")
    title, line, *text = ast.get_docstring(ast.parse(source)).splitlines()
    assert len(title) == len(line)
    assert set(line) == {"="}
    assert len(" ".join(text)) > 80
    assert source.count("\n# %%\n# ") >= 2


@pytest.mark.parametrize("name", PROMISES)
def test_a_script_leaves_what_it_promises(name, tmp_path):
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, tmp_path],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for promised in PROMISES[name]:
        assert (tmp_path / promised).stat().st_size > 1000
    if name == "plot_digits.py":
        assert "same answers in a new process: True" in done.stdout
    if name in ("plot_digits.py", "plot_time_series.py"):
        accuracy = float(done.stdout.split("Test accuracy: ")[1].split()[0])
        assert accuracy > 0.95


@pytest.mark.parametrize("name", [name for name in GALLERY if name not in PROMISES])
def test_an_example_runs_and_draws(name, tmp_path, monkeypatch):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    monkeypatch.chdir(tmp_path)  # some go to a directory of their own
    monkeypatch.setattr(sys, "argv", [name])
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    try:
        assert plt.get_fignums()
        for number in plt.get_fignums():
            plt.figure(number).draw_without_rendering()
    finally:
        plt.close("all")
