"""A figure of the report: what it shows, its drawings, and the numbers that were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from experiments.findings import Method
from experiments.report import methods_key
from experiments.report.svg import Drawing

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FOLDER", "KINDS", "Figure", "Shown"]

FOLDER = "figures"
"""Where the files of a report's figures are, beside it."""

KINDS = {"svg": "a drawing", "png": "a picture", "csv": "the numbers that were drawn"}
"""The files of a figure, by how their names end, and what each is."""

_TITLE = "{what}: {file}, beside this report; not there if the report was moved alone"


@dataclass(frozen=True)
class Shown:
    """A method in a key: its number, which its colour and mark are chosen by, and itself."""

    number: int
    method: Method
    by_median: bool = False


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure, to be shown on the page and to be written as files.

    Arguments:
        name: of its files, and unique among a report's figures.
        title: what it is of, on one line.
        caption: what the marks and the error bars are, plain text: it has to do without the page.
        drawings: what is drawn, from left to right and then below.
        numbers: what was drawn, a row per mark, in full precision.
        columns: how many drawings stand beside one another in a file.
        key: the methods that the marks stand for, where the drawings do not name them.
    """

    name: str
    title: str
    caption: str
    drawings: Sequence[Drawing]
    numbers: pd.DataFrame
    columns: int = 1
    key: Sequence[Shown] = field(default=())

    @property
    def links(self) -> str:
        """Where the figure's files are, as HTML."""
        links = []
        for kind, what in KINDS.items():
            file = f"{FOLDER}/{self.name}.{kind}"
            title = _TITLE.format(what=what.capitalize(), file=file)
            links.append(
                f'<a href="{file}" title="{escape(title)}" '
                f'aria-label="{escape(self.title)}, as {kind.upper()}">{kind.upper()}</a>'
            )
        return f'<p class="files">This figure as {", ".join(links)}.</p>\n'

    @property
    def key_on_page(self) -> str:
        """What the marks stand for, as HTML."""
        return methods_key.key([(each.number, each.method, each.by_median) for each in self.key])
