"""`wharf uninstall` on the real Docker engine: what goes, what stays, and what is said of it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.world import Application, World, eventually

pytestmark = pytest.mark.docker

_KEPT = [{"name": "kept", "mountPath": "/data"}]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.start()
    try:
        yield made
    finally:
        made.stop()
        made.command("uninstall", "--yes", "--volumes")


async def deployed(world: World) -> Application:
    application = await world.application(await world.environment("shop"), "shop", volumes=_KEPT)
    assert (await application.deploy())["status"] == "SUCCEEDED"
    return application


async def test_everything_goes_but_volumes_and_comes_back(world: World) -> None:
    shop = await deployed(world)
    assert (await shop.get("/write?path=a&text=kept")).status == 200
    world.stop()
    dumps = world.directory / "data" / "dumps"
    dumps.mkdir()
    (dumps / "01m833z4wr47h397dvxhp6mbv0.sql").write_text("--")
    volumes = [*world.program, "uninstall", "--volumes"]
    asked = subprocess.run(volumes, env=world.environ, input="y\nn\n", capture_output=True, text=True, timeout=60)
    assert ", kept of the application shop\n" in asked.stdout
    assert "-acme\n2 volume(s) go too, with all that they hold. Go on?" in asked.stdout
    assert (asked.returncode, "Removed" in asked.stdout) == (1, False)
    removed, stays = world.command("uninstall", "--yes").split("2 volume(s) stay")
    assert f"1 dump(s) of databases stay in {dumps}." in stays
    assert {line.split()[1] for line in removed.splitlines()} == {"container", "network"}
    assert f"The data directory {world.directory}/data stays: the next `wharf serve` brings" in stays
    assert world.command("uninstall", "--yes").startswith("Nothing to remove.\n2 volume(s) stay")
    assert not (world.directory / "data/proxy").exists()
    world.start()
    await eventually(shop.answers, within=30)
    assert (await shop.get("/read?path=a")).text == "kept"


async def test_what_was_removed_is_named_when_a_later_thing_cannot_be(world: World) -> None:
    await deployed(world)
    world.stop()
    volume = docker(
        "volume",
        "ls",
        "-q",
        "--filter",
        f"label=wharf.instance={world.instance_id}",
        "--filter",
        "label=wharf.volume",
    )
    guest = docker("run", "-d", "-v", f"{volume}:/data", "wharf-sample:1")
    try:
        with pytest.raises(subprocess.CalledProcessError) as failed:
            world.command("uninstall", "--yes", "--volumes")
        assert failed.value.returncode == 1
        assert "Removed network" in failed.value.stdout
        assert failed.value.stderr.startswith(f"Docker could not remove volume {volume}: ")
        assert guest[:12] in failed.value.stderr
        assert guest not in failed.value.stderr
    finally:
        docker("rm", "-f", guest)


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()
