"""Another key for the secrets: all are written anew with it, and then the one before is forgotten.

The order of the steps is what makes it safe to be killed between any two of them, or to lose the power: the new key
is on the disk before anything is written with it, and the last that was written anew before the old key is dropped.
"""

import asyncio
import logging
from collections import Counter
from functools import cache
from typing import Any

from sqlmodel import Session, col, func, select, union_all

from db.models import Event, EventKind, Instance
from db.sealed import SealedColumn, place_of, sealed_columns
from db.sessions import Sessions
from engine.errors import NotNow
from engine.events import record
from engine.key_ring import KeyRing
from engine.secrets import HEAD_CHARACTERS, Cipher, Secret, SecretUnreadable, key_named_in
from engine.servers import the_server

log = logging.getLogger(__name__)

_AT_ONCE = 100  # secrets in one transaction: some 10 ms
_SECRET_KEY = "secret_key"


def census(session: Session) -> Counter[str]:
    """How many secrets rest on which key, by its id."""
    found: Counter[str] = Counter()
    for head, count in session.exec(_heads()):
        found[key_named_in(head)] += count
    return found


@cache
def _heads() -> Any:
    """What the secrets begin with, and how many of each column do."""
    each = []
    for column in sealed_columns():
        sealed = col(getattr(column.model, column.name))
        head = func.substr(sealed, 1, HEAD_CHARACTERS)
        each.append(select(head, func.count()).where(sealed.is_not(None)).group_by(head))
    return union_all(*each)


def ask_for_key(session: Session) -> None:
    """Have another key made by whoever has the data directory. Raises `NotNow` before the first start."""
    instance = session.exec(select(Instance)).first()
    if instance is None:
        raise NotNow("There are no secrets yet: the server has never been started.")
    instance.key_wanted = True
    session.add(instance)
    server = the_server(session)
    data = {"name": server.name, "changed": [_SECRET_KEY]}
    record(session, EventKind.UPDATED, "Server", server.id, server_id=server.id, data=data)


class Rekeying:
    """Sees to it that all secrets rest on the key that encrypts, and that no other is kept for longer than needed."""

    def __init__(self, sessions: Sessions, ring: KeyRing, cipher: Cipher) -> None:
        self._sessions = sessions
        self._ring = ring
        self._cipher = cipher
        self._asked = asyncio.Event()

    async def run(self) -> None:
        """Do what is left of it, and then what is asked for, until cancelled."""
        while True:
            self._asked.clear()
            await self.carry_out()
            await self._asked.wait()

    def notice(self, event: Event) -> None:
        """Be told of what happens; another process may ask for another key."""
        if event.noun == "Server" and _SECRET_KEY in event.data.get("changed", ()):
            self._asked.set()

    async def carry_out(self) -> None:
        """Take another key if one is asked for; write everything anew that does not rest on the one that encrypts."""
        await self._follow_wish()
        left = await self._sessions.read(census)
        if left.keys() - {self._cipher.current.id}:
            for column in sealed_columns():
                await self._rewrite(column)
            left = await self._sessions.read(census)
            log.info("%d secrets rest on the key %s now.", left[self._cipher.current.id], self._cipher.current.id)
        if superfluous := self._ring.superfluous(left):
            await self._sessions.reach_disk()
            await asyncio.to_thread(self._ring.drop, superfluous)
            log.info("Nothing rests on the key %s any more; it is forgotten.", ", ".join(k.id for k in superfluous))

    async def _follow_wish(self) -> None:
        instance = await self._sessions.read(_instance)
        if instance is None or not instance.key_wanted:
            return
        if self._ring.given:
            log.warning("Another key is asked for, and not made: the key comes from WHARF_SECRET_KEY.")
        elif self._rests_on_current(instance):  # else it was made already, before a kill
            try:
                await asyncio.to_thread(self._ring.make)
            except OSError as error:
                log.error("Another key is asked for, and cannot be kept in %s: %s", self._ring.path, error.strerror)
        self._cipher.use(*self._ring.keys)
        # Whoever encrypts within a transaction that began before is done before this one begins.
        await self._sessions.write(_followed, self._cipher)

    def _rests_on_current(self, instance: Instance) -> bool:
        place = place_of(Instance, "key_proof", instance.id)
        return self._cipher.key_of(instance.key_proof, place) is self._cipher.current

    async def _rewrite(self, column: SealedColumn) -> None:
        after: str | None = ""
        while after is not None:
            after = await self._sessions.write(_rewrite_some, self._cipher, column, after)


def _instance(session: Session) -> Instance | None:
    return session.exec(select(Instance)).first()


def _followed(session: Session, cipher: Cipher) -> None:
    instance = session.exec(select(Instance)).one()
    instance.key_wanted = False
    instance.key_proof = cipher.encrypt(Secret(""), place_of(Instance, "key_proof", instance.id))
    session.add(instance)


def _rewrite_some(session: Session, cipher: Cipher, column: SealedColumn, after: str) -> str | None:
    """Write some secrets anew; the id of the row up to which that is done, None when it is done with all."""
    model, name, _ = column
    key, sealed = col(model.id), col(getattr(model, name))  # type: ignore[attr-defined]  # every such table has one
    others = select(model).where(key > after, func.substr(sealed, 1, HEAD_CHARACTERS) != cipher.head)
    row = None
    for row in session.exec(others.order_by(key).limit(_AT_ONCE)).all():
        place = place_of(model, name, row.id)  # type: ignore[attr-defined]
        try:
            setattr(row, name, cipher.encrypt(cipher.decrypt(getattr(row, name), place), place))
            session.add(row)
        except SecretUnreadable as error:
            log.error("%s It is left as it is.", error)
    return row.id if row is not None else None  # type: ignore[attr-defined]
