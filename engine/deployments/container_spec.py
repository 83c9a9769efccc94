"""From a release to what Docker is told: the only compiler, for deploying, rolling back and planning alike."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from db.models import RestartPolicy
from engine import labels
from engine.hardening import NO_NEW_PRIVILEGES, only
from engine.release_spec import ReleaseSpec
from engine.secrets import Secret

_LOG_CONFIG = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a container belongs."""

    instance_id: str
    environment_id: str
    application_id: str
    application_name: str
    release_id: str


def container_spec(place: Place, spec: ReleaseSpec, replica: int, variables: Mapping[str, Secret]) -> dict[str, Any]:
    """What Docker's "create a container" takes. The same arguments always give the same dictionary.

    The restart policy is "no": a container that ends before it was ever healthy is a failed release, and
    only a live one is restarted (`restart_policy`).
    """
    network = labels.network_name(place.environment_id)
    body: dict[str, Any] = {
        "Image": spec.image_id,
        "Env": [f"{name}={value.reveal()}" for name, value in sorted(variables.items())],
        "Labels": labels.container_labels(
            place.instance_id, place.environment_id, place.application_id, place.release_id, replica
        ),
        "StopTimeout": math.ceil(spec.stop_grace),
        "HostConfig": _host_config(spec, network),
        "NetworkingConfig": {"EndpointsConfig": {network: {"Aliases": [place.application_name]}}},
    }
    if spec.command is not None:
        body["Cmd"] = list(spec.command)
    return body


def _host_config(spec: ReleaseSpec, network: str) -> dict[str, Any]:
    config: dict[str, Any] = {
        "NetworkMode": network,
        "RestartPolicy": {"Name": "no"},
        "LogConfig": _LOG_CONFIG,
        "Mounts": [
            {
                "Type": "volume",
                "Source": labels.volume_name(mount.volume_id),
                "Target": mount.path,
                "ReadOnly": mount.read_only,
            }
            for mount in spec.mounts
        ],
    }
    if spec.cpu_limit is not None:
        config["NanoCpus"] = round(spec.cpu_limit * 1_000_000_000)
    if spec.memory_limit is not None:
        # Without an equal swap limit a container may use as much again in swap.
        config["Memory"] = config["MemorySwap"] = spec.memory_limit
    if spec.pids_limit is not None:
        config["PidsLimit"] = spec.pids_limit
    if spec.capabilities is not None:
        config |= only(spec.capabilities)
    if not spec.allow_privilege_escalation:
        config["SecurityOpt"] = NO_NEW_PRIVILEGES
    return config


def restart_policy(policy: RestartPolicy) -> dict[str, Any]:
    """What a live container is told to do when it ends."""
    match policy:
        case RestartPolicy.UNLESS_STOPPED:
            return {"Name": "unless-stopped"}
        case RestartPolicy.ON_FAILURE:
            return {"Name": "on-failure", "MaximumRetryCount": 0}
        case RestartPolicy.NEVER:
            return {"Name": "no"}
