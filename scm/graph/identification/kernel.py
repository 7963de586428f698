"""The distribution that ID carries along: of the nodes of a graph, all others held fixed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scm.graph.formulas.formula import Formula, Variable
from scm.graph.formulas.laws import Laws
from scm.graph.formulas.simplify import product, ratio, summed

if TYPE_CHECKING:
    from scm.graph.graph import Graph


@dataclass(frozen=True)
class Kernel:
    """P in the calls of ID: what is seen at first (`made` is None), then a formula.

    Source: Tian and Pearl (2002), who write Q[nodes] for it; its two laws are their lemmas 3, 4.
    """

    laws: Laws
    graph: Graph
    made: Formula | None = None

    @property
    def joint(self) -> Formula:
        """The distribution of all its nodes."""
        if self.made is None:
            return self.laws.probability(map(Variable, self.graph.nodes), ())
        return self.made

    def marginal(self, kept: Collection[str]) -> Kernel:
        """Without the nodes that are not kept."""
        part = self.graph.subgraph(kept)
        if self.made is None:
            return Kernel(self.laws, part)
        gone = [Variable(name) for name in self.graph.nodes if name not in kept]
        return Kernel(self.laws, part, summed(self.laws, gone, self.made))

    def within(self, district: Sequence[str]) -> Kernel:
        """Of the nodes of one district, the others fixed from now on."""
        return Kernel(self.laws, self.graph.subgraph(district), self.conditionals(district))

    def conditionals(self, district: Sequence[str]) -> Formula:
        """The product of P(v | what comes before v) for the nodes v of a district."""
        if self.made is None:
            return product(self.laws, (self._seen(name, district) for name in district))
        order = _district_last(self.graph, district)
        factors, i = [], 0
        while i < len(order):
            j = i + 1
            if order[i] in district:
                # Neighbours in the order have one ratio: what lies between cancels.
                while j < len(order) and order[j] in district:
                    j += 1
                factors.append(ratio(self.laws, self._until(order, j), self._until(order, i)))
            i = j
        return product(self.laws, factors)

    def _seen(self, name: str, district: Sequence[str]) -> Formula:
        """P(name | what comes before it): the rest of its district so far, and all their parents.

        Source: Tian and Pearl (2002), equation 20 and lemma 1.
        """
        order = self.graph.topological_order()
        before = order[: order.index(name) + 1]
        so_far = self.graph.subgraph([n for n in before if n in district])
        (own,) = (part for part in so_far.districts() if name in part)
        known = (set(own) | set(self.graph.parents(own))) - {name}
        return self.laws.probability([Variable(name)], map(Variable, known))

    def _until(self, order: Sequence[str], end: int) -> Formula:
        """The distribution of the first nodes in the order."""
        return summed(self.laws, map(Variable, order[end:]), self.joint)


def _district_last(graph: Graph, district: Collection[str]) -> list[str]:
    """Causes before effects, the nodes of the district as late, and so as much in a row, as can be.

    Read from the end: a node without children left may come last, one of the district first.
    """
    left = list(graph.nodes)
    backwards: list[str] = []
    while left:
        open_ = [n for n in left if not set(graph.children(n)) & set(left)]
        ours = bool(backwards) and backwards[-1] in district
        # Stay in the district, or out of it, as long as there is a choice.
        same = [n for n in open_ if (n in district) == (ours or not backwards)]
        backwards.append((same or open_)[-1])
        left.remove(backwards[-1])
    return backwards[::-1]
