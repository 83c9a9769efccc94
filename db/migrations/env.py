"""Run by Alembic, with a connection that db.migrate (or `alembic revision --autogenerate`) hands over."""

from alembic import context
from sqlmodel import SQLModel

from db import models  # noqa: F401  (registers every table)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    # SQLite cannot alter a column: Alembic then copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
