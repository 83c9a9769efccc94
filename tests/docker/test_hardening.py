"""What containers may do: as little as images can do with, and no more processes than a host can bear."""

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

import db.migrations
from db.migrate import configuration
from db.sessions import writing_engine
from engine import labels
from tests.docker.composed import docker
from tests.docker.test_deploying import raw_id
from tests.docker.test_upgrading import started
from tests.docker.world import Application, Database, World

# Each of the last test's servers is started once more.
pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

BITS = {
    "CHOWN": 0,
    "DAC_OVERRIDE": 1,
    "FOWNER": 3,
    "FSETID": 4,
    "KILL": 5,
    "SETGID": 6,
    "SETUID": 7,
    "SETPCAP": 8,
    "NET_BIND_SERVICE": 10,
    "NET_RAW": 13,
}
USUAL = "CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETGID SETPCAP SETUID"
DOCKERS_OWN = "00000000a80425fb"

# As web servers do: a directory for another user, a port below 1024, and workers of that user who are told to end.
WEB_SERVER = """
import http.server, os, signal
os.makedirs("/srv/web"); os.chown("/srv/web", 33, 33); os.chmod("/srv/web", 0o700)
open("/srv/web/by-root", "w").close()
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"user %d" % os.getuid())
server = http.server.ThreadingHTTPServer(("", 80), Page)
worker = os.fork()
if not worker:
    os.setgroups([33]); os.setgid(33); os.setuid(33)
    server.serve_forever()
signal.signal(signal.SIGTERM, lambda *_: os.kill(worker, signal.SIGTERM))
os.waitpid(worker, 0)
"""
FORK_BOMB = """
import os, time
os.setpgid(0, 0)
made = 0
try:
    while made < 500:
        if not os.fork():
            time.sleep(60); os._exit(0)
        made += 1
except BlockingIOError:
    pass
print(made, flush=True)
os.killpg(0, 9)
"""


async def test_an_image_that_starts_as_root_has_what_it_takes_and_no_more(world: World, environment: str) -> None:
    web = await world.application(environment, "web", port=80, command=["python3", "-ISc", WEB_SERVER])
    assert (await web.deploy())["failure"] is None
    assert (await web.get()).text == "user 33"
    container = await container_of(web)
    assert privileges(container) == {"NoNewPrivs": "1", "CapEff": mask(USUAL), "CapBnd": mask(USUAL)}
    assert processes(container) == "4096"
    host = json.loads(docker("container", "inspect", "--format", "{{json .HostConfig}}", container))
    assert not host["Privileged"]
    assert not host["Binds"]
    assert "host" not in {host[mode] for mode in ("NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode")}


async def test_an_application_has_the_capabilities_and_processes_it_asks_for(world: World, environment: str) -> None:
    few = await world.application(
        environment, "few", pidsLimit=64, capabilities=["NET_RAW"], allowPrivilegeEscalation=True
    )
    assert (await few.deploy())["failure"] is None
    container = await container_of(few)
    assert privileges(container) == {"NoNewPrivs": "0", "CapEff": mask("NET_RAW"), "CapBnd": mask("NET_RAW")}
    assert processes(container) == "64"
    made = int(docker("exec", container, "sh", "-c", 'python3 -ISc "$0"; true', FORK_BOMB).split()[0])
    assert 32 < made < 64, "others of the container take the rest"
    assert (await few.get()).status == 200


@pytest.mark.parametrize(
    ("kind", "version", "more"), [("POSTGRESQL", "15", ""), ("REDIS", "7.0", "SETPCAP")], ids=["postgresql", "redis"]
)
async def test_the_server_of_a_database_has_nothing_that_other_users_have_not(
    world: World, environment: str, kind: str, version: str, more: str
) -> None:
    database = await world.database(environment, kind, "db", version=version)
    await database.until("RUNNING")
    container = await container_of(database)
    bound = mask(f"CHOWN DAC_OVERRIDE FOWNER SETGID SETUID {more}")
    assert privileges(container) == {"NoNewPrivs": "1", "CapEff": mask(""), "CapBnd": bound}
    assert processes(container) == "16384"


