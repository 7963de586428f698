"""The linear effects that the members of a class of DAGs find in data (IDA)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scm.graph.checks import refuse_overlap, refuse_unknown
from scm.graph.claims.columns import read_columns, refuse_few, residual, standardise

if TYPE_CHECKING:
    from scm.graph.claims.columns import Data
    from scm.graph.classes.cpdag import CPDAG


@dataclass(frozen=True)
class ClassEffect:
    """The effect in those members of the class in which the treatment has these parents.

    `se` is the classical standard error of the coefficient; 0 where the effect is 0 because the
    outcome is a parent.
    """

    value: float
    se: float
    parents: tuple[str, ...]


@dataclass(frozen=True)
class ClassEffects:
    """One effect for every set of parents that the treatment has in some member of the class.

    `low` and `high` are the least and the greatest; chance errors are not counted in.
    """

    treatment: str
    outcome: str
    effects: tuple[ClassEffect, ...]

    @property
    def values(self) -> tuple[float, ...]:
        """The effects alone."""
        return tuple(each.value for each in self.effects)

    @property
    def low(self) -> float:
        """The least effect in the class."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The greatest effect in the class."""
        return max(self.values)

    def __iter__(self) -> Iterator[ClassEffect]:
        return iter(self.effects)

    def __len__(self) -> int:
        return len(self.effects)

    def __str__(self) -> str:
        lines = [
            f"effect of {self.treatment} on {self.outcome}: from {self.low:.4g} to {self.high:.4g}"
        ]
        for each in self.effects:
            names = ", ".join(each.parents)
            told = f"the parent{'s' * (len(each.parents) > 1)} {names}" if names else "no parents"
            se = "" if self.outcome in each.parents else f" (se {each.se:.4g})"
            lines.append(f"  {each.value:.4g}{se} if {self.treatment} has {told}")
        return "\n".join(lines)


def effects_over(cpdag: CPDAG, treatment: str, outcome: str, data: Data) -> ClassEffects:
    """The effects, in the order of `possible_parents`."""
    for role, name in (("treatment", treatment), ("outcome", outcome)):
        if not isinstance(name, str):
            raise TypeError(f"effects({role}): {name!r} is not one name; ask node by node")
    refuse_unknown("effects", (treatment, outcome), cpdag.nodes)
    refuse_overlap("effects", {"treatment": (treatment,), "outcome": (outcome,)})
    sets = list(possible_parents(cpdag, treatment))
    used = {treatment, outcome}.union(*(each for each in sets if outcome not in each))
    raw = read_columns("effects", data, [name for name in cpdag.nodes if name in used])
    columns, scale = {}, {}
    for name, column in raw.items():
        columns[name], scale[name] = standardise("effects", name, column)
    found: list[ClassEffect] = []
    for parents in sets:
        if outcome in parents:
            found.append(ClassEffect(0.0, 0.0, parents))
            continue
        slope, se = _slope(columns, treatment, outcome, parents)
        unit = scale[outcome] / scale[treatment]
        found.append(ClassEffect(slope * unit, se * unit, parents))
    return ClassEffects(treatment, outcome, tuple(found))


def possible_parents(cpdag: CPDAG, of: str) -> Iterator[tuple[str, ...]]:
    """Every set of parents that a node has in some member, each in the order of `nodes`.

    Beside its arrows in, a set S of those to which its edges are open: all joined to each other,
    or a collider would arise, and with no arrow from those left out to S, or a cycle would.

    Source: Maathuis, Kalisch and Buehlmann (2009), lemma 3.1; Fang and He (2020), IDA with
        background knowledge, theorem 1, for the second condition.
    """
    around = cpdag.neighbours(of)
    joined = {name: {*cpdag.parents(name), *cpdag.children(name), *cpdag.neighbours(name)}
              for name in around}  # fmt: skip
    above = {name: set(cpdag.parents(name)).intersection(around) for name in around}
    always = cpdag.parents(of)

    def grow(chosen: tuple[str, ...], rest: Sequence[str]) -> Iterator[tuple[str, ...]]:
        if all(above[name] <= set(chosen) for name in chosen):
            yield chosen
        for i, name in enumerate(rest):
            yield from grow((*chosen, name), [n for n in rest[i + 1 :] if n in joined[name]])

    for chosen in grow((), around):
        kept = {*always, *chosen}
        yield tuple(name for name in cpdag.nodes if name in kept)


def _slope(
    columns: dict[str, np.ndarray], treatment: str, outcome: str, parents: Sequence[str]
) -> tuple[float, float]:
    """The coefficient of the treatment beside an intercept and the parents (Frisch and Waugh)."""
    rows = len(columns[treatment])
    refuse_few(f"effects of {treatment}", rows, parents, len(parents) + 3)
    mover = residual("effects", treatment, columns, parents)
    design = np.column_stack([columns[name] for name in (treatment, *parents)])
    left = columns[outcome] - design @ np.linalg.lstsq(design, columns[outcome], rcond=None)[0]
    square = float(mover @ mover)
    slope = float(mover @ columns[outcome]) / square
    return slope, float(np.sqrt(left @ left / (rows - len(parents) - 2) / square))
