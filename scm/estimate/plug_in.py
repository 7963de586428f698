"""The plug-in estimator of any identified formula: frequencies of the data in place of the law."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from scm.estimate.influence import conclude_by_influence
from scm.estimate.least_squares import power_of_two
from scm.estimate.protocol import Estimate, estimator
from scm.estimate.roles import Roles
from scm.estimate.sample import Sample, arms_of
from scm.graph import Graph
from scm.graph.formulas.formula import (
    Formula,
    Probability,
    Ratio,
    Sum,
    Variable,
    columns_of,
    factors_of,
)

__all__ = ["plug_in"]

_MOST_CELLS = 1 << 22

Table = tuple[tuple[Variable, ...], Array]
"""Values over variables, an axis each."""


@estimator(
    target="ATE",
    assumes=(
        "the causal graph that is given",
        "positivity: every condition in the formula is met with, where it counts",
    ),
    needs=("adjust",),
    reads=("mediators",),
    shared=True,
)
def plug_in(
    sample: Sample,
    roles: Roles,
    level: float,
    *,
    graph: str = "",
    levels: int = 4,
) -> Estimate:
    """Any effect that a causal graph identifies, by the frequencies and means of the data.

    ``E[Y | do(T=1)] - E[Y | do(T=0)]``, each the mean of the formula that
    `scm.graph.Graph.identify` gives for ``P(Y | do(T))``, with the law of the data in it. The
    formula is a smooth function of the means ``p`` of the cells' indicators, and of the outcome
    times these: each row counts by its influence ``g(p) . (cell of the row - p)``, g the gradient,
    and ``se`` is the root of the mean of its squares over N. The interval is normal.

    Options:
        graph: the causal graph as text, ``"T -> M -> Y; T <-> Y"``: nodes are columns, ``<->`` is
            an unseen common cause. Left out: every column acts on all that come later,
            adjust before the treatment, then mediators, then the outcome.
        levels: how many values a column may have, the outcome's aside; the table of all cells has
            2 levels**(columns - 1) of them.

    Roles: treatment (0 or 1), outcome (any numbers), and as adjust or mediators, in whichever, all
    other columns of the formula.
    Diagnostics: none.
    Failures: treatment_not_binary, constant_treatment, too_few_rows, empty_cell (a
    condition with no rows, where it counts), too_many_values.
    Errors: ValueError for a graph that does not identify the effect, a formula with columns that
    have no role, or one that is not linear in the law of the outcome.
    Source: Shpitser and Pearl (2006) for the formula; M. Kosorok, Introduction to Empirical
    Processes and Semiparametric Inference (2008), chapter 12, for the functional delta method.

    >>> import numpy as np
    >>> data = {"T": np.array([0, 0, 1, 1, 1, 0]), "M": np.array([0, 0, 1, 1, 0, 1])}
    >>> data["Y"] = np.array([1, 2, 4, 6, 3, 5.0])
    >>> roles = Roles("T", "Y", mediators="M")
    >>> print(plug_in(data, roles, graph="T -> M -> Y; T <-> Y").value)
    0.9166...
    """
    if type(levels) is not int or levels < 2:
        raise ValueError(
            f"plug_in: levels={levels!r}: a whole number of at least 2 is wanted; write levels=4"
        )
    formula = _formula(graph, roles)
    unit = power_of_two(sample.outcome)  # in which squares neither vanish nor overflow
    outcome = sample.outcome / unit
    names, shape, cell, too_many = _cells(sample, roles, formula, levels)
    share = sample.weights / _positive(sample.n)
    counted = lambda x: jax.ops.segment_sum(x, cell, num_segments=math.prod(shape))

    def means(cells: tuple[Array, Array], fill: float) -> Array:
        mass, total = (each.reshape(shape) for each in cells)
        return _Law(names, mass, total, roles.outcome, fill).means(formula, roles.treatment)

    def effect(cells: tuple[Array, Array]) -> tuple[Array, Array]:
        both = means(cells, 0.0)
        return both[1] - both[0], both

    cells = counted(share), counted(share * outcome)
    (found, both), (by_mass, by_total) = jax.value_and_grad(effect, has_aux=True)(cells)
    influence = by_mass[cell] + by_total[cell] * outcome
    influence = influence - jnp.sum(share * influence)
    # What a condition without rows is filled with matters only where it counts.
    scale = jnp.max(jnp.abs(outcome)) + 1
    hollow = jnp.any(jnp.abs(means(cells, 1.0) - both) > 64 * sample.epsilon * scale)
    arms = arms_of(sample)
    return conclude_by_influence(
        sample,
        found,
        influence,
        unit,
        level,
        failures={
            "treatment_not_binary": arms.not_binary,
            "constant_treatment": arms.constant,
            "too_few_rows": sample.n < 2,
            "too_many_values": too_many,
            "empty_cell": hollow,
        },
        diagnostics={},
    )


def _cells(
    sample: Sample, roles: Roles, formula: Formula, levels: int
) -> tuple[tuple[str, ...], tuple[int, ...], Array, Array]:
    """The columns of the table and its shape, every row's cell, and whether values are too many."""
    columns = {roles.treatment: sample.treatment}
    columns |= dict(zip(roles.adjust, sample.adjust.T, strict=True))
    columns |= dict(zip(roles.mediators, sample.mediators.T, strict=True))
    names = tuple(name for name in columns if name in columns_of(formula) | {roles.treatment})
    present = sample.weights > 0
    codes, too_many = [], jnp.asarray(False)
    for name in names:
        size = 2 if name == roles.treatment else levels
        code, more = _coded(columns[name], present, size)
        codes.append(code)
        too_many |= more
    shape = tuple(2 if name == roles.treatment else levels for name in names)
    size = math.prod(shape)
    if size > _MOST_CELLS:
        raise ValueError(
            f"plug_in: {len(names)} columns of up to {levels} values make {size:,} cells, more "
            f"than {_MOST_CELLS:,}; give a smaller levels, or fewer columns"
        )
    return names, shape, jnp.ravel_multi_index(tuple(codes), shape, mode="clip"), too_many


