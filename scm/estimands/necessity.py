"""Probabilities of causation: was it necessary, would it be sufficient, is it both.

They are about single units under both levels of the treatment, so they depend on how noise enters
the assignments and not only on the laws of what can be seen: where a model's functions return
discrete distributions, on its coupling. What data say of them is `scm.sensitivity`'s question.
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.errors import ModelError
from scm.estimands.conditional import share_weighted
from scm.estimands.estimand import Estimand, checked, scalar
from scm.estimands.levels import takes, two_levels
from scm.estimands.values import discrete, support
from scm.truth.question import Mean, Question

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["PN", "PNS", "PS"]

Event = Callable[[Any], Any] | Any
"""A value of the outcome, or a condition on it: ``lambda y: y > 3``."""


@dataclasses.dataclass(frozen=True)
class _OfCausation(Estimand):
    treatment: str
    outcome: str
    levels: tuple[Any, Any] = (0, 1)
    event: Event = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", two_levels(type(self).__name__, self.levels))

    @abc.abstractmethod
    def _asked(self, name: str, worlds: Mapping[str, SCM]) -> Question:
        """The question about the worlds ``natural``, ``high`` and ``low``."""

    def question(self, model: SCM) -> Question:
        t, y, (low, high) = self.treatment, self.outcome, self.levels
        name = f"{type(self).__name__}({t!r}, {y!r})"
        worlds = checked(name, model, (y, t), {"natural": {}, "high": {t: high}, "low": {t: low}})
        self._check_event(name, model)
        return self._asked(name, worlds)

    def _check_event(self, name: str, model: SCM) -> None:
        y, out = self.outcome, model.structure.out(self.outcome)
        if callable(self.event):
            found = jax.eval_shape(self.event, out)
            if getattr(found, "shape", None) != () or found.dtype != bool:
                raise ModelError(
                    f"{name}: event({y}) must return True or False, it returns {found}; such as "
                    f"event=lambda {y.lower()}: {y.lower()} > 0"
                )
            return
        scalar(name, model, y)
        if np.shape(self.event) != ():
            raise ModelError(
                f"{name}: event={self.event!r}: one value of {y} is wanted, or a condition on it, "
                f"event=lambda {y.lower()}: {y.lower()} > 0"
            )
        if not discrete(model, y):
            raise ModelError(
                f"{name}: {y} is continuous, and is exactly {self.event!r} in no unit; an event is "
                f"wanted: event=lambda {y.lower()}: {y.lower()} > {self.event!r}"
            )
        values = support(model, y)
        if values is not None and self.event not in values:
            raise ModelError(
                f"{name}: event={self.event!r}, which {y} never takes; it takes "
                f"{', '.join(map(str, values))}"
            )

    def _happens(self, units: Mapping[str, Mapping[str, Any]], world: str) -> Any:
        value = units[world][self.outcome]
        return jnp.asarray(self.event(value) if callable(self.event) else value == self.event)

    def _shown(self, where: str, *, happens: bool = True) -> str:
        if callable(self.event):
            return f"event({where})" if happens else f"not event({where})"
        return f"{where} {'=' if happens else '!='} {self.event}"


@dataclasses.dataclass(frozen=True)
class PN(_OfCausation):
    """The probability of necessity: ``P(Y(t0) != y | T = t1, Y = y)``, levels ``(t0, t1)``.

    Among the units that took t1 and have the event: the share that would not have it under t0,
    but for the treatment.

    Arguments:
      event: the outcome's value y, or a condition, ``event=lambda y: y > 3``, in place of
        ``Y = y``. Under t0 anything else is no event, whatever other values there are.

    Raises `ModelError` for a continuous treatment, or a continuous outcome without a condition;
    `NonFiniteError` where no unit takes t1 and has the event.

    Source: Pearl (1999), "Probabilities of causation: three counterfactual interpretations and
    their identification"; Pearl (2009), Causality, section 9.2.

    >>> from numpyro.distributions import Bernoulli
    >>> from scm import SCM
    >>> model = SCM(T=Bernoulli(0.5), A=Bernoulli(0.25), Y=lambda T, A: T | A)
    >>> PN("T", "Y").truth(model)  # all with the event but for those who have it by A
    Truth(value=0.75, se=0.0, method='exact', n=4)
    """

    @property
    def definition(self) -> str:
        t, y, (low, high) = self.treatment, self.outcome, self.levels
        wanted = self._shown(f"{y}({low})", happens=False)
        return f"P({wanted} | {t} = {high}, {self._shown(y)})"

    def _asked(self, name: str, worlds: Mapping[str, SCM]) -> Question:
        t, high = self.treatment, self.levels[1]
        takes(name, worlds["natural"], t, high)
        return share_weighted(
            name,
            worlds,
            lambda units: jnp.where(self._happens(units, "low"), 0.0, 1.0),
            lambda units: (units["natural"][t] == high) & self._happens(units, "natural"),
        )


@dataclasses.dataclass(frozen=True)
class PS(_OfCausation):
    """The probability of sufficiency: ``P(Y(t1) = y | T = t0, Y != y)``, levels ``(t0, t1)``.

    Among the units that took t0 and do not have the event: the share that would have it under t1.

    Arguments and errors as for `PN`; `NonFiniteError` where no unit takes t0 without the event.

    Source: Pearl (1999), "Probabilities of causation: three counterfactual interpretations and
    their identification"; Pearl (2009), Causality, section 9.2.

    >>> from numpyro.distributions import Bernoulli
    >>> from scm import SCM
    >>> model = SCM(T=Bernoulli(0.5), A=Bernoulli(0.25), Y=lambda T, A: T & A)
    >>> PS("T", "Y").truth(model).value
    0.25
    """

    @property
    def definition(self) -> str:
        t, y, (low, high) = self.treatment, self.outcome, self.levels
        given = self._shown(y, happens=False)
        return f"P({self._shown(f'{y}({high})')} | {t} = {low}, {given})"

    def _asked(self, name: str, worlds: Mapping[str, SCM]) -> Question:
        t, low = self.treatment, self.levels[0]
        takes(name, worlds["natural"], t, low)
        return share_weighted(
            name,
            worlds,
            lambda units: jnp.where(self._happens(units, "high"), 1.0, 0.0),
            lambda units: (units["natural"][t] == low) & ~self._happens(units, "natural"),
        )


@dataclasses.dataclass(frozen=True)
class PNS(_OfCausation):
    """The probability of necessity and sufficiency: ``P(Y(t1) = y, Y(t0) != y)``.

    The share of all units that have the event under t1 and do not under t0; levels ``(t0, t1)``,
    whether or not units take them by nature.

    Arguments as for `PN`. Raises `ModelError` for a continuous outcome without a condition.

    Source: Pearl (1999), "Probabilities of causation: three counterfactual interpretations and
    their identification"; Pearl (2009), Causality, section 9.2.

    >>> from numpyro.distributions import Bernoulli
    >>> from scm import SCM
    >>> model = SCM(T=Bernoulli(0.5), A=Bernoulli(0.25), Y=lambda T, A: T | A)
    >>> PNS("T", "Y").truth(model).value
    0.75
    """

    @property
    def definition(self) -> str:
        y, (low, high) = self.outcome, self.levels
        return f"P({self._shown(f'{y}({high})')}, {self._shown(f'{y}({low})', happens=False)})"

    def _asked(self, name: str, worlds: Mapping[str, SCM]) -> Question:
        both = lambda units: self._happens(units, "high") & ~self._happens(units, "low")
        share = Mean(lambda units: jnp.where(both(units), 1.0, 0.0))
        return Question(name, worlds, [share], lambda share: share)
