"""The independences that a graph implies, each held against data: partial correlations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from scm.graph.claims.columns import read_columns, refuse_few, residual, standardise
from scm.graph.claims.independences import Independence

if TYPE_CHECKING:
    from scm.graph.claims.columns import Data
    from scm.graph.graph import Graph

_ONE = 1 - 1e-12  # a correlation of 1 by rounding; its z is finite still


@dataclass(frozen=True)
class Falsification:
    """What data say of the independences that a graph implies: true if one of them is rejected.

    Attributes:
        table: a row for each claim, in the order of `Graph.independences`: `x`, `y`, `given`,
            the partial correlation (`estimate`) with its confidence interval (`low`, `high`), the
            `p` value, Holm's adjusted one (`p_holm`), whether the claim is `rejected`, and the
            `power`: the probability that a true partial correlation of `against` would have been
            rejected, counted at `level` divided by the number of claims, the least that Holm
            grants.
        level: bound on the probability that any true claim is rejected.
        against: the partial correlation for which the power is told.
        rows: how many units were used; 0 where there is nothing to test.
    """

    table: pd.DataFrame
    level: float
    against: float
    rows: int

    def __bool__(self) -> bool:
        return bool(self.rejected)

    @property
    def rejected(self) -> tuple[Independence, ...]:
        """The claims that the data reject."""
        return _read(self.table[self.table["rejected"]])

    @property
    def reason(self) -> str:
        """The verdict in words."""
        if self.table.empty:
            return (
                "the graph implies no independence among the observed that a partial correlation "
                "could refute: no data of this kind speak for or against it"
            )
        count = len(self.table)
        power = (
            f"a partial correlation of {self.against:g} would have been found with probability "
            f"{self.table['power'].min():.2f}" + (" or more" if count > 1 else "")
        )
        if not self:
            claims = (
                f"{_read(self.table)[0]} is not" if count == 1 else f"none of {count} claims is"
            )
            return (
                f"{claims} rejected at level {self.level:g}; that does not prove the graph: "
                f"{power}, and other graphs imply the same"
            )
        named = "; ".join(map(str, self.rejected))
        return (
            f"{len(self.rejected)} of {count} claims at level {self.level:g} (Holm): {named}. If "
            f"relations are linear, the graph is wrong there; what was not rejected is not thereby "
            f"proven: {power}"
        )

    def __str__(self) -> str:
        return f"{'rejected' if self else 'not rejected'}: {self.reason}"


def _read(table: pd.DataFrame) -> tuple[Independence, ...]:
    return tuple(map(Independence, table["x"], table["y"], table["given"]))


def falsify(
    graph: Graph, data: Data, claims: Sequence[Independence], level: float, against: float
) -> Falsification:
    """Test every claim by Fisher's z of the partial correlation."""
    for name, value in (("level", level), ("against", against)):
        if not 0 < value < 1:
            raise ValueError(f"falsify: {name}={value!r} is not between 0 and 1; say {name}=0.1")
    used = {name for claim in claims for name in (claim.x, claim.y, *claim.given)}
    raw = read_columns("falsify", data, [name for name in graph.nodes if name in used])
    columns = {name: standardise("falsify", name, column)[0] for name, column in raw.items()}
    rows = len(next(iter(columns.values()), ()))
    tests = [_test(columns, rows, claim, level, against, len(claims)) for claim in claims]
    heads = ["x", "y", "given", "estimate", "low", "high", "p", "power"]
    table = pd.DataFrame(tests, columns=heads)
    table.insert(7, "p_holm", _holm(table["p"].to_numpy(float)))
    table.insert(8, "rejected", table["p_holm"] <= level)
    return Falsification(table, level, against, rows)


def _test(
    columns: dict[str, np.ndarray],
    rows: int,
    claim: Independence,
    level: float,
    against: float,
    count: int,
) -> tuple[object, ...]:
    """Claim, partial correlation, interval, p value and power.

    sqrt(n - k - 3) (atanh r - atanh rho) is standard normal, k the number of columns given
    (Fisher 1924, The distribution of the partial correlation coefficient).
    """
    refuse_few(f"falsify: {claim}", rows, (), len(claim.given) + 4)
    x, y = (residual("falsify", name, columns, claim.given) for name in (claim.x, claim.y))
    r = float(x @ y) / sqrt(float(x @ x) * float(y @ y))
    r = min(max(r, -_ONE), _ONE)
    root = sqrt(rows - len(claim.given) - 3)
    z, half = atanh(r), -float(ndtri(level / 2)) / root
    least, shift = -float(ndtri(level / count / 2)), root * atanh(against)
    power = float(ndtr(shift - least) + ndtr(-shift - least))
    p = 2 * float(ndtr(-abs(z) * root))
    return claim.x, claim.y, claim.given, r, tanh(z - half), tanh(z + half), p, power


def _holm(p: np.ndarray) -> np.ndarray:
    """Holm (1979), A simple sequentially rejective multiple test procedure, as p values."""
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted
