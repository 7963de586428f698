"""Quantile functions found by solving for them, and their exact derivatives.

Where a law has only its tails in closed form its quantile is the root of log tail(x) = log tail of
the score. The root is found without derivatives of its own; `inverse` gives it those of the
implicit function: x' = (target' - tail_theta theta') / tail_x, on the side of the smaller tail.

The loops are written so that they compile fast, which on CPUs is a matter of how many kernels
there are: see `anywhere` and `_apart`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_batching import custom_vmap

from scm.core.leaves import flatten, unflatten
from scm.noise.laws.scores import log_tails
from scm.noise.score import Score

__all__ = ["anywhere", "halley", "inverse", "smallest", "solved", "targets"]

Tails = Callable[..., tuple[jax.Array, jax.Array]]
"""``tails(x, *parameters)``: the logs of the probabilities below and above x, differentiable."""


def targets(score: Score) -> tuple[jax.Array, jax.Array, jax.Array]:
    """What a score asks of a root: the logs of both tails, and the normal score to start from."""
    return (*log_tails(score), score.normal)


def inverse(
    tails: Tails,
    find: Callable[..., jax.Array],
    log_density: Callable[..., jax.Array] | None = None,
) -> Callable[..., jax.Array]:
    """The function ``find(below, above, normal, *parameters)``, with implicit derivatives.

    ``find`` returns the x with ``tails(x, *parameters) = (below, above)``. The derivatives are
    those of the equation, so they are right to any order, in both modes. ``log_density``, of x,
    saves deriving it from the tails.
    """

    @jax.custom_jvp
    def root(below: Any, above: Any, normal: Any, *parameters: Any) -> jax.Array:
        return find(below, above, normal, *parameters)

    @root.defjvp
    def _(primals: tuple, tangents: tuple) -> tuple[jax.Array, jax.Array]:
        below, above, _, *parameters = primals
        x = root(*primals)
        lower = below < above

        def tail(x: jax.Array, *parameters: Any) -> jax.Array:
            return jnp.where(lower, *tails(x, *parameters))

        here, moved = jax.jvp(lambda *each: tail(x, *each), tuple(parameters), tuple(tangents[3:]))
        if log_density is None:
            _, slope = jax.jvp(lambda x: tail(x, *parameters), (x,), (jnp.ones_like(x),))
        else:
            slope = jnp.exp(log_density(x, *parameters) - here)
            slope = jnp.where(lower, slope, -slope)
        target = jnp.where(lower, tangents[0], tangents[1])
        return x, (target - moved) / slope

    return root


@custom_vmap
def anywhere(flags: jax.Array) -> jax.Array:
    """Whether a flag is up in any unit, for a loop that goes on until none is: one for all units.

    Vectorised it is still one flag, so the loop is not rewritten to select between old and new in
    every unit; and a dot product is one call where a reduction is five kernels to compile.
    """
    up = jnp.ravel(flags).astype(jnp.float32)
    return jnp.dot(up, jnp.ones_like(up)) > 0


@anywhere.def_vmap
def _(size: int, batched: Any, flags: jax.Array) -> tuple[jax.Array, bool]:
    return anywhere(flags), False


def _apart(x: Any, held: Any) -> tuple[Any, Any]:
    """What a loop changes and what it holds, as if it changed too.

    Or every small thing that can be computed of what is held alone is moved out of the loop, into
    a kernel and an array of its own.
    """
    leaves, structure = flatten(held)
    x, leaves = lax.optimization_barrier((x, [jnp.asarray(each) for each in leaves]))
    return x, unflatten(structure, leaves)


def halley(
    step: Callable[..., tuple[jax.Array, jax.Array, jax.Array]], start: jax.Array, *held: jax.Array
) -> jax.Array:
    """The root of a concave, monotone g by Halley's method, whatever the start.

    ``step(x, *held)`` returns g, Newton's step -g/g' and the curvature g''/g'. The log of a tail is
    concave in the coordinate in which the density is log-concave: there Newton's method converges
    from anywhere, and Halley's correction, kept within a factor of 2, makes it cubic. So the last
    step is one from where g is small already; 64 are allowed, and 2 or 3 are usual.
    """
    enough = 2e-3 if start.dtype == jnp.float32 else 1e-5

    def unfinished(state: tuple) -> jax.Array:
        trip, _, done = state
        return (trip < 64) & anywhere(~done)

    def trip(state: tuple) -> tuple:
        trip, x, done = state
        x, fixed = _apart(x, held)
        excess, newton, curvature = step(x, *fixed)
        new = x + newton / jnp.clip(1 + newton * curvature / 2, 0.5, 2.0)
        return trip + 1, jnp.where(done, x, new), done | (jnp.abs(excess) <= enough)

    return lax.while_loop(unfinished, trip, (0, start, jnp.zeros(start.shape, bool)))[1]


def solved(place: Callable[[Any, jax.Array], Score]) -> Callable[..., jax.Array]:
    """The quantile ``(below, above, normal, distribution, low, high)`` of a law with this place.

    The bracket from ``low`` to ``high`` must hold the quantile.
    """

    def tails(x: jax.Array, distribution: Any, *_: Any) -> tuple[jax.Array, jax.Array]:
        return log_tails(place(distribution, x))

    def excess(x: jax.Array, below: Any, above: Any, distribution: Any) -> jax.Array:
        to_x, past_x = tails(x, distribution)
        return jnp.where(below < above, to_x - below, above - past_x)

    def find(below: Any, above: Any, _: Any, distribution: Any, low: Any, high: Any) -> jax.Array:
        low, high, _ = jnp.broadcast_arrays(low, high, below)
        return _between(excess, low, high, (below, above, distribution))

    return inverse(tails, find)


def _between(
    excess: Callable[..., jax.Array], low: jax.Array, high: jax.Array, held: Any
) -> jax.Array:
    """The root of the increasing ``excess(x, *held)`` in a bracket that holds it: Newton's steps,
    kept safe.

    A step that would leave the bracket, and every fourth, bisects it instead. The last step is
    Newton's from where the function is small already, or one that is lost in rounding; 128 are
    allowed, and 4 to 8 are usual.
    """
    one, kind = jnp.ones_like(low), jnp.finfo(low.dtype)
    enough = 3e-5 if low.dtype == jnp.float32 else 1e-9

    def unfinished(state: tuple) -> jax.Array:
        trip, *_, done = state
        return (trip < 128) & anywhere(~done)

    def narrow(state: tuple) -> tuple:
        trip, low, high, x, done = state
        x, fixed = _apart(x, held)
        value, slope = jax.jvp(lambda x: excess(x, *fixed), (x,), (one,))
        low, high = jnp.where(value <= 0, x, low), jnp.where(value >= 0, x, high)
        newton = x - value / slope
        inside = (newton >= low) & (newton <= high)
        settled = inside & (jnp.abs(value) <= enough)
        spent = high - low <= kind.eps / 2 * jnp.maximum(jnp.abs(low), jnp.abs(high)) + kind.tiny
        new = jnp.where(settled | (inside & (trip % 4 < 3)), newton, low + (high - low) / 2)
        return trip + 1, low, high, jnp.where(done, x, new), done | settled | spent

    start = (0, low, high, low + (high - low) / 2, high <= low)
    return lax.while_loop(unfinished, narrow, start)[3]


def smallest(
    reaches: Callable[..., jax.Array], start: jax.Array, low: Any, high: Any, held: Any
) -> jax.Array:
    """The smallest whole number k from ``low`` to ``high`` with ``reaches(k, *held)``; ``high`` if
    there is none.

    ``reaches`` is False up to some number and True from there. Probes gallop away from ``start``
    in doubling steps, then halve what is left: two probes from a perfect start, and never more
    than twice the bits of an integer.
    """
    under = jnp.broadcast_to(jnp.asarray(low, start.dtype) - 1, start.shape)
    over = jnp.broadcast_to(jnp.asarray(high, start.dtype), start.shape)
    widest = jnp.iinfo(start.dtype).max // 4

    def unfinished(state: tuple) -> jax.Array:
        return anywhere(state[0] + 1 < state[1])

    def probe(state: tuple) -> tuple:
        under, over, at, stride, missed, reached = state
        at, fixed = _apart(at, held)
        unknown, yes = under + 1 < over, reaches(at, *fixed)
        under, missed = jnp.where(unknown & ~yes, at, under), missed | ~yes
        over, reached = jnp.where(unknown & yes, at, over), reached | yes
        halfway = under + (over - under) // 2
        onward = jnp.where(reached, over - stride, under + stride)
        at = jnp.clip(jnp.where(missed & reached, halfway, onward), under + 1, over - 1)
        return under, over, at, jnp.minimum(stride * 2, widest), missed, reached

    held = lax.stop_gradient(held)  # a whole number does not move with what it depends on
    at, no = jnp.clip(start, under + 1, over - 1), jnp.zeros(start.shape, bool)
    state = (under, over, at, jnp.ones_like(start), no, no)
    return lax.while_loop(unfinished, probe, state)[1]
