"""The tune for those who wait, and the tone that says speak: ours, made by sox, so that there is nothing to license."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from ivr.telephony.sounds import RATE, VOICE_DB, form, publish, read_samples, run, to_level

MUSIC_DB = -26.0  # well below the voice, which speaks between
TONE_HZ, TONE_S = 1000, 0.4

# Eight soft chords in F, six seconds each, in the telephone band; above them one slow voice. Hz.
CHORD_S, SWELL_S = 6, 9.5
CHORDS = (
    (174.61, 261.63, 329.63, 440.00),
    (220.00, 261.63, 329.63, 392.00),
    (146.83, 293.66, 349.23, 440.00),
    (233.08, 293.66, 349.23, 440.00),
    (174.61, 261.63, 349.23, 440.00),
    (196.00, 293.66, 349.23, 466.16),
    (261.63, 293.66, 349.23, 466.16),
    (261.63, 329.63, 392.00, 466.16),
)
MELODY = (523.25, 659.26, 587.33, 523.25, 698.46, 587.33, 523.25, 391.995)


def compose_hold_music(target: Path) -> None:
    """Our own tune, 48 s. It is cut from the second of two rounds, so that its end runs into its start."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        parts = [_chord(here / f"{n}.wav", notes, n * CHORD_S) for n, notes in enumerate(CHORDS)]
        parts += [_melody(here / f"m{n}.wav", note, n * CHORD_S + 2) for n, note in enumerate(MELODY)]
        once, level, loop = here / "once.wav", here / "level.wav", len(CHORDS) * CHORD_S
        run("sox", "-D", "-m", *_each(parts), *form(once), "gain", "-n", "-9")
        rounds = [_later(here / f"round{n}.wav", once, n * loop) for n in range(2)]
        room = ("reverb", "45", "60", "80", "lowpass", 2600, "trim", loop, loop)
        run("sox", "-D", "-m", *_each(rounds), *form(here / "loop.wav"), "gain", "-6", *room)
        to_level(here / "loop.wav", level, MUSIC_DB)
        publish(read_samples(level), target)


def compose_tone(target: Path) -> None:
    """What everybody knows from answering machines: 400 ms of 1000 Hz, without a click at its ends."""
    with tempfile.TemporaryDirectory() as folder:
        pure, level = Path(folder, "pure.wav"), Path(folder, "level.wav")
        run(
            "sox",
            "-D",
            "-n",
            *form(pure),
            "synth",
            TONE_S,
            "sine",
            TONE_HZ,
            "fade",
            "h",
            0.02,
            TONE_S,
            0.02,
            "pad",
            0.1,
        )
        to_level(pure, level, VOICE_DB)
        publish(read_samples(level), target)


def _chord(path: Path, notes: Sequence[float], start_s: float) -> Path:
    """Each note beside two that are a hair off: they beat slowly against it, which is what makes it warm."""
    voices = [("sine", note * detune, loud) for note in notes for detune, loud in ((1, 3), (0.9986, 1), (1.0013, 1))]
    voices += [("triangle", note * 2, 1) for note in notes[2:]]
    tones = [word for kind, hz, _ in voices for word in (kind, f"{hz:.3f}")]
    mix = ",".join(f"{n}v{loud / 22:.4f}" for n, (_, _, loud) in enumerate(voices, 1))
    swell = ("fade", "h", 2.8, SWELL_S, 4.2, "lowpass", 1400, "pad", start_s)
    run("sox", "-D", "-n", "-r", RATE, "-b", 16, path, "synth", SWELL_S, *tones, "remix", mix, *swell)
    return path


def _melody(path: Path, note: float, start_s: float) -> Path:
    swell = ("fade", "h", 1.2, 5, 3.8, "gain", -13, "pad", start_s)
    run("sox", "-D", "-n", "-r", RATE, "-b", 16, path, "synth", 5, "sine", note, *swell)
    return path


def _later(path: Path, source: Path, start_s: float) -> Path:
    run("sox", "-D", source, path, "pad", start_s)
    return path


def _each(parts: Sequence[Path]) -> list[object]:
    return [word for part in parts for word in ("-v", f"{1 / len(parts):.4f}" if len(parts) > 3 else 1, part)]
