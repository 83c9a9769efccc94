"""Certificates by ACME, from a real authority through a real proxy."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.docker.acme import running_authority
from tests.docker.certified import Scene, running_scene
from tests.docker.texts import text_records
from tests.docker.world import Answer, eventually
from tests.engine.certificates.authority import authority, leaf

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def module_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with running_scene(tmp_path_factory.mktemp("certificates"), refused=("refused.test",)) as scene:
        yield scene


@pytest.fixture
async def scene(module_scene: Scene, unique: Callable[[str], str]) -> AsyncIterator[Scene]:
    await module_scene.prepare(unique("project"))
    yield module_scene
    await module_scene.tidy()


async def test_a_domain_over_https_gets_a_certificate_for_exactly_its_name(
    scene: Scene, unique: Callable[[str], str]
) -> None:
    host = await scene.secure(f"{unique('shop')}.test")
    found = await scene.until(host, "ISSUED")
    assert found["names"] == [host] == await scene.shown(host)
    assert found["resolver"]["name"] == "tests"
    assert found["confirmedAt"]
    assert found["chain"].count("BEGIN CERTIFICATE") == 2
    assert "Pebble" in found["issuer"]
    (domain,) = [each for each in await scene.domains() if each["host"] == host]
    assert [each["id"] for each in domain["certificates"]] == [found["id"]]
    await scene.world.do("removeDomain", domainId=domain["id"])
    assert await scene.certificates(host) == []


async def test_a_name_is_shown_to_be_ours_by_a_handshake(scene: Scene, unique: Callable[[str], str]) -> None:
    resolver = await scene.resolver(unique("alpn"), challenge="TLS_ALPN_01")
    host = await scene.secure(f"{unique('shop')}.test", resolverId=resolver)
    await scene.until(host, "ISSUED")
    assert await scene.shown(host) == [host]
    assert scene.authority.validations(host) == 1
    assert scene.authority.count(f"http://{host}") == 0


async def test_a_wildcard_is_shown_to_be_ours_by_a_record_in_dns(scene: Scene, unique: Callable[[str], str]) -> None:
    host = f"*.{unique('shop')}.test"
    payload = await scene.try_secure(host)
    assert payload["errors"][0]["field"] == ["input", "url"], "nobody gives a wildcard by HTTP-01"
    assert "DNS-01" in payload["errors"][0]["message"]
    async with text_records(scene.names) as records:
        resolver = await scene.resolver(
            unique("dns"),
            challenge="DNS_01",
            dnsProvider="httpreq",
            dnsDelay="0s",
            dnsCredentials=[
                {"variable": "HTTPREQ_ENDPOINT", "value": records.url},
                {"variable": "HTTPREQ_USERNAME", "value": "somebody"},
                {"variable": "HTTPREQ_PASSWORD", "value": records.password},
            ],
        )
        await scene.secure(host, resolverId=resolver)
        await scene.until(host, "ISSUED", within=40)
        assert await scene.shown(host.replace("*", "any")) == [host]
        assert records.made == [f"_acme-challenge.{host.removeprefix('*.')}."]
        told = await scene.everything_told()
        assert records.password not in told, "what a provider is told is told to nobody else"


async def test_a_bad_name_holds_back_no_other_and_is_mended_without_anybody_touching_it(
    scene: Scene, unique: Callable[[str], str]
) -> None:
    word = unique("shop")
    good, bad, refused = [f"{word}-{number}.test" for number in range(10)], f"{word}-bad.test", f"{word}.refused.test"
    scene.names.point(bad, "127.0.0.9")
    application = await scene.application()
    await asyncio.gather(*(scene.add(application, host) for host in (bad, refused, *good)))
    for host in good:
        await scene.until(host, "ISSUED", within=40)
        assert await scene.shown(host) == [host]
    failed = await scene.until(bad, "FAILED")
    assert failed["reason"] == "PORT_UNREACHABLE"
    assert failed["nextAttemptAt"]
    assert "127.0.0.9" in failed["problem"]
    assert scene.authority.validations(bad) == 0, "what cannot succeed is not asked for"
    refusal = await scene.until(refused, "FAILED")
    assert refusal["reason"] == "REFUSED"
    assert "forbidden by policy" in refusal["problem"], "the authority's own words"

    scene.names.point(bad, "127.0.0.1")
    await scene.until(bad, "ISSUED", within=40)
    assert await scene.shown(bad) == [bad]
    routers = await scene.routers()
    assert (await scene.certificate(refused))["id"] not in routers, "what has failed is not tried with each reload"


async def test_who_asks_for_it_again_is_told_when_that_would_use_up_the_limits(
    scene: Scene, unique: Callable[[str], str]
) -> None:
    host = await scene.secure(f"{unique('shop')}.refused.test")
    retried: list[Answer] = []
    while not retried or not retried[-1]["errors"]:
        assert len(retried) < 5, "five failures an hour are too many"
        found = await scene.until(host, "FAILED")
        retried.append(
            await scene.world.mutate("retryCertificate", "certificate { state }", certificateId=found["id"])
        )
    assert {each["certificate"]["state"] for each in retried[:-1]} == {"PENDING"}
    (error,) = retried[-1]["errors"]
    assert error["code"] == "NOT_NOW"
    assert "goes on at" in error["message"]


async def test_another_resolver_is_asked_once_it_is_the_one_that_is_named(
    scene: Scene, unique: Callable[[str], str]
) -> None:
    host = await scene.secure(f"{unique('shop')}.test")
    first = await scene.until(host, "ISSUED")
    folder = scene.folder / unique("other")
    folder.mkdir()
    with running_authority(folder, scene.world, scene.names) as other:
        resolver = await scene.resolver(unique("other"), other)
        (domain,) = [each for each in await scene.domains() if each["host"] == host]
        await scene.world.do("updateDomain", domainId=domain["id"], resolverId=resolver)

        async def from_the_other() -> bool:
            found = await scene.certificate(host)
            return (found["state"], found["resolver"]["id"]) == ("ISSUED", resolver)

        await eventually(from_the_other, within=40)
        assert (await scene.certificate(host))["issuer"] != first["issuer"]
        assert other.validations(host) >= 1
        assert await scene.shown_issuer(host) == (await scene.certificate(host))["issuer"]


@pytest.mark.timeout(180)
async def test_one_that_is_brought_takes_the_place_of_one_that_was_ordered(
    scene: Scene, unique: Callable[[str], str]
) -> None:
    host = await scene.secure(f"{unique('shop')}.test")
    await scene.until(host, "ISSUED")
    made = leaf(authority(), host)
    await scene.world.do("uploadCertificate", "certificate { id }", chain=made.chain, key=made.key)
    shown = await scene.until_shown(host)
    assert (shown["source"], shown["problem"]) == ("UPLOADED", "")


async def test_an_exposed_postgresql_waits_for_a_certificate_that_was_ordered_for_it_and_shows_it(
    scene: Scene, unique: Callable[[str], str], tmp_path: Path
) -> None:
    world, host = scene.world, f"{unique('db')}.test"
    database = await world.database(scene.environment, "POSTGRESQL", unique("db"), version="15")
    await database.until("RUNNING")
    scene.authority.pause()
    try:
        ordered = await world.do("orderCertificate", "certificate { id names }", name=host)
        await database.expose(tls={"mode": "TERMINATE", "certificateId": ordered["certificate"]["id"]})
        told = await database.until_proxy("FAILED")
        assert (told["reason"], told["message"]) == ("NO_CERTIFICATE", f"There is no certificate for {host} yet.")
    finally:
        scene.authority.resume()
    await database.until_proxy("LISTENING", within=60)
    (tmp_path / "root.pem").write_text(await scene.root())
    url = (await database.credentials())["externalUrl"].replace("sslmode=require", "sslmode=verify-full")
    url += f"&sslrootcert={tmp_path / 'root.pem'}&hostaddr=127.0.0.1"
    async with await psycopg.AsyncConnection.connect(url) as client:
        assert await (await client.execute("SELECT 1")).fetchone() == (1,)
    await world.do("unexposeDatabase", databaseId=database.id)
    await database.until_true("tcpProxy { id }", lambda seen: seen["tcpProxy"] is None)
    await world.do("removeCertificate", certificateId=ordered["certificate"]["id"])
    assert await scene.certificates(host) == []
