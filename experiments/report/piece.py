"""A piece of the report: its HTML, and the figures in it that become files as well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.report.figure import Figure

__all__ = ["Piece", "joined"]


@dataclass(frozen=True, eq=False)
class Piece:
    """Some HTML, and the figures that it links to."""

    html: str
    figures: tuple[Figure, ...] = ()


def joined(pieces: Iterable[Piece | str]) -> Piece:
    """One piece of many."""
    made = [Piece(each) if isinstance(each, str) else each for each in pieces]
    figures = tuple(figure for each in made for figure in each.figures)
    return Piece("".join(each.html for each in made), figures)
