"""The years before, read from a CSV: every row as it is, or every fault by line."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.catalogues import load_catalogues
from ivr.reports.contact_rows import CHOICES, COLUMNS, OPTIONAL, Fault, Reader, Row

LISTS = load_catalogues()
NOW = datetime(2026, 11, 22, tzinfo=UTC)
GOOD = {
    "received_at": "2019-07-01T14:30:00+04:00", "channel": "telephone", "language": "az", "topic": "violence",
    "chi_category": "violence.bullying", "gender": "girl", "age_band": "11-14", "first_time": "yes",
    "counselling": "yes", "id": "A-1", "summary": "",
}  # fmt: skip


def as_csv(*rows: dict[str, str], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read(data: str | bytes) -> list[Row | Fault]:
    raw = data.encode() if isinstance(data, str) else data
    return list(Reader(LISTS, NOW).read(io.BytesIO(raw)))


def one(**changed: str) -> Row:
    (row,) = read(as_csv(GOOD | changed))
    assert isinstance(row, Row), row
    return row


def faults(data: str | bytes) -> list[tuple[int, str]]:
    found = [each for each in read(data) if isinstance(each, Fault)]
    assert all(each.reason and each.remedy for each in found)
    return [(each.line, each.column) for each in found]


def test_row_is_read_as_it_is() -> None:
    row = one()
    assert row.received_at == datetime(2019, 7, 1, 10, 30, tzinfo=UTC)
    assert (row.channel, row.topic, row.category, row.lists) == (
        "telephone",
        "violence",
        "violence.bullying",
        "2026-05",
    )
    assert (row.gender, row.age_band, row.first_time, row.counselling) == ("girl", "11-14", "yes", "yes")


def test_time_without_a_zone_is_bakus() -> None:
    assert one(received_at="2019-07-01 14:30").received_at == datetime(2019, 7, 1, 10, 30, tzinfo=UTC)
    # Baku kept summer time in 2014
    assert one(received_at="2014-07-01T14:30:00").received_at == datetime(2014, 7, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    ["violence.bullying", "Violence: Bullying", "VIOLENCE / bullying", "Bullying", "Zorakılıq / Bullinq (sıxışdırma)"],
)
def test_category_is_known_by_code_and_by_words(said: str) -> None:
    assert one(chi_category=said).category == "violence.bullying"


def test_category_may_be_a_group_or_nothing() -> None:
    assert [one(chi_category=said).category for said in ("Mental Health", "violence", "")] == [
        "mental_health", "violence", "",
    ]  # fmt: skip


@pytest.mark.parametrize("said", ["Dragons", "Unspecified/Other", "violence.dragons"])
def test_category_that_is_in_no_list_is_a_fault(said: str) -> None:
    assert faults(as_csv(GOOD | {"chi_category": said})) == [(2, "chi_category")]


def test_case_and_outer_spaces_do_not_matter() -> None:
    assert one(gender=" Girl ", channel="TELEPHONE").key(0) == one().key(0)
    assert one(gender=" Girl ").content == one().content


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_of_every_country_are_read(delimiter: str, mark: str) -> None:
    (row,) = read(mark + as_csv(GOOD | {"summary": "a; b, c\nd"}, delimiter=delimiter))
    assert isinstance(row, Row)
    assert row.summary == "a; b, c\nd"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("received_at", ""), ("received_at", "yesterday"), ("received_at", "2027-01-01"), ("received_at", "0001-01-01"),
        ("received_at", "2026-11-22T23:59:00"), ("channel", "fax"), ("language", ""), ("topic", "magic"),
        ("gender", "x"), ("age_band", "12"), ("first_time", "maybe"), ("counselling", ""),
        ("summary", "x" * 10_001), ("id", "x" * 201),
        ("summary", "a\0b"), ("topic", "violence\0"),
    ],
)  # fmt: skip
def test_wrong_value_is_a_fault_of_its_line_and_column(column: str, value: str) -> None:
    assert faults(as_csv(GOOD, GOOD | {column: value})) == [(3, column)]


def test_every_fault_of_every_line_is_told() -> None:
    wrong = GOOD | {"gender": "x", "topic": "y"}
    assert faults(as_csv(*[wrong] * 500)) == [(n, c) for n in range(2, 502) for c in ("topic", "gender")]


def test_lines_are_those_of_the_file_where_text_has_several() -> None:
    assert faults(as_csv(GOOD | {"summary": "one\ntwo\nthree"}, GOOD | {"gender": "x"})) == [(5, "gender")]


def test_other_encodings_are_told_by_line_and_utf_16_at_once() -> None:
    text = as_csv(GOOD, GOOD | {"summary": "мама"})
    assert faults(text.encode("cp1251")) == [(3, "summary")]
    assert faults(text.encode("utf-16")) == [(1, "")]


def test_quotation_mark_that_is_never_closed_is_a_fault_and_other_lines_are_read() -> None:
    assert faults(as_csv(GOOD) + '2019-07-01,"x\n')[0] == (3, "")
    assert faults(as_csv(GOOD | {"gender": "x"}).replace("A-1", '"A"-1') + "a,b\n") == [(2, ""), (3, "")]


def test_header_is_looked_at_before_anything_else() -> None:
    assert faults("received_at,colour\n1,2\n") == [(1, name) for name in COLUMNS[1:]] + [(1, "“colour”")]
    assert (1, "topic") in faults(as_csv(GOOD).replace("language", "topic", 1))
    assert len(faults("")) == len(COLUMNS)


def test_wrong_value_is_shown_short_and_without_what_a_terminal_obeys() -> None:
    (fault,) = read(as_csv(GOOD | {"topic": "\x1b[31m" + "x" * 100}))
    assert isinstance(fault, Fault)
    assert "\x1b" not in str(fault)
    assert len(fault.reason) < 80


@given(st.binary(max_size=400))
def test_reader_never_fails_on_rubbish(data: bytes) -> None:
    header = ",".join(COLUMNS).encode() + b"\n"
    assert all(isinstance(each, Row | Fault) for each in read(data))
    assert all(isinstance(each, Row | Fault) for each in read(header + data))


WORDS = {name: st.sampled_from(list(map(str, values))) for name, values in CHOICES.items()}
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2026, 1, 1)).map(datetime.isoformat)  # noqa: DTZ001  Baku's
ROWS = st.fixed_dictionaries(
    WORDS | {"received_at": MOMENTS, "chi_category": st.sampled_from(sorted(LISTS["2026-05"].categories))}
    | dict.fromkeys(OPTIONAL, TEXTS)
)  # fmt: skip


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_what_was_written_by_the_rules_is_read_again(rows: list[dict[str, str]]) -> None:
    found = read(as_csv(*rows))
    assert [row.summary for row in found if isinstance(row, Row)] == [row["summary"].strip() for row in rows]
    assert [row.category for row in found if isinstance(row, Row)] == [row["chi_category"] for row in rows]
