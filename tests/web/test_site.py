"""Permissions, headers and errors of the whole site; how it is served."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest
from fastapi import APIRouter
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from ivr.errors import Conflict, HelplineError, NotFound, Refused, ScriptError, TelephonyError
from ivr.settings import Settings
from ivr.web.pages import Pages
from ivr.web.permission import Permission, allow
from ivr.web.pulse import Pulse
from ivr.web.site import STATIC_DIR, build, serve
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
    policy = headers["Content-Security-Policy"]
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
