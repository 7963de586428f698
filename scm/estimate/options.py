"""The options of a call: defaults filled in, and what makes no sense refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scm.estimate.levels import two_levels
from scm.estimate.roles import as_names
from scm.estimate.sample import nearest

__all__ = ["read_options"]


def read_options(
    given: Mapping[str, Any],
    options: Mapping[str, Any],
    choices: Mapping[str, tuple[Any, ...]],
    who: str,
) -> dict[str, Any]:
    """All options of an estimator; unknown names and values are refused.

    Arguments:
        options: names and defaults.
        choices: the values that an option may take, for those that are picked from a list.
        who: the estimator's name, for messages.
    """
    for name in given:
        if name not in options:
            raise TypeError(
                f"{who}: there is no option {name!r}{nearest(name, options)}; "
                f"the options are: {', '.join(options) or 'none'}"
            )
    settings = {**options, **given}
    for name, value in settings.items():
        if isinstance(options[name], tuple):  # of names, or the numbers of two levels
            read = two_levels if options[name] else as_names
            settings[name] = value = read(name, value)
        allowed = choices.get(name)
        # Not ``value in allowed``: 1 is no True here, and an array's == no bool.
        if allowed and not any(type(value) is type(a) and value == a for a in allowed):
            close = nearest(value, allowed) if isinstance(value, str) else ""
            listed = ", ".join(map(repr, allowed))
            raise ValueError(f"{who}: {name}={value!r} is not one of {listed}{close}")
    return settings
