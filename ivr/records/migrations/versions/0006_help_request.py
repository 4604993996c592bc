"""A counsellor in a call asks for a supervisor."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "help_request",
        sa.Column("contact_id", sa.String(40), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("extension", sa.String(16), nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("answered_at", TIME),
        sa.Column("answered_by", sa.String(80)),
        sa.Column("taken_back_at", TIME),
        sa.PrimaryKeyConstraint("contact_id", "asked_at", name=op.f("pk_help_request")),
    )


def downgrade() -> None:
    op.drop_table("help_request")
