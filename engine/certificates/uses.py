"""Who needs a certificate: domains by the names that it covers, TCP proxies because they show it."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, select

from db.models import Certificate, Database, Domain, DomainName, Scheme, Server, TcpProxy
from engine.accounts.visible import readable
from engine.certificates.own import own_certificates_of
from engine.certificates.shown import covers


def name_for_clients(names: Iterable[str]) -> str | None:
    """The name by which clients connect to a TCP proxy that shows a certificate for these; None: all are wildcards.

    Clients that look at a certificate look for its name in what they have connected to.
    """
    return next((name for name in names if "*" not in name), None)


def hosts_by_upload(session: Session) -> dict[str, set[str]]:
    """The names for which HTTP proxies show certificates that were brought, by server."""
    session.flush()
    servers = session.exec(select(Server.id)).all()
    return {server_id: set(own_certificates_of(session, server_id).by_host) for server_id in servers}


def proxies_showing(session: Session, certificate_id: str) -> Sequence[TcpProxy]:
    """The TCP proxies that show a certificate."""
    query = select(TcpProxy).where(TcpProxy.certificate_id == certificate_id)
    return session.exec(query.order_by(col(TcpProxy.id))).all()


def lost_by_domains(session: Session, before: dict[str, set[str]]) -> list[str]:
    """For each name that was served with a certificate and is not any more, whose it is, as words of a sentence."""
    after = hosts_by_upload(session)
    found = []
    for server_id, hosts in before.items():
        for host in sorted(hosts - after[server_id]):
            found.append(_domain_of(session, server_id, host))
    return found


def lost_by_proxies(session: Session, certificate: Certificate, names: Sequence[str]) -> list[str]:
    """The same for TCP proxies that show a certificate, when it is about to have other names."""
    name = name_for_clients(certificate.names)
    missing = [each for each in ([name] if name else certificate.names) if not covers(names, each)]
    proxies = proxies_showing(session, certificate.id) if missing else ()
    return [f"{missing[0]}, by which clients of {owner_of(session, each)} connect" for each in proxies]


def owner_of(session: Session, proxy: TcpProxy) -> str:
    """The database of a TCP proxy as whoever is behind this transaction may know of it."""
    return session.get_one(Database, proxy.database_id).name if readable(session, proxy) else "a database"


def _domain_of(session: Session, server_id: str, host: str) -> str:
    query = select(Domain).join(DomainName, col(DomainName.domain_id) == col(Domain.id))
    query = query.where(DomainName.server_id == server_id, DomainName.host == host, Domain.scheme == Scheme.HTTPS)
    known = any(readable(session, domain) for domain in session.exec(query.order_by(col(Domain.id))))
    return f"{host}, which is a domain" if known else "a domain of its team"
