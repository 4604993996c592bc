"""One attempt at one menu over a caller's wire: what is played and read, and what the keys amount to."""

from __future__ import annotations

from typing import Protocol

from ivr.flow.steps import HUNG_UP, MISTYPED, READ_BACK, TYPED, Ask, Heard, Turn, digit_prompts, pressed
from ivr.telephony.agi import Header, Reply, ReplyStatus, get_variable, gosub, read_heard
from ivr.telephony.variables import Variable


class Line(Protocol):
    """One caller's wire to the switch, whichever door it came through."""

    @property
    def header(self) -> Header: ...

    async def send(self, command: str) -> Reply: ...


async def ask(line: Line, turn: Turn, told: Ask, countries: tuple[str, ...]) -> Heard:
    """Played and read by the switch. `countries`: whose numbers may be keyed in, as "+994"."""
    prompts = told.prompts
    if READ_BACK in prompts:
        prompts = read_back(prompts, await read(line, Variable.TYPED))
    reply = await line.send(_command(turn, told, prompts))
    if reply.status is not ReplyStatus.DONE:
        return HUNG_UP
    reply = await line.send(get_variable(Variable.HEARD))
    if reply.status is not ReplyStatus.DONE:
        return HUNG_UP
    return await understand(line, read_heard(reply.data), countries)


def _command(turn: Turn, told: Ask, prompts: tuple[str, ...]) -> str:
    arguments = (
        "&".join(f"helpline/{prompt}" for prompt in prompts),
        f"{told.wait_s:g}",
        f"menu={told.menu}&attempt={told.attempt}",
        turn.session.pack(),
        query(turn.chose),
        turn.session.language or prompts[0].split("/")[0],
    )
    if told.most_digits:
        return gosub("ask", "digits", *arguments, str(told.most_digits))
    return gosub("ask", "s", *arguments)


async def understand(line: Line, heard: Heard, countries: tuple[str, ...]) -> Heard:
    """`heard`, or what a number that was keyed in amounts to. Whoever presses 9, and 9 again, means danger."""
    if heard is not TYPED:
        return heard
    digits = await read(line, Variable.TYPED)
    if set(digits) == {"9"}:
        return pressed("9")
    return TYPED if may_be_rung(digits, countries) else MISTYPED


def may_be_rung(digits: str, countries: tuple[str, ...]) -> bool:
    from ivr.telephony.numbers import parse  # noqa: PLC0415  its tables cost door 2 time it may not need

    number = parse(digits)
    return number is not None and not number.is_dear and number.e164.startswith(countries)


def read_back(prompts: tuple[str, ...], digits: str) -> tuple[str, ...]:
    """`prompts` with those of each digit in the place of READ_BACK, in the language of the first."""
    language = prompts[0].split("/")[0]
    said = tuple(f"{language}/{prompt}" for prompt in digit_prompts(digits))
    at = prompts.index(READ_BACK)
    return prompts[:at] + said + prompts[at + 1 :]


async def read(line: Line, variable: Variable) -> str:
    """A variable of the caller's channel; empty when it is not set, or the caller is gone."""
    reply = await line.send(get_variable(variable))
    return reply.data if reply.status is ReplyStatus.DONE else ""


def query(pairs: tuple[tuple[str, str], ...]) -> str:
    """Words as the ledger keeps them."""
    return "&".join(f"{name}={value}" for name, value in pairs)
