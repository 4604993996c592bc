"""Permissions, headers and errors of the whole site; how it is served."""

from __future__ import annotations

import asyncio
import gzip
import importlib
import re
import socket
from pathlib import Path

import httpx
import pytest
import structlog
import uvicorn
from fastapi import APIRouter, Request
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from ivr.errors import Conflict, HelplineError, NotFound, Refused, ScriptError, TelephonyError
from ivr.settings import Settings
from ivr.web.pages import TEMPLATES_DIR, Pages
from ivr.web.permission import Permission, allow
from ivr.web.pulse import Pulse
from ivr.web.site import Server, build, serve
from ivr.web.static_files import EDITION, FOR_EVER, STATIC_DIR, edition
from tests.web.conftest import Visit

CLOSED = Pulse(open=False)


def test_a_route_without_a_permission_stops_the_construction() -> None:
    router = APIRouter()
    router.add_api_route("/declared", lambda: None, dependencies=[allow(Permission.ANYBODY)])
    router.add_api_route("/forgotten", lambda: None)
    with pytest.raises(Refused, match="/forgotten") as refused:
        build(Pages(), router)
    assert "/declared" not in str(refused.value)


def test_what_could_hide_a_route_stops_the_construction() -> None:
    mounted, nested = APIRouter(), APIRouter()
    mounted.routes.append(Mount("/files", StaticFiles(directory=STATIC_DIR)))
    nested.include_router(APIRouter())
    for router in (mounted, nested):
        with pytest.raises(Refused):
            build(Pages(), router)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/nowhere"])
async def test_what_is_not_there_is_a_page_that_says_so(visit: Visit, path: str) -> None:
    async with visit(CLOSED) as browser:
        answer = await browser.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


@pytest.mark.parametrize("path", ["/", "/health", "/nowhere", "/static/style.css"])
async def test_every_answer_is_shielded(visit: Visit, path: str) -> None:
    async with visit(CLOSED) as browser:
        headers = (await browser.get(path)).headers
    _assert_shielded(headers)


