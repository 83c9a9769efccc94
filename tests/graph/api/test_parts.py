"""The parts of an application: variables, volumes, domains."""

import sqlite3
from pathlib import Path

import pytest

from tests.graph.api.conftest import Api, Json

VARIABLES = "application { variables { name value secret } }"


async def test_a_secret_goes_in_and_never_comes_out(api: Api, tmp_path: Path) -> None:
    application_id = await api.application(
        registry={"username": "ann", "password": "p4ssword"},
        variables=[{"name": "KEY", "value": "s3cret", "secret": True}, {"name": "MODE", "value": "loud"}],
    )
    data = await api.ask(
        "query($id: ID!) { application(id: $id) { registry { username } variables { name value secret } } }",
        id=application_id,
    )
    assert data["application"] == {
        "registry": {"username": "ann"},
        "variables": [
            {"name": "KEY", "value": None, "secret": True},
            {"name": "MODE", "value": "loud", "secret": False},
        ],
    }
    with sqlite3.connect(tmp_path / "wharf.db") as database:
        dump = "\n".join(database.iterdump())
    database.close()
    for secret in ("s3cret", "p4ssword", "loud"):
        assert secret not in dump


async def test_variables_are_set_and_removed_by_name(api: Api, application_id: str) -> None:
    for value in ("1", "2"):
        changed = await api.do(
            "setEnvironmentVariables",
            VARIABLES,
            applicationId=application_id,
            variables=[{"name": "A", "value": value}],
        )
        assert changed["application"]["variables"] == [{"name": "A", "value": value, "secret": False}]
    missing = [("NOT_FOUND", ["input", "names", "1"])]
    refused = await api.refused("removeEnvironmentVariables", applicationId=application_id, names=["A", "B"])
    assert refused == missing
    removed = await api.do("removeEnvironmentVariables", VARIABLES, applicationId=application_id, names=["A"])
    assert removed["application"]["variables"] == []


async def test_a_variable_given_twice_is_refused(api: Api, application_id: str) -> None:
    twice = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    refused = await api.refused("setEnvironmentVariables", applicationId=application_id, variables=twice)
    assert refused == [("INVALID_INPUT", ["input", "variables", "1", "name"])]


def large(*names: str) -> list[Json]:
    """Variables that are as large as Linux takes them, "NAME=value" and a NUL."""
    return [{"name": name, "value": "x" * (128 * 1024 - 2 - len(name))} for name in names]


async def test_a_variable_is_at_most_as_large_as_linux_takes_it(api: Api, application_id: str) -> None:
    await api.do("setEnvironmentVariables", "application { id }", applicationId=application_id, variables=large("A"))
    (variable,) = large("A")
    wrong = variable | {"value": variable["value"] + "x"}
    refused = await api.refused("setEnvironmentVariables", applicationId=application_id, variables=[wrong])
    assert refused == [("INVALID_INPUT", ["input", "variables", "0", "value"])]


async def test_all_variables_of_an_application_have_a_limit(api: Api, application_id: str) -> None:
    most, more = large(*"ABCDEFG"), large("H")
    done = {"applicationId": application_id, "variables": most}
    await api.do("setEnvironmentVariables", "application { id }", **done)
    refused = await api.refused(
        "setEnvironmentVariables", applicationId=application_id, variables=[*more, *large("I")]
    )
    assert refused == [("INVALID_INPUT", ["input", "variables"])]
    await api.do("setEnvironmentVariables", "application { id }", **done)
    many = [{"name": f"A{number}", "value": ""} for number in range(994)]
    refused = await api.refused("setEnvironmentVariables", applicationId=application_id, variables=many)
    assert refused == [("INVALID_INPUT", ["input", "variables"])]
    await api.do("setEnvironmentVariables", "application { id }", applicationId=application_id, variables=many[1:])


async def test_names_that_no_variable_has_can_be_very_many(api: Api, application_id: str) -> None:
    names = [f"A{number}" for number in range(10_000)]
    refused = await api.refused("removeEnvironmentVariables", applicationId=application_id, names=names)
    assert refused == [("NOT_FOUND", ["input", "names", "0"])]
    refused = await api.refused("removeEnvironmentVariables", applicationId=application_id, names=[*names, "A"])
    assert refused == [("INVALID_INPUT", ["input", "names"])]


