"""Continuous scalar laws: value = quantile function of the score, exact in both tails."""

from __future__ import annotations

from numpyro import distributions as dist

from scm.noise.laws.registry import law
from scm.noise.score import Score

__all__: list[str] = []


@law("Normal", dist.Normal)
def _normal(d, score: Score):
    return d.loc + d.scale * score.normal


@law("Uniform", dist.Uniform)
def _uniform(d, score: Score):
    return d.low + (d.high - d.low) * score.lower
