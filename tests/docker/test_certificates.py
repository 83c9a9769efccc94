"""Certificates by ACME, from a real authority through a real proxy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.certificates.handshake import shown_certificate
from engine.certificates.orders import names_of
from tests.docker.acme import Authority, running_authority
from tests.docker.names import Names, running_names
from tests.docker.world import Answer, World, eventually

pytestmark = pytest.mark.docker

_FIELDS = "id names state reason problem nextAttemptAt source confirmedAt notAfter chain issuer resolver { id name }"


@dataclass
class Scene:
    """An installation that orders from an authority which finds it."""

    world: World
    names: Names
    authority: Authority
    resolver_id: str

    async def secure(self, environment: str, name: str, **fields: object) -> str:
        """The host of a new application over HTTPS."""
        application = await self.world.application(environment, name)
        host = f"secure-{application.host}"
        await self.world.do("addDomain", applicationId=application.id, url=f"https://{host}", **fields)
        return host

    async def certificate(self, host: str) -> Answer:
        found = (await self.world.ask(f"{{ certificates {{ {_FIELDS} }} }}"))["certificates"]
        (mine,) = [each for each in found if host in each["names"]]
        return dict(mine)

    async def until(self, host: str, *states: str, within: float = 20.0) -> Answer:
        """The certificate for this host, once it is in one of these states."""

        async def is_so() -> bool:
            return (await self.certificate(host))["state"] in states

        try:
            await eventually(is_so, within=within)
        except TimeoutError:
            raise AssertionError(await self.certificate(host)) from None
        return await self.certificate(host)

    async def shown(self, host: str) -> list[str]:
        """The names in the certificate that a visitor sees."""
        found = await shown_certificate("127.0.0.1", self.world.https_port, host)
        return names_of(found) if found else []


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("certificates")
    with running_names() as names:
        world = World(folder, WHARF_DNS_SERVERS=f"127.0.0.1:{names.port}")
        world.start()
        try:
            with running_authority(folder, world, names) as authority:
                yield Scene(world, names, authority, "")
        finally:
            world.stop()
            world.uninstall()


@pytest.fixture
async def ordering(scene: Scene) -> Scene:
    if not scene.resolver_id:
        made = await scene.world.do(
            "createCertificateResolver",
            "resolver { id }",
            name="tests",
            directoryUrl=scene.authority.directory_url,
            caCertificates=scene.authority.ca_certificates,
            email="somebody@example.com",
        )
        scene.resolver_id = made["resolver"]["id"]
        servers = (await scene.world.ask("{ servers { id } }"))["servers"]
        await scene.world.do("setDefaultResolver", serverId=servers[0]["id"], resolverId=scene.resolver_id)
    return scene


async def test_an_https_domain_gets_a_certificate_for_its_name(ordering: Scene, unique: Callable[[str], str]) -> None:
    environment = await ordering.world.environment(unique("project"))
    host = await ordering.secure(environment, unique("shop"))
    found = await ordering.until(host, "ISSUED", "FAILED")
    assert found["state"] == "ISSUED", found
    assert found["names"] == [host]
    assert await ordering.shown(host) == [host]