async def test_an_application_has_a_hundred_volumes_at_most(api: Api) -> None:
    volumes = [{"name": f"v{number}", "mountPath": f"/v{number}"} for number in range(101)]
    values = {"environmentId": await api.environment(), "name": "web", "image": "nginx"}
    refused = await api.refused("createApplication", **values, volumes=volumes)
    assert refused == [("INVALID_INPUT", ["input", "volumes", "100", "name"])]
    made = await api.do("createApplication", "application { id }", **values, volumes=volumes[:100])
    refused = await api.refused("addVolume", applicationId=made["application"]["id"], **volumes[100])
    assert refused == [("INVALID_INPUT", ["input", "name"])]


async def test_volumes_are_added_and_removed(api: Api, application_id: str) -> None:
    added = await api.do(
        "addVolume",
        "volume { id name mountPath readOnly }",
        applicationId=application_id,
        name="data",
        mountPath="/data",
        readOnly=True,
    )
    volume_id = added["volume"].pop("id")
    assert added["volume"] == {"name": "data", "mountPath": "/data", "readOnly": True}
    taken = await api.refused("addVolume", applicationId=application_id, name="data", mountPath="/other")
    assert taken == [("NAME_TAKEN", ["input", "name"])]
    taken = await api.refused("addVolume", applicationId=application_id, name="other", mountPath="/data")
    assert taken == [("CONFLICT", ["input", "mountPath"])]
    removed = await api.do("removeVolume", "removedId application { volumes { id } }", volumeId=volume_id)
    assert removed == {"removedId": volume_id, "application": {"volumes": []}}
    assert await api.refused("removeVolume", volumeId=volume_id) == [("NOT_FOUND", ["input", "volumeId"])]


DOMAIN = "domain { id url host pathPrefix stripPrefix problem application { name } }"


async def test_domains_are_added_changed_and_removed(api: Api, application_id: str) -> None:
    added = await api.do("addDomain", DOMAIN, applicationId=application_id, url="http://Shop.Example.com")
    domain_id = added["domain"].pop("id")
    assert added["domain"] == {
        "url": "http://shop.example.com",
        "host": "shop.example.com",
        "pathPrefix": "/",
        "stripPrefix": False,
        "problem": None,
        "application": {"name": "web"},
    }
    changed = await api.do("updateDomain", DOMAIN, domainId=domain_id, url="https://Shop.example.com./api/")
    assert (changed["domain"]["host"], changed["domain"]["pathPrefix"]) == ("shop.example.com", "/api")
    assert (await api.ask("{ domains { host pathPrefix } }"))["domains"] == [
        {"host": "shop.example.com", "pathPrefix": "/api"}
    ]
    assert await api.do("removeDomain", "removedId", domainId=domain_id) == {"removedId": domain_id}
    missing = [("NOT_FOUND", ["input", "domainId"])]
    assert await api.refused("removeDomain", domainId=domain_id) == missing
    assert await api.refused("updateDomain", domainId=domain_id, url="http://a.example.com") == missing


async def test_a_route_belongs_to_one_application(api: Api, application_id: str) -> None:
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="http://shop.example.com")
    taken = [("ROUTE_TAKEN", ["input", "url"])]
    other = await api.application("blog", await api.environment("blog"))
    assert await api.refused("addDomain", applicationId=other, url="http://shop.example.com") == taken
    added = await api.do("addDomain", "domain { id }", applicationId=other, url="http://blog.example.com")
    changed = {"domainId": added["domain"]["id"], "url": "http://shop.example.com"}
    assert await api.refused("updateDomain", **changed) == taken


@pytest.mark.parametrize("field", ["url", "stripPrefix", "wwwMode", "httpsOnly"])
async def test_a_domain_has_no_empty_fields(api: Api, application_id: str, field: str) -> None:
    added = await api.do("addDomain", "domain { id }", applicationId=application_id, url="http://shop.example.com")
    refused = await api.refused("updateDomain", domainId=added["domain"]["id"], **{field: None})
    assert refused == [("INVALID_INPUT", ["input", field])]
