"""The college study's Monte Carlo part: every estimator on 1,000 data sets of 3,010 men.

Against the same work in NumPy: the same world written by hand, and the same estimates with their
standard errors and intervals, by least squares and Newton's method, in a loop.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np
from rich.table import Table
from scipy import stats

from experiments.method import Method
from experiments.replicate import replicate
from experiments.world import World
from scm.estimate import ESTIMATORS, Roles
from simulators import SIMULATORS
from simulators.college_calibration import CONTROLS, calibrate

N, REPLICATIONS, BY_HAND = 3_010, 1_000, 100

_X = ("exper", "expersq", *CONTROLS)
_OLS = Roles("educ", "lwage", adjust=_X)
_IV = Roles("educ", "lwage", adjust=_X, instruments=("nearc4",))
_AGE = Roles("educ", "lwage", adjust=_X, instruments=("nearc4", "age", "agesq"))
_NEAR = Roles("nearc4", "lwage", adjust=_X)
_STRATA = Roles("nearc4", "lwage", adjust=("black", "smsa"))

METHODS: Mapping[str, tuple[str, Roles, dict[str, Any]]] = {
    "ols, no controls": ("ols", Roles("educ", "lwage"), {}),
    "ols": ("ols", _OLS, {}),
    "tsls": ("tsls", _IV, {}),
    "tsls by age": ("tsls", _AGE, {"endogenous": ("exper", "expersq")}),
    "anderson_rubin": ("anderson_rubin", _IV, {}),
    "difference_in_means": ("difference_in_means", Roles("nearc4", "lwage"), {}),
    "stratification": ("stratification", _STRATA, {}),
    "ipw": ("ipw", _NEAR, {}),
    "aipw": ("aipw", _NEAR, {}),
}


def run() -> Iterator[Table]:
    """A table of milliseconds a data set, the parts of ours beside the same parts by hand."""
    with jax.enable_x64(True):
        yield _compare()


def _compare() -> Table:
    simulator = SIMULATORS["college"]
    world = World("textbook", simulator, simulator.build(story="textbook"), N)
    methods = {
        name: Method(name, ESTIMATORS[estimator], roles, options, ())
        for name, (estimator, roles, options) in METHODS.items()
    }
    replicate("textbook", world, methods, 1995, 50)  # warms the caches up
    begun = time.perf_counter()
    ours = replicate("textbook", world, methods, 1995, REPLICATIONS)
    wall = time.perf_counter() - begun
    seconds = {each.method: each.seconds / REPLICATIONS for each in ours}
    compiling = sum(each.compile_seconds for each in ours)
    drawing = (wall - compiling) / REPLICATIONS - sum(seconds.values())
    by_hand, values = _by_hand()
    table = Table(
        title=f"The college study: {len(METHODS)} methods, n = {N:,}, float64", title_justify="left"
    )
    for heading in ("", "scm, ms", "NumPy, ms", "times", "median here", "there"):
        table.add_column(heading, justify="right" if heading else "left")
    seconds = {"drawing, and all else": drawing, **seconds}
    for name, each in seconds.items():
        means = ("", "")
        if name in values:
            found = next(one.frame for one in ours if one.method == name)["value"]
            means = (f"{np.median(found):.4f}", f"{np.median(values[name]):.4f}")
        theirs = by_hand[name]
        table.add_row(
            name, f"{each * 1e3:.2f}", f"{theirs * 1e3:.2f}", f"{theirs / each:.1f}", *means
        )
    total = sum(by_hand.values())
    warm = (wall - compiling) / REPLICATIONS
    table.add_row("all", f"{warm * 1e3:.2f}", f"{total * 1e3:.2f}", f"{total / warm:.1f}")
    table.caption = (
        f"{REPLICATIONS:,} data sets: {wall - compiling:.1f} s, and {compiling:.1f} s to compile; "
        f"NumPy {total * REPLICATIONS:.1f} s, from {BY_HAND} data sets; medians of the estimates"
    )
    return table


def _by_hand() -> tuple[dict[str, float], dict[str, list[float]]]:
    """Mean seconds of each part in NumPy, and the estimates."""
    random = np.random.Generator(np.random.SFC64(0))
    draw = _drawer(random)
    seconds = dict.fromkeys(("drawing, and all else", *METHODS), 0.0)
    values: dict[str, list[float]] = {name: [] for name in METHODS}
    for _ in range(BY_HAND):
        begun = time.perf_counter()
        data = draw()
        seconds["drawing, and all else"] += time.perf_counter() - begun
        for name, (estimator, roles, options) in METHODS.items():
            begun = time.perf_counter()
            value, *_ = _ESTIMATORS[estimator](data, roles, **options)
            seconds[name] += time.perf_counter() - begun
            values[name].append(value)
    return {name: each / BY_HAND for name, each in seconds.items()}, values


def _drawer(random: np.random.Generator) -> Any:
    fit = calibrate("textbook")
    schooling = {k: v for k, v in fit.schooling.items() if k != "const"}
    wage = {k: v for k, v in fit.wage.items() if k != "const"}

    def draw() -> dict[str, np.ndarray]:
        person = random.integers(0, N, N)
        data = {name: fit.men[name][person] for name in ("nearc4", *_X)}
        hidden = random.standard_normal(N)
        data["educ"] = (
            fit.schooling["const"]
            + sum(slope * data[name] for name, slope in schooling.items())
            + fit.unmeasured_on_schooling * hidden
            + fit.schooling_noise * random.standard_normal(N)
        )
        data["age"] = data["exper"] + data["educ"] + 6
        data["agesq"] = data["age"] ** 2
        data["lwage"] = (
            fit.wage["const"]
            + sum(slope * data[name] for name, slope in wage.items())
            + fit.unmeasured_on_wage * hidden
            + fit.wage_noise * random.standard_normal(N)
        )
        return data

    return draw


def _matrix(data: Mapping[str, np.ndarray], *names: str) -> np.ndarray:
    return np.column_stack([np.ones(N), *(data[name] for name in names)])


def _interval(value: float, se: float, dof: float) -> tuple[float, float, float, float]:
    half = stats.t.ppf(0.975, dof) * se
    return value, se, value - half, value + half


def _ols(data, roles):
    x, y = _matrix(data, roles.treatment, *roles.adjust), data[roles.outcome]
    slopes, squares = np.linalg.lstsq(x, y)[:2]
    dof = N - x.shape[1]
    variance = squares[0] / dof * np.linalg.inv(x.T @ x)[1, 1]
    return _interval(slopes[1], np.sqrt(variance), dof)


def _tsls(data, roles, endogenous=()):
    x, y = _matrix(data, roles.treatment, *roles.adjust), data[roles.outcome]
    kept = [name for name in roles.adjust if name not in endogenous]
    z = _matrix(data, *kept, *roles.instruments)
    fitted = z @ np.linalg.lstsq(z, x)[0]
    slopes = np.linalg.lstsq(fitted, y)[0]
    rest = y - x @ slopes
    dof = N - x.shape[1]
    variance = rest @ rest / dof * np.linalg.inv(fitted.T @ fitted)[1, 1]
    return _interval(slopes[1], np.sqrt(variance), dof)


def _anderson_rubin(data, roles):
    w, z = _matrix(data, *roles.adjust), data[roles.instruments[0]][:, None]
    both = np.column_stack([data[roles.outcome], data[roles.treatment], z])
    rest = both - w @ np.linalg.lstsq(w, both)[0]
    pair, z = rest[:, :2], rest[:, 2:]
    fitted = z @ np.linalg.lstsq(z, pair)[0]
    explained, left = fitted.T @ fitted, (pair - fitted).T @ (pair - fitted)
    dof = N - w.shape[1] - 1
    form = explained - stats.f.ppf(0.95, 1, dof) / dof * left
    low, high = np.sort(np.roots([form[1, 1], -2 * form[0, 1], form[0, 0]]).real)
    return explained[0, 1] / explained[1, 1], np.nan, low, high


def _difference_in_means(data, roles):
    t, y = data[roles.treatment] == 1, data[roles.outcome]
    one, other = y[t], y[~t]
    parts = np.array([one.var(ddof=1) / len(one), other.var(ddof=1) / len(other)])
    dof = parts.sum() ** 2 / (parts**2 / (np.array([len(one), len(other)]) - 1)).sum()
    return _interval(one.mean() - other.mean(), np.sqrt(parts.sum()), dof)


def _stratification(data, roles):
    t, y = data[roles.treatment] == 1, data[roles.outcome]
    columns = np.column_stack([data[name] for name in roles.adjust])
    stratum = np.unique(columns, axis=0, return_inverse=True)[1].ravel()
    shares, differences, variances = [], [], []
    for each in range(stratum.max() + 1):
        one, other = y[t & (stratum == each)], y[~t & (stratum == each)]
        shares.append((len(one) + len(other)) / N)
        differences.append(one.mean() - other.mean())
        variances.append(one.var() / len(one) + other.var() / len(other))
    p, d, v = np.array(shares), np.array(differences), np.array(variances)
    value = p @ d
    return _interval(value, np.sqrt(p**2 @ v + p @ (d - value) ** 2 / N), np.inf)


def _logistic(x, t):
    slopes = np.zeros(x.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-x @ slopes))
        hessian = (x * (chance * (1 - chance))[:, None]).T @ x
        step = np.linalg.solve(hessian, x.T @ (t - chance))
        slopes += step
        if np.abs(step).max() < 1e-8:
            break
    return 1 / (1 + np.exp(-x @ slopes)), hessian


def _ipw(data, roles):
    t, y, x = data[roles.treatment], data[roles.outcome], _matrix(data, *roles.adjust)
    e, hessian = _logistic(x, t)
    one, other = t / e, (1 - t) / (1 - e)
    m1, m0 = one @ y / one.sum(), other @ y / other.sum()
    part1, part0 = one * (y - m1) / one.mean(), other * (y - m0) / other.mean()
    gradient = -(part1 * (1 - e) + part0 * e) @ x
    influence = part1 - part0 + (t - e) * (x @ np.linalg.solve(hessian, gradient))
    return _interval(m1 - m0, np.sqrt(influence @ influence) / N, np.inf)


def _aipw(data, roles):
    t, y, x = data[roles.treatment], data[roles.outcome], _matrix(data, *roles.adjust)
    e, _ = _logistic(x, t)
    m1 = x @ np.linalg.lstsq(x[t == 1], y[t == 1])[0]
    m0 = x @ np.linalg.lstsq(x[t == 0], y[t == 0])[0]
    psi = m1 - m0 + t * (y - m1) / e - (1 - t) * (y - m0) / (1 - e)
    return _interval(psi.mean(), psi.std() / np.sqrt(N), np.inf)


_ESTIMATORS = {
    "ols": _ols,
    "tsls": _tsls,
    "anderson_rubin": _anderson_rubin,
    "difference_in_means": _difference_in_means,
    "stratification": _stratification,
    "ipw": _ipw,
    "aipw": _aipw,
}
