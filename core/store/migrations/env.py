"""Runs the migrations on the connection that `core.store.engine` hands over."""

from alembic import context

from core.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)  # SQLite alters by copying
with context.begin_transaction():
    context.run_migrations()
