"""Who stands in which of the switch's queues; and, beside it, who guesses passwords."""

from __future__ import annotations

from contextlib import aclosing

from ivr import guard
from ivr.app.until import until_told
from ivr.duty import Duty
from ivr.flow.script import parse
from ivr.keeper import beat
from ivr.records.database import opened
from ivr.records.keyring import open_keyring
from ivr.routing.skills import needs
from ivr.settings import Settings
from ivr.telephony import guesses
from ivr.telephony.ami import USER, connections
from ivr.watch import Watch, keep_queues


async def run(settings: Settings) -> None:
    script = parse(settings.flow_in_use.read_text())
    secret = open_keyring(settings.secrets_file).ami
    async with opened(settings.database) as database:
        duty = Duty(database, settings.wrap_up_s)
        fresh = aclosing(connections("127.0.0.1", settings.ami_port, USER, secret))
        await until_told(
            beat(settings.heartbeat_limit_s),
            keep_queues(fresh, Watch(needs(script.queues), duty.seats)),
            guard.of_line(settings).keep(
                lambda: connections("127.0.0.1", settings.ami_port, guesses.USER, guesses.secret(secret))
            ),
        )
