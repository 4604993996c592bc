"""What `ivr check` looks at: flow and prompts, and, on a line that is open, its parts, its phones and its trunk."""

from __future__ import annotations

from dataclasses import dataclass

from ivr import line
from ivr.errors import ScriptError, TelephonyError
from ivr.prepare import carriers_trunk, load_flow, load_policy
from ivr.settings import Settings
from ivr.telephony import switch, trunk


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `ivr check`: what was looked at, whether it is well, and if not what to do."""

    what: str
    well: bool
    detail: str = ""
    remedy: str = ""
    script: bool = False  # it is about what we were given to follow: exit 2


def check(settings: Settings) -> list[Finding]:
    """Flow, prompts and call-back policy. Raises nothing: faults are findings, one each."""
    return [*_check_flow(settings), *_check_policy(settings)]


def _check_flow(settings: Settings) -> list[Finding]:
    try:
        script = load_flow(settings)
    except ScriptError as error:
        return _faults("flow", error, str(settings.helpline_file))
    return [Finding("flow", True, f"{len(script.menus)} menus, {len(script.routes)} ways to a person")]


def _check_policy(settings: Settings) -> list[Finding]:
    try:
        policy, _ = load_policy(settings)
    except ScriptError as error:
        return _faults("call-backs", error, str(settings.callbacks_dir / "policy.toml"))
    return [Finding("call-backs", True, f"{policy.attempts} attempts at most")]


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
    return [*findings, *_check_phones(settings), _check_trunk(settings)]


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
    program = switch.find(settings.asterisk or settings.state_dir / "asterisk")
    try:
        asked = [
            switch.ask(program, line.conf_file(settings), f"pjsip show {what}")
            for what in ("contacts", "registrations")
        ]
    except TelephonyError as error:
        return Finding("trunk", False, str(error), error.remedy)
    up = trunk.is_up(asked[0], asked[1], carrier)
    return Finding("trunk", up, carrier.host, "The carrier does not answer: look at IVR_TRUNK_… and at its address.")
