"""Meek's rules: the arrows that follow from arrows, without a new collider and without a cycle."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from scm.graph.checks import Edge

# Every arrow that is known, with the reason for it in words.
Arrows = dict[Edge, str]


@dataclass(frozen=True)
class Skeleton:
    """Which nodes are joined, whatever the direction."""

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]

    @cached_property
    def near(self) -> Mapping[str, tuple[str, ...]]:
        """The nodes joined to each, in the order of `nodes`."""
        met: dict[str, set[str]] = {name: set() for name in self.nodes}
        for a, b in self.edges:
            met[a].add(b)
            met[b].add(a)
        place = {name: i for i, name in enumerate(self.nodes)}
        return {name: tuple(sorted(met[name], key=place.__getitem__)) for name in self.nodes}

    @cached_property
    def joined(self) -> frozenset[Edge]:
        """Every joined pair, both ways round."""
        return frozenset(pair for a, b in self.edges for pair in ((a, b), (b, a)))


def close(skeleton: Skeleton, arrows: Mapping[Edge, str], fresh: Mapping[Edge, str]) -> Arrows:
    """`arrows`, which are closed under the rules, with `fresh` and all that follows from both.

    An edge is turned by the first rule that reaches it and never turned back: contradictions are
    for the caller to see. None can arise when `arrows` are the closure of some DAG's colliders and
    of edges told one at a time, each of them open (neither way known) when it was told.

    Source: Meek (1995), Causal inference and causal explanation with background knowledge,
        rules R1 to R4, complete for the colliders of a DAG and edges told besides (theorem 4).
    """
    known = dict(arrows)
    ahead: list[Edge] = []

    def turn(tail: str, head: str, reason: str) -> None:
        if (tail, head) not in known and (head, tail) not in known:
            known[tail, head] = reason
            ahead.append((tail, head))

    for (tail, head), reason in fresh.items():
        turn(tail, head, reason)
    while ahead:
        for edge, reason in _follows(skeleton, known, *ahead.pop()):
            turn(*edge, reason)
    return known


def _follows(
    skeleton: Skeleton, known: Mapping[Edge, str], a: str, b: str
) -> Iterable[tuple[Edge, str]]:
    """What the rules make of `a -> b` together with what else is known."""
    near, joined = skeleton.near, skeleton.joined

    def apart(one: str, other: str) -> bool:
        return one != other and (one, other) not in joined

    for c in near[b]:
        if apart(a, c):  # R1: a -> b - c, or a new collider
            yield (b, c), f"{a} -> {b}, and a head at {b} from {c} would make a collider"
        if (b, c) in known and (a, c) in joined:  # R2: a -> b -> c, or a cycle
            yield (a, c), f"{a} -> {b} -> {c}, and {c} -> {a} would make a cycle"
        if (c, b) in known and apart(a, c):  # R3: a -> b <- c under one d, joined to all three
            for d in near[b]:
                if (d, a) in joined and (d, c) in joined and _open(known, d, a, c):
                    yield (d, b), f"{a} -> {b} <- {c}, both joined to {d}"
    for c in near[a]:
        if (c, a) in known and (c, b) in joined:  # R2 with a -> b as its second arrow
            yield (c, b), f"{c} -> {a} -> {b}, and {b} -> {c} would make a cycle"
    yield from _fourth(skeleton, known, a, b)


def _fourth(
    skeleton: Skeleton, known: Mapping[Edge, str], a: str, b: str
) -> Iterable[tuple[Edge, str]]:
    """R4: p -> q -> r with p and r apart, under one d joined to all three: d -> r.

    For r -> d would give d -> p by R1, and with it the cycle r -> d -> p -> q -> r.
    """
    chains = [(a, b, r) for r in skeleton.near[b] if (b, r) in known]
    chains += [(p, a, b) for p in skeleton.near[a] if (p, a) in known]
    for p, q, r in chains:
        if p == r or (p, r) in skeleton.joined:
            continue
        for d in skeleton.near[r]:
            if (d, q) in skeleton.joined and (d, p) in skeleton.joined and _open(known, d, p):
                yield (d, r), f"{p} -> {q} -> {r}, and {d} is joined to all three"


def _open(known: Mapping[Edge, str], one: str, *others: str) -> bool:
    return all((one, other) not in known and (other, one) not in known for other in others)


def in_order(nodes: Sequence[str], edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """The edges by the place of their first node, then of their second."""
    place = {name: i for i, name in enumerate(nodes)}
    return tuple(sorted(edges, key=lambda edge: (place[edge[0]], place[edge[1]])))
