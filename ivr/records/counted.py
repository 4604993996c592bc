"""What each contact counts as: its row and the newest thing written about it, in one narrow row, for the reports.

Kept up in the transaction of whatever changes it, so a report is one walk through one index. Nothing is here that
cannot be made again from `contact` and `wrapup`; the migration does so. Those two modules call this one, so their
tables are named here, not imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    and_,
    column,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import table as named

from ivr.records import tally
from ivr.records.database import Unit, UtcDateTime, metadata
from ivr.records.tally import Of
from ivr.routing.hours import BAKU

table = Table(
    "counted",
    metadata,
    Column("contact_id", String(40), primary_key=True),
    Column("day", Integer, nullable=False),  # by the helpline's clock, as `date.toordinal` counts
    Column("channel", String(16), nullable=False),
    Column("language", String(8)),
    Column("topic", String(32)),
    Column("gender", String(16)),
    Column("age_band", String(16)),
    Column("first_time", String(8)),
    Column("ended", String(16)),  # null: nothing is written down
    Column("lists", String(16)),
    Column("categories", Text),  # codes, a space between them; so are `actions`
    Column("actions", Text),
    # every column that the tables count by: they are read from the index alone
    Index("ix_counted_day", "day", "topic", "gender", "age_band", "channel", "first_time", "language", "ended"),
)
AT_ONCE = 500  # ids in one statement
_CONTACT = named(
    "contact",
    *(column(name) for name in ("id", "channel", "language", "topic", "age_band", "first_time", "call_id")),
    column("received_at", UtcDateTime),
)
_WRAPUP = named(
    "wrapup",
    *(column(name) for name in ("contact_id", "language", "topic", "age_band", "gender", "ended", "lists")),
    column("newest", Boolean),
    column("categories", JSON),
    column("actions", JSON),
)


async def refresh(unit: Unit, ids: Sequence[str]) -> None:
    """Make these contacts' rows anew. An id without a contact loses its row."""
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        rows = [row_of(dict(row._mapping)) for row in await unit.execute(_told().where(_CONTACT.c.id.in_(some)))]
        await tally.spoil(unit, Of.CONTACTS, _days(table.c.contact_id.in_(some)))
        await unit.execute(delete(table).where(table.c.contact_id.in_(some)))
        if rows:
            await unit.execute(insert(table), rows)
        await tally.spoil(unit, Of.CONTACTS, [row["day"] for row in rows])


def _told() -> Select[Any]:
    """What was written down goes before what the menus have learned."""
    newest = and_(_WRAPUP.c.contact_id == _CONTACT.c.id, _WRAPUP.c.newest)
    both = (func.coalesce(_WRAPUP.c[name], _CONTACT.c[name]).label(name) for name in ("language", "topic", "age_band"))
    seen = (_CONTACT.c.id.label("contact_id"), _CONTACT.c.received_at, _CONTACT.c.channel, _CONTACT.c.first_time)
    written = (_WRAPUP.c[name] for name in ("gender", "ended", "lists", "categories", "actions"))
    return select(*seen, *both, *written).select_from(_CONTACT.outerjoin(_WRAPUP, newest))


def row_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """`told`: the columns, with `received_at` for the day, and lists where there are codes."""
    values = {name: told[name] for name in table.c.keys() if name in told}  # noqa: SIM118  it is no dict
    codes = {name: " ".join(told[name] or ()) or None for name in ("categories", "actions")}
    return values | codes | {"day": BAKU.day(told["received_at"]).toordinal()}


async def write_new(unit: Unit, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of contacts that were not there before."""
    await unit.execute(insert(table), list(rows))
    await tally.spoil(unit, Of.CONTACTS, [row["day"] for row in rows])


async def settle(unit: Unit, call_ids: Select[Any]) -> None:
    """Take over whether it was the first time, for the contacts of these calls."""
    mine = select(_CONTACT.c.first_time).where(_CONTACT.c.id == table.c.contact_id).scalar_subquery()
    these = select(_CONTACT.c.id).where(_CONTACT.c.call_id.in_(call_ids))
    await tally.spoil(unit, Of.CONTACTS, _days(table.c.contact_id.in_(these)))
    await unit.execute(update(table).where(table.c.contact_id.in_(these)).values(first_time=mine))


async def forget(unit: Unit, call_ids: Select[Any]) -> None:
    these = select(_CONTACT.c.id).where(_CONTACT.c.call_id.in_(call_ids))
    await tally.spoil(unit, Of.CONTACTS, _days(table.c.contact_id.in_(these)))
    await unit.execute(delete(table).where(table.c.contact_id.in_(these)))


def _days(these: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(table.c.day).where(these)
