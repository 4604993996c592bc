"""The program with all its verbs at once, for whoever looks at all of them."""

from __future__ import annotations

from ivr.cli import program

app = program()
