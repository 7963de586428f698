"""What a graph allows to be done to its probabilities: conditions dropped, factors joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from scm.graph.covariates.masks import Masks, read
from scm.graph.formulas.formula import Formula, Probability, Variable

if TYPE_CHECKING:
    from scm.graph.graph import Graph

Set = frozenset[Variable]


@dataclass(frozen=True)
class Laws:
    """The independences among the observed nodes of a graph, and their order.

    Variables are the columns themselves: a name has one meaning in all that is asked here.
    """

    graph: Graph

    def independent(self, one: Set, other: Set, given: Set) -> bool:
        """Whether the graph implies it; what is empty is independent of everything."""
        if not one or not other:
            return True
        start, goal, known = (self._mask(part) for part in (one, other, given))
        return not self._form.reached(start, known) & goal

    def same(self, of: Set, given: Set, other: Set) -> bool:
        """Whether P(of | given) = P(of | other): when both are P(of | given and other)."""
        more, less = other - given, given - other
        return self.independent(of, more, given) and self.independent(of, less, other)

    def probability(self, of: Iterable[Variable], given: Iterable[Variable]) -> Probability:
        """P(of | given), with the conditions that matter and in the order of the nodes."""
        left, right = frozenset(of), frozenset(given)
        for condition in self.ordered(right):
            rest = right - {condition}
            if self.independent(left, frozenset([condition]), rest):
                right = rest
        return Probability(self.ordered(left), self.ordered(right))

    def joined(self, effect: Probability, cause: Probability) -> Probability | None:
        """P(C | A, D) P(A | B) as P(A, C | B, D), where that is what it is; else None.

        Each of the two may lack conditions of the other that do not matter to it. Independent
        parts, P(A) P(C), are not joined: apart they say more.
        """
        asked = (effect, cause)
        if asked not in self._joined:
            self._joined[asked] = self._join(*asked)
        return self._joined[asked]

    def _join(self, effect: Probability, cause: Probability) -> Probability | None:
        made, fixed = frozenset(cause.of), frozenset(cause.given)
        more, known = frozenset(effect.of), frozenset(effect.given)
        given = fixed | (known - made)
        if not made & known or more & (made | fixed) or more & given:
            return None
        if self.same(made, fixed, given) and self.same(more, known, made | given):
            return self.probability(made | more, given)
        return None

    def divided(self, top: Probability, bottom: Probability) -> Probability | None:
        """P(A, B | C) / P(B | C) as P(A | B, C), where that is what it is; else None."""
        both, part = frozenset(top.of), frozenset(bottom.of)
        given = frozenset(top.given)
        if not part < both or not self.same(part, frozenset(bottom.given), given):
            return None
        return self.probability(both - part, part | given)

    def ordered(self, variables: Iterable[Variable]) -> list[Variable]:
        """In the order of the graph's nodes."""
        return sorted(variables, key=lambda v: self._place[v.name])

    def lateness(self, formula: Formula) -> tuple[bool, list[int]]:
        """Sorts factors: probabilities before the rest, effects before causes."""
        plain = isinstance(formula, Probability)
        shown = formula.of if isinstance(formula, Probability) else formula.free
        return not plain, sorted(-self._rank[v.name] for v in shown)

    @cached_property
    def _joined(self) -> dict[tuple[Probability, Probability], Probability | None]:
        """Joins asked for before: a formula is put together of the same parts many times."""
        return {}

    def _mask(self, variables: Set) -> int:
        return sum(1 << self._place[v.name] for v in variables)

    @cached_property
    def _form(self) -> Masks:
        return read(self.graph)

    @cached_property
    def _place(self) -> Mapping[str, int]:
        return {name: i for i, name in enumerate(self.graph.nodes)}

    @cached_property
    def _rank(self) -> Mapping[str, int]:
        return {name: i for i, name in enumerate(self.graph.topological_order())}
