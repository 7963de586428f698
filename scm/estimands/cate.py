"""The effect among units with given covariates."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from scm.core.errors import ModelError
from scm.core.interval import Interval
from scm.estimands.conditional import share_weighted
from scm.estimands.estimand import Estimand, checked, mean_of, scalar
from scm.estimands.levels import two_levels
from scm.estimands.seeing import path_down, seeing_is_doing
from scm.estimands.values import discrete
from scm.frames import Unit
from scm.solve.draws import laws_of
from scm.truth.question import Question

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["CATE"]

Given = Mapping[str, Any] | Callable[[Mapping[str, Any]], Any]


@dataclasses.dataclass(frozen=True, eq=False)
class CATE(Estimand):
    """The conditional average treatment effect: ``E[Y(t1) - Y(t0) | X = x]``.

    ``given`` says which units: ``{"X": 1, "age": Interval(40, 50)}``, or a condition on a unit,
    ``lambda unit: unit["age"] > 40``. It is of pre-treatment variables; the treatment itself and
    its descendants are refused, being different numbers in the two worlds.

    Nobody has exactly one value of a continuous variable. Where seeing it is as good as setting it
    (rule 2 of the do-calculus: no back-door path leads from it to the outcome), it is set;
    otherwise an interval is wanted.

    Source: Imbens and Rubin (2015), Causal Inference, section 1; Pearl (2009), theorem 3.4.1.

    >>> from numpyro.distributions import Bernoulli, Normal
    >>> from scm import SCM
    >>> model = SCM(X=Normal(0, 1), T=Bernoulli(0.5), Y=lambda X, T: T * (1 + X))
    >>> CATE("T", "Y", given={"X": 2.0}).truth(model).value
    3.0
    """

    treatment: str
    outcome: str
    given: Given = dataclasses.field(kw_only=True)
    levels: tuple[Any, Any] = (0, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", two_levels("CATE", self.levels))
        if not callable(self.given) and not (isinstance(self.given, Mapping) and self.given):
            raise ModelError(
                f"CATE: given={self.given!r}: covariates and their values are wanted, such as "
                'given={"X": 1}, or a condition on a unit, given=lambda unit: unit["X"] > 0'
            )

    @property
    def definition(self) -> str:
        y, (low, high) = self.outcome, self.levels
        if callable(self.given):
            return f"E[{y}({high}) - {y}({low}) | given(unit)]"
        shown = ", ".join(_shown(*each) for each in self.given.items())
        return f"E[{y}({high}) - {y}({low}) | {shown}]"

    def question(self, model: SCM) -> Question:
        y, t, (low, high) = self.outcome, self.treatment, self.levels
        name = f"CATE({t!r}, {y!r})"
        read = list(self._read(name, model))
        checked(name, model, (y, t), {})
        checked(name, model, read, {})
        scalar(name, model, y)
        for each in read:
            self._check_covariate(name, model, each)
        points = {} if callable(self.given) else self._points(name, model, self.given)
        arms = {
            "natural": points,
            "high": {**points, t: high},
            "low": {**points, t: low},
        }
        worlds = checked(name, model, (), arms)
        if not callable(self.given) and len(points) == len(self.given):
            del worlds["natural"]
            means = [mean_of("high", y), mean_of("low", y)]
            return Question(name, worlds, means, lambda high, low: high - low)
        effect = lambda units: units["high"][y] * 1.0 - units["low"][y]
        return share_weighted(name, worlds, effect, lambda units: self._holds(units["natural"]))

    def _read(self, name: str, model: SCM) -> Iterator[str]:
        """The variables that the condition is about."""
        if not callable(self.given):
            yield from self.given
            return
        out = model.structure.out
        unit = Unit({each: out(each) for each in model.structure.order})
        closed, shape = jax.make_jaxpr(self.given, return_shape=True)(unit)
        if not isinstance(shape, jax.ShapeDtypeStruct) or (shape.shape, shape.dtype) != ((), bool):
            raise ModelError(f"{name}: given(unit) must return True or False, it returns {shape}")
        used = {id(v) for eqn in closed.jaxpr.eqns for v in eqn.invars}
        used |= {id(v) for v in closed.jaxpr.outvars}
        for each, variable in zip(sorted(unit), closed.jaxpr.invars, strict=True):
            if id(variable) in used:
                yield each

    def _check_covariate(self, name: str, model: SCM, covariate: str) -> None:
        if covariate in (self.treatment, self.outcome):
            raise ModelError(
                f"{name}: given names {covariate}, the "
                f"{'treatment' if covariate == self.treatment else 'outcome'} itself; name "
                "pre-treatment variables (among the treated it is the ATT)"
            )
        path = path_down(model, self.treatment, covariate)
        if path:
            raise ModelError(
                f"{name}: given names {covariate}, which comes after the treatment: "
                f"{' -> '.join(path)}; its value differs between the worlds compared, so only "
                "pre-treatment variables can be given"
            )
        scalar(name, model, covariate, f"covariate {covariate}")

    def _points(self, name: str, model: SCM, given: Mapping[str, Any]) -> dict[str, Any]:
        """The continuous covariates of which one value is given: they are set."""
        points = {}
        for each, value in given.items():
            if not isinstance(value, Interval) and not discrete(model, each):
                _refuse_outside(name, model, each, value)
                points[each] = value
        ranges = [each for each, value in given.items() if isinstance(value, Interval)]
        exact = [each for each in given if each not in ranges]
        for each in points:
            others = [other for other in exact if other != each]
            # what lies in a range is spread over it in some way, which setting must not change
            for heard in (self.outcome, *ranges):
                if seeing_is_doing(model, each, heard, self.treatment, others):
                    continue
                raise ModelError(
                    f"{name}: {each} is continuous and shares causes with {heard}, so the "
                    f"effect at exactly {each} = {points[each]} is not to be had by setting it; "
                    f"give an interval: given={{{each!r}: Interval({points[each]} - 0.1, "
                    f"{points[each]} + 0.1)}}"
                )
        return points

    def _holds(self, unit: Mapping[str, Any]) -> Any:
        if callable(self.given):
            return self.given(unit)
        fine = jnp.asarray(True)
        for each, value in self.given.items():
            if isinstance(value, Interval):
                fine = fine & (unit[each] >= value.low) & (unit[each] <= value.high)
            else:
                fine = fine & (unit[each] == value)
        return fine


def _refuse_outside(name: str, model: SCM, covariate: str, value: Any) -> None:
    """Refuse a value that a root variable never takes."""
    layers = model.structure.variables[covariate].layers
    if layers[-1].form != "law":
        return
    law = laws_of(model.system)[covariate, len(layers) - 1, layers[-1].fresh]
    inside = True if law.support is None else law.support(jnp.asarray(value, float))
    if not isinstance(inside, jax.core.Tracer) and not bool(inside):
        raise ModelError(
            f"{name}: given names {covariate} = {value}, which its law ({type(law).__name__}) "
            "never takes"
        )


def _shown(name: str, value: Any) -> str:
    if isinstance(value, Interval):
        return f"{value.low} <= {name} <= {value.high}"
    return f"{name}={value}"
