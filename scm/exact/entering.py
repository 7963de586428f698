"""Noises entering a model: declared ones, and the canonical noise of returned distributions.

A law with a location and a scale is ``loc + scale * noise`` with a standard noise, which other
worlds share. One with finitely many values is a noise that can be told apart. Of any other law the
mean and variance are known, and places where it can be compared; where its parameters are random,
no more than its mean, if that is affine in them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from numpyro import distributions as dist

from scm.core.leaves import unflatten
from scm.core.mechanism import Shape
from scm.exact.finite import finite_noise, finite_vector
from scm.exact.noises import Noise, by_law
from scm.exact.reading import run
from scm.exact.states import States
from scm.exact.values import Address, NotExactError, Value, aligned, difference, known, lost
from scm.noise.laws import Law
from scm.noise.laws.domain import bounded_leaves, mean_of, valid

__all__ = ["drawn"]

_MOST_COMPONENTS = 64
_LOCATED = {
    dist.Normal: "Normal", dist.Logistic: "Logistic", dist.Laplace: "Laplace",
    dist.Gumbel: "Gumbel", dist.Cauchy: "Cauchy",
}  # fmt: skip
_WRAPPERS = (dist.Independent, dist.MaskedDistribution, dist.ExpandedDistribution)


def drawn(
    states: States, structure: Any, leaves: Sequence[Value], law: Law, out: Shape, name: tuple
) -> Value:
    """The value of a noise, or of a returned distribution.

    Arguments:
      structure: the distribution's, ``leaves`` its parameters.
      law: how it makes values of its scores.
      name: variable and noise name.
    """
    frame: dict[Any, Value] = dict(enumerate(leaves))
    states.frames.append(frame)
    count = math.prod(out.shape)
    components = range(count) if count <= _MOST_COMPONENTS else (-1,)
    addresses = [(*name, at) for at in components]
    value = _drawn(states, structure, frame, law, out, addresses)
    states.frames.pop()
    return value


def _drawn(
    states: States, structure: Any, frame: dict, law: Law, out: Shape, addresses: list[Address]
) -> Value:
    base = _base(structure, [frame[at] for at in range(len(frame))])
    if type(base) is dist.Exponential and states.told_apart([base.rate]):
        base = _base(structure, [frame[at] for at in range(len(frame))])
    if type(base) is dist.Delta and base.v.shape == out.shape:
        return base.v
    if law.kind == "quantile" and len(addresses) == math.prod(out.shape):
        located = _located(base)
        if located is not None:
            return _scaled(states, *located, out, addresses)
    if type(base) is dist.MultivariateNormal and len(addresses) == math.prod(out.shape):
        if base.scale_tril.random and states.told_apart([base.scale_tril]):
            return _drawn(states, structure, frame, law, out, addresses)
        if not base.scale_tril.random and not out.shape[1:]:
            return _rooted(states, base.loc, base.scale_tril.const, addresses)
    for at in range(len(frame)):
        if frame[at].random:
            states.told_apart([frame[at]])
    parameters = [frame[at] for at in range(len(frame))]
    if any(each.random for each in parameters):
        return _passed(states, structure, parameters, out, addresses)
    found = None
    if out.shape == ():
        found = finite_noise(states, structure, parameters, law, out, addresses[0])
    elif len(addresses) == math.prod(out.shape):
        found = finite_vector(states, _base(structure, parameters), law, out, addresses)
    return found or _general(states, structure, parameters, law, out, addresses)


def _base(structure: Any, parameters: Sequence[Value]) -> Any:
    """The distribution inside all wrappers, its parameters values in every state."""
    base = unflatten(structure, list(parameters))
    while isinstance(base, _WRAPPERS):
        base = base.base_dist
    return base


def _located(base: Any) -> tuple[str, Value, Value] | None:
    """Family, location and scale of a law that has them."""
    if type(base) in _LOCATED:
        return _LOCATED[type(base)], base.loc, base.scale
    if type(base) is dist.Uniform:
        return "Uniform", base.low, difference(base.high, base.low)
    if type(base) is dist.Exponential:
        rate = base.rate
        if rate.random or not (rate.const > 0).all():
            return None
        return "Exponential", known(np.zeros(rate.shape)), Value(1 / rate.real, np.dtype(float))
    return None


def _scaled(
    states: States, family: str, loc: Value, scale: Value, out: Shape, addresses: list[Address]
) -> Value:
    """``loc + scale * noise`` of independent components."""
    frame = {"loc": loc, "scale": scale}
    states.frames.append(frame)
    if scale.random:
        states.told_apart([scale])
    states.frames.pop()
    loc, scale = _wide(frame["loc"], out.shape), _wide(frame["scale"], out.shape)
    if scale.random:
        return _spread_out(states, family, loc, scale, addresses)
    if not (scale.const > 0).all() or not np.isfinite(scale.const).all():
        raise NotExactError
    size = math.prod(out.shape)
    each = scale.real.reshape(len(scale.const), 1, size) * np.eye(size)
    numbers = [states.entered(Noise(a, True, family)) for a in addresses]
    return _sum(loc, numbers, each.reshape(-1, size, *out.shape))


def _spread_out(
    states: States, family: str, loc: Value, scale: Value, addresses: list[Address]
) -> Value:
    """A law whose scale is random: its mean is its location's, if the law is symmetric."""
    behind = states.addresses(loc) | states.addresses(scale) | frozenset(addresses)
    if not scale.positive or family not in ("Normal", "Logistic", "Laplace") or loc.lost:
        return lost(loc.shape, np.dtype(float), behind)
    return Value(loc.real, np.dtype(float), loc.sources, loc.loads, behind)


