import pytest

from engine.docker.values import ImageFacts
from graph.ids import global_id, local_id
from tests.graph.api.conftest import Api, Json
from tests.graph.api.rows import add_failed_deployments, add_releases


async def releases(api: Api, application_id: str, count: int) -> list[str]:
    key = local_id("Application", application_id)
    return [global_id("Release", each) for each in await api.engine.sessions.write(add_releases, key, count)]


async def deployments(api: Api, application_id: str, count: int) -> list[str]:
    key = local_id("Application", application_id)
    made = await api.engine.sessions.write(add_failed_deployments, key, count)
    return [global_id("Deployment", each) for each in made]


async def test_a_deployment_is_queued_in_the_name_of_who_asked(api: Api, application_id: str) -> None:
    made = await api.do(
        "deployApplication",
        "deployment { number kind status requestedBy finishedAt failure { message } application { name } }",
        applicationId=application_id,
    )
    assert made["deployment"] == {
        "number": 1,
        "kind": "DEPLOY",
        "status": "QUEUED",
        "requestedBy": "laptop",
        "finishedAt": None,
        "failure": None,
        "application": {"name": "web"},
    }


async def test_a_failure_says_why(api: Api, application_id: str) -> None:
    (deployment_id,) = await deployments(api, application_id, 1)
    data = await api.ask(
        "query($id: ID!) { deployment(id: $id) { status failure { reason message exitCode logLines } } }",
        id=deployment_id,
    )
    assert data["deployment"] == {
        "status": "FAILED",
        "failure": {
            "reason": "EXITED",
            "message": "Replica 1 ended with exit code 3 before it was healthy.",
            "exitCode": 3,
            "logLines": ["no such table"],
        },
    }


USUAL = "CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, NET_BIND_SERVICE, SETGID, SETPCAP, SETUID"
RELEASE = """query($id: ID!) { release(id: $id) {
    number status image imageDigest command port replicas strategy healthCheck { kind interval } cpuLimit memoryLimit
    pidsLimit capabilities allowPrivilegeEscalation
    stopGracePeriod restartPolicy variables { name value secret } mounts { path readOnly volume { name } }
    domains { host pathPrefix } origin { id } application { name liveRelease { number } } } }"""


async def test_a_release_spells_out_everything_but_its_secrets(api: Api) -> None:
    application_id = await api.application(
        variables=[{"name": "KEY", "value": "s3cret", "secret": True}, {"name": "MODE", "value": "loud"}],
        volumes=[{"name": "data", "mountPath": "/data"}],
    )
    (release_id,) = await releases(api, application_id, 1)
    assert (await api.ask(RELEASE, id=release_id))["release"] == {
        "number": 1,
        "status": "LIVE",
        "image": "nginx:1.29",
        "imageDigest": "nginx@sha256:2",
        "command": ["serve"],
        "port": 80,
        "replicas": 1,
        "strategy": "ROLLING",
        "healthCheck": {"kind": "TCP", "interval": "1s"},
        "cpuLimit": None,
        "memoryLimit": None,
        "pidsLimit": 4096,
        "capabilities": USUAL.split(", "),
        "allowPrivilegeEscalation": False,
        "stopGracePeriod": "10s",
        "restartPolicy": "UNLESS_STOPPED",
        "variables": [
            {"name": "KEY", "value": None, "secret": True},
            {"name": "MODE", "value": "loud", "secret": False},
        ],
        "mounts": [{"path": "/data", "readOnly": False, "volume": {"name": "data"}}],
        "domains": [{"host": "shop.example.com", "pathPrefix": "/"}],
        "origin": None,
        "application": {"name": "web", "liveRelease": {"number": 1}},
    }


async def test_a_release_outlives_the_values_and_volumes_it_names(api: Api) -> None:
    application_id = await api.application(
        variables=[{"name": "MODE", "value": "loud"}], volumes=[{"name": "data", "mountPath": "/data"}]
    )
    (release_id,) = await releases(api, application_id, 1)
    await api.do(
        "setEnvironmentVariables",
        "application { id }",
        applicationId=application_id,
        variables=[{"name": "MODE", "value": "quiet"}],
    )
    read = "query($id: ID!) { application(id: $id) { volumes { id } variables { value } } }"
    application = (await api.ask(read, id=application_id))["application"]
    assert application["variables"] == [{"value": "quiet"}]
    await api.do("removeVolume", "removedId", volumeId=application["volumes"][0]["id"])
    release = (await api.ask(RELEASE, id=release_id))["release"]
    assert release["variables"] == [{"name": "MODE", "value": "loud", "secret": False}]
    assert release["mounts"] == [{"path": "/data", "readOnly": False, "volume": None}]


async def test_containers_are_shown_as_docker_described_them(api: Api, application_id: str) -> None:
    await releases(api, application_id, 1)
    data = await api.ask(
        "query($id: ID!) { application(id: $id) "
        "{ containers { name replica state health ready exitCode error restartCount release { number } } } }",
        id=application_id,
    )
    assert data["application"]["containers"] == [
        {
            "name": "web-1",
            "replica": 1,
            "state": "RUNNING",
            "health": None,
            "ready": True,
            "exitCode": None,
            "error": None,
            "restartCount": 0,
            "release": {"number": 1},
        }
    ]


PAGE = """query($id: ID!, $after: Cursor) { application(id: $id) {
    latestDeployment { number }
    deployments(first: 2, after: $after) { edges { node { number } } pageInfo { hasNextPage endCursor } }
    releases(first: 1, after: $after) { edges { node { number } } pageInfo { hasNextPage } } } }"""


