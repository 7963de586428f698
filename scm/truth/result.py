"""A truth: a number that says how it was obtained and how far it may be off."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

__all__ = ["Method", "Truth"]

Method = Literal["exact", "quadrature", "qmc", "monte carlo"]


class Truth(NamedTuple):
    """The value of an estimand in a model.

    Attributes:
      value: the number itself, or an array of them.
      se: its standard error, of the value's shape, such that 1.96 of it to either side cover at
        95%; 0 where the method is exact (to the rounding of double precision).
      method: ``exact`` (expectations through affine assignments, enumeration of finite noise,
        Gaussian formulas), ``quadrature`` (the error is a bound: the change under refinement, and
        never less than rounding), ``qmc`` (randomised quasi-Monte Carlo: the error is that over
        independent randomisations) or ``monte carlo`` (over independent batches of units).
      n: units or points evaluated, or states enumerated.
    """

    value: Any
    se: Any
    method: Method
    n: int