@functools.lru_cache(maxsize=256)
def _formula(text: str, roles: Roles) -> Formula:
    """The formula of P(outcome | do(treatment)), its columns checked."""
    t, y, m, a = roles.treatment, roles.outcome, roles.mediators, roles.adjust
    if not isinstance(text, str):
        raise TypeError(f"plug_in: graph={text!r}: a text is wanted, graph='Z -> T -> Y; Z -> Y'")
    anything = itertools.combinations((*a, t, *m, y), 2)  # a graph without any independence
    graph = Graph.parse(text) if text else Graph(anything)
    missing = [name for name in (t, y) if name not in graph.nodes]
    if missing:
        raise ValueError(
            f"plug_in: the graph {graph} has no node {missing[0]!r}, which roles give; its nodes "
            f"are the columns' names"
        )
    answer = graph.identify(y, do=t)
    if answer.formula is None:
        raise ValueError(f"plug_in: {answer.reason}; sensitivity analysis and bounds are left")
    unknown = [n for n in graph.nodes if n in columns_of(answer.formula) - {t, y, *m, *a}]
    if unknown:
        raise ValueError(
            f"plug_in: the formula {answer.formula} reads {unknown[0]}, which has no role; "
            f"write Roles({t!r}, {y!r}, adjust={[*a, unknown[0]]!r})"
        )
    if not _linear(answer.formula, Variable(y)):
        raise ValueError(
            f"plug_in: the formula {answer.formula} is not linear in the law of {y}, and means of "
            f"{y} are put into it"
        )
    return answer.formula


def _linear(formula: Formula, outcome: Variable) -> bool:
    """Whether the outcome is in one probability of every product, before its bar, and unbound."""
    match formula:
        case Probability(given=given):
            return all(v.name != outcome.name for v in given) and outcome in formula.free
        case Sum(body=body):
            return outcome in formula.free and _linear(body, outcome)
        case Ratio(top=top, bottom=bottom):
            return _linear(top, outcome) and outcome.name not in columns_of(bottom)
    having = [each for each in formula.parts if outcome.name in columns_of(each)]
    return len(having) == 1 and _linear(having[0], outcome)


def _coded(column: Array, present: Array, size: int) -> tuple[Array, Array]:
    """The place of every value among the column's, and whether these are more than ``size``."""
    values = jnp.unique(jnp.where(present, column, jnp.inf), size=size + 1, fill_value=jnp.inf)
    return jnp.searchsorted(values[:size], column), jnp.isfinite(values[size])


def _positive(x: Array) -> Array:
    return jnp.where(x > 0, x, 1)


@dataclasses.dataclass(frozen=True)
class _Law:
    """The law of the data: the mass of every cell, and the mean of the outcome in it times that.

    A condition without mass has ``fill`` for its conditional.
    """

    names: tuple[str, ...]
    mass: Array
    total: Array
    outcome: str
    fill: float

    def means(self, formula: Formula, treatment: str) -> Array:
        """The mean of the formula at treatment 0 and 1, (2,); over columns that it is the same at
        all values of, averaged."""
        over, array = self.table(formula)
        asked = Variable(treatment)
        rest = [v for v in over if v != asked]
        if rest:
            over, array = self._contracted(
                [(over, array), self.table(Probability(rest))], [v for v in over if v == asked]
            )
        return array if over else jnp.broadcast_to(array, 2)

    def table(self, formula: Formula) -> Table:
        """A formula at all values of its variables; for the outcome its mean."""
        match formula:
            case Probability(of=of, given=given):
                return self._probability(of, given)
            case Ratio(top=top, bottom=bottom):
                (over, above), (under, below) = self.table(top), self.table(bottom)
                return self._contracted(
                    [(over, above), (under, self._inverse(below))],
                    tuple(dict.fromkeys((*over, *under))),
                )
        body = formula.body if isinstance(formula, Sum) else formula
        tables = [self.table(each) for each in factors_of(body)]
        out = dict.fromkeys(v for over, _ in tables for v in over)
        return self._contracted(tables, [v for v in out if v in formula.free])

    def _probability(self, of: tuple[Variable, ...], given: tuple[Variable, ...]) -> Table:
        meant = any(v.name == self.outcome for v in of)
        left = tuple(v for v in of if v.name != self.outcome)
        joint = self._margin(self.total if meant else self.mass, (*left, *given))
        if not given:
            return left, joint
        below = jnp.broadcast_to(self._margin(self.mass, given), joint.shape)
        empty = below <= 0
        found = joint / jnp.where(empty, 1, below)
        return (*left, *given), jnp.where(empty, self.fill, found)

    def _inverse(self, below: Array) -> Array:
        empty = below <= 0
        return jnp.where(empty, self.fill, 1 / jnp.where(empty, 1, below))

    def _margin(self, table: Array, variables: tuple[Variable, ...]) -> Array:
        places = [self.names.index(v.name) for v in variables]
        return jnp.einsum(table, list(range(table.ndim)), places)

    @staticmethod
    def _contracted(tables: list[Table], out: Any) -> Table:
        number: Mapping[Variable, int] = {
            v: at for at, v in enumerate(dict.fromkeys(v for over, _ in tables for v in over))
        }
        operands = [x for over, array in tables for x in (array, [number[v] for v in over])]
        return tuple(out), jnp.einsum(*operands, [number[v] for v in out])
