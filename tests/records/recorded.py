"""All that is on record, for comparing: without the number of the batch that wrote it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ivr.records import call, contact
from ivr.records.database import Database
from ivr.records.ledger import open_call


async def on_record(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Rows of calls, contacts and open calls, by id."""
    async with database.reading() as unit:
        return {
            table.name: [
                {name: value for name, value in row._mapping.items() if name != "revision"}
                for row in await unit.execute(select(table).order_by(*table.primary_key))
            ]
            for table in (call.table, contact.table, open_call)
        }


def outcomes(rows: dict[str, list[dict[str, Any]]]) -> list[str | None]:
    return [row["outcome"] for row in rows["call"]]
