"""A person's own models and estimators in a study: ``module:name``, importable from where it runs.

The folder of the study's file and the present one are looked in, as Python looks in the folder of
a script.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.mistakes import spelling

if TYPE_CHECKING:
    from scm import SCM

__all__ = ["OwnWorld", "attribute", "code_digest", "is_own", "own_world"]


def is_own(name: str) -> bool:
    """Whether a name is that of code, ``module:name``, and not a registered one."""
    return ":" in name


def attribute(name: str, beside: Path) -> Any:
    """What ``module:name`` names. Raises ValueError that says what is missing."""
    module_name, _, attribute_name = name.partition(":")
    with _looking_in(beside, Path.cwd()):
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name != module_name.split(".")[0] and error.name != module_name:
                raise  # something that the person's own module wants
            raise ValueError(
                f"there is no module {error.name!r} beside this file or where scm runs"
            ) from None
    if not hasattr(module, attribute_name):
        known = [each for each in vars(module) if not each.startswith("_")]
        raise ValueError(
            f"{module_name} has no {attribute_name!r}{spelling(attribute_name, known)}"
        )
    return getattr(module, attribute_name)


@contextlib.contextmanager
def _looking_in(*folders: Path) -> Iterator[None]:
    added = [str(each.resolve()) for each in folders if str(each.resolve()) not in sys.path]
    sys.path[:0] = added
    try:
        yield
    finally:
        for each in added:
            sys.path.remove(each)


def code_digest(value: Any) -> str:
    """Of the file that a function or class is written in: who changes it has another one."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(value) if callable(value) else type(value))
        path = Path(file or "")
        return _digest(path, path.stat().st_mtime_ns)
    except (OSError, TypeError):
        return ""


@functools.lru_cache(maxsize=256)
def _digest(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


@dataclass(frozen=True)
class OwnWorld:
    """A model of a person's own: an `scm.SCM`, or a function that returns one.

    It is built and described as a registered simulator is.
    """

    name: str
    value: Any

    @property
    def source(self) -> str:
        """Where it is from."""
        return self.name

    @property
    def function(self) -> Any:
        """What its code is, for digests."""
        return self.value

    def build(self, **parameters: Any) -> SCM:
        """The model. Raises ValueError for parameters it does not take, or if it is no model."""
        from scm import SCM

        made = self.value
        if not isinstance(made, SCM):
            try:
                inspect.signature(made).bind(**parameters)
            except TypeError as error:
                raise ValueError(f"{self.name}: {error}") from None
            made = made(**parameters)
        elif parameters:
            raise ValueError(
                f"{self.name} is a model and takes no parameters; name a function that returns one"
            )
        if not isinstance(made, SCM):
            raise ValueError(f"{self.name} gives a {type(made).__name__}, and an SCM is wanted")
        return made


def own_world(name: str, beside: Path) -> OwnWorld:
    """The world that ``module:name`` names. Raises ValueError."""
    value = attribute(name, beside)
    if not callable(value) and type(value).__name__ != "SCM":
        raise ValueError(
            f"{name} is a {type(value).__name__}; an SCM, or a function that returns one, is wanted"
        )
    return OwnWorld(name, value)
