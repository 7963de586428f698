"""Which function paints which world, and the frame they all paint in."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulators.pictures.style import RC
from simulators.pictures.subject import Subject
from simulators.registry import get

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PAINTERS", "paints", "picture", "save"]

Painter = Callable[[Subject], "Figure"]

ROOMS = ("arrows", "clouds", "counted", "curves", "loops", "paths", "tables", "triples")
PAINTERS: dict[str, Painter] = {}
DPI = 144


def paints(*names: str) -> Callable[[Painter], Painter]:
    """Enter a function as the one that paints these worlds."""

    def register(painter: Painter) -> Painter:
        PAINTERS.update(dict.fromkeys(names, painter))
        return painter

    return register


def picture(name: str, **parameters: Any) -> Figure:
    """The picture of a registered world, 9 inches wide.

    A world without a picture of its own gets its graph and the cloud of treatment and outcome.
    Numbers in titles are the world's known answers; points are units of key 0.

    Args:
        name: of a simulator.
        parameters: of that simulator; defaults for the others.

    Returns:
        A figure, unknown to pyplot: `save(picture(name), "name.png")`.

    Raises:
        ValueError: an unknown name or parameter, with the nearest known one.
    """
    from matplotlib import rc_context

    from simulators.pictures.default import default

    for room in ROOMS:
        import_module(f"simulators.pictures.{room}")
    subject = Subject(get(name), parameters)
    with rc_context(RC):
        return PAINTERS.get(name, default)(subject)


def save(figure: Figure, path: str | Path) -> None:
    """Write a picture as .png or .svg; the same picture gives the same bytes.

    Raises:
        ValueError: another ending.
    """
    from matplotlib import rc_context

    path = Path(path)
    # Neither the version of matplotlib nor the date is part of a picture.
    nameless: dict[str, dict[str, Any]] = {".png": {"Software": None}, ".svg": {"Date": None}}
    if path.suffix not in nameless:
        raise ValueError(f"{path}: a picture is written as .png or .svg; write {path.stem}.png")
    with rc_context(RC):
        figure.savefig(path, dpi=DPI, metadata=nameless[path.suffix])
