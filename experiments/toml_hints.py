"""What is wrong with text that is no TOML, and how it is mended: tomllib says only the first."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["SyntaxMistake", "explained"]


class SyntaxMistake(NamedTuple):
    """Where it is, and what to say of it."""

    line: int
    column: int | None
    message: str


_BARE = r"[A-Za-z0-9_-]+"
_HINTS = (  # what tomllib says, the line it says it of, and the way out
    ("Illegal character '\\\\n'|invalid character '\\\\n'", "", "the string has no closing quote"),
    ("Unterminated string", "", "the string has no closing quotes"),
    ("Unescaped", "", r"write \\ for a backslash, or put the string in '...'"),
    ("", "[“”‘’]", 'write straight quotes: "..."'),
    ("Invalid value", r"= *[Tt]rue\b", "write true"),
    ("Invalid value", r"= *[Ff]alse\b", "write false"),
    ("Invalid value", r"= *(None|null|nil|NA)\b", "leave the key out"),
    ("Invalid value", r"= *(#.*)?$", "a value is missing"),
    ("Invalid value", r"= *[+-]?\.\d", "write a digit before the point"),
    ("Invalid value", "", "strings need quotes"),
    ("after a statement", r"= *[+-]?\d+(,\d{3})+\b", "write thousands as 1_000"),
    ("after a statement", r"= *[+-]?\d[\d_]*,\d", "write a decimal point, not a comma"),
    ("after a statement", r", *(#.*)?$", "no comma between lines"),
    ("after a statement", r"= *[+-]?0\d", "no zero before a number"),
    ("after a statement", "", "one key and one value a line; strings need quotes"),
    ("Expected '='", rf"^{_BARE} *:|[{{,] *{_BARE} *:", "write = for :"),
    ("Expected '='", rf"^{_BARE}( +{_BARE})+ *=", "a key with a blank in it needs quotes"),
    ("Expected '='", "", "write key = value"),
    ("initial character for a key part", r", *\}", "no comma before }"),
    ("Unclosed inline table", "", "a comma or } is missing"),
    ("Unclosed array", "", "a comma or ] is missing"),
    ("overwrite|mutate immutable", "", "a key has a value or keys below it, not both"),
)


def explained(text: str, complaint: str) -> SyntaxMistake:
    """What `tomllib.TOMLDecodeError` complains of in ``text``, with the line and a way out.

    >>> explained(
    ...     "n = 1,000",
    ...     "Expected newline or end of document after a statement (at line 1, column 6)",
    ... ).message
    'not TOML: expected newline or end of document after a statement, in: n = 1,000; write thousands
    as 1_000'
    """
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", complaint)
    what, line, column = found.groups() if found else (complaint, None, None)
    lines = text.splitlines() or [""]
    place = min(int(line), len(lines)) if line else max(text.rstrip().count("\n") + 1, 1)
    begun = _beginning(what, lines, place)
    if begun != place:
        place, column = begun, None
    written = lines[place - 1].strip()
    hints = (
        hint for said, like, hint in _HINTS if re.search(said, what) and re.search(like, written)
    )
    hint = next(hints, "")
    message = f"not TOML: {what[:1].lower()}{what[1:]}, in: {_printable(written)}"
    return SyntaxMistake(
        place, int(column) if column else None, message + (f"; {hint}" if hint else "")
    )


def _beginning(what: str, lines: list[str], place: int) -> int:
    """The line on which that begins which is found unclosed at ``place``."""
    opening = {"Unterminated string": "\"\"\"|'''", "Unclosed array": r"= *\["}.get(what)
    before = range(place, 0, -1)
    return next((at for at in before if opening and re.search(opening, lines[at - 1])), place)


def _printable(text: str) -> str:
    """Text for one line of a console: control characters as escapes."""
    shown = "".join(c if c.isprintable() or c == "\t" else repr(c)[1:-1] for c in text)
    return shown if len(shown) <= 80 else shown[:77] + "..."
