"""One fault after another under the same steady load, and what each did."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from sqlalchemy import select

from ivr import line as the_line
from ivr.errors import HelplineError
from ivr.records import call
from ivr.records.database import Database
from ivr.records.ledger import where
from ivr.telephony.sipp_message import Side
from tests.chaos.chaos_line import ChaosLine
from tests.chaos.crowd import Caller, Crowd, Desk, Talk, desk
from tests.chaos.lookout import Lookout, lookout
from tests.chaos.verdict import Bound, Figures, Heard, Row, Span, Talked, complaints, figures, strangers
from tests.chaos.witness import Witness

LIVELY_S = 15.0
RIGHT_WITHIN_S = 20.0
SETTLE_S = 3.0
DRAIN_S = 75.0
BEHIND_S = 2.0  # a row is not promised sooner
IN_A_ROW = 3
LOOK_EVERY_S = 0.15

SPARES_ALL = Bound()

Tell = Callable[[str], None]


@dataclass(slots=True)
class Stage:
    """Everything a fault may lay hands on. `said`: what it found wrong by itself."""

    line: ChaosLine
    crowd: Crowd
    desk: Desk
    lookout: Lookout
    witness: Witness
    said: list[str] = field(default_factory=list)
    over: set[str] = field(default_factory=set)  # calls that were on record as ended

    async def is_whole(self) -> bool:
        return await asyncio.to_thread(the_line.is_whole, self.line.settings)

    async def is_on_record(self) -> bool:
        """Whether every call that began more than two seconds ago has its row."""
        before = time.time() - BEHIND_S
        rows = await self.rows()
        return all(name in rows for name, at in self.witness.began.items() if at < before)

    async def rows(self) -> dict[str, bool]:
        """Every call on record, and whether it is over; none while the database cannot be read."""
        with suppress(HelplineError, TimeoutError):
            async with asyncio.timeout(2), _database(self.line) as database, database.reading() as unit:
                found = await unit.execute(select(call.table.c.id, call.table.c.ended_at))
                return {row.id: row.ended_at is not None for row in found}
        return {}

    async def unread(self) -> int:
        """Bytes of the ledger that are in no row yet."""
        async with _database(self.line) as database, database.reading() as unit:
            return self.line.settings.ledger_file.stat().st_size - (await where(unit)).place.offset

    async def reopened(self) -> int:
        """Calls that were on record as over before this fault, and no longer are."""
        rows = await self.rows()
        lost = {name for name in self.over if not rows.get(name)}
        self.over = {name for name, over in rows.items() if over}
        return len(lost)


@asynccontextmanager
async def _database(line: ChaosLine) -> AsyncIterator[Database]:
    database = Database(line.settings.database)
    try:
        yield database
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Fault:
    """`strike` returns when the fault is over, be it by the line's own doing or by a command it was told."""

    name: str
    what: str
    strike: Callable[[Stage], Awaitable[None]]
    bound: Bound = SPARES_ALL


@dataclass(frozen=True, slots=True)
class Round:
    fault: Fault
    span: Span
    talks: Sequence[Talk]
    said: Sequence[str]


