"""What happens to an application, told once, and played on the simulated Docker and on the real one alike."""

from collections.abc import Awaitable, Callable
from typing import Protocol

DEPLOYED = ["QUEUED", "PREPARING", "STARTING", "CHECKING", "ROUTING", "RETIRING", "SUCCEEDED"]


class Stage(Protocol):
    """An installation to play on. An application is named by what `create` gave."""

    async def create(self, name: str, strategy: str = "ROLLING") -> str: ...
    async def deploy(self, app: str, verb: str = "deploy", **changes: str) -> None:
        """Change the image or the variable `boot`, ask for a deployment, and wait for its end."""

    async def begin_to_deploy(self, app: str, until: str, **changes: str) -> None:
        """The same, but wait only until it has reached this status."""

    async def stop(self, app: str) -> None:
        """Ask for it, and wait until it is said to be stopped."""

    async def remove(self, app: str) -> None:
        """Ask for it, and wait until it is gone."""

    async def kill_and_start(self) -> None:
        """End the control plane without a warning, and start it again."""

    async def kill_container(self, app: str) -> None:
        """As somebody does with `docker kill`."""

    async def lose_docker(self) -> None: ...
    async def find_docker(self) -> None: ...
    async def answer(self, app: str) -> str:
        """What a visitor gets: the version of the sample application, or the status of a page of ours."""

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait for what will come."""

    def status(self, app: str) -> str:
        """What is said of it; "" if it is not known."""

    def story(self, app: str) -> list[list[str]]:
        """The statuses of each of its deployments, as they were told."""

    async def running(self, app: str) -> int:
        """How many containers of it run."""


async def is_deployed(stage: Stage) -> None:
    app = await stage.create("first")
    assert (await stage.answer(app), stage.status(app)) == ("503", "NEW")
    await stage.deploy(app)
    assert stage.story(app) == [DEPLOYED]
    assert (await stage.answer(app), stage.status(app), await stage.running(app)) == ("1", "RUNNING", 1)


async def is_redeployed_well_and_badly(stage: Stage) -> None:
    app = await stage.create("redeployed")
    await stage.deploy(app)
    await stage.deploy(app, image="wharf-sample:2")
    assert (await stage.answer(app), await stage.running(app)) == ("2", 1)
    await stage.deploy(app, image="wharf-sample:1", boot="exit:3")
    assert stage.story(app) == [DEPLOYED, DEPLOYED, ["QUEUED", "PREPARING", "STARTING", "CHECKING", "FAILED"]]
    assert (await stage.answer(app), stage.status(app), await stage.running(app)) == ("2", "RUNNING", 1)


async def is_rolled_back(stage: Stage) -> None:
    app = await stage.create("rolled-back")
    await stage.deploy(app)
    await stage.deploy(app, image="wharf-sample:2")
    await stage.deploy(app, "rollBack")
    assert stage.story(app) == [DEPLOYED] * 3
    assert (await stage.answer(app), await stage.running(app)) == ("1", 1)


async def is_stopped_and_started(stage: Stage) -> None:
    app = await stage.create("stopped")
    await stage.deploy(app)
    await stage.stop(app)

    async def nothing_runs() -> bool:
        return await stage.running(app) == 0  # Docker lists what has ended for a moment longer

    await stage.until(nothing_runs)
    assert await stage.answer(app) == "503"
    await stage.deploy(app, "start")
    assert stage.story(app) == [DEPLOYED, DEPLOYED]
    assert (await stage.answer(app), stage.status(app), await stage.running(app)) == ("1", "RUNNING", 1)


async def is_recreated(stage: Stage) -> None:
    app = await stage.create("recreated", "RECREATE")
    await stage.deploy(app)
    await stage.deploy(app, image="wharf-sample:2", boot="exit:3")
    assert (await stage.answer(app), stage.status(app), await stage.running(app)) == ("1", "RUNNING", 1)
    await stage.deploy(app, image="wharf-sample:2", boot="")
    assert stage.story(app)[-1] == DEPLOYED
    assert (await stage.answer(app), await stage.running(app)) == ("2", 1)


async def is_removed(stage: Stage) -> None:
    app = await stage.create("removed")
    await stage.deploy(app)
    await stage.remove(app)
    assert (await stage.answer(app), stage.status(app), await stage.running(app)) == ("404", "", 0)


async def is_deployed_through_a_kill(stage: Stage) -> None:
    app = await stage.create("killed")
    await stage.deploy(app)
    await stage.begin_to_deploy(app, "STARTING", image="wharf-sample:2")
    await stage.kill_and_start()

    async def deployed() -> bool:
        return stage.story(app) == [DEPLOYED, DEPLOYED]

    await stage.until(deployed)
    assert (await stage.answer(app), await stage.running(app)) == ("2", 1)


async def runs_again_after_its_container_was_killed(stage: Stage) -> None:
    app = await stage.create("revived")
    await stage.deploy(app)
    await stage.kill_container(app)

    async def noticed() -> bool:
        return stage.status(app) == "FAILING" or await stage.answer(app) == "1"

    async def answered() -> bool:
        return await stage.answer(app) == "1" and stage.status(app) == "RUNNING"

    await stage.until(noticed)
    await stage.until(answered)
    assert (await stage.running(app), stage.story(app)) == (1, [DEPLOYED])


async def serves_while_docker_is_lost(stage: Stage) -> None:
    app = await stage.create("lost")
    await stage.deploy(app)
    await stage.lose_docker()

    async def unreachable() -> bool:
        return stage.status(app) == "UNREACHABLE"

    async def running() -> bool:
        return stage.status(app) == "RUNNING"

    await stage.until(unreachable)
    assert (await stage.answer(app), await stage.running(app)) == ("1", 1)
    await stage.find_docker()
    await stage.until(running)
    assert (await stage.answer(app), stage.story(app)) == ("1", [DEPLOYED])


SCENARIOS: tuple[Callable[[Stage], Awaitable[None]], ...] = (
    is_deployed,
    is_redeployed_well_and_badly,
    is_rolled_back,
    is_stopped_and_started,
    is_recreated,
    is_removed,
    is_deployed_through_a_kill,
    runs_again_after_its_container_was_killed,
    serves_while_docker_is_lost,
)
