"""`wharf secrets`: the key that the secrets in the database rest on, and how to have another."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import typer
from sqlmodel import Session

from db.errors import database_errors
from db.sessions import Sessions
from engine.accounts.acting import acting
from engine.accounts.viewer import THE_MACHINE
from engine.audit import audited
from engine.errors import NotNow
from engine.instance import check_keys, instance_of, unlock
from engine.key_ring import KEY_FILE, KeyRing
from engine.rekeying import Rekeying, ask_for_key, census
from engine.secrets import UNNAMED, key_named_in
from wharf.data_directory import DirectoryTaken, held, need_current_database
from wharf.settings import Settings, load_settings
from wharf.tables import aligned

_HEADS = ("KEY", "SECRETS", "WHERE IT IS")
_LOOK_SECONDS = 0.1
_PATIENCE_SECONDS = 15.0
_GIVEN = "WHARF_SECRET_KEY"

secret_keys = typer.Typer(help="The key that the secrets in the database rest on.", no_args_is_help=True)


class _Standing(NamedTuple):
    """How far it is: whether another key is still asked for, the one that encrypts, and how many rest on which."""

    wanted: bool
    current: str
    found: dict[str, int]

    @property
    def left(self) -> int:
        return sum(self.found.values()) - self.found.get(self.current, 0)


@secret_keys.command("status")
def show_status() -> None:
    """Say how many secrets rest on which key, and where that key is."""
    settings = load_settings()
    need_current_database(settings)
    with database_errors(settings.database), closing(Sessions(settings.database)) as sessions:
        standing = sessions.read_now(_standing)
    for line in aligned([_HEADS, *_rows(settings, standing)]):
        typer.echo(line)
    if standing.wanted:
        typer.echo("Another key is asked for: the server takes it at once, or when it starts.", err=True)


@secret_keys.command("rotate")
def rotate_key() -> None:
    """Have every secret rest on a new key. A server that runs does it, and serves on."""
    settings = load_settings()
    need_current_database(settings)
    with database_errors(settings.database), closing(audited(settings.database)) as sessions:
        before = sessions.read_now(_standing)
        try:
            with held(settings.data_directory, settings.database_file):
                asyncio.run(_rotate(sessions, settings))
        except DirectoryTaken:
            asyncio.run(_have_rotated(sessions, settings))
        _tell(sessions.read_now(_standing), before)


def _ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.data_directory / KEY_FILE, settings.secret_key)


async def _rotate(sessions: Sessions, settings: Settings) -> None:
    ring = _ring(settings)
    cipher = sessions.read_now(unlock, ring)
    sessions.read_now(check_keys, ring)
    if not ring.given:
        await _ask_for_key(sessions)
    await Rekeying(sessions, ring, cipher).carry_out()


async def _ask_for_key(sessions: Sessions) -> None:
    with acting(THE_MACHINE, "wharf secrets rotate"):
        await sessions.write(ask_for_key)


async def _have_rotated(sessions: Sessions, settings: Settings) -> None:
    if settings.secret_key:
        raise NotNow(
            f"The server has its key from {_GIVEN}: put a new one there, then a comma and the old one, and start the "
            "server again."
        )
    await _ask_for_key(sessions)
    before, deadline = sessions.read_now(_standing), time.monotonic() + _PATIENCE_SECONDS
    while (now := sessions.read_now(_standing)).wanted or now.left or len(_ring(settings).kept) > 1:
        if now != before:
            before, deadline = now, time.monotonic() + _PATIENCE_SECONDS
        if time.monotonic() > deadline:
            raise NotNow("It is asked for and does not go on. The log of the server may say why.")
        await asyncio.sleep(_LOOK_SECONDS)


def _tell(standing: _Standing, before: _Standing) -> None:
    if standing.left:
        raise NotNow(f"{standing.left} secrets cannot be read, and are left as they are. The log says which.")
    if standing.current == before.current and not before.left:
        raise NotNow(
            f"Every secret rests on the key {standing.current}, as before. Is there another one in {_GIVEN}?"
        )
    typer.echo(f"Every secret rests on the key {standing.current} now.")
    typer.echo("What was backed up before opens with the key of then only.", err=True)


def _standing(session: Session) -> _Standing:
    instance = instance_of(session)
    if instance is None:
        raise NotNow("There are no secrets yet: the server has never been started.")
    return _Standing(instance.key_wanted, key_named_in(instance.key_proof), dict(census(session)))


def _rows(settings: Settings, standing: _Standing) -> Iterator[tuple[str, str, str]]:
    ring = _ring(settings)
    places = {key.id: str(ring.path) for key in ring.kept} | {key.id: _GIVEN for key in ring.given}
    for id in sorted({*standing.found, *places}):
        where = "written by version 0.1" if id == UNNAMED else places.get(id, "missing: restore it")
        yield id, str(standing.found.get(id, 0)), f"{where} (encrypts)" if id == standing.current else where