def _rooted(states: States, loc: Value, root: np.ndarray, addresses: list[Address]) -> Value:
    """``loc + root @ noise`` of standard normal noises."""
    if not np.isfinite(root).all() or not (np.diagonal(root, axis1=1, axis2=2) > 0).all():
        raise NotExactError
    numbers = [states.entered(Noise(a, True, "Normal")) for a in addresses]
    return _sum(_wide(loc, root.shape[2:]), numbers, np.tril(root).swapaxes(1, 2))


def _sum(loc: Value, numbers: list[int], loads: np.ndarray) -> Value:
    """A location and multiples of noises; of one noise met before, and of new ones."""
    if loc.lost:
        return loc
    own = Value(np.zeros((1, *loc.shape)), np.dtype(float), tuple(numbers), loads)
    sources, (first, second) = aligned([loc, own])
    return Value(
        loc.real, np.dtype(float), sources, first + second, loc.mixed, rounded=loc.rounded
    ).settled()


def _wide(value: Value, shape: tuple[int, ...]) -> Value:
    """A parameter as one for each component."""
    if value.shape == shape:
        return value
    if value.lost:
        return lost(shape, value.kind, value.mixed, positive=value.positive)
    more = (1,) * (len(shape) - len(value.shape))
    const = value.real.reshape(len(value.const), *more, *value.shape)
    const = np.broadcast_to(const, (len(const), *shape))
    loads = value.loads
    if loads is not None:
        loads = loads.reshape(*loads.shape[:2], *more, *value.shape)
        loads = np.broadcast_to(loads, (*loads.shape[:2], *shape))
    return Value(const, np.dtype(float), value.sources, loads, value.mixed, rounded=value.rounded)


def _general(
    states: States,
    structure: Any,
    parameters: list[Value],
    law: Law,
    out: Shape,
    addresses: list[Address],
) -> Value:
    """A law with known parameters: by its mean, its variance and its places."""
    arrays = [each.const for each in parameters]

    def one(*leaves: Any) -> Any:
        d = unflatten(structure, leaves)
        return valid(d), _or_none(lambda: mean_of(d)), _or_none(lambda: d.variance)

    fine, mean, variance = by_law("moments", structure, one, arrays)
    if not fine.all():
        raise NotExactError
    fits = mean is not None and mean.shape[1:] == out.shape and np.isfinite(mean).all()
    mean = mean if fits else None
    kind = np.dtype(out.dtype)
    if out.shape != () or law.kind != "quantile":
        if mean is None:
            return lost(out.shape, kind, frozenset(addresses))
        return Value(mean.astype(float), kind, mixed=frozenset(addresses))
    if variance is not None and not np.isfinite(variance).all():
        variance = None
    noise = Noise(
        addresses[0], True, None, None, None, None, structure, tuple(arrays), mean, variance,
        kind.kind in "iu",
    )  # fmt: skip
    number = states.entered(noise)
    return Value(np.zeros(1), kind, (number,), np.ones((1, 1)))


def _or_none(ask: Any) -> Any:
    try:
        return ask()
    except NotImplementedError:
        return None


def _passed(
    states: States, structure: Any, parameters: list[Value], out: Shape, addresses: list[Address]
) -> Value:
    """A law with random parameters: its mean, if that is affine in them and they cannot leave the
    domain of the law."""
    kind = np.dtype(out.dtype)
    behind = frozenset(addresses).union(*(states.addresses(each) for each in parameters))
    shapes = [jax.ShapeDtypeStruct(each.shape, each.kind) for each in parameters]
    bounded = bounded_leaves(unflatten(structure, shapes))
    if any(bound and each.random for bound, each in zip(bounded, parameters, strict=True)):
        return lost(out.shape, kind, behind)
    inside = [np.zeros((1, *p.shape)) if p.random else p.const for p in parameters]
    fine = by_law("valid", structure, lambda *leaves: valid(unflatten(structure, leaves)), inside)
    if not fine.all():
        raise NotExactError
    try:
        closed = jax.make_jaxpr(lambda leaves: mean_of(unflatten(structure, leaves)))(shapes)
    except NotImplementedError:
        return lost(out.shape, kind, behind)
    opened = closed.jaxpr.replace(
        invars=[*closed.jaxpr.constvars, *closed.jaxpr.invars], constvars=[]
    )
    (mean,) = run(states, opened, [*map(known, map(np.asarray, closed.consts)), *parameters])
    if mean.lost or mean.shape != out.shape:
        return lost(out.shape, kind, behind)
    return Value(mean.real, kind, mean.sources, mean.loads, mean.mixed | behind)
