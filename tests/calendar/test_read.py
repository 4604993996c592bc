"""Calendars that people's programs write become a rota; and whatever is wrong is named with its line."""

from __future__ import annotations

import time
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.calendar.blocks import EVENTS_LIMIT, SHOWN_FAULTS, SIZE_LIMIT, decoded
from ivr.calendar.read import ROWS_LIMIT, read
from ivr.errors import ScriptError
from ivr.routing.hours import BAKU, Clock
from ivr.routing.rota import ExceptionKind, Shift, ShiftException

PEOPLE = {"101": "Aynur", "102": "Leyla Məmmədova", "103": "İradə"}
MONDAY = date(2026, 11, 23)
TZ, BERLIN = ";TZID=Asia/Baku", ";TZID=Europe/Berlin"
NINE = f"DTSTART{TZ}:20261123T090000"
FIVE = f"DTEND{TZ}:20261123T170000"


def calendar(*events: str) -> str:
    inside = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{inside}END:VCALENDAR\r\n"


def event(*lines: str, title: str = "101 Aynur") -> str:
    return "\r\n".join((f"SUMMARY:{title}", *lines))


def rows(*events: str) -> tuple[Shift | ShiftException, ...]:
    return read(calendar(*events), PEOPLE, BAKU)


def faults(*events: str) -> tuple[str, ...]:
    return faults_of(calendar(*events))


def faults_of(text: str, clock: Clock = BAKU) -> tuple[str, ...]:
    with pytest.raises(ScriptError) as caught:
        read(text, PEOPLE, clock)
    return caught.value.problems


def extra(extension: str, day: date, starts: int = 540, ends: int = 1020) -> ShiftException:
    return ShiftException(extension, ExceptionKind.EXTRA, day, starts, ends)


def absent(extension: str, day: date, starts: int = 540, ends: int = 1020) -> ShiftException:
    return ShiftException(extension, ExceptionKind.ABSENT, day, starts, ends)


# ---- what is understood


def test_a_weekly_event_is_a_shift_on_each_of_its_days() -> None:
    found = rows(event(NINE, FIVE, "RRULE:FREQ=WEEKLY;BYDAY=MO,WE"))
    assert found == (Shift("101", 0, 540, 1020, MONDAY), Shift("101", 2, 540, 1020, MONDAY))


def test_a_weekly_event_without_days_comes_on_the_day_it_begins() -> None:
    assert rows(event(NINE, FIVE, "RRULE:FREQ=WEEKLY")) == (Shift("101", 0, 540, 1020, MONDAY),)


def test_a_daily_event_is_a_shift_on_every_day() -> None:
    found = rows(event(NINE, FIVE, "RRULE:FREQ=DAILY"))
    assert [row.weekday for row in found if isinstance(row, Shift)] == [0, 1, 2, 3, 4, 5, 6]


def test_a_single_event_is_extra_time() -> None:
    assert rows(event(NINE, FIVE)) == (extra("101", MONDAY),)


def test_a_night_ends_tomorrow() -> None:
    assert rows(event(f"DTSTART{TZ}:20261123T220000", "DURATION:PT8H")) == (extra("101", MONDAY, 1320, 360),)


def test_what_began_in_the_week_of_always_has_no_first_day() -> None:
    start, end = f"DTSTART{TZ}:20240103T090000", f"DTEND{TZ}:20240103T170000"
    assert rows(event(start, end, "RRULE:FREQ=WEEKLY")) == (Shift("101", 2, 540, 1020),)


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("UNTIL=20261207T050000Z", date(2026, 12, 7)),  # 09:00 here: on that day it still begins
        ("UNTIL=20261207T045900Z", date(2026, 12, 6)),
        ("UNTIL=20261207", date(2026, 12, 7)),
        ("UNTIL=20261207T090000", date(2026, 12, 7)),
        ("COUNT=3", date(2026, 12, 7)),
        ("COUNT=1", MONDAY),
    ],
)
def test_a_series_has_a_last_day(until: str, last: date) -> None:
    (found,) = rows(event(NINE, FIVE, f"RRULE:FREQ=WEEKLY;{until}"))
    assert isinstance(found, Shift)
    assert found.until_day == last


