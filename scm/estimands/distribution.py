"""Effects on the distribution of an outcome: quantiles of it, and quantiles of unit effects."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scm.core.errors import ModelError
from scm.estimands.estimand import Estimand, checked, scalar
from scm.estimands.levels import takes, two_levels
from scm.truth.question import Quantile, Question

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["QTE", "QTT", "UnitEffectQuantile"]


@dataclasses.dataclass(frozen=True)
class _AtQuantile(Estimand):
    treatment: str
    outcome: str
    quantile: float = 0.5
    levels: tuple[Any, Any] = (0, 1)

    def __post_init__(self) -> None:
        name = type(self).__name__
        object.__setattr__(self, "levels", two_levels(name, self.levels))
        if not (isinstance(self.quantile, float | int) and 0 < self.quantile < 1):
            raise ModelError(f"{name}: quantile={self.quantile!r}: a number in (0, 1) is wanted")

    def _worlds(self, model: SCM) -> tuple[str, dict[str, SCM]]:
        y, t = self.outcome, self.treatment
        name = f"{type(self).__name__}({t!r}, {y!r}, quantile={self.quantile})"
        low, high = self.levels
        arms = {"natural": {}, "high": {t: high}, "low": {t: low}}
        worlds = checked(name, model, (y, t), arms)
        scalar(name, model, y)
        return name, worlds

    def _outcome(self, arm: str) -> Callable[[Any], Any]:
        return lambda units: units[arm][self.outcome]


@dataclasses.dataclass(frozen=True)
class QTE(_AtQuantile):
    """The quantile treatment effect: ``Q_q[Y | do(T=t1)] - Q_q[Y | do(T=t0)]``.

    A difference of quantiles of two distributions. It is no quantile of anybody's effect, save
    where ranks are preserved: that one is `UnitEffectQuantile`.

    Source: Firpo (2007), "Efficient semiparametric estimation of quantile treatment effects".

    >>> from numpyro.distributions import Bernoulli, Normal
    >>> from scm import SCM
    >>> model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(0, 1): 2 * T + (1 + T) * u)
    >>> found = QTE("T", "Y", quantile=0.5).truth(model, budget=1 << 16)
    >>> bool(abs(found.value - 2) < 0.1)
    True
    """

    @property
    def definition(self) -> str:
        q, y, t = self.quantile, self.outcome, self.treatment
        low, high = self.levels
        return f"Q_{q:g}[{y} | do({t}={high})] - Q_{q:g}[{y} | do({t}={low})]"

    def question(self, model: SCM) -> Question:
        name, worlds = self._worlds(model)
        del worlds["natural"]
        quantiles = [Quantile(self._outcome(arm), self.quantile) for arm in ("high", "low")]
        return Question(name, worlds, quantiles, lambda high, low: high - low)


@dataclasses.dataclass(frozen=True)
class QTT(_AtQuantile):
    """The quantile treatment effect on the treated: the `QTE` among units that take ``t1``.

    ``Q_q[Y(t1) | T = t1] - Q_q[Y(t0) | T = t1]``. Source: Firpo (2007).
    """

    @property
    def definition(self) -> str:
        q, y, t = self.quantile, self.outcome, self.treatment
        low, high = self.levels
        return f"Q_{q:g}[{y}({high}) | {t}={high}] - Q_{q:g}[{y}({low}) | {t}={high}]"

    def question(self, model: SCM) -> Question:
        name, worlds = self._worlds(model)
        takes(name, model, self.treatment, self.levels[1])
        treated = lambda units: units["natural"][self.treatment] == self.levels[1]
        quantiles = [
            Quantile(self._outcome(arm), self.quantile, treated) for arm in ("high", "low")
        ]
        return Question(name, worlds, quantiles, lambda high, low: high - low)


@dataclasses.dataclass(frozen=True)
class UnitEffectQuantile(_AtQuantile):
    """A quantile of the units' own effects: ``Q_q[Y(t1) - Y(t0)]``.

    It rests on the joint law of both outcomes of a unit, which no experiment shows: here the model
    says how they hang together. The difference of quantiles, which experiments show, is `QTE`.

    Source: Heckman, Smith and Clements (1997), "Making the most out of programme evaluations".
    """

    @property
    def definition(self) -> str:
        low, high = self.levels
        return f"Q_{self.quantile:g}[{self.outcome}({high}) - {self.outcome}({low})]"

    def question(self, model: SCM) -> Question:
        name, worlds = self._worlds(model)
        del worlds["natural"]
        y = self.outcome
        effect = lambda units: units["high"][y] * 1.0 - units["low"][y]
        return Question(name, worlds, (Quantile(effect, self.quantile),), lambda value: value)
