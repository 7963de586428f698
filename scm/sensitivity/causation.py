"""Bounds on the probabilities of causation, from an experiment, an observation, or both.

X and Y are 0 or 1, and Y_x is a unit's outcome had its X been x. No data show both Y_0 and Y_1 of
a unit, so the probabilities that a cause was necessary, or would be sufficient, are seldom known;
but they are bounded. All bounds here are sharp: for every number between them there is a model
that has it, or comes as near as one likes, agrees with the data and keeps to the assumptions.

Source: Tian and Pearl (2000), "Probabilities of causation: bounds and identification", section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Bounds", "CausationBounds", "bounds_of_causation"]

_ROUNDING = 1e-9  # by which probabilities may contradict each other
_NEVER = 1e-12  # what is no more probable than this is a rounding of what never happens


@dataclass(frozen=True)
class Bounds:
    """What a number lies between, and all that this rests on.

    Attributes:
      rests_on: the data and the assumptions used, such as ``experiment``, ``observation``,
        ``exogeneity`` and ``monotonicity``; empty for the bounds 0 and 1 of a probability, which
        rest on nothing.
    """

    low: float
    high: float
    rests_on: tuple[str, ...]


@dataclass(frozen=True)
class CausationBounds:
    """Bounds on the three probabilities; None for one that is conditional on what never happens.

    Attributes:
      pns: of necessity and sufficiency, ``P(Y_1 = 1, Y_0 = 0)``.
      pn: of necessity, ``P(Y_0 = 0 | X = 1, Y = 1)``.
      ps: of sufficiency, ``P(Y_1 = 1 | X = 0, Y = 0)``.
    """

    pns: Bounds
    pn: Bounds | None
    ps: Bounds | None


def bounds_of_causation(
    *,
    experiment: Any = None,
    observation: Any = None,
    exogeneity: bool = False,
    monotonicity: bool = False,
) -> CausationBounds:
    """Sharp bounds on PNS, PN and PS from what is known of a binary cause and effect.

    Arguments:
      experiment: ``(P(Y=1 | do(X=0)), P(Y=1 | do(X=1)))``, as a randomised trial shows them.
      observation: ``observation[x][y] = P(X=x, Y=y)``, as those show it who chose X themselves;
        the four sum to 1.
      exogeneity: whether X is as if randomised, so that Y_0 and Y_1 are independent of it and
        ``P(Y=1 | do(X=x)) = P(Y=1 | X=x)``.
      monotonicity: whether X prevents Y in no unit, ``Y_1 >= Y_0``.

    Under both assumptions, or under monotonicity and with both kinds of data, low and high agree.
    The numbers are taken for the population's: chance errors of estimates are not counted in.

    Raises `ValueError` for what are no probabilities, and for data that contradict each other or
    an assumption.

    Source: Tian and Pearl (2000); Pearl (2009), Causality, section 9.2.

    >>> trial = (0.25, 0.75)
    >>> found = bounds_of_causation(experiment=trial, exogeneity=True)
    >>> print(f"{found.pn.low:.3f} to {found.pn.high:.3f}, by {', '.join(found.pn.rests_on)}")
    0.667 to 1.000, by experiment, exogeneity
    >>> bounds_of_causation(experiment=trial, monotonicity=True).pns
    Bounds(low=0.5, high=0.5, rests_on=('experiment', 'monotonicity'))
    """
    if experiment is None and observation is None:
        raise ValueError(
            "bounds_of_causation: no data: experiment=(P(Y=1|do(X=0)), P(Y=1|do(X=1))) is wanted, "
            "or observation=[[P(X=0,Y=0), P(X=0,Y=1)], [P(X=1,Y=0), P(X=1,Y=1)]], or both"
        )
    risks = None if experiment is None else _probabilities("experiment", experiment, (2,))
    joint = None if observation is None else _probabilities("observation", observation, (2, 2))
    if joint is not None and abs(joint.sum() - 1) > _ROUNDING:
        raise ValueError(
            f"observation: the four probabilities sum to {joint.sum():.6g}, not to 1; of counts "
            "write counts / counts.sum()"
        )
    if risks is not None and joint is not None:
        _check_one_population(risks, joint)
    if exogeneity:
        return _exogenous(risks, joint, monotone=monotonicity)
    if joint is None:
        assert risks is not None
        return _by_experiment(risks, monotone=monotonicity)
    if risks is None:
        return _by_observation(joint)
    return _by_identity(risks, joint) if monotonicity else _by_both(risks, joint)


def _by_experiment(risks: np.ndarray, *, monotone: bool) -> CausationBounds:
    """Who takes X by nature is not known, so PN and PS are left open but for what never happens:
    a unit of whatever response may be among those who take it."""
    p0, p1 = risks
    low, high = max(0.0, p1 - p0), min(p1, 1 - p0)
    used: tuple[str, ...] = ("experiment",)
    if monotone:
        _check_monotone(p0, p1)
        low, high, used = p1 - p0, p1 - p0, ("experiment", "monotonicity")
    always = p0 if monotone else min(p0, p1)  # the most units with Y_0 = Y_1 = 1 ...
    never = 1 - p1 if monotone else min(1 - p0, 1 - p1)  # ... and with Y_0 = Y_1 = 0
    return CausationBounds(
        _bounds(low, high, used),
        _open(always, high, used) if p1 > _NEVER else None,
        _open(never, high, used) if 1 - p0 > _NEVER else None,
    )


def _open(alike: float, moved: float, used: tuple[str, ...]) -> Bounds:
    """The share of units moved by X among some that are moved or alike, of whom there may be so
    many of either: anything, unless there are none of one kind."""
    if min(alike, moved) > _NEVER:
        return _bounds(0.0, 1.0, ())
    share = float(moved > _NEVER)
    return _bounds(share, share, used)


def _by_observation(joint: np.ndarray) -> CausationBounds:
    """Monotonicity makes no difference: units may differ in all that is not seen of them."""
    anything = _bounds(0.0, 1.0, ())
    return CausationBounds(
        _bounds(0.0, joint[1, 1] + joint[0, 0], ("observation",)),
        anything if joint[1, 1] > _NEVER else None,
        anything if joint[0, 0] > _NEVER else None,
    )


def _by_both(risks: np.ndarray, joint: np.ndarray) -> CausationBounds:
    """Without any assumption."""
    (p0, p1), y = risks, joint[:, 1].sum()
    used = ("experiment", "observation")
    alike, apart = joint[1, 1] + joint[0, 0], joint[1, 0] + joint[0, 1]
    pns = _bounds(max(0.0, p1 - p0, y - p0, p1 - y), min(p1, 1 - p0, alike, p1 - p0 + apart), used)
    return CausationBounds(
        pns,
        _share(y - p0, 1 - p0 - joint[0, 0], joint[1, 1], used),
        _share(p1 - y, p1 - joint[1, 1], joint[0, 0], used),
    )


def _by_identity(risks: np.ndarray, joint: np.ndarray) -> CausationBounds:
    """Under monotonicity, with both kinds of data: points."""
    (p0, p1), y = risks, joint[:, 1].sum()
    _check_monotone(p0, p1, y)
    used = ("experiment", "observation", "monotonicity")
    return CausationBounds(
        _bounds(p1 - p0, p1 - p0, ("experiment", "monotonicity")),
        _share(y - p0, y - p0, joint[1, 1], used),
        _share(p1 - y, p1 - y, joint[0, 0], used),
    )


def _exogenous(
    risks: np.ndarray | None, joint: np.ndarray | None, *, monotone: bool
) -> CausationBounds:
    """Under exogeneity: whoever takes X is like all others."""
    data = "experiment" if risks is not None else "observation"
    assumed: tuple[str, ...] = ("exogeneity",)
    if joint is not None:
        seen = _conditional(joint)
        risks = _agreeing(risks, seen) if risks is not None else _complete(seen)
    assert risks is not None
    p0, p1 = risks
    low, high = max(0.0, p1 - p0), min(p1, 1 - p0)
    if monotone:
        _check_monotone(p0, p1)
        low = high = p1 - p0
        assumed = ("exogeneity", "monotonicity")
    # an experiment is of randomised units: PNS, which is of all units, needs no exogeneity then
    of_all = assumed[1:] if data == "experiment" else assumed
    treated = p1 if joint is None else joint[1, 1]
    untreated = 1 - p0 if joint is None else joint[0, 0]
    return CausationBounds(
        _bounds(low, high, (data, *of_all)),
        _share(low, high, p1, (data, *assumed)) if treated > _NEVER else None,
        _share(low, high, 1 - p0, (data, *assumed)) if untreated > _NEVER else None,
    )


def _share(low: Any, high: Any, of: Any, rests_on: tuple[str, ...]) -> Bounds | None:
    """Bounds on a share, from bounds on what it is a share of; None of nothing."""
    return _bounds(low / of, high / of, rests_on) if of > _NEVER else None


def _bounds(low: Any, high: Any, rests_on: tuple[str, ...]) -> Bounds:
    low, high = (min(max(float(each), 0.0), 1.0) for each in (low, high))
    return Bounds(low, max(low, high), rests_on)  # which rounding alone would part


def _conditional(joint: np.ndarray) -> list[float | None]:
    """``P(Y=1 | X=x)`` for x = 0, 1; None where nobody has that X."""
    return [float(row[1] / row.sum()) if row.sum() > _NEVER else None for row in joint]


def _complete(seen: list[float | None]) -> np.ndarray:
    for x, each in enumerate(seen):
        if each is None:
            raise ValueError(
                f"observation: nobody has X={x}, so P(Y=1 | X={x}) does not exist, of which "
                "exogeneity makes P(Y=1 | do(X=...)); give experiment= as well"
            )
    return np.array(seen, float)


def _agreeing(risks: np.ndarray, seen: list[float | None]) -> np.ndarray:
    for x, (done, each) in enumerate(zip(risks, seen, strict=True)):
        if each is not None and abs(done - each) > _ROUNDING:
            raise ValueError(
                f"exogeneity is refuted: P(Y=1 | do(X={x})) = {done:.6g} by the experiment, but "
                f"P(Y=1 | X={x}) = {each:.6g} by the observation; leave exogeneity=True out, or "
                "give one of the two"
            )
    return risks


def _check_one_population(risks: np.ndarray, joint: np.ndarray) -> None:
    """Refuse an experiment and an observation that no population has: Y_x is seen where X = x."""
    for x, risk in enumerate(risks):
        least, most = joint[x, 1], 1 - joint[x, 0]
        if not least - _ROUNDING <= risk <= most + _ROUNDING:
            raise ValueError(
                f"experiment: P(Y=1 | do(X={x})) = {risk:.6g}, but by the observation it is "
                f"between P(X={x},Y=1) = {least:.6g} and 1 - P(X={x},Y=0) = {most:.6g}: no one "
                "population has both, or the estimates are off by chance"
            )


def _check_monotone(p0: float, p1: float, y: float | None = None) -> None:
    """Refuse monotonicity where the data contradict it: then P(Y_0) <= P(Y) <= P(Y_1)."""
    if p0 > p1 + _ROUNDING:
        raise ValueError(
            f"monotonicity is refuted: P(Y=1 | do(X=0)) = {p0:.6g} is above "
            f"P(Y=1 | do(X=1)) = {p1:.6g}; leave monotonicity=True out"
        )
    if y is not None and not p0 - _ROUNDING <= y <= p1 + _ROUNDING:
        raise ValueError(
            f"monotonicity is refuted: P(Y=1) = {y:.6g} is not between P(Y=1 | do(X=0)) = "
            f"{p0:.6g} and P(Y=1 | do(X=1)) = {p1:.6g}; leave monotonicity=True out"
        )


def _probabilities(what: str, given: Any, shape: tuple[int, ...]) -> np.ndarray:
    try:
        found = np.asarray(given, float)
    except (TypeError, ValueError):
        found = np.full((), np.nan)
    if found.shape != shape or not ((found >= -_ROUNDING) & (found <= 1 + _ROUNDING)).all():
        wanted = {
            "experiment": "(P(Y=1|do(X=0)), P(Y=1|do(X=1)))",
            "observation": "[[P(X=0,Y=0), P(X=0,Y=1)], [P(X=1,Y=0), P(X=1,Y=1)]]",
        }[what]
        raise ValueError(f"{what}={given!r}: probabilities are wanted, {what}={wanted}")
    return np.clip(found, 0, 1)
