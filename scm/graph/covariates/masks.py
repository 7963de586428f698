"""A graph in whole numbers: bit i of a mask stands for node i, and sets of nodes are masks.

The form in which the searches of this room run. Union, intersection and difference are single
machine operations, and going through a mask from its lowest bit is going in the order of `nodes`,
whatever the hash seed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scm.graph.graph import Graph


@dataclass(frozen=True)
class Masks:
    """What each node is joined to, as masks: `parents[i]` has bit j where j -> i."""

    nodes: tuple[str, ...]
    parents: tuple[int, ...]
    children: tuple[int, ...]
    siblings: tuple[int, ...]
    observed: int

    def mask(self, names: Iterable[str]) -> int:
        """The set of these nodes."""
        wanted = frozenset(names)
        return sum(1 << i for i, name in enumerate(self.nodes) if name in wanted)

    def names(self, mask: int) -> tuple[str, ...]:
        """The nodes of a set, in the order of `nodes`."""
        return tuple(self.nodes[i] for i in ones(mask))

    def ancestors(self, of: int) -> int:
        """`of` and all with a directed path into it."""
        return spread(self.parents, of)

    def descendants(self, of: int) -> int:
        """`of` and all with a directed path from it."""
        return spread(self.children, of)

    def cut(self, out_of: int, into: int = -1) -> "Masks":
        """Without the arrows that leave `out_of` for `into` (by default for anywhere)."""
        parents = [p & ~out_of if into >> i & 1 else p for i, p in enumerate(self.parents)]
        children = [c & ~into if out_of >> i & 1 else c for i, c in enumerate(self.children)]
        return replace(self, parents=tuple(parents), children=tuple(children))

    def reached(self, start: int, given: int) -> int:
        """`start` and all that an open walk joins to it (m-connection), `start` not in `given`.

        Bayes-Ball on whole sets. `tails` and `heads` hold the nodes that a step has arrived at by
        an edge with a tail, or an arrowhead, there. What is not given is passed, except that what
        came by a head does not leave by one; for that a node must be given. A collider above
        `given` needs no rule: the walk goes down to the given node and comes back up.

        Source: Shachter (1998), Bayes-Ball.
        """
        tails, heads, all_tails, all_heads = start, 0, start, 0
        while tails or heads:
            passed = (tails | heads) & ~given
            turned = tails & ~given | heads & given
            tails = union(self.parents, turned) & ~all_tails
            heads = (union(self.children, passed) | union(self.siblings, turned)) & ~all_heads
            all_tails |= tails
            all_heads |= heads
        return all_tails | all_heads


def read(graph: "Graph") -> Masks:
    """The graph in masks."""
    place = {name: i for i, name in enumerate(graph.nodes)}
    parents, children, siblings = ([0] * len(place) for _ in range(3))
    for tail, head in graph.directed:
        parents[place[head]] |= 1 << place[tail]
        children[place[tail]] |= 1 << place[head]
    for one, other in graph.bidirected:
        siblings[place[one]] |= 1 << place[other]
        siblings[place[other]] |= 1 << place[one]
    hidden = sum(1 << place[name] for name in graph.latent)
    observed = (1 << len(place)) - 1 & ~hidden
    return Masks(graph.nodes, tuple(parents), tuple(children), tuple(siblings), observed)


def ones(mask: int) -> Iterator[int]:
    """The places of the bits that are set, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def union(step: Sequence[int], start: int) -> int:
    """Everything one step from a node of `start`."""
    met = 0
    for i in ones(start):
        met |= step[i]
    return met


def spread(step: Sequence[int], start: int, within: int = -1) -> int:
    """`start` and everything that steps inside `within` lead to."""
    met = ahead = start
    while ahead:
        ahead = union(step, ahead) & within & ~met
        met |= ahead
    return met


def between(include: int, within: int, exist: Callable[[int, int], bool]) -> Iterator[int]:
    """Every set wanted that lies between two sets, by branching on one node in or out.

    `exist(include, within)` says whether there is any, so that no branch is walked in vain: the
    time from one set to the next is that of as many questions as there are nodes.
    """
    waiting = [(include, within)]
    while waiting:
        include, within = waiting.pop()
        if not exist(include, within):
            continue
        undecided = within & ~include
        if not undecided:
            yield include
            continue
        node = undecided & -undecided
        waiting += [(include | node, within), (include, within & ~node)]
