"""What the documentation shows is what the program does."""

from __future__ import annotations

from documentation import check
from support import CHECKOUT


def test_places(program):
    """Swap, move, replacement and correction of blades."""
    assert check(CHECKOUT / "docs" / "places.md", program) == 14
