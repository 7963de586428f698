"""Effects among some of the units: the treated, the untreated, those with given covariates."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from scm.estimands.estimand import Estimand, checked, quotient, scalar
from scm.estimands.levels import takes, two_levels
from scm.truth.question import Mean, Question

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["ATC", "ATT", "ETT", "share_weighted"]


def share_weighted(
    name: str,
    worlds: Mapping[str, SCM],
    effect: Callable[[Mapping[str, Any]], Any],
    event: Callable[[Mapping[str, Any]], Any],
) -> Question:
    """``E[effect; event] / P(event)``: the mean of an effect among the units with an event."""
    inside = lambda units: jnp.where(event(units), effect(units), 0.0)
    share = lambda units: jnp.where(event(units), 1.0, 0.0)
    return Question(name, worlds, (Mean(inside), Mean(share)), quotient)


@dataclasses.dataclass(frozen=True)
class _OnLevel(Estimand):
    treatment: str
    outcome: str
    levels: tuple[Any, Any] = (0, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", two_levels(type(self).__name__, self.levels))

    def _question(self, model: SCM, level: Any) -> Question:
        y, t = self.outcome, self.treatment
        name = f"{type(self).__name__}({t!r}, {y!r})"
        low, high = self.levels
        arms = {"natural": {}, "high": {t: high}, "low": {t: low}}
        worlds = checked(name, model, (y, t), arms)
        scalar(name, model, y)
        takes(name, model, t, level)
        effect = lambda units: units["high"][y] * 1.0 - units["low"][y]
        return share_weighted(name, worlds, effect, lambda units: units["natural"][t] == level)

    def _definition(self, level: Any) -> str:
        low, high = self.levels
        return f"E[{self.outcome}({high}) - {self.outcome}({low}) | {self.treatment} = {level}]"


@dataclasses.dataclass(frozen=True)
class ATT(_OnLevel):
    """The average treatment effect on the treated: ``E[Y(t1) - Y(t0) | T = t1]``.

    Also called the effect of treatment on the treated: `ETT` is another name of this class. The
    condition is on the treatment that the same units take by nature. With ``levels=(t0, t1)``
    of a treatment of several, it is those who take ``t1``.

    Raises `ModelError` for a continuous treatment, of which nobody takes exactly ``t1``.

    Source: Imbens and Rubin (2015), Causal Inference, section 1.

    >>> from simulators import get
    >>> round(ATT("drug_a", "clot").truth(get("simpson_drug").build()).value, 3)
    -0.07
    """

    @property
    def definition(self) -> str:
        return self._definition(self.levels[1])

    def question(self, model: SCM) -> Question:
        return self._question(model, self.levels[1])


ETT = ATT
"""The effect of treatment on the treated: the `ATT` by its other name (Shpitser and Pearl 2009)."""


@dataclasses.dataclass(frozen=True)
class ATC(_OnLevel):
    """The average treatment effect on the controls: ``E[Y(t1) - Y(t0) | T = t0]``; also ATU.

    Raises `ModelError` for a continuous treatment, of which nobody takes exactly ``t0``.

    Source: Imbens and Rubin (2015), Causal Inference, section 1.

    >>> from simulators import get
    >>> round(ATC("drug_a", "clot").truth(get("simpson_drug").build()).value, 3)
    -0.038
    """

    @property
    def definition(self) -> str:
        return self._definition(self.levels[0])

    def question(self, model: SCM) -> Question:
        return self._question(model, self.levels[0])
