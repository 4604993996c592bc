"""The menus of an ordinary call as a tree, top-down: boxes, and bands as broad as many callers went that way. Pure.

Measures are those of the picture, which a page scales. Keys that lead to the same place are one band.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ivr.flow.script import Script
from ivr.flow.steps import Begun
from ivr.flow.walk import NO_KEY, Branch, Place, met

COLUMN, LEAST_WIDE, MARGIN = 245, 560, 110  # the last: to the right of the tree, for those who hung up
BOX_WIDE, BOX_HIGH, STEP, TOP = 215, 60, 172, 8
THICKEST, THINNEST, PLAIN = 64.0, 1.5, 6.0
DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Box:
    """A menu, or an end. `x`, `y`: its left upper corner. `left`: callers who hung up in it."""

    name: str
    x: float
    y: float
    callers: int
    left: int = 0
    left_band: float = 0.0

    @property
    def middle(self) -> float:
        return self.x + BOX_WIDE / 2


@dataclass(frozen=True, slots=True)
class Band:
    """From one box, `menu`, to another. `path`: as SVG has it. `keys`: that lead there; none is doing nothing."""

    menu: str
    keys: tuple[str, ...]
    callers: int
    width: float
    path: str
    label_x: float
    label_y: float
    is_danger: bool
    is_quiet: bool


@dataclass(frozen=True, slots=True)
class Picture:
    boxes: tuple[Box, ...]
    bands: tuple[Band, ...]
    width: int
    height: int
    box_wide: int = BOX_WIDE
    box_high: int = BOX_HIGH


def draw(script: Script, places: Iterable[Place], *, plain: bool = False) -> Picture:
    """`places`: what callers did, as walk.count has it. `plain`: nobody was in these menus yet, all bands are alike."""
    known = {place.name: place for place in places}
    rows = _rows(script, known)
    most = max([place.callers for place in known.values()] + [1])
    wide = max(LEAST_WIDE, COLUMN * max(map(len, rows)))
    boxes = {box.name: box for n, row in enumerate(rows) for box in _row(row, n, known, (wide, most))}
    bands = [band for name in boxes if name in known for band in _bands(boxes, known[name], most)]
    if plain:
        bands = [replace(band, width=PLAIN, is_quiet=False) for band in bands]
    height = TOP * 2 + STEP * (len(rows) - 1) + BOX_HIGH
    return Picture(tuple(boxes.values()), tuple(bands), wide + (0 if plain else MARGIN), height)


def _rows(script: Script, known: Mapping[str, Place]) -> list[list[str]]:
    """Menus by how many keys lead there at least, then the ends."""
    depth = {script.start: 0}
    names = [name for name in met(script, Begun.USUAL) if name in known]
    for name in names:
        for branch in known[name].branches:
            if branch.to in names:
                depth.setdefault(branch.to, depth.get(name, 0) + 1)
    ends = dict.fromkeys(b.to for name in names for b in known[name].branches if b.to not in script.menus)
    rows = [[name for name in names if depth.get(name, 0) == n] for n in range(max(depth.values()) + 1)]
    return [*rows, sorted(ends, key=lambda name: name == f"route.{DANGER}")]


def _row(names: Sequence[str], number: int, known: Mapping[str, Place], sizes: tuple[int, int]) -> Iterable[Box]:
    """`sizes`: the width of the picture, and how many callers the broadest band stands for."""
    wide, most = sizes
    space = wide / max(1, len(names))
    for n, name in enumerate(names):
        x = space * n + (space - BOX_WIDE) / 2
        place = known.get(name)
        callers = place.callers if place else _arrived(name, known.values())
        left = place.left if place else 0
        yield Box(name, x, TOP + STEP * number, callers, left, _width(left, most) if left else 0.0)


def _arrived(name: str, places: Iterable[Place]) -> int:
    return sum(branch.callers for place in places for branch in place.branches if branch.to == name)


def _width(callers: int, most: int) -> float:
    return max(THINNEST, round(THICKEST * callers / most, 1))


def _bands(boxes: Mapping[str, Box], place: Place, most: int) -> Iterable[Band]:
    """Side by side along the lower edge, in the order in which their targets stand."""
    ways = sorted((b for b in place.branches if b.to in boxes), key=lambda b: (boxes[b.to].x, b.to))
    groups = [(to, list(found)) for to, found in groupby(ways, key=lambda branch: branch.to)]
    here = boxes[place.name]
    for n, (to, branches) in enumerate(groups):
        start = here.x + BOX_WIDE * (n + 1) / (len(groups) + 1)
        yield _band(here, boxes[to], branches, start, most)


def _band(here: Box, there: Box, branches: Sequence[Branch], start: float, most: int) -> Band:
    callers = sum(branch.callers for branch in branches)
    from_y, to_y = here.y + BOX_HIGH, there.y
    ends = there.middle + (start - here.middle) * 0.6
    bend, (soon, late) = (to_y - from_y) / 2, _aside(here, there)
    path = (
        f"M{start:.1f} {from_y:.1f}C{start + soon:.1f} {from_y + bend:.1f} "
        f"{ends + late:.1f} {to_y - bend:.1f} {ends:.1f} {to_y:.1f}"
    )
    keys = tuple(branch.key for branch in branches if branch.key != NO_KEY)
    return Band(
        here.name, keys, callers, _width(callers, most), path, start, from_y + 20,
        is_danger=there.name == f"route.{DANGER}", is_quiet=not callers,
    )  # fmt: skip


def _aside(here: Box, there: Box) -> tuple[float, float]:
    """How far a band bends out of the way of the boxes that it passes, early and late."""
    if round((there.y - here.y) / STEP) < 2:
        return 0.0, 0.0
    return (0.9 * BOX_WIDE, 0.0) if there.middle > here.middle else (-0.9 * BOX_WIDE, -0.7 * BOX_WIDE)
