"""Quantiles for intervals: the level known when traced, the degrees of freedom only when run.

JAX has no quantile of the t or F law, and inverting its incomplete beta function loses all digits
in float32 once there are some 10**4 degrees of freedom. The level is known when the program is
traced, though, and then the quantile is a smooth function of 1/dof on [0, 1]: its Chebyshev
polynomial is fitted once, in float64, and evaluated at run time.
"""

from __future__ import annotations

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import fdtri, ndtri

__all__ = ["f_quantile", "normal_quantile", "t_quantile", "t_quantiles"]

_DEGREE = 47


def normal_quantile(level: float) -> float:
    """Half-width, in standard errors, of the central normal interval of probability ``level``.

    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    return float(ndtri((1 + level) / 2))


def t_quantile(level: float, dof: jax.Array) -> jax.Array:
    """Half-width of the central Student t interval: ``P(|T| <= t) = level``, for ``dof >= 1``.

    >>> round(float(t_quantile(0.95, 10.0)), 4)
    2.2281
    """
    return jnp.sqrt(f_quantile(level, 1, dof))  # the square of a t is an F with 1 and dof


def f_quantile(level: float, numerator: int, dof: jax.Array) -> jax.Array:
    """The quantile of F: ``P(F <= f) = level`` with ``numerator`` and ``dof`` degrees of freedom.

    Arguments: ``level`` in (0, 1) and ``numerator`` are known when traced; ``dof`` is an array of
    numbers, not less than 1. The error is below 1e-9 of the value in float64, and rounding in
    float32.

    >>> round(float(f_quantile(0.95, 2, 10.0)), 4)
    4.1028
    """
    return _at(_coefficients(level, numerator), dof)


def t_quantiles(levels: tuple[float, ...], dof: jax.Array) -> jax.Array:
    """`t_quantile` of several levels at once: their half-widths, (levels,), for a scalar ``dof``.

    >>> t_quantiles((0.9, 0.95), 10.0).round(4)
    Array([1.8125, 2.2281], dtype=float32)
    """
    return jnp.sqrt(_at(np.stack([_coefficients(level, 1) for level in levels], axis=1), dof))


def _at(coefficients: np.ndarray, dof: jax.Array) -> jax.Array:
    """The exponential of the polynomials of these coefficients, along the first axis."""
    dof = jnp.asarray(dof, dtype=jnp.result_type(float))
    # T_j(2x - 1) = cos(2j arccos(sqrt(x))): written in sqrt(x), nothing cancels as dof grows.
    angle = 2 * jnp.arccos(jnp.sqrt(jnp.clip(1 / dof, 0, 1)))
    terms = jnp.cos(jnp.multiply.outer(angle, np.arange(len(coefficients)).astype(dof.dtype)))
    return jnp.exp(terms @ jnp.asarray(coefficients, dof.dtype))


@lru_cache(maxsize=4096)
def _coefficients(level: float, numerator: int) -> np.ndarray:
    """Chebyshev coefficients of the logarithm of the quantile, in 1/dof on [0, 1]."""

    def log_quantile(x: np.ndarray) -> np.ndarray:
        inverse = (x + 1) / 2
        return np.log(fdtri(numerator, 1 / inverse, level))

    return np.polynomial.chebyshev.chebinterpolate(log_quantile, _DEGREE)
