"""Calls that counsellors made to the outside: who, when, how long, for which contact; never to which number."""

from __future__ import annotations

from sqlalchemy import Column, Float, String, Table

from ivr.records.database import UtcDateTime, metadata

table = Table(
    "ring_out",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("counsellor", String(16), nullable=False),
    Column("contact_id", String(40)),
    Column("talk_s", Float),
)
