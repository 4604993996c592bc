"""The shipped prompts: all there, all used, well measured, and short enough for the caller's patience."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr import studio
from ivr.cli.every import app
from ivr.desk.presence import SPOKEN
from ivr.errors import NotFound, ScriptError, TelephonyError
from ivr.flow.prompts import Catalogue
from ivr.flow.questions import parse as parse_questions
from ivr.flow.script import parse
from ivr.flow.steps import AgeBand, Language, Topic
from ivr.menus_call import DANGER, NONE, SAYS
from ivr.prepare import QUESTIONS_FILE
from ivr.records.callback import Callback
from ivr.ring_back import words_for
from ivr.routing.promise import State
from ivr.settings import PROJECT_DIR, Settings
from ivr.telephony.phones import Phone, queues
from tests.telephony.test_sounds import tone, wav

WAIT_S = 2.3


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The shipped words without any recording, made into sound once."""
    place = tmp_path_factory.mktemp("line")
    (place / "recordings").mkdir()
    shutil.copy(PROJECT_DIR / "recordings/prompts.toml", place / "recordings")
    told = Settings(state_dir=place / "state", recordings_dir=place / "recordings")
    asyncio.run(studio.build(told))
    return told


@pytest.fixture(scope="module")
def shipped(settings: Settings) -> Catalogue:
    return studio.catalogue(settings)


@pytest.fixture(scope="module")
def seconds(settings: Settings) -> dict[tuple[str, str], float]:
    return studio.lengths(settings)


def sounds_named_by_dialplan() -> Iterator[str]:
    """Prompt ids in dialplan/ and in what the switch is told about queues."""
    texts = [path.read_text() for path in sorted((PROJECT_DIR / "dialplan").glob("*.conf"))]
    texts += [path.read_text() for path in sorted((PROJECT_DIR / "asterisk-conf").glob("*.conf"))]
    texts.append(queues([Phone("101", "A", ("az",), "x")], ["az", "az-danger"]))
    text = "\n".join(line.split(";", 1)[0] for text in texts for line in text.splitlines())
    yield from re.findall(r"helpline/(?:\$\{HL_LANGUAGE\}/|(?:az|ru|en)/)?([a-z][a-z-]*)(?![a-z$-])", text)
    yield from re.findall(r"HL_BEFORE=([a-z][a-z-]*)", text)


def sounds_named_by_the_flow() -> frozenset[str]:
    return parse((PROJECT_DIR / "ivr/flow/helpline.toml").read_text()).prompts()


def sounds_named_by_call_backs() -> Iterator[str]:
    """What a counsellor may be told of one (ivr/ring_back.py)."""
    for language, topic, age, only_caller in product([*Language], [*Topic], [*AgeBand], [True, False]):
        yield from words_for(callback(language, topic, age, only_caller))


def callback(language: str, topic: str, age_band: str, only_caller: bool) -> Callback:
    then = datetime(2026, 11, 21, tzinfo=UTC)
    return Callback(
        "1", "1", then, then, then, language, topic, age_band, "danger", only_caller, State.PROMISED, 0, then
    )


def used() -> set[str]:
    questions = parse_questions(QUESTIONS_FILE.read_text())
    spoken = {*SPOKEN.values(), *sounds_named_by_call_backs(), *questions.prompts, *SAYS.values(), DANGER, NONE}
    return {*sounds_named_by_dialplan(), *sounds_named_by_the_flow(), *spoken}


def test_every_prompt_that_is_played_has_words(shipped: Catalogue) -> None:
    assert used() - shipped.ids == set()


def test_no_prompt_has_words_and_is_never_played(shipped: Catalogue) -> None:
    assert shipped.ids - used() == set()


def test_the_default_language_is_the_flows_own_and_complete(shipped: Catalogue, settings: Settings) -> None:
    flow = tomllib.loads((PROJECT_DIR / "ivr/flow/helpline.toml").read_text())
    assert shipped.default_language == flow["line"]["default_language"]
    made = {prompt for language, prompt in studio.lengths(settings) if language == shipped.default_language}
    assert made == shipped.ids


def test_every_made_sound_is_within_bounds(settings: Settings) -> None:
    assert [found for found in studio.check(settings) if found.problems] == []


def first_menu_s(seconds: dict[tuple[str, str], float]) -> float:
    return seconds["az", "welcome"] + sum(seconds[language, "choose-language"] for language in ("az", "ru", "en"))


def test_the_first_menu_is_short_in_every_language(seconds: dict[tuple[str, str], float]) -> None:
    assert first_menu_s(seconds) <= 9.0


def test_a_silent_caller_is_on_the_way_to_a_person_in_time(seconds: dict[tuple[str, str], float]) -> None:
    again = seconds["az", "language-silence"] + first_menu_s(seconds) - seconds["az", "welcome"]
    later = sum(seconds["az", prompt] for prompt in ("topic", "topic-silence", "connecting-silent"))
    assert first_menu_s(seconds) + again + later + 4 * WAIT_S <= 39.0


