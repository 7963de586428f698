"""Strategy 3: a search in the normal score of one noise in which the value is monotone.

The noise behind a value is an interval of scores: a point where the value has a slope, as far as
floats go, and a stretch where it rests, as above a threshold, at a count, or below a censoring
limit. Two bisections of a fixed number of trips find the ends; the noise then has its own law cut
to the interval. One search so serves continuous, ordinal, counted, rounded and censored values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal

from scm.abduction.composed import Block, Noise, noise_range
from scm.abduction.monotone import direction
from scm.abduction.strategy import Found, Strategy, Unit, agrees, value_at
from scm.abduction.truncated import between, log_probability
from scm.solve.jumps import refusing

__all__ = ["by_search"]

_GRID = 65
_POINT = 64  # roundings of the value, within which an interval of scores is a point


def by_search(block: Block) -> Strategy | None:
    """The strategy, if the block has one scalar noise with a quantile function and one scalar
    variable seen. Says in its note where it rests on more than a proof."""
    if len(block.noises) != 1 or len(block.seen) != 1:
        return None
    (noise,), (name,) = block.noises, block.seen
    if noise.law.kind != "quantile" or noise.law.shape != () or noise.shape.shape != ():
        return None
    if block.system.out(name).shape != () or (noise.shared and noise.law.place is None):
        return None
    note = _warrant(block, noise)
    closed, before = block.traced(block.numbers_of(block.system.numbers))
    smooth = name in block.exact and _smooth(closed, before)

    def solve(unit: Unit) -> Found:
        return _solved(block, noise, name, unit, audited=bool(note), smooth=smooth)

    return Strategy(
        block,
        "search",
        bool(note),
        solve,
        frozenset([noise.address]) if noise.declared else frozenset(),
        note=note,
    )


def _warrant(block: Block, noise: Noise) -> str:
    """What is assumed of the direction; nothing if it is proved or declared."""
    name = block.seen[0]
    layers = block.system.structure.variables[name].layers
    declared = layers[noise.depth].monotone if noise.address[0] == name else None
    if declared and noise.address[1] in declared and len(block.names) == 1:
        return ""
    closed, before = block.traced(block.numbers_of(block.system.numbers))
    ranges = {before: noise_range(block.system, noise)}
    leaves = jax.tree.leaves(block.numbers_of(block.system.numbers))
    start = before - len(leaves)
    ranges |= {start + at: _signs(x) for at, x in enumerate(leaves)}
    if _proved(closed, before, ranges):
        return ""
    return f"monotone in {noise.key} (assumed: so on a grid of {_GRID} scores, not proved)"


_BENDS = frozenset({
    "max", "min", "clamp", "abs", "sign", "floor", "ceil", "round", "lt", "le", "gt", "ge", "eq",
    "ne", "argmax", "argmin", "rem", "sort", "while", "cond",
})  # fmt: skip


def _smooth(closed: ClosedJaxpr, at: int) -> bool:
    """Whether nothing that the noise goes through rests, jumps or bends."""
    heard = {closed.jaxpr.invars[at]}
    for equation in closed.jaxpr.eqns:
        inputs = [v for v in equation.invars if not isinstance(v, Literal) and v in heard]
        if not inputs:
            continue
        name = equation.primitive.name
        whole = not all(jnp.issubdtype(v.aval.dtype, jnp.floating) for v in equation.outvars)
        if name in _BENDS or whole:
            return False
        if name == "select_n" and equation.invars[0] in inputs:
            return False
        heard.update(equation.outvars)
    return True


def _proved(closed: ClosedJaxpr, at: int, ranges: Any) -> bool:
    return direction(closed, at, ranges) is not None


def _signs(number: Any) -> tuple[float, float]:
    """The sign of a number as a range: programs are kept for all numbers of one sign."""
    if isinstance(number, jax.core.Tracer):
        return -np.inf, np.inf
    array = np.asarray(number)
    if array.dtype.kind not in "fiub" or not array.size:
        return -np.inf, np.inf
    return (0.0 if (array >= 0).all() else -np.inf), (0.0 if (array <= 0).all() else np.inf)


def _limit() -> float:
    """The largest normal score there is: its tail is the smallest that can be held."""
    return 37.0 if jnp.result_type(float) == jnp.float64 else 12.5


def _solved(
    block: Block, noise: Noise, name: str, unit: Unit, *, audited: bool, smooth: bool
) -> Found:
    if not smooth:
        unit = _refusing(block, name, unit)
    system = block.system.given(unit.numbers)
    real = jnp.result_type(float)

    def value(z: Any) -> Any:
        held = value_at(system, noise, z)
        return block.outputs(unit.numbers, unit.known, [held])[0].astype(real)

    low, high = unit.low[name].astype(real), unit.high[name].astype(real)
    limit = _limit()
    places = jnp.linspace(-8.0, 8.0, _GRID if audited else 0, dtype=real)
    tried = jax.vmap(value)(jnp.concatenate([places, jnp.asarray([-limit, limit], real)]))
    rising = tried[-1] >= tried[-2]
    g = lambda z: jnp.where(rising, value(z), -value(z))
    least, most = jnp.where(rising, low, -high), jnp.where(rising, high, -low)
    (_, start), (end, _) = _ends(g, least, most, real)
    crossed = start > end  # no score gives the value itself: the nearest on either side
    off = jnp.abs(jax.vmap(g)(jnp.stack([start, end])) - jnp.stack([most, least]))
    near = jnp.where(off[0] < off[1], start, end)
    a, b = jnp.where(crossed, near, start), jnp.where(crossed, near, end)
    point, slope = _pointed(value, name in block.exact, a, b, low)
    chance = unit.chance[noise.key]
    drawn = between(a, b, chance.lower, chance.upper)
    middle = _inside(a, b)
    z = jnp.clip(jnp.where(point, middle, drawn), -limit, limit)
    if smooth:  # one step of Newton's method, which moves nothing, carries the derivatives
        still = jax.lax.stop_gradient
        z = still(z) - (value(still(z)) - low) / still(jnp.where(point, slope, 1.0))
        slope = _slope(value, z)
    fits = jax.vmap(lambda z: agrees(block, unit, [value_at(system, noise, z)]))
    good = fits(jnp.stack([z, middle]))  # rounding may spoil a draw at the edge
    z = jnp.where(good[0], z, middle)
    log = jnp.where(
        point,
        jax.scipy.stats.norm.logpdf(z) - jnp.log(jnp.abs(jnp.where(point, slope, 1.0))),
        log_probability(jnp.where(point, -1.0, a), jnp.where(point, 1.0, b)),
    )
    fine = good.any()
    turns = jnp.diff(tried[:-2])
    even = jnp.all(jnp.where(rising, turns, -turns) >= 0)
    return Found([z], log, fine, ~point, ~fine | ~even)


def _refusing(block: Block, name: str, unit: Unit) -> Unit:
    """The unit, all that the search reads refusing derivatives: bisection would lose them."""
    words = "of noise that is found by a search where the value may rest"
    guard = lambda x: refusing(name, words, x)
    return unit._replace(
        numbers=jax.tree.map(guard, block.numbers_of(unit.numbers)),
        known={key: guard(x) for key, x in unit.known.items()},
        low={key: guard(x) for key, x in unit.low.items()},
        high={key: guard(x) for key, x in unit.high.items()},
    )


def _inside(a: Any, b: Any) -> Any:
    """A score well inside an interval that may be without end."""
    half = jnp.where(jnp.isfinite(b), b - 1, 0.0)
    middle = jnp.where(jnp.isfinite(a), jnp.where(jnp.isfinite(b), (a + b) / 2, a + 1), half)
    return jnp.clip(middle, -_limit(), _limit())


def _pointed(value: Any, exact: bool, a: Any, b: Any, target: Any) -> tuple[Any, Any]:
    """Whether an interval of scores is a point but for rounding, and the slope there."""
    if not exact:
        return jnp.zeros((), bool), jnp.ones_like(a)
    middle = jnp.where(jnp.isfinite(a + b), (a + b) / 2, 0.0)
    slope = _slope(value, middle)
    rounding = jnp.finfo(a.dtype).eps * jnp.maximum(jnp.abs(target), jnp.finfo(a.dtype).tiny * 1e9)
    narrow = (b - a) * jnp.abs(slope) <= _POINT * rounding
    return narrow & (slope != 0) & (b - a < 0.05), slope


def _slope(value: Any, z: Any) -> Any:
    """The derivative of the value in the score: 0 where the value rests."""
    return jax.jvp(value, (z,), (jnp.ones_like(z),))[1]


def _ends(g: Callable[[Any], Any], least: Any, most: Any, real: Any) -> Any:
    """Around the first score with ``g >= least`` and around the first with ``g > most``: the last
    score at which it is not so and the first at which it is, infinite where it always or never is.
    """
    limit = jnp.asarray(_limit(), real)

    def holds(z: Any) -> Any:
        values = jax.vmap(g)(z)
        return jnp.stack([values[0] >= least, values[1] > most])

    def trip(_: Any, ends: tuple[Any, Any]) -> tuple[Any, Any]:
        a, b = ends
        middle = a + (b - a) / 2
        there = holds(middle)
        return jnp.where(there, a, middle), jnp.where(there, middle, b)

    outer = jnp.stack([-limit, -limit]), jnp.stack([limit, limit])
    a, b = jax.lax.fori_loop(0, 80 if real == jnp.float64 else 48, trip, outer)
    ends = jax.vmap(holds)(jnp.stack(outer))
    always, never = ends[0], ~ends[1]
    a = jnp.where(always, -jnp.inf, jnp.where(never, jnp.inf, a))
    b = jnp.where(always, -jnp.inf, jnp.where(never, jnp.inf, b))
    return (a[0], b[0]), (a[1], b[1])
