"""Flows that are on trial, or were in use."""

import sqlalchemy as sa
from alembic import op

from ivr.records.database import UtcDateTime

revision = "0012"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "flow",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("mark", sa.String(12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("keyed_by", sa.String(80), nullable=False),
        sa.Column("keyed_at", UtcDateTime()),
        sa.Column("called_by", sa.String(80), nullable=False),
        sa.Column("called_at", UtcDateTime()),
        sa.Column("went", sa.String(120), nullable=False),
        sa.Column("taken_by", sa.String(80), nullable=False),
        sa.Column("taken_at", UtcDateTime()),
        sa.Column("before", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow")),
    )


def downgrade() -> None:
    op.drop_table("flow")
