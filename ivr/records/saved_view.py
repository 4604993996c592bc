"""Ways of looking at the call log that somebody keeps under a name: the filter as it stands in the address bar."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Column, String, Table, delete, func, select

from ivr.errors import Refused
from ivr.records.database import Unit, metadata, upsert

MOST = 30  # of one account
LONGEST_NAME, LONGEST_QUERY = 60, 500

table = Table(
    "saved_view",
    metadata,
    Column("account", String(80), primary_key=True),
    Column("name", String(LONGEST_NAME), primary_key=True),
    Column("query", String(LONGEST_QUERY), nullable=False),
)


@dataclass(frozen=True, slots=True)
class SavedView:
    account: str
    name: str
    query: str


async def keep(unit: Unit, view: SavedView) -> None:
    """Over the one of that name. Raises Refused when it is too long, or one too many."""
    if not 0 < len(view.name) <= LONGEST_NAME or len(view.query) > LONGEST_QUERY:
        raise Refused("A view needs a name, and not a long one.")
    others = select(func.count()).where(table.c.account == view.account, table.c.name != view.name)
    if (await unit.execute(others)).scalar_one() >= MOST:
        raise Refused(f"{MOST} views are kept at most.", remedy="Forget one first.")
    await upsert(unit, table, [asdict(view)])


async def forget(unit: Unit, account: str, name: str) -> None:
    await unit.execute(delete(table).where(table.c.account == account, table.c.name == name))


async def all(unit: Unit, account: str) -> list[SavedView]:  # noqa: A001  read as saved_view.all
    rows = await unit.execute(select(table).where(table.c.account == account).order_by(table.c.name))
    return [SavedView(**dict(row._mapping)) for row in rows]
