"""The call log: an index for each thing that is asked for, and ways of looking at it that somebody keeps."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
CALL = ("language", "topic", "outcome", "counsellor", "dialled", "silent", "wait_s", "talk_s")
AT_ONCE = 1_000


def upgrade() -> None:
    for name in CALL:
        op.create_index(op.f(f"ix_call_{name}_id"), "call", [name, "id"])
    op.create_index(op.f("ix_contact_first_time_call_id"), "contact", ["first_time", "call_id"])
    op.create_index("ix_wrapup_risk", "wrapup", ["risk", "contact_id"])
    op.create_table(
        "saved_view",
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_saved_view")),
    )
    made = op.create_table(
        "wrapup_category",
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("contact_id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("code", "contact_id", name=op.f("pk_wrapup_category")),
    )
    op.create_index(op.f("ix_wrapup_category_contact_id"), "wrapup_category", ["contact_id"])
    _take_over(made)


def _take_over(made: sa.Table) -> None:
    """What is written down already, a thousand at a time."""
    old = sa.table("wrapup", *(sa.column(name) for name in ("contact_id", "newest", "categories")))
    query = sa.select(old.c.contact_id, sa.cast(old.c.categories, sa.Text).label("codes")).where(old.c.newest)
    after, database = "", op.get_bind()
    while rows := database.execute(
        query.where(old.c.contact_id > after).order_by(old.c.contact_id).limit(AT_ONCE)
    ).all():
        new = [{"code": code, "contact_id": row.contact_id} for row in rows for code in set(json.loads(row.codes))]
        if new:
            database.execute(made.insert(), new)
        after = rows[-1].contact_id


def downgrade() -> None:
    op.drop_table("wrapup_category")
    op.drop_table("saved_view")
    op.drop_index("ix_wrapup_risk", "wrapup")
    op.drop_index(op.f("ix_contact_first_time_call_id"), "contact")
    for name in CALL:
        op.drop_index(op.f(f"ix_call_{name}_id"), "call")
