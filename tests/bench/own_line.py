"""The line that is measured: one of its own, with the twin's numbers added, and an end where the wait would begin."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from ivr.prepare import bring_switch
from ivr.settings import Settings
from tests.bench.fingers import Menu
from tests.live.line import LiveLine

HERE = Path(__file__).parent
WAIT_BEGINS = 'exten => s,1,GotoIf($["${HL_TRIAL}" = "yes"]?trial,answer,1)'
PARTS = ("switch", "answer", "ledger", "keeper")
STEPS = ("chose", "asked", "decided")


class Dial(StrEnum):
    """What is measured, by the number that leads there."""

    PROGRAM = "116111"
    TWIN = "116112"
    PROCESS = "116113"


class BenchLine(LiveLine):
    """Callers of any number reach their queue, and there the switch hangs up: nobody waits for a counsellor."""

    def open(self) -> None:
        super().open()
        etc = self.state / "switch/etc"
        queue = etc / "dialplan/queue.conf"
        text = queue.read_text()
        assert text.count(WAIT_BEGINS) == 1, f"the queue begins no longer with {WAIT_BEGINS}"
        queue.write_text(text.replace(WAIT_BEGINS, "exten => s,1,Hangup()"))
        (etc / "dialplan/twin.conf").write_text((HERE / "twin.conf").read_text())
        with (etc / "extensions.conf").open("a") as extensions:
            extensions.write("#include dialplan/twin.conf\n")
        self.console("dialplan reload")
        assert "twin.conf" in self.console("dialplan show twin"), "the switch did not take the twin"

    def pids(self) -> dict[str, int]:
        return {part: self.pid(part) for part in PARTS}

    def menus(self) -> tuple[Menu, ...]:
        """The three menus a child passes: English, the second topic, 15 to 18."""
        heard = self.state / "sounds/helpline"
        spoken = (("az/welcome", "3"), ("en/topic", "2"), ("en/age", "3"))
        return tuple(Menu(heard / f"{name}.alaw", key) for name, key in spoken)

    def mark(self) -> int:
        """Where the ledger ends now."""
        return self._ledger.stat().st_size

    def doors(self, mark: int) -> Counter[str]:
        """Through which door the callers since `mark` were led."""
        return Counter(extra.rpartition("door=")[2] for kind, extra in self.steps(mark) if kind == "decided")

    def steps(self, mark: int) -> Iterator[tuple[str, str]]:
        """What the flow wrote down since `mark`: kind and text."""
        with self._ledger.open("rb") as ledger:
            ledger.seek(mark)
            events = [json.loads(line) for line in ledger if line.endswith(b"\n")]
        for event in events:
            if event["userdeftype"] in STEPS:
                yield event["userdeftype"], json.loads(event["eventextra"])["extra"]

    @property
    def _ledger(self) -> Path:
        return self.state / "ledger/cel.jsonl"


@contextmanager
def opened() -> Iterator[BenchLine]:
    settings = Settings()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    bring_switch(settings, lambda _: None)
    line = BenchLine()
    try:
        line.open()
        yield line
    finally:
        line.close()
