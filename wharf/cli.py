"""`wharf`, the command."""

import asyncio
import resource
import socket
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Annotated, TypeVar

import typer
import uvicorn

from db.migrate import MigrationFailed, migrate
from db.models import now
from db.sessions import Sessions
from engine.access import Access
from engine.docker.gateway import DockerGateway
from engine.engine import Engine, EngineSettings, instance_of
from engine.errors import EngineError
from engine.secrets import SecretUnreadable
from engine.uninstall import uninstall
from graph.http import MAX_BODY
from graph.root import print_schema_text
from wharf.app import create_app
from wharf.doctor import examine
from wharf.logging import log_to_terminal
from wharf.settings import Settings, SettingsInvalid, load_settings

T = TypeVar("T")

cli = typer.Typer(
    help="Wharfinger: deploy, route and watch your own containers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
token = typer.Typer(help="The keys to the API.", no_args_is_help=True)
cli.add_typer(token, name="token")

_EXPLAINED = (SettingsInvalid, MigrationFailed, SecretUnreadable, EngineError, OSError)


@cli.command()
def serve() -> None:
    """Serve the API and keep everything as it is wanted, until told to stop."""
    settings = load_settings()
    log_to_terminal(settings.log_level)
    _open_database(settings)
    _allow_many_files()
    listening = _listen(settings)
    app = create_app(Engine(engine_settings(settings)), _announce(settings))
    typer.echo(f"The API is at http://{settings.listen}/graphql", err=True)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws_per_message_deflate=False,
        ws_max_size=MAX_BODY,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[listening])


@cli.command("migrate")
def migrate_database() -> None:
    """Bring the database up to date and do nothing else."""
    settings = load_settings()
    _open_database(settings)
    typer.echo("The database is up to date.")


@cli.command()
def schema() -> None:
    """Print the schema of the API in GraphQL's own language."""
    typer.echo(print_schema_text(), nl=False)


@cli.command()
def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Only ask whether the server answers.")] = False,
) -> None:
    """Look for what would keep the server from working, and say what to do about it."""
    findings = asyncio.run(examine(load_settings(), quick=quick))
    for finding in findings:
        typer.echo(str(finding))
    if any(finding.broken for finding in findings):
        raise typer.Exit(1)


@cli.command("uninstall")
def uninstall_everything(
    volumes: Annotated[bool, typer.Option("--volumes", help="Remove the volumes too, and what they hold.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove from the Docker host everything that this installation made there. Stop the server first."""
    if not yes:
        typer.confirm("All applications of this installation end now. Go on?", abort=True)
    settings = load_settings()
    _open_database(settings)
    for thing in asyncio.run(_uninstall(settings, volumes=volumes)):
        typer.echo(f"Removed {thing}.")


@token.command("create")
def create_token(
    name: Annotated[str, typer.Option(help="What the token is for.")],
    days: Annotated[int | None, typer.Option(min=1, help="For how many days it can be used.")] = None,
) -> None:
    """Make a token and print it. It cannot be shown again."""
    expires_at = now() + timedelta(days=days) if days else None
    _, text = _with_access(lambda access: access.create_token(name, expires_at))
    typer.echo(text)


@token.command("list")
def list_tokens() -> None:
    """Name the tokens that can be used."""
    for row in _with_access(Access.usable_tokens):
        typer.echo(f"{row.id}  {row.name}")


@token.command("revoke")
def revoke_token(token_id: Annotated[str, typer.Argument(help="As `wharf token list` names it.")]) -> None:
    """Have a token refused from now on. A server that runs ends what was opened with it."""
    _with_access(lambda access: access.revoke_token(token_id))


def engine_settings(settings: Settings) -> EngineSettings:
    """What of the settings the engine is told."""
    return EngineSettings(
        data_directory=settings.data_directory,
        database_url=settings.database,
        docker_host=settings.docker_host,
        network_pool=settings.network_pool,
        proxy_image=settings.proxy_image,
        proxy_address=settings.proxy_address,
        http_port=settings.http_port,
        https_port=settings.https_port,
        events_kept=settings.events_kept,
    )


def main() -> None:
    """Run the command; what a person can mend is said in a sentence, without a traceback."""
    try:
        cli()
    except _EXPLAINED as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


async def _uninstall(settings: Settings, *, volumes: bool) -> list[str]:
    sessions, docker = Sessions(settings.database), DockerGateway(settings.docker_host)
    try:
        instance = await sessions.read(instance_of)
        return await uninstall(docker, instance.id, volumes=volumes) if instance else []
    finally:
        await docker.close()
        sessions.close()


def _open_database(settings: Settings) -> None:
    settings.data_directory.mkdir(parents=True, exist_ok=True)
    settings.data_directory.chmod(0o700)
    migrate(settings.database)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        sentence = f"WHARF_LISTEN={settings.listen!r} cannot be used: {error.strerror or error}."
        raise SettingsInvalid(sentence) from error


def _allow_many_files() -> None:
    # A subscriber is a file; what many systems begin with (1024) ends there soon.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _announce(settings: Settings) -> Callable[[str], None]:
    def announce(text: str) -> None:
        typer.echo(
            "\nThis is the first start. Make your first API token with this setup token, which is shown once\n"
            f"and can do nothing else (mutation createApiToken at http://{settings.listen}/graphql),\n"
            f"or on this machine with: wharf token create --name me\n\n    {text}\n",
            err=True,
        )

    return announce


def _with_access(ask: Callable[[Access], Coroutine[object, object, T]]) -> T:
    settings = load_settings()
    _open_database(settings)

    async def run() -> T:
        sessions = Sessions(settings.database)
        try:
            return await ask(Access(sessions))
        finally:
            sessions.close()

    return asyncio.run(run())
