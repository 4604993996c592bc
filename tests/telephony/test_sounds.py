"""Speaking, levelling, measuring and the tune, with the real espeak-ng and sox."""

from __future__ import annotations

import math
import random
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.errors import TelephonyError
from ivr.telephony import music, sounds
from ivr.telephony.sounds import RATE, Speech

Wave = Callable[[float], float]


def wav(path: Path, seconds: float, shape: Wave, rate: int = RATE, channels: int = 1) -> Path:
    """A wav file of a function of time that gives -1 to 1."""
    values = [max(-32768, min(32767, round(32768 * shape(n / rate)))) for n in range(int(seconds * rate))]
    with wave.open(str(path), "wb") as sound:
        sound.setparams((channels, 2, rate, 0, "NONE", ""))
        sound.writeframes(array("h", [value for value in values for _ in range(channels)]).tobytes())
    return path


def tone(hz: float, peak: float) -> Wave:
    return lambda at: peak * math.sin(2 * math.pi * hz * at)


def between(shape: Wave, start: float, end: float) -> Wave:
    return lambda at: shape(at) if start <= at < end else 0.0


def samples(path: Path) -> array[int]:
    with wave.open(str(path)) as sound:
        return array("h", sound.readframes(sound.getnframes()))


def test_a_full_tone_measures_three_db_below_full_scale(tmp_path: Path) -> None:
    measured = sounds.measure(wav(tmp_path / "tone.wav", 2, tone(1000, 0.5)))
    assert measured.loudness_db == pytest.approx(-9.0, abs=0.2)
    assert measured.peak_db == pytest.approx(-6.0, abs=0.1)
    assert measured.length_s == 2.0
    assert (measured.rate_hz, measured.channels, measured.bits, measured.copies) == (8000, 1, 16, ())


def test_what_the_telephone_does_not_carry_is_not_loud(tmp_path: Path) -> None:
    assert sounds.measure(wav(tmp_path / "hum.wav", 2, tone(50, 0.5))).loudness_db < -40


def test_pauses_do_not_make_a_voice_quieter(tmp_path: Path) -> None:
    speech = wav(tmp_path / "speech.wav", 6, between(tone(1000, 0.1), 0.5, 2.5))
    assert sounds.measure(speech).loudness_db == pytest.approx(-23.0, abs=1.0)  # -28 with the pauses counted


def test_silence_at_the_ends_is_measured(tmp_path: Path) -> None:
    measured = sounds.measure(wav(tmp_path / "ends.wav", 2, between(tone(1000, 0.3), 0.25, 1.9)))
    assert measured.lead_s == pytest.approx(0.25, abs=0.002)
    assert measured.tail_s == pytest.approx(0.1, abs=0.002)


def test_a_cut_off_wave_counts_as_clipped_and_a_single_high_sample_does_not(tmp_path: Path) -> None:
    assert sounds.measure(wav(tmp_path / "cut.wav", 1, tone(400, 1.4))).clipped > 100
    assert sounds.clipped([0, 32767, 0, -32768, 0]) == 0


def test_clipping_is_seen_in_a_recording_of_another_rate(tmp_path: Path) -> None:
    cut = wav(tmp_path / "cut.wav", 1, tone(400, 1.4), rate=44100, channels=2)
    well = wav(tmp_path / "well.wav", 1, tone(400, 0.7), rate=44100, channels=2)
    assert sounds.clipped_in(cut) > 100
    assert sounds.clipped_in(well) == 0


