"""Open the line, close it, and say how it is."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import HelplineError, Refused, TelephonyError
from ivr.keeper import alive
from ivr.prepare import bring_switch, encryption, make_folders, people, places, prepare
from ivr.privileges import hand_over, run_as
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.telephony import registrations, switch
from ivr.telephony.variables import Global

OPEN_TIMEOUT_S = 60.0
CLOSE_TIMEOUT_S = 40.0
PARTS = ("switch", "answer", "watch", "ledger", "callbacks", "web")
ANSWERING = {
    "switch",
    "answer",
}  # without these a call is not answered as it should be; the others only show and record


Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PartState:
    name: str
    pid: int | None


@dataclass(frozen=True, slots=True)
class Answering:
    """One counsellor's phone, as `ivr phones` shows it."""

    extension: str
    password: str
    counsellor: str
    languages: tuple[str, ...]
    registered: bool
    encrypted: bool  # registered, and nothing of it in the clear
    must_encrypt: bool


def states(settings: Settings) -> tuple[PartState, ...]:
    return tuple(PartState(name, alive(pid_file(settings, name))) for name in ("keeper", *PARTS))


def keeper_file(settings: Settings) -> Path:
    """Where the parts are kept in several places, each has a keeper of its own."""
    name = f"keeper-{settings.parts[0]}" if settings.parts else "keeper"
    return settings.state_dir / "run" / f"{name}.pid"


def runs_here(settings: Settings) -> bool:
    """Whether the parts that are kept here run."""
    return all(state.pid for state in states(settings) if state.name in settings.parts)


def is_open(settings: Settings) -> bool:
    """Whether a call would be answered by the program: its parts run, and SIP and door 1 answer."""
    return all(state.pid for state in states(settings) if state.name in ANSWERING) and _answers(settings)


def is_whole(settings: Settings) -> bool:
    """Whether every part runs, those that only show and record and the keeper included."""
    return all(state.pid for state in states(settings)) and _answers(settings)


def _answers(settings: Settings) -> bool:
    return switch.answers_sip(settings.own_address, settings.sip_port) and _accepts(settings.fastagi_port)


def _accepts(port: int) -> bool:
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex(("127.0.0.1", port)) == 0


def pid_file(settings: Settings, name: str) -> Path:
    if name == "keeper":
        found = sorted((settings.state_dir / "run").glob("keeper-*.pid")) if not settings.parts else []
        return next(filter(alive, (keeper_file(settings), *found)), keeper_file(settings))
    return settings.state_dir / "run" / f"{name}.pid"


async def open_line(settings: Settings, tell: Tell) -> bool:
    """Open what is closed, wait until a call would be answered. False when the line was open already.

    Raises HelplineError with what to do; then nothing that this call started runs on.
    """
    if is_whole(settings):
        return False
    with told_plainly(settings):
        await make_ready(settings, tell)
    tell("starting")
    try:
        if not alive(pid_file(settings, "keeper")):
            start_keeper(settings)
        await until_open(settings)
    except HelplineError:
        close_line(settings)
        raise
    return True


async def make_ready(settings: Settings, tell: Tell) -> None:
    make_folders(settings)
    _refuse_busy_ports(settings)
    if not alive(pid_file(settings, "switch")):
        await prepare(settings, tell)
    hand_over(settings.state_dir, settings.run_uid)


