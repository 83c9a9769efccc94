"""From Docker's JSON to our values. Pure."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from engine.docker.values import (
    ContainerFacts,
    ContainerHealth,
    ContainerState,
    ContainerSummary,
    DockerEvent,
    EngineVersion,
    ImageFacts,
    NetworkFacts,
    PathFacts,
    PullProgress,
    VolumeFacts,
)

Json = Mapping[str, Any]

HEALTH = {health.value: health for health in ContainerHealth}


def engine_version(version: Json) -> EngineVersion:
    return EngineVersion(version["Version"], version["ApiVersion"], version["Os"], version["Arch"])


def container_summary(row: Json) -> ContainerSummary:
    return ContainerSummary(
        id=row["Id"],
        name=(row["Names"] or ["/"])[0].removeprefix("/"),
        labels=row["Labels"] or {},
        state=ContainerState(row["State"]),
        status=row["Status"],
        addresses=_of_networks(row, "IPAddress"),
        endpoints=_of_networks(row, "EndpointID"),
        published=_published(row),
    )


def container_facts(container: Json) -> ContainerFacts:
    state = container["State"]
    status = ContainerState(state["Status"])
    finished_at = moment(state["FinishedAt"])
    ended = finished_at is not None and status is not ContainerState.RUNNING
    return ContainerFacts(
        id=container["Id"],
        name=container["Name"].removeprefix("/"),
        labels=container["Config"]["Labels"] or {},
        image_id=container["Image"],
        state=status,
        exit_code=state["ExitCode"] if ended else None,
        out_of_memory=state["OOMKilled"],
        error=state["Error"],
        health=HEALTH.get((state.get("Health") or {}).get("Status", "")),
        restart_count=container["RestartCount"],
        pid=state["Pid"] or None,
        started_at=moment(state["StartedAt"]),
        finished_at=finished_at,
        addresses=_of_networks(container, "IPAddress"),
        endpoints=_of_networks(container, "EndpointID"),
        restart_policy=container["HostConfig"]["RestartPolicy"]["Name"] or "no",
        mounts={mount["Destination"]: mount["Source"] for mount in container.get("Mounts") or ()},
    )


def image_facts(image: Json) -> ImageFacts:
    exposed = (image.get("Config") or {}).get("ExposedPorts") or {}
    ports = (port.removesuffix("/tcp") for port in exposed)
    return ImageFacts(
        id=image["Id"],
        repo_digests=tuple(image["RepoDigests"] or ()),
        exposed_ports=tuple(sorted(int(port) for port in ports if port.isdecimal())),
        architecture=image["Architecture"],
    )


def network_facts(network: Json) -> NetworkFacts:
    pools = network["IPAM"]["Config"] or []
    return NetworkFacts(
        id=network["Id"],
        name=network["Name"],
        labels=network["Labels"] or {},
        subnets=tuple(pool["Subnet"] for pool in pools if "Subnet" in pool),
        members=frozenset(network["Containers"] or ()),
        gateways=tuple(_gateway(pool) for pool in pools if "Subnet" in pool),
    )


def volume_facts(volume: Json) -> VolumeFacts:
    return VolumeFacts(volume["Name"], volume["Labels"] or {})


def docker_event(event: Json) -> DockerEvent:
    actor = event["Actor"]
    return DockerEvent(event["Type"], event["Action"], actor["ID"], actor["Attributes"] or {}, event["timeNano"])


def pull_progress(line: Json) -> PullProgress:
    status, detail = line.get("status", ""), line.get("progressDetail") or {}
    # This one line carries the tag where all others carry the layer.
    layer = "" if status.startswith("Pulling from") else line.get("id", "")
    return PullProgress(layer, status, detail.get("current"), detail.get("total"))


def path_facts(header: str) -> PathFacts:
    """From the header in which Docker describes a path: JSON in base64."""
    described = json.loads(base64.b64decode(header))
    return PathFacts(described["size"], datetime.fromisoformat(described["mtime"]).astimezone(UTC))


def moment(text: str) -> datetime | None:
    """Docker's time stamp with its nanoseconds cut to microseconds; None for its year 1, "never"."""
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.year > 1 else None


def _gateway(pool: Json) -> str:
    """The one that was asked for, else the first address of the subnet: Docker takes it, and does not say so."""
    return str(pool.get("Gateway") or ip_network(pool["Subnet"])[1]).split("/")[0]


def _published(row: Json) -> frozenset[tuple[str, int]]:
    ports = (port for port in row.get("Ports") or () if port["Type"] == "tcp" and port.get("PublicPort"))
    return frozenset((port.get("IP", ""), port["PublicPort"]) for port in ports)


def _of_networks(container: Json, what: str) -> dict[str, str]:
    networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return {name: end[what] for name, end in networks.items() if end and end.get(what)}
