"""Makes what a release leaves behind for the ones after it: a database in every state, and its key.

    python -m tests.db.releases.make tests/db/releases/<version>

Run it with the code that is about to be released, on a machine with Docker and the sample images. The server,
Docker and the proxy are real; names, passwords and addresses are made up. The files are never made again:
tests start from them, so that every later version can be trusted with an installation as old as that.
"""

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path

from db.backup import copy_database
from tests.docker.test_killed import reaches
from tests.docker.world import Application, World

SECRETS = {"DATABASE_PASSWORD": "hunter2 ü $HOME", "API_KEY": "second value"}
REGISTRY_PASSWORD = "the registry's password"


async def fill(world: World) -> None:
    """Bring an installation into every state that rows can be in; the last deployment is still under way."""
    shop = await world.do("createProject", "project { id }", name="shop")
    project_id = shop["project"]["id"]
    production, staging = [await _environment(world, project_id, name) for name in ("production", "staging")]
    await world.do("createProject", name="nothing-yet")
    await _tokens(world)
    await _running(world, production)
    await _never_deployed(world, production)
    await _stopped(world, staging)
    blog = await world.environment("blog")
    await _failed(world, blog)
    await _from_a_registry(world, blog)
    await _removed(world, blog)
    await _under_way(world, blog)


async def _environment(world: World, project_id: str, name: str) -> str:
    made = await world.do("createEnvironment", "environment { id }", projectId=project_id, name=name)
    return str(made["environment"]["id"])


async def _tokens(world: World) -> None:
    await world.do("createApiToken", name="office", expiresAt="2099-12-31T00:00:00Z")
    lost = await world.do("createApiToken", "apiToken { id }", name="lost-laptop")
    await world.do("revokeApiToken", tokenId=lost["apiToken"]["id"])


async def _running(world: World, environment_id: str) -> None:
    web = await world.application(
        environment_id,
        "web",
        replicas=2,
        command=["python3", "-I", "-S", "/app/server.py"],
        healthCheck={"kind": "HTTP", "path": "/health", "interval": "200ms"},
        cpuLimit=0.5,
        memoryLimit="128MiB",
        stopGracePeriod="1s",
        variables=[{"name": "LOG_LEVEL", "value": "debug"}, {"name": "EMPTY", "value": ""}],
        volumes=[
            {"name": "uploads", "mountPath": "/data"},
            {"name": "assets", "mountPath": "/srv", "readOnly": True},
        ],
    )
    await world.do("addDomain", applicationId=web.id, url="http://www.example.com/shop", stripPrefix=True)
    await _ends(web, "SUCCEEDED")
    for values in ({**SECRETS, "API_KEY": "first value"}, SECRETS):
        rows = [{"name": name, "value": value, "secret": True} for name, value in values.items()]
        await world.do("setEnvironmentVariables", applicationId=web.id, variables=rows)
    await web.change(image="wharf-sample:2")
    for verb in ("deploy", "restart", "rollBack"):
        await _ends(web, "SUCCEEDED", verb)


async def _never_deployed(world: World, environment_id: str) -> None:
    check = {"kind": "COMMAND", "command": ["true"], "timeout": "2s"}
    await world.application(
        environment_id, "worker", port=None, healthCheck=check, restartPolicy="ON_FAILURE", pullPolicy="ALWAYS"
    )


async def _stopped(world: World, environment_id: str) -> None:
    web = await world.application(environment_id, "web-staging", stopGracePeriod="1s")
    await _ends(web, "SUCCEEDED")
    await web.stop()


async def _failed(world: World, environment_id: str) -> None:
    blog = await world.application(environment_id, "blog", stopGracePeriod="1s")
    await _ends(blog, "SUCCEEDED")
    await blog.variables(BOOT="exit:3")
    await _ends(blog, "FAILED")


async def _from_a_registry(world: World, environment_id: str) -> None:
    image = "127.0.0.1:1/team/private:1"
    private = await world.application(environment_id, "private", image=image, pullPolicy="ALWAYS")
    await private.change(registry={"username": "harbour", "password": REGISTRY_PASSWORD})
    await _ends(private, "FAILED")


async def _removed(world: World, environment_id: str) -> None:
    gone = await world.application(environment_id, "gone")
    await world.do("removeApplication", applicationId=gone.id)


async def _under_way(world: World, environment_id: str) -> None:
    slow = await world.application(environment_id, "slow", strategy="RECREATE", restartPolicy="NEVER")
    await _ends(slow, "SUCCEEDED")
    await slow.variables(BOOT="slow:30")
    for step in ("CHECKING", "QUEUED"):
        await reaches(slow, await slow.ask_for(), step)


async def _ends(application: Application, status: str, verb: str = "deploy") -> None:
    ended = await application.deploy(verb)
    assert ended["status"] == status, ended


def keep(world: World, directory: Path) -> None:
    """Write what tests start from: the database as one file, its key, and what only its owner knew."""
    directory.mkdir()
    data = world.directory / "data"
    copy_database(data / "wharf.db", directory / "wharf.db")
    shutil.copy(data / "secret.key", directory)
    known = {"token": world.token, "variables": SECRETS, "registry_password": REGISTRY_PASSWORD}
    (directory / "known.json").write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n")


def main(directory: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        world = World(Path(temporary))
        try:
            world.start()
            asyncio.run(fill(world))
            world.kill()
            keep(world, directory)
        finally:
            world.stop()
            world.command("uninstall", "--yes", "--volumes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
