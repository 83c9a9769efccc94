"""Certificate resolvers, through the API."""

from typing import Any

import pytest

from tests.graph.api.certificates import CERTIFICATE, PRIVATE_KEY
from tests.graph.api.conftest import Api, Json

_ALL = (
    "id name isBuiltIn directoryUrl email keyType challenge eabKeyId dnsProvider hasDnsCredentials dnsDelay profile"
)
_DNS = {"challenge": "DNS_01", "dnsProvider": "cloudflare"}


async def resolvers(api: Api) -> dict[str, Json]:
    found = (await api.ask(f"{{ certificateResolvers {{ {_ALL} certificateDuration }} }}"))["certificateResolvers"]
    return {each["name"]: each for each in found}


async def create(api: Api, name: str = "acme", **fields: object) -> str:
    wanted = {"name": name, "directoryUrl": "https://acme.example.com/directory", **fields}
    return str((await api.do("createCertificateResolver", "resolver { id }", **wanted))["resolver"]["id"])


async def refused(api: Api, mutation: str, **fields: object) -> Json:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
    document = f"mutation($input: {kind}) {{ it: {mutation}(input: $input) {{ errors {{ code message field }} }} }}"
    (error,) = (await api.ask(document, input=fields))["it"]["errors"]
    return dict(error)


async def the_server(api: Api) -> Json:
    return dict((await api.ask("{ servers { id defaultResolver { id name } } }"))["servers"][0])


async def test_lets_encrypt_is_there_from_the_start_and_asked_where_nothing_is_said(api: Api) -> None:
    found = await resolvers(api)
    assert {name: each["directoryUrl"] for name, each in found.items()} == {
        "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
        "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
    }
    assert {(each["isBuiltIn"], each["keyType"], each["challenge"]) for each in found.values()} == {
        (True, "EC256", "HTTP_01")
    }
    assert found["letsencrypt"]["certificateDuration"] == "90d"
    assert (await the_server(api))["defaultResolver"]["name"] == "letsencrypt"


async def test_of_what_is_built_in_only_some_can_be_changed_and_none_removed(api: Api) -> None:
    key = (await resolvers(api))["letsencrypt"]["id"]
    changes: Json = {"email": "Ops@Example.com", "keyType": "RSA2048", **_DNS, "dnsDelay": "90s"}
    changes["dnsCredentials"] = [{"variable": "CF_DNS_API_TOKEN", "value": "token"}]
    await api.do("updateCertificateResolver", "resolver { id }", resolverId=key, **changes)
    found = (await resolvers(api))["letsencrypt"]
    assert (found["email"], found["keyType"], found["challenge"]) == ("ops@example.com", "RSA2048", "DNS_01")
    assert (found["dnsProvider"], found["hasDnsCredentials"], found["dnsDelay"]) == ("cloudflare", True, "1m30s")
    for name, value in {"name": "mine", "directoryUrl": "https://a.example.com/", "profile": "short"}.items():
        error = await refused(api, "updateCertificateResolver", resolverId=key, **{name: value})
        assert error["field"] == ["input", name]
        assert "built in" in error["message"]
    assert (await refused(api, "removeCertificateResolver", resolverId=key))["code"] == "CONFLICT"
    await api.do("updateCertificateResolver", "resolver { id }", resolverId=key, challenge="HTTP_01")
    found = (await resolvers(api))["letsencrypt"]
    assert (found["dnsProvider"], found["hasDnsCredentials"]) == ("", False)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"directoryUrl": "http://acme.example.com/"}, ["input", "directoryUrl"]),
        ({"directoryUrl": "https://"}, ["input", "directoryUrl"]),
        ({"directoryUrl": "https://me:secret@acme.example.com/"}, ["input", "directoryUrl"]),
        ({"caCertificates": "no PEM"}, ["input", "caCertificates"]),
        ({"caCertificates": CERTIFICATE + PRIVATE_KEY}, ["input", "caCertificates"]),
        ({"challenge": "DNS_01"}, ["input", "dnsProvider"]),
        ({"challenge": "DNS_01", "dnsProvider": "exec"}, ["input", "dnsProvider"]),
        ({"challenge": "DNS_01", "dnsProvider": "manual"}, ["input", "dnsProvider"]),
        ({"challenge": "DNS_01", "dnsProvider": "../x"}, ["input", "dnsProvider"]),
        ({"dnsProvider": "cloudflare"}, ["input", "dnsProvider"]),
        ({**_DNS, "dnsDelay": "2h"}, ["input", "dnsDelay"]),
        ({"eab": {"keyId": "me", "hmacKey": "not base64!"}}, ["input", "eab", "hmacKey"]),
        ({"profile": "a b"}, ["input", "profile"]),
        ({"certificateDuration": "90m"}, ["input", "certificateDuration"]),
        ({"certificateDuration": "0s"}, ["input", "certificateDuration"]),
    ],
)
async def test_what_no_authority_could_be_asked_by_is_refused(
    api: Api, fields: dict[str, Any], place: list[str]
) -> None:
    wanted = {"name": "acme", "directoryUrl": "https://acme.example.com/", **fields}
    error = await refused(api, "createCertificateResolver", **wanted)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", place)
    assert "acme" not in await resolvers(api)


