"""`wharf token`: the keys to the API, on the machine that holds the database."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

import typer

from db.errors import database_errors
from db.models import ApiToken, now
from engine.accounts.acting import acting
from engine.accounts.tokens import Tokens
from engine.accounts.viewer import THE_MACHINE
from engine.audit import audited
from wharf.data_directory import need_current_database
from wharf.settings import load_settings

T = TypeVar("T")

_HEADS = ("ID", "NAME", "CREATED", "EXPIRES", "LAST USED")

tokens = typer.Typer(help="The keys to the API.", no_args_is_help=True)


@tokens.command("create")
def create_token(
    name: Annotated[str, typer.Option(help="What the token is for.")],
    days: Annotated[int | None, typer.Option(min=1, max=36500, help="For how many days it can be used.")] = None,
) -> None:
    """Make a token and print it. It cannot be shown again."""
    expires_at = now() + timedelta(days=days) if days else None
    _, text = _with_tokens("create", lambda tokens: tokens.create(name, expires_at))
    typer.echo(text)


@tokens.command("list")
def list_tokens() -> None:
    """Name the tokens that can be used, with their times in UTC."""
    for line in aligned([_HEADS, *map(_cells, _with_tokens("list", Tokens.usable))]):
        typer.echo(line)


@tokens.command("revoke")
def revoke_token(token_id: Annotated[str, typer.Argument(help="As `wharf token list` names it.")]) -> None:
    """Have a token refused from now on. A server that runs ends what was opened with it."""
    _with_tokens("revoke", lambda tokens: tokens.revoke(token_id))


def _cells(row: ApiToken) -> tuple[str, ...]:
    return row.id, row.name, *map(_moment, (row.created_at, row.expires_at, row.last_used_at))


def aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, without blanks at their ends."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        yield "  ".join(map(str.ljust, cells, widths)).rstrip()


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "never"


def _with_tokens(command: str, ask: Callable[[Tokens], Coroutine[object, object, T]]) -> T:
    settings = load_settings()
    need_current_database(settings)

    async def run() -> T:
        sessions = audited(settings.database)
        try:
            with acting(THE_MACHINE, f"wharf token {command}"):
                return await ask(Tokens(sessions))
        finally:
            sessions.close()

    with database_errors(settings.database):
        return asyncio.run(run())
