"""DOT, the language of Graphviz: `digraph { Z -> T -> Y; T -> Y [dir=both]; U [latent=true] }`.

Source: https://graphviz.org/doc/info/lang.html
"""

import re
from collections.abc import Mapping

from scm.formats.attributes import AttributeValueError, marks
from scm.formats.braces import Attribute, Block, Default, Grammar, Name, read_block, read_end
from scm.formats.mistake import FormatError, mistake
from scm.formats.specification import Draft, Specification
from scm.formats.tokens import Cursor, Token, scan

_SCANNER = re.compile(
    r"(?P<blank>(?:(?:\A|[\r\n])[^\S\r\n]*\#[^\r\n]*|\s|//[^\r\n]*|/\*(?s:.*?)\*/)+)"
    r'|(?P<quoted>"(?:\\(?s:.)|[^"\\])*")|(?P<open>")'
    r"|(?P<number>-?(?:\.\d+|\d+(?:\.\d*)?)(?![\w.]))"
    r"|(?P<name>[^\W\d]\w*(?![\w.]))"
    r"|(?P<stroke><?[-–—−]+>?|[=]+>|[→←↔])"
    r"|(?P<html><(?:[^<>]|<[^<>]*>)*>)"
    r"|(?P<sign>[{}\[\];,:=])"
    r"|(?P<other>[\w.]+|.)",
)
_KEYWORDS = frozenset({"strict", "graph", "digraph", "subgraph", "node", "edge"})
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CIRCLES = frozenset({"odot", "odiamond", "circle"})

Attributes = dict[str, Attribute]


def read(text: str) -> Specification:
    """The graph that a DOT text draws.

    `A -> B` is an arrow; drawn with heads at both ends (`dir=both`), it is an unseen common cause,
    and with `dir=back` the arrow is from B to A. A node with `latent=true`, `unobserved=true`,
    `observed=no` or DoWhy's label "Unobserved Confounders" is hidden. Line styles say nothing,
    nor do other attributes. Nodes go by their ids, in which `\\\\`, `\\"` and `\\n` are read as
    Graphviz draws them.

    Raises:
        FormatError: what is not in this grammar; `graph` and edges without a direction; edges
            drawn with circles; a loop or a circle of arrows.

    >>> told = read('digraph { U[observed="no"]; U -> {T Y}; T -> Y; T -> M [dir="both"] }')
    >>> told.directed, told.bidirected, told.latent
    ((('U', 'T'), ('U', 'Y'), ('T', 'Y')), (('T', 'M'),), ('U',))
    """
    cursor, draft = Cursor(text, scan(text, _SCANNER)), Draft(text)
    if cursor.now.text.lower() == "strict":
        cursor.take()
    kind = cursor.take()
    if kind.text.lower() == "graph":
        advice = "the edges of a graph have no direction; those of a digraph have: A -> B"
        raise cursor.wrong("'digraph'", advice=advice, word=kind)
    if kind.text.lower() != "digraph":
        raise cursor.wrong("'digraph'", advice="DOT text is: digraph { A -> B }", word=kind)
    if cursor.now.kind in ("name", "number", "quoted"):
        cursor.take()
    reading = _Reading(draft)
    reading.block(read_block(cursor, _GRAMMAR), {"node": {}, "edge": {}, "graph": {}})
    read_end(cursor)
    for name, attributes in reading.attributes.items():
        reading.draft.mark(name, reading.checked(attributes))
    return draft.finish()


def write(graph: Specification) -> str:
    """DOT text that Graphviz draws as `graph.draw()` does: causes left, hidden nodes dashed.

    >>> print(write(Specification(("U", "T", "Y"), (("U", "T"),), (("T", "Y"),), ("U",))))
    digraph {
      rankdir=LR
      node [shape=box, style=rounded, height=0.3]
      U [latent=true, shape=ellipse, style=dashed]
      T
      Y
      U -> T
      T -> Y [dir=both, style=dashed, constraint=false]
    }
    """
    quoted = {name: _quote(name) for name in graph.nodes}
    look = {"latent": "latent=true, shape=ellipse, style=dashed"}
    told = ["rankdir=LR", "node [shape=box, style=rounded, height=0.3]"]
    for name, given in graph.marks().items():
        listed = ", ".join(look.get(mark, f"{mark}=true") for mark in given)
        told.append(f"{quoted[name]} [{listed}]" if listed else quoted[name])
    told += [f"{quoted[a]} -> {quoted[b]}" for a, b in graph.directed]
    both = "[dir=both, style=dashed, constraint=false]"
    told += [f"{quoted[a]} -> {quoted[b]} {both}" for a, b in graph.bidirected]
    return "\n".join(["digraph {", *(f"  {line}" for line in told), "}"])


