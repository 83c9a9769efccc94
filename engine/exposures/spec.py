"""From the row of a TCP proxy to what it is told."""

import hashlib
import hmac
from collections.abc import Collection

from sqlmodel import Session, col, select

from db.models import Certificate, Database, TcpProxy
from engine import labels
from engine.databases.catalogue import CATALOGUE
from engine.proxy.tcp import certificate as pem
from engine.proxy.tcp.spec import Backend, TcpProxySpec
from engine.secret_places import certificate_place
from engine.secrets import Cipher


def spec_of(session: Session, proxy: TcpProxy, instance_id: str, cipher: Cipher, key: bytes) -> TcpProxySpec:
    """The proxy as it is wanted at this moment. `key` is the secret from which each proxy has its own."""
    database = session.get_one(Database, proxy.database_id)
    kind = CATALOGUE[database.kind]
    return TcpProxySpec(
        id=proxy.id,
        instance_id=instance_id,
        database_id=database.id,
        key=hmac.new(key, f"tcp-proxy:{proxy.id}".encode(), hashlib.sha256).hexdigest(),
        network=labels.network_name(database.environment_id),
        backend=Backend(labels.database_container_name(database.id), kind.port),
        port=proxy.port,
        bind_address=proxy.bind_address,
        allowed_networks=tuple(proxy.allowed_networks),
        opening=kind.opening,
        tls=proxy.tls,
        certificate=_certificate(session, proxy.certificate_id, cipher),
    )


def specs_of(
    session: Session, proxy_ids: Collection[str], instance_id: str, cipher: Cipher, key: bytes
) -> dict[str, TcpProxySpec]:
    """As `spec_of`, of those of these proxies that there are, by their ids."""
    # What is looked up for each of them is in the session already, as long as it is held here.
    query = (
        select(TcpProxy, Database, Certificate)
        .join(Database, col(Database.id) == col(TcpProxy.database_id))
        .outerjoin(Certificate, col(Certificate.id) == col(TcpProxy.certificate_id))
        .where(col(TcpProxy.id).in_(proxy_ids))
    )
    rows = session.exec(query).all()
    return {proxy.id: spec_of(session, proxy, instance_id, cipher, key) for proxy, _, _ in rows}


def _certificate(session: Session, certificate_id: str | None, cipher: Cipher) -> pem.Certificate | None:
    if certificate_id is None:
        return None
    row = session.get_one(Certificate, certificate_id)
    if row.key is None:
        return None
    return pem.Certificate(row.chain, cipher.decrypt(row.key, certificate_place(row.id)))
