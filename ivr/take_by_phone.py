"""A prompt read into a telephone: the reader's own rings, records after a tone, and plays it back (dialplan/take.conf).

What was read waits in a folder of its own until the page puts it in place, or an hour has passed.
"""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

from ivr.listening import ring_into
from ivr.privileges import hand_over
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.telephony.ami import USER, connected
from ivr.telephony.variables import Variable

CONTEXT = "take"
MORE_S = 3  # silence at both ends is cut off later
KEPT_S = 3600
HEAD_BYTES = 44  # of a wav file without any sound
NAME = re.compile("[0-9]{13}-[0-9a-f]{8}", re.ASCII)


async def ring(settings: Settings, extension: str, longest_s: int) -> str:
    """Ring that phone, or page. The name under which what is read will be found. Raises Refused, TelephonyError."""
    folder = settings.phone_takes_dir
    folder.mkdir(parents=True, exist_ok=True)
    hand_over(folder, settings.run_uid)
    for old in folder.glob("*.wav"):
        if time.time() - old.stat().st_mtime > KEPT_S:
            old.unlink(missing_ok=True)
    name = f"{int(time.time() * 1000)}-{secrets.token_hex(4)}"
    told = {Variable.TAKE: str(folder / name), Variable.TAKE_S: str(longest_s + MORE_S)}
    async with connected("127.0.0.1", settings.ami_port, USER, open_keyring(settings.secrets_file).ami) as switch:
        await ring_into(switch, extension, CONTEXT, told)
    return name


def find(settings: Settings, name: str) -> Path | None:
    """What was read; None for as long as nothing was."""
    file = settings.phone_takes_dir / f"{name}.wav"
    if not NAME.fullmatch(name) or not file.exists() or file.stat().st_size <= HEAD_BYTES:
        return None
    return file
