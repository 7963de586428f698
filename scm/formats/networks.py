"""networkx graphs, to specifications and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from scm.formats.attributes import AttributeValueError, is_arc, marks, yes
from scm.formats.causes import folded, unfolded
from scm.formats.specification import MARKS, Edge, Specification

if TYPE_CHECKING:
    import networkx as nx

Bidirected = Literal["latent", "edge"]


def read(graph: nx.DiGraph) -> Specification:
    """The graph that a networkx `DiGraph` or `MultiDiGraph` holds.

    A node is hidden by `latent=True`, `observed="no"` or DoWhy's label "Unobserved Confounders".
    An edge is bidirected by `bidirected=True` or `dir="both"`; so are the two edges of a hidden
    root with `common_cause=True`, as `write` makes them. Other attributes are left out.

    Raises:
        TypeError: what is no networkx graph; a node that is no string.
        ValueError: an undirected graph; an attribute that is neither yes nor no.
    """
    if not (hasattr(graph, "is_directed") and hasattr(graph, "nodes")):
        raise TypeError(f"from_networkx: {type(graph).__name__} is no networkx graph")
    if not graph.is_directed():
        raise ValueError(
            f"from_networkx: a {type(graph).__name__} has edges without a direction; give a "
            "DiGraph, in which A -> B says that A is the cause"
        )
    marked: dict[str, dict[str, None]] = {mark: {} for mark in MARKS}
    causes = []
    for name, attributes in graph.nodes(data=True):
        if not isinstance(name, str):
            raise TypeError(
                f"from_networkx: node {name!r} is a {type(name).__name__}, names are strings: "
                "networkx.relabel_nodes(graph, str)"
            )
        for mark in _read(f"node {name!r}", marks, _texts(attributes)):
            marked[mark].setdefault(name)
        if _read(f"node {name!r}", _is_common_cause, attributes):
            causes.append(name)
    directed: list[Edge] = []
    bidirected: list[Edge] = []
    for tail, head, attributes in graph.edges(data=True):
        arc = _read(f"edge {tail!r} -> {head!r}", is_arc, _texts(attributes))
        (bidirected if arc else directed).append((tail, head))
    return folded(
        Specification(
            tuple(graph.nodes),
            tuple(directed),
            tuple(bidirected),
            **{mark: tuple(names) for mark, names in marked.items()},
        ),
        causes,
    )


def write(graph: Specification, bidirected: Bidirected = "latent") -> nx.DiGraph:
    """The graph as a networkx `DiGraph`, hidden nodes with `latent=True`.

    Args:
        graph: what to write.
        bidirected: what becomes of `A <-> B`. `"latent"`: a hidden root `U(A, B)` with the
            attribute `common_cause=True`, in a `DiGraph` on which every algorithm of networkx is
            right. `"edge"`: one edge with `bidirected=True` in a `MultiDiGraph`, which algorithms
            that do not look at the attribute take for an arrow.
    """
    import networkx as nx

    if bidirected not in ("latent", "edge"):
        raise ValueError(f"to_networkx: bidirected={bidirected!r}, expected 'latent' or 'edge'")
    told, causes = unfolded(graph) if bidirected == "latent" else (graph, {})
    made = nx.DiGraph() if bidirected == "latent" else nx.MultiDiGraph()
    for name, given in told.marks().items():
        made.add_node(name, **dict.fromkeys(given, True))
    for name in causes:
        made.nodes[name]["common_cause"] = True
    made.add_edges_from(told.directed)
    made.add_edges_from(told.bidirected, bidirected=True)
    return made


def _is_common_cause(attributes: Mapping[str, Any]) -> bool:
    return "common_cause" in attributes and yes("common_cause", attributes["common_cause"])


def _texts(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if isinstance(key, str)}


def _read(what: str, how: Any, attributes: Mapping[str, Any]) -> Any:
    try:
        return how(attributes)
    except AttributeValueError as error:
        raise ValueError(f"from_networkx: {what}: {error}") from None
