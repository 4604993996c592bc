"""Silent talk from the command line: `ivr silent`."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from ivr import silent as acts
from ivr.cli.options import load_settings
from ivr.flow.questions import EXPLAIN, STOP, Questions
from ivr.prepare import load_questions

out = Console(highlight=False)


class Told(StrEnum):
    """What can be said on the command line."""

    START = "start"
    ASK = "ask"
    STOP = "stop"


def register(app: typer.Typer) -> None:
    app.command()(silent)


def silent(
    whom: Annotated[str, typer.Argument(metavar="CALL_ID|EXTENSION", help="A call, or the counsellor in it.")],
    told: Annotated[Told, typer.Argument(help="start explains the keys to the caller.")],
    question: Annotated[str, typer.Argument(help="Which question: its name in ivr/flow/questions.toml.")] = "",
) -> None:
    """Talk with a caller who cannot speak, as a counsellor does by *7 on the phone. Answers: ivr calls --follow.

    Example: [bold]ivr silent 101 start[/]  ·  [bold]ivr silent 101 ask safe[/]  ·  [bold]ivr silent 101 stop[/]
    """
    settings = load_settings()
    keys = keys_of(told, question, load_questions(settings))
    asyncio.run(acts.press_on(settings, whom, keys))
    out.print(f"[bold green]✓[/] {whom}: {keys}")


def keys_of(told: Told, question: str, known: Questions) -> str:
    if told is Told.ASK:
        return known.keys(question)
    if question:
        raise typer.BadParameter(f"{told} takes no question")
    return EXPLAIN if told is Told.START else STOP
