"""The main job, through the public API: a release reaches its visitors, and the next one takes over."""

import asyncio

import pytest

from engine.docker.gateway import DockerGateway
from graph.ids import read_global_id
from tests.docker.installation import Installation
from tests.docker.world import World, eventually

pytestmark = pytest.mark.docker


async def test_an_application_that_was_deployed_answers_on_its_host_name(world: World, environment: str) -> None:
    hello = await world.application(environment, "hello")
    await eventually(lambda: hello.answers(503))  # nothing was deployed yet

    deployment = await hello.deploy()

    assert deployment["status"] == "SUCCEEDED"
    assert deployment["release"]["status"] == "LIVE"
    reply = await hello.get()
    assert reply.status == 200
    assert reply.text.startswith("hello from 1")
    assert "X-Wharf-Release" not in reply.headers, "what we are is nobody's business"
    assert await hello.status() == "RUNNING"


async def test_three_replicas_share_the_requests(world: World, environment: str) -> None:
    trio = await world.application(environment, "trio", replicas=3)
    await trio.deploy()
    answers = {(await trio.get()).text for _ in range(12)}
    assert len(answers) == 3, "each replica says its own host name"


async def test_a_stopped_application_shows_its_page_and_starts_as_it_was(world: World, environment: str) -> None:
    cafe = await world.application(environment, "cafe")
    await cafe.deploy()

    await cafe.stop()
    closed = await cafe.get()
    assert closed.status == 503
    assert "<html" in closed.text

    assert (await cafe.deploy("start"))["status"] == "SUCCEEDED"
    assert (await cafe.get()).status == 200


async def test_an_unknown_host_gets_our_404(world: World, environment: str) -> None:
    anything = await world.application(environment, "anything")
    await anything.deploy()
    reply = await world.visit("nobody.test")
    assert reply.status == 404
    assert "<html" in reply.text


async def test_a_rollback_brings_back_everything_that_a_release_is(world: World, environment: str) -> None:
    blog = await world.application(environment, "blog")
    await blog.variables(GREETING="first")
    first = await blog.deploy()
    await blog.variables(GREETING="second")
    await blog.change(image="wharf-sample:2", memoryLimit=64 * 1024 * 1024)
    await blog.deploy()
    assert (await blog.get("/env?name=GREETING")).text == "second"

    back = await blog.deploy("rollBack", releaseId=first["release"]["id"])

    assert back["status"] == "SUCCEEDED"
    assert back["release"]["number"] == 3
    assert (await blog.get()).text.startswith("hello from 1")
    assert (await blog.get("/env?name=GREETING")).text == "first"


@pytest.mark.parametrize(
    "value", ["", "two words", 'say "hi"', "it's $HOME `id` $(id)", "line\nbreak", "100%s {{ x }} \\", "snow ☃ 雪"]
)
async def test_a_variable_reaches_the_container_as_it_was_typed(world: World, environment: str, value: str) -> None:
    echo = await world.application(environment, "echo")
    await echo.variables(TYPED=value)
    await echo.deploy()
    assert (await echo.get("/env?name=TYPED")).text == value


async def test_what_lies_in_a_volume_outlives_its_containers(world: World, environment: str) -> None:
    notes = await world.application(environment, "notes", volumes=[{"name": "data", "mountPath": "/data"}])
    await notes.deploy()
    assert (await notes.get("/write?path=note&text=kept")).status == 200
    await notes.deploy()
    assert (await notes.get("/read?path=note")).text == "kept"


async def test_a_path_prefix_leads_to_its_application_with_or_without_the_prefix(
    world: World, environment: str
) -> None:
    front = await world.application(environment, "front")
    back = await world.application(environment, "back", image="wharf-sample:2")
    await asyncio.gather(front.deploy(), back.deploy())
    await world.do("addDomain", applicationId=back.id, url=f"http://{front.host}/api", stripPrefix=True)

    async def moved() -> bool:
        return (await front.get("/api/health")).headers.get("X-Version") == "2"

    await eventually(moved)
    assert (await world.visit(front.host, "/health")).headers["X-Version"] == "1"
    assert (await world.visit(front.host, "/apix")).headers["X-Version"] == "1"


async def test_a_newer_request_supersedes_the_one_that_waits(world: World, environment: str) -> None:
    slow = await world.application(environment, "slow")
    await slow.variables(BOOT="slow:1")
    first, second, third = [await slow.ask_for() for _ in range(3)]
    assert (await slow.ended(third))["status"] == "SUCCEEDED"
    assert (await slow.deployment(second))["status"] == "SUPERSEDED"
    assert (await slow.deployment(first))["status"] == "SUCCEEDED"