def test_count_counts_every_day_of_the_week() -> None:
    found = rows(event(NINE, FIVE, "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3"))
    assert {row.until_day for row in found if isinstance(row, Shift)} == {date(2026, 11, 30)}


def test_every_other_week_is_kept_day_by_day() -> None:
    found = rows(event(NINE, FIVE, "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;UNTIL=20261209"))
    assert found == tuple(
        extra("101", day) for day in (MONDAY, date(2026, 11, 24), date(2026, 12, 7), date(2026, 12, 8))
    )


def test_every_third_day_is_kept_day_by_day() -> None:
    found = rows(event(NINE, FIVE, "RRULE:FREQ=DAILY;INTERVAL=3;COUNT=3"))
    assert found == tuple(extra("101", date(2026, 11, day)) for day in (23, 26, 29))


def test_a_repetition_that_is_taken_out_is_an_absence() -> None:
    found = rows(event(NINE, FIVE, "RRULE:FREQ=WEEKLY", f"EXDATE{TZ}:20261130T090000,20261130T100000"))
    assert found == (Shift("101", 0, 540, 1020, MONDAY), absent("101", date(2026, 11, 30)))


def test_a_repetition_that_is_not_there_cannot_be_taken_out() -> None:
    assert len(rows(event(NINE, FIVE, "RRULE:FREQ=WEEKLY", f"EXDATE{TZ}:20261201T090000"))) == 1


def test_a_repetition_taken_out_of_single_days_is_simply_gone() -> None:
    found = rows(event(NINE, FIVE, "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=2", "EXDATE;VALUE=DATE:20261207"))
    assert found == (extra("101", MONDAY),)


def test_a_repetition_that_was_moved_to_somebody_else() -> None:
    series = event("UID:a", NINE, FIVE, "RRULE:FREQ=WEEKLY")
    moved = event(
        "UID:a", "RECURRENCE-ID:20261130T050000Z", f"DTSTART{TZ}:20261130T120000", "DURATION:PT1H", title="102 Leyla"
    )
    for order in ((series, moved), (moved, series)):
        assert set(rows(*order)) == {
            Shift("101", 0, 540, 1020, MONDAY),
            absent("101", date(2026, 11, 30)),
            extra("102", date(2026, 11, 30), 720, 780),
        }


def test_a_repetition_that_was_called_off() -> None:
    series = event("UID:a", NINE, FIVE, "RRULE:FREQ=WEEKLY")
    called_off = event(
        "UID:a", f"RECURRENCE-ID{TZ}:20261130T090000", f"DTSTART{TZ}:20261130T090000", "STATUS:CANCELLED"
    )
    assert rows(series, called_off) == (Shift("101", 0, 540, 1020, MONDAY), absent("101", date(2026, 11, 30)))


def test_an_event_that_was_called_off_is_none() -> None:
    assert rows(event(NINE, FIVE), event(NINE, FIVE, "STATUS:CANCELLED", title="102 Leyla")) == (extra("101", MONDAY),)


@pytest.mark.parametrize(
    "mark", ["SUMMARY:101 Aynur absent", "SUMMARY:101 Absent: ill", "SUMMARY:101\r\nCATEGORIES:ABSENT"]
)
def test_time_away(mark: str) -> None:
    assert rows(f"{mark}\r\n{NINE}\r\n{FIVE}") == (absent("101", MONDAY),)


def test_a_holiday_of_several_days_is_away_on_each() -> None:
    found = rows(event("DTSTART;VALUE=DATE:20261230", "DTEND;VALUE=DATE:20270102", title="101 absent"))
    assert found == tuple(
        absent("101", day, 0, 1440) for day in (date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1))
    )


def test_a_day_alone_is_a_whole_day() -> None:
    assert rows(event("DTSTART;VALUE=DATE:20261230")) == (extra("101", date(2026, 12, 30), 0, 1440),)


