"""Which of our own marks the ledger's rows know already: told again they close nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("ledger_position", sa.Column("marks", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("ledger_position", "marks")
