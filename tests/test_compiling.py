"""What is compiled and kept on disk: never the answer of other code, never a reason to fail."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nervos_sklearn

POSIX = pytest.mark.skipif(os.name == "nt", reason="limits of the file size are of POSIX")

# A further file of loops in the room, which inlines parts and constants of another.
LOOPS = """
from .compiling import compiled
from .rates import RATE, doubled

@compiled
def answer(x):
    return doubled(x) + RATE
"""
PARTS = """
from .compiling import part

RATE = {rate}

@part
def doubled(x):
    return {factor} * x
"""
ASK = """
from nervos_sklearn._kernels.loops import answer

print(answer(1.0), answer(1), sum(answer.stats.cache_hits.values()))
"""


def copy_package(folder):
    ignored = shutil.ignore_patterns("__pycache__")
    copy = folder / "nervos_sklearn"
    shutil.copytree(Path(nervos_sklearn.__file__).parent, copy, ignore=ignored)
    return copy


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A copy of the package that imports quickly, with two small files of loops, run once."""
    copy = copy_package(tmp_path_factory.mktemp("asked"))
    (copy / "__init__.py").write_text("")
    (copy / "_kernels" / "loops.py").write_text(LOOPS)
    (copy / "_kernels" / "rates.py").write_text(PARTS.format(rate=0.5, factor=2))
    assert ask(copy) == ((2.5, 2.5), 0, "")
    return copy


@pytest.fixture
def copy(asked, tmp_path):
    return Path(shutil.copytree(asked, tmp_path / "nervos_sklearn"))


def ask(copy, before="", **environment):
    kept = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        # -B: some versions of Python leave cut-off byte code of their own on a full disk.
        [sys.executable, "-B", "-W", "error", "-c", before + ASK],
        cwd=copy.parent, env=kept | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second, hits = done.stdout.split()
    return (float(first), float(second)), int(hits), done.stderr


def kept(copy, pattern):
    return sorted((copy / "_kernels" / "__pycache__").glob(f"loops.answer*{pattern}"))


def test_loops_are_kept_between_processes(copy):
    assert ask(copy) == ((2.5, 2.5), 2, "")


@pytest.mark.parametrize("edit", [{"rate": 7.5, "factor": 2}, {"rate": 0.5, "factor": 9}], ids=str)
def test_edit_of_another_file_gives_the_new_answer(copy, edit):
    (copy / "_kernels" / "rates.py").write_text(PARTS.format(**edit))
    expected = edit["factor"] + edit["rate"]
    assert ask(copy) == ((expected, expected), 0, "")
    (copy / "_kernels" / "rates.py").write_text(
        PARTS.format(rate=0.5, factor=2)
    )  # as a change of branch
    assert ask(copy) == ((2.5, 2.5), 0, "")
    assert len(kept(copy, ".nbi")) == 1  # what no source stands for is not hoarded


def test_edit_of_the_own_file_gives_the_new_answer(copy):
    (copy / "_kernels" / "loops.py").write_text(LOOPS + "    # moved\n" + LOOPS.replace("+", "-"))
    assert ask(copy)[0] == (1.5, 1.5)


def test_edit_of_the_random_stream_reaches_the_synapses(tmp_path):
    """`synapse` compiles a loop around a part of the kernels."""
    copy = copy_package(tmp_path)
    code = (
        "from nervos_sklearn import apply_truncated_noise_vectorized as noise\n"
        "print(noise([0.5] * 4, 0.2, random_state=0).tolist())"
    )

    def draw():
        environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=copy.parent, env=environment, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    old = draw()
    sources = [path for path in copy.rglob("*.py") if "0x9E3779B97F4A7C15" in path.read_text()]
    assert sources
    for path in sources:
        path.write_text(path.read_text().replace("0x9E3779B97F4A7C15", "0x9E3779B97F4A7C17"))
    new = draw()
    assert new != old
    shutil.rmtree(copy / "_kernels" / "__pycache__")
    assert draw() == new


@pytest.mark.parametrize("size", [0, -1])
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_truncated_files_are_made_anew(copy, suffix, size):
    files = kept(copy, suffix)
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[:size])
    answers, hits, log = ask(copy)
    assert answers == (2.5, 2.5)
    assert hits == 0
    assert log.count("compiling") == 1
    assert ask(copy) == ((2.5, 2.5), 2, "")


def test_missing_data_are_made_anew(copy):
    for path in kept(copy, ".nbc"):
        path.unlink()
    assert ask(copy) == ((2.5, 2.5), 0, "")


def test_data_of_another_signature_are_not_taken(copy):
    first, second = kept(copy, ".nbc")
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    assert ask(copy)[0] == (2.5, 2.5)


@POSIX
@pytest.mark.parametrize("limit", [64, 3000])
def test_full_disk_stops_nothing(copy, limit):
    full = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
    shutil.rmtree(copy / "_kernels" / "__pycache__")
    answers, _, log = ask(copy, full)
    assert answers == (2.5, 2.5)
    assert len(re.findall("compiling", log)) == 1
    assert "NUMBA_CACHE_DIR" in log
    assert not list((copy / "_kernels" / "__pycache__").glob("*.tmp.*"))
    assert ask(copy) == ((2.5, 2.5), 0, "")  # there is room again


@POSIX
def test_old_files_are_not_taken_where_new_ones_do_not_fit(copy):
    """The disk is full just when the code has changed."""
    (copy / "_kernels" / "rates.py").write_text(PARTS.format(rate=7.5, factor=9))
    index = max(path.stat().st_size for path in kept(copy, ".nbi"))
    limit = index + 500  # the index fits, the code does not
    assert limit < min(path.stat().st_size for path in kept(copy, ".nbc"))
    full = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
    assert ask(copy, full)[0] == (16.5, 16.5)
    assert ask(copy)[0] == (16.5, 16.5)


def test_no_place_for_a_cache(copy, tmp_path):
    """A file where the directories would be: not even root can write there."""
    nowhere = tmp_path / "nowhere"
    nowhere.touch()
    nothing = {name: str(nowhere) for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")}
    shutil.rmtree(copy / "_kernels" / "__pycache__")
    (copy / "_kernels" / "__pycache__").touch()
    environment = nothing | {"NUMBA_CACHE_DIR": str(nowhere), "PYTHONDONTWRITEBYTECODE": "1"}
    answers, hits, log = ask(copy, **environment)
    assert answers == (2.5, 2.5)
    assert hits == 0
    assert log.count("compiling") == 1
