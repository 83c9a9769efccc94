"""`wharf audit`: who did what, on the machine that holds the database."""

from contextlib import closing
from typing import Annotated

import typer

from db.errors import database_errors
from db.sessions import Sessions
from engine.accounts.authority import EVERYTHING
from engine.audit_log import oldest
from graph.export import line
from wharf.data_directory import need_current_database
from wharf.settings import load_settings

audit_log = typer.Typer(help="The audit log: who did what to what.", no_args_is_help=True)


@audit_log.command("export")
def export_entries(
    after: Annotated[int, typer.Option(min=0, help="The number of the last entry that you have.")] = 0,
) -> None:
    """Write the entries to standard output, oldest first, one JSON object a line."""
    settings = load_settings()
    need_current_database(settings)
    with database_errors(settings.database), closing(Sessions(settings.database)) as sessions:
        while rows := sessions.read_now(oldest, EVERYTHING, after):
            typer.echo(b"".join(map(line, rows)).decode(), nl=False)
            after = rows[-1].sequence or after
