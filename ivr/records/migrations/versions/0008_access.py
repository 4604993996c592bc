"""Passkeys; when somebody's training and check lapse; the audit chained by hash, its rows never changed."""

import sqlalchemy as sa
from alembic import op

from ivr.records.audit_chain import Link, digest

revision = "0008"
down_revision = "0007"

TIME = sa.DateTime(timezone=True)
FOR_GOOD = "rows of the audit stay as they are"


def upgrade() -> None:
    op.create_table(
        "passkey",
        sa.Column("id", sa.String(1400), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_passkey_account_id_account")),
    )
    op.create_index(op.f("ix_passkey_account_id"), "passkey", ["account_id"])
    op.add_column("session", sa.Column("challenge", sa.LargeBinary()))
    op.add_column("account", sa.Column("training_until", sa.Date()))
    op.add_column("account", sa.Column("check_until", sa.Date()))
    op.add_column("audit", sa.Column("hash", sa.String(64), nullable=False, server_default=""))
    _chain()
    _keep()


def _chain() -> None:
    """The rows that are there already, from the first on."""
    names = ("number", "by", "deed", "about", "address", "hash")
    columns: list[sa.ColumnClause[object]] = [sa.column(name) for name in names]
    audit = sa.table("audit", *columns, sa.column("at", TIME))
    connection, before = op.get_bind(), ""
    for row in connection.execute(sa.select(audit).order_by(audit.c.number)).all():
        before = digest(before, Link(row.number, row.at, row.by, row.deed, row.about, row.address))
        connection.execute(audit.update().where(audit.c.number == row.number).values(hash=before))


def _keep() -> None:
    """Whoever changes a row must first take this away, and even then the chain tells."""
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            fails = f"BEGIN SELECT RAISE(ABORT, '{FOR_GOOD}'); END"
            op.execute(f"CREATE TRIGGER audit_{deed.lower()} BEFORE {deed} ON audit {fails}")
        return
    fails = f"$$ BEGIN RAISE EXCEPTION '{FOR_GOOD}'; END $$"
    op.execute(f"CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS {fails}")
    op.execute("CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit EXECUTE FUNCTION audit_stays()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_update")
        op.execute("DROP TRIGGER audit_delete")
    else:
        op.execute("DROP TRIGGER audit_stays ON audit")
        op.execute("DROP FUNCTION audit_stays()")
    op.drop_column("audit", "hash")
    op.drop_column("account", "check_until")
    op.drop_column("account", "training_until")
    op.drop_column("session", "challenge")
    op.drop_table("passkey")
