"""Whatever is no answer of a passkey is refused, and fails in no other way."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.desk.access import Role
from ivr.errors import Refused
from ivr.records.account import Account
from ivr.records.passkey import Passkey
from ivr.records.passkey_proof import LONGEST_ANSWER, Site, registered, signed

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SITE = Site("localhost", "http://localhost:8116")
AYNUR = Account("1-a", "aynur", "Aynur", Role.COUNSELLOR, None, False, True, True, NOW)
THEIRS = Passkey("AAAA", AYNUR.id, "key", b"\xa0", 0, NOW)
PARTS = ("id", "rawId", "type", "response", "clientDataJSON", "attestationObject", "authenticatorData", "signature")
SAID = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["AAAA", "public-key", "e30"]),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(PARTS), part),
    max_leaves=16,
).map(json.dumps)
SHAPED = st.fixed_dictionaries({
    "id": st.just("AAAA"), "rawId": st.just("AAAA"), "type": st.just("public-key"),
    "response": st.dictionaries(st.sampled_from(PARTS), st.text("Aae30_-=", max_size=12)),
}).map(json.dumps)  # fmt: skip


@settings(max_examples=200)
@given(answer=st.one_of(st.text(max_size=99), SAID, SHAPED))
def test_whatever_is_no_answer_of_a_passkey_is_refused(answer: str) -> None:
    with pytest.raises(Refused):
        registered(SITE, b"challenge", answer, AYNUR, ("key", NOW))
    with pytest.raises(Refused):
        signed(SITE, b"challenge", answer, [THEIRS])


def test_an_answer_that_is_too_long_is_not_read() -> None:
    with pytest.raises(Refused, match="too long"):
        signed(SITE, b"challenge", "x" * (LONGEST_ANSWER + 1), [THEIRS])