def test_what_is_no_sound_cannot_be_measured(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("not a sound")
    with pytest.raises(TelephonyError, match=r"text\.wav is not a wav file"):
        sounds.measure(tmp_path / "text.wav")
    with pytest.raises(TelephonyError, match="there is no sound"):
        sounds.measure(tmp_path / "absent.wav")


def test_silence_has_no_loudness_and_breaks_nothing(tmp_path: Path) -> None:
    assert sounds.measure(wav(tmp_path / "silence.wav", 1, lambda _: 0.0)).loudness_db == sounds.NOTHING_DB


@pytest.mark.parametrize("peak", [0.02, 0.3, 0.99])
def test_any_recording_becomes_what_the_switch_plays(tmp_path: Path, peak: float) -> None:
    syllables: Wave = lambda at: tone(700, peak)(at) * abs(math.sin(at * 12))  # noqa: E731
    source = wav(tmp_path / "studio.wav", 3, between(syllables, 0.8, 2.2), rate=44100, channels=2)
    sounds.finish(source, tmp_path / "welcome", 300, 150)
    measured = sounds.measure(tmp_path / "welcome.wav")
    assert (measured.rate_hz, measured.channels, measured.bits) == (8000, 1, 16)
    assert measured.loudness_db == pytest.approx(-19.0, abs=0.5)
    assert measured.peak_db < -3
    assert measured.lead_s == pytest.approx(0.3, abs=0.03)
    assert measured.tail_s == pytest.approx(0.15, abs=0.03)
    assert measured.copies == ("alaw", "ulaw")


def test_the_first_sound_is_not_cut_even_when_a_recording_begins_with_it(tmp_path: Path) -> None:
    at_once = wav(tmp_path / "at-once.wav", 1, tone(700, 0.3))
    sounds.finish(at_once, tmp_path / "out", 300, 300)
    measured = sounds.measure(tmp_path / "out.wav")
    assert measured.length_s == pytest.approx(1.6, abs=0.01)
    # The tone is there in full height within its first ten milliseconds: no fade has eaten it.
    first = samples(tmp_path / "out.wav")[2400:2480]
    assert max(map(abs, first)) > 0.5 * max(map(abs, samples(tmp_path / "out.wav")))


def test_a_soft_beginning_is_kept(tmp_path: Path) -> None:
    noise = random.Random(116111)  # noqa: S311
    breath: Wave = lambda _: noise.uniform(-0.0004, 0.0004)  # noqa: E731  as an h is, below the threshold of silence
    word: Wave = lambda at: breath(at) if at < 0.5 else tone(700, 0.16)(at)  # noqa: E731
    sounds.finish(wav(tmp_path / "hello.wav", 1.2, word), tmp_path / "out", 300, 300)
    before = samples(tmp_path / "out.wav")[2400 - 120 : 2400 - 16]
    assert sum(value != 0 for value in before) > len(before) / 2


def test_a_silent_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TelephonyError, match="is silent"):
        sounds.finish(wav(tmp_path / "nothing.wav", 1, lambda _: 0.0), tmp_path / "out", 300, 300)
    assert not list(tmp_path.glob("out*"))


def test_every_copy_is_readable_by_all_and_nothing_else_is_left(tmp_path: Path) -> None:
    sounds.publish(array("h", [0, 100, -100] * 800), tmp_path / "helpline/az/welcome")
    made = sorted((tmp_path / "helpline/az").iterdir())
    assert [path.name for path in made] == ["welcome.alaw", "welcome.ulaw", "welcome.wav"]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o644}
    assert (tmp_path / "helpline").stat().st_mode & 0o777 == 0o755


def test_who_plays_the_old_file_plays_it_to_its_end(tmp_path: Path) -> None:
    sounds.publish(array("h", [500] * 8000), tmp_path / "welcome")
    with (tmp_path / "welcome.ulaw").open("rb") as playing:
        sounds.publish(array("h", [0] * 80), tmp_path / "welcome")
        assert len(playing.read()) == 8000
    assert (tmp_path / "welcome.ulaw").stat().st_size == 80


def test_the_made_voice_is_faster_with_more_pace(tmp_path: Path) -> None:
    seconds = []
    for pace in (1.0, 1.3):
        sounds.speak(Speech("Səni dinləyirik, buradayıq.", "az", 150, 50, pace=pace), tmp_path / "voice.wav")
        seconds.append(sounds.length_s(tmp_path / "voice.wav"))
    assert seconds[1] < 0.85 * seconds[0]


