"""Laws built on laws: independent components, expanded batches, transformed values."""

from __future__ import annotations

__all__: list[str] = []
