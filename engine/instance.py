"""This installation: who it is, the key that opens its secrets, and what its proxies know it by."""

import json
from dataclasses import dataclass, field

from sqlmodel import Session, select

from db.models import Instance, Server, Team, new_id
from db.sealed import place_of
from engine.certificates.resolvers import ensure_builtin
from engine.key_ring import KeyRing
from engine.rekeying import census
from engine.secrets import UNNAMED, Cipher, Secret, SecretUnreadable


@dataclass(frozen=True, slots=True)
class ProxyKeys:
    """What our requests to the HTTP proxy carry, and what those to TCP proxies are made from."""

    http: str = field(repr=False)
    tcp: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """The ids of this instance and of its local server, and the keys of its proxies."""

    instance_id: str
    server_id: str
    proxy_keys: ProxyKeys


def instance_of(session: Session) -> Instance | None:
    """The row of this installation; None before its first start."""
    return session.exec(select(Instance)).first()


def unlock(session: Session, ring: KeyRing) -> Cipher:
    """What opens the secrets in the database; with a key that is made now, where there are none yet.

    Raises `SecretUnreadable` when the key is missing or another one.
    """
    found = session.exec(select(Instance.id, Instance.key_proof)).first()
    if found is None and not ring.keys:
        ring.make()
    if not ring.keys:
        raise SecretUnreadable(f"{ring.path}, the key to the secrets in the database, is missing. Restore it.")
    cipher = Cipher(*ring.keys)
    if found is not None:
        try:
            cipher.decrypt(found[1], place_of(Instance, "key_proof", found[0]))
        except SecretUnreadable as error:
            source = "What is in WHARF_SECRET_KEY" if ring.given else str(ring.path)
            sentence = f"{source} is not the key to the secrets in this database. Restore it."
            raise SecretUnreadable(sentence) from error
    return cipher


def check_keys(session: Session, ring: KeyRing) -> None:
    """Raises `SecretUnreadable` when a key is missing that any secret rests on."""
    found = census(session)
    for named in sorted(found.keys() - {UNNAMED} - {key.id for key in ring.keys}):
        raise SecretUnreadable(
            f"{found[named]} secrets in the database rest on the key {named}, which is neither in {ring.path} nor in "
            "WHARF_SECRET_KEY. Restore it."
        )


def identify(session: Session, cipher: Cipher) -> Identity:
    """Who we are; made at the first start."""
    instance = instance_of(session)
    if instance is None:
        id = new_id()[-10:]
        instance = Instance(id=id, key_proof=cipher.encrypt(Secret(""), place_of(Instance, "key_proof", id)))
        session.add(instance)
    if session.exec(select(Team.id)).first() is None:
        session.add(Team(name="default"))
    server = session.exec(select(Server)).first()
    if server is None:
        server = Server(name="local")
        session.add(server)
    session.flush()
    ensure_builtin(session, server.id)
    return Identity(instance.id, server.id, _proxy_keys(session, cipher, instance))


def _proxy_keys(session: Session, cipher: Cipher, instance: Instance) -> ProxyKeys:
    place = place_of(Instance, "proxy_keys", instance.id)
    if instance.proxy_keys is None:
        # As version 0.1 made them at each start: proxies that run know us by these.
        root = cipher.key_of(instance.key_proof, place_of(Instance, "key_proof", instance.id))
        made = {"http": root.derived(b"proxy").hex(), "tcp": root.derived(b"tcp-proxies").hex()}
        instance.proxy_keys = cipher.encrypt(Secret(json.dumps(made)), place)
        session.add(instance)
    found = json.loads(cipher.decrypt(instance.proxy_keys, place).reveal())
    return ProxyKeys(found["http"], bytes.fromhex(found["tcp"]))
