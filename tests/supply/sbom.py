"""A bill of materials (CycloneDX 1.6, JSON) from the lock files and the switch's packages: `make sbom`.

The same parts give the same bytes: no time and no chance is in it. Exit 1: not valid; 3: not validated.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import uuid
from collections.abc import Sequence

from tests.conftest import PROJECT
from tests.supply.audit import NOT_ASKED, tools
from tests.supply.parts import UNKNOWN, Part, everything

FILE = PROJECT / "var/sbom.cdx.json"


def bill(parts: Sequence[Part]) -> dict[str, object]:
    known = hashlib.sha256("\n".join(part.purl for part in parts).encode()).digest()
    own = {
        "type": "application",
        "name": "helpline",
        "bom-ref": "helpline",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=known[:16], version=4)}",
        "version": 1,
        "metadata": {"component": own},
        "components": [_component(part) for part in parts],
        "dependencies": [{"ref": "helpline", "dependsOn": [part.purl for part in parts]}],
    }


def _component(part: Part) -> dict[str, object]:
    told: dict[str, object] = {
        "type": "library",
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "purl": part.purl,
    }
    if part.licence != UNKNOWN:
        told["licenses"] = [{"license": {"name": part.licence}}]
    if len(part.hashes) == 1:  # of several files only one is installed, and which, the machine decides
        told["hashes"] = [{"alg": "SHA-256", "content": part.hashes[0]}]
    return told


VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
sys.exit(str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read()) or ""))
"""


def main() -> int:
    parts = everything()
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(bill(parts), indent=1, ensure_ascii=False) + "\n")
    kinds = {kind: sum(part.kind == kind for part in parts) for kind in ("pypi", "npm", "deb")}
    print(f"● {FILE.relative_to(PROJECT)}: {len(parts)} parts,", ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    if not kinds["deb"]:
        print("  without the switch's packages: it was not brought yet (make up)")
    python = tools()
    if python is None:
        print("? not validated: the reader of its schema could not be installed")
        return NOT_ASKED
    told = subprocess.run([python, "-c", VALIDATE, FILE], capture_output=True, text=True, check=False).stderr.strip()
    print(f"✗ {told}" if told else "● valid by the schema of CycloneDX 1.6")
    return int(bool(told))


if __name__ == "__main__":
    sys.exit(main())
