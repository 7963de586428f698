"""Bounds on effects on an outcome that is known to lie between two numbers, by what is assumed.

Who had another treatment says nothing of what this one would have brought; but their outcome would
have been within its bounds. So every mean ``E[Y(t)]`` is bounded without any assumption, and each
assumption about treatment or instrument narrows it. All bounds here are sharp. The numbers are
taken for the population's: chance errors of estimates are not counted in.

Source: Manski (1990), Nonparametric bounds on treatment effects; Manski (1997), Monotone treatment
response; Manski and Pepper (2000), Monotone instrumental variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scm.sensitivity.causation import Bounds
from scm.sensitivity.observed import Observed, check_levels, read_observed, real_column

__all__ = [
    "EffectBounds",
    "monotone_instrument_bounds",
    "monotone_response_bounds",
    "no_assumption_bounds",
]

_ROUNDING = 1e-9


@dataclass(frozen=True)
class EffectBounds:
    """Bounds on what two levels of a treatment would bring, and on the effect between them.

    Attributes:
      levels: the two levels, from and to.
      means: bounds on ``E[Y(levels[0])]`` and on ``E[Y(levels[1])]``.
      ate: bounds on ``E[Y(levels[1]) - Y(levels[0])]``; not always the difference of the means'.
    """

    levels: tuple[Any, Any]
    means: tuple[Bounds, Bounds]
    ate: Bounds

    def __str__(self) -> str:
        parts = [f"E[Y({level})]" for level in self.levels]
        named = zip([*parts, " - ".join(parts[::-1])], [*self.means, self.ate], strict=True)
        lines = [f"{part}: {each.low:.4g} to {each.high:.4g}" for part, each in named]
        return "\n".join([*lines, f"by {', '.join(self.ate.rests_on)}"])


def no_assumption_bounds(
    data: Any,
    treatment: str,
    outcome: str,
    *,
    levels: tuple[Any, Any] = (0, 1),
    support: tuple[float, float] = (0, 1),
) -> EffectBounds:
    """Bounds that rest on nothing but that the outcome is bounded.

    ``E[Y; T=t] + least P(T!=t) <= E[Y(t)] <= E[Y; T=t] + greatest P(T!=t)``. For a treatment with
    two levels the bounds on the effect are as wide as the support: they never exclude 0.

    Arguments:
      data: a frame (or mapping) of units; or of values with their probability in a column ``p``.
      treatment, outcome: its columns; the outcome is of numbers.
      levels: the two levels of the treatment to compare, from and to.
      support: the least and the greatest that the outcome can be, in its unit; not what was seen.

    Raises `ValueError` for missing or unknown columns and values, and for outcomes beyond support.

    Source: Manski (1990), Nonparametric bounds on treatment effects.

    >>> table = {"T": [0, 0, 1, 1], "Y": [0, 1, 0, 1], "p": [0.3, 0.2, 0.1, 0.4]}
    >>> print(no_assumption_bounds(table, "T", "Y"))
    E[Y(0)]: 0.2 to 0.7
    E[Y(1)]: 0.4 to 0.9
    E[Y(1)] - E[Y(0)]: -0.3 to 0.7
    by observation, support 0 to 1
    """
    asked = "no_assumption_bounds"
    seen, t, y = _read(asked, data, (treatment, outcome), levels, support)
    least, greatest = support
    lows, highs = (
        [seen.mean(y, t == level) + end * seen.mean(where=t != level) for level in levels]
        for end in (least, greatest)
    )
    return _bounds(levels, lows, highs, ("observation", _told(support)))


def monotone_response_bounds(
    data: Any,
    treatment: str,
    outcome: str,
    *,
    levels: tuple[float, float] = (0, 1),
    support: tuple[float, float] = (0, 1),
) -> EffectBounds:
    """Bounds if more treatment lowers no unit's outcome: ``Y(s) <= Y(t)`` for ``s <= t``.

    ``E[Y; T<=t] + least P(T>t) <= E[Y(t)] <= E[Y; T>=t] + greatest P(T<t)``; the effect of more
    treatment is at least 0, and at most the difference of the extremes. Data cannot refute this
    assumption. Where treatment can only harm, give the outcome with its sign turned.

    Arguments: those of `no_assumption_bounds`; the treatment is of numbers, and its order counts.

    Raises `ValueError` as `no_assumption_bounds` does.

    Source: Manski (1997), Monotone treatment response, proposition 1.

    >>> table = {"T": [0, 0, 1, 1], "Y": [0, 1, 0, 1], "p": [0.3, 0.2, 0.1, 0.4]}
    >>> print(monotone_response_bounds(table, "T", "Y"))
    E[Y(0)]: 0.2 to 0.6
    E[Y(1)]: 0.6 to 0.9
    E[Y(1)] - E[Y(0)]: 0 to 0.7
    by observation, support 0 to 1, monotone response
    """
    asked = "monotone_response_bounds"
    seen, _, y = _read(asked, data, (treatment, outcome), levels, support)
    t = real_column(asked, seen, treatment)
    least, greatest = support
    lows = [seen.mean(y, t <= at) + least * seen.mean(where=t > at) for at in levels]
    highs = [seen.mean(y, t >= at) + greatest * seen.mean(where=t < at) for at in levels]
    found = _bounds(levels, lows, highs, ("observation", _told(support), "monotone response"))
    low, high = (found.ate.low, 0.0) if levels[0] > levels[1] else (0.0, found.ate.high)
    return EffectBounds(found.levels, found.means, Bounds(low, high, found.ate.rests_on))


def monotone_instrument_bounds(
    data: Any,
    treatment: str,
    outcome: str,
    instrument: str,
    *,
    levels: tuple[Any, Any] = (0, 1),
    support: tuple[float, float] = (0, 1),
) -> EffectBounds:
    """Bounds if units with more of the instrument would on average have no lower outcomes.

    ``E[Y(t) | Z=z]`` does not fall in z, for either level t: where z is larger it is at least every
    lower bound of smaller z, and at most every upper bound of larger z. The mean over z of these is
    what bounds ``E[Y(t)]``.

    Arguments:
      instrument: a column of numbers whose order counts, such as a test score for a wage.
      data, treatment, outcome, levels, support: those of `no_assumption_bounds`.

    Raises `ValueError` as `no_assumption_bounds` does; and, by name, where the data refute it.

    Source: Manski and Pepper (2000), Monotone instrumental variables: with an application to the
    returns to schooling, proposition 1.

    >>> table = {
    ...     "Z": [0, 0, 1, 1],
    ...     "T": [0, 1, 0, 1],
    ...     "Y": [1, 1, 0, 1],
    ...     "p": [0.1, 0.4, 0.25, 0.25],
    ... }
    >>> for found in (
    ...     no_assumption_bounds(table, "T", "Y"),
    ...     monotone_instrument_bounds(table, "T", "Y", "Z"),
    ... ):
    ...     print(f"{found.means[1].low:.2f} to {found.means[1].high:.2f}")
    0.65 to 1.00
    0.80 to 1.00
    """
    asked = "monotone_instrument_bounds"
    seen, t, y = _read(asked, data, (treatment, outcome, instrument), levels, support)
    z = real_column(asked, seen, instrument)
    ends = [_along(asked, seen, (instrument, z), level, t == level, y, support) for level in levels]
    lows, highs = zip(*ends, strict=True)
    return _bounds(levels, lows, highs, ("observation", _told(support), "monotone instrument"))


def _along(
    asked: str,
    seen: Observed,
    instrument: tuple[str, np.ndarray],
    level: Any,
    taken: np.ndarray,
    y: np.ndarray,
    support: Sequence[float],
) -> tuple[float, float]:
    """Bounds on E[Y(level)] if E[Y(level) | Z=z] does not fall in z."""
    name, z = instrument
    values = [each for each in np.unique(z) if seen.mean(where=z == each) > 0]
    share = np.array([seen.mean(where=z == each) for each in values])
    low, high = (
        np.array([seen.mean(np.where(taken, y, end), z == each) for each in values]) / share
        for end in support
    )
    low, high = np.maximum.accumulate(low), np.minimum.accumulate(high[::-1])[::-1]
    for each, least, most in zip(values, low, high, strict=True):
        if least > most + _ROUNDING:
            raise ValueError(
                f"{asked}: the data refute that E[Y({level}) | {name}=z] does not fall in z: at "
                f"{name}={each:g} it is at least {least:.6g} by those with no more, and at most "
                f"{most:.6g} by those with no less of {name}; or the estimates are off by chance"
            )
    return float(share @ low), float(share @ high)


def _read(
    asked: str,
    data: Any,
    names: Sequence[str],
    levels: Sequence[Any],
    support: Sequence[float],
) -> tuple[Observed, np.ndarray, np.ndarray]:
    """What is observed, the column of treatments and that of outcomes."""
    seen = read_observed(asked, data, names)
    check_levels(asked, seen, names[0], levels)
    y = real_column(asked, seen, names[1])
    least, greatest = support
    if not (np.isfinite(support).all() and least < greatest):
        raise ValueError(
            f"{asked}: support={support!r}; the least and the greatest outcome, finite"
        )
    beyond = np.flatnonzero((y < least) | (y > greatest))
    if len(beyond):
        raise ValueError(
            f"{asked}: column {names[1]!r} is {y[beyond[0]]:g} in row {beyond[0]}, outside its "
            f"support {least:g} to {greatest:g}; say support=(least, greatest)"
        )
    return seen, seen.columns[names[0]], y


def _told(support: Sequence[float]) -> str:
    return f"support {support[0]:g} to {support[1]:g}"


def _bounds(
    levels: tuple[Any, Any],
    lows: Sequence[float],
    highs: Sequence[float],
    rests_on: tuple[str, ...],
) -> EffectBounds:
    """Where nothing joins the two levels, so that the extremes of the effect are those apart."""
    before, after = (
        Bounds(low, max(low, high), rests_on)  # which rounding alone would part
        for low, high in zip(lows, highs, strict=True)
    )
    ate = Bounds(after.low - before.high, after.high - before.low, rests_on)
    return EffectBounds((levels[0], levels[1]), (before, after), ate)
