"""The rota as rows: weekly shifts and single exceptions."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table

from ivr.records.database import metadata

# Times of day are the helpline's own, as minutes since midnight; an end at or before its start is tomorrow.
shifts = Table(
    "shift",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("extension", ForeignKey("counsellor.extension"), nullable=False),
    Column("weekday", Integer, nullable=False),  # 0 is Monday
    Column("starts", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
    Column("from_day", Date),
    Column("until_day", Date),  # the last day on which it begins
)
exceptions = Table(
    "shift_exception",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("extension", ForeignKey("counsellor.extension"), nullable=False),
    Column("kind", String(16), nullable=False),  # extra or absent
    Column("day", Date, nullable=False),
    Column("starts", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
)
