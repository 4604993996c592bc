"""What can be proven of the look: contrast, tokens only, and pages that a screen reader can follow."""

from __future__ import annotations

import math
import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from ivr.accounts import Role
from ivr.web.pulse import Pulse
from ivr.web.speech import LANGUAGES
from ivr.web.static_files import STATIC_DIR
from tests.web.conftest import Visit
from tests.web.house import PASSWORD, House

CSS = (STATIC_DIR / "style.css").read_text()
OKLCH = r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)"
TOKENS = {m[1]: m.groups()[1:] for m in re.finditer(rf"--([\w-]+): light-dark\({OKLCH}, {OKLCH}\)", CSS)}
GROUNDS = ("paper", "raised")
TEXT = [(name, ground) for name in ("ink", "soft", "accent") for ground in GROUNDS]
TEXT += [(tone, f"{tone}-tint") for tone in ("good", "attention", "danger")]
PARTS = [("edge", ground) for ground in GROUNDS]


def _luminance(lightness: float, chroma: float, hue: float) -> float:
    """Relative luminance (WCAG 2.2) of an OKLCH colour (CSS Color 4, 10.2), clipped to sRGB."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    clipped = [min(max(part, 0.0), 1.0) for part in (red, green, blue)]
    return 0.2126 * clipped[0] + 0.7152 * clipped[1] + 0.0722 * clipped[2]


def _contrast(one: str, other: str, *, dark: bool) -> float:
    at = slice(3, 6) if dark else slice(0, 3)
    low, high = sorted(_luminance(*map(float, TOKENS[name][at])) for name in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("one", "other", "least"), [(*p, 4.5) for p in TEXT] + [(*p, 3.0) for p in PARTS])
def test_contrast_is_enough_in_light_and_dark(one: str, other: str, least: float, dark: bool) -> None:
    assert _contrast(one, other, dark=dark) >= least


def test_colours_and_type_sizes_are_named_in_one_place() -> None:
    root, _, rest = CSS.partition(":root {")[2].partition("\n}\n")
    assert not re.search(r"oklch|rgb|hsl|#[0-9a-f]{3}", rest)
    assert not re.search(r"font-size|font: (?!var|inherit)", rest)
    assert len(re.findall(r"--t\d:", root)) == 6


class _Page(HTMLParser):
    """What the tests of a page's structure look at."""

    VOID = frozenset({"meta", "link", "wbr", "path", "circle", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def values(self, name: str) -> list[str | None]:
        return [value for attribute, value in self.attributes if attribute == name]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/", "/nowhere", "/sign-in"])
async def test_a_page_is_well_formed_and_can_be_followed(visit: Visit, language: str, path: str) -> None:
    async with visit(Pulse(open=True, phones=1, calls=0)) as browser:
        page = _Page((await browser.get(path, params={"lang": language})).text)
    assert page.open == []
    assert page.values("lang")[0] == language
    assert page.values("aria-current") == ["true"]
    assert page.tags["h1"] == page.tags["main"] == page.tags["title"] == 1
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert set(page.values("aria-labelledby")) <= set(ids)


@pytest.mark.parametrize("path", ["/", "/nowhere", "/sign-in"])
async def test_a_page_needs_nothing_that_its_policy_forbids(visit: Visit, path: str) -> None:
    async with visit(Pulse(open=False)) as browser:
        page = _Page((await browser.get(path)).text)
    assert not page.tags["style"]
    assert page.tags["script"] == len([value for value in page.values("src") if str(value).endswith(".js")])
    assert not page.values("style")
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not [value for value in page.values("src") + page.values("href") if value and "//" in value]


def _followable(text: str) -> None:
    page = _Page(text)
    assert page.open == []
    assert page.tags["h1"] == page.tags["main"] == 1
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert set(page.values("aria-labelledby")) <= set(ids)
    described = {each for value in page.values("aria-describedby") if value for each in value.split()}
    assert set(page.values("for")) | described <= set(ids)
    assert not page.tags["style"]
    assert page.tags["script"] == len([value for value in page.values("src") if str(value).endswith(".js")])
    assert not page.values("style")
    assert not [value for value in page.values("src") + page.values("href") if value and "//" in value]


async def test_pages_behind_the_sign_in_can_be_followed_and_need_nothing_forbidden(house: House) -> None:
    given = await house.add("chief", Role.ADMINISTRATOR)
    async with house.browser() as browser:
        pages = [await browser.sign_in("chief", "wrong"), await browser.sign_in("chief", given.one_time_password)]
        pages += [await browser.send("/account/password", old="wrong", new="short", again="other")]
        await browser.send("/account/password", old=given.one_time_password, new=PASSWORD, again=PASSWORD)
        pages += [await browser.send("/sign-in/set-up", code="x"), await browser.set_up()]
        pages += [await browser.send("/accounts", name="aynur", shown_name="Aynur", role="counsellor")]
        pages += [await browser.send("/accounts", name="A", extension="1"), await browser.get("/account")]
        pages += [await browser.get("/desk")]
    assert [page.status_code for page in pages] == [422, 200, 422, 422, 200, 200, 422, 200, 403]
    for page in pages:
        _followable(page.text)
