"""Callers whom a supervisor has asked to wait: by keyed hash, for a day at most, always with key 9 open."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from ivr.records.database import UtcDateTime, metadata

table = Table(
    "block",
    metadata,
    Column("caller", String(32), primary_key=True),
    Column("until", UtcDateTime, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("reason", String(200), nullable=False),
)
