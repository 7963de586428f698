"""The words that say more of a right-hand side than it says: latent, param, equilibrium, node."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from numpyro.distributions import Distribution

from scm.core.errors import ModelError

__all__ = [
    "Coupling",
    "Equilibrium",
    "Explicit",
    "Marked",
    "Role",
    "equilibrium",
    "latent",
    "node",
    "param",
]

Role = Literal["observed", "latent", "param"]
Coupling = Literal["inverse_cdf", "gumbel_max"]


@dataclasses.dataclass(frozen=True)
class Marked:
    """A right-hand side and its role."""

    rhs: Any
    role: Role


@dataclasses.dataclass(frozen=True)
class Equilibrium:
    """A right-hand side that may stand on a loop: what `equilibrium` makes."""

    rhs: Callable | Explicit


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
    if isinstance(value, Marked | Equilibrium) or callable(value):
        raise ModelError(
            f"param(...) takes a number or an array, given {type(value).__name__}; "
            "a hidden random variable is latent(...)"
        )
    return Marked(value, "param")


def equilibrium(rhs: Callable | Explicit) -> Equilibrium:
    """An assignment that may stand on a loop, and holds there with all others at once.

    Variables that cause each other in a circle have no order in which they could be computed. If
    every assignment on the circle is marked, their values are what solves the equations together,
    unit by unit: ``x = B x + c`` has the solution ``x = (I - B)^-1 c``.

    ``rhs`` is a function of parents and noise, or a `node`; in a model, or in a ``do``. It
    returns one real number, and is affine in the variables of its loop; the coefficients may depend
    on params, on parents outside of the loop, and on noise. Off a loop the mark changes nothing.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> market = SCM(
    ...     price=equilibrium(lambda demand, u=Normal(0, 1): -0.8 * demand + u),
    ...     demand=equilibrium(lambda price, u=Normal(0, 2): 0.5 * price + u),
    ... )
    >>> market.do(price=1.0).order  # the loop is cut
    ('price', 'demand')

    An intervention replaces an equation, and what is left is solved anew; whatever is on a loop is
    an ancestor and a descendant of all else on it.

    Raises `CycleError` for a circle on which an assignment is not marked, and `UnsolvableError`
    where ``I - B`` is singular: when the model or an intervention on it is made if B is known
    then; else in the unit in which it is, where inside jit, vmap and grad the values are not a
    number and the world has the code ``UNSOLVABLE``.

    The values are those that satisfy the equations. That some process in time would arrive there
    is not claimed, and not asked for: a loop that is passed through amplifies without end where B
    has a spectral radius of 1 or more, and has a unique solution all the same.

    Source: Bongers, Forre, Peters and Mooij (2021), "Foundations of structural causal models with
    cycles and latent variables"; Haavelmo (1943) for the linear case.
    """
    if isinstance(rhs, Marked):
        raise ModelError(
            f"equilibrium({rhs.role}(...)): a mark of role goes outside; write "
            f"{rhs.role}(equilibrium(...))"
        )
    function = callable(rhs) and not isinstance(rhs, type | Distribution)
    if not function and not isinstance(rhs, Explicit):
        raise ModelError(
            "equilibrium(...): a function of parents and noise is wanted, given "
            f"{type(rhs).__name__}; what reads no parent stands on no loop and needs no mark"
        )
    return Equilibrium(rhs)


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
