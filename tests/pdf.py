"""What a PDF of ours says, as a reader would select it, and in which letters (ISO 32000-1: 7.5.7, 9.10.3)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping

Objects = Mapping[int, tuple[bytes, bytes]]
"""Number to what describes it, and its stream."""
_SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|\[((?:<[0-9a-fA-F]*>|[-\d. ])*)\] ?TJ|<([0-9a-fA-F]+)> ?Tj")


def text(pdf: bytes) -> str:
    """In the order in which it was set; lines run into one another."""
    found = _objects(pdf)
    letters = dict(_fonts(found))
    return " ".join(_set(stream, letters) for _, stream in found.values() if b" Tf" in stream)


def fonts(pdf: bytes) -> set[str]:
    """Their names, without what says that only a part of each is in it."""
    described = b" ".join(described for described, _ in _objects(pdf).values())
    return {name.decode() for name in re.findall(rb"/BaseFont /[A-Z]{6}\+([\w-]+)", described)}


def _objects(pdf: bytes) -> Objects:
    found: dict[int, tuple[bytes, bytes]] = {}
    for number, body in re.findall(rb"(\d+) 0 obj\n(.*?)\nendobj", pdf, re.DOTALL):
        described, _, stream = body.partition(b"stream\n")
        plain = zlib.decompress(stream) if b"/FlateDecode" in described else stream
        found[int(number)] = (described, plain)
        if b"/ObjStm" in described:
            found |= _packed(described, plain)
    return found


def _packed(described: bytes, plain: bytes) -> dict[int, tuple[bytes, bytes]]:
    first = re.search(rb"/First (\d+)", described)
    assert first
    numbers = [int(each) for each in plain[: int(first[1])].split()]
    starts = [int(first[1]) + at for at in numbers[1::2]]
    pieces = zip(numbers[::2], starts, [*starts[1:], len(plain)], strict=True)
    return {number: (plain[start:end], b"") for number, start, end in pieces}


def _fonts(found: Objects) -> Iterator[tuple[bytes, dict[int, str]]]:
    """By the six letters before a font's name, which are its name on the page too: glyphs to letters."""
    for described, _ in found.values():
        if told := re.search(rb"/BaseFont /([A-Z]{6})\+.*/ToUnicode (\d+) 0 R", described, re.DOTALL):
            pairs = re.findall(rb"<(\w+)> <(\w+)>\n", found[int(told[2])][1].partition(b"beginbfchar")[2])
            yield told[1], {int(glyph, 16): bytes.fromhex(code.decode()).decode("utf-16-be") for glyph, code in pairs}


def _set(stream: bytes, letters: Mapping[bytes, Mapping[int, str]]) -> str:
    said, font = "", b""
    for name, pieces, piece in _SHOWN.findall(stream):
        font = name or font
        for glyphs in re.findall(rb"<([0-9a-fA-F]*)>", pieces) if pieces else [piece]:
            codes = (int(glyphs[at : at + 4], 16) for at in range(0, len(glyphs), 4))
            said += "".join(letters[font].get(code, "") for code in codes)
    return re.sub(r"\s+", " ", said)
