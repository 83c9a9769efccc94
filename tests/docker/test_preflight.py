"""What is seen before a certificate is ordered, with a real name server and a real proxy."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from db.models import CertificateReason, Challenge
from engine.certificates.checks import Outcome, PreflightCheck, PreflightReport, PreflightSubject
from engine.certificates.preflight import Preflight, PreflightQuestion
from engine.dns.values import DnsServer
from engine.outside import REAL
from engine.proxy.container import HttpProxy
from tests.docker.names import Names, running_names
from tests.engine.proxy.rig import Rig, document, rigged

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

OTHER_SERVER = """
import http.server, sys
print("listens", flush=True)
http.server.HTTPServer(("", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@dataclass
class Scene:
    """A proxy on 127.0.0.1, a container where something else answers on its ports, and one where nothing does."""

    rig: Rig
    names: Names
    proxy: HttpProxy
    preflight: Preflight
    other: str
    silent: str

    async def check(
        self, host: str, challenge: Challenge | None = Challenge.HTTP_01, identities: tuple[str, ...] | None = None
    ) -> PreflightReport:
        return await self.preflight.check(PreflightQuestion(host, challenge, identities))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """The tests share it: each uses names of its own, and the last one stops the proxy."""
    with running_names() as names:
        async with rigged(tmp_path_factory.mktemp("preflight") / "proxy") as rig:
            await rig.make_network()
            proxy, _ = rig.new_proxy()
            await proxy.ensure(document(), {rig.network})
            port = str(rig.settings.http_port)
            other = await rig.start_backend(f"{rig.network}-o", "/usr/bin/python3", "-c", OTHER_SERVER, port)
            silent = await rig.start_backend(f"{rig.network}-s")
            preflight = Preflight(REAL, proxy, (names.server,), "127.0.0.1")
            yield Scene(rig, names, proxy, preflight, other, silent)


def of(report: PreflightReport, subject: PreflightSubject) -> list[PreflightCheck]:
    return [each for each in report.checks if each.subject is subject]


async def test_a_name_that_leads_here_is_proven_to_on_both_ports(scene: Scene) -> None:
    scene.names.alias("www.good.test", "good.test")
    for host in ("good.test", "www.good.test", "*.good.test"):
        for challenge in (Challenge.HTTP_01, Challenge.TLS_ALPN_01, None):
            report = await scene.check(host, challenge)
            assert (report.reason, report.problem) == (None, ""), report
            (address,) = of(report, PreflightSubject.ADDRESS)
            assert (address.address, address.ours, address.outcome) == ("127.0.0.1", True, Outcome.OK)
            assert "leads to this proxy" in address.message


async def test_what_is_wrong_with_a_name_is_said_with_what_to_do(scene: Scene) -> None:
    names, port = scene.names, scene.rig.settings.http_port
    names.point("both.test", "127.0.0.1", "::1")
    names.point("far.test", scene.silent)
    names.point("other.test", scene.other)
    names.point("taken.test", "127.0.0.3")
    names.point("closed.test", "127.0.0.4")
    names.fail("broken.test")
    names.default("")
    taken = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.3", port)
    hosts = [
        "both.test",
        "far.test",
        "other.test",
        "taken.test",
        "closed.test",
        "broken.test",
        "none.test",
    ]
    async with taken:
        reports = await asyncio.gather(*(scene.check(host) for host in hosts))
    names.default("127.0.0.1")
    assert {each.host: (each.reason.name if each.reason else None, each.problem) for each in reports} == {
        "both.test": (
            "PORT_UNREACHABLE",
            f"both.test points here, to ::1, but on port {port}, nothing listens there. Have the proxy answer at "
            "this address (WHARF_PROXY_ADDRESS), or remove the AAAA record.",
        ),
        "far.test": (
            "POINTS_ELSEWHERE",
            f"far.test points to {scene.silent}, not to this server (127.0.0.1): on port {port}, nothing listens "
            "there. Change its A record to 127.0.0.1.",
        ),
        "other.test": (
            "POINTS_ELSEWHERE",
            f"other.test points to {scene.other}, not to this server (127.0.0.1): something else answers there. "
            "Change its A record to 127.0.0.1.",
        ),
        "taken.test": (
            "PORT_UNREACHABLE",
            f"taken.test points here, to 127.0.0.3, but not this proxy answers on port {port}: something else does. "
            "Stop that, or let the port lead to the proxy.",
        ),
        "closed.test": (
            "PORT_UNREACHABLE",
            f"closed.test points here, to 127.0.0.4, but on port {port}, nothing listens there. Have the proxy "
            "answer at this address (WHARF_PROXY_ADDRESS), or remove the A record.",
        ),
        "broken.test": (
            "DNS_FAILURE",
            "DNS does not say what the A records of broken.test are: its name servers fail, or refuse. Look after "
            "its name servers, or after those that are asked (WHARF_DNS_SERVERS).",
        ),
        "none.test": ("NAME_NOT_FOUND", "none.test has no address in DNS. Add an A record with 127.0.0.1."),
    }
    assert all(each.outcome is Outcome.OK for each in of(reports[0], PreflightSubject.ADDRESS) if each.ours is None)


async def test_an_address_of_ours_that_does_not_answer_us_passes_with_a_remark(scene: Scene) -> None:
    scene.names.point("shop.test", scene.silent)
    behind_a_router = Preflight(REAL, scene.proxy, (scene.names.server,), scene.silent)
    report = await behind_a_router.check(PreflightQuestion("shop.test"))
    assert report.problem == ""
    (address,) = of(report, PreflightSubject.ADDRESS)
    assert (address.outcome, address.ours) == (Outcome.OK, True)
    assert "is usual behind a router" in address.message


async def test_caa_records_are_looked_for_up_to_the_root(scene: Scene) -> None:
    scene.names.limit("limited.test", "digicert.com")
    authority = ("letsencrypt.org",)
    free = await scene.check("free.test", Challenge.DNS_01, authority)
    assert [(each.subject.name, each.outcome.name) for each in free.checks] == [("PROXY", "OK"), ("CAA", "OK")]
    forbidden = await scene.check("www.shop.limited.test", identities=authority)
    assert forbidden.reason is CertificateReason.CAA_FORBIDS
    assert forbidden.problem == (
        "A CAA record of limited.test lets only digicert.com issue certificates. Add one that says issue "
        '"letsencrypt.org".'
    )
    allowed = await scene.check("shop.limited.test", identities=("digicert.com",))
    assert allowed.reason is None
    unknown = await scene.check("shop.limited.test")
    assert (unknown.reason, of(unknown, PreflightSubject.CAA)[0].outcome) == (None, Outcome.UNKNOWN)


async def test_name_servers_that_do_not_answer_are_not_waited_for_long(scene: Scene) -> None:
    deaf = Preflight(REAL, scene.proxy, (DnsServer(scene.silent, 9),), "127.0.0.1")
    async with asyncio.timeout(10):
        report = await deaf.check(PreflightQuestion("shop.test"))
    assert report.reason is CertificateReason.DNS_FAILURE
    assert "no answer within 3 s" in report.problem


async def test_a_proxy_that_does_not_run_is_a_reason_of_its_own(scene: Scene) -> None:
    await scene.rig.docker.stop_container(scene.proxy.name, 5)
    report = await scene.check("shop.test")
    assert report.reason is CertificateReason.PROXY_NOT_RUNNING
    assert [each.subject for each in report.checks] == [PreflightSubject.PROXY]
