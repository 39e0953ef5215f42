"""The site: `python docs/build.py`."""

import re
import shutil
import sys
from pathlib import Path

import nervos_sklearn

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS))  # gallery_settings
ROOT = DOCS.parent
REPOSITORY = "https://github.com/nervos-sklearn/nervos-sklearn"

project = "nervos_sklearn"
author = "nervos_sklearn developers"
copyright = f"2026, {author}"
version = release = nervos_sklearn.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery/**.ipynb", "gallery/**.json"]
templates_path = ["_templates"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autosummary_generate = True
toc_object_entries_show_parents = "hide"
autodoc_typehints = "none"  # the docstrings say them
_requests = [f"set_{name}_request" for name in ("fit", "partial_fit", "score", "transform")]
autodoc_default_options = {"exclude-members": ", ".join(_requests)}  # scikit-learn's own
numpydoc_show_class_members = False
copybutton_exclude = ".linenos, .gp, .go"  # of a session, copy what was typed

html_theme = "pydata_sphinx_theme"
html_title = "nervos_sklearn"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "github_url": REPOSITORY,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": [], "start": [], "benchmarks": [], "faq": []}


# ------------------------------------------------------------------- the gallery


sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"plot_",
    "within_subsection_order": "gallery_settings.OrderOfLessons",
    "abort_on_example_error": True,
    "doc_module": ("nervos_sklearn",),
    "backreferences_dir": "api/examples",
    "reset_argv": "gallery_settings.folder_of_its_own",
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": 0,
    "write_computation_times": False,
    "remove_config_comments": True,
}


# ---------------------------------------- files of the repository that are pages, too

PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "code_of_conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
PAGES |= {
    path.relative_to(ROOT).as_posix(): f"reports/{path.name}"
    for path in sorted(ROOT.glob("benchmarks/reports/*.md"))
}


def on_site(text, source):
    """Let links to files of the repository lead to their pages, or to the repository."""

    def link(match):
        target, anchor = match[1], match[2] or ""
        path = (source.parent / target).resolve()
        if "://" in target or not path.is_relative_to(ROOT) or not path.exists():
            return match[0]
        name = path.relative_to(ROOT).as_posix()
        if name in PAGES:
            return f"](/{PAGES[name]}{anchor})"
        if path.suffix == ".png" or (path.is_relative_to(DOCS) and source.is_relative_to(DOCS)):
            return match[0]
        if path.is_relative_to(DOCS):
            return f"](/{path.relative_to(DOCS).as_posix()}{anchor})"
        return f"]({REPOSITORY}/blob/main/{name})"

    return re.sub(r"\]\(([^)#\s]+)(#[^)]*)?\)", link, text)


def copy_pages():
    for name, page in PAGES.items():
        source, copy = ROOT / name, DOCS / page
        text = on_site(source.read_text("utf-8"), source)
        if not copy.exists() or copy.read_text("utf-8") != text:
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(text, "utf-8")
    for picture in ROOT.glob("benchmarks/reports/*.png"):
        shutil.copy(picture, DOCS / "reports")


def lead_links(app, name, source):
    path = Path(app.env.doc2path(name))
    if path.suffix == ".md" and path.relative_to(DOCS).as_posix() not in PAGES.values():
        source[0] = on_site(source[0], path)


def setup(app):
    copy_pages()
    app.connect("source-read", lead_links)
