"""Every reader fuzzed for FUZZ_SECONDS each, 60 unless told: `make fuzz`. Exit 1: one broke; 2: no atheris here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec

from tests.conftest import PROJECT
from tests.fuzz.harnesses import HARNESSES, KEPT

FOLDER = PROJECT / "var/fuzz"
LONGEST_INPUT = 8_000
SLOWEST_S = 10  # one input
MEMORY_MB = 1_500


def main() -> int:
    if find_spec("atheris") is None:
        print("✗ atheris is not installed\n  → .venv/bin/pip install atheris", file=sys.stderr)
        return 2
    seconds, names = os.environ.get("FUZZ_SECONDS", "60"), sys.argv[1:] or list(HARNESSES)
    broke = [name for name in names if fuzz(name, f"-max_total_time={seconds}")]
    return int(bool(broke))


def fuzz(name: str, *limits: str) -> bool:
    """Whether it broke; what broke it is kept then."""
    corpus, found = FOLDER / name, KEPT / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(HARNESSES[name].seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    found.mkdir(parents=True, exist_ok=True)
    options = (
        f"-max_len={LONGEST_INPUT}",
        f"-timeout={SLOWEST_S}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-artifact_prefix={found}/",
    )
    argv = [sys.executable, "-m", "tests.fuzz.run", name, str(corpus), *options, *limits]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace", cwd=PROJECT, check=False)
    print(("✗" if done.returncode else "●"), name, _figures(done.stderr))
    if done.returncode:
        print(done.stdout[-1500:], done.stderr[-1500:], sep="\n")
    elif not any(found.iterdir()):
        found.rmdir()
    return done.returncode != 0


def _figures(said: str) -> str:
    runs = re.search(r"Done (\d+) runs in (\d+) second", said)
    covered = re.findall(r"cov: (\d+)", said)
    return f"{int(runs[1]):,} inputs in {runs[2]} s, {covered[-1] if covered else '?'} branches" if runs else "broke"


if __name__ == "__main__":
    sys.exit(main())
