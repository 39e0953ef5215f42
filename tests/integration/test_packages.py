"""The archives that a release publishes hold what they should, and work when installed."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CLUTTER = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "_build", "build", "dist")
USE = """
import nervos_sklearn
from sklearn.datasets import load_iris
X, y = load_iris(return_X_y=True)
print(nervos_sklearn.__file__)
print(nervos_sklearn.SNNClassifier(random_state=0).fit(X, y).score(X, y))
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """A source archive of the sources here, and a wheel of that archive."""
    folder = tmp_path_factory.mktemp("release")
    shutil.copytree(ROOT, folder / "source", ignore=CLUTTER)
    command = [sys.executable, "-m", "build", "--outdir", folder / "dist", folder / "source"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "dist"


def test_the_source_archive_has_all_to_test_and_document_it(dist):
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    for folder in ("nervos_sklearn", "tests", "examples", "docs"):
        sources = {
            str(path.relative_to(ROOT).as_posix()) for path in ROOT.glob(f"{folder}/**/*.py")
        }
        assert {name for name in sources if "_build" not in name} <= names
    assert {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "pyproject.toml"} <= names
    assert [name for name in names if "__pycache__" in name] == []


def test_the_wheel_works_without_the_sources(dist, tmp_path):
    (wheel,) = dist.glob("*.whl")
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", site, wheel]
    subprocess.run(install, check=True)
    assert (site / "nervos_sklearn" / "py.typed").is_file()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", USE],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    where, score = done.stdout.split()
    assert Path(where).is_relative_to(site)
    assert float(score) > 0.9
