"""Verbs about the line as a whole: up, down, status, check, phones, settings."""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ivr import accounts, demo, desk_tls, line, renewal
from ivr.accounts import Given
from ivr.cli.options import AsJson, load_settings, out
from ivr.demo import Moment
from ivr.errors import TelephonyError
from ivr.prepare import warning_of_closed_folder
from ivr.records.database import without_password
from ivr.settings import Settings

ROW_SHOWN = ("id", "dialled", "language", "topic", "age_band", "priority", "queue", "outcome", "counsellor")
TIMES_SHOWN = ("wait_s", "talk_s")


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(down)
    app.command()(status)
    app.command()(phones)
    app.command("demo")(demo_call)
    app.command()(settings)


def up(
    renew: Annotated[
        bool, typer.Option("--renew", help="Take over a new version or new settings; conversations go on.")
    ] = False,
    stay: Annotated[bool, typer.Option("--stay", help="Remain in the foreground, for systemd and containers.")] = False,
) -> None:
    """Open the line in the background. Does nothing when it is open.

    With --renew everything but the switch is started again, after an upgrade: nobody who talks notices.

    Example: [bold]ivr up --renew[/]
    """
    told = load_settings()
    if stay:
        asyncio.run(renewal.stay(told, lambda text: out.print(f"· {text}")))
    begun = time.monotonic()
    with out.status("opening the line") as spinner:

        def tell(text: str) -> None:
            spinner.update(text)
            if not out.is_terminal:
                out.print(f"· {text}")

        opened = renew or asyncio.run(line.open_line(told, tell))
        if renew:
            asyncio.run(renewal.renew_line(told, tell))
    for warning in filter(None, (warning_of_closed_folder(told), desk_tls.warning(told))):
        out.print(f"[yellow]![/] {escape(warning)}", soft_wrap=True)
    took = f" in {time.monotonic() - begun:.1f} s" if opened else " already"
    out.print(f"[bold green]✓[/] The line is open{took}.")
    _say_where(told)
    first = asyncio.run(_first_administrator(told))
    if first:
        _say_first(told, first)


async def _first_administrator(told: Settings) -> Given | None:
    async with accounts.opened(told) as records:
        return await accounts.first_administrator(records, datetime.now(UTC))


def _say_first(told: Settings, first: Given) -> None:
    """Once in the life of a line."""
    out.print(f"\n[bold]The first administrator[/] signs in at http://127.0.0.1:{told.web_port}/sign-in")
    grid = Table.grid(padding=(0, 2))
    grid.add_row("  name", f"[bold]{first.account.name}[/]")
    grid.add_row("  password", f"[bold]{first.one_time_password}[/]", "[dim]works once; it is not shown again[/]")
    out.print(grid)
    out.print("  [dim]lost: ivr accounts reset admin[/]")


def _say_where(told: Settings) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_row("  call", f"sip:116111@127.0.0.1:{told.sip_port}", "[dim]from any softphone on this machine[/]")
    grid.add_row("  answer", "ivr phones", "[dim]accounts for counsellors' phones[/]")
    grid.add_row("  watch", "ivr calls --follow", "[dim]calls as they happen[/]")
    grid.add_row("  page", f"http://127.0.0.1:{told.web_port}", "[dim]is the line open, in three languages[/]")
    grid.add_row("  try", "make demo", "[dim]a scripted child rings, a scripted counsellor answers[/]")
    out.print(grid)


def down() -> None:
    """Close the line. Calls that are going on end.

    Example: [bold]ivr down[/]
    """
    told = load_settings()
    with out.status("closing the line"):
        ran = line.close_line(told)
    out.print("[bold green]✓[/] The line is closed." if ran else "The line was closed already.")


def status(as_json: AsJson = False) -> None:
    """Whether the line is open, and which of its parts run. Exit 1 when it is closed, or, with IVR_PARTS, when one of
    those does not run.

    Example: [bold]ivr status --json[/]
    """
    told = load_settings()
    open_now, states = line.is_open(told), line.states(told)
    if as_json:
        typer.echo(json.dumps({"open": open_now, "parts": {s.name: s.pid for s in states}}))
    else:
        out.print("[bold green]●[/] The line is open." if open_now else "[bold red]○[/] The line is closed.")
        for state in states:
            out.print(f"  {state.name:<8} {f'process {state.pid}' if state.pid else '[red]not running[/]'}")
        if not open_now:
            out.print("  [bold]→[/] make up")
    raise typer.Exit(0 if (line.runs_here(told) if told.parts else open_now) else 1)


COLOURS = {"child": "yellow", "line": "cyan", "counsellor": "green"}


def demo_call() -> None:
    """Let a scripted child ring the open line and a scripted counsellor answer, and tell it as it goes.

    Example: [bold]ivr demo[/]
    """

    def tell(moment: Moment) -> None:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", width=7, justify="right")
        grid.add_column(style=COLOURS[moment.who], width=10)
        grid.add_row(f"{moment.at_s:.1f} s", moment.who, Text(moment.what))
        out.print(grid)

    row = asyncio.run(demo.play(load_settings(), tell))
    out.print("\n[bold]The row that was written[/]")
    for name in ROW_SHOWN + TIMES_SHOWN:
        value = getattr(row, name)
        out.print(f"  [dim]{name:<11}[/]{'–' if value is None else value}")
    if row.outcome != "answered":
        raise TelephonyError(f"the call is on record as {row.outcome}", remedy="`ivr check --live` says what is wrong.")


def phones(as_json: AsJson = False) -> None:
    """SIP accounts of the counsellors' phones, and which are registered, encrypted or in the clear. The passwords are
    shown: mind who looks on.

    Example: [bold]ivr phones --json[/]
    """
    told = load_settings()
    found = asyncio.run(line.list_phones(told))
    if as_json:
        for phone in found:
            typer.echo(json.dumps({name: getattr(phone, name) for name in phone.__slots__}, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("extension", "password", "counsellor", "languages", "registered"):
        table.add_column(heading)
    for phone in found:
        row = (phone.extension, phone.password, phone.counsellor, " ".join(phone.languages))
        table.add_row(*row, _registered(phone, told))
    out.print(table)


def _registered(phone: line.Answering, told: Settings) -> str:
    """Encryption is told of where it is offered."""
    if not phone.registered:
        return "[dim]○ no; only by TLS[/]" if phone.must_encrypt else "[dim]○ no[/]"
    if not told.sip_tls_port:
        return "[green]● yes[/]"
    return "[green]● yes, encrypted[/]" if phone.encrypted else "[yellow]● yes, in the clear[/]"


def settings(as_json: AsJson = False) -> None:
    """Every setting: its name in the environment, its value, what it is for. Secrets are masked.

    Example: [bold]IVR_SIP_PORT=5070 ivr settings[/]
    """
    told = load_settings()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("name", "value", "what for"):
        table.add_column(heading)
    for name, field in Settings.model_fields.items():
        value = getattr(told, name)
        shown = " ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
        if name == "database_url":
            shown = without_password(shown)
        if as_json:
            typer.echo(json.dumps({"name": f"IVR_{name.upper()}", "value": shown, "what_for": field.description}))
        is_set = f"IVR_{name.upper()}" in os.environ
        table.add_row(f"IVR_{name.upper()}", f"[bold]{shown}[/]" if is_set else shown, f"[dim]{field.description}[/]")
    if not as_json:
        out.print(table)
