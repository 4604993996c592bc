"""Looking at talks afterwards: what is drawn this week, what a supervisor writes, what the counsellor answers.

Nobody looks at their own talk, and once the counsellor has answered, what they answered to stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ivr.desk import rubric as rubrics
from ivr.desk.rubric import Mark, Rubric, share
from ivr.desk.sampling import Talk, draw, last_week
from ivr.errors import Conflict, NotFound, Refused
from ivr.records import review
from ivr.records.contact import Contact
from ivr.records.review import Review
from ivr.routing.hours import BAKU
from ivr.settings import PROJECT_DIR
from ivr.wrapup import Desk, find_contact

__all__ = ["Mark", "Review", "share"]  # what the faces read from here

RUBRIC_FILE = PROJECT_DIR / "ivr/desk/rubric.toml"
WORDS_LIMIT = 2_000
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Drawn:
    """A talk of last week's draw. `review`: without its words; None: nobody has looked yet."""

    contact: Contact
    review: Review | None


def load_rubric(file: Path = RUBRIC_FILE) -> Rubric:
    """Raises ScriptError with every fault."""
    return rubrics.parse(file.read_text())


async def drawn(desk: Desk, now: datetime) -> list[Drawn]:
    """The talks of last week that are to be looked at."""
    since, until = last_week(now, BAKU.zone)
    async with desk.database.reading() as unit:
        had = {each.id: each for each in await review.talks(unit, since, until)}
        talks = (Talk(each.id, each.counsellor or "") for each in had.values())
        ids = [talk.contact_id for talk in draw(talks, desk.keys[min(desk.keys)], since.date())]
        reviews = await review.some(unit, ids)
    return [Drawn(had[each], reviews.get(each)) for each in ids]


async def of_counsellor(desk: Desk, extension: str) -> list[Review]:
    async with desk.database.reading() as unit:
        return await review.of_counsellor(unit, extension, SHOWN)


async def read(desk: Desk, contact_id: str, extension: str, *, is_supervisor: bool) -> Review | None:
    """With its words. Raises Refused for whom it is not about, unless they look after everybody."""
    async with desk.database.reading() as unit:
        found = await review.find(unit, desk.keys, contact_id)
    if found and not is_supervisor and (not extension or found.counsellor != extension):
        raise Refused("This is between two others.")
    return found


async def keep(desk: Desk, looked: Review, own_extension: str) -> None:
    """Write a review, or write it again. Raises Refused for one's own talk, and Conflict once it was answered."""
    rubric = load_rubric()
    if looked.marks.keys() != rubric.items.keys():
        raise Refused("Every question has an answer.")
    if len(looked.remark) > WORDS_LIMIT:
        raise Refused("This is too long to be kept.", remedy=f"{WORDS_LIMIT:,} characters at most.")
    if own_extension and looked.counsellor == own_extension:
        raise Refused("Nobody looks at their own talk.")
    async with desk.database.unit_of_work() as unit:
        before = await review.find(unit, desk.keys, looked.contact_id)
        if before and before.answered_at:
            raise Conflict("The counsellor has answered already.")
        await review.write(unit, desk.keys, looked)


async def about(desk: Desk, contact_id: str) -> Contact:
    """Raises NotFound, also for a contact in which no counsellor talked."""
    found = await find_contact(desk, contact_id)
    if not found.counsellor:
        raise NotFound("No counsellor talked in this contact.")
    return found


async def answer(desk: Desk, contact_id: str, extension: str, text: str, now: datetime) -> None:
    """The counsellor's word on it, once. Raises NotFound, Refused and Conflict."""
    text = text.strip()
    if not 0 < len(text) <= WORDS_LIMIT:
        raise Refused("This is too long to be kept, or empty.", remedy=f"1 to {WORDS_LIMIT:,} characters.")
    async with desk.database.unit_of_work() as unit:
        found = await review.find(unit, desk.keys, contact_id)
        if found is None:
            raise NotFound("Nobody has looked at this talk yet.")
        if not extension or found.counsellor != extension:
            raise Refused("This is between two others.")
        if not await review.answer(unit, desk.keys, contact_id, text, now):
            raise Conflict("It was answered already.")


def marks_of(told: Mapping[str, str], rubric: Rubric) -> dict[str, Mark]:
    """The marks that a form sent; what is no mark is left out."""
    return {code: Mark(told[code]) for code in rubric.items if told.get(code) in list(Mark)}
