"""Which talks are drawn: fairly, and by nobody's hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ivr.desk.sampling import Talk, draw, last_week

WEEK, KEY, BAKU = date(2026, 11, 16), b"k" * 32, ZoneInfo("Asia/Baku")
TALKS = st.lists(
    st.builds(Talk, st.text("0123456789", min_size=1), st.sampled_from(["101", "102", "103"])), unique=True
)


@given(TALKS, st.integers(1, 4))
def test_everybody_has_as_many_drawn_as_anybody(talks: list[Talk], each: int) -> None:
    found = draw(talks, KEY, WEEK, each)
    for who in {talk.counsellor for talk in talks}:
        theirs = [talk for talk in talks if talk.counsellor == who]
        assert sum(talk.counsellor == who for talk in found) == min(each, len(theirs))


@given(TALKS)
def test_the_draw_is_the_same_in_whatever_order_the_talks_come(talks: list[Talk]) -> None:
    assert draw(talks, KEY, WEEK) == draw(list(reversed(talks)), KEY, WEEK)


def test_another_week_or_another_key_draws_others() -> None:
    talks = [Talk(str(n), "101") for n in range(50)]
    assert draw(talks, KEY, WEEK) != draw(talks, KEY, date(2026, 11, 23))
    assert draw(talks, KEY, WEEK) != draw(talks, b"j" * 32, WEEK)


def test_last_week_is_from_monday_to_monday_in_baku() -> None:
    since, until = last_week(datetime(2026, 11, 22, 20, 30, tzinfo=UTC), BAKU)  # Monday, 00:30 in Baku
    assert (since, until) == (datetime(2026, 11, 16, tzinfo=BAKU), datetime(2026, 11, 23, tzinfo=BAKU))
