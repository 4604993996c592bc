"""From SQLite in the state folder to a PostgreSQL server, once: every row, counted and compared. The line is closed."""

from __future__ import annotations

from ivr import line
from ivr.errors import NotFound, Refused
from ivr.records.copying import Sum, Tell, copy_all
from ivr.records.database import Database, opened
from ivr.records.ledger_file import WHOSE
from ivr.settings import Settings

__all__ = ["Sum"]  # what the faces read from here


async def copy_to_postgresql(settings: Settings, tell: Tell) -> list[Sum]:
    """Copy what is in the state folder to where IVR_DATABASE_URL says. The old file stays as it is.

    Raises Refused while the line is open, for what is written meanwhile would be left behind, and when the target holds
    rows already; NotFound when there is nothing to copy.
    """
    if not settings.database_url or Database(settings.database_url).is_sqlite:
        raise Refused("No PostgreSQL is set.", remedy="Set IVR_DATABASE_URL=postgresql://name:password@host/database.")
    if any(state.pid for state in line.states(settings)):
        raise Refused("The line is open; what is written meanwhile would be left behind.", remedy="make down")
    if not settings.own_database.exists():
        raise NotFound(f"{settings.own_database} is not there.", remedy=f"Look at IVR_STATE_DIR. {WHOSE}")
    async with opened(settings.own_database_url) as source, opened(settings.database) as target:
        return await copy_all(source, target, tell)
