r"""Formulas as text and as LaTeX.

Conditions are written from the outside in: first what is free, then what outer sums bind, then
what inner ones do: `sum_{M} P(M | T) sum_{T'} P(Y | M, T') P(T')`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scm.graph.formulas.formula import Formula, Probability, Product, Ratio, Sum, Variable

# How many sums are around the one that binds a variable; free variables are not in it.
Depths = Mapping[Variable, int]


@dataclass(frozen=True)
class Style:
    """The marks of one way of writing."""

    variable: Callable[[Variable], str]
    bar: str
    do: str
    total: str
    between: str
    fraction: Callable[[str, str], str]
    brackets: tuple[str, str]
    unequal: str


def write(formula: Formula, style: Style) -> str:
    """The formula in a style."""
    return _write(formula, style, {}, 1)


def write_query(
    style: Style, of: Sequence[str], do: Sequence[str] = (), given: Sequence[str] = ()
) -> str:
    """What is asked: P(of | do(do), given).

    >>> print(write_query(TEXT, ["Y"], do=["T"], given=["Z"]))
    P(Y | do(T), Z)
    """
    forced = [style.do.format(_listed(do, style))] if do else []
    conditions = ", ".join([*forced, *([_listed(given, style)] if given else [])])
    return f"P({_listed(of, style)}{style.bar + conditions if conditions else ''})"


def _listed(names: Iterable[str], style: Style) -> str:
    return ", ".join(style.variable(Variable(name)) for name in names)


def _write(formula: Formula, style: Style, depths: Depths, depth: int) -> str:
    match formula:
        case Probability(of=of, given=given):
            left = ", ".join(map(style.variable, of))
            outside_in = sorted(given, key=lambda v: depths.get(v, 0))
            right = ", ".join(map(style.variable, outside_in))
            return f"P({left}{style.bar + right if right else ''})"
        case Product(factors=factors):
            return _product(factors, style, depths, depth)
        case Sum(over=over, body=body):
            inside = {**depths, **dict.fromkeys(over, depth)}
            bound = ", ".join(map(style.variable, over))
            written = _write(body, style, inside, depth + 1)
            return f"{style.total}_{{{bound}}} {written}"
        case Ratio(top=top, bottom=bottom):
            parts = [_write(part, style, depths, depth) for part in (top, bottom)]
            single = [isinstance(part, Probability) for part in (top, bottom)]
            if style is TEXT:
                parts = [p if one else f"({p})" for p, one in zip(parts, single, strict=True)]
            return style.fraction(*parts)
    raise TypeError(f"{formula!r} is no formula")


def _product(factors: Sequence[Formula], style: Style, depths: Depths, depth: int) -> str:
    """Factors side by side; a sum reaches to the end, so that all but the last are bracketed."""
    left, right = style.brackets
    written = []
    for i, factor in enumerate(factors):
        text = _write(factor, style, depths, depth)
        reaches = isinstance(factor, Sum) and i + 1 < len(factors)
        slashed = isinstance(factor, Ratio) and style is TEXT and len(factors) > 1
        written.append(f"{left}{text}{right}" if reaches or slashed else text)
    return style.between.join(written) if written else "1"


def _plain(variable: Variable) -> str:
    return str(variable)


def _typeset(variable: Variable) -> str:
    """A letter stands in italics, digits behind one as its index, longer names upright."""
    letter = re.fullmatch(r"([A-Za-z])_?(\d*)", variable.name)
    if letter:
        body, index = letter.groups()
        return body + "'" * variable.primes + (f"_{{{index}}}" if index else "")
    safe = "".join(_ESCAPES.get(c, c) for c in variable.name)
    return rf"\mathrm{{{safe}}}" + "'" * variable.primes


_ESCAPES = {c: "\\" + c for c in "#$%&_{}"} | {
    " ": r"\ ",
    "\\": r"\backslash ",
    "^": r"\hat{\ }",
    "~": r"\tilde{\ }",
}

TEXT = Style(
    variable=_plain,
    bar=" | ",
    do="do({})",
    total="sum",
    between=" ",
    fraction=lambda top, bottom: f"{top} / {bottom}",
    brackets=("[", "]"),
    unequal="!=",
)
LATEX = Style(
    variable=_typeset,
    bar=r" \mid ",
    do=r"\operatorname{{do}}({})",
    total=r"\sum",
    between=r"\, ",
    fraction=lambda top, bottom: rf"\frac{{{top}}}{{{bottom}}}",
    brackets=(r"\Bigl[", r"\Bigr]"),
    unequal=r"\neq",
)
