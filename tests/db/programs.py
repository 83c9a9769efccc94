"""Later versions of the program: today's migrations, and further ones that only tests know."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

from alembic.script import ScriptDirectory

import db.migrations

TODAY = Path(db.migrations.__file__).parent

Later = Callable[..., Path]
"""Makes the migrations of a later version: today's, then one for each body of an `upgrade()`."""

REBUILD = """
for name in ("project", "environment", "application", "release", "deployment", "container", "event"):
    # Without saying so, the copy of a table does not count on where the table had stopped.
    kept = {"sqlite_autoincrement": True} if name == "event" else {}
    with op.batch_alter_table(name, recreate="always", table_kwargs=kept) as table:
        table.add_column(sa.Column("note", sa.String(), nullable=False, server_default="none"))
"""
"""What a migration has to do on SQLite to change a column: every row is copied to another table."""

_PROGRAM = """
import pathlib, sys
import db.migrate, wharf.cli
db.migrate._SCRIPTS = pathlib.Path(sys.argv.pop(1))
wharf.cli.main()
"""

_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = depends_on = None


def upgrade() -> None:
{body}
"""


def later_program(scripts: Path) -> list[str]:
    """The words that begin a command `wharf` of the version whose migrations these are."""
    return [sys.executable, "-c", _PROGRAM, str(scripts)]


def later_migrations(directory: Path, *bodies: str) -> Path:
    """A folder of migrations under `directory`: today's, then `later1`, `later2`, … with these bodies."""
    copy = directory / f"migrations-{len(list(directory.glob('migrations-*')))}"
    shutil.copytree(TODAY, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = ScriptDirectory(str(TODAY)).get_current_head()
    for number, body in enumerate(bodies, 1):
        revision = f"later{number}"
        text = _MIGRATION.format(revision=revision, before=before, body=indent(dedent(body).strip(), "    "))
        (copy / "versions" / f"{revision}.py").write_text(text)
        before = revision
    return copy
