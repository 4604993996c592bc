"""Verbs about callers who are asked to wait: block, list, lift."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from ivr import blocking
from ivr.blocking import Block, Wish
from ivr.cli.call_view import screen
from ivr.cli.options import AsJson, load_settings


class ByCall(TyperGroup):
    """`ivr block CALL_ID` blocks: what is no verb of the group is a call's id."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = args and args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["caller", *args])


group = typer.Typer(
    cls=ByCall, no_args_is_help=True, help="Ask a caller to wait, for 24 hours at most; 9 always reaches a person."
)
By = Annotated[str, typer.Option(help="Who does so; your user name unless told.", default_factory=getpass.getuser)]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="block")


@group.command("caller")
def block_caller(
    call_id: Annotated[str, typer.Argument(metavar="CALL_ID", help="A call of theirs, from `ivr calls`.")],
    hours: Annotated[float, typer.Option(help="For how long: 24 at most.")],
    reason: Annotated[str, typer.Option(help="Why. No names, no numbers.")],
    by: By,
    as_json: AsJson = False,
) -> None:
    """Ask the caller of that call to wait. They hear so, kindly; 9 still takes them to a person at once.

    Example: [bold]ivr block 1795281282-000007 --hours 4 --reason "shouts at counsellors"[/]
    """
    wish = Wish(call_id, timedelta(hours=hours), reason, by)
    made = asyncio.run(blocking.block_caller(load_settings(), wish, _now()))
    if as_json:
        typer.echo(_json(made))
        return
    screen().print(f"[bold green]✓[/] Asked to wait until {made.until:%d %b %H:%M} UTC; 9 stays open.")
    screen().print(f"  [bold]→[/] to take it back: ivr block lift {made.id}")


@group.command("list")
def list_blocks(
    as_json: AsJson = False,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over or were lifted.")] = False,
) -> None:
    """Who is asked to wait now, and since when. Callers are named by a call of theirs.

    Example: [bold]ivr block list --all --json[/]
    """
    now = _now()
    found = asyncio.run(blocking.list_blocks(load_settings(), None if everything else now))
    if as_json:
        for each in found:
            typer.echo(_json(each))
    else:
        screen().print(_table(found, now) if found else "Nobody is asked to wait.")


@group.command()
def lift(
    block_id: Annotated[str, typer.Argument(metavar="BLOCK_ID", help="From `ivr block list`.")],
    by: By,
    as_json: AsJson = False,
) -> None:
    """Take a block back. It stays on record, with who lifted it.

    Example: [bold]ivr block lift 1795281290-1f0c9a2b[/]
    """
    lifted = asyncio.run(blocking.lift_block(load_settings(), block_id, by, _now()))
    if as_json:
        typer.echo(_json(lifted))
    else:
        screen().print("[bold green]✓[/] Lifted: their next call is greeted as anybody's.")


def _now() -> datetime:
    return datetime.now(UTC)


def _json(shown: Block) -> str:
    values = {field.name: getattr(shown, field.name) for field in fields(Block)}
    told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
    return json.dumps(told, ensure_ascii=False)


def _table(found: Sequence[Block], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("block", "call", "made (UTC)", "by", "until (UTC)", "reason"):
        table.add_column(heading, overflow="fold" if heading == "reason" else "ellipsis", no_wrap=heading != "reason")
    for each in found:
        until = f"{each.until:%d %b %H:%M}" if each.holds(now) else f"[dim]{_ended(each)}[/]"
        made = f"{each.made_at:%d %b %H:%M}"
        table.add_row(each.id, each.call_id, made, escape(each.made_by), until, escape(each.reason))
    return table


def _ended(over: Block) -> str:
    return f"lifted by {escape(over.lifted_by or '?')}" if over.lifted_at else f"over {over.until:%d %b %H:%M}"
