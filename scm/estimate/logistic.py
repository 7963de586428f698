"""Logistic regression of the treatment: propensities, and what fitting them adds to a variance."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.scipy.linalg import cho_solve

from scm.estimate.least_squares import independent, inverse, product, standardise, triangle

__all__ = ["Propensity", "fit_propensity"]

MAX_ITERATIONS = 50
"""Where the arms are separated the fitted logits grow by about 1 an iteration, for ever; where they
are not, Newton's method has arrived after some five to ten."""

EXTREME = 1e-8
"""A propensity this near to 0 or 1 is called 0 or 1."""


class Propensity(eqx.Module):
    """A fitted logistic regression of a treatment on an intercept and columns."""

    logit: Array
    """(N,)"""
    basis: Array
    """(N, k) the regressors, orthonormal on average over the sample"""
    factor: Array
    """(k, k) lower Cholesky factor of the mean Hessian ``mean(e (1 - e) basis basis')``"""
    converged: Array
    iterations: Array
    extreme: Array
    """whether a row that counts has a propensity within 1e-8 of 0 or 1"""
    collinear: Array

    @property
    def chances(self) -> Array:
        """(2, N) the probabilities of treatment and of none; the second is no difference from 1."""
        return jax.nn.sigmoid(jnp.stack([self.logit, -self.logit]))

    def contribution(self, treatment: Array, gradient: Array) -> Array:
        """(N,) what the fit adds to an influence function.

        Arguments:
            treatment: (N,) bools.
            gradient: (k,) the mean derivative of the estimating function by the coefficients.

        ``(T - e) basis' H^-1 gradient``, from stacking the score of the fit on the estimating
        equation (Stefanski and Boos, The American Statistician 56, 2002, 29-38).
        """
        direction = cho_solve((self.factor, True), gradient)
        surprise = treatment.astype(self.logit.dtype) - jax.nn.sigmoid(self.logit)
        return surprise * product(self.basis, direction)


def _curved(hessian: Array, factor: Array) -> Array:
    """Whether the likelihood bends in every direction, by more than rounding can feign.

    Where some columns separate the arms it flattens along them until, in float32 after a dozen
    iterations, noise takes the place of its curvature, and a step of the size of noise looks like
    arrival. NaN counts as flat.
    """
    pivots = jnp.diagonal(factor) ** 2 / jnp.diagonal(hessian)
    return jnp.all(pivots > 64 * jnp.finfo(hessian.dtype).eps)


class _State(NamedTuple):
    coefficients: Array
    loglik: Array
    step: Array
    iterations: Array
    converged: Array


def fit_propensity(treatment: Array, columns: Array, weights: Array, epsilon: float) -> Propensity:
    """Maximum likelihood by Newton's method, a step halved when it does not raise the likelihood.

    Arguments: treatment (N,) bools, columns (N, p), weights (N,).

    Converged when a full Newton step moves no fitted logit by more than the cube root of the
    rounding; one step more, taken outside the loop, squares that error. Derivatives flow through
    that last step alone, and by the implicit function theorem it has all of them.
    """
    treatment = treatment.astype(columns.dtype)
    x = standardise(columns, weights, epsilon)
    r_inverse = inverse(triangle(x.rows, weights))
    free = independent(r_inverse, x.noise)
    basis = jnp.where(free, product(x.rows, r_inverse), 0)
    basis = jnp.concatenate([jnp.ones_like(basis, shape=(len(basis), 1)), basis], axis=1)
    total = jnp.sum(weights)
    share = weights / jnp.where(total > 0, total, 1)

    fixed = lax.stop_gradient((basis, treatment, share))
    state = _climb(*fixed)
    coefficients = state.coefficients
    coefficients = coefficients + _newton(coefficients, basis, treatment, share)[0]
    logit = product(basis, coefficients)
    spread = share * jax.nn.sigmoid(logit) * jax.nn.sigmoid(-logit)
    hessian = product(basis.T * spread[None, :], basis)
    factor = jnp.linalg.cholesky(hessian)
    limit = jnp.log((1 - EXTREME) / EXTREME)
    return Propensity(
        logit=logit,
        basis=basis,
        factor=factor,
        converged=state.converged & _curved(hessian, factor),
        iterations=state.iterations,
        extreme=jnp.any((weights > 0) & ~(jnp.abs(logit) <= limit)),
        collinear=~free,
    )


def _climb(basis: Array, treatment: Array, share: Array) -> _State:
    rounding = jnp.finfo(basis.dtype).eps

    def loglik(coefficients: Array) -> Array:
        logit = product(basis, coefficients)
        return product(share, treatment * logit - jax.nn.softplus(logit))

    def climb(state: _State) -> _State:
        direction, moved = _newton(state.coefficients, basis, treatment, share)
        candidate = state.coefficients + state.step * direction
        reached = loglik(candidate)
        up = reached >= state.loglik - 16 * rounding  # False if the direction is NaN
        return _State(
            coefficients=jnp.where(up, candidate, state.coefficients),
            loglik=jnp.where(up, reached, state.loglik),
            step=jnp.where(up, jnp.minimum(1, 2 * state.step), state.step / 2),
            iterations=state.iterations + 1,
            converged=moved <= jnp.cbrt(rounding),
        )

    start = jnp.zeros_like(basis[0])
    lowest = jnp.full_like(share[0], -jnp.inf)  # the first step always rises: 0 is where most bends
    first = _State(start, lowest, jnp.ones_like(share[0]), jnp.int32(0), jnp.array(False))
    return lax.while_loop(
        lambda state: ~state.converged & (state.iterations < MAX_ITERATIONS), climb, first
    )


def _newton(
    coefficients: Array, basis: Array, treatment: Array, share: Array
) -> tuple[Array, Array]:
    """The full Newton step, and the most it moves the logit of a row that counts."""
    logit = product(basis, coefficients)
    probability = jax.nn.sigmoid(logit)
    spread = share * probability * jax.nn.sigmoid(-logit)
    hessian = product(basis.T * spread[None, :], basis)
    score = product(share * (treatment - probability), basis)
    step = cho_solve((jnp.linalg.cholesky(hessian), True), score)
    return step, jnp.max(jnp.where(share > 0, jnp.abs(product(basis, step)), 0))
