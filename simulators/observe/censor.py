"""Censoring: of a value beyond a bound only the bound is known."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from numpyro.distributions import Uniform

from scm import node
from scm.core.pytree import pytree, static
from simulators.observe.severity import checked
from simulators.observe.view import View

__all__ = ["censor"]


def censor(
    column: str,
    *,
    low: Any = None,
    high: Any = None,
    flag: str | None = None,
    severity: Any = 1.0,
) -> Censor:
    """Values beyond a bound come into the data as the bound: ``min(max(x, low), high)``.

    Arguments:
      column: its name.
      low, high: the bounds, numbers, in the column's units; at least one of them.
      flag: the name of a new column that says, true or false, whose values are bounds; without it
        the data do not tell.
      severity: the share of units that it happens to.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> from simulators.observe import observe
    >>> seen = observe(SCM(wage=Normal(0, 1)).sample(0, 100), censor("wage", high=1, flag="top"))
    >>> float(seen["wage"].max()), list(seen)
    (1.0, ['wage', 'top'])
    """
    if low is None and high is None:
        raise ValueError(f"censor: a bound is wanted: censor({column!r}, high=10.0)")
    bounds = (-jnp.inf if low is None else low, jnp.inf if high is None else high)
    if all(isinstance(each, int | float) for each in bounds) and not bounds[0] < bounds[1]:
        raise ValueError(f"censor: low={low!r} is not below high={high!r}")
    return Censor(low, high, checked(severity, "censor"), column, flag)


@pytree
class Censor:
    """See `censor`."""

    low: Any
    high: Any
    severity: Any
    column: str = static()
    flag: str | None = static()

    def __call__(self, view: View) -> View:
        view = view.to_records("censor")
        shown = view.node(self.column, "censor")
        lower, upper = (each is not None for each in (self.low, self.high))
        low = self.low if lower else self.high  # a stand-in, of the same type
        high = self.high if upper else self.low
        beyond = node(
            lambda x, u, a=low, b=high, s=self.severity: (
                ((lower & (x < a)) | (upper & (x > b))) & ((u < s) | (s >= 1))
            ),
            parents=[shown],
            noise={"u": Uniform(0, 1)},
        )
        view, where = view.with_variable(f"{self.column} censored", beyond)
        bound = node(
            lambda x, c, a=low, b=high: jnp.where(c, jnp.where(lower & (x < a), a, b), x),
            parents=[shown, where],
        )
        view, bounded = view.with_variable(f"{self.column} within bounds", bound)
        view = view.showing(self.column, bounded)
        if self.flag is None:
            return view
        if self.flag in view.columns:
            raise ValueError(
                f"censor: flag={self.flag!r} is a column already; give it another name"
            )
        return view.showing(self.flag, where)
