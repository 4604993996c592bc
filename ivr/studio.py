"""The prompts become sound: what the catalogue promises is spoken, levelled, kept and measured.

A recording in `recordings/<lang>/<prompt>.wav` wins over the made voice, whenever it was put there. Only what changed
is made again: a key of everything that shapes a sound is kept beside the sounds.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from ivr.errors import ScriptError, TelephonyError
from ivr.flow import prompts
from ivr.flow.prompts import Catalogue, Language, Prompt, sound_name
from ivr.settings import Settings
from ivr.telephony import music, sounds
from ivr.telephony.sounds import Measured, Speech

Tell = Callable[[str], None]
Step = Callable[[int, int, str], None]  # how many are done, of how many, the last one's name; from another thread

MUSIC = "music/hold"
TONE = "tone/record"
LOUDNESS_SPAN_DB = 1.0
HIGHEST_PEAK_DB = -3.0
ENDS_SPAN_S = 0.05


@dataclass(frozen=True, slots=True)
class Order:
    """One sound to be there. `key` changes when anything that shapes it does; `make` says what went wrong, or ""."""

    name: str
    key: str
    make: Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did, by sound name. `problems`: recordings that could not be used; the made voice stands in."""

    made: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A prompt that nobody has recorded yet. `made`: whether the made voice stands in."""

    language: str
    prompt: str
    words: str
    made: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """One prompt and what is wrong with its sound. `measured` is None where there is none."""

    language: str
    prompt: str
    recorded: bool
    measured: Measured | None
    problems: tuple[str, ...]


def _silent(*_: object) -> None:
    pass


async def build(settings: Settings, tell: Tell = _silent, step: Step = _silent) -> Built:
    """Make what is missing or has changed. Raises ScriptError for a faulty catalogue, TelephonyError for no means."""
    promised = catalogue(settings)
    orders = _orders(settings, promised)
    known = _known(settings)
    due = [order for order in orders if known.get(order.name) != order.key or not _complete(settings, order.name)]
    gone = tuple(sorted(known.keys() - {order.name for order in orders}))
    if due:
        tell(f"making the sound of prompts: {len(due)}")
    try:
        problems = await asyncio.to_thread(_make, settings, due, step)
        _remove(settings, gone)
        _link_languages(settings, promised)
        _remember(settings, {order.name: order.key for order in orders if order.name not in problems}, known)
    except OSError as error:
        raise TelephonyError(
            f"The prompts cannot be written: {error}",
            remedy="Look whether the disk is full or the folder is somebody else's.",
        ) from error
    made = tuple(order.name for order in due)
    return Built(made, tuple(o.name for o in orders if o not in due), gone, tuple(problems.values()))


def catalogue(settings: Settings) -> Catalogue:
    """What we say. Raises ScriptError with every fault."""
    path = settings.recordings_dir / "prompts.toml"
    try:
        return prompts.parse_catalogue(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path} cannot be read", problems=(str(error),)) from error


def missing(settings: Settings) -> tuple[Unrecorded, ...]:
    """What nobody has recorded yet, language by language."""
    pairs = [(language.code, prompt) for language, prompt in catalogue(settings).spoken()]
    return tuple(
        Unrecorded(code, prompt.id, prompt.words[code].text, _complete(settings, sound_name(code, prompt.id)))
        for code, prompt in pairs
        if not recording(settings, code, prompt.id).exists()
    )


def script(settings: Settings, language: str) -> str:
    """The sheet to read from. Raises NotFound for a language that we do not speak."""
    return prompts.sheet(catalogue(settings), language)


def check(settings: Settings) -> tuple[Checked, ...]:
    """Measure every prompt that a caller may hear."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return tuple(pool.map(lambda pair: _checked(settings, pair[0].code, pair[1]), catalogue(settings).spoken()))


def lengths(settings: Settings) -> dict[tuple[str, str], float]:
    """How long each prompt plays, in seconds, by language and prompt id. Only what is there."""
    pairs = [(language.code, prompt.id) for language, prompt in catalogue(settings).spoken()]
    files = {pair: _wav(settings, sound_name(*pair)) for pair in pairs}
    return {pair: sounds.length_s(path) for pair, path in files.items() if path.exists()}


def out_of_bounds(measured: Measured, prompt: Prompt) -> tuple[str, ...]:
    """What is wrong with a prompt's sound, in words."""
    lead_s, tail_s = prompt.lead_ms / 1000, prompt.tail_ms / 1000
    form = (measured.rate_hz, measured.channels, measured.bits)
    absent = [copy for copy in sounds.ENCODINGS if copy not in measured.copies]
    found = (
        (form != (8000, 1, 16), "{} Hz, {} channels, {} bits: not 8000 Hz, one, 16".format(*form)),
        (measured.length_s > prompt.longest_s, f"{measured.length_s:.1f} s is longer than {prompt.longest_s} s"),
        (
            abs(measured.loudness_db - sounds.VOICE_DB) > LOUDNESS_SPAN_DB,
            f"loudness {measured.loudness_db} dB is not near {sounds.VOICE_DB:.0f} dB",
        ),
        (measured.peak_db > HIGHEST_PEAK_DB, f"peak {measured.peak_db} dB is above {HIGHEST_PEAK_DB:.0f} dB"),
        (measured.clipped > 0, f"clipped at {measured.clipped} places"),
        (abs(measured.lead_s - lead_s) > ENDS_SPAN_S, f"silence before is {measured.lead_s:.2f} s, not {lead_s:.2f} s"),
        (abs(measured.tail_s - tail_s) > ENDS_SPAN_S, f"silence after is {measured.tail_s:.2f} s, not {tail_s:.2f} s"),
        (bool(absent), f"no {' or '.join(absent)} of the same length beside it"),
    )
    return tuple(words for wrong, words in found if wrong)


