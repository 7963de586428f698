"""Derivations: from what is asked to the formula, a rule or a line of the algorithm at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scm.graph.formulas.formula import Formula, Probability, Sum, factors_of
from scm.graph.formulas.printing import TEXT, write_query
from scm.graph.identification.docalculus import Rule, ask
from scm.graph.identification.idc import Step

if TYPE_CHECKING:
    from scm.graph.graph import Graph

Names = Sequence[str]


@dataclass(frozen=True)
class Line:
    """One step and what allows it: a law of probability, a line of ID, or a rule that holds."""

    told: str
    because: str
    rule: Rule | None = None


@dataclass(frozen=True)
class Derivation:
    """The steps in their order, and what follows; `str` numbers them.

    `kind` says how it goes: "rule 2", "rule 3", "back door", "front door" or "ID".
    """

    kind: str
    lines: tuple[Line, ...]
    conclusion: str

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __str__(self) -> str:
        told = [f"by {_KINDS[self.kind]}"]
        for number, line in enumerate(self.lines, 1):
            told += [f"{number}. {line.told}", f"   {line.because}"]
        return "\n".join([*told, f"so {self.conclusion}"])


_KINDS = {
    "rule 2": "rule 2 of do-calculus: seeing is doing",
    "rule 3": "rule 3 of do-calculus: doing changes nothing",
    "back door": "the back door",
    "front door": "the front door",
    "ID": "the algorithm ID of Shpitser and Pearl (2006)",
}


def derive(
    graph: Graph,
    outcome: Names,
    do: Names,
    given: Names,
    formula: Formula | None,
    steps: Sequence[Step],
    conclusion: str,
) -> Derivation:
    """The derivation that fits the form of the formula, each rule in it checked in the graph.

    Source: Pearl (2009), Causality, sections 3.3.1 (back door) and 3.4.3 (front door).
    """
    if formula is not None and do:
        for kind, tried in (
            ("rule 2", [_by_rule(ask(2, graph, outcome, (), do, given))]),
            ("rule 3", [_by_rule(ask(3, graph, outcome, (), do, given))]),
            ("back door", _back_door(graph, outcome, do, given, formula)),
            ("front door", _front_door(graph, outcome, do, given, formula)),
        ):
            if tried and all(line.rule is None or line.rule.holds for line in tried):
                return Derivation(kind, tuple(tried), conclusion)
    return Derivation("ID", tuple(Line(step.told, step.line) for step in steps), conclusion)


def _back_door(graph: Graph, y: Names, x: Names, w: Names, formula: Formula) -> list[Line] | None:
    """sum_z P(y | x, z) P(z), all of it given w."""
    if not isinstance(formula, Sum):
        return None
    z = [v.name for v in formula.over]
    effect, *rest = factors_of(formula.body)
    if set(z) & set(x) or not _is_of(effect, y) or not _make(rest, z, w):
        return None
    return [
        _by_total(y, x, w, over=z),
        _by_rule(ask(2, graph, y, (), x, [*z, *w])),
        _by_rule(ask(3, graph, z, (), x, w)),
    ]


def _front_door(graph: Graph, y: Names, x: Names, w: Names, formula: Formula) -> list[Line] | None:
    """sum_m P(m | x) sum_x' P(y | m, x') P(x'), all of it given w: tasks 1 to 3 of the source."""
    if not isinstance(formula, Sum):
        return None
    m = [v.name for v in formula.over]
    *first, last = factors_of(formula.body)
    if set(m) & set(x) or not isinstance(last, Sum) or not _make(first, m, [*x, *w]):
        return None
    effect, *rest = factors_of(last.body)
    if {v.name for v in last.over} != set(x) or not _is_of(effect, y) or not _make(rest, x, w):
        return None
    return [
        _by_rule(ask(2, graph, m, (), x, w)),
        _by_total(y, m, w, over=x),
        _by_rule(ask(3, graph, x, (), m, w)),
        _by_rule(ask(2, graph, y, (), m, [*x, *w])),
        _by_total(y, x, w, over=m),
        _by_rule(ask(2, graph, y, x, m, w), backwards=True),
        _by_rule(ask(3, graph, y, m, x, w)),
    ]


def _by_rule(rule: Rule, backwards: bool = False) -> Line:
    left, right = rule.sides
    told = f"{right} = {left}" if backwards else f"{left} = {right}"
    return Line(told, f"rule {rule.number}: {rule.reason}", rule)


def _by_total(y: Names, do: Names, given: Names, over: Names) -> Line:
    """P(y | do, given), all values of `over` told apart."""
    parts = f"{_query(y, do, [*over, *given])} {_query(over, do, given)}"
    names = ", ".join(over)
    told = f"{_query(y, do, given)} = sum_{{{names}}} {parts}"
    return Line(told, f"the law of total probability, over {names}")


def _query(of: Names, do: Names, given: Names) -> str:
    return write_query(TEXT, of, do, given)


def _is_of(factor: Formula, names: Names) -> bool:
    return isinstance(factor, Probability) and {v.name for v in factor.of} == set(names)


def _make(factors: Sequence[Formula], names: Names, given: Names) -> bool:
    """Whether the factors are probabilities of each of the names once, given no more than those."""
    plain = [factor for factor in factors if isinstance(factor, Probability)]
    made = [v.name for factor in plain for v in factor.of]
    known = {v.name for factor in plain for v in factor.given}
    if len(plain) < len(factors) or not known <= {*names, *given}:
        return False
    return sorted(made) == sorted(names)
