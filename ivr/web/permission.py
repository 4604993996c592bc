"""Every route says who may use it. One that says nothing does not open by oversight: the site is not built.

What a permission means is in `desk/access.py`; who is asked for it, in `web/entrance.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.params import Depends as Declared
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from ivr.desk.access import Permission
from ivr.errors import Refused
from ivr.signing import Seat

__all__ = ["Me", "Permission", "allow", "permission_of", "refuse_undeclared"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a route depends on. `passive`: a page that asks by itself; that does not keep anybody signed in. `files`:
    how many a form may bring. `locked`: also while nobody has touched the page for long: shows nothing written."""

    permission: Permission
    passive: bool = False
    files: int = 0
    locked: bool = False


class _Asked:
    """The dependency of one route: whoever stands at the entrance looks."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed

    async def __call__(self, asking: HTTPConnection) -> AsyncIterator[None]:
        entrance = asking.app.state.entrance
        try:
            if entrance is not None:
                await entrance.admit(asking, self.allowed)
            elif self.allowed.permission is not Permission.ANYBODY:
                raise Refused("nobody stands at the entrance")
            yield
        finally:
            if isinstance(asking, Request):
                await asking.close()  # a file that a form brought


def allow(permission: Permission, *, passive: bool = False, files: int = 0, locked: bool = False) -> Declared:
    """For a route: `dependencies=[allow(Permission.SEE_DESK)]`."""
    declared: Declared = Depends(_Asked(Allowed(permission, passive, files, locked)))
    return declared


def _me(asking: HTTPConnection) -> Seat:
    return cast(Seat, asking.state.seat)


Me = Annotated[Seat, Depends(_me)]
"""For a route with a permission: `async def show(self, request: Request, me: Me)`; `me.account` is who asks."""


def refuse_undeclared(routes: Iterable[BaseRoute]) -> None:
    """Raises Refused naming every route that declares no permission. Mounts cannot, so they are named."""
    silent = [getattr(route, "path", type(route).__name__) for route in routes if not _declares(route)]
    if silent:
        raise Refused(f"no permission is declared for {', '.join(silent)}", remedy="Give each route its allow(...).")


def _declares(route: BaseRoute) -> bool:
    if not isinstance(route, APIRoute | APIWebSocketRoute):
        return False
    return any(isinstance(d.call, _Asked) for d in route.dependant.dependencies)


def permission_of(route: APIRoute | APIWebSocketRoute) -> Permission:
    """What a route of the site declares; LookupError for one that declares nothing."""
    for each in route.dependant.dependencies:
        if isinstance(each.call, _Asked):
            return each.call.allowed.permission
    raise LookupError(route.path)
