"""Every page is in the gallery, fits a telephone's width, and axe finds nothing wrong with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import pytest
from fastapi import APIRouter
from playwright.async_api import Page

from ivr.desk.access import Role
from ivr.records.database import Database
from ivr.settings import Settings
from ivr.web.pages import Pages
from ivr.web.permission import Permission, allow
from ivr.web.site import build
from tests.gallery.open_house import NARROW, WIDE, Look, OpenHouse, open_house
from tests.gallery.views import NO_PAGE, routes, views
from tests.web.house import House

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
# WCAG 2.2 AA, and what axe holds for good practice besides.
FOUND = """async () => (await axe.run(document)).violations.flatMap(rule =>
  rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 160)} (${node.failureSummary})`))"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[OpenHouse]:
    async with open_house(tmp_path) as house:
        yield house


def test_a_page_is_in_the_gallery_as_soon_as_it_has_a_route() -> None:
    router = APIRouter()
    router.add_api_route("/new/{part}", lambda: None, dependencies=[allow(Permission.SEE_REPORTS)])
    app = build(Pages(), router)
    with pytest.raises(LookupError, match="part"):
        list(views(app, {}))
    shown = next(views(app, {"part": "one"}))
    assert (shown.name, shown.path, shown.who) == ("new-part", "/new/one", Role.SUPERVISOR)


def test_what_is_said_to_be_no_page_is_still_there(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    site = House(settings, Database(settings.database)).site()
    assert {route.path for route in routes(site)} >= NO_PAGE


async def _faults(page: Page) -> list[str]:
    await page.evaluate(AXE)
    found: list[str] = await page.evaluate(FOUND)
    by = await page.evaluate(WIDER)
    return [*found, f"wider than the window by {by} px"] if by > 0 else found


@pytest.mark.live
async def test_nothing_is_wrong_with_any_page(opened: OpenHouse) -> None:
    faults: dict[str, list[str]] = {}
    for view in opened.views():
        async with opened.look(view, Look("az", WIDE, "light")) as page:
            wide = await _faults(page)
            await page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
            await page.emulate_media(color_scheme="dark")
            if found := {*wide, *await _faults(page)}:
                faults[view.name] = sorted(found)
    assert not faults, "\n".join(f"{name}: {fault}" for name, found in faults.items() for fault in found)
