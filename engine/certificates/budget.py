"""How much may be asked of an authority: less than Let's Encrypt allows, whoever it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from publicsuffixlist import PublicSuffixList
from sqlmodel import Session, col, delete, select

from db.models import CertificateOrder, now

KEPT = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` orders within `period`."""

    most: int
    period: timedelta


# Let's Encrypt: 50 certificates a week for a registered domain, 5 a week for the very same name, and 5 failures an
# hour for a name. Renewals that Traefik asks for by itself are to have room, too.
OF_DOMAIN = Limit(40, timedelta(days=7))
OF_NAME = Limit(4, timedelta(days=7))
FAILURES_OF_NAME = Limit(4, timedelta(hours=1))


def registered_domain(host: str) -> str:
    """The part of a name that somebody has registered: example.co.uk of shop.example.co.uk."""
    name = host.removeprefix("*.")
    return _list().privatesuffix(name) or name


def free_from(session: Session, resolver_id: str, host: str) -> datetime | None:
    """From when on a certificate for this host may be asked of this resolver; None: now."""
    query = select(CertificateOrder).where(
        CertificateOrder.resolver_id == resolver_id,
        CertificateOrder.registered_domain == registered_domain(host),
        CertificateOrder.created_at > now() - KEPT,
    )
    found = session.exec(query.order_by(col(CertificateOrder.created_at))).all()
    return next_free(found, host, now())


def next_free(orders: Sequence[CertificateOrder], host: str, at: datetime) -> datetime | None:
    """The same, of the orders for one registered domain, oldest first."""
    of_name = [each for each in orders if each.host == host]
    waits = (
        _free(OF_DOMAIN, [each for each in orders if not each.failed], at),
        _free(OF_NAME, [each for each in of_name if not each.failed], at),
        _free(FAILURES_OF_NAME, [each for each in of_name if each.failed is not False], at),
    )
    return max((wait for wait in waits if wait), default=None)


def note_order(session: Session, resolver_id: str, host: str, *, failed: bool | None = None) -> None:
    """Write down that a certificate is asked for, before it is, or that it was; forget what no limit reckons with."""
    domain = registered_domain(host)
    session.add(CertificateOrder(resolver_id=resolver_id, host=host, registered_domain=domain, failed=failed))
    session.exec(delete(CertificateOrder).where(col(CertificateOrder.created_at) < now() - KEPT))


def note_outcome(session: Session, resolver_id: str, host: str, *, failed: bool | None) -> None:
    """Write down what became of the order that is under way, None if nobody got it; a further one if none is."""
    query = select(CertificateOrder).where(
        CertificateOrder.resolver_id == resolver_id,
        CertificateOrder.host == host,
        col(CertificateOrder.failed).is_(None),
    )
    under_way = session.exec(query.order_by(col(CertificateOrder.created_at).desc())).first()
    if failed is None:
        if under_way:
            session.delete(under_way)
    elif under_way is None:
        note_order(session, resolver_id, host, failed=failed)
    else:
        under_way.failed = failed
        session.add(under_way)


def _free(limit: Limit, orders: Sequence[CertificateOrder], at: datetime) -> datetime | None:
    recent = [each.created_at for each in orders if each.created_at > at - limit.period]
    return recent[-limit.most] + limit.period if len(recent) >= limit.most else None


@cache
def _list() -> PublicSuffixList:
    return PublicSuffixList()
