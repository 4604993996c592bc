"""`ivr rota`, from the outside: what is written, what is shown, what is refused and with which words."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from ivr.cli import main
from ivr.cli import rota as verbs
from ivr.cli import rota_view as view
from ivr.cli.every import app
from ivr.errors import HelplineError, NotFound, Refused, ScriptError
from ivr.rota import Kept
from ivr.routing.rota import ExceptionKind, Rota, Shift, ShiftException

BACKWARDS = ("--from", "2026-12-02", "--until", "2026-12-01")
SUNDAY_NIGHT = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)  # half past midnight on Monday 23 November in Baku


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    monkeypatch.setattr(verbs, "_now", lambda: SUNDAY_NIGHT)
    return tmp_path


def run(*words: str) -> str:
    result = invoke(*words)
    if result.exception:
        raise result.exception
    return result.stdout


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, ["rota", *words])


def objects(*words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(*words, "--json").splitlines()]


def refused(kind: type[HelplineError], *words: str) -> HelplineError:
    with pytest.raises(kind) as caught:
        run(*words)
    return caught.value


def test_with_no_rota_everybody_may_answer_and_it_says_so() -> None:
    for words in ([], ["today"], ["list"], ["gaps"]):
        assert "No rota is kept, so every active counsellor may answer" in run(*words)
    assert objects("gaps") == objects("list") == []
    assert {each["rota_kept"] for each in objects("today")} == {False}


def test_a_shift_is_added_shown_and_removed() -> None:
    assert "added 1.1-5  101 mon-fri 09:00-17:00" in run("add", "101", "mon-fri", "9-17")
    assert [each["weekday"] for each in objects("list")] == ["mon", "tue", "wed", "thu", "fri"]
    assert "removed 1.2-3  101 tue,wed 09:00-17:00" in run("remove", "1.2-3")
    assert "removed 1.1  101 mon 09:00-17:00" in run("remove", "1.1", "1")
    assert objects("list") == []


def test_a_row_as_json_says_everything() -> None:
    run("add", "101", "sat", "22:00-06:00", "--from", "2026-12-01", "--until", "2027-01-31")
    run("except", "102", "2026-12-31", "absent")
    assert objects("list") == [
        {"id": "1.1", "extension": "101", "counsellor": "Demo 101", "kind": "shift", "weekday": "sat", "day": None,
         "from": "2026-12-01", "until": "2027-01-31", "starts": "22:00", "ends": "06:00", "zone": "Asia/Baku",
         "duration_s": 28800},
        {"id": "2.1", "extension": "102", "counsellor": "Demo 102", "kind": "absent", "weekday": None,
         "day": "2026-12-31", "from": None, "until": None, "starts": "00:00", "ends": "24:00", "zone": "Asia/Baku",
         "duration_s": 86400},
    ]  # fmt: skip


def test_times_as_json_are_utc_and_lengths_seconds() -> None:
    run("add", "101", "mon", "0-9")
    assert objects("today") == [
        {"extension": "101", "counsellor": "Demo 101", "starts_at": "2026-11-22T20:00:00Z",
         "ends_at": "2026-11-23T05:00:00Z", "duration_s": 32400.0, "on_now": True, "rota_kept": True}
    ]  # fmt: skip
    assert objects("gaps", "--days", "1") == [
        {"starts_at": "2026-11-23T05:00:00Z", "ends_at": "2026-11-23T20:30:00Z", "duration_s": 55800.0}
    ]
    assert [each["starts_at"] for each in objects("--week", "2026-12-02")] == ["2026-11-29T20:00:00Z"]


def test_days_off_in_a_row_are_one_line() -> None:
    run("add", "101", "mon-sun", "9-17")
    shown = run("except", "101", "2026-12-20..2027-01-03", "absent")
    assert "added 2.1-15  101 absent 2026-12-20..2027-01-03 00:00-24:00" in shown
    assert "101 Demo 101  absent 2026-12-20..2027-01-03 00:00-24:00" in run("list")


def test_what_may_not_be_meant_is_said_and_done() -> None:
    run("add", "101", "mon-sun", "22-6")
    shown = run("except", "101", "2026-12-31", "absent")
    assert "still on after that midnight: 2027-01-01 00:00-06:00" in shown
    assert "was not on then" in run("except", "102", "2026-12-31", "absent")
    assert "on for part of 2026-12-30 20:00-23:00 anyway: the times are joined" in run(
        "except", "101", "2026-12-30", "extra", "20-23"
    )


def test_every_change_can_be_taken_back() -> None:
    run("add", "101", "mon", "9-17")
    before = run("list")
    run("add", "102", "tue", "9-17")
    shown = run("undo")
    assert "Undone: added 102 tue 09:00-17:00" in shown
    assert "undo again takes back: added 101 mon 09:00-17:00" in shown
    assert run("list") == before
    assert "there is no earlier change" in run("undo")
    assert "No change of the rota" in str(refused(NotFound, "undo"))


@pytest.mark.parametrize(
    ("words", "kind", "said", "remedy"),
    [
        (("add", "199", "mon", "9-17"), NotFound, "no counsellor 199", "101 Demo 101, 102 Demo 102"),
        (("add", "101", "monday", "9-17"), ScriptError, "'monday' names no days", "mon-fri"),
        (("add", "101", "mon", "9-25"), ScriptError, "'9-25' is no time of day", "24:00"),
        (("add", "101", "tue", "16:00-18:00"), Refused, "101 Demo 101 is on at that time already", "remove 1.2"),
        (("add", "102", "mon,tue", "9-9"), None, "", ""),
        (("add", "101", "sat", "9-17", *BACKWARDS), ScriptError, "2026-12-01 is before 2026-12-02", "the first day"),
        (("except", "101", "2026-12-31", "extra"), ScriptError, "needs its hours", "18:00-24:00"),
        (("except", "101", "2026-12-31..2026-12-01", "absent"), ScriptError, "is no run of days", "a year at most"),
        (("except", "101", "2026-01-01..2031-01-01", "absent"), ScriptError, "is no run of days", "a year at most"),
        (("remove", "77"), NotFound, "There is no row 77", "ivr rota list"),
        (("remove", "1.1", "1.9"), NotFound, "There is no row 1.9", "ivr rota list"),
        (("import", "/nowhere.ics"), ScriptError, "/nowhere.ics: No such file", "may read"),
        (("export", "/nowhere/rota.ics"), ScriptError, "/nowhere/rota.ics: No such file", "may write"),
    ],
)  # fmt: skip
def test_what_is_refused_names_the_thing_the_reason_and_the_remedy(
    words: tuple[str, ...], kind: type[HelplineError] | None, said: str, remedy: str
) -> None:
    run("add", "101", "mon-fri", "09:00-17:00")
    before = run("list")
    if kind is None:
        run(*words)
        return
    error = refused(kind, *words)
    assert said in str(error)
    assert remedy in error.remedy
    assert run("list") == before


@pytest.mark.parametrize(
    "words", [("add", "101", "mon", "9-17", "--from", "soon"), ("except", "101", "soon", "absent")]
)
def test_what_is_no_day_is_refused(words: tuple[str, ...]) -> None:
    result = invoke(*words)
    assert result.exit_code == 2
    assert "2026-12-31" in result.output


def test_a_night_that_reaches_into_a_shift_is_refused_too() -> None:
    run("add", "101", "tue", "5-9")
    assert "101 tue 05:00-09:00" in str(refused(Refused, "add", "101", "mon", "22-6"))


def test_a_shift_of_two_days_that_overlap_each_other_is_refused() -> None:
    run("add", "101", "mon-sun", "0-24")
    assert "at that time already" in str(refused(Refused, "add", "101", "mon-sun", "8-8"))


# ---- calendars


def test_an_exported_rota_is_imported_again(state: Path) -> None:
    run("add", "101", "mon-fri", "9-17", "--from", "2026-12-01")
    run("add", "102", "mon-sun", "17-9")
    run("except", "101", "2026-12-31", "absent")
    before = [each | {"id": "", "from": ""} for each in objects("list")]
    file = state / "rota.ics"
    assert "3 events" in run("export", str(file))
    assert run("export").splitlines() == file.read_text().splitlines()
    shown = run("import", str(file))
    assert "Now the whole rota: 12 weekly shifts and 1 single days of 2 counsellors" in shown
    assert "ivr rota undo" in shown
    assert [each | {"id": "", "from": ""} for each in objects("list")] == before


def test_a_dry_run_changes_nothing(state: Path) -> None:
    run("add", "101", "mon-fri", "9-17")
    (state / "rota.ics").write_text(run("export").replace("101", "102"))
    before = run("list")
    assert "Would be the whole rota: 5 weekly shifts" in run("import", str(state / "rota.ics"), "--dry-run")
    assert run("list") == before


def test_an_import_takes_the_place_of_everything_and_can_be_taken_back(state: Path) -> None:
    run("add", "101", "mon-fri", "9-17")
    (state / "rota.ics").write_text(run("export").replace("101", "102"))
    before = run("list")
    run("import", str(state / "rota.ics"))
    assert {each["extension"] for each in objects("list")} == {"102"}
    run("undo")
    assert run("list") == before


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        (("SUMMARY:101", "SUMMARY:199"), "199 is no counsellor's extension"),
        (("FREQ=WEEKLY", "FREQ=MONTHLY"), "repeats MONTHLY"),
        (("DTSTART;TZID=Asia/Baku:2024", "DTSTART;TZID=Asia/Baku:rubbish"), "DTSTART cannot be read"),
        (("END:VEVENT\n", ""), "END:VCALENDAR comes where VEVENT of line"),
        (("BEGIN:VCALENDAR", "\x00"), "this is no iCalendar file"),
    ],
)
def test_a_faulty_calendar_is_named_by_line_with_exit_2_and_the_old_rota_stays(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], slip: tuple[str, str], said: str
) -> None:
    old, new = slip
    run("add", "101", "mon-fri", "9-17")
    text, before = run("export"), run("list")
    assert old in text
    (state / "rota.ics").write_text(text.replace(old, new))
    monkeypatch.setattr(sys, "argv", ["ivr", "rota", "import", str(state / "rota.ics")])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert "the rota stays as it was" in told
    assert any(line.strip().startswith("line ") and said in line for line in told.splitlines())
    assert run("list") == before


def test_a_calendar_of_ten_megabytes_is_refused(state: Path) -> None:
    (state / "rota.ics").write_bytes(b"BEGIN:VCALENDAR\r\n" + b"X-A:1\r\n" * 1_500_000)
    assert refused(ScriptError, "import", str(state / "rota.ics"))


# ---- how it looks

NAMES = {"101": "Aynur Məmmədova-Əliyeva", "102": "Leyla", "103": "Rəşad"}


def kept() -> Kept:
    shifts = (
        *(Shift("101", day, 9 * 60, 17 * 60) for day in range(5)),
        *(Shift("102", day, 17 * 60, 90) for day in range(7)),
        Shift("103", 5, 9 * 60 + 30, 17 * 60 + 15),
    )
    away = ShiftException("101", ExceptionKind.ABSENT, datetime(2026, 11, 24, tzinfo=UTC).date(), 0, 1440)
    return Kept(Rota(frozenset(NAMES), shifts, (away,)), NAMES)


def drawn(width: int, *, colour: bool = False) -> str:
    days = view.week_of(datetime(2026, 11, 23, tzinfo=UTC).date())
    console = Console(width=width, force_terminal=colour, color_system="standard" if colour else None, highlight=False)
    with console.capture() as shown:
        console.print(view.week(kept(), days, SUNDAY_NIGHT, width))
    return shown.get()


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_the_week_fits_the_screen(width: int) -> None:
    lines = [line.rstrip() for line in drawn(width).splitlines()]
    assert max(map(len, lines)) <= width
    assert [word for word in lines[2].split() if not word.isdigit()] == [
        "Mon",
        "Tue",
        "Wed",
        "Thu",
        "Fri",
        "Sat",
        "Sun",
    ]


def test_the_week_at_eighty_columns() -> None:
    assert [line.rstrip() for line in drawn(80).splitlines()] == [
        "Week of Mon 23 Nov 2026 · Asia/Baku time",
        "",
        "               Mon 23   Tue 24   Wed 25   Thu 26   Fri 27   Sat 28   Sun 29",
        "○ 101 Aynur M… 09–17    absent   09–17    09–17    09–17    ·        ·",
        "● 102 Leyla    00–01:30 00–01:30 00–01:30 00–01:30 00–01:30 00–01:30 00–01:30",
        "               17–24    17–24    17–24    17–24    17–24    17–24    17–24",
        "○ 103 Rəşad    ·        ·        ·        ·        ·        09:30–   ·",
        "                                                             17:15",
        "",
        "  nobody       01:30–09 01:30–17 01:30–09 01:30–09 01:30–09 01:30–   01:30–17",
        "                                                             09:30",
        "",
        "! Nobody is on for 69 h this week.",
    ]


def test_gaps_are_red_and_the_day_without_one_is_not() -> None:
    assert "\x1b[1;37;41m" in drawn(80, colour=True)
    whole = Kept(Rota(frozenset({"101"}), tuple(Shift("101", day, 0, 1440) for day in range(7))), NAMES)
    console = Console(width=80, force_terminal=True, color_system="standard", highlight=False)
    with console.capture() as shown:
        console.print(view.week(whole, view.week_of(SUNDAY_NIGHT.date()), SUNDAY_NIGHT, 80))
    assert "\x1b[1;37;41m" not in shown.get()
    assert "Somebody is on all the time this week" in shown.get()
    assert shown.get().count("all day") == 7


def test_today_says_who_is_on_and_what_comes_next() -> None:
    run("add", "101", "mon", "9-17")
    run("add", "102", "sun", "17-1")
    lines = [line.rstrip() for line in run("today").splitlines()]
    assert lines == [
        "Mon 23 Nov 2026, now 00:30 · Asia/Baku time",
        "",
        "○ 101 Demo 101  09:00–17:00",
        "● 102 Demo 102  00:00–01:00",
        "  nobody         01:00–09:00",
        "  nobody         17:00–24:00",
        "",
        "next 01:00: 102 Demo 102 goes; then nobody is on",
    ]


def test_gaps_are_listed_with_their_length() -> None:
    run("add", "101", "mon-sun", "9:30-9")
    lines = run("gaps", "--days", "2").splitlines()
    assert "Mon 23 Nov 2026 09:00  09:30  30 min" in lines[3]
    assert lines[-1] == "! Nobody is on for 1 h in the next 2 days."
    run("add", "102", "mon-sun", "0-24")
    assert "Somebody is on all the time in the next 28 days" in run("gaps")
