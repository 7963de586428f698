"""Conditional instruments: what moves the treatment and reaches the outcome by it alone.

Z is an instrument for the effect of X on Y, given W, if neither Z nor a node of W is a descendant
of X or Y, and

1. Z is connected to X given W (relevance); and
2. W separates Z from Y once the first edges of the causal paths from X to Y are cut (exclusion
   and independence).

In a linear model cov(Z, Y | W) / cov(Z, X | W) is then the total effect of X on Y. For sets that X
does not act on the second condition says the same as with the edges into X cut instead.

Source: Brito and Pearl (2002), Generalized instrumental variables; Pearl (2009), Causality,
    definition 7.4.1; van der Zander, Textor and Liskiewicz (2015), Efficiently finding conditional
    instruments for causal inference.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from scm.graph.covariates.causal import back_door, back_door_graph
from scm.graph.covariates.masks import Masks, ones, read
from scm.graph.covariates.separators import Separators
from scm.graph.separation import separate

if TYPE_CHECKING:
    from scm.graph.graph import Graph

KINDS = ("minimal", "one")
# How many nodes may be given only to open a collider between instrument and treatment.
OPENERS = 2


@dataclass(frozen=True)
class Instrument:
    """Whether a node is an instrument given a set: true if it is; `reason` says why, or why not.

    `path` is, for an instrument, a path by which it is connected to the treatment; otherwise the
    open path that spoils it, if one does: node, edge, node, ...
    """

    valid: bool
    instrument: str
    given: frozenset[str]
    path: tuple[str, ...]
    reason: str

    def __bool__(self) -> bool:
        return self.valid

    def __str__(self) -> str:
        given = f" given {{{', '.join(sorted(self.given))}}}" if self.given else ""
        return f"{self.instrument}{given}: {'' if self.valid else 'no instrument, '}{self.reason}"


@dataclass(frozen=True)
class Search:
    """The question in masks: `cut` is the graph in which instrument and outcome are separated."""

    form: Masks
    cut: Masks
    x: int
    y: int
    allowed: int

    def given(self, instrument: int) -> Iterator[int]:
        """The minimal sets with which a node is an instrument: minimal separators, then others.

        If the separator nearest to the outcome leaves the node unconnected to `x`, all minimal
        ones do.
        """
        question = self._question(instrument)
        found: list[int] = []
        for given in question.minimal():
            if self._is_relevant(instrument, given):
                found.append(given)
                yield given
            elif not found:
                break
        yield from self._opening(question, found)

    def nearest(self, instrument: int) -> int | None:
        """The minimal separator nearest to the outcome, if it leaves the node connected to `x`."""
        given = next(self._question(instrument).minimal(), None)
        return given if given is not None and self._is_relevant(instrument, given) else None

    def _opening(self, question: Separators, found: list[int]) -> Iterator[int]:
        """Sets that are larger than separation needs, so that given nodes open colliders.

        With those nodes fixed, the rest of a minimal set is a minimal separator: were it not, what
        is too much could go, and the path by way of these colliders would stay open.
        """
        instrument = question.x.bit_length() - 1
        for count in range(1, OPENERS + 1):
            for places in combinations(ones(question.within), count):
                openers = sum(1 << i for i in places)
                if any(part & openers == part for part in found) or not (
                    self._is_relevant(instrument, openers)
                ):
                    continue
                for given in replace(question, include=openers).minimal():
                    if self._is_relevant(instrument, given) and not (
                        any(part & given == part for part in found)
                        or self._has_smaller(question, given)
                    ):
                        found.append(given)
                        yield given

    def _has_smaller(self, question: Separators, given: int) -> bool:
        """Whether a part of a set does as well: a part in which fewer colliders are opened."""
        instrument = question.x.bit_length() - 1
        parts = replace(question, within=given).all()
        return any(part != given and self._is_relevant(instrument, part) for part in parts)

    def _question(self, instrument: int) -> Separators:
        return Separators(self.cut, 1 << instrument, self.y, self.allowed & ~(1 << instrument))

    def _is_relevant(self, instrument: int, given: int) -> bool:
        return bool(self.form.reached(1 << instrument, given) & self.x)


def check(
    graph: "Graph",
    x: Sequence[str],
    y: Sequence[str],
    instrument: Sequence[str],
    given: Sequence[str],
) -> Instrument:
    """Judge one node with one set: nodes first, then exclusion, then relevance."""
    cause, effect, name = _one_each("is_instrument", treatment=x, outcome=y, instrument=instrument)
    for node in (name, *given):
        spoilt = ""
        if node in graph.latent:
            spoilt = f"{node} is latent, never in the data"
        elif node in graph.descendants(cause):
            spoilt = f"{cause} acts on {node}"
        elif node in graph.descendants(effect):
            spoilt = f"{effect} acts on {node}"
        if spoilt:
            return Instrument(False, name, frozenset(given), (), spoilt)
    return _judged(graph, back_door_graph(graph, x, y), name, given, cause, effect)


def instruments(
    graph: "Graph", x: Sequence[str], y: Sequence[str], kind: str
) -> Iterator[Instrument]:
    """Instruments in the order of `nodes`, each with its conditioning sets one after the other."""
    cause, effect = _one_each("instruments", treatment=x, outcome=y)
    if kind not in KINDS:
        raise ValueError(f"instruments(kind): {kind!r} is none of {', '.join(KINDS)}")
    form = read(graph)
    treatment, outcome = form.mask(x), form.mask(y)
    allowed = form.observed & ~form.descendants(treatment | outcome)
    search = Search(form, back_door(form, treatment, outcome), treatment, outcome, allowed)
    nearest = {z: given for z in ones(allowed) if (given := search.nearest(z)) is not None}
    if kind == "one":
        pairs = ((z, given) for z, given in nearest.items())
    else:
        # Where no node is an instrument with a minimal separator, none is one with any set.
        pairs = ((z, given) for z in ones(allowed if nearest else 0) for given in search.given(z))
    cut = back_door_graph(graph, x, y)
    return (
        _judged(graph, cut, form.nodes[z], form.names(given), cause, effect) for z, given in pairs
    )


def _one_each(asked: str, **named: Sequence[str]) -> list[str]:
    for role, names in named.items():
        if len(names) != 1:
            listed = f"{', '.join(names)} are {len(names)} nodes" if names else "nothing is named"
            raise ValueError(f"{asked}({role}): {listed}; name one node")
    return [names[0] for names in named.values()]


def _judged(
    graph: "Graph", cut: "Graph", name: str, given: Sequence[str], x: str, y: str
) -> Instrument:
    exclusion = separate(cut, (name,), (y,), given)
    apart = f"apart from {x}'s effect on {y}, {exclusion.reason}"
    if not exclusion:
        return Instrument(False, name, frozenset(given), exclusion.path, apart)
    relevance = separate(graph, (name,), (x,), given)
    if relevance:
        reason = f"{name} is not connected to {x}: {relevance.reason}"
        return Instrument(False, name, frozenset(given), (), reason)
    reason = f"{relevance.reason}; {apart}"
    return Instrument(True, name, frozenset(given), relevance.path, reason)