def test_a_day_that_comes_every_week_is_a_shift_of_a_whole_day() -> None:
    found = rows(event("DTSTART;VALUE=DATE:20261123", "RRULE:FREQ=WEEKLY;UNTIL=20261207"))
    assert found == (Shift("101", 0, 0, 1440, MONDAY, date(2026, 12, 7)),)


def test_what_lasts_longer_than_a_day_is_cut_at_midnight() -> None:
    found = rows(event(f"DTSTART{TZ}:20261123T180000", f"DTEND{TZ}:20261125T060000"))
    assert found == (
        extra("101", MONDAY, 1080, 1440),
        extra("101", date(2026, 11, 24), 0, 1440),
        extra("101", date(2026, 11, 25), 0, 360),
    )


@pytest.mark.parametrize(
    "start",
    [
        "DTSTART:20261123T050000Z",
        "DTSTART:20261123T090000",  # of no zone: ours
        "DTSTART;TZID=Azerbaijan Standard Time:20261123T090000",  # Outlook
        "DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Baku:20261123T090000",  # Evolution
        "DTSTART;TZID=Europe/Berlin:20261123T060000",
    ],
)
def test_every_way_to_write_a_time_is_our_time(start: str) -> None:
    assert rows(event(start, "DURATION:PT8H")) == (extra("101", MONDAY),)


def test_a_series_in_utc_that_begins_on_another_day_here() -> None:
    found = rows(event("DTSTART:20261122T210000Z", "DURATION:PT5H", "RRULE:FREQ=WEEKLY;BYDAY=SU;UNTIL=20261206"))
    assert found == (Shift("101", 0, 60, 360, MONDAY, date(2026, 12, 7)),)


@pytest.mark.parametrize(
    ("title", "who"),
    [
        ("102", ["102"]),
        ("102 instead of 101", ["102"]),
        ("Night: 102", ["102"]),
        ("Leyla MƏMMƏDOVA, night", ["102"]),
        ("irade", None),
        ("irəd", None),
        ("İRADƏ", ["103"]),
        ("iradə", ["103"]),
        ("Aynurə", None),
    ],
)
def test_who_is_meant(title: str, who: list[str] | None) -> None:
    if who is None:
        assert "names no counsellor" in faults(event(NINE, FIVE, title=title))[0]
    else:
        assert [row.extension for row in rows(event(NINE, FIVE, title=title))] == who


def test_all_who_are_invited_have_the_shift() -> None:
    invited = ("ATTENDEE;CN=Somebody:mailto:102@116111.example", 'ATTENDEE;CN="103 İradə":mailto:x@y.example')
    assert rows(event(NINE, FIVE, *invited, title="Night")) == (extra("102", MONDAY), extra("103", MONDAY))


def test_what_else_is_in_a_calendar_is_passed_over() -> None:
    text = (
        "BEGIN:VCALENDAR\nX-WR-CALNAME:Rota\nBEGIN:VTIMEZONE\nTZID:Asia/Baku\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
        "TZOFFSETFROM:+0400\nTZOFFSETTO:+0400\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VTODO\nSUMMARY:rubbish\nEND:VTODO\n"
        f"BEGIN:VEVENT\nDESCRIPTION:a\\,\n  b\nSUMM\n ARY:101\n{NINE}\n{FIVE}\n"
        "BEGIN:VALARM\nTRIGGER:rubbish\nEND:VALARM\nX-APPLE-TRAVEL;X=1:whatever\nEND:VEVENT\n\nEND:VCALENDAR\n"
    )
    assert read(text, PEOPLE, BAKU) == (extra("101", MONDAY),)


