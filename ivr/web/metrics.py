"""The line in numbers for Prometheus: /metrics. Counts and times; no label holds anything of a caller.

Asked for from this machine alone, and not through a server in front: it would answer whoever that server lets in.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from ivr import overview
from ivr.alarms import Vitals
from ivr.board.feed import Feed
from ivr.board.state import Board, Stage
from ivr.desk.presence import State
from ivr.errors import Refused
from ivr.overview import Day, Overview
from ivr.settings import Settings
from ivr.trial import Came, Trial
from ivr.vitals import look_at
from ivr.web.entrance import Entrance
from ivr.web.fresh import Fresh
from ivr.web.permission import Permission, allow

LOOK_S, FRESH_S = 8.0, 5.0  # Prometheus gives up after 10 s unless told
FORWARDED = ("x-forwarded-for", "x-forwarded-proto", "forwarded", "via", "x-real-ip")
PREFIX = "helpline_"
LOOPBACK = {"127.0.0.1", "::1"}


class Metrics:
    def __init__(self, settings: Settings, entrance: Entrance, feed: Feed) -> None:
        self._settings, self._database, self._feed = settings, entrance.office.database, feed
        self._overview = Overview(settings, self._database)
        self._vitals = Fresh(lambda: look_at(settings, self._database), LOOK_S, FRESH_S)
        self._day = Fresh(lambda: overview.day(self._database, datetime.now(UTC)), LOOK_S, FRESH_S)
        self._people = Fresh(self._presences, LOOK_S, FRESH_S)

    def router(self) -> APIRouter:
        made = APIRouter()
        made.add_api_route("/metrics", self.tell, methods=["GET"], dependencies=[allow(Permission.ANYBODY)])
        return made

    async def tell(self, request: Request) -> Response:
        _refuse_elsewhere(request)
        vitals, day, people = await self._vitals.get(), await self._day.get(), await self._people.get()
        registry = CollectorRegistry(auto_describe=False)
        registry.register(
            _Told([*_of_board(self._feed.board), *_of_vitals(vitals), *_of_day(day), *_of_people(people)])
        )
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def _presences(self) -> Counter[State]:
        view = await self._overview.view(self._feed.board, datetime.now(UTC))
        return Counter(person.state for person in view.people)


def _refuse_elsewhere(request: Request) -> None:
    """Raises Refused. A server in front names whom it asks for; uvicorn takes that name for the client's."""
    client = request.client.host if request.client else ""
    if client not in LOOPBACK or any(name in request.headers for name in FORWARDED):
        raise Refused("the metrics are for this machine alone")


class _Told(Collector):
    """What was gathered already."""

    def __init__(self, told: list[Metric]) -> None:
        self._told = told

    def collect(self) -> Iterable[Metric]:
        return self._told


def all_names() -> frozenset[str]:
    """Every metric that there may be."""
    day, trial = Day((), 0, 0, {}, {}), Trial(datetime.now(UTC), Came.THROUGH, 1, 1.0, 1.0)
    vitals = Vitals(trial.at, phones=0, trunk=True, trial=trial)
    told = (*_of_board(Board()), *_of_vitals(vitals), *_of_day(day), *_of_people(Counter()))
    return frozenset(metric.name for metric in told)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, about, value=value)


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, about, value=value)


def _gauges(name: str, about: str, label: str, values: dict[str, float]) -> Metric:
    made = GaugeMetricFamily(PREFIX + name, about, labels=[label])
    for each, value in values.items():
        made.add_metric([each], value)
    return made


def _of_board(board: Board) -> list[Metric]:
    found = Counter(call.stage for call in board.calls.values())
    return [
        _gauges("calls", "Calls at this moment", "state", {stage: found[stage] for stage in Stage}),
        _gauge("switch_away", "1 while the switch does not tell us what happens", board.away),
    ]


def _of_vitals(vitals: Vitals | None) -> list[Metric]:
    if vitals is None:
        return []
    trial, standing = vitals.trial, {"due": vitals.promises_due, "open": vitals.promises_open}
    told = [
        _gauge("open", "1 while a call is answered", vitals.open),
        _gauges("part_up", "1 while the part runs", "part", {name: float(up) for name, up in vitals.parts.items()}),
        _gauge("database_up", "1 while rows can be read", vitals.database),
        _gauges(
            "callbacks",
            "Promises to ring back; late: they lapse soon or were not kept",
            "standing",
            {**standing, "late": vitals.promises_late},
        ),
        _gauge("ledger_unread_bytes", "Events of the switch that are in no row yet", vitals.unread_bytes),
        _gauge("disk_free_bytes", "Room where everything is kept", vitals.free_bytes),
        _gauge("refused_addresses", "Addresses refused for wrong passwords of telephones", len(vitals.guesses.refused)),
        _counter("wrong_passwords", "Wrong passwords of telephones", vitals.guesses.wrong),
        _counter("refusals", "How often an address was refused for them", vitals.guesses.times),
        _gauge("trial_overdue", "1 when the line has not called itself for too long", vitals.overdue),
        _gauge("backup_overdue", "1 when no backup was made for two days", vitals.backup_overdue),
        _gauge("aging_overdue", "1 when what is too old was not taken away for two days", vitals.aging_overdue),
    ]
    if vitals.phones is not None:
        told.append(_gauge("phones_registered", "Counsellors' phones that are connected", vitals.phones))
    if vitals.trunk is not None:
        told.append(_gauge("trunk_up", "1 while the carrier answers", vitals.trunk))
    if trial:
        told.append(
            _gauge("trial_success", "1 when the last call of the line to itself came through", not trial.failed)
        )
        told.append(_gauge("trial_age_seconds", "How long ago that was", time.time() - trial.at.timestamp()))
    if trial and trial.took_s is not None:
        told.append(_gauge("trial_seconds", "How long it took through the menus", trial.took_s))
    return told


def _of_day(day: Day | None) -> list[Metric]:
    """Since midnight in Baku; Prometheus takes the fall to nothing for a new beginning."""
    if day is None:
        return []
    waits = HistogramMetricFamily(
        PREFIX + "time_to_human_seconds", "From the end of the menus to a person, of today's calls"
    )
    waits.add_metric([], [*((f"{bound:g}", count) for bound, count in day.waits), ("+Inf", day.answered)], day.waited_s)
    return [
        waits,
        _gauges("calls_today", "Calls of today that are over, by how they ended", "outcome", dict(day.outcomes)),
        _gauges("doors_today", "Doors to the menus that today's calls took", "door", dict(day.doors)),
    ]


def _of_people(people: Counter[State] | None) -> list[Metric]:
    if people is None:
        return []
    by_state = {state: float(people[state]) for state in State}
    return [_gauges("counsellors", "Counsellors by presence", "presence", {str(k): v for k, v in by_state.items()})]
