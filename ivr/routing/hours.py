"""Local time, and when the line is open. Nowhere else in the program is there a wall clock: moments are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock on the wall of some place. Days begin at midnight; a minute is one of 1,440 since then."""

    zone: ZoneInfo

    @property
    def name(self) -> str:
        return self.zone.key

    def reads(self, moment: datetime) -> tuple[date, int]:
        """The day, and the minute of it, that the clock shows at `moment`."""
        local = moment.astimezone(self.zone)
        return local.date(), local.hour * 60 + local.minute

    def day(self, moment: datetime) -> date:
        return self.reads(moment)[0]

    def shown(self, moment: datetime) -> datetime:
        """`moment` as the clock shows it, for people to read."""
        return moment.astimezone(self.zone)

    def wall(self, day: date, minute: int = 0) -> datetime:
        """What the clock shows then, for a calendar to keep; 1,500 is 01:00 the day after."""
        return (datetime.combine(day, time()) + timedelta(minutes=minute)).replace(tzinfo=self.zone)

    def moment(self, day: date, minute: int = 0) -> datetime:
        """The first moment at which the clock shows that time or a later one, in UTC; 1,500 is 01:00 the day after.

        So an hour that is skipped in spring is empty, and one that comes twice in autumn belongs to whatever is
        going on when it begins: what follows one another on the clock follows one another in truth.
        """
        wanted = self.wall(day, minute)
        found = wanted.astimezone(UTC)
        if found.astimezone(self.zone).replace(tzinfo=None) == wanted.replace(tzinfo=None):
            return found
        return self._leap(wanted.replace(tzinfo=None))

    def _leap(self, skipped: datetime) -> datetime:
        """When the clock leaps over `skipped`, to the second."""
        before = skipped.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
        after = skipped.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        while after - before > timedelta(seconds=1):
            middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
            if middle.astimezone(self.zone).replace(tzinfo=None) < skipped:
                before = middle
            else:
                after = middle
        return after


BAKU = Clock(ZoneInfo("Asia/Baku"))
"""The helpline's own clock."""
