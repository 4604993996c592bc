"""Two programs on one PostgreSQL, either of them killed or frozen under load; and a server that goes and comes back."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr import call_log
from ivr.errors import HelplineError
from ivr.records import callback
from ivr.records.database import migrate, opened
from ivr.records.ledger import Reader, where
from ivr.telephony.sipp import until
from tests.postgres import Server
from tests.records.recorded import on_record
from tests.records.switch_log import FIRST_SECOND, SwitchLog, answered, promised

NODE = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from ivr.errors import HelplineError
from ivr.records import callback, database
from ivr.records.ledger import Reader

database.BUSY_TIMEOUT_MS = 1_500

async def main(url, ledger, now):
    async with database.opened(url) as rows:
        print("ready", flush=True)
        reader = Reader(rows, Path(ledger), batch_bytes=4_000)
        while True:
            try:
                await reader.catch_up()
                async with rows.reading() as unit:
                    due = [each.id for each in await callback.due(unit, now)]
                await asyncio.sleep(0.05)  # the other looks meanwhile
                for each in due:
                    async with rows.unit_of_work(alone=False) as unit:
                        number = await callback.claim(unit, each, now)
                    if number:
                        print(each, number, flush=True)
            except HelplineError as error:
                print("trouble", error, file=sys.stderr, flush=True)
            await asyncio.sleep(0.01)

asyncio.run(main(sys.argv[1], sys.argv[2], datetime.fromtimestamp(float(sys.argv[3]), UTC)))
"""
PROMISES = 60
TOGETHER = 6  # come at once, so that both nodes find the same ones due
NOW = FIRST_SECOND + 3_000


class Node:
    """A program that folds the ledger and claims what is due, until it is ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.claimed = process, list[str]()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            self.claimed.append(line.decode().strip())

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reading


async def node(url: str, ledger: Path) -> Node:
    argv = (sys.executable, "-c", NODE, url, str(ledger), str(NOW))
    return Node(await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE))


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_two_nodes_share_the_work_and_one_of_them_is_lost(
    blow: signal.Signals, postgresql_url: str, clean: None, ledger_path: Path
) -> None:
    ledger_path.touch()
    nodes = [await node(postgresql_url, ledger_path) for _ in range(2)]
    await until(lambda: all(each.claimed for each in nodes), 60, "both nodes")
    log, written, struck = SwitchLog(pace_s=0.5), 0, False
    try:
        for number in range(PROMISES):
            promised(log.call(), f"1795281000-{number:08x}", f"{number:032x}", hours=8)
            answered(log)
            if (number + 1) % TOGETHER:
                continue
            with ledger_path.open("ab") as file:
                file.writelines(line + b"\n" for line in log.lines[written:])
            written = len(log.lines)
            await until(partial(_have_claimed, nodes, number - TOGETHER), 60, "claims")
            if not struck and number > PROMISES / 2 and len(nodes[0].claimed) > 1:
                os.kill(nodes[0].process.pid, blow)
                struck = True
        assert struck
        await _all_done(postgresql_url, written)
    finally:
        for each in nodes:
            await each.end()
    told = [line for each in nodes for line in each.claimed if line != "ready"]
    assert len(told) == len(set(told)) >= PROMISES - 1  # the one that was lost may have claimed and not said so
    async with opened(postgresql_url) as rows:
        async with rows.reading() as unit:
            tried = list(await unit.execute(select(callback.attempts.c.callback_id, callback.attempts.c.number)))
            assert (await where(unit)).lines == written
        found = await on_record(rows)
    assert sorted(tried) == [(f"1795281000-{number:08x}", 1) for number in range(PROMISES)]
    assert [each["outcome"] for each in found["call"]].count("answered") == PROMISES


def _have_claimed(nodes: list[Node], promises: int) -> bool:
    return sum(len(each.claimed) for each in nodes) > promises


async def _all_done(url: str, lines: int) -> None:
    """Every promise is claimed, and the rows are as far as the ledger."""
    async with opened(url) as rows, asyncio.timeout(120):
        while True:
            async with rows.reading() as unit:
                claimed = list(await unit.execute(select(callback.attempts.c.number)))
                if len(claimed) >= PROMISES and (await where(unit)).lines >= lines:
                    return
            await asyncio.sleep(0.1)


WHILE_S = 0.5  # in which whoever is not made to wait has long been done


async def test_a_promise_that_one_node_is_claiming_is_not_anothers(database_url: str, ledger_path: Path) -> None:
    log, now = SwitchLog(), datetime.fromtimestamp(NOW, UTC)
    promise = promised(log.call(), hours=8)
    ledger_path.write_bytes(log.data)
    async with opened(database_url) as one, opened(database_url) as another:
        await Reader(one, ledger_path).catch_up()

        async def claims() -> int | None:
            async with another.unit_of_work(alone=False) as unit:
                return await callback.claim(unit, promise, now)

        async with one.unit_of_work(alone=False) as unit:
            assert await callback.claim(unit, promise, now) == 1
            other = asyncio.create_task(claims())
            await asyncio.wait({other}, timeout=WHILE_S)
        assert await other is None


async def test_what_one_node_is_folding_is_not_folded_by_another(database_url: str, ledger_path: Path) -> None:
    log = SwitchLog()
    answered(log)
    ledger_path.write_bytes(log.data)
    async with opened(database_url) as one, opened(database_url) as another:
        async with one.unit_of_work(alone=False) as unit:
            folding, _ = await Reader(one, ledger_path)._fold_batch(unit)
            assert folding.lines == len(log.lines)
            other = asyncio.create_task(Reader(another, ledger_path).read_batch())
            await asyncio.wait({other}, timeout=WHILE_S)
        assert await other == 0


@pytest.fixture
def server() -> Iterator[Server]:
    own = Server.new()
    own.start()
    yield own
    own.remove()


async def test_rows_catch_up_when_the_server_is_there_again(server: Server, ledger_path: Path) -> None:
    """Nobody on the line needs it: what happened meanwhile is in the file."""
    url = server.cluster.url("postgres")
    await asyncio.to_thread(migrate, url)
    log = SwitchLog()
    answered(log)
    ledger_path.write_bytes(log.data)
    async with opened(url) as rows:
        kept = call_log.CallLog(rows, ledger_path)
        lines = call_log.new_lines(kept, poll_s=0.05)
        await _until(lines, len(log.lines))
        server.stop()
        answered(log)
        ledger_path.write_bytes(log.data)
        with pytest.raises(HelplineError, match="cannot be used"):
            await call_log.count_calls(kept, call_log.Wanted())
        waiting = asyncio.create_task(_until(lines, len(log.lines) // 2))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        server.start()
        await asyncio.wait_for(waiting, 30)
        assert await call_log.count_calls(kept, call_log.Wanted()) == 2


async def _until(lines: AsyncIterator[int], count: int) -> None:
    seen = 0
    async for more in lines:
        seen += more
        if seen >= count:
            return
