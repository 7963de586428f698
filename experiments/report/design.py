"""The design of the study in the order of ADEMP, as `scm check` prints it, for the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from experiments.findings import Part

__all__ = ["section"]

_SOURCE = (
    "Aims, data-generating mechanisms, estimands, methods and performance measures, as Morris, "
    "White and Crowther (2019) ask of every simulation study."
)


def section(design: Sequence[Part]) -> str:
    """The section of the report; ``""`` where nothing is known of the design."""
    if not design:
        return ""
    parts = "".join(_part(each) for each in design)
    return (
        f'<section id="design">\n<h2>The design</h2>\n<p class="source">{_SOURCE}</p>\n'
        f"{parts}</section>\n"
    )


def _part(part: Part) -> str:
    named = "".join(
        f"<dt>{escape(name)}</dt><dd>{_lines(text)}</dd>\n" for name, text in part.rows if name
    )
    rest = "".join(f"<p>{_lines(text)}</p>\n" for name, text in part.rows if not name)
    listed = f'<dl class="design">\n{named}</dl>\n' if named else ""
    return f"<h3>{escape(part.head)}</h3>\n{listed}{rest}"


def _lines(text: str) -> str:
    """Lines below one another, the first of several the more important one."""
    first, *others = map(escape, text.split("\n"))
    return first + "".join(f"<small>{line}</small>" for line in others)