@pytest.mark.parametrize("menu", ["topic", "age"])
@pytest.mark.parametrize("language", ["az", "ru", "en"])
def test_the_second_attempt_is_shorter_than_the_first(
    language: str, menu: str, seconds: dict[tuple[str, str], float]
) -> None:
    assert seconds[language, f"{menu}-silence"] < seconds[language, menu]
    assert seconds[language, f"{menu}-wrong"] < seconds[language, menu]


def test_no_menu_keeps_a_child_listening(seconds: dict[tuple[str, str], float]) -> None:
    assert {pair: length for pair, length in seconds.items() if length > 12 and pair[1] != "breathing"} == {}


def test_the_breathing_exercise_takes_forty_seconds(seconds: dict[tuple[str, str], float]) -> None:
    assert all(35 <= seconds[language, "breathing"] <= 50 for language in ("az", "ru", "en"))


@pytest.mark.parametrize("language", ["az", "ru", "en"])
def test_after_the_danger_key_one_breath_and_then_the_queue(
    language: str, seconds: dict[tuple[str, str], float]
) -> None:
    assert seconds[language, "danger"] <= 3.5


def test_danger_is_named_first_and_once(shipped: Catalogue) -> None:
    for words in shipped.prompts["topic"].words.values():
        assert re.findall(r"\d", words.text) == ["9", "1", "2", "3", "4", "5", "6", "0"]


def test_the_age_is_asked_with_every_key(shipped: Catalogue) -> None:
    for attempt in ("age", "age-silence", "age-wrong"):
        for words in shipped.prompts[attempt].words.values():
            assert re.findall(r"\d", words.text) == ["1", "2", "3", "4"]


def test_each_language_names_its_own_key(shipped: Catalogue) -> None:
    words = shipped.prompts["choose-language"].words
    assert [re.findall(r"\d", words[language].text) for language in ("az", "ru", "en")] == [["1"], ["2"], ["3"]]


def test_how_to_answer_without_speaking_is_said_in_eleven_seconds(seconds: dict[tuple[str, str], float]) -> None:
    assert {pair: s for pair, s in seconds.items() if pair[1] == "silent-keys" and s > 11} == {}


def test_how_to_answer_names_every_key(shipped: Catalogue) -> None:
    for words in shipped.prompts["silent-keys"].words.values():
        assert re.findall(r"\d", words.text) == ["1", "2", "3", "9", "8", "7"]


def test_the_card_for_counsellors_says_what_the_keys_ask(shipped: Catalogue) -> None:
    card = (PROJECT_DIR / "docs/silent-talk.md").read_text()
    questions = parse_questions(QUESTIONS_FILE.read_text())
    asked = {f"**\\{questions.keys(n)}** | {shipped.prompts[f'ask-{n}'].words['en'].text} |" for n in questions.names}
    assert {row for row in asked if row not in card} == set()


# ---- the studio


@pytest.fixture
def small(settings: Settings, tmp_path: Path) -> Settings:
    """One prompt in one language. The tune is there already: it takes long to compose."""
    (tmp_path / "recordings/az").mkdir(parents=True)
    words(tmp_path, "Salam.")
    (tmp_path / "state/sounds").mkdir(parents=True)
    made = json.loads((settings.sounds_dir / "made.json").read_text())
    for folder in ("music", "tone"):
        shutil.copytree(settings.sounds_dir / folder, tmp_path / "state/sounds" / folder)
    there = {name: made[name] for name in ("music/hold", "tone/record")}
    (tmp_path / "state/sounds/made.json").write_text(json.dumps(there))
    return Settings(state_dir=tmp_path / "state", recordings_dir=tmp_path / "recordings")


def words(place: Path, text: str, prompt: str = "welcome") -> None:
    (place / "recordings/prompts.toml").write_text(
        f'default_language = "az"\n'
        f'[language.az]\nname = "az"\nvoice = "az"\nspeed_wpm = 150\npitch = 50\n'
        f'[prompt.{prompt}]\nheard = "First."\naz = "{text}"\n'
    )


def build(settings: Settings) -> studio.Built:
    return asyncio.run(studio.build(settings))


def test_a_second_build_makes_nothing(small: Settings) -> None:
    assert build(small).made == ("helpline/az/welcome",)
    assert (build(small).made, len(build(small).kept)) == ((), 3)


def test_only_what_changed_is_made_again(small: Settings, tmp_path: Path) -> None:
    build(small)
    words(tmp_path, "Salam, salam.")
    assert build(small).made == ("helpline/az/welcome",)


def test_a_sound_that_was_lost_is_made_again(small: Settings) -> None:
    build(small)
    (small.sounds_dir / "helpline/az/welcome.ulaw").unlink()
    assert build(small).made == ("helpline/az/welcome",)


def test_a_broken_list_of_what_was_made_only_costs_time(small: Settings) -> None:
    build(small)
    (small.sounds_dir / "made.json").write_text("[")
    assert len(build(small).made) == 3


