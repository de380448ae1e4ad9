"""Run by Alembic: migrations go over the connection that collector/store/database.py hands in."""

from alembic import context

from collector.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
