"""What simulators, estimators and a person's own functions are given that they do not take.

Said in the words of a study's file (``true`` and not True), each with the key that it is about.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from experiments.mending import mended
from experiments.mistakes import nearest, shown, spelling
from scm.estimate import Estimator
from simulators import Simulator

__all__ = ["about", "wrong_arguments", "wrong_options", "wrong_parameters"]

_KINDS: Mapping[Any, tuple[str, Callable[[Any], bool]]] = {
    bool: ("true or false", lambda x: isinstance(x, bool)),
    int: ("an integer", lambda x: type(x) is int),
    float: ("a number", lambda x: type(x) in (int, float)),
    str: ("a string", lambda x: isinstance(x, str)),
}


def wrong_parameters(simulator: Simulator, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A parameter and a message for each that a registered simulator does not take.

    >>> from simulators import SIMULATORS
    >>> list(wrong_parameters(SIMULATORS["college"], {"storey": "life", "story": "live"}))
    [('storey', "college has no parameter 'storey'; did you mean 'story'?"),
     ('story', '"textbook" or "life" is wanted, given the string "live"; did you mean "life"?')]
    """
    known = {each.name: each for each in simulator.parameters}
    for name, value in given.items():
        if name not in known:
            yield name, f"{simulator.name} has no parameter {name!r}{spelling(name, known)}"
        elif allowed := known[name].allowed:
            if not _among(value, allowed):
                yield name, _choice(value, allowed)
        elif known[name].kind in _KINDS:
            wanted, ok = _KINDS[known[name].kind]
            if not ok(value):
                yield name, f"{wanted} is wanted, given {shown(value)}{mended(value, ok)}"


def wrong_options(estimator: Estimator, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """An option and a message for each that a registered estimator does not take.

    >>> from scm.estimate import ESTIMATORS
    >>> list(wrong_options(ESTIMATORS["ipw"], {"normalised": 1}))
    [('normalised', 'true or false is wanted, given 1')]
    """
    for name, value in given.items():
        if name not in estimator.options:
            yield (
                name,
                f"{estimator.name} has no option {name!r}{spelling(name, estimator.options)}",
            )
        elif (allowed := estimator.choices.get(name)) and not _among(value, allowed):
            yield name, _choice(value, allowed)


def wrong_arguments(
    called: str, function: Callable[..., Any], given: Mapping[str, Any], first: Sequence[str] = ()
) -> Iterator[tuple[str, str]]:
    """An argument and a message for each that a person's own function does not take, or lacks; ""
    for the function as a whole.

    Arguments:
      first: what it is called with besides, by position.

    >>> def slope(data, roles, trim=0.0): ...
    >>> list(wrong_arguments("mine:slope", slope, {"trin": 0.1}, ("data", "roles")))
    [('trin', "mine:slope has no argument 'trin'; did you mean 'trim'?")]
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # built in: it does not say what it takes
    try:
        signature.bind(*first, **given)
    except TypeError:
        pass
    else:
        return
    try:
        signature.bind_partial(*first)
    except TypeError:
        takes = ", ".join(first) or "nothing"
        yield "", f"{called} is called with ({takes}), and takes {signature}"
        return
    named = [
        each.name
        for each in list(signature.parameters.values())[len(first) :]
        if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    ]
    for name in given:
        if name not in named:
            yield name, f"{called} has no argument {name!r}{spelling(name, named)}"
    for name in named:
        if name not in given and signature.parameters[name].default is inspect.Parameter.empty:
            yield "", f"{called} has to be given {name!r}"


def about(message: str, keys: Collection[str]) -> tuple[str, ...]:
    """Which of some keys a library's message is about, by how these are written: "ipw: clip: ...",
    "random_dag: nodes=-4: ...", "do(dose=2): ..."; () where there is no telling.

    >>> about("ipw: clip: a number between 0 and 0.5 is wanted", ["normalised", "clip"])
    ('clip',)
    """
    found = re.match(r"(?:[\w.:]+: (?:roles\.)?|do\()(\w+)\b", message)
    return (found[1],) if found and found[1] in keys else ()


def _among(value: Any, allowed: Sequence[Any]) -> bool:
    """Whether it is one of them; 1 is no true."""
    return any(type(value) is type(each) and value == each for each in allowed)


def _choice(value: Any, allowed: Sequence[Any]) -> str:
    if set(allowed) == {True, False}:
        return f"true or false is wanted, given {shown(value)}"
    listed = [f'"{each}"' if isinstance(each, str) else str(each) for each in allowed]
    wanted = " or ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
    near = (
        nearest(value, [each for each in allowed if isinstance(each, str)])
        if isinstance(value, str)
        else None
    )
    hint = f'; did you mean "{near}"?' if near else ""
    return f"{wanted} is wanted, given {shown(value)}{hint}"
