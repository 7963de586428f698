"""A class of DAGs that imply the same separations, as arrows that all have and edges left open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scm.graph.checks import Edge, Names, read_edges, read_names, read_nodes, refuse_unknown
from scm.graph.classes.counting import count_members
from scm.graph.classes.equivalence import colliders, essential, extend, refuse_hidden, skeleton_of
from scm.graph.classes.knowledge import read_knowledge, tell
from scm.graph.classes.meek import Arrows, Skeleton, close, in_order
from scm.graph.graph import Graph

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from scm.graph.classes.effects import ClassEffects


@dataclass(frozen=True, init=False, eq=False, repr=False)
class CPDAG:
    """The DAGs with the same joined pairs and the same colliders: `A -> B` in all, `A - B` open.

    Data without interventions cannot tell the members apart. Made by `Graph.cpdag()`, or from
    edges that a discovery algorithm returned. `orient` adds what is known besides; what is then
    left of the class is told in the same way (an MPDAG), and has the same questions.

    Args:
        directed: pairs (cause, effect), the arrows that all members have.
        undirected: pairs, in either order, that are joined one way in some members and the other
            way in others.
        nodes: all nodes, in the order wanted. May be left out when every node has an edge.

    Raises:
        ValueError: edges that are no such class: no DAG has them, or an open edge is not open.

    Source: Andersson, Madigan and Perlman (1997), A characterization of Markov equivalence classes
        for acyclic digraphs; Meek (1995), Causal inference and causal explanation with background
        knowledge.

    >>> wet = Graph([("S", "R"), ("S", "K"), ("R", "W"), ("K", "W"), ("W", "L")])
    >>> print(wet.cpdag())
    R -> W; K -> W; W -> L; S - R; S - K
    >>> wet.cpdag().size
    3
    """

    nodes: tuple[str, ...]
    directed: tuple[Edge, ...]
    undirected: tuple[Edge, ...]

    def __init__(
        self,
        directed: Iterable[Edge] = (),
        undirected: Iterable[Edge] = (),
        nodes: Iterable[str] | None = None,
    ) -> None:
        arrows = read_edges("directed", "->", directed)
        lines = read_edges("undirected", "-", undirected)
        met = tuple(dict.fromkeys(name for edge in (*arrows, *lines) for name in edge))
        named = met if nodes is None else read_names("nodes", nodes)
        refuse_unknown("directed", (name for edge in arrows for name in edge), named)
        refuse_unknown("undirected", (name for edge in lines for name in edge), named)
        place = {name: i for i, name in enumerate(named)}
        lines = tuple((a, b) if place[a] < place[b] else (b, a) for a, b in lines)
        # A frozen dataclass sets its own fields this way.
        object.__setattr__(self, "nodes", named)
        object.__setattr__(self, "directed", in_order(named, arrows))
        object.__setattr__(self, "undirected", in_order(named, lines))
        self._check()

    def parents(self, of: Names) -> tuple[str, ...]:
        """The nodes with an arrow into `of` in every member, in the order of `nodes`."""
        return self._step("parents", of, [(head, tail) for tail, head in self.directed])

    def children(self, of: Names) -> tuple[str, ...]:
        """The nodes with an arrow from `of` in every member, in the order of `nodes`."""
        return self._step("children", of, self.directed)

    def neighbours(self, of: Names) -> tuple[str, ...]:
        """The nodes joined to `of` by an open edge, in the order of `nodes`."""
        both_ways = [pair for a, b in self.undirected for pair in ((a, b), (b, a))]
        return self._step("neighbours", of, both_ways)

    @cached_property
    def size(self) -> int:
        """How many DAGs the class holds, counted without listing them.

        In polynomial time where nothing is told besides the class; with background knowledge
        (`orient`) the count may take long where much is open and little is told.

        Source: Wienoebst, Bannach and Liskiewicz (2021), Polynomial-time algorithms for counting
            and sampling Markov equivalent DAGs.

        >>> import itertools
        >>> complete = Graph(itertools.combinations("ABCDEFGHIJKLMNOPQRST", 2))
        >>> complete.cpdag().size  # 20!
        2432902008176640000
        """
        return count_members(self._skeleton, self._essential, self.directed)

    def members(self) -> Iterator[Graph]:
        """The DAGs of the class, one at a time, in a fixed order.

        The first open edge is turned from the node that comes first in `nodes`, then the other way;
        so with the next that is open still.

        >>> for dag in Graph([("A", "B"), ("B", "C")]).cpdag().members():
        ...     print(dag)
        A -> B; B -> C
        B -> A; B -> C
        B -> A; C -> B
        """
        waiting = [self._arrows]
        while waiting:
            arrows = waiting.pop()
            edge = next((e for e in self.undirected if not _turned(e, arrows)), None)
            if edge is None:
                yield Graph(in_order(self.nodes, arrows), nodes=self.nodes)
                continue
            waiting += [  # the last is taken up first
                close(self._skeleton, arrows, {turned: "chosen"}) for turned in (edge[::-1], edge)
            ]

    def orient(
        self,
        edges: Iterable[Edge] = (),
        *,
        forbidden: Iterable[Edge] = (),
        tiers: Mapping[str, float] | None = None,
    ) -> CPDAG:
        """The members that fit what is known besides, by Meek's rules 1 to 4.

        Args:
            edges: arrows (cause, effect) that must be there.
            forbidden: arrows that must not be there; of a pair that is not joined this is true.
            tiers: a number for some nodes, such as their time: no arrow runs from a later tier
                to an earlier one.

        Raises:
            ValueError: no member fits; every contradiction is told, with the reason for the arrow
                that is contradicted.

        >>> chain = Graph([("X", "Y"), ("Y", "Z"), ("Z", "W")]).cpdag()
        >>> print(chain.orient([("X", "Y")]))
        X -> Y; Y -> Z; Z -> W
        >>> print(chain.orient(tiers={"W": 1, "Z": 2}))
        Y -> X; Z -> Y; W -> Z
        >>> Graph([("X", "Y"), ("Z", "Y")]).cpdag().orient([("Y", "X")])
        Traceback (most recent call last):
        ValueError: orient: no member of the class fits: Y -> X (told) contradicts X -> Y (the
        collider X -> Y <- Z)
        """
        told = read_knowledge(self.nodes, self._skeleton, edges, forbidden, tiers)
        return _of_arrows(self._skeleton, tell(self._skeleton, self._arrows, told))

    def effects(
        self, treatment: str, outcome: str, data: pd.DataFrame | Mapping[str, Any]
    ) -> ClassEffects:
        """The linear effects of `treatment` on `outcome` that members of the class find in data.

        In each member the effect is the coefficient of the treatment in the least-squares
        regression of the outcome on it and on its parents there; 0 where the outcome is a parent.
        One entry for every set of parents that some member has (IDA, local).

        Args:
            treatment, outcome: one node each.
            data: columns of numbers, one for each node that is used.

        Returns:
            `ClassEffects`, with `.low`, `.high` and the entries: value, standard error, parents.

        Raises:
            ValueError: an unknown node, a column that is missing, not numeric, constant, not
                finite, or determined by others; too few rows.

        Source: Maathuis, Kalisch and Buehlmann (2009), Estimating high-dimensional intervention
            effects from observational data; Fang and He (2020), IDA with background knowledge,
            theorem 1, for the sets of parents after `orient`.

        >>> data = {"T": [0, 0, 1, 1], "Y": [1.0, 2.0, 4.0, 5.0]}
        >>> print(Graph([("T", "Y")]).cpdag().effects("T", "Y", data))
        effect of T on Y: from 0 to 3
          3 (se 0.7071) if T has no parents
          0 if T has the parent Y
        """
        from scm.graph.classes.effects import effects_over

        return effects_over(self, treatment, outcome, data)

    def draw(self, ax: Axes | None = None, highlight: Iterable[str] = ()) -> Axes:
        """Draw the class as one of its members is drawn, open edges without heads.

        Arguments and result are those of `draw` in `scm.graph.pictures`; the id of an open edge is
        `edge:A-B`, A the first of the two in `nodes`.
        """
        from scm.graph.pictures.drawing import draw

        axes = draw(next(self.members()), ax, highlight)
        plain = {f"edge:{x}->{y}": f"edge:{a}-{b}"
                 for a, b in self.undirected for x, y in ((a, b), (b, a))}  # fmt: skip
        for patch in axes.patches:
            if (name := plain.get(patch.get_gid() or "")) is not None:
                patch.set(arrowstyle="-", gid=name)
        return axes

    def __contains__(self, dag: object) -> bool:
        """Whether a graph is a member."""
        if not isinstance(dag, Graph) or dag.bidirected or dag.latent:
            return False
        if set(dag.nodes) != set(self.nodes) or not set(self.directed) <= set(dag.directed):
            return False
        other = Skeleton(self.nodes, dag.directed)
        return other.joined == self._skeleton.joined and (
            colliders(other, dag.directed) == colliders(other, self.directed)
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CPDAG) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    def __str__(self) -> str:
        edges = [f"{a} -> {b}" for a, b in self.directed]
        edges += [f"{a} - {b}" for a, b in self.undirected]
        return "; ".join([*edges, *(name for name in self.nodes if not self._skeleton.near[name])])

    def __repr__(self) -> str:
        shown = {"directed": self.directed, "undirected": self.undirected, "nodes": self.nodes}
        return f"CPDAG({', '.join(f'{k}={list(v)!r}' for k, v in shown.items() if v)})"

    @cached_property
    def _content(self) -> tuple[frozenset, ...]:
        lines = map(frozenset, self.undirected)
        return frozenset(self.nodes), frozenset(self.directed), frozenset(lines)

    @cached_property
    def _skeleton(self) -> Skeleton:
        return Skeleton(self.nodes, self.directed + self.undirected)

    @cached_property
    def _essential(self) -> Arrows:
        return essential(self._skeleton, self.directed)

    @cached_property
    def _arrows(self) -> Arrows:
        """`directed`, each with the reason for it as far as it is known."""
        return {edge: self._essential.get(edge, "told before") for edge in self.directed}

    def _step(self, asked: str, of: Names, pairs: Iterable[Edge]) -> tuple[str, ...]:
        names = read_nodes(asked, of, self.nodes)
        met = {there for here, there in pairs if here in names}
        return tuple(name for name in self.nodes if name in met)

    def _check(self) -> None:
        """Every arrow told, every open edge open."""
        met: set[frozenset[str]] = set()
        for a, b in self._skeleton.edges:
            if frozenset((a, b)) in met:
                raise ValueError(f"CPDAG: {a} and {b} are joined by two edges; a pair has one")
            met.add(frozenset((a, b)))
        dag = extend(self._skeleton, self.directed)
        if dag is None:
            raise ValueError(
                "CPDAG: no DAG has these arrows and edges without a cycle and without a collider "
                "besides those of `directed`"
            )
        least = essential(self._skeleton, dag)
        closed = tell(self._skeleton, least, dict.fromkeys(self.directed, "told"))
        for (tail, head), reason in closed.items():
            if (tail, head) not in self.directed:
                raise ValueError(
                    f"CPDAG: {tail} - {head} is not open: every member has {tail} -> {head} "
                    f"({reason}); list ({tail!r}, {head!r}) in directed"
                )


def class_of(graph: Graph) -> CPDAG:
    """The DAGs that are Markov equivalent to this one."""
    refuse_hidden("cpdag", graph)
    skeleton = skeleton_of(graph)
    return _of_arrows(skeleton, essential(skeleton, graph.directed))


def _of_arrows(skeleton: Skeleton, arrows: Arrows) -> CPDAG:
    lines = [edge for edge in skeleton.edges if not _turned(edge, arrows)]
    return CPDAG(arrows, lines, skeleton.nodes)


def _turned(edge: Edge, arrows: Arrows) -> bool:
    return edge in arrows or edge[::-1] in arrows
