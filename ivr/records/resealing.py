"""Everything that is sealed in the rows, sealed again with the newest key: a few rows at a time, while others work.

A value is changed only if it is still the one that was read, and one that has the newest key already is passed over. So
it may be cut off at any point and run again, by any number of programs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, LargeBinary, Row, and_, func, select, update

from ivr.errors import Refused
from ivr.records import account, callback, disclosure, draft, review, session, wrapup
from ivr.records.copying import tables
from ivr.records.database import Database, Unit
from ivr.records.draft import Of
from ivr.records.sealed import Keys, seal_bytes, unseal_bytes

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A sealed column, and for what a row's value is sealed."""

    column: Column[Any]
    about: Callable[[Row[Any]], str]


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many values have the newest key now that had another, and which stayed shut: table and row."""

    done: int = 0
    shut: tuple[str, ...] = ()

    def __add__(self, more: Resealed) -> Resealed:
        return Resealed(self.done + more.done, self.shut + more.shut)


PLACES = (
    Place(callback.table.c.number, lambda row: str(row.id)),
    Place(account.table.c.totp_secret, lambda row: account.about(row.id)),
    Place(session.table.c.offered, lambda row: session.about(row.id)),
    Place(draft.table.c.form, lambda row: Of(row.contact_id, row.account).about),
    Place(wrapup.table.c.summary, lambda row: wrapup.about(row.contact_id, row.number)),
    Place(review.table.c.remark, lambda row: review.about(row.contact_id, "remark")),
    Place(review.table.c.answer, lambda row: review.about(row.contact_id, "answer")),
    Place(disclosure.table.c.note, lambda row: disclosure.about(row.id, row.number)),
)
# Bytes that need no key: what a passkey shows to everybody, and what it has to sign.
OPEN = {("passkey", "public_key"), ("session", "challenge")}


def forgotten() -> list[str]:
    """Sealed columns that are not among `PLACES`: there must be none, or a change of keys would lose them."""
    known = {(place.column.table.name, place.column.name) for place in PLACES}
    sealed = ((table.name, each.name) for table in tables() for each in table.c if isinstance(each.type, LargeBinary))
    return [".".join(each) for each in sealed if each not in known | OPEN]


async def reseal(database: Database, keys: Keys) -> Resealed:
    """Raises Refused when there is a sealed column that nobody told of here."""
    if unknown := forgotten():
        raise Refused(f"Nobody knows how {', '.join(unknown)} is sealed.", remedy="Nothing was changed.")
    found = Resealed()
    for place in PLACES:
        found += await _reseal(database, keys, place)
    return found


async def _reseal(database: Database, keys: Keys, place: Place) -> Resealed:
    found, passed = Resealed(), 0
    while True:
        async with database.unit_of_work() as unit:
            rows = await _others(unit, keys, place, passed)
            for row in rows:
                found += await _reseal_one(unit, keys, place, row)
        passed = len(found.shut)
        if len(rows) < AT_ONCE:
            return found


async def _others(unit: Unit, keys: Keys, place: Place, passed: int) -> list[Row[Any]]:
    """The next values that another key sealed; `passed`: so many of them stay shut, and come first."""
    other = func.substr(place.column, 1, 1, type_=LargeBinary) != bytes((max(keys),))
    query = select(place.column.table).where(place.column.is_not(None), other)
    order = place.column.table.primary_key.columns
    return list(await unit.execute(query.order_by(*order).offset(passed).limit(AT_ONCE)))


async def _reseal_one(unit: Unit, keys: Keys, place: Place, row: Row[Any]) -> Resealed:
    sealed, table = row._mapping[place.column.name], place.column.table
    names = [column.name for column in table.primary_key.columns]
    try:
        again = seal_bytes(keys, unseal_bytes(keys, sealed, place.about(row)), place.about(row))
    except Refused:
        return Resealed(shut=(f"{table.name} {' '.join(str(row._mapping[name]) for name in names)}",))
    this = and_(place.column == sealed, *(table.c[name] == row._mapping[name] for name in names))
    changed = await unit.execute(update(table).where(this).values({place.column.name: again}))
    return Resealed(done=changed.rowcount)
