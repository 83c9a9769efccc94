"""/metrics: what is counted, and who may read it."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from db.models import Role
from engine.accounts.viewer import Viewer
from graph.persisted import digest_of
from tests.graph.api.conftest import Api
from tests.graph.api.front import Front, opened
from tests.graph.api.members import administrator, member
from wharf.app import create_app

KNOWN = "query Dashboard { eventCursor }"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
async def front(api: Api, tmp_path: Path) -> AsyncIterator[Front]:
    _, token = await api.engine.tokens.create("prometheus")
    app = create_app(api.engine, lambda _: None, {digest_of(KNOWN): KNOWN})
    async with opened(app, token, str(tmp_path / "wharf.db")) as front:
        yield front


class Scraped:
    """What one scrape has told."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self.samples: Samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families
            for sample in family.samples
        }

    def value(self, sample: str, **labels: str) -> float:
        return self.samples.get((sample, frozenset(labels.items())), 0.0)

    def total(self, sample: str) -> float:
        return sum(value for (name, _), value in self.samples.items() if name == sample)

    def labels(self, name: str, label: str) -> set[str]:
        return {dict(labels)[label] for found, labels in self.samples if found == name}


async def scrape(front: Front) -> Scraped:
    response = await front.client.get("/metrics")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return Scraped(response.text)


async def test_operations_are_counted_and_only_known_ones_have_names(front: Front) -> None:
    before = await scrape(front)
    await front.post(KNOWN)
    await front.post("query HisSecretName { eventCursor }")
    await front.post("{ thereIsNoSuchField }")
    await front.post("{")
    after = await scrape(front)

    def more(**labels: str) -> float:
        sample = "wharf_graphql_operations_total"
        return after.value(sample, transport="http", **labels) - before.value(sample, transport="http", **labels)

    assert more(type="query", name="Dashboard", outcome="ok") == 1
    assert more(type="query", name="other", outcome="ok") == 1
    assert more(type="query", name="other", outcome="refused") == 1
    assert more(type="unknown", name="other", outcome="refused") == 1
    assert after.value("wharf_graphql_operation_seconds_count", type="query", outcome="ok") == 2
    assert "HisSecretName" not in str(after.samples)


async def test_what_the_engine_does_is_counted(api: Api, front: Front) -> None:
    before = await scrape(front)
    await api.application("web")
    await asyncio.sleep(0)  # the listeners of the commit are called
    after = await scrape(front)
    assert after.total("wharf_applications") == 1
    assert after.value("wharf_events_total", kind="CREATED") > before.value("wharf_events_total", kind="CREATED")
    writes = [each.value("wharf_database_work_seconds_count", kind="write") for each in (before, after)]
    assert writes[1] - writes[0] >= 3
    assert after.value("wharf_database_writes_waiting") == 0
    assert after.value("wharf_docker_connected") == 0
    assert "docker_unreachable" in after.labels("wharf_docker_call_seconds_count", "outcome")
    assert after.value("process_resident_memory_bytes") > 1_000_000
    (build,) = (labels for name, labels in after.samples if name == "wharf_build_info")
    assert dict(build).keys() == {"version", "python"}


async def test_subscribers_are_counted_while_they_are_there(front: Front) -> None:
    async with front._subscribed("subscription { events { cursor } }", {}) as received:
        while not (scraped := await scrape(front)).value("wharf_subscriptions", transport="websocket"):
            await asyncio.sleep(0.01)
        assert scraped.value("wharf_connections", transport="websocket") == 1
        assert scraped.value("wharf_connections", transport="sse") == 0
        assert received.empty()
    after = await scrape(front)
    assert after.value("wharf_subscriptions", transport="websocket") == 0
    assert after.value("wharf_connections", transport="websocket") == 0


async def test_names_follow_the_conventions_and_everything_is_explained(front: Front) -> None:
    await front.post(KNOWN)
    for family in (await scrape(front)).families:
        assert family.documentation
        if family.name.startswith("wharf_"):
            assert not family.name.endswith("_ms")
            assert family.type != "histogram" or family.name.endswith("_seconds")


async def test_it_is_for_those_who_look_after_the_installation(
    api: Api, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    people: dict[str, Viewer] = {
        "owner": await member(api, "owner", Role.OWNER),
        "administrator": await administrator(api),
    }
    servers = [{"action": "READ", "noun": "SERVER"}]
    enough = await api.do("createApiToken", "secret", name="prometheus", permissions=servers)
    of_a_team = await api.do("createApiToken", "secret", name="team", permissions=servers, within=await api.team())
    others = await api.do(
        "createApiToken", "secret", name="other", permissions=[{"action": "READ", "noun": "APPLICATION"}]
    )

    async def status(token: str) -> int:
        return (await front.client.get("/metrics", headers={"Authorization": f"Bearer {token}"})).status_code

    assert await status(enough["secret"]) == 200
    assert [await status(each) for each in (of_a_team["secret"], others["secret"], "no", "")] == [403, 403, 401, 401]
    view = next(route.app._view for route in front.app.routes if getattr(route, "path", "") == "/metrics")  # type: ignore[attr-defined]
    monkeypatch.setattr(view, "_authenticate", lambda token, _address: people.get(token))
    assert [await status(name) for name in people] == [403, 200]


@pytest.mark.parametrize(
    ("address", "more", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("::1", {}, 401),
        ("192.0.2.1", {}, 401),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, 401),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}, 401),
    ],
)
async def test_a_network_can_be_let_in_but_not_what_is_behind_a_proxy_in_it(
    api: Api, address: str, more: dict[str, str], status: int
) -> None:
    closed, open_ = (
        create_app(api.engine, lambda _: None, metrics_networks=networks)
        for networks in ([], [ip_network("127.0.0.0/8")])
    )
    for app, expected in ((closed, 401), (open_, status)):
        transport = httpx2.ASGITransport(app, client=(address, 5000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://wharf") as client:
            assert (await client.get("/metrics", headers=more)).status_code == expected
