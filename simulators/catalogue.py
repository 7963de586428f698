"""A mapping from names to things that fills itself when it is first looked at."""

import pkgutil
import warnings
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, Protocol, TypeVar


class Entry(Protocol):
    """What a catalogue holds: something made by a function of some module."""

    @property
    def name(self) -> str: ...

    @property
    def home(self) -> str: ...


E = TypeVar("E", bound=Entry)


class NotRegisteredError(KeyError, ValueError):
    """A name that no catalogue holds; the message offers the nearest that it does hold."""

    def __str__(self) -> str:
        return self.args[0]  # KeyError would print the message in quotes


class Catalogue(Mapping[str, E], Generic[E]):
    """Things by name, sorted; the modules that add them are imported on the first look.

    Args:
        kind: what one of them is called, for messages.
        package: all its modules are imported, those of its subpackages too; each adds its own by a
            decorator.
        group: entry points of this group, in other installed packages, are loaded too. One that
            fails to load is left out with a warning that names it.
    """

    def __init__(self, kind: str, package: str, group: str) -> None:
        self.kind, self.package, self.group = kind, package, group
        self._entries: dict[str, E] = {}
        self._filled = False

    def add(self, entry: E) -> None:
        """Add an entry; the same function may come again (a module reloaded), another may not."""
        held = self._entries.get(entry.name)
        if held is not None and held.home != entry.home:
            raise ValueError(
                f"{self.kind} {entry.name!r} of {entry.home} has the name of one in {held.home}; "
                "give it another"
            )
        self._entries[entry.name] = entry

    def __getitem__(self, name: str) -> E:
        self._fill()
        if name not in self._entries:
            raise NotRegisteredError(f"no {self.kind} is called {name!r}{nearest(name, self)}")
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        self._fill()
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<{self.kind}s: {', '.join(self)}>"

    def _fill(self) -> None:
        if self._filled:
            return
        self._filled = True  # first: the modules below may look here while they are imported
        root = import_module(self.package)
        for module in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
            import_module(module.name)
        for point in entry_points(group=self.group):
            try:
                point.load()
            except Exception as error:
                warnings.warn(
                    f"the {self.kind}s of {point.value} (entry point {point.name!r} of "
                    f"{self.group}) are left out: {type(error).__name__}: {error}",
                    stacklevel=3,
                )


def nearest(name: str, known: Iterable[str]) -> str:
    """The tail of an error message: the name probably meant, or what there is."""
    names = list(known)
    close = get_close_matches(str(name), names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are: {', '.join(names)}" if names else "; there are none"
