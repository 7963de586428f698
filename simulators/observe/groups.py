"""Units that are not on their own: clusters with something in common, and interference."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from scm import node
from scm.core.pytree import pytree, static
from simulators.observe.rules import Rule, rule
from simulators.observe.severity import checked
from simulators.observe.view import View

__all__ = ["cluster", "interfere"]


def cluster(
    column: str, *, size: int, effect: Any, severity: Any = 1.0, name: str = "cluster"
) -> Cluster:
    """Units come in clusters (classes, wards, batches) that share what moves a column::

        Y_i + s E_c,  c = floor(i / size): one effect for all units of a cluster

    What the column moves in the world moves with it. A new column says which cluster a unit is in.

    Arguments:
      column: Y.
      size: the units of a cluster.
      effect: the law of E: ``Normal(0, 0.5)``, in units of the column.
      severity: s, 0 or more.
      name: of the new column.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> from simulators.observe import observe
    >>> world = SCM(Y=Normal(0, 1)).sample(key=0, n=6)
    >>> seen = observe(world, cluster("Y", size=3, effect=Normal(0, 1)))
    >>> seen["cluster"].tolist()
    [0, 0, 0, 1, 1, 1]
    """
    _check_size(size, "cluster")
    return Cluster(rule(effect), checked(severity, "cluster", jnp.inf), column, size, name)


def interfere(
    outcome: str, *, treatment: str, size: int, spill: Any, severity: Any = 1.0
) -> Interfere:
    """A unit's outcome depends on how others are treated: no SUTVA. In groups of ``size``::

        Y_i + s spill mean(T_j: j in the group of i, j != i)

    The effect of a unit's own treatment, those of the others as they are, stays what it is in the
    world. Treating everybody rather than nobody has it, and ``s spill`` besides.

    Arguments:
      outcome, treatment: names of columns.
      size: the units of a group, at least 2; the last may be smaller, and one alone spills nothing.
      spill: in units of the outcome per unit of the others' mean treatment.
      severity: s, 0 or more.

    Source: Hudgens and Halloran (2008), Toward causal inference with interference, JASA 103.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> from simulators.observe import observe
    >>> model = SCM(T=Normal(0, 1), Y=0.0)
    >>> seen = observe(model.sample(0, 2), interfere("Y", treatment="T", size=2, spill=1.0))
    >>> bool(jnp.allclose(seen["Y"], seen["T"][::-1], atol=1e-6))
    True
    """
    _check_size(size, "interfere")
    if size < 2:
        raise ValueError(f"interfere: size={size}: a unit alone has no others; 2 or more is wanted")
    return Interfere(spill, checked(severity, "interfere", jnp.inf), outcome, treatment, size)


@pytree
class Cluster:
    """See `cluster`."""

    effect: Rule
    severity: Any
    column: str = static()
    size: int = static()
    name: str = static()

    def __call__(self, view: View) -> View:
        view = view.to_units("cluster")
        if self.name in view.columns:
            raise ValueError(
                f"cluster: name={self.name!r} is a column already; give it another: name='ward'"
            )
        if self.effect.reads:
            raise ValueError(
                f"cluster: effect reads {', '.join(self.effect.reads)}, and what a cluster has in "
                "common does not depend on one unit; give a law: effect=Normal(0, 0.5)"
            )
        view, effect = view.with_rule(f"{self.column} effect of a unit", self.effect, "cluster")
        numbers = jnp.arange(view.world.n) // self.size
        shared = self.severity * view.world[effect][numbers * self.size]  # of its first unit
        view = _moved(view, self.column, shared, "cluster")
        view, shown = view.with_values(self.name, numbers)
        return view.showing(self.name, shown)


@pytree
class Interfere:
    """See `interfere`."""

    spill: Any
    severity: Any
    outcome: str = static()
    treatment: str = static()
    size: int = static()

    def __call__(self, view: View) -> View:
        view = view.to_units("interfere")
        view.node(self.treatment, "interfere")
        treated = view.world[self.treatment].astype(float)  # what they got, whatever is recorded
        spilt = self.severity * self.spill * _mean_of_others(treated, self.size)
        return _moved(view, self.outcome, spilt, "interfere")


def _moved(view: View, column: str, by: jax.Array, who: str) -> View:
    """With so much more of a column in every unit, and all that this moves.

    It is a shift: what later moves the column's causes still moves the column.
    """
    shown = view.own(column, who)
    shape = view.world[shown].shape[1:]
    if shape:
        raise ValueError(f"{who}: {column} has shape {shape} for one unit; a number is wanted")
    view, more = view.with_values(f"{column} more of it", by)
    shifted = node(lambda x, b: x + b, parents=[shown, more])
    return view.moved(view.world.do({shown: shifted}))


def _mean_of_others(values: jax.Array, size: int) -> jax.Array:
    """Of each unit, the mean over the other units of its group; 0 where there are none."""
    n = len(values)
    groups = -(-n // size)
    number = jnp.arange(n) // size
    total = jax.ops.segment_sum(values, number, groups)[number]
    others = jax.ops.segment_sum(jnp.ones(n), number, groups)[number] - 1
    return jnp.where(others > 0, (total - values) / jnp.maximum(others, 1), 0)


def _check_size(size: Any, who: str) -> None:
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"{who}: size={size!r}: a whole number of units, at least 1, is wanted")
