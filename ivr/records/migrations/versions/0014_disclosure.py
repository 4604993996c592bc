"""The duty-of-care register: who was told of a child, on what ground, and whether the child knew."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "disclosure",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.Column("contact_id", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("written_at", TIME, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("told", sa.String(32), nullable=False),
        sa.Column("ground", sa.String(32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("child_told", sa.String(16), nullable=False),
        sa.Column("not_told", sa.String(32)),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("lists", sa.String(16), nullable=False),
        sa.Column("note", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", "number", name=op.f("pk_disclosure")),
    )
    for names in (["contact_id"], ["owner"], ["newest", "at"]):
        op.create_index(op.f(f"ix_disclosure_{'_'.join(names)}"), "disclosure", names)


def downgrade() -> None:
    op.drop_table("disclosure")
