"""Exact answers: each statistic from the fewest states in which its mean is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from scm.noise.source import Address
from scm.truth.batches import Asked
from scm.truth.enumeration import Enumeration, NeedsStatesError, NotExactError
from scm.truth.question import Integrand, Mean
from scm.truth.result import Truth

__all__ = ["exact"]


def exact(asked: Asked) -> Truth | None:
    """The answer to a question, or None where it is not to be had exactly."""
    found = []
    for statistic, each in zip(asked.statistics, asked.values, strict=True):
        one = _exact_mean(asked, each) if isinstance(statistic, Mean) else None
        if one is None:
            return None
        found.append(one)
    value = np.asarray(asked.question.combine(*(mean for mean, _ in found)), float)
    if not np.isfinite(value).all():
        return None
    return Truth(value, np.zeros_like(value), "exact", max(states for _, states in found))


def _exact_mean(asked: Asked, statistic: Integrand) -> tuple[Any, int] | None:
    """The mean and the number of states, or None where it is not to be had exactly.

    Noises are told apart only once one is found to matter, so that most of them never are.
    """
    told_apart: frozenset[Address] = frozenset()
    while True:
        try:
            return Enumeration(asked.systems, told_apart).mean(statistic)
        except NeedsStatesError as finding:
            if finding.origins <= told_apart:
                return None
            told_apart |= finding.origins
        except NotExactError:
            return None
