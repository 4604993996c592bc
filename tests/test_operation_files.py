"""What is shipped for whoever runs the line: units of systemd, Prometheus, and a handbook whose commands are there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from ivr.alarms import words
from ivr.cli import app
from ivr.settings import Settings
from tests.conftest import PROJECT

UNITS = sorted((PROJECT / "operation/systemd").glob("helpline*.*"))
HANDBOOK = (PROJECT / "docs/handbook.md").read_text()
MOST_EXPOSED = 2.5  # of 10: what `systemd-analyze security` calls OK


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    here = [tmp_path / unit.name for unit in UNITS if unit.suffix in {".service", ".timer"}]
    for unit in here:
        text = (PROJECT / "operation/systemd" / unit.name).read_text()
        unit.write_text(text.replace("/opt/helpline", str(PROJECT)))
    done = subprocess.run(["systemd-analyze", "verify", *here], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    argv = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}"]
    for unit in here:
        if unit.suffix == ".service":
            done = subprocess.run([*argv, str(unit)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-300:]


def test_commands_of_the_units_are_there() -> None:
    used = re.findall(r"bin/ivr (\w+)", "".join(unit.read_text() for unit in UNITS))
    assert set(used) == {"up", "backup"}
    options = {each for name in used for each in _options(name)}
    told = re.findall(r"bin/ivr \w+.*?(--[\w-]+)", "".join(unit.read_text() for unit in UNITS))
    assert set(told) == {"--stay", "--passphrase-file"}
    assert set(told) <= options


def _options(*words: str) -> set[str]:
    command = get_command(app)
    for word in words:
        command = getattr(command, "commands", {}).get(word, command)
    return {option for each in command.params for option in each.opts}


def told_commands() -> list[str]:
    """Every `ivr …` of the handbook, in a block or in a line."""
    blocks = [line for block in re.findall(r"```sh\n(.*?)```", HANDBOOK, re.DOTALL) for line in block.splitlines()]
    inline = re.findall(r"`([^`\n]+)`", HANDBOOK)
    found = [match[1] for text in (*blocks, *inline) if (match := re.search(r"(?:^|[ /])ivr ((?:[\w-]+ ?)+.*)$", text))]
    return [re.sub(r"\s+#.*$", "", text) for text in found]


def test_the_handbook_tells_commands() -> None:
    assert len(told_commands()) > 25


@pytest.mark.parametrize("told", sorted(set(told_commands())))
def test_every_command_of_the_handbook_is_there(told: str) -> None:
    parts = told.split()
    command = get_command(app)
    used = []
    for part in parts:
        if part not in getattr(command, "commands", {}):
            break
        command = command.commands[part]  # type: ignore[attr-defined]
        used.append(part)
    assert used, told
    assert {part.partition("=")[0] for part in parts if part.startswith("--")} <= _options(*used) | {"--help"}, told


def test_every_make_target_setting_and_file_of_the_handbook_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", HANDBOOK)) <= targets
    known = {f"IVR_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"IVR_[A-Z_0-9]+", HANDBOOK)) <= known
    for name in re.findall(r"\b((?:operation|images|docs|callbacks)/[\w./-]+\w)", HANDBOOK):
        assert (PROJECT / name).exists(), name


def test_every_alarm_is_in_the_handbook() -> None:
    assert set(re.findall(r"^\| \*\*([a-z]+)\*\* \|", HANDBOOK, re.MULTILINE)) == set(words())


def test_the_handbooks_parts_are_all_there() -> None:
    parts = re.findall(r"^## (.*)$", HANDBOOK, re.MULTILINE)
    assert len(parts) >= 11
    assert parts[-1] == "When all is lost"
