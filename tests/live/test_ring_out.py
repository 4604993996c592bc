"""A counsellor rings out from their own phone, if they may, and only to numbers that may be rung."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Child, Press, Stay, Until, Wait
from ivr.telephony.sipp_scenario import Codec
from tests.live.ears import Ears
from tests.live.line import LiveLine, Row
from tests.live.test_mobiles import Carrier, carrier, wire
from tests.live.test_stories import CHILD_HZ, COUNSELLOR_HZ, keys

pytestmark = pytest.mark.live

NewLine = Callable[..., LiveLine]
PARENT = "0000000055"  # no network of Azerbaijan's begins so


@asynccontextmanager
async def outside(new_line: NewLine) -> AsyncIterator[Carrier]:
    async with carrier(new_line, ring_out_numbers="112,000XXXXXXX") as trunk:
        await asyncio.to_thread(trunk.line.run, "counsellors", "set", "101", "--rings-out")  # the line is open
        yield trunk


def rang_out(line: LiveLine) -> list[Row]:
    return line.rows("ring-outs")


async def until_over(line: LiveLine, count: int = 1) -> list[Row]:
    async with asyncio.timeout(20):
        while True:
            rows = await asyncio.to_thread(rang_out, line)
            if len([row for row in rows if row["ended_at"]]) >= count:
                return rows


def steps(number: str) -> list[Wait | Press]:
    """After *9: the words, then the number, key by key."""
    return [Wait(1.5), Press(number), Press("#")]


async def test_both_talk_and_it_is_on_record_with_its_contact_and_without_the_number(new_line: NewLine) -> None:
    async with outside(new_line) as trunk:
        line, ears = trunk.line, Ears()
        async with line.phone("101", talk_s=0.5).on(line.address, line.folder()):
            await asyncio.sleep(1)
            await line.call(*keys("10"), Stay(60))
            (contact,) = await line.new_rows()
        ringing = asyncio.create_task(
            line.dial(
                "101", "*9", *steps(PARENT),
                Until(lambda: ears.hears(COUNSELLOR_HZ), 20, "the parent's voice"), Wait(1),
                ears=ears, says=tone(CHILD_HZ),
            )
        )  # fmt: skip
        parent = await trunk.rings(PARENT)
        parent.answer()
        await parent.answered()
        await until(lambda: trunk.ears.hears(CHILD_HZ), 10, "the counsellor's voice at the parent's")
        await ringing
        (row,) = await until_over(line)
        wires, ledger = wire(trunk.handset), (line.state / "ledger/cel.jsonl").read_text()
        logs = "".join(path.read_text(errors="replace") for path in (line.state / "logs").iterdir())
        database = b"".join(path.read_bytes() for path in (line.state / "database").iterdir())
    assert (row["counsellor"], row["contact_id"], row["outcome"]) == ("101", contact["id"], "answered")
    assert row["talk_s"] >= 1
    assert "From: <sip:116111@" in wires
    assert "Demo" not in wires
    assert PARENT not in ledger + logs
    assert PARENT.encode() not in database


async def test_nobody_there_is_said_in_words(new_line: NewLine) -> None:
    async with outside(new_line) as trunk:
        ears = Ears()
        ringing = asyncio.create_task(trunk.line.dial("101", "*9", *steps("112"), Stay(30), ears=ears))
        (await trunk.rings("112")).refuse()
        await ringing
        (row,) = await until_over(trunk.line)
    assert (row["outcome"], row["talk_s"], row["contact_id"]) == ("busy", None, None)


async def test_counsellor_hangs_up_while_it_rings(new_line: NewLine) -> None:
    async with outside(new_line) as trunk:
        await trunk.line.dial("101", "*9", *steps(PARENT), Wait(3))
        await (await trunk.rings(PARENT)).ended()
        (row,) = await until_over(trunk.line)
    assert row["outcome"] == "given_up"


async def test_who_may_not_and_what_may_not_be_rung_is_refused_in_words(new_line: NewLine) -> None:
    async with outside(new_line) as trunk:
        line = trunk.line
        for extension, number in (("102", PARENT), ("101", "0990000055"), ("101", "00994000000055"), ("101", "")):
            ears = Ears()
            log = await line.dial(extension, "*9", *steps(number), Stay(30), ears=ears)
            assert log.answered_at is not None
            assert any(piece.loud for piece in ears.pieces)
        child = Child("*9", number="+994000000101", answer_within_s=10)
        refused = await child.call(line.address, line.folder())
        assert refused.answered_at is None
        assert not trunk.handset.calls
        assert rang_out(line) == []
        line.run("counsellors", "set", "101", "--no-rings-out")
        await line.dial("101", "*9", *steps(PARENT), Stay(30))
        assert not trunk.handset.calls


async def test_counsellor_who_joins_an_open_line_is_rung(new_line: NewLine) -> None:
    line = new_line()
    line.run("counsellors", "add", "104", "Demo 104", "-l", "en")
    phone = line.phone("104", talk_s=0.5, sound=Sound(Codec.ULAW))
    async with phone.on(line.address, line.folder()):
        await asyncio.sleep(5)  # the watch looks every four seconds
        await line.call(*keys("30"), Stay(60))
    (row,) = await line.new_rows()
    assert (row["counsellor"], row["outcome"]) == ("104", "answered")
    line.run("counsellors", "set", "104", "--inactive")
    assert "104" not in {row["extension"] for row in line.rows("phones")}
