"""Multivariate normal laws, and copulas of them: standard normal scores, mixed linearly."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular
from numpyro import distributions as dist

from scm.noise.laws.registry import Law, read, read_by, sampler
from scm.noise.laws.scores import real
from scm.noise.score import NormalScore, Score

__all__: list[str] = []


@read_by(dist.MultivariateNormal, dist.LowRankMultivariateNormal)
def _multivariate_normal(d: Any) -> Law:
    """By the Cholesky root of the covariance, however it was given: one family, one noise."""
    return Law("MultivariateNormal", "score", d.batch_shape + d.event_shape, _value, _place)


def _value(d: Any, score: Score) -> jax.Array:
    return d.loc + jnp.einsum("...ij,...j->...i", d.scale_tril, score.normal)


def _place(d: Any, value: jax.Array) -> Score:
    root, apart = real(d.scale_tril), value - real(d.loc)
    root = jnp.broadcast_to(root, apart.shape[:-1] + root.shape[-2:])
    return NormalScore(solve_triangular(root, apart[..., None], lower=True)[..., 0])


@read_by(dist.CAR)
def _conditional_autoregression(d: Any) -> Law:
    """A multivariate normal law by its precision."""
    return Law(
        "CAR", "score", d.batch_shape + d.event_shape, _autoregression, _autoregression_place
    )


def _by_precision(d: Any) -> Any:
    return dist.MultivariateNormal(d.loc, precision_matrix=real(d.precision_matrix))


def _autoregression(d: Any, score: Score) -> jax.Array:
    return _value(_by_precision(d), score)


def _autoregression_place(d: Any, value: jax.Array) -> Score:
    return _place(_by_precision(d), value)


@read_by(dist.MatrixNormal)
def _matrix_normal(d: Any) -> Law:
    """loc + L_row Z L_column'."""
    return Law("MatrixNormal", "score", d.batch_shape + d.event_shape, _matrix_value)


def _matrix_value(d: Any, score: Score) -> jax.Array:
    return d.loc + d.scale_tril_row @ score.normal @ jnp.swapaxes(d.scale_tril_column, -2, -1)


@read_by(dist.GaussianRandomWalk)
def _random_walk(d: Any) -> Law:
    """The running sum of independent normal steps."""
    return Law("GaussianRandomWalk", "score", d.batch_shape + d.event_shape, _walk_value)


def _walk_value(d: Any, score: Score) -> jax.Array:
    return real(d.scale)[..., None] * jnp.cumsum(score.normal, axis=-1)


@read_by(dist.GaussianCopula)
def _gaussian_copula(d: Any) -> Law:
    """The marginals' quantiles at the scores of a multivariate normal value."""
    marginal = read(d.marginal_dist)
    family = f"GaussianCopula({marginal.family})"
    if marginal.kind != "quantile":
        return sampler(family)
    return Law(family, "score", d.batch_shape + d.event_shape, _copula_value)


def _copula_value(d: Any, score: Score) -> jax.Array:
    value = read(d.marginal_dist).value
    return value(d.marginal_dist, NormalScore(_value(d.base_dist, score)))
