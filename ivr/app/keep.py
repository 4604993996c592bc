"""The keeper: starts the other parts, looks after them, stops them."""

from __future__ import annotations

import os
import resource
import sys
import time

import structlog

from ivr.errors import Refused
from ivr.keeper import Part, alive, keep, note_pid
from ivr.line import keeper_file
from ivr.records import ledger_file
from ivr.settings import Settings
from ivr.telephony import switch

OPEN_FILES = 16384  # as in operation/systemd

log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """A second keeper would fight the first over every part, so it does not start."""
    pid_file = keeper_file(settings)
    if alive(pid_file):
        raise Refused("the line is kept already")
    note_pid(pid_file, os.getpid())
    _open_many_files()
    try:
        await keep(parts(settings))
    finally:
        pid_file.unlink(missing_ok=True)


def _open_many_files() -> None:
    """For every part, as far as the machine lets us: of the 1,024 that a shell has, each call takes some, and each
    connection by TLS one for as long as it stays.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if now == resource.RLIM_INFINITY or now >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    except (OSError, ValueError) as error:  # a machine that lets nobody: the line opens all the same
        log.warning("keeper.few_files", error=type(error).__name__)


def parts(settings: Settings) -> list[Part]:
    """What runs while the line is open; the switch first, because it is stopped last."""
    program = switch.find(settings.asterisk or settings.state_dir / "asterisk")
    run_dir, logs_dir = settings.state_dir / "run", settings.logs_dir

    def marked(what: str) -> None:
        """Whatever becomes of the mark, the switch is started."""
        try:
            ledger_file.mark(settings.ledger_file, what, time.time())
        except OSError as error:
            log.error("keeper.not_marked", what=what, reason=error.strerror)

    def starting() -> None:
        """Whom the one before refused, this one lets in: a list that a lost disk has spoiled must shut nobody out."""
        try:
            settings.refused_conf.unlink(missing_ok=True)
        except OSError as error:
            log.error("keeper.not_emptied", reason=error.strerror)
        marked("SWITCH_START")

    line_switch = Part(
        "switch",
        (*program.argv, "-C", str(settings.switch_dir / "etc/asterisk.conf"), "-f"),
        run_dir,
        logs_dir,
        outlives=True,
        started=starting,
        ended=lambda: marked("SWITCH_END"),
        answers=lambda: switch.answers_sip(settings.own_address, settings.sip_port),
    )
    limits_s = {"answer": settings.heartbeat_limit_s, "watch": 5.0, "ledger": 10.0, "callbacks": 10.0, "web": 10.0}
    own = [
        Part(name, (sys.executable, "-m", "ivr.app", name), run_dir, logs_dir, beats=True, limit_s=limit)
        for name, limit in limits_s.items()
    ]
    return [part for part in (line_switch, *own) if not settings.parts or part.name in settings.parts]
