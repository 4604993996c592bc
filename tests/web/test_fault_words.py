"""What is wrong with other menus, in the language of who brought them in."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.accounts import Role
from ivr.errors import Said, ScriptError
from ivr.flow.script import parse
from ivr.prepare import load_flow, make_folders, take_flow
from ivr.settings import PROJECT_DIR, Settings
from ivr.web.speech import LANGUAGES, said
from tests.web.house import House

SHIPPED = (PROJECT_DIR / "ivr/flow/helpline.toml").read_text()
BAD = """[line]
number = 116
default_language = "tr"
[menu.x]
prompts = []
wait_s = 99
[menu.x.on]
12 = { to = "menu.<b>" }
"""


async def _faults(house: House, language: str, text: str) -> list[str]:
    """The lines of the page, as they are read; those in English only with a mark before them."""
    async with house.browser() as browser:
        make_folders(house.settings)
        take_flow(house.settings)
        await browser.enter(await house.add("chief", Role.SUPERVISOR))
        await browser.get(f"/menus/new?lang={language}")
        answer = await browser.client.post("/menus/new", data=browser.hidden | {"text": text})
    assert answer.status_code == 422
    told = answer.text.partition('<ul class="faults">')[2].partition("</ul>")[0]
    return [
        unescape(f"{'! ' if lang else ''}{line}") for lang, line in re.findall(r'<li( lang="en")?>(.*?)</li>', told)
    ]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "az",
            (
                "sətir 2: line.number: mətn olmalıdır: ən azı bir, ən çoxu 200 işarə",
                "sətir 3: line.default_language: “tr” burada ola bilməz, mümkün olanlar: az, ru, en",
                "sətir 6: menu.x.wait_s: 0.5 ilə 10 arasında ədəd olmalıdır",
                "sətir 8: menu.x.on.12: olmayan yerə aparır: “menu.<b>”",
            ),
        ),
        (
            "ru",
            (
                "строка 2: line.number: нужен текст от 1 до 200 знаков",
                "строка 4: menu.x: сюда ничто не ведёт",
                "строка 8: menu.x.on.12: ведёт туда, чего нет: «menu.<b>»",
            ),
        ),
        ("en", ("line 4: menu.x: nothing leads here",)),
    ],
)
async def test_faults_are_told_in_the_readers_language(house: House, language: str, told: tuple[str, ...]) -> None:
    lines = await _faults(house, language, BAD)
    assert set(told) <= set(lines)
    with pytest.raises(ScriptError) as caught:
        parse(BAD, like=parse(SHIPPED))
    assert len(lines) == len(caught.value.problems)
    assert language == "en" or not set(lines) & set(caught.value.problems)
    assert not [line for line in lines if line.startswith("!")]


@pytest.mark.parametrize(
    ("language", "text", "line"),
    [
        ("az", "number = [3", "sətir 2: siyahı bağlanmayıb: “]” çatışmır (mətnin sonunda)"),
        ("ru", "number = [3", "строка 2: список не закрыт: не хватает «]» (в конце текста)"),
        ("en", "number = [3", "line 2: Unclosed array (at end of document)"),
        ("az", 'number = "1\n', "sətir 2: mətn sətrin sonunda bağlanmayıb: dırnaq çatışmır (sətir 2, sütun 12)"),
        ("en", 'number = "1\n', r"line 2: Illegal character '\n' (at line 2, column 12)"),
        ("ru", 'number = "\x01"', r"строка 2: недопустимый знак в тексте: '\x01' (строка 2, столбец 11)"),
    ],
)
async def test_what_is_no_toml_is_told_in_the_readers_language(
    house: House, language: str, text: str, line: str
) -> None:
    assert await _faults(house, language, f"[line]\n{text}") == [line]


async def test_what_is_known_in_english_only_is_marked_for_who_listens(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of prompts is not what was brought in, and whoever keeps it reads English."""

    def broken(_: object) -> frozenset[str]:
        raise ScriptError("prompts.toml has 1 faults", problems=("prompt x: heard is missing",))

    async with house.browser():
        make_folders(house.settings)
        take_flow(house.settings)
    monkeypatch.setattr("ivr.new_flow.prompt_ids", broken)
    assert await _faults(house, "az", SHIPPED + "# other\n") == ["! prompt x: heard is missing"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("none.toml", "такого файла или папки нет"), ("", "это папка, а не файл"), ("bytes", "это не текст в UTF-8")],
)
def test_a_file_of_menus_that_cannot_be_read_is_told_in_the_readers_language(
    settings: Settings, tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(ScriptError) as caught:
        load_flow(settings, tmp_path / name)
    (fault,) = caught.value.faults
    assert (fault.where, said("ru", fault.what)) == (str(tmp_path / name), told)
    assert str(caught.value) == str(fault)
    assert caught.value.problems == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_filled_in_is_no_template_and_no_message(language: str) -> None:
    told = said(language, Said("leads to '%(to)s', which is not there", {"to": "100%(x)s %"}))
    assert "100%(x)s %" in told
    assert "is missing" in said(language, Said("leads to '%(to)s', which is not there", {"to": "is missing"}))


@given(st.integers(0, len(SHIPPED) - 1), st.integers(1, 40), st.text(max_size=10))
def test_whatever_is_wrong_can_be_told_in_every_language(at: int, length: int, put: str) -> None:
    try:
        parse(SHIPPED[:at] + put + SHIPPED[at + length :])
    except ScriptError as error:
        assert error.faults
        assert all(said(language, fault.what) for fault in error.faults for language in LANGUAGES)
