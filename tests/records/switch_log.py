"""Writes the event log as the switch does (form and order taken from tests/cel/rescue-ru-answered.jsonl)."""

from __future__ import annotations

import json
from itertools import count
from typing import Any
from urllib.parse import urlencode

FIRST_SECOND = 1_795_281_000.0


class SwitchLog:
    """One switch's log. Every event comes `pace_s` after the one before."""

    def __init__(self, start: float = FIRST_SECOND, *, system: str = "hl", pace_s: float = 1.0) -> None:
        self.at, self.system, self.pace_s = start, system, pace_s
        self.lines: list[bytes] = []
        self.numbers = count()

    @property
    def data(self) -> bytes:
        return b"".join(line + b"\n" for line in self.lines)

    def write(self, kind: str, **fields: object) -> None:
        self.at = round(self.at + self.pace_s, 6)
        self.lines.append(json.dumps({"eventtype": kind, "eventtime": self.at} | fields).encode())

    def new_id(self) -> str:
        return (
            f"{self.system}-{int(self.at)}.{next(self.numbers)}"
            if self.system
            else f"{int(self.at)}.{next(self.numbers)}"
        )

    def call(self, exten: str = "116111", *, context: str = "incoming", phone: str = "loopback") -> Calling:
        return Calling(self, exten, context, phone)


class Calling:
    """A call that has begun: what it does next is written to the log."""

    def __init__(self, log: SwitchLog, exten: str, context: str, phone: str) -> None:
        self.log, self.id = log, log.new_id()
        self.names = {self.id: f"PJSIP/{phone}-{0:08x}"}
        self.bridges = count()
        self.event("CHAN_START", exten=exten, context=context)

    @property
    def row_id(self) -> str:
        second, number = self.id.rpartition("-")[2].split(".")
        return f"{second}-{int(number):06d}"

    def event(self, kind: str, channel: str = "", **fields: str) -> None:
        channel = channel or self.id
        given = {"userdeftype": "", "exten": "s", "context": "incoming", "appname": "", "peer": "", "eventextra": ""}
        own = {"linkedid": self.id, "uniqueid": channel, "channame": self.names[channel]}
        self.log.write(kind, **given | own | fields)

    def step(self, kind: str, /, channel: str = "", **words: Any) -> None:
        extra = json.dumps({"extra": urlencode(words)})
        self.event(kind, channel, userdeftype=kind, appname="CELGenUserEvent", eventextra=extra)

    def asked(self, menu: str, key: str = "", attempt: int = 1) -> None:
        self.step("asked", menu=menu, attempt=attempt, key=key)

    def chose(self, **words: Any) -> None:
        self.step("chose", **words)

    def decided(self, **words: Any) -> None:
        told: dict[str, Any] = {"priority": "normal", "queue": "az", "door": 1}
        self.step("decided", **told | words)

    def queued(self) -> None:
        self.event("APP_START", appname="Queue", context="queue")

    def rings(self, who: str) -> str:
        channel = self.log.new_id()
        self.names[channel] = f"PJSIP/{who}-{len(self.names):08x}" if "/" not in who else who
        self.event("CHAN_START", channel, context="counsellor")
        return channel

    def enters(self, bridge: str, channel: str = "") -> None:
        self.event("BRIDGE_ENTER", channel, eventextra=json.dumps({"bridge_id": bridge}))

    def leaves(self, bridge: str, channel: str = "") -> None:
        self.event("BRIDGE_EXIT", channel, eventextra=json.dumps({"bridge_id": bridge}))

    def talks(self, channel: str, *, caller_first: bool = False) -> str:
        bridge = f"bridge-{next(self.bridges)}"
        for one in ("", channel) if caller_first else (channel, ""):
            self.enters(bridge, one)
        return bridge

    def parts(self, bridge: str, channel: str) -> None:
        self.leaves(bridge, channel)
        self.ends(channel)
        self.leaves(bridge)

    def ends(self, channel: str) -> None:
        self.event("HANGUP", channel)
        self.event("CHAN_END", channel)

    def hangs_up(self) -> None:
        self.ends(self.id)
        self.event("LINKEDID_END")


def answered(log: SwitchLog, extension: str = "101", **decided: object) -> Calling:
    """The whole of an ordinary call."""
    call = log.call()
    call.asked("language", "1")
    call.decided(**{"language": "az", "topic": "social", "age_band": "11-14"} | decided)
    call.queued()
    channel = call.rings(extension)
    bridge = call.talks(channel)
    call.leaves(bridge)
    call.leaves(bridge, channel)
    call.ends(channel)
    call.hangs_up()
    return call


def promised(
    call: Calling, number: str = "1795281000-0000000a", caller: str = "a" * 32, *, hours: int = 2, **more: object
) -> str:
    """The caller of `call` was promised a call-back, safe for so many hours from now on; its id."""
    sealed = "A" * 56
    now = int(call.log.at)
    told = {"id": number, "number": sealed, "caller": caller, "safe_from": now, "safe_until": now + 3600 * hours}
    call.step("promised", "", **told | {"only": "yes", "language": "az", "topic": "violence"} | more)
    return number


def tried(log: SwitchLog, callback: str, outcome: str, attempt: int = 1, counsellor: str = "101") -> Calling:
    """An attempt: our own call, of which nothing is told but how it ended."""
    own = log.call("counsellor", context="callback", phone="x")
    own.names[own.id] = "Local/counsellor@callback-00000001;1"
    own.step("tried", callback=callback, attempt=attempt, outcome=outcome, counsellor=counsellor)
    return own


def kept(log: SwitchLog, callback: str, *, counsellor_leaves_first: bool = False) -> Calling:
    """A call-back that was kept: the counsellor's phone, then the child's, in two bridges that a Local pair joins."""
    own = log.call("counsellor", context="callback", phone="x")
    own.names[own.id] = "Local/counsellor@callback-00000001;1"
    told = {"language": "az", "topic": "violence", "caller": "a" * 32, "callback": callback, "queue": ""}
    own.decided(**told, first_call="1795281001-000001")
    counsellor = own.rings("101")
    inner = own.rings("Local/counsellor@callback-00000001;2")
    for channel in (inner, counsellor):
        own.enters("bridge-one", channel)
    child = own.rings("trunk")
    own.step("tried", callback=callback, attempt=1, outcome="answered", counsellor="101")
    for channel in (own.id, child):
        own.enters("bridge-two", channel)
    own.ends(counsellor if counsellor_leaves_first else child)
    own.hangs_up()
    return own
