"""The three words that say more of a right-hand side than it says itself: latent, param, node."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from scm.core.errors import ModelError

__all__ = ["Coupling", "Explicit", "Marked", "Role", "latent", "node", "param"]

Role = Literal["observed", "latent", "param"]
Coupling = Literal["inverse_cdf", "gumbel_max"]


@dataclasses.dataclass(frozen=True)
class Marked:
    """A right-hand side and its role."""

    rhs: Any
    role: Role


@dataclasses.dataclass(frozen=True)
class Explicit:
    """A right-hand side with its parents, noise and facts spelt out: what `node` makes."""

    fn: Callable
    parents: tuple[str, ...]
    noise: Mapping[str, Any]
    coupling: Coupling | None
    monotone: Mapping[str, int] | None
    inverse: Callable | None


def latent(rhs: Any) -> Marked:
    """A variable that exists but is never in the data: ``ability=latent(Normal(0, 1))``.

    ``rhs`` is any right-hand side. The variable is a node of the graph, marked as hidden; it can
    be a parent, it can be set by ``do`` (the experimenter's world), and ``world["ability"]``
    shows it, but ``world.data`` does not.
    """
    if isinstance(rhs, Marked):
        raise ModelError(f"latent({rhs.role}(...)): a variable has one mark; write latent(...)")
    return Marked(rhs, "latent")


def param(value: Any) -> Marked:
    """A number to be varied, learned or differentiated: ``slope=param(0.1)``.

    ``value`` is a number or an array; it is held as a float whatever it was typed as. A param is
    an argument of assignments like a parent, but is neither in the data nor a node of the graph.
    """
    if isinstance(value, Marked) or callable(value):
        raise ModelError(
            f"param(...) takes a number or an array, given {type(value).__name__}; "
            "a hidden random variable is latent(...)"
        )
    return Marked(value, "param")


def node(
    fn: Callable,
    *,
    parents: Sequence[str] = (),
    noise: Mapping[str, Any] | None = None,
    coupling: Coupling | None = None,
    monotone: Mapping[str, int] | None = None,
    inverse: Callable | None = None,
) -> Explicit:
    """The explicit form of an assignment, into which all the others are read.

    Arguments:
      fn: called as ``fn(*parents, **noise)`` for one unit.
      parents: names of variables or params, in the order of ``fn``'s positional parameters.
      noise: ``{"u": Normal(0, 1)}``; each is passed by its name.
      coupling: how canonical noise makes a returned distribution's value: ``"inverse_cdf"``
        (ordered values) or ``"gumbel_max"`` (categories). By default the law's own.
      monotone: declared facts, ``{"u": +1}``: the value increases (-1: decreases) in that noise.
      inverse: a declared inverse, ``inverse(value, *parents) -> noise``.

    For names that are not identifiers, for modules called ``(x)``, for generated graphs:

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> model = SCM(
    ...     {"blood pressure": Normal(120, 10)},
    ...     risk=node(
    ...         lambda p, u: p / 100 + u, parents=["blood pressure"], noise={"u": Normal(0, 1)}
    ...     ),
    ... )
    >>> model.parents["risk"]
    ('blood pressure',)
    """
    if isinstance(parents, str):
        parents = (parents,)
    if coupling not in (None, "inverse_cdf", "gumbel_max"):
        raise ModelError(
            f"coupling={coupling!r}: 'inverse_cdf' or 'gumbel_max' is wanted "
            "(or nothing: the law's own)"
        )
    if not callable(fn) or isinstance(fn, type):
        raise ModelError(
            f"node(...): a function or a callable object is wanted first, given {fn!r}"
        )
    return Explicit(fn, tuple(parents), dict(noise or {}), coupling, monotone, inverse)
