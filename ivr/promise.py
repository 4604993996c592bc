"""A caller agrees to be called back: the promise as words for the ledger, the number in them sealed.

The ledger has the promise before the caller hears "we will call you", and nothing else is needed for it to be kept:
no process that runs now, no database. Used at both doors, so nothing is loaded before somebody agrees.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.errors import ScriptError
from ivr.flow.steps import Session, Who
from ivr.flow.turn import Settled
from ivr.records.keyring import Keyring

if TYPE_CHECKING:
    from ivr.routing.promise import Policy


@dataclass(frozen=True, slots=True)
class Promiser:
    """Makes promises for one line; none without a policy. `own_numbers`: the line's, which does not ring itself."""

    keyring: Keyring
    policy: Callable[[], Policy | None]
    own_numbers: Collection[str] = ()

    def promise(self, session: Session, number: str, now: float) -> Settled | None:
        """The words of the `promised` event (`records/promised.py`); None when that number is none that we would ring,
        or not all is agreed.
        """
        from ivr.records.sealed import seal, to_text  # noqa: PLC0415
        from ivr.routing.promise import window  # noqa: PLC0415
        from ivr.telephony.numbers import parse  # noqa: PLC0415

        policy, phone = self.policy(), parse(number)
        if policy is None or phone is None or session.safe is None or session.who is None:
            return None
        if phone.e164 in self.own_numbers or phone.is_dear or not phone.e164.startswith(policy.countries):
            return None
        callback_id = f"{int(now)}-{secrets.token_hex(4)}"
        safe = window(policy, session.safe, datetime.fromtimestamp(now, UTC))
        told = {
            "id": callback_id,
            "number": to_text(seal(self.keyring.sealing_keys, phone.e164, callback_id)),
            "caller": phone.caller_hash(self.keyring.hash_key),
            "safe_from": str(int(safe.start.timestamp())),
            "safe_until": str(int(safe.end.timestamp())),
            "only": "yes" if session.who is Who.CALLER else "no",
            "language": session.language,
            "topic": session.topic,
            "age_band": session.age_band,
        }
        return tuple((name, str(value)) for name, value in told.items() if value)

    @property
    def countries(self) -> tuple[str, ...]:
        """Whose numbers may be keyed in."""
        policy = self.policy()
        return policy.countries if policy else ()

    def afternoon_over(self, now: float) -> bool:
        from ivr.routing.promise import offers_afternoon  # noqa: PLC0415

        policy = self.policy()
        return policy is not None and not offers_afternoon(policy, datetime.fromtimestamp(now, UTC))


def policy_of(file: Path) -> Callable[[], Policy | None]:
    """Reads `file` each time: for a process that makes one promise at most. None where it cannot be read."""

    def read() -> Policy | None:
        from ivr.routing.policy import parse  # noqa: PLC0415

        try:
            return parse(file.read_text())
        except (OSError, ValueError, ScriptError):
            return None

    return read
