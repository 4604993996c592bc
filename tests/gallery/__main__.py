"""`make shots`: every page, in two languages, wide and narrow, light and dark, into var/shots; and one page of all."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from html import escape
from itertools import product
from pathlib import Path

from tests.conftest import PROJECT
from tests.gallery.open_house import NARROW, WIDE, Look, OpenHouse, Scheme, open_house
from tests.gallery.views import View

SHOTS = PROJECT / "var/shots"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LOOKS = [Look(*each) for each in product(("az", "en"), (WIDE, NARROW), SCHEMES)]


async def main(only: str) -> None:
    """`only`: pages whose names have that in them."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="helpline-shots-") as folder:
        async with open_house(Path(folder)) as house:
            found = [view for view in house.views() if only in view.name]
            for view in found:
                for look in LOOKS:
                    await shoot(house, view, look)
                print(f"✓ {view.name}")
    if not only:
        (SHOTS / "index.html").write_text(leaves([view.name for view in found]))
    print(f"→ {SHOTS}/index.html")


async def shoot(house: OpenHouse, view: View, look: Look) -> None:
    async with house.look(view, look) as page:
        await page.screenshot(path=SHOTS / file_of(view.name, look), full_page=True)


def file_of(name: str, look: Look) -> str:
    return f"{name}.{look.language}.{'wide' if look.size == WIDE else 'narrow'}.{look.scheme}.png"


def leaves(names: list[str]) -> str:
    """All of them on one page, each of a page's looks beside the others."""
    rows = "".join(f"<h2>{escape(name)}</h2><p>{''.join(_framed(name, look) for look in LOOKS)}</p>" for name in names)
    style = "body{font:16px sans-serif}img{height:420px;margin:4px;border:1px solid #999;vertical-align:top}"
    return f"<!doctype html><meta charset=utf-8><title>Shots</title><style>{style}</style>{rows}"


def _framed(name: str, look: Look) -> str:
    file = escape(file_of(name, look))
    return f'<a href="{file}"><img loading="lazy" src="{file}" alt="{file}"></a>'


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else ""))
