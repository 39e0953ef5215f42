"""Build the site; a warning is an error.

python docs/build.py           with the gallery: its scripts run
python docs/build.py --fast    without
"""

import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import build_main

DOCS = Path(__file__).parent
MADE = ["_build", "gallery", "api/examples", "api/generated", "reports"]


def main(fast):
    for folder in MADE:
        shutil.rmtree(DOCS / folder, ignore_errors=True)
    options = ["-D", "plot_gallery=0"] if fast else []
    site = DOCS / "_build" / "html"
    failed = build_main(["-W", "--keep-going", "-b", "html", *options, str(DOCS), str(site)])
    if not failed:
        print(f"\nOpen {site / 'index.html'}")
    return failed


if __name__ == "__main__":
    sys.exit(main(fast="--fast" in sys.argv[1:]))