class _Reading:
    """A walk over the statements: attributes of nodes gather until all of them are known."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.attributes: dict[str, Attributes] = {}

    def block(self, block: Block, outer: Mapping[str, Attributes]) -> list[str]:
        """Take a block's statements into the draft; the names that it mentions."""
        default = {of: dict(given) for of, given in outer.items()}
        names: list[str] = []
        for each in block.statements:
            if isinstance(each, Default):
                default[each.of] |= _named(each.attributes)
                continue
            ends = [self.end(end, default) for end in each.ends]
            given = _named(each.attributes)
            if not each.edges:
                for name in ends[0]:
                    self.attributes[name] |= given
            for tails, heads, edge in zip(ends, ends[1:], each.edges, strict=False):
                for one in tails:
                    for other in heads:
                        self.edge(one, other, edge, default["edge"] | given)
            names += [name for end in ends for name in end]
        return list(dict.fromkeys(names))

    def end(self, end: Name | Block, default: Mapping[str, Attributes]) -> list[str]:
        if isinstance(end, Block):
            return self.block(end, default)
        name = self.draft.node(end.text, end.word)
        self.attributes.setdefault(name, dict(default["node"]))
        return [name]

    def edge(self, one: str, other: str, edge: Token, given: Attributes) -> None:
        tip, tail = _tips(self.draft.text, given)
        if tip and tail:
            self.draft.arc(one, other, edge)
        elif tip:
            self.draft.arrow(one, other, edge)
        elif tail:
            self.draft.arrow(other, one, edge)
        else:
            advice = "an edge without an arrowhead says nothing of causes"
            complaint = "this edge is drawn without arrowheads, expected one or two"
            raise mistake(self.draft.text, edge.start, complaint, end=edge.end, advice=advice)

    def checked(self, attributes: Attributes) -> list[str]:
        found = []
        for each in attributes.values():
            try:
                found += marks({each.key: each.value})
            except AttributeValueError as error:
                raise _wrong(self.draft.text, each, str(error)) from None
        return found


def _tips(text: str, given: Attributes) -> tuple[bool, bool]:
    """Whether an edge is drawn with a head at its end, and with one at its beginning."""
    way = given["dir"].value.lower() if "dir" in given else "forward"
    drawn = {"forward": "head", "back": "tail", "both": "head tail", "none": ""}
    if way not in drawn:
        complaint = f"found dir={way}, expected forward, back, both or none"
        raise _wrong(text, given["dir"], complaint)
    found = []
    for side in ("head", "tail"):
        shape = given.get(f"arrow{side}")
        if side in drawn[way] and shape and shape.value.lower() in _CIRCLES:
            complaint = f"found an edge that ends in a circle ({shape.value}), expected an arrow"
            raise _wrong(text, shape, complaint)
        found.append(side in drawn[way] and not (shape and shape.value.lower() == "none"))
    return found[0], found[1]


def _named(attributes: tuple[Attribute, ...]) -> Attributes:
    return {each.key: each for each in attributes}


def _wrong(text: str, attribute: Attribute, complaint: str) -> FormatError:
    return mistake(text, attribute.word.start, complaint, end=attribute.word.end)


def _advice(cursor: Cursor, stroke: Token) -> str:
    if stroke.text in ("<-", "<--", "←"):
        return "DOT has no such edge: write B -> A for A <- B"
    if stroke.text in ("<->", "<-->", "↔"):
        return "DOT has no such edge: write A -> B [dir=both] for A <-> B"
    if set(stroke.text) <= set("-–—−"):
        return "an edge says which is the cause: A -> B, or A -> B [dir=both] for both ways"
    return ""


def _meant(inside: str) -> str:
    """The name as it is drawn."""
    drawn = {'"': '"', "\\": "\\", "n": "\n", "l": "\n", "r": "\n", "\n": ""}
    return re.sub(r"\\(.)", lambda m: drawn.get(m[1], m[0]), inside, flags=re.DOTALL)


def _quote(name: str) -> str:
    if _BARE.fullmatch(name) and name.lower() not in _KEYWORDS:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


_GRAMMAR = Grammar(("->",), _meant, _advice, keywords=_KEYWORDS)
