"""Where a child is: Azerbaijan's regions by ISO 3166-2, or abroad, or not known. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pycountry

ABROAD, UNKNOWN = "abroad", "unknown"
COUNTRY = "AZ"


@cache
def regions() -> Mapping[str, str]:
    """Code to name. A district that has a town's name, as Yevlax has, is told from the town by its code."""
    found = [each for each in pycountry.subdivisions if each.country_code == COUNTRY]
    return {each.code: _spelt(each.name) for each in sorted(found, key=lambda each: each.code)}


def is_region(code: str) -> bool:
    return code in (ABROAD, UNKNOWN) or code in regions()


def _spelt(name: str) -> str:
    """The standard's list has a letter in one name that looks like ə and is another."""
    return name.replace("\N{LATIN SMALL LETTER TURNED E}", "ə")
