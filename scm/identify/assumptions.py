"""Whether what an estimator assumes of its roles holds in a causal graph, and which roles would do.

An estimator never sees a model; whoever benchmarks it has one. Only the graph is judged: linearity,
positivity and the like are not its business.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scm.core.errors import CycleError, ModelError
from scm.estimate import Estimator, Roles
from scm.graph import Graph

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["Assumption", "assumption", "with_adjustment"]


@dataclasses.dataclass(frozen=True)
class Assumption:
    """Whether the graphical assumption of an estimator holds of its roles: true if it does.

    ``criterion`` is which one it is, None for an estimator that declares none (and it holds).
    """

    criterion: str | None
    holds: bool
    reason: str

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        return f"{self.criterion} {'holds' if self.holds else 'does not hold'}: {self.reason}"


def assumption(
    world: SCM | Graph, estimator: Estimator, roles: Roles, **options: Any
) -> Assumption:
    """Whether the roles meet the criterion that the estimator declares, in this graph.

    Arguments:
      world: a model, or a graph.
      roles: as the estimator would be told them.
      options: the estimator's. Where ``endogenous`` names columns, several effects are estimated
        together, and no criterion of one effect judges that.

    Raises `ModelError` for a role that is not in the graph.

    >>> from scm.estimate import ols
    >>> graph = Graph.parse("Z -> T -> Y; Z -> Y")
    >>> print(assumption(graph, ols, Roles("T", "Y")))
    backdoor does not hold: T <- Z -> Y is open, and not causal
    """
    if estimator.criterion is None:
        return Assumption(None, True, f"{estimator.name} declares no graphical assumption")
    try:
        graph = world if isinstance(world, Graph) else world.graph
    except CycleError as error:
        loop = str(error).removeprefix("graph: ").partition(",")[0]
        told = f"{loop}, and the criterion is of graphs without loops"
        return Assumption(estimator.criterion, False, told)
    if options.get("endogenous"):
        return Assumption(None, True, "several effects together are not judged")
    if "adjust" not in estimator.needs:
        roles = dataclasses.replace(roles, adjust=())
    try:
        holds, reason = _CRITERIA[estimator.criterion](graph, roles)
    except ValueError as error:
        raise ModelError(f"{estimator.name}: {error}") from None
    return Assumption(estimator.criterion, holds, reason)


def with_adjustment(world: SCM | Graph, roles: Roles) -> Roles:
    """The roles with an adjustment set for treatment and outcome: the optimal one if there is one
    (Henckel, Perkovic and Maathuis 2022), else the first of the minimal ones.

    Raises `ModelError` where no set of observed variables is one, saying what stays open.

    >>> with_adjustment(Graph.parse("Z -> T -> Y; Z -> Y"), Roles("T", "Y")).adjust
    ('Z',)
    """
    graph = world if isinstance(world, Graph) else world.graph
    t, y = roles.treatment, roles.outcome
    try:
        sets = (graph.adjustment_sets(t, y, kind=kind) for kind in ("optimal", "minimal"))
        found = next(itertools.chain.from_iterable(sets), None)
        if found is None:
            reason = graph.is_adjustment_set(t, y, ()).reason
            raise ModelError(
                f"no set of observed variables is an adjustment set for {t} and {y}: {reason}"
            )
    except ValueError as error:
        raise ModelError(str(error)) from None
    return dataclasses.replace(roles, adjust=tuple(n for n in graph.nodes if n in found))


def _backdoor(graph: Graph, roles: Roles) -> tuple[bool, str]:
    found = graph.is_adjustment_set(roles.treatment, roles.outcome, roles.adjust)
    return bool(found), found.reason


def _instrument(graph: Graph, roles: Roles) -> tuple[bool, str]:
    reason = "no instrument is named"
    for each in roles.instruments:
        found = graph.is_instrument(roles.treatment, roles.outcome, each, roles.adjust)
        if not found:
            return False, found.reason
        reason = found.reason
    return bool(roles.instruments), reason


def _frontdoor(graph: Graph, roles: Roles) -> tuple[bool, str]:
    found = graph.is_frontdoor_set(roles.treatment, roles.outcome, roles.mediators)
    return bool(found), found.reason


def _mediation(graph: Graph, roles: Roles) -> tuple[bool, str]:
    """Covariates that part treatment from mediators and outcome, and with it these from another."""
    t, y, m, given = roles.treatment, roles.outcome, roles.mediators, roles.adjust
    after = [name for name in given if name in graph.descendants(t)]
    if after:
        return False, f"{after[0]} is adjusted for and comes after {t}"
    for found in (
        graph.is_adjustment_set(t, [y, *m], given),
        graph.is_adjustment_set(m, y, [*given, t]),
    ):
        if not found:
            return False, found.reason
    return True, found.reason


_CRITERIA: dict[str, Callable[[Graph, Roles], tuple[bool, str]]] = {
    "backdoor": _backdoor,
    "frontdoor": _frontdoor,
    "instrument": _instrument,
    "mediation": _mediation,
}
