"""``scm check``: a study in the order of ADEMP, how much it is, and how far: for a console."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from experiments.ademp import ademp
from experiments.changes import changes
from experiments.parts import Parts
from experiments.progress import Progress, progress
from experiments.ready import ready
from experiments.study import Study

__all__ = ["checked"]

Rows = Iterable[tuple[str, str]]


def checked(study: Study, folder: Path) -> RenderableType:
    """The page of a study whose results are, or will be, in ``folder``. It runs nothing.

    Only the first cell is planned. Raises `experiments.config.ConfigError` where that does not fit
    together.
    """
    first = ready(study)
    far = progress(study, first, Parts(folder / "parts"))
    cells = ("" if far.exact else "at most ") + f"{far.cells:,}"
    design = [(part.head, part.rows) for part in ademp(study, first, cells)]
    sections = (
        *design,
        ("How much", (*_amount(study, far, len(first.worlds)), *_refused(study, folder))),
    )
    parts: list[RenderableType] = [Text(study.title, style="bold")]
    for head, rows in sections:
        parts += [Text(), Text(head, style="bold"), Padding(_grid(rows), (0, 0, 0, 2))]
    return Group(*parts)


def _amount(study: Study, far: Progress, worlds: int) -> Iterator[tuple[str, str]]:
    most = "" if far.exact else "at most "
    yield "cells", f"{most}{far.cells:,}; worlds in each: {worlds:,}"
    yield "data sets", f"{most}{far.data_sets:,} ({study.replications:,} a world and cell)"
    yield "estimates", f"{most}{far.estimates:,}"
    if rule := study.stop:
        of = f" of {', '.join(rule.methods)}" if rule.methods else ""
        yield (
            "more of them",
            (
                f"until the Monte Carlo error of {rule.measure}{of} is {rule.error:g} or less, "
                f"{rule.most:,} replications at most"
            ),
        )
    of = "" if far.looked == far.cells else f", in the first {far.looked:,} cells"
    yield "done", f"{far.data_sets_done:,} data sets, {far.estimates_done:,} estimates{of}"
    if far.estimates_done == far.estimates:
        yield "time left", "none: it is all there"
    elif far.seconds is not None:
        but = f", without {', '.join(far.untimed)}: not yet timed" if far.untimed else ""
        yield "time left", f"about {_duration(far.seconds)} of one worker, warm{but}"
    else:
        yield "time left", "not known: nothing has been timed yet"


def _refused(study: Study, folder: Path) -> Iterator[tuple[str, str]]:
    """What `scm run` would say of the run that is kept."""
    kept = folder / "parts" / "config.toml"
    if kept.exists():
        before = Study.model_validate(tomllib.loads(kept.read_text("utf-8")))
        for line in changes(before, study):
            yield "changed", f"{line}: scm run refuses to go on in {folder}"


def _duration(seconds: float) -> str:
    """Seconds for people.

    >>> _duration(0.2), _duration(50), _duration(600), _duration(9_000)
    ('0.2 s', '50 s', '10 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.2g} s" if seconds < 100 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"


def _grid(rows: Rows) -> Table:
    """Names, and what is to be said of them."""
    table = Table.grid(padding=(0, 2, 0, 0))
    listed = list(rows)
    if any(name for name, _ in listed):
        table.add_column()
    table.add_column(overflow="fold")
    for name, text in listed:
        cells = (name, text) if len(table.columns) == 2 else (text,)
        table.add_row(*(Text(cell) for cell in cells))
    return table
