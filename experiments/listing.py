"""What there is to run and to sample, and what one simulator is: for a console."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from experiments.config import ConfigError, load
from scm import SCM
from simulators import SIMULATORS, Known, Simulator

__all__ = ["listed", "shown"]


def listed(folder: Path) -> RenderableType:
    """The simulators, and the studies in ``folder`` and in folders of it; one that is wrong shows
    its first mistake."""
    simulators = _grid((name, each.title) for name, each in SIMULATORS.items())
    files = sorted(folder.rglob("*.toml"), key=lambda path: (len(path.parts), path))
    studies = _grid(map(_study, files))
    none = Text(f"none in {folder}/", style="dim")
    return Group(
        _head("Simulators", "scm show NAME, scm sample NAME"),
        _indented(simulators),
        Text(),
        _head("Studies", "scm run FILE"),
        _indented(studies if studies.row_count else none),
    )


def _study(path: Path) -> tuple[str, RenderableType]:
    try:
        study = load(path)
    except ConfigError as error:
        first, *others = error.mistakes
        more = f" (and {len(others)} more)" if others else ""
        return str(path), Text(f"{first}{more}", style="red")
    counts = (
        f"{_several(len(study.methods), 'method')} in {_several(len(study.worlds), 'world')}, "
        f"{study.replications:,} x {study.n:,}"
    )
    return str(path), Text.assemble(study.title, "\n", (counts, "dim"))


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def shown(simulator: Simulator, given: Mapping[str, Any]) -> RenderableType:
    """A simulator as its ``given`` parameters, and defaults for the others, make it."""
    model = simulator.build(**given)
    parts: list[RenderableType] = [
        Text.assemble((simulator.name, "bold"), "  ", simulator.title),
        Text(simulator.source, style="dim"),
    ]

    def section(head: str, body: RenderableType, hint: str = "") -> None:
        parts.extend([Text(), _head(head, hint), _indented(body)])

    if simulator.parameters:
        rows = [
            (f"{each.name} = {given.get(each.name, each.default)}", each.doc)
            for each in simulator.parameters
        ]
        section("Parameters", _grid(rows), "--set NAME=VALUE")
    section("Equations", _grid(map(_equation, model.equations().splitlines())))
    hidden = "(in brackets: never in the data)" if model.latents else ""
    section("Graph", _grid(_arrows(model)), hidden)
    section("Known answers", Group(*_known(simulator.known(**given))))
    if simulator.try_this:
        section("Try", _code(simulator.try_this))
    return Group(*parts)


def _equation(line: str) -> tuple[str, str]:
    """An equation as its left and its right side, so that a long right side wraps under itself."""
    found = re.match(r"(.*?) (:=|~) ", line)
    return (found[1], line[found.end(1) + 1 :]) if found else ("", line)


def _arrows(model: SCM) -> list[tuple[str, str]]:
    """Each variable and those it moves; loops, of which no Graph can speak, too."""
    shown = {name: f"({name})" if name in model.latents else name for name in model.parents}
    moves: dict[str, list[str]] = {name: [] for name in model.parents}
    for name, parents in model.parents.items():
        for parent in parents:
            moves[parent].append(shown[name])
    moved = {name for name, parents in model.parents.items() if parents}
    return [
        (shown[name], f"-> {', '.join(effects)}" if effects else "")
        for name, effects in moves.items()
        if effects or name not in moved
    ]


def _known(known: Mapping[str, Known]) -> Iterator[RenderableType]:
    """Questions and answers; then why, once for neighbours that share the reason."""
    values = {question: _exact(answer.value) for question, answer in known.items()}
    wide, width = max(map(len, known), default=0), max(map(len, values.values()), default=0)
    for because, group in itertools.groupby(known.items(), key=lambda item: item[1].because):
        for question, _ in group:
            yield Text(f"{question:{wide}}  {values[question]:>{width}}")
        yield Padding(Text(because, style="dim"), (0, 0, 0, 4), expand=False)


def _exact(value: Fraction | float) -> str:
    """A value to six digits, and as a fraction where it is one that can be read."""
    fraction = isinstance(value, Fraction) and 1 < value.denominator < 10**8
    return f"{value} = {float(value):.6g}" if fraction else f"{float(value):.6g}"


def _head(title: str, hint: str) -> Text:
    return Text.assemble((title, "bold"), (f"   {hint}" if hint else "", "dim"))


def _grid(rows: Iterator[tuple[str, str | RenderableType]] | list[tuple[str, str]]) -> Table:
    """Two columns without lines: names, and what is to be said of them."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for name, text in rows:
        table.add_row(Text(name), Text(text) if isinstance(text, str) else text)
    return table


def _indented(body: RenderableType) -> Padding:
    return Padding(body, (0, 0, 0, 2), expand=False)


def _code(text: str) -> Text:
    """Text in which `code` stands out."""
    parts = [(part, "cyan") if n % 2 else part for n, part in enumerate(text.split("`"))]
    return Text.assemble(*parts)
