"""Sound files: speaking, levelling and measuring them. espeak-ng (or Piper) and sox.

Every file is 8 kHz mono, 16 bit, and lies beside its own .alaw and .ulaw, so that the switch never transcodes a prompt.
Levels are in dB relative to full scale. Loudness is measured as ITU-R BS.1770 gates it (blocks of 400 ms, 10 dB below
the mean left out), but on the telephone band, 300–3400 Hz, in place of its K filter: what is outside is not heard.
"""

from __future__ import annotations

import math
import subprocess
import tempfile
import wave
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ivr.errors import TelephonyError

RATE = 8000
FULL_SCALE = 32768
VOICE_DB = -19.0
PEAK_DB = -3.5
NOTHING_DB = -120.0  # of a file in which there is no sound at all
QUIET_DB = -50.0  # below this an end of a file counts as silence
ONSET = 30 * RATE // 1000  # kept around the sound that is not quiet: an h or an s begins below it
ENCODINGS = {"alaw": "al", "ulaw": "ul"}
SUFFIXES = ("wav", *ENCODINGS)
PAUSE = ("0.01", "0.2%")  # so much sound, louder than this, ends a pause


class NoVoice(TelephonyError):
    """A recording in which nobody is heard."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What is to be spoken and how. `pause_ms`: pauses between words are cut to this. `piper`: a Piper voice file."""

    text: str
    voice: str
    speed_wpm: int
    pitch: int
    pause_ms: int | None = None
    piper: Path | None = None
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What a sound file is. `copies`: the encodings that lie beside it, as long as itself."""

    rate_hz: int
    channels: int
    bits: int
    length_s: float
    loudness_db: float
    peak_db: float
    clipped: int
    lead_s: float
    tail_s: float
    copies: tuple[str, ...]


def speak(speech: Speech, target: Path) -> None:
    """Speak into a wav file, whatever its rate."""
    spoken = target.with_suffix(".spoken.wav")
    if speech.piper:
        scale = f"{1 / speech.pace:.3f}"
        run("piper", "--model", speech.piper, "--length_scale", scale, "--output_file", spoken, given=speech.text)
    else:
        manner = ("-v", speech.voice, "-s", round(speech.speed_wpm * speech.pace), "-p", speech.pitch)
        run("espeak-ng", *manner, "-w", spoken, "--stdin", given=speech.text)
    cut = () if speech.pause_ms is None else ("silence", "-l", "1", *PAUSE, "-1", f"{speech.pause_ms / 1000}", PAUSE[1])
    run("sox", "-D", spoken, target, *cut)


def finish(source: Path, target: Path, lead_ms: int, tail_ms: int) -> None:
    """Make of any recording what the switch plays: band, level, exact silence at both ends, all encodings.

    `target` is without suffix. A call that plays the old file goes on playing it.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain, level = Path(folder, "plain.wav"), Path(folder, "level.wav")
        # The headroom is for the filter's overshoot; the gentle 2:1 above the mean brings soft syllables nearer.
        squeeze = ("compand", "0.004,0.12", "6:-70,-70,-26,-26,-6,-16", "0", "-26", "0.004")
        run("sox", "-D", source, *form(plain), "gain", "-n", "-6", "highpass", 120, "rate", RATE, *squeeze)
        loudness = _loudness(plain)
        if loudness <= NOTHING_DB:
            raise NoVoice(f"{source.name} is silent")
        _write(plain, _framed(read_samples(plain), loudness + QUIET_DB - VOICE_DB, lead_ms, tail_ms))
        to_level(plain, level, VOICE_DB)
        publish(read_samples(level), target)


def publish(samples: Sequence[int], target: Path) -> None:
    """Write samples as `target`.wav, .alaw and .ulaw, each in one step. Everybody may read them."""
    open_folder(target.parent)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as folder:
        made = Path(folder, "sound.wav")
        _write(made, samples)
        for suffix, encoding in ENCODINGS.items():
            run("sox", "-D", made, "-t", encoding, made.with_suffix(f".{suffix}"))
        for suffix in SUFFIXES:
            made.with_suffix(f".{suffix}").chmod(0o644)
            made.with_suffix(f".{suffix}").replace(f"{target}.{suffix}")


def open_folder(folder: Path) -> None:
    """Whatever the umask: the switch is another user than whoever builds."""
    for made in reversed([folder, *folder.parents]):
        if not made.exists():
            made.mkdir(exist_ok=True)
            made.chmod(0o755)


