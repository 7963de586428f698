"""A stable account of a question: all that determines its answer, as one digest.

Equal in every process that asks the same of the same model, whatever the salt of its hashes, and
different as soon as a number, a law, a line of an assignment or a version differs.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Distribution

from scm.compile.fingerprint import jaxpr_text, parameter_text
from scm.core.leaves import flatten
from scm.core.mechanism import Mechanism
from scm.noise.words import stream_of
from scm.truth.batches import Asked
from scm.truth.behind import live_layers
from scm.truth.links import place
from scm.truth.question import Integrand, Quantile

__all__ = ["account"]

_LIBRARIES = ("jax", "jaxlib", "numpy", "numpyro", "scipy")
_NAMED = ("jax", "jaxlib", "numpyro", "scm")  # what is in them is told by its name and version
_PLAIN = frozenset({dict, list, tuple, type(None)})
_ROOMS = ("compile", "core", "noise", "solve", "truth")


class _UnnamedError(Exception):
    """Something that only this process can tell from others: a callback, a class of the user's."""


def account(asked: Asked, key: Any, tolerance: float | None, budget: int) -> str | None:
    """The digest of a question and of how it is to be answered; None where it has no stable one."""
    digest = hashlib.blake2b(digest_size=24)
    try:
        for line in _lines(asked, key, tolerance, budget):
            digest.update(line.encode(errors="surrogatepass"))
            digest.update(b"\0")
    except (_UnnamedError, jax.errors.JAXTypeError):
        return None
    return digest.hexdigest()


def _lines(asked: Asked, key: Any, tolerance: float | None, budget: int) -> Iterator[str]:
    yield from _versions()
    yield f"{jax.default_backend()} {tolerance!r} {budget!r}"
    yield _array(stream_of(key))
    for statistic in asked.statistics:
        level = statistic.level if isinstance(statistic, Quantile) else None
        yield f"{type(statistic).__name__} {level!r}"
    for each in (*asked.values, *asked.events):
        yield "none" if each is None else "function"
        if each is not None:
            yield from _integrand(each)
    shapes = [jax.ShapeDtypeStruct(each.out.shape, jnp.result_type(float)) for each in asked.values]
    combine = jax.make_jaxpr(asked.question.combine)(*shapes)
    yield from map(_array, combine.consts)
    # strict: the error of an answer reads the derivative of its formula
    yield from jaxpr_text(combine.jaxpr, strict=True, unnamed=_unnamed)
    for world, name, depth in live_layers(asked):
        system = asked.systems[world]
        yield f"{world!r} {name!r} {depth} {system.coupling}"
        mechanism = system.structure.mechanisms[name][depth]
        parents = mechanism.assignment.parents
        yield repr([place(asked.links, world, name, each) for each in parents])
        yield from _mechanism(mechanism)
        yield from map(_array, system.numbers[name][depth])


def _integrand(each: Integrand) -> Iterator[str]:
    yield repr(each.reads)
    yield from map(_array, each.consts)
    yield from jaxpr_text(each.jaxpr, unnamed=_unnamed)


def _mechanism(mechanism: Mechanism) -> Iterator[str]:
    assignment = mechanism.assignment
    yield f"{assignment.form} {assignment.fresh!r} {assignment.coupling} {assignment.parents!r}"
    yield f"{mechanism.out} {len(mechanism.captured)} {len(assignment.numbers)}"
    for noise in sorted(assignment.noise):
        yield repr(noise)
        yield from _tree(jax.tree.structure(assignment.noise[noise]))
    if mechanism.law is not None:
        yield from _tree(mechanism.law)
    if mechanism.jaxpr is not None:
        yield from jaxpr_text(mechanism.jaxpr.jaxpr, unnamed=_unnamed)


def _tree(structure: Any) -> Iterator[str]:
    """A pytree's structure; a distribution's fields by their names, for they come in the order of
    a set."""
    node, children = structure.node_data(), structure.children()
    if node is None:
        yield str(structure)
        return
    kind, family = node[0], cast(Any, node[0])
    static: Any = node[1]
    yield f"{_named(kind)} {len(children)}"
    if isinstance(kind, type) and issubclass(kind, Distribution):
        names, fixed = family.gather_pytree_data_fields(), family.gather_pytree_aux_fields()
        if len(names) == len(children) and len(fixed) == len(static):
            children = [child for _, child in sorted(zip(names, children, strict=True), key=_first)]
            static = dict(zip(fixed, static, strict=True))
    yield from parameter_text(static, unnamed=_unnamed)
    for child in children:
        yield from _tree(child)


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]


def _unnamed(value: Any) -> str:
    """A thing by its parts, if it is a pytree, or by its name, if it is of a library."""
    leaves, structure = flatten(value)
    if jax.tree_util.treedef_is_leaf(structure) and structure.num_leaves == 1:
        return _named(value)
    return "\0".join([*_tree(structure), *map(_array, leaves)])


def _named(value: Any) -> str:
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if value in _PLAIN:
        return str(value)
    if not module or not name or "<" in name or module.partition(".")[0] not in _NAMED:
        raise _UnnamedError
    return f"{module}.{name}"


def _array(value: Any) -> str:
    if isinstance(value, jax.core.Tracer):
        raise _UnnamedError
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise _UnnamedError
    content = hashlib.blake2b(np.ascontiguousarray(array).tobytes()).hexdigest()
    return f"{array.dtype} {array.shape} {content}"


@functools.cache
def _versions() -> tuple[str, ...]:
    """The versions of libraries, and the text of every method here, which is its own version."""
    found = [f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES]
    root = Path(__file__).parents[1]
    for room in _ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            content = hashlib.blake2b(path.read_bytes()).hexdigest()
            found.append(f"{path.relative_to(root).as_posix()} {content}")
    return tuple(found)
