"""The bill of materials names every part once and the same each time; an audit that asked nobody is no all-clear."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, version

import pytest

from tests.conftest import PROJECT
from tests.supply import audit, sbom
from tests.supply.parts import UNKNOWN, everything

SETUP = (PROJECT / "setup.sh").read_text()


def test_every_locked_package_is_in_the_bill_once_with_its_version_and_a_name_that_others_know() -> None:
    lock = re.findall(r"^(\S+?)(?:\[.*\])?==(\S+)", (PROJECT / "requirements.lock").read_text(), re.MULTILINE)
    made = sbom.bill(everything())
    components = made["components"]
    assert isinstance(components, list)
    purls = [each["purl"] for each in components]
    assert len(purls) == len(set(purls))
    assert {f"pkg:pypi/{name.lower()}@{version}" for name, version in lock} <= set(purls)
    assert "pkg:npm/jssip@3.13.8" in purls
    assert all(re.fullmatch(r"pkg:(pypi|npm|deb/debian)/[^\s]+@[^\s]+", purl) for purl in purls)


def test_every_part_is_locked_by_hash_and_installed_by_it() -> None:
    parts = everything()
    assert [part.name for part in parts if part.kind == "pypi" and not part.hashes] == []
    places = json.loads((PROJECT / "package-lock.json").read_text())["packages"].items()
    assert [place for place, each in places if place and not each.get("integrity", "").startswith("sha512-")] == []
    assert "pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.lock" in SETUP
    assert re.search(r"^\tnpm ci --ignore-scripts ", (PROJECT / "Makefile").read_text(), re.MULTILINE)


def test_the_same_parts_give_the_same_bytes() -> None:
    one, two = (json.dumps(sbom.bill(everything())) for _ in range(2))
    assert one == two


def test_python_parts_that_are_installed_tell_their_licence() -> None:
    silent = {part.name for part in everything() if part.kind == "pypi" and part.licence == UNKNOWN}
    assert silent - SAY_NOTHING == {name for name in silent - SAY_NOTHING if not _is_here(name)}


SAY_NOTHING = {"axe-playwright-python"}  # MIT, by the file in its repository


def _is_here(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


SKIPPED = {"name": "a", "skip_reason": "not found"}
FAULTY = {"name": "b", "version": "1", "vulns": [{"id": "CVE-1"}]}
CLEAN = {"name": "c", "version": "1", "vulns": []}


@pytest.mark.parametrize(
    ("dependencies", "code"),
    [
        ([CLEAN], audit.CLEAN),
        ([CLEAN, SKIPPED], audit.NOT_ASKED),
        ([SKIPPED, FAULTY], audit.KNOWN),
        ([], audit.NOT_ASKED),
    ],
)
def test_an_audit_that_could_not_ask_about_all_says_so(dependencies: list[object], code: int) -> None:
    assert audit.read_pip(json.dumps({"dependencies": dependencies}))[0] == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", audit.NOT_ASKED),
        ('{"error": {}}', audit.NOT_ASKED),
        ('{"metadata": {"vulnerabilities": {"total": 0}}}', audit.CLEAN),
        ('{"metadata": {"vulnerabilities": {"total": 2}}}', audit.KNOWN),
    ],
)
def test_an_error_of_npms_is_no_all_clear(text: str, code: int) -> None:
    assert audit.read_npm(text)[0] == code
