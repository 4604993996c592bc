"""What `ivr check` looks at: flow and prompts, and, on a line that is open, its parts, its phones and its trunk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ivr.alarms import Vitals, raised
from ivr.catalogues import LISTS_DIR, load_catalogues, newest
from ivr.errors import ScriptError
from ivr.prepare import QUESTIONS_FILE, flow_file, load_flow, load_hours, load_policy, load_questions
from ivr.routing.hours import Ending
from ivr.settings import Settings
from ivr.vitals import look

WARN_BEFORE = timedelta(days=60)
REMEDIES = {
    "movable holidays": "Later feasts are calculated, a day may be wrong: bring the `holidays` library up to date, "
    "or list the days in {file}.",
    "closures": "List those to come in {file}, or take out what is over.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `ivr check`: what was looked at, whether it is well, and if not what to do."""

    what: str
    well: bool
    detail: str = ""
    remedy: str = ""
    script: bool = False  # it is about what we were given to follow: exit 2
    soon: bool = False  # well now, and something must be done before it no longer is


def check(settings: Settings, now: datetime) -> list[Finding]:
    """All files that we were given to follow. Raises nothing: faults are findings, one each."""
    script = [*_check_flow(settings), *_check_questions(settings), *_check_policy(settings)]
    return [*script, *_check_lists(), *_check_hours(settings, now)]


def _check_flow(settings: Settings) -> list[Finding]:
    try:
        script = load_flow(settings)
    except ScriptError as error:
        return _faults("flow", error, str(flow_file(settings)))
    told = f"{len(script.menus)} menus, {len(script.routes)} ways out of them"
    if flow_file(settings) == settings.helpline_file:
        return [Finding("flow", True, told)]
    told += f"; taken over on the page of the menus, so {settings.helpline_file} is not followed (`ivr flow file`)"
    return [Finding("flow", True, told)]


def _check_questions(settings: Settings) -> list[Finding]:
    try:
        found = load_questions(settings)
    except ScriptError as error:
        return _faults("silent talk", error, str(QUESTIONS_FILE))
    return [Finding("silent talk", True, f"{len(found.names)} questions")]


def _check_policy(settings: Settings) -> list[Finding]:
    try:
        policy, _ = load_policy(settings)
    except ScriptError as error:
        return _faults("call-backs", error, str(settings.callbacks_dir / "policy.toml"))
    return [Finding("call-backs", True, f"{policy.attempts} attempts at most")]


def _check_lists() -> list[Finding]:
    try:
        found = newest(load_catalogues())
    except ScriptError as error:
        return _faults("lists", error, str(LISTS_DIR))
    told = f"of {found.version}: {len(found.categories)} categories, {len(found.referrals)} places to refer to"
    missing = f"; numbers to be filled in: {', '.join(found.to_fill)}" if found.to_fill else ""
    return [Finding("lists", True, told + missing)]


def _check_hours(settings: Settings, now: datetime) -> list[Finding]:
    try:
        hours, _ = load_hours(settings)
    except ScriptError as error:
        return _faults("hours", error, str(settings.hours_file))
    today = hours.clock.day(now)
    ending = [each for each in hours.lists_end(today) if each.last_day - today <= WARN_BEFORE]
    open_now = "open at any time" if hours.is_always else "open now" if hours.open_at(now) else "closed now"
    return [Finding("hours", True, open_now), *(_ending(each, today, settings) for each in ending)]


def _ending(found: Ending, today: date, settings: Settings) -> Finding:
    ended = found.last_day < today
    detail = f"the list of {found.what} {'ended' if ended else 'ends'} on {found.last_day}"
    remedy = REMEDIES[found.what].format(file=settings.hours_file)
    return Finding("hours", True, detail, remedy, soon=True)


def _faults(what: str, error: ScriptError, where: str) -> list[Finding]:
    faults = error.problems or (str(error),)
    return [Finding(what, False, fault, error.remedy or where, script=True) for fault in faults]


def check_live(settings: Settings, language: str) -> list[Finding]:
    """What is wrong with the running line, the most urgent first, in that language; then what is well with it."""
    vitals = asyncio.run(look(settings))
    wrong = [Finding(each.name, False, each.means(language), each.remedy(language)) for each in raised(vitals)]
    return [*wrong, *_well(vitals, {each.name for each in raised(vitals)})] if vitals.open else wrong


def _well(vitals: Vitals, wrong: set[str]) -> list[Finding]:
    trial = vitals.trial
    trunk = "answers" if vitals.has_trunk else "none: only this machine may call (IVR_TRUNK_HOST)"
    tried = f"at {trial.at:%H:%M} UTC: through in {trial.took_s} s" if trial else "none yet"
    found = {
        "part": ", ".join(vitals.parts),
        "phones": f"{vitals.phones} registered" if vitals.phones is not None else "not known now",
        "carrier": trunk,
        "promises": f"{vitals.promises_open} open, {vitals.promises_due} due",
        "trial": tried,
        "guesses": _guesses(vitals),
        "disk": f"{vitals.free_bytes / 10**9:.1f} GB free",
        "backup": _when(vitals.backed_up),
        "aging": _when(vitals.aged),
    }
    return [Finding(name, True, detail) for name, detail in found.items() if name not in wrong]


def _guesses(vitals: Vitals) -> str:
    """At telephones' passwords."""
    count = len(vitals.guesses.refused)
    if not count:
        return "nobody is refused for wrong passwords"
    return f"{count} {'address is' if count == 1 else 'addresses are'} refused for wrong passwords (`ivr guesses`)"


def _when(at: datetime | None) -> str:
    return f"last on {at:%d %B, %H:%M} UTC" if at else "none yet"
