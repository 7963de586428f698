"""The college worlds fitted to Card's men: coefficients, spreads, and what estimators tend to.

The 3,010 men are taken as the whole population of the worlds, so every mean here divides by 3,010
and not by 3,010 - 16 (the residuals' degrees of freedom): the covariates are drawn from the
empirical distribution, and only with the same divisor do the world's moments equal the sample's.
The published standard errors divide by 2,994; variances by that rule are 1.0053 times larger.

With v the residual of the first stage (least squares of schooling on the exogenous columns), e the
residual of the wage equation at its two-stage estimate, s_v and s_e their spreads, rho their
correlation: the unmeasured cause U ~ N(0, 1) enters

    schooling = index + a U + N(0, s_v^2 (1 - |rho|)),    a = sqrt(|rho|) s_v
    wage      = index + b U + N(0, s_e^2 (1 - |rho|)),    b = sign(rho) sqrt(|rho|) s_e

so that a b = rho s_v s_e = cov(v, e) and both spreads are kept. The data fix only the product
a b; sharing it out evenly is the choice made here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import copysign, sqrt
from typing import Literal

import numpy as np

from simulators.datasets.card import card

Story = Literal["textbook", "life"]
Columns = Mapping[str, np.ndarray]

CONTROLS = ("black", "south", "smsa", "smsa66", *(f"reg66{i}" for i in range(2, 10)))
WAGE = ("educ", "exper", "expersq", *CONTROLS)
PUBLISHED = ("nearc4", "exper", "expersq", *CONTROLS)
BY_AGE = ("nearc4", "age", "agesq", *CONTROLS)
EXOGENOUS: Mapping[Story, tuple[str, ...]] = {"textbook": PUBLISHED, "life": BY_AGE}


@dataclass(frozen=True)
class Calibration:
    """One world's numbers.

    `schooling` and `wage` map columns, and `const`, to coefficients; `schooling_spread` and
    `wage_spread` are s_v and s_e above; `men` holds the columns of the data.
    """

    story: Story
    men: Columns
    schooling: Mapping[str, float]
    wage: Mapping[str, float]
    schooling_spread: float
    wage_spread: float
    rho: float

    @property
    def unmeasured_on_schooling(self) -> float:
        """a: years of schooling per standard deviation of the unmeasured cause."""
        return sqrt(abs(self.rho)) * self.schooling_spread

    @property
    def unmeasured_on_wage(self) -> float:
        """b: log wage per standard deviation of the unmeasured cause."""
        return copysign(sqrt(abs(self.rho)), self.rho) * self.wage_spread

    @property
    def schooling_noise(self) -> float:
        """The spread of schooling's own noise, what the unmeasured cause leaves of s_v."""
        return sqrt(1 - abs(self.rho)) * self.schooling_spread

    @property
    def wage_noise(self) -> float:
        """The spread of the wage's own noise, what the unmeasured cause leaves of s_e."""
        return sqrt(1 - abs(self.rho)) * self.wage_spread


@cache
def calibrate(story: Story) -> Calibration:
    """Fit one world to the 3,010 men; computed once in a process.

    Two-stage least squares of the wage on schooling, experience, its square and the controls: in
    "textbook" with `nearc4` for schooling, as published, in "life" with `nearc4`, `age` and
    `agesq` for schooling, experience and its square.

    >>> round(calibrate("textbook").wage["educ"], 4), round(calibrate("life").wage["educ"], 4)
    (0.1315, 0.1224)
    """
    frame = card()
    men = {name: frame[name].to_numpy(dtype=float) for name in ("lwage", *WAGE, *BY_AGE)}
    for column in men.values():
        column.flags.writeable = False
    exogenous = EXOGENOUS[story]
    schooling = two_stage(men, "educ", exogenous, exogenous)
    wage = two_stage(men, "lwage", WAGE, exogenous)
    v = men["educ"] - index(schooling, men)
    e = men["lwage"] - index(wage, men)
    s_v, s_e = sqrt(np.mean(v**2)), sqrt(np.mean(e**2))
    return Calibration(story, men, schooling, wage, s_v, s_e, float(np.mean(v * e)) / (s_v * s_e))


def two_stage(
    columns: Columns,
    outcome: str,
    regressors: Sequence[str],
    exogenous: Sequence[str],
    weights: np.ndarray | float = 1.0,
) -> dict[str, float]:
    """Two-stage least squares by two projections; least squares when the two lists are the same.

    beta = argmin |y - P X b|, P the projection on the exogenous columns; all with a constant.
    """
    root = np.sqrt(weights)
    y = columns[outcome] * root
    x, z = (
        np.column_stack([np.ones_like(y), *(columns[name] for name in names)])
        * np.reshape(root, (-1, 1))
        for names in (regressors, exogenous)
    )
    first = np.linalg.lstsq(z, x)[0]
    return dict(zip(("const", *regressors), np.linalg.lstsq(z @ first, y)[0].tolist(), strict=True))


def index(coefficients: Mapping[str, float], columns: Columns) -> np.ndarray:
    """The linear index: the constant plus the sum of coefficient times column."""
    names = [name for name in coefficients if name != "const"]
    slopes = np.array([coefficients[name] for name in names])
    return coefficients["const"] + np.column_stack([columns[name] for name in names]) @ slopes


def population(calibration: Calibration) -> tuple[Columns, np.ndarray]:
    """Columns and weights with the moments that the world has, up to the fourth in its noise.

    Each man appears at the three nodes of Gauss-Hermite quadrature for v, which integrates
    polynomials up to the fifth degree exactly; `lwage` is its mean given the rest. Every limit of
    OLS or 2SLS follows from such moments (the columns are of second degree in v at most).
    """
    nodes, weights = np.sqrt(3.0) * np.array([-1.0, 0.0, 1.0]), np.array([1.0, 4.0, 1.0]) / 6
    size = len(calibration.men["lwage"])
    v = np.repeat(nodes, size) * calibration.schooling_spread
    columns = {name: np.tile(column, 3) for name, column in calibration.men.items()}
    columns["educ"] = index(calibration.schooling, columns) + v
    if calibration.story == "textbook":
        columns["age"] = columns["exper"] + columns["educ"] + 6
        columns["agesq"] = columns["age"] ** 2
    else:
        columns["exper"] = columns["age"] - columns["educ"] - 6
        columns["expersq"] = columns["exper"] ** 2
    e_given_v = calibration.rho * calibration.wage_spread / calibration.schooling_spread * v
    columns["lwage"] = index(calibration.wage, columns) + e_given_v
    return columns, np.repeat(weights, size) / size


def limits(calibration: Calibration) -> dict[str, float]:
    """What four estimators of the return to schooling tend to in this world as people are added."""
    columns, weights = population(calibration)
    specifications = {
        "OLS, no controls": (("educ",), ("educ",)),
        "OLS, Card's controls": (WAGE, WAGE),
        "2SLS, as published": (WAGE, PUBLISHED),
        "2SLS, experience instrumented by age": (WAGE, BY_AGE),
    }
    return {
        name: two_stage(columns, "lwage", regressors, exogenous, weights)["educ"]
        for name, (regressors, exogenous) in specifications.items()
    }
