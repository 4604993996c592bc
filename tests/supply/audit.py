"""Known faults of what others have written, and their licences: `make audit`.

Exit 0: asked about every Python and Node package, nothing is known. 1: something is known. 3: not all could be asked
about, which is no all-clear, and is not told as one: pip-audit alone exits 0 when it found nobody to ask. Of the switch
the version is looked at; about the libraries that it brings nobody is asked, and the exit says nothing of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections import Counter
from pathlib import Path
from typing import Any

from tests.conftest import PROJECT
from tests.supply.parts import everything

CLEAN, KNOWN, NOT_ASKED = 0, 1, 3
TOOLS = ("pip-audit==2.10.1", "cyclonedx-python-lib[json-validation]==11.12.0")
FOLDER = PROJECT / "var/audit"  # not beside our own packages: it brings thirty of its own
LIMIT_S = 300


def main() -> int:
    parts = everything()
    print("● licences")
    for (kind, licence), count in sorted(Counter((part.kind, part.licence) for part in parts).items()):
        print(f"  {count:4} {kind:4} {licence}")
    results = [_told("Python", *python()), _told("Node", *node()), _told("Debian", *debian())]
    return KNOWN if KNOWN in results else max(results)


def _told(what: str, code: int, words: str) -> int:
    sign = {CLEAN: "●", KNOWN: "✗", NOT_ASKED: "?"}[code]
    print(f"{sign} {what}: {words}")
    return code


def tools() -> Path | None:
    """The Python that has TOOLS, made at the first call; None when they cannot be installed."""
    python = FOLDER / "bin/python"
    if not (FOLDER / ".made").exists():
        venv.create(FOLDER, with_pip=True, clear=True)
        if _run(str(python), "-m", "pip", "install", "-q", *TOOLS).returncode:
            return None
        (FOLDER / ".made").touch()
    return python


def python() -> tuple[int, str]:
    program = tools()
    if program is None:
        return NOT_ASKED, "pip-audit could not be installed, so nobody was asked"
    options = ("--no-deps", "--disable-pip", "--timeout", "10", "-f", "json")
    return read_pip(_run(str(program), "-m", "pip_audit", "-r", str(PROJECT / "requirements.lock"), *options).stdout)


def read_pip(text: str) -> tuple[int, str]:
    """What pip-audit found, from its JSON."""
    told = _json(text).get("dependencies")
    if not told:
        return NOT_ASKED, "the advisory database cannot be reached from here: not asked about any"
    bad = [f"{each['name']} {each['version']}: {fault['id']}" for each in told for fault in each.get("vulns", ())]
    unknown = [each["name"] for each in told if "skip_reason" in each]
    if bad:
        return KNOWN, "; ".join(bad)
    if unknown:
        return NOT_ASKED, f"the advisory database did not know {len(unknown)} of {len(told)} packages: no all-clear"
    return CLEAN, f"nothing known of {len(told)} packages"


def node() -> tuple[int, str]:
    return read_npm(_run("npm", "audit", "--json", "--package-lock-only").stdout)


def read_npm(text: str) -> tuple[int, str]:
    """What npm found, from its JSON."""
    counts = _json(text).get("metadata", {}).get("vulnerabilities")
    if counts is None:
        return NOT_ASKED, "npm's advisory database cannot be reached from here: not asked about any"
    return (KNOWN, f"{counts['total']} known: npm audit") if counts["total"] else (CLEAN, "nothing known")


def debian() -> tuple[int, str]:
    """By rule, not by database: the switch refuses to start below the versions in which its known holes were closed."""
    found = {part.name: part.version for part in everything() if part.kind == "deb"}
    if "asterisk" not in found:
        return NOT_ASKED, "the switch was not brought yet (make up)"
    from ivr.telephony.switch import find

    find(PROJECT / "var/asterisk")
    return CLEAN, f"asterisk {found['asterisk']}, new enough (ivr/telephony/switch.py); its libraries: not asked"


def _json(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(words, capture_output=True, text=True, cwd=PROJECT, timeout=LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(words, 127, "", str(error))


if __name__ == "__main__":
    sys.exit(main())