@dataclass(frozen=True, slots=True)
class Result:
    """One fault's figures, and what is wrong with them: nothing, if it was borne."""

    name: str
    what: str
    figures: Figures
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_s` calls begin every second. After `within_s` no more faults begin. `patience`: how many times longer
    anything may take than is promised, on a machine with other work."""

    per_s: float
    within_s: float
    patience: float = 1.0


async def play(line: ChaosLine, faults: Sequence[Fault], pace: Pace, tell: Tell) -> list[Result]:
    """Each fault once, on a line that is open. The verdicts come at the end, when everybody has hung up."""
    last = time.monotonic() + pace.within_s
    async with _staged(line, pace.per_s) as stage:
        began, rounds = time.time(), list[Round]()
        for fault in faults:
            if time.monotonic() > last:
                tell(f"no time is left for {fault.name} and what comes after it")
                break
            tell(fault.what)
            rounds.append(await _round(stage, fault, began))
            began = rounds[-1].span.ended
            tell(_so_far(rounds[-1]))
        tell("until the last have hung up")
        await stage.crowd.stop(DRAIN_S)
        return await _judged(stage, rounds, pace.patience)


@asynccontextmanager
async def _staged(line: ChaosLine, per_s: float) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        witness = await stack.enter_async_context(Witness(line.state / "ledger/cel.jsonl").watching())
        phones = await stack.enter_async_context(desk(line, line.extensions))
        crowd = await stack.enter_async_context(Crowd(line, per_s).ringing())
        board = await stack.enter_async_context(lookout(line.settings, crowd, phones))
        yield Stage(line, crowd, phones, board, witness)


async def _round(stage: Stage, fault: Fault, began: float) -> Round:
    await _lively(stage)
    stage.said.clear()
    struck, talks = time.time(), stage.desk.talking()
    try:
        await fault.strike(stage)
    except (HelplineError, AssertionError) as error:
        stage.said.append(str(error))
    over = time.time()
    if not fault.bound.spares:  # a switch that is started anew knows none of the calls before
        stage.crowd.died_at = stage.desk.died_at = over
    board_s, right_s = await _right_again(stage, over)
    await asyncio.sleep(SETTLE_S)
    if changed := await stage.reopened():
        stage.said.append(f"{changed} calls that were over are on record as going on, or no more")
    return Round(fault, Span(began, struck, over, time.time(), board_s, right_s), talks, tuple(stage.said))


def _so_far(each: Round) -> str:
    """A line while one waits; the verdict comes at the end."""
    lasted, board, right = each.span.over - each.span.struck, each.span.board_s, each.span.right_s
    times = (f"{name} {'never' if s is None else f'{s:.1f} s'}" for name, s in (("board", board), ("all right", right)))
    return "; ".join((f"  lasted {lasted:.1f} s", f"{len(each.talks)} talked", *times, *each.said))


async def _lively(stage: Stage) -> None:
    """Until some talk, some are in the menus or wait, and the board says so."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LIVELY_S):
            while not (len(stage.desk.talking()) >= 2 and len(stage.crowd.up()) >= 5 and stage.lookout.is_right()):
                await asyncio.sleep(LOOK_EVERY_S)


async def _right_again(stage: Stage, over: float) -> tuple[float | None, float | None]:
    """How long after `over` the board was right, and everything."""
    looks = (_first(_board(stage), over), _first(stage.is_whole, over), _first(stage.is_on_record, over))
    board_s, *others = await asyncio.gather(*looks)
    every = [board_s, *others]
    return board_s, None if None in every else max(each for each in every if each is not None)


def _board(stage: Stage) -> Callable[[], Awaitable[bool]]:
    async def is_right() -> bool:
        return stage.lookout.is_right()

    return is_right


async def _first(look: Callable[[], Awaitable[bool]], over: float) -> float | None:
    """When it was so, and was so at the next looks too."""
    in_a_row, first = 0, 0.0
    while time.time() < over + RIGHT_WITHIN_S:
        await asyncio.sleep(LOOK_EVERY_S)
        now = time.time()
        is_so = await look()
        first = now if is_so and not in_a_row else first
        in_a_row = in_a_row + 1 if is_so else 0
        if in_a_row == IN_A_ROW:
            return first - over
    return None


async def _every_row(line: ChaosLine) -> list[Row]:
    """None where the record cannot be read: then every call is missed."""
    with suppress(AssertionError):
        return list(await asyncio.to_thread(line.calls))
    return []


async def _judged(stage: Stage, rounds: Sequence[Round], patience: float) -> list[Result]:
    await asyncio.sleep(BEHIND_S)
    rows = await _every_row(stage.line)
    rounds = [*rounds[:-1], replace(rounds[-1], span=replace(rounds[-1].span, ended=time.time()))]
    deaths = [each.span.over for each in rounds if not each.fault.bound.spares]
    results = [_result(stage, each, rows, deaths, patience) for each in rounds]
    if strange := strangers(stage.witness.began, rows):
        results = [*results[:-1], _with(results[-1], f"{strange} calls on record that the switch never saw")]
    return results


def _result(stage: Stage, each: Round, rows: Sequence[Row], deaths: Sequence[float], patience: float) -> Result:
    heard = [_heard(caller, each.span, deaths) for caller in stage.crowd.callers if caller.answered_at]
    talks = [Talked(talk.began, talk.was_cut) for talk in each.talks]
    found = figures(each.span, stage.witness.began, rows, heard, talks)
    wrong = (*each.said, *complaints(found, each.fault.bound.times(patience)))
    return Result(each.fault.name, each.fault.what, found, wrong)


def _with(result: Result, wrong: str) -> Result:
    return Result(result.name, result.what, result.figures, (*result.wrong, wrong))


def _heard(caller: Caller, span: Span, deaths: Sequence[float]) -> Heard:
    """`deaths`: when a switch died, and its calls with it."""
    answered, ended = caller.answered_at or 0.0, caller.ended_at
    gaps = caller.hearing.within(span.began, span.ended, ended or time.time()) if caller.hearing else []
    silence_s, silent_since = max(gaps, default=(0.0, 0.0))
    talked = caller.stays and _talked(caller)
    over = min((at for at in (ended, *deaths) if at and at > answered), default=None)
    return Heard(answered, over, caller.stays, caller.left_at is not None, talked, silence_s, silent_since)


def _talked(caller: Caller) -> bool:
    """Whether a counsellor hung up on them at the end of a talk: our phones do, and children who stay do not."""
    return caller.left_at is None and caller.live.log.ended_by is Side.THERE
