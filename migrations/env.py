"""What Alembic runs: the outstanding revisions, on the connection that `memory.database.migrate` holds."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
