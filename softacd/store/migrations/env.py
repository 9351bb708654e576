"""Run the migrations on the connection `softacd.store.migration` hands over, in its transaction."""

from alembic import context

from softacd.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
