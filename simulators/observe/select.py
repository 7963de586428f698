"""Selection: not every unit comes into the data."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from numpyro.distributions import Uniform

from scm import node
from scm.core.pytree import pytree, static
from simulators.observe.rules import Rule, rule
from simulators.observe.severity import checked, share
from simulators.observe.view import View

__all__ = ["select"]


def select(where: Any, *, n: int | None = None, severity: Any = 1.0) -> Select:
    """Only some units come into the data: those that were hired, that answered, that lived::

        S = 1{V < 1 - severity * (1 - where(columns))},  V ~ Uniform(0, 1);  in the data if S = 1

    Arguments:
      where: a function of a unit's columns that returns true or false, or the probability to be in
        the data; or a probability.
      n: so many units are in the data: the first that are selected. Without it their number is as
        it comes out.
      severity: the share of the units out of the selection that are really left out.

    >>> from numpyro.distributions import DiscreteUniform
    >>> from scm import SCM
    >>> from simulators.observe import observe
    >>> scores = SCM(coding=DiscreteUniform(1, 5), cooperation=DiscreteUniform(1, 5))
    >>> hired = select(lambda coding, cooperation: coding + cooperation >= 7, n=1_000)
    >>> frame = observe(scores.sample(key=0, n=5_000), hired).to_pandas()
    >>> len(frame), bool(frame.corr().iloc[0, 1] < -0.4)  # -1/2 in theory; 0 in everybody
    (1000, True)
    """
    if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
        raise ValueError(f"select: n={n!r}: a whole number of units, at least 1, is wanted")
    return Select(rule(share(where, "select", "where")), checked(severity, "select"), n)


@pytree
class Select:
    """See `select`."""

    where: Rule
    severity: Any
    n: int | None = static()

    def __call__(self, view: View) -> View:
        view = view.to_records("select")
        view, chance = view.with_probability("chance of selection", self.where, "select")
        happens = node(
            lambda p, u, s=self.severity: _selected(p, u, s),
            parents=[chance],
            noise={"u": Uniform(0, 1)},
        )
        view, where = view.with_variable("selected", happens)
        return view.keeping(where, self.n)


def _selected(chance: Any, u: Any, severity: Any) -> Any:
    stays = 1 - severity * (1 - jnp.asarray(chance, float))
    return (u < stays) | (stays >= 1)  # a uniform may round to 1
