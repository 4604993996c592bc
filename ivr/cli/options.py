"""What verbs have in common: the settings they go by, `--json`, and where they write."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from ivr.errors import ScriptError
from ivr.settings import Settings

out = Console(highlight=False)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def load_settings() -> Settings:
    """Settings from the environment. Raises ScriptError naming each wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        faults = tuple(f"IVR_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise ScriptError("settings are wrong", problems=faults, remedy="`ivr settings` lists them all.") from error
