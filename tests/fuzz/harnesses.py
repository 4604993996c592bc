"""One function for each reader: bytes in; whatever it raises besides what it says it raises is a fault of ours."""

# ruff: noqa: E501  what is sent is on one line

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request

from ivr import catalogues
from ivr.calendar.read import read as read_calendar
from ivr.desk.catalogue import Catalogue
from ivr.desk.entry import own_path
from ivr.errors import HelplineError, ScriptError, TelephonyError
from ivr.flow.script import parse as parse_script
from ivr.flow.steps import unpack
from ivr.records.fold import begin, begins, fold
from ivr.reports.contact_rows import Reader
from ivr.routing.hours import Clock
from ivr.telephony import agi, ami, events, guesses
from ivr.telephony.page_guard import Guard
from ivr.web import form
from ivr.web.entrance import form_token, refuse_foreign
from tests.conftest import PROJECT

NOW = datetime(2026, 11, 29, tzinfo=UTC)
PEOPLE = {"101": "Aynur", "102": "Leyla"}


def agi_reader(data: bytes) -> None:
    """The header block, then replies line by line."""
    head, _, rest = data.partition(b"\n\n")
    with suppress(TelephonyError):
        agi.parse_header(head)
    reader = agi.ReplyReader()
    with suppress(TelephonyError):
        for line in rest.decode("latin-1").split("\n"):
            if (reply := reader.feed(line)) is not None:
                agi.read_heard(reply.data)
    with suppress(TelephonyError):
        agi.gosub("ask", "s", *rest.decode("latin-1").split("\n")[:8])


def ami_reader(data: bytes) -> None:
    for block in data.split(b"\r\n\r\n"):
        message = ami.parse(block)
        if message is not None:
            guesses.attempt(message.name, message.fields)
            with suppress(TelephonyError):
                ami.compose(dict(message.fields))


def ledger_reader(data: bytes) -> None:
    """Lines into events, events into the story of a call."""
    story = None
    for line in data.split(b"\n"):
        event = events.parse(line)
        if event is None:
            continue
        if story is None and begins(event):
            story = begin(event)
        story = fold(story, event) if story is not None else None


def flow_reader(data: bytes) -> None:
    with suppress(ScriptError):
        parse_script(data.decode("utf-8", "replace"))


def calendar_reader(data: bytes) -> None:
    with suppress(ScriptError):
        read_calendar(data.decode("utf-8", "replace"), PEOPLE, Clock(ZoneInfo("Asia/Baku")))


def contacts_reader(data: bytes) -> None:
    for _ in Reader(_lists(), NOW).read(iter(data.splitlines(keepends=True))):
        pass


def session_reader(data: bytes) -> None:
    for packed in (data.decode("latin-1"), urlsafe_b64encode(data).decode().rstrip("=")):
        if (session := unpack(packed)) is not None:
            assert unpack(session.pack()) == session


def request_reader(data: bytes) -> None:
    """Cookie, origin, where to go next, and a form's body, as a browser could send them."""
    head, _, body = data.partition(b"\n\n")
    headers = [
        (name.strip().lower(), value.strip()) for name, _, value in (row.partition(b":") for row in head.split(b"\n"))
    ]
    scope = {
        "app": None,
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": headers[0][1],
        "headers": headers,
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    request = Request(scope, receive)
    form_token(request.cookies.get("session", ""))
    with suppress(HelplineError):
        refuse_foreign(request)
    wanted = own_path(request.query_params.get("next", ""), "/")
    assert wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    with suppress(HTTPException):
        asyncio.run(form.read(request))


def page_reader(data: bytes) -> None:
    """What a telephone in a page says to the switch."""
    guard = Guard("101-page", "secret")
    with suppress(HelplineError):
        passed = guard.passed(data.decode("utf-8", "replace"))
        assert "secret" not in passed or b"secret" in data


@cache
def _lists() -> Mapping[str, Catalogue]:
    return catalogues.load_catalogues()


@dataclass(frozen=True, slots=True)
class Harness:
    one: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]


def _files(pattern: str) -> Callable[[], Iterator[bytes]]:
    return lambda: (path.read_bytes()[:20_000] for path in sorted(PROJECT.glob(pattern)))


def _told(*texts: str) -> Callable[[], Iterator[bytes]]:
    return lambda: (text.encode() for text in texts)


HARNESSES = {
    "agi": Harness(agi_reader, _told("agi_request: agi://127.0.0.1/incoming\nagi_callerid: +994000000001\n\n200 result=1 (OK:2)\nHANGUP\n520-Invalid\n520 End\n")),
    "ami": Harness(ami_reader, _files("tests/ami/*.txt")),
    "ledger": Harness(ledger_reader, _files("tests/cel/*.jsonl")),
    "flow": Harness(flow_reader, _files("ivr/flow/helpline.toml")),
    "calendar": Harness(calendar_reader, _told(
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=Asia/Baku:20261130T090000\n"
        "DTEND;TZID=Asia/Baku:20261130T170000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20270101T000000Z\n"
        "EXDATE;TZID=Asia/Baku:20261207T090000\nSUMMARY:101 Aynur\nEND:VEVENT\nEND:VCALENDAR\n")),
    "contacts": Harness(contacts_reader, _told(
        "received_at,channel,language,topic,chi_category,gender,age_band,first_time,counselling,summary\n"
        '2019-03-01T12:00,telephone,az,violence,,girl,11-14,yes,yes,"a ""quoted"" word"\n')),
    "session": Harness(session_reader, _told("eyJub2RlIjoibWFpbiIsImF0dGVtcHQiOjEsImxhc3QiOiJrZXkiLCJrZXlzIjoxfQ", json.dumps({"node": "main", "attempt": 1, "last": "key", "keys": 0, "language": "az", "facts": []}))),
    "request": Harness(request_reader, _told(
        "q:next=/desk\ncookie:session=abc; b=c\norigin:http://127.0.0.1\nhost:127.0.0.1\n"
        "content-type:multipart/form-data; boundary=x\n\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n",
        "q:next=//evil\ncontent-type:application/x-www-form-urlencoded\n\na=b&c=%ff")),
    "page": Harness(page_reader, _told(
        "REGISTER sip:127.0.0.1 SIP/2.0\r\nFrom: <sip:101-page@127.0.0.1>;tag=1\r\nTo: <sip:101-page@127.0.0.1>\r\n"
        'Authorization: Digest username="101-page", realm="asterisk", nonce="1", uri="sip:127.0.0.1", response="0"\r\n\r\n')),
}  # fmt: skip

KEPT = Path(__file__).parent / "crashes"
"""What once broke a reader, as KEPT/<harness>/<anything>; stays mended."""
