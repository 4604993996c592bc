"""Calls, contacts, counsellors, and how far the ledger was read."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "call",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("dialled", sa.String(32), nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("topic", sa.String(32)),
        sa.Column("age_band", sa.String(16)),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("queue", sa.String(40)),
        sa.Column("outcome", sa.String(32)),
        sa.Column("counsellor", sa.String(32)),
        sa.Column("wait_s", sa.Float()),
        sa.Column("talk_s", sa.Float()),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("door", sa.BigInteger()),
        sa.Column("reason", sa.String(40)),
        sa.Column("caller", sa.String(32)),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
    )
    op.create_index(op.f("ix_call_started_at"), "call", ["started_at"])
    op.create_index(op.f("ix_call_revision"), "call", ["revision"])
    op.create_index(op.f("ix_call_caller_id"), "call", ["caller", "id"])
    op.create_table(
        "contact",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("topic", sa.String(32)),
        sa.Column("age_band", sa.String(16)),
        sa.Column("first_time", sa.String(8), nullable=False),
        sa.Column("counsellor", sa.String(32)),
        sa.Column("call_id", sa.String(40)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_contact_call_id_call")),
        sa.UniqueConstraint("call_id", name=op.f("uq_contact_call_id")),
    )
    op.create_index(op.f("ix_contact_received_at"), "contact", ["received_at"])
    position = op.create_table(
        "ledger_position",
        sa.Column("ledger", sa.String(16), nullable=False),
        sa.Column("head", sa.String(32), nullable=False),
        sa.Column("tail", sa.String(32), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("began", sa.Float(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("rubbish", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ledger", name=op.f("pk_ledger_position")),
    )
    # The row is there from the beginning: whoever reads the ledger locks it first.
    start = {"offset": 0, "began": 0.0, "lines": 0, "rubbish": 0, "refused": 0, "revision": 0}
    op.bulk_insert(position, [{"ledger": "calls", "head": "", "tail": ""} | start])
    op.create_table(
        "open_call",
        sa.Column("linkedid", sa.String(100), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("linkedid", name=op.f("pk_open_call")),
    )
    counsellor = op.create_table(
        "counsellor",
        sa.Column("extension", sa.String(16), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("languages", sa.String(40), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("extension", name=op.f("pk_counsellor")),
    )
    # Three invented people, so that a new line can be tried out at once.
    demonstration = (("101", "az"), ("102", "az ru"), ("103", "az ru en"))
    op.bulk_insert(
        counsellor,
        [
            {"extension": extension, "name": f"Demo {extension}", "languages": languages, "active": True}
            for extension, languages in demonstration
        ],
    )


def downgrade() -> None:
    for table in ("counsellor", "open_call", "ledger_position", "contact", "call"):
        op.drop_table(table)
