from typing import Any

import pytest

from tests.graph.api.conftest import Api, Json

FIELDS = """
    name image pullPolicy registry { username } command port replicas strategy
    healthCheck { kind path port statusFrom statusTo command interval timeout retries startPeriod }
    cpuLimit memoryLimit pidsLimit capabilities allowPrivilegeEscalation stopGracePeriod restartPolicy
"""
READ = f"query($id: ID!) {{ application(id: $id) {{ {FIELDS} }} }}"

GIVEN: dict[str, Any] = {
    "name": "web",
    "image": "ghcr.io/acme/shop:2",
    "pullPolicy": "IF_NOT_PRESENT",
    "command": ["serve", "--all"],
    "port": 8080,
    "replicas": 3,
    "strategy": "RECREATE",
    "healthCheck": {
        "kind": "HTTP",
        "path": "/health?deep=1",
        "port": 8081,
        "statusFrom": 200,
        "statusTo": 299,
        "command": [],
        "interval": "2s",
        "timeout": "500ms",
        "retries": 5,
        "startPeriod": "1m",
    },
    "cpuLimit": 0.5,
    "memoryLimit": 536870912,
    "pidsLimit": 100,
    "capabilities": ["SETUID", "NET_RAW"],
    "allowPrivilegeEscalation": True,
    "stopGracePeriod": "1m30s",
    "restartPolicy": "ON_FAILURE",
}
DEFAULTS: dict[str, Any] = {
    "name": "web",
    "image": "nginx:1.29",
    "pullPolicy": "ALWAYS",
    "registry": None,
    "command": None,
    "port": None,
    "replicas": 1,
    "strategy": "ROLLING",
    "healthCheck": None,
    "cpuLimit": None,
    "memoryLimit": None,
    "pidsLimit": 4096,
    "capabilities": None,
    "allowPrivilegeEscalation": False,
    "stopGracePeriod": "10s",
    "restartPolicy": "UNLESS_STOPPED",
}


async def test_an_application_is_read_as_it_was_written(api: Api) -> None:
    registry = {"username": "ann", "password": "hunter2"}
    application_id = await api.application(**GIVEN, registry=registry)
    data = await api.ask(READ, id=application_id)
    assert data["application"] == GIVEN | {"registry": {"username": "ann"}}


async def test_what_is_left_out_has_a_default(api: Api) -> None:
    environment_id = await api.environment()
    made = await api.do(
        "createApplication",
        f"application {{ {FIELDS} desiredState latestDeployment {{ id }} liveRelease {{ id }} }}",
        environmentId=environment_id,
        name="web",
        image="nginx:1.29",
    )
    fresh = {"desiredState": "RUNNING", "latestDeployment": None, "liveRelease": None}
    assert made["application"] == DEFAULTS | fresh


async def test_an_update_changes_what_it_names_and_nothing_else(api: Api) -> None:
    application_id = await api.application(**GIVEN, registry={"username": "ann", "password": "hunter2"})
    await api.do("updateApplication", "application { id }", applicationId=application_id, replicas=4)
    data = await api.ask(READ, id=application_id)
    assert data["application"] == GIVEN | {"registry": {"username": "ann"}, "replicas": 4}


async def test_null_clears_what_may_be_empty(api: Api) -> None:
    application_id = await api.application(**GIVEN, registry={"username": "ann", "password": "hunter2"})
    nulls = dict.fromkeys(("registry", "command", "port", "healthCheck", "cpuLimit", "memoryLimit", "capabilities"))
    updated = await api.do("updateApplication", f"application {{ {FIELDS} }}", applicationId=application_id, **nulls)
    assert updated["application"] == GIVEN | nulls


async def test_null_is_refused_where_a_value_is_needed(api: Api, application_id: str) -> None:
    names = "name image pullPolicy replicas strategy pidsLimit allowPrivilegeEscalation stopGracePeriod restartPolicy"
    refused = await api.refused("updateApplication", applicationId=application_id, **dict.fromkeys(names.split()))
    assert refused == [("INVALID_INPUT", ["input", name]) for name in names.split()]


