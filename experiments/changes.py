"""What a study says otherwise than the run that is kept, which then cannot simply go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.mistakes import key_text, shown
from experiments.study import Study

__all__ = ["changes"]

_WORDS = frozenset(
    {
        "title",
        "aims",
        "notes",
        "label",
        "source",
        "engine",
        "replications",
        "grids",
        "real",
        "claims",
        "family",
    }
)
"""Keys that change no number that is kept: levels and replications are more or fewer of them."""
_OPEN = frozenset({"worlds", "estimands", "methods", "scenarios"})
"""Tables to which something may be added, or from which it may be taken."""
_ASKED = frozenset({("estimands", "worlds"), ("methods", "estimands")})
"""What is asked where, and of what, which grows with these tables."""


def changes(before: Study, now: Study) -> list[str]:
    """A line for each key whose value is another one now, of what is in both.

    >>> study = Study.model_validate(
    ...     dict(
    ...         name="toy",
    ...         title="A toy",
    ...         n=100,
    ...         replications=10,
    ...         roles={"treatment": "t", "outcome": "y"},
    ...         worlds={"one": {"simulator": "simpson_drug"}},
    ...         estimands={"ate": {"kind": "ATE", "treatment": "t", "outcome": "y"}},
    ...         methods={"crude": {"estimator": "difference_in_means"}},
    ...     )
    ... )
    >>> changes(study, study.model_copy(update={"seed": 1, "title": "Another"}))
    ['seed was 0 in the run that is kept, and is 1 now']
    """
    pair = (each.model_dump(exclude_none=True) for each in (before, now))
    return [
        f"{key_text(path)} was {_value(old)} in the run that is kept, and is {_value(new)} now"
        for path, old, new in _different((), *pair)
    ]


def _different(path: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[Any, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            added = path and path[0] in _OPEN and len(path) == 1 and (key in old) != (key in new)
            asked = (*path[:1], key) in _ASKED and len(path) == 2
            if key not in _WORDS and not added and not asked:
                yield from _different((*path, key), old.get(key), new.get(key))
    elif _plain(old) != _plain(new):
        yield path, old, new


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _value(value: Any) -> str:
    return "left out" if value is None else shown(_plain(value))
