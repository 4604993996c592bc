"""Small numbers, hidden for publication so that nobody works them out again. Pure.

A number from 1 to 4 may point at a child. It is hidden, and so are as many others as it takes for each hidden one to
stay open by what is still shown: the total of its list, or of its row and its column. One sign stands for all of
them, so that nobody sees which was the small one. Whoever knows these rules gains nothing: they depend on what is
shown alone, and a test tries every table that gives the same picture.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

SMALL = range(1, 5)

Name = TypeVar("Name", bound=Hashable)
Shown = dict[Name, int | None]
"""None: hidden."""
Place = tuple[str, str]


def small(n: int) -> bool:
    return n in SMALL


def hide(counts: Mapping[Name, int]) -> Shown[Name]:
    """A list whose total is shown. Where the list cannot hide a number, all of it is hidden: see `total_too`."""
    hidden = {name for name, n in counts.items() if small(n)}
    while hidden and not _open(counts, hidden) and len(hidden) < len(counts):
        hidden |= _next(counts, hidden)
    return {name: None if name in hidden else n for name, n in counts.items()}


def total_too(counts: Mapping[Name, int]) -> bool:
    """Whether the total gives a number away even where all of the list is hidden: few contacts, or a list of one."""
    hidden = {name for name, shown in hide(counts).items() if shown is None}
    return small(sum(counts.values())) or (bool(hidden) and not _open(counts, hidden))


def _open(counts: Mapping[Name, int], hidden: set[Name]) -> bool:
    """Whether the sum of the hidden ones leaves each of them open: two at least, and not all of them 1, or all 4."""
    total, how_many = sum(counts[name] for name in hidden), len(hidden)
    return how_many > 1 and total > how_many * SMALL[0] and total != how_many * SMALL[-1]


def _next(counts: Mapping[Name, int], hidden: set[Name]) -> set[Name]:
    """The smallest that is still shown, with all its equals: the order of the list must tell nothing. Zeros last."""
    rest = {name: n for name, n in counts.items() if name not in hidden}
    least = min(rest.values(), key=lambda n: (n == 0, n))
    return {name for name, n in rest.items() if n == least}


def hide_across(table: Mapping[Place, int]) -> Shown[Place]:
    """A table whose rows' and columns' totals may be known. Places that are not named are zero."""
    rows, columns = sorted({row for row, _ in table}), sorted({column for _, column in table})
    whole = {(row, column): table.get((row, column), 0) for row in rows for column in columns}
    hidden = {place for place, n in whole.items() if small(n)}
    while fixed := sorted(place for place in hidden if not _can_move(whole, hidden, place)):
        more = _companions(whole, hidden, fixed[0])
        if not more:
            hidden = set(whole)
            break
        hidden |= more
    return {place: None if place in hidden else n for place, n in whole.items()}


def _can_move(whole: Mapping[Place, int], hidden: set[Place], place: Place) -> bool:
    """Whether it could be one more, or one less, with every total as it is and no hidden number below 1.

    One more here is one less elsewhere in the row, so one more in that column, and so on, back to here.
    """
    return _cycle(hidden, place, lambda other: whole[other] > 1, lambda other: True) or (
        whole[place] > 1 and _cycle(hidden, place, lambda other: True, lambda other: whole[other] > 1)
    )


def _cycle(hidden: set[Place], start: Place, along: Callable[[Place], bool], back: Callable[[Place], bool]) -> bool:
    """From `start`'s row to its column by other hidden places: rows are left where `along`, columns where `back`."""
    seen, ahead = {("row", start[0])}, deque([("row", start[0])])
    while ahead:
        kind, name = ahead.popleft()
        by_row = kind == "row"
        for other in hidden - {start}:
            if other[0 if by_row else 1] != name or not (along(other) if by_row else back(other)):
                continue
            step = ("column", other[1]) if by_row else ("row", other[0])
            if step == ("column", start[1]):
                return True
            if step not in seen:
                seen.add(step)
                ahead.append(step)
    return False


def _companions(whole: Mapping[Place, int], hidden: set[Place], place: Place) -> set[Place]:
    """Three corners that, hidden too, make a rectangle with `place` in which it can move: those that cost least."""
    row, column = place
    corners = (
        {(row, other), (under, column), (under, other)}
        for under in {each[0] for each in whole} - {row}
        for other in {each[1] for each in whole} - {column}
    )
    useful = [each for each in corners if each - hidden and _can_move(whole, hidden | each, place)]
    return min(useful, key=lambda each: (sum(whole[it] for it in each - hidden), sorted(each)), default=set())
