"""RFC 4475 and worse, to the real switch: it stands, answers at once, and a child's call goes through afterwards."""

from __future__ import annotations

import pytest

from tests.attacks.torture.messages import INVALID, NOT_IN_THE_RFC, VALID, told
from tests.attacks.wire import HERE, STRANGER, Wire, is_alive, say_on_tcp, tcp_ports
from tests.live.ears import Ears
from tests.live.line import LiveLine
from tests.live.test_faults import told_through
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

ALL = VALID | INVALID | NOT_IN_THE_RFC
# What is wrong in these is where the switch does not look, or what RFC 3261 lets it put right.
FORGIVEN = {"badinv01", "baddate", "escruri", "lwsstart", "badaspec", "baddn", "trws", "mcl01", "clerr"}


async def test_every_torture_message_leaves_the_switch_standing_and_the_next_call_goes_through(
    attacked: LiveLine,
) -> None:
    switch, taken = attacked.pid("switch"), dict[str, list[int]]()
    for number, (name, message) in enumerate(ALL.items()):
        for place, host in enumerate((STRANGER, HERE)):
            with Wire(attacked.address, host) as wire:
                await wire.ask(told(message, number * 10 + place), within_s=0.15)
                taken[f"{name} from {host}"] = [answer.status for answer in wire.answers]
        assert await is_alive(attacked.address), f"{name} over UDP"
    for port in tcp_ports(switch) - {int(attacked.env["IVR_AMI_PORT"]), int(attacked.env["IVR_ASTERISK_HTTP_PORT"])}:
        for number, (name, message) in enumerate(ALL.items()):
            await say_on_tcp(port, told(message, number * 10 + 5), within_s=0.05)
            assert await is_alive(attacked.address), f"{name} over TCP"
    assert attacked.pid("switch") == switch
    assert [name for name in INVALID.keys() - FORGIVEN if 200 in taken[f"{name} from {HERE}"]] == []
    assert [name for name in ALL if 200 in taken[f"{name} from {STRANGER}"]] == []
    row = await told_through(attacked, *keys("23"), ears=Ears())
    assert (row["language"], row["topic"]) == ("ru", "violence")


async def test_a_port_for_tcp_was_there_to_be_attacked(attacked: LiveLine) -> None:
    own = {int(attacked.env["IVR_AMI_PORT"]), int(attacked.env["IVR_ASTERISK_HTTP_PORT"])}
    assert tcp_ports(attacked.pid("switch")) - own
