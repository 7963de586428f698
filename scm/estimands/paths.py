"""Effects along some paths only: what of a treatment arrives by the arrows that are listed."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scm.core.errors import ModelError
from scm.estimands.estimand import Estimand, checked, mean_of, scalar
from scm.estimands.levels import two_levels
from scm.truth.question import Question

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["PathSpecific"]

Edge = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class PathSpecific(Estimand):
    """The path-specific effect: of moving the treatment from t0 to t1 through some edges only.

    ``E[Y(g)] - E[Y(t0)]``, where in the world g the treatment is t1 and every variable hears of it
    through the listed edges alone; through any other it reads its parents as they are in the
    world do(T=t0). All edges on paths from treatment to outcome make it the `ATE`, those on paths
    past a mediator the `NDE`. It has a truth in a model; whether data identify it is another
    question (not where there is a recanting witness: Avin, Shpitser and Pearl 2005).

    Arguments:
      edges: pairs (cause, effect), every one on a path of listed edges from treatment to outcome.
      paths: another spelling, in place of ``edges``: chains of names, treatment first and outcome
        last. Refused where their edges make a path that is not among them.

    Raises `ModelError` for an edge that is not in the model's graph as it stands.

    Source: Pearl (2001), "Direct and indirect effects", section 3 (the g-specific effect).

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> model = SCM(
    ...     X=Normal(0, 1),
    ...     W=lambda X: 2 * X,
    ...     M=lambda X, W: X + 3 * W,
    ...     Y=lambda X, W, M: X + W + 10 * M,
    ... )
    >>> PathSpecific("X", "Y", paths=[("X", "M", "Y")]).truth(model).value
    10.0
    >>> PathSpecific("X", "Y", edges=[("X", "W"), ("W", "M"), ("M", "Y")]).truth(model).value
    60.0
    """

    treatment: str
    outcome: str
    edges: Collection[Edge] = ()
    levels: tuple[Any, Any] = (0, 1)
    paths: dataclasses.InitVar[Iterable[Iterable[str]]] = ()

    def __post_init__(self, paths: Iterable[Iterable[str]]) -> None:
        name = f"PathSpecific({self.treatment!r}, {self.outcome!r})"
        object.__setattr__(self, "levels", two_levels(name, self.levels))
        edges = [_chain(name, "edges", edge) for edge in self.edges]
        chains = [_chain(name, "paths", path) for path in paths]
        for edge in edges:
            if len(edge) != 2:
                raise ModelError(
                    f"{name}: edges={edge}: an edge is a pair (cause, effect); a longer chain is a "
                    f"path: paths=[{edge}]"
                )
        if bool(edges) == bool(chains):
            raise ModelError(
                f"{name}: either edges= or paths= is wanted, such as edges=[({self.treatment!r}, "
                f'"M"), ("M", {self.outcome!r})] or paths=[({self.treatment!r}, "M", '
                f"{self.outcome!r})]"
            )
        for chain in chains:
            if (chain[0], chain[-1]) != (self.treatment, self.outcome):
                raise ModelError(
                    f"{name}: the path {_shown(chain)} does not lead from {self.treatment} to "
                    f"{self.outcome}"
                )
            edges += itertools.pairwise(chain)
        listed = tuple(sorted({(cause, effect) for cause, effect in edges}))
        object.__setattr__(self, "edges", listed)
        _check_joined(name, self.treatment, self.outcome, listed)
        if chains:
            _check_paths(name, chains, listed)

    @property
    def definition(self) -> str:
        (low, high), y = self.levels, self.outcome
        along = ", ".join(map(_shown, self.edges))
        return f"E[{y}({self.treatment}={high} along {along})] - E[{y}({self.treatment}={low})]"

    def question(self, model: SCM) -> Question:
        t, y, (low, high) = self.treatment, self.outcome, self.levels
        name = f"PathSpecific({t!r}, {y!r})"
        worlds = checked(name, model, (y, t), {"reference": {t: low}, "along": {t: high}})
        checked(name, model, dict.fromkeys(each for edge in self.edges for each in edge), {})
        scalar(name, model, y)
        for cause, effect in self.edges:
            if cause not in model.parents.get(effect, ()):
                parents = ", ".join(model.parents.get(effect, ())) or "nothing"
                raise ModelError(
                    f"{name}: the model has no edge {cause} -> {effect}; {effect} reads: {parents}"
                )
        variables = worlds["along"].structure.variables
        moved = worlds["along"].structure.descendants(frozenset({t}))
        links: Mapping[str, Mapping[str, str]] = {
            child: found
            for child in variables
            if (found := {
                parent: "reference"
                for parent in variables[child].parents
                if parent in moved and (parent, child) not in self.edges
            })
        }  # fmt: skip
        means = [mean_of("along", y), mean_of("reference", y)]
        combine = lambda along, reference: along - reference
        return Question(name, worlds, means, combine, {"along": links})


def _chain(name: str, what: str, given: Iterable[str]) -> tuple[str, ...]:
    """Names in a row; refused if they are not."""
    chain = () if isinstance(given, str) else tuple(given)
    if len(chain) < 2 or not all(isinstance(each, str) for each in chain):
        raise ModelError(
            f'{name}: {what}={given!r}: names of variables, causes first, are wanted: ("X", "M")'
        )
    return chain


def _check_joined(name: str, treatment: str, outcome: str, edges: tuple[Edge, ...]) -> None:
    """Refuse an edge by which nothing arrives: one that is on no path of listed edges."""
    forward = _reached(treatment, edges)
    backward = _reached(outcome, [(effect, cause) for cause, effect in edges])
    for cause, effect in edges:
        if cause not in forward or effect not in backward:
            end = f"{treatment} to {cause}" if cause not in forward else f"{effect} to {outcome}"
            raise ModelError(
                f"{name}: nothing passes along {cause} -> {effect}: no listed edges lead from "
                f"{end}; list them, or leave this one out"
            )


def _reached(start: str, edges: Iterable[Edge]) -> set[str]:
    listed, reached, waiting = list(edges), {start}, [start]
    while waiting:
        here = waiting.pop()
        fresh = {end for begin, end in listed if begin == here} - reached
        reached |= fresh
        waiting += fresh
    return reached


def _check_paths(name: str, chains: list[tuple[str, ...]], edges: tuple[Edge, ...]) -> None:
    """Refuse paths whose edges make another one: no world tells it from them."""
    start, end = chains[0][0], chains[0][-1]
    for path in itertools.islice(_paths((start,), end, edges), len(set(chains)) + 1):
        if path not in chains:
            raise ModelError(
                f"{name}: the edges of these paths also make {_shown(path)}: list it too, or "
                "leave out one of those that it takes its edges from; an effect is defined along "
                "edges, and cannot pass along an edge on one path and not on another"
            )


def _paths(walked: tuple[str, ...], end: str, edges: tuple[Edge, ...]) -> Iterator[tuple[str, ...]]:
    if walked[-1] == end:
        yield walked
        return
    for cause, effect in edges:
        if cause == walked[-1] and effect not in walked:
            yield from _paths((*walked, effect), end, edges)


def _shown(chain: Iterable[str]) -> str:
    return " -> ".join(chain)
