"""What makes a list of names and edges a graph, and what to say when it is none."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from difflib import get_close_matches

Edge = tuple[str, str]


def read_names(what: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names as a tuple, each a string and none twice."""
    if isinstance(names, str):
        raise TypeError(f"{what}={names!r} is one string; a list of names is wanted: [{names!r}]")
    listed = tuple(names)
    for name in listed:
        _check_name(what, name)
    _refuse_repeats(what, listed, listed)
    return listed


def read_edges(what: str, arrow: str, edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """The edges as a tuple of pairs: no loops, none twice (`<->` has no direction)."""
    if isinstance(edges, str):
        raise TypeError(f'{what}={edges!r} is a string; pairs of names are wanted: [("A", "B")]')
    listed = tuple(_read_edge(what, edge) for edge in edges)
    for tail, head in listed:
        if tail == head:
            raise ValueError(f"{what}: {tail} {arrow} {head} joins {tail} to itself")
    ends = listed if arrow == "->" else tuple(tuple(sorted(edge)) for edge in listed)
    _refuse_repeats(what, ends, [f"{tail} {arrow} {head}" for tail, head in listed])
    return listed


def refuse_unknown(what: str, names: Iterable[str], known: Sequence[str]) -> None:
    """Every name must be among the known ones; the error offers the nearest of them."""
    there = frozenset(known)
    for name in names:
        if name not in there:
            raise ValueError(f"{what}: {name!r} is no node of this graph{nearest(name, known)}")


def nearest(name: str, known: Sequence[str]) -> str:
    """The tail of an error message: the name probably meant, or what there is."""
    close = get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
    return f"; its nodes are {shown}" if known else "; it has no nodes"


def find_cycle(nodes: Sequence[str], children: Mapping[str, Sequence[str]]) -> list[str] | None:
    """A directed cycle as a path that ends where it starts, or None (depth first, no recursion)."""
    done: set[str] = set()
    for root in nodes:
        path = {} if root in done else {root: iter(children[root])}
        while path:
            here = next(reversed(path))
            child = next(path[here], None)
            if child is None:
                del path[here]
                done.add(here)
            elif child in path:
                walked = list(path)
                return [*walked[walked.index(child) :], child]
            elif child not in done:
                path[child] = iter(children[child])
    return None


def _read_edge(what: str, edge: Edge) -> Edge:
    if isinstance(edge, str) or not isinstance(edge, Iterable) or len(pair := tuple(edge)) != 2:
        raise TypeError(f'{what}: {edge!r} is not a pair of names; write ("A", "B")')
    tail, head = pair
    _check_name(what, tail)
    _check_name(what, head)
    return tail, head


def _check_name(what: str, name: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"{what}: {name!r} is a {type(name).__name__}; names are strings")
    if not name.strip():
        raise ValueError(f"{what}: {name!r} is blank; a name has at least one letter")


def _refuse_repeats(what: str, items: Sequence[Hashable], shown: Sequence[str]) -> None:
    seen = set()
    for item, text in zip(items, shown, strict=True):
        if item in seen:
            raise ValueError(f"{what}: {text} is listed twice")
        seen.add(item)
