"""Promises to ring a child back, and every attempt to keep one. The number is sealed and stands nowhere else."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table

from ivr.records.database import UtcDateTime, metadata

table = Table(
    "callback",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("call_id", String(40), nullable=False),
    Column("caller", String(32), index=True),
    Column("number", LargeBinary),  # sealed; null once it is no longer needed
    Column("language", String(8)),
    Column("topic", String(32)),
    Column("age_band", String(16)),
    Column("priority", String(16), nullable=False),
    Column("only_caller", Boolean, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("safe_from", UtcDateTime, nullable=False),
    Column("safe_until", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime),
    Index(None, "state", "next_at"),
)
attempts = Table(
    "callback_attempt",
    metadata,
    Column("callback_id", ForeignKey("callback.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("counsellor", String(16)),
    Column("outcome", String(24)),
    Column("talk_s", Float),
)