COMMAND_CHECK: Json = {"kind": "COMMAND", "command": ["true"]}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("replicas", 21),
        ("replicas", 0),
        ("cpuLimit", 0),
        ("memoryLimit", "1MiB"),
        ("pidsLimit", 15),
        ("pidsLimit", 0),
        ("pidsLimit", -1),
        ("pidsLimit", 4_194_305),
        ("capabilities", ["CHOWN", "KILL", "CHOWN"]),
        ("capabilities.0", ["SYS_ADMIN"]),
        ("stopGracePeriod", "2h"),
        ("command", []),
        ("command.1", ["a", "b\0"]),
        ("command", ["a"] * (64 * 1024)),
        ("healthCheck.command", {"kind": "COMMAND"}),
        ("healthCheck.path", {"kind": "HTTP", "port": 80, "path": "/#health"}),
        ("healthCheck.path", {"kind": "HTTP", "port": 80, "path": "/%zz"}),
        ("healthCheck.path", COMMAND_CHECK | {"path": "health"}),
        ("healthCheck.command.0", {"kind": "TCP", "port": 80, "command": ["a\0"]}),
        ("healthCheck.statusFrom", COMMAND_CHECK | {"statusFrom": 99}),
        ("healthCheck.statusTo", COMMAND_CHECK | {"statusTo": 600}),
        ("healthCheck.statusTo", COMMAND_CHECK | {"statusFrom": 300, "statusTo": 200}),
        ("healthCheck.retries", COMMAND_CHECK | {"retries": 0}),
        ("healthCheck.interval", COMMAND_CHECK | {"interval": "10ms"}),
        ("healthCheck.timeout", COMMAND_CHECK | {"timeout": "2h"}),
        ("healthCheck.startPeriod", COMMAND_CHECK | {"startPeriod": "2h"}),
        ("registry.username", {"username": "", "password": "hunter2"}),
        ("registry.username", {"username": "ann\n", "password": "hunter2"}),
        ("registry.password", {"username": "ann", "password": ""}),
        ("registry.password", {"username": "ann", "password": "x" * (64 * 1024 + 1)}),
    ],
)
async def test_a_value_that_cannot_be_used_is_named(api: Api, application_id: str, place: str, value: object) -> None:
    field, wrong = place.split(".")[0], named(place)
    assert await api.refused("updateApplication", applicationId=application_id, **{field: value}) == wrong
    environment_id = await api.environment("blog")
    values = {"environmentId": environment_id, "name": "api", "image": "nginx"} | {field: value}
    assert await api.refused("createApplication", **values) == wrong


async def test_a_health_check_needs_a_port(api: Api) -> None:
    values = {"environmentId": await api.environment(), "name": "api", "image": "nginx"}
    wrong = [("INVALID_INPUT", ["input", "healthCheck", "port"])]
    assert await api.refused("createApplication", **values, healthCheck={"kind": "TCP"}) == wrong


async def test_all_values_that_cannot_be_used_are_told_at_once(api: Api, application_id: str) -> None:
    wrong: Json = {"replicas": 0, "cpuLimit": -1, "healthCheck": {"kind": "TCP", "retries": 0, "path": "x"}}
    refused = await api.refused("updateApplication", applicationId=application_id, **wrong)
    assert refused == named("replicas", "cpuLimit", "healthCheck.path", "healthCheck.retries")
    wrong |= {"image": "no image", "port": 0, "healthCheck": {"kind": "TCP", "timeout": "x"}}
    refused = await api.refused("updateApplication", applicationId=application_id, **wrong)
    assert refused == named("image", "port", "healthCheck.timeout"), "what is not of its type comes first"


def named(*places: str) -> list[tuple[str, list[str]]]:
    return [("INVALID_INPUT", ["input", *place.split(".")]) for place in places]


