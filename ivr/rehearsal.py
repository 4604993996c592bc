"""The flow on the keyboard: play a call without a telephone, and write it down as a golden conversation.

A transcript is text, one line per thing that happened; `tests/transcripts/` holds those that must stay as they are:

    > 1                  the caller pressed 1      (also: timeout, hangup)
    says az/welcome …    prompts of one attempt, and the menu and attempt they belong to
    chose language=az    what the turn before settled
    goes az normal …     the way to a person: queue, priority, the prompt before the wait, the record
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivr.errors import ScriptError
from ivr.flow.script import Script
from ivr.flow.steps import HUNG_UP, NOTHING, UNKNOWN, Heard, Turn, pressed, unpack
from ivr.flow.turn import begin, resume
from ivr.routing.route import decide_way

WORDS = {"timeout": NOTHING, "hangup": HUNG_UP}


class Rehearsal:
    """One call on the keyboard. `lines` grows with every turn; `over` once the menus are."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.over = False
        self.lines: list[str] = []
        self.turn = self._enter(begin(script))

    def hear(self, word: str) -> list[str]:
        """What happens when the caller does `word`: a key, timeout or hangup. Raises ScriptError for another word."""
        before = len(self.lines)
        heard = read_word(word)
        self.lines.append(f"> {word}")
        if heard is HUNG_UP:
            self.over = True
            self.lines.append("hung up")
        else:
            # through JSON and back, as between two doors: what does not survive that is a fault to be seen here
            session = unpack(self.turn.session.pack())
            assert session == self.turn.session  # noqa: S101  by construction
            self.turn = self._enter(resume(self._script, self.turn.session, heard))
        return self.lines[before + 1 :]

    def _enter(self, turn: Turn) -> Turn:
        self.lines += describe(self._script, turn)
        self.over = turn.ask is None
        return turn


def describe(script: Script, turn: Turn) -> Iterator[str]:
    if turn.chose:
        yield "chose " + " ".join(f"{name}={value}" for name, value in turn.chose)
    if turn.ask:
        yield f"says {' '.join(turn.ask.prompts)} ({turn.ask.menu}, attempt {turn.ask.attempt}, {turn.ask.wait_s:g} s)"
    elif turn.route:
        way = decide_way(script, turn.session, turn.route, UNKNOWN, 0)
        record = " ".join(f"{name}={value}" for name, value in way.record)
        yield f"goes {way.queue} {way.priority} after {way.language}/{way.say} showing '{way.shown}': {record}"


def read_word(word: str) -> Heard:
    if word in WORDS:
        return WORDS[word]
    if len(word) == 1 and word in "0123456789*#":
        return pressed(word)
    raise ScriptError(f"'{word}' is no key", remedy="Use one of 0-9 * #, or timeout, or hangup.")


def replay(script: Script, words: Iterable[str]) -> str:
    """The whole transcript of a call in which the caller does `words`."""
    call = Rehearsal(script)
    for word in words:
        if call.over:
            break
        call.hear(word)
    return "\n".join(call.lines) + "\n"


def words_of(transcript: str) -> list[str]:
    """What the caller did in a transcript, to play it again."""
    return [line[2:] for line in transcript.splitlines() if line.startswith("> ")]