# ---- what is not


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        (["DTSTART:rubbish", FIVE], 5, "DTSTART cannot be read"),
        ([NINE, NINE, FIVE], 5, "DTSTART comes twice"),
        ([FIVE], 3, "DTSTART is missing"),
        ([NINE], 5, "has no end"),
        ([NINE, f"DTEND{TZ}:20261123T090000"], 6, "ends before it begins"),
        ([NINE, "DURATION:-PT1H"], 6, "ends before it begins"),
        ([NINE, "DURATION:P9999D"], 6, "longer than a year"),
        ([NINE, "DURATION:20261124T090000"], 6, "DURATION is no length of time"),
        ([NINE, "DTEND;VALUE=DATE:20261124"], 6, "both be days"),
        (["DTSTART;VALUE=DATE:20261124", "DURATION:PT1H"], 6, "ends before it begins"),
        ([f"DTSTART{TZ}:20261123T090030", FIVE], 5, "has seconds"),
        (["DTSTART;TZID=Mars/Olympus:20261123T090000", FIVE], 5, "'Mars/Olympus' is not known; write Asia/Baku"),
        (["DTSTART;TZID=Asia:20261123T090000", FIVE], 5, "a time zone in the event is not known"),
        (["DTSTART;TZID=../../etc/passwd:20261123T090000", FIVE], 5, "is not known; write Asia/Baku"),
        (["DTSTART:00011123T090000Z", FIVE], 5, "in the year 1"),
        ([f"DTSTART{TZ}:20261123T090000", f"DTEND{TZ}:99991231T090000"], 6, "in the year 9999"),
        ([NINE, FIVE, "RRULE:FREQ=MONTHLY"], 7, "repeats MONTHLY; a rota knows WEEKLY and DAILY"),
        ([NINE, FIVE, "RRULE:FREQ=SECONDLY"], 7, "repeats SECONDLY"),
        ([NINE, FIVE, "RRULE:BYDAY=MO"], 7, "repeats nobody knows how"),
        ([NINE, FIVE, "RRULE:FREQ=NEVER"], 7, "RRULE cannot be read"),
        ([NINE, FIVE, "RRULE:FREQ=WEEKLY;BYDAY=1MO"], 7, "BYDAY=1MO is not understood"),
        ([NINE, FIVE, "RRULE:FREQ=WEEKLY;BYHOUR=9"], 7, "BYHOUR in a rule is not understood"),
        ([NINE, FIVE, "RRULE:FREQ=WEEKLY;INTERVAL=0"], 7, "INTERVAL must be 1 to 366"),
        ([NINE, FIVE, "RRULE:FREQ=WEEKLY;COUNT=99999"], 7, "COUNT must be 1 to 1,000"),
        ([NINE, FIVE, "RRULE:FREQ=WEEKLY;INTERVAL=2"], 7, "repeats for ever, and not in every week"),
        ([NINE, FIVE, "RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20991231"], 7, "more than 500 times"),
        ([NINE, FIVE, "RRULE:FREQ=WEEKLY;UNTIL=090000"], 7, "RRULE is no date and no time"),
        ([NINE, FIVE, "RRULE:FREQ=WEEKLY;UNTIL=99991231"], 7, "in the year 9999"),
        ([NINE, FIVE, "RRULE:FREQ=WEEKLY;BYDAY=TU"], 5, "begins on a Monday, on which it does not repeat"),
        ([NINE, f"DTEND{TZ}:20261124T100000", "RRULE:FREQ=WEEKLY"], 5, "lasts longer than a day"),
        ([NINE, FIVE, "RRULE:FREQ=WEEKLY", "RRULE:FREQ=DAILY"], 7, "RRULE comes twice"),
        ([NINE, FIVE, "RDATE:20261201T090000Z"], 7, "RDATE is not understood"),
        ([NINE, FIVE, "EXDATE:rubbish"], 7, "EXDATE cannot be read"),
        ([NINE, FIVE, "UID:a", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261130T050000Z"], 8, "all later repetitions"),
        ([f"DTSTART{BERLIN}:20261123T060000", "DURATION:P1D", "RRULE:FREQ=DAILY"], 5, "clock that runs otherwise"),
        ([NINE, FIVE, "this is no line"], 7, "'this is no line' is no line of a calendar"),
        ([NINE, FIVE, "RRULE:FREQ=WEEKLY;\r\n UNTIL=20\r\n\tXX"], 7, "RRULE cannot be read"),
    ],
)  # fmt: skip
def test_fault_is_named_with_its_line(lines: list[str], line: int, said: str) -> None:
    others = [event(f"UID:a\r\n{NINE}", FIVE, "RRULE:FREQ=WEEKLY", title="102")] if "RECURRENCE-ID" in lines[-1] else []
    (found,) = faults(event(*lines), *others)
    assert found.startswith(f"line {line}: ")
    assert said in found


