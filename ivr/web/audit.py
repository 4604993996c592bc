"""The trail in the browser: who did what when, filtered, fifty a page."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from ivr import accounts, trail
from ivr.trail import Deed, Wanted
from ivr.web.pages import ZONE
from ivr.web.permission import Permission, allow
from ivr.web.room import Room

ASKED = ("by", "deed", "about", "from", "until")
LONGEST = 120
LONGEST_NUMBER = 15


class Audit(Room):
    def router(self) -> APIRouter:
        made = APIRouter(dependencies=[allow(Permission.READ_AUDIT)])
        made.add_api_route("/audit", self.show, methods=["GET", "HEAD"])
        return made

    async def show(self, request: Request) -> Response:
        asked = {name: request.query_params.get(name, "")[:LONGEST] for name in ASKED}
        records = self._entrance.office.database
        found = await trail.page(records, _wanted(asked, request.query_params.get("before", "")))
        return self._pages.show(
            request,
            "audit.html",
            entries=found.entries,
            older=_address(asked, found.older),
            asked=asked,
            is_older="before" in request.query_params,
            deeds=sorted(Deed),
            people=await accounts.listed(records),
        )


def _address(asked: dict[str, str], older: Wanted | None) -> str:
    """Of the next page: the same filter, and where this one ended."""
    told = {name: said for name, said in asked.items() if said}
    return urlencode(told | {"before": older.before}) if older else ""


def _wanted(asked: dict[str, str], before: str) -> Wanted:
    """What cannot be read is not asked for."""
    number = int(before) if before.isascii() and before.isdigit() and len(before) <= LONGEST_NUMBER else None
    since, until = _midnight(asked["from"]), _midnight(asked["until"])
    after = until + timedelta(days=1) if until else None
    return Wanted(asked["by"], asked["deed"], asked["about"].strip(), since, after, number)


def _midnight(text: str) -> datetime | None:
    """Where that day begins, in Baku."""
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day, time(), ZONE).astimezone(UTC) if 1970 < day.year < 2200 else None
    except ValueError:
        return None
