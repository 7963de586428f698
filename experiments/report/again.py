"""How to do it all again, or one data set of it, and where every number comes from."""

from __future__ import annotations

import shlex
from html import escape
from pathlib import PurePath

from experiments.findings import Findings
from experiments.report import tables

__all__ = ["section"]


def section(findings: Findings) -> str:
    """The commands, and the table of what they were run with."""
    known = findings.provenance
    parts = ['<section id="again">\n<h2>Do it again</h2>\n']
    if command := known.get("command"):
        parts.append(
            "<p>All of it. The file has every default spelt out; with the same packages, precision "
            "and device, the same numbers come out of it.</p>\n"
            f"<pre><code>{escape(str(command))}</code></pre>\n"
        )
        parts += _one(findings, str(command))
    parts.append(tables.provenance(known) + "</section>\n")
    return "".join(parts)


def _one(findings: Findings, command: str) -> list[str]:
    """How to see one data set again: the first that failed, if any did."""
    methods = [method.name for method in findings.methods if not method.baseline]
    made = findings.estimates[findings.estimates.method.isin(methods)]
    broken = made[made.failure != ""]
    which = "One data set, here the first on which a method failed"
    if not len(broken):
        broken, which = made, "One data set, here the first"
    config = PurePath(shlex.split(command)[-1])
    if config.name != "config.toml" or not len(broken):
        return []
    row = broken.iloc[0]
    place = findings.cells.get(str(row.world))
    asked = ["scm", "replay", str(config.parent)]
    asked += ["--cell", place.label] if place else []
    asked += ["--world", place.world if place else str(row.world)]
    asked += ["--method", str(row.method), "--replicate", str(int(row.replicate))]
    return [
        f"<p>{which}, with what becomes of it.</p>\n"
        f"<pre><code>{escape(shlex.join(asked))}</code></pre>\n"
    ]
