"""One harness under atheris, until its time is over or it breaks: python -m tests.fuzz.run NAME CORPUS [OPTION…]."""

from __future__ import annotations

import sys

import atheris


def main() -> None:
    with atheris.instrument_imports(include=["ivr", "panoramisk"]):
        from tests.fuzz.harnesses import HARNESSES
    name, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], HARNESSES[name].one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
