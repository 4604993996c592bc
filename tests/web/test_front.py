"""What the first page says."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from ivr.settings import Settings
from ivr.web.pulse import Pulse
from ivr.web.site import site
from tests.web.conftest import KnownPulse, Visit

OPEN = Pulse(open=True, phones=3, calls=1)
CLOSED = Pulse(open=False)


@pytest.mark.parametrize(
    ("pulse", "said"),
    [
        (OPEN, "A call would be answered right now"),
        (Pulse(open=True, phones=0, calls=0), "A caller would have to wait for a counsellor"),
        (CLOSED, "A call may not be answered right now"),
    ],
)
async def test_the_first_page_says_whether_a_call_would_be_answered(visit: Visit, pulse: Pulse, said: str) -> None:
    async with visit(pulse) as browser:
        assert f">{said}</h1>" in (await browser.get("/?lang=en")).text


async def test_numbers_and_address_are_those_of_the_flow(visit: Visit) -> None:
    async with visit(OPEN) as browser:
        page = (await browser.get("/")).text
    for number in ("116111", "+994 50 680 22 80", "+994 51 580 22 80", "+994 51 880 11 80", "+994 51 880 22 80"):
        assert f">{number}<" in page
    assert 'href="sip:116111@127.0.0.1"' in page


async def test_an_unusual_port_is_part_of_the_address(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"sip_port": 5070})
    transport = httpx.ASGITransport(site(elsewhere, KnownPulse(OPEN)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        assert 'href="sip:116111@127.0.0.1:5070"' in (await browser.get("/")).text


async def test_counts_are_shown_with_the_right_plural(visit: Visit) -> None:
    async with visit(Pulse(open=True, phones=21, calls=3)) as browser:
        page = (await browser.get("/?lang=ru")).text
    assert "<b>21</b> <span>телефон консультанта подключён<" in page
    assert "<b>3</b> <span>звонка на линии<" in page


async def test_what_is_not_known_is_said_not_guessed(visit: Visit) -> None:
    async with visit(Pulse(open=True)) as browser:
        page = (await browser.get("/?lang=en")).text
    assert page.count("is not known right now") == 2
    assert "<b>" not in page


async def test_a_closed_line_names_112_and_counts_nothing(visit: Visit) -> None:
    async with visit(CLOSED) as browser:
        page = (await browser.get("/?lang=en")).text
    assert "112 answers at any time" in page
    assert 'class="figures"' not in page


@pytest.mark.parametrize("flow", [None, b"\xff\xfe", b"[line]\nnumber = 116111"])
async def test_a_flow_that_cannot_be_read_leaves_the_page_standing(
    settings: Settings, tmp_path: Path, flow: bytes | None
) -> None:
    file = tmp_path / "helpline.toml"
    if flow is not None:
        file.write_bytes(flow)
    broken = settings.model_copy(update={"helpline_file": file})
    transport = httpx.ASGITransport(site(broken, KnownPulse(OPEN)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        answer = await browser.get("/?lang=en")
    assert answer.status_code == 200
    assert "Not known right now." in answer.text


@pytest.mark.parametrize(("pulse", "status"), [(OPEN, 200), (CLOSED, 503)])
async def test_a_monitor_is_told_in_json(visit: Visit, pulse: Pulse, status: int) -> None:
    async with visit(pulse) as browser:
        answer = await browser.get("/health")
        assert (answer.status_code, answer.json()) == (status, {"open": pulse.open})
        assert (await browser.head("/health")).status_code == status
