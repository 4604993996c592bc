"""The switch's queues as values, and the actions that change them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.routing.plan import Change, Do, Member, Waiting
from ivr.telephony.ami import Message
from ivr.telephony.queues import Phone, View, actions, view
from ivr.telephony.statuses import PhoneState

# As 22.10 answers QueueStatus, shortened.
MEMBER = {
    "Queue": "az", "Name": "101", "Location": "PJSIP/101", "Membership": "dynamic", "Penalty": "2",
    "LastCall": "1795281282", "InCall": "0", "Status": "1", "Paused": "1",
}  # fmt: skip
ENTRY = {
    "Queue": "ru-legal",
    "Position": "1",
    "Channel": "PJSIP/loopback-00000001",
    "Wait": "12",
    "Priority": "2119416012",
}


def member(**other: str) -> Message:
    return Message("QueueMember", MEMBER | other)


def test_members_waiting_callers_and_phones_are_read() -> None:
    found = view([Message("QueueParams", {"Queue": "az"}), member(), Message("QueueEntry", ENTRY)])
    assert found == View(
        {("az", "101"): Member(2, True)},
        (Waiting("ru-legal", 2119416012, 12),),
        {"101": Phone(PhoneState.IDLE, 1795281282)},
    )


def test_last_call_is_the_latest_of_all_queues() -> None:
    found = view([member(LastCall="5"), member(Queue="ru", LastCall="9"), member(Queue="en", LastCall="0")])
    assert found.phones["101"].last_call_at == 9


def test_phone_and_page_are_one_and_what_either_does_counts() -> None:
    def together(desk: str, page: str) -> Phone:
        return view([member(Status=desk), member(Location="PJSIP/101-page", Status=page)]).phones["101"]

    assert together("1", "5") == Phone(PhoneState.IDLE, 1795281282)
    assert together("5", "1") == Phone(PhoneState.IDLE, 1795281282, in_page=True)
    assert together("2", "1") == together("1", "2") == Phone(PhoneState.TALKING, 1795281282, in_page=True)
    assert together("5", "6").state is PhoneState.RINGING
    assert actions([Change(Do.ADD, "az", "101-page", Member(2, True))])[0][1]["MemberName"] == "101"


def test_what_the_phone_does_is_the_switchs_number_in_a_word() -> None:
    words = {"0": "away", "1": "idle", "2": "talking", "3": "talking", "4": "away", "5": "away", "6": "ringing",
             "7": "talking", "8": "talking", "x": "away"}  # fmt: skip
    assert {number: PhoneState.of(number) for number in words} == words


def test_member_that_is_no_counsellors_phone_is_left_out() -> None:
    assert view([member(Location="Local/5@x")]) == View()


@given(
    st.lists(
        st.builds(
            Message,
            st.sampled_from(["QueueMember", "QueueEntry", "x"]),
            st.dictionaries(st.sampled_from([*MEMBER, *ENTRY]), st.text()),
        )
    )
)
def test_nonsense_raises_nothing(answer: list[Message]) -> None:
    view(answer)


def test_changes_are_the_switchs_own_actions() -> None:
    todo = [
        Change(Do.ADD, "az", "101", Member(2, True)),
        Change(Do.REMOVE, "az", "101", Member(0, False)),
        Change(Do.PENALTY, "az", "101", Member(4, False)),
        Change(Do.PAUSE, "az", "101", Member(0, True)),
        Change(Do.UNPAUSE, "", "101", Member(0, False)),
    ]
    where = {"Interface": "PJSIP/101", "Queue": "az"}
    assert actions(todo) == [
        ("QueueAdd", where | {"Penalty": "2", "Paused": "1", "MemberName": "101"}),
        ("QueueRemove", where),
        ("QueuePenalty", where | {"Penalty": "4"}),
        ("QueuePause", where | {"Paused": "true"}),
        ("QueuePause", {"Interface": "PJSIP/101", "Paused": "false"}),
    ]
