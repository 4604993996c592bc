"""Who is on, what a counsellor may take, promises to call back, messages, calls out, and blocks."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("counsellor") as counsellor:
        counsellor.add_column(sa.Column("topics", sa.String(80), nullable=False, server_default=""))
        counsellor.add_column(sa.Column("danger", sa.Boolean(), nullable=False, server_default=sa.true()))
        counsellor.add_column(sa.Column("rings_out", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "presence",
        sa.Column("extension", sa.String(16), nullable=False),
        sa.Column("said", sa.String(16), nullable=False),
        sa.Column("said_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("extension", name=op.f("pk_presence")),
    )
    _rota()
    _callbacks()
    op.create_table(
        "message",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("left_at", TIME, nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("topic", sa.String(32)),
        sa.Column("caller", sa.String(32)),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("heard_at", TIME),
        sa.Column("heard_by", sa.String(80)),
        sa.Column("deleted_at", TIME),
        sa.Column("deleted_by", sa.String(80)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_table(
        "message_hearing",
        sa.Column("message_id", sa.String(40), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "at", name=op.f("pk_message_hearing")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_hearing_message_id_message")),
    )
    op.create_table(
        "ring_out",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("counsellor", sa.String(16), nullable=False),
        sa.Column("contact_id", sa.String(40)),
        sa.Column("outcome", sa.String(16)),
        sa.Column("talk_s", sa.Float()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ring_out")),
    )
    op.create_index(op.f("ix_ring_out_started_at"), "ring_out", ["started_at"])
    op.create_table(
        "block",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("caller", sa.String(32), nullable=False),
        sa.Column("call_id", sa.String(40), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("lifted_at", TIME),
        sa.Column("lifted_by", sa.String(80)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
    )
    op.create_index(op.f("ix_block_caller"), "block", ["caller"])
    op.create_index(op.f("ix_block_until"), "block", ["until"])


def _rota() -> None:
    """Times of day are the helpline's own, as minutes since midnight; an end at or before its start is tomorrow."""
    op.create_table(
        "shift",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("extension", sa.String(16), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.Date()),
        sa.Column("until_day", sa.Date()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
        sa.ForeignKeyConstraint(["extension"], ["counsellor.extension"], name=op.f("fk_shift_extension_counsellor")),
    )
    op.create_table(
        "shift_exception",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("extension", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_exception")),
        sa.ForeignKeyConstraint(
            ["extension"], ["counsellor.extension"], name=op.f("fk_shift_exception_extension_counsellor")
        ),
    )
    op.create_table(
        "rota_change",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("what", sa.String(200), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rota_change")),
    )


def _callbacks() -> None:
    op.create_table(
        "callback",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("call_id", sa.String(40), nullable=False),
        sa.Column("caller", sa.String(32)),
        sa.Column("number", sa.LargeBinary()),
        sa.Column("language", sa.String(8)),
        sa.Column("topic", sa.String(32)),
        sa.Column("age_band", sa.String(16)),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("only_caller", sa.Boolean(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("safe_from", TIME, nullable=False),
        sa.Column("safe_until", TIME, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback")),
    )
    op.create_index(op.f("ix_callback_state_next_at"), "callback", ["state", "next_at"])
    op.create_index(op.f("ix_callback_caller"), "callback", ["caller"])
    op.create_table(
        "callback_attempt",
        sa.Column("callback_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("counsellor", sa.String(16)),
        sa.Column("outcome", sa.String(24)),
        sa.Column("call_id", sa.String(40)),
        sa.Column("talk_s", sa.Float()),
        sa.PrimaryKeyConstraint("callback_id", "number", name=op.f("pk_callback_attempt")),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callback.id"], name=op.f("fk_callback_attempt_callback_id_callback")
        ),
    )


def downgrade() -> None:
    for table in (
        "block",
        "ring_out",
        "message_hearing",
        "message",
        "callback_attempt",
        "callback",
        "rota_change",
        "shift_exception",
        "shift",
        "presence",
    ):
        op.drop_table(table)
    with op.batch_alter_table("counsellor") as counsellor:
        for column in ("topics", "danger", "rings_out"):
            counsellor.drop_column(column)
