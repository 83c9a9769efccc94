"""Tables on the command line."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime

import typer
from sqlmodel import Session

from db.errors import database_errors
from db.sessions import Sessions
from wharf.data_directory import need_current_database
from wharf.settings import load_settings

Row = tuple[str, ...]


def print_table(heads: Row, rows: Callable[[Session], list[Row]]) -> None:
    """Print what `rows` finds in this installation's database. Ends the program when it cannot be read."""
    settings = load_settings()
    need_current_database(settings)
    with database_errors(settings.database), closing(Sessions(settings.database)) as sessions:
        found = sessions.read_now(rows)
    for line in aligned([heads, *found]):
        typer.echo(line)


def aligned(table: Sequence[Row]) -> Iterator[str]:
    """The lines of a table, without blanks at their ends."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        yield "  ".join(map(str.ljust, cells, widths)).rstrip()


def moment(at: datetime | None) -> str:
    """The time as people read it, in UTC."""
    return f"{at:%Y-%m-%d %H:%M}" if at else "never"
