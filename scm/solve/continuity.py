"""Comparisons that make no jump: both branches agree where they meet, as in a rectifier.

Whether they agree is found out: between two random inputs on different sides of a threshold the
point is bisected, in double precision, at which the comparison turns, and the values just before
and just after are held against each other. Where they agree at every such point, to a millionth of
what the comparison decides elsewhere, the mechanism is continuous there and its derivative right.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from scm.solve.flat import inner
from scm.solve.steps import imposed

__all__ = ["continuous"]

_PROBES, _ENOUGH, _HALVINGS = 1024, 4, 80
_KNOWN: weakref.WeakKeyDictionary[ClosedJaxpr, dict[int, bool]] = weakref.WeakKeyDictionary()


def continuous(closed: ClosedJaxpr, at: int) -> bool:
    """Whether a flat jaxpr's outputs are continuous at the threshold of this equation.

    False where no random inputs lie on its two sides, or where the jaxpr cannot be evaluated.
    """
    known = _KNOWN.setdefault(closed, {})
    if at not in known:
        with jax.ensure_compile_time_eval(), jax.enable_x64(True):
            try:
                known[at] = _audited(closed.jaxpr, at)
            except (TypeError, NotImplementedError):  # an inner loop, written in single precision
                known[at] = False
    return known[at]


def _audited(jaxpr: Jaxpr, at: int) -> bool:
    rng = np.random.default_rng(0)
    ends = [[_random(rng, v.aval) for v in jaxpr.invars] for _ in range(2)]
    one = lambda a, b, which: _compared(jaxpr, at, a, b, which)
    usable, agrees = jax.jit(jax.vmap(one))(*ends, rng.uniform(size=_PROBES))
    usable, agrees = np.asarray(usable), np.asarray(agrees)
    return int(usable.sum()) >= _ENOUGH and bool(agrees[usable].all())


def _random(rng: np.random.Generator, aval: Any) -> np.ndarray:
    """Values of all signs and sizes; half of them between 0 and 1, where probabilities are."""
    shape = (_PROBES, *aval.shape)
    if aval.dtype == bool:
        return rng.integers(0, 2, shape).astype(bool)
    if not jnp.issubdtype(aval.dtype, jnp.floating):
        return rng.integers(0, 4, shape).astype(aval.dtype)
    wide = rng.choice([-1, 1], shape) * 10 ** rng.uniform(-1, 3, shape)
    near = np.arange(_PROBES).reshape(-1, *(1 for _ in aval.shape)) % 2 == 0
    return np.where(near, rng.uniform(size=shape), wide)


def _compared(
    jaxpr: Jaxpr, at: int, start: Sequence[Any], end: Sequence[Any], which: Any
) -> tuple[Any, Any]:
    """For one pair of inputs: whether the threshold lies between them and decides anything, and
    whether the values on its two sides agree."""
    place: list[Any] = []

    def point(t: Any) -> list[Any]:
        real = lambda x: jnp.issubdtype(x.dtype, jnp.floating)
        return [x + t * (y - x) if real(x) else x for x, y in zip(start, end, strict=True)]

    def gap(t: Any) -> Any:
        left, right = _gap(jaxpr, at, point(t))
        gaps = jnp.ravel(left - right)
        place[:] = [(which * gaps.size).astype(int), left - right]
        return gaps[place[0]]

    def halve(_: int, ends: tuple[Any, Any]) -> tuple[Any, Any]:
        middle = (ends[0] + ends[1]) / 2
        left = (gap(middle) > 0) == (gap(0.0) > 0)
        return jnp.where(left, middle, ends[0]), jnp.where(left, ends[1], middle)

    low, high = jax.lax.fori_loop(0, _HALVINGS, halve, (jnp.asarray(0.0), jnp.asarray(1.0)))
    crosses = (gap(0.0) > 0) != (gap(1.0) > 0)
    chosen = jnp.arange(place[1].size).reshape(place[1].shape) == place[0]
    away = jnp.asarray(0.0)
    for t in (0.0, 1.0):
        told = [
            _run(jaxpr, point(t), imposed(jaxpr, at, chosen, jnp.asarray(above)))
            for above in (False, True)
        ]
        away = jnp.maximum(away, _apart(*told))
    near = _apart(_run(jaxpr, point(low)), _run(jaxpr, point(high)))
    usable = crosses & (away > 0) & jnp.isfinite(near)
    return usable, near <= 1e-6 * away


def _apart(one: list[Any], other: list[Any]) -> Any:
    """The largest difference; infinite where one of them is not a number."""
    found = [
        jnp.max(jnp.where(a == b, 0.0, jnp.abs(jnp.asarray(a, float) - jnp.asarray(b, float))))
        for a, b in zip(one, other, strict=True)
    ]
    most = jnp.max(jnp.stack(found))
    return jnp.where(jnp.isnan(most), jnp.inf, most)


def _gap(jaxpr: Jaxpr, at: int, inputs: list[Any]) -> tuple[Any, Any]:
    """The two values that a threshold compares."""
    found: list[Any] = []

    def hook(place: int, equation: Any, values: list[Any]) -> None:
        if place == at:
            found[:] = [*values, *([0.0] if len(values) == 1 else [])]

    _run(jaxpr, inputs, hook)
    return found[0], found[1]


def _run(jaxpr: Jaxpr, inputs: Sequence[Any], hook: Any = None) -> list[Any]:
    """The outputs in double precision, whatever precision the jaxpr was traced in."""
    held: dict[Any, Any] = dict(zip(jaxpr.invars, inputs, strict=True))

    def read(v: Any) -> Any:
        if not isinstance(v, Literal):
            return held[v]
        aval: Any = v.aval
        wide = jnp.issubdtype(aval.dtype, jnp.floating)
        return jnp.asarray(v.val, float if wide else aval.dtype)

    for at, equation in enumerate(jaxpr.eqns):
        values = [read(each) for each in equation.invars]
        outputs = None if hook is None else hook(at, equation, values)
        if outputs is None:
            body = inner(equation)
            if equation.primitive.name.startswith("custom_") and body is not None:
                outputs = _run(body, values)
            elif body is not None:
                raise NotImplementedError(equation.primitive.name)
            else:
                params = {key: _wide(value) for key, value in equation.params.items()}
                made = equation.primitive.bind(*values, **params)
                outputs = made if equation.primitive.multiple_results else [made]
        held.update(zip(equation.outvars, outputs, strict=True))
    return [read(each) for each in jaxpr.outvars]


def _wide(parameter: Any) -> Any:
    return np.dtype("float64") if parameter == np.dtype("float32") else parameter
