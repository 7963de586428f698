"""Laws: how a family of distributions turns a score into a value, one family a line."""

from scm.noise.laws import (
    beta,
    bounded,
    continuous,
    counts,
    discrete,
    folded,
    gamma,
    inflated,
    mixtures,
    multivariate,
    structure,
    student,
    truncated,
)
from scm.noise.laws.registry import Law, law_of

__all__ = [
    "Law",
    "beta",
    "bounded",
    "continuous",
    "counts",
    "discrete",
    "folded",
    "gamma",
    "inflated",
    "law_of",
    "mixtures",
    "multivariate",
    "structure",
    "student",
    "truncated",
]
