"""An installation that orders certificates from an authority of the tests, which finds it."""

import itertools
import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from cryptography import x509

from engine import labels
from engine.certificates.handshake import shown_certificate
from engine.certificates.orders import names_of
from tests.docker.acme import Authority, running_authority
from tests.docker.composed import docker
from tests.docker.names import Names, running_names
from tests.docker.world import Answer, Application, World, eventually

FIELDS = (
    "id names state reason problem nextAttemptAt source confirmedAt notBefore notAfter chain issuer "
    "resolver { id name }"
)


_COURSE = ("PENDING", "CHECKING", "ORDERING", "ISSUED", "RENEWING", "EXPIRING")
_numbers = itertools.count(1)


@dataclass
class Scene:
    """The parts, and what people and visitors do."""

    folder: Path
    world: World
    names: Names
    authority: Authority
    resolver_id: str = ""
    environment: str = ""

    async def prepare(self, project: str, **fields: str) -> None:
        """Have the authority be asked where nothing is said, and an environment to put applications in."""
        if not self.resolver_id:
            self.resolver_id = await self.resolver("tests", None, **fields)
            server = (await self.world.ask("{ servers { id } }"))["servers"][0]["id"]
            await self.world.do("setDefaultResolver", serverId=server, resolverId=self.resolver_id)
        self.environment = await self.world.environment(project)

    async def tidy(self) -> None:
        document = "query($id: ID!) { environment(id: $id) { applications { id } } }"
        found = (await self.world.ask(document, id=self.environment))["environment"]["applications"]
        for application in found:
            await self.world.do("removeApplication", applicationId=application["id"])

    async def resolver(self, name: str, authority: Authority | None = None, **fields: object) -> str:
        """The id of a new resolver that asks an authority."""
        asked = authority or self.authority
        made = await self.world.do(
            "createCertificateResolver",
            "resolver { id }",
            name=name,
            directoryUrl=asked.directory_url,
            caCertificates=asked.ca_certificates,
            email="somebody@example.com",
            **fields,
        )
        return str(made["resolver"]["id"])

    async def application(self) -> Application:
        """One that nothing has been deployed to."""
        return await self.world.application(self.environment, f"app-{next(_numbers)}")

    async def add(self, application: Application, host: str, **fields: object) -> Answer:
        fields = {"applicationId": application.id, "url": f"https://{host}", **fields}
        return await self.world.mutate("addDomain", "domain { id }", **fields)

    async def try_secure(self, host: str, **fields: object) -> Answer:
        """What is answered to who wants the name to lead to a new application over HTTPS."""
        return await self.add(await self.application(), host, **fields)

    async def secure(self, host: str, **fields: object) -> str:
        """The name, which leads to a new application over HTTPS."""
        payload = await self.try_secure(host, **fields)
        assert not payload["errors"], payload
        return host

    async def domains(self) -> list[Answer]:
        return list((await self.world.ask("{ domains { id host certificates { id } } }"))["domains"])

    async def certificates(self, host: str) -> list[Answer]:
        found = (await self.world.ask(f"{{ certificates {{ {FIELDS} }} }}"))["certificates"]
        return [each for each in found if host in each["names"]]

    async def certificate(self, host: str) -> Answer:
        (mine,) = await self.certificates(host)
        return mine

    async def until(self, host: str, state: str, within: float = 30.0) -> Answer:
        """The certificate for this host, once it is in this state."""

        async def is_so() -> bool:
            return bool((await self.certificate(host))["state"] == state)

        try:
            await eventually(is_so, within=within)
        except TimeoutError:
            raise AssertionError((await self.certificate(host)) | {"chain": ""}) from None
        return await self.certificate(host)

    async def until_past(self, host: str, state: str) -> None:
        """Return as soon as the certificate for this host is as far as that, or further."""

        async def is_so() -> bool:
            return _COURSE.index((await self.certificate(host))["state"]) >= _COURSE.index(state)

        await eventually(is_so)

    async def until_shown(self, host: str, within: float = 40.0) -> Answer:
        """The certificate for this host, once visitors see the very same one."""

        async def is_so() -> bool:
            found = await shown_certificate("127.0.0.1", self.world.https_port, host)
            return found is not None and certificate_in((await self.certificate(host))["chain"]) == found

        try:
            await eventually(is_so, within=within)
        except TimeoutError:
            raise AssertionError((await self.certificate(host)) | {"chain": ""}) from None
        return await self.certificate(host)

    async def shown(self, host: str) -> list[str]:
        """The names in the certificate that a visitor sees."""
        found = await shown_certificate("127.0.0.1", self.world.https_port, host)
        return names_of(found) if found else []

    async def shown_issuer(self, host: str) -> str:
        found = await shown_certificate("127.0.0.1", self.world.https_port, host)
        return found.issuer.rfc4514_string() if found else ""

    @property
    def proxy(self) -> str:
        """The name of the proxy's container."""
        mine = (f"label={labels.INSTANCE}={self.world.instance_id}", f"label={labels.KIND}={labels.PROXY}")
        return docker(
            "ps", "--all", *(word for each in mine for word in ("--filter", each)), "--format", "{{.Names}}"
        ).strip()

    async def noted(self, orders: int) -> bool:
        """Whether just so many orders are written down, by which the limits are reckoned."""
        with sqlite3.connect(self.world.directory / "data" / "wharf.db") as connection:
            (found,) = connection.execute("SELECT count(*) FROM certificate_order").fetchone()
        return bool(found == orders)

    async def shows(self, host: str) -> bool:
        """Whether visitors see a certificate for just this name."""
        return await self.shown(host) == [host]

    def proxy_log(self) -> str:
        done = subprocess.run(["docker", "logs", self.proxy], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    async def routers(self) -> str:
        """What the proxy has loaded, as text."""
        return docker("cp", f"{self.proxy}:/etc/wharf/live", "-")

    async def until_told(self, host: str) -> None:
        """Return once the proxy has what tells it to order a certificate for this host."""
        told = re.compile(rf'"main":\s*"{re.escape(host)}"')

        async def is_so() -> bool:
            return told.search(await self.routers()) is not None

        await eventually(is_so)

    async def root(self) -> str:
        """Who has signed all that the authority issues, as PEM."""
        settings = json.loads((self.folder / "pebble.json").read_text())["pebble"]
        url = f"https://{settings['managementListenAddress']}/roots/0"
        async with aiohttp.ClientSession() as asking, asking.get(url, ssl=False) as answer:
            return await answer.text()

    async def everything_told(self) -> str:
        """What anybody could see who may not look into containers: answers, events, logs, what Docker tells."""
        document = (
            "{ certificates { id chain problem } certificateResolvers { id dnsProvider caCertificates eabKeyId } }"
        )
        answers = await self.world.ask(document)
        found = [
            json.dumps(answers),
            self.proxy_log(),
            docker("inspect", self.proxy),
            self.world.log.read_text(),
        ]
        data = self.world.directory / "data"
        found += [path.read_bytes().decode("latin-1") for path in data.glob("wharf.db*")]
        return "\n".join(found)


@contextmanager
def running_scene(folder: Path, *, valid_seconds: int = 0, refused: tuple[str, ...] = ()) -> Iterator[Scene]:
    with running_names() as names:
        world = World(folder, WHARF_DNS_SERVERS=f"127.0.0.1:{names.port}")
        world.start()
        try:
            with running_authority(folder, world, names, valid_seconds=valid_seconds, refused=refused) as authority:
                yield Scene(folder, world, names, authority)
        finally:
            world.stop()
            world.uninstall()


def certificate_in(chain: str) -> x509.Certificate | None:
    """The first of a chain; None where there is none."""
    return x509.load_pem_x509_certificates(chain.encode())[0] if chain else None
