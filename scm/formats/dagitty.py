"""The text of dagitty.net and of the R package dagitty: `dag { Z -> T [beta=0.3] T [exposure] }`.

Source: Textor, van der Zander, Gilthorpe, Liskiewicz, Ellison (2016), Robust causal inference
using directed acyclic graphs: the R package dagitty.
"""

import re

from scm.formats.attributes import AttributeValueError, marks
from scm.formats.braces import Attribute, Block, Chain, Grammar, Name, read_block, read_end
from scm.formats.mistake import mistake
from scm.formats.specification import Draft, Specification
from scm.formats.tokens import Cursor, Token, scan

_SCANNER = re.compile(
    r"(?P<blank>(?:\s|//[^\r\n]*|\#[^\r\n]*|/\*(?s:.*?)\*/)+)"
    r'|(?P<quoted>"(?:\\(?s:.)|[^"\\])*")|(?P<open>")'
    r"|(?P<number>-?(?:\.\d+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?![\w.]))"
    r"|(?P<stroke>[<>@\-–—−→←↔]+|=+>)"
    r"|(?P<sign>[{}\[\];,=])"
    r"|(?P<name>(?:[\w.])+)"
    r"|(?P<other>[^\s{}\[\];,=\"<>@\-]+|.)",
)
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_WORDS = frozenset({"dag", "pdag", "mag", "pag", "graph", "digraph", "node", "edge", "subgraph"})
_OTHERS = {
    "pdag": "a class of graphs, with edges that have no direction",
    "cpdag": "a class of graphs, with edges that have no direction",
    "mag": "an ancestral graph, whose arrows are not causes but ancestors",
    "pag": "a class of ancestral graphs",
    "graph": "a graph of an older notation",
}
_EDGES = ("->", "<-", "<->")


def read(text: str) -> Specification:
    """The graph, and the question if there is one, that a dagitty text tells.

    Nodes may have `[exposure]`, `[outcome]`, `[adjusted]`, `[latent]` or `[unobserved]`, and
    positions and coefficients, which are left out. Edges are `->`, `<-`, `<->`; they chain, and
    join groups: `{A B} -> C`. A node of an edge need not be declared.

    Returns:
        A `Specification`; exposure, outcome and adjusted are its own fields, no marks of a graph.

    Raises:
        FormatError: what is not in this grammar; `pdag`, `mag` and other kinds of graphs; nodes
            that are `[selected]`; a loop or a circle of arrows.

    >>> told = read('dag { bb="0,0,1,1" T [exposure,pos="0,1"] Y [outcome] {Z U} -> T -> Y }')
    >>> told.directed, told.exposure
    ((('Z', 'T'), ('U', 'T'), ('T', 'Y')), ('T',))
    """
    cursor, draft = Cursor(text, scan(text, _SCANNER)), Draft(text)
    kind = cursor.take()
    if kind.text.lower() in _OTHERS:
        advice = f"a {kind.text} is {_OTHERS[kind.text.lower()]}; a causal graph is a dag"
        raise cursor.wrong("'dag'", advice=advice, word=kind)
    if kind.text.lower() != "dag":
        raise cursor.wrong("'dag'", advice="a dagitty text is: dag { A -> B }", word=kind)
    if cursor.now.kind in ("name", "quoted"):
        cursor.take()
    _told(read_block(cursor, _GRAMMAR), draft)
    read_end(cursor)
    return draft.finish()


def write(graph: Specification) -> str:
    """The text of a graph with all its nodes, their marks, and edges, one a line.

    >>> print(write(Specification(("T", "Y"), (("T", "Y"),), exposure=("T",), outcome=("Y",))))
    dag {
      T [exposure]
      Y [outcome]
      T -> Y
    }
    """
    quoted = {name: _quote(name) for name in graph.nodes}
    told = [
        f"{quoted[name]} [{','.join(given)}]" if given else quoted[name]
        for name, given in graph.marks().items()
    ]
    told += [f"{quoted[a]} -> {quoted[b]}" for a, b in graph.directed]
    told += [f"{quoted[a]} <-> {quoted[b]}" for a, b in graph.bidirected]
    return "\n".join(["dag {", *(f"  {line}" for line in told), "}"])


def _told(block: Block, draft: Draft) -> list[str]:
    """Take a block's statements into the draft; the names that it mentions."""
    names: list[str] = []
    for chain in block.statements:
        if not isinstance(chain, Chain):
            continue
        ends = [
            [draft.node(end.text, end.word)] if isinstance(end, Name) else _told(end, draft)
            for end in chain.ends
        ]
        for tails, heads, edge in zip(ends, ends[1:], chain.edges, strict=False):
            for one in tails:
                for other in heads:
                    _edge(draft, one, other, edge)
        if not chain.edges:
            for name in ends[0] if chain.attributes else ():
                draft.mark(name, _marks(draft.text, chain.attributes))
        names += [name for end in ends for name in end]
    return list(dict.fromkeys(names))


def _edge(draft: Draft, one: str, other: str, edge: Token) -> None:
    if edge.text == "<->":
        draft.arc(one, other, edge)
    elif edge.text == "->":
        draft.arrow(one, other, edge)
    else:
        draft.arrow(other, one, edge)


def _marks(text: str, attributes: tuple[Attribute, ...]) -> list[str]:
    found = []
    for each in attributes:
        if each.key in ("selected", "s"):
            complaint = "found 'selected', expected latent, exposure, outcome or adjusted"
            advice = (
                "a graph has no selected nodes; take the mark away, and condition on the node in "
                "every question: given=[...]"
            )
            raise mistake(text, each.word.start, complaint, end=each.word.end, advice=advice)
        try:
            found += marks({each.key: each.value}, dagitty=True)
        except AttributeValueError as error:
            raise mistake(text, each.word.start, str(error), end=each.word.end) from None
    return found


def _advice(cursor: Cursor, stroke: Token) -> str:
    if "@" in stroke.text:
        return "'@' is a mark of classes of graphs (pag); a causal graph has '->' and '<->'"
    if set(stroke.text) <= set("-–—−"):
        return "an edge says which is the cause: A -> B, A <- B, or A <-> B"
    return ""


def _meant(inside: str) -> str:
    return re.sub(r"\\(.)", r"\1", inside, flags=re.DOTALL)


def _quote(name: str) -> str:
    if _BARE.fullmatch(name) and name.lower() not in _WORDS:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


_GRAMMAR = Grammar(_EDGES, _meant, _advice, separators=(";", ","))
