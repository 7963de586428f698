"""Laws: how a family of distributions turns a score into a value, one family a line."""

from scm.noise.laws import continuous, discrete, structure
from scm.noise.laws.registry import Law, law_of

__all__ = ["Law", "continuous", "discrete", "law_of", "structure"]
