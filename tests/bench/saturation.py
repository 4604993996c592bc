"""As many calls as this machine can lead through the menus: the program, its pure-dialplan twin, a process per call.

The callers are a closed circle: each calls again as soon as it is through, so the line is always full and never
drowns. Rounds alternate, and the medians are compared: a busy minute of the machine meets both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.figures import Figure, Found, at_least, at_most, middle
from tests.bench.load import Crowd, Load, load
from tests.bench.own_line import BenchLine, Dial

NAMES = {Dial.PROGRAM: "program (door 1)", Dial.TWIN: "twin (dialplan)", Dial.PROCESS: "process (door 2)"}
MENUS = ("switch", "answer")
CIRCLES = (100, 200, 300, 400)  # the switch has ports for 500 calls
PROCESSES_AT_ONCE = 24  # each takes 60 ms of a core; more would wait longer than the switch's patience
STILL_GROWS = 1.05
NOISE_LIMIT = 0.05

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rounds:
    number: int
    seconds: float
    warm_s: float
    look_s: float  # how long one size of the circle is tried


LONG = Rounds(number=4, seconds=12.0, warm_s=4.0, look_s=8.0)
QUICK = Rounds(number=1, seconds=7.0, warm_s=3.0, look_s=0.0)


def measure(line: BenchLine, rounds: Rounds, cores: int, tell: Tell) -> Found:
    at_once = _circle(line, rounds, tell)
    loads: dict[Dial, list[Load]] = {dial: [] for dial in Dial}
    for number in range(rounds.number):
        for dial in _order(number):
            tell(f"round {number + 1} of {rounds.number}: {NAMES[dial]}")
            crowd = Crowd(at_once=PROCESSES_AT_ONCE if dial is Dial.PROCESS else at_once)
            loads[dial].append(load(line, dial, crowd, rounds.seconds, rounds.warm_s))
    return Found("saturation", f"Menus at saturation, {at_once} callers at once", _figures(loads), _notes(loads, cores))


def _order(number: int) -> Sequence[Dial]:
    """Door 2 once only: it is another order of magnitude. The two that are compared change places every round."""
    pair = (Dial.TWIN, Dial.PROGRAM) if number % 2 == 0 else (Dial.PROGRAM, Dial.TWIN)
    return (*pair, Dial.PROCESS) if number == 0 else pair


def _circle(line: BenchLine, rounds: Rounds, tell: Tell) -> int:
    """The smallest circle of callers that a larger one does not beat; the twin's, the harder to fill."""
    if not rounds.look_s:
        return CIRCLES[-2]
    best = 0.0
    for at_once in CIRCLES:
        tell(f"looking for saturation: {at_once} callers at once")
        rate = load(line, Dial.TWIN, Crowd(at_once=at_once), rounds.look_s, rounds.warm_s).calls_per_s
        if rate < best * STILL_GROWS:
            return at_once
        best = rate
    return CIRCLES[-1]


def _figures(loads: dict[Dial, list[Load]]) -> list[Figure]:
    rate = {dial: middle(each.calls_per_s for each in rounds) for dial, rounds in loads.items()}
    menus = {dial: middle(each.ms_per_call(*MENUS) for each in rounds) for dial, rounds in loads.items()}
    ours, twin = Dial.PROGRAM, Dial.TWIN
    return [
        *(Figure(f"calls: {NAMES[dial]}", rate[dial], "calls/s") for dial in Dial),
        Figure("calls: program / twin", rate[ours] / rate[twin], "", at_least(0.95)),
        *(Figure(f"CPU: {NAMES[dial]}", menus[dial], "ms/call") for dial in Dial),
        *(Figure(f"CPU, of it in Python: {NAMES[dial]}", _part(loads[dial], "answer"), "ms/call") for dial in (ours,)),
        Figure("CPU: program / twin", menus[ours] / menus[twin], "", at_most(1.35)),
        Figure("CPU beside it, the ledger's rows: program", _part(loads[ours], "ledger"), "ms/call"),
        Figure("CPU beside it, the ledger's rows: twin", _part(loads[twin], "ledger"), "ms/call"),
        Figure("CPU with ledger: program / twin", _whole(loads[ours]) / _whole(loads[twin])),
        Figure("calls that failed or came through another door", _lost(loads[ours] + loads[twin]), "", at_most(0)),
        Figure("the same at door 2", _lost(loads[Dial.PROCESS])),
    ]


def _part(rounds: Sequence[Load], part: str) -> float:
    return middle(each.ms_per_call(part) for each in rounds)


def _whole(rounds: Sequence[Load]) -> float:
    return middle(each.ms_per_call(*each.spent) for each in rounds)


def _lost(rounds: Sequence[Load]) -> int:
    return sum(each.failed + each.astray for each in rounds)


def _notes(loads: dict[Dial, list[Load]], cores: int) -> list[str]:
    every = [each for rounds in loads.values() for each in rounds]
    share = sum(each.others_s for each in every) / sum(each.took_s * cores for each in every)
    noisy = " - too much for a fair figure" if share > NOISE_LIMIT else ""
    return [
        "The callers (SIPp and our fingers) run on the same cores; their cost is in none of the figures.",
        f"Other programs used {share:.0%} of the machine meanwhile{noisy}.",
    ]
