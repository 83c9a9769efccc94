import asyncio

import pytest
from sqlmodel import Session, col, delete, select

from db.models import (
    Application,
    Container,
    Domain,
    Event,
    ProxyState,
    Release,
    ReleaseStatus,
    Server,
    ServerState,
)
from engine.closing import forget_application
from engine.containers import forget_container, record_container
from engine.deployments.steps import become_release
from engine.routing_table import note_problems, proxy_is
from engine.servers import server_unreachable
from engine.status import settle_status
from graph.ids import event_cursor, global_id, local_id
from tests.graph.api.conftest import Api
from tests.graph.api.rows import add_failed_deployments, add_releases

EVENTS = """subscription($after: Cursor) { events(after: $after) {
    kind: __typename cursor applicationId
    ... on ResourceCreated { noun name id node { kind: __typename } }
    ... on ResourceUpdated { noun name changed }
    ... on ResourceRemoved { noun name }
} }"""
NOW = "{ eventCursor }"


async def test_what_is_done_is_told_with_names_that_clients_know(api: Api) -> None:
    cursor = (await api.ask(NOW))["eventCursor"]
    async with api.watch(EVENTS, after=cursor) as events:
        application_id = await api.application()
        made = await events.until(kind="ResourceCreated", noun="APPLICATION")
        assert made["id"] == made["applicationId"] == application_id
        assert made["name"] == "web"
        assert made["node"] == {"kind": "Application"}
        await api.do(
            "updateApplication",
            "application { id }",
            applicationId=application_id,
            healthCheck=None,
            stopGracePeriod="5s",
        )
        changed = await events.until(kind="ResourceUpdated", noun="APPLICATION")
        assert changed["changed"] == ["healthCheck", "stopGracePeriod"]
        added = await api.do(
            "addDomain", "domain { id }", applicationId=application_id, url="http://shop.example.com/api"
        )
        assert (await events.until(kind="ResourceCreated"))["name"] == "shop.example.com/api"
        await api.do("removeDomain", "removedId", domainId=added["domain"]["id"])
        assert (await events.until(kind="ResourceRemoved"))["name"] == "shop.example.com/api"


async def test_who_subscribes_misses_nothing_from_then_on(api: Api) -> None:
    async with api.watch(EVENTS) as events:
        first = asyncio.create_task(events.until(kind="ResourceCreated"))
        await asyncio.sleep(0)
        await api.project()
        assert (await first)["name"] == "shop"


async def test_who_comes_back_with_a_cursor_misses_nothing_and_sees_nothing_twice(api: Api) -> None:
    start = (await api.ask(NOW))["eventCursor"]
    names = [f"shop-{number}" for number in range(6)]
    for name in names:
        await api.project(name)
    seen: list[str] = []
    after = start
    while len(seen) < len(names):
        async with api.watch(EVENTS, after=after) as events:
            event = await events.until(kind="ResourceCreated")
            seen.append(event["name"])
            after = event["cursor"]
    assert seen == names


