"""What is written down when a caller agrees to be called back, and whom we promise nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.flow.steps import AgeBand, Language, Safe, Session, Topic, Who
from ivr.promise import Promiser, policy_of
from ivr.records.keyring import Keyring
from ivr.records.promised import promise_of
from ivr.records.sealed import from_text, unseal
from ivr.telephony.events import Event, Kind
from ivr.telephony.numbers import PhoneNumber
from tests.conftest import PROJECT

NUMBER = "+994000001234"
NOW = 1_795_281_282.5
KEYRING = Keyring(sealing={"1": "ab" * 32})
SESSION = Session(
    "", language=Language.RU, topic=Topic.VIOLENCE, age_band=AgeBand.FROM_11_TO_14, safe=Safe.NOW, who=Who.CALLER
)


def promiser(*own: str) -> Promiser:
    return Promiser(KEYRING, policy_of(PROJECT / "callbacks/policy.toml"), own)


def words(session: Session = SESSION, number: str = NUMBER, *own: str) -> dict[str, str] | None:
    found = promiser(*own).promise(session, number, NOW)
    return dict(found) if found else None


def test_number_is_sealed_for_this_promise_and_stands_nowhere_else() -> None:
    told = words()
    assert told
    assert unseal(KEYRING.sealing_keys, from_text(told["number"]), told["id"]) == NUMBER
    assert NUMBER[4:] not in "&".join(told.values())
    assert told["caller"] == PhoneNumber(NUMBER).caller_hash(KEYRING.hash_key)


def test_words_make_a_row() -> None:
    told = words()
    assert told
    row = promise_of(Event(Kind.PROMISED, NOW, "hl-1795281282.7", words=told))
    assert row
    assert (row["topic"], row["only_caller"], row["call_id"]) == ("violence", True, "1795281282-000007")
    assert row["safe_from"] <= datetime.fromtimestamp(NOW, UTC) < row["safe_until"]


def test_words_are_short_enough_for_one_command() -> None:
    from ivr.attempt import query

    found = promiser().promise(SESSION, NUMBER, NOW)
    assert found
    assert len(query(found)) < 400
    assert not set(query(found)) & set(',"\\ ;')


@pytest.mark.parametrize(
    "number",
    [
        "",
        "112",
        "116111",
        "anonymous",
        "0900200300",
        "+994900123456",
        "+900900",
        "+12025550123",
        "00447700900123",
        "+994000001234;x",
        "050",
    ],
)
def test_number_that_we_would_not_ring_is_promised_nothing(number: str) -> None:
    assert words(number=number) is None


def test_line_does_not_ring_itself() -> None:
    assert words(SESSION, "0506802280", "+994506802280") is None


def test_number_is_read_as_it_is_dialled_at_home() -> None:
    told = words(number="0000001234")
    assert told is None or unseal(KEYRING.sealing_keys, from_text(told["number"]), told["id"]).startswith("+994")


def test_what_is_not_agreed_is_not_promised() -> None:
    assert words(replace(SESSION, safe=None)) is None
    assert words(replace(SESSION, who=None)) is None


def test_afternoon_is_over_in_the_evening() -> None:
    noon, evening = (datetime(2026, 11, 21, hour, tzinfo=UTC).timestamp() for hour in (8, 16))
    assert [promiser().afternoon_over(each) for each in (noon, evening)] == [False, True]


def test_without_a_policy_nothing_is_promised_and_nothing_breaks(tmp_path: Path) -> None:
    """Door 2 of a line that was opened by an older program, or whose file is damaged."""
    (tmp_path / "damaged.toml").write_bytes(b"\xff attempts")
    for name in ("missing.toml", "damaged.toml"):
        without = Promiser(KEYRING, policy_of(tmp_path / name))
        assert without.promise(SESSION, NUMBER, NOW) is None
        assert (without.countries, without.afternoon_over(NOW)) == ((), False)
