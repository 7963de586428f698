"""What least squares is after: weighted unit effects, and the limit it goes to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from scm.core.errors import ModelError
from scm.estimands.estimand import Estimand, checked, quotient, scalar
from scm.truth.question import Mean, Question

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["OLSLimit", "VarianceWeightedSlope"]


@dataclasses.dataclass(frozen=True)
class _Projection(Estimand):
    treatment: str
    outcome: str
    adjust: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        adjust = (self.adjust,) if isinstance(self.adjust, str) else tuple(self.adjust)
        object.__setattr__(self, "adjust", adjust)
        if self.treatment in adjust or self.outcome in adjust:
            raise ModelError(
                f"{type(self).__name__}: adjust={adjust}: the treatment and the outcome are no "
                "covariates"
            )

    def _worlds(
        self, model: SCM, arms: Mapping[str, Mapping[str, Any]]
    ) -> tuple[str, dict[str, SCM]]:
        t, y = self.treatment, self.outcome
        name = f"{type(self).__name__}({t!r}, {y!r}, adjust={self.adjust})"
        worlds = checked(name, model, (t, y, *self.adjust), arms)
        for each in (t, y, *self.adjust):
            scalar(name, model, each, "variable " + each)
        return name, worlds

    def _regressors(self, unit: Mapping[str, Any]) -> Any:
        real = jnp.result_type(float)
        return jnp.stack(
            [jnp.ones((), real), *(jnp.asarray(unit[each], real) for each in self.adjust)]
        )

    def _means(self, target: Any) -> Sequence[Mean]:
        """E[X X'], E[X T], E[T T], E[X D], E[T D] of a target D of the unit; X are 1 and adjust."""
        x = lambda units: self._regressors(units["natural"])
        t = lambda units: units["natural"][self.treatment] * 1.0
        return (
            Mean(lambda units: jnp.outer(x(units), x(units))),
            Mean(lambda units: x(units) * t(units)),
            Mean(lambda units: t(units) * t(units)),
            Mean(lambda units: x(units) * target(units)),
            Mean(lambda units: t(units) * target(units)),
        )


def _slope(xx: Any, xt: Any, tt: Any, xd: Any, td: Any) -> Any:
    """E[R D] / E[R R], R what the projection of T on X leaves of it: NaN if that is nothing."""
    column = lambda each: jnp.asarray(each)[:, None]
    corner = jnp.array([[tt, td], [td, jnp.zeros_like(td)]])
    moments = jnp.block([[xx, column(xt), column(xd)], [jnp.vstack([xt, xd]), corner]])
    least = 1e3 * jnp.finfo(moments.dtype).eps * jnp.diagonal(moments)
    for at in range(len(xx)):  # by elimination; what others span already adds nothing
        pivot = moments[at, at]
        spans = pivot > least[at]
        share = jnp.where(spans, 1 / jnp.where(spans, pivot, 1), 0)
        moments = moments - share * jnp.outer(moments[:, at], moments[at, :])
    left, product = moments[-2, -2], moments[-2, -1]
    # a remainder of the size of rounding is none: dividing by it would give any number at all
    return jnp.where(left > least[-2], quotient(product, left), jnp.nan)


@dataclasses.dataclass(frozen=True)
class VarianceWeightedSlope(_Projection):
    """The average of unit effects that least squares targets, weighted by conditional variance.

    ``E[R (Y - Y(T=reference))] / E[R^2]``, R the treatment less its linear projection on a constant
    and ``adjust``. For a treatment 0 or 1 with sufficient ``adjust`` and a propensity that is
    linear in it, this is ``E[Var(T|X) tau(X)] / E[Var(T|X)]``: strata with much variation of the
    treatment count more than they do in the `ATE`. The `OLSLimit` exceeds it by
    ``E[R Y(reference)] / E[R^2]``, which is confounding and nothing else.

    Source: Angrist (1998), "Estimating the labor market impact of voluntary military service",
    equation 5; Angrist and Krueger (1999), section 2.3, for a treatment of several levels.

    >>> from numpyro.distributions import Bernoulli
    >>> from scm import SCM
    >>> model = SCM(
    ...     X=Bernoulli(0.5),
    ...     T=lambda X: Bernoulli(0.5 + 0.4 * X),
    ...     Y=lambda X, T: T * (1 + X),
    ... )
    >>> VarianceWeightedSlope("T", "Y", adjust=["X"]).truth(model).value  # weights .25 and .09
    1.264...
    """

    reference: Any = 0

    @property
    def definition(self) -> str:
        t, y = self.treatment, self.outcome
        given = ", ".join(("1", *self.adjust))
        return f"E[R ({y} - {y}({self.reference}))] / E[R^2], R = {t} - L[{t} | {given}]"

    def question(self, model: SCM) -> Question:
        y = self.outcome
        arms = {"natural": {}, "reference": {self.treatment: self.reference}}
        name, worlds = self._worlds(model, arms)
        target = lambda units: units["natural"][y] * 1.0 - units["reference"][y]
        return Question(name, worlds, self._means(target), _slope)


@dataclasses.dataclass(frozen=True)
class OLSLimit(_Projection):
    """What the coefficient of least squares goes to as data grow: a limit, and no effect.

    The coefficient of T in the linear projection of Y on a constant, T and ``adjust``, in the
    observational world. It is confounded if the data are.

    Source: Angrist and Pischke (2009), Mostly Harmless Econometrics, section 3.1.2.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> model = SCM(X=Normal(0, 1), T=lambda X, u=Normal(0, 1): X + u, Y=lambda X, T: 2 * T + 3 * X)
    >>> found = OLSLimit("T", "Y").truth(model, budget=1 << 18)
    >>> bool(abs(found.value - 3.5) < 4 * found.se + 1e-9)
    True
    """

    @property
    def definition(self) -> str:
        given = ", ".join(("1", self.treatment, *self.adjust))
        return f"the coefficient of {self.treatment} in L[{self.outcome} | {given}]"

    def question(self, model: SCM) -> Question:
        name, worlds = self._worlds(model, {"natural": {}})
        target = lambda units: units["natural"][self.outcome] * 1.0
        return Question(name, worlds, self._means(target), _slope)
