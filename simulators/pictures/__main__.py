"""``python -m simulators.pictures FOLDER [NAME ...]``: the lecture's pictures, or those named."""

import sys
from pathlib import Path

from simulators.pictures.album import picture, save

LECTURE = (
    "ice_cream", "treatment", "simpson_exercise", "simpson_drug", "berkeley",
    "assignment_operator", "ladder", "equivalent", "collider", "hiring", "back_door",
    "back_door_trap", "front_door", "mediation", "instrument", "hidden_cause", "m_bias",
    "line", "feedback", "weak_instruments",
)  # fmt: skip
"""The worlds of which docs/lecture.md shows the picture."""


def main(arguments: list[str]) -> None:
    """Write them, one .png a world, named after it."""
    if not arguments:
        sys.exit("python -m simulators.pictures: a folder is wanted, such as docs/lecture")
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name in arguments[1:] or LECTURE:
        save(picture(name), folder / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
