"""Sets JAX up for a run: its precision, and where it keeps compiled programs between runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_folder", "one_thread", "prepare"]


def prepare(precision: str) -> None:
    """Sets JAX's precision and its persistent compilation cache, for this process.

    For programs only (the command line): a library never does this. To be called before JAX
    computes anything. Programs of every size and compile time are kept: a study is made of many
    small ones, and reading one back is always faster than compiling it.

    Arguments:
      precision: ``"float32"`` or ``"float64"``.
    """
    one_thread()
    import jax

    jax.config.update("jax_enable_x64", precision == "float64")
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: a user without a home
        return  # nowhere to keep anything: every run compiles
    if not os.access(folder, os.W_OK):
        return  # JAX would warn of it at every program
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def one_thread() -> None:
    """Has matrices factored on one thread, in this process. To be called before NumPy is imported.

    JAX factors them on CPUs by SciPy's OpenBLAS, whose threads cost more than they bring at
    3,010 x 17: 1,000 replications of 2SLS take 0.6 s on one thread, 1 to 20 s on two, as busy as
    the machine is; and one fit by NumPy's 4 ms and 100. Each reads this once, when it is imported.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def cache_folder() -> Path:
    """Where compiled programs are kept: JAX_COMPILATION_CACHE_DIR, or a folder of the user's own.

    That is ``scm/jax`` in XDG_CACHE_HOME where that is an absolute path (as its specification
    asks), else in the system's usual place for caches.
    """
    if chosen := os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return Path(chosen)
    xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if xdg.is_absolute():
        return xdg / "scm" / "jax"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "scm" / "jax"
    caches = Path("Library/Caches") if sys.platform == "darwin" else Path(".cache")
    return Path.home() / caches / "scm" / "jax"
