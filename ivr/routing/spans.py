"""Stretches of time, joined, taken away from one another, cut to a window. The end of a stretch is not in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

Stretch = tuple[datetime, datetime]


def joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """In order, none touching another. Empty ones are dropped."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def without(stretches: Iterable[Stretch], taken: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """What is left of `stretches` outside `taken`."""
    left = list(joined(stretches))
    for cut in joined(taken):
        left = [piece for stretch in left for piece in _cut(stretch, cut)]
    return tuple(left)


def _cut(stretch: Stretch, cut: Stretch) -> Iterator[Stretch]:
    (start, end), (cut_start, cut_end) = stretch, cut
    if cut_end <= start or end <= cut_start:
        yield stretch
        return
    if start < cut_start:
        yield start, cut_start
    if cut_end < end:
        yield cut_end, end


def within(stretches: Iterable[Stretch], window: Stretch) -> tuple[Stretch, ...]:
    """The parts of `stretches` that lie in `window`, joined."""
    return joined((max(start, window[0]), min(end, window[1])) for start, end in stretches)


def edges(stretches: Iterable[Stretch]) -> list[datetime]:
    """Every moment at which one begins or ends, in order, each once."""
    return sorted({moment for stretch in stretches for moment in stretch})
