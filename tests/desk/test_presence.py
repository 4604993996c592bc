"""Whether a counsellor is there: words, rota and phone put together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.desk.presence import (
    SPOKEN,
    TRANSITIONS,
    Duty,
    Presence,
    Said,
    Seen,
    State,
    Word,
    advance,
    derive,
    duty,
    meant,
)
from ivr.routing.rota import ExceptionKind, Rota, Shift, ShiftException
from ivr.telephony.statuses import PhoneState

WRAP_UP = timedelta(seconds=120)
# A Monday in Baku (UTC+4): 12:00 there is 08:00 UTC.
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
DAY_SHIFT = Shift("101", 0, 9 * 60, 17 * 60)
KEPT = Rota(frozenset({"101", "102"}), (DAY_SHIFT,))
NO_ROTA = Rota(frozenset({"101", "102"}))


def baku(hour: float, days: int = 0) -> datetime:
    return MONDAY + timedelta(hours=hour - 4, days=days)


def said(word: Word, at: datetime) -> Said:
    return Said("101", word, at)


def seen(phone: PhoneState = PhoneState.IDLE, last: datetime | None = None) -> Seen:
    return Seen(phone, last)


def presence(
    now: datetime, word: Said | None = None, rota: Rota = KEPT, how: Seen | None = None, wrap_up: timedelta = WRAP_UP
) -> Presence:
    return derive(duty(rota, "101", word, now), how or seen(), wrap_up, now)


def state(now: datetime, word: Said | None = None, rota: Rota = KEPT, how: Seen | None = None) -> State:
    return presence(now, word, rota, how).state


# ---- the table


def test_every_state_and_word_is_told_or_refused() -> None:
    assert set(TRANSITIONS) == set(State)
    assert {word for words in TRANSITIONS.values() for word in words} == set(Word) == set(SPOKEN)


@pytest.mark.parametrize(
    ("before", "word"),
    [
        (State.SIGNED_OUT, Word.PAUSE),
        (State.SIGNED_OUT, Word.RESUME),
        (State.SIGNED_OUT, Word.DONE),
        (State.AVAILABLE, Word.RESUME),
        (State.AVAILABLE, Word.DONE),
        (State.ON_CALL, Word.DONE),
        (State.BREAK, Word.PAUSE),
        (State.BREAK, Word.DONE),
    ],
)
def test_words_out_of_place_are_refused(before: State, word: Word) -> None:
    assert advance(before, word) is None


def test_signing_in_and_out_is_allowed_everywhere() -> None:
    assert all(advance(before, word) for before, word in product(State, (Word.SIGN_IN, Word.SIGN_OUT)))


def test_the_break_key_ends_a_break_and_begins_one_elsewhere() -> None:
    assert meant(Word.PAUSE, State.BREAK) is Word.RESUME
    assert {meant(Word.PAUSE, each) for each in State if each is not State.BREAK} == {Word.PAUSE}
    assert meant(Word.SIGN_OUT, State.BREAK) is Word.SIGN_OUT


@pytest.mark.parametrize(
    ("before", "how"),
    [(State.AVAILABLE, seen()), (State.RINGING, seen(PhoneState.RINGING)), (State.WRAP_UP, seen(last=baku(11.99)))],
)
def test_table_and_derivation_agree(before: State, how: Seen) -> None:
    now = baku(12)
    assert state(now, None, how=how) is before
    for word, after in TRANSITIONS[before].items():
        assert state(now + timedelta(seconds=1), said(word, now), how=how) is after


# ---- no rota


def test_without_a_rota_everybody_is_on_until_they_sign_out() -> None:
    out = said(Word.SIGN_OUT, baku(3, -40))
    assert state(baku(3), None, NO_ROTA) is State.AVAILABLE
    assert state(baku(3), out, NO_ROTA) is State.SIGNED_OUT
    assert state(baku(3), said(Word.SIGN_IN, baku(2)), NO_ROTA) is State.AVAILABLE
    assert presence(baku(3), None, NO_ROTA).since is None


def test_a_break_without_a_rota_lasts_until_it_is_ended() -> None:
    assert state(baku(12, 30), said(Word.PAUSE, baku(12)), NO_ROTA) is State.BREAK


# ---- with a rota


def test_shift_alone_makes_somebody_available_and_its_end_signs_them_out() -> None:
    assert [state(baku(hour)) for hour in (8.99, 9, 16.99, 17)] == [
        State.SIGNED_OUT,
        State.AVAILABLE,
        State.AVAILABLE,
        State.SIGNED_OUT,
    ]


def test_since_is_when_the_shift_began_or_ended() -> None:
    assert presence(baku(12)).since == baku(9)
    assert presence(baku(18)).since == baku(17)
    assert presence(baku(8)).since == baku(17, -7)


def test_somebody_on_no_shift_is_out_though_others_are_on() -> None:
    assert derive(duty(KEPT, "102", None, baku(12)), seen(), WRAP_UP, baku(12)).state is State.SIGNED_OUT


def test_unknown_extension_is_on_no_shift() -> None:
    assert not duty(NO_ROTA, "999", None, baku(12)).on_rota


def test_signing_out_holds_until_the_next_shift_begins() -> None:
    out = said(Word.SIGN_OUT, baku(12))
    assert state(baku(16), out) is State.SIGNED_OUT
    assert presence(baku(16), out).since == baku(12)
    assert state(baku(9.01, 7), out) is State.AVAILABLE


def test_signing_out_before_a_shift_is_over_when_it_begins_and_in_its_first_instant_it_holds() -> None:
    assert state(baku(9.5), said(Word.SIGN_OUT, baku(8))) is State.AVAILABLE
    assert state(baku(9.5), said(Word.SIGN_OUT, baku(9))) is State.SIGNED_OUT


def test_signing_in_off_shift_holds_until_a_shift_ends() -> None:
    early = said(Word.SIGN_IN, baku(8))
    assert [state(baku(hour), early) for hour in (8, 12, 17)] == [State.AVAILABLE, State.AVAILABLE, State.SIGNED_OUT]
    late = said(Word.SIGN_IN, baku(20))
    assert state(baku(23, 2), late) is State.AVAILABLE
    assert state(baku(17, 7), late) is State.SIGNED_OUT


def test_signing_in_while_on_shift_does_not_prolong_it() -> None:
    assert state(baku(17), said(Word.SIGN_IN, baku(16.9))) is State.SIGNED_OUT


def test_break_is_over_when_the_shift_is() -> None:
    pause = said(Word.PAUSE, baku(16))
    assert [state(baku(16.5), pause), state(baku(17), pause), state(baku(10, 7), pause)] == [
        State.BREAK,
        State.SIGNED_OUT,
        State.AVAILABLE,
    ]


def test_break_before_a_shift_goes_on_when_it_begins() -> None:
    assert state(baku(9.5), said(Word.PAUSE, baku(8.9))) is State.BREAK


def test_call_at_the_end_of_a_shift_goes_on_and_then_the_counsellor_is_out() -> None:
    talking = presence(baku(17.1), how=seen(PhoneState.TALKING))
    assert (talking.state, talking.is_there) == (State.ON_CALL, False)
    assert state(baku(17.2), how=seen(last=baku(17.19))) is State.SIGNED_OUT


def test_absence_is_off_and_its_end_is_a_beginning() -> None:
    absent = ShiftException("101", ExceptionKind.ABSENT, baku(12).date(), 11 * 60, 13 * 60)
    rota = Rota(KEPT.people, KEPT.shifts, (absent,))
    out = said(Word.SIGN_OUT, baku(10))
    assert [state(baku(hour), None, rota) for hour in (10, 12, 14)] == [
        State.AVAILABLE,
        State.SIGNED_OUT,
        State.AVAILABLE,
    ]
    assert state(baku(14), out, rota) is State.AVAILABLE


def test_round_the_clock_shifts_without_a_break_keep_a_word_for_as_long_as_we_look_back() -> None:
    rota = Rota(frozenset({"101"}), tuple(Shift("101", day, 0, 0) for day in range(7)))
    assert state(baku(12), said(Word.SIGN_OUT, baku(12, -7)), rota) is State.SIGNED_OUT
    assert presence(baku(12), None, rota).since is None


# ---- the phone


def test_phone_in_use_is_a_call_whatever_was_said() -> None:
    for word in Word:
        assert state(baku(12), said(word, baku(11)), how=seen(PhoneState.TALKING)) is State.ON_CALL


def test_signing_out_or_pausing_while_it_rings_holds_at_once() -> None:
    ringing = seen(PhoneState.RINGING)
    assert state(baku(12), None, how=ringing) is State.RINGING
    assert state(baku(12), said(Word.SIGN_OUT, baku(12)), how=ringing) is State.SIGNED_OUT
    assert state(baku(12), said(Word.PAUSE, baku(12)), how=ringing) is State.BREAK


def test_pause_said_in_a_call_is_a_break_after_it_without_a_wrap_up() -> None:
    pause = said(Word.PAUSE, baku(11.9))
    assert state(baku(12), pause, how=seen(last=baku(11.99))) is State.BREAK


def test_phone_that_is_not_registered_is_no_matter_of_presence() -> None:
    assert state(baku(12), how=seen(PhoneState.AWAY)) is State.AVAILABLE


# ---- wrap-up


def test_wrap_up_lasts_its_time() -> None:
    ended = baku(12)
    after = [presence(ended + timedelta(seconds=s), how=seen(last=ended)) for s in (0, 119, 120, 500)]
    assert [each.state for each in after] == [State.WRAP_UP, State.WRAP_UP, State.AVAILABLE, State.AVAILABLE]
    assert [each.since for each in after] == [ended, ended, ended + WRAP_UP, ended + WRAP_UP]


def test_wrap_up_of_no_time_is_none() -> None:
    now = presence(baku(12), how=seen(last=baku(12)), wrap_up=timedelta(0))
    assert (now.state, now.since) == (State.AVAILABLE, baku(12))


@pytest.mark.parametrize("word", [Word.SIGN_IN, Word.DONE, Word.RESUME])
def test_word_after_the_call_cuts_the_wrap_up_short(word: Word) -> None:
    ended, now = baku(12), baku(12) + timedelta(seconds=30)
    short = presence(now, said(word, now), how=seen(last=ended))
    assert (short.state, short.since) == (State.AVAILABLE, now)
    assert state(now, said(word, ended - timedelta(seconds=1)), how=seen(last=ended)) is State.WRAP_UP


def test_clock_that_was_put_back_keeps_no_phone_quiet() -> None:
    assert state(baku(12), how=seen(last=baku(13))) is State.AVAILABLE


MOMENTS = st.integers(0, 50 * 86_400).map(lambda second: MONDAY + timedelta(seconds=second))


@given(MOMENTS, st.builds(said, st.sampled_from(Word), MOMENTS), st.builds(seen, st.sampled_from(PhoneState), MOMENTS))
def test_some_state_always_follows_and_it_did_not_begin_in_the_future(now: datetime, word: Said, how: Seen) -> None:
    if word.at <= now and how.last_call_at and how.last_call_at <= now:
        for rota in (KEPT, NO_ROTA):
            found = presence(now, word, rota, how)
            assert found.state in State
            assert found.since is None or found.since <= now


@given(MOMENTS, st.sampled_from(Word), st.sampled_from([KEPT, NO_ROTA]))
def test_who_just_signed_in_is_there_and_who_just_signed_out_is_not(now: datetime, word: Word, rota: Rota) -> None:
    assert presence(now, said(Word.SIGN_IN, now), rota).is_there
    assert not presence(now, said(Word.SIGN_OUT, now), rota).is_there


def test_a_duty_is_what_it_says() -> None:
    word = said(Word.PAUSE, baku(10))
    assert duty(KEPT, "101", word, baku(12)) == Duty(True, word, baku(9))
