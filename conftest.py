"""What pytest leaves out, and what it clears away."""

import sys

import pytest

collect_ignore = ["tests/typed_use.py"]  # mypy reads it


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    """Examples draw, too, and nobody closes what they have drawn."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
