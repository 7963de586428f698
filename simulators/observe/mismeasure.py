"""Measurement error: classical, differential, multiplicative, Berkson, misclassification."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from numpyro.distributions import Uniform

from scm import node
from scm.core.pytree import pytree, static
from simulators.observe.rules import Rule, rule
from simulators.observe.severity import checked, share
from simulators.observe.view import View

__all__ = ["mismeasure"]


def mismeasure(
    column: str,
    *,
    error: Any = None,
    factor: Any = None,
    sensitivity: Any = None,
    specificity: Any = None,
    berkson: bool = False,
    severity: Any = 1.0,
) -> Callable[[View], View]:
    """A column is recorded with error. One of these::

        W = X + s E         error: a law (classical), or a function of columns (differential)
        W = X (1 + s (F - 1))   factor: a law or a function; multiplicative error
        X = W + s E         error, berkson=True: what is recorded is what was set, and the units
                            really get another value, which moves whatever X moves
        P(W = 1 | X = 1) = 1 - s (1 - sensitivity)    misclassification of a column of 0 and 1
        P(W = 0 | X = 0) = 1 - s (1 - specificity)

    Arguments:
      column: X; the data have W under its name.
      error: E, in units of the column: ``Normal(0, 0.5)``, or a function of columns and noise,
        ``lambda Y, u=Normal(0, 0.5): 0.3 * Y + u``.
      factor: F, without unit: ``LogNormal(0, 0.2)``.
      sensitivity, specificity: numbers, or functions of columns (differential).
      berkson: whether the error lies between what is recorded and what units get.
      severity: s; 0 is no error. For additive and multiplicative errors it may exceed 1.

    Source: Carroll, Ruppert, Stefanski, Crainiceanu (2006), Measurement Error in Nonlinear Models,
    chapter 1; Rothman, Greenland and Lash (2008), Modern Epidemiology, chapter 9.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> from simulators.observe import observe
    >>> model = SCM(X=Normal(0, 1), Y=lambda X, u=Normal(0, 1): X + u)
    >>> seen = observe(model.sample(key=0, n=100_000), mismeasure("X", error=Normal(0, 1)))
    >>> reliability = seen.clean["X"].var() / seen["X"].var()  # 1/2 in theory
    >>> round(float(reliability), 1)
    0.5
    """
    classes = sensitivity is not None or specificity is not None
    if (error is not None) + (factor is not None) + classes != 1:
        raise ValueError(
            f"mismeasure({column!r}): one kind of error is wanted: error=Normal(0, 0.5), "
            "factor=LogNormal(0, 0.2), or sensitivity=0.9, specificity=0.8"
        )
    if berkson and error is None:
        raise ValueError(f"mismeasure({column!r}): berkson=True goes with error=...")
    severity = checked(severity, "mismeasure", 1.0 if classes else math.inf)
    if classes:
        hits, passes = (1.0 if each is None else each for each in (sensitivity, specificity))
        return Misclassified(
            rule(share(hits, "mismeasure", "sensitivity")),
            rule(share(passes, "mismeasure", "specificity")),
            severity,
            column,
        )
    if factor is not None:
        return Multiplied(rule(factor), severity, column)
    return (Berkson if berkson else Added)(rule(error), severity, column)


@pytree
class Added:
    """W = X + s E."""

    error: Rule
    severity: Any
    column: str = static()

    def __call__(self, view: View) -> View:
        view = view.to_records("mismeasure")
        shown = view.node(self.column, "mismeasure")
        view, error = view.with_rule(f"{self.column} error", self.error, "mismeasure")
        happens = node(lambda x, e, s=self.severity: x + s * e, parents=[shown, error])
        view, measured = view.with_variable(f"{self.column} measured", happens)
        return view.showing(self.column, measured)


@pytree
class Multiplied:
    """W = X (1 + s (F - 1))."""

    factor: Rule
    severity: Any
    column: str = static()

    def __call__(self, view: View) -> View:
        view = view.to_records("mismeasure")
        shown = view.node(self.column, "mismeasure")
        view, factor = view.with_rule(f"{self.column} factor", self.factor, "mismeasure")
        happens = node(lambda x, f, s=self.severity: x * (1 + s * (f - 1)), parents=[shown, factor])
        view, measured = view.with_variable(f"{self.column} measured", happens)
        return view.showing(self.column, measured)


@pytree
class Berkson:
    """X = W + s E, W recorded."""

    error: Rule
    severity: Any
    column: str = static()

    def __call__(self, view: View) -> View:
        view = view.to_units(f"mismeasure({self.column!r}, berkson=True)")
        shown = view.own(self.column, "mismeasure")
        recorded = view.world[shown]
        view, error = view.with_rule(f"{self.column} error", self.error, "mismeasure")
        shifted = node(lambda x, e, s=self.severity: x + s * e, parents=[shown, error])
        view = view.moved(view.world.do({shown: shifted}))
        view, kept = view.with_values(f"{self.column} recorded", recorded)
        return view.showing(self.column, kept)


@pytree
class Misclassified:
    """The other class, with the probability of an error."""

    sensitivity: Rule
    specificity: Rule
    severity: Any
    column: str = static()

    def __call__(self, view: View) -> View:
        view = view.to_records("mismeasure")
        shown = view.node(self.column, "mismeasure")
        values = view.world[shown]
        view = view.held(
            (values == 0) | (values == 1),
            f"mismeasure: {self.column}, which is to be misclassified, has to be 0 or 1",
        )
        view, hits = view.with_probability(
            f"{self.column} sensitivity", self.sensitivity, "mismeasure"
        )
        view, passes = view.with_probability(
            f"{self.column} specificity", self.specificity, "mismeasure"
        )
        happens = node(
            lambda x, p, q, u, s=self.severity: _classified(x, p, q, u, s),
            parents=[shown, hits, passes],
            noise={"u": Uniform(0, 1)},
        )
        view, measured = view.with_variable(f"{self.column} measured", happens)
        return view.showing(self.column, measured)


def _classified(x: Any, sensitivity: Any, specificity: Any, u: Any, severity: Any) -> Any:
    """The class that is recorded: the other one where the uniform falls beyond what is right."""
    right = jnp.where(x == 1, sensitivity, specificity)
    wrong = u >= 1 - severity * (1 - right)
    return jnp.where(wrong & (right < 1), 1 - x, x).astype(jnp.asarray(x).dtype)
