"""What a visitor meets at each of the four URLs of a name, whatever was given and asked for: one table."""

import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from engine.certificates.handshake import shown_certificate
from engine.certificates.orders import names_of
from tests.docker.acme import running_authority
from tests.docker.names import Names, running_names
from tests.docker.world import World, eventually

pytestmark = pytest.mark.docker

# What is given, what becomes of the other name, and what is asked for; then the status, where one is sent, how often
# until something else than a redirect answers, what that answers, and the name in the certificate of the URL that was
# asked for, which is nobody's where none is promised. The name is `x`; a path and a query follow every URL.
TABLE = """
given          mode      asked          status  location       hops  end  certificate

http://x       NONE      http://x       200     -              0     200  -
http://x       NONE      http://www.x   404     -              0     404  -
http://x       NONE      https://x      404     -              0     404  nobody
http://x       NONE      https://www.x  404     -              0     404  nobody
http://x       REDIRECT  http://x       200     -              0     200  -
http://x       REDIRECT  http://www.x   308     http://x       1     200  -
http://x       REDIRECT  https://x      404     -              0     404  nobody
http://x       REDIRECT  https://www.x  404     -              0     404  nobody
http://x       SERVE     http://x       200     -              0     200  -
http://x       SERVE     http://www.x   200     -              0     200  -
http://x       SERVE     https://x      404     -              0     404  nobody
http://x       SERVE     https://www.x  404     -              0     404  nobody

http://www.x   NONE      http://x       404     -              0     404  -
http://www.x   NONE      http://www.x   200     -              0     200  -
http://www.x   NONE      https://x      404     -              0     404  nobody
http://www.x   NONE      https://www.x  404     -              0     404  nobody
http://www.x   REDIRECT  http://x       308     http://www.x   1     200  -
http://www.x   REDIRECT  http://www.x   200     -              0     200  -
http://www.x   REDIRECT  https://x      404     -              0     404  nobody
http://www.x   REDIRECT  https://www.x  404     -              0     404  nobody
http://www.x   SERVE     http://x       200     -              0     200  -
http://www.x   SERVE     http://www.x   200     -              0     200  -
http://www.x   SERVE     https://x      404     -              0     404  nobody
http://www.x   SERVE     https://www.x  404     -              0     404  nobody

https://x      NONE      http://x       308     https://x      1     200  -
https://x      NONE      http://www.x   404     -              0     404  -
https://x      NONE      https://x      200     -              0     200  x
https://x      NONE      https://www.x  404     -              0     404  nobody
https://x      REDIRECT  http://x       308     https://x      1     200  -
https://x      REDIRECT  http://www.x   308     https://x      1     200  -
https://x      REDIRECT  https://x      200     -              0     200  x
https://x      REDIRECT  https://www.x  308     https://x      1     200  www.x
https://x      SERVE     http://x       308     https://x      1     200  -
https://x      SERVE     http://www.x   308     https://www.x  1     200  -
https://x      SERVE     https://x      200     -              0     200  x
https://x      SERVE     https://www.x  200     -              0     200  www.x

https://www.x  NONE      http://x       404     -              0     404  -
https://www.x  NONE      http://www.x   308     https://www.x  1     200  -
https://www.x  NONE      https://x      404     -              0     404  nobody
https://www.x  NONE      https://www.x  200     -              0     200  www.x
https://www.x  REDIRECT  http://x       308     https://www.x  1     200  -
https://www.x  REDIRECT  http://www.x   308     https://www.x  1     200  -
https://www.x  REDIRECT  https://x      308     https://www.x  1     200  x
https://www.x  REDIRECT  https://www.x  200     -              0     200  www.x
https://www.x  SERVE     http://x       308     https://x      1     200  -
https://www.x  SERVE     http://www.x   308     https://www.x  1     200  -
https://www.x  SERVE     https://x      200     -              0     200  x
https://www.x  SERVE     https://www.x  200     -              0     200  www.x
"""
HEAD, *ROWS = [line.split() for line in TABLE.splitlines() if line]
PATH = "/echo?a=b&c=%2F%3F&c=%C3%A4"


