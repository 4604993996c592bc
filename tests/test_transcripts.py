"""Golden conversations: what the child pressed, what was heard, where it went.

`ivr call KEYS… --transcript tests/transcripts/NAME.txt` writes one; reading its diff is reading the change of the flow.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.flow.script import Script
from ivr.rehearsal import replay, scene_of, words_of
from tests.conftest import PROJECT

TRANSCRIPTS = sorted((PROJECT / "tests/transcripts").glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_conversation_is_as_it_was(script: Script, path: Path) -> None:
    text = path.read_text()
    assert replay(script, words_of(text), scene_of(text)) == text


def test_there_are_conversations() -> None:
    assert len(TRANSCRIPTS) > 8
