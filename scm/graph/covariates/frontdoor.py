"""Front-door sets: mediators through which an effect can be told although its causes are hidden.

Z, not empty, is a front-door set for the effect of X on Y if

1. every directed path from X to Y meets Z;
2. no back-door path from X to Z is open; and
3. every back-door path from Z to Y is blocked by X.

Then P(y | do(x)) = sum_z P(z | x) sum_x' P(y | x', z) P(x').

Source: Pearl (2009), Causality, definition 3.3.3; Jeong, Tian and Bareinboim (2022), Finding and
    listing front-door adjustment sets, for the largest candidate set; Wienöbst, van der Zander and
    Liskiewicz (2024), Linear-time algorithms for front-door adjustment in causal graphs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scm.graph.covariates.causal import directed_path
from scm.graph.covariates.masks import Masks, between, ones, read, spread
from scm.graph.separation import separate

if TYPE_CHECKING:
    from scm.graph.graph import Graph

KINDS = ("minimal", "all")


@dataclass(frozen=True)
class FrontDoor:
    """Whether a set is a front-door set: true if it is.

    If it is not, `condition` is the number of the first of Pearl's conditions that fails (0 where
    the set is empty or has a latent node), `latent` are the latent nodes, and `path` is what breaks
    the condition: a directed path that avoids the set, or an open back-door path: node, edge,
    node, ... `reason` says it in words.
    """

    valid: bool
    condition: int | None
    latent: tuple[str, ...]
    path: tuple[str, ...]
    reason: str

    def __bool__(self) -> bool:
        return self.valid

    def __str__(self) -> str:
        return f"{'a' if self.valid else 'no'} front-door set: {self.reason}"


@dataclass(frozen=True)
class Candidates:
    """The question for front-door sets, in masks.

    Conditions 2 and 3 hold for a union of sets for which they hold. So among the subsets of any
    set there is a largest one that fulfils them; front-door sets are there if it is one.
    """

    form: Masks
    x: int
    y: int

    def largest(self, within: int) -> int:
        """The largest subset that fulfils conditions 2 and 3.

        With fewer nodes in the set fewer of its arrows are cut, so that a node with an open
        back-door path to `y` keeps it in every smaller set, and can be dropped.
        """
        kept = within & ~self.form.cut(out_of=self.x).reached(self.x, 0)
        while True:
            joined = self.form.cut(out_of=kept).reached(self.y, self.x)
            if not kept & joined:
                return kept
            kept &= ~joined

    def exist(self, include: int, within: int) -> bool:
        """Whether there is a front-door set between two sets."""
        largest = self.largest(within)
        return bool(largest) and not include & ~largest and self.intercepts(largest)

    def intercepts(self, nodes: int) -> bool:
        """Whether every directed path from `x` to `y` meets one of the nodes."""
        return not spread(self.form.children, self.x, ~nodes) & self.y

    def all(self) -> Iterator[int]:
        """Every front-door set; polynomial time from one to the next."""
        return between(0, self.largest(self._free()), self.exist)

    def minimal(self) -> Iterator[int]:
        """Those of which no smaller one is part; polynomial time to the first of them.

        Any other minimal set lacks a node of the one found. It is looked for by the first node that
        it lacks: the nodes before it are then included, and that one is out. The set found has as
        little as can be besides what is included; if it lacks some of that, no minimal set is told.
        """
        waiting = [(0, self.largest(self._free()))]
        while waiting:
            include, within = waiting.pop()
            if not self.exist(include, within):
                continue
            found = self._shrunk(self._shrunk(within, within & ~include), include)
            if not include & ~found:
                yield found
            branches = []
            for i in ones(found & ~include):
                branches.append((include, within & ~(1 << i)))
                include |= 1 << i
            waiting += reversed(branches)

    def _shrunk(self, within: int, by: int) -> int:
        """Without those nodes of `by` that front-door sets can do without, one after the other."""
        for i in ones(by):
            if self.exist(0, within & ~(1 << i)):
                within &= ~(1 << i)
        return within

    def _free(self) -> int:
        return self.form.observed & ~(self.x | self.y)


def check(graph: "Graph", x: Sequence[str], y: Sequence[str], given: Sequence[str]) -> FrontDoor:
    """Judge one set, condition by condition."""
    if not given:
        reason = "the empty set mediates nothing; name at least one node"
        return FrontDoor(False, 0, (), (), reason)
    hidden = tuple(name for name in graph.latent if name in given)
    if hidden:
        listed = f"{' and '.join(hidden)} {'is' if len(hidden) == 1 else 'are'}"
        return FrontDoor(False, 0, hidden, (), f"{listed} latent, never in the data")
    around = directed_path(graph, x, y, avoid=given)
    if around:
        reason = f"{' '.join(around)} avoids {' and '.join(given)}"
        return FrontDoor(False, 1, (), around, reason)
    first = separate(graph.cut(out_of=x), x, given, ())
    if not first:
        return FrontDoor(False, 2, (), first.path, f"the back-door path {first.reason}")
    second = separate(graph.cut(out_of=given), given, y, x)
    if not second:
        reason = f"the back-door path {second.reason}, with {' and '.join(x)} given"
        return FrontDoor(False, 3, (), second.path, reason)
    verb = "meets" if len(given) == 1 else "meet"
    reason = (
        f"{' and '.join(given)} {verb} every directed path from {' and '.join(x)} to "
        f"{' and '.join(y)}, and no back-door path is open"
    )
    return FrontDoor(True, None, (), (), reason)


def frontdoor_sets(
    graph: "Graph", x: Sequence[str], y: Sequence[str], kind: str
) -> Iterator[frozenset[str]]:
    """The front-door sets of a kind, one after the other."""
    if kind not in KINDS:
        raise ValueError(f"frontdoor_sets(kind): {kind!r} is none of {', '.join(KINDS)}")
    form = read(graph)
    candidates = Candidates(form, form.mask(x), form.mask(y))
    found = candidates.minimal() if kind == "minimal" else candidates.all()
    return (frozenset(form.names(nodes)) for nodes in found)
