"""Asterisk's configuration files: ours are rendered from `asterisk-conf/`, and read back with pyst2's reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from asterisk.config import Config

from ivr.errors import ScriptError

_FIELD = re.compile(r"@([A-Z_]+)@")


def render(text: str, values: Mapping[str, str], name: str) -> str:
    """`text` with each @FIELD@ replaced. Raises ScriptError for a field without a value, or a value that breaks out."""

    def value_of(found: re.Match[str]) -> str:
        value = values.get(found[1])
        if value is None:
            raise ScriptError(f"{name}: nothing to put for @{found[1]}@")
        return plain(value, f"{name}: {found[1]}")

    return _FIELD.sub(value_of, text)


def plain(value: str, name: str) -> str:
    """`value`, if it stays inside its line: a newline or `;` would begin another setting or cut this one off."""
    if any(letter in value for letter in "\r\n\0;"):
        raise ScriptError(f"{name} may hold no line break and no semicolon")
    return value


def section(name: str, *settings: str) -> str:
    return "\n".join((f"[{name}]", *settings, ""))


class Conf(Config):
    """pyst2's reader, but the file is closed after reading."""

    def load(self) -> None:
        self.raw_lines = Path(self.filename).read_text().splitlines()


def read_dialplan(path: Path) -> dict[str, list[str]]:
    """Context name to its lines, in order. pyst2 reads plain sections, `exten` and `same` (FACTS)."""
    config = Conf(str(path))
    return {category.name: [line.line for line in category.items] for category in config.categories}
