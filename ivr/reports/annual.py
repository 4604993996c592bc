"""The annual return to Child Helpline International: counts of a year, and the workbook that is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import xlsxwriter

from ivr.desk.catalogue import Catalogue
from ivr.desk.wrapup import Ended
from ivr.records.call import Outcome
from ivr.reports.measures import UNKNOWN, VALUES
from ivr.reports.periods import Span
from ivr.reports.queries import Reason
from ivr.reports.words import words

GENDERS = ("girl", "boy", "other", "not_stated")
ANSWERED = (Outcome.ANSWERED, Outcome.FORWARDED)
GONE = "gone"
"""Where a category is counted whose group is in no list any more."""
_NOT_STATED = "not_stated"
Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class Old:
    """A category of older lists, what it counts as now, and how many contacts gave it."""

    code: str
    lists: str
    counted_as: str
    contacts: int


@dataclass(frozen=True, slots=True)
class Return:
    """A year as it is told. `reasons`: category to gender to how often it was given; a contact may give several."""

    span: Span
    lists: str
    contacts: int
    by: Mapping[str, Mapping[str, int]]
    counselling: Mapping[str, int]
    reasons: Mapping[str, Mapping[str, int]]
    old: tuple[Old, ...]
    attempts: Mapping[str, int]

    @property
    def answered(self) -> int:
        return sum(self.attempts.get(outcome, 0) for outcome in ANSWERED)

    @property
    def unanswered(self) -> int:
        return sum(self.attempts.values()) - self.answered


@dataclass(frozen=True, slots=True)
class Lists:
    """The list used, and the way there from older ones: see `became.toml`."""

    newest: Catalogue
    became: Mapping[str, str]

    def now(self, code: str) -> str:
        """What a code counts as: itself where it still is, what it became, its group's rest, or GONE."""
        known = self.newest.categories
        if code in known:
            return code
        if self.became.get(code) in known:
            return self.became[code]
        group = code.partition(".")[0]
        return next((each for each in (f"{group}.unspecified", group) if each in known), GONE)

    def counsels(self, codes: Iterable[str]) -> bool:
        """Whether one of them is counselling, or none is given."""
        found = [self.newest.categories.get(self.now(code)) for code in codes]
        return not found or any(each is None or each.counselling for each in found)


def annual(span: Span, lists: Lists, reasons: Sequence[Reason], attempts: Mapping[str, int]) -> Return:
    by = {name: Counter[str]() for name in ("channel", "age_band", "gender")}
    counselling, old = Counter[str](), Counter[tuple[str, str]]()
    given: dict[str, Counter[str]] = {}
    for each in reasons:
        codes = (each.categories or "").split()
        by["channel"][each.channel] += each.contacts
        by["age_band"][each.age_band or UNKNOWN] += each.contacts
        by["gender"][each.gender or _NOT_STATED] += each.contacts
        counselling[_counselling(each, codes, lists)] += each.contacts
        for code in {lists.now(code) for code in codes}:
            given.setdefault(code, Counter())[each.gender or _NOT_STATED] += each.contacts
        for code in codes:
            if lists.now(code) != code:
                old[code, each.lists or ""] += each.contacts
    return Return(
        span,
        lists.newest.version,
        sum(each.contacts for each in reasons),
        {name: {value: found[value] for value in (*VALUES[name], *found)} for name, found in by.items()},
        {name: counselling[name] for name in ("yes", "no", UNKNOWN)},
        given,
        tuple(Old(code, version, lists.now(code), n) for (code, version), n in sorted(old.items())),
        attempts,
    )


def _counselling(each: Reason, codes: Sequence[str], lists: Lists) -> str:
    if each.ended is None:
        return UNKNOWN
    return "yes" if each.ended == Ended.COUNSELLED and lists.counsels(codes) else "no"


# ---- the workbook


def workbook(told: Return, lists: Lists) -> bytes:
    """XLSX. Every number is a number, every text a text: nothing in it is ever a formula."""
    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        group = book.add_format({"bold": True})
        number = book.add_format({"num_format": "#,##0"})
        for name, heading, rows in _sheets(told, lists):
            sheet = book.add_worksheet(name)
            sheet.set_column(0, 0, 44)
            sheet.set_column(1, len(heading), 16, number)
            sheet.write_row(0, 0, heading, head)
            sheet.freeze_panes(1, 1)
            for at, row in enumerate(rows, 1):
                sheet.write_row(at, 0, row, group if name == "Reasons" and len(row) > 1 and not row[1] else None)
    return out.getvalue()


def _sheets(told: Return, lists: Lists) -> Iterator[tuple[str, Row, list[Row]]]:
    said = words("en")
    yield (
        "Summary",
        ("Child Helpline International: annual return", said.span(told.span)),
        [
            ("Contacts", told.contacts),
            ("Counselling contacts", told.counselling["yes"]),
            ("Non-counselling contacts", told.counselling["no"]),
            ("Contacts not written down yet", told.counselling[UNKNOWN]),
            ("Calls answered", told.answered),
            ("Calls not answered", told.unanswered),
            ("List of reasons used", told.lists),
        ],
    )
    for name, table in (("Method", "channel"), ("Age", "age_band"), ("Gender", "gender")):
        rows: list[Row] = [(said.name(table, code), n) for code, n in told.by[table].items()]
        yield name, (name, "Contacts"), [*rows, ("Total", told.contacts)]
    yield (
        "Reasons",
        ("Category", "Sub-category", *(said.name("gender", each) for each in GENDERS), "total"),
        [*_reasons(told, lists)],
    )
    yield (
        "Attempts",
        ("How calls ended", "Calls"),
        [(outcome.replace("_", " "), n) for outcome, n in told.attempts.items()],
    )
    yield (
        "Old categories",
        ("Category as it was written down", "Lists of", "Counted as", "Contacts"),
        [(old.code, old.lists, old.counted_as, old.contacts) for old in told.old],
    )
    yield (
        "Notes",
        ("How this was counted", ""),
        [
            ("Days are those of Baku. What was written down last counts.",),
            ("A contact may give up to three reasons, so reasons add up to more than contacts.",),
            (f"Reasons are those of the list in use since {told.lists}; older ones are mapped, see “Old categories”.",),
            ("Answered and not answered are calls; other channels have no attempts that could be missed.",),
            ("Contacts of the years before, brought in from a CSV, are in; their attempts are not known.",),
        ],
    )


def _reasons(told: Return, lists: Lists) -> Iterator[Row]:
    for code, each in lists.newest.categories.items():
        if each.is_group:
            mine = [told.reasons.get(sub.code, {}) for sub in lists.newest.subs(code)] + [told.reasons.get(code, {})]
            total = [sum(found.get(gender, 0) for found in mine) for gender in GENDERS]
            yield (each.words.en, "", *total, sum(total))
        found = told.reasons.get(code, {})
        own = [found.get(gender, 0) for gender in GENDERS]
        if each.is_group and any(own):
            yield ("", "(no sub-category given)", *own, sum(own))
        elif not each.is_group:
            yield ("", each.words.en, *own, sum(own))
    if gone := told.reasons.get(GONE):
        own = [gone.get(gender, 0) for gender in GENDERS]
        yield ("No longer on the list", "", *own, sum(own))
