"""When seeing a value is as good as setting it: what is read off a model's graph for that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["path_down", "seeing_is_doing"]


def path_down(model: SCM, start: str, end: str) -> list[str] | None:
    """A path of arrows from one variable to another; None where there is none."""
    parents = model.parents
    waiting, seen = [[end]], {end}
    while waiting:
        way = waiting.pop()
        if way[0] == start:
            return way
        for parent in parents.get(way[0], ()):
            if parent not in seen:
                seen.add(parent)
                waiting.append([parent, *way])
    return None


def seeing_is_doing(
    model: SCM, variable: str, outcome: str, treatment: str, given: Iterable[str] = ()
) -> bool:
    """Rule 2: whether ``P(Y | do(T), X, given) = P(Y | do(T, X), given)``, latents counted in.

    It holds if X and Y are d-separated by ``given`` in the graph without the arrows into T and
    those out of X, a loop being taken as one family (sigma-separation). Sources: Pearl (2009),
    Causality, theorem 3.4.1; Bongers et al. (2021), theorem A.21.
    """
    heard = lambda name: [p for p in model.structure.reads(name) if p in model.parents]
    parents = {
        name: [] if name == treatment else [p for p in heard(name) if p not in (variable, name)]
        for name in model.parents
    }
    return _separated(parents, variable, outcome, {*given, treatment} - {variable, outcome})


def _separated(parents: dict[str, list[str]], x: str, y: str, given: set[str]) -> bool:
    """d-separation in the moral graph of the ancestors (Lauritzen et al. 1990)."""
    relevant, waiting = set(), [x, y, *given]
    while waiting:
        name = waiting.pop()
        if name not in relevant:
            relevant.add(name)
            waiting.extend(parents[name])
    neighbours: dict[str, set[str]] = {name: set() for name in relevant}
    for name in relevant:
        family = [name, *parents[name]]
        for each in family:
            neighbours[each].update(other for other in family if other != each)
    reached, waiting = {x}, [x]
    while waiting:
        for each in neighbours[waiting.pop()] - reached - given:
            reached.add(each)
            waiting.append(each)
    return y not in reached