def test_a_prompt_that_is_gone_takes_its_sound_along(small: Settings, tmp_path: Path) -> None:
    build(small)
    words(tmp_path, "Salam.", prompt="moment")
    assert build(small).removed == ("helpline/az/welcome",)
    assert not list((small.sounds_dir / "helpline/az").glob("welcome.*"))


def test_a_recording_wins_and_survives_a_rebuild(small: Settings, tmp_path: Path) -> None:
    build(small)
    recording = wav(tmp_path / "recordings/az/welcome.wav", 2, tone(500, 0.2), rate=48000)
    assert build(small).made == ("helpline/az/welcome",)
    assert studio.lengths(small)["az", "welcome"] == pytest.approx(2.6, abs=0.01)
    words(tmp_path, "Salam, salam, salam, salam.")
    shutil.rmtree(small.sounds_dir / "helpline")
    build(small)
    assert studio.lengths(small)["az", "welcome"] == pytest.approx(2.6, abs=0.01)
    recording.unlink()
    assert build(small).made == ("helpline/az/welcome",)
    assert studio.lengths(small)["az", "welcome"] != pytest.approx(2.6, abs=0.01)


def test_a_recording_that_cannot_be_used_is_named_and_the_made_voice_stands_in(small: Settings, tmp_path: Path) -> None:
    (tmp_path / "recordings/az/welcome.wav").write_text("not a sound")
    for _ in range(2):  # and named again, until somebody mends it
        assert "the made voice stands in" in build(small).problems[0]
    assert ("az", "welcome") in studio.lengths(small)


def test_a_clipped_recording_fails_the_check_though_it_was_levelled(small: Settings, tmp_path: Path) -> None:
    wav(tmp_path / "recordings/az/welcome.wav", 2, tone(500, 1.4))
    build(small)
    (found,) = studio.check(small)
    assert found.recorded
    assert "the recording is clipped" in found.problems[0]


def test_each_step_of_a_build_is_told(small: Settings) -> None:
    steps: list[tuple[int, int]] = []
    said: list[str] = []
    asyncio.run(studio.build(small, said.append, lambda done, of, _name: steps.append((done, of))))
    assert (said, steps) == (["making the sound of prompts: 1"], [(1, 1)])


def test_the_queue_finds_its_announcement_by_the_callers_language(small: Settings) -> None:
    build(small)
    assert (small.sounds_dir / "az/helpline/welcome.wav").samefile(small.sounds_dir / "helpline/az/welcome.wav")


def test_a_disk_that_takes_nothing_is_said_in_words(small: Settings) -> None:
    shutil.rmtree(small.sounds_dir)
    small.sounds_dir.write_text("in the way")
    with pytest.raises(TelephonyError, match="cannot be written") as caught:
        build(small)
    assert caught.value.remedy


def test_a_missing_catalogue_is_a_fault_of_the_script(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="cannot be read"):
        build(Settings(state_dir=tmp_path, recordings_dir=tmp_path))


# ---- the verbs


@pytest.fixture
def run(small: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("IVR_STATE_DIR", str(small.state_dir))
    monkeypatch.setenv("IVR_RECORDINGS_DIR", str(small.recordings_dir))
    return CliRunner()


def test_check_fails_until_there_is_sound(run: CliRunner) -> None:
    before = run.invoke(app, ["prompts", "check"])
    assert (before.exit_code, "there is no sound" in before.output) == (1, True)
    assert run.invoke(app, ["prompts", "build"]).exit_code == 0
    assert run.invoke(app, ["prompts", "check"]).exit_code == 0


def test_check_fails_on_a_prompt_that_is_too_loud(run: CliRunner, small: Settings) -> None:
    build(small)
    wav(small.sounds_dir / "helpline/az/welcome.wav", 1, tone(800, 0.9))
    told = run.invoke(app, ["prompts", "check", "--json"])
    assert told.exit_code == 1
    assert '"well": false' in told.output
    assert "is above -3 dB" in told.output


def test_a_recording_that_cannot_be_used_fails_the_build(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "recordings/az/welcome.wav").write_text("not a sound")
    assert run.invoke(app, ["prompts", "build"]).exit_code == 1


def test_missing_and_script_show_the_words(run: CliRunner) -> None:
    assert '"words": "Salam."' in run.invoke(app, ["prompts", "missing", "--json"]).output
    assert "Salam." in run.invoke(app, ["prompts", "missing"]).output
    assert "1. welcome.wav" in run.invoke(app, ["prompts", "script", "az"]).output


def test_faults_leave_as_errors_that_the_program_turns_into_words(run: CliRunner, tmp_path: Path) -> None:
    assert isinstance(run.invoke(app, ["prompts", "script", "fr"]).exception, NotFound)
    words(tmp_path, "")
    assert isinstance(run.invoke(app, ["prompts", "check"]).exception, ScriptError)  # exit 2: ivr/cli/__init__.py