def _assert_shielded(headers: httpx.Headers) -> None:
    policy = headers.get("Content-Security-Policy", "")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] in {"no-store", "no-cache"}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("secret"), 404),
        (Refused("secret"), 403),
        (Conflict("secret"), 409),
        (ScriptError("secret"), 500),
        (TelephonyError("secret"), 503),
        (RuntimeError("secret"), 500),
    ],
)
async def test_each_branch_of_errors_has_its_status_and_keeps_its_words(error: Exception, status: int) -> None:
    def fail() -> None:
        raise error

    router = APIRouter()
    router.add_api_route("/", fail, dependencies=[allow(Permission.ANYBODY)])
    transport = httpx.ASGITransport(build(Pages(), router), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        answer = await browser.get("/")
    assert answer.status_code == status
    assert "secret" not in answer.text
    assert '<html lang="az">' in answer.text
    _assert_shielded(answer.headers)


NUMBER = "+994000000031"


@pytest.mark.parametrize("kind", [RuntimeError, TelephonyError])
async def test_a_failure_is_logged_by_its_place_and_nothing_that_was_sent_is(
    kind: type[Exception], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A number in the path and in the error, a password in the form, a cookie; by the server itself, on a socket."""

    async def fail(request: Request, number: str) -> None:
        raise kind(f"{number} {await request.form()} {request.cookies}")

    router = APIRouter()
    router.add_api_route("/calls/{number}", fail, methods=["POST"], dependencies=[allow(Permission.ANYBODY)])
    with socket.create_server(("127.0.0.1", 0)) as listening, structlog.testing.capture_logs() as logs:
        server = Server(uvicorn.Config(build(Pages(), router), access_log=False, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/calls/{NUMBER}?of={NUMBER}"
        async with httpx.AsyncClient(cookies={"session": "a-cookie"}) as browser:
            answer = await browser.post(address, data={"password": "a-word"})
        server.should_exit = True
        await serving
    said = str(logs) + caplog.text + "".join(capfd.readouterr())
    assert [word for word in (NUMBER[1:], "a-word", "a-cookie") if word in said] == []
    assert answer.status_code >= 500
    assert [(told["event"], told["path"], told["kind"]) for told in logs] == [("web.failed", "/calls/…", kind.__name__)]
    assert re.fullmatch(r"test_site\.py:\d+", logs[0]["at"])


def test_every_branch_of_errors_has_a_status() -> None:
    from ivr.web.site import STATUS

    assert set(HelplineError.__subclasses__()) <= set(STATUS)


@pytest.mark.parametrize("path", ["/static/%00", "/static/..%2fsite.py", "/static/none.css", "/static/"])
async def test_files_are_given_from_one_folder_only(visit: Visit, path: str) -> None:
    async with visit(CLOSED) as browser:
        assert (await browser.get(path)).status_code == 404


async def test_a_form_sent_to_a_page_that_takes_none_is_refused(visit: Visit) -> None:
    async with visit(CLOSED) as browser:
        answer = await browser.post("/", content=b"\xff" * 1000)
    assert answer.status_code == 405
    assert answer.headers["Allow"]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


async def test_it_is_served_until_it_is_cancelled(settings: Settings) -> None:
    port = _free_port()
    serving = asyncio.create_task(serve(settings.model_copy(update={"web_port": port})))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as browser:
        answer = await _first_answer(browser)
    assert answer.json() == {"open": False}
    assert "server" not in answer.headers
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    socket.create_server(("127.0.0.1", port)).close()


async def _first_answer(browser: httpx.AsyncClient) -> httpx.Response:
    for _ in range(100):
        try:
            return await browser.get("/health")
        except httpx.ConnectError:
            await asyncio.sleep(0.05)
    raise AssertionError("it does not listen")


async def test_a_port_in_use_is_one_clear_sentence(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=f"port {port} on 127.0.0.1 cannot be used") as refused:
            await serve(settings.model_copy(update={"web_port": port}))
    assert "IVR_WEB_PORT" in refused.value.remedy


async def test_what_a_page_draws_with_is_kept_for_ever_under_the_address_of_its_edition(visit: Visit) -> None:
    async with visit(CLOSED) as browser:
        named = set(re.findall(r'"(/static/[^"]+)"', (await browser.get("/sign-in")).text))
        assert f"/static/{EDITION}/style.css" in named
        for address in named:
            answer = await browser.get(address)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, FOR_EVER), address


async def test_another_edition_gives_what_there_is_and_is_not_kept(visit: Visit) -> None:
    async with visit(CLOSED) as browser:
        answer = await browser.get("/static/0123456789abcdef/style.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.text == (STATIC_DIR / "style.css").read_text()


def test_an_edition_is_another_as_soon_as_a_file_says_something_else(tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text("1")
    first = edition(tmp_path)
    assert edition(tmp_path) == first
    (tmp_path / "one.js").write_text("2")
    assert edition(tmp_path) != first


def test_what_is_kept_for_ever_names_others_by_their_place_beside_it() -> None:
    for file in (*STATIC_DIR.glob("*.js"), STATIC_DIR / "style.css"):
        assert "/static/" not in file.read_text(), file.name
    for file in TEMPLATES_DIR.glob("*.html"):
        assert '"/static/' not in file.read_text(), file.name


def test_a_first_look_at_the_desk_is_small() -> None:
    """What a browser that has kept nothing fetches, beside the page itself: letters of the three languages, the style,
    the scripts of the desk."""
    texts = ("style.css", "desk.js", "paper.js", "categories.js", "seal.js", "telephone.js")
    fonts = ("inter-latin.woff2", "inter-azeri.woff2", "inter-cyrillic.woff2")
    packed = sum(len(gzip.compress((STATIC_DIR / name).read_bytes())) for name in texts)
    assert packed + sum((STATIC_DIR / name).stat().st_size for name in fonts) < 170_000


def test_the_letters_of_azerbaijani_come_in_a_file_of_their_own() -> None:
    css = (STATIC_DIR / "style.css").read_text()
    ranges = dict(re.findall(r'url\("(inter-[\w-]+)\.woff2"\).*?unicode-range: ([^;]+);', css, re.DOTALL))
    for letter in "əƏğĞıİşŞçÇöÖüÜ":
        assert _is_in(letter, ranges["inter-azeri"]) or _is_in(letter, ranges["inter-latin"]), letter
        assert not _is_in(letter, ranges["inter-latin-ext"]), letter
    letters = importlib.import_module("fontTools.ttLib")  # with what prints reports
    with letters.TTFont(STATIC_DIR / "inter-azeri.woff2") as font:
        assert {chr(code) for code in font.getBestCmap()} == set("əƏğĞİşŞ")


def _is_in(letter: str, ranges: str) -> bool:
    spans = (span.strip().removeprefix("U+").partition("-") for span in ranges.split(","))
    return any(int(first, 16) <= ord(letter) <= int(last or first, 16) for first, _, last in spans)
