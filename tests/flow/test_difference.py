"""What other menus would change, key by key."""

from __future__ import annotations

from ivr.flow.difference import Kind, compare
from ivr.flow.picture import THICKEST, draw
from ivr.flow.script import Script, parse
from ivr.flow.steps import Begun
from ivr.flow.walk import count
from tests.conftest import PROJECT

SHIPPED = (PROJECT / "ivr/flow/helpline.toml").read_text()
LEGAL, HEALTH = '4 = { topic = "legal", to = "menu.age" }', '6 = { topic = "health", to = "menu.age" }'


def changed(*pairs: tuple[str, str]) -> Script:
    text = SHIPPED
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return parse(text)


def test_keys_that_come_go_and_lead_elsewhere_are_named(script: Script) -> None:
    other = changed((LEGAL, LEGAL.replace("menu.age", "route.counsellor")), (HEALTH, HEALTH.replace("6 =", "7 =")))
    found = compare(script, other)
    assert [(each.kind, each.menu, each.key) for each in found.keys] == [
        (Kind.REDIRECTED, "menu.topic", "4"),
        (Kind.REMOVED, "menu.topic", "6"),
        (Kind.ADDED, "menu.topic", "7"),
    ]
    moved = found.of("menu.topic", "4")
    assert moved
    assert moved.was
    assert moved.will
    assert (moved.was.to, moved.will.to) == ("menu.age", "route.counsellor")
    assert found.words == ()


def test_a_key_that_settles_something_else_is_redirected(script: Script) -> None:
    found = compare(script, changed((LEGAL, LEGAL.replace("legal", "other"))))
    assert [(each.kind, each.key) for each in found.keys] == [(Kind.REDIRECTED, "4")]


def test_words_beginnings_and_ends_are_named(script: Script) -> None:
    found = compare(
        script,
        changed(
            ('prompts = ["age"]', 'prompts = ["topic"]'),
            ('say = "connecting-silent"', 'say = "connecting"'),
            ('[begin.often]\nat = "menu.language"', '[begin.often]\nat = "menu.topic"'),
        ),
    )
    assert (found.words, found.ends, found.begins) == (("menu.age",), ("route.silent",), (Begun.OFTEN,))


def test_menus_that_come_and_go_are_named(script: Script) -> None:
    found = compare(script, changed(("menu.age", "menu.years")))
    assert (found.added, found.removed) == (("menu.years",), ("menu.age",))


def test_the_same_menus_differ_in_nothing(script: Script) -> None:
    assert compare(script, parse(SHIPPED + "\n# a note\n")).is_none


def steps(*keys: tuple[str, str], over: bool = True) -> list[dict[str, object]]:
    asked = [{"step": "asked", "menu": menu, "attempt": 1, "key": key} for menu, key in keys]
    return [*asked, {"step": "decided"}] if over else [*asked, {"step": "ended"}]


def test_bands_are_as_broad_as_many_callers_took_them(script: Script) -> None:
    many = [steps(("language", "1"), ("topic", "3"))] * 30 + [
        steps(("language", "2"), ("topic", "1"), ("age", "1"))
    ] * 10
    left = [steps(("language", "1"), over=False)] * 20
    picture = draw(script, count(script, [*many, *left]))
    names = [box.name for box in picture.boxes]
    assert names == ["menu.language", "menu.topic", "menu.age", "route.counsellor", "route.danger"]
    assert [box.y for box in picture.boxes] == sorted(box.y for box in picture.boxes)
    by_keys = {band.keys: band for band in picture.bands}
    assert by_keys["1", "2", "3"].width == THICKEST
    assert by_keys["1", "2", "4", "5", "6"].callers == 10
    assert by_keys["3", "0"].width == 32.0
    assert next(box.left for box in picture.boxes if box.name == "menu.topic") == 20
    assert all(band.is_danger and band.is_quiet for band in picture.bands if "9" in band.keys)
    inside = [box for box in picture.boxes if box.x >= 0 and box.x + picture.box_wide <= picture.width]
    assert inside == list(picture.boxes)


def test_a_picture_is_drawn_before_anybody_has_called(script: Script) -> None:
    assert all(band.is_quiet for band in draw(script, count(script, [])).bands)
