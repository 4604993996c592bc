"""Templates into pages: one set of words per language, the rest the same for all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from babel.dates import format_date, format_datetime, format_time, get_timezone
from babel.numbers import format_decimal, format_percent
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ivr.desk.access import may
from ivr.web import speech
from ivr.web.static_files import EDITION

TEMPLATES_DIR = Path(__file__).parent / "templates"
COOKIE = "lang"
COOKIE_S = 365 * 24 * 3600
MONDAY = date(2026, 11, 16)  # any
ZONE = get_timezone("Asia/Baku")
REGION = {"en": "en_GB"}  # where it matters: the clock has 24 hours here, in every language


class Pages:
    """Templates for every language, read once."""

    def __init__(self) -> None:
        self._templates = {language: _templates(language) for language in speech.LANGUAGES}

    def language(self, request: Request) -> str:
        """The reader's."""
        asked = request.query_params.get("lang")
        return speech.choose(asked, request.cookies.get(COOKIE), request.headers.get("accept-language"))

    def parts(self, language: str, name: str, parts: Iterable[str], **values: object) -> dict[str, str]:
        """Parts of a page: macros of the template `name`, which is given all values."""
        made = self._templates[language].get_template(name).make_module(values)
        return {part: getattr(made, part)().strip() for part in parts}

    def show(self, request: Request, name: str, status: int = 200, **values: object) -> HTMLResponse:
        """The page `name` in the reader's language. A language asked for by link is remembered."""
        asked, language = request.query_params.get("lang"), self.language(request)
        text = self.render(request, name, **values)
        answer = HTMLResponse(text, status, {"Vary": "Accept-Language, Cookie", "Content-Language": language})
        if asked == language:
            answer.set_cookie(
                COOKIE, language, max_age=COOKIE_S, httponly=True, samesite="lax", secure=request.url.scheme == "https"
            )
        return answer

    def render(self, request: Request, name: str, **values: object) -> str:
        """The text of a page, or of a part of one."""
        told = {
            "me": getattr(request.state, "seat", None),
            "form_token": getattr(request.state, "form_token", ""),
            "here": request.url.path,
        }
        return self._templates[self.language(request)].get_template(name).render(told | values)


def _templates(language: str) -> Environment:
    loader = FileSystemLoader(TEMPLATES_DIR)
    made = Environment(
        loader=loader,
        autoescape=True,
        auto_reload=False,  # read once: a page does not look at the disk
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(speech.words(language), newstyle=True)  # type: ignore[attr-defined]
    names = {code: speech.own_name(code) for code in speech.LANGUAGES}
    made.globals |= {"language": language, "languages": names, "may": may, "static": f"/static/{EDITION}"}
    made.filters["said"] = partial(speech.said, language)
    made.filters["clock"] = lambda moment: format_time(
        moment, "medium", tzinfo=ZONE, locale=REGION.get(language, language)
    )
    made.filters["moment"] = lambda moment: format_datetime(
        moment, "short", tzinfo=ZONE, locale=REGION.get(language, language)
    )
    made.filters["decimal"] = lambda value: format_decimal(value, "0.0", locale=language)
    made.filters["figure"] = lambda value: format_decimal(value, locale=language)
    made.filters["percent"] = lambda share: format_percent(share, "0 %", locale=language)
    made.filters["day"] = lambda day: format_date(day, "long", locale=REGION.get(language, language))
    made.filters["weekday"] = lambda day: format_date(day, "EEE d MMM", locale=REGION.get(language, language))
    made.filters["dayname"] = lambda day: format_date(day, "EEEE", locale=REGION.get(language, language))
    made.filters["weekdayname"] = lambda number: format_date(MONDAY + timedelta(number), "EEE", locale=language)
    made.filters["amount"] = lambda number: format_decimal(number, "#,##0.#", locale=language)
    made.filters["hour"] = lambda moment: format_time(moment, "HH:mm", tzinfo=ZONE, locale=language)
    made.filters["iso"] = _iso
    made.filters["stopwatch"] = _stopwatch
    made.filters["since"] = _since
    made.filters["who"] = lambda extension, view: view.name(extension)
    made.filters["day_time"] = lambda moment: format_datetime(
        moment, "EEE d MMM, HH:mm", tzinfo=ZONE, locale=REGION.get(language, language)
    )
    made.filters["from_until"] = partial(_from_until, locale=REGION.get(language, language))
    made.filters["of_hundred"] = lambda part: format_percent(part / 100, locale=REGION.get(language, language))
    return made


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _from_until(span: tuple[datetime, datetime], locale: str) -> str:
    """The day is said once where it is the same."""
    starts, ends = (moment.astimezone(ZONE) for moment in span)
    said = "HH:mm" if starts.date() == ends.date() else "EEE d MMM, HH:mm"
    return (
        f"{format_datetime(starts, 'EEE d MMM, HH:mm', locale=locale)} – {format_datetime(ends, said, locale=locale)}"
    )


def _stopwatch(seconds: float) -> str:
    """1:05, 1:00:05."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _since(text: str, began: datetime) -> float:
    """Seconds from then to a moment in ISO 8601."""
    return (datetime.fromisoformat(text) - began).total_seconds()
