"""Attributes of nodes and edges, as DOT, GML, dagitty and networkx have them: what they mean."""

from collections.abc import Mapping
from typing import Any

_YES = frozenset({"", "1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})

# What dagitty, DoWhy and others call the four marks, and which of them say the opposite.
_MARKS = {
    "latent": "latent", "unobserved": "latent", "hidden": "latent",
    "observed": "not latent", "exposure": "exposure", "outcome": "outcome",
    "adjusted": "adjusted",
}  # fmt: skip
_DAGITTY = _MARKS | {
    "l": "latent", "u": "latent", "e": "exposure", "source": "exposure", "o": "outcome",
    "target": "outcome", "a": "adjusted",
}  # fmt: skip
_UNSEEN = frozenset({"unobserved confounders", "unobserved confounder"})  # DoWhy's labels


class AttributeValueError(ValueError):
    """An attribute whose value is neither yes nor no."""

    def __init__(self, key: str, value: Any) -> None:
        super().__init__(f"{key}={value!r} is neither yes nor no; expected true or false")
        self.key = key


def marks(attributes: Mapping[str, Any], *, dagitty: bool = False) -> list[str]:
    """The marks that a node's attributes give it.

    `latent=true`, `unobserved`, `observed="no"`, and DoWhy's `label="Unobserved Confounders"` mark
    a hidden node; `exposure`, `outcome`, `adjusted` the roles of dagitty, whose short forms are
    read where `dagitty` says so. An attribute without a value is true.
    """
    found = []
    known = _DAGITTY if dagitty else _MARKS
    for key, value in attributes.items():
        lower = key.lower()
        mark = known.get(lower)
        if mark and yes(key, value) != (mark == "not latent"):
            found.append(mark.removeprefix("not "))
        if lower == "label" and str(value).strip().lower() in _UNSEEN:
            found.append("latent")
    return found


def is_arc(attributes: Mapping[str, Any]) -> bool:
    """Whether an edge's attributes make it a bidirected one: `bidirected=true` or `dir=both`."""
    said = {key.lower(): value for key, value in attributes.items()}
    if "bidirected" in said:
        return yes("bidirected", said["bidirected"])
    return str(said.get("dir", "")).lower() == "both"


def yes(key: str, value: Any) -> bool:
    """Whether the value of an attribute means yes."""
    told = str(value).strip().lower()
    if told in _YES or told in _NO:
        return told in _YES
    raise AttributeValueError(key, value)
