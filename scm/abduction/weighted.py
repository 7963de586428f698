"""Inference by weights."""

from __future__ import annotations

from typing import Any


def weighted(*_: Any) -> Any:
    raise NotImplementedError
