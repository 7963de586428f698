"""A study in the order of ADEMP, as text: what `scm check` prints and the report begins with.

Aims, Data-generating mechanisms, Estimands, Methods, Performance measures: Morris, White and
Crowther, *Using simulation studies to evaluate statistical methods*, Statistics in Medicine (2019).
"""

from __future__ import annotations

from collections.abc import Iterator

from experiments.baselines import Absent
from experiments.factors import factors
from experiments.family import family_of
from experiments.findings import Part
from experiments.measures import LABELS
from experiments.mistakes import key_text
from experiments.names import NAIVE, ORACLE
from experiments.plan import Plan
from experiments.study import Study
from scm.estimate import Roles

__all__ = ["ademp"]

_NO_ERROR = ("rank", "attempts", "seconds", "compile_seconds")


def ademp(study: Study, first: Plan, cells: str) -> tuple[Part, ...]:
    """The five parts, each with its rows: a name, ``""`` for none, and what is to be said of it.

    Arguments:
        study: the whole of it.
        first: the plan of its first cell.
        cells: how many cells there are, in words.
    """
    return (
        Part("Aims", (("", " ".join(study.aims.split()) or "none are given"),)),
        Part("Data-generating mechanisms", (*_worlds(study, first), *_factors(study, cells))),
        Part("Estimands", tuple(_estimands(first))),
        Part("Methods", (*_methods(first), *_baselines(first))),
        Part("Performance measures", (*_measures(), ("", f"failures: {study.failures}"))),
    )


def _worlds(study: Study, first: Plan) -> Iterator[tuple[str, str]]:
    every: dict[str, list[str]] = {}
    for name in first.worlds:
        every.setdefault(family_of(name), []).append(name)
    for name, members in every.items():
        each = first.worlds[members[0]]
        given = dict(first.study.worlds[members[0]].parameters)
        for key in study.worlds[name].family or {}:
            given[key] = f"0 ... {len(members) - 1:,}, a family of {len(members):,} worlds"
        told = ", ".join(f"{key} = {value}" for key, value in given.items())
        simulator = f"simulator {each.simulator.name}" + (f" with {told}" if told else "")
        seen = [f"to the analyst: {'; '.join(each.said)}"] if each.said else []
        yield name, "\n".join([each.label, f"{simulator}; {each.n:,} units a data set", *seen])


def _factors(study: Study, cells: str) -> Iterator[tuple[str, str]]:
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
        yield "cells", cells
        yield "", "worlds and methods are shown as they are in the first cell"


def _estimands(first: Plan) -> Iterator[tuple[str, str]]:
    for name, each in first.estimands.items():
        asked = first.study.estimands[name]
        everywhere = set(asked.worlds) == set(first.worlds)
        named = ", ".join(dict.fromkeys(map(family_of, asked.worlds)))
        where = "" if everywhere else f"\nasked in: {named}"
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
            lines += [f"in {family_of(world)}: {text}" for text in told if method == name]
        yield name, "\n".join(dict.fromkeys(line for line in lines if line))


def _baselines(first: Plan) -> Iterator[tuple[str, str]]:
    """What every board has without being asked; said why where one has not."""
    every = [asked for world in first.worlds for asked in first.baselines_in(world).items()]
    for name, words in (
        (NAIVE, "the crude association: the outcome on the treatment alone"),
        (ORACLE, "the estimand by both potential outcomes of each data set's units"),
    ):
        without = {}
        for (estimand, which), each in every:
            if which == name and isinstance(each, Absent):
                without[first.study.estimands[estimand].label] = each.why
        told = [f"none of {label!r}: {why}" for label, why in without.items()]
        yield name, "\n".join([f"a baseline of every board, not ranked: {words}", *told])


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
