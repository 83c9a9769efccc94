"""From a release to what Docker is told, as literals."""

from typing import Any

from db.models import RestartPolicy
from engine.deployments.container_spec import Place, container_spec, restart_policy
from engine.hardening import Capability
from engine.release_spec import Mount, ReleaseSpec
from engine.secrets import Secret

PLACE = Place("inst", "env", "app", "web", "rel")

PLAIN: dict[str, Any] = {
    "Image": "sha256:abc",
    "Env": [],
    "Labels": {
        "wharf.instance": "inst",
        "wharf.kind": "application",
        "wharf.environment": "env",
        "wharf.application": "app",
        "wharf.release": "rel",
        "wharf.replica": "1",
    },
    "StopTimeout": 10,
    "HostConfig": {
        "NetworkMode": "wharf-env",
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        "Mounts": [],
    },
    "NetworkingConfig": {"EndpointsConfig": {"wharf-env": {"Aliases": ["web"]}}},
}


def test_a_plain_release() -> None:
    assert container_spec(PLACE, ReleaseSpec(image="web:1", image_id="sha256:abc"), 1, {}) == PLAIN


def test_everything_a_release_can_have() -> None:
    spec = ReleaseSpec(
        image="web:1",
        image_id="sha256:abc",
        command=("serve", "--port=80; rm -rf /"),
        mounts=(Mount(volume_id="vol", path="/data"), Mount(volume_id="ro", path="/etc/web", read_only=True)),
        cpu_limit=1.5,
        memory_limit=64 * 1024 * 1024,
        stop_grace=2.5,
    )
    made = container_spec(PLACE, spec, 3, {"B": Secret("2"), "A": Secret('a "quoted" $value')})
    assert made["Cmd"] == ["serve", "--port=80; rm -rf /"]
    assert made["Env"] == ['A=a "quoted" $value', "B=2"]
    assert made["Labels"]["wharf.replica"] == "3"
    assert made["StopTimeout"] == 3
    assert made["HostConfig"]["NanoCpus"] == 1_500_000_000
    assert made["HostConfig"]["Memory"] == made["HostConfig"]["MemorySwap"] == 67_108_864
    assert made["HostConfig"]["Mounts"] == [
        {"Type": "volume", "Source": "wharf-vol", "Target": "/data", "ReadOnly": False},
        {"Type": "volume", "Source": "wharf-ro", "Target": "/etc/web", "ReadOnly": True},
    ]


def test_a_release_that_says_nothing_of_privileges_runs_as_it_was_made() -> None:
    assert PLAIN["HostConfig"].keys() & {"CapDrop", "CapAdd", "PidsLimit", "SecurityOpt"} == set()


def test_what_a_release_may_do() -> None:
    spec = ReleaseSpec(
        image="web:1",
        image_id="sha256:abc",
        pids_limit=100,
        capabilities=(Capability.SETUID, Capability.CHOWN),
        allow_privilege_escalation=False,
    )
    hardened = {
        "CapDrop": ["ALL"],
        "CapAdd": ["CHOWN", "SETUID"],
        "PidsLimit": 100,
        "SecurityOpt": ["no-new-privileges"],
    }
    assert container_spec(PLACE, spec, 1, {})["HostConfig"] == PLAIN["HostConfig"] | hardened


def test_no_host_path_can_be_mounted() -> None:
    spec = ReleaseSpec(image="web:1", image_id="sha256:abc", mounts=(Mount(volume_id="vol", path="/data"),))
    config = container_spec(PLACE, spec, 1, {})["HostConfig"]
    assert "Binds" not in config
    assert {mount["Type"] for mount in config["Mounts"]} == {"volume"}


def test_what_docker_is_told_about_restarts() -> None:
    assert restart_policy(RestartPolicy.UNLESS_STOPPED) == {"Name": "unless-stopped"}
    assert restart_policy(RestartPolicy.ON_FAILURE) == {"Name": "on-failure", "MaximumRetryCount": 0}
    assert restart_policy(RestartPolicy.NEVER) == {"Name": "no"}
