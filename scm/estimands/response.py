"""Means under several levels, and ratios of them: dose-response, risk ratio, odds ratio."""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from scm.core.errors import ModelError
from scm.estimands.estimand import Estimand, checked, mean_of, quotient, scalar
from scm.estimands.levels import several_levels, two_levels
from scm.estimands.values import discrete, support
from scm.truth.question import Mean, Question

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["DoseResponse", "OddsRatio", "RiskRatio"]


@dataclasses.dataclass(frozen=True)
class DoseResponse(Estimand):
    """The mean outcome at each of several levels: ``E[Y | do(T=t)]`` for t in ``levels``.

    The truth's value is an array, one entry for each level. Source: Imbens (2000), "The role of
    the propensity score in estimating dose-response functions".

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> model = SCM(T=Normal(0, 1), Y=lambda T, u=Normal(0, 1): 2 * T + u)
    >>> DoseResponse("T", "Y", levels=(0, 1, 3)).truth(model).value.tolist()
    [0.0, 2.0, 6.0]
    """

    treatment: str
    outcome: str
    levels: tuple[Any, ...] = (0, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", several_levels("DoseResponse", self.levels))

    @property
    def definition(self) -> str:
        shown = ", ".join(map(str, self.levels))
        return f"E[{self.outcome} | do({self.treatment}=t)] for t = {shown}"

    def question(self, model: SCM) -> Question:
        y, t = self.outcome, self.treatment
        name = f"DoseResponse({t!r}, {y!r})"
        arms = {f"level {at}": {t: level} for at, level in enumerate(self.levels)}
        worlds = checked(name, model, (y, t), arms)
        scalar(name, model, y)
        means = [mean_of(arm, y) for arm in arms]
        return Question(name, worlds, means, lambda *values: jnp.stack(list(values)))


@dataclasses.dataclass(frozen=True)
class _Risks(Estimand, abc.ABC):
    treatment: str
    outcome: str
    levels: tuple[Any, Any] = (0, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", two_levels(type(self).__name__, self.levels))

    @staticmethod
    @abc.abstractmethod
    def _compared(high: Any, low: Any) -> Any:
        """The estimand from the two risks."""

    def question(self, model: SCM) -> Question:
        y, t = self.outcome, self.treatment
        name = f"{type(self).__name__}({t!r}, {y!r})"
        low, high = self.levels
        worlds = checked(name, model, (y, t), {"high": {t: high}, "low": {t: low}})
        scalar(name, model, y)
        return Question(
            name, worlds, [_risk(name, world, y, arm) for arm, world in worlds.items()],
            self._compared,
        )  # fmt: skip


def _risk(name: str, model: SCM, outcome: str, arm: str) -> Mean:
    """``P(Y = 1)`` in one world: the mean of an outcome that is known to be 0 or 1.

    Refused for an outcome that is known not to be; where its mechanism does not tell, it is the
    share of ``Y = 1`` to the letter.
    """
    values = support(model, outcome)
    if values is not None and np.isin(values, (0, 1)).all():
        return mean_of(arm, outcome)
    if values is not None:
        raise ModelError(
            f"{name}: {outcome} takes other values than 0 and 1: {', '.join(map(str, values))}; "
            f"a risk is the probability of an event, such as {outcome}_any=lambda {outcome}: "
            f"{outcome} > 0"
        )
    if not discrete(model, outcome):
        raise ModelError(
            f"{name}: {outcome} is continuous, and a risk is the probability of an event: name an "
            f"outcome that is 0 or 1, such as {outcome}_high=lambda {outcome}: {outcome} > 1.0"
        )
    return Mean(lambda units: jnp.where(units[arm][outcome] == 1, 1.0, 0.0))


@dataclasses.dataclass(frozen=True)
class RiskRatio(_Risks):
    """The marginal risk ratio: ``P(Y=1 | do(T=t1)) / P(Y=1 | do(T=t0))``, for an outcome 0 or 1.

    An outcome of other values is refused as far as its mechanism tells them: laws of finitely many
    values, and whatever is continuous. The difference of the risks is the `ATE`.

    Source: Hernan and Robins (2020), Causal Inference: What If, section 1.3.

    >>> from simulators import get
    >>> round(RiskRatio("drug_a", "clot").truth(get("simpson_drug").build()).value, 4)
    0.7742
    """

    @property
    def definition(self) -> str:
        low, high = self.levels
        y, t = self.outcome, self.treatment
        return f"P({y}=1 | do({t}={high})) / P({y}=1 | do({t}={low}))"

    @staticmethod
    def _compared(high: Any, low: Any) -> Any:
        return quotient(high, low)


@dataclasses.dataclass(frozen=True)
class OddsRatio(_Risks):
    """The marginal odds ratio: ``odds(Y=1 | do(T=t1)) / odds(Y=1 | do(T=t0))``.

    It is not collapsible: where it is the same number in every stratum of a cause of the outcome,
    it is nearer to 1 in the whole, without any confounding. So a coefficient of a logistic
    regression on covariates estimates another number than this one.

    Source: Greenland, Robins and Pearl (1999), "Confounding and collapsibility in causal
    inference".

    >>> import jax
    >>> from numpyro.distributions import Bernoulli
    >>> from scm import SCM
    >>> model = SCM(
    ...     X=Bernoulli(0.5),
    ...     T=Bernoulli(0.5),
    ...     Y=lambda X, T: Bernoulli(jax.nn.sigmoid(4.0 * X - 2 + T)),
    ... )
    >>> found = OddsRatio("T", "Y").truth(model).value  # e = 2.718 in either stratum of X
    >>> round(found, 3)
    1.569
    """

    @property
    def definition(self) -> str:
        low, high = self.levels
        y, t = self.outcome, self.treatment
        return f"odds({y}=1 | do({t}={high})) / odds({y}=1 | do({t}={low}))"

    @staticmethod
    def _compared(high: Any, low: Any) -> Any:
        return quotient(high * (1 - low), low * (1 - high))
