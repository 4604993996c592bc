"""Who is there now, as routing wants it: from the rows, and from what the switch sees of the phones."""

from __future__ import annotations

import structlog

from ivr.errors import HelplineError
from ivr.records import counsellor
from ivr.records.counsellor import Counsellor
from ivr.records.database import Database
from ivr.routing.plan import Ready, Seat
from ivr.routing.skills import Person
from ivr.telephony.queues import Phone, View
from ivr.telephony.statuses import PhoneState

NO_PHONE = Phone(PhoneState.AWAY)

log = structlog.get_logger()


class Duty:
    """Reads the rows at every look. When the database is away, who was there a moment ago is there still."""

    def __init__(self, database: Database, wrap_up_s: float) -> None:
        self._database, self._wrap_up_s = database, wrap_up_s
        self._people: tuple[Counsellor, ...] = ()

    async def seats(self, view: View, now: float) -> tuple[Seat, ...]:
        """Every active counsellor. `now` in seconds since 1970."""
        try:
            async with self._database.reading() as unit:
                self._people = tuple(person for person in await counsellor.all(unit) if person.active)
        except HelplineError as error:
            log.warning("duty.rows_away", reason=str(error))
        return tuple(self._seat(person, view.phones.get(person.extension, NO_PHONE), now) for person in self._people)

    def _seat(self, known: Counsellor, phone: Phone, now: float) -> Seat:
        person = Person(known.extension, known.languages, known.topics, known.danger)
        idle_s = now - phone.last_call_at
        return Seat(person, self._ready(phone, idle_s), idle_s)

    def _ready(self, phone: Phone, idle_s: float) -> Ready:
        if phone.state is PhoneState.IDLE:
            return Ready.WRITING if idle_s < self._wrap_up_s else Ready.FREE
        return {PhoneState.AWAY: Ready.GONE, PhoneState.RINGING: Ready.RINGING}.get(phone.state, Ready.TALKING)
