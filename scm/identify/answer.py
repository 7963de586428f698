"""What a graph says of an estimand: the strategies that hold, and what each of them rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from scm.core.errors import ModelError
from scm.estimands import ATE, Estimand
from scm.estimate import Roles
from scm.sensitivity import EffectBounds, instrument_bounds, no_assumption_bounds

__all__ = ["Identified", "Strategy"]


@dataclass(frozen=True)
class Strategy:
    """One way from the law of what is seen to an estimand.

    Attributes:
      kind: "backdoor", "frontdoor", "instrument", "mediation", "formula" (the general formula of
        identification), "monotone", or "limit" (a property of the law itself).
      roles: what an estimator is to be told; None where no estimator's roles say it.
      assumes: what has to hold besides the graph.
      formula: as text.
      optimal: of an adjustment set, whether no other has a smaller asymptotic variance.
      randomised: of an instrument, whether it acts on the treatment and has no other tie to it.
    """

    kind: str
    roles: Roles | None
    assumes: tuple[str, ...] = ()
    formula: str = ""
    optimal: bool = False
    randomised: bool = False

    def __str__(self) -> str:
        told = [self.formula] if self.roles is None else list(_told(self.kind, self.roles))
        text = f"{self.kind}: {', '.join(told)}" + " (optimal)" * self.optimal
        return "\n    if ".join([text, *self.assumes])


@dataclass(frozen=True)
class Identified:
    """What a graph says of an estimand: true if the graph alone identifies it.

    Attributes:
      estimand: what was asked.
      strategies: those that hold, most useful first; of adjustment sets the optimal one first, at
        most 8 of a kind.
      reason: why there is none that rests on the graph alone, if there is none.
    """

    estimand: Estimand
    strategies: tuple[Strategy, ...]
    reason: str

    def __bool__(self) -> bool:
        return any(not each.assumes for each in self.strategies)

    def of(self, kind: str) -> tuple[Strategy, ...]:
        """The strategies of one kind."""
        return tuple(each for each in self.strategies if each.kind == kind)

    def bounds(
        self, data: Any, *, support: tuple[float, float] = (0, 1)
    ) -> dict[str, EffectBounds]:
        """What data say of an average effect all the same: bounds, by what each rests on.

        Arguments:
          data: a frame of units, or of values with a column ``p``.
          support: between which values the outcome lies.

        Returns "no assumption" (Manski 1990), and for every instrument that is as good as
        randomised its name (Balke and Pearl 1997), for an outcome that is 0 or 1.

        Raises `ModelError` for an estimand that is no average effect of two levels, ValueError as
        the functions of `scm.sensitivity` do.
        """
        asked = self.estimand
        if not isinstance(asked, ATE):
            raise ModelError(f"bounds: of an ATE they are known here, not {type(asked).__name__}")
        t, y, levels = asked.treatment, asked.outcome, asked.levels
        found = {"no assumption": no_assumption_bounds(data, t, y, levels=levels, support=support)}
        for each in self.of("instrument"):
            alone = each.roles is not None and not each.roles.adjust and each.randomised
            if alone and support == (0, 1):
                assert each.roles is not None
                (z,) = each.roles.instruments
                found[z] = instrument_bounds(data, t, y, z, levels=levels)
        return found

    def __str__(self) -> str:
        head = f"{type(self.estimand).__name__}: {self.estimand.definition}"
        verdict = "identified" if self else f"not identified by the graph alone: {self.reason}"
        return "\n".join([head, verdict, *(f"  {each}" for each in self.strategies)])


def _told(kind: str, roles: Roles) -> Iterator[str]:
    if roles.mediators:
        yield f"through {_braced(roles.mediators)}"
    if roles.instruments:
        yield f"by {roles.instruments[0]}"
    if roles.adjust or kind == "backdoor":
        yield f"adjusting for {_braced(roles.adjust)}"


def _braced(names: Iterable[str]) -> str:
    return f"{{{', '.join(names)}}}"
