"""Which column plays which part: all that an estimator is told about the world."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

__all__ = ["Roles", "as_names"]


@dataclass(frozen=True)
class Roles:
    """Names of the columns an estimator reads, by the part they play.

    Arguments:
        treatment: the column whose effect is asked for.
        outcome: the column the effect is on.
        adjust: columns to adjust for. Here as below: any iterable of names, or one name alone;
            sets are put in alphabetical order.
        instruments: columns that move the outcome only through the treatment.
        mediators: columns between treatment and outcome.

    A value: hashable, so that it can be a static argument under ``jit``.

    Errors: TypeError for what is not a name, ValueError for a column with two parts.

    >>> roles = Roles("educ", "lwage", adjust=["exper", "black"], instruments="nearc4")
    >>> roles.adjust, roles.instruments
    (('exper', 'black'), ('nearc4',))
    """

    treatment: str
    outcome: str
    adjust: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    mediators: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for part in ("treatment", "outcome"):
            name = getattr(self, part)
            if not isinstance(name, str):
                raise TypeError(
                    f"{part}: the name of one column is wanted, given {name!r} of type "
                    f"{type(name).__name__}; write Roles({part}='...', ...)"
                )
        for part in ("adjust", "instruments", "mediators"):
            object.__setattr__(self, part, as_names(part, getattr(self, part)))
        self._refuse_overlap()

    def _refuse_overlap(self) -> None:
        part_of: dict[str, str] = {}
        for field in fields(self):
            names = getattr(self, field.name)
            for name in (names,) if isinstance(names, str) else names:
                if name in part_of:
                    both = (
                        f"{field.name} names it twice"
                        if part_of[name] == field.name
                        else f"it is given as {part_of[name]} and as {field.name}"
                    )
                    raise ValueError(
                        f"roles: a column has one part, but {name!r} has two: {both}; "
                        f"take it out of {field.name}"
                    )
                part_of[name] = field.name


def as_names(part: str, names: Any) -> tuple[str, ...]:
    """Names as a tuple: a bare string is one name, a set is sorted.

    >>> as_names("adjust", "age"), as_names("adjust", {"b", "a"})
    (('age',), ('a', 'b'))
    """
    if isinstance(names, str):
        return (names,)
    if not isinstance(names, Iterable):
        raise TypeError(f"{part}: names of columns are wanted, given {names!r}")
    listed = tuple(names)
    for name in listed:
        if not isinstance(name, str):
            raise TypeError(
                f"{part}: names of columns are wanted, but it holds {name!r} of type "
                f"{type(name).__name__}"
            )
    return tuple(sorted(listed)) if isinstance(names, (set, frozenset)) else listed
