"""Graphs made from a graph: edges cut, nodes left out, districts told apart."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scm.graph.graph import Graph


def cut(graph: "Graph", into: Collection[str], out_of: Collection[str]) -> "Graph":
    """Without the edges with an arrowhead at `into`, and without the arrows that leave `out_of`."""
    return type(graph)(
        [(a, b) for a, b in graph.directed if b not in into and a not in out_of],
        [(a, b) for a, b in graph.bidirected if a not in into and b not in into],
        latent=graph.latent,
        nodes=graph.nodes,
    )


def induced(graph: "Graph", kept: Collection[str]) -> "Graph":
    """The kept nodes and the edges among them."""
    return type(graph)(
        [(a, b) for a, b in graph.directed if a in kept and b in kept],
        [(a, b) for a, b in graph.bidirected if a in kept and b in kept],
        latent=[name for name in graph.latent if name in kept],
        nodes=[name for name in graph.nodes if name in kept],
    )


def districts(graph: "Graph") -> tuple[tuple[str, ...], ...]:
    """The parts that bidirected edges hold together, each in the order of `nodes`."""
    met: set[str] = set()
    found: list[tuple[str, ...]] = []
    for start in graph.nodes:
        if start in met:
            continue
        part, ahead = {start}, [start]
        while ahead:
            fresh = [name for name in graph.siblings(ahead.pop()) if name not in part]
            part.update(fresh)
            ahead += fresh
        met |= part
        found.append(tuple(name for name in graph.nodes if name in part))
    return tuple(found)