def test_time_away_for_ever_needs_an_end() -> None:
    assert (
        "repeats for ever, and takes time away" in faults(event(NINE, FIVE, "RRULE:FREQ=WEEKLY", title="101 absent"))[0]
    )


def test_a_title_with_two_of_us_needs_to_begin_with_one() -> None:
    assert "names 101 and 102: begin it with" in faults(event(NINE, FIVE, title="Night 101/102"))[0]


def test_all_faults_come_at_once_and_in_order() -> None:
    found = faults(event(NINE, title="199 Leyla"), event("DTSTART:x", FIVE), event(NINE, FIVE, title="199 for 101"))
    assert found[2] == "line 13: '199 for 101': 199 is no counsellor's extension"
    assert [fault.partition(":")[0] for fault in found] == ["line 5", "line 9", "line 13"]


def test_the_same_person_twice_at_once_names_both_lines() -> None:
    twice = [
        event(NINE, FIVE, "RRULE:FREQ=WEEKLY"),
        event(f"DTSTART{TZ}:20261130T160000", "DURATION:PT2H", "RRULE:FREQ=WEEKLY"),
    ]
    assert faults(*twice) == ("line 9: 101 is down twice at once, first on Mon 30 Nov 2026: see line 3",)


def test_extra_time_beside_a_shift_is_no_fault() -> None:
    assert len(rows(event(NINE, FIVE, "RRULE:FREQ=WEEKLY"), event(NINE, "DURATION:PT10H"))) == 2


@pytest.mark.parametrize("text", ["", " \r\n", "rubbish", "\x00", "BEGIN:VEVENT\r\nEND:VEVENT\r\n", "<html>"])
def test_what_is_no_calendar_is_said_to_be_none(text: str) -> None:
    assert "line 1: this is no iCalendar file: it does not begin with BEGIN:VCALENDAR" in faults_of(text)


def test_a_calendar_without_events_would_empty_the_rota_and_is_refused() -> None:
    assert faults() == ("line 1: there is no event in it",)


def test_a_file_that_is_cut_off_is_refused() -> None:
    text = calendar(event(NINE, FIVE))
    assert any("never ended: the file is cut off" in fault for fault in faults_of(text[: text.index("END:VEVENT")]))


def test_an_end_without_a_beginning_is_named() -> None:
    assert (
        faults_of(calendar(f"{event(NINE, FIVE)}\r\nEND:VTODO"))[0]
        == "line 7: END:VTODO comes where VEVENT of line 3 has not ended"
    )


def test_a_file_larger_than_the_limit_is_refused_at_once() -> None:
    begun = time.process_time()
    with pytest.raises(ScriptError) as caught:
        decoded(b"BEGIN:VCALENDAR\r\n" + b"x" * (2 * SIZE_LIMIT))
    assert caught.value.problems == ("line 1: the file is larger than 5 MB; that is no rota",)
    assert time.process_time() - begun < 1


def test_more_events_or_rows_than_a_rota_has_are_refused() -> None:
    few = event(NINE, FIVE)
    assert faults(*[few] * (EVENTS_LIMIT + 1)) == (
        f"line {EVENTS_LIMIT * 5 + 3}: more than 5,000 events; that is no rota",
    )
    many = [
        event(f"DTSTART:20260101T{n:02}0000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=500")
        for n in range(21)
    ]
    assert "here it becomes more than 10,000 rows; that is no rota" in faults(*many)[-1]


