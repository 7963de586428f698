"""Laws: how a family of distributions turns a score into a value, one family a line."""

from scm.noise.laws import beta, bounded, continuous, counts, discrete, gamma, student, structure
from scm.noise.laws.registry import Law, law_of

__all__ = ["Law", "bounded", "continuous", "discrete", "gamma", "law_of", "structure"]
