"""Laws built on laws: independent components, expanded batches, masks, transforms."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from numpyro import distributions as dist
from numpyro.distributions import transforms

from scm.noise.laws.registry import Law, read, read_by, sampler
from scm.noise.laws.scores import LogScore, flipped
from scm.noise.score import Score

__all__: list[str] = []

_SYNONYMS = {"Exp(Normal)": "LogNormal"}
_LINEAR = (
    transforms.AffineTransform,
    transforms.IdentityTransform,
    transforms.LowerCholeskyAffine,
    transforms.PackRealFastFourierCoefficientsTransform,
    transforms.PermuteTransform,
    transforms.RealFastFourierTransform,
    transforms.RecursiveLinearTransform,
    transforms.ReshapeTransform,
    transforms.ZeroSumTransform,
)


def _delta_place(d: Any, value: jax.Array) -> Score:
    below = value < d.v
    return LogScore(jnp.where(below, -jnp.inf, 0.0), jnp.where(below, 0.0, -jnp.inf))


@read_by(dist.Delta)
def _delta(d: Any) -> Law:
    shape = d.batch_shape + d.event_shape
    return Law("Delta", "quantile", shape, lambda d, _: jnp.asarray(d.v), _delta_place)


@read_by(dist.Independent, dist.MaskedDistribution)
def _of_base(d: Any) -> Law:
    """The law of the base: reading a batch as an event, or a mask, changes no value."""
    base = read(d.base_dist)
    if base.kind == "sampler":
        return sampler(base.family)
    return _on_base(base, base.shape)


@read_by(dist.ExpandedDistribution)
def _expanded(d: Any) -> Law:
    """A score for each component of the expanded batch; parameters broadcast against them."""
    base = read(d.base_dist)
    if base.kind == "sampler":
        return sampler(base.family)
    return _on_base(base, d.batch_shape + base.shape[len(d.base_dist.batch_shape) :])


def _on_base(base: Law, shape: tuple[int, ...]) -> Law:
    def value(d: Any, score: Score) -> jax.Array:
        made = base.value(d.base_dist, score)
        return jnp.broadcast_to(made, d.batch_shape + d.event_shape)

    place = base.place
    back = None if place is None else lambda d, value: place(d.base_dist, value)
    return Law(base.family, base.kind, shape, value, back)


def _sign(transform: Any) -> Any:
    """The direction of a componentwise monotone transform, a number or a tracer; None if none."""
    try:
        return transform.sign
    except NotImplementedError:
        return None


@read_by(dist.TransformedDistribution)
def _transformed(d: Any) -> Law:
    """Quantile if base and transforms are componentwise and monotone, score if normal and linear.

    Where the transforms turn the order around, the base's score is turned first, so that the value
    increases in the score.
    """
    base = read(d.base_dist)
    family = _family(d, base.family)
    if base.kind == "quantile" and all(_sign(each) is not None for each in d.transforms):
        return Law(family, "quantile", base.shape, _transformed_value, _transformed_place(base))
    normal = base.kind == "score" or base.family == "Normal"
    if normal and all(_is_linear(each) for each in d.transforms):
        return Law(family, "score", base.shape, _transformed_value)
    return sampler(family)


def _is_linear(transform: Any) -> bool:
    if type(transform).__name__ == "_InverseTransform":
        return _is_linear(transform.inv)
    return isinstance(transform, _LINEAR)


def _family(d: Any, base: str) -> str:
    """A class's own name, or those of the transforms around that of the base."""
    if type(d) is not dist.TransformedDistribution:
        return type(d).__name__
    for transform in d.transforms:
        base = f"{_name(transform)}({base})"
    return _SYNONYMS.get(base, base)


def _name(transform: Any) -> str:
    if isinstance(transform, transforms.ComposeTransform):
        return " o ".join(_name(each) for each in reversed(transform.parts))
    if isinstance(transform, transforms.IndependentTransform):
        return _name(transform.base_transform)
    if type(transform).__name__ == "_InverseTransform":
        return f"Inverse{_name(transform.inv)}"
    return type(transform).__name__.removesuffix("Transform")


def _turns(d: Any) -> Any:
    """The sign of all transforms together; a plain number where all are, so nothing is traced."""
    sign: Any = 1
    for transform in d.transforms:
        each = _sign(transform)
        sign = sign * (1 if each is None else each)
    return sign


def _transformed_value(d: Any, score: Score) -> jax.Array:
    value = read(d.base_dist).value(d.base_dist, flipped(score, _turns(d)))
    for transform in d.transforms:
        value = transform(value)
    return value


def _transformed_place(base: Law) -> Any:
    if base.place is None:
        return None

    def place(d: Any, value: jax.Array) -> Score:
        assert base.place is not None
        for transform in reversed(d.transforms):
            value = transform.inv(value)
        return flipped(base.place(d.base_dist, value), _turns(d))

    return place
