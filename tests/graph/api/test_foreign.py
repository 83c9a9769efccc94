"""The document for people with a Traefik of their own: for whom it is, and that a failure is never a 200."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from db.models import Role
from engine import foreign_routes
from engine.accounts.viewer import Viewer
from graph.ids import global_id
from tests.graph.api.conftest import Api
from tests.graph.api.front import Front, opened
from tests.graph.api.members import administrator, member
from wharf.app import create_app


@pytest.fixture
async def front(api: Api, tmp_path: Path) -> AsyncIterator[Front]:
    _, token = await api.engine.tokens.create("traefik")
    async with opened(create_app(api.engine, lambda _: None), token, str(tmp_path / "wharf.db")) as front:
        yield front


@pytest.fixture
async def path(api: Api, application_id: str) -> str:
    """Where the document is, in which there is a domain."""
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="http://shop.example.com")
    return f"/proxy/{(await api.ask('{ servers { id } }'))['servers'][0]['id']}/http.json"


async def test_it_is_told_once_and_then_that_it_has_not_changed(
    api: Api, front: Front, path: str, application_id: str
) -> None:
    first, again = await front.client.get(path), await front.client.get(path)
    assert (first.status_code, first.headers["content-type"]) == (200, "application/json")
    assert first.headers["cache-control"] == "no-store, private"
    assert first.content == again.content
    (router,) = first.json()["http"]["routers"].values()
    assert "shop.example.com" in router["rule"]
    tag = first.headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        unchanged = await front.client.get(path, headers={"If-None-Match": known})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
    head = await front.client.head(path)
    assert (head.status_code, head.headers["etag"], head.headers["content-length"]) == (
        200,
        tag,
        str(len(first.content)),
    )
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="http://blog.example.com")
    changed = await front.client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_it_is_for_those_who_may_see_the_domains_of_all_teams_and_what_is_secret_in_them(
    api: Api, front: Front, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people: dict[str, Viewer] = {
        "owner": await member(api, "owner", Role.OWNER),
        "administrator": await administrator(api),
    }
    enough = [{"action": "READ", "noun": "SERVER"}, {"action": "READ", "noun": "DOMAIN"}]
    reading = await api.do("createApiToken", "secret", name="reading", permissions=enough)
    enough.append({"action": "REVEAL", "noun": "DOMAIN"})
    traefik = await api.do("createApiToken", "secret", name="traefik", permissions=enough)

    async def status(token: str) -> int:
        return (await front.client.get(path, headers={"Authorization": f"Bearer {token}"})).status_code

    assert await status(traefik["secret"]) == 200
    assert [await status(token) for token in (reading["secret"], "nobody", "")] == [403, 401, 401]
    view = next(route.app.view for route in front.app.routes if getattr(route, "path", "") == "/audit.jsonl")  # type: ignore[attr-defined]
    monkeypatch.setattr(view, "_authenticate", lambda token, _address: people.get(token))
    assert [await status(name) for name in people] == [403, 403]


async def test_any_failure_is_an_error_and_never_less_than_there_is(
    api: Api, front: Front, path: str, application_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = await front.client.get(path)

    async def status(where: str = path, method: str = "GET") -> int:
        answer = await front.client.request(method, where)
        assert answer.headers["cache-control"] == "no-store, private"
        assert "http" not in (answer.json() if method != "HEAD" else {})
        return answer.status_code

    for unknown in ("nothing", application_id, global_id("Server", "01m833z4wr47h397dvxhp6mbv0")):
        assert await status(f"/proxy/{unknown}/http.json") == 404
    assert await status(method="POST") == 405
    front.database.execute("ALTER TABLE domain_name RENAME TO elsewhere")
    front.database.execute("ALTER TABLE domain RENAME TO gone")
    assert await status() == await status(method="HEAD") == 500
    front.database.execute("ALTER TABLE gone RENAME TO domain")
    front.database.execute("ALTER TABLE elsewhere RENAME TO domain_name")

    def broken(_applications: Any) -> str:
        raise ValueError("This cannot be compiled.")

    with monkeypatch.context() as patch:
        patch.setattr(foreign_routes, "foreign_document", broken)
        patch.setattr(api.engine.foreign_routes, "_compiled", {})
        assert await status() == 500
    assert (await front.client.get(path)).content == good.content
