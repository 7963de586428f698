"""Reading right-hand sides: whatever was written, in a model or in a do, becomes an Assignment.

| written | read as |
|---|---|
| a distribution | a root with its own noise |
| a function, or a callable pytree | parents by parameter name, noise by distribution defaults |
| `node(...)` | the same, spelt out |
| `equilibrium(...)` of these two | the same; it may stand on a loop |
| a number or an array | a constant |
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from numpyro.distributions import Distribution

from scm.core.assignment import Assignment
from scm.core.errors import ModelError
from scm.core.marks import Equilibrium, Explicit, Marked, Role

__all__ = ["is_number", "read", "unmark"]

Canonical = Callable[[Distribution], Distribution]


def unmark(rhs: Any) -> tuple[Any, Role]:
    """A right-hand side without its mark, and its role."""
    return (rhs.rhs, rhs.role) if isinstance(rhs, Marked) else (rhs, "observed")


def read(
    name: str, rhs: Any, *, fresh: str, canonical: Canonical, where: str | None = None
) -> Assignment:
    """The assignment that ``name := rhs`` means.

    Arguments:
      fresh: the name of the noise of a bare distribution: ``u`` in a model, ``do`` in a do.
      canonical: makes every number in a distribution an array.
      where: what an error calls the place; left out, the name.
    """
    if isinstance(rhs, Distribution):
        noise = {fresh: _unbatched(name, "", rhs, canonical)}
        return Assignment("law", (), noise, (), _own_noise(fresh), fresh, rhs)
    if isinstance(rhs, Equilibrium):
        inner = read(name, rhs.rhs, fresh=fresh, canonical=canonical, where=where)
        return dataclasses.replace(inner, equilibrium=True)
    if isinstance(rhs, Explicit):
        return _read_explicit(name, rhs, fresh, canonical)
    if isinstance(rhs, type):
        raise ModelError(
            f"{name} = {rhs.__name__} is a class, not one of its values; "
            f"write {name}={rhs.__name__}(...)"
        )
    if callable(rhs):
        return _read_function(name, rhs, fresh, canonical)
    if is_number(rhs):
        return Assignment("constant", (), {}, (_array(name, rhs),), None, fresh, rhs, ("value",))
    raise ModelError(
        f"{where or name}: {_brief(rhs)} of type {type(rhs).__name__} is no right-hand side: a "
        "distribution, a "
        "function of parents and noise, or a number or array is wanted"
        + ("; a list becomes an array by jnp.array([...])" if isinstance(rhs, list | tuple) else "")
    )


def is_number(value: Any) -> bool:
    """Whether a value is numeric: a Python or NumPy number, or an array of numbers or booleans."""
    if isinstance(value, bool | int | float | np.generic | np.ndarray | jax.Array):
        return np.dtype(getattr(value, "dtype", type(value))).kind in "biuf" or (
            isinstance(value, jax.Array) and jax.numpy.issubdtype(value.dtype, np.floating)
        )
    if hasattr(value, "__array__") and hasattr(value, "dtype"):  # a pandas column
        return getattr(np.asarray(value), "dtype", np.dtype("O")).kind in "biuf"
    return False


def _array(name: str, value: Any) -> Any:
    """A number as an array, in NumPy's full width: a program narrows it to its own precision."""
    array = value if isinstance(value, jax.Array) else _frozen(value)
    if array.dtype.kind == "O":
        raise ModelError(f"{name}: the number {_brief(value)} does not fit 64 bits")
    if not isinstance(array, jax.core.Tracer) and not np.isfinite(array).all():
        raise ModelError(f"{name}: a finite value is wanted, given {_brief(value)}")
    return array


def _frozen(value: Any) -> np.ndarray:
    """A copy that nobody can write to: a model does not change with the array it was given."""
    array = np.array(value)
    array.setflags(write=False)
    return array


