"""The hedge: why an effect cannot be told from what is seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from scm.graph.graph import Graph


@dataclass(frozen=True)
class Hedge:
    """Two C-forests with the same roots: P(outcome | do(do)) is not identified.

    A C-forest is a graph whose nodes bidirected edges hold together and in which no node has more
    than one child; its roots are the nodes without children. `inner` (F') is part of `outer` (F),
    both have the roots `roots`, `outer` meets `do` and `inner` does not, and the roots are
    ancestors of the outcome when the arrows into `do` are cut. Then there are two models that agree
    on everything seen, and not on this effect.

    `do` and `outcome` are those of the effect the hedge is of: for a conditional effect, what of
    the condition could be exchanged for an intervention is in `do`, and the rest in `outcome`.

    Source: Shpitser and Pearl (2006), Identification of joint interventional distributions in
        recursive semi-Markovian causal models, definitions 4 to 6 and theorem 4.
    """

    outer: Graph
    inner: Graph
    roots: tuple[str, ...]
    do: tuple[str, ...]
    outcome: tuple[str, ...]
    graph: Graph

    @property
    def reason(self) -> str:
        """The hedge in one sentence."""
        forced = ", ".join(n for n in self.outer.nodes if n in self.do)
        return (
            f"the C-forests F = {{{', '.join(self.outer.nodes)}}} and "
            f"F' = {{{', '.join(self.inner.nodes)}}} with the roots {{{', '.join(self.roots)}}} "
            f"are a hedge: hidden common causes hold both together, and only F meets do({forced})"
        )

    def verify(self, graph: Graph | None = None) -> bool:
        """Whether this is a hedge in `graph` (by default its own), word for word by definition."""
        whole = (self.graph if graph is None else graph).latent_projection()
        if not set(self.do) | set(self.outcome) <= set(whole.nodes):
            return False
        forced = whole.cut(into=self.do).ancestors(self.outcome)
        return (
            _part_of(self.outer, whole)
            and _part_of(self.inner, self.outer)
            and _is_forest(self.outer, self.roots)
            and _is_forest(self.inner, self.roots)
            and not set(self.outer.nodes).isdisjoint(self.do)
            and set(self.inner.nodes).isdisjoint(self.do)
            and set(self.roots) <= set(forced)
        )

    def draw(self, ax: Axes | None = None) -> Axes:
        """The graph with the hedge in it: F' filled, the rest of F in squares, all else pale.

        Args:
            ax: where to draw it; left out, a figure of the right size is made.

        Returns:
            The axes, as `scm.graph.pictures.drawing.draw` does.
        """
        from scm.graph.pictures.drawing import ARC, draw

        between = [name for name in self.outer.nodes if name not in self.inner.nodes]
        axes = draw(self.graph, ax, highlight=between)
        bold = {f"node:{name}" for name in self.outer.nodes}
        bold |= {f"edge:{tail}->{head}" for tail, head in self.outer.directed}
        bold |= {f"edge:{one}<->{other}" for one, other in self.outer.bidirected}
        inner = {f"node:{name}" for name in self.inner.nodes}
        for patch in axes.patches:
            if patch.get_gid() in inner:
                patch.set_edgecolor(ARC)
                patch.set_linewidth(2 * patch.get_linewidth())
            elif patch.get_gid() not in bold:
                patch.set_alpha(0.25)
        return axes

    def __str__(self) -> str:
        return self.reason


def hedge_of(
    graph: Graph,
    nodes: Collection[str],
    inner: Collection[str],
    do: Sequence[str],
    outcome: Sequence[str],
) -> Hedge:
    """The hedge on two sets of nodes that line 5 of ID fails with.

    The roots are the nodes without children among `inner`. Every other node keeps the one arrow
    that starts a shortest path to a root, a node of `inner` one inside `inner`.
    """
    part = graph.subgraph(nodes)
    core = part.subgraph(inner)
    roots = tuple(name for name in core.nodes if not core.children(name))
    within = _towards(core, roots)
    around = _towards(part, core.nodes)
    return Hedge(
        outer=type(graph)([*within, *around], part.bidirected, nodes=part.nodes),
        inner=type(graph)(within, core.bidirected, nodes=core.nodes),
        roots=roots,
        do=tuple(do),
        outcome=tuple(outcome),
        graph=graph,
    )


def _towards(graph: Graph, goal: Sequence[str]) -> list[tuple[str, str]]:
    """One arrow for each node that leads to the goal, on a shortest path there."""
    step: dict[str, str] = dict.fromkeys(goal, "")
    ahead = deque(goal)
    while ahead:
        head = ahead.popleft()
        for tail in graph.parents(head):
            if tail not in step:
                step[tail] = head
                ahead.append(tail)
    return [(name, step[name]) for name in graph.nodes if step.get(name)]


def _part_of(part: Graph, whole: Graph) -> bool:
    arcs = {frozenset(arc) for arc in whole.bidirected}
    return (
        set(part.nodes) <= set(whole.nodes)
        and set(part.directed) <= set(whole.directed)
        and {frozenset(arc) for arc in part.bidirected} <= arcs
    )


def _is_forest(graph: Graph, roots: Sequence[str]) -> bool:
    """A C-forest with just these roots."""
    childless = [name for name in graph.nodes if not graph.children(name)]
    return (
        len(graph.districts()) == 1
        and all(len(graph.children(name)) <= 1 for name in graph.nodes)
        and set(childless) == set(roots)
    )
