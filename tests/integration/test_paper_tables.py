"""The tables of the paper on real clusters of this machine: the numbers of one process."""

import os
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from distributed import LocalCluster
from sklearn.datasets import load_digits

sys.path.append(str(Path(__file__).parent.parent.parent / "benchmarks"))
import paper_tables

SEEDS = range(2)
CELLS = [
    paper_tables.WORN,
    *(cell for cell in paper_tables.notebooks() if cell.data != "circles"),
]


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    """Small digits, several times over, as a file of MNIST."""
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    digits = load_digits()
    images, labels = np.tile(16 * digits.images, (3, 1, 1)), np.tile(digits.target, 3)
    np.savez(path, images=images, labels=labels)
    return str(path)


@pytest.fixture(scope="module")
def alone(mnist):
    return paper_tables.run(CELLS, mnist, SEEDS)


def check_same(results, alone):
    assert list(results) == [paper_tables.key(cell) for cell in CELLS]
    for key, accuracies in results.items():
        np.testing.assert_array_equal(accuracies, alone[key])
    assert results[paper_tables.key(paper_tables.WORN)].shape == (2, 5)  # seeds, epochs


@pytest.fixture(params=["dask", "ray", "processes"])
def two_processes(request, monkeypatch):
    """Options of the command, for two processes of each engine."""
    if request.param != "dask":
        folder = str(Path(paper_tables.__file__).parent)
        monkeypatch.setenv("PYTHONPATH", folder, prepend=os.pathsep)  # for workers of Ray
        yield ["--ray"] * (request.param == "ray") + ["--n-jobs", "2"]
        return
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield ["--dask", cluster.scheduler_address]


def test_the_numbers_are_those_of_one_process(two_processes, mnist, alone):
    with paper_tables.on_engine(paper_tables.parse(two_processes)):
        assert joblib.effective_n_jobs(None) == 2
        check_same(paper_tables.run(CELLS, mnist, SEEDS), alone)
