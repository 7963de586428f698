"""Natural effects: what of a treatment goes through mediators, and what goes past them.

``Y(t, M(s))`` is a unit's outcome with the treatment at t and every mediator at what it would have
been, in this very unit, with the treatment at s: whatever reads a mediator reads that value. Two
worlds meet in it, so no experiment on the treatment shows it. In a model it has a truth; whether
data identify it (no confounder of mediator and outcome that the treatment affects, among other
things) is another question, which no truth here answers.

The total effect is the `ATE`. It is the pure effect of one kind and the total effect of the other,
``TE = NDE + TIE = TDE + NIE``, and the total one counts in what treatment and mediators do
together.
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from scm.core.errors import ModelError
from scm.estimands.estimand import Estimand, checked, mean_of, scalar
from scm.estimands.levels import two_levels
from scm.estimands.seeing import path_down
from scm.truth.question import Question

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["NDE", "NIE", "TDE", "TIE"]

_Nested = tuple[int, int]
"""Which level the treatment has, and under which the mediators are what they are; 0 is t0."""


@dataclasses.dataclass(frozen=True)
class _Natural(Estimand):
    treatment: str
    outcome: str
    mediators: Collection[str]
    levels: tuple[Any, Any] = (0, 1)

    def __post_init__(self) -> None:
        name, given = type(self).__name__, self.mediators
        mediators = (given,) if isinstance(given, str) else tuple(given)
        if not mediators:
            raise ModelError(
                f"{name}: mediators= names the variables between {self.treatment} and "
                f'{self.outcome}, mediators=["M"]; with none the whole effect is direct: the ATE'
            )
        object.__setattr__(self, "mediators", mediators)
        object.__setattr__(self, "levels", two_levels(name, self.levels))

    @property
    @abc.abstractmethod
    def _compared(self) -> tuple[_Nested, _Nested]:
        """The two outcomes, of which the first counts positive. One of them is nested, that is has
        two levels; the other has one."""

    @property
    def definition(self) -> str:
        named = ", ".join(self.mediators)
        named = named if len(self.mediators) == 1 else f"({named})"

        def shown(treated: int, mediated: int) -> str:
            inner = f", {named}({self.levels[mediated]})" if treated != mediated else ""
            return f"{self.outcome}({self.levels[treated]}{inner})"

        these, those = self._compared
        return f"E[{shown(*these)} - {shown(*those)}]"

    def question(self, model: SCM) -> Question:
        t, y, between = self.treatment, self.outcome, tuple(self.mediators)
        name = f"{type(self).__name__}({t!r}, {y!r}, {list(between)})"
        ((treated, mediated),) = (each for each in self._compared if each[0] != each[1])
        low, high = self.levels
        arms = {"low": {t: low}, "high": {t: high}, "nested": {t: self.levels[treated]}}
        worlds = checked(name, model, (y, t, *between), arms)
        scalar(name, model, y)
        for each in between:
            _check_between(name, model, t, each, y)
        plain = ("low", "high")
        variables = worlds["nested"].structure.variables
        links = {
            child: found
            for child in variables
            if (found := {p: plain[mediated] for p in variables[child].parents if p in between})
        }
        means = [mean_of("nested" if a != b else plain[a], y) for a, b in self._compared]
        combine = lambda these, those: these - those
        return Question(name, worlds, means, combine, {"nested": links})


def _check_between(name: str, model: SCM, treatment: str, mediator: str, outcome: str) -> None:
    """Refuse a mediator that is not on a path from treatment to outcome."""
    for start, end in ((treatment, mediator), (mediator, outcome)):
        if path_down(model, start, end) is None:
            raise ModelError(
                f"{name}: {mediator} is no mediator: no path of arrows leads from {start} to "
                f"{end} in this model; name variables on paths {treatment} -> ... -> {outcome}, "
                f'or hold {mediator} fixed: CDE({treatment!r}, {outcome!r}, at={{"{mediator}": '
                "...})"
            )


@dataclasses.dataclass(frozen=True)
class NDE(_Natural):
    """The natural direct effect: ``E[Y(t1, M(t0)) - Y(t0)]``, levels ``(t0, t1)``; the pure one.

    What the treatment does while every mediator stays as it is, in each unit, without it.

    Arguments:
      mediators: one name, or several that are held together; each on a path from treatment to
        outcome. Held at one value for all units it is the `CDE`.

    Raises `ModelError` for a mediator that is on no such path.

    Source: Pearl (2001), "Direct and indirect effects"; Robins and Greenland (1992),
    "Identifiability and exchangeability for direct and indirect effects".

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> u = Normal(0, 1)
    >>> model = SCM(T=u, M=lambda T, u=u: 2 * T + u, Y=lambda T, M: 0.5 * T + 3 * M + T * M)
    >>> NDE("T", "Y", "M").truth(model)  # 0.5 + E[M(0)]
    Truth(value=0.5, se=0.0, method='exact', n=1)
    """

    @property
    def _compared(self) -> tuple[_Nested, _Nested]:
        return (1, 0), (0, 0)


@dataclasses.dataclass(frozen=True)
class NIE(_Natural):
    """The natural indirect effect: ``E[Y(t0, M(t1)) - Y(t0)]``, levels ``(t0, t1)``; the pure one.

    What it does, without the treatment itself, that each unit's mediators are as under it. Some
    authors call the `TIE` by this name.

    Arguments and errors as for `NDE`.

    Source: Pearl (2001), "Direct and indirect effects"; Robins and Greenland (1992).

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> u = Normal(0, 1)
    >>> model = SCM(T=u, M=lambda T, u=u: 2 * T + u, Y=lambda T, M: 0.5 * T + 3 * M + T * M)
    >>> NIE("T", "Y", "M").truth(model).value  # 3 E[M(1) - M(0)]
    6.0
    """

    @property
    def _compared(self) -> tuple[_Nested, _Nested]:
        return (0, 1), (0, 0)


@dataclasses.dataclass(frozen=True)
class TDE(_Natural):
    """The total direct effect: ``E[Y(t1) - Y(t0, M(t1))]``, levels ``(t0, t1)``.

    What the treatment does while every mediator stays as it is under the treatment.

    Arguments and errors as for `NDE`.

    Source: Robins and Greenland (1992), "Identifiability and exchangeability for direct and
    indirect effects"; Robins (2003), "Semantics of causal DAG models and the identification of
    direct and indirect effects".

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> u = Normal(0, 1)
    >>> model = SCM(T=u, M=lambda T, u=u: 2 * T + u, Y=lambda T, M: 0.5 * T + 3 * M + T * M)
    >>> TDE("T", "Y", "M").truth(model).value  # 0.5 + E[M(1)]
    2.5
    """

    @property
    def _compared(self) -> tuple[_Nested, _Nested]:
        return (1, 1), (0, 1)


@dataclasses.dataclass(frozen=True)
class TIE(_Natural):
    """The total indirect effect: ``E[Y(t1) - Y(t1, M(t0))]``, levels ``(t0, t1)``.

    What it does, under the treatment, that each unit's mediators are as under it too.

    Arguments and errors as for `NDE`.

    Source: Robins and Greenland (1992), "Identifiability and exchangeability for direct and
    indirect effects"; Robins (2003), "Semantics of causal DAG models and the identification of
    direct and indirect effects".

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> u = Normal(0, 1)
    >>> model = SCM(T=u, M=lambda T, u=u: 2 * T + u, Y=lambda T, M: 0.5 * T + 3 * M + T * M)
    >>> TIE("T", "Y", "M").truth(model).value  # (3 + 1) E[M(1) - M(0)]
    8.0
    """

    @property
    def _compared(self) -> tuple[_Nested, _Nested]:
        return (1, 1), (1, 0)
