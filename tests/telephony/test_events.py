"""Lines of the switch's log as events: the captured ones, and every sort of rubbish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.telephony.events import LONGEST_LINE, Event, Kind, parse

CAPTURED = (Path(__file__).parent.parent / "cel/rescue-ru-answered.jsonl").read_bytes().splitlines()
FIELDS: dict[str, Any] = json.loads(CAPTURED[0])


def line(**changes: object) -> bytes:
    return json.dumps(FIELDS | changes).encode()


def test_every_captured_line_is_an_event() -> None:
    kinds = [event.kind for event in map(parse, CAPTURED) if event]
    assert kinds[:5] == [Kind.CHAN_START, Kind.ANSWER, Kind.ASKED, Kind.DECIDED, Kind.APP_START]
    assert len(kinds) == 16
    assert Kind.OTHER not in kinds


def test_a_step_of_the_flow_carries_its_words_and_keeps_a_key_that_was_not_pressed() -> None:
    event = parse(line(eventtype="asked", eventextra='{"extra":"menu=topic&attempt=2&key="}'))
    assert event
    assert event.kind is Kind.ASKED
    assert event.words == {"menu": "topic", "attempt": "2", "key": ""}


def test_a_bridge_event_carries_its_bridge_and_other_events_carry_none() -> None:
    entered = parse(CAPTURED[8])
    assert entered
    assert (entered.kind, entered.bridge) == (Kind.BRIDGE_ENTER, "5aa08b57-c905-4961-b564-593bf795046e")
    assert entered.of_first_channel
    assert [event.bridge for event in map(parse, CAPTURED[:5]) if event] == [""] * 5


def test_a_mark_of_ours_needs_nothing_but_its_time() -> None:
    assert parse(b'{"eventtype":"SWITCH_START","eventtime":1795281282.5}') == Event(Kind.SWITCH_START, 1795281282.5)


def test_an_event_we_do_not_use_is_an_event_all_the_same() -> None:
    event = parse(line(eventtype="BLINDTRANSFER"))
    assert event
    assert event.kind is Kind.OTHER


def test_a_torn_line_gives_up_the_whole_one_glued_to_it() -> None:
    assert parse(CAPTURED[3][:70] + CAPTURED[0]) == parse(CAPTURED[0])


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"\x00" * 40,
        b"null",
        b"[]",
        b"7",
        b'{"eventtype":',
        b"[" * 10_000,
        b'{"eventtype":"CHAN_START"}',
        b'{"eventtype":"SWITCH_START"}',
        line(eventtype=7),
        line(eventtype=None),
        line(eventtime="1795281282.4"),
        line(eventtime=True),
        line(eventtime=-1.0),
        line(eventtime=1e300),
        CAPTURED[0].replace(b"1795281282.404359", b"NaN"),
        CAPTURED[0].replace(b"1795281282.404359", b"Infinity"),
        CAPTURED[0].replace(b"1795281282.404359", b"9" * 5_000),
        line(linkedid=""),
        line(linkedid="hl-x.y"),
        line(linkedid=None),
        line(uniqueid="1; drop table call"),
        line(uniqueid=[]),
        line(channame={}),
        line(exten="1\x00"),
        line(exten="1" * 5_000),
        line(appname="x" * LONGEST_LINE),
        line(userfield="x" * LONGEST_LINE),
        CAPTURED[0][:-1],
    ],
)
def test_rubbish_is_no_event(rubbish: bytes) -> None:
    assert parse(rubbish) is None


@pytest.mark.parametrize("missing", ["linkedid", "uniqueid", "channame", "exten", "context", "appname", "eventextra"])
def test_an_event_with_a_field_missing_is_rubbish(missing: str) -> None:
    assert parse(json.dumps({name: value for name, value in FIELDS.items() if name != missing}).encode()) is None


@pytest.mark.parametrize(
    "extra",
    ["", "x", "7", "[]", '{"extra":7}', '{"extra":"%ff%00&&=&==&a"}', '{"extra":"' + "&".join("abcdefgh" * 9) + '"}'],
)
def test_a_step_with_strange_words_is_still_a_step(extra: str) -> None:
    event = parse(line(eventtype="asked", eventextra=extra))
    assert event
    assert event.kind is Kind.ASKED


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise(rubbish: bytes) -> None:
    parse(rubbish)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*FIELDS, "else"]), JSON), st.sampled_from(list(Kind)))
def test_no_wrong_type_raises(changes: dict[str, object], kind: Kind) -> None:
    event = parse(json.dumps(FIELDS | {"eventtype": kind.value} | changes).encode())
    assert event is None or isinstance(event, Event)


@settings(deadline=None)
@given(st.sampled_from(CAPTURED), st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_no_damage_to_a_real_line_raises(real: bytes, at: int, damage: bytes) -> None:
    parse(real[:at] + damage + real[at + len(damage) :])