async def test_no_more_cores_can_be_had_than_the_server_is_known_to_have(api: Api, application_id: str) -> None:
    await api.do("updateApplication", "application { id }", applicationId=application_id, cpuLimit=64)
    api.engine.host.observer.cores = 2
    refused = await api.refused("updateApplication", applicationId=application_id, cpuLimit=2.5)
    assert refused == [("INVALID_INPUT", ["input", "cpuLimit"])]
    await api.do("updateApplication", "application { id }", applicationId=application_id, cpuLimit=2)


async def test_names_are_unique_in_an_environment_only(api: Api, application_id: str) -> None:
    await api.application(environment_id=await api.environment("blog"))
    where = (await api.ask("query($id: ID!) { application(id: $id) { environment { id } } }", id=application_id))[
        "application"
    ]["environment"]["id"]
    taken = [("NAME_TAKEN", ["input", "name"])]
    assert await api.refused("createApplication", environmentId=where, name="web", image="nginx") == taken
    other = await api.application("api", where)
    assert await api.refused("updateApplication", applicationId=other, name="web") == taken


async def test_what_is_not_there_is_not_found(api: Api) -> None:
    project_id = await api.project()
    assert await api.refused("createApplication", environmentId=project_id, name="web", image="nginx") == [
        ("NOT_FOUND", ["input", "environmentId"])
    ]
    for mutation, more in (
        ("updateApplication", {}),
        ("removeApplication", {}),
        ("setEnvironmentVariables", {"variables": []}),
        ("removeEnvironmentVariables", {"names": []}),
        ("addVolume", {"name": "data", "mountPath": "/data"}),
        ("addDomain", {"url": "http://shop.example.com"}),
        ("deployApplication", {}),
        ("rollBackApplication", {}),
        ("restartApplication", {}),
        ("startApplication", {}),
        ("stopApplication", {}),
    ):
        missing = [("NOT_FOUND", ["input", "applicationId"])]
        assert await api.refused(mutation, applicationId=project_id, **more) == missing


async def test_an_application_is_there_until_its_containers_are_gone(api: Api, application_id: str) -> None:
    removed = await api.do(
        "removeApplication", "removedId application { status desiredState }", applicationId=application_id
    )
    assert removed["removedId"] == application_id
    assert removed["application"]["desiredState"] == "REMOVED"


async def test_volumes_are_only_deleted_for_who_types_the_name(api: Api, application_id: str) -> None:
    wrong = [("INVALID_INPUT", ["input", "confirmName"])]
    for typed in ({}, {"confirmName": "The Web"}, {"confirmName": None}):
        assert (
            await api.refused("removeApplication", applicationId=application_id, removeVolumes=True, **typed) == wrong
        )
    data = await api.ask("query($id: ID!) { application(id: $id) { desiredState } }", id=application_id)
    assert data == {"application": {"desiredState": "RUNNING"}}
    await api.do(
        "removeApplication", "removedId", applicationId=application_id, removeVolumes=True, confirmName="web"
    )


PAGE = """query($first: Int!, $after: Cursor, $where: ID) {
    applications(first: $first, after: $after, environmentId: $where) {
        edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""


async def test_applications_come_page_by_page(api: Api) -> None:
    environment_id = await api.environment()
    names = [f"web-{number}" for number in range(5)]
    for name in names:
        await api.application(name, environment_id)
    await api.application(environment_id=await api.environment("blog"))
    seen: list[str] = []
    after, more = None, True
    while more:
        page = (await api.ask(PAGE, first=2, after=after, where=environment_id))["applications"]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        seen += [edge["node"]["name"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == names
    everything = (await api.ask(PAGE, first=100))["applications"]
    assert len(everything["edges"]) == 6


async def test_a_page_has_bounds_and_a_cursor_its_list(api: Api) -> None:
    assert await api.error(PAGE, first=101) == {"code": "INVALID_INPUT", "field": ["first"]}
    cursor = (await api.ask("{ eventCursor }"))["eventCursor"]
    assert await api.error(PAGE, first=1, after=cursor) == {"code": "INVALID_INPUT", "field": ["after"]}