async def test_the_history_is_newest_first_and_leads_into_the_live_stream(api: Api) -> None:
    for name in ("a", "b", "c"):
        await api.project(name)
    query = """query($first: Int!, $after: Cursor) { events(first: $first, after: $after) {
        edges { cursor node { cursor ... on ResourceCreated { name } } } pageInfo { hasNextPage endCursor } } }"""
    names: list[str] = []
    after = None
    while True:
        page = (await api.ask(query, first=1, after=after))["events"]
        assert all(edge["cursor"] == edge["node"]["cursor"] for edge in page["edges"])
        names += [edge["node"]["name"] for edge in page["edges"] if "name" in edge["node"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert names == ["c", "b", "a"]
    async with api.watch(EVENTS, after=after) as events:
        assert (await events.until(kind="ResourceCreated"))["name"] in ("a", "b")


@pytest.mark.parametrize("field", ["events", "applications"])
async def test_an_empty_cursor_or_id_is_not_the_same_as_none(api: Api, application_id: str, field: str) -> None:
    owner = {"events": "applicationId", "applications": "environmentId"}[field]
    after = await api.error(f'{{ {field}(after: "") {{ nodes {{ __typename }} }} }}')
    assert after == {"code": "INVALID_INPUT", "field": ["after"]}
    of_nothing = await api.error(f'{{ {field}({owner}: "") {{ nodes {{ __typename }} }} }}')
    assert of_nothing == {"code": "NOT_FOUND", "field": [owner]}


async def test_the_history_of_one_application(api: Api, application_id: str) -> None:
    await api.application("other", await api.environment("blog"))
    query = "query($id: ID) { events(applicationId: $id) { edges { node { applicationId } } } }"
    edges = (await api.ask(query, id=application_id))["events"]["edges"]
    assert edges
    assert {edge["node"]["applicationId"] for edge in edges} == {application_id}


@pytest.mark.parametrize(
    ("cursor", "code"),
    [
        ("nonsense", "INVALID_INPUT"),
        ("", "INVALID_INPUT"),
        (event_cursor(10**9), "INVALID_INPUT"),
        (event_cursor(0), "CURSOR_EXPIRED"),
    ],
)
async def test_a_cursor_that_cannot_be_followed_says_so(api: Api, cursor: str, code: str) -> None:
    for name in ("a", "b"):
        await api.project(name)
    await api.engine.sessions.write(_forget_the_first_event)
    api.engine.events._recent.clear()  # as after a restart
    async with api.watch(EVENTS, after=cursor) as events:
        assert await events.error() == {"code": code, "field": ["after"]}


def _forget_the_first_event(session: Session) -> None:
    session.exec(delete(Event).where(col(Event.sequence) == 1))


APPLICATION = """subscription($id: ID!, $after: Cursor) { applicationEvents(applicationId: $id, after: $after) {
    kind: __typename cursor applicationId ... on ResourceRemoved { noun } } }"""


async def test_the_events_of_an_application_end_with_it(api: Api, application_id: str) -> None:
    start = (await api.ask(NOW))["eventCursor"]
    async with api.watch(APPLICATION, id=application_id, after=start) as events:
        await api.application("other", await api.environment("blog"))
        await api.do("updateApplication", "application { id }", applicationId=application_id, replicas=2)
        await api.do("removeApplication", "removedId", applicationId=application_id)
        key = local_id("Application", application_id)
        await api.engine.sessions.write(forget_application, key)
        told = await events.rest()
    assert {event["applicationId"] for event in told} == {application_id}
    assert told[-1]["kind"] == "ResourceRemoved"
    async with api.watch(APPLICATION, id=application_id, after=told[-2]["cursor"]) as events:
        assert await events.rest() == told[-1:]
    for after in (told[-1]["cursor"], None):
        async with api.watch(APPLICATION, id=application_id, after=after) as events:
            assert await events.error() == {"code": "NOT_FOUND", "field": ["applicationId"]}


DEPLOYMENT = """subscription($id: ID!, $after: Cursor) { deploymentEvents(deploymentId: $id, after: $after) {
    kind: __typename cursor deploymentId ... on DeploymentStatusChanged { status failureReason message } } }"""


async def test_a_deployment_is_told_from_its_beginning_to_its_end(api: Api, application_id: str) -> None:
    made = await api.do("deployApplication", "deployment { id }", applicationId=application_id)
    deployment_id = made["deployment"]["id"]
    async with api.watch(DEPLOYMENT, id=deployment_id) as events:
        told = await events.rest()
    assert [event["status"] for event in told] == ["QUEUED", "PREPARING", "FAILED"]
    assert told[-1]["failureReason"] == "ENGINE_UNREACHABLE"
    assert {event["deploymentId"] for event in told} == {deployment_id}
    async with api.watch(DEPLOYMENT, id=deployment_id) as events:
        assert await events.rest() == told
    async with api.watch(DEPLOYMENT, id=deployment_id, after=told[0]["cursor"]) as events:
        assert await events.rest() == told[1:]
    async with api.watch(DEPLOYMENT, id=deployment_id, after=told[-1]["cursor"]) as events:
        assert await events.rest() == []


async def test_a_deployment_of_which_the_log_tells_nothing_has_no_events(api: Api, application_id: str) -> None:
    key = local_id("Application", application_id)
    (deployment,) = await api.engine.sessions.write(add_failed_deployments, key, 1)
    async with api.watch(DEPLOYMENT, id=global_id("Deployment", deployment)) as events:
        assert await events.rest() == []


async def test_the_log_of_a_deployment_is_numbered_and_ends(api: Api, application_id: str) -> None:
    made = await api.do("deployApplication", "deployment { id }", applicationId=application_id)
    document = """subscription($id: ID!, $after: Int! = 0) {
        deploymentLogs(deploymentId: $id, after: $after) { number source text } }"""
    async with api.watch(document, id=made["deployment"]["id"]) as lines:
        told = await lines.rest()
    assert [line["number"] for line in told] == list(range(1, len(told) + 1))
    assert told[-1]["source"] == "WHARF"
    async with api.watch(document, id=made["deployment"]["id"], after=1) as lines:
        assert await lines.rest() == told[1:]


@pytest.mark.parametrize("given", ["nonsense", "RGVwbG95bWVudDowMW04MzN6NTBwd3lndzhjM2RicW15NDRqNQ"])
@pytest.mark.parametrize("field", ["deploymentEvents", "deploymentLogs"])
async def test_a_deployment_that_is_not_there_cannot_be_watched(api: Api, field: str, given: str) -> None:
    document = f"subscription($id: ID!) {{ {field}(deploymentId: $id) {{ __typename }} }}"
    async with api.watch(document, id=given) as events:
        assert await events.error() == {"code": "NOT_FOUND", "field": ["deploymentId"]}


STATES = """subscription($after: Cursor) { events(after: $after) { kind: __typename
    ... on ApplicationStatusChanged { application { name } }
    ... on ContainerStateChanged { containerId name replica state ready container { name } }
    ... on ReleaseStatusChanged { number releaseStatus: status release { number } }
    ... on DomainStateChanged { problem domain { host } }
    ... on ServerStateChanged { serverState: state reason server { name } }
    ... on ProxyStateChanged { proxyState: state server { name } }
} }"""


async def test_every_change_of_state_tells_what_it_is_and_what_it_is_about(api: Api, application_id: str) -> None:
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="http://shop.example.com")
    start = (await api.ask(NOW))["eventCursor"]
    key = local_id("Application", application_id)
    await api.engine.sessions.write(add_releases, key, 1)
    await api.engine.sessions.write(_change_everything, key)
    async with api.watch(STATES, after=start) as events:
        container = {"containerId": f"c0ffee-{key}", "name": "web-1", "replica": 1}
        there = {"state": "RUNNING", "ready": True, "container": None}
        gone = {"state": None, "ready": False, "container": None}
        await events.until(kind="ContainerStateChanged", **container, **there)
        await events.until(kind="ContainerStateChanged", **container, **gone)
        await events.until(kind="ApplicationStatusChanged", application={"name": "web"})
        await events.until(kind="ReleaseStatusChanged", number=1, releaseStatus="DRAINING", release={"number": 1})
        await events.until(kind="DomainStateChanged", problem="No.", domain={"host": "shop.example.com"})
        await events.until(kind="ServerStateChanged", serverState="UNREACHABLE", server={"name": "local"})
        await events.until(kind="ProxyStateChanged", proxyState="STARTING", server={"name": "local"})


def _change_everything(session: Session, application_id: str) -> None:
    application = session.get_one(Application, application_id)
    container = session.get_one(Container, f"c0ffee-{application_id}")
    record_container(session, application, container)
    forget_container(session, container.id)
    session.get_one(Server, application.server_id).state = ServerState.REACHABLE
    settle_status(session, application_id)
    become_release(session, session.exec(select(Release)).one(), ReleaseStatus.DRAINING)
    note_problems(session, application.server_id, {session.exec(select(Domain)).one().id: "No."})
    server_unreachable(session, application.server_id, "It is gone.")
    proxy_is(session, application.server_id, ProxyState.STARTING, "")
