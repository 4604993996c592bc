"""What `ivr check` looks at: flow and prompts, and, on a line that is open, its parts, its phones and its trunk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ivr import call_log, callback_log, line
from ivr.catalogues import LISTS_DIR, load_catalogues, newest
from ivr.errors import HelplineError, ScriptError, TelephonyError
from ivr.prepare import QUESTIONS_FILE, carriers_trunk, flow_file, load_flow, load_hours, load_policy, load_questions
from ivr.routing.hours import Ending
from ivr.settings import Settings
from ivr.telephony import switch, trunk

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


def check_live(settings: Settings) -> list[Finding]:
    """What Asterisk itself says, and whether each part runs."""
    findings = [
        Finding(s.name, bool(s.pid), f"process {s.pid}" if s.pid else "not running", "" if s.pid else "Run `make up`.")
        for s in line.states(settings)
    ]
    findings.append(
        Finding(
            "SIP",
            switch.answers_sip(line.sip_address(settings), settings.sip_port),
            f"port {settings.sip_port}",
            "Run `make up`.",
        )
    )
    return [*findings, *_check_phones(settings), _check_trunk(settings), *check_promises(settings)]


def _check_phones(settings: Settings) -> list[Finding]:
    try:
        known = line.registered(settings)
    except TelephonyError as error:
        return [Finding("phones", False, str(error), error.remedy)]
    remedy = "No counsellor's phone is registered: see `ivr phones`, or callers wait."
    return [Finding("phones", bool(known), f"{len(known)} registered", remedy)]


def _check_trunk(settings: Settings) -> Finding:
    carrier = carriers_trunk(settings)
    if carrier is None:
        return Finding("trunk", True, "none: only this machine may call (IVR_TRUNK_HOST)")
    try:
        asked = [line.tell_switch(settings, f"pjsip show {what}") for what in ("contacts", "registrations")]
    except TelephonyError as error:
        return Finding("trunk", False, str(error), error.remedy)
    up = trunk.is_up(asked[0], asked[1], carrier)
    return Finding("trunk", up, carrier.host, "The carrier does not answer: look at IVR_TRUNK_… and at its address.")


def check_promises(settings: Settings) -> list[Finding]:
    """Promises to ring back that somebody must look at now."""
    try:
        late, still = asyncio.run(_promises(settings))
    except HelplineError as error:
        return [Finding("promises", False, str(error), error.remedy)]
    if late:
        return [Finding("promises", False, f"{late} lapse soon or were not kept", "See `ivr callbacks`.")]
    if still and carriers_trunk(settings) is None:
        return [Finding("promises", False, f"{still} open, and no trunk to ring them over", "Set IVR_TRUNK_HOST.")]
    return [Finding("promises", True, f"{still} open")]


async def _promises(settings: Settings) -> tuple[int, int]:
    """How many somebody must look at, and how many are open at all."""
    if not call_log.is_there(settings):
        return 0, 0
    now = datetime.now(UTC)
    async with callback_log.open_promises(settings) as promises:
        found = await callback_log.to_look_at(promises, now)
        late = [each for each in found if callback_log.is_late(promises, each, now)]
        return len(late), sum(each.state not in callback_log.FAILED for each in found)
