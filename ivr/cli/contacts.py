"""Verbs about contacts and what was written down about them; free text for who gives a name and a reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape

from ivr import call_log, hard_call, wrapup_reading
from ivr.cli import contact_import
from ivr.cli.call_view import as_json_line, contact_json, contacts_table, new_table, row_json, screen, started
from ivr.cli.calls import SHOWN_UNLESS_TOLD, Limit, Since, print_rows, say_nothing_yet
from ivr.cli.options import AsJson, load_settings
from ivr.errors import Refused
from ivr.settings import Settings
from ivr.wrapup import Desk, Version, open_desk
from ivr.wrapup_reading import Reader, Unfinished

UNFINISHED_FOR = timedelta(days=30)
group = typer.Typer()
ContactId = Annotated[str, typer.Argument(metavar="CONTACT_ID", help="From `ivr contacts`.")]


def register(app: typer.Typer) -> None:
    contact_import.register(group)
    app.add_typer(group, name="contacts")


@group.callback(invoke_without_command=True)
def contacts(ctx: typer.Context, as_json: AsJson = False, since: Since = None, limit: Limit = None) -> None:
    """Contacts on record: each exchange in which one of us talked. Newest first; with --json oldest first.

    Example: [bold]ivr contacts --json --since 7d > week.jsonl[/]
    """
    if ctx.invoked_subcommand:
        return
    told = load_settings()
    if not call_log.is_there(told):
        say_nothing_yet(as_json)
    else:
        asyncio.run(_json_contacts(told, since, limit) if as_json else _show_contacts(told, since, limit))


async def _json_contacts(told: Settings, since: datetime | None, limit: int | None) -> None:
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        async for contact in call_log.contacts(log, since, limit):
            typer.echo(contact_json(contact))


async def _show_contacts(told: Settings, since: datetime | None, limit: int | None) -> None:
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        newest = [contact async for contact in call_log.contacts(log, since, limit or SHOWN_UNLESS_TOLD)]
        total = await call_log.count_contacts(log, since)
    print_rows(contacts_table(reversed(newest)), len(newest), total, "contacts")


@group.command()
def show(
    contact_id: ContactId,
    as_json: AsJson = False,
    by: Annotated[str, typer.Option(help="Who reads the free text; put on record.")] = "",
    reason: Annotated[str, typer.Option(help="Why; put on record. No names, no numbers.")] = "",
) -> None:
    """What was written down about a contact: every version, the newest last; free text for who says who and why.

    Example: [bold]ivr contacts show 1795281282-000007 --by "Supervisor" --reason "asked by the court" --json[/]
    """
    if bool(by.strip()) != bool(reason.strip()):
        raise Refused("Free text is opened by somebody with a name and a reason.", remedy="--by NAME --reason WHY")
    found = asyncio.run(_versions(load_settings(), contact_id, Reader(by, bool(by), reason)))
    for version in found:
        values = _flat(version, with_text=bool(by))
        if as_json:
            typer.echo(as_json_line(values))
        else:
            _say(values)
    if not found and not as_json:
        screen().print("Nothing is written down about this contact.")


async def _versions(told: Settings, contact_id: str, reader: Reader) -> list[Version]:
    async with _desk(told) as desk:
        if not reader.may_read:
            return await wrapup_reading.history(desk, contact_id)
        return await wrapup_reading.read_versions(desk, contact_id, reader, datetime.now(UTC))


def _flat(version: Version, *, with_text: bool) -> dict[str, Any]:
    """One version without the layer between; `summary` only where it was opened."""
    head = {name: getattr(version, name) for name in ("contact_id", "number", "at", "by", "has_summary")}
    values = head | asdict(version.written)
    return values if with_text else {name: value for name, value in values.items() if name != "summary"}


def _say(values: dict[str, Any]) -> None:
    table = new_table("", "")
    table.show_header = False
    for name, value in values.items():
        if value not in (None, "", (), False):
            shown = ", ".join(value) if isinstance(value, tuple) else _plain(value)
            table.add_row(f"[dim]{name.replace('_', ' ')}[/]", escape(shown))
    screen().print(table)


def _plain(value: object) -> str:
    """Without what a terminal would take for an order."""
    text = started(value) if isinstance(value, datetime) else "yes" if value is True else str(value)
    return "".join(letter if letter.isprintable() or letter == "\n" else "·" for letter in text)


@group.command()
def unfinished(
    as_json: AsJson = False,
    since: Since = None,
    counsellor: Annotated[str, typer.Option(help="An extension: only theirs.")] = "",
) -> None:
    """Contacts that nobody has written down yet, the oldest first: of the last 30 days unless told.

    Example: [bold]ivr contacts unfinished --counsellor 101[/]
    """
    told = load_settings()
    if not call_log.is_there(told):
        say_nothing_yet(as_json)
        return
    begin = since or datetime.now(UTC) - UNFINISHED_FOR
    found = asyncio.run(_unfinished(told, begin, counsellor))
    if as_json:
        for each in found:
            typer.echo(as_json_line(asdict(each.contact) | {"drafts": each.drafts}))
    else:
        _say_unfinished(found)


async def _unfinished(told: Settings, since: datetime, counsellor: str) -> list[Unfinished]:
    async with _desk(told) as desk:
        return await wrapup_reading.unfinished(desk, since, counsellor)


def _say_unfinished(found: Iterable[Unfinished]) -> None:
    table = new_table("received (UTC)", "channel", "counsellor", "begun by", "id")
    for each in found:
        came, begun = each.contact, escape(", ".join(each.drafts)) or "–"
        table.add_row(started(came.received_at), came.channel, escape(came.counsellor or "–"), begun, came.id)
    screen().print(table if table.row_count else "Everything is written down.")


@group.command("hard")
def list_hard(
    as_json: AsJson = False,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were talked over.")] = False,
) -> None:
    """Calls that were hard for a counsellor, and that nobody has talked over with them yet.

    Example: [bold]ivr contacts hard --json[/]
    """
    told = load_settings()
    if not call_log.is_there(told):
        say_nothing_yet(as_json)
        return
    found = asyncio.run(_hard(told, not everything))
    if as_json:
        for each in found:
            typer.echo(row_json(each))
        return
    table = new_table("marked (UTC)", "by", "extension", "contact", "talked over")
    for each in found:
        held = started(each.debriefed_at) if each.debriefed_at else "[yellow]open[/]"
        table.add_row(started(each.at), escape(each.account), each.extension, each.contact_id, held)
    screen().print(table if found else "No talk is open.")


async def _hard(told: Settings, only_open: bool) -> list[hard_call.HardCall]:
    async with call_log.open_log(told) as log:
        return await hard_call.list_hard(log.database, only_open=only_open)


@group.command()
def debriefed(
    contact_id: ContactId,
    by: Annotated[str, typer.Option(help="Who has talked it over with them.")],
) -> None:
    """A hard call was talked over with the counsellor. It stays on record.

    Example: [bold]ivr contacts debriefed 1795281282-000007 --by "Supervisor"[/]
    """
    asyncio.run(_debriefed(load_settings(), contact_id, by))
    screen().print("[bold green]✓[/] On record.")


async def _debriefed(told: Settings, contact_id: str, by: str) -> None:
    async with _desk(told) as desk:
        await hard_call.done_debrief(desk.database, contact_id, by, datetime.now(UTC))


@group.command()
def opened(as_json: AsJson = False) -> None:
    """Who opened a caller's number, or free text, when and why.

    Example: [bold]ivr contacts opened --json[/]
    """
    told = load_settings()
    if not call_log.is_there(told):
        say_nothing_yet(as_json)
        return
    found = asyncio.run(_opened(told))
    if as_json:
        for each in found:
            typer.echo(row_json(each))
        return
    table = new_table("at (UTC)", "by", "what", "of", "reason")
    for each in found:
        table.add_row(started(each.at), escape(each.by), each.what, each.of, escape(each.reason))
    screen().print(table if found else "Nobody has opened anything.")


async def _opened(told: Settings) -> list[wrapup_reading.Opening]:
    async with _desk(told) as desk:
        return list(await wrapup_reading.openings(desk))


@asynccontextmanager
async def _desk(told: Settings) -> AsyncIterator[Desk]:
    """The desk, with the rows brought up to the ledger's end. Raises Refused for a line that was never opened."""
    if not call_log.is_there(told):
        raise Refused("Nothing is on record yet: the line was never opened.", remedy="make up")
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        yield open_desk(told, log.database)
