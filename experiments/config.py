"""Reads a study from its TOML file, or says in one line each what is wrong with it, and where."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from experiments.explain import explained
from experiments.links import broken_links
from experiments.mistakes import ConfigError, Mistake
from experiments.study import Study
from experiments.toml_hints import explained as explained_syntax
from experiments.toml_lines import KeyPath, line_of, locate, repeated
from experiments.varied import wrong_factors

__all__ = ["ConfigError", "Mistake", "Study", "load"]


def load(path: str | Path) -> Study:
    """The study that the TOML file at ``path`` describes, every default spelt out.

    Arguments:
      path: the file. Errors name it as it is given here.

    Raises ConfigError for everything a person can get wrong, all of it at once, a line each:
    ``configs/college.toml:41: methods.tsls.estimater: unknown key; did you mean 'estimator'?``

    >>> study = load("configs/college.toml")
    >>> study.name, study.n, study.methods["tsls"].roles.instruments
    ('college', 3010, ('nearc4',))
    """
    path = Path(path)
    text = _read(path)
    raw = _parse(path, text)
    if not raw:
        raise ConfigError(
            Mistake(path, (), None, "empty; configs/ has whole studies to start from")
        )
    lines = locate(text)
    wrong: list[tuple[KeyPath, str]] = []
    study = None
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        wrong.extend(explained(error.errors(include_url=False), raw))
    refused = {key for key, _ in wrong}
    wrong.extend((key, message) for key, message in broken_links(raw) if key not in refused)
    if study is None or wrong:
        raise ConfigError(
            *(Mistake(path, key, line_of(lines, key), message) for key, message in wrong)
        )
    study = study.read_from(path, lines, raw)
    varied = [Mistake(path, k, line_of(lines, k), text) for k, text in wrong_factors(study, raw)]
    if varied:
        raise ConfigError(*varied)
    return study


def _read(path: Path) -> str:
    """The file's text."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(Mistake(path, (), None, f"no such file{_nearest_file(path)}")) from None
    except IsADirectoryError:
        inside = ", ".join(sorted(file.name for file in path.glob("*.toml")))
        message = f"a folder; name a file in it: {inside}" if inside else "a folder, not a file"
        raise ConfigError(Mistake(path, (), None, message)) from None
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise ConfigError(Mistake(path, (), None, message)) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        raise ConfigError(
            Mistake(
                path,
                (),
                before.count(b"\n") + 1,
                f"not UTF-8: the byte 0x{content[error.start]:02x}; save the file as UTF-8",
                column=error.start - before.rfind(b"\n"),
            )
        ) from None


def _nearest_file(path: Path) -> str:
    """The studies beside ``path`` or in ./configs whose name is like its."""
    folders = dict.fromkeys([path.parent, Path("configs")])
    known = {file.stem: file for folder in folders for file in sorted(folder.glob("*.toml"))}
    near = difflib.get_close_matches(path.stem, known, n=1)
    return f"; did you mean '{known[near[0]]}'?" if near else ""


def _parse(path: Path, text: str) -> dict[str, Any]:
    """The tables of the file, as tomllib reads them."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _refuse_syntax(path, text, str(error))


def _refuse_syntax(path: Path, text: str, complaint: str) -> NoReturn:
    """What tomllib says, with its place in front and the line it speaks of behind."""
    if re.search("twice|overwrite|[Dd]uplicate", complaint) and (again := repeated(text)):
        key, first, second = again
        raise ConfigError(Mistake(path, key, second, f"given twice, first on line {first}"))
    wrong = explained_syntax(text, complaint)
    raise ConfigError(Mistake(path, (), wrong.line, wrong.message, column=wrong.column))
