"""`ivr backup` and `ivr restore`: everything in one file that a passphrase opens, and back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr import backup as backups
from ivr import restore as restores
from ivr.cli.options import load_settings
from ivr.errors import Refused

out = Console(highlight=False)
From = Annotated[
    Path | None, typer.Option("--passphrase-file", help="A file with the passphrase, in place of being asked.")
]


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Path,
    passphrase_file: From = None,
    keep: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Of the backups in that folder leave the newest so many.")
    ] = None,
) -> None:
    """Write everything that the line keeps into one file, sealed by a passphrase. Calls go on meanwhile.

    Without the passphrase nobody opens it, you neither: keep it where the file is not.

    Example: [bold]ivr backup /mnt/usb/2026-11-29.backup --keep 30[/]
    """
    made = asyncio.run(backups.back_up(load_settings(), file, _passphrase(passphrase_file, twice=True)))
    out.print(f"[bold green]✓[/] {file} holds the line as it was at {made.made_at}.", soft_wrap=True)
    _say_rows(made.rows)
    gone = backups.thin_out(file, keep) if keep else ()
    if gone:
        out.print(f"  taken away, being older than the newest {keep}: {', '.join(each.name for each in gone)}")


def restore(
    file: Path,
    passphrase_file: From = None,
    force: Annotated[bool, typer.Option("--force", help="Put what is in the state folder aside first.")] = False,
) -> None:
    """Put a backup in place, into a state folder that holds nothing yet. One changed byte, and it is refused whole.

    Example: [bold]ivr restore /mnt/usb/helpline.backup[/]
    """
    done = asyncio.run(restores.restore(load_settings(), file, _passphrase(passphrase_file), force=force))
    out.print(f"[bold green]✓[/] The line is as it was at {done.manifest.made_at}.")
    _say_rows(done.manifest.rows)
    if done.aside:
        out.print(f"  What was there before is in {done.aside}.", soft_wrap=True)
    out.print(f"  Menus, hours, policy and recordings of that time are in {done.given}.", soft_wrap=True)
    out.print("  [bold]→[/] compare those with what you use (IVR_HELPLINE_FILE, …), then make up")


def _say_rows(rows: dict[str, int]) -> None:
    out.print("  " + ", ".join(f"{table} {count:,}" for table, count in rows.items()), soft_wrap=True)


def _passphrase(file: Path | None, *, twice: bool = False) -> str:
    """Asked, unseen, or the first line of a file; never a word of the command, which others see."""
    if file is None:
        return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice))
    try:
        return file.read_text().partition("\n")[0]
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}", remedy="Name a file that you may read.") from error
