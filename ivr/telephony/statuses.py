"""Asterisk's words for endings, translated into ours in one place each."""

from __future__ import annotations

from enum import StrEnum


class ReadStatus(StrEnum):
    """READSTATUS of Read(): https://docs.asterisk.org/ (Read application)."""

    OK = "OK"  # a key; an empty one means # was pressed
    TIMEOUT = "TIMEOUT"
    HANGUP = "HANGUP"
    ERROR = "ERROR"
    INTERRUPTED = "INTERRUPTED"
    SKIPPED = "SKIPPED"
