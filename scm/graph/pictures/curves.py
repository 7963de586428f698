"""Outlines of nodes and the curves between them, as arrays of points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

POINTS = 80
CLEAR = 5.0
SHORT = 130.0  # arcs between nodes nearer than this bend as if they were so far apart
Point = tuple[float, float]
Kind = Literal["pill", "ellipse", "square"]


@dataclass(frozen=True)
class Shape:
    """An outline of given centre, width and height."""

    kind: Kind
    centre: Point
    width: float
    height: float

    def contains(self, points: np.ndarray, margin: float = 0.0) -> np.ndarray:
        """Which of the points, shape (n, 2), lie inside the outline grown by a margin."""
        dx, dy = np.abs(points - np.asarray(self.centre)).T
        half_width, half_height = self.width / 2 + margin, self.height / 2 + margin
        if self.kind == "ellipse":
            return (dx / half_width) ** 2 + (dy / half_height) ** 2 < 1
        if self.kind == "square":
            return (dx < half_width) & (dy < half_height)
        beyond = np.maximum(dx - (half_width - half_height), 0)
        return beyond**2 + dy**2 < half_height**2


def spline(through: Sequence[Point]) -> np.ndarray:
    """A smooth curve through points whose x increases, without overshoot, shape (points, 2).

    Cubic pieces with the slopes of Fritsch and Butland (1984): level wherever two neighbouring
    chords disagree in direction, so that the curve stays between the heights it passes.
    """
    x, y = np.asarray(through, dtype=float).T
    if len(x) == 2:
        t = np.linspace(0, 1, POINTS)[:, None]
        return (1 - t) * [x[0], y[0]] + t * [x[1], y[1]]
    x, y = _strictly_increasing(x, y)
    step = np.diff(x)
    chord = np.diff(y) / step
    slope = np.concatenate([chord[:1], np.zeros(len(x) - 2), chord[-1:]])
    same = chord[:-1] * chord[1:] > 0
    before, after = chord[:-1][same], chord[1:][same]
    slope[1:-1][same] = 2 * before * after / (before + after)
    at = np.linspace(x[0], x[-1], POINTS)
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(step) - 1)
    t, h = (at - x[i]) / step[i], step[i]
    heights = (
        (2 * t**3 - 3 * t**2 + 1) * y[i]
        + (t**3 - 2 * t**2 + t) * h * slope[i]
        + (3 * t**2 - 2 * t**3) * y[i + 1]
        + (t**3 - t**2) * h * slope[i + 1]
    )
    return np.column_stack([at, heights])


def arc(
    one: Shape, other: Shape, avoid: Sequence[Shape], cross: Sequence[np.ndarray]
) -> np.ndarray:
    """A bent curve between two outlines: the flattest that meets the fewest nodes and edges."""
    start, end = np.asarray(one.centre), np.asarray(other.centre)
    along = end - start
    length = float(np.hypot(*along))
    # Upwards, or to the right of a vertical pair, first.
    sideways = np.array([-along[1], along[0]]) / length * (1 if along[0] >= 0 else -1)
    t = np.linspace(0, 1, POINTS)[:, None]

    def bent(by: float) -> np.ndarray:
        middle = (start + end) / 2 + by * max(length, SHORT) * sideways
        return (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end

    def cost(by: float) -> float:
        path = trim(bent(by), one, other)
        return 20 * hits(path, avoid) + 2 * sum(_meet(path, edge) for edge in cross) + 5 * abs(by)

    return bent(min((s * by for by in (0.2, 0.35, 0.55, 0.8, 1.1, 1.5) for s in (1, -1)), key=cost))


def trim(path: np.ndarray, tail: Shape, head: Shape) -> np.ndarray:
    """The part of a path between two outlines; whole if it never leaves them."""
    outside = np.flatnonzero(~tail.contains(path) & ~head.contains(path))
    if len(outside) < 2 or outside[0] == 0 or outside[-1] == len(path) - 1:
        return path
    first, last = outside[0], outside[-1]
    start = _border(path[first - 1], path[first], tail)
    end = _border(path[last + 1], path[last], head)
    return np.vstack([start, path[first : last + 1], end])


def hits(path: np.ndarray, shapes: Sequence[Shape]) -> int:
    """How many of the outlines' boxes a path enters or comes close to."""
    if not shapes:
        return 0
    centre = np.array([shape.centre for shape in shapes])
    half = np.array([(shape.width, shape.height) for shape in shapes]) / 2 + CLEAR
    inside = (np.abs(path[:, None] - centre) < half).all(axis=2)
    return int(inside.any(axis=0).sum())


def _border(inside: np.ndarray, outside: np.ndarray, shape: Shape) -> np.ndarray:
    """Where the segment from a point inside to one outside crosses the outline, by bisection."""
    for _ in range(12):
        middle = (inside + outside) / 2
        if shape.contains(middle[None])[0]:
            inside = middle
        else:
            outside = middle
    return outside


def _meet(path: np.ndarray, other: np.ndarray) -> bool:
    """Whether two curves come within a few points of each other."""
    near = np.linalg.norm(path[::2, None] - other[None, ::2], axis=-1)
    return bool(near.min() < CLEAR)


def _strictly_increasing(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kept = np.concatenate([[True], np.diff(x) > 1e-9])
    return x[kept], y[kept]
