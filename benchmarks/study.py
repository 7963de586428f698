"""The college study's Monte Carlo part: every estimator on data sets of 3,010 and of 1,000 men.

Against the same work by hand: the same world and the same estimates with their standard errors and
intervals in a loop over NumPy; and, for least squares and the instrument, in a loop over DoWhy.
Contenders take turns, fifty data sets each; the first turn, which compiles, does not count.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from rich.table import Table

from benchmarks.study_by_dowhy import by_dowhy
from benchmarks.study_by_hand import BY_CROSS_PRODUCTS, BY_LSTSQ, drawer
from experiments.method import Method
from experiments.replicate import drawn, estimated
from experiments.world import World
from scm.estimate import ESTIMATORS, Roles
from simulators import SIMULATORS
from simulators.college_calibration import CONTROLS

SIZES, CHUNK, TURNS = (3_010, 1_000), 50, 20
DRAWING = "drawing"
LSTSQ, CROSS = "lstsq, ms", "cross-products, ms"

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


_OWN = tuple(METHODS)[:5]  # what the study itself runs, with baselines of its own


class _Took(NamedTuple):
    """Medians over turns, in milliseconds a data set: of all processors, and on the clock."""

    cpu: float
    wall: float


class _Clock:
    """What parts take, turn by turn; and the estimates of all turns."""

    def __init__(self) -> None:
        self._took: dict[str, list[_Took]] = defaultdict(list)
        self.values: dict[str, list[float]] = defaultdict(list)

    def timed(self, part: str, work: Callable[..., Any], *given: Any) -> Any:
        """Do the work of a part."""
        wall, cpu = time.perf_counter(), time.process_time()
        made = work(*given)
        took = time.process_time() - cpu, time.perf_counter() - wall
        self._took[part].append(_Took(*(each / CHUNK * 1e3 for each in took)))
        return made

    def medians(self) -> dict[str, _Took]:
        """Of every part, the first turn left out."""
        return {part: _Took(*np.median(each[1:], axis=0)) for part, each in self._took.items()}


def run() -> Iterator[Table | str]:
    """Tables of milliseconds a data set, the parts of ours beside the same parts by hand."""
    with jax.enable_x64(True):
        for n in SIZES:
            clocks = _turns(n)
            yield _table(n, clocks)
            if n == SIZES[0]:
                pair = (DRAWING, "ols", "tsls")
                took = clocks["scm"].medians()
                yield by_dowhy(n, sum(took[part].cpu for part in pair))


def _turns(n: int) -> dict[str, _Clock]:
    simulator = SIMULATORS["college"]
    world = World("textbook", simulator, simulator.build(story="textbook"), n)
    methods = {
        name: Method(name, ESTIMATORS[estimator], roles, options, ())
        for name, (estimator, roles, options) in METHODS.items()
    }
    draw, clocks = drawer(n), {name: _Clock() for name in ("scm", LSTSQ, CROSS)}
    for turn in range(TURNS + 1):
        ours, start = clocks["scm"], turn * CHUNK
        chunk = ours.timed(DRAWING, drawn, "textbook", world, 1995, start)
        assert len(chunk.codes) == CHUNK
        for name, method in methods.items():
            frame, _, _ = ours.timed(name, estimated, method, chunk)
            ours.values[name] += frame["value"].tolist()
        sets = clocks[LSTSQ].timed(DRAWING, lambda: [draw() for _ in range(CHUNK)])
        clocks[CROSS].timed(DRAWING, lambda: [draw() for _ in range(CHUNK)])
        for label, functions in ((LSTSQ, BY_LSTSQ), (CROSS, {})):
            for name, (estimator, roles, options) in METHODS.items():
                function = functions.get(estimator, BY_CROSS_PRODUCTS[estimator])
                found = clocks[label].timed(name, _loop, function, sets, roles, options)
                clocks[label].values[name] += found
    return clocks


def _loop(function: Callable[..., Any], sets: Any, roles: Roles, options: Any) -> list[float]:
    return [function(data, roles, **options)[0] for data in sets]


def _summed(parts: Iterable[_Took]) -> _Took:
    return _Took(*map(sum, zip(*parts, strict=True)))


def _table(n: int, clocks: Mapping[str, _Clock]) -> Table:
    table = Table(
        title=f"The college study: {len(METHODS)} methods, n = {n:,}, float64", title_justify="left"
    )
    heads = "", "scm, ms", LSTSQ, "times", CROSS, "times ", "median here", "there"
    for heading in heads:
        table.add_column(heading, justify="right" if heading else "left")
    took = {name: clock.medians() for name, clock in clocks.items()}
    for each in took.values():
        each["those of configs/college.toml"] = _summed(each[part] for part in (DRAWING, *_OWN))
        each["all"] = _summed(each[part] for part in (DRAWING, *METHODS))
    for part, ours in took["scm"].items():
        row = [f"{ours.cpu:.3f}"]
        for label in (LSTSQ, CROSS):
            theirs = took[label][part].cpu
            row += [f"{theirs:.3f}", f"{theirs / ours.cpu:.2f}"]
        values = (clocks[name].values.get(part) for name in ("scm", LSTSQ))
        table.add_row(
            part, *row, *(f"{np.nanmedian(found):.4f}" if found else "" for found in values)
        )
    wall = {name: each["all"].wall for name, each in took.items()}
    times = " and ".join(f"{wall[name] / wall['scm']:.2f}" for name in (LSTSQ, CROSS))
    table.caption = (
        f"Processor time a data set, of {TURNS * CHUNK:,} each, and how many times as long NumPy "
        f"takes (on the clock, all: {times}); medians of the estimates"
    )
    return table
