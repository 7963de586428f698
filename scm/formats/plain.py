"""Our own text: `Z -> T -> Y; T <-> Y`, what `print(graph)` shows.

text       statements, each ended by a new line, a `;` or the end; `#` begins a comment
statement  group (edge group)*  |  latent name, name, ...
group      name  |  { name, name, ... }       commas may be left out
edge       ->  |  <-  |  <->
name       letters, digits and most signs; anything at all between double quotes
"""

import re
from itertools import pairwise

from scm.formats.mistake import FormatError
from scm.formats.specification import Draft, Specification
from scm.formats.tokens import Cursor, Token, adjacent, scan

_STROKES = r"<>\-=~–—−→←↔"
# A name in the open does not begin with `/`: DOT and dagitty have comments that do.
_BARE = rf"[^\s/;,{{}}\[\]\"'#{_STROKES}][^\s;,{{}}\[\]\"#{_STROKES}]*"
_GRAMMAR = re.compile(
    r"(?P<blank>(?:[^\S\r\n]|\#[^\r\n]*)+)"
    r"|(?P<stop>\r\n|[\r\n;])"
    r'|(?P<quoted>"(?:\\.|[^"\\\r\n])*")|(?P<open>")'
    rf"|(?P<stroke>[{_STROKES}]+)"
    rf"|(?P<name>{_BARE})"
    r"|(?P<other>.)",
)
_EDGES = {"->": "->", "<-": "<-", "<->": "<->", "→": "->", "←": "<-", "↔": "<->"}
_EXPECTED = ("'->'", "'<-'", "'<->'")
_ESCAPES = {"\\": "\\", '"': '"', "n": "\n", "r": "\r", "t": "\t"}


def read(text: str) -> Specification:
    """The graph that a text of edges tells.

    Edges are `->`, `<-` and `<->` (an unseen common cause); they chain (`A -> B <- C`), and join
    every node of one set to every node of the next (`{A, B} -> C`). A name alone is a node
    without edges; `latent U` marks a node that is never in the data. Names with blanks or signs
    of the grammar stand in double quotes; `\\\\`, `\\"`, `\\n`, `\\r` and `\\t` are escapes there.

    Raises:
        FormatError: what is not in this grammar; a loop or a circle of arrows.

    >>> read("{A, B} -> T <-> Y  # a comment\\nlatent B").directed
    (('A', 'T'), ('B', 'T'))
    """
    cursor, draft = Cursor(text, scan(text, _GRAMMAR)), Draft(text)
    while cursor.now.kind != "end":
        if cursor.now.kind == "stop":
            cursor.take()
        elif cursor.sees("latent"):
            _latent(cursor, draft)
        else:
            _chain(cursor, draft)
    return draft.finish()


def write(graph: Specification) -> str:
    """The text of a graph on one line: arrows, arcs, nodes without edges, marks.

    >>> print(write(Specification(("Z", "a b", "U"), directed=(("Z", "a b"),), latent=("U",))))
    Z -> "a b"; U; latent U
    """
    quoted = {name: quote(name) for name in graph.nodes}
    told = [f"{quoted[a]} -> {quoted[b]}" for a, b in graph.directed]
    told += [f"{quoted[a]} <-> {quoted[b]}" for a, b in graph.bidirected]
    joined = {name for edge in (*graph.directed, *graph.bidirected) for name in edge}
    told += [quoted[name] for name in graph.nodes if name not in joined]
    return "; ".join([*told, *(f"latent {quoted[name]}" for name in graph.latent)])


def quote(name: str) -> str:
    """A name as it is written: in quotes where it would be read otherwise without."""
    if re.fullmatch(_BARE, name) and name != "latent":
        return name
    for sign, character in _ESCAPES.items():
        name = name.replace(character, f"\\{sign}")
    return f'"{name}"'


def _latent(cursor: Cursor, draft: Draft) -> None:
    keyword = cursor.take()
    names = _group(cursor, draft) if cursor.sees("{") else []
    while not names or cursor.now.kind in ("name", "quoted") or cursor.sees(","):
        if names:
            cursor.accept(",")
        if not names and cursor.now.kind == "stroke":
            advice = f"'{keyword.text}' is a word of this format; a node of that name is quoted"
            raise cursor.wrong("the name of a hidden node", advice=advice)
        names.append(_name(cursor, draft, "the name of a hidden node"))
    for name in names:
        draft.mark(name, ["latent"])
    if cursor.now.kind == "stroke":
        advice = f"a mark and an edge are two statements, apart by ';': latent {quote(names[-1])}"
        raise cursor.wrong("another name", "';'", "the end of the line", advice=advice)
    _stop(cursor)


