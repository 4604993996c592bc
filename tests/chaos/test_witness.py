"""The copy of what the switch wrote is whole, whatever becomes of the file."""

from __future__ import annotations

import os
from pathlib import Path

from tests.chaos.witness import Witness
from tests.records.switch_log import SwitchLog


def test_every_call_is_seen_in_a_file_that_is_renamed_cut_and_doubled(tmp_path: Path) -> None:
    ledger, log = tmp_path / "cel.jsonl", SwitchLog()
    witness = Witness(ledger)
    witness.look()
    begun = []

    def write(count: int) -> None:
        log.lines.clear()
        for _ in range(count):
            begun.append(log.call().row_id)
        with ledger.open("ab") as file:
            file.write(log.data)

    write(3)
    witness.look()
    write(1)  # not read yet
    ledger.rename(tmp_path / "cel.jsonl.1")
    write(2)
    witness.look()
    os.truncate(ledger, ledger.stat().st_size - 40)
    witness.look()
    write(2)
    witness.look()
    ledger.write_bytes(ledger.read_bytes() * 2)
    witness.look()
    assert list(witness.began) == begun
    witness.close()
