"""`make taken-out`: every protection is taken out of a copy of the project, one by one; its tests must fail then.

python -m tests.taken_out [--live] [--only TEXT …] [--at-once N] [--json] [--list]

Exit 1 when a test still passes without what it is there to prove.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from queue import SimpleQueue

from rich.console import Console
from rich.table import Table

from tests.taken_out.protection import Protection, protections
from tests.taken_out.tree import Tree


@dataclass(frozen=True, slots=True)
class Shown:
    """`passed`: tests that did not fail, though the protection was gone; `how` the others did; `said`: by pytest."""

    protection: Protection
    passed: tuple[str, ...]
    how: dict[str, str]
    lasted_s: float
    said: str


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that lines are closed, and copies go
    wanted = _arguments()
    chosen = [each for each in protections() if _is_wanted(each, wanted.only, live=wanted.live)]
    if wanted.list:
        print("\n".join(f"{', '.join(each.claims)}: {each.what}" for each in chosen))
        return 0
    shown = sorted(_all(chosen, wanted.at_once), key=lambda one: chosen.index(one.protection))
    if wanted.json:
        print(json.dumps([asdict(each) for each in shown], indent=1, ensure_ascii=False))
    else:
        Console().print(_table(shown))
    return int(any(each.passed for each in shown))


def _arguments() -> argparse.Namespace:
    reads = argparse.ArgumentParser(prog="python -m tests.taken_out", description=__doc__)
    reads.add_argument("--live", action="store_true", help="those whose tests open a line, in place of the others")
    reads.add_argument("--only", nargs="+", default=[""], help="whose claim, words or test hold one of these texts")
    reads.add_argument("--at-once", type=int, default=2, help="how many copies are worked in at the same time")
    reads.add_argument("--json", action="store_true", help="JSON in place of the table")
    reads.add_argument("--list", action="store_true", help="what would be taken out")
    return reads.parse_args()


def _is_wanted(each: Protection, texts: Sequence[str], *, live: bool) -> bool:
    told = " ".join((*each.claims, each.what, *each.tests, *each.faults)).lower()
    is_here = not each.needs or find_spec(each.needs) is not None
    return bool(each.out) and is_here and each.live == live and any(text.lower() in told for text in texts)


def _all(chosen: Sequence[Protection], at_once: int) -> Iterable[Shown]:
    progress, free = Console(stderr=True), SimpleQueue[Tree]()
    with ExitStack() as stack, ThreadPoolExecutor(at_once) as workers:
        for _ in range(min(at_once, len(chosen))):
            free.put(stack.enter_context(Tree()))
        for done in workers.map(lambda each: _taken_out(each, free), chosen):
            progress.print(f"{'STILL PASSES' if done.passed else 'fails'}: {done.protection.what}", markup=False)
            for test, how in done.how.items():
                progress.print(f"  {test.rpartition('::')[2]}: {how}", markup=False, soft_wrap=True)
            if done.passed:
                progress.print(done.said, markup=False)
            yield done


def _taken_out(each: Protection, free: SimpleQueue[Tree]) -> Shown:
    tree, begun = free.get(), time.monotonic()
    try:
        with tree.without(each.out):
            how, said = tree.failed(each.tests) if each.tests else ({}, "")
            not_borne, told = tree.not_borne(each.faults)
    finally:
        free.put(tree)
    how |= not_borne
    passed = tuple(name for name in (*each.tests, *each.faults) if name not in how)
    return Shown(each, passed, how, time.monotonic() - begun, said + told)


def _table(shown: Sequence[Shown]) -> Table:
    noticed = sum(not each.passed for each in shown)
    table = Table(title=f"{len(shown)} protections taken out, {noticed} of them noticed by each of their tests")
    for column in ("claim", "protection", "tests", "without it"):
        table.add_column(column, overflow="fold")
    for each in shown:
        verdict = "[red]still passes[/]: " + ", ".join(each.passed) if each.passed else "fails"
        table.add_row(
            ", ".join(each.protection.claims),
            each.protection.what,
            f"{len(each.protection.tests + each.protection.faults)}",
            verdict,
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