def _brief(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _own_noise(fresh: str) -> Callable:
    return lambda numbers, noise, parents: noise[fresh]


def _unbatched(name: str, noise: str, law: Distribution, canonical: Canonical) -> Distribution:
    if law.batch_shape:
        which = f"{name}: the law of its noise {noise!r}" if noise else f"{name}: its law"
        raise ModelError(
            f"{which} has batch_shape {law.batch_shape}, but a model is written for one unit; "
            f"for a vector write {type(law).__name__}(...).to_event({len(law.batch_shape)}); "
            "units are added by sample(n=...)"
        )
    return canonical(law)


def _read_explicit(name: str, rhs: Explicit, fresh: str, canonical: Canonical) -> Assignment:
    """Parents by position and noise by name, as given; other defaults are read as always."""
    noise = {}
    for each, law in rhs.noise.items():
        if not isinstance(law, Distribution):
            raise ModelError(
                f"{name}: noise {each!r} must be a distribution, given {_brief(law)}; "
                f"write noise={{{each!r}: Normal(0, 1)}}"
            )
        _check_noise_name(name, each)
        noise[each] = _unbatched(name, each, law, canonical)
    constants: dict[str, Any] = {}
    try:
        signature = inspect.signature(rhs.fn)
        bound = signature.bind(*rhs.parents, **noise).arguments
        rest = [p for p in signature.parameters.values() if p.name not in bound]
        _read_defaults(name, rest, noise, constants, canonical)
    except TypeError as error:
        raise ModelError(
            f"{name}: node(...) calls its function with {len(rhs.parents)} parents by position "
            f"({', '.join(rhs.parents) or 'none'}) and its noise by name "
            f"({', '.join(noise) or 'none'}), which does not fit its signature: {error}"
        ) from None
    except ValueError:
        pass  # a builtin without a signature: tracing will tell
    return _called(rhs.fn, rhs.parents, None, noise, constants, (), fresh, rhs)


def _read_function(name: str, fn: Callable, fresh: str, canonical: Canonical) -> Assignment:
    """Parents by parameter name; a distribution as default is noise, any other is a constant."""
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except ValueError:
        raise ModelError(
            f"{name}: the parameters of {fn!r} cannot be read; name its parents by "
            f"{name}=node(fn, parents=[...])"
        ) from None
    for each in parameters:
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            raise ModelError(
                f"{name}: its function takes {each}, which names no parents; "
                f"write {name}=node(fn, parents=[...])"
            )
    noise: dict[str, Distribution] = {}
    constants: dict[str, Any] = {}
    _read_defaults(name, parameters, noise, constants, canonical)
    parents = tuple(each.name for each in parameters if each.default is each.empty)
    by_position = [each.name for each in parameters if each.kind == each.POSITIONAL_ONLY]
    defaulted = tuple(
        each.name
        for each in parameters
        if each.default is not each.empty and each.name not in noise
    )
    return _called(fn, parents, by_position, noise, constants, defaulted, fresh, None)


def _read_defaults(
    name: str,
    parameters: list[inspect.Parameter],
    noise: dict[str, Distribution],
    constants: dict[str, Any],
    canonical: Canonical,
) -> None:
    """Sort the defaults into noises and numeric constants; other objects stay in the function."""
    for parameter in parameters:
        each, default = parameter.name, parameter.default
        if isinstance(default, Distribution):
            _check_noise_name(name, each)
            noise[each] = _unbatched(name, each, default, canonical)
        elif _is_family(default):
            raise ModelError(
                f"{name}: the default of {each!r} is {default.__name__}, a family of laws and not "
                f"one of them; write {each}={default.__name__}(...)"
            )
        elif isinstance(default, Marked | Equilibrium | Explicit):
            raise ModelError(
                f"{name}: the default of {each!r} is a mark; give {each} a line of its own in the "
                f"model, {each}=param(...), and take it as a plain parameter"
            )
        elif is_number(default) and not isinstance(default, bool):
            constants[each] = _array(f"{name}, default of {each!r}", default)


def _is_family(value: Any) -> bool:
    """Whether a value is a distribution class, or numpyro's function of that name."""
    module = getattr(value, "__module__", None) or ""
    return callable(value) and (
        (isinstance(value, type) and issubclass(value, Distribution))
        or (inspect.isfunction(value) and module.startswith("numpyro.distributions"))
    )


def _called(
    fn: Callable,
    parents: tuple[str, ...],
    by_position: list[str] | None,
    noise: Mapping[str, Distribution],
    constants: Mapping[str, Any],
    defaulted: tuple[str, ...],
    fresh: str,
    explicit: Explicit | None,
) -> Assignment:
    """The assignment that calls ``fn``; parents go by name, save for an explicit node's."""
    rebuild, leaves, leaf_names, structure = _leaves(fn)
    names = tuple(constants)

    def call(numbers, noise, values):
        given = dict(zip(names, numbers, strict=False)) | dict(noise)  # the rest are fn's leaves
        function = rebuild(numbers[len(names) :])
        if by_position is None:
            return function(*values, **given)
        given |= dict(zip(parents, values, strict=True))
        return function(*[given.pop(each) for each in by_position], **given)

    return Assignment(
        form="function",
        parents=parents,
        noise=noise,
        numbers=(*constants.values(), *leaves),
        call=call,
        fresh=fresh,
        written=fn,
        number_names=(*names, *leaf_names),
        defaulted=defaulted,
        coupling=explicit.coupling if explicit else None,
        monotone=explicit.monotone if explicit else None,
        inverse=explicit.inverse if explicit else None,
        alike=None if structure is None else (structure, names, tuple(by_position or ())),
    )


def _check_noise_name(name: str, noise: str) -> None:
    if "/" in noise:  # it parts variable from noise in the address
        raise ModelError(f"{name}: a noise name has no slash in it, given {noise!r}")


def _leaves(fn: Callable) -> tuple[Callable, tuple[Any, ...], tuple[str, ...], Any]:
    """The numbers inside a callable pytree, their names, and how to put others in their place;
    and the pytree's structure where there is nothing else inside."""
    paths, structure = jax.tree_util.tree_flatten_with_path(fn)
    leaves = [leaf for _, leaf in paths]
    traced = [is_number(leaf) and not isinstance(leaf, bool | int) for leaf in leaves]
    if not any(traced):
        return (lambda numbers: fn), (), (), None

    def rebuild(numbers):
        fresh = iter(numbers)
        full = [next(fresh) if t else leaf for t, leaf in zip(traced, leaves, strict=True)]
        return jax.tree.unflatten(structure, full)

    inside = [(path, leaf) for (path, leaf), t in zip(paths, traced, strict=True) if t]
    names = tuple(jax.tree_util.keystr(path).lstrip(".") for path, _ in inside)
    numbers = tuple(leaf if isinstance(leaf, jax.Array) else np.asarray(leaf) for _, leaf in inside)
    return rebuild, numbers, names, structure if all(traced) else None
