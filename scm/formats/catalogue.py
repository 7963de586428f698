"""Which formats there are, which of them a text or a file is in, and reading and writing it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from pathlib import Path

from scm.formats import dagitty, dot, gml, lavaan, plain
from scm.formats.mistake import FormatError
from scm.formats.specification import Specification


@dataclass(frozen=True)
class Format:
    """A reader, a writer, and the endings of files."""

    read: Callable[[str], Specification]
    write: Callable[[Specification], str]
    suffixes: tuple[str, ...]


FORMATS = {
    "text": Format(plain.read, plain.write, (".txt",)),
    "dagitty": Format(dagitty.read, dagitty.write, (".dag", ".dagitty")),
    "dot": Format(dot.read, dot.write, (".dot", ".gv")),
    "gml": Format(gml.read, gml.write, (".gml",)),
    "lavaan": Format(lavaan.read, lavaan.write, (".lav", ".lavaan")),
}

_COMMENTS = r"(?:\s|\#[^\r\n]*|//[^\r\n]*|/\*(?s:.*?)\*/)*"
_TITLE = r'(?:\w+|"[^"]*")?\s*'
# These begin with a word that says what they are.
_BEGINNINGS = {
    "dagitty": re.compile(rf"{_COMMENTS}(?:dag|pdag|cpdag|mag|pag)\b\s*{_TITLE}\{{", re.I),
    "dot": re.compile(rf"{_COMMENTS}(?:strict\s+)?(?:di)?graph\b\s*{_TITLE}\{{", re.I),
    "gml": re.compile(rf'{_COMMENTS}(?:(?!graph\b)\w+\s+(?:"[^"]*"|[\d.]+)\s+)*graph\s*\[', re.I),
}


def parse(text: str, format: str | None = None) -> Specification:  # noqa: A002
    """The specification that a text holds, in the format named or in that which it looks like.

    Raises:
        FormatError: a mistake in the text.
        ValueError: an unknown format.
    """
    if not isinstance(text, str):
        raise TypeError(f"a graph is read from a str, given {type(text).__name__}")
    return _named(format or recognise(text)).read(text)


def recognise(text: str) -> str:
    """The format of a text, by how it begins; by a `~` it is lavaan's, else our own.

    >>> recognise("digraph { A -> B }"), recognise("Y ~ X"), recognise('"Y ~ X" -> Z')
    ('dot', 'lavaan', 'text')
    """
    for name, beginning in _BEGINNINGS.items():
        if beginning.match(text):
            return name
    # A `~` in a name or in a comment is no operator.
    bare = re.sub(r'"(?:\\.|[^"\\\r\n])*"|[#!][^\r\n]*', "", text)
    return "lavaan" if "~" in bare and "->" not in bare else "text"


def read_file(path: str | PathLike[str], format: str | None = None) -> Specification:  # noqa: A002
    """The specification that a file holds.

    The format is the one named; else that which the file's first word says (`digraph {` is DOT
    in a file of any name); else that of its ending; else that which the text looks like.

    Raises:
        FormatError: a mistake in the text; the error names the file too.
        ValueError: an unknown format; a file that is not UTF-8.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 text: byte {error.start}") from None
    said = next((name for name, begins in _BEGINNINGS.items() if begins.match(text)), None)
    try:
        return parse(text, format or said or _of_suffix(path))
    except FormatError as error:
        raise error.within(path.name) from None


def write_file(
    graph: Specification, path: str | PathLike[str], format: str | None = None  # noqa: A002
) -> None:  # fmt: skip
    """Write a specification into a file, in the format named or in that of the file's ending.

    Raises:
        ValueError: an ending that is of no format; what the format cannot tell.
    """
    path = Path(path)
    name = format or _of_suffix(path)
    if name is None:
        endings = ", ".join(ending for each in FORMATS.values() for ending in each.suffixes)
        raise ValueError(
            f"{path.name}: the ending {path.suffix!r} is of no format; the endings are {endings}; "
            "or name it: format='dot'"
        )
    path.write_bytes((_named(name).write(graph) + "\n").encode("utf-8"))


def _of_suffix(path: Path) -> str | None:
    ending = path.suffix.lower()
    return next((name for name, each in FORMATS.items() if ending in each.suffixes), None)


def _named(name: str) -> Format:
    if name not in FORMATS:
        close = get_close_matches(str(name), FORMATS, n=1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"format={name!r}, expected one of {', '.join(FORMATS)}{meant}")
    return FORMATS[name]
