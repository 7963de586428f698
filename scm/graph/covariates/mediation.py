"""Mediators: what lies between a cause and its effect, and whether anything goes around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scm.graph.covariates.causal import directed_path, on_causal_paths
from scm.graph.covariates.masks import read

if TYPE_CHECKING:
    from scm.graph.graph import Graph


@dataclass(frozen=True)
class Mediation:
    """How a treatment acts on an outcome: true if there is a mediator in the data.

    Attributes:
        mediators: the observed nodes on directed paths from treatment to outcome, without these
            themselves.
        full: whether every directed path meets a mediator, so that nothing goes around them all.
        alone: the mediators that every directed path meets: each mediates the whole effect.
        path: a directed path that meets no mediator (the direct edge, or a way through latent
            nodes): node, "->", node, ...; empty if there is none.
        reason: the same in words.
    """

    mediators: tuple[str, ...]
    full: bool
    alone: tuple[str, ...]
    path: tuple[str, ...]
    reason: str

    def __bool__(self) -> bool:
        return bool(self.mediators)

    def __str__(self) -> str:
        if not self.mediators:
            return f"no mediator: {self.reason}"
        kind = "full" if self.full else "partial"
        return f"{kind} mediation by {', '.join(self.mediators)}: {self.reason}"


def mediation(graph: "Graph", x: Sequence[str], y: Sequence[str]) -> Mediation:
    """Find the mediators and what avoids them."""
    form = read(graph)
    treatment, outcome = form.mask(x), form.mask(y)
    between = on_causal_paths(form, treatment, outcome) & ~outcome
    mediators = form.names(between & form.observed)
    causes, effects = " and ".join(x), " and ".join(y)
    if not directed_path(graph, x, y):
        reason = f"no directed path runs from {causes} to {effects}"
        return Mediation((), False, (), (), reason)
    path = directed_path(graph, x, y, avoid=mediators)
    if path:
        reason = f"{' '.join(path)} meets none"
        return Mediation(mediators, False, (), path, reason)
    alone = tuple(name for name in mediators if not directed_path(graph, x, y, avoid=(name,)))
    reason = f"every directed path from {causes} to {effects} meets {' and '.join(alone)}"
    if not alone:
        reason = f"every directed path from {causes} to {effects} meets one of them"
    return Mediation(mediators, True, alone, (), reason)
