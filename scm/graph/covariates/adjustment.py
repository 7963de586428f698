"""Adjustment sets: which covariates make an association a causal effect, and why others do not.

Z is an adjustment set for the effect of X on Y if P(y | do(x)) = sum_z P(y | x, z) P(z) in every
model of the graph. That is so exactly when

1. no node of Z is forbidden: a descendant of a node, other than X, on a proper causal path; and
2. Z separates X from Y in the proper back-door graph.

Source: Shpitser, VanderWeele and Robins (2010), On the validity of covariate adjustment for
    estimating causal effects; Perkovic, Textor, Kalisch and Maathuis (2018), Complete graphical
    characterization and construction of adjustment sets; van der Zander, Liskiewicz and Textor
    (2019), Separators and adjustment sets in causal graphs.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scm.graph.covariates.causal import back_door, back_door_graph, forbidden
from scm.graph.covariates.masks import read
from scm.graph.covariates.optimal import optimal
from scm.graph.covariates.separators import Separators
from scm.graph.separation import separate

if TYPE_CHECKING:
    from scm.graph.graph import Graph

KINDS = ("minimal", "all", "smallest", "optimal")


@dataclass(frozen=True)
class Adjustment:
    """Whether a set of covariates is an adjustment set: true if it is.

    If it is not, `latent` are its nodes that are never in the data, `forbidden` its nodes that
    follow from a causal path, and `path` is, where there are neither, a path that is open given
    the set and not causal: node, edge, node, ... `reason` says it in words.
    """

    valid: bool
    latent: tuple[str, ...]
    forbidden: tuple[str, ...]
    path: tuple[str, ...]
    reason: str

    def __bool__(self) -> bool:
        return self.valid

    def __str__(self) -> str:
        return f"{'an' if self.valid else 'no'} adjustment set: {self.reason}"


def check(graph: "Graph", x: Sequence[str], y: Sequence[str], given: Collection[str]) -> Adjustment:
    """Judge one set, nodes first, then paths."""
    hidden = tuple(name for name in graph.latent if name in given)
    if hidden:
        reason = f"{_listed(hidden)} latent, never in the data"
        return Adjustment(False, hidden, (), (), reason)
    wrong = tuple(name for name in forbidden_nodes(graph, x, y) if name in given)
    if wrong:
        causes, effects = " and ".join(x), " and ".join(y)
        reason = f"{_listed(wrong)} on, or after, a causal path from {causes} to {effects}"
        return Adjustment(False, (), wrong, (), reason)
    found = separate(back_door_graph(graph, x, y), x, y, given)
    if found:
        return Adjustment(True, (), (), (), f"apart from causal paths, {found.reason}")
    return Adjustment(False, (), (), found.path, f"{found.reason}, and not causal")


def forbidden_nodes(graph: "Graph", x: Sequence[str], y: Sequence[str]) -> tuple[str, ...]:
    """What follows from a proper causal path, besides `x` and `y` themselves."""
    form = read(graph)
    treatment, outcome = form.mask(x), form.mask(y)
    return form.names(forbidden(form, treatment, outcome) & ~(treatment | outcome))


def adjustment_sets(
    graph: "Graph", x: Sequence[str], y: Sequence[str], kind: str
) -> Iterator[frozenset[str]]:
    """The adjustment sets of a kind, one after the other."""
    if kind not in KINDS:
        raise ValueError(f"adjustment_sets(kind): {kind!r} is none of {', '.join(KINDS)}")
    if kind == "optimal":
        # Latents as bidirected edges: the same sets are valid, and the theory is of such graphs.
        form = read(graph.latent_projection())
        found = optimal(form, form.mask(x), form.mask(y))
        return iter(() if found is None else (frozenset(form.names(found)),))
    form = read(graph)
    treatment, outcome = form.mask(x), form.mask(y)
    allowed = form.observed & ~forbidden(form, treatment, outcome)
    valid = Separators(back_door(form, treatment, outcome), treatment, outcome, allowed)
    search = {"minimal": valid.minimal, "all": valid.all, "smallest": valid.smallest}[kind]
    return (frozenset(form.names(found)) for found in search())


def _listed(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