# What a version did that knew nothing of all this; a database's programs could not gain privileges then either.
OLDER = """
from engine.databases import order
from engine.deployments import prepare
from wharf.cli import main

def of_old(*args):
    unknown = {"pids_limit": None, "capabilities": None, "allow_privilege_escalation": True}
    return current_spec(*args).model_copy(update=unknown)

current_spec, prepare.current_spec = prepare.current_spec, of_old
order._PIDS_LIMIT, order.only = None, lambda capabilities: {}
main()
"""


async def test_what_an_older_version_runs_runs_on_until_it_is_deployed_again(fragile_world: World) -> None:
    world, program = fragile_world, fragile_world.program
    world.stop()
    world.program = [program[0].replace("bin/wharf", "bin/python"), "-c", OLDER]
    world.start()
    environment = await world.environment("shop")
    shop = await world.application(environment, "shop", stopGracePeriod="1s")
    assert (await shop.deploy())["status"] == "SUCCEEDED"
    database = await world.database(environment, "REDIS", "db", version="7.0")
    await database.until("RUNNING")
    before = started(world)
    assert privileges(await container_of(shop))["CapBnd"] == DOCKERS_OWN
    assert privileges(await container_of(database))["CapBnd"] == DOCKERS_OWN

    world.stop()
    forget_hardening(world)
    world.program = program
    world.start()
    await shop.until("RUNNING")
    await database.until("RUNNING")
    assert (await shop.deploy("restart"))["status"] == "SUCCEEDED", "a restart repeats the release as it was"
    assert privileges(await container_of(shop))["CapBnd"] == DOCKERS_OWN
    await database.do("restartDatabase")
    await database.until("RUNNING")
    assert privileges(await container_of(database))["CapBnd"] == DOCKERS_OWN
    still = started(world)
    assert len(before.keys() & still.keys()) == 2, "the database's container and the proxy's are the same ones"

    assert (await shop.deploy())["status"] == "SUCCEEDED"
    assert privileges(await container_of(shop))["CapBnd"] == mask(USUAL)
    old = (await database.see("container { id }"))["container"]["id"]
    await database.do("updateDatabase", memoryLimit="128MiB")
    await database.until_true(
        "status container { id }", lambda seen: seen["status"] == "RUNNING" and seen["container"]["id"] != old
    )
    assert privileges(await container_of(database))["CapEff"] == mask("")


def forget_hardening(world: World) -> None:
    """Bring the database back to before the migration that made room for it."""
    engine = writing_engine(make_url(f"sqlite:///{world.directory / 'data' / 'wharf.db'}"), foreign_keys=False)
    migration = ScriptDirectory(str(Path(db.migrations.__file__).parent)).get_revision("0007")
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, str(migration.down_revision))
    engine.dispose()


def mask(names: str) -> str:
    """These capabilities as Linux writes them."""
    return f"{sum(1 << BITS[name] for name in names.split()):016x}"


async def container_of(owner: Application | Database) -> str:
    """The running container of the application, or of the database."""
    label = labels.APPLICATION if isinstance(owner, Application) else labels.DATABASE
    wanted = f"label={label}={await raw_id(owner.world, owner.id)}"
    (found,) = docker("container", "ls", "--quiet", "--filter", wanted).split()
    return found


def privileges(container: str) -> dict[str, str]:
    """What its first process may do."""
    lines = docker("exec", container, "cat", "/proc/1/status").splitlines()
    told = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return {name: told[name] for name in ("NoNewPrivs", "CapEff", "CapBnd")}


def processes(container: str) -> str:
    """How many it may have, as its kernel says."""
    either = "cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max"
    return docker("exec", container, "sh", "-c", either).strip()
