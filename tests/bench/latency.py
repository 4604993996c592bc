"""From the end of a key to the next prompt, on the wire, while 50 calls a second come in; the program and its twin.

From the sending of the key's last packet to the arrival of the next prompt's first one. That packet is silence and
looks like any other, so the first audible one is awaited and its place in the recording is subtracted.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.figures import Figure, Found, at_most, middle, percentile
from tests.bench.load import Crowd, Load
from tests.bench.own_line import BenchLine
from tests.bench.saturation import NAMES, OURS, TWIN, Loads, Rounds, Tell, alternate

CALLS_PER_S = 50
LONG = Rounds(number=6, seconds=7.0)
QUICK = Rounds(number=1, seconds=6.0)


def measure(line: BenchLine, rounds: Rounds, tell: Tell) -> Found:
    loads = alternate(line, Crowd(per_s=CALLS_PER_S), rounds, tell)
    return Found("latency", f"Key to next prompt at {CALLS_PER_S} calls/s", _figures(loads), [_note(loads)])


def _figures(loads: Loads) -> list[Figure]:
    worst = {dial: _wait_ms(rounds, 0.99) for dial, rounds in loads.items()}
    return [
        *(Figure(f"median: {NAMES[dial]}", _wait_ms(rounds, 0.50), "ms") for dial, rounds in loads.items()),
        *(Figure(f"99th percentile: {NAMES[dial]}", value, "ms") for dial, value in worst.items()),
        Figure("99th percentile: program - twin", worst[OURS] - worst[TWIN], "ms", at_most(10)),
    ]


def _wait_ms(rounds: Sequence[Load], share: float) -> float:
    """The middle one of the rounds' percentiles: a second in which the machine was away is in one round only."""
    return 1000 * middle(percentile(each.waits_s, share) for each in rounds)


def _note(loads: Loads) -> str:
    keys = " and ".join(f"{sum(len(each.waits_s) for each in rounds):,}" for rounds in loads.values())
    lost = sum(each.failed + each.astray for rounds in loads.values() for each in rounds)
    return f"{keys} keys; {lost} calls failed or came through another door."