@pytest.mark.parametrize("variable", ["PATH", "LD_PRELOAD", "GODEBUG", "CF_TOKEN_FILE", "cf_token", "HTTPS_PROXY"])
async def test_a_provider_is_told_by_its_own_variables_only(api: Api, variable: str) -> None:
    credentials = [{"variable": variable, "value": "x"}]
    wanted = {"name": "acme", "directoryUrl": "https://acme.example.com/", **_DNS, "dnsCredentials": credentials}
    error = await refused(api, "createCertificateResolver", **wanted)
    assert error["field"] == ["input", "dnsCredentials", "0", "variable"]


async def test_two_resolvers_share_one_process_and_so_one_value_of_each_variable(api: Api) -> None:
    token = {"variable": "CF_DNS_API_TOKEN", "value": "plum"}
    await create(api, "first", **_DNS, dnsCredentials=[token])
    await create(api, "second", **_DNS, dnsCredentials=[token])
    wanted = {"name": "third", "directoryUrl": "https://acme.example.com/", **_DNS}
    error = await refused(api, "createCertificateResolver", **wanted, dnsCredentials=[token | {"value": "pear"}])
    assert (error["code"], error["field"]) == ("CONFLICT", ["input", "dnsCredentials"])
    assert "plum" not in error["message"]


async def test_a_resolver_that_is_used_stays(api: Api, application_id: str) -> None:
    key, other = await create(api), await create(api, "other")
    added = await api.do(
        "addDomain",
        "domain { id resolver { id } certificates { resolver { id } } }",
        applicationId=application_id,
        url="https://shop.example.com",
        resolverId=key,
    )
    domain = added["domain"]
    assert (domain["resolver"]["id"], [each["resolver"]["id"] for each in domain["certificates"]]) == (key, [key])
    assert (await refused(api, "removeCertificateResolver", resolverId=key))["code"] == "CONFLICT"
    server = (await the_server(api))["id"]
    await api.do("setDefaultResolver", "server { id }", serverId=server, resolverId=other)
    await api.do("updateDomain", "domain { id }", domainId=domain["id"], resolverId=None)
    await api.do("removeCertificateResolver", "removedId", resolverId=key)
    assert (await refused(api, "removeCertificateResolver", resolverId=other))["code"] == "CONFLICT"


async def test_a_wildcard_keeps_a_resolver_that_can_ask_for_it(api: Api, application_id: str) -> None:
    key = await create(api, **_DNS)
    wildcard = {"applicationId": application_id, "url": "https://*.example.com"}
    error = await refused(api, "addDomain", **wildcard)
    assert error["field"] == ["input", "url"]
    assert "DNS-01" in error["message"]
    await api.do("addDomain", "domain { id }", **wildcard, resolverId=key)
    error = await refused(api, "updateCertificateResolver", resolverId=key, challenge="HTTP_01")
    assert error["code"] == "CONFLICT"
    assert "*.example.com" in error["message"]
