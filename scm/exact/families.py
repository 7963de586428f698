"""Standard families: where their values stand, and their moments between two places.

A *place* is where a score stands, as the log-odds of the probability below it: a number from -inf
to inf that is exact in both tails. Each family here is that of a law with location 0 and scale 1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

__all__ = ["FAMILIES", "Family", "between", "log_odds"]

Moments = tuple[Any, Any]
"""Mean and variance; None where it is not known in closed form, or does not exist."""

_LOG_2 = np.log(2.0)


@dataclasses.dataclass(frozen=True)
class Family:
    """A standard continuous law.

    Attributes:
      place: the place of a value, -inf or inf outside the support.
      value: the value at a place.
      whole: mean and variance.
      part: ``part(low, high)``: mean and variance given that the place is between these.
    """

    place: Callable[[np.ndarray], np.ndarray]
    value: Callable[[np.ndarray], np.ndarray] | None
    whole: Moments
    part: Callable[[np.ndarray, np.ndarray], Moments] | None = None


def log_odds(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The place with these probabilities below and above it."""
    with np.errstate(divide="ignore"):
        return np.log(lower) - np.log(upper)


def between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The probability between two places, taken in the smaller tail."""
    below = special.expit(high) - special.expit(low)
    return np.where(low > 0, special.expit(-low) - special.expit(-high), below)


def _normal_place(z: np.ndarray) -> np.ndarray:
    return special.log_ndtr(z) - special.log_ndtr(-z)


def _normal_value(place: np.ndarray) -> np.ndarray:
    size = special.ndtri_exp(special.log_expit(-np.abs(place)))
    return np.where(place < 0, size, -size)


def _normal_part(low: np.ndarray, high: np.ndarray) -> Moments:
    """Those of a truncated normal law (Johnson, Kotz and Balakrishnan 1994, section 10.1)."""
    a, b, chance = _normal_value(low), _normal_value(high), between(low, high)
    density = lambda z: np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    weighted = lambda z: np.where(np.isfinite(z), z, 0.0) * density(z)
    mean = (density(a) - density(b)) / chance
    variance = 1 + (weighted(a) - weighted(b)) / chance - mean**2
    return np.clip(mean, a, b), np.clip(variance, 0, 1)


def _uniform_place(u: np.ndarray) -> np.ndarray:
    inside = np.clip(u, 0, 1)
    return log_odds(inside, 1 - inside)


def _uniform_part(low: np.ndarray, high: np.ndarray) -> Moments:
    middle = (special.expit(low) + special.expit(high)) / 2
    return middle, between(low, high) ** 2 / 12


def _exponential_place(t: np.ndarray) -> np.ndarray:
    """log(1 - e^-t) + t = log(e^t - 1)."""
    t = np.maximum(t, 0)
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(t > 30, t, np.log(np.expm1(np.minimum(t, 31))))


def _exponential_value(place: np.ndarray) -> np.ndarray:
    return -special.log_expit(-place)


def _exponential_part(low: np.ndarray, high: np.ndarray) -> Moments:
    """From a on the law begins anew, cut at b - a."""
    start = _exponential_value(low)
    width = _exponential_value(high) - start
    held = np.clip(width, 1e-8, 600)
    small = held < 1e-2
    usual = np.where(small, 1.0, held)
    near, spread_near = held / 2 - held**2 / 12, held**2 / 12 - held**4 / 240
    mean = np.where(small, near, 1 - usual / np.expm1(usual))
    spread = np.where(small, spread_near, 1 - (usual / (2 * np.sinh(usual / 2))) ** 2)
    return start + mean, spread


def _logistic_part(low: np.ndarray, high: np.ndarray) -> Moments:
    """The integral of log(u / (1 - u)) is u log u + (1 - u) log(1 - u)."""
    whole = lambda x: (
        special.xlogy(special.expit(x), special.expit(x))
        + special.xlogy(special.expit(-x), special.expit(-x))
    )
    return np.clip((whole(high) - whole(low)) / between(low, high), low, high), None


def _laplace_place(t: np.ndarray) -> np.ndarray:
    near = -np.abs(t) - _LOG_2
    return -np.sign(t) * (near - np.log1p(-np.exp(near)))


def _gumbel_place(t: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", divide="ignore"):
        log_lower = -np.exp(-t)
        return log_lower - np.log(-np.expm1(log_lower))


FAMILIES: dict[str, Family] = {
    "Normal": Family(_normal_place, _normal_value, (0.0, 1.0), _normal_part),
    "Uniform": Family(_uniform_place, special.expit, (0.5, 1 / 12), _uniform_part),
    "Exponential": Family(_exponential_place, _exponential_value, (1.0, 1.0), _exponential_part),
    "Logistic": Family(lambda t: t, lambda place: place, (0.0, np.pi**2 / 3), _logistic_part),
    "Laplace": Family(_laplace_place, None, (0.0, 2.0)),
    "Gumbel": Family(_gumbel_place, None, (np.euler_gamma, np.pi**2 / 6)),
    "Cauchy": Family(
        lambda t: np.log(np.arctan2(1, -t)) - np.log(np.arctan2(1, t)), None, (None, None)
    ),
}
