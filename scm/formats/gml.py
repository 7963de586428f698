"""GML: `graph [ directed 1 node [ id 0 label "T" ] edge [ source 0 target 1 ] ]`.

Read here rather than by networkx, whose errors name no column and which says nothing of arrows
that run in a circle.

Source: Himsolt (1997), GML: a portable graph file format.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from scm.formats.attributes import AttributeValueError, is_arc, marks, yes
from scm.formats.causes import folded, unfolded
from scm.formats.mistake import FormatError, mistake
from scm.formats.specification import Draft, Specification
from scm.formats.tokens import Cursor, Token, scan

_SCANNER = re.compile(
    r"(?P<blank>(?:(?:\A|[\r\n])[^\S\r\n]*\#[^\r\n]*|\s)+)"
    r'|(?P<quoted>"[^"]*")|(?P<open>")'
    r"|(?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))"
    r"|(?P<key>[A-Za-z_]\w*)"
    r"|(?P<sign>[\[\]])"
    r"|(?P<other>[^\s\[\]\"]+)",
)

Found = TypeVar("Found")


@dataclass(frozen=True)
class Pair:
    """A key and what follows it: a value, or more pairs in brackets."""

    key: Token
    value: "Token | tuple[Pair, ...]"

    @property
    def text(self) -> str:
        """The value as a text, empty if it is in brackets."""
        if not isinstance(self.value, Token):
            return ""
        return _meant(self.value.text[1:-1]) if self.value.kind == "quoted" else self.value.text


def read(text: str) -> Specification:
    """The graph that a GML text holds. Nodes go by their labels, or by their ids if they have none.

    Ids may be numbers or texts in quotes. A node is hidden by `latent 1`, `observed "no"` or
    DoWhy's label "Unobserved Confounders"; an edge is bidirected by `bidirected 1` or
    `dir "both"`, and so are the two edges of a hidden root with `common_cause 1`, as `write`
    makes them. Other attributes are left out.

    Raises:
        FormatError: what is not in this grammar; a graph that is not `directed 1`; an id or a
            label given twice; an edge to no node; a loop or a circle of arrows.

    >>> read('graph[directed 1 node[id "X"] node[id "Y"] edge[source "X" target "Y"]]').directed
    (('X', 'Y'),)
    """
    cursor, draft = Cursor(text, scan(text, _SCANNER)), Draft(text)
    pairs = _pairs(cursor)
    if cursor.now.kind != "end":
        raise cursor.wrong("a key", "the end of the text")
    graph = next((pair for pair in pairs if pair.key.text.lower() == "graph"), None)
    if graph is None or isinstance(graph.value, Token):
        raise cursor.wrong("'graph [ ... ]'", word=graph.key if graph else cursor.words[0])
    _refuse_undirected(text, graph)
    names: dict[str, str] = {}
    causes = []
    for node in _named(graph, "node"):
        name = _node(draft, node, names)
        if _read(text, node, _is_common_cause):
            causes.append(name)
    for edge in _named(graph, "edge"):
        one, other = (_joined(text, edge, side, names) for side in ("source", "target"))
        join = draft.arc if _read(text, edge, is_arc) else draft.arrow
        join(one, other, edge.key)
    return folded(draft.finish(), causes)


def write(graph: Specification) -> str:
    """GML that networkx and DoWhy read; `A <-> B` becomes a hidden root with `common_cause 1`.

    >>> print(write(Specification(("T", "Y"), (("T", "Y"),), latent=("T",))))
    graph [
      directed 1
      node [ id 0 label "T" latent 1 ]
      node [ id 1 label "Y" ]
      edge [ source 0 target 1 ]
    ]
    """
    graph, causes = unfolded(graph)
    ids = {name: i for i, name in enumerate(graph.nodes)}
    told = ["directed 1"]
    for name, given in graph.marks().items():
        keys = [*given, *(["common_cause"] if name in causes else [])]
        listed = "".join(f" {key} 1" for key in keys)
        told.append(f'node [ id {ids[name]} label "{_escaped(name)}"{listed} ]')
    told += [f"edge [ source {ids[a]} target {ids[b]} ]" for a, b in graph.directed]
    return "\n".join(["graph [", *(f"  {line}" for line in told), "]"])


def _pairs(cursor: Cursor) -> tuple[Pair, ...]:
    """Keys and values up to a closing bracket or the end; brackets may nest to any depth."""
    # A stack instead of recursion: each entry is an open bracket's key, bracket and pairs so far.
    outer: list[tuple[Token, Token, list[Pair]]] = []
    found: list[Pair] = []
    while True:
        if cursor.now.kind == "end":
            if outer:
                raise cursor.unclosed(outer[-1][1], "]")
            return tuple(found)
        if cursor.sees("]") and outer:
            cursor.take()
            key, _, before = outer.pop()
            before.append(Pair(key, tuple(found)))
            found = before
            continue
        if cursor.now.kind != "key":
            raise cursor.wrong("a key", "']'" if outer else "the end of the text")
        key = cursor.take()
        if cursor.sees("["):
            outer.append((key, cursor.take(), found))
            found = []
        elif cursor.now.kind in ("number", "quoted"):
            found.append(Pair(key, cursor.take()))
        else:
            word = cursor.now
            fix = f'"{word.text}"' if word.kind in ("key", "other") else ""
            advice = "text is quoted" if fix else ""
            raise cursor.wrong("a number", "a text in quotes", "'['", advice=advice, fix=fix)


def _refuse_undirected(text: str, graph: Pair) -> None:
    directed = next(_named(graph, "directed", plain=True), None)
    if directed is None or directed.text != "1":
        word = directed.key if directed else graph.key
        found = f"directed {directed.text}" if directed else "a graph without a direction"
        complaint = f"found {found}, expected 'directed 1'"
        advice = "edges without a direction say nothing of causes; write: graph [ directed 1 ... ]"
        raise mistake(text, word.start, complaint, end=word.end, advice=advice)


def _node(draft: Draft, node: Pair, names: dict[str, str]) -> str:
    """Take a node into the draft, and its id into `names`; returns its name."""
    given = _attributes(node)
    if "id" not in given:
        raise _wrong(draft.text, node.key, "this node has no id, expected one: node [ id 0 ]")
    key, label = given["id"].text, given.get("label", given["id"])
    if key in names:
        raise _wrong(draft.text, given["id"].key, f"id {key} is given twice, expected another")
    if label.text in draft.nodes:
        complaint = f"label {label.text!r} is given twice, expected another"
        raise _wrong(draft.text, label.key, complaint)
    assert isinstance(label.value, Token)
    names[key] = draft.node(label.text, label.value)
    draft.mark(names[key], _read(draft.text, node, marks))
    return names[key]


def _joined(text: str, edge: Pair, side: str, names: dict[str, str]) -> str:
    end = _attributes(edge).get(side)
    if end is None:
        complaint = f"this edge has no {side}, expected one: edge [ source 0 target 1 ]"
        raise _wrong(text, edge.key, complaint)
    if end.text not in names:
        assert isinstance(end.value, Token)
        complaint = f"found {side} {end.value.text}, expected the id of a node"
        shown = ", ".join([*names][:8]) + (", ..." if len(names) > 8 else "")
        advice = f"the ids are {shown}" if names else "there are no nodes"
        word = end.value
        raise mistake(text, word.start, complaint, end=word.end, advice=advice)
    return names[end.text]


def _named(graph: Pair, key: str, *, plain: bool = False) -> Iterator[Pair]:
    """The pairs in a bracket that have this key, and a value or a bracket."""
    assert not isinstance(graph.value, Token)
    for pair in graph.value:
        if pair.key.text.lower() == key and isinstance(pair.value, Token) == plain:
            yield pair


def _attributes(pair: Pair) -> dict[str, Pair]:
    assert not isinstance(pair.value, Token)
    return {each.key.text.lower(): each for each in pair.value if isinstance(each.value, Token)}


def _read(text: str, pair: Pair, how: Callable[[Mapping[str, str]], Found]) -> Found:
    """What a function says of the attributes in a bracket."""
    given = _attributes(pair)
    try:
        return how({key: each.text for key, each in given.items()})
    except AttributeValueError as error:
        raise _wrong(text, given[error.key].key, str(error)) from None


def _is_common_cause(attributes: Mapping[str, str]) -> bool:
    return "common_cause" in attributes and yes("common_cause", attributes["common_cause"])


def _wrong(text: str, word: Token, complaint: str) -> FormatError:
    return mistake(text, word.start, complaint, end=word.end)


def _escaped(name: str) -> str:
    """The file is ASCII; what is not, and the quote and ampersand, are numbered entities."""
    return re.sub(r'[^ -~]|[&"]', lambda match: f"&#{ord(match[0])};", name)


def _meant(inside: str) -> str:
    def character(entity: re.Match[str]) -> str:
        if entity[1]:
            return chr(int(entity[1]))
        return chr(int(entity[2], 16)) if entity[2] else html.unescape(entity[0])

    return re.sub(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|\w+);", character, inside)
