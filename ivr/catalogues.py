"""The lists of the wrap-up, read from their files: the newest version is offered, older ones explain old contacts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from ivr.desk.catalogue import Catalogue
from ivr.desk.lists_file import READERS, parse
from ivr.errors import NotFound, ScriptError
from ivr.settings import PROJECT_DIR

LISTS_DIR = PROJECT_DIR / "ivr/desk/lists"


def load_catalogues(folder: Path = LISTS_DIR) -> Mapping[str, Catalogue]:
    """Every version, oldest first. Raises ScriptError with every fault of all of them."""
    found, problems = {}, []
    versions = sorted(path for path in folder.iterdir() if path.is_dir())
    for path in versions:
        try:
            found[path.name] = parse(path.name, {name: _text(path / name) for name in READERS})
        except ScriptError as error:
            problems += [f"{path.name}/{problem}" for problem in error.problems]
    if problems or not found:
        raise ScriptError("the lists of the wrap-up are wrong", problems=tuple(problems) or ("there are none",))
    return found


def newest(catalogues: Mapping[str, Catalogue]) -> Catalogue:
    return catalogues[max(catalogues)]


def of_version(catalogues: Mapping[str, Catalogue], version: str) -> Catalogue:
    """The lists that a contact was written down with. Raises NotFound when their folder was taken away."""
    if version not in catalogues:
        raise NotFound(f"the lists of {version} are gone", remedy=f"Put {LISTS_DIR / version} back.")
    return catalogues[version]


def became(catalogues: Mapping[str, Catalogue], folder: Path = LISTS_DIR) -> Mapping[str, str]:
    """What codes of older lists are in the newest one, by its `became.toml`. Raises ScriptError."""
    text = _text(folder / max(catalogues) / "became.toml")
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScriptError("became.toml cannot be read", problems=(str(error),)) from error
    wrong = [old for old, new in told.items() if new not in newest(catalogues).categories]
    if wrong:
        problems = tuple(f"{old}: it became no category of this list" for old in wrong)
        raise ScriptError("became.toml is wrong", problems=problems)
    return told


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path.name} cannot be read", problems=(f"{path.name}: {error}",)) from error