def _chain(cursor: Cursor, draft: Draft) -> None:
    groups, edges = [_group(cursor, draft)], []
    while cursor.now.kind == "stroke":
        word = cursor.take()
        edge = _EDGES.get(word.text)
        if edge is None:
            raise _no_edge(cursor, word)
        groups.append(_group(cursor, draft))
        edges.append((edge, word))
    for (tails, heads), (edge, word) in zip(pairwise(groups), edges, strict=True):
        for one in tails:
            for other in heads:
                if edge == "<->":
                    draft.arc(one, other, word)
                else:
                    draft.arrow(*((one, other) if edge == "->" else (other, one)), word)
    _stop(cursor)


def _group(cursor: Cursor, draft: Draft) -> list[str]:
    """One name, or several between braces; lines may break between braces."""
    if not cursor.sees("{"):
        return [_name(cursor, draft, "a name", "'{'")]
    brace = cursor.take()
    names: list[str] = []
    while True:
        while cursor.now.kind == "stop" and cursor.now.text != ";":
            cursor.take()
        if names and cursor.accept("}"):
            return names
        if cursor.now.kind == "end":
            raise cursor.unclosed(brace, "}")
        if names and cursor.accept(","):
            continue
        if names and cursor.now.kind == "stroke":
            advice = f"the braces end before the edge: {{{', '.join(map(quote, names))}}} -> ..."
            raise cursor.wrong("','", "'}'", "another name", advice=advice)
        expected = ("','", "'}'", "another name") if names else ("a name",)
        names.append(_name(cursor, draft, *expected))


def _name(cursor: Cursor, draft: Draft, *expected: str) -> str:
    word = cursor.now
    if word.kind == "quoted":
        cursor.take()
        return draft.node(_unquoted(cursor, word), word)
    if word.text == "latent":
        advice = "'latent' is a word of this format; a node of that name is quoted"
        raise cursor.wrong(*expected, advice=advice, fix='"latent"')
    if word.kind != "name":
        first = not cursor.at or cursor.before.kind == "stop"
        advice = _BEGIN if first and word.kind == "stroke" else _ADVICE.get(word.text, "")
        raise cursor.wrong(*expected, advice=advice)
    cursor.take()
    return draft.node(word.text, word)


_ADVICE = {
    "'": 'names stand in double quotes: "a name"',
    "/": "a comment begins with '#'; a name with such a sign first is quoted",
    "[": "a hidden node is marked by a statement of its own: latent U",
    "dag": "dagitty text stands in braces: dag { A -> B }",
    "digraph": "DOT text stands in braces: digraph { A -> B }",
}
_BEGIN = "a statement begins with a name, and a line does not go on with an edge"


def _unquoted(cursor: Cursor, word: Token) -> str:
    def meant(escape: re.Match[str]) -> str:
        if escape[1] not in _ESCAPES:
            at = Token("other", escape[0], word.start + 1 + escape.start())
            raise cursor.wrong(r"\\, \", \n, \r or \t", word=at)
        return _ESCAPES[escape[1]]

    return re.sub(r"\\(.)", meant, word.text[1:-1])


def _stop(cursor: Cursor) -> None:
    """A statement has come to its end; else, what is the matter."""
    word = cursor.now
    if word.kind in ("stop", "end"):
        return
    expected = (*_EXPECTED, "';'", "the end of the line")
    if word.kind in ("name", "quoted"):
        one = cursor.before
        advice = "two names follow each other; a name with a blank in it is quoted"
        if cursor.at == 1 and one.text in _ADVICE:
            raise cursor.wrong(*expected, advice=_ADVICE[one.text])
        if one.kind == word.kind == "name":
            advice += f': "{one.text} {word.text}"'
        raise cursor.wrong(*expected, advice=advice)
    if word.text == ",":
        raise cursor.wrong(*expected, advice="several nodes stand in braces: {A, B} -> C")
    raise cursor.wrong(*expected, advice=_ADVICE.get(word.text, ""))


def _no_edge(cursor: Cursor, word: Token) -> FormatError:
    """What to say of a stroke that is no edge."""
    left, right = cursor.words[max(cursor.at - 2, 0)], cursor.now
    tip, tail = set(word.text) & set(">→"), set(word.text) & set("<←")
    if tip or tail:
        fix = "<->" if tip and tail else "->" if tip else "<-"
        return cursor.wrong(*_EXPECTED, fix=fix, word=word)
    names = left.kind == right.kind == "name"
    a, b = (left.text, right.text) if names else ("A", "B")
    advice = f"an edge says which is the cause: {a} -> {b}, {a} <- {b}, or {a} <-> {b}"
    if names and adjacent([left, word, right]):
        advice += f'; a name with such a sign in it is quoted: "{a}{word.text}{b}"'
    return cursor.wrong(*_EXPECTED, advice=advice, word=word)
