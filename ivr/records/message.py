"""Messages that callers left when nobody could answer. The sound is a file; this is what is known of it."""

from __future__ import annotations

from sqlalchemy import Column, Float, String, Table

from ivr.records.database import UtcDateTime, metadata

table = Table(
    "message",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("left_at", UtcDateTime, nullable=False),
    Column("language", String(8)),
    Column("topic", String(32)),
    Column("caller", String(32)),
    Column("seconds", Float, nullable=False),
    Column("heard_at", UtcDateTime),
    Column("heard_by", String(32)),
)
