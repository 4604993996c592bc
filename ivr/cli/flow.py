"""`ivr call`: the telephone on your keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr.cli.line import load_settings
from ivr.errors import HelplineError
from ivr.prepare import load_flow, words_of_prompts
from ivr.rehearsal import Rehearsal, replay

out = Console(highlight=False)


def register(app: typer.Typer) -> None:
    app.command()(call)


def call(
    keys: Annotated[list[str] | None, typer.Argument(help="What the caller does: keys, timeout, hangup.")] = None,
    transcript: Annotated[
        Path | None, typer.Option(help="Write the conversation here, as the tests replay it.")
    ] = None,
) -> None:
    """Play the menus on the keyboard: a key, Enter for silence, or hangup.

    Example: [bold]ivr call 2 3[/]  ·  [bold]ivr call 1 timeout 5 2 --transcript tests/transcripts/late.txt[/]
    """
    settings = load_settings()
    script = load_flow(settings)
    if keys:
        text = replay(script, keys)
        typer.echo(text, nl=False)
    else:
        text = _play(Rehearsal(script), words_of_prompts(settings))
    if transcript:
        transcript.write_text(text)
        out.print(f"[dim]written to {transcript}[/]")


def _play(conversation: Rehearsal, words: dict[str, str]) -> str:
    _show(conversation.lines, words)
    while not conversation.over:
        word = typer.prompt("key", default="timeout", show_default=False, prompt_suffix=" ▸ ").strip()
        try:
            _show(conversation.hear(word), words)
        except HelplineError as error:
            out.print(f"[yellow]{error}[/]")
    return "\n".join(conversation.lines) + "\n"


def _show(lines: list[str], words: dict[str, str]) -> None:
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind == "says":
            for prompt in rest.partition(" (")[0].split():
                out.print(f"  [bold]“{words.get(prompt, prompt)}”[/] [dim]{prompt}[/]")
        else:
            out.print(f"  [cyan]{line}[/]")
