"""The three rules of do-calculus as questions: whether one holds, in which graph, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scm.graph.formulas.printing import LATEX, TEXT, Style, write_query
from scm.graph.separation import Separation, separate

if TYPE_CHECKING:
    from scm.graph.graph import Graph

# The two sides of an equation: what is forced and what is given on each, in this order.
Side = tuple[tuple[str, ...], tuple[str, ...]]

_DOES = {1: "drops the condition", 2: "exchanges seeing for doing", 3: "drops the intervention"}


@dataclass(frozen=True)
class Rule:
    """Whether a rule of do-calculus licenses an equation: true if it does.

    `graph` is the graph after the surgery that the rule asks for, `surgery` that in words, and
    `separation` the separation of y and z in it, given `given`. A rule that does not hold says
    nothing about the two sides: they may be equal all the same, by another rule.
    """

    number: int
    outcome: tuple[str, ...]
    left: Side
    right: Side
    exchanged: tuple[str, ...]
    given: tuple[str, ...]
    surgery: str
    graph: Graph
    separation: Separation

    @property
    def holds(self) -> bool:
        """Whether the rule may be used."""
        return self.separation.separated

    @property
    def reason(self) -> str:
        """The separation that the rule rests on, or the open path that forbids it, in words."""
        about = f"{', '.join(self.outcome)} and {', '.join(self.exchanged)}"
        known = f" given {', '.join(self.given)}" if self.given else ""
        verdict = "are separated" if self.holds else "are connected"
        return f"{about} {verdict}{known} in {self.surgery}: {self.separation.reason}"

    @property
    def sides(self) -> tuple[str, str]:
        """The two sides as text."""
        return self._written(TEXT)

    @property
    def equation(self) -> str:
        """The equation that the rule is asked about, as text."""
        return " = ".join(self.sides)

    def latex(self) -> str:
        """The equation that the rule is asked about as LaTeX, for math mode."""
        return " = ".join(self._written(LATEX))

    def _written(self, style: Style) -> tuple[str, str]:
        left, right = (write_query(style, self.outcome, *s) for s in (self.left, self.right))
        return left, right

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "does not apply"
        return (
            f"rule {self.number} ({_DOES[self.number]}) {verdict}: {self.equation}: {self.reason}"
        )


def ask(
    number: int,
    graph: Graph,
    y: Sequence[str],
    do: Sequence[str],
    z: Sequence[str],
    w: Sequence[str],
) -> Rule:
    """Rule 1, 2 or 3: the separation of y and z, given do and w, in the graph that it asks for.

    Source: Pearl (2009), Causality, theorem 3.4.1.
    """
    x, y, z, w = (_in_order(graph, names) for names in (do, y, z, w))
    into: tuple[str, ...] = x
    out_of: tuple[str, ...] = ()
    if number == 1:
        left, right = (x, _in_order(graph, z + w)), (x, w)
    elif number == 2:
        left, right = (_in_order(graph, x + z), w), (x, _in_order(graph, z + w))
        out_of = z
    else:
        # Z(W): only what is no ancestor of w once x is cut. An intervention on an ancestor of w
        # can be told from w itself.
        above = graph.cut(into=x).ancestors(w)
        left, right = (_in_order(graph, x + z), w), (x, w)
        into = _in_order(graph, x + tuple(name for name in z if name not in above))
    surgered = graph.cut(into=into, out_of=out_of)
    given = _in_order(graph, x + w)
    separation = separate(surgered, z, y, given)
    surgery = _surgery(into, out_of)
    return Rule(number, y, left, right, z, given, surgery, surgered, separation)


def _surgery(into: Sequence[str], out_of: Sequence[str]) -> str:
    told = [f"into {', '.join(into)}"] if into else []
    told += [f"out of {', '.join(out_of)}"] if out_of else []
    return f"the graph without the edges {' and '.join(told)}" if told else "the graph"


def _in_order(graph: Graph, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in graph.nodes if name in names)
