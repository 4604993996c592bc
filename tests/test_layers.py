"""Who may import what (DESIGN.md, section 4), read from the source itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT

MODULES = sorted((PROJECT / "ivr").rglob("*.py"))

# Ring of each module, by the longest prefix that fits. A module may import its own ring and those before it.
RINGS = ("words", "decisions", "wire", "acts", "faces", "root")
RING_OF = {
    "ivr": "words",
    "ivr.errors": "words",
    "ivr.settings": "words",
    "ivr.telephony.statuses": "words",
    "ivr.telephony.variables": "words",
    "ivr.flow": "decisions",
    "ivr.routing": "decisions",
    "ivr.desk.presence": "decisions",
    "ivr.desk.catalogue": "decisions",
    "ivr.desk.lists_file": "decisions",
    "ivr.desk.regions": "decisions",
    "ivr.desk.search": "decisions",
    "ivr.desk.rubric": "decisions",
    "ivr.desk.sampling": "decisions",
    "ivr.desk.wrapup": "decisions",
    "ivr.desk.wrapup_form": "decisions",
    "ivr.desk.access": "decisions",
    "ivr.desk.disclosure": "decisions",
    "ivr.desk.entry": "decisions",
    "ivr.board": "decisions",
    "ivr.board.feed": "wire",
    "ivr.desk.due": "decisions",
    "ivr.reports": "decisions",
    "ivr.telephony": "wire",
    "ivr.telephony.agi": "decisions",
    "ivr.telephony.events": "decisions",
    "ivr.telephony.guesses": "decisions",
    "ivr.telephony.numbers": "decisions",
    "ivr.telephony.rtp": "decisions",
    "ivr.telephony.trial": "decisions",
    "ivr.telephony.page_guard": "decisions",
    "ivr.telephony.sipp_scenario": "decisions",
    "ivr.telephony.sipp_message": "decisions",
    "ivr.privileges": "wire",
    "ivr.keeper": "wire",
    "ivr.records": "wire",
    "ivr.calendar": "wire",
    "ivr.attempt": "acts",
    "ivr.reports.queries": "acts",
    "ivr.reports.daily": "acts",
    "ivr.reports.reckoning": "acts",
    "ivr.reports.service": "acts",
    "ivr.reports.annual": "acts",
    "ivr.reports.printed": "acts",
    "ivr.contact_import": "acts",
    "ivr.call": "acts",
    "ivr.call_log": "acts",
    "ivr.catalogues": "acts",
    "ivr.wrapup": "acts",
    "ivr.wrapup_reading": "acts",
    "ivr.hard_call": "acts",
    "ivr.help_request": "acts",
    "ivr.glance": "acts",
    "ivr.rota": "acts",
    "ivr.hours": "acts",
    "ivr.in_use": "acts",
    "ivr.callback": "acts",
    "ivr.callback_log": "acts",
    "ivr.promise": "acts",
    "ivr.ring_back": "acts",
    "ivr.silent": "acts",
    "ivr.page_call": "acts",
    "ivr.listening": "acts",
    "ivr.handover": "acts",
    "ivr.line": "acts",
    "ivr.trial": "acts",
    "ivr.renewal": "acts",
    "ivr.tidying": "acts",
    "ivr.alarms": "decisions",
    "ivr.vitals": "acts",
    "ivr.change_database": "acts",
    "ivr.mending": "acts",
    "ivr.backup": "acts",
    "ivr.keys": "acts",
    "ivr.retention": "acts",
    "ivr.erasure": "acts",
    "ivr.disclosing": "acts",
    "ivr.restore": "acts",
    "ivr.desk": "acts",
    "ivr.duty": "acts",
    "ivr.moving": "acts",
    "ivr.call_review": "acts",
    "ivr.call_export": "acts",
    "ivr.overview": "acts",
    "ivr.usual_day": "acts",
    "ivr.presence": "acts",
    "ivr.watch": "acts",
    "ivr.guard": "acts",
    "ivr.messages": "acts",
    "ivr.counsellors": "acts",
    "ivr.accounts": "acts",
    "ivr.signing": "acts",
    "ivr.credentials": "acts",
    "ivr.passkeys": "acts",
    "ivr.staff": "acts",
    "ivr.trail": "acts",
    "ivr.check": "acts",
    "ivr.prepare": "acts",
    "ivr.studio": "acts",
    "ivr.reviewing": "acts",
    "ivr.menus": "acts",
    "ivr.new_flow": "acts",
    "ivr.menus_call": "acts",
    "ivr.take_by_phone": "acts",
    "ivr.takes": "acts",
    "ivr.rehearsal": "acts",
    "ivr.returning": "acts",
    "ivr.blocking": "acts",
    "ivr.demo": "acts",
    "ivr.app": "root",
    "ivr.web": "faces",
    "ivr.cli": "faces",
}
PURE_MAY_NOT = {
    "asyncio",
    "sqlalchemy",
    "fastapi",
    "panoramisk",
    "asterisk",
    "os",
    "socket",
    "random",
    "subprocess",
    "time",
}
OWNERS = {
    "panoramisk": {"ivr.telephony.fastagi", "ivr.telephony.ami"},
    "asterisk": {"ivr.telephony.agiscript", "ivr.telephony.conffile"},
    "sqlalchemy": {"ivr.records", "ivr.reports.queries"},
    "aiosqlite": {"ivr.records"},
    "asyncpg": {"ivr.records"},
    "alembic": {"ivr.records"},
    "fastapi": {"ivr.web"},
    "starlette": {"ivr.web"},
    "uvicorn": {"ivr.web"},
    "jinja2": {"ivr.web"},
    "babel": {"ivr.web", "ivr.reports.words"},
    "typer": {"ivr.cli"},
    "rich": {"ivr.cli"},
    "uvloop": {"ivr.app"},
    "phonenumbers": {"ivr.telephony.numbers"},
    "cryptography": {"ivr.records.sealed", "ivr.records.container"},
    "argon2": {"ivr.records.password"},
    "xlsxwriter": {"ivr.call_export", "ivr.reports.annual"},
    "weasyprint": {"ivr.reports.printed"},
    "pyotp": {"ivr.records.second_factor"},
    "webauthn": {"ivr.records.passkey_proof"},
    "cbor2": {"ivr.records.passkey_proof"},
    "segno": {"ivr.web.qr"},
    "prometheus_client": {"ivr.web.metrics"},
    "pydantic_settings": {"ivr.settings"},
    "zoneinfo": {"ivr.routing.hours"},
    "random": {"ivr.telephony.voice"},  # hiss: what is to be guessed by nobody comes from the system
    "holidays": {"ivr.routing.hours"},
    "pycountry": {"ivr.desk.regions"},
    "websockets": {"ivr.telephony.page_line"},
    "icalendar": {"ivr.calendar.event", "ivr.calendar.write"},
}


def name_of(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def ring_of(module: str) -> str:
    fitting = [known for known in RING_OF if module == known or module.startswith(known + ".")]
    return RING_OF[max(fitting, key=len)]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module.startswith("ivr"))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    own = RINGS.index(ring_of(name_of(path)))
    wrong = [i for i in imports(path) if i.startswith("ivr.") and RINGS.index(ring_of(i)) > own]
    assert wrong == []


@pytest.mark.parametrize("path", [p for p in MODULES if ring_of(name_of(p)) == "decisions"], ids=name_of)
def test_decisions_are_pure(path: Path) -> None:
    assert {i.split(".")[0] for i in imports(path)} & PURE_MAY_NOT == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_library_has_one_owner(path: Path) -> None:
    own = name_of(path)
    for imported in {i.split(".")[0] for i in imports(path)} & OWNERS.keys():
        assert any(own == owner or own.startswith(owner + ".") for owner in OWNERS[imported]), imported


def test_no_log_is_given_a_traceback() -> None:
    """A message, or a local variable, could hold a caller's number: `ivr.errors.where` gives the place."""
    gives = re.compile(r"exc_info=|stack_info=|format_exc|print_exc|dict_tracebacks|log\.exception\(")
    assert [str(path) for path in MODULES if gives.search(path.read_text())] == []


def test_nobody_imports_the_root() -> None:
    others = [path for path in MODULES if not name_of(path).startswith("ivr.app")]
    assert [name_of(p) for p in others if any(i.startswith("ivr.app") for i in imports(p))] == []


def test_no_drawers() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "misc", "lib"}
    assert [p for p in MODULES if drawers & set(p.relative_to(PROJECT).with_suffix("").parts)] == []
