"""Whether an authority would find what it looks for, asked before it is: DNS, the way to our proxy, CAA."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from db.models import CertificateReason, Challenge
from engine.certificates.addresses import Addresses
from engine.certificates.caa import caa_verdict, levels
from engine.certificates.checks import Outcome, PreflightCheck, PreflightReport, PreflightSubject, wrong
from engine.dns.values import CaaRecord, DnsFailed, DnsServer
from engine.outside import Outside
from engine.proxy.container import HttpProxy

_AT_ONCE = 8  # names that are looked at
_CAA_SECONDS = 4.0
_NOT_RUNNING = "The proxy does not run; its server says why. Nothing else is looked at until it does."


@dataclass(frozen=True, slots=True)
class PreflightQuestion:
    """A name to be certified: it may begin with "*.".

    Without a challenge no certificate is wanted: then it is asked whether plain HTTP leads to the proxy.
    `caa_identities`: what the authority is called in CAA records, None where that is not known.
    """

    host: str
    challenge: Challenge | None = Challenge.HTTP_01
    caa_identities: tuple[str, ...] | None = None


class Preflight:
    """Looks at names. What DNS says is never raised: it is in the report."""

    def __init__(self, outside: Outside, proxy: HttpProxy, servers: tuple[DnsServer, ...], public_host: str) -> None:
        """`public_host` is the name or the address of the proxy's server, for those outside."""
        self._outside = outside
        self._proxy = proxy
        self._servers = servers
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._addresses = Addresses(outside, proxy, servers, public_host)

    async def check(self, question: PreflightQuestion) -> PreflightReport:
        """Takes 7 seconds at most, once it is its turn."""
        async with self._turn:
            return PreflightReport(question.host, tuple(await self._checks(question)))

    async def leads_here(self, host: str, *, secure: bool) -> list[PreflightCheck]:
        """Where DNS leads a host, and who answers there, on the proxy's port for HTTPS or plain HTTP."""
        async with self._turn:
            return await self._addresses.lead_here(host, secure=secure)

    async def proxy_runs(self) -> bool:
        """Whether the proxy serves from any document at all."""
        return self._proxy.found and await self._proxy.internal.loaded() is not None

    async def _checks(self, question: PreflightQuestion) -> list[PreflightCheck]:
        host, challenge = question.host, question.challenge
        if not await self.proxy_runs():
            return [wrong(PreflightSubject.PROXY, CertificateReason.PROXY_NOT_RUNNING, _NOT_RUNNING)]
        asked = []
        if challenge is not Challenge.DNS_01:
            asked.append(self._addresses.lead_here(host, secure=challenge is Challenge.TLS_ALPN_01))
        if challenge:
            asked.append(self._caa(question, challenge))
        found = await asyncio.gather(*asked)
        return [
            PreflightCheck(PreflightSubject.PROXY, Outcome.OK, "The proxy runs."),
            *(check for checks in found for check in checks),
        ]

    async def _caa(self, question: PreflightQuestion, challenge: Challenge) -> list[PreflightCheck]:
        try:
            async with asyncio.timeout(_CAA_SECONDS):
                level, records = await self._climb(question.host)
        except (DnsFailed, TimeoutError) as failure:
            why = str(failure) or f"no answer within {_CAA_SECONDS:g} s"
            sentence = f"Whether CAA records allow a certificate for {question.host} cannot be said: {why}."
            return [PreflightCheck(PreflightSubject.CAA, Outcome.UNKNOWN, sentence)]
        return [_judged(question, challenge, level, records)]

    async def _climb(self, host: str) -> tuple[str, Sequence[CaaRecord]]:
        for level in levels(host):
            if records := await self._outside.caa_records_of(level, self._servers):
                return level, records
        return "", ()


def _judged(
    question: PreflightQuestion, challenge: Challenge, level: str, records: Sequence[CaaRecord]
) -> PreflightCheck:
    identities, wildcard = question.caa_identities, question.host.startswith("*.")
    verdict = caa_verdict(records, wildcard=wildcard, challenge=challenge, identities=identities)
    said = f"A CAA record of {level} {verdict.words}."
    if verdict.allowed is None:
        return PreflightCheck(PreflightSubject.CAA, Outcome.UNKNOWN, said)
    if verdict.allowed:
        sentence = f"No CAA record forbids a certificate for {question.host}."
        return PreflightCheck(PreflightSubject.CAA, Outcome.OK, sentence)
    tag = "issuewild" if wildcard else "issue"
    wanted = f'Add one that says {tag} "{identities[0]}".' if identities else "Change it, or remove it."
    return wrong(PreflightSubject.CAA, CertificateReason.CAA_FORBIDS, f"{said} {wanted}")
