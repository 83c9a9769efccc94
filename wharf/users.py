"""`wharf user`: people, on the machine that holds the database."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Annotated, TypeVar

import typer
from sqlmodel import Session, select

from db.errors import database_errors
from db.models import Membership, Role, Team, User
from db.sessions import Sessions
from engine.accounts.acting import acting, acting_now
from engine.accounts.addresses import email_address
from engine.accounts.mail import link
from engine.accounts.passwords import Passwords
from engine.accounts.resets import LASTS, Resets
from engine.accounts.second_factor import remove
from engine.accounts.teams import join
from engine.accounts.tokens import end_setup
from engine.accounts.users import add_user, all_users, person_name, user_with
from engine.accounts.viewer import THE_MACHINE
from engine.errors import NotFound
from wharf.data_directory import need_current_database
from wharf.settings import Settings, load_settings
from wharf.tables import moment, print_table

T = TypeVar("T")

_HEADS = ("ID", "E-MAIL", "NAME", "ADMINISTRATOR", "SECOND FACTOR", "LAST SIGNED IN", "DISABLED", "ROLES")
_EMAIL = typer.Option(help="The address they sign in with.")

users = typer.Typer(help="The people who can sign in.", no_args_is_help=True)


@users.command("create")
def create_user(
    email: Annotated[str, _EMAIL],
    name: Annotated[str, typer.Option(help="What they are called.")],
    administrator: Annotated[
        bool, typer.Option("--administrator", help="They look after the installation, and own the first team.")
    ] = False,
) -> None:
    """Make a user, and print a link's secret with which they choose a password."""

    def create(session: Session) -> str:
        user = add_user(session, email_address(email), person_name(name), administrator=administrator)
        if administrator:
            _own_first_team(session, user)
            end_setup(session)
        return user.id

    settings = load_settings()
    _show(settings, _with_sessions(settings, "createUser", lambda sessions: _created(sessions, create)))


@users.command("list")
def list_users() -> None:
    """Name the users, with their times in UTC and their roles in teams."""
    print_table(_HEADS, _rows)


@users.command("reset")
def reset_user(
    email: Annotated[str, _EMAIL],
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="They have lost their app and their recovery codes too.")
    ] = False,
) -> None:
    """Print a link's secret with which a user chooses a new password."""

    def reset(session: Session) -> str:
        user = user_with(session, email_address(email))
        if user is None:
            raise NotFound("There is no such user.")
        if second_factor:
            remove(session, user)
        return user.id

    settings = load_settings()
    _show(settings, _with_sessions(settings, "createPasswordReset", lambda sessions: _created(sessions, reset)))


async def _created(sessions: Sessions, change: Callable[[Session], str]) -> str:
    user_id = await sessions.write(change)
    with closing(Passwords()) as passwords:
        _, text = await Resets(sessions, passwords, None).create(user_id)
    return text


def _own_first_team(session: Session, user: User) -> None:
    team = session.exec(select(Team).order_by(Team.id)).first()
    if team is not None:
        join(session, team, user, Role.OWNER, None)


def _show(settings: Settings, text: str) -> None:
    minutes = int(LASTS.total_seconds() // 60)
    if settings.public_url:
        typer.echo(link(settings.public_url, "reset-password", text))
    else:
        typer.echo(text)
    typer.echo(f"Good once, for {minutes} minutes: mutation resetPassword(input: {{secret, password}}).", err=True)


def _rows(session: Session) -> list[tuple[str, ...]]:
    return [(*_cells(row), _roles(session, row)) for row in all_users(session)]


def _cells(row: User) -> tuple[str, ...]:
    factor = "yes" if row.totp_confirmed_at else "no"
    return (
        *(row.id, row.email, row.name, "yes" if row.administrator else "no", factor),
        *(moment(row.last_signed_in_at), moment(row.disabled_at) if row.disabled_at else "no"),
    )


def _roles(session: Session, user: User) -> str:
    """As in "OWNER of default; VIEWER of shop in 2 project(s)"; "none" for who is in no team."""
    query = select(Membership, Team).join(Team).where(Membership.user_id == user.id).order_by(Team.name)
    return "; ".join(_role(*found) for found in session.exec(query)) or "none"


def _role(membership: Membership, team: Team) -> str:
    narrowed = f" in {len(membership.project_ids)} project(s)" if membership.project_ids is not None else ""
    return f"{membership.role.value} of {team.name}{narrowed}"


def _with_sessions(settings: Settings, action: str, ask: Callable[[Sessions], Awaitable[T]]) -> T:
    need_current_database(settings)

    async def run() -> T:
        with closing(Sessions(settings.database, acting_now)) as sessions, acting(THE_MACHINE, action):
            return await ask(sessions)

    with database_errors(settings.database):
        return asyncio.run(run())
