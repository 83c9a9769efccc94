"""Single sign-on: who a provider lets in is let in here only if we know them, by issuer and subject."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from joserfc.jwk import OctKey, RSAKey

from engine.accounts.oidc import Oidc
from engine.accounts.single_sign_on import OidcSettings
from tests.graph.api.conftest import Api, Json
from tests.graph.api.people import PASSWORD, invited, long_ago, owner, somebody
from tests.graph.api.provider import CLIENT, SECRET, Provider, providing
from wharf.app import create_app

HERE = "https://wharf.example.com"
BOB = "bob@example.com"
BEGIN = "mutation($input: BeginSingleSignOnInput!) { it: beginSingleSignOn(input: $input) { url errors { code } } }"
SIGN_IN = "mutation($input: SignInInput!) { it: signIn(input: $input) { errors { code } } }"


@pytest.fixture
async def provider(api: Api) -> AsyncIterator[Provider]:
    async with providing() as provider:
        settings = OidcSettings(provider.issuer, CLIENT, "Example", f"{HERE}/auth/oidc/callback", SECRET)
        api.engine.people.oidc = Oidc(settings)
        yield provider


@asynccontextmanager
async def browser(api: Api) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(api.engine, lambda _: None))
    async with httpx2.AsyncClient(transport=transport, base_url=HERE) as client:
        yield client


async def ask(client: httpx2.AsyncClient, query: str, **values: object) -> Json:
    response = await client.post("/graphql", json={"query": query, "variables": {"input": values}})
    found: Json = response.json()["data"]
    return found


async def who(client: httpx2.AsyncClient) -> str | None:
    """Who is signed in with this browser."""
    response = await client.post("/graphql", json={"query": "{ viewer { name identities { email } } }"})
    return str(response.json()["data"]["viewer"]["name"]) if response.status_code == 200 else None


async def begin(client: httpx2.AsyncClient, **values: object) -> str:
    found = (await ask(client, BEGIN, **values))["it"]
    assert found["errors"] == []
    return str(found["url"])


async def come_back(client: httpx2.AsyncClient, brought: dict[str, str]) -> str:
    """What the browser is told; "/" when it is signed in and sent to the first page."""
    answer = await client.get("/auth/oidc/callback", params=brought)
    return answer.headers["location"] if answer.status_code == 303 else answer.text.strip()


async def sign_on(client: httpx2.AsyncClient, provider: Provider, subject: str, **claims: object) -> str:
    away = await client.get("/auth/oidc/start")
    assert away.status_code == 303
    return await come_back(client, provider.let_in(away.headers["location"], subject, **claims))


async def test_an_invitation_of_the_verified_address_makes_who_is_new_known(api: Api, provider: Provider) -> None:
    secret = await invited(await owner(api), BOB, role="VIEWER")
    async with browser(api) as client:
        url = await begin(client, invitation=secret)
        brought = provider.let_in(url, "bob-1", email="Bob@Example.com", email_verified=True, name="Bob")
        assert await come_back(client, brought) == "/"
        assert await who(client) == "Bob"
    async with browser(api) as another:
        provider.claims = {}
        assert await sign_on(another, provider, "bob-1", email="else@example.com", email_verified=True) == "/"
        assert await who(another) == "Bob", "the subject counts, and not the address"


async def test_an_address_alone_opens_nothing(api: Api, provider: Provider) -> None:
    await owner(api)
    async with browser(api) as client:
        told = await sign_on(client, provider, "eve", email="ann@example.com", email_verified=True)
        assert told == "Nobody is known here by this sign-in: ask for an invitation, or sign in and link it."
        assert await who(client) is None


@pytest.mark.parametrize(
    "claims",
    [{"email": BOB, "email_verified": False}, {"email": BOB}, {"email": "x@y.z", "email_verified": True}, {}],
)
async def test_an_invitation_needs_its_address_verified(
    api: Api, provider: Provider, claims: dict[str, object]
) -> None:
    secret = await invited(await owner(api), BOB)
    async with browser(api) as client:
        brought = provider.let_in(await begin(client, invitation=secret), "eve", **claims)
        assert "another address" in await come_back(client, brought)
        assert await who(client) is None


async def test_an_invitation_does_not_take_over_an_account(api: Api, provider: Provider) -> None:
    ann = await owner(api)
    await somebody(ann, BOB)
    made = await ann.do("createTeam", "team { id }", name="blog")
    secret = await invited(ann, BOB, team=made["team"]["id"])
    async with browser(api) as client:
        brought = provider.let_in(await begin(client, invitation=secret), "eve", email=BOB, email_verified=True)
        assert await come_back(client, brought) == "You have an account: sign in first, then link this sign-in."


async def test_who_is_signed_in_links_it(api: Api, provider: Provider) -> None:
    ann = await owner(api)
    async with browser(api) as client:
        await ask(client, SIGN_IN, email="ann@example.com", password=PASSWORD)
        brought = provider.let_in(await begin(client, link=True), "ann-1")
        del client.cookies["__Host-wharf"]  # a strict cookie does not come back from the provider
        assert await come_back(client, brought) == "/"
        assert await who(client) == "Ann"
    async with browser(api) as client:
        provider.claims = {}
        assert await sign_on(client, provider, "ann-1") == "/"
        await api.engine.sessions.write(long_ago, ann.viewer.user_id)
        found = await ask(client, BEGIN, link=True)
        assert found["it"]["errors"] == [{"code": "CONFIRMATION_NEEDED"}]
    async with browser(api) as client:
        assert (await ask(client, BEGIN, link=True))["it"]["errors"] == [{"code": "NOT_NOW"}]


async def test_the_way_back_is_good_once_and_in_the_same_browser(api: Api, provider: Provider) -> None:
    secret = await invited(await owner(api), BOB)
    claims: Json = {"email": BOB, "email_verified": True}
    async with browser(api) as client, browser(api) as other:
        brought = provider.let_in(await begin(client, invitation=secret), "bob-1", **claims)
        nowhere = "This is not the way back of a sign-in that began in this browser."
        assert await come_back(other, brought) == nowhere
        await other.get("/auth/oidc/start")
        assert await come_back(other, brought) == nowhere
        assert await come_back(client, brought) == "/"
        assert await come_back(client, brought) == nowhere


async def test_what_the_provider_refuses_or_another_answers_lets_nobody_in(api: Api, provider: Provider) -> None:
    await owner(api)
    async with browser(api) as client:
        for brought, told in (
            ({"error": "access_denied"}, "The provider has not let you in."),
            ({"iss": "https://evil.example"}, "Another provider answers than the one that was asked."),
            ({"code": "made up"}, "The provider has answered with status 400."),
        ):
            away = await client.get("/auth/oidc/start")
            given = provider.let_in(away.headers["location"], "eve")
            assert await come_back(client, given | brought) == told


NOT_FOR_US = "The ID token is not for us, or not of this moment."
NOT_SIGNED = "The ID token is not signed by the provider."


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        ({"iss": "https://evil.example"}, NOT_FOR_US),
        ({"aud": "another"}, NOT_FOR_US),
        ({"aud": ["wharf", "another"], "azp": "another"}, NOT_FOR_US),
        ({"nonce": "another"}, NOT_FOR_US),
        ({"nonce": None}, NOT_FOR_US),
        ({"exp": int(time.time()) - 3600}, NOT_FOR_US),
        ({"exp": None}, NOT_FOR_US),
        ({"sub": None}, NOT_FOR_US),
        ({"sub": "x" * 300}, "The ID token names nobody."),
    ],
)
async def test_an_id_token_must_be_ours_and_of_this_moment(
    api: Api, provider: Provider, lie: dict[str, object], told: str
) -> None:
    async with browser(api) as client:
        provider.claims = lie
        assert await sign_on(client, provider, "eve") == told


async def test_an_id_token_must_be_signed_by_the_provider(api: Api, provider: Provider) -> None:
    async with browser(api) as client:
        provider.key = RSAKey.generate_key(2048, {"kid": "one"})
        assert await sign_on(client, provider, "eve") == NOT_SIGNED
        provider.key = OctKey.import_key(SECRET * 2, {"kid": "one"})
        provider.algorithm = "HS256"
        provider.claims = {}
        assert await sign_on(client, provider, "eve") == NOT_SIGNED


async def test_new_keys_of_the_provider_are_found(
    api: Api, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await invited(await owner(api), BOB)
    async with browser(api) as client:
        await sign_on(client, provider, "eve")
        provider.key = provider.published = RSAKey.generate_key(2048, {"kid": "two"})
        monkeypatch.setattr("engine.accounts.oidc._KEYS_PAUSE", 0)
        provider.claims = {}
        brought = provider.let_in(await begin(client, invitation=secret), "bob", email=BOB, email_verified=True)
        assert await come_back(client, brought) == "/"
    assert provider.asked == ["metadata", "keys", "keys"]


async def test_without_a_provider_it_is_said_so(api: Api) -> None:
    async with browser(api) as client:
        answer = await client.get("/auth/oidc/start")
    assert (answer.status_code, answer.text) == (403, "There is no single sign-on here.\n")
