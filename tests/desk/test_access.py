"""Who may do what."""

from __future__ import annotations

import pytest

from ivr.desk.access import HOME, MAY, Permission, Role, may

P = Permission


@pytest.mark.parametrize("role", Role)
def test_every_role_has_its_row_and_a_page_to_begin_with(role: Role) -> None:
    assert may(role, P.OWN_ACCOUNT)
    assert HOME[role].startswith("/")


def test_every_permission_is_somebodys() -> None:
    asked_of_nobody = {P.ANYBODY, P.SIGNING_IN}
    assert frozenset().union(*MAY.values()) == set(P) - asked_of_nobody
    assert all(may(role, permission) for role in Role for permission in asked_of_nobody)


def test_a_counsellor_reads_their_own_contacts_and_opens_no_number() -> None:
    assert may(Role.COUNSELLOR, P.READ_OWN_CONTACTS)
    for permission in (P.READ_CONTACTS, P.OPEN_NUMBER, P.LISTEN_IN, P.RUN_ROTA, P.MANAGE_ACCOUNTS):
        assert not may(Role.COUNSELLOR, permission)


def test_a_supervisor_does_what_counsellors_do_and_keeps_no_accounts() -> None:
    assert MAY[Role.COUNSELLOR] < MAY[Role.SUPERVISOR]
    assert not may(Role.SUPERVISOR, P.MANAGE_ACCOUNTS)


def test_an_administrator_reads_nothing_of_the_children() -> None:
    for permission in (P.READ_OWN_CONTACTS, P.READ_CONTACTS, P.OPEN_NUMBER, P.HEAR_MESSAGES, P.LISTEN_IN, P.SEE_DESK):
        assert not may(Role.ADMINISTRATOR, permission)
