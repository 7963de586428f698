"""The shape of a set of estimates: a smooth density at the pixels that it is drawn on."""

from __future__ import annotations

import numpy as np

from experiments.report.axis import Scale

__all__ = ["outline", "window"]


def window(values: np.ndarray) -> tuple[float, float]:
    """The ends of the range worth drawing: where the estimates are, not where one outlier went.

    The middle 99% of the estimates, but no more than 7 MADs from their median: for normal
    estimates that is all of them, for those without moments the tails are cut.

    >>> window(np.concatenate([np.linspace(-1, 1, 99), [1e6]]))
    (-0.989..., 3.5...)
    """
    low, middle, high = np.quantile(values, [0.005, 0.5, 0.995])
    reach = 7 * np.median(np.abs(values - middle))
    if reach == 0:
        return float(low), float(high)
    return float(max(low, middle - reach)), float(min(high, middle + reach))


def outline(values: np.ndarray, scale: Scale) -> list[tuple[float, float]]:
    """The density of the values over the scale, as pixels from the left and heights up to 1.

    A Gaussian kernel of Silverman's width, 0.9 min(s, IQR / 1.34) K^-1/5, s being taken over the
    middle 98% since the variance may not exist; it is never narrower than three quarters of a
    pixel. Values beyond the scale count, but are not drawn. Where the curve is flat at zero it is
    left out.
    """
    pixels = round(scale.right - scale.left)
    step = (scale.high - scale.low) / pixels
    reach = max(1, round(4 * _width(values, step) / step))
    edges = scale.low + step * np.arange(-reach, pixels + reach + 1)
    counts, _ = np.histogram(values, edges)
    offsets = np.arange(-reach, reach + 1) * step
    kernel = np.exp(-0.5 * (offsets / _width(values, step)) ** 2)
    heights = np.convolve(counts, kernel, mode="same")[reach : reach + pixels]
    if not heights.max() > 0:
        return []
    heights = heights / heights.max()
    seen = np.flatnonzero(heights > 0.002)
    return [(scale.left + i + 0.5, float(heights[i])) for i in range(seen[0], seen[-1] + 1)]


def _width(values: np.ndarray, step: float) -> float:
    low, first, third, high = np.quantile(values, [0.01, 0.25, 0.75, 0.99])
    inside = values[(values >= low) & (values <= high)]
    spread = (inside if inside.size else values).std()  # of two, none is in the middle
    width = 0.9 * min(spread, (third - first) / 1.34 or spread) * len(values) ** -0.2
    return float(min(max(width, 0.75 * step), 1e3 * step))
