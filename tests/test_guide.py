"""What the pages show is what the code does: their sessions run, their links lead somewhere."""

import doctest
import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

import nervos_sklearn

DOCS = Path(__file__).parent.parent / "docs"
COPIED = {"changelog.md", "code_of_conduct.md", "contributing.md", "security.md"}
MADE = {"_build", "gallery", "reports"}
PAGES = [
    path
    for path in sorted(DOCS.rglob("*.md"))
    if path.name not in COPIED and not MADE & set(path.relative_to(DOCS).parts)
]
SESSIONS = [path for path in PAGES if ">>>" in path.read_text("utf-8")]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def name(path):
    return path.relative_to(DOCS).as_posix()


@pytest.mark.parametrize("path", SESSIONS, ids=name)
def test_sessions_run_and_print_what_they_show(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mpl.use("Agg")
    text = re.sub(r"^```.*$", "", path.read_text("utf-8"), flags=re.MULTILINE)
    session = doctest.DocTestParser().get_doctest(text, {}, path.name, str(path), 0)
    said = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(session, out=said.append)
    plt.close("all")
    assert session.examples
    assert said == [], "".join(said)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text("utf-8"))
    here = [link for link in links if "://" not in link]
    on_site = {"api/", "gallery/", "reports/", *COPIED}  # made when the site is built
    left = [
        link
        for link in here
        if not (path.parent / link).exists()
        and not any(link.removeprefix("../").startswith(start) for start in on_site)
    ]
    assert left == []


def test_scripts_are_run_elsewhere():
    """Blocks that are not sessions need a test of their own: these pages have one."""
    with_scripts = {name(path) for path in PAGES if "```python" in path.read_text("utf-8")}
    assert with_scripts == {"how_to_extend.md", "guide/scale.md"}


def test_every_page_is_in_the_contents():
    contents = re.findall(
        r"^```\{toctree\}\n(.*?)^```$",
        "".join(path.read_text("utf-8") for path in PAGES),
        re.MULTILINE | re.DOTALL,
    )
    listed = {line.strip().split("/")[-1] for block in contents for line in block.splitlines()}
    assert {path.stem for path in PAGES} - {"index"} - listed == set()


def test_the_reference_has_every_public_name():
    reference = (DOCS / "api" / "index.rst").read_text("utf-8")
    entries = set(re.findall(r"^   (\w+)$", reference, re.MULTILINE))
    assert set(nervos_sklearn.__all__) - {"common", "logger"} - entries == set()
