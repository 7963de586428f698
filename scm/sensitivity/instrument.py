"""Sharp bounds on effects under an instrument, by linear programmes over types of response.

With finite Z, T and Y a unit is told by the treatment it would take at each z and the outcome it
would have under each t. The instrument is independent of these types. So the data bound their
probabilities by linear equations, and the mean of Y(t) is linear in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array

from scm.sensitivity.bounded_outcome import EffectBounds
from scm.sensitivity.causation import Bounds
from scm.sensitivity.observed import Observed, check_levels, read_observed, real_column

__all__ = ["instrument_bounds"]

_MOST_TYPES = 200_000
_NIL = 1e-9


def instrument_bounds(
    data: Any,
    treatment: str,
    outcome: str,
    instrument: str,
    *,
    levels: tuple[Any, Any] = (0, 1),
    outcomes: Sequence[float] = (0, 1),
    monotonicity: bool = False,
) -> EffectBounds:
    """Sharp bounds if the instrument is as if randomised and acts on the outcome by treatment only.

    ``P(T=t, Y=y | Z=z) = sum q(a, b)`` over the types with ``a(z) = t`` and ``b(t) = y``; the
    bounds are the least and the greatest of ``sum q(a, b) (b(t1) - b(t0))``. For two levels of
    each they are the closed form of Balke and Pearl. The numbers are taken for the population's:
    chance errors of estimates are not counted in.

    Arguments:
      data: a frame (or mapping) of units; or of values with their probability in a column ``p``.
      treatment, outcome, instrument: its columns, each of a few values.
      levels: the two levels of the treatment to compare, from and to.
      outcomes: all values that the outcome can take, in its unit; not only those that were seen.
      monotonicity: whether more of the instrument makes no unit take less treatment (no defiers);
        both are then of ordered values.

    Raises `ValueError` for missing or unknown columns and values, for too many types, and where no
    model has these data: the inequality that they violate is named.

    Source: Balke and Pearl (1997), Bounds on treatment effects from studies with imperfect
    compliance; Pearl (1995), On the testability of causal models with latent and instrumental
    variables, for the inequality.

    >>> trial = pd.DataFrame(  # cholestyramine: assigned, taken, cholesterol lowered
    ...     [
    ...         (0, 0, 0, 0.919),
    ...         (0, 0, 1, 0.081),
    ...         (1, 0, 0, 0.315),
    ...         (1, 0, 1, 0.073),
    ...         (1, 1, 0, 0.139),
    ...         (1, 1, 1, 0.473),
    ...     ],
    ...     columns=["Z", "T", "Y", "p"],
    ... )
    >>> found = instrument_bounds(trial.assign(p=trial.p / 2), "T", "Y", "Z")
    >>> print(f"{found.ate.low:.3f} to {found.ate.high:.3f}")
    0.392 to 0.780
    """
    asked = "instrument_bounds"
    seen = read_observed(asked, data, (treatment, outcome, instrument))
    check_levels(asked, seen, treatment, levels)
    given = _tabulate(asked, seen, (treatment, outcome, instrument), outcomes)
    takes, has = _types(asked, given, monotonicity)
    equations = _equations(given, takes, has)
    values = np.array(given.ys)[has]
    means = [np.tile(values[:, given.ts.index(level)], len(takes)) for level in levels]
    rests_on = ("observation", "instrument", *(("monotonicity",) if monotonicity else ()))
    before, after, ate = (
        Bounds(*_ends(asked, given, equations, objective), rests_on)
        for objective in (*means, means[1] - means[0])
    )
    return EffectBounds((levels[0], levels[1]), (before, after), ate)


@dataclass(frozen=True)
class _Given:
    """``table[z, t, y] = P(T=t, Y=y | Z=z)``, and which values these are."""

    zs: list[Any]
    ts: list[Any]
    ys: list[float]
    names: tuple[str, str, str]
    table: np.ndarray

    def cell(self, z: int, t: int, y: int) -> str:
        treatment, outcome, instrument = self.names
        at = f"{treatment}={self.ts[t]}, {outcome}={self.ys[y]:g}"
        return f"P({at} | {instrument}={self.zs[z]})"


def _tabulate(
    asked: str, seen: Observed, names: tuple[str, str, str], outcomes: Sequence[float]
) -> _Given:
    treatment, outcome, instrument = names
    y = real_column(asked, seen, outcome)
    ys = sorted(float(each) for each in set(outcomes))
    for value in y:
        if value not in ys:
            raise ValueError(
                f"{asked}: column {outcome!r} has {value:g}, and outcomes={tuple(outcomes)!r} are "
                "said to be all it can be; say outcomes=(...) with every possible value"
            )
    t, z = (seen.columns[name] for name in (treatment, instrument))
    ts, zs = (_ordered(asked, name, seen.columns[name]) for name in (treatment, instrument))
    zs = [each for each in zs if seen.mean(where=z == each) > 0]
    table = np.array(
        [[[seen.mean(where=(z == a) & (t == b) & (y == c)) for c in ys] for b in ts] for a in zs]
    )
    return _Given(zs, ts, ys, names, table / table.sum(axis=(1, 2), keepdims=True))


def _ordered(asked: str, name: str, column: np.ndarray) -> list[Any]:
    try:
        return sorted(pd.unique(column).tolist())
    except TypeError:
        raise ValueError(
            f"{asked}: the values of {name!r} have no order; code them alike"
        ) from None


def _types(asked: str, given: _Given, monotonicity: bool) -> tuple[np.ndarray, np.ndarray]:
    """The treatment that each type takes at each z, and the outcome that each has under each t."""
    zs, ts, ys = len(given.zs), len(given.ts), len(given.ys)
    count = ts**zs * ys**ts
    if count > _MOST_TYPES:
        raise ValueError(
            f"{asked}: {zs} values of {given.names[2]!r}, {ts} of {given.names[0]!r} and {ys} of "
            f"{given.names[1]!r} make {count} types of response, above {_MOST_TYPES}; make groups "
            "of values"
        )
    takes = np.array(list(product(range(ts), repeat=zs)))
    if monotonicity:
        takes = takes[(np.diff(takes, axis=1) >= 0).all(axis=1)]
    return takes, np.array(list(product(range(ys), repeat=ts)))


def _equations(given: _Given, takes: np.ndarray, has: np.ndarray) -> csr_array:
    """A row for each (z, t, y), a column for each type (a, b): 1 where that type shows it."""
    zs, ts, ys = given.table.shape
    z = np.arange(zs)[:, None, None]
    t = takes.T[:, :, None]
    y = has[:, takes.T].transpose(1, 2, 0)
    rows = ((z * ts + t) * ys + y).reshape(zs, -1)
    columns = np.broadcast_to(np.arange(rows.shape[1]), rows.shape)
    ones = np.ones(rows.size)
    return csr_array(
        (ones, (rows.ravel(), columns.ravel())), shape=(given.table.size, rows.shape[1])
    )


def _ends(
    asked: str, given: _Given, equations: csr_array, objective: np.ndarray
) -> tuple[float, float]:
    """The least and the greatest of a linear form of the probabilities of types."""
    right = given.table.reshape(-1)
    ends = []
    for sign in (1, -1):
        solved = linprog(sign * objective, A_eq=equations, b_eq=right, method="highs")
        if solved.status == 2:
            raise ValueError(
                f"{asked}: no model with {given.names[2]!r} as instrument has these data, under "
                f"what is assumed: {_violated(given, equations)}; or the estimates are off by "
                "chance"
            )
        if solved.status:
            raise RuntimeError(f"{asked}: the linear programme was not solved: {solved.message}")
        ends.append(sign * float(solved.fun))
    return ends[0], max(ends)  # which rounding alone would part


def _violated(given: _Given, equations: csr_array) -> str:
    """The instrumental inequality, or else one that follows from the equations, and the data do not
    satisfy."""
    for t in range(len(given.ts)):
        at = given.table[:, t].argmax(axis=0)
        cells = [given.cell(z, t, y) for y, z in enumerate(at)]
        total = given.table[:, t].max(axis=0).sum()
        if total > 1 + _NIL:
            return f"{' + '.join(cells)} = {total:.6g}, and is at most 1 (instrumental inequality)"
    # Farkas: weights whose sum is positive for no type, and yet for the data.
    right = given.table.reshape(-1)
    weights = linprog(-right, A_ub=equations.T, b_ub=np.zeros(equations.shape[1]), bounds=(-1, 1))
    weight = np.round(weights.x, 9).reshape(len(given.zs), -1)
    # The cells of one z sum to 1: the commonest weight among them moves to the other side.
    common = [max(row.tolist(), key=row.tolist().count) for row in weight]
    kept = (weight - np.array(common)[:, None]).reshape(given.table.shape)
    terms = [
        f"{'-' if kept[place] < 0 else '+'} "
        f"{'' if abs(kept[place]) == 1 else f'{abs(kept[place]):g} '}{given.cell(*place)}"
        for place in np.ndindex(kept.shape)
        if abs(kept[place]) > _NIL
    ]
    text = " ".join(terms).removeprefix("+ ")
    return f"{text} = {float((kept * given.table).sum()):.6g}, and is at most {-sum(common):g}"
