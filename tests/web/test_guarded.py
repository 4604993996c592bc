"""Every route, by everybody: what the answer says about itself, and what it refuses. The server too, byte by byte."""

# ruff: noqa: E501  what is sent is on one line

from __future__ import annotations

import asyncio
import errno
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from fastapi.routing import APIRoute

from ivr.desk.access import Role, may
from ivr.flow.prompts import sound_name
from ivr.settings import Settings
from ivr.web import form, patience
from ivr.web.permission import Permission, permission_of
from ivr.web.site import serve
from tests.gallery.views import routes
from tests.web.house import Browser, House

NEVER_END = {"/desk/stream", "/board/events"}
SIGNS_OUT = {"/sign-out", "/account/sign-out"}
EVERYBODYS = {"/", "/health", "/sign-in", "/static/{name}", "/static/{edition}/{name}", "/metrics"}
"""The last one for this machine alone (test_metrics.py)."""
LOOKS = {"GET", "HEAD"}
AWAY = 503  # the switch, which is not there
TOO_LONG, NOT_THEIRS = 413, 403
MUST_SAY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def paths(house: House, method: str) -> Iterator[tuple[APIRoute, str]]:
    """Every route that takes `method`, with something in its gaps."""
    for route in routes(house.site()):
        if method in (route.methods or set()) and route.path not in NEVER_END:
            yield route, re.sub(r"{\w+[^}]*}", "1-a", route.path)


def faults_of(answer: httpx.Response, path: str) -> list[str]:
    """What an answer does not say that it must."""
    headers, found = answer.headers, []
    policy = headers.get("Content-Security-Policy", "")
    wanted = ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'")
    found += [part for part in wanted if part not in policy]
    found += ["unsafe or open policy"] if "unsafe" in policy or "*" in policy else []
    found += [name for name, value in MUST_SAY.items() if headers.get(name) != value]
    found += ["Permissions-Policy"] if "camera=()" not in headers.get("Permissions-Policy", "") else []
    kept = "no-cache" if path.startswith("/static/") and answer.status_code < 400 else "no-store"
    found += ["Cache-Control"] if headers.get("Cache-Control") != kept else []
    found += [name for name in ("Server", "X-Powered-By", "Access-Control-Allow-Origin") if name in headers]
    for cookie in headers.get_list("Set-Cookie"):
        flags = cookie.lower()
        found += [f"cookie {flag}" for flag in ("httponly", "samesite=", "path=/") if flag not in flags]
        found += ["cookie secure"] if answer.url.scheme == "https" and "secure" not in flags else []
        found += ["cookie domain"] if "domain=" in flags else []
    return [f"{path} {answer.status_code}: {fault}" for fault in found]


@asynccontextmanager
async def inside(house: House, role: Role, scheme: str = "http") -> AsyncIterator[Browser]:
    async with house.browser(scheme) as browser:
        await browser.enter(await house.add("somebody", role, "" if role is Role.ADMINISTRATOR else "101"))
        await browser.get("/account")
        yield browser


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_every_answer_of_every_route_carries_its_shield(house: House, scheme: str) -> None:
    faults = list[str]()
    async with inside(house, Role.SUPERVISOR, scheme) as browser, house.browser(scheme) as stranger:
        for client in (browser.client, stranger.client):
            for method in ("GET", "POST", "DELETE"):
                for route, path in paths(house, "GET" if method == "DELETE" else method):
                    if route.path in SIGNS_OUT:
                        continue
                    answer = await client.request(method, path, headers={"Accept-Language": "en"})
                    faults += faults_of(answer, path)
        for path in (
            "/nowhere",
            "/static/style.css",
            "/static/1/style.css",
            "/static/none.css",
            "/static/1/none.css",
            "/static/..%2fsite.py",
            "/?lang=az",
            "/?language=az",
            "/calls?column=topic",
        ):
            answer = await stranger.client.get(path)
            faults += faults_of(await browser.client.get(path), path) + faults_of(answer, path)
            assert ("Strict-Transport-Security" in answer.headers) is (scheme == "https")
    assert faults == []


async def test_who_is_not_signed_in_gets_nothing_that_is_not_everybodys(house: House) -> None:
    got = list[str]()
    async with house.browser() as stranger:
        for method in ("GET", "POST"):
            for route, path in paths(house, method):
                answer = await stranger.client.request(method, path)
                if permission_of(route) is not Permission.ANYBODY and answer.status_code != 303:
                    got.append(f"{method} {path}: {answer.status_code}")
    assert got == []


def test_what_is_everybodys_is_written_down_here_too(house: House) -> None:
    """A page that is declared open by mistake is told by nothing else."""
    found = {route.path for route in routes(house.site()) if permission_of(route) is Permission.ANYBODY}
    assert found == EVERYBODYS


