"""Distributions of scalar values: mixtures, over states, of points and of one continuous noise.

In a state a value is known, or affine in normal noises and then normal, or affine in one noise
whose law has places. The distribution function of the mixture is inverted on the host.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from scm.exact.families import between
from scm.exact.states import States
from scm.exact.values import NotExactError, Value

__all__ = ["quantile"]

_TIE = 1e-12  # probabilities that differ by less are taken for equal: they are sums of roundings
_HALVINGS = 200


def quantile(states: States, level: float) -> float | None:
    """The smallest y with P(value <= y | event) >= level, from the outermost frame of states.

    The value is ``("value", 0)``, the event ``("value", 1)`` if there is one; None where their
    joint law is not known.
    """
    frame = states.frames[0]
    if not _event_known(states):
        return None
    states.told_apart([frame["value", 0]])  # a finite law is its list of points
    weights = _weights(states)
    if weights is None:
        return None
    value = frame["value", 0]
    if value.shape != () or value.lost or value.mixed:
        return None
    if not value.random:
        points = np.broadcast_to(value.const.astype(float), weights.shape)
        return _of_points(points, weights, level)
    finite = [s for s in value.sources if states.noise(s).support is not None]
    if finite:
        if not states.all_taken(finite):
            return None
        weights, value = _weights(states), frame["value", 0]
        assert weights is not None
    below = _distribution(states, value)
    if below is None:
        return None
    return _inverted(lambda y: float(weights @ below(y)), value, level)


def _event_known(states: States) -> bool:
    frame = states.frames[0]
    event = frame.get(("value", 1))
    return event is None or not event.random or states.told_apart([event])


def _weights(states: States) -> np.ndarray | None:
    """The probability of each state given the event, or None if that never happens."""
    event = states.frames[0].get(("value", 1))
    weights = states.weights
    if event is not None:
        weights = weights * np.broadcast_to(event.const.astype(bool), weights.shape)
    total = weights.sum()
    return weights / total if total > 0 else None


def _of_points(points: np.ndarray, weights: np.ndarray, level: float) -> float | None:
    if not np.isfinite(points).all():
        return None
    order = np.argsort(points, kind="stable")
    reached = np.cumsum(weights[order])
    at = int(np.argmax(reached >= level - _TIE))
    return float(points[order][at])


def _distribution(states: States, value: Value) -> Callable[[float], np.ndarray] | None:
    """P(value <= y) in each state, as a function of y; points where no noise has a load."""
    assert value.loads is not None
    numbers = value.sources
    cells = [states.cell(states.noise(s).address) for s in numbers]
    whole = [np.isinf(low).all() and np.isinf(high).all() for low, high in cells]
    if all(w and states.noise(s).family == "Normal" for w, s in zip(whole, numbers, strict=True)):
        return _normal(value, len(states.weights))
    if len(numbers) > 1:
        return None
    noise, (low, high) = states.noise(numbers[0]), cells[0]
    if noise.discrete or not noise.shared:
        return None
    const, load = value.const, value.loads[:, 0]

    def below(y: float) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(load == 0, 0.0, (y - const) / load)
        places = noise.places(at[:, None])
        if places is None:
            raise NotExactError
        place = np.clip(places[:, 0], low, high)
        up = np.where(load > 0, between(low, place), between(place, high)) / between(low, high)
        return np.broadcast_to(np.where(load == 0, const <= y, up), states.weights.shape)

    return below


def _normal(value: Value, states: int) -> Callable[[float], np.ndarray]:
    assert value.loads is not None
    spread = np.sqrt((value.loads**2).sum(axis=1))

    def below(y: float) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(spread == 0, 0.0, (y - value.const) / spread)
        chance = np.where(spread == 0, value.const <= y, special.ndtr(z))
        return np.broadcast_to(chance, (states,))

    return below


def _inverted(probability: Callable[[float], float], value: Value, level: float) -> float | None:
    """By halving a bracket; on a point, where the distribution function jumps there."""
    assert value.loads is not None
    centre = float(np.median(value.const))
    size = float(np.abs(value.loads).sum(axis=1).max() + np.ptp(value.const)) + 1e-300
    low, high = centre - size, centre + size
    for _ in range(1100):
        if probability(low) < level:
            break
        low = centre - 2 * (centre - low)
    for _ in range(1100):
        if probability(high) >= level:
            break
        high = centre + 2 * (high - centre)
    if not (np.isfinite([low, high]).all() and probability(low) < level <= probability(high)):
        return None
    for _ in range(_HALVINGS):
        middle = low + (high - low) / 2
        if not low < middle < high:
            break
        low, high = (low, middle) if probability(middle) >= level else (middle, high)
    still = np.broadcast_to((value.loads == 0).all(axis=1), value.const.shape)
    points = value.const[still]
    near = points[np.abs(points - high) <= 1e-12 * (np.abs(high) + 1e-300)]
    return float(near[0]) if len(near) else high