def start_keeper(settings: Settings) -> None:
    """In a session of its own, holding none of our streams: `make up` may be somebody's pipe."""
    argv = keeper_argv(settings)
    with (settings.logs_dir / "keeper.log").open("ab") as log:
        os.chown(log.fileno(), settings.state_dir.stat().st_uid, -1)
        subprocess.Popen(
            argv,
            cwd="/",
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def keeper_argv(settings: Settings) -> list[str]:
    return run_as(settings.run_uid, [sys.executable, "-m", "ivr.app", "keep"], *places(settings))


def environment(settings: Settings) -> dict[str, str]:
    """Our own settings and what a program needs; times in UTC. HOME of root would be out of reach."""
    kept = {k: v for k, v in os.environ.items() if k.startswith("IVR_") or k in {"LANG", "LC_ALL"}}
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {
        **kept,
        "PATH": path,
        "TZ": "UTC",
        "HOME": str(settings.state_dir),
        "IVR_STATE_DIR": str(settings.state_dir),
    }


async def until_open(settings: Settings) -> None:
    program = bring_switch(settings, print)
    deadline = time.monotonic() + OPEN_TIMEOUT_S
    while not (is_whole(settings) and await asyncio.to_thread(_booted, settings, program)):
        if time.monotonic() > deadline:
            closed = ", ".join(s.name for s in states(settings) if not s.pid) or "SIP or door 1"
            raise TelephonyError(
                f"the line did not open within {OPEN_TIMEOUT_S:.0f} s ({closed} not answering)",
                remedy=f"The last lines in {settings.logs_dir} say why.",
            )
        await asyncio.sleep(0.1)


def _booted(settings: Settings, program: switch.Program) -> bool:
    """Until its modules are all there the switch answers with 503; until the first look nobody is in a queue."""
    try:
        booted = "fully booted" in switch.ask(program, conf_file(settings), "core waitfullybooted")
        looked = switch.ask(program, conf_file(settings), "dialplan show globals") if booted else ""
    except TelephonyError:
        return False
    return bool(re.search(rf"{Global.WATCHED_AT}=[1-9]", looked))


def conf_file(settings: Settings) -> Path:
    return settings.switch_dir / "etc/asterisk.conf"


def close_line(settings: Settings) -> bool:
    """Close everything; True when something ran. The keeper stops its parts; without one each is stopped by number."""
    ran = any(state.pid for state in states(settings))
    keeper = alive(pid_file(settings, "keeper"))
    if keeper:
        os.kill(keeper, signal.SIGTERM)
        os.kill(keeper, signal.SIGCONT)
        wait_gone(settings, ("keeper", *PARTS))
    for name in PARTS[::-1]:
        stop_part(settings, name)
    return ran


def stop_part(settings: Settings, name: str) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        pid = alive(pid_file(settings, name))
        if pid:
            os.kill(pid, number)
            os.kill(pid, signal.SIGCONT)
            wait_gone(settings, (name,), CLOSE_TIMEOUT_S / 4)


def wait_gone(settings: Settings, names: tuple[str, ...], timeout_s: float = CLOSE_TIMEOUT_S) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and any(alive(pid_file(settings, name)) for name in names):
        time.sleep(0.05)


def _refuse_busy_ports(settings: Settings) -> None:
    """Ports of parts that are to be started here must be free. Raises Refused naming port and setting."""
    if _is_to_start(settings, "switch"):
        _refuse_busy(socket.SOCK_DGRAM, settings.bind_address, settings.sip_port, "IVR_SIP_PORT")
        _refuse_busy(socket.SOCK_STREAM, "127.0.0.1", settings.ami_port, "IVR_AMI_PORT")
    if _is_to_start(settings, "answer"):
        _refuse_busy(socket.SOCK_STREAM, "127.0.0.1", settings.fastagi_port, "IVR_FASTAGI_PORT")
    if _is_to_start(settings, "web"):
        _refuse_busy(socket.SOCK_STREAM, "127.0.0.1", settings.web_port, "IVR_WEB_PORT")


def _is_to_start(settings: Settings, name: str) -> bool:
    return (not settings.parts or name in settings.parts) and not alive(pid_file(settings, name))


def _refuse_busy(kind: socket.SocketKind, address: str, port: int, name: str) -> None:
    with socket.socket(socket.AF_INET, kind) as sock:
        if kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((address, port))
        except OSError as error:
            raise Refused(
                f"port {port} on {address} cannot be used: {error.strerror}",
                remedy=f"Stop what uses it, or choose another with {name}.",
            ) from error


class told_plainly:  # noqa: N801  reads as a word after `with`
    """Faults of the machine as sentences."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, PermissionError):
            raise Refused(
                f"{error.filename} may not be written", remedy="Run as its owner, or choose IVR_STATE_DIR."
            ) from error
        if isinstance(error, OSError) and error.errno is not None:
            remedy = f"Look at the disk of {self._settings.state_dir}, then try again."
            raise Refused(f"{error.filename or 'a file'}: {error.strerror}", remedy=remedy) from error


async def list_phones(settings: Settings) -> list[Answering]:
    on_duty = await people(settings)
    passwords = open_keyring(settings.secrets_file, tuple(p.extension for p in on_duty)).phones
    known, asked = await asyncio.to_thread(_known, settings), encryption(settings)
    return [
        Answering(
            p.extension,
            passwords[p.extension],
            p.name,
            p.languages,
            p.extension in known.registered,
            p.extension in known.encrypted,
            asked.must(p.extension),
        )
        for p in on_duty
    ]


def count_registered(settings: Settings) -> int:
    """How many counsellors' phones are registered, without looking at any secret. Raises TelephonyError."""
    return len(registered(settings))


def registered(settings: Settings) -> frozenset[str]:
    return _known(settings).registered


def _known(settings: Settings) -> registrations.Known:
    """Raises TelephonyError."""
    return registrations.known(tell_switch(settings, registrations.SHOWN), tell_switch(settings, registrations.STORED))


def tell_switch(settings: Settings, command: str) -> str:
    """One command on the switch's console, and its answer; nothing when the line is closed. Raises TelephonyError."""
    if not alive(pid_file(settings, "switch")):
        return ""
    program = switch.find(settings.asterisk or settings.state_dir / "asterisk")
    return switch.ask(program, conf_file(settings), command)
