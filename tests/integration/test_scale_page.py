"""The scripts of the page on scale run on real clusters of this machine."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "guide" / "scale.md").read_text("utf-8")
SCRIPTS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_script_runs(engine, tmp_path):
    (code,) = (script for script in SCRIPTS if f'parallel_config("{engine}")' in script)
    (tmp_path / "script.py").write_text(code, "utf-8")
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "learning__margin" in done.stdout