@pytest.mark.parametrize("role", Role)
async def test_nobody_gets_what_is_not_for_their_role(house: House, role: Role) -> None:
    got, refused = list[str](), 0
    async with inside(house, role) as browser:
        token = {"X-Form-Token": browser.hidden["form_token"]}
        for method in ("GET", "POST"):
            for route, path in paths(house, method):
                if not may(role, permission_of(route)):
                    answer = await browser.client.request(method, path, headers=token)
                    got += [f"{method} {path}: {answer.status_code}"] if answer.status_code != 403 else []
                    refused += 1
    assert got == []
    assert refused > 2


@pytest.mark.parametrize("role", Role)
async def test_no_form_is_taken_without_its_token_or_from_another_site(house: House, role: Role) -> None:
    taken = list[str]()
    async with inside(house, role) as browser:
        token = browser.hidden["form_token"]
        for route, path in paths(house, "POST"):
            if permission_of(route) is Permission.ANYBODY:
                continue
            for told, headers in (
                ({}, {}),
                ({"form_token": "0" * 64}, {}),
                ({"form_token": token}, {"Sec-Fetch-Site": "cross-site"}),
                ({"form_token": token}, {"Sec-Fetch-Site": "none"}),
            ):
                answer = await browser.client.post(path, data=told, headers=headers)
                if answer.status_code != 403:
                    taken.append(f"{path} {told} {headers}: {answer.status_code}")
    assert taken == []


async def test_a_host_that_is_not_ours_is_in_no_answer(house: House) -> None:
    async with inside(house, Role.SUPERVISOR) as browser:
        for headers in (
            {"Host": "evil.example"},
            {"X-Forwarded-Host": "evil.example"},
            {"Forwarded": "host=evil.example"},
        ):
            for _, path in paths(house, "GET"):
                for asked in (path, f"{path}/"):
                    answer = await browser.client.get(asked, headers=headers)
                    assert "evil.example" not in answer.text + str(answer.headers), asked


async def test_a_form_that_leads_on_leads_to_a_path_of_ours(house: House) -> None:
    """No redirect anywhere names a host, whatever `next` says."""
    async with inside(house, Role.SUPERVISOR) as browser:
        for _, path in paths(house, "GET"):
            for wanted in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
                answer = await browser.client.get(path, params={"next": wanted, "back": wanted})
                assert "evil.example" not in answer.headers.get("location", ""), path
                assert "javascript:" not in answer.headers.get("location", ""), path


METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "GETX")


async def test_a_method_that_no_route_takes_is_refused(house: House) -> None:
    async with inside(house, Role.SUPERVISOR) as browser:
        for _, path in paths(house, "GET"):
            for method in METHODS:
                answer = await browser.client.request(method, path)
                assert answer.status_code in {404, 405}, f"{method} {path}"


