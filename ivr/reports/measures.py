"""What is counted, and how the counts are told: by topic, gender, age and so on, with percentages that add up. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ivr.flow.steps import AgeBand, Language, Topic
from ivr.reports.contact_rows import Channel

UNKNOWN = "unknown"
TELEPHONE = Channel.TELEPHONE.value
FACE_TO_FACE = frozenset({Channel.WALK_IN.value, Channel.LETTER.value})
"""Neither telephone nor digital."""

# What every table shows, in its order, be it zero; whatever else a row says comes after, where it occurs.
VALUES: Mapping[str, tuple[str, ...]] = {
    "topic": tuple(map(str, Topic)),
    "gender": ("girl", "boy", "not_stated"),
    "age_band": (*map(str, AgeBand), UNKNOWN),
    "channel": tuple(map(str, Channel)),
    "first_time": ("yes", "no", UNKNOWN),
    "language": tuple(map(str, Language)),
}
DIMENSIONS = tuple(VALUES)
CROSSED = ("gender", "age_band", "channel", "first_time")
"""Tables that stand across the topics."""
ACTIONS = ("invited", "rehabilitation", "visit", "letter", "intervention", "protection", "healthcare", "police")
_NOT_SAID = {"gender": "not_stated"}
_DONE = "done"

Counts = Mapping[str, int]
Cell = tuple[str | None, ...]
"""A value of each of DIMENSIONS."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A span in numbers. `by`: one table a dimension; `across`: topic and another; `actions`: what was done."""

    total: int
    by: Mapping[str, Counts]
    across: Mapping[str, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    actions: Counts = field(default_factory=dict)

    @property
    def digital(self) -> int:
        return self.total - self.telephone - sum(self.by["channel"].get(each, 0) for each in FACE_TO_FACE)

    @property
    def telephone(self) -> int:
        return self.by["channel"].get(TELEPHONE, 0)

    @property
    def children(self) -> int:
        ages = self.by["age_band"]
        return sum(ages.get(band, 0) for band in AgeBand if band is not AgeBand.ADULT)


def figures(cells: Iterable[tuple[Cell, int]], actions: Iterable[tuple[str, int]] = ()) -> Figures:
    """From how many contacts each combination has. `actions`: codes with a space between them, and how often."""
    return told(fold(cells, actions))


def fold(cells: Iterable[tuple[Cell, int]], actions: Iterable[tuple[str, int]] = ()) -> Counts:
    """The same as counts that can be added to those of other days: `total`, `topic|legal`, `gender|legal|girl`…"""
    found = Counter[str]()
    for cell, n in cells:
        said = {name: value or _NOT_SAID.get(name, UNKNOWN) for name, value in zip(DIMENSIONS, cell, strict=True)}
        found["total"] += n
        for name, value in said.items():
            found[f"{name}|{value}"] += n
        for name in CROSSED:
            found[f"{name}|{said['topic']}|{said[name]}"] += n
    return found + Counter({f"{_DONE}|{code}": n for code, n in done(actions).items()})


def told(counts: Counts) -> Figures:
    """What `fold` has counted, of however many days."""
    counted = {name: Counter[str]() for name in (*DIMENSIONS, _DONE)}
    crossed = {name: Counter[tuple[str, str]]() for name in CROSSED}
    for key, n in counts.items():
        match key.split("|"):
            case [name, value]:
                counted[name][value] += n
            case [name, topic, value]:
                crossed[name][topic, value] += n
    actions = counted.pop(_DONE)
    tables = {name: in_order(name, found) for name, found in counted.items()}
    return Figures(counts.get("total", 0), tables, crossed, actions)


def done(actions: Iterable[tuple[str, int]]) -> Counts:
    """How often each action was taken."""
    found = Counter[str]()
    for codes, n in actions:
        for code in set(codes.split()):
            found[code] += n
    return found


def in_order(dimension: str, found: Counts) -> Counts:
    """As the tables show it: what always stands there, then the rest by name."""
    known = {value: found.get(value, 0) for value in VALUES[dimension]}
    return known | {value: n for value, n in sorted(found.items()) if value not in known}


def largest_first(counts: Counts) -> list[tuple[str, int]]:
    """The largest first, equal ones in their order, what is not known last, nothing that is zero."""
    order = list(counts)
    some = [(value, n) for value, n in counts.items() if n]
    return sorted(some, key=lambda each: (each[0] == UNKNOWN, -each[1], order.index(each[0])))


def percentages(counts: Sequence[int]) -> list[int]:
    """Whole percentages that add up to 100: what rounding down leaves goes to the largest remainders (Hamilton).

    All zero where there is nothing to divide.
    """
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    parts = [divmod(n * 100, total) for n in counts]
    left = 100 - sum(whole for whole, _ in parts)
    first = sorted(range(len(counts)), key=lambda i: (-parts[i][1], i))[:left]
    return [whole + (i in first) for i, (whole, _) in enumerate(parts)]


def shares(counts: Counts) -> Counts:
    return dict(zip(counts, percentages(list(counts.values())), strict=True))
