"""Whatever is typed: it is kept as it is, or refused by the name of its field; nothing breaks, nobody else notices."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import get_nullable_type
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.engine import Engine
from graph.ids import local_id
from tests.graph.api import afterwards
from tests.graph.api.conftest import Api, Json
from tests.graph.api.front import Front, opened
from tests.graph.api.fuzzing import (
    SCHEMA,
    VALUES,
    assert_echoed,
    good,
    literal,
    may_be_unreadable,
    put,
    selection,
    walk,
)
from tests.graph.api.rows import add_releases
from wharf.app import create_app

MUTATIONS = SCHEMA.mutation_type.fields if SCHEMA.mutation_type else {}
INPUTS: dict[str, Any] = {name: get_nullable_type(field.args["input"].type) for name, field in MUTATIONS.items()}
FIELDS = [(name, field) for name, kind in INPUTS.items() for field in kind.fields]
PLACES = {name: [place for place, _ in walk(kind) if place] for name, kind in INPUTS.items()}
USED_UP = ("remove", "revoke", "cancel", "start", "stop")
# A value may be wrong only beside that of another field, which is then named.
BESIDE = {("port", "healthCheck"), ("removeVolumes", "confirmName"), ("pathPrefix", "host")}

fuzzed = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    phases=(Phase.generate,),  # the values are small, or large on purpose: nothing to shrink
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def nothing_converges(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for stays asked for: only requests change anything."""

    async def converge(_engine: Engine, _application_id: str) -> None:
        pass

    monkeypatch.setattr(Engine, "_converge", converge)


@pytest.fixture
async def front(api: Api, tmp_path: Path) -> AsyncIterator[Front]:
    _, token = await api.engine.access.create_token("fuzz")
    async with opened(create_app(api.engine, lambda _: None), token, str(tmp_path / "wharf.db")) as front:
        await front.data("{ version }")
        yield front


class World:
    """One of everything, made anew when it was used up, and a neighbour that nothing is asked of."""

    def __init__(self, api: Api, front: Front) -> None:
        self.api = api
        self.front = front
        self.ids: dict[str, str] = {}
        self._number = 0

    async def build(self, *, stopped: bool = False) -> None:
        self._number += 1
        name, do = f"shop-{self._number}", self.api.do
        application = await self.api.application(
            environment_id=await self.api.environment(name),
            variables=[{"name": "MODE", "value": "1"}],
            volumes=[{"name": "data", "mountPath": "/var/lib/data"}],
        )
        host = {"host": f"{name}.example.com", "pathPrefix": "/{a}"[:1] + "b", "stripPrefix": True}
        domain = await do(
            "addDomain", "domain { id application { volumes { id } } }", applicationId=application, **host
        )
        deployment = await do("deployApplication", "deployment { id }", applicationId=application)
        await self.api.engine.sessions.write(add_releases, local_id("Application", application), 3)
        if stopped:
            await do("stopApplication", "errors { code }", applicationId=application)
        token = await do("createApiToken", "apiToken { id }", name=name)
        releases = await self.api.ask(
            "query($id: ID!) { application(id: $id) { releases { nodes { id } } } }", id=application
        )
        self.ids = {
            "applicationId": application,
            "deploymentId": deployment["deployment"]["id"],
            "domainId": domain["domain"]["id"],
            "environmentId": await self.api.environment(f"blog-{self._number}"),
            "projectId": await self.api.project(f"empty-{self._number}"),
            "releaseId": releases["application"]["releases"]["nodes"][-1]["id"],
            "tokenId": token["apiToken"]["id"],
            "volumeId": domain["domain"]["application"]["volumes"][0]["id"],
        }

    async def try_out(
        self, mutation: str, wanted: Json, log: pytest.LogCaptureFixture, *, written: bool
    ) -> list[Json]:
        """Ask for it, see that it was done as it was typed or not at all, and give back the errors."""
        log.clear()
        contents, routes = self.front.contents(), await self.routes()
        answer = await self._ask(mutation, wanted, written=written)
        errors = errors_of(answer, log)
        if errors:
            assert self.front.contents() == contents
            return errors
        for thing in answer.json()["data"]["it"].values():
            if isinstance(thing, dict):
                assert_echoed(INPUTS[mutation], wanted, thing)
        await self.check_what_follows(routes)
        if mutation.startswith(USED_UP):
            await self.build(stopped=mutation == "startApplication")
        return []

    async def _ask(self, mutation: str, wanted: Json, *, written: bool) -> httpx2.Response:
        if written:
            return await self.front.post(document(mutation, literal(INPUTS[mutation], wanted)))
        return await self.front.post(document(mutation), {"input": wanted})

    async def routes(self) -> dict[str, bytes]:
        return await self.api.engine.sessions.read(afterwards.routes, self.api.engine.host.server_id)

    async def check_what_follows(self, before: dict[str, bytes]) -> None:
        await self.api.engine.sessions.read(afterwards.docker_can_take, self.api.engine)
        routes = await self.routes()
        mine = [local_id("Application", self.ids["applicationId"]), local_id("Domain", self.ids["domainId"])]
        for name, part in before.items():
            if name != "routers/revision" and not any(each in name for each in mine):
                assert routes[name] == part


