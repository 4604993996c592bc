"""Verbs about what callers hear: missing, script, build, check."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from ivr import studio
from ivr.cli.options import AsJson, load_settings, out
from ivr.studio import Checked

group = typer.Typer(no_args_is_help=True, help="What callers hear: the words, the reading sheets, the sound.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="prompts")


@group.command()
def missing(as_json: AsJson = False) -> None:
    """Prompts that nobody has recorded yet, and whether the made voice stands in.

    Example: [bold]ivr prompts missing[/]
    """
    found = studio.missing(load_settings())
    if as_json:
        for prompt in found:
            typer.echo(json.dumps(asdict(prompt), ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("language", "prompt", "made voice", "words"):
        table.add_column(heading, overflow="fold" if heading == "words" else "ellipsis", no_wrap=heading != "words")
    for prompt in found:
        stands_in = "[green]● stands in[/]" if prompt.made else "[red]○ not made[/]"
        table.add_row(prompt.language, prompt.prompt, stands_in, escape(prompt.words))
    out.print(table if found else "[bold green]✓[/] Every prompt has been recorded.")


@group.command()
def script(language: Annotated[str, typer.Argument(metavar="LANG", help="az, ru or en.")]) -> None:
    """The sheet to read from in the studio.

    Example: [bold]ivr prompts script ru > sheet.txt[/]
    """
    typer.echo(studio.script(load_settings(), language), nl=False)


@group.command()
def build() -> None:
    """Make the sound of every prompt that is new or has changed. Recordings win over the made voice.

    Exit 1 when a recording cannot be used (the made voice stands in), 2 when the words are wrong.

    Example: [bold]ivr prompts build[/]
    """
    told = load_settings()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=out, transient=True) as progress:
        task = progress.add_task("listening for changes", total=None)

        def step(done: int, of: int, name: str) -> None:
            progress.update(task, completed=done, total=of, description=name.removeprefix("helpline/"))

        built = asyncio.run(studio.build(told, step=step))
    for problem in built.problems:
        out.print(f"[bold yellow]![/] {escape(problem)}", soft_wrap=True)
    removed = f", {len(built.removed)} no longer needed" if built.removed else ""
    out.print(f"[bold green]✓[/] {len(built.made)} made, {len(built.kept)} as they were{removed}.")
    raise typer.Exit(1 if built.problems else 0)


@group.command()
def check(as_json: AsJson = False) -> None:
    """Measure every prompt: format, length, loudness, peak, clipping, silence at its ends.

    Exit 1 when a prompt is out of bounds or has no sound, 2 when the words are wrong.

    Example: [bold]ivr prompts check --json[/]
    """
    found = studio.check(load_settings())
    if as_json:
        for prompt in found:
            typer.echo(json.dumps(_plain(prompt), ensure_ascii=False))
    else:
        out.print(_measures(found))
        _say_outcome(found)
    raise typer.Exit(1 if any(prompt.problems for prompt in found) else 0)


def _plain(prompt: Checked) -> dict[str, object]:
    return {**asdict(prompt), "well": not prompt.problems}


def _measures(found: tuple[Checked, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "language", "prompt", "voice"):
        table.add_column(heading, no_wrap=True)
    for heading in ("seconds", "loudness", "peak", "before", "after"):
        table.add_column(heading, justify="right", no_wrap=True)
    for prompt in found:
        mark = "[bold red]✗[/]" if prompt.problems else "[green]✓[/]"
        table.add_row(
            mark, prompt.language, prompt.prompt, "recorded" if prompt.recorded else "made", *_figures(prompt)
        )
    return table


def _figures(prompt: Checked) -> tuple[str, ...]:
    sound = prompt.measured
    if sound is None:
        return ("–",) * 5
    levels = (f"{sound.loudness_db:.1f} dB", f"{sound.peak_db:.1f} dB")
    return (f"{sound.length_s:.1f}", *levels, f"{sound.lead_s:.2f}", f"{sound.tail_s:.2f}")


def _say_outcome(found: tuple[Checked, ...]) -> None:
    wrong = [prompt for prompt in found if prompt.problems]
    for prompt in wrong:
        said = escape(f"{prompt.language}/{prompt.prompt}: {'; '.join(prompt.problems)}")
        out.print(f"[bold red]✗[/] {said}", soft_wrap=True)
    if any(prompt.measured is None for prompt in wrong):
        out.print("  [bold]→[/] ivr prompts build")
    if not wrong:
        out.print(f"[bold green]✓[/] {len(found)} prompts are well.")