DEEP = "[" * 20_000 + "]" * 20_000
BODIES = (
    ("application/json", DEEP.encode()),
    ("application/json", b'{"a":' * 5000 + b"1" + b"}" * 5000),
    ("application/json", b"\xff\xfe{}"),
    ("application/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    ("application/x-www-form-urlencoded", b"&".join(b"f%d=1" % n for n in range(5000))),
    ("application/x-www-form-urlencoded", b"name=%ff%fe%00&a=\xd1\x80\xff\x00"),
    ("application/x-www-form-urlencoded; charset=utf-7", b"+ADw-script+AD4-=1"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"../../x\"\r\n\r\nb\r\n--x--\r\n"),
    ("multipart/form-data; boundary=" + "x" * 500, b"--x"),
    ("multipart/form-data", b""),
    ("", b"\x00" * 1000),
    ("text/plain", b"x" * (form.LONGEST_BODY + 1)),
)  # fmt: skip


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
async def test_whatever_body_is_sent_no_route_fails_and_what_is_too_long_is_refused(
    house: House, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form, "LONGEST", ())
    failed = list[str]()
    async with inside(house, role) as browser:
        for number, (route, path) in enumerate(one for one in paths(house, "POST") if one[0].path not in SIGNS_OUT):
            for kind, body in BODIES[number % 2 :: 2] + BODIES[-1:]:
                headers = {"X-Form-Token": browser.hidden["form_token"], "Content-Type": kind}
                answer = await browser.client.post(path, content=body, headers=headers)
                if answer.status_code >= 500 and answer.status_code != AWAY:
                    failed.append(f"{path} {kind} {body[:10]!r}: {answer.status_code}")
            answer = await browser.client.post(path, data={"form_token": "x" * form.LONGEST_BODY})
            permission = permission_of(route)
            is_read = permission in {Permission.ANYBODY, Permission.SIGNING_IN} or may(role, permission)
            if answer.status_code != (TOO_LONG if is_read else NOT_THEIRS):
                failed.append(f"{path} longer than may be sent: {answer.status_code}")
    assert failed == []


READ = ("from", "to", "until", "before", "after", "year", "week", "sort", "contact", "of", "phone", "missed", "q")
QUERIES = (
    "a=" + "x" * 60_000,
    "&".join(f"from={n}" for n in range(3000)),
    *("&".join(f"{name}={value}" for name in READ) for value in ("%ff%00", "%c3%28", "-1", "9999-12-31", "0" * 4_400)),
)
"""A number of more than 4,300 digits is one that Python does not read."""


async def test_a_query_of_any_length_and_bytes_fails_nowhere(house: House) -> None:
    failed = list[str]()
    async with inside(house, Role.SUPERVISOR) as browser:
        for _, path in paths(house, "GET"):
            for query in QUERIES:
                answer = await browser.client.get(f"{path}?{query}")
                if answer.status_code >= 500 and answer.status_code != AWAY:
                    failed.append(f"{path}?{query[:12]}: {answer.status_code}")
    assert failed == []


@pytest.mark.parametrize(
    "name", ["..%2f..%2ftold.json", "%2e%2e", "..", "/etc/passwd", "1-a%00", "....//", "%c0%ae%c0%ae", "told"]
)
async def test_no_name_in_an_address_leads_to_a_file(house: House, name: str) -> None:
    """Neither out of a folder, nor to what lies in it and has no name of ours."""
    told = json.dumps({"told": "secret-words " * 9})
    (house.settings.state_dir / "told.json").write_text(told)
    for place in (house.settings.sounds_dir / sound_name("told", "told"), house.settings.phone_takes_dir / "told"):
        place.parent.mkdir(parents=True)
        place.with_suffix(".wav").write_text(told)
    async with inside(house, Role.SUPERVISOR) as browser:
        for route in routes(house.site()):
            if "{" in route.path and "GET" in (route.methods or set()):
                answer = await browser.client.get(re.sub(r"{\w+[^}]*}", name, route.path))
                assert answer.status_code < 500 or answer.status_code == AWAY, route.path
                assert "secret-words" not in answer.text and "root:" not in answer.text, route.path


# From here on a real server on a real socket.


@pytest.fixture
async def port(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(patience, "HEAD_S", 0.5)
    monkeypatch.setattr(form, "BODY_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as free:
        found = int(free.getsockname()[1])
    serving = asyncio.create_task(serve(settings.model_copy(update={"web_port": found})))
    for _ in range(200):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", found)) == 0:
                break
        await asyncio.sleep(0.05)
    yield found
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def said(port: int, *pieces: bytes, every_s: float = 0.0, within_s: float = 5.0) -> tuple[bytes, float]:
    """What the server says until it hangs up, and after how many seconds it did; pieces are sent one by one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = time.monotonic()

    async def send() -> None:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(every_s)

    sending, heard = asyncio.create_task(send()), b""
    try:
        async with asyncio.timeout(within_s):
            with suppress(ConnectionResetError):  # hung up on while bytes were still on their way
                while more := await reader.read(65_536):
                    heard += more
    except TimeoutError:
        pytest.fail(f"not hung up on within {within_s:.0f} s; heard {heard[:100]!r}")
    finally:
        sending.cancel()
        writer.close()
    return heard, time.monotonic() - begun


async def test_the_pages_are_on_loopback_and_on_no_other_address(port: int) -> None:
    """All of 127.0.0.0/8 leads here: who listened on every address would be reached by this one too."""
    with socket.socket() as elsewhere:
        assert elsewhere.connect_ex(("127.0.0.2", port)) == errno.ECONNREFUSED


async def test_who_sends_a_head_byte_by_byte_or_nothing_is_hung_up_on(port: int) -> None:
    slow = [b"GET / HTTP/1.1\r\nHost: x\r\nX: ", *[b"y"] * 1000]
    for pieces in ([], slow, [b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", *slow]):
        _, after_s = await said(port, *pieces, every_s=0.05)
        assert after_s < 3


async def test_who_sends_a_body_byte_by_byte_is_refused(port: int) -> None:
    head = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2000\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
    heard, after_s = await said(port, head, *[b"a"] * 2000, every_s=0.05)
    assert b" 408 " in heard.split(b"\r\n")[0]
    assert after_s < 3


SECOND = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLING = {
    "both lengths": b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "two lengths": b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n" + SECOND,
    "a length that is none": b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n" + SECOND,
    "a strange encoding": b"POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n" + SECOND,
    "a space before the colon": b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length : 0\r\n\r\n" + SECOND,
    "a chunk size that is none": b"POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + SECOND,
    "a bare line end": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n" + SECOND,
    "no host": b"GET / HTTP/1.1\r\n\r\n" + SECOND,
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + SECOND,
    "a head without end": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000,
    "an address without end": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("what", SMUGGLING)
async def test_a_request_that_could_be_read_in_two_ways_is_refused_and_the_connection_ends(
    port: int, what: str
) -> None:
    heard, _ = await said(port, SMUGGLING[what], within_s=8)
    assert heard.count(b"HTTP/1.1 ") <= 1, heard[:400]
    assert not heard or heard.split(b" ")[1] in {b"400", b"403", b"404", b"414", b"422", b"431"}, heard[:100]
