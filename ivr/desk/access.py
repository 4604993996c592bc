"""Who may do what: one table. A page asks `may`, and so does every act that matters. Pure."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    COUNSELLOR = "counsellor"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    # not a question of role
    ANYBODY = "anybody"
    SIGNING_IN = "signing_in"  # the password was right, whatever is still to be done
    OWN_ACCOUNT = "own_account"  # everybody who is signed in

    # a counsellor's work
    SEE_DESK = "see_desk"
    TAKE_CALLS = "take_calls"
    SAY_PRESENCE = "say_presence"
    WRITE_CONTACTS = "write_contacts"
    READ_OWN_CONTACTS = "read_own_contacts"
    KEEP_CALLBACKS = "keep_callbacks"
    TALK_SILENTLY = "talk_silently"
    SEE_ROTA = "see_rota"

    # looking after it
    READ_CONTACTS = "read_contacts"  # everybody's
    OPEN_NUMBER = "open_number"  # a sealed number in clear; each opening is on record
    HEAR_MESSAGES = "hear_messages"
    REVIEW_CALLS = "review_calls"
    HOLD_DEBRIEFS = "hold_debriefs"  # talks after a hard call; how much each counsellor carries
    LISTEN_IN = "listen_in"
    BLOCK_CALLERS = "block_callers"
    SAY_OTHERS_PRESENCE = "say_others_presence"
    SEE_BOARD = "see_board"
    MOVE_CALLERS = "move_callers"  # one who waits comes next
    SEE_REPORTS = "see_reports"
    RUN_ROTA = "run_rota"

    # keeping the house
    MANAGE_ACCOUNTS = "manage_accounts"
    READ_AUDIT = "read_audit"
    CHANGE_LINE = "change_line"  # menus, hours, words


_WORK = frozenset(
    {
        Permission.OWN_ACCOUNT,
        Permission.SEE_DESK,
        Permission.TAKE_CALLS,
        Permission.SAY_PRESENCE,
        Permission.WRITE_CONTACTS,
        Permission.READ_OWN_CONTACTS,
        Permission.KEEP_CALLBACKS,
        Permission.TALK_SILENTLY,
        Permission.SEE_ROTA,
    }
)
_CARE = frozenset(
    {
        Permission.READ_CONTACTS,
        Permission.OPEN_NUMBER,
        Permission.HEAR_MESSAGES,
        Permission.HOLD_DEBRIEFS,
        Permission.REVIEW_CALLS,
        Permission.LISTEN_IN,
        Permission.BLOCK_CALLERS,
        Permission.SAY_OTHERS_PRESENCE,
        Permission.SEE_BOARD,
        Permission.MOVE_CALLERS,
        Permission.SEE_REPORTS,
        Permission.RUN_ROTA,
        Permission.READ_AUDIT,
        Permission.CHANGE_LINE,
    }
)
# Who keeps the house reads nothing of the children: an administrator sees no contact and opens no number.
_HOUSE = frozenset(
    {
        Permission.OWN_ACCOUNT,
        Permission.SEE_ROTA,
        Permission.SEE_BOARD,
        Permission.MANAGE_ACCOUNTS,
        Permission.READ_AUDIT,
        Permission.CHANGE_LINE,
    }
)

MAY: dict[Role, frozenset[Permission]] = {
    Role.COUNSELLOR: _WORK,
    Role.SUPERVISOR: _WORK | _CARE,
    Role.ADMINISTRATOR: _HOUSE,
}
HOME: dict[Role, str] = {  # the page after signing in
    Role.COUNSELLOR: "/desk",
    Role.SUPERVISOR: "/desk",
    Role.ADMINISTRATOR: "/accounts",
}


def may(role: Role, permission: Permission) -> bool:
    """Whether somebody who is signed in, in that role, may."""
    return permission in {Permission.ANYBODY, Permission.SIGNING_IN} or permission in MAY[role]
