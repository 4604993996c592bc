"""A page that is gone: the call that it was in is ended on the switch, and no other."""

from __future__ import annotations

import pytest

from ivr.page_call import let_go
from ivr.telephony.ami import connected
from tests.fake_ami import SECRET, USER, FakeAmi

GETVAR = "Response: Success\nActionID: @ID@\nVariable: CHANNEL(pjsip,call-id)\nValue: {}\n\n"
DONE = "Response: Success\nActionID: @ID@\nMessage: Channel Hungup\n\n"


@pytest.mark.parametrize(
    ("extension", "call", "ended"), [("102", "its-call", True), ("102", "another", False), ("101", "its-call", False)]
)
async def test_only_the_call_of_that_page_is_ended(extension: str, call: str, ended: bool) -> None:
    async with FakeAmi() as fake:
        fake.answers |= {"Getvar": GETVAR.format("its-call"), "Hangup": DONE}
        async with connected("127.0.0.1", fake.port, USER, SECRET) as switch:
            assert await let_go(switch, extension, call) is ended
        assert ("Hangup" in fake.done) is ended
