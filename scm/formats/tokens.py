"""Words of a text and a cursor that walks over them: what all the readers of formats share."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from scm.formats.mistake import FormatError, any_of, mistake


@dataclass(frozen=True)
class Token:
    """One word of a text.

    Attributes:
        kind: the name of the group that matched it; `end` after the last.
        text: as it is written.
        start: its first character's place in the text.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def found(self) -> str:
        """What an error calls it."""
        if self.kind == "end":
            return "the end of the text"
        if not self.text.strip():
            return "the end of the line"
        return self.text if self.kind == "quoted" else f"'{self.text}'"


def scan(text: str, grammar: re.Pattern[str]) -> list[Token]:
    """The words of a text, blanks left out.

    Every character must match one of the pattern's named groups; `blank` is dropped, and `open`
    is a quote that no other ends.
    """
    words = []
    for match in grammar.finditer(text):
        kind = match.lastgroup or "other"
        if kind == "open":
            raise mistake(
                text, match.start(), "this quote is never closed, expected another after the name"
            )
        if kind != "blank":
            words.append(Token(kind, match[0], match.start()))
    last = words[-1].end if words else 0
    # The end is where the last word ends: a caret under an empty line would point at nothing.
    return [*words, Token("end", "", last)]


class Cursor:
    """A place among the words of a text."""

    def __init__(self, text: str, words: list[Token]) -> None:
        self.text, self.words, self.at = text, words, 0

    @property
    def now(self) -> Token:
        return self.words[self.at]

    @property
    def before(self) -> Token:
        return self.words[max(self.at - 1, 0)]

    def ahead(self, by: int = 1) -> Token:
        return self.words[min(self.at + by, len(self.words) - 1)]

    def take(self) -> Token:
        word = self.now
        self.at = min(self.at + 1, len(self.words) - 1)
        return word

    def sees(self, *texts: str) -> bool:
        """Whether the next word is one of these, as written: a quoted name never is."""
        return self.now.text in texts

    def accept(self, *texts: str) -> Token | None:
        return self.take() if self.sees(*texts) else None

    def unclosed(self, word: Token, sign: str) -> FormatError:
        """The error that a brace or bracket is still open at the end."""
        complaint = f"this '{word.text}' is never closed, expected a '{sign}' after it"
        return mistake(self.text, word.start, complaint, end=word.end)

    def wrong(
        self, *expected: str, advice: str = "", fix: str = "", word: Token | None = None
    ) -> FormatError:
        """The error that something else was expected where the next (or the given) word is."""
        word = word or self.now
        complaint = f"found {word.found}, expected {any_of(expected)}"
        return mistake(
            self.text, word.start, complaint, end=word.end, advice=advice, fix=fix
        )  # fmt: skip


def adjacent(words: Iterable[Token]) -> bool:
    """Whether words stand one against the other, with no blank between."""
    return all(one.end == two.start for one, two in pairwise(words))
