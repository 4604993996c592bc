"""Who is there now, as routing wants it: from the rows, and from what the switch sees of the phones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from ivr.desk.presence import State
from ivr.errors import HelplineError
from ivr.presence import Rows, read_rows, seen
from ivr.records.counsellor import Counsellor
from ivr.records.database import Database
from ivr.routing.plan import SPARED_FOR, Ready, Seat
from ivr.routing.skills import Person
from ivr.telephony.queues import Phone, View
from ivr.telephony.statuses import PhoneState

NO_PHONE = Phone(PhoneState.AWAY)
READY: dict[State, Ready] = {
    State.SIGNED_OUT: Ready.GONE,
    State.AVAILABLE: Ready.FREE,
    State.RINGING: Ready.RINGING,
    State.ON_CALL: Ready.TALKING,
    State.WRAP_UP: Ready.WRITING,
    State.BREAK: Ready.AWAY,
}

log = structlog.get_logger()


class Duty:
    """Reads the rows at every look. When the database is away, who was there a moment ago is there still."""

    def __init__(self, database: Database, wrap_up_s: float) -> None:
        self._database, self._wrap_up = database, timedelta(seconds=wrap_up_s)
        self._rows = Rows()

    async def seats(self, view: View, now: float) -> tuple[Seat, ...]:
        """Every active counsellor. `now` in seconds since 1970."""
        try:
            async with self._database.reading() as unit:
                self._rows = await read_rows(unit)
        except HelplineError as error:
            log.warning("duty.rows_away", reason=str(error))
        people = self._rows.people.values()
        return tuple(self._seat(person, view.phones.get(person.extension, NO_PHONE), now) for person in people)

    def _seat(self, known: Counsellor, phone: Phone, now: float) -> Seat:
        person = Person(known.extension, known.languages, known.topics, known.danger)
        ready = self._ready(known.extension, phone, now)
        spared = self._spared(known.extension, now)
        return Seat(person, ready, now - phone.last_call_at, spared=spared, in_page=phone.in_page)

    def _spared(self, extension: str, now: float) -> bool:
        hard = self._rows.hard.get(extension)
        return hard is not None and now - hard.timestamp() < SPARED_FOR.total_seconds()

    def _ready(self, extension: str, phone: Phone, now: float) -> Ready:
        """Nobody counts on one whose phone is away, or who is on their way out: a call they are in goes on anyway."""
        found = self._rows.presence(extension, seen(phone), self._wrap_up, datetime.fromtimestamp(now, UTC))
        gone = phone.state is PhoneState.AWAY or not found.is_there
        return Ready.GONE if gone else READY[found.state]
