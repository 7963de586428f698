"""Proper causal paths: what lies on them, what follows from them, and the graph without them.

A proper causal path is a directed path from X to Y that meets X only at its start. Adjustment for
what comes after one, other than X, is forbidden; the proper back-door graph lacks their first
edges, and what still joins X to Y there is not causal.

Source: Perkovic, Textor, Kalisch and Maathuis (2018), Complete graphical characterization and
    construction of adjustment sets, definitions 3 and 4; van der Zander, Liskiewicz and Textor
    (2019), Separators and adjustment sets in causal graphs, definition 5.
"""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from scm.graph.covariates.masks import Masks, read

if TYPE_CHECKING:
    from scm.graph.graph import Graph


def on_causal_paths(form: Masks, x: int, y: int) -> int:
    """The nodes on proper causal paths from `x` to `y`, without `x`."""
    return form.descendants(x) & ~x & form.cut(out_of=x).ancestors(y)


def forbidden(form: Masks, x: int, y: int) -> int:
    """What no adjustment set may hold: `x`, `y`, and what follows from a proper causal path."""
    return form.descendants(on_causal_paths(form, x, y)) | x | y


def back_door(form: Masks, x: int, y: int) -> Masks:
    """The proper back-door graph: without the first edges of the proper causal paths."""
    return form.cut(out_of=x, into=on_causal_paths(form, x, y))


def back_door_graph(graph: "Graph", x: Sequence[str], y: Sequence[str]) -> "Graph":
    """The proper back-door graph as a graph, in which paths can be shown."""
    form = read(graph)
    on_path = frozenset(form.names(on_causal_paths(form, form.mask(x), form.mask(y))))
    return type(graph)(
        [(a, b) for a, b in graph.directed if a not in x or b not in on_path],
        graph.bidirected,
        latent=graph.latent,
        nodes=graph.nodes,
    )


def directed_path(
    graph: "Graph", x: Sequence[str], y: Sequence[str], avoid: Collection[str] = ()
) -> tuple[str, ...]:
    """A shortest directed path from `x` to `y`: node, "->", node, ...; empty if there is none."""
    came: dict[str, str | None] = dict.fromkeys(x)
    ahead = deque(x)
    while ahead:
        here: str | None = ahead.popleft()
        if here in y:
            walked: list[str] = []
            while here is not None:
                walked += [here, "->"]
                here = came[here]
            return tuple(walked[-2::-1])
        for child in graph.children(here or ()):
            if child not in came and child not in avoid:
                came[child] = here
                ahead.append(child)
    return ()


def refuse_latent(asked: str, named: Mapping[str, Sequence[str]], latent: Sequence[str]) -> None:
    """What stands in the formula of an effect must be in the data."""
    for role, names in named.items():
        for name in names:
            if name in latent:
                raise ValueError(
                    f"{asked}({role}): {name} is latent, never in the data; name an observed node"
                )
