"""Every part that others have written, as the lock files and the switch's own packages name it."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from tests.conftest import PROJECT

_LOCKED = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==([^\s\\;]+)([^\n]*(?:\n    --hash=\S+(?: \\)?)*)",
    re.MULTILINE | re.IGNORECASE,
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_CHANGES = re.compile(r"^\S+ \(([^)]+)\)")
UNKNOWN = "not told"


@dataclass(frozen=True, slots=True)
class Part:
    """`purl`: https://github.com/package-url/purl-spec. `hashes`: SHA-256 of each file that may be installed."""

    kind: str  # pypi, npm, deb
    name: str
    version: str
    licence: str
    hashes: tuple[str, ...] = ()

    @property
    def purl(self) -> str:
        place = "deb/debian" if self.kind == "deb" else self.kind
        name = self.name.replace("@", "%40")
        version = self.version.replace(":", "%3A").replace("+", "%2B")
        return f"pkg:{place}/{name}@{version}"


def everything(tree: Path | None = None) -> tuple[Part, ...]:
    """In a fixed order. `tree`: the folder that the switch was extracted into, where it was not brought: none of it."""
    told = (*_python(), *_node(), *_debian(tree or PROJECT / "var/asterisk"))
    return tuple(sorted(told, key=lambda part: part.purl))


def _python() -> Iterator[Part]:
    for found in _LOCKED.finditer((PROJECT / "requirements.lock").read_text()):
        yield Part("pypi", found[1].lower(), found[2], _licence(found[1]), tuple(_HASH.findall(found[3])))


def _licence(name: str) -> str:
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return UNKNOWN
    stated = next(iter(told.get_all("License-Expression") or []), "")
    classified = [each.split(" :: ")[-1] for each in told.get_all("Classifier") or [] if each.startswith("License ::")]
    short = next(iter(told.get_all("License") or []), "").strip().splitlines()
    return stated or ", ".join(classified) or (short[0][:60] if short else UNKNOWN)


def _node() -> Iterator[Part]:
    told = json.loads((PROJECT / "package-lock.json").read_text())["packages"]
    for place, each in told.items():
        if place:
            name = each.get("name") or place.rpartition("node_modules/")[2]
            yield Part("npm", name, each["version"], each.get("license", UNKNOWN))


def _debian(tree: Path) -> Iterator[Part]:
    """By their own changelogs: the list of installed packages stays empty where packages are only extracted."""
    for folder in sorted((tree / "usr/share/doc").glob("*")):
        changes = next(
            (folder / name for name in ("changelog.Debian.gz", "changelog.gz") if (folder / name).exists()), None
        )
        if changes is None:
            continue
        with gzip.open(changes, "rt", errors="replace") as text:
            found = _CHANGES.match(text.readline())
        if found:
            yield Part("deb", folder.name, found[1], _copyright(folder / "copyright"))


def _copyright(file: Path) -> str:
    text = file.read_text(errors="replace") if file.exists() else ""
    short = dict.fromkeys(re.findall(r"^License:[ \t]*(\S[^\n]{0,60})", text, re.MULTILINE))
    return ", ".join(list(short)[:6]) or UNKNOWN
