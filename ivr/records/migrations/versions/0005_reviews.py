"""Talks that were looked at afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "review",
        sa.Column("contact_id", sa.String(40), nullable=False),
        sa.Column("counsellor", sa.String(32), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("rubric", sa.String(16), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("remark", sa.LargeBinary()),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("answered_at", TIME),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_counsellor"), "review", ["counsellor"])
    op.create_index(op.f("ix_review_at"), "review", ["at"])
