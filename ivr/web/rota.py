"""The rota in the browser: a week as a grid, its gaps, and for who runs it the forms that change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from ivr import rota as acts
from ivr.errors import NotFound, Refused, ScriptError
from ivr.routing.rota import ExceptionKind, Shift, ShiftException
from ivr.routing.rota_grid import grid, monday_of
from ivr.routing.rota_words import Rows, groups
from ivr.routing.week import read_times, show_times
from ivr.signing import Deed, Unit, record
from ivr.web import form
from ivr.web.entrance import lead
from ivr.web.permission import Me, Permission, allow
from ivr.web.room import Room

LONGEST_RUN = 366
FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)
Sent = Mapping[str, tuple[str, ...]]
EMPTY: Sent = {}


class Wrong(Exception):
    """Something in a form. `field` of it, and why."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(field)
        self.field, self.why = field, why


class Rota(Room):
    def router(self) -> APIRouter:
        made = APIRouter()
        see, run = [allow(Permission.SEE_ROTA)], [allow(Permission.RUN_ROTA)]
        made.add_api_route("/rota", self.show, methods=["GET", "HEAD"], dependencies=see)
        made.add_api_route("/rota/{deed}", self.change, methods=["POST"], dependencies=run)
        return made

    async def show(self, request: Request) -> Response:
        return await self._show(request, request.query_params.get("week", ""))

    async def change(self, request: Request, me: Me, deed: str) -> Response:
        sent = await form.read_lists(request)
        week = _last(sent, "week")
        try:
            await self._do(request, me, deed, sent)
        except Wrong as wrong:
            return await self._show(request, week, wrong, sent)
        except Refused:
            return await self._show(request, week, Wrong(f"{deed}_form", "overlap"), sent)
        shown = _day(week)
        return lead(f"/rota?week={shown}&changed" if shown else "/rota?changed")

    async def _do(self, request: Request, me: Me, deed: str, sent: Sent) -> None:
        knock = self._entrance.knock(request)

        async def note(unit: Unit, what: str) -> None:
            await record(unit, me.account.name, Deed.ROTA_CHANGED, knock, what)

        if deed == "undo":
            await acts.undo(self._settings, note)
        elif deed == "remove":
            await acts.remove(self._settings, [_last(sent, "row")], knock.now, note)
        elif deed in READ:
            try:
                await acts.add(self._settings, READ[deed](sent), knock.now, note)
            except NotFound:
                raise Wrong(f"{deed}_who", "who") from None
        else:
            raise NotFound("no such deed")

    async def _show(self, request: Request, week: str, wrong: Wrong | None = None, sent: Sent = EMPTY) -> Response:
        kept = await acts.look(self._settings)
        today = kept.rota.clock.day(self._entrance.knock(request).now)
        shown = grid(kept.rota, _day(week) or today)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
        told = {
            "grid": shown,
            "kept": kept,
            "today": today,
            "this_week": monday_of(today),
            "before": shown.days[0] - timedelta(days=7),
            "after": shown.days[0] + timedelta(days=7),
            "rows": [(each, show_times(each.rows[0].starts, each.rows[0].ends)) for each in groups(kept.rows)],
            "wrong": {wrong.field: wrong.why} if wrong else {},
            "sent": sent,
            "is_changed": "changed" in request.query_params,
        }
        return self._pages.show(request, "rota.html", status, **told)


def read_shift(sent: Sent) -> Rows:
    """A shift that comes every week. Raises Wrong."""
    days = [int(day) for day in sent.get("shift_days", ()) if day in set("0123456")]
    if not days:
        raise Wrong("shift_days", "days")
    starts, ends = _times(sent, "shift")
    since, until = _optional_day(sent, "shift_since"), _optional_day(sent, "shift_until")
    if since and until and until < since:
        raise Wrong("shift_until", "order")
    who = _last(sent, "shift_who")
    return tuple(Shift(who, day, starts, ends, since, until) for day in sorted(set(days)))


def read_day(sent: Sent) -> Rows:
    """Some days that are otherwise than every week. Raises Wrong."""
    kind = _last(sent, "day_kind")
    if kind not in set(ExceptionKind):
        raise Wrong("day_kind", "kind")
    first, last = _wanted_day(sent, "day_first"), _optional_day(sent, "day_last")
    run = ((last or first) - first).days
    if not 0 <= run < LONGEST_RUN:
        raise Wrong("day_last", "order")
    is_whole = kind == ExceptionKind.ABSENT and not _last(sent, "day_starts") and not _last(sent, "day_ends")
    starts, ends = (0, 1440) if is_whole else _times(sent, "day")
    who = _last(sent, "day_who")
    return tuple(
        ShiftException(who, ExceptionKind(kind), first + timedelta(days=n), starts, ends) for n in range(run + 1)
    )


def read_swap(sent: Sent) -> Rows:
    """One gives some hours of a day, another takes them. Raises Wrong."""
    gives, takes = _last(sent, "swap_who"), _last(sent, "swap_takes")
    if gives == takes:
        raise Wrong("swap_takes", "same")
    day, (starts, ends) = _wanted_day(sent, "swap_day"), _times(sent, "swap")
    return (
        ShiftException(gives, ExceptionKind.ABSENT, day, starts, ends),
        ShiftException(takes, ExceptionKind.EXTRA, day, starts, ends),
    )


READ: dict[str, Callable[[Sent], Rows]] = {"shift": read_shift, "day": read_day, "swap": read_swap}


def _last(sent: Sent, name: str) -> str:
    return sent.get(name, ("",))[-1].strip()


def _times(sent: Sent, of: str) -> tuple[int, int]:
    try:
        return read_times(f"{_last(sent, f'{of}_starts')}-{_last(sent, f'{of}_ends')}")
    except ScriptError:
        raise Wrong(f"{of}_starts", "times") from None


def _wanted_day(sent: Sent, name: str) -> date:
    found = _optional_day(sent, name)
    if found is None:
        raise Wrong(name, "day")
    return found


def _optional_day(sent: Sent, name: str) -> date | None:
    text = _last(sent, name)
    found = _day(text)
    if text and found is None:
        raise Wrong(name, "day")
    return found


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST <= day <= LAST else None
