"""What there is to look at: every page by itself, and states of pages that one comes upon only by doing something.

A page that answers GET is in the gallery as soon as its route is in the site: the first role that may looks at it, and
what stands in braces in its path is what `furnishing.py` says it may be. Two things cannot be guessed, and are said
here: what is no page at all (`NO_PAGE`), and a state that needs a deed (`STATES`).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import APIRoute
from playwright.async_api import Page
from starlette.types import ASGIApp

from ivr.desk.access import MAY, Permission, Role
from ivr.web.permission import permission_of
from ivr.web.pulse import Pulse
from tests.gallery.furnishing import GIVEN, HALF_WAY, LOCKED, RUNG, TALKING
from tests.web.house import PASSWORD

# Files, streams, answers for machines, parts of pages, and what only leads on: by the path of the route.
NO_PAGE = frozenset(
    {
        "/health",
        "/metrics",
        "/static/{name}",
        "/static/{edition}/{name}",
        "/prompts",
        "/prompts/{code}/{name}.wav",
        "/prompts/phone/{take}.wav",
        "/board/events",
        "/telephone/account",
        "/desk/stream",
        "/desk/paper",
        "/desk/categories",
        "/telephone/call",
        "/telephone/others",
        "/reports/release-{code}.pdf",
        "/reports/tables-{code}.csv",
        "/reports/chi-{year}.xlsx",
    }
)

Deed = Callable[[Page], Awaitable[None]]
NOBODY = ""
OPEN = Pulse(open=True, phones=2, calls=1)


async def nothing(page: Page) -> None:
    """The page as it comes."""


def sends(button: str = "button.primary", **typed: str) -> Deed:
    """Type into fields by their names, and press that button; what the browser itself would refuse is sent too."""

    async def deed(page: Page) -> None:
        await page.eval_on_selector_all("form", "forms => forms.forEach(form => form.noValidate = true)")
        for name, value in typed.items():
            await page.fill(f"main [name={name}]", value)
        await page.click(f"main {button}")
        await page.wait_for_load_state()

    return deed


async def refused_paper(page: Page) -> None:
    """The form for a contact, sent without what is needed; its script sends it, when all is saved."""
    await page.fill("#summary", "She said little.")
    await page.click("[data-close]")
    await page.wait_for_selector("#gender-wrong")


def presses(*keys: str) -> Deed:
    """On the keypad of menus on trial."""

    async def deed(page: Page) -> None:
        for key in keys:
            await page.click(f".keypad [value='{key}']")
            await page.wait_for_load_state()

    return deed


def telephone(state: str) -> Deed:
    """As if the telephone in the page had just become so: there is no switch behind it."""

    async def deed(page: Page) -> None:
        call = {"state": state, "shown": "RU psychological 15-18", "danger": state == "ringing", "muted": False}
        told = {"detail": {"connection": "here", "call": call}}
        await page.evaluate("() => { telephone.tell = () => {}; }")  # what it is really
        await page.evaluate("told => document.dispatchEvent(new CustomEvent('telephone', told))", told)
        await page.eval_on_selector_all("#telephone [data-part=others]", "all => all.forEach(each => each.open = true)")

    return deed


async def open_menu(page: Page) -> None:
    """On a telephone's width there is a button for it."""
    button = page.locator("[popovertarget=pages]")
    if await button.is_visible():
        await button.click()


@dataclass(frozen=True, slots=True)
class View:
    """A state of a page: `path` as in the address bar, `who` looks (a role, a name, or nobody)."""

    name: str
    path: str
    who: str = NOBODY
    deed: Deed = nothing
    pulse: Pulse = OPEN
    status: int = 200


# Whoever is half way in sees these; signed in altogether they lead on.
HALF_WAY_IN = {
    "/sign-in": NOBODY,
    "/sign-in/code": HALF_WAY,
    "/sign-in/set-up": GIVEN,
    "/account/password": Role.COUNSELLOR,
}

