"""Who did what to what: what is written down, who reads it, and that nobody changes it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from sqlmodel import Session, col, select

from db.models import AuditEntry, Deployment, Role
from engine.accounts.viewer import Viewer
from engine.refusals import MOST_A_MINUTE
from graph.ids import local_id, page_cursor
from tests.graph.api.conftest import Api, Json
from tests.graph.api.front import Front, opened
from tests.graph.api.members import administrator, member, team_of_others
from wharf.app import create_app

LOG = """query($first: Int! = 100, $after: Cursor, $nounId: ID, $userId: ID, $teamId: ID, $action: String) {
    auditLog(first: $first, after: $after, nounId: $nounId, userId: $userId, teamId: $teamId, action: $action) {
        nodes { cursor actor userId address action noun nounId name teamId changes { field old new secret } }
        pageInfo { hasNextPage endCursor } } }"""
WATCH = "subscription($after: Cursor) { auditEvents(after: $after) { cursor actor action noun name } }"


async def entries(api: Api, **wanted: object) -> list[Json]:
    return list((await api.ask(LOG, **wanted))["auditLog"]["nodes"])


def told(entry: Json, *names: str) -> tuple[object, ...]:
    return tuple(entry[name] for name in names)


def changes(entry: Json) -> dict[str, tuple[object, object]]:
    return {each["field"]: (each["old"], each["new"]) for each in entry["changes"]}


@pytest.fixture
async def front(api: Api, tmp_path: Path) -> AsyncIterator[Front]:
    _, token = await api.engine.tokens.create("export")
    async with opened(create_app(api.engine, lambda _: None), token, str(tmp_path / "wharf.db")) as front:
        yield front


async def test_an_entry_says_what_was_before_and_since(api: Api, application_id: str) -> None:
    bob = await member(api, "bob", Role.DEVELOPER)
    await api.seen_by(bob).do(
        "updateApplication", "application { id }", applicationId=application_id, replicas=2, stopGracePeriod="5s"
    )
    (entry, *_) = await entries(api, nounId=application_id)
    assert told(entry, "actor", "action", "noun", "name") == ("bob", "updateApplication", "Application", "web")
    assert local_id("User", entry["userId"]) == bob.user_id
    assert changes(entry) == {"replicas": ("1", "2"), "stopGracePeriod": ("10.0", "5.0")}
    assert entry["teamId"] == await api.team()


async def test_what_a_mutation_does_to_several_things_is_told_of_each(api: Api, application_id: str) -> None:
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="http://shop.example.com")
    await api.do("removeApplication", "removedId", applicationId=application_id)
    application, domain = await entries(api, action="removeApplication")
    assert changes(application) == {"desired": ('"RUNNING"', '"REMOVED"')}
    assert told(domain, "noun", "name") == ("Domain", "shop.example.com")
    assert changes(domain)["applicationId"] == (f'"{application_id}"', None)


async def test_of_a_secret_it_is_only_told_that_it_changed(api: Api, application_id: str) -> None:
    await api.do(
        "setEnvironmentVariables",
        "application { id }",
        applicationId=application_id,
        variables=[{"name": "MODE", "value": "plum"}],
    )
    (entry,) = await entries(api, action="setEnvironmentVariables")
    assert {"field": "value", "old": None, "new": None, "secret": True} in entry["changes"]
    assert entry["name"] == "web MODE"


async def test_what_changes_nothing_and_what_is_refused_leaves_nothing(api: Api, application_id: str) -> None:
    before = await entries(api)
    await api.do("updateApplication", "application { id }", applicationId=application_id, replicas=1)
    assert await api.refused("updateApplication", applicationId=application_id, cpuLimit=10_000.0)
    assert await entries(api) == before


async def test_who_lacks_a_permission_is_written_down_as_often_as_fits(api: Api, application_id: str) -> None:
    vera = api.seen_by(await member(api, "vera", Role.VIEWER))
    document = "mutation($id: ID!) { deployApplication(input: {applicationId: $id}) { errors { code } } }"
    for _ in range(MOST_A_MINUTE + 5):
        assert await vera.error(document, id=application_id) == {"code": "FORBIDDEN"}
    refusals = await entries(api.seen_by(await member(api, "ada", Role.ADMIN)), action="deployApplication")
    assert {told(each, "actor", "noun", "name", "nounId") for each in refusals} == {
        ("vera", "Refusal", "deploy Application", None)
    }
    assert MOST_A_MINUTE <= len(refusals) <= 2 * MOST_A_MINUTE  # a minute may have passed


async def test_who_reads_a_password_is_written_down(api: Api) -> None:
    environment = await api.environment()
    made = await api.do("createDatabase", "database { id }", environmentId=environment, kind="REDIS", name="cache")
    query = "query($id: ID!) { databaseCredentials(databaseId: $id) { password } }"
    await api.ask(query, id=made["database"]["id"])
    (entry,) = await entries(api, action="databaseCredentials")
    assert told(entry, "actor", "nounId", "name", "changes") == ("laptop", made["database"]["id"], "cache", [])


async def test_what_the_engine_does_by_itself_is_nobodys(api: Api, application_id: str) -> None:
    made = await api.do("deployApplication", "deployment { id }", applicationId=application_id)
    document = "subscription($id: ID!) { deploymentEvents(deploymentId: $id) { __typename } }"
    async with api.watch(document, id=made["deployment"]["id"]) as events:
        await events.rest()
    key = local_id("Deployment", made["deployment"]["id"])
    row = await api.engine.sessions.read(lambda session: session.get_one(Deployment, key))
    (entry,) = await entries(api, nounId=made["deployment"]["id"])
    assert row.status.value == "FAILED", "the engine has changed it"
    assert changes(entry)["status"] == (None, '"QUEUED"')


async def test_nobody_changes_or_removes_an_entry(api: Api, application_id: str, tmp_path: Path) -> None:
    before = await entries(api)
    with closing(sqlite3.connect(tmp_path / "wharf.db")) as database:
        for statement in (
            "UPDATE audit_entry SET actor = 'nobody'",
            "DELETE FROM audit_entry",
            "REPLACE INTO audit_entry SELECT * FROM audit_entry",
            "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE sequence = 1",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                database.execute(statement)
    assert await entries(api) == before


async def test_the_log_is_read_in_pages_newest_first(api: Api) -> None:
    for name in ("a", "b", "c"):
        await api.project(name)
    names, after = [], None
    while True:
        page = (await api.ask(LOG, first=1, after=after))["auditLog"]
        names += [entry["name"] for entry in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert names == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ({"after": "nonsense"}, {"code": "INVALID_INPUT", "field": ["after"]}),
        ({"after": page_cursor("audit", "x")}, {"code": "INVALID_INPUT", "field": ["after"]}),
        ({"nounId": "nonsense"}, {"code": "NOT_FOUND", "field": ["nounId"]}),
        ({"action": ""}, {"code": "INVALID_INPUT", "field": ["action"]}),
    ],
)
async def test_what_cannot_be_asked_for_is_named(api: Api, arguments: Json, answer: Json) -> None:
    assert await api.error(LOG, **arguments) == answer


async def test_a_team_sees_its_own_entries_and_its_admins_only(api: Api, application_id: str) -> None:
    theirs = await team_of_others(api)
    sue = api.seen_by(await member(api, "sue", Role.OWNER, team=theirs))
    cursor = (await entries(api))[0]["cursor"]
    assert [told(each, "action", "teamId") for each in await entries(sue)] == [("createTeam", theirs)]
    assert {each["teamId"] for each in await entries(sue, after=cursor)} <= {theirs}
    for wanted in ({"nounId": application_id}, {"teamId": await api.team()}):
        assert await entries(sue, **wanted) == []
    ada = await member(api, "ada", Role.ADMIN)
    assert {each["teamId"] for each in await entries(api.seen_by(ada))} == {await api.team()}
    dev = await member(api, "dev", Role.DEVELOPER)
    assert (await api.seen_by(dev).error(LOG))["code"] == "FORBIDDEN"
    narrowed = await member(api, "ned", Role.ADMIN, projects=[await api.project("blog")])
    assert [each["name"] for each in await entries(api.seen_by(narrowed))] == ["blog"]
    assert len(await entries(api.seen_by(await administrator(api)))) == len(await entries(api))


async def test_a_subscriber_misses_nothing_and_sees_nothing_twice_however_often_it_comes_back(api: Api) -> None:
    await api.project("first")
    after = (await entries(api))[0]["cursor"]
    names = [f"shop-{number}" for number in range(12)]
    doing = asyncio.create_task(_make(api, names))
    seen: list[str] = []
    while len(seen) < len(names):
        async with asyncio.timeout(30), api.watch(WATCH, after=after) as stream:
            for _ in range(min(1 + len(seen) % 3, len(names) - len(seen))):
                entry = await stream.next()
                seen.append(entry["name"])
                after = entry["cursor"]
    await doing
    assert seen == names


async def _make(api: Api, names: list[str]) -> None:
    for name in names:
        await api.project(name)


async def test_a_subscriber_of_another_team_is_told_nothing(api: Api) -> None:
    theirs = await team_of_others(api)
    sue = api.seen_by(await member(api, "sue", Role.OWNER, team=theirs))
    async with sue.watch(WATCH, after=page_cursor("audit", "0")) as stream:
        assert (await stream.next())["action"] == "createTeam"
        await api.application()
        await sue.do("createProject", "project { id }", name="theirs")
        assert told(await stream.next(), "actor", "name") == ("sue", "theirs")


async def test_a_cursor_that_was_never_given_out_cannot_be_followed(api: Api) -> None:
    async with api.watch(WATCH, after=page_cursor("audit", "999")) as stream:
        assert await stream.error() == {"code": "INVALID_INPUT", "field": ["after"]}


async def test_the_log_is_exported_a_line_an_entry_from_where_one_was(api: Api, front: Front) -> None:
    await api.application()
    answer = await front.client.get("/audit.jsonl")
    lines = [orjson.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "application/jsonl"
    assert [line["action"] for line in lines] == ["createProject", "createEnvironment", "createApplication"]
    assert lines[-1]["nounId"] == (await entries(api))[0]["nounId"]
    assert {"field": "replicas", "old": None, "new": 1, "secret": False} in lines[-1]["changes"]
    rest = await front.client.get("/audit.jsonl", params={"after": lines[0]["sequence"]})
    assert [orjson.loads(line) for line in rest.text.splitlines()] == lines[1:]


async def test_an_export_has_every_entry_once_however_many_there_are(api: Api, front: Front) -> None:
    await api.engine.sessions.write(_add_entries, 1200)
    lines = (await front.client.get("/audit.jsonl")).text.splitlines()
    assert [orjson.loads(line)["name"] for line in lines] == [str(number) for number in range(1200)]


def _add_entries(session: Session, count: int) -> None:
    session.add_all(AuditEntry(actor="x", action="x", noun="X", noun_id="x", name=str(each)) for each in range(count))


async def test_an_export_is_for_those_who_may_read_it_and_of_what_they_may_read(
    api: Api, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.application()
    theirs = await team_of_others(api)
    people: dict[str, Viewer] = {
        "sue": await member(api, "sue", Role.OWNER, team=theirs),
        "dev": await member(api, "dev", Role.DEVELOPER),
    }

    async def get(token: str, query: str = "") -> tuple[int, str]:
        answer = await front.client.get(f"/audit.jsonl{query}", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.text

    view = next(route.app.view for route in front.app.routes if getattr(route, "path", "") == "/audit.jsonl")  # type: ignore[attr-defined]
    monkeypatch.setattr(view, "_authenticate", lambda token, _address: people.get(token))
    status, text = await get("sue")
    assert (status, [orjson.loads(line)["action"] for line in text.splitlines()]) == (200, ["createTeam"])
    assert (await get("dev"))[0] == 403
    assert (await get("nobody"))[0] == 401
    assert (await get("sue", "?after=x"))[0] == 400
    assert (await get("sue", "?after=-1"))[0] == 400
    assert (await front.client.post("/audit.jsonl")).status_code == 405


async def test_all_entries_say_where_their_things_are(api: Api, application_id: str) -> None:
    await api.do("removeApplication", "removedId", applicationId=application_id)
    rows = await api.engine.sessions.read(_rows)
    assert {row.team_id for row in rows} == {local_id("Team", await api.team())}
    assert all(row.environment_id for row in rows if row.noun in ("Environment", "Application"))


def _rows(session: Session) -> list[AuditEntry]:
    return list(session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))))
