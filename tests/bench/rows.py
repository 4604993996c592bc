"""A database with very many rows, made by the database itself: as many calls as contacts, half of which called.

Shares are those that the helpline has published (DOMAIN); the rest is assumed, and named here. Everything follows from
a row's number, so every machine makes the same rows. Indexes are made when the rows are there, as a restore does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import create_async_engine

from ivr.records import call, contact, counted, wrapup
from ivr.records.database import Database

Tell = Callable[[str], None]
Shares = Mapping[str, int]
FIRST, SECONDS = 1_262_304_000, 504_921_600  # sixteen years from 2010 on
AT_ONCE = 500_000
WRITTEN_DOWN_UP_TO = 2_000_000  # of more contacts only every fifth is written down, so that it all fits on a disk
TABLES = (contact.table, call.table, counted.table, wrapup.table, wrapup.categories)  # who points at another before it
PRIME = 4_294_967_291
CODES = 67
TOPIC = {
    "psychological": 320,
    "social": 165,
    "other": 155,
    "violence": 145,
    "legal": 142,
    "education": 61,
    "health": 12,
}
GENDER = {"girl": 590, "boy": 290, "not_stated": 120}
AGE = {"15-18": 550, "11-14": 160, "0-10": 50, "adult": 240}
DIGITAL = {"instagram": 360, "facebook": 280, "webchat": 180, "app": 120, "email": 60}
FIRST_TIME = {"yes": 600, "no": 300, "unknown": 100}
LANGUAGE = {"az": 880, "ru": 100, "en": 20}
OUTCOME = {"answered": 500, "abandoned_in_menu": 300, "abandoned_in_queue": 140, "callback_promised": 40,
           "message_left": 15, "forwarded": 4, "lost": 1}  # fmt: skip
DIALLED = {"116111": 800, "+994506802280": 100, "+994515802280": 60, "+994518801180": 40}
PRIORITY = {"danger": 20, "high": 180, "normal": 800}
RISK = {"none": 500, "low": 200, "medium": 100, "high": 50, "immediate": 10, "": 140}
COUNSELLORS = {f"1{n:02}": 83 for n in range(1, 12)} | {"112": 87}
DONE = {"": 800, "letter": 80, "rehabilitation": 60, "invited": 40, "visit": 20}
OF_MENUS = '[{"step":"asked","at":"2025-07-01T10:00:04.000Z","menu":"language","attempt":1,"key":"1"},' \
           '{"step":"asked","at":"2025-07-01T10:00:09.000Z","menu":"topic","attempt":1,"key":""},' \
           '{"step":"ended","at":"2025-07-01T10:00:12.000Z","outcome":"abandoned_in_menu"}]'  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the one and the other kind of database say it. `n` is a row's number in all of these."""

    series: str
    padded: str
    hexadecimal: str
    moment: str
    json: str


SQLITE = Dialect(
    "(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s)",
    "printf('%08d', {0})", "printf('%08x', {0})", "strftime('%Y-%m-%d %H:%M:%S.000000', {0}, 'unixepoch')", "{0}",
)  # fmt: skip
POSTGRESQL = Dialect(
    "generate_series({first}::bigint, {last}::bigint) AS s(n)",
    "lpad(({0})::text, 8, '0')", "lpad(to_hex({0}), 8, '0')", "to_timestamp({0})", "CAST({0} AS json)",
)  # fmt: skip


