"""Call files: how a call begins from our side (pbx_spool). The one place that knows their form and their folder.

Not AMI Originate: an action that is in flight when the link drops may be sent twice (FACTS). A file is renamed into
place, so the switch never reads half of one, and its name is the call-back's id: a second one takes the first's place.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ivr.errors import TelephonyError
from ivr.telephony.conffile import render

STAGING, OUTGOING = "staging", "outgoing"
ONCE_AND_KEPT_NOWHERE = ("MaxRetries: 0", "Archive: no")
_ID = re.compile(r"[0-9a-z-]{1,64}", re.ASCII)
_UNPRINTABLE = re.compile(r"[^\n\x20-\x7e]")


def call_file(template: str, callback_id: str) -> str:
    """The text of one. Raises TelephonyError for an id or a template that could put a line of its own into it, and for
    a template that would let the switch try again by itself, or keep the file.
    """
    if not _ID.fullmatch(callback_id):
        raise TelephonyError("a call-back's id is small letters, digits and hyphens")
    if _UNPRINTABLE.search(template):
        raise TelephonyError("callback.call may hold plain printable letters only")
    missing = [line for line in ONCE_AND_KEPT_NOWHERE if line not in template.splitlines()]
    if missing:
        raise TelephonyError(f"callback.call must say {' and '.join(missing)}")
    return render(template, {"CALLBACK": callback_id}, "callback.call")


def place(spool: Path, template: str, callback_id: str) -> None:
    """Let the switch begin the call. Raises TelephonyError when the file may not or cannot be written."""
    text = call_file(template, callback_id)
    staged = spool / STAGING / f"{callback_id}.call"
    try:
        staged.unlink(missing_ok=True)
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        if os.geteuid() == 0:  # the switch takes what is its own user's
            os.fchown(descriptor, spool.stat().st_uid, spool.stat().st_gid)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        staged.rename(spool / OUTGOING / staged.name)
    except OSError as error:
        raise TelephonyError(f"no call file can be written: {error.strerror}", remedy=f"Look at {spool}.") from error


def take_back(spool: Path, callback_id: str) -> None:
    """Remove the file if the switch has not taken it yet: it may be closed, and begin the call when it is opened."""
    (spool / OUTGOING / f"{callback_id}.call").unlink(missing_ok=True)
