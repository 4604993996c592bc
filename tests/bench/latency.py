"""From the end of a key to the next prompt, on the wire, while 50 calls a second come in; the program and its twin.

From the sending of the key's first "up" packet to the arrival of the next prompt's first packet. That packet is
silence and looks like any other, so the first audible one is awaited and its place in the recording is subtracted.
"""

from __future__ import annotations

from tests.bench.figures import Figure, Found, at_most, middle, percentile
from tests.bench.load import Crowd, Load, load
from tests.bench.own_line import BenchLine, Dial
from tests.bench.saturation import NAMES, Rounds, Tell

CALLS_PER_S = 50
PAIR = (Dial.TWIN, Dial.PROGRAM)

LONG = Rounds(number=5, seconds=8.0, warm_s=0.0, look_s=0.0)
QUICK = Rounds(number=1, seconds=6.0, warm_s=0.0, look_s=0.0)


def measure(line: BenchLine, rounds: Rounds, tell: Tell) -> Found:
    loads: dict[Dial, list[Load]] = {dial: [] for dial in PAIR}
    for number in range(rounds.number):
        for dial in PAIR:
            tell(f"round {number + 1} of {rounds.number}: {NAMES[dial]}")
            loads[dial].append(load(line, dial, Crowd(per_s=CALLS_PER_S), rounds.seconds))
    return Found("latency", f"Key to next prompt at {CALLS_PER_S} calls/s", _figures(loads), [_note(loads)])


def _figures(loads: dict[Dial, list[Load]]) -> list[Figure]:
    median = {dial: _wait_ms(loads[dial], 0.50) for dial in PAIR}
    worst = {dial: _wait_ms(loads[dial], 0.99) for dial in PAIR}
    return [
        *(Figure(f"median: {NAMES[dial]}", median[dial], "ms") for dial in PAIR),
        *(Figure(f"99th percentile: {NAMES[dial]}", worst[dial], "ms") for dial in PAIR),
        Figure("99th percentile: program - twin", worst[Dial.PROGRAM] - worst[Dial.TWIN], "ms", at_most(10)),
    ]


def _wait_ms(rounds: list[Load], share: float) -> float:
    """The middle one of the rounds' percentiles: a second in which the machine was away is in one round only."""
    return 1000 * middle(percentile(each.waits_s, share) for each in rounds)


def _note(loads: dict[Dial, list[Load]]) -> str:
    keys = " and ".join(f"{sum(len(each.waits_s) for each in loads[dial]):,}" for dial in PAIR)
    lost = sum(each.failed + each.astray for dial in PAIR for each in loads[dial])
    return f"{keys} keys; {lost} calls failed or lost their way."
