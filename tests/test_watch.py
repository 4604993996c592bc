"""Looking after the queues: what is told to the switch."""

from __future__ import annotations

import re

from ivr.board.fold import HEARD
from ivr.routing.plan import Change, Do, Member, Place
from ivr.telephony import guesses
from ivr.telephony.ami import RESYNC, Message
from ivr.telephony.queues import View
from ivr.watch import STIRRING, Missed, joined
from tests.conftest import PROJECT

QUEUES = ("az", "ru", "everybody")


def view(**paused: bool) -> View:
    members: dict[Place, Member] = {(queue, "101"): Member(1, paused.get(queue, False)) for queue in QUEUES}
    return View(members | {("az", "102"): Member(1, False)})


def pause(queue: str, extension: str = "101") -> Change:
    return Change(Do.PAUSE, queue, extension, Member(1, True))


def test_pause_in_every_queue_is_told_once() -> None:
    assert joined([pause(queue) for queue in QUEUES], view()) == (pause(""),)
    assert joined([pause("az"), pause("ru")], view(everybody=True)) == (pause(""),)


def test_pause_in_some_queues_is_told_for_each() -> None:
    some = (pause("az"), pause("ru"))
    assert joined(some, view()) == some


def test_what_is_told_of_others_is_left_alone() -> None:
    add = Change(Do.ADD, "en", "102", Member(1, False))
    assert joined([add, *(pause(queue) for queue in QUEUES), pause("az", "102")], view()) == (
        add, pause(""), pause("az", "102"),
    )  # fmt: skip


def test_switch_sends_the_events_that_are_looked_at_and_no_others() -> None:
    conf, _, of_guard = (PROJECT / "asterisk-conf/manager.conf").read_text().partition(f"\n[{guesses.USER}]\n")
    assert set(re.findall(r"^eventfilter\(name\((\w+)\)\) =$", of_guard, re.MULTILINE)) == guesses.HEARD | {
        "FullyBooted"
    }
    assert "\nwrite =\n" in of_guard
    sent = set(re.findall(r"^eventfilter\(name\((\w+)\)\) =$", conf, re.MULTILINE))
    assert conf.count("\neventfilter") == len(sent)
    assert sent == STIRRING - {RESYNC} | HEARD | {"FullyBooted"}


def test_rings_that_were_not_answered_are_counted_until_the_phone_is_picked_up() -> None:
    missed = Missed()
    for _ in range(2):
        missed.note(Message("AgentRingNoAnswer", {"MemberName": "101"}))
    assert missed.by == {"101": 2}
    missed.note(Message("AgentConnect", {"MemberName": "101"}))
    assert missed.by == {}
    missed.note(Message("AgentRingNoAnswer", {"MemberName": "102"}))
    missed.note(Message("UserEvent", {"UserEvent": "Presence", "Extension": "102"}))
    assert missed.by == {}
