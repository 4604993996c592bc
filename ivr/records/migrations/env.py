"""How Alembic reaches our tables: on the connection, and inside the transaction, that `Database.migrate` opened."""

from alembic import context

from ivr.records import contact, counsellor, ledger  # noqa: F401  their tables, for comparing
from ivr.records.database import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
