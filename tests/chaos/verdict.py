"""What one fault did to those who rang meanwhile, as numbers, and whether that is borne. Pure.

Times in seconds since 1970, durations in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tests.chaos.silence import TOO_LONG_S

Row = Mapping[str, Any]
BOARD_S = 5.0
ANSWER_MAY_LAG_S = 3.0  # the switch sees a call a moment before its caller hears the answer


@dataclass(frozen=True, slots=True)
class Bound:
    """What a fault may do. `spares`: talks go on, and nobody is left in silence; else its own calls end with it."""

    spares: bool = True
    silence_s: float = TOO_LONG_S
    board_s: float = BOARD_S

    def times(self, patience: float) -> Bound:
        return replace(self, silence_s=self.silence_s * patience, board_s=self.board_s * patience)


@dataclass(frozen=True, slots=True)
class Span:
    """One fault: from the end of the one before until all was right again and a little longer. `board_s`, `right_s`:
    from its end until the board, and all, were right; None: they never were."""

    began: float
    struck: float
    over: float
    ended: float
    board_s: float | None
    right_s: float | None


@dataclass(frozen=True, slots=True)
class Heard:
    """A caller as the telephone saw it: `stays` until answered; the longest silence of this span. `ended_at`: or when
    the switch died that had the call, which the telephone notices later."""

    answered_at: float
    ended_at: float | None
    stays: bool
    left: bool
    talked: bool
    silence_s: float
    silent_since: float = 0.0


@dataclass(frozen=True, slots=True)
class Talked:
    """A conversation that went on when the fault struck. `cut`: neither of the two ended it."""

    began: float
    cut: bool


@dataclass(frozen=True, slots=True)
class Figures:
    calls: int
    lost: int
    doubled: int
    unclosed: int
    talks: int
    cut: int
    stranded: int
    silence_s: float
    silent_since: str
    lasted_s: float
    board_s: float | None
    right_s: float | None


def missed(answered: Iterable[float], began: Iterable[float]) -> int:
    """How many of the calls that callers heard answered are none that the switch wrote down."""
    free, count = sorted(began), 0
    for at in sorted(answered):
        found = next((b for b in free if at - ANSWER_MAY_LAG_S <= b <= at + 0.5), None)
        if found is None:
            count += 1
        else:
            free.remove(found)
    return count


def figures(
    span: Span, seen: Mapping[str, float], rows: Sequence[Row], heard: Sequence[Heard], talks: Sequence[Talked]
) -> Figures:
    """`seen`: every call the switch saw. `rows`: every call on record."""
    own = {name for name, at in seen.items() if span.began <= at < span.ended}
    listed = [row["id"] for row in rows if row["id"] in own]
    callers = [each for each in heard if span.began <= each.answered_at < span.ended]
    unseen = missed((each.answered_at for each in callers), seen.values())
    there = [each for each in heard if span.began <= (each.ended_at or span.ended) < span.ended]
    worst = max(heard, key=lambda each: each.silence_s, default=None)
    return Figures(
        calls=len(own) + unseen,
        lost=len(own - set(listed)) + unseen,
        doubled=len(listed) - len(set(listed)),
        unclosed=sum(row["ended_at"] is None for row in rows if row["id"] in own),
        talks=len(talks),
        cut=sum(talk.cut for talk in talks),
        stranded=sum(each.stays and not each.talked for each in there),
        silence_s=worst.silence_s if worst else 0.0,
        silent_since=_moment(worst) if worst and worst.silence_s else "",
        lasted_s=span.over - span.struck,
        board_s=span.board_s,
        right_s=span.right_s,
    )


def _moment(caller: Heard) -> str:
    """To be looked for in the ledger."""
    at = datetime.fromtimestamp(caller.silent_since, UTC)
    return f"{at:%H:%M:%S}, {caller.silent_since - caller.answered_at:.1f} s after the answer"


def complaints(found: Figures, bound: Bound) -> Iterator[str]:
    """What is not as it should be; nothing where all is."""
    if found.lost:
        yield f"{found.lost} calls are not on record"
    if found.doubled:
        yield f"{found.doubled} calls are on record twice"
    if found.unclosed:
        yield f"{found.unclosed} calls are on record as going on, and are over"
    if not found.calls:
        yield "nobody rang, so nothing was shown"
    if found.board_s is None or found.board_s > bound.board_s:
        yield f"the board was not right within {bound.board_s:g} s"
    if found.right_s is None:
        yield "something never was right again"
    yield from _of_callers(found, bound) if bound.spares else ()


def _of_callers(found: Figures, bound: Bound) -> Iterator[str]:
    if found.cut:
        yield f"{found.cut} conversations were cut"
    if not found.talks:
        yield "nobody talked when it struck, so nothing was shown"
    if found.stranded:
        yield f"{found.stranded} callers reached nobody"
    if found.silence_s > bound.silence_s:
        yield f"a caller heard nothing for {found.silence_s:.1f} s, from {found.silent_since}"


def strangers(seen: Mapping[str, float], rows: Sequence[Row]) -> int:
    """Calls on record that the switch never saw: of the whole run."""
    return sum(row["id"] not in seen and row["dialled"] != "callback" for row in rows)
