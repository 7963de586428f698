"""What a text says of a graph: names, edges and marks, checked and with their places at hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from scm.formats.mistake import FormatError, mistake, place
from scm.formats.tokens import Token

Edge = tuple[str, str]


@dataclass(frozen=True)
class Specification:
    """A graph as a text tells it.

    Attributes:
        nodes: all names, in order of appearance.
        directed: pairs (cause, effect), free of cycles.
        bidirected: pairs with an unseen common cause.
        latent: nodes that are never in the data.
        exposure, outcome, adjusted: the question that the author of the text had in mind, where
            the format has a place for it (dagitty). They are no part of the graph: a `Graph`
            leaves them out, because one graph answers many questions.
    """

    nodes: tuple[str, ...]
    directed: tuple[Edge, ...] = ()
    bidirected: tuple[Edge, ...] = ()
    latent: tuple[str, ...] = ()
    exposure: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    adjusted: tuple[str, ...] = ()

    def marks(self) -> dict[str, tuple[str, ...]]:
        """The marks of every node, by name: `latent`, `exposure`, `outcome`, `adjusted`."""
        return {
            name: tuple(mark for mark in MARKS if name in getattr(self, mark))
            for name in self.nodes
        }


MARKS = ("latent", "exposure", "outcome", "adjusted")


class Draft:
    """A specification in the making; it remembers where in the text each edge was told."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.nodes: dict[str, None] = {}
        self.directed: dict[Edge, Token] = {}
        self.bidirected: dict[Edge, Token] = {}
        self.marked: dict[str, dict[str, None]] = {mark: {} for mark in MARKS}

    def node(self, name: str, word: Token) -> str:
        """A name that was met."""
        if not name.strip():
            complaint = f"found {word.found}, expected a name with at least one letter"
            raise mistake(self.text, word.start, complaint, end=word.end)
        self.nodes.setdefault(name)
        return name

    def mark(self, name: str, marks: Iterable[str]) -> None:
        for mark in marks:
            self.marked[mark].setdefault(name)

    def arrow(self, tail: str, head: str, word: Token) -> None:
        """`tail -> head`, told at this word."""
        self._refuse_loop(tail, head, "->", word)
        self.directed.setdefault((tail, head), word)

    def arc(self, one: str, other: str, word: Token) -> None:
        """`one <-> other`, told at this word; in either order it is the same."""
        self._refuse_loop(one, other, "<->", word)
        if (other, one) not in self.bidirected:
            self.bidirected.setdefault((one, other), word)

    def finish(self) -> Specification:
        """The specification; a circle of arrows is refused."""
        self._refuse_circle()
        return Specification(
            tuple(self.nodes),
            tuple(self.directed),
            tuple(self.bidirected),
            **{m: tuple(n for n in self.nodes if n in self.marked[m]) for m in MARKS},
        )

    def _refuse_loop(self, one: str, other: str, edge: str, word: Token) -> None:
        if one == other:
            complaint = f"{one} {edge} {other} joins {one} to itself, expected two nodes"
            raise mistake(self.text, word.start, complaint, end=word.end)

    def _refuse_circle(self) -> None:
        parents: dict[str, list[str]] = {name: [] for name in self.nodes}
        for tail, head in self.directed:
            parents[head].append(tail)
        try:
            TopologicalSorter(parents).prepare()
        except CycleError as error:
            raise self._circle(error.args[1]) from None

    def _circle(self, path: list[str]) -> FormatError:
        """The error for a circle, at that of its edges which was written last."""
        edges = list(pairwise(path))
        words = [self.directed[edge] for edge in edges]
        last = max(range(len(edges)), key=lambda i: words[i].start)
        edges = edges[last + 1 :] + edges[: last + 1]
        words = words[last + 1 :] + words[: last + 1]
        told = [
            f"{tail} -> {head} (line {place(self.text, word.start)[0]})"
            for (tail, head), word in zip(edges, words, strict=True)
        ]
        complaint = (
            "this arrow closes the circle "
            + " -> ".join([edges[0][0], *(head for _, head in edges)])
            + ", expected none"
        )
        advice = f"the arrows of the circle: {', '.join(told)}"
        if len(edges) == 2:
            advice += "; an unseen common cause is a bidirected edge, not two arrows"
        return mistake(self.text, words[-1].start, complaint, end=words[-1].end, advice=advice)
