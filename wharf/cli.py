"""`wharf`, the command."""

import asyncio
import gc
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from db.backup import BackupFailed
from db.errors import DatabaseUnusable, database_errors
from db.migrate import migrate
from db.sessions import Sessions
from engine.databases import dump_files
from engine.docker.gateway import DockerGateway
from engine.errors import EngineError
from engine.instance import instance_of
from engine.secrets import SecretUnreadable
from engine.uninstall import dumps_kept, uninstall, volumes_kept, volumes_of
from wharf.audit import audit_log
from wharf.backup import back_up
from wharf.data_directory import DirectoryTaken, held, prepare
from wharf.doctor import examine
from wharf.logging import log_to_terminal
from wharf.operations import OperationsUnusable
from wharf.secrets import secret_keys
from wharf.settings import Settings, SettingsInvalid, load_settings
from wharf.tokens import tokens
from wharf.users import users

cli = typer.Typer(
    help="Wharfinger: deploy, route and watch your own containers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
cli.add_typer(audit_log, name="audit")
cli.add_typer(tokens, name="token")
cli.add_typer(users, name="user")
cli.add_typer(secret_keys, name="secrets")

_EXPLAINED = (
    SettingsInvalid,
    DirectoryTaken,
    DatabaseUnusable,
    BackupFailed,
    SecretUnreadable,
    EngineError,
    OperationsUnusable,
    OSError,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wharfinger {version('wharfinger')}")
        raise typer.Exit


@cli.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


@cli.command("serve")
def serve_until_stopped() -> None:
    """Serve the API and keep everything as it is wanted, until told to stop."""
    gc.disable()  # all of this stays: to look for garbage would take an eighth of the start
    from wharf.server import serve  # takes half a second, which every other command would wait for

    gc.enable()
    settings = load_settings()
    log_to_terminal(settings.log_level)
    serve(settings)


@cli.command("migrate")
def migrate_database() -> None:
    """Bring the database up to date and do nothing else. There is no way back but the copy that is made first."""
    settings = load_settings()
    log_to_terminal(settings.log_level)
    prepare(settings.data_directory)
    with held(settings.data_directory, settings.database_file):
        migrate(settings.database)
    typer.echo("The database is up to date.")


@cli.command()
def backup(
    archive: Annotated[Path, typer.Argument(help="The tar archive to make; - is standard output.")],
) -> None:
    """Write the database and its key into an archive, also while the server runs."""
    settings = load_settings()
    back_up(settings, archive)
    if count := dumps_kept(settings.data_directory):
        directory = dump_files.directory_in(settings.data_directory)
        typer.echo(f"{count} dump(s) of databases in {directory} are not in it: copy that directory too.", err=True)
    if settings.secret_key:
        typer.echo("The key to the secrets is not in it, but in WHARF_SECRET_KEY: keep that too.", err=True)
    else:
        typer.echo("The backup holds the key to every secret: keep it where nobody else reads it.", err=True)


@cli.command()
def schema() -> None:
    """Print the schema of the API in GraphQL's own language."""
    from graph.root import print_schema_text

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
    settings = load_settings()
    if not settings.database_file.exists():
        typer.echo(f"Nothing to remove: there is no database at {settings.database_file} (WHARF_DATA_DIRECTORY).")
        return
    with held(settings.data_directory, settings.database_file), database_errors(settings.database):
        if not yes:
            typer.confirm("All applications of this installation end now. Go on?", abort=True)
        migrate(settings.database)
        asyncio.run(_uninstall(settings, volumes=volumes, ask=volumes and not yes))


def main() -> None:
    """Run the command; what a person can mend is said in a sentence, without a traceback."""
    try:
        cli()
    except _EXPLAINED as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


async def _uninstall(settings: Settings, *, volumes: bool, ask: bool) -> None:
    sessions, docker = Sessions(settings.database), DockerGateway(settings.docker_host)
    try:
        instance = sessions.read_now(instance_of)
        if instance is None:
            typer.echo("Nothing to remove.")
        else:
            if ask:
                _confirm(await volumes_of(docker, sessions, instance.id))
            await _remove(docker, instance.id, settings.data_directory, volumes=volumes)
    finally:
        await docker.close()
        sessions.close()
    typer.echo(
        f"The data directory {settings.data_directory} stays: the next `wharf serve` brings every application back."
    )


def _confirm(volumes: list[str]) -> None:
    """Ask whether they shall go, if there are any; ends the command if not."""
    for volume in volumes:
        typer.echo(f"volume {volume}")
    if volumes:
        typer.confirm(f"{len(volumes)} volume(s) go too, with all that they hold. Go on?", abort=True)


async def _remove(docker: DockerGateway, instance_id: str, data_directory: Path, *, volumes: bool) -> None:
    count = 0
    async for thing in uninstall(docker, instance_id, data_directory, volumes=volumes):
        typer.echo(f"Removed {thing}.")
        count += 1
    if not count:
        typer.echo("Nothing to remove.")
    if kept := await volumes_kept(docker, instance_id):
        typer.echo(f"{kept} volume(s) stay, with what they hold; `wharf uninstall --volumes` removes them too.")
    if dumps := dumps_kept(data_directory):
        typer.echo(f"{dumps} dump(s) of databases stay in {dump_files.directory_in(data_directory)}.")