def test_long_pauses_of_the_made_voice_are_cut(tmp_path: Path) -> None:
    seconds = []
    for pause_ms in (None, 150):
        sounds.speak(Speech("Bir. İki. Üç. Dörd.", "az", 150, 50, pause_ms), tmp_path / "voice.wav")
        seconds.append(sounds.length_s(tmp_path / "voice.wav"))
    assert seconds[1] < seconds[0] - 0.5


@pytest.mark.parametrize("word", ["baəa", "bağa", "baıa", "baça", "başa", "baöa", "baüa", "İama"])
def test_the_azerbaijani_voice_knows_its_letters(tmp_path: Path, word: str) -> None:
    """A letter that espeak does not know it reads by name, which takes a second more."""
    plain, own = tmp_path / "plain.wav", tmp_path / "own.wav"
    sounds.speak(Speech("bama", "az", 150, 50), plain)
    sounds.speak(Speech(word, "az", 150, 50), own)
    assert sounds.length_s(own) == pytest.approx(sounds.length_s(plain), abs=0.15)


def test_a_missing_program_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TelephonyError, match="espeak-ng is not installed") as caught:
        sounds.speak(Speech("Salam.", "az", 150, 50), tmp_path / "voice.wav")
    assert caught.value.remedy == "apt-get install espeak-ng"


def test_a_voice_that_does_not_exist_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(TelephonyError, match="espeak-ng failed"):
        sounds.speak(Speech("Salam.", "klingon-west", 150, 50), tmp_path / "voice.wav")


def test_piper_speaks_where_a_voice_file_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the program: it takes the words on its standard input and writes where it is told."""
    source = wav(tmp_path / "source.wav", 1, tone(500, 0.3), rate=22050)
    program = tmp_path / "piper"
    program.write_text(f'#!/bin/sh\ncat > {tmp_path}/words\necho "$@" > {tmp_path}/told\ncp {source} "$6"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    voice = Path("/voices/az.onnx")
    sounds.speak(Speech("Salam.", "az", 150, 50, piper=voice, pace=1.25), tmp_path / "voice.wav")
    assert (tmp_path / "words").read_text() == "Salam."
    assert (tmp_path / "told").read_text().startswith("--model /voices/az.onnx --length_scale 0.800 --output_file ")
    assert sounds.length_s(tmp_path / "voice.wav") == pytest.approx(1.0)


def test_the_tune_is_soft_and_its_end_runs_into_its_start(tmp_path: Path) -> None:
    music.compose_hold_music(tmp_path / "hold")
    tune, measured = samples(tmp_path / "hold.wav"), sounds.measure(tmp_path / "hold.wav")
    assert 40 <= measured.length_s <= 60
    assert measured.loudness_db == pytest.approx(music.MUSIC_DB, abs=0.5)
    assert (measured.clipped, measured.copies) == (0, ("alaw", "ulaw"))
    assert max(map(abs, tune[:RATE])) > 500  # no hole where it begins again
    # Round the seam the wave bends no more sharply than elsewhere: the ear hears no click.
    bends = [abs(a - 2 * b + c) for a, b, c in zip(tune, tune[1:], tune[2:], strict=False)]
    seam = [*tune[-2:], *tune[:2]]
    assert max(abs(a - 2 * b + c) for a, b, c in zip(seam, seam[1:], seam[2:], strict=False)) <= max(bends)


def test_the_tone_that_says_speak_is_pure_and_short(tmp_path: Path) -> None:
    music.compose_tone(tmp_path / "record")
    measured = sounds.measure(tmp_path / "record.wav")
    assert 0.4 <= measured.length_s < 0.7
    assert measured.copies == ("alaw", "ulaw")
