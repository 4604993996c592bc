"""`ivr call`: the telephone on your keyboard."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr.cli.options import load_settings
from ivr.errors import HelplineError
from ivr.flow.steps import Begun, Fact
from ivr.prepare import load_flow, words_of_prompts
from ivr.rehearsal import Rehearsal, Scene, replay

out = Console(highlight=False)


class Returning(StrEnum):
    """What is known of the caller."""

    SILENT = "silent"
    OFTEN = "often"
    PROMISED = "promised"
    BLOCKED = "blocked"


class At(StrEnum):
    """Where the wait is interrupted."""

    NOBODY = "nobody"
    UNANSWERED = "unanswered"
    ASKED = "asked"


BEGUN = {Returning.SILENT: Begun.BACK}  # the others have the flow's own name


def register(app: typer.Typer) -> None:
    app.command()(call)


def call(  # noqa: PLR0913, PLR0917  each is an option of the verb
    keys: Annotated[list[str] | None, typer.Argument(help="What the caller does: keys, timeout, hangup.")] = None,
    transcript: Annotated[
        Path | None, typer.Option(help="Write the conversation here, as the tests replay it.")
    ] = None,
    at: Annotated[At | None, typer.Option(help="Begin where the wait is interrupted, and why it is.")] = None,
    returning: Annotated[Returning | None, typer.Option(help="What is known of the caller.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="The line is closed.")] = False,
    withheld: Annotated[bool, typer.Option("--withheld", help="The caller's number is not seen.")] = False,
    evening: Annotated[bool, typer.Option("--evening", help="The afternoon is over.")] = False,
) -> None:
    """Play the menus on the keyboard: a key, Enter for silence, or hangup.

    Where a number is keyed in, typed stands for one that we may ring and mistyped for one that we may not.

    Example: [bold]ivr call 2 3[/]  ·  [bold]ivr call --at unanswered 1 2 typed 1[/]  ·
    [bold]ivr call 1 timeout 5 2 --transcript tests/transcripts/late.txt[/]
    """
    begun = Begun.CLOSED if closed else BEGUN.get(returning) or Begun(at or returning or Begun.USUAL)  # type: ignore[arg-type]
    facts = ((withheld, Fact.WITHHELD), (evening, Fact.EVENING))
    scene = Scene(begun, tuple(fact for so, fact in facts if so))
    settings = load_settings()
    script = load_flow(settings)
    if keys:
        text = replay(script, keys, scene)
        typer.echo(text, nl=False)
    else:
        text = _play(Rehearsal(script, scene), words_of_prompts(settings))
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
