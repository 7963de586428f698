"""Statements between braces, which DOT and dagitty share: chains of edges, attributes, groups.

block       { statement ... }      apart by `;`, in dagitty also `,`, or by nothing
statement   end (edge end)* [key=value, ...]  |  key = value  |  node [key=value, ...]
end         name  |  block
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scm.formats.mistake import FormatError
from scm.formats.tokens import Cursor, Token, adjacent

_DEEPEST = 50
_DEFAULTS = frozenset({"graph", "node", "edge"})
_NAMES = ("name", "number", "quoted")


@dataclass(frozen=True)
class Grammar:
    """In what the two formats differ.

    Attributes:
        edges: the strokes that are edges.
        meant: the name that a quoted word stands for.
        advice: what to say of a stroke that is no edge, or stands where none can be.
        keywords: words that are no names unless quoted, in lower case.
        separators: signs between statements.
    """

    edges: tuple[str, ...]
    meant: Callable[[str], str]
    advice: Callable[[Cursor, Token], str]
    keywords: frozenset[str] = frozenset()
    separators: tuple[str, ...] = (";",)


@dataclass(frozen=True)
class Name:
    """A node where it is mentioned."""

    text: str
    word: Token


@dataclass(frozen=True)
class Attribute:
    """`key=value`; the value is empty where none is given. Keys are in lower case."""

    key: str
    value: str
    word: Token


@dataclass(frozen=True)
class Default:
    """`node [...]` or `edge [...]`: attributes of all that comes later in the block."""

    of: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True)
class Chain:
    """Ends joined by edges, with attributes: one end and no edge is a statement about a node."""

    ends: "tuple[Name | Block, ...]"
    edges: tuple[Token, ...]
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True)
class Block:
    """What stands between two braces."""

    statements: tuple[Chain | Default, ...]


def read_block(cursor: Cursor, grammar: Grammar, depth: int = 0) -> Block:
    """The block that begins where the cursor is."""
    if not cursor.sees("{"):
        raise cursor.wrong("'{'")
    brace = cursor.take()
    statements: list[Chain | Default] = []
    if depth > _DEEPEST:
        raise cursor.wrong(f"at most {_DEEPEST} braces in each other", word=brace)
    while not cursor.accept("}"):
        if cursor.now.kind == "end":
            raise cursor.unclosed(brace, "}")
        if not cursor.accept(*grammar.separators):
            statements += _statement(cursor, grammar, depth)
    return Block(tuple(statements))


def read_end(cursor: Cursor) -> None:
    """Nothing follows the last brace."""
    if cursor.now.kind != "end":
        raise cursor.wrong("the end of the text", advice="one text holds one graph")


def _statement(cursor: Cursor, grammar: Grammar, depth: int) -> Iterator[Chain | Default]:
    word = cursor.now
    keyword = word.text.lower()
    if keyword in grammar.keywords & _DEFAULTS and cursor.ahead().text == "[":
        cursor.take()
        yield Default(keyword, tuple(_attributes(cursor, grammar)))
        return
    if word.kind in _NAMES and cursor.ahead().text == "=":
        cursor.take()
        cursor.take()
        _value(cursor, grammar)
        return  # a setting of the picture: `bb`, `rankdir`
    ends, edges = [_end(cursor, grammar, depth)], []
    while cursor.now.kind == "stroke":
        stroke = cursor.take()
        if stroke.text not in grammar.edges:
            raise _no_edge(cursor, grammar, stroke)
        edges.append(stroke)
        ends.append(_end(cursor, grammar, depth))
    attributes: list[Attribute] = []
    while cursor.sees("[") and (edges or isinstance(ends[0], Name)):
        attributes += _attributes(cursor, grammar)
    if cursor.now.kind not in (*_NAMES, "end") and not cursor.sees("{", "}", *grammar.separators):
        edge = _quoted(grammar.edges)
        raise cursor.wrong(*edge, "another statement", "'}'", advice=_odd(cursor))
    yield Chain(tuple(ends), tuple(edges), tuple(attributes))


def _end(cursor: Cursor, grammar: Grammar, depth: int) -> Name | Block:
    word = cursor.now
    if word.text.lower() == "subgraph" and "subgraph" in grammar.keywords:
        cursor.take()
        if cursor.now.kind in _NAMES:
            cursor.take()
        return read_block(cursor, grammar, depth + 1)
    if word.text == "{":
        return read_block(cursor, grammar, depth + 1)
    if word.text.lower() in grammar.keywords:
        advice = f"'{word.text}' is a word of this format; a node of that name is quoted"
        raise cursor.wrong("a name", "'{'", advice=advice, fix=f'"{word.text}"')
    if word.kind not in _NAMES or word.text.startswith("-"):
        advice = grammar.advice(cursor, word) if word.kind == "stroke" else _odd(cursor)
        raise cursor.wrong("a name", "'{'", advice=advice)
    cursor.take()
    while "subgraph" in grammar.keywords and cursor.accept(":"):
        if cursor.now.kind not in _NAMES:  # a port of DOT: the side at which an edge ends
            raise cursor.wrong("a port", advice='a name with a colon in it is quoted: "a:b"')
        cursor.take()
    return Name(grammar.meant(word.text[1:-1]) if word.kind == "quoted" else word.text, word)


def _attributes(cursor: Cursor, grammar: Grammar) -> Iterator[Attribute]:
    bracket = cursor.take()
    while not cursor.accept("]"):
        if cursor.accept(",", ";"):
            continue
        if cursor.now.kind == "end":
            raise cursor.unclosed(bracket, "]")
        if cursor.now.kind not in _NAMES:
            raise cursor.wrong("the name of an attribute", "']'")
        word = cursor.take()
        value = _value(cursor, grammar) if cursor.accept("=") else ""
        yield Attribute(word.text.strip('"').lower(), value, word)


def _value(cursor: Cursor, grammar: Grammar) -> str:
    if cursor.now.kind not in (*_NAMES, "html"):
        raise cursor.wrong("a value", advice="a value with signs in it is quoted")
    word = cursor.take()
    return grammar.meant(word.text[1:-1]) if word.kind == "quoted" else word.text


def _no_edge(cursor: Cursor, grammar: Grammar, stroke: Token) -> FormatError:
    edges, advice = _quoted(grammar.edges), grammar.advice(cursor, stroke)
    if stroke.text in ("=>", "-->", "--->", "–>", "—>", "→"):
        return cursor.wrong(*edges, advice=advice, fix="->", word=stroke)
    left, right = cursor.words[max(cursor.at - 2, 0)], cursor.now
    if stroke.text == "-" and adjacent([left, stroke, right]):
        advice = f'a name with a hyphen in it is quoted: "{left.text}-{right.text}"'
    return cursor.wrong(*edges, advice=advice, word=stroke)


def _odd(cursor: Cursor) -> str:
    """What to say of a word that is no name as it stands."""
    word, before = cursor.now, cursor.before
    if word.kind not in ("other", "number") and word.text != ":":
        return ""
    whole = before.text if before.kind == "name" and adjacent([before, word]) else ""
    return f'a name with such signs in it is quoted: "{whole}{word.text}"'


def _quoted(edges: tuple[str, ...]) -> list[str]:
    return [f"'{edge}'" for edge in edges]
