"""The model syntax of the R package lavaan: `Y ~ a*T + Z`, `T ~~ Y`, `U =~ x1 + x2`.

Source: Rosseel (2012), lavaan: an R package for structural equation modeling.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scm.formats.mistake import FormatError
from scm.formats.specification import Draft, Specification
from scm.formats.tokens import Cursor, Token, scan

_NAME = r"(?:[^\W\d_]|\.(?!\d))[\w.]*"
_SCANNER = re.compile(
    r"(?P<blank>(?:[^\S\r\n]|[\#!][^\r\n]*)+)"
    r"|(?P<stop>\r\n|[\r\n;])"
    r'|(?P<quoted>"[^"\r\n]*")|(?P<open>")'
    r"|(?P<assign><-)"
    r"|(?P<constraint>:=|==|<(?!~)|>)"
    r"|(?P<operator>=~|~~|~\*~|<~|~|\|)"
    r"|(?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))"
    rf"|(?P<name>{_NAME})"
    r"|(?P<sign>[+*():,?])"
    r"|(?P<other>[\w.]+|.)",
)
_RESERVED = frozenset({
    "if", "else", "repeat", "while", "function", "for", "next", "break", "in", "TRUE", "FALSE",
    "NULL", "Inf", "NaN", "NA",
})  # fmt: skip
_OPERATORS = ("'~'", "'=~'", "'~~'")


@dataclass(frozen=True)
class Term:
    """One summand: the variables it is the product of, and whether it is fixed at zero."""

    names: tuple[str, ...]
    word: Token
    zero: bool


def read(text: str) -> Specification:
    """The graph that a lavaan model tells.

        Y ~ a*T + Z      T and Z are causes of Y
        T ~~ Y           an unseen common cause; a variable with itself says nothing
        U =~ x1 + x2     U is hidden, and a cause of x1 and x2
        C <~ x1 + x2     C is hidden, and made of x1 and x2

    Labels, start values and other factors are left out, but a coefficient fixed at zero (`0*T`) is
    no edge. A product `T:Z` has both as causes. Intercepts (`Y ~ 1`), thresholds, scales,
    definitions and constraints say nothing of the graph. lavaan frees some covariances on its own
    (of exogenous variables, say); only those that are written are read.

    Raises:
        FormatError: what is not in this grammar; several groups or levels; a loop, or a circle of
            arrows (a model with feedback).

    >>> told = read("Y ~ a*T + Z\\nT ~~ Y\\nU =~ T + Z\\nind := a*2")
    >>> told.directed, told.bidirected, told.latent
    ((('T', 'Y'), ('Z', 'Y'), ('U', 'T'), ('U', 'Z')), (('T', 'Y'),), ('U',))
    """
    draft = Draft(text)
    for words in _statements(scan(text, _SCANNER)):
        _statement(text, words, draft)
    return draft.finish()


def write(graph: Specification) -> str:
    """The graph as a lavaan model; a node without edges is told by its variance.

    Raises:
        ValueError: a name that is none in R.

    >>> print(write(Specification(("U", "T", "Y"), (("U", "Y"), ("T", "Y")), (), ("U",))))
    U =~ Y
    Y ~ T
    """
    for name in graph.nodes:
        if not re.fullmatch(_NAME, name) or name in _RESERVED:
            raise ValueError(
                f"to_lavaan: {name!r} is no name in R: letters, digits, '_' and '.', a letter "
                "first; rename the node, or write another format"
            )
    told = []
    for hidden in graph.latent:
        # A hidden node without children has no indicator: lavaan's own form of that is `U =~ 0`.
        children = [head for tail, head in graph.directed if tail == hidden]
        told.append(f"{hidden} =~ {' + '.join(children) or '0'}")
    for name in graph.nodes:
        parents = [a for a, b in graph.directed if b == name and a not in graph.latent]
        if parents:
            told.append(f"{name} ~ {' + '.join(parents)}")
    told += [f"{one} ~~ {other}" for one, other in graph.bidirected]
    joined = {name for edge in (*graph.directed, *graph.bidirected) for name in edge}
    alone = [name for name in graph.nodes if name not in joined and name not in graph.latent]
    return "\n".join([*told, *(f"{name} ~~ {name}" for name in alone)])


def _statements(words: list[Token]) -> Iterator[list[Token]]:
    """The words of each statement, and the end of its line.

    A line goes on where it ends in a sign, in brackets, or where the next begins with a sign.
    """
    found: list[Token] = []
    depth = 0
    for at, word in enumerate(words):
        if word.kind not in ("stop", "end"):
            depth += (word.text == "(") - (word.text == ")")
            found.append(word)
            continue
        following = next((w for w in words[at:] if w.kind != "stop"), word)
        unfinished = found and (depth > 0 or _goes_on(found[-1]) or following.text in ("+", "*"))
        if word.kind == "stop" and word.text != ";" and unfinished and following.kind != "end":
            continue
        if found:
            yield [*found, Token("stop", "\n", found[-1].end)]
        found, depth = [], 0


def _goes_on(word: Token) -> bool:
    return word.kind in ("operator", "constraint") or word.text in ("+", "*", ",")


def _statement(text: str, words: list[Token], draft: Draft) -> None:
    whole = Cursor(text, words)
    at = next((i for i, w in enumerate(words) if w.kind in ("operator", "constraint")), None)
    quote = next((w for w in words if w.kind == "assign" or w.text == "'"), None)
    if quote:
        advice = "give the model alone, without the R code around it: no name, '<-' or quotes"
        raise whole.wrong("a formula", advice=advice, word=quote)
    if at is None:
        raise _no_formula(whole)
    operator = words[at]
    if operator.kind == "constraint":
        return
    stop = Token("operator", operator.text, operator.start)
    left = list(_terms(Cursor(text, [*words[:at], stop])))
    for term in left:
        if not term.names:
            raise whole.wrong("a variable", word=term.word)
    if operator.text in ("|", "~*~"):
        names = [name for term in left for name in term.names]
    else:
        names = _told(whole, operator, left, list(_terms(Cursor(text, words[at + 1 :]))), draft)
    for name in names:
        draft.node(name, operator)


def _told(
    whole: Cursor, operator: Token, left: list[Term], right: list[Term], draft: Draft
) -> list[str]:
    """Take a formula's edges into the draft; all the names in it."""
    for term in (*left, *right):
        for name in term.names:
            draft.node(name, term.word)
        if operator.text != "~" and len(term.names) > 1:
            raise whole.wrong("one variable", word=term.word)
        empty = operator.text == "~" or (operator.text == "=~" and term.zero)
        if not term.names and not empty:
            raise whole.wrong("a variable", word=term.word)
    for one in (name for term in left for name in term.names):
        if operator.text in ("=~", "<~"):
            draft.mark(one, ["latent"])
        for term in right:
            for other in () if term.zero else term.names:
                if operator.text == "~~":
                    if one != other:
                        draft.arc(one, other, term.word)
                elif operator.text == "=~":
                    draft.arrow(one, other, term.word)
                else:
                    draft.arrow(other, one, term.word)
    return [name for term in (*left, *right) for name in term.names]


