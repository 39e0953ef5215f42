"""The site, once built: links lead somewhere, and a browser shows what people look for.

python docs/build.py && python -m pytest -o addopts=-ra tests/site
"""

import functools
import http.server
import os
import re
import shutil
import subprocess
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

ROOT = Path(__file__).parent.parent.parent
SITE = ROOT / "docs" / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
NO_BROWSER = (
    "no browser found. Debian, Ubuntu: apt-get install chromium; Fedora: dnf install chromium; "
    "macOS: brew install --cask chromium"
)


class Page(HTMLParser):
    """What a page refers to, and what can be referred to in it."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]
        self.anchors |= {attributes[name] for name in ("id", "name") if attributes.get(name)}


@pytest.fixture(scope="module")
def pages():
    found = {path: Page(path) for path in SITE.rglob("*.html") if "_static" not in path.parts}
    if not found:
        pytest.fail("there is no site yet: python docs/build.py")
    return found


@pytest.fixture(scope="module")
def address():
    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Silent, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def shown(address, tmp_path_factory):
    """Open a page in a browser, and return what is in it after its scripts have run."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None and os.environ.get("CI"):
        pytest.fail(NO_BROWSER)
    if browser is None:
        pytest.skip(NO_BROWSER)

    def open_page(page):
        done = subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                f"--user-data-dir={tmp_path_factory.mktemp('browser')}", "--enable-logging=stderr",
                "--virtual-time-budget=10000", "--dump-dom", f"{address}/{page}",
            ],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        assert "Uncaught" not in done.stderr, done.stderr
        return done.stdout

    return open_page


def headings(html, level):
    found = re.findall(rf"<h{level}[^>]*>(.*?)</h{level}>", html, re.DOTALL)
    return [re.sub(r"<[^>]+>|#$", "", heading).removesuffix("#").strip() for heading in found]


def test_links_within_the_site_lead_somewhere(pages):
    broken = []
    for path, page in pages.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[target].anchors | {""} if target in pages else {anchor}
            if not target.exists() or unquote(anchor) not in anchors:
                broken.append((path.name, link))
    assert broken == []


def test_front_page(shown):
    html = shown("index.html")
    assert headings(html, 1) == ["nervos_sklearn"]
    assert 'src="_images/front.png"' in html
    assert "pip install ." in re.sub(r"<[^>]+>", "", html)
    assert html.count("copybtn") >= 2  # a button to copy each block


def test_guide(shown):
    html = shown("guide/index.html")
    assert headings(html, 1) == ["Guide"]
    article = html.split("<article", 1)[1].split("</article", 1)[0]
    pages = {path.stem for path in (ROOT / "docs" / "guide").glob("*.md")} - {"index"}
    assert {page for page in pages if f'href="{page}.html' not in article} == set()


def test_gallery_has_a_picture_of_each_script(shown):
    html = shown("gallery/index.html")
    scripts = {path.stem for path in (ROOT / "examples").glob("**/plot_*.py")}
    pictures = set(re.findall(r"sphx_glr_(\w+)_thumb\.png", html))
    assert pictures == scripts
    assert 'class="sphx-glr-thumbcontainer"' in html


@pytest.mark.parametrize(
    ("word", "page"),
    [("accumulator", "how_it_learns.html"), ("SpikeEncoder", "SpikeEncoder.html")],
)
def test_search_finds(shown, word, page):
    html = shown(f"search.html?q={word}")
    found = re.findall(r'<a href="([^"]+)" data-score', html)
    assert len(found) >= 2
    assert [link for link in found if page in link] != []


def test_a_reader_in_the_dark_has_a_dark_page(shown):
    """The button that changes the theme is there, and both themes are."""
    html = shown("start.html")
    assert "theme-switch-button" in html
    assert 'data-theme="light"' in html or 'data-theme="dark"' in html
