"""What README says can be pasted, can be pasted."""

import ast
import itertools
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
PRINTED = {
    code: after
    for (language, code), (next_language, after) in itertools.pairwise(BLOCKS)
    if (language, next_language) == ("python", "text")
}
COMMANDS = "".join(code for language, code in BLOCKS if language == "sh")
BENCHMARKS = re.findall(r"^python (benchmarks/\w+\.py) --output (\S+)", COMMANDS, re.MULTILINE)


def test_every_block_is_found():
    assert README.count("```") == 2 * len(BLOCKS)
    assert {language for language, _ in BLOCKS} == {"python", "sh", "text"}
    assert len(PYTHON) >= 3
    assert len(PRINTED) == 1


@pytest.mark.parametrize("code", PYTHON, ids=lambda code: f"block{PYTHON.index(code)}")
def test_python_block_runs_alone(code, tmp_path):
    code = "import matplotlib; matplotlib.use('Agg')\n" + code
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    if code in PRINTED:
        words, numbers = without_numbers(done.stdout)
        words_said, numbers_said = without_numbers(PRINTED[code])
        assert words == words_said
        assert numbers == pytest.approx(numbers_said, abs=0.005)  # other processors round else


def without_numbers(text):
    number = r"\d+\.\d+"
    return re.sub(number, "", text), [float(found) for found in re.findall(number, text)]


@pytest.mark.parametrize("path", sorted(ROOT.glob("tests/*.py")), ids=lambda path: path.name)
def test_no_test_file_needs_posix_to_be_imported(path):
    """README gives commands for Windows, too."""
    imports = [x for x in ast.parse(path.read_text("utf-8")).body if isinstance(x, ast.Import)]
    names = {alias.name for statement in imports for alias in statement.names}
    assert names & {"resource", "fcntl", "grp", "pwd", "termios"} == set()


def test_commands_name_files_that_exist():
    files = re.findall(r"\S+\.py\b", COMMANDS)
    assert "examples/plot_digits.py" in files
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_the_test_command_is_that_of_continuous_integration():
    command = re.search(r"^.*-e '\.\[test\]'.*$", COMMANDS, re.MULTILINE)[0]
    assert command in (ROOT / ".ci" / "run").read_text().splitlines()


def test_every_report_has_its_command():
    parts = {"common.py", "table_sets.py"}
    scripts = {path.name for path in (ROOT / "benchmarks").glob("*.py")} - parts
    assert {Path(script).name for script, _ in BENCHMARKS} == scripts
    assert {ROOT / report for _, report in BENCHMARKS} == set(ROOT.glob("benchmarks/reports/*.md"))


START = """
import contextlib, runpy, sys
for script in sys.argv[1:]:
    sys.argv = [script, "--help"]
    sys.path[0] = "benchmarks"
    with contextlib.suppress(SystemExit):
        runpy.run_path(script, run_name="__main__")
    print("end of help")
"""


def test_benchmarks_start():
    scripts = [script for script, _ in BENCHMARKS]
    done = subprocess.run(
        [sys.executable, "-c", START, *scripts],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *helps, rest = done.stdout.split("end of help\n")
    assert rest == ""
    assert len(helps) == len(scripts)
    for script, text in zip(scripts, helps, strict=True):
        assert text.startswith(f"usage: {Path(script).name}")
        assert "--output" in text


def test_the_wheel_holds_every_package():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    found = {path.parent.relative_to(ROOT) for path in ROOT.glob("nervos_sklearn/**/__init__.py")}
    assert set(declared["packages"]) == {".".join(path.parts) for path in found}


def test_every_picture_is_shown_and_can_be_drawn_again():
    text = "".join(path.read_text("utf-8") for path in ROOT.glob("docs/**/*.md"))
    shown = set(re.findall(r"images/(\w+)\.png", text))
    drawn = set(re.findall(r'save\(figure, "(\w+)"\)', (ROOT / "docs/pictures.py").read_text()))
    assert shown == drawn == {path.stem for path in ROOT.glob("docs/images/*.png")}
