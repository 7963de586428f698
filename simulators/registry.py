"""Simulators by name: functions that build models, and what is known to be true of them."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

from simulators.catalogue import Catalogue, nearest

if TYPE_CHECKING:
    from scm import SCM


@dataclass(frozen=True)
class Known:
    """A value known without simulating: a closed form, an enumeration, a design."""

    value: Fraction | int | float
    because: str


@dataclass(frozen=True)
class Parameter:
    """One way to vary a simulator: `allowed` lists its values where they can be listed."""

    name: str
    default: Any
    doc: str
    kind: Any
    allowed: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Simulator:
    """A named world: what it is, where it is from, how it may be varied, what is known of it.

    >>> from simulators import SIMULATORS
    >>> drug = SIMULATORS["simpson_drug"]
    >>> drug.known()["ATE(drug_a -> clot)"].value
    Fraction(-13, 240)
    >>> SIMULATORS["college"].build(story="lief")
    Traceback (most recent call last):
    ValueError: college: story='lief' is not allowed; did you mean 'life'?
    """

    name: str
    title: str
    source: str
    try_this: str
    parameters: tuple[Parameter, ...]
    function: Callable[..., SCM] = field(repr=False)
    answers: Callable[..., Mapping[str, Known]] = field(repr=False)

    @property
    def home(self) -> str:
        """The function that builds it: module and name."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    @property
    def description(self) -> str:
        """The docstring of the function that builds it."""
        return inspect.getdoc(self.function) or ""

    def build(self, **parameters: Any) -> SCM:
        """The model, with the defaults of the parameters that are not given.

        Raises:
            ValueError: an unknown parameter (with the nearest known one), or a value that is not
                allowed (with those that are).
        """
        return self.function(**self._checked(parameters))

    def known(self, **parameters: Any) -> Mapping[str, Known]:
        """What is known about the model that `build` makes with these parameters."""
        return dict(self.answers(**self._checked(parameters)))

    def _checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        known = {parameter.name: parameter for parameter in self.parameters}
        for name, value in given.items():
            if name not in known:
                raise ValueError(f"{self.name} has no parameter {name!r}{nearest(name, known)}")
            _check_value(f"{self.name}: {name}={value!r}", known[name], value)
        return {p.name: given.get(p.name, p.default) for p in self.parameters}


SIMULATORS: Catalogue[Simulator] = Catalogue("simulator", "simulators", "scm.simulators")


def get(name: str) -> Simulator:
    """The simulator of this name; the error for a wrong one offers the nearest.

    >>> get("simpson_drag")
    Traceback (most recent call last):
    simulators.catalogue.NotRegisteredError: no simulator is called 'simpson_drag'; did you mean
    'simpson_drug'?
    """
    return SIMULATORS[name]


def simulator(
    name: str,
    *,
    title: str,
    source: str,
    known: Mapping[str, Known] | Callable[..., Mapping[str, Known]],
    try_this: str = "",
) -> Callable[[Callable[..., SCM]], Callable[..., SCM]]:
    """Enter a function that builds a model into the list of simulators, under a name.

    Each of its parameters has a default and says what it is:
    `rate: Annotated[float, "share of the men who take it"] = 0.25`. A `Literal` lists the values
    that are allowed.

    Args:
        name: what it is called in configurations and on the command line.
        title: one line for lists.
        source: where the world comes from: a paper, a data set, a lecture.
        known: answers to hold results against, by the name of the question; or a function that
            takes the same parameters and returns them.
        try_this: something to do with it that shows why it is here.

    Other packages add theirs through an entry point of the group `scm.simulators` that names the
    module with the decorated function.
    """

    def register(function: Callable[..., SCM]) -> Callable[..., SCM]:
        answers = known if callable(known) else lambda **_: known
        parameters = _read_parameters(function)
        SIMULATORS.add(Simulator(name, title, source, try_this, parameters, function, answers))
        return function

    return register


def _read_parameters(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    hints = get_type_hints(function, include_extras=True)
    read = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is parameter.empty or get_origin(hints.get(name)) is not Annotated:
            raise TypeError(
                f"{function.__qualname__}: a simulator's parameter has a default and says what it "
                f'is; write {name}: Annotated[float, "what it is"] = 1.0'
            )
        kind, doc, *_ = get_args(hints[name])
        allowed = get_args(kind) if get_origin(kind) is Literal else ()
        read.append(Parameter(name, parameter.default, doc, kind, allowed))
    return tuple(read)


def _check_value(shown: str, parameter: Parameter, value: Any) -> None:
    if parameter.allowed:
        if value not in parameter.allowed:
            raise ValueError(f"{shown} is not allowed{nearest(value, parameter.allowed)}")
        return
    kinds = {bool: (bool,), int: (int,), float: (int, float), str: (str,)}.get(parameter.kind)
    if kinds is None:
        return
    # True is an int to Python, but nobody who writes n=True means one.
    if not isinstance(value, kinds) or (isinstance(value, bool) and parameter.kind is not bool):
        raise ValueError(
            f"{shown} is a {type(value).__name__}; a {parameter.kind.__name__} is wanted, "
            f"such as {parameter.default!r}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{shown} is not finite; a number such as {parameter.default!r} is wanted")
