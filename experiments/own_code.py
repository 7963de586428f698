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
import os
import sys
import traceback
import weakref
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.mistakes import nearest, shown, spelling

if TYPE_CHECKING:
    from scm import SCM

__all__ = [
    "ChangedError",
    "OwnWorld",
    "attribute",
    "code_digest",
    "is_own",
    "own_world",
    "what_was_raised",
]

_ROOT = Path(__file__).parents[1]
_OURS = tuple(f"{_ROOT / room}{os.sep}" for room in ("experiments", "scm", "simulators"))


class ChangedError(ValueError):
    """Code that was changed while it was at work; the message says what to do."""


def is_own(name: str) -> bool:
    """Whether a name is that of code, ``module:name``, and not a registered one."""
    return ":" in name


def attribute(name: str, beside: Path) -> Any:
    """What ``module:name`` names. Raises ValueError that says what is missing."""
    module_name, _, attribute_name = name.partition(":")
    if not module_name or not attribute_name:
        raise ValueError(f"MODULE:NAME is wanted, such as models:world, given {name!r}")
    with _looking_in(beside, Path.cwd()):
        try:
            module = importlib.import_module(module_name)
        except Exception as error:
            raise ValueError(_not_imported(module_name, attribute_name, beside, error)) from error
    if not hasattr(module, attribute_name):
        known = [each for each in vars(module) if not each.startswith("_")]
        raise ValueError(
            f"{module_name} has no {attribute_name!r}{spelling(attribute_name, known)}"
        )
    return getattr(module, attribute_name)


def _not_imported(module: str, name: str, beside: Path, error: Exception) -> str:
    """Why a module cannot be imported: there is none, or it fails by itself."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing is None or not f"{module}.".startswith(f"{missing}."):
        return f"{module} cannot be imported: {what_was_raised(error)}"
    known = {file.stem for folder in (beside, Path.cwd()) for file in folder.glob("*.py")}
    if module.removesuffix(".py") in known:
        return f"a module is named without .py; write {module.removesuffix('.py')}:{name}"
    near = nearest(missing, known)
    hint = f"; did you mean {near!r}?" if near else ""
    return f"there is no module {missing!r} beside this file or where scm runs{hint}"


def what_was_raised(error: BaseException) -> str:
    """An exception of a person's own code in one line, with the place in that code.

    >>> what_was_raised(KeyError("age"))
    "KeyError: 'age'"
    """
    told = " ".join(f"{type(error).__name__}: {error}".split())
    if isinstance(error, SyntaxError):
        return told
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [
        each
        for each in frames
        if not each.filename.startswith(("<", *_OURS, sys.base_prefix))
        and "site-packages" not in each.filename
    ]
    return (
        f"{told} ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno})" if theirs else told
    )


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
    """Of the file that a function, class or module is written in: who changes it has another one.

    Raises `ChangedError` where the file is not what it was when this was first asked of this very
    function or class: what runs is then not what is written.
    """
    told = callable(value) or inspect.ismodule(value)
    written = inspect.unwrap(value) if told else type(value)
    try:
        path = Path(inspect.getsourcefile(written) or "")
        found = _digest(path, path.stat().st_mtime_ns)
    except TypeError:
        return ""
    except OSError:
        found = ""
    if _SEEN.setdefault(written, found) != found:
        raise ChangedError(
            f"{path}: was changed after this process had read it; run it again, in a new one: what "
            "is done and does not depend on it is not done again"
        )
    return found


_SEEN: MutableMapping[Any, str] = weakref.WeakKeyDictionary()


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
        """What its code is, for digests: of a model itself, the module that it is made in."""
        return self.value if callable(self.value) else sys.modules[self.name.partition(":")[0]]

    def build(self, **parameters: Any) -> SCM:
        """The model. Raises ValueError for parameters it does not take, or if it is no model."""
        from scm import SCM

        made = self.value
        if not isinstance(made, SCM):
            try:
                made = made(**parameters)
            except Exception as error:
                raise ValueError(f"{self.name} fails: {what_was_raised(error)}") from error
        elif parameters:
            raise ValueError(
                f"{self.name} is a model and takes no parameters; name a function that returns one"
            )
        if not isinstance(made, SCM):
            raise ValueError(f"{self.name} gives {shown(made)}, and an SCM is wanted")
        return made


def own_world(name: str, beside: Path) -> OwnWorld:
    """The world that ``module:name`` names. Raises ValueError."""
    value = attribute(name, beside)
    if not callable(value) and type(value).__name__ != "SCM":
        raise ValueError(
            f"{name} is {shown(value)}; an SCM, or a function that returns one, is wanted"
        )
    return OwnWorld(name, value)