async def test_deployments_and_releases_come_newest_first(api: Api, application_id: str) -> None:
    await deployments(api, application_id, 3)
    await releases(api, application_id, 2)
    page = (await api.ask(PAGE, id=application_id))["application"]
    assert page["latestDeployment"] == {"number": 3}
    assert numbers(page["deployments"]) == [3, 2]
    assert numbers(page["releases"]) == [2]
    assert page["releases"]["pageInfo"] == {"hasNextPage": True}
    after = page["deployments"]["pageInfo"]["endCursor"]
    page = (await api.ask(PAGE, id=application_id, after=after))["application"]
    assert numbers(page["deployments"]) == [1]
    assert not page["deployments"]["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize("cursor", ["nonsense", "bnVtYmVyOng", "bnVtYmVyOjk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
async def test_a_page_begins_only_where_one_can(api: Api, application_id: str, cursor: str) -> None:
    extensions = await api.error(PAGE, id=application_id, after=cursor)
    assert extensions == {"code": "INVALID_INPUT", "field": ["after"]}


def numbers(connection: Json) -> list[int]:
    return [edge["node"]["number"] for edge in connection["edges"]]


async def test_an_earlier_release_can_be_named_for_a_rollback(api: Api, application_id: str) -> None:
    first, _ = await releases(api, application_id, 2)
    made = await api.do(
        "rollBackApplication",
        "deployment { kind sourceRelease { number } }",
        applicationId=application_id,
        releaseId=first,
    )
    assert made["deployment"] == {"kind": "ROLLBACK", "sourceRelease": {"number": 1}}
    made = await api.do("rollBackApplication", "deployment { kind }", applicationId=application_id)
    assert made["deployment"] == {"kind": "ROLLBACK"}


async def test_what_the_state_does_not_allow_is_refused(api: Api, application_id: str) -> None:
    not_now = [("NOT_NOW", ["input", "applicationId"])]
    for mutation in ("restartApplication", "startApplication", "rollBackApplication"):
        assert await api.refused(mutation, applicationId=application_id) == not_now
    (deployment_id,) = await deployments(api, application_id, 1)
    refused = await api.refused("cancelDeployment", deploymentId=deployment_id)
    assert refused == [("NOT_NOW", ["input", "deploymentId"])]


async def test_what_is_not_there_is_not_found(api: Api, application_id: str) -> None:
    refused = await api.refused("cancelDeployment", deploymentId=application_id)
    assert refused == [("NOT_FOUND", ["input", "deploymentId"])]
    refused = await api.refused("rollBackApplication", applicationId=application_id, releaseId=application_id)
    assert refused == [("NOT_FOUND", ["input", "releaseId"])]


async def test_an_application_is_stopped_and_started(api: Api, application_id: str) -> None:
    await releases(api, application_id, 1)
    stopped = await api.do("stopApplication", "application { desiredState }", applicationId=application_id)
    assert stopped["application"] == {"desiredState": "STOPPED"}
    started = await api.do(
        "startApplication", "deployment { kind application { desiredState } }", applicationId=application_id
    )
    assert started["deployment"] == {"kind": "START", "application": {"desiredState": "RUNNING"}}


PLAN = "query($input: PlanDeploymentInput!) { planDeployment(input: $input) { pulls } }"


async def test_a_plan_needs_an_application_and_a_docker_engine(api: Api, application_id: str) -> None:
    missing = await api.error(PLAN, input={"applicationId": "nonsense"})
    assert missing == {"code": "NOT_FOUND", "field": ["input", "applicationId"]}
    missing = await api.error(PLAN, input={"applicationId": application_id, "releaseId": "nonsense"})
    assert missing == {"code": "NOT_FOUND", "field": ["input", "releaseId"]}
    assert await api.error(PLAN, input={"applicationId": application_id}) == {"code": "ENGINE_UNREACHABLE"}


async def test_a_plan_tells_what_a_deployment_would_do(
    api: Api, application_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def inspect_image(_image: str) -> ImageFacts:
        return ImageFacts("sha256:1", (), (), "amd64")

    monkeypatch.setattr(api.engine.host.docker, "inspect_image", inspect_image)
    await releases(api, application_id, 1)
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="http://shop.example.com")
    changes = {"replicas": 2, "stopGracePeriod": "5s", "command": ["serve"], "healthCheck": {"kind": "TCP"}}
    changes["capabilities"] = ["NET_RAW"]
    await api.do("updateApplication", "application { id }", applicationId=application_id, **changes)
    variables = [{"name": "LOG_LEVEL", "value": "loud"}]
    await api.do("setEnvironmentVariables", "application { id }", applicationId=application_id, variables=variables)
    document = """query($input: PlanDeploymentInput!) { planDeployment(input: $input) {
        creates { replica image } removes { name } replacesRelease { number } pulls interrupts
        moves { domain { host } fromRelease { number } } changes { field before after } } }"""
    assert (await api.ask(document, input={"applicationId": application_id}))["planDeployment"] == {
        "creates": [{"replica": 1, "image": "nginx:1.29"}, {"replica": 2, "image": "nginx:1.29"}],
        "removes": [{"name": "web-1"}],
        "replacesRelease": {"number": 1},
        "moves": [{"domain": {"host": "shop.example.com"}, "fromRelease": {"number": 1}}],
        "changes": [
            {"field": "replicas", "before": "1", "after": "2"},
            {"field": "capabilities", "before": USUAL, "after": "NET_RAW"},
            {"field": "stopGracePeriod", "before": "10s", "after": "5s"},
            {"field": "variables.LOG_LEVEL", "before": None, "after": "a new value"},
        ],
        "pulls": True,
        "interrupts": False,
    }
