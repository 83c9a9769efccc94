"""`wharf backup`: what an installation cannot be brought back without, in one archive."""

import os
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlmodel import Session, select

from db.backup import BackupFailed, copy_database
from db.errors import database_errors
from db.migrate import pending
from db.models import Instance
from db.sessions import Sessions
from engine.instance import check_keys, unlock
from engine.key_ring import KEY_FILE, KeyRing
from engine.secrets import SecretUnreadable
from wharf.data_directory import need_database
from wharf.settings import Settings

_STANDARD_OUTPUT = Path("-")


def back_up(settings: Settings, archive: Path) -> None:
    """Write the database, as it is at this moment, and the key to its secrets into a new tar archive.

    A key from the variable is not written. The archive may be read by its owner only, and is there whole or not at
    all; "-" is standard output. Raises `BackupFailed`, `DatabaseUnusable` and `SecretUnreadable`.
    """
    need_database(settings.database_file)
    with tempfile.TemporaryDirectory(prefix="backup-", dir=settings.data_directory) as temporary:
        copy = Path(temporary, "wharf.db")
        keys = _copy(settings, copy)
        with _output(archive) as output, tarfile.open(fileobj=output, mode="w|") as tar:
            for file in (copy, keys):
                if file.exists():
                    tar.add(file, file.name, filter=_nobodys)


def _copy(settings: Settings, copy: Path) -> Path:
    """Copy the database, and the keys in the file beside the copy, which are seen to open it."""
    before = _ring(settings)
    try:
        copy_database(settings.database_file, copy)
    except BackupFailed as error:
        raise BackupFailed(f"The database could not be copied within {settings.data_directory}: {error}.") from error
    # While it is copied, the server may make a key, or forget one that the copy still needs.
    ring = KeyRing(copy.with_name(KEY_FILE), settings.secret_key)
    ring.keep({key.id: key for key in (*_ring(settings).kept, *before.kept)}.values())
    try:
        _check(settings, f"sqlite:///{copy}", ring)
    except SecretUnreadable as error:
        raise SecretUnreadable(str(error).replace(str(ring.path), str(before.path))) from error
    return ring.path


def _check(settings: Settings, url: str, ring: KeyRing) -> None:
    with database_errors(settings.database), closing(Sessions(url)) as sessions:
        if sessions.read_now(_key_proof) is None:
            raise BackupFailed("There is nothing to back up yet: the server has never been started.")
        sessions.read_now(unlock, ring)
        if not pending(url):
            sessions.read_now(check_keys, ring)


def _key_proof(session: Session) -> str | None:
    return session.exec(select(Instance.key_proof)).first()


def _ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.data_directory / KEY_FILE, settings.secret_key)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the name of the user who made it, and readable only by whoever unpacks it."""
    return member.replace(uid=0, gid=0, uname="", gname="", mode=0o600, deep=False)


@contextmanager
def _output(archive: Path) -> Iterator[BinaryIO]:
    if archive == _STANDARD_OUTPUT:
        yield sys.stdout.buffer
        return
    if archive.exists():
        raise BackupFailed(f"{archive} is there already, and is not written over.")
    partial = archive.with_name(f"{archive.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
            yield output
            output.flush()
            os.fsync(output.fileno())
        partial.rename(archive)
    except OSError as error:
        raise BackupFailed(f"{archive} could not be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)
