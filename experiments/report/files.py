"""The figures of a report as files: SVG, PNG and CSV, three for each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from experiments.report.figure import Figure
from experiments.report.sheet import sheet

__all__ = ["picture", "write_figures"]

_FONT = "DejaVu Sans"  # matplotlib brings it along: pictures are the same on every machine
_NARROWER = 0.92  # its letters are wider than those of the fonts that drawings are laid out for
_SIZE = re.compile(r"font-size: ([\d.]+)px")


def write_figures(folder: Path, figures: Iterable[Figure]) -> None:
    """Write ``NAME.svg``, ``NAME.png`` and ``NAME.csv`` of every figure to a folder that it makes.

    The SVG stands alone; the PNG is the same drawing at two pixels for one; the CSV has the numbers
    that were drawn, so many digits of each that it is read back as the same number.
    """
    folder.mkdir()
    for figure in figures:
        drawing = sheet(figure)
        (folder / f"{figure.name}.svg").write_text(drawing, encoding="utf-8")
        (folder / f"{figure.name}.png").write_bytes(picture(drawing))
        figure.numbers.to_csv(folder / f"{figure.name}.csv", index=False)


def picture(drawing: str, *, zoom: int = 2) -> bytes:
    """An SVG document as the bytes of a PNG, so many pixels for one, in matplotlib's own font.

    Fonts of the system are looked for only where that one lacks a letter.
    """
    import resvg_py

    made = resvg_py.svg_to_bytes(
        svg_string=_SIZE.sub(lambda size: f"font-size: {_NARROWER * float(size[1]):g}px", drawing),
        zoom=zoom,
        skip_system_fonts=_has_letters(drawing),
        font_files=_faces(),
        font_family=_FONT,
        sans_serif_family=_FONT,
    )
    return bytes(made)


@cache
def _faces() -> list[str]:
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return [str(folder / f"DejaVuSans{face}.ttf") for face in ("", "-Bold", "-Oblique")]


def _has_letters(drawing: str) -> bool:
    """Whether the font has every letter of the drawing."""
    from matplotlib.ft2font import FT2Font

    font = FT2Font(_faces()[0])
    return all(font.get_char_index(ord(letter)) for letter in set(drawing) if letter.isprintable())
