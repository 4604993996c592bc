"""A new version, or new settings, for a line that stays open: everything but the switch is started again.

It stands on the keeper: told to end, it closes the line; killed, it leaves the switch and whoever talks alone, and the
next one takes them over. So does a line that systemd or a container keeps.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import NoReturn

from ivr.errors import Refused
from ivr.keeper import alive
from ivr.line import (
    PARTS,
    Tell,
    environment,
    keeper_argv,
    make_ready,
    open_line,
    pid_file,
    start_keeper,
    stop_part,
    tell_switch,
    told_plainly,
    until_open,
    wait_gone,
)
from ivr.prepare import load_flow, load_hours, load_policy, prepare
from ivr.settings import Settings
from ivr.telephony import switch

SERVICE = "helpline.service"  # operation/systemd
# What a running switch takes over without ending a call.
RELOADED = (
    "dialplan reload",
    "module load res_pjsip_acl.so",
    "module reload acl",
    "module reload res_pjsip.so",
    "module reload app_queue.so",
    "manager reload",
    "features reload",
)


async def renew_line(settings: Settings, tell: Tell) -> None:
    """Everything but the switch anew, with the program as it is on disk now: conversations go on, and who is in the
    menus is led on by door 2. A closed line is opened. Raises HelplineError; then what ran before runs again.
    """
    if not alive(pid_file(settings, "switch")):
        await open_line(settings, tell)
        return
    for read in (load_flow, load_policy, load_hours):  # nothing is touched for what would not start
        read(settings)
    tell("stopping the parts, not the switch")
    keeper = alive(pid_file(settings, "keeper"))
    service = bool(keeper) and _is_a_service(keeper)
    if keeper:
        os.kill(keeper, signal.SIGKILL)  # told to end it would close the line
        wait_gone(settings, ("keeper",))
    if keeper and service:  # systemd has `ivr up --stay` take the switch over
        await until_open(settings)
        return
    for name in PARTS[:0:-1]:
        stop_part(settings, name)
    try:
        with told_plainly(settings):
            await prepare(settings, tell)
        for what in RELOADED:
            await asyncio.to_thread(tell_switch, settings, what)
    finally:
        tell("starting")
        start_keeper(settings)
    await until_open(settings)


def _is_a_service(pid: int | None) -> bool:
    try:
        return SERVICE in Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return False


async def stay(settings: Settings, tell: Tell) -> NoReturn:
    """Open the line and be its keeper, in the foreground: for systemd and containers. Does not return."""
    if alive(pid_file(settings, "keeper")):
        raise Refused("the line is kept already", remedy="Run `ivr down` first, or leave out --stay.")
    if settings.parts and "switch" not in settings.parts:
        await _until_switch(settings, tell)
    with told_plainly(settings):
        await make_ready(settings, tell)
        if alive(pid_file(settings, "switch")) and (not settings.parts or "answer" in settings.parts):
            await prepare(settings, tell)
            for what in RELOADED:
                await asyncio.to_thread(tell_switch, settings, what)
    argv = keeper_argv(settings)
    os.execvpe(argv[0], argv, environment(settings))  # noqa: S606  it is our own program


async def _until_switch(settings: Settings, tell: Tell) -> None:
    """It is kept elsewhere, and made ready there."""
    tell("waiting for the switch")
    while True:
        if alive(pid_file(settings, "switch")) and switch.answers_sip(settings.own_address, settings.sip_port):
            return
        await asyncio.sleep(0.5)
