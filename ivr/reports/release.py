"""The public release: one page of text with the numbers, in the form in which the helpline publishes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.flow.steps import AgeBand
from ivr.reports import measures, suppression
from ivr.reports.measures import Counts, Figures
from ivr.reports.periods import Span
from ivr.reports.words import Words

MOBILES = ("+994 50 680 22 80", "+994 51 580 22 80", "+994 51 880 11 80", "+994 51 880 22 80")
ACTIONS = ("invited", "rehabilitation", "visit", "letter")
SHOWN = ("topic", "gender", "age_band")


@dataclass(frozen=True, slots=True)
class Line:
    """A name with its number and whole percentage; None: hidden. `in_others`: the sum of lines that follow."""

    name: str
    count: int | None
    percent: int | None
    in_others: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Release:
    title: str
    opening: tuple[str, ...]
    parts: tuple[Part, ...]
    done: tuple[str, ...]
    done_heading: str
    closing: tuple[str, ...]


def release(figures: Figures, span: Span, words: Words, *, suppress: bool = False) -> Release:
    """`suppress`: numbers from 1 to 4, and what would give them away, are not told."""
    parts = tuple(_parts(figures, words, suppress)) if figures.total else ()
    hidden = suppress and any(line.count is None for part in parts for line in part.lines)
    return Release(
        words.say("release", "title", span=words.span(span)),
        tuple(_opening(figures, span, words, suppress)),
        parts,
        tuple(_done(figures, words, suppress)),
        words.say("release", "actions"),
        (
            *((words.say("release", "hidden"),) if hidden else ()),
            words.say("release", "contact", mobiles=", ".join(MOBILES)),
        ),
    )


def as_text(told: Release, words: Words) -> str:
    """Ready to paste."""
    blocks = [told.title, " ".join(told.opening)]
    for part in told.parts:
        lines = (f"– {line.name}: {_number(line, words)}" for line in part.lines)
        blocks.append("\n".join((f"{part.heading}:", *lines)))
    if told.done:
        blocks.append("\n".join((f"{told.done_heading}:", *(f"– {each}" for each in told.done))))
    return "\n\n".join((*blocks, *told.closing)) + "\n"


def _number(line: Line, words: Words) -> str:
    if line.count is None:
        return words.number(None)
    return f"{words.number(line.count)} ({words.percent(line.percent)})"


def _opening(figures: Figures, span: Span, words: Words, suppress: bool) -> Iterator[str]:
    when = words.span(span, "in_span")
    if not figures.total:
        yield words.say("release", "none", in_span=when)
        return
    if suppress and any(suppression.total_too(figures.by[each]) for each in SHOWN):
        yield words.say_number("release", "total", 0, in_span=when).replace(words.number(0), words.number(None))
    else:
        yield words.say_number("release", "total", figures.total, in_span=when)
    by_way = {"digital": figures.digital, "telephone": figures.telephone}
    by_way["neither"] = figures.total - sum(by_way.values())
    told = {line.name: _number(line, words) for line in _lines(by_way, suppress)}
    if "digital" in told or "telephone" in told:
        nothing = f"{words.number(0)} ({words.percent(0)})"
        yield words.say("release", "channels", **{name: told.get(name, nothing) for name in ("digital", "telephone")})


def _parts(figures: Figures, words: Words, suppress: bool) -> Iterator[Part]:
    for dimension, heading in zip(SHOWN, ("topics", "genders", "ages"), strict=True):
        counts = figures.by[dimension]
        lines = _lines(counts if dimension == "age_band" else dict(measures.largest_first(counts)), suppress)
        named = [Line(words.name(dimension, line.name), line.count, line.percent) for line in lines]
        if dimension == "age_band" and not any(line.count is None for line in lines):
            named = [*_all_children(figures, words), *named]
        yield Part(words.say("release", heading), tuple(named))


def _lines(counts: Counts, suppress: bool) -> list[Line]:
    """Nothing that is zero. Percentages add up, but where a number is hidden: there they would tell of it."""
    shown: Mapping[str, int | None] = suppression.hide(counts) if suppress else counts
    total = sum(counts.values())
    if any(n is None for n in shown.values()):
        return [Line(name, n, None if n is None else round(n * 100 / total)) for name, n in shown.items() if n != 0]
    return [Line(name, counts[name], share) for name, share in measures.shares(counts).items() if counts[name]]


def _all_children(figures: Figures, words: Words) -> Iterator[Line]:
    """Where adults are among them: how many are not."""
    if figures.children and figures.by["age_band"].get(AgeBand.ADULT):
        share = round(figures.children * 100 / figures.total)
        yield Line(words.say("release", "children"), figures.children, share, in_others=True)


def _done(figures: Figures, words: Words, suppress: bool) -> Iterator[str]:
    """What was done is no child's secret until it is rare: then it is left out."""
    for action in ACTIONS:
        n = figures.actions.get(action, 0)
        if n and not (suppress and suppression.small(n)):
            yield words.say_number("actions", action, n)
