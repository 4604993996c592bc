"""The line with its rows on PostgreSQL, which goes away and comes back while children ring."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from ivr.records.database import migrate
from ivr.telephony.sipp_child import Stay
from tests.live.test_callbacks import NUMBER, NewLine, desk, out, promise, take
from tests.live.test_stories import keys
from tests.postgres import Server

pytestmark = pytest.mark.live


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    own = Server.new()
    own.start()
    monkeypatch.setenv("IVR_DATABASE_URL", own.cluster.url("postgres"))
    yield own
    own.remove()


async def test_rows_are_on_a_server_that_goes_and_comes_back_and_no_child_notices(
    server: Server, new_line: NewLine
) -> None:
    await asyncio.to_thread(migrate, server.cluster.url("postgres"))
    async with out(new_line) as at:
        line = at.line
        assert not (line.state / "database/helpline.sqlite3").exists()
        async with line.phone("103", talk_s=0.4).on(line.address, line.folder()):
            await line.call(*keys("230"), Stay(90))
            (row,) = await line.new_rows()
            assert (row["outcome"], row["topic"], row["counsellor"]) == ("answered", "violence", "103")

        promise(line)
        async with desk(line).on(line.address, line.folder()) as counsellor:
            call = await take(counsellor)
            ringing = await at.rings()
            assert ringing.invite.startswith(f"INVITE sip:{NUMBER}@")
            ringing.answer()
            await ringing.answered()
            await at.until_state("kept")
            call.hang_up()
            await ringing.ended()
        before = {each["id"] for each in await line.new_rows([row["id"]])} | {row["id"]}

        server.stop()
        since = len(line.events())
        async with line.phone("103", talk_s=0.4).on(line.address, line.folder()):
            await line.call(*keys("210"), Stay(90))
        assert any(event["eventtype"] == "BRIDGE_ENTER" for event in line.events()[since:])
        assert "cannot be used" in line.run("calls", code=1)
        server.start()
        (meanwhile,) = await line.new_rows(before)
        assert (meanwhile["outcome"], meanwhile["topic"]) == ("answered", "psychological")