def test_what_is_no_text_is_named_with_its_line() -> None:
    with pytest.raises(ScriptError) as caught:
        decoded(b"BEGIN:VCALENDAR\r\nSUMMARY:\xff\r\n")
    assert caught.value.problems == ("line 2: is not UTF-8 text",)


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read(decoded(b"\xef\xbb\xbf" + calendar(event(NINE, FIVE)).encode()), PEOPLE, BAKU)


def test_more_faults_than_anybody_reads_are_counted() -> None:
    found = faults(*[event(NINE, FIVE, title="nobody")] * (SHOWN_FAULTS + 7))
    assert len(found) == SHOWN_FAULTS + 1
    assert found[-1] == "and 7 more"


@pytest.mark.parametrize(
    "many",
    [
        [event(f"DTSTART:{2010 + n // 100}{n // 10 % 10 + 1:02}{n % 10 + 10}T000000Z", "DURATION:P1D") for n in range(4900)],  # noqa: E501
        [event(NINE, FIVE, "RRULE:FREQ=DAILY;INTERVAL=1;COUNT=1000;BYDAY=MO,TU,WE,TH,FR,SA,SU")] * 800,
        [event(NINE, FIVE, "RRULE:FREQ=WEEKLY;INTERVAL=300;COUNT=1000")] * 800,
        [event(NINE, FIVE, "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=1000")] * 800,
        [event(NINE, FIVE, "RRULE:FREQ=WEEKLY", "EXDATE:" + ",".join(["20771127T050000Z"] * 1000))] * 20,
        ["X" * 90_000 + ":1"] * 50,
    ],
    ids=["singles", "overlapping", "rare", "expanded", "exdates", "long lines"],
)  # fmt: skip
def test_a_large_calendar_is_read_or_refused_in_seconds(many: list[str]) -> None:
    text = calendar(*many)
    assert len(text) < SIZE_LIMIT
    begun = time.process_time()
    try:
        assert len(read(text, PEOPLE, BAKU)) <= ROWS_LIMIT
    except ScriptError as error:
        assert error.problems
    assert time.process_time() - begun < 20  # seconds of work: the machine may be busy


SAMPLE = calendar(
    event("UID:a", NINE, FIVE, "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20270101T000000Z", f"EXDATE{TZ}:20261130T090000"),
    event("UID:a", "RECURRENCE-ID:20261202T050000Z", f"DTSTART{TZ}:20261202T120000", "DURATION:PT1H", title="102"),
    event("DTSTART;VALUE=DATE:20261230", "DTEND;VALUE=DATE:20270102", "CATEGORIES:ABSENT", title="103"),
)
WORDS = st.sampled_from(
    [
        *("BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR", "DTSTART:", "RRULE:FREQ=WEEKLY;", "EXDATE:", "TZID=", "P1W"),
        *("UNTIL=", "COUNT=", "INTERVAL=", "20261123T090000Z", "99999999", "-1", "\r\n", "\r\n ", ";", ":", "=", ","),
        *('"', "\\", "\x00", "ə"),
    ]
)


@given(st.text(max_size=200))
def test_rubbish_is_a_script_error_and_nothing_else(text: str) -> None:
    with pytest.raises(ScriptError):
        read(text, PEOPLE, BAKU)


@given(st.binary(max_size=200))
def test_rubbish_bytes_are_a_script_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(ScriptError):
        read(decoded(data), PEOPLE, BAKU)


@given(st.integers(0, len(SAMPLE) - 1), st.integers(0, 30), st.lists(st.one_of(WORDS, st.text(max_size=5)), max_size=4))
@settings(max_examples=400, deadline=None)
def test_any_slip_of_the_editor_is_a_rota_or_a_script_error(at: int, length: int, put: list[str]) -> None:
    try:
        read(SAMPLE[:at] + "".join(put) + SAMPLE[at + length :], PEOPLE, Clock(ZoneInfo("Asia/Baku")))
    except ScriptError as error:
        assert all(problem.startswith(("line ", "and ")) for problem in error.problems)
