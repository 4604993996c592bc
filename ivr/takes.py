"""Studio recordings that came over a page: heard through, put in the place of the made voice, taken back.

A take lies in the state folder and wins over one in `recordings/`; the take before it is kept, one step back.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import wave
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ivr import studio
from ivr.errors import NotFound, TelephonyError
from ivr.flow.prompts import Prompt, sound_name
from ivr.settings import Settings
from ivr.telephony import sounds

LARGEST_BYTES = 12 * 1024 * 1024  # a minute at 96 kHz
LONGEST_S = 90.0  # looked at before anything is made of it
BEFORE = ".before.wav"


class Fault(StrEnum):
    """Why a take is not used."""

    NOTHING = "nothing"
    NO_SOUND = "no_sound"  # not a wav file
    SILENT = "silent"
    CLIPPED = "clipped"
    TOO_LONG = "too_long"
    CHANGED = "changed"  # somebody else has put another in place


@dataclass(frozen=True, slots=True)
class Shelved:
    """One prompt as it stands. `recorded`: somebody has read it; `taken`: and it came over the page."""

    id: str
    heard: str
    words: str
    recorded: bool
    taken: bool
    has_before: bool
    length_s: float | None
    longest_s: int
    mark: str  # of the take in place; empty: none came over the page


def shelf(settings: Settings, code: str) -> tuple[Shelved, ...]:
    """Every prompt of one language, in the order of the file. Raises NotFound for a language that we do not speak."""
    promised = studio.catalogue(settings)
    if code not in promised.languages:
        raise NotFound(f"No prompts in '{code}'", remedy=f"There are: {', '.join(promised.languages)}")
    return tuple(_shelved(settings, code, prompt) for prompt in promised.prompts.values())


def _shelved(settings: Settings, code: str, prompt: Prompt) -> Shelved:
    own, sound = _own(settings, code, prompt.id), sound_file(settings, code, prompt.id)
    return Shelved(
        id=prompt.id,
        heard=prompt.heard,
        words=prompt.words[code].text,
        recorded=studio.recording(settings, code, prompt.id).exists(),
        taken=own.exists(),
        has_before=_before(own).exists(),
        length_s=sounds.length_s(sound) if sound.exists() else None,
        longest_s=prompt.longest_s,
        mark=_mark(own),
    )


def sound_file(settings: Settings, code: str, prompt: str) -> Path:
    """What the switch plays. Both names must be known: see `find`."""
    return Path(f"{settings.sounds_dir / sound_name(code, prompt)}.wav")


def find(settings: Settings, code: str, prompt: str) -> Prompt:
    """Raises NotFound: names from outside lead to no file that is not ours."""
    promised = studio.catalogue(settings)
    if code not in promised.languages or prompt not in promised.prompts:
        raise NotFound("There is no such prompt.")
    return promised.prompts[prompt]


async def keep(settings: Settings, code: str, name: str, take: bytes, seen: str | None = None) -> Fault | None:
    """Put a take in place; calls that begin from now on hear it. What was there is kept one step back.

    `seen`: the mark of the one that its reader knows of; None: any.
    """
    prompt = find(settings, code, name)
    if fault := await asyncio.to_thread(_fault, take, prompt):
        return fault
    own = _own(settings, code, name)
    if _is_other(own, seen):
        return Fault.CHANGED
    own.parent.mkdir(parents=True, exist_ok=True)
    if own.exists():
        own.replace(_before(own))
    partial = own.with_suffix(".part")
    partial.write_bytes(take)
    partial.replace(own)
    await studio.build(settings)
    return None


async def take_back(settings: Settings, code: str, name: str, seen: str | None = None) -> Fault | None:
    """The take before, or the made voice. Raises NotFound when there is no take."""
    find(settings, code, name)
    own = _own(settings, code, name)
    if _is_other(own, seen):
        return Fault.CHANGED
    if not own.exists():
        raise NotFound("There is no recording to take back.")
    if _before(own).exists():
        _before(own).replace(own)
    else:
        own.unlink()
    await studio.build(settings)
    return None


def _fault(take: bytes, prompt: Prompt) -> Fault | None:
    """Why it cannot be used: it is made ready as it would be for the switch, and thrown away."""
    if not take:
        return Fault.NOTHING
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "take.wav")
        file.write_bytes(take)
        try:
            return _heard_through(file, prompt)
        except sounds.NoVoice:
            return Fault.SILENT
        except (TelephonyError, wave.Error, EOFError, ZeroDivisionError):
            return Fault.NO_SOUND


def _heard_through(file: Path, prompt: Prompt) -> Fault | None:
    if sounds.length_s(file) > LONGEST_S:
        return Fault.TOO_LONG
    if sounds.clipped_in(file):
        return Fault.CLIPPED
    sounds.finish(file, file.with_name("made"), prompt.lead_ms, prompt.tail_ms)
    return Fault.TOO_LONG if sounds.length_s(file.with_name("made.wav")) > prompt.longest_s else None


def _own(settings: Settings, code: str, prompt: str) -> Path:
    return settings.takes_dir / code / f"{prompt}.wav"


def _is_other(own: Path, seen: str | None) -> bool:
    return seen is not None and seen != _mark(own)


def _mark(own: Path) -> str:
    """The same for the same sound."""
    return hashlib.sha256(own.read_bytes()).hexdigest()[:12] if own.exists() else ""


def _before(own: Path) -> Path:
    return own.with_name(own.stem + BEFORE)