STATES = (
    View("front-closed", "/", pulse=Pulse(open=False)),
    View("front-unattended", "/", pulse=Pulse(open=True, phones=0, calls=0)),
    View("no-such-page", "/nowhere", status=404),
    View("not-permitted", "/accounts", Role.COUNSELLOR, status=403),
    View("sign-in-refused", "/sign-in", deed=sends(name="aynur", password="not this one")),
    View("code-refused", "/sign-in/code", HALF_WAY, sends(code="000 000")),
    View("password-refused", "/account/password", Role.COUNSELLOR, sends(old=PASSWORD, new="short", again="")),
    View("person-refused", "/accounts/{name}", Role.ADMINISTRATOR, sends(extension="600", shown_name="")),
    View("rota-run", "/rota", Role.SUPERVISOR),
    View("rota-refused", "/rota", Role.SUPERVISOR, sends("[action='/rota/shift'] button", shift_starts="")),
    View("account-refused", "/accounts", Role.ADMINISTRATOR, sends(name="Ə", shown_name="Əsmər")),
    View("wrap-up-refused", "/contacts/{contact_id}", Role.COUNSELLOR, refused_paper),
    View("wrap-up-written", "/contacts/{written_id}", Role.SUPERVISOR),
    View("versions-sealed", "/contacts/{written_id}/versions", Role.SUPERVISOR),
    View("new-contact-refused", "/contacts/new", Role.COUNSELLOR, refused_paper),
    View("desk-done", "/desk?done", Role.COUNSELLOR),
    View("menus-tried", "/menus/trial", Role.SUPERVISOR, presses("1", "2", "3")),
    View("menus-refused", "/menus/new", Role.SUPERVISOR, sends(text="[line]\nnumber = 116\n[menu.x]\nprompts = []")),
    View("prompts-taken", "/prompts/{code}?phone=away&of=welcome", Role.SUPERVISOR),
    View("desk-locked", "/desk", LOCKED),
    View("desk-rung", "/desk", RUNG, telephone("ringing")),
    View("desk-talking", "/desk", TALKING, telephone("talking")),
    View("desk-menu", "/desk", Role.SUPERVISOR, open_menu),
    View("duty-of-care-all", "/duty-of-care", Role.SUPERVISOR),
    View("duty-of-care-entry", "/duty-of-care/{entry_id}", Role.SUPERVISOR),
    View("duty-of-care-refused", "/contacts/{written_id}/duty-of-care", Role.SUPERVISOR, sends()),
    View("duty-of-care-none", "/duty-of-care?year=2024", Role.SUPERVISOR),
    View("reports-refused", "/reports?from=2026-09-30&to=2026-07-01", Role.SUPERVISOR, status=422),
    View("reports-empty", "/reports?from=2031-01-01&to=2031-01-31", Role.SUPERVISOR),
    View("reports-exact", "/reports?from=2026-07-01&to=2026-11-30&exact=yes", Role.SUPERVISOR),
)


def views(site: ASGIApp, known: Mapping[str, str]) -> Iterator[View]:
    """Every page of the site, then every other state. Raises LookupError naming a part of a path that is not known."""
    for route in routes(site):
        if "GET" in (route.methods or ()) and route.path not in NO_PAGE:
            yield View(_name(route.path), _filled(route.path, known), _who(route))
    for each in STATES:
        yield View(each.name, _filled(each.path, known), each.who, each.deed, each.pulse, each.status)


def routes(site: ASGIApp) -> list[APIRoute]:
    inner = site
    while not isinstance(inner, FastAPI):
        inner = inner._app  # type: ignore[attr-defined]
    return [route for route in inner.routes if isinstance(route, APIRoute)]


def _who(route: APIRoute) -> str:
    if route.path in HALF_WAY_IN:
        return HALF_WAY_IN[route.path]
    asked = permission_of(route)
    if asked in {Permission.ANYBODY, Permission.SIGNING_IN}:
        return NOBODY
    return next(role for role in Role if asked in MAY[role])


def _name(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path).strip("-") or "front"


def _filled(path: str, known: Mapping[str, str]) -> str:
    missing = set(re.findall(r"{(\w+)", path)) - known.keys()
    if missing:
        raise LookupError(f"{path}: say in tests/gallery/furnishing.py what {', '.join(missing)} may be")
    return re.sub(r"{(\w+)[^}]*}", lambda found: known[found[1]], path)
