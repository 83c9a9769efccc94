"""Secrets go in and never come out: each that can be typed is a canary, looked for wherever it could have gone."""

import re
import secrets
import time
from copy import copy
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from tests.docker.canaries import Places, canary, command_lines, found, in_docker, on_disk, secret_inputs, told
from tests.docker.dumps import dumped
from tests.docker.registry import Login, running_registry
from tests.docker.secure import believes, trusting
from tests.docker.world import Application, Database, World, eventually
from tests.engine.certificates.authority import authority, leaf
from tests.graph.api.certificates import certificate_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

# What an application prints is its own affair: those who may read it see it, and the end of it is kept with a
# deployment that failed.
PRINTS_ITS_ENVIRONMENT = ["python3", "-c", "import os; print(dict(os.environ), flush=True); raise SystemExit(3)"]
SHARED = "of setEnvironmentVariables, not marked"
PRINTED = "printed"
OF_PEOPLE = "what people sign in with, or join"
# What processes of the containers that are there in the end find in their environment. A link hands the password of a
# database to an application.
CONTAINERS_OWN = {
    "createApplication variables value",
    "setEnvironmentVariables variables value",
    f"setEnvironmentVariables variables {SHARED}",
    "updateDatabase variables value",
    "rotateDatabasePassword password",
}


