"""The college study as one writes it in NumPy: the world, and estimates with their errors.

Twice: by `numpy.linalg.lstsq`, which loses no more digits than the data do, as ours; and by
cross-products, solved, the quickest that there is, which loses twice as many. Distributions are
those of `scipy.special`, without the overhead of `scipy.stats`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special

from scm.estimate import Roles
from simulators.college_calibration import CONTROLS, calibrate

__all__ = ["BY_CROSS_PRODUCTS", "BY_LSTSQ", "drawer"]

Data = Mapping[str, np.ndarray]
Found = tuple[float, float, float, float]
"""Value, standard error, and the ends of the interval."""


def drawer(n: int) -> Callable[[], Data]:
    """A function that draws data sets of the textbook world, of n men each."""
    random = np.random.Generator(np.random.SFC64(0))
    fit = calibrate("textbook")
    covariates = ("nearc4", "exper", "expersq", *CONTROLS)
    men = np.column_stack([fit.men[name] for name in covariates])
    schooling = np.array([fit.schooling[name] for name in covariates])
    wage = np.array([fit.wage.get(name, 0.0) for name in covariates])

    def draw() -> Data:
        person = men[random.integers(0, len(men), n)]
        hidden, own, noise = random.standard_normal((3, n))
        educ = fit.schooling["const"] + person @ schooling
        educ += fit.unmeasured_on_schooling * hidden + fit.schooling_noise * own
        lwage = fit.wage["const"] + person @ wage + fit.wage["educ"] * educ
        lwage += fit.unmeasured_on_wage * hidden + fit.wage_noise * noise
        data = {name: person[:, at] for at, name in enumerate(covariates)}
        age = data["exper"] + educ + 6
        return {**data, "educ": educ, "lwage": lwage, "age": age, "agesq": age**2}

    return draw


def _matrix(data: Data, *names: str) -> np.ndarray:
    n = len(data["lwage"])
    return np.column_stack([np.ones(n), *(data[name] for name in names)])


def _interval(value: float, se: float, dof: float = np.inf) -> Found:
    half = (special.stdtrit(dof, 0.975) if dof < np.inf else special.ndtri(0.975)) * se
    return value, se, value - half, value + half


def _ols(data: Data, roles: Roles) -> Found:
    x, y = _matrix(data, roles.treatment, *roles.adjust), data[roles.outcome]
    square = np.linalg.inv(x.T @ x)
    slopes = square @ (x.T @ y)
    rest = y - x @ slopes
    dof = len(y) - x.shape[1]
    return _interval(slopes[1], np.sqrt(rest @ rest / dof * square[1, 1]), dof)


def _tsls(data: Data, roles: Roles, endogenous: tuple[str, ...] = ()) -> Found:
    x, y = _matrix(data, roles.treatment, *roles.adjust), data[roles.outcome]
    kept = [name for name in roles.adjust if name not in endogenous]
    z = _matrix(data, *kept, *roles.instruments)
    both = z.T @ np.column_stack([x, y])
    first = np.linalg.solve(z.T @ z, both)
    square = np.linalg.inv(both[:, :-1].T @ first[:, :-1])
    slopes = square @ (first[:, :-1].T @ both[:, -1])
    rest = y - x @ slopes
    dof = len(y) - x.shape[1]
    return _interval(slopes[1], np.sqrt(rest @ rest / dof * square[1, 1]), dof)


def _anderson_rubin(data: Data, roles: Roles) -> Found:
    w = _matrix(data, *roles.adjust)
    both = np.column_stack([data[n] for n in (roles.outcome, roles.treatment, *roles.instruments)])
    return _ar_set(both - w @ np.linalg.solve(w.T @ w, w.T @ both), len(w) - w.shape[1] - 1)


def _ar_set(rest: np.ndarray, dof: int) -> Found:
    """The set, of what the covariates leave of outcome, treatment and instrument."""
    square = rest.T @ rest
    explained = np.outer(square[:2, 2], square[:2, 2]) / square[2, 2]
    form = explained - special.fdtri(1, dof, 0.95) / dof * (square[:2, :2] - explained)
    a, b, c = form[1, 1], form[0, 1], form[0, 0]
    root = np.emath.sqrt(b * b - a * c).real
    return explained[0, 1] / explained[1, 1], np.nan, (b - root) / a, (b + root) / a


def _difference_in_means(data: Data, roles: Roles) -> Found:
    t, y = data[roles.treatment] == 1, data[roles.outcome]
    one, other = y[t], y[~t]
    parts = np.array([one.var(ddof=1) / len(one), other.var(ddof=1) / len(other)])
    dof = parts.sum() ** 2 / (parts**2 / (np.array([len(one), len(other)]) - 1)).sum()
    return _interval(one.mean() - other.mean(), np.sqrt(parts.sum()), dof)


def _stratification(data: Data, roles: Roles) -> Found:
    t, y = data[roles.treatment], data[roles.outcome]
    stratum = np.zeros(len(y), int)  # the columns are 0 or 1
    for name in roles.adjust:
        stratum = 2 * stratum + (data[name] == 1)
    cell = 2 * stratum + (t == 1)
    count, total, squares = (
        np.bincount(cell, weights, minlength=2 << len(roles.adjust)).reshape(-1, 2)
        for weights in (None, y, y * y)
    )
    mean = total / count
    variance = squares / count - mean**2
    p, d = count.sum(axis=1) / len(y), mean[:, 1] - mean[:, 0]
    value = p @ d
    v = (variance / count).sum(axis=1)
    return _interval(value, np.sqrt(p**2 @ v + p @ (d - value) ** 2 / len(y)))


def _logistic(x: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    slopes = np.zeros(x.shape[1])
    for _ in range(50):
        chance = special.expit(x @ slopes)
        hessian = (x * (chance * (1 - chance))[:, None]).T @ x
        step = np.linalg.solve(hessian, x.T @ (t - chance))
        slopes += step
        if np.abs(step).max() < 1e-8:
            break
    return special.expit(x @ slopes), hessian


def _ipw(data: Data, roles: Roles) -> Found:
    t, y, x = data[roles.treatment], data[roles.outcome], _matrix(data, *roles.adjust)
    e, hessian = _logistic(x, t)
    one, other = t / e, (1 - t) / (1 - e)
    m1, m0 = one @ y / one.sum(), other @ y / other.sum()
    part1, part0 = one * (y - m1) / one.mean(), other * (y - m0) / other.mean()
    gradient = -(part1 * (1 - e) + part0 * e) @ x
    influence = part1 - part0 + (t - e) * (x @ np.linalg.solve(hessian, gradient))
    return _interval(m1 - m0, np.sqrt(influence @ influence) / len(y))


def _aipw(data: Data, roles: Roles) -> Found:
    t, y, x = data[roles.treatment], data[roles.outcome], _matrix(data, *roles.adjust)
    e, _ = _logistic(x, t)
    means = []
    for arm in (1, 0):
        rows = x[t == arm]
        means.append(x @ np.linalg.solve(rows.T @ rows, rows.T @ y[t == arm]))
    m1, m0 = means
    psi = m1 - m0 + t * (y - m1) / e - (1 - t) * (y - m0) / (1 - e)
    return _interval(psi.mean(), psi.std() / np.sqrt(len(y)))


def _ols_by_lstsq(data: Data, roles: Roles) -> Found:
    x, y = _matrix(data, roles.treatment, *roles.adjust), data[roles.outcome]
    slopes, squares = np.linalg.lstsq(x, y)[:2]
    dof = len(y) - x.shape[1]
    variance = squares[0] / dof * np.linalg.inv(x.T @ x)[1, 1]
    return _interval(slopes[1], np.sqrt(variance), dof)


def _tsls_by_lstsq(data: Data, roles: Roles, endogenous: tuple[str, ...] = ()) -> Found:
    x, y = _matrix(data, roles.treatment, *roles.adjust), data[roles.outcome]
    kept = [name for name in roles.adjust if name not in endogenous]
    z = _matrix(data, *kept, *roles.instruments)
    fitted = z @ np.linalg.lstsq(z, x)[0]
    slopes = np.linalg.lstsq(fitted, y)[0]
    rest = y - x @ slopes
    dof = len(y) - x.shape[1]
    variance = rest @ rest / dof * np.linalg.inv(fitted.T @ fitted)[1, 1]
    return _interval(slopes[1], np.sqrt(variance), dof)


def _anderson_rubin_by_lstsq(data: Data, roles: Roles) -> Found:
    w = _matrix(data, *roles.adjust)
    both = np.column_stack([data[n] for n in (roles.outcome, roles.treatment, *roles.instruments)])
    return _ar_set(both - w @ np.linalg.lstsq(w, both)[0], len(w) - w.shape[1] - 1)


BY_CROSS_PRODUCTS: Mapping[str, Callable[..., Any]] = {
    "ols": _ols,
    "tsls": _tsls,
    "anderson_rubin": _anderson_rubin,
    "difference_in_means": _difference_in_means,
    "stratification": _stratification,
    "ipw": _ipw,
    "aipw": _aipw,
}
BY_LSTSQ = {
    "ols": _ols_by_lstsq,
    "tsls": _tsls_by_lstsq,
    "anderson_rubin": _anderson_rubin_by_lstsq,
}
"""Those that are least squares; the others are the same."""
