"""Passkeys: a key in a device that has seen its owner opens the door, once for each challenge."""

import httpx2
import pytest

from tests.graph.api.conftest import Api, Json
from tests.graph.api.device import Device
from tests.graph.api.people import PASSWORD, owner
from tests.graph.api.test_single_sign_on import HERE, ask, browser, who

SIGN_IN = "mutation($input: SignInInput!) { it: signIn(input: $input) { errors { code } } }"
BEGIN = "mutation($input: BeginPasskeyInput!) { it: beginPasskey(input: $input) { options errors { code } } }"
ADD = """mutation($input: AddPasskeyInput!) {
    it: addPasskey(input: $input) { passkey { id name } errors { code field } } }"""
USE = """mutation($input: SignInWithPasskeyInput!) {
    it: signInWithPasskey(input: $input) { user { name } errors { code field } } }"""
WRONG = {"user": None, "errors": [{"code": "INVALID_INPUT", "field": ["input", "credential"]}]}


async def begin(client: httpx2.AsyncClient, *, add: bool = False) -> str:
    return str((await ask(client, BEGIN, add=add))["it"]["options"])


async def added(client: httpx2.AsyncClient, device: Device) -> Json:
    """What adding the device's key to who is signed in answers."""
    credential = device.create(await begin(client, add=True))
    found: Json = (await ask(client, ADD, name="phone", credential=credential))["it"]
    return found


async def used(client: httpx2.AsyncClient, device: Device) -> Json:
    found: Json = (await ask(client, USE, credential=device.sign(await begin(client))))["it"]
    return found


@pytest.fixture
async def device(api: Api) -> Device:
    """Ann's, who is the owner."""
    await owner(api)
    device = Device(HERE)
    async with browser(api) as client:
        await ask(client, SIGN_IN, email="ann@example.com", password=PASSWORD)
        assert (await added(client, device))["errors"] == []
    return device


async def test_a_passkey_signs_its_owner_in_without_anything_else(api: Api, device: Device) -> None:
    async with browser(api) as client:
        assert await used(client, device) == {"user": {"name": "Ann"}, "errors": []}
        assert await who(client) == "Ann"
    async with browser(api) as client:
        assert (await used(client, device))["errors"] == []


async def test_an_answer_is_good_once_and_in_the_browser_that_was_asked(api: Api, device: Device) -> None:
    async with browser(api) as client, browser(api) as other:
        answer = device.sign(await begin(client))
        assert (await ask(other, USE, credential=answer))["it"]["errors"][0]["code"] == "NOT_NOW"
        await begin(other)
        assert (await ask(other, USE, credential=answer))["it"] == WRONG
        assert (await ask(client, USE, credential=answer))["it"]["errors"] == []
        assert (await ask(client, USE, credential=answer))["it"]["errors"][0]["code"] == "NOT_NOW"


async def test_what_is_wrong_about_an_answer_lets_nobody_in(api: Api, device: Device) -> None:
    async with browser(api) as client:
        assert await used(client, Device(HERE)) == WRONG
        forged = Device(HERE)
        forged.id = device.id
        assert await used(client, forged) == WRONG
        device.origin = "https://evil.example"
        assert await used(client, device) == WRONG
        device.origin = HERE
        device.count = 5
        assert (await used(client, device))["errors"] == []
        device.count = 2
        assert await used(client, device) == WRONG, "another device has the same key"
        for nonsense in ("", "{}", "[]", "null", '{"id": 1}', "x" * 100_000):
            await begin(client)
            asked = {"query": USE, "variables": {"input": {"credential": nonsense}}}
            found = await client.post("/graphql", json=asked)
            assert found.status_code in (200, 400)
            assert "INTERNAL" not in found.text
    async with browser(api) as client:
        assert (await ask(client, BEGIN, add=True)) is None


@pytest.mark.parametrize("host", ["", ":443", "[::1"])
async def test_a_request_that_names_no_host_is_told_so(api: Api, host: str) -> None:
    async with browser(api) as client:
        asked = {"query": BEGIN.replace("code", "code message field"), "variables": {"input": {"add": False}}}
        answer = (await client.post("/graphql", json=asked, headers={"Host": host})).json()["data"]["it"]
    (error,) = answer["errors"]
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["input"])
    assert "Host" in error["message"]


async def test_a_device_that_has_not_seen_its_owner_is_not_enough(api: Api, device: Device) -> None:
    async with browser(api) as client:
        await ask(client, SIGN_IN, email="ann@example.com", password=PASSWORD)
        refused = await added(client, Device(HERE, verifies=False))
        assert refused["errors"] == [{"code": "INVALID_INPUT", "field": ["input", "credential"]}]
        device._flags = 0x01
        assert await used(client, device) == WRONG


async def test_a_passkey_is_renamed_and_removed_by_its_owner(api: Api, device: Device) -> None:
    async with browser(api) as client:
        await used(client, device)
        query = "{ viewer { passkeys { id name lastUsedAt } } }"
        (passkey,) = (await client.post("/graphql", json={"query": query})).json()["data"]["viewer"]["passkeys"]
        assert passkey["name"] == "phone"
        assert passkey["lastUsedAt"]
        rename = "mutation($input: RenamePasskeyInput!) { it: renamePasskey(input: $input) { passkey { name } } }"
        done = await ask(client, rename, passkeyId=passkey["id"], name="old phone")
        assert done["it"] == {"passkey": {"name": "old phone"}}
        remove = "mutation($input: RemovePasskeyInput!) { it: removePasskey(input: $input) { errors { code } } }"
        assert (await ask(client, remove, passkeyId=passkey["id"]))["it"] == {"errors": []}
        assert await used(client, device) == WRONG
