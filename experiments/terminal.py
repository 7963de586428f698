"""What all commands share: how a mistake ends, and where their answers are printed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["UserError", "console", "mistakes", "prepare"]


class UserError(Exception):
    """A user's mistake; the message is the one line that is shown."""


@contextlib.contextmanager
def mistakes(*kinds: type[Exception]) -> Iterator[None]:
    """Inside, errors of these kinds are the user's; their message is the line that is shown."""
    try:
        yield
    except kinds as error:
        raise UserError(str(error)) from None


def prepare(precision: str) -> None:
    """Set JAX up, before anything is computed."""
    from experiments.device import prepare

    prepare(precision)


def console() -> Console:
    """Where answers are printed."""
    from rich.console import Console

    return Console(highlight=False)
