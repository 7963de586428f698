"""``scm check``: a study in the order of ADEMP, how much it is, and how far: for a console.

Aims, Data-generating mechanisms, Estimands, Methods, Performance measures: Morris, White and
Crowther, *Using simulation studies to evaluate statistical methods*, Statistics in Medicine (2019).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from experiments.changes import changes
from experiments.factors import factors
from experiments.measures import LABELS
from experiments.mistakes import key_text
from experiments.parts import Parts
from experiments.plan import Plan, plan
from experiments.progress import Progress, progress
from experiments.study import Study
from scm.estimate import Roles

__all__ = ["checked"]

_NO_ERROR = ("rank", "attempts", "seconds", "compile_seconds")

Rows = Iterable[tuple[str, str]]


def checked(study: Study, folder: Path) -> RenderableType:
    """The page of a study whose results are, or will be, in ``folder``. It runs nothing.

    Only the first cell is planned. Raises `experiments.config.ConfigError` where that does not fit
    together.
    """
    first = plan(study.within(next(study.cells())))
    far = progress(study, first, Parts(folder / "parts"))
    sections = (
        ("Aims", [("", " ".join(study.aims.split()) or "none are given")]),
        ("Data-generating mechanisms", [*_worlds(first), *_factors(study, far)]),
        ("Estimands", _estimands(first)),
        ("Methods", _methods(first)),
        ("Performance measures", [*_measures(), ("", f"failures: {study.failures}")]),
        ("How much", [*_amount(study, far), *_refused(study, folder)]),
    )
    parts: list[RenderableType] = [Text(study.title, style="bold")]
    for head, rows in sections:
        parts += [Text(), Text(head, style="bold"), Padding(_grid(rows), (0, 0, 0, 2))]
    return Group(*parts)


def _worlds(first: Plan) -> Iterator[tuple[str, str]]:
    for name, each in first.worlds.items():
        given = first.study.worlds[name].parameters
        told = ", ".join(f"{key} = {value}" for key, value in given.items())
        simulator = f"simulator {each.simulator.name}" + (f" with {told}" if told else "")
        yield name, f"{each.label}\n{simulator}; {each.n:,} units a data set"


def _factors(study: Study, far: Progress) -> Iterator[tuple[str, str]]:
    for number, grid in enumerate(study.grids):
        which = f" (grid {number + 1})" if len(study.grids) > 1 else ""
        for factor in factors(grid):
            levels = [str(level) for level in factor.levels]
            if len(levels) > 12:
                levels = [*levels[:10], "...", levels[-1]]
            yield f"{key_text(factor.path)}{which}", f"{', '.join(levels)}"
    for name, table in study.scenarios.items():
        told = ", ".join(f"{f.key} = {', '.join(map(str, f.levels))}" for f in factors(table))
        yield f"scenario {name}", told
    if study.grids or study.scenarios:
        yield "cells", ("" if far.exact else "at most ") + f"{far.cells:,}"
        yield "", "worlds and methods are shown as they are in the first cell"


def _estimands(first: Plan) -> Iterator[tuple[str, str]]:
    for name, each in first.estimands.items():
        asked = first.study.estimands[name]
        everywhere = set(asked.worlds) == set(first.worlds)
        where = "" if everywhere else f"\nasked in: {', '.join(asked.worlds)}"
        yield name, f"{asked.label}\n{each.definition}{where}"


def _methods(first: Plan) -> Iterator[tuple[str, str]]:
    remarks = first.remarks()
    for name, each in first.methods.items():
        target = each.estimator.target_of(**each.options)
        options = "".join(f", {key} = {value}" for key, value in each.options.items())
        lines = [
            each.label,
            f"{each.estimator.name}{options}; its target: {target}; "
            f"held against: {', '.join(each.estimands)}",
            _roles(each.roles, each.chooses),
            f"assumes: {'; '.join(each.estimator.assumes)}" if each.estimator.assumes else "",
        ]
        for (world, method), told in remarks.items():
            lines += [f"in {world}: {text}" for text in told if method == name]
        yield name, "\n".join(line for line in lines if line)


def _roles(roles: Roles, chooses: bool) -> str:
    told = [f"treatment {roles.treatment}", f"outcome {roles.outcome}"]
    several = {role: getattr(roles, role) for role in ("adjust", "instruments", "mediators")}
    told += [f"{role} {', '.join(named)}" for role, named in several.items() if named]
    return "; ".join([*told, *(["adjust as each graph says"] if chooses else [])])


def _measures() -> Iterator[tuple[str, str]]:
    every = [label for name, label in LABELS.items() if name not in _NO_ERROR]
    every = [label for label in every if not label.endswith((" at least", " at most"))]
    yield "", f"{'; '.join(every)}"
    yield "", "each with its Monte Carlo standard error, where it exists"


def _amount(study: Study, far: Progress) -> Iterator[tuple[str, str]]:
    most = "" if far.exact else "at most "
    yield "cells", f"{most}{far.cells:,}; worlds in each: {len(study.worlds)}"
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
