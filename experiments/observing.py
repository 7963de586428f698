"""From what a study's file says of a world's observation to the steps that do it."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpyro.distributions as laws

from experiments.happenings import Happening
from scm.core.pytree import pytree
from simulators import get, observe
from simulators.observe.expression import Expression, expression
from simulators.observe.observed import Step

__all__ = ["code_of_steps", "moves", "said", "steps"]


def steps(told: Happening) -> tuple[Step, ...]:
    """The steps that a table stands for. Raises ValueError for what it cannot be."""
    made = _MAKERS[told.kind](told)
    return made if isinstance(made, tuple) else (made,)


def moves(told: Happening) -> bool:
    """Whether a step makes other units, and not only other records of them."""
    return told.kind in ("cluster", "interfere", "mix") or getattr(told, "berkson", False)


@lru_cache
def code_of_steps() -> str:
    """A digest of the code of all steps: data that were observed by other code are other data."""
    folder = Path(inspect.getfile(observe)).parent
    code = b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))
    return hashlib.sha256(code).hexdigest()[:16]


def _formulas(told: Any, *keys: str) -> dict[str, Any]:
    """The formulas of a table by key, those that are there; numbers stay numbers.

    Raises ValueError for a number that no formula of the table names.
    """
    given = {key: getattr(told, key) for key in keys if getattr(told, key) is not None}
    made = {k: _formula(v, told.numbers) if isinstance(v, str) else v for k, v in given.items()}
    used = {name for each in made.values() if isinstance(each, Expression) for name in each.numbers}
    for name in told.numbers:
        if name not in used:
            shown = ", ".join(f"{key} = {value!r}" for key, value in given.items())
            raise ValueError(f"numbers.{name} is in no formula of this step; it has {shown}")
    return made


def _formula(text: str, numbers: Mapping[str, float]) -> Expression:
    bare = expression(text)
    return expression(text, {name: numbers[name] for name in bare.names if name in numbers})


def _mismeasure(told: Any) -> tuple[Step, ...]:
    """One step; two for an error that has a part of the columns' making and a part of chance."""
    made = _formulas(told, "error", "sensitivity", "specificity")
    error = made.pop("error", None)
    if told.factor_sd is not None:
        made["factor"] = _Factor(told.factor_sd)
    if told.berkson and error is not None and told.sd is not None:
        raise ValueError("berkson = true goes with sd, or with error, and not with both")
    parts = [(error, told.severity)] if error is not None or told.sd is None else []
    parts += [(_STANDARD, told.severity * told.sd)] if told.sd is not None else []
    return tuple(
        observe.mismeasure(told.column, error=each, berkson=told.berkson, severity=size, **made)
        for each, size in parts
    )


@pytree
class _Factor:
    """A factor whose logarithm is normal, with median 1; it may have no spread."""

    sd: Any

    def __call__(self, u: Any = laws.Normal(0, 1)) -> Any:
        return jnp.exp(self.sd * u)


_STANDARD = laws.Normal(0, 1)  # what a standard deviation multiplies, which may be 0


def _mix(told: Any) -> Step:
    other = get(told.simulator).build(**told.parameters)
    return observe.mix(other, share=told.share, severity=told.severity)


_MAKERS: dict[str, Callable[[Any], Step | tuple[Step, ...]]] = {
    "hide": lambda t: observe.hide(*t.columns, severity=t.severity),
    "mismeasure": _mismeasure,
    "discretise": lambda t: observe.discretise(
        t.column, cuts=t.cuts, values=t.values, severity=t.severity
    ),
    "select": lambda t: observe.select(n=t.n, severity=t.severity, **_formulas(t, "where")),
    "lose": lambda t: observe.lose(
        *t.columns, monotone=t.monotone, severity=t.severity, **_formulas(t, "chance")
    ),
    "censor": lambda t: observe.censor(
        t.column, low=t.low, high=t.high, flag=t.flag, severity=t.severity
    ),
    "cluster": lambda t: observe.cluster(
        t.column, size=t.size, effect=_STANDARD, severity=t.severity * t.sd, name=t.name
    ),
    "interfere": lambda t: observe.interfere(
        t.outcome, treatment=t.treatment, size=t.size, spill=t.spill, severity=t.severity
    ),
    "mix": _mix,
}


def said(steps: Iterable[Happening]) -> tuple[str, ...]:
    """What happens to the data, a phrase for each step, for people."""
    return tuple(_SAID[each.kind](each) + _how_much(each) for each in steps)


def _how_much(told: Any) -> str:
    return "" if told.severity == 1 else f" (severity {told.severity:g})"


def _said_error(told: Any) -> str:
    if told.sensitivity is not None or told.specificity is not None:
        hits, passes = (1 if x is None else x for x in (told.sensitivity, told.specificity))
        return f"{told.column} is misclassified: sensitivity {hits}, specificity {passes}"
    parts = [told.error] if told.error is not None else []
    parts += [f"normal noise of standard deviation {told.sd:g}"] if told.sd is not None else []
    if told.factor_sd is not None:
        parts = [f"a factor whose logarithm has standard deviation {told.factor_sd:g}"]
    kind = "is set with a Berkson error" if told.berkson else "is measured with error"
    return f"{told.column} {kind}: {' + '.join(parts)}"


def _said_bounds(told: Any) -> str:
    low = [f"below {told.low:g}"] if told.low is not None else []
    high = [f"above {told.high:g}"] if told.high is not None else []
    return f"{told.column} is censored {' and '.join(low + high)}"


_SAID: dict[str, Callable[[Any], str]] = {
    "hide": lambda t: f"{', '.join(t.columns)} not in the data",
    "mismeasure": _said_error,
    "discretise": lambda t: f"{t.column} recorded in classes, cut at {', '.join(map(str, t.cuts))}",
    "select": lambda t: (
        f"units in the data only if {t.where}"
        + ("" if t.n is None else f", the first {t.n:,} of them")
    ),
    "lose": lambda t: (
        f"{', '.join(t.columns)} missing with probability {t.chance}"
        + (", dropout" if t.monotone else "")
    ),
    "censor": _said_bounds,
    "cluster": lambda t: (
        f"clusters of {t.size} share an effect on {t.column}, standard deviation {t.sd:g}"
    ),
    "interfere": lambda t: (
        f"{t.outcome} moves by {t.spill:g} times the mean {t.treatment} of the "
        f"others in a group of {t.size}"
    ),
    "mix": lambda t: f"a share {t.share:g} of the units is of the world {t.simulator}",
}
