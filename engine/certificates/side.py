"""Everything that is done for the certificates of one server: they are brought, ordered, confirmed and watched."""

import asyncio
from collections.abc import Callable, Coroutine

from db.models import Event
from db.sessions import Sessions
from engine.certificates.checking import DomainChecks
from engine.certificates.confirming import Confirming
from engine.certificates.expiry import Expiry
from engine.certificates.keeper import CertificateKeeper
from engine.certificates.orders import Orders
from engine.certificates.preflight import Preflight
from engine.certificates.requests import Certificates
from engine.certificates.resolvers import CertificateResolvers
from engine.host import Host
from engine.outside import Outside
from engine.secrets import Cipher
from engine.settings import EngineSettings
from engine.work import Work

_LONGEST_DOUBT = 300.0  # seconds until it is looked again whether a certificate is shown


class CertificateSide:
    """What the API may ask about certificates, and those who see to it. `close` lets go of everything.

    `changed` is called with each certificate of which there is news, for those who show it.
    """

    def __init__(
        self,
        sessions: Sessions,
        settings: EngineSettings,
        host: Host,
        cipher: Cipher,
        outside: Outside,
        changed: Callable[[str], None],
    ) -> None:
        self._host = host
        self._changed = changed
        self._expiry = Expiry(sessions)
        self._confirming = Confirming(sessions, host, outside)
        self._confirmations = Work(self._confirm, 1, _LONGEST_DOUBT)
        self.preflight = Preflight(outside, host.proxy, settings.dns_servers, settings.public_host)
        self._keeper = CertificateKeeper(sessions, host, cipher, outside, self.preflight)
        self.certificates = Certificates(sessions, cipher)
        self.orders = Orders(sessions)
        self.resolvers = CertificateResolvers(sessions, cipher)
        self.domain_checks = DomainChecks(sessions, self.preflight, self.orders)

    @property
    def jobs(self) -> tuple[Callable[[], Coroutine[object, object, None]], ...]:
        """What is to run as long as the engine does."""
        return (self._expiry.run, self._keeper.run, self._keeper.listen)

    @property
    def works(self) -> dict[str, Work]:
        """Who is at work, by what it is about."""
        return {"certificates": self._keeper.work, "confirmations": self._confirmations}

    def notice(self, event: Event) -> None:
        """Be told of what happens: names need certificates, or not any more, and certificates have changed."""
        self._expiry.notice(event)
        if event.noun == "Certificate":
            self._host.publisher.request()
            self._changed(event.noun_id)
        if event.noun in ("Certificate", "Domain"):
            self._confirmations.tell(self._host.server_id)
        self._keeper.notice(event)

    def reconcile(self) -> None:
        """Look whether the proxy shows what it should, after a time in which nobody saw it."""
        self._confirmations.wake(self._host.server_id)

    async def close(self) -> None:
        """Let go of what is under way; it goes on from the database at the next start."""
        await asyncio.gather(self._confirmations.close(), self._keeper.close())

    async def _confirm(self, _server_id: str) -> None:
        await self._host.while_connected(self._confirming.converge())
