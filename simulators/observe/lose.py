"""Missing values, by the mechanism that made them missing."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from numpyro.distributions import Uniform

from scm import node
from scm.core.pytree import pytree, static
from simulators.observe.rules import Rule, rule
from simulators.observe.severity import checked, share
from simulators.observe.view import View

__all__ = ["lose"]


def lose(*columns: str, chance: Any, monotone: bool = False, severity: Any = 1.0) -> Lose:
    """Values go missing, each by itself, with a probability that may depend on anything::

        R_j = 1{V_j < severity * chance(columns)},  V_j ~ Uniform(0, 1);  missing where R_j = 1

    Arguments:
      columns: the columns that lose values.
      chance: a number (missing completely at random, MCAR); or a function of columns that returns
        a probability, or true and false. If it names columns that are whole the values are missing
        at random (MAR); if it names a column that loses values, itself even, not at random (MNAR).
        Which it is, the graph of ``seen.world.model`` shows: it is the m-graph.
      monotone: dropout. What is lost in one column is lost in those named after it.
      severity: what ``chance`` is multiplied with.

    Source: Mohan and Pearl (2021), Graphical models for processing missing data, JASA 116.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> from simulators.observe import observe
    >>> model = SCM(X=Normal(0, 1), Y=lambda X, u=Normal(0, 1): X + u)
    >>> seen = observe(model.sample(key=0, n=1_000), lose("Y", chance=lambda X: X > 0))
    >>> bool((seen.missing("Y") == (seen["X"] > 0)).all())
    True
    """
    if not columns or not all(isinstance(each, str) for each in columns):
        raise ValueError("lose: names of columns are wanted: lose('Y', chance=0.2)")
    told = rule(share(chance, "lose", "chance"))
    return Lose(told, checked(severity, "lose"), columns, monotone)


@pytree
class Lose:
    """See `lose`."""

    chance: Rule
    severity: Any
    columns: tuple[str, ...] = static()
    monotone: bool = static()

    def __call__(self, view: View) -> View:
        view = view.to_records("lose")
        before: tuple[str, ...] = ()
        for name in self.columns:
            view.node(name, "lose")
            view, chance = view.with_probability(f"{name} chance of loss", self.chance, "lose")
            happens = node(
                lambda p, *earlier, u, s=self.severity: _lost(p, earlier, u, s),
                parents=[chance, *before],
                noise={"u": Uniform(0, 1)},
            )
            view, where = view.with_variable(f"{name} lost", happens)
            view = view.losing(name, where)
            before = (where,) if self.monotone else ()
        return view


def _lost(chance: Any, earlier: tuple[Any, ...], u: Any, severity: Any) -> Any:
    lost = u < severity * jnp.asarray(chance, float)
    return lost | earlier[0] if earlier else lost
