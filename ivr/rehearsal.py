"""The flow on the keyboard: play a call without a telephone, and write it down as a golden conversation.

A transcript is text, one line per thing that happened; `tests/transcripts/` holds those that must stay as they are:

    begins often         how the story begins, where it is not as usual (`flow/steps.py`, Begun), and what is known
    > 1                  the caller pressed 1      (also: timeout, hangup; typed, mistyped where a number is keyed in)
    says az/welcome …    prompts of one attempt, and the menu and attempt they belong to
    chose language=az    what the turn before settled
    goes az normal …     the way to a person: queue, priority, the prompt before the wait, the record
    ends callback …      another end, and the last words
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ivr.errors import ScriptError
from ivr.flow.menu import End
from ivr.flow.script import Script
from ivr.flow.soundness import WHILE_WAITING
from ivr.flow.steps import (
    HUNG_UP,
    MISTYPED,
    NOTHING,
    TYPED,
    UNKNOWN,
    Begun,
    Caller,
    Fact,
    Heard,
    HeardStatus,
    Language,
    Session,
    Turn,
    pressed,
    unpack,
)
from ivr.flow.turn import OFTEN, begin, resume, resume_at
from ivr.routing.route import decide_way

WORDS = {"timeout": NOTHING, "hangup": HUNG_UP, "typed": TYPED, "mistyped": MISTYPED}
# Who rings, for a story to begin in that way.
CALLERS: Mapping[Begun, Caller] = {
    Begun.USUAL: UNKNOWN,
    Begun.OFTEN: Caller(calls_lately=OFTEN),
    Begun.BACK: Caller(silent_before=True),
    Begun.PROMISED: Caller(promised=True),
    Begun.BLOCKED: Caller(blocked=True),
    Begun.CLOSED: Caller(line_open=False),
}
MOST_WORDS = 60  # of one rehearsal; the menus themselves end sooner
WAITING = Session(node="", language=Language.AZ, keys=1)  # a caller whose wait is interrupted


@dataclass(frozen=True, slots=True)
class Scene:
    """How a rehearsal begins."""

    begun: Begun = Begun.USUAL
    facts: tuple[Fact, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.begun, *self.facts))

    def first_turn(self, script: Script) -> Turn:
        if self.begun in WHILE_WAITING:
            return resume_at(script, self.begun, WAITING, self.facts)
        return begin(script, CALLERS[self.begun], self.facts)


AS_USUAL = Scene()


class Rehearsal:
    """One call on the keyboard. `lines` grows with every turn; `over` once the menus are."""

    def __init__(self, script: Script, scene: Scene = AS_USUAL) -> None:
        self._script = script
        self.over = False
        self.lines: list[str] = [] if scene == AS_USUAL else [f"begins {scene}"]
        self.turn = self._enter(scene.first_turn(script))

    def hear(self, word: str) -> list[str]:
        """What happens when the caller does `word`: a key, timeout or hangup. Raises ScriptError for another word."""
        before = len(self.lines)
        heard = self._read(word)
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

    def _read(self, word: str) -> Heard:
        heard = read_word(word)
        keys_in = self.turn.ask is not None and self.turn.ask.most_digits > 0
        if heard.status is HeardStatus.TYPED and not keys_in:
            raise ScriptError("no number is asked for here", remedy="Use one key.")
        return heard

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
        yield _describe_end(script, turn, turn.route)


def _describe_end(script: Script, turn: Turn, route: str) -> str:
    way = decide_way(script, turn.session, route, UNKNOWN, 0)
    if way.end is not End.PERSON:
        return f"ends {way.end} after {way.language}/{way.say}"
    record = " ".join(f"{name}={value}" for name, value in way.record)
    return f"goes {way.queue} {way.priority} after {way.language}/{way.say} showing '{way.shown}': {record}"


def read_word(word: str) -> Heard:
    if word in WORDS:
        return WORDS[word]
    if len(word) == 1 and word in "0123456789*#":
        return pressed(word)
    raise ScriptError(
        f"'{word}' is no key",
        remedy="Use one of 0-9 * #, or timeout, or hangup; where a number is keyed in also typed, or mistyped.",
    )


def replay(script: Script, words: Iterable[str], scene: Scene = AS_USUAL) -> str:
    """The whole transcript of a call in which the caller does `words`."""
    call = Rehearsal(script, scene)
    for word in words:
        if call.over:
            break
        call.hear(word)
    return "\n".join(call.lines) + "\n"


def scene_of(transcript: str) -> Scene:
    """How a transcript begins, to play it again."""
    first = transcript.splitlines()[0].split()
    if first[0] != "begins":
        return AS_USUAL
    return Scene(Begun(first[1]), tuple(map(Fact, first[2:])))


def words_of(transcript: str) -> list[str]:
    """What the caller did in a transcript, to play it again."""
    return [line[2:] for line in transcript.splitlines() if line.startswith("> ")]


@dataclass(frozen=True, slots=True)
class Played:
    """A rehearsal, what the caller did in it, and the word that is no key there."""

    rehearsal: Rehearsal
    words: tuple[str, ...]
    refused: str = ""

    @property
    def is_through(self) -> bool:
        """Heard to an end of the menus, not hung up before."""
        return self.rehearsal.over and self.rehearsal.turn.ask is None

    @property
    def happened(self) -> tuple[Happened, ...]:
        return tuple(map(_happened, self.rehearsal.lines))


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a transcript (rehearsal.py). `what`: its first word. `prompts`: "<lang>/<prompt id>". `told`: what
    was pressed or settled; of the last line, how it ends."""

    what: str
    told: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()


def _happened(line: str) -> Happened:
    what, *rest = line.split()
    if what == "says":
        return Happened(what, prompts=tuple(line.partition(" (")[0].split()[1:]))
    if what == "goes":  # goes QUEUE PRIORITY after PROMPT …
        return Happened(what, (rest[1],), (rest[3],))
    if what == "ends":  # ends END after PROMPT
        return Happened(what, (rest[0],), (rest[2],))
    return Happened(what, tuple(rest))


def play(script: Script, words: Sequence[str], begun: Begun = Begun.USUAL) -> Played:
    """As far as `words` are what a telephone has, and there is something to be heard."""
    played, done = Rehearsal(script, Scene(begun)), list[str]()
    for word in words[:MOST_WORDS]:
        if played.over:
            break
        try:
            played.hear(word)
        except ScriptError:
            return Played(played, tuple(done), refused=word)
        done.append(word)
    return Played(played, tuple(done))
