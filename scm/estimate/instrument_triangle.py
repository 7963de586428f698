"""The triangle that serves all estimators with instruments.

With W the exogenous columns, Z the instruments, X the endogenous variables, the treatment last,
and y the outcome, all centred, QR of [W Z X y] leaves R:

        W   Z   X   y
    W   .   .   .   .
    Z       .  R_zx R_zy      what Z explains of X and y, beyond W
    X          R_xx R_xy      what nothing explains of X
    y               R_yy
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jax import Array

from scm.estimate.least_squares import (
    Standardised,
    independent,
    inverse,
    product,
    standardise,
    triangle,
)
from scm.estimate.roles import Roles
from scm.estimate.sample import Sample

__all__ = ["System", "failures_of", "first_stage_f", "in_rows", "reduce_to_triangle", "residuals"]


class System(eqx.Module):
    """The blocks of R, and what is needed to get back to rows and units."""

    w_and_z: Standardised
    x: Standardised
    y_row: Array
    r_ww: Array
    r_wz: Array
    r_wx: Array
    r_wy: Array
    r_zz: Array
    r_zx: Array
    r_zy: Array
    r_xx: Array
    r_xy: Array
    r_yy: Array
    unit: Array
    """scale of the outcome over scale of the treatment"""


def reduce_to_triangle(sample: Sample, roles: Roles, endogenous: tuple[str, ...]) -> System:
    """The cross-products that instrumental-variable estimators need, of one triangular root.

    ``endogenous`` are the covariates that the treatment moves: they are instrumented with it.
    """
    moved = [i for i, name in enumerate(roles.adjust) if name in endogenous]
    kept = [i for i in range(len(roles.adjust)) if i not in moved]
    parts = (
        sample.adjust[:, kept],
        sample.instruments,
        sample.adjust[:, moved],
        sample.treatment[:, None],
        sample.outcome[:, None],
    )
    all_ = standardise(jnp.concatenate(parts, axis=1), sample.weights, sample.epsilon)
    p, q, m = len(kept), sample.instruments.shape[1], len(moved) + 1
    r = triangle(all_.rows, sample.weights)
    w, z, x, y = slice(0, p), slice(p, p + q), slice(p + q, p + q + m), p + q + m
    return System(
        w_and_z=_columns(all_, slice(0, p + q)),
        x=_columns(all_, x),
        y_row=all_.rows[:, y],
        r_ww=r[w, w],
        r_wz=r[w, z],
        r_wx=r[w, x],
        r_wy=r[w, y],
        r_zz=r[z, z],
        r_zx=r[z, x],
        r_zy=r[z, y],
        r_xx=r[x, x],
        r_xy=r[x, y],
        r_yy=r[y, y],
        unit=all_.scale[y] / all_.scale[y - 1],
    )


def _columns(all_: Standardised, part: slice) -> Standardised:
    return Standardised(all_.rows[:, part], all_.centre[part], all_.scale[part], all_.noise[part])


def in_rows(system: System, coordinates: Array) -> Array:
    """(N,) the combination of Q's first columns, those of W and Z, with these coordinates."""
    r = jnp.block([[system.r_ww, system.r_wz], [jnp.zeros_like(system.r_wz.T), system.r_zz]])
    return product(system.w_and_z.rows, product(inverse(r), coordinates))


def residuals(system: System, slopes: Array) -> Array:
    """(N,) y less X times slopes, less what the exogenous columns explain of that."""
    rest = system.y_row - product(system.x.rows, slopes)
    in_w = system.r_wy - product(system.r_wx, slopes)
    return rest - in_rows(system, jnp.concatenate([in_w, jnp.zeros_like(system.r_zy)]))


def failures_of(system: System, sample: Sample) -> dict[str, Array]:
    """Rank conditions, each judged on the triangle of the columns it is about."""
    p, q = system.r_wz.shape
    noise_w, noise_z = system.w_and_z.noise[:p], system.w_and_z.noise[p:]
    noise = jnp.concatenate([noise_w, system.x.noise])
    zero = jnp.zeros((q, p), system.r_ww.dtype)
    w_and_z = jnp.block([[system.r_ww, system.r_wz], [zero, system.r_zz]])
    explained = jnp.block([[system.r_ww, system.r_wx], [zero, system.r_zx]])
    m = system.r_xx.shape[0]
    unexplained = jnp.concatenate([jnp.zeros((m, p), zero.dtype), system.r_xx], axis=1)
    w_and_x = jnp.concatenate([explained, unexplained])
    free = [
        independent(inverse(jnp.linalg.qr(block, mode="r")), noise)
        for block in (w_and_x, explained)
    ]
    instruments = independent(inverse(w_and_z), jnp.concatenate([noise_w, noise_z]))
    return {
        "too_few_rows": sample.n - (1 + p + q) < 1,
        "constant_treatment": system.x.constant[-1],
        "collinear": ~(free[0] & instruments),
        "irrelevant_instruments": ~free[1],
    }


def first_stage_f(system: System, sample: Sample) -> Array:
    """F of the instruments in the regression of the treatment on them and the exogenous columns."""
    p, q = system.r_wz.shape
    degrees = jnp.maximum(sample.n - (1 + p + q), 1)
    explained, rest = jnp.sum(system.r_zx[:, -1] ** 2), jnp.sum(system.r_xx[:, -1] ** 2)
    return explained / q / (rest / degrees)
