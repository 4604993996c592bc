"""Who rings next."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.routing.plan import Change, Do, Member, Place, Ready, Seat, Waiting, assign, changes, ranked, wanted
from ivr.routing.skills import ANYBODY_QUEUE, Fit, Need, Person, is_for_danger, is_open

NEEDED = {
    ANYBODY_QUEUE: Need(),
    "az": Need("az"),
    "az-danger": Need("az", "danger"),
    "ru": Need("ru"),
    "ru-legal": Need("ru", "legal"),
}
QUEUES = tuple(NEEDED)


def seat(extension: str, ready: Ready = Ready.FREE, *languages: str, idle_s: float = 100, missed: int = 0) -> Seat:
    return Seat(Person(extension, languages or ("az", "ru")), ready, idle_s, missed)


def given_to(seats: list[Seat], waiting: list[Waiting]) -> dict[str, str]:
    ranks = {queue: ranked(seats, need) for queue, need in NEEDED.items()}
    return {extension: caller.queue for extension, caller in assign(seats, waiting, ranks).items()}


def test_first_caller_chooses_first_and_the_longest_idle_rings() -> None:
    seats = [seat("101", idle_s=10), seat("102", idle_s=500)]
    assert given_to(seats, [Waiting("az", 5, 3), Waiting("ru", 9, 1)]) == {"102": "ru", "101": "az"}


def test_fit_comes_before_idleness() -> None:
    seats = [seat("101", Ready.FREE, "az", idle_s=900), seat("102", Ready.FREE, "az", "ru", idle_s=1)]
    assert given_to(seats, [Waiting("ru", 5, 70)]) == {"102": "ru"}


def test_caller_whom_nobody_free_fits_yet_does_not_hold_up_the_next() -> None:
    seats = [seat("101", Ready.FREE, "az"), seat("103", Ready.TALKING, "ru")]
    assert given_to(seats, [Waiting("ru", 9, 5), Waiting("az", 5, 1)]) == {"101": "az"}
    assert given_to(seats, [Waiting("ru", 9, 60), Waiting("az", 5, 1)]) == {"101": "ru"}


def test_who_waits_for_the_counsellor_they_know_takes_nobody_else() -> None:
    seats = [seat("101"), seat("102", Ready.RINGING)]
    assert given_to(seats, [Waiting("same-102", 9, 3), Waiting("az", 5, 1)]) == {"101": "az"}


def test_who_let_the_phone_ring_stands_behind_the_others_and_is_still_rung() -> None:
    seats = [seat("101", missed=1, idle_s=900), seat("102", idle_s=1)]
    assert given_to(seats, [Waiting("az", 5, 1)]) == {"102": "az"}
    assert given_to([seats[0]], [Waiting("az", 5, 1)]) == {"101": "az"}


def test_freed_counsellor_is_let_into_the_queue_of_the_first_caller_alone() -> None:
    want = wanted([seat("101")], NEEDED, [Waiting("az", 5, 30), Waiting("ru-legal", 9, 3)])
    held = {queue: want[queue, "101"].paused for queue in QUEUES}
    assert held == {"ru-legal": False, "az": True, "ru": False, "az-danger": False, ANYBODY_QUEUE: False}


def test_nobody_waits_and_everybody_free_may_be_rung_at_once() -> None:
    assert not any(
        member.paused for (_, station), member in wanted([seat("101")], NEEDED, []).items() if station == "101"
    )


def test_wrap_up_is_left_in_peace_until_danger_or_a_long_wait() -> None:
    def held(*waiting: Waiting) -> set[str]:
        return {q for q in QUEUES if wanted([seat("101", Ready.WRITING)], NEEDED, waiting)[q, "101"].paused}

    assert held() == held(Waiting("az", 1, 59)) == set(NEEDED)
    assert held(Waiting("az", 1, 60)) == set(NEEDED) - {"az"}
    assert held(Waiting("az-danger", 1, 0)) == set(NEEDED) - {"az-danger"}
    assert held(Waiting(ANYBODY_QUEUE, 1, 0)) == set(NEEDED) - {ANYBODY_QUEUE}


def test_break_and_talk_hold_everything_and_who_is_gone_stands_in_no_queue_with_a_need() -> None:
    for ready in (Ready.AWAY, Ready.TALKING):
        assert all(member.paused for member in wanted([seat("101", ready)], NEEDED, []).values())
    assert wanted([seat("101", Ready.GONE)], NEEDED, []) == {
        ("same-101", "101"): Member(0, True),
        ("same-101", "101-page"): Member(0, True),
    }


def test_a_page_that_is_there_rings_in_place_of_the_phone() -> None:
    free, there = seat("101"), replace(seat("101"), in_page=True)
    moved = changes(wanted([there], {"az": NEEDED["az"]}, []), wanted([free], {"az": NEEDED["az"]}, []))
    assert {(change.do, change.queue, change.station) for change in moved} == {
        (Do.REMOVE, "az", "101"),
        (Do.ADD, "az", "101-page"),
        (Do.PAUSE, "same-101", "101"),
        (Do.UNPAUSE, "same-101", "101-page"),
    }


HARD = Seat(Person("101", ("az",)), Ready.FREE, spared=True)


@pytest.mark.parametrize(
    ("other", "spared"),
    [
        (seat("102"), True),
        (seat("102", Ready.WRITING), True),
        (seat("102", Ready.RINGING), True),
        (seat("102", missed=1), True),
        (seat("102", missed=2), False),
        (seat("102", Ready.TALKING), False),
        (seat("102", Ready.AWAY), False),
        (seat("102", Ready.GONE), False),
        (Seat(Person("102", ("ru",)), Ready.FREE), False),
        (replace(HARD, person=Person("102", ("az",))), False),
    ],
)
def test_after_a_hard_call_nobody_is_asked_for_danger_unless_nobody_else_is_there(other: Seat, spared: bool) -> None:
    ranks = ranked([HARD, other], Need("az", "danger"))
    assert (ranks["101"] is Fit.ANYBODY) is spared


def test_hard_call_changes_nothing_for_callers_who_are_not_in_danger() -> None:
    assert ranked([HARD, seat("102")], Need("az"))["101"] is Fit.BEST


def test_spared_counsellor_is_still_rung_when_a_minute_brought_nobody_else() -> None:
    ranks = {"az-danger": ranked([HARD, seat("102", Ready.WRITING)], Need("az", "danger"))}
    assert assign([HARD], [Waiting("az-danger", 9, 59)], ranks) == {}
    assert set(assign([HARD], [Waiting("az-danger", 9, 60)], ranks)) == {"101"}


def test_queue_that_needs_no_program_is_never_touched() -> None:
    assert changes({}, {("everybody", "101"): Member(0, False), ("same-101", "101"): Member(0, False)}) == ()


def test_what_is_as_it_should_be_is_left_alone_and_what_is_not_is_put_right() -> None:
    want = {("az", "101"): Member(1, False), ("ru", "101"): Member(2, True), ("ru", "102"): Member(1, False)}
    there = {("az", "101"): Member(1, False), ("ru", "101"): Member(4, False), ("az", "109"): Member(1, False)}
    assert set(changes(want, there)) == {
        Change(Do.REMOVE, "az", "109", Member(1, False)),
        Change(Do.PENALTY, "ru", "101", Member(2, True)),
        Change(Do.PAUSE, "ru", "101", Member(2, True)),
        Change(Do.ADD, "ru", "102", Member(1, False)),
    }


def applied(todo: tuple[Change, ...], there: dict[Place, Member]) -> dict[Place, Member]:
    """What the switch does with the changes."""
    after = dict(there)
    for change in todo:
        place = (change.queue, change.station)
        match change.do:
            case Do.ADD:
                after[place] = change.member
            case Do.REMOVE:
                del after[place]
            case Do.PENALTY:
                after[place] = replace(after[place], penalty=change.member.penalty)
            case Do.PAUSE | Do.UNPAUSE:
                after[place] = replace(after[place], paused=change.do is Do.PAUSE)
    return after


extensions = st.sampled_from(["101", "102", "103", "104"])
languages = st.sets(st.sampled_from(["az", "ru", "en"]), min_size=1).map(tuple)
seats_drawn = st.lists(
    st.builds(
        Seat,
        st.builds(Person, extensions, languages, st.just(()), st.booleans()),
        st.sampled_from(Ready),
        st.floats(0, 9999),
        st.integers(0, 3),
        st.booleans(),
    ),
    unique_by=lambda each: each.extension,
)
waiting_drawn = st.lists(st.builds(Waiting, st.sampled_from(QUEUES), st.integers(0, 10**6), st.floats(0, 300)))
written = [*(f"same-10{n}" for n in range(1, 5))]
members_drawn = st.dictionaries(
    st.tuples(st.sampled_from(list(NEEDED)), extensions), st.builds(Member, st.integers(0, 4), st.booleans())
)


@given(seats_drawn, waiting_drawn, members_drawn)
def test_one_look_puts_everything_right(seats: list[Seat], waiting: list[Waiting], there: dict[Place, Member]) -> None:
    want = wanted(seats, NEEDED, waiting)
    there |= {place: Member(0, False) for place in want if place[0] in written}
    after = applied(changes(want, there), there)
    assert after == want
    assert changes(want, after) == ()


@given(seats_drawn, waiting_drawn)
def test_nobody_is_given_two_callers_and_no_free_counsellor_idles_who_could_take_one(
    seats: list[Seat], waiting: list[Waiting]
) -> None:
    ranks = {queue: ranked(seats, need) for queue, need in NEEDED.items()}
    given_now = assign(seats, waiting, ranks)
    assert len({id(caller) for caller in given_now.values()}) == len(given_now)
    left = [caller for caller in waiting if not any(caller is taken for taken in given_now.values())]
    idle = [each for each in seats if each.ready is Ready.FREE and each.extension not in given_now]
    for caller in left:
        for each in idle:
            rank = ranks.get(caller.queue, {}).get(each.extension, Fit.BEST)
            assert not is_open(rank, caller.waited_s, danger=is_for_danger(caller.queue))


@given(seats_drawn, waiting_drawn)
def test_whoever_is_given_a_caller_is_let_in_there(seats: list[Seat], waiting: list[Waiting]) -> None:
    ranks = {queue: ranked(seats, need) for queue, need in NEEDED.items()}
    want = wanted(seats, NEEDED, waiting)
    for extension, caller in assign(seats, waiting, ranks).items():
        assert not want[caller.queue, extension].paused
