"""Every route says who may use it. One that says nothing does not open by oversight: the site is not built."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fastapi import Depends
from fastapi.params import Depends as Declared
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from ivr.errors import Refused


class Permission(StrEnum):
    ANYBODY = "anybody"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a route depends on. For ANYBODY there is nothing to ask."""

    permission: Permission

    def __call__(self) -> None: ...


def allow(permission: Permission) -> Declared:
    """For a route: `dependencies=[allow(Permission.ANYBODY)]`."""
    declared: Declared = Depends(Allowed(permission))
    return declared


def refuse_undeclared(routes: Iterable[BaseRoute]) -> None:
    """Raises Refused naming every route that declares no permission. Mounts and sockets cannot, so they are named."""
    silent = [getattr(route, "path", type(route).__name__) for route in routes if not _declares(route)]
    if silent:
        raise Refused(f"no permission is declared for {', '.join(silent)}", remedy="Give each route its allow(...).")


def _declares(route: BaseRoute) -> bool:
    return isinstance(route, APIRoute) and any(isinstance(d.call, Allowed) for d in route.dependant.dependencies)
