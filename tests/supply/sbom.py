"""A bill of materials (CycloneDX 1.6, JSON) from the lock files and the switch's packages: `make sbom`.

The same parts give the same bytes: no time and no chance is in it.
"""

from __future__ import annotations

import hashlib
import json
import sys
import uuid
from collections.abc import Sequence
from importlib.util import find_spec

from tests.conftest import PROJECT
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


def faults(text: str) -> str:
    """What the schema says against it; nothing: it is valid. Raises ModuleNotFoundError where its reader is not here."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) or "")


def main() -> int:
    parts = everything()
    text = json.dumps(bill(parts), indent=1, ensure_ascii=False) + "\n"
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text)
    kinds = {kind: sum(part.kind == kind for part in parts) for kind in ("pypi", "npm", "deb")}
    print(f"● {FILE.relative_to(PROJECT)}: {len(parts)} parts", *(f"{count} {kind}" for kind, count in kinds.items()))
    if not kinds["deb"]:
        print("  without the switch's packages: it was not brought yet (make up)")
    if told := faults(text):
        print(f"✗ {told}", file=sys.stderr)
        return 1
    print("● valid by the schema of CycloneDX 1.6")
    return 0


if __name__ == "__main__":
    sys.exit(main())
