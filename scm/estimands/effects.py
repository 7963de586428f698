"""Effects of a treatment on an outcome: average, controlled direct, and of a step."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from scm.core.errors import ModelError
from scm.core.marks import node
from scm.estimands.contrast import Contrast
from scm.estimands.levels import two_levels

__all__ = ["ATE", "CDE", "TotalEffect"]


@dataclasses.dataclass(frozen=True)
class ATE(Contrast):
    """The average treatment effect: ``E[Y | do(T=t1)] - E[Y | do(T=t0)]``, levels ``(t0, t1)``.

    Source: Pearl (2009), Causality, section 3.2; in potential outcomes E[Y(t1) - Y(t0)].

    >>> from numpyro.distributions import Bernoulli, Normal
    >>> from scm import SCM
    >>> model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(0, 1): 2 * T + u)
    >>> ATE("T", "Y").truth(model)
    Truth(value=2.0, se=0.0, method='exact', n=1)
    """

    levels: tuple[Any, Any] = (0, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", two_levels(type(self).__name__, self.levels))

    @property
    def arms(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        low, high = self.levels
        return {self.treatment: high}, {self.treatment: low}

    @property
    def definition(self) -> str:
        low, high = self.levels
        y, t = self.outcome, self.treatment
        return f"E[{y} | do({t}={high})] - E[{y} | do({t}={low})]"


@dataclasses.dataclass(frozen=True)
class CDE(Contrast):
    """The controlled direct effect: of the treatment, with other variables held at given values.

    ``E[Y | do(T=t1, M=m)] - E[Y | do(T=t0, M=m)]``, ``at={"M": m}``. Source: Pearl (2009),
    Causality, section 4.5.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> model = SCM(T=Normal(0, 1), M=lambda T: 3 * T, Y=lambda T, M: T + M + T * M)
    >>> CDE("T", "Y", at={"M": 1}).truth(model)
    Truth(value=2.0, se=0.0, method='exact', n=1)
    """

    at: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    levels: tuple[Any, Any] = (0, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", two_levels("CDE", self.levels))
        if not isinstance(self.at, Mapping):
            raise ModelError(f"CDE: at={self.at!r}: a dict is wanted, such as at={{'M': 0}}")
        object.__setattr__(self, "at", MappingProxyType(dict(self.at)))
        if not self.at:
            raise ModelError(
                f"CDE({self.treatment!r}, {self.outcome!r}): at= says which variables are held at "
                'which values, at={"M": 0}; with none held it is the ATE'
            )
        if self.treatment in self.at or self.outcome in self.at:
            raise ModelError(f"CDE: at={dict(self.at)} holds the treatment or the outcome itself")

    def __hash__(self) -> int:
        return hash((self.treatment, self.outcome, frozenset(self.at), self.levels))

    @property
    def arms(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        low, high = self.levels
        return {self.treatment: high, **self.at}, {self.treatment: low, **self.at}

    @property
    def definition(self) -> str:
        low, high = self.levels
        y, t = self.outcome, self.treatment
        held = "".join(f", {name}={value}" for name, value in self.at.items())
        return f"E[{y} | do({t}={high}{held})] - E[{y} | do({t}={low}{held})]"


@dataclasses.dataclass(frozen=True)
class TotalEffect(Contrast):
    """The total effect of a step: every unit's treatment raised by ``step`` from where it would be.

    ``E[Y | do(T := T + step)] - E[Y]``: whatever follows from the treatment follows. Source: the
    additive shift of Diaz and van der Laan (2012), "Population intervention causal effects based
    on stochastic interventions", in the population's own world.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> model = SCM(T=Normal(0, 1), M=lambda T: 3 * T, Y=lambda T, M: T + M)
    >>> TotalEffect("T", "Y").truth(model)
    Truth(value=4.0, se=0.0, method='exact', n=1)
    """

    step: Any = 1

    @property
    def arms(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        return {self.treatment: _raised(self.treatment, self.step)}, {}

    @property
    def definition(self) -> str:
        y, t = self.outcome, self.treatment
        return f"E[{y} | do({t} := {t} + {self.step:g})] - E[{y}]"


def _raised(treatment: str, step: Any) -> Any:
    """An intervention that adds ``step`` to the natural value; the step is a traced number."""

    if isinstance(step, float) and step.is_integer():
        step = int(step)  # so that a count can be raised by 1.0

    def raised(natural: Any, step: Any = step) -> Any:
        return natural + step

    return node(raised, parents=[treatment])
