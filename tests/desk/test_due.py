"""What lapses is reminded of thirty days before, and until it is renewed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ivr.desk.due import Due, Paper, due

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("days", "lapsed"), [(31, None), (30, False), (1, False), (0, False), (-1, True), (-400, True)]
)  # fmt: skip
def test_it_is_reminded_of_in_good_time(days: int, lapsed: bool | None) -> None:
    until = TODAY + timedelta(days=days)
    wanted = () if lapsed is None else (Due(Paper.TRAINING, until, lapsed),)
    assert due(until, None, TODAY) == wanted
    assert [each.paper for each in due(None, until, TODAY)] == [Paper.CHECK] * len(wanted)


def test_a_date_that_nobody_wrote_down_reminds_of_nothing() -> None:
    assert due(None, None, TODAY) == ()
