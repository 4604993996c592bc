"""Signing in and out, as a person at a browser does it, over a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ivr import accounts
from ivr.accounts import By, Role
from ivr.desk.access import HOME
from ivr.records.database import opened
from ivr.settings import Settings
from ivr.signing import Account, office
from ivr.web import form
from ivr.web.entrance import Entrance
from ivr.web.pages import Pages
from ivr.web.permission import Permission, allow
from ivr.web.site import build
from tests.web.house import PASSWORD, Browser, House


@pytest.fixture
async def house(database_url: str, settings: Settings) -> AsyncIterator[House]:
    """On both kinds of database: who is first counts here."""
    async with opened(database_url) as database:
        yield House(settings, database)


def _path(answer: httpx.Response) -> str:
    return answer.url.path


async def _again(browser: Browser, name: str = "aynur") -> httpx.Response:
    """A later sign-in, with password and code."""
    browser.house.later(minutes=1)
    await browser.sign_in(name, PASSWORD)
    return await browser.send("/sign-in/code", code=browser.code())


async def test_what_somebody_types_into_an_address_is_not_on_record(house: House) -> None:
    async with house.browser() as aynur:
        await aynur.enter(await house.add("aynur", extension="101"))
        assert (await aynur.get("/callbacks/+994000007636/number")).status_code == 403
        assert (await aynur.get("/callbacks/1795281000-0000000a/number")).status_code == 403
    told = [about for _, deed, about in await house.deeds() if deed == "not_permitted"]
    assert told == ["/callbacks/…/number", "/callbacks/1795281000-0000000a/number"]


async def test_a_first_sign_in_changes_the_password_and_sets_up_a_telephone(house: House) -> None:
    given = await house.add("aynur", extension="101")
    async with house.browser() as browser:
        page = await browser.sign_in("Aynur", given.one_time_password)
        assert _path(page) == "/account/password"
        page = await browser.send("/account/password", old=given.one_time_password, new=PASSWORD, again=PASSWORD)
        assert _path(page) == "/sign-in/set-up"
        page = await browser.set_up()
        assert _path(page) == "/desk"
        assert "No call is with you now" in page.text
    said = [deed for _, deed, _ in await house.deeds()]
    assert said == ["account_added", "password_changed", "factor_set_up", "signed_in"]


@pytest.mark.parametrize("role", Role)
async def test_nothing_else_is_open_before_that_is_done(house: House, role: Role) -> None:
    given = await house.add("aynur", role)
    async with house.browser() as browser:
        await browser.sign_in("aynur", given.one_time_password)
        assert _path(await browser.get(HOME[role])) == "/account/password"
        assert _path(await browser.get("/sign-in/set-up")) == "/account/password"
        await browser.send("/account/password", old=given.one_time_password, new=PASSWORD, again=PASSWORD)
        assert _path(await browser.get("/account")) == "/sign-in/set-up"
        assert _path(await browser.get(HOME[role])) == "/sign-in/set-up"


async def test_a_one_time_password_works_until_it_is_changed_and_not_after(house: House) -> None:
    given = await house.add("aynur")
    async with house.browser() as browser:
        await browser.enter(given)
    async with house.browser() as another:
        assert (await another.sign_in("aynur", given.one_time_password)).status_code == 422


async def test_a_later_sign_in_asks_for_a_code_and_a_code_works_once(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        assert _path(await _again(browser)) == "/desk"
        used = browser.code()
        await browser.sign_in("aynur", PASSWORD)  # signed in already: led on
    async with house.browser() as another:
        page = await another.sign_in("aynur", PASSWORD)
        assert _path(page) == "/sign-in/code"
        assert _path(await another.get("/desk")) == "/sign-in/code"
        page = await another.send("/sign-in/code", code=used)
        assert page.status_code == 422
        assert "Each code works once" in page.text
        assert ("aynur", "code_failed", "") in await house.deeds()
        house.later(seconds=30)
        another.secret = browser.secret
        assert _path(await another.send("/sign-in/code", code=another.code())) == "/desk"


async def test_an_earlier_code_is_not_accepted_after_a_later_one(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        house.later(minutes=1)
        earlier = browser.code()
        house.later(seconds=30)
        await browser.client.post("/sign-out", data=browser.hidden)
        await browser.sign_in("aynur", PASSWORD)
        await browser.send("/sign-in/code", code=browser.code())
        await browser.send("/sign-out")
        await browser.sign_in("aynur", PASSWORD)
        assert (await browser.send("/sign-in/code", code=earlier)).status_code == 422


@pytest.mark.parametrize(("name", "password"), [("aynur", "not this one"), ("nobody", PASSWORD), ("a\x00b", "x")])
async def test_wrong_names_and_wrong_passwords_look_the_same(house: House, name: str, password: str) -> None:
    await house.add("aynur")
    async with house.browser() as browser:
        page = await browser.sign_in(name, password)
    assert page.status_code == 422
    assert "The name or the password is not right." in page.text
    assert password not in page.text.replace('name="x"', "") or len(password) == 1
    assert "session" not in browser.client.cookies


async def test_what_was_typed_stays_but_not_a_password(house: House) -> None:
    async with house.browser() as browser:
        page = await browser.sign_in('ay"<b>nur', "a secret of mine")
    assert 'value="ay&#34;&lt;b&gt;nur"' in page.text
    assert "a secret of mine" not in page.text
    assert ("?", "sign_in_failed", "") in await house.deeds()


async def test_attempts_are_heard_ever_more_seldom(house: House) -> None:
    given = await house.add("aynur")
    async with house.browser() as browser:
        waits = [await _wrong(browser) for _ in range(6)]
        assert waits == [0, 0, 0, 0, 0, 2]
        refused = await browser.sign_in("aynur", given.one_time_password)
        assert refused.status_code == 429  # the right one is not heard either
        house.later(seconds=2)
        assert await _wrong(browser) == 0
        assert await _wrong(browser) == 4
        house.later(seconds=4)
        assert _path(await browser.sign_in("aynur", given.one_time_password)) == "/account/password"


async def _wrong(browser: Browser, name: str = "aynur") -> int:
    """Seconds to wait after one more wrong password."""
    page = await browser.sign_in(name, "not this one")
    assert page.status_code == (429 if "retry-after" in page.headers else 422)
    return int(page.headers.get("retry-after", 0))


async def test_many_at_once_are_no_way_round_the_wait(house: House) -> None:
    await house.add("aynur")
    async with house.browser() as browser:
        posts = (browser.client.post("/sign-in", data={"name": "aynur", "password": f"guess {i}"}) for i in range(12))
        statuses = [answer.status_code for answer in await asyncio.gather(*posts)]
    assert sorted(statuses) == [422] * 5 + [429] * 7


async def test_one_address_cannot_try_many_names(house: House) -> None:
    given = await house.add("aynur")
    async with house.browser(address="192.0.2.1") as browser:
        waits = [await _wrong(browser, f"name{i}") for i in range(21)]
    assert waits == [0] * 20 + [2]
    async with house.browser(address="192.0.2.2") as elsewhere:
        assert (await elsewhere.sign_in("aynur", given.one_time_password)).status_code == 200


async def test_codes_are_throttled_too(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
    async with house.browser() as browser:
        await browser.sign_in("aynur", PASSWORD)
        statuses = [(await browser.send("/sign-in/code", code="000000")).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


async def test_a_session_ends_when_nobody_was_there_for_half_an_hour(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        for _ in range(3):
            house.later(minutes=29)
            assert _path(await browser.get("/desk")) == "/desk"
        house.later(minutes=30)
        assert _path(await browser.get("/desk")) == "/sign-in"
    assert ("aynur", "idled_out", "") in await house.deeds()


async def test_nobody_is_idle_in_a_call(house: House) -> None:
    async def talking(person: Account) -> bool:
        return person.name == "aynur"

    house.in_call = talking
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        house.later(hours=2)
        assert _path(await browser.get("/desk")) == "/desk"


async def test_who_has_given_no_code_has_ten_minutes(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
    async with house.browser() as browser:
        await browser.sign_in("aynur", PASSWORD)
        house.later(minutes=10)
        assert _path(await browser.get("/desk")) == "/sign-in"


async def test_a_stolen_cookie_is_refused_after_signing_out_and_is_on_record(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        stolen = browser.client.cookies["session"]
        page = await browser.send("/sign-out")
        assert _path(page) == "/sign-in"
        assert "session" not in browser.client.cookies
    async with house.browser() as thief:
        for _ in range(2):
            thief.client.cookies.set("session", stolen)
            house.later(seconds=1)
            assert _path(await thief.get("/desk")) == "/sign-in"
    assert (await house.deeds())[-1] == ("aynur", "ended_session_used", "signed_out")
    assert sum(deed == "ended_session_used" for _, deed, _ in await house.deeds()) == 1


async def test_every_step_gives_another_cookie_and_none_is_in_the_database(house: House) -> None:
    given = await house.add("aynur")
    async with house.browser() as browser:
        seen = []
        await browser.sign_in("aynur", given.one_time_password)
        seen.append(browser.client.cookies["session"])
        await browser.send("/account/password", old=given.one_time_password, new=PASSWORD, again=PASSWORD)
        seen.append(browser.client.cookies["session"])
        await browser.set_up()
        seen.append(browser.client.cookies["session"])
    assert len(set(seen)) == 3
    kept = "".join(str(row) for row in await _everything(house))
    for secret in (*seen, PASSWORD, given.one_time_password, browser.secret):
        assert secret not in kept


async def _everything(house: House) -> list[object]:
    async with house.database.reading() as unit:
        tables = ("account", "session", "attempt", "audit")
        return [row for name in tables for row in await unit.execute(text(f"SELECT * FROM {name}"))]  # noqa: S608


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
async def test_the_cookie_is_for_this_site_and_no_script(house: House, scheme: str, secure: bool) -> None:
    given = await house.add("aynur")
    async with house.browser(scheme) as browser:
        await browser.get("/sign-in")
        fields = {"name": "aynur", "password": given.one_time_password}
        told = (await browser.client.post("/sign-in", data=fields)).headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=strict" in told
    assert "path=/" in told
    assert "max-age" not in told
    assert "domain" not in told
    assert ("secure" in told) is secure


async def test_signing_out_everywhere_ends_the_other_browser_too(house: House) -> None:
    async with house.browser() as one, house.browser() as other:
        await one.enter(await house.add("aynur"))
        other.secret = one.secret
        await _again(other)
        await one.get("/account")
        await one.send("/account/sign-out")
        assert _path(await other.get("/desk")) == "/sign-in"


async def test_signing_in_over_somebody_else_ends_their_session(house: House) -> None:
    theirs = await house.add("leyla")
    async with house.browser() as browser, house.browser() as thief:
        await browser.enter(await house.add("aynur"))
        before = browser.client.cookies["session"]
        fields = {"name": "leyla", "password": theirs.one_time_password}
        await browser.client.post("/sign-in", data=fields)
        thief.client.cookies.set("session", before)
        assert _path(await thief.get("/desk")) == "/sign-in"


async def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        entrance = Entrance(office(house.settings, house.database), lambda: house.now)
        router = APIRouter()
        router.add_api_route("/asks", lambda: None, dependencies=[allow(Permission.SEE_DESK, passive=True)])
        transport = httpx.ASGITransport(build(Pages(), router, entrance=entrance))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as script:
            script.cookies.set("session", browser.client.cookies["session"])
            statuses = []
            for _ in range(4):
                statuses.append((await script.get("/asks")).status_code)
                house.later(minutes=10)
    assert statuses == [200, 200, 200, 303]


async def test_a_changed_password_ends_the_other_browser(house: House) -> None:
    async with house.browser() as one, house.browser() as other:
        await one.enter(await house.add("aynur"))
        other.secret = one.secret
        await _again(other)
        await one.get("/account/password")
        new = "five other quiet words here"
        page = await one.send("/account/password", old=PASSWORD, new=new, again=new)
        assert "The password is changed." in page.text
        assert _path(await other.get("/desk")) == "/sign-in"
        assert _path(await one.get("/desk")) == "/desk"


LONG = "four quiet words and many more of them " * 4


@pytest.mark.parametrize("letters", [12, 128])
async def test_a_password_is_as_long_or_short_as_it_may_be(house: House, letters: int) -> None:
    now = (await house.add("aynur")).one_time_password
    async with house.browser() as browser:
        await browser.sign_in("aynur", now)
        page = await browser.send("/account/password", old=now, new=LONG[:letters], again=LONG[:letters])
    assert _path(page) == "/sign-in/set-up"


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong", PASSWORD, PASSWORD, "This is not your present password."),
        (None, "short", "short", "At least 12 characters."),
        (None, LONG[:11], LONG[:11], "At least 12 characters."),
        (None, LONG[:129], LONG[:129], "At most 128 characters."),
        (None, "abababababab", "abababababab", "Too easy to guess."),
        (None, "aynur is my name", "aynur is my name", "Too easy to guess."),
        (None, PASSWORD, PASSWORD + " ", "The two are not the same."),
        (None, None, None, "The new password is the old one."),
    ],
)
async def test_a_password_that_will_not_do_says_why(
    house: House, old: str | None, new: str | None, again: str | None, said: str
) -> None:
    given = await house.add("aynur")
    now = given.one_time_password
    async with house.browser() as browser:
        await browser.sign_in("aynur", now)
        page = await browser.send("/account/password", old=old or now, new=new or now, again=again or now)
    assert page.status_code == 422
    assert said in page.text


@pytest.mark.parametrize(
    ("wanted", "lands"),
    [
        ("/account", "/account"),
        ("//evil.example", "/desk"),
        ("/\\evil.example", "/desk"),
        ("https://evil.example/", "/desk"),
        ("/account%0d%0aX-A:1", "/desk"),
        ("/" + "a" * 400, "/desk"),
    ],
)
async def test_a_visitor_is_led_back_to_our_own_pages_only(house: House, wanted: str, lands: str) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        await browser.send("/sign-out")
        house.later(minutes=1)
        await browser.sign_in("aynur", PASSWORD, wanted)
        assert _path(await browser.send("/sign-in/code", code=browser.code())) == lands


async def test_a_signed_out_visitor_is_led_to_the_sign_in_and_back(house: House) -> None:
    async with house.browser() as browser:
        answer = await browser.client.get("/account")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/account")
        part = await browser.client.get("/account", headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["hx-redirect"]) == (401, "/sign-in?next=/account")


async def test_who_may_not_gets_a_page_that_says_so_and_it_is_on_record(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        page = await browser.get("/accounts")
        assert page.status_code == 403
        assert "You may not see this" in page.text
        assert "ask an administrator" in page.text
    assert (await house.deeds())[-1] == ("aynur", "not_permitted", "/accounts")


@pytest.mark.parametrize("token", ["", "0" * 64, "ə"])
async def test_a_form_without_its_token_is_refused_and_on_record(house: House, token: str) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        assert (await browser.client.post("/account/sign-out", data={"form_token": token})).status_code == 403
        assert (await browser.client.get("/desk")).status_code == 200
    assert (await house.deeds())[-1] == ("aynur", "forged_form", "/account/sign-out")


async def test_a_token_of_another_session_is_no_token(house: House) -> None:
    async with house.browser() as one, house.browser() as other:
        await one.enter(await house.add("aynur"))
        await other.enter(await house.add("leyla"))
        assert (await one.client.post("/sign-out", data=other.hidden)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_a_form_of_another_site_is_refused(house: House, headers: dict[str, str]) -> None:
    given = await house.add("aynur")
    async with house.browser() as browser:
        del browser.client.headers["Sec-Fetch-Site"]
        fields = {"name": "aynur", "password": given.one_time_password}
        assert (await browser.client.post("/sign-in", data=fields, headers=headers)).status_code == 403
        ours = await browser.client.post("/sign-in", data=fields, headers={"Origin": "http://127.0.0.1"})
        assert ours.status_code == 303


async def test_a_body_too_large_is_refused_before_it_is_read(house: House) -> None:
    """Of what has no end no more is taken than may be sent."""
    sent = 0

    async def without_end() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 10_000_000:
            sent += 1_000
            yield b"a" * 1_000

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    async with house.browser() as browser:
        answer = await browser.client.post("/sign-in", content=without_end(), headers=kind)
    assert answer.status_code == 413
    assert sent < 2 * form.LONGEST_BODY


TYPED = st.one_of(
    st.text(max_size=60), st.text(min_size=300, max_size=400), st.sampled_from(["\x00", "\u202eabc", "🙂" * 99, "%00"])
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.fixed_dictionaries({"name": TYPED, "password": TYPED, "next": TYPED}))
async def test_whatever_is_typed_the_sign_in_stands(house: House, fields: dict[str, str]) -> None:
    house.later(hours=1)  # or all but the first would be throttled
    async with house.browser() as browser:
        assert (await browser.client.post("/sign-in", data=_sendable(fields))).status_code in {413, 422}


FORM = "application/x-www-form-urlencoded"
KINDS = [FORM, "multipart/form-data", "multipart/form-data; boundary=x", "text/plain"]


def _sendable(fields: dict[str, str]) -> dict[str, bytes]:
    return {name: value.encode(errors="replace") for name, value in fields.items()}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), kind=st.sampled_from(KINDS))
async def test_whatever_is_sent_it_is_no_failure_of_ours(house: House, body: bytes, kind: str) -> None:
    house.later(hours=1)
    async with house.browser() as browser:
        answer = await browser.client.post("/sign-in", content=body, headers={"Content-Type": kind})
    assert answer.status_code < 500


@pytest.mark.parametrize("cookie", ["", "x", "x" * 5000, "\x7f", "'; drop table session"])
async def test_a_cookie_that_is_none_of_ours_is_nobodys(house: House, cookie: str) -> None:
    async with house.browser() as browser:
        answer = await browser.client.get("/desk", headers={"Cookie": f"session={cookie}"})
    assert answer.status_code == 303


async def test_an_account_that_is_closed_is_signed_out_at_once(house: House) -> None:
    await house.add("chief", Role.ADMINISTRATOR)
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        await accounts.close(house.database, "aynur", By("chief", house.now))
        assert _path(await browser.get("/desk")) == "/sign-in"
        house.later(minutes=1)
        assert (await browser.sign_in("aynur", PASSWORD)).status_code == 422