def measure(path: Path) -> Measured:
    """Measure a wav file. Raises TelephonyError when there is none."""
    if not path.exists():
        raise TelephonyError("there is no sound")
    try:
        with wave.open(str(path)) as sound:
            channels, width, rate, frames = sound.getparams()[:4]
    except (wave.Error, EOFError) as error:
        raise TelephonyError(f"{path.name} is not a wav file: {error}") from error
    samples = read_samples(path)
    first, last = _sounding(samples)
    return Measured(
        rate_hz=rate,
        channels=channels,
        bits=8 * width,
        length_s=round(frames / rate, 3),
        loudness_db=round(_loudness(path), 1),
        peak_db=round(_peak(samples), 1),
        clipped=clipped(samples),
        lead_s=round(first / RATE, 3),
        tail_s=round((len(samples) - last) / RATE, 3),
        copies=tuple(s for s in ENCODINGS if _size(path.with_suffix(f".{s}")) == frames),
    )


def length_s(path: Path) -> float:
    """How long a wav file plays."""
    with wave.open(str(path)) as sound:
        return float(sound.getnframes() / sound.getframerate())


def clipped(samples: Sequence[int]) -> int:
    """Samples that stand at full scale beside another that does: a wave whose top was cut off."""
    at_top = [abs(value) >= FULL_SCALE - 8 for value in samples]
    return sum(now and before for before, now in pairwise(at_top))


def clipped_in(path: Path) -> int:
    """The same of a file of any rate and format, before anything is done to it."""
    raw = run("sox", "-D", path, "-t", "raw", "-c", "1", "-b", "16", "-e", "signed", "-")
    return clipped(array("h", raw))


def to_level(source: Path, target: Path, wanted_db: float) -> None:
    """To the wanted loudness, no peak above PEAK_DB. What the limiter takes away the next round gives back."""
    once, twice = target.with_suffix(".1.wav"), target.with_suffix(".2.wav")
    for here, there in ((source, once), (once, twice), (twice, target)):
        up = wanted_db - _loudness(here)
        limited = (
            ("gain", "-l", up - PEAK_DB, "gain", PEAK_DB) if _peak(read_samples(here)) + up > PEAK_DB else ("gain", up)
        )
        run("sox", "-D", here, there, *limited)


def _framed(samples: array[int], quiet_db: float, lead_ms: int, tail_ms: int) -> array[int]:
    """The sound with exactly this silence at its ends. Up to ONSET of what was recorded there is part of it."""
    first, last = _sounding(samples, quiet_db)
    before, after = min(first, ONSET), min(len(samples) - last, ONSET)
    kept = samples[first - before : last + after]
    for n in range(before // 2):  # room noise comes and goes without a tick; the sound itself is not touched
        kept[n] = kept[n] * 2 * n // before
    for n in range(after // 2):
        kept[-1 - n] = kept[-1 - n] * 2 * n // after
    lead, tail = (ms * RATE // 1000 - there for ms, there in ((lead_ms, before), (tail_ms, after)))
    return array("h", bytes(2 * lead)) + kept + array("h", bytes(2 * tail))


def _sounding(samples: Sequence[int], quiet_db: float = QUIET_DB) -> tuple[int, int]:
    """From which sample to before which there is sound."""
    threshold = FULL_SCALE * 10 ** (quiet_db / 20)
    loud = [n for n, value in enumerate(samples) if abs(value) > threshold]
    return (loud[0], loud[-1] + 1) if loud else (0, len(samples))


def _loudness(path: Path) -> float:
    heard = read_samples(path, "sinc", "300-3400")
    block, step = RATE * 4 // 10, RATE // 10
    starts = range(0, max(1, len(heard) - block + 1), step)
    powers = [sum(v * v for v in heard[n : n + block]) / block for n in starts]
    audible = [power for power in powers if _db(power) > -70]
    if not audible:
        return NOTHING_DB
    gate = sum(audible) / len(audible) / 10
    counted = [power for power in audible if power > gate]
    return _db(sum(counted) / len(counted))


def _peak(samples: Sequence[int]) -> float:
    return _db(max(map(abs, samples), default=0) ** 2)


def _db(power: float) -> float:
    return 10 * math.log10(power / FULL_SCALE**2) if power else NOTHING_DB


def read_samples(path: Path, *effects: str) -> array[int]:
    """The sound in `path` at our rate, after sox's `effects`."""
    raw = ("-t", "raw", "-r", RATE, "-c", 1, "-b", 16, "-e", "signed")
    return array("h", run("sox", "-D", path, *raw, "-", *effects))


def _write(path: Path, samples: Sequence[int]) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(array("h", samples).tobytes())


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


def form(path: Path) -> tuple[object, ...]:
    """sox's words for a file of ours."""
    return ("-r", RATE, "-c", 1, "-b", 16, path)


def run(program: str, *words: object, given: str = "") -> bytes:
    """What `program` wrote. Raises TelephonyError when it is not installed, or says that it failed."""
    try:
        done = subprocess.run([program, *map(str, words)], input=given.encode(), capture_output=True, check=False)
    except FileNotFoundError as error:
        raise TelephonyError(f"{program} is not installed", remedy=f"apt-get install {program}") from error
    if done.returncode:
        raise TelephonyError(f"{program} failed: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return done.stdout