def _terms(cursor: Cursor) -> Iterator[Term]:
    """Summands up to the end: factors, and last of them a variable, a product, 0 or 1."""
    while True:
        zero, first = False, True
        while (end := _factor_end(cursor)) and cursor.words[end].text == "*":
            zero = zero or _is_zero(cursor.words[cursor.at : end])
            cursor.at, first = end + 1, False
        word = cursor.now
        if word.kind == "number" and float(word.text) in (0, 1):
            cursor.take()
            yield Term((), word, zero or float(word.text) == 0)
        elif word.kind == "name":
            names = [cursor.take().text]
            while cursor.accept(":"):
                if cursor.now.kind != "name":
                    raise cursor.wrong("a variable")
                names.append(cursor.take().text)
            yield Term(tuple(names), word, zero)
        else:
            raise cursor.wrong("a variable" if first else "a variable after '*'")
        if not cursor.accept("+"):
            break
    if cursor.at < len(cursor.words) - 1:
        raise cursor.wrong("'+'", "'*'", "':'", "the end of the formula", advice=_blank(cursor))


def _factor_end(cursor: Cursor) -> int:
    """Where the factor at the cursor ends: a number, a label, or a call such as `c(a, b)`."""
    at = cursor.at
    if cursor.now.kind not in ("number", "name", "quoted"):
        return 0
    at += 1
    if cursor.words[at].text == "(" and cursor.now.kind == "name":
        bracket, depth = cursor.words[at], 0
        while at < len(cursor.words) - 1:
            depth += (cursor.words[at].text == "(") - (cursor.words[at].text == ")")
            at += 1
            if not depth:
                return at
        raise cursor.unclosed(bracket, ")")
    return at


def _is_zero(factor: list[Token]) -> bool:
    """Whether a factor fixes a coefficient at zero: `0`, or `c(0, 0)` for several groups."""
    numbers = [word for word in factor if word.kind == "number"]
    call = [word.text for word in factor if word.kind not in ("number",) and word.text not in "(,)"]
    return bool(numbers) and call in ([], ["c"]) and all(float(w.text) == 0 for w in numbers)


def _no_formula(whole: Cursor) -> FormatError:
    first, second = whole.words[0], whole.words[1]
    if second.text == ":":
        advice = "one text holds one graph: give each group or level by itself"
        return whole.wrong("a formula", advice=advice, word=first)
    return whole.wrong(*_OPERATORS, word=whole.words[-1])


def _blank(cursor: Cursor) -> str:
    word = cursor.now
    return f"names in R have no '{word.text}'" if word.kind == "other" else ""
