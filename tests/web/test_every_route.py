"""Whatever is asked of whichever page, by whomever: it is answered or refused, and never a failure of ours."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from ivr.desk.access import Role
from ivr.web.pages import TEMPLATES_DIR
from tests.gallery.views import routes
from tests.web.house import House

ODD = (
    "\0",
    "🙂" * 200,
    "\u202egnp.exe",
    "<script>alert(1)</script>",
    "-1",
    "9" * 30,
    "2026-13-45",
    "../../secrets.json",
    "x" * 5_000,
    "İıəğ' OR 1=1 --",
    "%00%ff",
)
NAMES = sorted(
    {name for page in TEMPLATES_DIR.glob("*.html") for name in re.findall(r'name="(\w+)"', page.read_text())}
)
NEVER_END = {"/desk/stream", "/board/events"}
SIGNS_OUT = {"/sign-out", "/account/sign-out"}
AWAY = 503  # the switch, which is not there


@pytest.mark.parametrize("role", Role)
async def test_whatever_is_asked_no_page_fails(house: House, role: Role) -> None:
    failed = list[str]()
    async with house.browser() as browser:
        await browser.enter(await house.add("somebody", role, "" if role is Role.ADMINISTRATOR else "101"))
        await browser.get("/account")
        for number, route in enumerate(each for each in routes(house.site()) if each.path not in NEVER_END | SIGNS_OUT):
            for names, odd in zip(
                (NAMES[::2], NAMES[1::2]), (ODD[number % len(ODD)], ODD[(number * 7 + 3) % len(ODD)]), strict=True
            ):
                path = re.sub(r"{\w+[^}]*}", quote(odd, safe=""), route.path)
                told = dict.fromkeys(names, odd[:500]) | {"form_token": browser.hidden["form_token"]}
                for method in sorted((route.methods or set()) & {"GET", "POST"}):
                    asked = dict.fromkeys(names, odd[:100])  # an address has an end
                    sent = {"params": asked} if method == "GET" else {"data": told}
                    answer = await browser.client.request(method, path, **sent)  # type: ignore[arg-type]
                    if answer.status_code >= 500 and answer.status_code != AWAY:
                        failed.append(f"{method} {route.path} {odd[:12]!r}: {answer.status_code}")
    assert failed == []


def test_the_forms_have_names() -> None:
    assert len(NAMES) > 30
