"""Who is refused for guesses at passwords: whatever is sent, from however many addresses."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony import guesses, refusals
from ivr.telephony.guesses import (
    KNOWN_FOR_S,
    MOST_COUNTED,
    MOST_KNOWN,
    MOST_REFUSED,
    WITHIN_S,
    Attempt,
    Book,
    Counter,
    Noted,
    Refused,
    access_list,
    as_text,
    attempt,
    decided,
    from_text,
    is_in,
    network_of,
    networks,
)
from ivr.telephony.phones import hosts
from ivr.telephony.trunk import matches
from tests.fake_ami import captured

NOW, LIMIT, FOR_S = 1_796_000_000.0, 5, 300.0
THERE = "192.0.2.7"
SPARED = networks(["127.0.0.1", "198.51.100.0/24", "sip.carrier.example", "2001:db8:1::5"])
ADDRESSES = st.one_of(
    st.ip_addresses(), st.sampled_from(["127.0.0.1", "198.51.100.9", THERE]).map(ipaddress.ip_address)
)
NETWORKS = ADDRESSES.map(lambda each: network_of(str(each)) or "")


def over(*addresses: str) -> Noted:
    return Noted(frozenset(addresses))


def addresses(book: Book) -> set[str]:
    return {each.address for each in book.refused}


def count(times: Iterable[float], limit: int = LIMIT) -> list[bool]:
    counter = Counter(limit)
    return [counter.note(Attempt(THERE, right=False), at) for at in times]


def test_so_many_in_a_minute_are_too_many_and_one_fewer_are_not() -> None:
    assert count([NOW] * LIMIT) == [False] * (LIMIT - 1) + [True]
    assert count(NOW + n * WITHIN_S / LIMIT for n in range(LIMIT))[-1]
    assert not any(count(NOW + n * WITHIN_S / (LIMIT - 2) for n in range(50)))


def test_wrong_and_right_passwords_of_telephones_are_heard_and_nothing_else() -> None:
    """As 22.10 says it: a wrong password, one of an account that is not there, one without a challenge, a right one."""
    blocks = [dict(line.split(": ", 1) for line in b.splitlines()) for b in captured("guesses").split("\n\n") if b]
    found = [attempt(told["Event"], told) for told in blocks]
    wrong = Attempt("127.0.0.2", right=False)
    assert found.count(wrong) == 8
    assert {each.address for each in found if each and each.right} == {"127.0.0.3", "127.0.0.1"}
    assert {told["Service"] for told, made in zip(blocks, found, strict=True) if made is None} == {"AMI"}
    one = next(told for told, made in zip(blocks, found, strict=True) if made == wrong)
    assert attempt(guesses.WRONG, one) == wrong and attempt(guesses.WRONG, {**one, "Service": "AMI"}) is None
    assert attempt("SuccessfulAuth", {**blocks[0], "UsingPassword": "0"}) is None


@given(st.text(max_size=60), st.dictionaries(st.text(max_size=20), st.text(max_size=60)))
def test_whatever_an_event_holds_nothing_is_raised(where: str, more: dict[str, str]) -> None:
    told = {**more, "Service": "PJSIP", "RemoteAddress": where}
    made = attempt(guesses.WRONG, told)
    assert made is None or is_in(made.address, networks([made.address]))


@given(st.lists(st.tuples(NETWORKS, st.booleans(), st.floats(NOW, NOW + 100)), max_size=200), st.integers(1, 5))
def test_memory_is_bounded_whoever_floods(made: list[tuple[str, bool, float]], limit: int) -> None:
    counter = Counter(limit)
    with pytest.MonkeyPatch.context() as small:
        for name in ("MOST_COUNTED", "MOST_REFUSED", "MOST_KNOWN"):
            small.setattr(guesses, name, 3)
        for address, right, at in made:
            counter.note(Attempt(address, right), at)
    assert counter.kept <= 9
    noted = counter.taken()
    assert len(noted.over) <= 3 and len(noted.proved) <= 3 and noted.wrong == sum(not right for _, right, _ in made)


def test_a_million_addresses_take_no_more_room_than_some_thousand() -> None:
    counter = Counter(1)
    for n in range(200_000):
        address = f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
        counter.note(Attempt(address, right=n % 2 == 0), NOW)
    assert counter.kept <= MOST_COUNTED + MOST_REFUSED + MOST_KNOWN
    noted = counter.taken()
    assert len(decided(Book(), noted, SPARED, FOR_S, NOW).refused) <= MOST_REFUSED
    for n in range(3):  # nor does the book, look after look
        more = Noted(frozenset(f"11.{n}.{k >> 8}.{k & 255}" for k in range(MOST_REFUSED)), noted.proved)
        book = decided(Book(), more, (), FOR_S, NOW + n)
        assert len(book.refused) <= MOST_REFUSED and len(book.known) <= MOST_KNOWN


BOOKS = st.builds(
    lambda refused, known: Book(tuple(refused), known),
    st.lists(st.builds(Refused, NETWORKS, st.floats(NOW - 900, NOW), st.floats(NOW - 900, NOW + 900)), max_size=20),
    st.dictionaries(NETWORKS, st.floats(NOW - 2 * KNOWN_FOR_S, NOW + 900), max_size=10),
)
NOTED = st.builds(Noted, st.frozensets(NETWORKS, max_size=20), st.dictionaries(NETWORKS, st.just(NOW), max_size=5))


@given(BOOKS, NOTED)
def test_carrier_machine_and_phones_that_are_there_are_never_refused(book: Book, noted: Noted) -> None:
    after = decided(book, noted, SPARED, FOR_S, NOW)
    assert not any(is_in(each.address, SPARED) for each in after.refused)
    assert addresses(after) & (after.known.keys() | noted.proved.keys()) == set()
    assert not _denied(access_list(after, SPARED)) & {"127.0.0.1", "198.51.100.9"}


def _denied(text: str) -> set[str]:
    """Which of three addresses the switch would refuse, by its rule: the last line that fits decides."""
    shut = set[str]()
    for line in text.splitlines():
        kind, _, network = line.partition(" = ")
        for address in ("127.0.0.1", "198.51.100.9", THERE):
            if is_in(address, networks([network])):
                (shut.add if kind == "deny" else shut.discard)(address)
    return shut


@given(BOOKS, NOTED, st.floats(-10_000, 10_000))
def test_a_refusal_ends_by_itself_whatever_the_clock_does(book: Book, noted: Noted, step: float) -> None:
    after = decided(book, noted, (), FOR_S, NOW)
    assert all(NOW < each.until <= NOW + FOR_S for each in after.refused)
    later = decided(after, Noted(), (), FOR_S, NOW + step)
    assert all(each.until <= NOW + step + FOR_S for each in later.refused)
    assert not decided(after, Noted(), (), FOR_S, NOW + FOR_S).refused


def test_who_goes_on_is_not_refused_for_longer_and_is_counted_once() -> None:
    first = decided(Book(), over(THERE), (), FOR_S, NOW)
    again = decided(first, over(THERE), (), FOR_S, NOW + 200)
    assert again.refused == first.refused and again.times == 1


def test_the_latest_are_refused_where_there_are_too_many() -> None:
    many = Noted(frozenset(f"10.0.{n >> 8}.{n & 255}" for n in range(MOST_REFUSED)))
    full = decided(Book(), many, (), FOR_S, NOW)
    after = decided(full, over(THERE), (), FOR_S, NOW + 1)
    assert len(after.refused) == MOST_REFUSED and THERE in addresses(after)


def test_a_right_password_keeps_its_address_from_being_refused_for_thirty_days() -> None:
    counter = Counter(LIMIT)
    counter.note(Attempt(THERE, right=True), NOW)
    proved = decided(Book(), counter.taken(), (), FOR_S, NOW)
    assert not decided(proved, over(THERE), (), FOR_S, NOW + KNOWN_FOR_S - 1).refused
    assert decided(proved, over(THERE), (), FOR_S, NOW + KNOWN_FOR_S + 1).refused


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:5:6:7:8:9:a", "2001:db8:5:6::/64"),
        ("::5", "::/64"),
        ("192.0.2.7/0", None),
        ("sip.example", None),
        ("", None),
    ],
)
def test_an_address_is_one_address_or_what_one_subscriber_has(written: str, kept: str | None) -> None:
    assert network_of(written) == kept


@given(BOOKS)
def test_a_book_comes_back_as_it_was_written(book: Book) -> None:
    assert from_text(as_text(book)) == Book(book.refused[:MOST_REFUSED], dict(book.known), book.wrong, book.times)


@given(st.one_of(st.text(), st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps)))
def test_a_book_that_cannot_be_read_refuses_nobody(text: str) -> None:
    assert from_text(text) == Book()


@pytest.mark.parametrize("address", ["everybody", "0.0.0.0/0", 7, None, "192.0.2.7\npermit = 192.0.2.8"])
def test_what_is_no_address_gets_no_line_in_the_switchs_list(address: object) -> None:
    told = {"refused": [{"address": address, "since": NOW, "until": NOW + 9}], "known": {}, "wrong": 0, "times": 0}
    assert from_text(json.dumps(told)) == Book()


def test_a_file_that_cannot_be_written_leaves_the_one_that_was(tmp_path: Path) -> None:
    file = tmp_path / "guesses.json"
    refusals.write(file, Book(wrong=7))
    (tmp_path / "guesses.new").mkdir()
    with pytest.raises(OSError):
        refusals.write(file, Book(wrong=8))
    assert refusals.read(file).wrong == 7
    assert file.stat().st_mode & 0o077 == 0


IDENTIFIES = """
 Identify:  <Identify/Endpoint...........................................................>
      Match:  <criteria...........................>
==========================================================================================

 Identify:  loopback/loopback
      Match: 127.0.0.1/32

 Identify:  trunk/trunk
      Match: 127.0.0.9/32
      Match: 203.0.113.0/24
"""
STORED = (
    '/registrar/contact/101;@7197b516: {"via_addr":"192.0.2.1","endpoint":"101","via_port":"60451",'
    '"uri":"sip:attack@192.0.2.2:60451","user_agent":""}\n'
    '/registrar/contact/102;@8: {"via_addr":"phone.invalid","uri":"sip:102@[2001:db8::9]:5060^3Btransport=tcp"}\n'
    '/registrar/contact/103;@9: {"via_addr":"","uri":"sip:192.0.2.3;ob"}\n'
)


def test_the_switch_says_who_needs_no_password_and_where_phones_are() -> None:
    assert matches(IDENTIFIES) == ("127.0.0.1/32", "127.0.0.9/32", "203.0.113.0/24")
    assert hosts(STORED) == ("192.0.2.1", "192.0.2.2", "phone.invalid", "2001:db8::9", "192.0.2.3")
    assert matches("") == () and hosts("0 results found.\n") == ()