async def test_a_cancelled_deployment_leaves_the_old_release_and_nothing_else(world: World, environment: str) -> None:
    calm = await world.application(environment, "calm")
    await calm.deploy()
    await calm.variables(BOOT="deaf")
    deployment = await calm.ask_for()
    document = (
        "subscription($id: ID!) { deploymentEvents(deploymentId: $id) { ... on DeploymentStatusChanged { status } } }"
    )
    async with world.subscription(document, id=deployment) as messages:
        async for message in messages:
            if message["deploymentEvents"].get("status") == "CHECKING":
                await world.do("cancelDeployment", deploymentId=deployment)
    assert (await calm.deployment(deployment))["status"] == "CANCELLED"
    assert (await calm.get()).status == 200
    assert await containers_of(world, calm.id) == 1


async def test_an_application_that_must_not_run_twice_never_does(world: World, environment: str) -> None:
    single = await world.application(environment, "single", strategy="RECREATE")
    await single.deploy()
    await single.change(image="wharf-sample:2")
    assert (await single.deploy())["status"] == "SUCCEEDED"
    assert (await single.get()).text.startswith("hello from 2")

    await single.variables(BOOT="exit:3")
    failed = await single.deploy()

    assert failed["failure"]["reason"] == "EXITED"
    assert (await single.get()).text.startswith("hello from 2"), "the old release was started again"
    assert await containers_of(world, single.id) == 1


async def test_a_removed_application_leaves_nothing_on_the_host(world: World, environment: str) -> None:
    gone = await world.application(environment, "gone", volumes=[{"name": "data", "mountPath": "/data"}])
    await gone.deploy()
    document = "subscription($id: ID!) { applicationEvents(applicationId: $id) { ... on ResourceRemoved { noun } } }"
    async with world.subscription(document, id=gone.id) as messages:
        removal = asyncio.ensure_future(anext(messages))
        await world.do("removeApplication", applicationId=gone.id, removeVolumes=True, confirmName="gone")
        async with asyncio.timeout(20):
            while (await removal)["applicationEvents"].get("noun") != "APPLICATION":
                removal = asyncio.ensure_future(anext(messages))
    assert await containers_of(world, gone.id) == 0
    docker = DockerGateway(None)
    volumes = await docker.list_volumes({"wharf.application": await raw_id(world, gone.id)})
    await docker.close()
    assert volumes == []
    assert (await gone.get()).status == 404


async def test_a_plan_says_what_would_happen_and_does_nothing(world: World, environment: str) -> None:
    plain = await world.application(environment, "plain")
    await plain.deploy()
    await plain.change(image="wharf-sample:2", replicas=2)
    document = """query($input: PlanDeploymentInput!) { planDeployment(input: $input) {
        creates { replica image } removes { name } replacesRelease { number }
        moves { domain { host } fromRelease { number } } changes { field before after } pulls interrupts } }"""
    plan = (await world.ask(document, input={"applicationId": plain.id}))["planDeployment"]
    assert plan["creates"] == [{"replica": 1, "image": "wharf-sample:2"}, {"replica": 2, "image": "wharf-sample:2"}]
    assert len(plan["removes"]) == 1
    assert plan["moves"] == [{"domain": {"host": plain.host}, "fromRelease": {"number": 1}}]
    assert {change["field"] for change in plan["changes"]} == {"image", "replicas"}
    assert not plan["pulls"]
    assert await containers_of(world, plain.id) == 1


async def test_what_should_run_runs_again_when_somebody_kills_or_removes_it(world: World, environment: str) -> None:
    tough = await world.application(environment, "tough")
    await tough.deploy()
    docker = DockerGateway(None)
    try:
        for harm in (lambda ref: docker.kill_container(ref, "KILL"), docker.remove_container):
            (container,) = await docker.list_containers({"wharf.application": await raw_id(world, tough.id)})
            await harm(container.id)
            await tough.until("FAILING")
            await tough.until("RUNNING")
            await eventually(tough.answers)
    finally:
        await docker.close()


async def raw_id(world: Installation, application_id: str) -> str:
    """What stands in the labels: the id inside the opaque one."""
    known = read_global_id(application_id)
    assert known is not None
    return known[1]


async def containers_of(world: World, application_id: str) -> int:
    docker = DockerGateway(None)
    try:
        return len(await docker.list_containers({"wharf.application": await raw_id(world, application_id)}))
    finally:
        await docker.close()
