"""What is said of text that cannot be read: the place, what is there, what was expected."""

import re

WIDEST = 96  # characters of a line that are shown; of longer ones, the part around the place


class FormatError(ValueError):
    """Text that is not in its format; `line` and `column`, both from 1, say where.

    >>> from scm.formats.plain import read
    >>> try:
    ...     read("Z -> T -> Y\\nT => Y")
    ... except FormatError as error:
    ...     print(error.line, error.column)
    ...     print(error)
    2 3
    line 2, column 3: found '=>', expected '->', '<-' or '<->'
      2 | T => Y
        |   ^^
    write: T -> Y
    """

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message, line, column)
        self.line, self.column = line, column

    def __str__(self) -> str:
        return self.args[0]

    def within(self, name: str) -> "FormatError":
        """The same error, of a text that has a name: a file."""
        return FormatError(f"{name}, {self}", self.line, self.column)


def mistake(
    text: str, start: int, complaint: str, *, end: int = 0, advice: str = "", fix: str = ""
) -> FormatError:
    """The error for the characters `start` to `end` of a text.

    Args:
        text: all of it.
        start: where the culprit begins; `end`, where it ends (left out: after one character).
        complaint: what was found and what was expected.
        advice: a sentence on what to do.
        fix: what should stand in the culprit's place; the line is shown with it.
    """
    number, column = place(text, start)
    begin = start - (column - 1)
    line = re.split(r"[\r\n]", text[begin:], maxsplit=1)[0]
    end = min(max(end, start + 1), max(begin + len(line), start + 1))
    shown, at = _window(line, column - 1)
    margin = " " * len(str(number))
    said = [
        f"line {number}, column {column}: {complaint}",
        f"  {number} | {shown}",
        f"  {margin} | {' ' * at}{'^' * max(1, min(end - start, len(shown) - at))}",
    ]
    if advice:
        said.append(advice)
    if fix:
        mended = line[: column - 1] + fix + line[column - 1 + (end - start) :]
        said.append(f"write: {_window(mended.strip(), 0)[0]}")
    return FormatError("\n".join(said), number, column)


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column, from 1, of a character of the text."""
    breaks = list(re.finditer(r"\r\n|\r|\n", text[:at]))
    return len(breaks) + 1, at - (breaks[-1].end() if breaks else 0) + 1


def any_of(expected: list[str] | tuple[str, ...]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *rest, last = expected
    return f"{', '.join(rest)} or {last}" if rest else last


def _window(line: str, at: int) -> tuple[str, int]:
    """The part of a line that is shown, tabs as one blank, and where the place is in it."""
    line = line.replace("\t", " ")
    if len(line) <= WIDEST:
        return line, at
    first = max(0, min(at - WIDEST // 2, len(line) - WIDEST))
    last = first + WIDEST
    left, right = "..." if first else "", "..." if last < len(line) else ""
    return left + line[first:last] + right, at - first + len(left)
