"""Having the certificates by ACME of one server ordered, seen to be there, and renewed in time.

Traefik orders; when it may is decided here. It asks once for what has a router in its document, once more whenever it
loads another document while it fails, and by itself for the next one. So a name gets its router only when nothing is
in its way that could be seen, loses it after a failure, and gets it back after a pause.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

from cryptography import x509
from sqlmodel import Session, col, select

from db.models import (
    Certificate,
    CertificateReason,
    CertificateSource,
    CertificateState,
    Challenge,
    Event,
    now,
)
from db.sessions import Sessions
from engine.certificates.caa import identities_of
from engine.certificates.complaints import Complaint, Renewed
from engine.certificates.hearing import Hearing
from engine.certificates.orders import (
    Turn,
    agenda,
    check,
    fail,
    issue,
    look_now,
    names_of,
    note_complaint,
    order,
    still,
    turn_of,
    wait_for_next,
)
from engine.certificates.preflight import Preflight, PreflightQuestion
from engine.certificates.resolvers import credentials_of
from engine.certificates.shown import covers
from engine.certificates.storage import Stored, stored_in
from engine.domains.names import is_wildcard
from engine.errors import DockerFailure, ProxyFailure
from engine.host import Host
from engine.outside import Outside
from engine.secrets import Cipher
from engine.work import Work

log = logging.getLogger(__name__)

_AT_ONCE = 8  # each that is issued makes Traefik try those again that have failed and still have their router
_LONGEST_SLEEP = 60.0  # the clock of the host may be set meanwhile
_FIRST_LOOK, _LAST_LOOK = 0.1, 2.0
_PATIENCE = {Challenge.HTTP_01: 300.0, Challenge.TLS_ALPN_01: 300.0, Challenge.DNS_01: 1200.0}
_RENEWING_PAUSE = timedelta(seconds=2)
_NO_PROXY = "The proxy, which asks for certificates, does not answer. It is tried again when it does."


class CertificateKeeper:
    """Converges the certificates by ACME of one server."""

    def __init__(
        self, sessions: Sessions, host: Host, cipher: Cipher, outside: Outside, preflight: Preflight
    ) -> None:
        self._sessions = sessions
        self._host = host
        self._cipher = cipher
        self._outside = outside
        self._preflight = preflight
        self.work = Work(self._converge, _AT_ONCE)
        self._news = asyncio.Event()
        self._hearing = Hearing(host.proxy, self._heard)

    def notice(self, event: Event) -> None:
        """Be told of what happens: certificates are wanted, or not any more, and resolvers are others than before."""
        if event.noun == "Certificate":
            self._news.set()
        if event.noun in ("Certificate", "CertificateResolver"):
            self._host.publisher.request()

    async def run(self) -> None:
        """Look after what is due, until cancelled; sleep until the next of it is, or something happens."""
        await self._resume()
        while True:
            self._news.clear()
            found = await self._sessions.read(agenda, self._host.server_id, now())
            if found.any:
                self._hearing.wanted.set()
            else:
                self._hearing.wanted.clear()
            for certificate_id in found.due:
                self.work.wake(certificate_id)
            left = (found.next_at - now()).total_seconds() if found.next_at else None
            with suppress(TimeoutError):
                async with asyncio.timeout(None if left is None else min(max(left, 0.0), _LONGEST_SLEEP)):
                    await self._news.wait()

    async def listen(self) -> None:
        """Hear, until cancelled, what the proxy says of certificates."""
        await self._hearing.run()

    async def close(self) -> None:
        """Let go of what is under way; it goes on from the database at the next start."""
        await self.work.close()

    async def _resume(self) -> None:
        """Hear also what was said while nobody listened of what is being ordered."""
        for row in await self._sessions.read(_ordering, self._host.server_id):
            self._hearing.since(row.state_since)
            self._hearing.awaited.add((row.resolver_id or "", row.host or ""))

    async def _converge(self, certificate_id: str) -> None:
        turn = await self._sessions.read(turn_of, certificate_id)
        if turn is None:
            return
        if turn.resolver is None or turn.row.host is None:
            await self._failed(turn, CertificateReason.REFUSED, "There is no resolver to ask: make one the default.")
        elif turn.row.state is CertificateState.ORDERING:
            await self._see_ordered(turn)
        elif turn.row.state in (CertificateState.PENDING, CertificateState.CHECKING, CertificateState.FAILED):
            await (self._see_next(turn) if turn.has_expired else self._begin(turn))
        else:
            await self._see_next(turn)
        self._news.set()

    async def _begin(self, found: Turn) -> None:
        turn = await self._sessions.write(check, found)
        if turn is None:
            return
        try:
            await self._host.publisher.publish()  # what is looked at is the proxy as it is to be, resolvers and all
        except (ProxyFailure, DockerFailure) as error:
            await self._failed(turn, CertificateReason.PROXY_NOT_RUNNING, f"The proxy does not run: {error.sentence}")
            return
        stored = await self._stored(turn)
        if stored is not None and _is_wanted(turn, stored):
            await self._issued(turn, stored)  # from before: somebody wanted it then, and wants it again
            return
        if objection := await self._objection(turn):
            await self._failed(turn, *objection)
            return
        if ordered := await self._sessions.write(order, turn):
            await self._see_ordered(ordered)

    async def _objection(self, turn: Turn) -> tuple[CertificateReason, str] | None:
        """Why it would be of no use to ask, as far as that can be seen."""
        resolver, host = turn.resolver, turn.row.host or ""
        assert resolver is not None
        if is_wildcard(host) and resolver.challenge is not Challenge.DNS_01:
            sentence = f"Authorities issue for wildcards by DNS-01 only, which {resolver.name} does not use."
            return CertificateReason.REFUSED, sentence
        question = PreflightQuestion(host, resolver.challenge, identities_of(resolver))
        report = await self._preflight.check(question)
        return (report.reason, report.problem) if report.reason else None

    async def _see_ordered(self, turn: Turn) -> None:
        """Return when it is there, or is known not to come."""
        key = (turn.row.resolver_id or "", turn.row.host or "")
        self._hearing.awaited.add(key)
        try:
            await self._make_way(turn)
            await self._until_answered(turn)
        finally:
            self._hearing.awaited.discard(key)

    async def _make_way(self, turn: Turn) -> None:
        """Have Traefik know that it is to be ordered, and of none that it would take for it."""
        with suppress(ProxyFailure, DockerFailure):  # the publisher tries it again and again
            await self._host.publisher.publish()
            stored = await self._stored(turn)
            if stored is not None and not _is_wanted(turn, stored):
                await self._host.proxy.forget_superfluous()

    async def _until_answered(self, turn: Turn) -> None:
        assert turn.resolver is not None
        loop = asyncio.get_running_loop()
        end, pause = loop.time() + _PATIENCE[turn.resolver.challenge], _FIRST_LOOK
        while await self._sessions.read(still, turn):
            stored = await self._stored(turn)
            if stored is not None and _is_wanted(turn, stored):
                await self._issued(turn, stored)
                return
            if complaint := self._complaint(turn):
                await self._failed(turn, complaint.reason, self._without_secrets(turn, complaint.problem))
                return
            if loop.time() > end:
                await self._failed(turn, *await self._silence(turn))
                return
            await self._hearing.news(pause)
            pause = min(pause * 1.3, _LAST_LOOK)

    async def _silence(self, turn: Turn) -> tuple[CertificateReason, str]:
        shown = await self._shown(turn)
        if shown is None:
            return CertificateReason.PROXY_NOT_RUNNING, _NO_PROXY
        if covers(names_of(shown), turn.row.host or ""):
            issuer = shown.issuer.rfc4514_string()
            sentence = (
                f"The proxy shows a certificate of {issuer} for the name, and as long as it does it orders none."
            )
            return CertificateReason.NOT_SHOWN, sentence
        return CertificateReason.NO_ANSWER, "The authority was asked, and has neither issued nor refused in time."

    async def _see_next(self, turn: Turn) -> None:
        """Whether the one after the one that is there has come."""
        stored = await self._stored(turn)
        known = turn.row.not_after
        if stored is not None and (known is None or stored.leaf.not_valid_after_utc > known):
            await self._issued(turn, stored)
            return
        await self._sessions.write(wait_for_next, turn)
        if self._hearing.is_renewing(turn.row.host or ""):
            asyncio.get_running_loop().call_later(_RENEWING_PAUSE.total_seconds(), self.work.wake, turn.row.id)

    def _complaint(self, turn: Turn) -> Complaint | None:
        return self._hearing.complaint(turn.row.resolver_id or "", turn.row.host or "", turn.row.state_since)

    def _without_secrets(self, turn: Turn, problem: str) -> str:
        """What a provider of DNS says may repeat what it was told."""
        for secret in credentials_of(turn.resolver, self._cipher).values() if turn.resolver else ():
            problem = problem.replace(secret.reveal(), "[secret]")
        return problem

    async def _stored(self, turn: Turn) -> Stored | None:
        """The valid certificate by ACME that the proxy shows for the name."""
        shown = await self._shown(turn)
        if shown is None or not covers(names_of(shown), turn.row.host or ""):
            return None
        if shown.not_valid_after_utc <= now():
            return None
        try:
            found = stored_in(await self._host.proxy.stored())
        except (DockerFailure, ProxyFailure):
            return None
        return next((each for each in found if each.leaf == shown), None)

    async def _shown(self, turn: Turn) -> x509.Certificate | None:
        return await self._outside.shown_certificate(self._host.proxy.settings.address, turn.row.host or "")

    async def _issued(self, turn: Turn, stored: Stored) -> None:
        if await self._sessions.write(issue, turn, stored, self._cipher):
            log.info("The certificate for %s is there.", turn.row.host)
            self._news.set()

    async def _failed(self, turn: Turn, reason: CertificateReason, problem: str) -> None:
        # Said of the server, or before.
        known = reason is CertificateReason.PROXY_NOT_RUNNING or problem == turn.row.problem
        if await self._sessions.write(fail, turn, reason, problem):
            log.log(logging.DEBUG if known else logging.WARNING, "No certificate for %s: %s", turn.row.host, problem)
            self._host.publisher.request()

    async def _heard(self, heard: Complaint | Renewed) -> None:
        if isinstance(heard, Complaint):
            await self._sessions.write(note_complaint, self._host.server_id, heard)
        else:
            await self._sessions.write(look_now, self._host.server_id, heard.host)
            self._news.set()


def _is_wanted(turn: Turn, stored: Stored) -> bool:
    """Whether it is from who is asked; or the one for a wildcard, beside which Traefik orders none for the name."""
    return stored.resolver_id == turn.row.resolver_id or stored.host != turn.row.host


def _ordering(session: Session, server_id: str) -> list[Certificate]:
    return list(
        session.exec(
            select(Certificate).where(
                col(Certificate.server_id) == server_id,
                Certificate.source == CertificateSource.ACME,
                Certificate.state == CertificateState.ORDERING,
            )
        )
    )
