"""Fingerprints: what a program computes, as a short string, with every number lifted out of it.

Two models with the same fingerprint run the same compiled program, whoever wrote their functions
and whenever; numbers (constants, captured arrays, parameters of laws) are inputs and no part of
it. A literal inside a function's body is.
"""

from __future__ import annotations

import functools
import hashlib
import re
import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from scm.core.marks import Coupling
from scm.core.mechanism import Mechanism
from scm.core.structure import Structure, System

__all__ = ["fingerprint", "identity", "jaxpr_text"]

# Parameters that change nothing of what is computed: names for profilers, and derivative rules,
# which are never read off a kept program (under a derivative, mechanisms are traced afresh).
_IGNORED = frozenset({"name", "jvp_jaxpr_fun", "fwd_jaxpr_thunk", "bwd", "inline", "keep_unused"})
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_NAMED_BY_ADDRESS: dict[int, Any] = {}  # kept alive, so that an address never comes again

_OF_MECHANISM: weakref.WeakKeyDictionary[Mechanism, str] = weakref.WeakKeyDictionary()
_OF_STRUCTURE: weakref.WeakKeyDictionary[Structure, str] = weakref.WeakKeyDictionary()


def fingerprint(structure: Structure) -> str:
    """The fingerprint of a model's structure: names, wiring and every live layer's jaxpr."""
    if structure not in _OF_STRUCTURE:
        parts = []
        for name in structure.order:
            variable = structure.variables[name]
            for assignment, mechanism in zip(
                variable.layers, structure.mechanisms[name], strict=True
            ):
                parts += [f"{name} {assignment.parents}", _of_mechanism(mechanism)]
        _OF_STRUCTURE[structure] = _digest(parts)
    return _OF_STRUCTURE[structure]


def identity(system: System) -> tuple[str, Coupling | None, Any]:
    """What a program made of a system computes: its structure, its coupling, its precision."""
    return fingerprint(system.structure), system.coupling, jnp.result_type(float)


def _of_mechanism(mechanism: Mechanism) -> str:
    if mechanism not in _OF_MECHANISM:
        assignment = mechanism.assignment
        parts = [assignment.form, assignment.fresh, str(assignment.coupling), str(mechanism.out)]
        parts += [f"{len(mechanism.captured)} {len(assignment.numbers)} {mechanism.law}"]
        for each in sorted(assignment.noise):
            leaves, structure = jax.tree.flatten(assignment.noise[each])
            parts.append(f"{each} {structure} {[(np.shape(x), str(x.dtype)) for x in leaves]}")
        if mechanism.jaxpr is not None:
            parts.extend(jaxpr_text(mechanism.jaxpr.jaxpr))
        _OF_MECHANISM[mechanism] = _digest(parts)
    return _OF_MECHANISM[mechanism]


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def jaxpr_text(jaxpr: Jaxpr) -> Iterator[str]:
    """A jaxpr as lines that are equal exactly when two jaxprs compute the same thing."""
    numbers: dict[Any, int] = {}

    def number(variable: Any) -> str:
        if isinstance(variable, Literal):
            return f"{_constant(variable.val)}:{variable.aval}"
        return str(numbers.setdefault(variable, len(numbers)))

    for variable in (*jaxpr.constvars, *jaxpr.invars):
        yield f"{number(variable)}:{variable.aval}"
    for equation in jaxpr.eqns:
        inputs = " ".join(number(each) for each in equation.invars)
        outputs = " ".join(f"{number(each)}:{each.aval}" for each in equation.outvars)
        yield f"{outputs} = {equation.primitive.name} {inputs}"
        for key in sorted(equation.params.keys() - _IGNORED):
            yield key
            yield from _parameter(equation.params[key])
    yield "return " + " ".join(number(each) for each in jaxpr.outvars)


@functools.singledispatch
def _parameter(value: Any) -> Iterator[str]:
    """Lines for one parameter of a primitive."""
    text = repr(value)
    if _ADDRESS.search(text):  # something without a text of its own: a callback, a closure
        _NAMED_BY_ADDRESS[id(value)] = value
        text = f"{type(value).__name__} {id(value)}"
    yield text


@_parameter.register
def _(value: ClosedJaxpr) -> Iterator[str]:
    yield from (_constant(each) for each in value.consts)
    yield from jaxpr_text(value.jaxpr)


@_parameter.register
def _(value: Jaxpr) -> Iterator[str]:
    yield from jaxpr_text(value)


@_parameter.register(tuple)
@_parameter.register(list)
def _(value: Any) -> Iterator[str]:
    yield f"{type(value).__name__} {len(value)}"
    for each in value:
        yield from _parameter(each)


@_parameter.register
def _(value: Mapping) -> Iterator[str]:
    for key in sorted(value, key=repr):
        yield repr(key)
        yield from _parameter(value[key])


@_parameter.register(np.ndarray)
@_parameter.register(jax.Array)
def _(value: Any) -> Iterator[str]:
    yield _constant(value)


def _constant(value: Any) -> str:
    if isinstance(value, jax.core.Tracer):
        _NAMED_BY_ADDRESS[id(value)] = value
        return f"tracer {id(value)}"
    array = np.asarray(value)
    return f"{array.dtype} {array.shape} {hashlib.blake2b(array.tobytes()).hexdigest()}"
