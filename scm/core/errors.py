"""What is raised when a model cannot mean what was written."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "CycleError",
    "ModelError",
    "NonFiniteError",
    "UndefinedLawError",
    "UnknownNameError",
    "UnsolvableError",
    "suggestion",
]


class ModelError(ValueError):
    """A model, an intervention or a request without meaning; the message says how to mend it."""


class UnknownNameError(ModelError, KeyError):
    """A name that is not in the model."""

    def __str__(self) -> str:  # KeyError would print the message in quotes
        return str(self.args[0])


class CycleError(ModelError):
    """Variables that cause themselves; the message prints the path."""


class UnsolvableError(ModelError):
    """Equations on a loop that have no solution, or more than one."""


class NonFiniteError(ModelError):
    """A value that is infinite or not a number: which variable, how many units, the first one."""


class UndefinedLawError(ModelError):
    """A law whose parameter is outside its domain, such as a probability of 1.4 or a NaN rate."""


def suggestion(name: object, candidates: Iterable[str]) -> str:
    """``"; did you mean 'ability'?"``, or the candidates when none is near.

    >>> suggestion("abilty", ["ability", "wage"])
    "; did you mean 'ability'?"
    >>> suggestion("height", ["ability", "wage"])
    '; there are: ability, wage'
    """
    known, name = sorted(map(str, candidates)), str(name)
    folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {folded[near[0]]!r}?"
    shown = ", ".join(known[:12]) + (f", ... ({len(known)} in all)" if len(known) > 12 else "")
    return f"; there are: {shown}" if known else "; there are none"
