"""Which function paints which world, and the frame they all paint in."""

from __future__ import annotations

import io
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
        ValueError: another ending, or a folder that is not there.
    """
    from matplotlib import rc_context

    path = Path(path)
    if path.suffix not in (".png", ".svg"):
        raise ValueError(f"{path}: a picture is written as .png or .svg; write {path.stem}.png")
    if not path.parent.is_dir():
        raise ValueError(f"{path}: there is no folder {path.parent}")
    with rc_context(RC):
        if path.suffix == ".svg":
            figure.savefig(path, metadata={"Date": None})
        else:
            _save_png(figure, path)


def _save_png(figure: Figure, path: Path) -> None:
    """With a palette, which takes a third of the room and of which the eye sees nothing."""
    from PIL import Image

    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=DPI, format="png")
    image = Image.open(drawn).convert("RGB")
    image.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
