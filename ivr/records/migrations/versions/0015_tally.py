"""Days that are over, counted for the reports; calls by length found by whatever else is asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
ASKED = ("language", "topic", "outcome", "counsellor", "dialled", "silent")


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("of", sa.String(16), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("of", "day", name=op.f("pk_tally")),
    )
    for name in ("wait", "talk"):
        op.drop_index(op.f(f"ix_call_{name}_s_id"), "call")
        op.create_index(f"ix_call_by_{name}", "call", [f"{name}_s", "id", *ASKED])


def downgrade() -> None:
    for name in ("wait", "talk"):
        op.drop_index(f"ix_call_by_{name}", "call")
        op.create_index(op.f(f"ix_call_{name}_s_id"), "call", [f"{name}_s", "id"])
    op.drop_table("tally")
