"""A supervisor lets a caller who waits come next. The caller hears nothing of it."""

from __future__ import annotations

from contextlib import suppress

from ivr.board.state import Board, Call
from ivr.board.view import front
from ivr.errors import NotFound, TelephonyError
from ivr.presence import switch_of
from ivr.settings import Settings
from ivr.telephony.ami import Switch
from ivr.telephony.variables import Variable


def waiting_call(board: Board, call_id: str) -> Call:
    """Raises NotFound when that caller does not wait any more."""
    call = board.calls.get(call_id)
    if call is None or not call.waits:
        raise NotFound(f"{call_id} does not wait", remedy="Somebody may have answered meanwhile.")
    return call


async def bring_to_front(settings: Settings, board: Board, call_id: str) -> Call:
    """The call as it waits now. Raises NotFound, and TelephonyError when the switch is away."""
    call = waiting_call(board, call_id)
    async with switch_of(settings) as switch:
        if switch is None:
            raise TelephonyError("the switch is away", remedy="Run `ivr status`.")
        await _move(switch, call, front(board, call))
    return call


async def _move(switch: Switch, call: Call, place: int) -> None:
    """First the channel's own number, with which it joins the next queue; then its place in the one it is in."""
    await switch.tell("Setvar", Channel=call.channel, Variable=Variable.PLACE, Value=str(place))
    with suppress(TelephonyError):  # between two queues: it hears something, and joins with the new number
        where = {"Queue": call.queue or "", "Caller": call.channel}
        await switch.tell("QueueChangePriorityCaller", **where, Priority=str(place), Immediate="yes")
    await switch.tell("UserEvent", UserEvent="Moved", Call=call.id, Place=str(place))
