"""As many calls as this machine can lead through the menus: the program, its pure-dialplan twin, a process per call.

The callers are a closed circle: each calls again as soon as it is through, so the line is always full and never
drowns. They press as soon as they know a menu, so nearly all that is measured is the menus' machinery. What it weighs
beside children who listen is measured too. Rounds alternate: a busy minute of the machine meets both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.figures import Figure, Found, at_least, at_most, middle
from tests.bench.load import Crowd, Load, load
from tests.bench.own_line import BenchLine, Dial

NAMES = {Dial.PROGRAM: "program (door 1)", Dial.TWIN: "twin (dialplan)", Dial.PROCESS: "process (door 2)"}
OURS, TWIN = Dial.PROGRAM, Dial.TWIN
MENUS = ("switch", "answer")
CIRCLES = (100, 200, 300, 400)  # the switch has ports for 500 calls
PROCESSES = Crowd(at_once=24)  # each takes 60 ms of a core; more would wait longer than the switch's patience
LISTENING = Crowd(per_s=25, listens_s=2.0)
STILL_GROWS = 1.05
NOISE_LIMIT = 0.05

Tell = Callable[[str], None]
Loads = dict[Dial, list[Load]]


@dataclass(frozen=True, slots=True)
class Rounds:
    number: int
    seconds: float
    warm_s: float = 0.0
    look_s: float = 0.0
    """How long one size of the circle is tried; 0 tries none."""


LONG = Rounds(number=5, seconds=10.0, warm_s=4.0, look_s=8.0)
QUICK = Rounds(number=1, seconds=7.0, warm_s=3.0)


def measure(line: BenchLine, rounds: Rounds, cores: int, tell: Tell) -> Found:
    circle = Crowd(at_once=_circle(line, rounds, tell))
    quick = alternate(line, circle, rounds, tell)
    tell(NAMES[Dial.PROCESS])
    quick[Dial.PROCESS] = [load(line, Dial.PROCESS, PROCESSES, rounds.seconds, rounds.warm_s)]
    listening = alternate(line, LISTENING, Rounds((rounds.number + 1) // 2, rounds.seconds), tell)
    title = f"Menus at saturation, {circle.at_once} callers at once"
    figures = _figures(quick) + _figures_of_listening(listening)
    return Found("saturation", title, figures, _notes((quick, listening), cores))


def alternate(line: BenchLine, crowd: Crowd, rounds: Rounds, tell: Tell) -> Loads:
    """Twin and program in turn; they change places every round."""
    loads: Loads = {TWIN: [], OURS: []}
    for number in range(rounds.number):
        for dial in (TWIN, OURS) if number % 2 == 0 else (OURS, TWIN):
            tell(f"round {number + 1} of {rounds.number}: {NAMES[dial]}")
            loads[dial].append(load(line, dial, crowd, rounds.seconds, rounds.warm_s))
    return loads


def _circle(line: BenchLine, rounds: Rounds, tell: Tell) -> int:
    """The first circle of callers that brings hardly more than the one before; the twin's, the harder to fill."""
    if not rounds.look_s:
        return CIRCLES[-2]
    best = 0.0
    for at_once in CIRCLES:
        tell(f"looking for saturation: {at_once} callers at once")
        rate = load(line, TWIN, Crowd(at_once=at_once), rounds.look_s, rounds.warm_s).calls_per_s
        if rate < best * STILL_GROWS:
            return at_once
        best = rate
    return CIRCLES[-1]


def _figures(loads: Loads) -> list[Figure]:
    rate = {dial: middle(each.calls_per_s for each in rounds) for dial, rounds in loads.items()}
    menus = {dial: _ms(rounds, *MENUS) for dial, rounds in loads.items()}
    lost = {dial: float(sum(each.failed + each.astray for each in rounds)) for dial, rounds in loads.items()}
    return [
        *(Figure(f"calls: {NAMES[dial]}", value, "calls/s") for dial, value in rate.items()),
        Figure("calls: program / twin", rate[OURS] / rate[TWIN], "", at_least(0.95)),
        *(Figure(f"CPU, switch and program: {NAMES[dial]}", value, "ms/call") for dial, value in menus.items()),
        Figure("of it in the program itself", _ms(loads[OURS], "answer"), "ms/call"),
        Figure("CPU, switch and program: program / twin", menus[OURS] / menus[TWIN], "", at_most(1.35)),
        Figure("CPU of the ledger's rows: program", _ms(loads[OURS], "ledger"), "ms/call"),
        Figure("CPU of the ledger's rows: twin", _ms(loads[TWIN], "ledger"), "ms/call"),
        Figure("CPU, ledger's rows included: program / twin", _whole(loads[OURS]) / _whole(loads[TWIN])),
        Figure("calls failed or through another door", lost[OURS] + lost[TWIN], "", at_most(0)),
        Figure("the same of door 2", lost[Dial.PROCESS]),
    ]


def _figures_of_listening(loads: Loads) -> list[Figure]:
    heard = f"each menu heard for {LISTENING.listens_s:g} s"
    cost = {dial: _ms(rounds, *MENUS) for dial, rounds in loads.items()}
    return [
        *(Figure(f"CPU, {heard}: {NAMES[dial]}", value, "ms/call") for dial, value in cost.items()),
        Figure(f"CPU, {heard}: program / twin", cost[OURS] / cost[TWIN]),
    ]


def _ms(rounds: Sequence[Load], *parts: str) -> float:
    return middle(each.ms_per_call(*parts) for each in rounds)


def _whole(rounds: Sequence[Load]) -> float:
    return middle(each.ms_per_call(*each.spent) for each in rounds)


def _notes(measured: Sequence[Loads], cores: int) -> list[str]:
    every = [each for loads in measured for rounds in loads.values() for each in rounds]
    had = sum(each.took_s * cores for each in every)
    others, stolen = max(0.0, sum(each.others_s for each in every) / had), sum(each.stolen_s for each in every) / had
    noisy = ": too much for a fair figure" if others + stolen > NOISE_LIMIT else ""
    return [
        "The callers (SIPp and our fingers) run on the same cores; their cost is in none of the figures.",
        f"Meanwhile other programs took {others:.0%} of the machine, and its host {stolen:.0%}{noisy}.",
    ]
