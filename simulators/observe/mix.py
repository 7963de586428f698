"""Mixtures: some of the units are of another world."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
from numpyro.distributions import Bernoulli

from scm import SCM
from scm.core.pytree import pytree
from scm.world import solved
from simulators.observe.severity import checked
from simulators.observe.severity import share as probability
from simulators.observe.view import View

__all__ = ["mix"]


def mix(other: SCM, *, share: Any = 0.5, severity: Any = 1.0) -> Mix:
    """Some units are of another world, with another causal structure, and the data do not tell.

    Arguments:
      other: the model of the other world; it has the columns of this one.
      share: the probability of a unit to be of the other world.
      severity: what ``share`` is multiplied with.

    ``seen.world["other"]`` is 1 for the units of the other world: the membership that is known to
    us and not to the analyst.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> from simulators.observe import observe
    >>> causes = SCM(X=Normal(0, 1), Y=lambda X: 2 * X)
    >>> caused = SCM(Y=Normal(0, 1), X=lambda Y: -Y)
    >>> seen = observe(causes.sample(key=0, n=100), mix(caused))
    >>> other = seen.world["other"] == 1
    >>> bool((seen["Y"] == jnp.where(other, -seen["X"], 2 * seen["X"])).all())
    True
    """
    if not isinstance(other, SCM):
        raise ValueError(f"mix: a model is wanted first, given a {type(other).__name__}")
    return Mix(other, probability(share, "mix", "share"), checked(severity, "mix"))


@pytree
class Mix:
    """See `mix`."""

    other: SCM
    share: Any
    severity: Any

    def __call__(self, view: View) -> View:
        view = view.to_units("mix")
        own = [name for name in view.columns if name in view.world.model.observed]
        missing = [name for name in own if name not in self.other.observed]
        if missing:
            raise ValueError(
                f"mix: the other world has no column {missing[0]!r}; it has: "
                f"{', '.join(self.other.observed)}"
            )
        there = solved(self.other, view.world.origin, {})  # the same units, with their own noise
        view, member = view.with_variable("other", Bernoulli(self.severity * self.share))
        of_other = view.world[member] == 1
        mixed = {}
        for name in own:
            shown = view.columns[name]
            here, other = view.world[shown], there[name]
            if here.shape != other.shape:
                raise ValueError(
                    f"mix: {name} has shape {here.shape[1:]} for one unit here, and "
                    f"{other.shape[1:]} in the other world"
                )
            of = of_other.reshape(-1, *[1] * (here.ndim - 1))
            mixed[shown] = jnp.where(of, other, here)  # a type that does not fit is refused
        return replace(view.moved(view.world.do(mixed)), mixed=True)
