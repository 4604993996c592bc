"""The rota in the browser: seen by everybody, changed by who runs it."""

from __future__ import annotations

import httpx

from ivr import rota
from ivr.accounts import Role
from tests.web.house import Browser, House

SHIFT = {"shift_who": "101", "shift_days": "0", "shift_starts": "09:00", "shift_ends": "17:00"}
SWAP = {"swap_who": "101", "swap_takes": "102", "swap_day": "2026-11-16", "swap_starts": "13:00", "swap_ends": "17:00"}


async def _supervisor(house: House, browser: Browser) -> httpx.Response:
    await browser.enter(await house.add("sevda", Role.SUPERVISOR))
    return await browser.get("/rota?week=2026-11-16")


async def test_a_shift_a_day_off_and_a_swap_are_written_shown_and_taken_back(house: House) -> None:
    async with house.browser() as browser:
        assert "No rota is kept" in (await _supervisor(house, browser)).text
        page = await browser.send("/rota/shift", **SHIFT)
        assert page.url.path == "/rota"
        assert "The rota is changed." in page.text
        assert "Nobody is on for 160 hours of this week" in page.text
        page = await browser.send("/rota/swap", **SWAP)
        assert "09:00-13:00" in page.text
        assert "13:00-17:00" in page.text
        page = await browser.send("/rota/day", day_who="102", day_kind="absent", day_first="2026-11-16")
        assert len((await rota.look(house.settings)).rota.exceptions) == 3
        await browser.send("/rota/undo")
        page = await browser.send("/rota/remove", row="1.1")
        assert not (await rota.look(house.settings)).rota.shifts
    told = [about for by, deed, about in await house.deeds() if (by, deed) == ("sevda", "rota_changed")]
    assert told[0] == "added 101 mon 09:00-17:00"
    assert len(told) == 5


async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(house: House) -> None:
    wrong = {
        "/rota/shift": [("shift_days", ""), ("shift_starts", "9 o'clock"), ("shift_ends", ""), ("shift_since", "soon")],
        "/rota/day": [("day_kind", "ill"), ("day_first", "2026-02-30"), ("day_last", "2020-01-01")],
        "/rota/swap": [("swap_takes", "101"), ("swap_day", "9999-99-99")],
    }
    good = {"/rota/shift": SHIFT, "/rota/swap": SWAP,
            "/rota/day": {"day_who": "101", "day_kind": "absent", "day_first": "2026-11-16"}}  # fmt: skip
    async with house.browser() as browser:
        await _supervisor(house, browser)
        for path, fields in wrong.items():
            for name, typed in fields:
                page = await browser.send(path, **good[path] | {name: typed})
                assert page.status_code == 422, (path, name)
                at = "shift_starts" if name == "shift_ends" else name
                assert f'id="{at}-wrong"' in page.text
        page = await browser.send("/rota/shift", **SHIFT | {"shift_who": "999"})
        assert 'id="shift_who-wrong"' in page.text
        assert 'value="09:00"' in page.text
        await browser.send("/rota/shift", **SHIFT)
        page = await browser.send("/rota/shift", **SHIFT)
        assert "They are on at that time already." in page.text
    assert len((await rota.look(house.settings)).rota.shifts) == 1


async def test_a_counsellor_sees_it_and_changes_nothing(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        page = await browser.get("/rota?week=%00")
        assert page.status_code == 200
        assert "/rota/shift" not in page.text
        assert (await browser.send("/rota/shift", **SHIFT)).status_code == 403
