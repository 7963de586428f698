"""Fingerprints: what a program computes, as a short string, with every number lifted out of it.

Two models with the same fingerprint run the same compiled program, whoever wrote their functions
and whenever; numbers (constants, captured arrays, parameters of laws) are inputs and no part of
it. A literal inside a function's body is.
"""

from __future__ import annotations

import hashlib
import re
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from scm.core.leaves import flatten
from scm.core.marks import Coupling
from scm.core.mechanism import Mechanism
from scm.core.structure import Structure, System

__all__ = ["fingerprint", "identity", "jaxpr_text", "mechanism_fingerprint", "parameter_text"]

# Names for profilers, which change nothing; and derivative rules, which are never read off a kept
# program (under a derivative, mechanisms are traced afresh) but are part of a strict fingerprint.
_NAMES = frozenset({"name", "inline", "keep_unused"})
_RULES = frozenset({"jvp_jaxpr_fun", "fwd_jaxpr_thunk", "bwd"})
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_PLAIN = ("builtins", "numpy", "jax", "jaxlib", "enum", "collections")
_BY_ADDRESS: dict[int, Any] = {}  # kept alive, so that an address never comes again

_OF_MECHANISM: weakref.WeakKeyDictionary[Mechanism, dict[bool, str]] = weakref.WeakKeyDictionary()
_OF_JAXPR: weakref.WeakKeyDictionary[ClosedJaxpr, dict[bool, str]] = weakref.WeakKeyDictionary()
_OF_STRUCTURE: weakref.WeakKeyDictionary[Structure, dict[bool, str]] = weakref.WeakKeyDictionary()


def fingerprint(structure: Structure, *, strict: bool = False) -> str:
    """The fingerprint of a model's structure: names, wiring and every live layer's jaxpr.

    A strict one also tells derivative rules apart.
    """
    known = _OF_STRUCTURE.setdefault(structure, {})
    if strict not in known:
        parts = []
        for name in structure.order:
            layers = structure.variables[name].layers
            for assignment, mechanism in zip(layers, structure.mechanisms[name], strict=True):
                parts += [
                    f"{name} {assignment.parents}",
                    mechanism_fingerprint(mechanism, strict=strict),
                ]
        known[strict] = _digest(parts)
    return known[strict]


def identity(system: System) -> tuple[str, Coupling | None, Any]:
    """What a program made of a system computes: its structure, its coupling, its precision."""
    return fingerprint(system.structure), system.coupling, jnp.result_type(float)


def mechanism_fingerprint(mechanism: Mechanism, *, strict: bool = False) -> str:
    """The fingerprint of one mechanism, whoever its parents are."""
    known = _OF_MECHANISM.setdefault(mechanism, {})
    if strict not in known:
        assignment = mechanism.assignment
        parts = [assignment.form, assignment.fresh, str(assignment.coupling), str(mechanism.out)]
        parts += [f"{len(mechanism.captured)} {len(assignment.numbers)}"]
        if mechanism.law is not None:
            parts.extend(_tree_text(mechanism.law))
        for each in sorted(assignment.noise):
            leaves, structure = flatten(assignment.noise[each])
            parts.append(f"{each} {[(np.shape(x), str(x.dtype)) for x in leaves]}")
            parts.extend(_tree_text(structure))
        if mechanism.jaxpr is not None:
            parts.append(_of_jaxpr(mechanism.jaxpr, strict))
        known[strict] = _digest(parts)
    return known[strict]


def _of_jaxpr(jaxpr: ClosedJaxpr, strict: bool) -> str:
    """The digest of an opened jaxpr; like nodes of a generated model share theirs."""
    known = _OF_JAXPR.setdefault(jaxpr, {})
    if strict not in known:
        known[strict] = _digest(jaxpr_text(jaxpr.jaxpr, strict=strict))
    return known[strict]


def _tree_text(structure: Any) -> Iterator[str]:
    """The structure of a pytree; its classes by identity, for one name may be defined twice."""
    node = structure.node_data()
    if node is None:
        yield str(structure)
        return
    kind, static = node
    yield _by_address(kind)
    yield from parameter_text(static)
    for child in structure.children():
        yield from _tree_text(child)


def _by_address(value: Any) -> str:
    _BY_ADDRESS[id(value)] = value
    return f"{type(value).__name__} {id(value)}"


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def jaxpr_text(
    jaxpr: Jaxpr, *, strict: bool = False, unnamed: Callable[[Any], str] = _by_address
) -> Iterator[str]:
    """A jaxpr as lines that are equal only if two jaxprs compute the same thing.

    ``unnamed`` says a thing that no text tells apart; by its address, which is its own as long as
    this process runs.
    """
    ignored = _NAMES if strict else _NAMES | _RULES
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
        for key in sorted(equation.params.keys() - ignored):
            yield key
            if key in _RULES or "callback" in key:  # code that no text tells apart
                yield unnamed(equation.params[key])
            else:
                yield from parameter_text(equation.params[key], strict, unnamed)
    yield "return " + " ".join(number(each) for each in jaxpr.outvars)


def parameter_text(
    value: Any, strict: bool = False, unnamed: Callable[[Any], str] = _by_address
) -> Iterator[str]:
    """Lines for one parameter of a primitive; as `jaxpr_text`."""
    match value:
        case ClosedJaxpr():
            yield from (_constant(each, unnamed) for each in value.consts)
            yield from jaxpr_text(value.jaxpr, strict=strict, unnamed=unnamed)
        case Jaxpr():
            yield from jaxpr_text(value, strict=strict, unnamed=unnamed)
        case tuple() | list():
            yield f"{type(value).__name__} {len(value)}"
            for each in value:
                yield from parameter_text(each, strict, unnamed)
        case Mapping():
            for key in sorted(value, key=repr):
                yield repr(key)
                yield from parameter_text(value[key], strict, unnamed)
        case np.ndarray() | jax.Array():
            yield _constant(value, unnamed)
        case _:
            yield _text(value, unnamed)


def _text(value: Any, unnamed: Callable[[Any], str]) -> str:
    """What a value says of itself, where it is of a kind that says all; else it is unnamed."""
    text = repr(value)
    plain = type(value).__module__.partition(".")[0] in _PLAIN
    return text if plain and not _ADDRESS.search(text) else unnamed(value)


def _constant(value: Any, unnamed: Callable[[Any], str] = _by_address) -> str:
    if isinstance(value, jax.core.Tracer):
        return unnamed(value)
    array = np.asarray(value)
    return f"{array.dtype} {array.shape} {hashlib.blake2b(array.tobytes()).hexdigest()}"
