"""How Alembic reaches our tables: on the connection, and inside the transaction, that `Database.migrate` opened."""

from alembic import context

from ivr.records import (  # noqa: F401  their tables, for comparing
    block,
    callback,
    contact,
    counsellor,
    ledger,
    message,
    presence,
    ring_out,
    rota,
)
from ivr.records.database import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