def _checked(settings: Settings, code: str, prompt: Prompt) -> Checked:
    read = recording(settings, code, prompt.id)
    wav = _wav(settings, sound_name(code, prompt.id))
    of_recording = tuple(_recording_problems(read)) if read.exists() else ()
    try:
        measured = sounds.measure(wav)
    except TelephonyError as error:
        return Checked(code, prompt.id, read.exists(), None, (str(error), *of_recording))
    return Checked(code, prompt.id, read.exists(), measured, (*out_of_bounds(measured, prompt), *of_recording))


def _recording_problems(read: Path) -> Iterator[str]:
    """Levelling hides that a recording was clipped, so the recording itself is looked at."""
    try:
        if cut := sounds.clipped_in(read):
            yield f"the recording is clipped at {cut} places"
    except TelephonyError as error:
        yield f"the recording cannot be read: {error}"


def _orders(settings: Settings, promised: Catalogue) -> tuple[Order, ...]:
    """Everything that is to be there. The tune takes longest to make, so it is first."""
    # How sound is made is part of every key: who changes sounds.py or music.py hears the change.
    craft = Path(sounds.__file__).read_bytes()
    composed = _digest(craft, Path(music.__file__).read_bytes())
    tune, tone = Order(MUSIC, composed, _compose), Order(TONE, composed, _compose_tone)
    return (tune, tone, *(_order(settings, language, prompt, craft) for language, prompt in promised.spoken()))


def _compose(target: Path) -> str:
    music.compose_hold_music(target)
    return ""


def _compose_tone(target: Path) -> str:
    music.compose_tone(target)
    return ""


def _order(settings: Settings, language: Language, prompt: Prompt, craft: bytes) -> Order:
    read = recording(settings, language.code, prompt.id)
    speech = _speech(settings, language, prompt)
    recorded = read.read_bytes() if read.exists() else b""
    shape = json.dumps([asdict(speech), prompt.lead_ms, prompt.tail_ms], default=str).encode()

    def make(target: Path) -> str:
        problem = ""
        if recorded:
            try:
                sounds.finish(read, target, prompt.lead_ms, prompt.tail_ms)
            except TelephonyError as error:
                problem = f"{read} cannot be used, the made voice stands in: {error}"
        if problem or not recorded:
            _speak(speech, target, prompt)
        return problem

    return Order(sound_name(language.code, prompt.id), _digest(craft, shape, recorded), make)


def _speech(settings: Settings, language: Language, prompt: Prompt) -> Speech:
    return Speech(
        text=prompt.words[language.code].spoken,
        voice=language.voice,
        speed_wpm=language.speed_wpm,
        pitch=language.pitch,
        pause_ms=prompt.breath_ms,
        piper=getattr(settings, f"piper_voice_{language.code}", None),
        pace=prompt.pace,
    )


def _speak(speech: Speech, target: Path, prompt: Prompt) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sounds.speak(speech, Path(folder, "voice.wav"))
        sounds.finish(Path(folder, "voice.wav"), target, prompt.lead_ms, prompt.tail_ms)


def _make(settings: Settings, due: Sequence[Order], step: Step) -> dict[str, str]:
    """As many at once as there are cores. Gives the problems by sound name; the first that fails stops the rest."""
    problems = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            running = {pool.submit(order.make, settings.sounds_dir / order.name): order.name for order in due}
            for done, finished in enumerate(as_completed(running), 1):
                problems[running[finished]] = finished.result()
                step(done, len(due), running[finished])
        finally:
            pool.shutdown(cancel_futures=True)
    return {name: problem for name, problem in problems.items() if problem}


def _remove(settings: Settings, names: Sequence[str]) -> None:
    for name in names:
        for suffix in sounds.SUFFIXES:
            Path(f"{settings.sounds_dir / name}.{suffix}").unlink(missing_ok=True)


def _link_languages(settings: Settings, promised: Catalogue) -> None:
    """A queue's announcement is found by the caller's language, in <lang>/helpline (asterisk.conf: languageprefix)."""
    for code in promised.languages:
        link = settings.sounds_dir / code / "helpline"
        if not link.is_symlink():
            sounds.open_folder(link.parent)
            link.symlink_to(Path("..", "helpline", code))


def _known(settings: Settings) -> Mapping[str, str]:
    """The keys of what was made before. Unreadable means that nothing was."""
    try:
        known = json.loads(_keys_file(settings).read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(settings: Settings, keys: Mapping[str, str], known: Mapping[str, str]) -> None:
    if keys != known:
        partial = _keys_file(settings).with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(keys, indent=1))
        partial.replace(_keys_file(settings))


def _keys_file(settings: Settings) -> Path:
    return settings.sounds_dir / "made.json"


def recording(settings: Settings, code: str, prompt: str) -> Path:
    """Where somebody's reading of it lies, or would lie. One that came over the page wins."""
    taken = settings.takes_dir / code / f"{prompt}.wav"
    return taken if taken.exists() else settings.recordings_dir / code / f"{prompt}.wav"


def _wav(settings: Settings, name: str) -> Path:
    return Path(f"{settings.sounds_dir / name}.wav")


def _complete(settings: Settings, name: str) -> bool:
    return all(Path(f"{settings.sounds_dir / name}.{suffix}").exists() for suffix in sounds.SUFFIXES)


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