class Maker:
    """What the columns of row number `n` hold, as SQL."""

    def __init__(self, said: Dialect, rows: int) -> None:
        self._said, self._rows = said, rows
        self.at = f"({FIRST} + n * {SECONDS} / {rows})"
        self.id = f"(CAST({self.at} AS text) || '-' || {said.padded.format('n')})"
        self.outcome = pick(1, OUTCOME)
        self.talked = f"({self.outcome} = 'answered')"
        self.topic, self.language, self.age = pick(2, TOPIC), pick(3, LANGUAGE), pick(4, AGE)
        self.contact = f"(CASE WHEN {self.talked} THEN {self.id} ELSE {self.id} || 'c' END)"
        self.category = f"('group-' || {dice(5, 10)} || '.sub-' || {dice(6, CODES)})"
        self.channel = f"(CASE WHEN {self.talked} THEN 'telephone' ELSE {pick(7, DIGITAL)} END)"
        self.first_time, self.gender, self.done = pick(8, FIRST_TIME), pick(9, GENDER), pick(10, DONE)
        self.number = dice(11, 5)

    def call(self) -> dict[str, str]:
        lost, waited = f"{self.outcome} = 'abandoned_in_menu'", f"{dice(12, 90_000)} / 1000.0"
        met = f"{self.outcome} IN ('answered', 'forwarded')"
        caller = self._said.hexadecimal.format(dice(13, max(2, self._rows // 5)))
        return {
            "id": self.id, "started_at": self.moment(), "ended_at": self.moment(f"5 + {dice(14, 900)}"),
            "dialled": pick(15, DIALLED), "language": self.language, "topic": self.topic, "age_band": self.age,
            "priority": pick(16, PRIORITY), "silent": f"({dice(17, 10)} < 3)", "outcome": self.outcome,
            "queue": f"(CASE WHEN {lost} THEN NULL ELSE {self.language} END)",
            "counsellor": f"(CASE WHEN {self.talked} THEN {pick(18, COUNSELLORS)} END)",
            "wait_s": f"(CASE WHEN {lost} THEN NULL ELSE {waited} END)",
            "talk_s": f"(CASE WHEN {met} THEN {dice(19, 1_800_000)} / 1000.0 END)",
            "steps": self._said.json.format(f"(CASE WHEN {lost} THEN '{OF_MENUS}' ELSE '[]' END)"),
            "state": "'ended'", "door": "1", "revision": "n / 50 + 1",
            "caller": f"(CASE WHEN {dice(20, 10)} > 0 THEN {caller} || '000000000000000000000000' END)",
        }  # fmt: skip

    def contacts(self) -> dict[str, str]:
        same = {"language": self.language, "topic": self.topic, "age_band": self.age, "first_time": self.first_time}
        called = f"(CASE WHEN {self.talked} THEN {self.id} END)"
        return same | {"id": self.contact, "received_at": self.moment(), "channel": self.channel, "call_id": called}

    def counted(self) -> dict[str, str]:
        same = {"language": self.language, "topic": self.topic, "age_band": self.age, "first_time": self.first_time}
        day = f"(CAST(({self.at} + 14400) / 86400 + 719163 AS integer))"
        written = {"ended": "'counselled'", "lists": "'2026-05'", "categories": self.category}
        own = {"contact_id": self.contact, "day": day, "channel": self.channel, "gender": self.gender}
        return same | own | written | {"actions": f"nullif({self.done}, '')"}

    def wrapups(self) -> dict[str, str]:
        nothing = {name: self._said.json.format("'[]'") for name in ("groups", "risk_yes", "actions", "referrals")}
        codes = self._said.json.format(f"('[\"' || {self.category} || '\"]')")
        return nothing | {
            "contact_id": self.contact, "number": "1", "at": self.moment("900"), "by": "'a'", "newest": "(1 = 1)",
            "ended": "'counselled'", "lists": "'2026-05'", "topic": self.topic, "categories": codes,
            "language": self.language, "age_band": self.age, "gender": self.gender, "region": "''", "caller": "''",
            "living": "''", "risk": f"nullif({pick(21, RISK)}, '')", "call_back": "(1 = 0)",
        }  # fmt: skip

    def categories(self) -> dict[str, str]:
        return {"code": self.category, "contact_id": self.contact}

    def moment(self, later: str = "0") -> str:
        return self._said.moment.format(f"{self.at} + {later}")

    def series(self, first: int, last: int) -> str:
        return self._said.series.format(first=first, last=last)


def dice(salt: int, sides: int) -> str:
    """From 0 to `sides` - 1, another one for each salt."""
    return f"(((n + {salt * 7919}) * {2_654_435_761 + salt * 1_597_334} % {PRIME}) / 7 % {sides})"


def pick(salt: int, shares: Shares) -> str:
    """One of them, by their shares of 1,000; what is left over is the first's."""
    ends, end = list[str](), 0
    for value, share in shares.items():
        end += share
        ends.append(f"WHEN {dice(salt, 1000)} < {end} THEN '{value}'")
    return f"(CASE {' '.join(ends)} ELSE '{next(iter(shares))}' END)"


async def fill(database: Database, rows: int, tell: Tell) -> None:
    """Rows in a new database, whose tables are there."""
    made = Maker(SQLITE if database.is_sqlite else POSTGRESQL, rows)
    for table in TABLES:
        await _drop_indexes(database, table)
    written = "1 = 1" if rows <= WRITTEN_DOWN_UP_TO else f"{made.number} = 0"
    for table, columns, where in (
        (call.table, made.call(), "1 = 1"), (contact.table, made.contacts(), "1 = 1"),
        (counted.table, made.counted(), "1 = 1"), (wrapup.table, made.wrapups(), written),
        (wrapup.categories, made.categories(), written),
    ):  # fmt: skip
        for first in range(0, rows, AT_ONCE):
            last = min(first + AT_ONCE, rows) - 1
            tell(f"{table.name}: {last + 1:,} of {rows:,} rows")
            await _insert(database, table.name, columns, f"FROM {made.series(first, last)} WHERE {where}")
    for table in TABLES:
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            tell(f"{index.name} is made")
            async with database.unit_of_work() as unit:
                await unit.run_sync(index.create)
    tell("statistics are made")
    await settle(database)


async def _insert(database: Database, table: str, columns: Mapping[str, str], rows: str) -> None:
    async with database.unit_of_work() as unit:
        if not database.is_sqlite:
            await unit.exec_driver_sql("SET LOCAL session_replication_role = replica")  # every call is there
        names = ", ".join(f'"{name}"' for name in columns)
        await unit.exec_driver_sql(f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())} {rows}")


async def _drop_indexes(database: Database, table: Table) -> None:
    """And on PostgreSQL keep no log of what could be made again: nobody restores these rows."""
    async with database.unit_of_work() as unit:
        for index in table.indexes:
            await unit.run_sync(index.drop)
        if not database.is_sqlite:
            await unit.exec_driver_sql(f"ALTER TABLE {table.name} SET UNLOGGED")


async def settle(database: Database) -> None:
    """As the database looks after itself in time: statistics, and which pages everybody may see."""
    if database.is_sqlite:
        async with database.unit_of_work() as unit:
            await unit.exec_driver_sql("PRAGMA optimize")
        return
    engine = create_async_engine(database.url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.exec_driver_sql("VACUUM (ANALYZE)")
    await engine.dispose()
