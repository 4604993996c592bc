"""Documents that cannot lie: settings, verbs, folders and make targets are in them, and nothing else is."""

from __future__ import annotations

import re
import subprocess

import pytest
from typer.main import get_command

from ivr.cli.every import app
from ivr.settings import Settings
from tests.conftest import PROJECT

README = (PROJECT / "README.md").read_text()
TRACKED = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split()
FOLDERS = sorted({PROJECT / f.partition("/")[0] for f in TRACKED if "/" in f and not f.startswith(".")})
VERBS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", [f"IVR_{name.upper()}" for name in Settings.model_fields])
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


def test_every_setting_in_the_readme_is_there() -> None:
    known = {f"IVR_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"`(IVR_[A-Z_]+)`", README)) <= known


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_readme_and_has_an_example(verb: str) -> None:
    assert f"`ivr {verb}" in README
    command = get_command(app).commands[verb]  # type: ignore[attr-defined]
    subcommands = getattr(command, "commands", {"": command})
    assert all("Example" in (each.help or "") for each in subcommands.values())


def test_every_make_target_in_the_readme_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`", README)) <= targets


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_top_level_folder_has_a_readme_of_one_screen(folder: object) -> None:
    assert len((PROJECT / str(folder) / "README.md").read_text().splitlines()) <= 60


def test_every_file_named_in_the_folders_own_readmes_is_there() -> None:
    for folder in FOLDERS:
        text = (folder / "README.md").read_text()
        for name in re.findall(r"`([a-z_]+\.(?:py|conf|toml))`", text):
            rendered = name in {
                "pjsip_phones.conf",
                "pjsip_trunk.conf",
                "pjsip_trial.conf",
                "queues_counsellors.conf",
                "globals_mobiles.conf",
                "acl_refused.conf",
            }
            assert rendered or any(PROJECT.glob(f"{folder.name}/**/{name}")), f"{folder.name}: {name}"


def test_no_registrys_host_is_written_down() -> None:
    hosts = re.compile(r"(deb\.debian|pypi|pythonhosted|registry\.npmjs|archive\.ubuntu)\.(org|com)")
    here = "tests/test_documented.py"
    texts = {f: (PROJECT / f).read_text(errors="replace") for f in TRACKED if f != here and (PROJECT / f).is_file()}
    found = [f for f, text in texts.items() if hosts.search(text)]
    assert found == []