class AllHere(AbstractResolver):
    """Every name leads to this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@dataclass(frozen=True)
class Visitor:
    """A browser that trusts the authority of the tests only, and does not hold a wrong certificate against a 404."""

    world: World

    async def meets(self, asked: str) -> list[str]:
        """Status, location, hops, status at the end, name in the certificate."""
        url = self._here(asked)
        status, location = await self._get(url)
        hops, end, at = 0, status, location
        while at and hops < 5:
            end, at = await self._get(URL(at, encoded=True))
            hops += 1
        return [str(status), self._there(location), str(hops), str(end), await self._certificate(url)]

    async def _get(self, url: URL) -> tuple[int, str]:
        trusting_anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting_anybody.check_hostname, trusting_anybody.verify_mode = False, ssl.CERT_NONE
        connector = aiohttp.TCPConnector(resolver=AllHere(), ssl=trusting_anybody)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(url, allow_redirects=False) as it,
        ):
            return it.status, it.headers.get("Location", "")

    async def _certificate(self, url: URL) -> str:
        if url.scheme == "http":
            return "-"
        shown = await shown_certificate("127.0.0.1", self.world.https_port, url.host or "")
        names = names_of(shown) if shown else []
        return ",".join(names) if url.host in names else "nobody"

    def _here(self, asked: str) -> URL:
        port = self.world.https_port if asked.startswith("https:") else self.world.http_port
        return URL(f"{asked}:{port}{PATH}", encoded=True)

    def _there(self, location: str) -> str:
        """Where somebody was sent, without the port if it is the right one, and without the path if it was kept."""
        if not location:
            return "-"
        port = self.world.https_port if location.startswith("https:") else self.world.http_port
        return location.removesuffix(f":{port}{PATH}")


@pytest.fixture
def folder_of_names(tmp_path: Path) -> Iterator[tuple[Path, Names]]:
    with running_names() as names:
        yield tmp_path, names


@pytest.fixture
async def world(folder_of_names: tuple[Path, Names]) -> AsyncIterator[World]:
    """An installation whose certificates come from an authority of the test's."""
    folder, names = folder_of_names
    world = World(folder, WHARF_DNS_SERVERS=f"127.0.0.1:{names.port}")
    world.start()
    try:
        with running_authority(folder, world, names) as authority:
            made = await world.do(
                "createCertificateResolver",
                "resolver { id }",
                name="tests",
                directoryUrl=authority.directory_url,
                caCertificates=authority.ca_certificates,
            )
            (server,) = (await world.ask("{ servers { id } }"))["servers"]
            await world.do("setDefaultResolver", serverId=server["id"], resolverId=made["resolver"]["id"])
            yield world
    finally:
        world.stop()
        world.uninstall()


async def test_every_url_of_a_name_does_what_the_table_says(world: World) -> None:
    application = await world.application(await world.environment("names"), "shop")
    assert (await application.deploy())["status"] == "SUCCEEDED"
    hosts = {}
    for given, mode in dict.fromkeys((row[0], row[1]) for row in ROWS):
        scheme, _, name = given.partition("://")
        hosts[given, mode] = f"{scheme}-{name.replace('.', '-')}-{mode}.test".lower()
        url = given.removesuffix("x") + hosts[given, mode]
        await world.do("addDomain", applicationId=application.id, url=url, wwwMode=mode)
    await eventually(lambda: _all_issued(world), within=60)
    visitor = Visitor(world)
    met = [HEAD]
    for given, mode, asked, *_ in ROWS:
        host = hosts[given, mode]
        found = await visitor.meets(asked.removesuffix("x") + host)
        met.append([given, mode, asked, *(each.replace(host, "x") for each in found)])
    assert _written(met) == _written([HEAD, *ROWS])


async def _all_issued(world: World) -> bool:
    """Whether every certificate that the table promises is there. Raises when one has failed."""
    certificates = (await world.ask("{ certificates { names state problem } }"))["certificates"]
    assert not [each for each in certificates if each["state"] == "FAILED"], certificates
    promised = {(given, mode, name) for given, mode, _, *_, name in ROWS if name not in ("-", "nobody")}
    return [each["state"] for each in certificates] == ["ISSUED"] * len(promised)


def _written(rows: list[list[str]]) -> list[str]:
    return ["  ".join(row) for row in rows]
