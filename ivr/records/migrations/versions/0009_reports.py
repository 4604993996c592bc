"""What each contact counts as in the reports, and which rows of the years before were brought in."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from ivr.records.database import UtcDateTime
from ivr.routing.hours import BAKU

revision = "0009"
down_revision = "0008"
AT_ONCE = 1_000

CONTACT = sa.table(
    "contact",
    *(sa.column(name) for name in ("id", "channel", "language", "topic", "age_band", "first_time")),
    sa.column("received_at", UtcDateTime),
)
WRAPUP = sa.table(
    "wrapup",
    *(sa.column(name) for name in ("contact_id", "language", "topic", "age_band", "gender", "ended", "lists")),
    sa.column("newest", sa.Boolean),
    sa.column("categories", sa.JSON),
    sa.column("actions", sa.JSON),
)


def upgrade() -> None:
    op.create_table(
        "imported",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("contact_id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_imported")),
    )
    counted = op.create_table(
        "counted",
        sa.Column("contact_id", sa.String(40), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("topic", sa.String(32)),
        sa.Column("gender", sa.String(16)),
        sa.Column("age_band", sa.String(16)),
        sa.Column("first_time", sa.String(8)),
        sa.Column("ended", sa.String(16)),
        sa.Column("lists", sa.String(16)),
        sa.Column("categories", sa.Text()),
        sa.Column("actions", sa.Text()),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_counted")),
    )
    by = ["day", "topic", "gender", "age_band", "channel", "first_time", "language", "ended"]
    op.create_index("ix_counted_day", "counted", by)
    _count(counted)


def _count(counted: sa.Table) -> None:
    """Of what is there already, a thousand at a time."""
    newest = sa.and_(WRAPUP.c.contact_id == CONTACT.c.id, WRAPUP.c.newest)
    both = (sa.func.coalesce(WRAPUP.c[name], CONTACT.c[name]).label(name) for name in ("language", "topic", "age_band"))
    seen = (CONTACT.c.id.label("contact_id"), CONTACT.c.received_at, CONTACT.c.channel, CONTACT.c.first_time)
    written = (WRAPUP.c[name] for name in ("gender", "ended", "lists", "categories", "actions"))
    told = sa.select(*seen, *both, *written).select_from(CONTACT.outerjoin(WRAPUP, newest)).order_by(CONTACT.c.id)
    database, after = op.get_bind(), ""
    while rows := database.execute(told.where(CONTACT.c.id > after).limit(AT_ONCE)).all():
        database.execute(counted.insert(), [_row(dict(row._mapping)) for row in rows])
        after = rows[-1].contact_id


def _row(told: dict[str, Any]) -> dict[str, Any]:
    codes = {name: " ".join(told[name] or ()) or None for name in ("categories", "actions")}
    day = BAKU.day(told.pop("received_at")).toordinal()
    return told | codes | {"day": day}


def downgrade() -> None:
    for table in ("counted", "imported"):
        op.drop_table(table)
