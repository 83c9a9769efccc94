"""Explaining: what is asked of the database, of the proxy and of DNS, and then evaluated."""

from dataclasses import replace
from ipaddress import IPv4Address

from db.sessions import Sessions
from engine.accounts.authority import Authority
from engine.certificates.checks import PreflightCheck
from engine.certificates.preflight import Preflight
from engine.errors import ProxyFailure
from engine.explanations.explain import explain
from engine.explanations.facts import facts_of, proxy_problem
from engine.explanations.request import request_of
from engine.explanations.values import Explanation, Facts, Request
from engine.host import Host
from engine.proxy.routers import Ports


class Explanations:
    """What happens to a request, and why."""

    def __init__(self, sessions: Sessions, host: Host, preflight: Preflight) -> None:
        self._sessions = sessions
        self._host = host
        self._preflight = preflight

    async def explain(self, authority: Authority, url: str, visitor: IPv4Address | None = None) -> Explanation:
        """As of this moment, of what this authority may see; takes some seconds at most. Raises `InvalidInput`."""
        request = request_of(url, visitor)
        runs = await self._preflight.proxy_runs()
        settings = self._host.proxy.settings
        ports = Ports(settings.http_port, settings.https_port)
        server_id = self._host.server_id
        refused = await self._refused() if runs else {}
        facts = await self._sessions.read(facts_of, authority, server_id, request, ports, refused)
        if runs:
            return explain(request, replace(facts, ways=await self._ways(request, facts)))
        problem = await self._sessions.read(proxy_problem, server_id)
        return explain(request, replace(facts, proxy_problem=problem or "it does not answer."))

    async def _refused(self) -> dict[str, str]:
        """Why Traefik does not take a router, by its name, as it says now."""
        try:
            refused = [each async for each in self._host.proxy.internal.refused_routers()]
        except ProxyFailure:
            return {}
        return {name.removesuffix("@file"): reason for name, reason in refused}

    async def _ways(self, request: Request, facts: Facts) -> tuple[PreflightCheck, ...] | None:
        """Nobody has us ask addresses for a name but those who may see a domain that has it."""
        if not any(
            each.domain_id in facts.domains and each.matcher.matches(request.host, each.matcher.path_prefix)
            for each in facts.routers
        ):
            return None
        return tuple(await self._preflight.leads_here(request.host, secure=request.secure))
