"""Names that can be part of an address and of a file's name on every system."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["slugs"]

_LONGEST = 60


def slugs(names: Iterable[str]) -> dict[str, str]:
    """For each name, letters, digits and hyphens of ASCII; no two alike, whatever their case.

    >>> slugs(["trial [n=50]", "trial (n=50)", "Größe"])
    {'trial [n=50]': 'trial-n-50', 'trial (n=50)': 'trial-n-50-2', 'Größe': 'gr-e'}
    """
    made: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST] or "x"
        slug, count = stem, 1
        while slug in taken:
            count += 1
            slug = f"{stem}-{count}"
        taken.add(slug)
        made[name] = slug
    return made
