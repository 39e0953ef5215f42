"""The files around the package say what is true of it."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml

import nervos_sklearn

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))
    for path in ROOT.glob(".github/workflows/*.yml")
}


def commands(workflow):
    steps = [step for job in WORKFLOWS[workflow]["jobs"].values() for step in job["steps"]]
    return "\n".join(step.get("run", "") for step in steps)


def test_systems_and_versions_tested_are_those_declared():
    newest, lowest = (WORKFLOWS["tests"]["jobs"][name] for name in ("tests", "lowest"))
    matrix = newest["strategy"]["matrix"]
    assert {system.split("-")[0] for system in matrix["os"]} == {"ubuntu", "macos", "windows"}
    declared = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert PROJECT["requires-python"] == f">={declared[0]}"
    assert matrix["python"] == [declared[0], declared[-1]]
    assert {"python-version": declared[0]} in [step.get("with") for step in lowest["steps"]]
    assert f"python{declared[0]} -m venv" in (ROOT / ".ci" / "lowest").read_text("utf-8")


def test_workflows_run_what_contributors_run():
    run = (ROOT / ".ci" / "run").read_text("utf-8")
    for check in ("ruff check .", "ruff format --check .", "mypy"):
        assert check in commands("tests")
        assert check in run
    assert "tests/integration" in commands("tests")
    assert "tests/integration" in run
    assert ".ci/lowest" in commands("tests")
    assert ".ci/docs" in commands("docs")


def test_only_a_tag_publishes():
    jobs = WORKFLOWS["publish"]["jobs"]
    uses = {name: [step.get("uses", "") for step in job["steps"]] for name, job in jobs.items()}
    (publisher,) = (name for name in uses if any("pypi-publish" in use for use in uses[name]))
    assert "refs/tags/" in jobs[publisher]["if"]


def test_every_extra_that_a_text_names_exists():
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.yml")]
    named = {x for path in texts for x in re.findall(r"\.\[(\w+)\]", path.read_text("utf-8"))}
    assert {"test", "docs"} <= named <= set(PROJECT["optional-dependencies"])


def test_citation_is_of_a_release_in_the_changelog():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    released = f"## {citation['version']} - {citation['date-released']}"
    assert released in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
    assert citation["version"] == nervos_sklearn.__version__
    assert citation["license"] == PROJECT["license"]


def test_changelog_is_dated():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    first, *releases = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    assert first == "Unreleased"
    dates = [date.fromisoformat(release.split(" - ")[1]) for release in releases]
    assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.md")), ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#]+)", path.read_text("utf-8"))
    here = [link for link in links if "://" not in link]
    assert [link for link in here if not (path.parent / link).exists()] == []