@pytest.fixture
async def world(api: Api, front: Front) -> World:
    world = World(api, front)
    await world.build()  # the neighbour
    await world.build()
    return world


def document(mutation: str, given: str = "$input") -> str:
    payload = MUTATIONS[mutation].type.of_type
    things = {name: selection(INPUTS[mutation], field.type) for name, field in payload.fields.items()}
    asked = " ".join(f"{name} {inner}" for name, inner in things.items() if inner)
    declared = f"($input: {INPUTS[mutation].name}!)" if given == "$input" else ""
    return f"mutation{declared} {{ it: {mutation}(input: {given}) {{ {asked} errors {{ code message field }} }} }}"


def errors_of(answer: httpx2.Response, log: pytest.LogCaptureFixture) -> list[Json]:
    """Each error with its `field`; [] when what was asked for was done."""
    assert answer.status_code < 500
    assert [record for record in log.records if record.exc_info or record.levelname == "ERROR"] == []
    body = answer.json()
    outer = [error["extensions"] | error if "extensions" in error else error for error in body.get("errors", ())]
    assert not any(error.get("code") == "INTERNAL" for error in outer)
    return outer or list(body["data"]["it"]["errors"])


def is_named(error: Json, place: tuple[str | int, ...]) -> bool:
    """Whether the error points at the place, at what holds it, or at what is in it."""
    named, wanted = list(error.get("field") or ())[1:], [str(step) for step in place]
    length = min(len(named), len(wanted))
    beside = bool(named) and (wanted[0], named[0]) in BESIDE
    return length > 0 and (named[:length] == wanted[:length] or beside)


def is_about_the_request(error: Json) -> bool:
    """Whether the request could not be read, or did not fit the schema: such errors point into the document, if at all."""
    return "field" not in error and "path" not in error


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_good_input_is_accepted_and_given_back(
    mutation: str, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.build(stopped=mutation == "startApplication")
    wanted = good(INPUTS[mutation], world.ids)
    assert await world.try_out(mutation, wanted, caplog, written=False) == []


@pytest.mark.parametrize(("mutation", "field"), FIELDS, ids=[".".join(each) for each in FIELDS])
@fuzzed
@given(data=st.data())
async def test_one_bad_value_is_named_and_changes_nothing(
    mutation: str, field: str, data: st.DataObject, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    place = data.draw(st.sampled_from([place for place in PLACES[mutation] if place[0] == field]))
    value = data.draw(VALUES)
    written = data.draw(st.booleans())
    wanted = put(good(INPUTS[mutation], world.ids), place, value)
    errors = await world.try_out(mutation, wanted, caplog, written=written)
    unreadable = written or may_be_unreadable(value)
    assert all(is_named(error, place) or (unreadable and is_about_the_request(error)) for error in errors), errors


@pytest.mark.parametrize("mutation", MUTATIONS)
@fuzzed
@given(data=st.data())
async def test_bad_values_everywhere_change_nothing(
    mutation: str, data: st.DataObject, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = good(INPUTS[mutation], world.ids)
    for place in reversed(PLACES[mutation]):
        if data.draw(st.booleans()):
            wanted = put(wanted, place, data.draw(VALUES))
    await world.try_out(mutation, wanted, caplog, written=data.draw(st.booleans()))
