"""What makes a list of names and edges a graph, and what to say when it is none."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from difflib import get_close_matches

Edge = tuple[str, str]
Names = str | Iterable[str]


def read_names(what: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names as a tuple, each a string and none twice; those of a set in the alphabet's order,
    for a set has none that would be the same in the next process."""
    if isinstance(names, str):
        raise TypeError(f"{what}={names!r} is one string; a list of names is wanted: [{names!r}]")
    if not isinstance(names, Iterable):
        raise TypeError(f'{what}={names!r} is no list of names; write {what}=["A", "B"]')
    listed = tuple(_read_name(what, name) for name in names)
    if isinstance(names, Set):
        return tuple(sorted(listed))
    again = [name for name, count in Counter(listed).items() if count > 1]
    if again:
        raise ValueError(f"{what}: {again[0]} is listed twice")
    return listed


def read_edges(what: str, arrow: str, edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """The edges as a tuple of pairs: no loops; an edge told again is the same edge."""
    if isinstance(edges, str):
        raise TypeError(f'{what}={edges!r} is a string; pairs of names are wanted: [("A", "B")]')
    if not isinstance(edges, Iterable):
        raise TypeError(f'{what}={edges!r} is no list of pairs; write {what}=[("A", "B")]')
    listed = [_read_edge(what, arrow, edge) for edge in edges]
    if isinstance(edges, Set):
        listed.sort()
    for tail, head in listed:
        if tail == head:
            raise ValueError(f"{what}: {tail} {arrow} {head} joins {tail} to itself")
    # `A <-> B` has no direction: `B <-> A` tells it again.
    told: dict[Edge, Edge] = {}
    for tail, head in listed:
        same = (tail, head) if arrow == "->" or tail < head else (head, tail)
        told.setdefault(same, (tail, head))
    return tuple(told.values())


def read_nodes(asked: str, of: Names, known: Sequence[str]) -> tuple[str, ...]:
    """The nodes that a question names, each once; those of a set in the order of `known`."""
    if not isinstance(of, Iterable):
        raise TypeError(f"{asked}: {of!r} is no name; give one name, or a list of names")
    names = (of,) if isinstance(of, str) else tuple(of)
    read = tuple(dict.fromkeys(_read_name(asked, name, blank=True) for name in names))
    refuse_unknown(asked, read, known)
    return tuple(name for name in known if name in of) if isinstance(of, Set) else read


def refuse_unknown(what: str, names: Iterable[str], known: Sequence[str]) -> None:
    """Every name must be among the known ones; the error offers the nearest of them."""
    there = frozenset(known)
    for name in names:
        if name not in there:
            raise ValueError(f"{what}: {name!r} is no node of this graph{nearest(name, known)}")


def refuse_overlap(asked: str, named: Mapping[str, Sequence[str]], filled: int = 2) -> None:
    """No node plays two roles in one question, and the first `filled` roles are not empty."""
    for role, names in list(named.items())[:filled]:
        if not names:
            raise ValueError(f"{asked}: {role} is empty; name at least one node")
    role_of: dict[str, str] = {}
    for role, names in named.items():
        for name in names:
            if name in role_of:
                raise ValueError(
                    f"{asked}: {name} is in {role_of[name]} and in {role}; a node has one role"
                )
            role_of[name] = role


def nearest(name: str, known: Sequence[str]) -> str:
    """The tail of an error message: the name probably meant, or what there is."""
    folded = {other.casefold(): other for other in known}
    close = get_close_matches(name.casefold(), folded, n=1)
    if close:
        return f"; did you mean {folded[close[0]]!r}?"
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


def _read_edge(what: str, arrow: str, edge: Iterable[str]) -> Edge:
    if isinstance(edge, str) or not isinstance(edge, Iterable) or len(pair := tuple(edge)) != 2:
        raise TypeError(f'{what}: {edge!r} is not a pair of names; write ("A", "B")')
    tail, head = (_read_name(what, name) for name in pair)
    if isinstance(edge, Set):
        tail, head = sorted((tail, head))
        if arrow == "->":
            told = f"({tail!r}, {head!r}) or ({head!r}, {tail!r})"
            raise TypeError(f"{what}: a set has no first and no second; write {told}")
    return tail, head


def _read_name(what: str, name: object, blank: bool = False) -> str:
    """The name as a plain string (numpy's are not); where names are asked for, blank is unknown."""
    if not isinstance(name, str):
        raise TypeError(f"{what}: {name!r} is of type {type(name).__name__}; names are strings")
    if not blank and not name.strip():
        raise ValueError(f"{what}: {name!r} is blank; a name has at least one letter")
    return str(name)
