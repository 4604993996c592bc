"""Who reaches a person, and how soon: the line's own routing beside a plain queue and beside Erlang's formula.

The calls, the rota and what is assumed about both stand in `year.py`, the clock in `answering.py`. No switch, no
network, no chance: the same seed gives the same figures on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ivr.flow.steps import Priority
from tests.bench import erlang
from tests.bench.answering import Ended, Ours, RoundRobin, Simulation, Way
from tests.bench.figures import Figure, Found, percentile
from tests.bench.year import CALLS_PER_DAY, PICKS_UP_S, SHORT, calls, duties, hours, staffed

SEED = 116111
SHARES = (0.50, 0.95, 0.99)
SOON_S = 20.0
_SOON = f"within {SOON_S:g} s"
WAYS: dict[str, Callable[[], Way]] = {"program": Ours, "round robin": RoundRobin}
ERLANG = "Erlang C"

Tell = Callable[[str], None]
_ASSUMED = (
    "Wait: from the end of the menus to a human voice, of those who were answered. Erlang's formula knows one kind of "
    "caller and of counsellor, and nobody gives up: it answers all, and its waits are of those too who would have left."
)


@dataclass(frozen=True, slots=True)
class Length:
    """For how many days each number of calls a day is simulated."""

    days: tuple[int, ...]


LONG = Length((365, 365, 7))  # a year of 15,000 a day would take an hour; a week of it is 105,000 calls
QUICK = Length((60, 7, 1))


def measure(length: Length, tell: Tell) -> Iterator[Found]:
    """One table for each number of calls a day and each staffing; a staffing that comes twice is told once."""
    for per_day, days in zip(CALLS_PER_DAY, length.days, strict=True):
        for on in dict.fromkeys(staffed(per_day, there) for there in (1.0, SHORT)):
            ended = {}
            for name, way in WAYS.items():
                tell(f"{per_day:,} calls a day, {_on_duty(on)}: {name}")
                ended[name] = simulate(way(), per_day, on, days)
            title = f"Who reaches a person: {per_day:,} calls a day, {_on_duty(on)} (simulated)"
            figures = _figures(ended, hours(per_day, on))
            yield Found("routing", title, figures, [_note(days, ended["program"]), _ASSUMED])


def _on_duty(on: Sequence[int]) -> str:
    night, day, evening = on
    return f"{night} on duty by night, {day} by day, {evening} in the evening"


def simulate(way: Way, per_day: int, on: Sequence[int], days: int, seed: int = SEED) -> list[Ended]:
    return Simulation(way, duties(on, days)).run(calls(per_day, days, seed))


def _note(days: int, ended: Sequence[Ended]) -> str:
    return f"{days} days, {len(ended):,} calls, {len(_of(ended, Priority.DANGER)):,} of them danger."


def _figures(ways: dict[str, list[Ended]], week: Sequence[erlang.Hour]) -> list[Figure]:
    figures = []
    for name, ended in ways.items():
        for who, of_them in (("all", ended), *((each, _of(ended, each)) for each in Priority)):
            figures += [*_answered(who, of_them, name), *_waits(who, of_them, name)]
        strangers = _percent(not each.understood for each in ended if each.answered)
        figures.append(Figure("answered in another language", strangers, "%", column=name))
    return figures + _erlang(week)


def _erlang(week: Sequence[erlang.Hour]) -> list[Figure]:
    calls = sum(hour.calls for hour in week)
    soon = sum(hour.calls * hour.share_within(SOON_S - PICKS_UP_S) for hour in week) / calls
    waits = {share: erlang.percentile_s(week, share) + PICKS_UP_S for share in SHARES}
    return [
        Figure("all: answered", 100, "%", None, ERLANG),
        Figure("all: answered", 100 * soon, "%", None, ERLANG, _SOON),
        *(Figure("all: wait", waits[share], "s", None, ERLANG, _name(share)) for share in SHARES),
    ]


def _answered(who: str, ended: Sequence[Ended], column: str) -> list[Figure]:
    return [
        Figure(f"{who}: answered", _percent(each.answered for each in ended), "%", None, column),
        Figure(
            f"{who}: answered",
            _percent(each.answered and each.waited_s <= SOON_S for each in ended),
            "%",
            None,
            column,
            _SOON,
        ),
    ]


def _waits(who: str, ended: Iterable[Ended], column: str) -> list[Figure]:
    waits = [each.waited_s for each in ended if each.answered]
    shares = SHARES if waits else ()
    return [Figure(f"{who}: wait", percentile(waits, share), "s", None, column, _name(share)) for share in shares]


def _name(share: float) -> str:
    return f"p{share * 100:g}"


def _of(ended: Iterable[Ended], priority: Priority) -> list[Ended]:
    return [each for each in ended if each.standing.priority is priority]


def _percent(true: Iterable[bool]) -> float:
    each = list(true)
    return 100 * sum(each) / max(len(each), 1)
