"""Discretisation: of a number only the class is recorded that it falls into."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from numpyro.distributions import Uniform

from scm import node
from scm.core.pytree import pytree, static
from simulators.observe.severity import checked
from simulators.observe.view import View

__all__ = ["discretise"]


def discretise(
    column: str,
    *,
    cuts: Sequence[float],
    values: Sequence[float] | None = None,
    severity: Any = 1.0,
) -> Discretise:
    """A number comes into the data as its class: ``values[k]`` where k cuts lie at or below it.

    Arguments:
      column: its name.
      cuts: where classes meet, increasing, in the column's units. A median split of a standard
        normal is ``cuts=[0.0]``.
      values: what is recorded of each class, one more than there are cuts; without it the numbers
        of the classes, 0, 1, 2, ...
      severity: the share of units that it happens to; below 1 give ``values`` in the column's own
        units, or two scales are mixed.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> from simulators.observe import observe
    >>> seen = observe(SCM(age=Normal(40, 9)).sample(0, 100), discretise("age", cuts=[30, 50]))
    >>> sorted(set(seen["age"].tolist()))
    [0.0, 1.0, 2.0]
    """
    cuts = tuple(cuts)
    if not cuts or any(a >= b for a, b in itertools.pairwise(cuts)):
        raise ValueError(f"discretise: cuts={list(cuts)}: increasing numbers are wanted")
    named = tuple(range(len(cuts) + 1)) if values is None else tuple(values)
    if len(named) != len(cuts) + 1:
        raise ValueError(
            f"discretise: {len(cuts)} cuts make {len(cuts) + 1} classes, and values={list(named)} "
            f"names {len(named)}"
        )
    return Discretise(
        jnp.asarray(cuts, float), jnp.asarray(named, float), checked(severity, "discretise"), column
    )


@pytree
class Discretise:
    """See `discretise`."""

    cuts: Any
    values: Any
    severity: Any
    column: str = static()

    def __call__(self, view: View) -> View:
        view = view.to_records("discretise")
        happens = node(
            lambda x, u, c=self.cuts, v=self.values, s=self.severity: jnp.where(
                (u < s) | (s >= 1), v[jnp.searchsorted(c, x, side="right")], x
            ),
            parents=[view.node(self.column, "discretise")],
            noise={"u": Uniform(0, 1)},
        )
        view, shown = view.with_variable(f"{self.column} in classes", happens)
        return view.showing(self.column, shown)