class Planted:
    """What was typed, by the place in the schema where it was."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, ...], str] = {}

    def at(self, *place: str) -> str:
        """A new canary for this input."""
        return self.texts.setdefault(place, canary())


async def test_no_secret_is_found_where_it_does_not_belong(fragile_world: World, tmp_path: Path) -> None:
    world, planted, since = fragile_world, Planted(), f"{time.time():.0f}"
    with command_lines(world.pid) as processes:
        ids = await everything(world, planted, tmp_path)
    assert {place for place in planted.texts if place[-1] not in (SHARED, PRINTED, OF_PEOPLE)} == secret_inputs()
    read = await world.do("createApiToken", "secret", name="reader", permissions=[{"action": "READ"}])
    canaries = {" ".join(place): text for place, text in planted.texts.items()}
    canaries |= {"an owner's token": world.token, "a token to read": read["secret"]}
    places = {**on_disk(world), **in_docker(world, since), **processes, **await files(world, ids["Server"])}
    for name, token in (("owner", world.token), ("reader", read["secret"])):
        places |= {f"{name}: {kind}": text for kind, text in (await told(world, token, ids)).items()}
    lie = {(name, place) for name, place in found(places, canaries) if not belongs(name, place)}
    assert lie == set()
    assert {"updateCertificate key", "uploadCertificate key"} <= {name for name, _ in found(places, canaries)}
    assert {name for name, place in found(places, canaries) if place.startswith("variables of ")} == CONTAINERS_OWN


def belongs(name: str, place: str) -> bool:
    """Whether a canary may be there: where it is used, or is meant to be read."""
    if place.startswith("variables of "):
        return name in CONTAINERS_OWN
    if name == "uploadCertificate key":  # the proxy of the database that is exposed with it
        return place.startswith(("data/tcp-proxies/", "files of wharf-tcp-"))
    if name == "updateCertificate key":  # the HTTP proxy, which shows it for a domain
        return place.startswith("data/proxy/") or re.match(r"files of wharf-\w+-proxy-", place) is not None
    if name.split()[0].endswith("CertificateResolver"):  # the HTTP proxy, which asks
        return re.match(r"files of wharf-\w+-proxy-", place) is not None
    if name == PRINTED:
        return place.startswith("data/wharf.db")
    return name.endswith(SHARED) and place.endswith(": EnvironmentVariable")


async def everything(world: World, planted: Planted, directory: Path) -> dict[str, str]:
    """Type every secret there is, and do with it all that is done with secrets; the ids of what came of it."""
    environment = await world.environment("canaries")
    password = planted.at("createApplication", "registry", "password")
    folder = directory / "registry"
    folder.mkdir()
    async with running_registry(folder, Login("harbour", password)) as registry:
        image = await registry.push("wharf-sample:1", "team/canaries:1")
        web = await world.application(
            environment,
            "web",
            image=image,
            pullPolicy="ALWAYS",
            registry={"username": "harbour", "password": password},
            variables=[variable("KEY", planted.at("createApplication", "variables", "value"))],
        )
        postgres = await database(world, environment, planted)
        await world.do("linkDatabase", databaseId=postgres.id, applicationId=web.id, variable="DATABASE_URL")
        shared = variable("SHARED", planted.at("setEnvironmentVariables", "variables", SHARED), secret=False)
        marked = variable("MARKED", planted.at("setEnvironmentVariables", "variables", "value"))
        await world.do("setEnvironmentVariables", applicationId=web.id, variables=[marked, shared])
        assert (await web.deploy())["failure"] is None
        wrong = {"username": "harbour", "password": planted.at("updateApplication", "registry", "password")}
        await world.do("updateApplication", applicationId=web.id, registry=wrong)
        assert (await web.deploy())["failure"]["reason"] == "REGISTRY_DENIED"
    await fail_aloud(world, environment, planted)
    await dumped(postgres)
    certificate = await expose(world, environment, planted)
    await secure(world, web, planted)
    await resolve(world, planted)
    await invite(world, planted)
    return await ids_of(world, web, postgres, certificate)


def variable(name: str, value: str, *, secret: bool = True) -> dict[str, object]:
    return {"name": name, "value": value, "secret": secret}


async def database(world: World, environment: str, planted: Planted) -> Database:
    """One that runs, after its password was changed while it did."""
    made = await world.database(
        environment,
        "POSTGRESQL",
        "db",
        version="15",
        password=planted.at("createDatabase", "password"),
        variables=[{"name": "EXTRA", "value": planted.at("createDatabase", "variables", "value")}],
    )
    await made.until("RUNNING")
    new = planted.at("rotateDatabasePassword", "password")
    await made.do("rotateDatabasePassword", password=new)
    await made.until_true("rotating", lambda seen: not seen["rotating"])
    assert (await made.credentials())["password"] == new
    extra = {"name": "EXTRA", "value": planted.at("updateDatabase", "variables", "value")}
    await made.do("updateDatabase", variables=[extra])
    await made.until("RUNNING")
    return made


async def fail_aloud(world: World, environment: str, planted: Planted) -> None:
    """A deployment fails, and what failed has told all that it knows."""
    loud = await world.application(
        environment,
        "loud",
        port=None,
        command=PRINTS_ITS_ENVIRONMENT,
        restartPolicy="NEVER",
        variables=[variable("KEY", planted.at(PRINTED))],
    )
    failure = (await loud.deploy())["failure"]
    assert any(planted.at(PRINTED)[-40:-6] in line for line in failure["logLines"]), failure


async def expose(world: World, environment: str, planted: Planted) -> str:
    """The id of the certificate with which a database is exposed."""
    chain, key = certificate_for("db.example.com")
    planted.texts["uploadCertificate", "key"] = key.splitlines()[1][8:56]
    made = await world.do("uploadCertificate", "certificate { id }", chain=chain, key=key)
    certificate = str(made["certificate"]["id"])
    redis = await world.database(environment, "REDIS", "cache", version="7.0")
    await redis.until("RUNNING")
    await redis.expose(tls={"mode": "TERMINATE", "certificateId": certificate})
    await redis.until_proxy("LISTENING")
    await redis.do("rotateDatabasePassword")
    await redis.until_true("rotating", lambda seen: not seen["rotating"])
    return certificate


async def resolve(world: World, planted: Planted) -> None:
    """An authority is made known that wants an account made elsewhere, and looks for records in DNS; then changed."""
    made: dict[str, object] = {"name": "canaries", "directoryUrl": "https://127.0.0.1:1/directory"}
    for mutation in ("createCertificateResolver", "updateCertificateResolver"):
        key = planted.texts[mutation, "eab", "hmacKey"] = secrets.token_hex(24)
        value = planted.at(mutation, "dnsCredentials", "value")
        fields = {
            "eab": {"keyId": "canary", "hmacKey": key},
            "challenge": "DNS_01",
            "dnsProvider": "httpreq",
            "dnsCredentials": [{"variable": "HTTPREQ_PASSWORD", "value": value}],
        }
        made = {"resolverId": (await world.do(mutation, "resolver { id }", **made, **fields))["resolver"]["id"]}


async def secure(world: World, web: Application, planted: Planted) -> None:
    """The application is served with a certificate that was brought, and then with another one."""
    made = await world.do(
        "addDomain",
        "domain { id }",
        applicationId=web.id,
        url="https://canary.example.com",
        basicAuth=[{"name": "ann", "password": planted.at("addDomain", "basicAuth", "password")}],
    )
    changed = [{"name": "ann", "password": planted.at("updateDomain", "basicAuth", "password")}]
    await world.do("updateDomain", domainId=made["domain"]["id"], basicAuth=changed)
    first, second = (leaf(authority(), "canary.example.com") for _ in range(2))
    made = await world.do("uploadCertificate", "certificate { id }", chain=first.chain, key=first.key)
    planted.texts["updateCertificate", "key"] = second.key.splitlines()[2][:48]
    asked = {"certificateId": made["certificate"]["id"], "chain": second.chain, "key": second.key}
    await world.do("updateCertificate", **asked)
    assert second.issuer
    await eventually(partial(believes, world.https_port, "canary.example.com", trusting(second.issuer)))


async def files(world: World, server: str) -> Places:
    """What is told at addresses of its own."""
    places = {}
    for path in ("/audit.jsonl", f"/proxy/{server}/http.json"):
        headers, url = {"Authorization": f"Bearer {world.token}"}, f"http://127.0.0.1:{world.port}{path}"
        async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as answer:
            assert answer.status == 200
            places[path] = await answer.read()
    return places


async def invite(world: World, planted: Planted) -> None:
    """Somebody joins the team, with a password of their own."""
    team = (await world.ask("{ teams { id } }"))["teams"][0]["id"]
    asked = {"teamId": team, "email": "canary@example.com", "role": "VIEWER"}
    secret = (await world.do("inviteMember", "secret", **asked))["secret"]
    planted.texts["inviteMember", OF_PEOPLE] = secret
    anybody = copy(world)
    anybody.token = ""
    password = planted.texts["acceptInvitation", OF_PEOPLE] = canary()
    await anybody.do("acceptInvitation", secret=secret, name="Canary", password=password)


async def ids_of(world: World, web: Application, postgres: Database, certificate: str) -> dict[str, str]:
    """What the API is asked about."""
    found = await world.ask(
        """query($web: ID!, $db: ID!) {
            teams { id memberships { id } } servers { id defaultResolver { id } } dumps { nodes { id } }
            application(id: $web) { variables { id } domains { id } liveRelease { id } latestDeployment { id }
                environment { id project { id } } }
            database(id: $db) { links { id } } }""",
        web=web.id,
        db=postgres.id,
    )
    application = found["application"]
    return {
        "Team": found["teams"][0]["id"],
        "Membership": found["teams"][0]["memberships"][0]["id"],
        "Server": found["servers"][0]["id"],
        "CertificateResolver": found["servers"][0]["defaultResolver"]["id"],
        "Project": application["environment"]["project"]["id"],
        "Environment": application["environment"]["id"],
        "Application": web.id,
        "Domain": application["domains"][0]["id"],
        "Release": application["liveRelease"]["id"],
        "Deployment": application["latestDeployment"]["id"],
        "Database": postgres.id,
        "DatabaseLink": found["database"]["links"][0]["id"],
        "DatabaseDump": found["dumps"]["nodes"][0]["id"],
        "Certificate": certificate,
    }
