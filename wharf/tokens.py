"""`wharf token`: the keys to the API, on the machine that holds the database."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Annotated, Any, TypeVar

import typer
from sqlmodel import Session

from db.errors import database_errors
from db.models import ApiToken, Environment, Grant, Project, Team, User, now
from engine.accounts.acting import acting
from engine.accounts.tokens import Tokens, usable_tokens
from engine.accounts.viewer import THE_MACHINE
from engine.audit import audited
from wharf.data_directory import need_current_database
from wharf.settings import load_settings
from wharf.tables import moment, print_table

T = TypeVar("T")

_HEADS = ("ID", "NAME", "CREATED", "EXPIRES", "LAST USED", "LIMITS")

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
    """Name the tokens that can be used, with their times in UTC and what they are limited to."""
    print_table(_HEADS, _rows)


@tokens.command("revoke")
def revoke_token(token_id: Annotated[str, typer.Argument(help="As `wharf token list` names it.")]) -> None:
    """Have a token refused from now on. A server that runs ends what was opened with it."""
    _with_tokens("revoke", lambda tokens: tokens.revoke(token_id))


def _rows(session: Session) -> list[tuple[str, ...]]:
    return [
        (row.id, row.name, *map(moment, (row.created_at, row.expires_at, row.last_used_at)), _limits(session, row))
        for row in usable_tokens(session)
    ]


def _limits(session: Session, row: ApiToken) -> str:
    """What it may do, where, from where, and for whom."""
    if row.grant is not Grant.LIMITED:
        return "none" if row.grant is Grant.OWNER else "only makes the owner, or the first token"
    user = session.get(User, row.user_id) if row.user_id else None
    place = _place(session, row)
    parts = (
        ", ".join(row.permissions),
        f"in {place}" if place else "",
        f"from {', '.join(row.networks)}" if row.networks is not None else "",
        f"for {user.email}" if user else "",
    )
    return "; ".join(filter(None, parts))


def _place(session: Session, row: ApiToken) -> str:
    """As in default/shop/production, ? for what is gone; empty: everywhere."""
    tables: Any = (Team, Project, Environment)
    keys = (row.team_id, row.project_id, row.environment_id)
    found = (session.get(table, key) for table, key in zip(tables, keys, strict=True) if key)
    return "/".join(each.name if each else "?" for each in found)


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
