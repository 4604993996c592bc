"""What is shipped for whoever runs the line: units of systemd, Prometheus, and a handbook whose commands are there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from ivr.alarms import words
from ivr.cli.every import app
from ivr.line import PARTS
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
    lines = re.findall(r"bin/ivr \w+.*", "".join(unit.read_text() for unit in UNITS))
    told = re.findall(r"--[\w-]+", "".join(lines))
    assert set(told) == {"--stay", "--keep", "--passphrase-file"}
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
    assert not hasattr(command, "commands") or all(part.startswith("-") for part in parts[len(used) :][:1]), told
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


COMPOSE = (PROJECT / "docker-compose.yml").read_text()
DOCKERFILES = sorted((PROJECT / "images").glob("*Dockerfile"))


def test_the_containers_together_run_every_part_once() -> None:
    told = [part for parts in re.findall(r'IVR_PARTS: "?([a-z,]*[a-z])', COMPOSE) for part in parts.split(",")]
    assert sorted(told) == sorted(PARTS)


def test_no_container_is_root_or_writes_to_its_image() -> None:
    services = re.split(r"\n  (?=\w+:\n)", COMPOSE.split("\nservices:")[1].split("\nvolumes:")[0])[1:]
    shared = COMPOSE.split("x-line:")[1].split("\nservices:")[0]
    assert len(services) == 5
    for service in services:
        text = service + (shared if "<<: *line" in service else "")
        for must in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "secrets:", "volumes:"):
            assert must in text, (service.partition(":")[0], must)
    for file in DOCKERFILES:
        users = re.findall(r"^USER (\S+)", file.read_text(), re.MULTILINE)
        assert users[-1] in {"61611:61611", "postgres"}, file.name
        assert "HEALTHCHECK" in file.read_text()


def test_secrets_are_files_and_stand_nowhere_else() -> None:
    named = set(re.findall(r"^  (\w+): \{ file: secrets/\w+ \}", COMPOSE, re.MULTILINE))
    settings = {f"ivr_{name}" for name in Settings.model_fields}
    assert named - {"database_password"} <= settings
    assert not re.search(r"(?i)password:\s*[\"']?\w", COMPOSE)


def test_what_the_images_copy_is_there() -> None:
    for file in DOCKERFILES:
        for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", file.read_text(), re.MULTILINE):
            assert [name for name in sources.split() if not (PROJECT / name).exists()] == []
    kept = set(re.findall(r"^!(\S+)$", (PROJECT / ".dockerignore").read_text(), re.MULTILINE))
    assert all((PROJECT / name).exists() for name in kept)


def test_a_setting_may_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ivr_trunk_password").write_text("kept elsewhere\n")
    told = "import os; from ivr.settings import Settings; print(Settings().trunk_password.get_secret_value())"
    env = {"PATH": "/usr/bin:/bin", "IVR_SECRETS_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", told], env=env, capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert done.stdout == "kept elsewhere\n"
