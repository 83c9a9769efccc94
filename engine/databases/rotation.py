"""A new password for a database: its server takes it and we remember it, or neither."""

import logging
from collections.abc import Callable
from dataclasses import replace

from sqlmodel import Session

from db.models import Database, EventKind, now
from db.sessions import Sessions
from engine.databases.links import follow_links
from engine.databases.order import Order
from engine.databases.servers import Servers, last_line
from engine.databases.status import record_about_database
from engine.secret_places import database_place
from engine.secrets import Cipher, Secret

log = logging.getLogger(__name__)


class Rotation:
    """Gives servers the passwords that were asked for. `wake` has an application looked at."""

    def __init__(self, sessions: Sessions, servers: Servers, cipher: Cipher, wake: Callable[[str], None]) -> None:
        self._sessions = sessions
        self._servers = servers
        self._cipher = cipher
        self._wake = wake

    async def carry_out(self, database: Database, order: Order) -> None:
        """Have the server take the next password, whatever became of an earlier attempt.

        Raises `DockerFailure`; the next attempt begins with the question which of the two passwords holds.
        """
        sealed = database.next_password
        if sealed is None:
            return
        new = self._cipher.decrypt(sealed, database_place(database.id, "next_password"))
        credentials = replace(order.setup.credentials, password=new)
        renewed = order.kind.login(replace(order.setup, credentials=credentials))
        if not (await self._servers.run(order, renewed)).worked:
            outcome = await self._servers.run(order, order.kind.change_password(order.setup, new))
            if not (await self._servers.run(order, renewed)).worked:
                await self._refused(database, new, last_line(outcome))
                return
        applications = await self._sessions.write(_rotated, self._cipher, database.id, new)
        log.info("%s: its server has the new password.", database.name)
        for application_id in applications:
            self._wake(application_id)

    async def _refused(self, database: Database, new: Secret, said: str) -> None:
        reason = said or "it gave no reason"
        log.warning("%s: its server did not take the new password: %s", database.name, reason)
        await self._sessions.write(_not_rotated, self._cipher, database.id, new, reason)


def _rotated(session: Session, cipher: Cipher, database_id: str, new: Secret) -> list[str]:
    database = session.get_one(Database, database_id)
    database.password = cipher.encrypt(new, database_place(database_id, "password"))
    if _is_next(database, cipher, new):
        database.next_password = None
    database.rotation_failure = ""
    database.updated_at = now()
    session.add(database)
    data = {"name": database.name, "changed": ["password"]}
    record_about_database(session, EventKind.UPDATED, database, data=data)
    return follow_links(session, cipher, database)


def _is_next(database: Database, cipher: Cipher, new: Secret) -> bool:
    """Whether this, and no other one that was asked for since, is the password to come."""
    # By the texts: the ciphertext may have been written anew meanwhile, with another key.
    sealed = database.next_password
    return sealed is not None and cipher.decrypt(sealed, database_place(database.id, "next_password")) == new


def _not_rotated(session: Session, cipher: Cipher, database_id: str, new: Secret, reason: str) -> None:
    database = session.get_one(Database, database_id)
    if not _is_next(database, cipher, new):
        return
    database.next_password, database.rotation_failure = None, f"The server kept its password: {reason}"
    session.add(database)
    data = {"name": database.name, "changed": ["rotationFailure"]}
    record_about_database(session, EventKind.UPDATED, database, data=data)
