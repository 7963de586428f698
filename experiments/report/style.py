"""The style of the page, and of a drawing that is a file of its own: from the same sheets."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

__all__ = ["of_a_drawing", "of_the_page"]


@cache
def of_the_page() -> str:
    """Colours, which are dark where the screen is, then drawings, then all else."""
    return "\n".join(map(_sheet, ("colours", "drawings", "style")))


@cache
def of_a_drawing() -> str:
    """The rules of drawings with every colour and font written out, to be read on white paper.

    Programs that draw SVG and are no browsers do not know what ``var(--ink)`` is.

    >>> "var(" in of_a_drawing(), "svg .title" in of_a_drawing()
    (False, True)
    """
    light = _sheet("colours").partition("@media")[0]
    known = dict(re.findall(r"--([\w-]+): ([^;]+);", light)) | {"paper": "#ffffff"}
    return re.sub(r"var\(--([\w-]+)\)", lambda found: known[found[1]], _sheet("drawings"))


def _sheet(name: str) -> str:
    return Path(__file__).with_name(f"{name}.css").read_text(encoding="utf-8")
