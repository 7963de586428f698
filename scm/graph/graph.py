"""A causal graph: directed edges, bidirected edges, and marks on the nodes that are hidden."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush

from scm.graph.checks import (
    Edge,
    find_cycle,
    read_edges,
    read_names,
    refuse_overlap,
    refuse_unknown,
)
from scm.graph.projection import project
from scm.graph.separation import Separation, separate
from scm.graph.surgery import cut, districts, induced

Names = str | Iterable[str]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Graph:
    """An acyclic graph of causes: `A -> B` (A acts on B), `A <-> B` (an unseen common cause).

    Args:
        directed: pairs (cause, effect). Together they must be free of cycles.
        bidirected: pairs with an unseen common cause, in either order. A pair may have both edges.
        latent: nodes that exist but are never in the data.
        nodes: all nodes, in the order wanted. May be left out when every node has an edge; the
            order is then that of appearance.

    Names are strings of any kind. All answers come in the order of `nodes`, whatever the hash
    seed. Two graphs are equal when they have the same nodes, edges and latents, in whatever order
    these were written. `A <-> B` stands for a hidden cause that has no name, `latent` marks one
    that has: `latent_projection` turns the second into the first.

    Raises:
        ValueError: a loop, a cycle (shown as a path), a repeated or unknown name (with the nearest
            known one).
        TypeError: a name that is not a string, an edge that is not a pair.

    Source: Richardson (2003), Markov properties for acyclic directed mixed graphs.

    >>> graph = Graph(directed=[("Z", "T"), ("T", "Y")], bidirected=[("T", "Y")])
    >>> print(graph)
    Z -> T; T -> Y; T <-> Y
    >>> graph.ancestors("T")
    ('Z', 'T')
    >>> graph.parents("t")
    Traceback (most recent call last):
    ValueError: parents: 't' is no node of this graph; its nodes are Z, T, Y
    """

    nodes: tuple[str, ...]
    directed: tuple[Edge, ...]
    bidirected: tuple[Edge, ...]
    latent: tuple[str, ...]

    def __init__(
        self,
        directed: Iterable[Edge] = (),
        bidirected: Iterable[Edge] = (),
        latent: Iterable[str] = (),
        nodes: Iterable[str] | None = None,
    ) -> None:
        arrows = read_edges("directed", "->", directed)
        arcs = read_edges("bidirected", "<->", bidirected)
        hidden = read_names("latent", latent)
        met = tuple(dict.fromkeys(name for edge in (*arrows, *arcs) for name in edge))
        named = met if nodes is None else read_names("nodes", nodes)
        refuse_unknown("directed", (name for edge in arrows for name in edge), named)
        refuse_unknown("bidirected", (name for edge in arcs for name in edge), named)
        refuse_unknown("latent", hidden, named)
        place = {name: i for i, name in enumerate(named)}
        # A frozen dataclass sets its own fields this way.
        object.__setattr__(self, "nodes", named)
        object.__setattr__(self, "directed", arrows)
        object.__setattr__(self, "bidirected", tuple(_ordered(arc, place) for arc in arcs))
        object.__setattr__(self, "latent", tuple(sorted(hidden, key=place.__getitem__)))
        cycle = find_cycle(self.nodes, self._children)
        if cycle:
            raise ValueError(f"directed: the edges run in a circle: {' -> '.join(cycle)}")

    def parents(self, of: Names) -> tuple[str, ...]:
        """The nodes with an edge into `of` (one name or several), in the order of `nodes`."""
        return self._step("parents", of, self._parents)

    def children(self, of: Names) -> tuple[str, ...]:
        """The nodes with an edge from `of` (one name or several), in the order of `nodes`."""
        return self._step("children", of, self._children)

    def siblings(self, of: Names) -> tuple[str, ...]:
        """The nodes with a bidirected edge to `of` (one name or several)."""
        return self._step("siblings", of, self._siblings)

    def ancestors(self, of: Names) -> tuple[str, ...]:
        """`of` and all nodes with a directed path into it: a node is an ancestor of itself."""
        return self._closure("ancestors", of, self._parents)

    def descendants(self, of: Names) -> tuple[str, ...]:
        """`of` and all nodes with a directed path from it: a node is a descendant of itself."""
        return self._closure("descendants", of, self._children)

    def topological_order(self) -> tuple[str, ...]:
        """Causes before effects; among those that are free to come next, the first in `nodes`.

        >>> Graph(directed=[("C", "A"), ("B", "A")], nodes=["A", "B", "C"]).topological_order()
        ('B', 'C', 'A')
        """
        place = {name: i for i, name in enumerate(self.nodes)}
        waiting = {name: len(self._parents[name]) for name in self.nodes}
        ready = [place[name] for name, parents in waiting.items() if not parents]
        order: list[str] = []
        while ready:
            order.append(self.nodes[heappop(ready)])
            for child in self._children[order[-1]]:
                waiting[child] -= 1
                if not waiting[child]:
                    heappush(ready, place[child])
        return tuple(order)

    def latent_projection(self) -> "Graph":
        """The same graph without its latents: what they do is told by edges among the others.

        `A -> B` stays or appears when a directed path runs from A to B through latents only;
        `A <-> B` when a path through latents only, without colliders, points into both. The two
        graphs say the same about every separation and every effect among the observed.

        Source: Verma and Pearl (1990), Equivalence and synthesis of causal models, section 3.

        >>> print(
        ...     Graph(
        ...         directed=[("U", "T"), ("U", "Y"), ("T", "Y")], latent=["U"]
        ...     ).latent_projection()
        ... )
        T -> Y; T <-> Y
        """
        directed, bidirected = project(self.nodes, self.directed, self.bidirected, self.latent)
        observed = [name for name in self.nodes if name not in self.latent]
        return Graph(directed, bidirected, nodes=observed)

    # ------------------------------------------------------------------------------ surgery

    def cut(self, into: Names = (), out_of: Names = ()) -> "Graph":
        """Without the edges with a head at `into` and without the arrows that leave `out_of`.

        `cut(into=X)` is the graph under do(X); `cut(out_of=X)` keeps the back doors of X only.

        Source: Pearl (2009), Causality, section 3.4: G with X overlined, X underlined.

        >>> print(Graph(directed=[("Z", "T"), ("T", "Y")], bidirected=[("T", "Y")]).cut(into="T"))
        T -> Y; Z
        """
        return cut(self, self._several("cut(into)", into), self._several("cut(out_of)", out_of))

    def subgraph(self, nodes: Names) -> "Graph":
        """The nodes named, in the order of this graph's `nodes`, and the edges among them."""
        return induced(self, self._several("subgraph", nodes))

    def districts(self) -> tuple[tuple[str, ...], ...]:
        """The parts that bidirected edges hold together (c-components), latents as nodes.

        Source: Tian and Pearl (2002), A general identification condition for causal effects.

        >>> Graph(directed=[("X", "Z"), ("Z", "Y")], bidirected=[("X", "Y")]).districts()
        (('X', 'Y'), ('Z',))
        """
        return districts(self)

    # ---------------------------------------------------------------------------- separation

    def separated(self, x: Names, y: Names, given: Names = ()) -> Separation:
        """Whether `given` separates `x` from `y` (d-separation; m-separation with `<->`).

        Args:
            x, y, given: one name or several, no name in two of them; `x` and `y` not empty.
                Latent nodes may be asked about like any other.

        Returns:
            A `Separation`: true when they are separated; its `reason` names an open path, or the
            nodes at which every path is blocked.

        Raises:
            ValueError: an unknown name, a name in two places, nothing on one side.

        Source: Pearl (2009), Causality, definition 1.2.3; Richardson (2003) for `<->`.

        >>> collider = Graph(directed=[("A", "B"), ("C", "B")])
        >>> print(collider.separated("A", "C"))
        separated: every path is blocked: at B (a collider)
        >>> print(collider.separated("A", "C", given="B"))
        connected: A -> B <- C is open: the collider B is given
        """
        asked = self._apart("separated", x=x, y=y, given=given)
        return separate(self, asked["x"], asked["y"], asked["given"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    def __str__(self) -> str:
        edges = [f"{a} -> {b}" for a, b in self.directed]
        edges += [f"{a} <-> {b}" for a, b in self.bidirected]
        joined = {name for edge in (*self.directed, *self.bidirected) for name in edge}
        alone = [name for name in self.nodes if name not in joined]
        return "; ".join([*edges, *alone, *(f"latent {name}" for name in self.latent)])

    def __repr__(self) -> str:
        shown = {"directed": self.directed, "bidirected": self.bidirected, "latent": self.latent}
        # Named only where edges do not already tell them, so that the usual graph reads shortly.
        met = tuple(dict.fromkeys(n for edge in (*self.directed, *self.bidirected) for n in edge))
        if self.nodes != met:
            shown["nodes"] = self.nodes
        return f"Graph({', '.join(f'{k}={list(v)!r}' for k, v in shown.items() if v)})"

    @cached_property
    def _content(self) -> tuple[frozenset, ...]:
        return tuple(map(frozenset, (self.nodes, self.directed, self._arcs, self.latent)))

    @cached_property
    def _arcs(self) -> tuple[frozenset[str], ...]:
        return tuple(map(frozenset, self.bidirected))

    @cached_property
    def _parents(self) -> dict[str, tuple[str, ...]]:
        return self._neighbours((head, tail) for tail, head in self.directed)

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        return self._neighbours(self.directed)

    @cached_property
    def _siblings(self) -> dict[str, tuple[str, ...]]:
        return self._neighbours(edge for a, b in self.bidirected for edge in ((a, b), (b, a)))

    def _neighbours(self, pairs: Iterable[Edge]) -> dict[str, tuple[str, ...]]:
        met: dict[str, list[str]] = {name: [] for name in self.nodes}
        for one, other in pairs:
            met[one].append(other)
        return {name: tuple(others) for name, others in met.items()}

    def _several(self, asked: str, of: Names) -> tuple[str, ...]:
        names = (of,) if isinstance(of, str) else tuple(dict.fromkeys(of))
        refuse_unknown(asked, names, self.nodes)
        return names

    def _apart(self, asked: str, **named: Names) -> dict[str, tuple[str, ...]]:
        """What a question names: all known, none in two places, and something on both sides."""
        read = {role: self._several(f"{asked}({role})", names) for role, names in named.items()}
        refuse_overlap(asked, read)
        return read

    def _step(self, asked: str, of: Names, to: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        met = {other for name in self._several(asked, of) for other in to[name]}
        return tuple(name for name in self.nodes if name in met)

    def _closure(self, asked: str, of: Names, to: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        ahead = list(self._several(asked, of))
        met = set(ahead)
        while ahead:
            fresh = [name for name in to[ahead.pop()] if name not in met]
            met.update(fresh)
            ahead += fresh
        return tuple(name for name in self.nodes if name in met)


def _ordered(arc: Edge, place: Mapping[str, int]) -> Edge:
    """An arc has no direction: written with the node that comes first in `nodes` first."""
    first, second = sorted(arc, key=place.__getitem__)
    return first, second
