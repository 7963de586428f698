"""A truth: a number that says how it was obtained and how far it may be off."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["Method", "Truth"]

Method = Literal["exact", "monte carlo"]


class Truth(NamedTuple):
    """The value of an estimand in a model.

    Attributes:
      value: the number itself.
      se: its standard error; 0 where the method is exact (to the rounding of the precision in use).
      method: ``exact`` (expectations through affine assignments, and enumeration of finite noise),
        or ``monte carlo`` (the mean over coupled worlds).
      n: units sampled, or states enumerated.
    """

    value: float
    se: float
    method: Method
    n: int
