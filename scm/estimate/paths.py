"""Linear paths from treatment to outcome: through the mediators, past them, and both together.

``M = a0 + a T + a'W + e`` for each mediator and ``Y = c0 + b'M + c T + c'W + e``, by least squares.
With the columns [W T M Y] centred and reduced to their triangle R, both regressions are read off R,
and the rows of Q say what each unit contributed.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jax import Array

from scm.estimate.influence import conclude_by_influence
from scm.estimate.least_squares import independent, inverse, product, standardise, triangle
from scm.estimate.protocol import Estimate
from scm.estimate.sample import Sample

__all__ = ["Paths", "fit_paths"]


class Paths(eqx.Module):
    """The effects along the paths, and each row's influence on them, in multiples of ``unit``."""

    indirect: Array
    """sum(a b)"""
    direct: Array
    """c"""
    indirect_influence: Array
    """(N,)"""
    direct_influence: Array
    """(N,)"""
    unit: Array
    """scale of the outcome over scale of the treatment"""
    dof: Array
    """rows less coefficients, in the regression of the outcome"""
    constant_treatment: Array
    collinear: Array

    def concluded(self, sample: Sample, value: Array, influence: Array, level: float) -> Estimate:
        """The estimate of some combination of the two effects."""
        return conclude_by_influence(
            sample,
            value,
            influence,
            self.unit,
            level,
            failures={
                "too_few_rows": self.dof < 1,
                "constant_treatment": self.constant_treatment,
                "collinear": self.collinear,
            },
            diagnostics={"dof": self.dof},
        )


def fit_paths(sample: Sample) -> Paths:
    """Both regressions of a sample with mediators, ``adjust`` in each of them."""
    parts = (sample.adjust, sample.treatment[:, None], sample.mediators, sample.outcome[:, None])
    all_ = standardise(jnp.concatenate(parts, axis=1), sample.weights, sample.epsilon)
    t = sample.adjust.shape[1]
    y = t + 1 + sample.mediators.shape[1]
    r = triangle(all_.rows, sample.weights)
    r_inverse = inverse(r[:y, :y])
    q = product(all_.rows[:, :y], r_inverse)  # of mean square 1, and orthogonal in the mean
    into_m = r[t, t + 1 : y] / r[t, t]
    slopes = product(r_inverse, r[:y, y])
    direct, out_of_m = slopes[t], slopes[t + 1 :]

    # What is left of mediators and outcome, and how each row moves the coefficients by it.
    rest_m = all_.rows[:, t + 1 : y] - product(q[:, : t + 1], r[: t + 1, t + 1 : y])
    rest_y = all_.rows[:, y] - product(q, r[:y, y])
    on_into_m = (q[:, t] / r[t, t])[:, None] * rest_m
    on_slopes = rest_y[:, None] * product(q, r_inverse.T)
    return Paths(
        indirect=product(into_m, out_of_m),
        direct=direct,
        indirect_influence=product(on_into_m, out_of_m) + product(on_slopes[:, t + 1 :], into_m),
        direct_influence=on_slopes[:, t],
        unit=all_.scale[y] / all_.scale[t],
        dof=sample.n - (y + 1),
        constant_treatment=all_.constant[t],
        collinear=~independent(r_inverse, all_.noise[:y]),
    )
