"""What counsellors write down: drafts, every version of a wrap-up, hard calls, and who opened what is sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "wrapup_draft",
        sa.Column("contact_id", sa.String(40), nullable=False),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", TIME, nullable=False),
        sa.Column("form", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "account", name=op.f("pk_wrapup_draft")),
    )
    op.create_index(op.f("ix_wrapup_draft_account"), "wrapup_draft", ["account"])
    _versions()
    op.create_table(
        "hard_call",
        sa.Column("contact_id", sa.String(40), nullable=False),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("extension", sa.String(16), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("debriefed_at", TIME),
        sa.Column("debriefed_by", sa.String(80)),
        sa.PrimaryKeyConstraint("contact_id", "account", name=op.f("pk_hard_call")),
    )
    op.create_index(op.f("ix_hard_call_at"), "hard_call", ["at"])
    op.create_table(
        "opening",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("of", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
    )
    op.create_index(op.f("ix_opening_of"), "opening", ["of"])


def _versions() -> None:
    op.create_table(
        "wrapup",
        sa.Column("contact_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.Column("ended", sa.String(16), nullable=False),
        sa.Column("lists", sa.String(16), nullable=False),
        sa.Column("topic", sa.String(32)),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("age", sa.Integer()),
        sa.Column("age_band", sa.String(16)),
        sa.Column("gender", sa.String(16), nullable=False),
        sa.Column("region", sa.String(16), nullable=False),
        sa.Column("caller", sa.String(32), nullable=False),
        sa.Column("living", sa.String(32), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("risk", sa.String(16)),
        sa.Column("risk_yes", sa.JSON(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("referrals", sa.JSON(), nullable=False),
        sa.Column("call_back", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("contact_id", "number", name=op.f("pk_wrapup")),
    )
    op.create_index(op.f("ix_wrapup_at"), "wrapup", ["at"])


def downgrade() -> None:
    for table in ("opening", "hard_call", "wrapup", "wrapup_draft"):
        op.drop_table(table)
