"""What exists on the simulated host, and how Docker describes it."""

import asyncio
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.images import IMAGES, PROXY, Image

NEVER = "0001-01-01T00:00:00Z"


class Refusal(Exception):
    """Docker says no, with a status and in its own words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


@dataclass(slots=True)
class Endpoint:
    """A container's place on a network. Without an address it does not run, or the network is gone."""

    aliases: list[str]
    wanted: str | None
    address: str = ""
    id: str = ""  # another for each time that it is attached


@dataclass(slots=True)
class SimulatedContainer:
    id: str
    name: str
    labels: dict[str, str]
    image: Image
    spec: Mapping[str, Any]
    policy: str
    endpoints: dict[str, Endpoint]
    mounts: list[str]
    status: str = "created"
    exit_code: int = 0
    restarts: int = 0
    started_at: str = NEVER
    finished_at: str = NEVER
    listening: bool = False
    passed: bool = False  # somebody has seen it listen since it last started
    stopped_by_hand: bool = False
    life: int = 0  # how often it was started: what was to happen in an earlier life does not
    ended: list["asyncio.Future[int]"] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        return self.status == "running"

    @property
    def is_proxy(self) -> bool:
        return self.image.id == IMAGES[PROXY].id

    def described(self) -> dict[str, Any]:
        """As Docker's "inspect" does."""
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "Config": {"Labels": self.labels, "Tty": False},
            "Image": self.image.id,
            "State": {
                "Status": self.status,
                "ExitCode": self.exit_code,
                "OOMKilled": False,
                "Error": "",
                "Pid": int(self.id[:8], 16) if self.running else 0,
                "StartedAt": self.started_at,
                "FinishedAt": self.finished_at,
            },
            "RestartCount": self.restarts,
            "HostConfig": {"RestartPolicy": {"Name": self.policy}},
            "NetworkSettings": self._networks(),
        }

    def listed(self, now: datetime) -> dict[str, Any]:
        """As Docker's list does."""
        return {
            "Id": self.id,
            "Names": [f"/{self.name}"],
            "Labels": self.labels,
            "State": self.status,
            "Status": self._in_words(now),
            "Image": self.image.id,
            "ImageID": self.image.id,
            "NetworkSettings": self._networks(),
        }

    def _networks(self) -> dict[str, Any]:
        ends = self.endpoints.items()
        return {"Networks": {name: {"IPAddress": end.address, "EndpointID": end.id} for name, end in ends}}

    def _in_words(self, now: datetime) -> str:
        if self.status == "running":
            return f"Up {_spoken(now - datetime.fromisoformat(self.started_at))}"
        if self.status in ("exited", "restarting"):
            verb = "Exited" if self.status == "exited" else "Restarting"
            return f"{verb} ({self.exit_code}) {_spoken(now - datetime.fromisoformat(self.finished_at))} ago"
        return self.status.capitalize()


@dataclass(slots=True)
class SimulatedNetwork:
    id: str
    name: str
    subnet: ipaddress.IPv4Network
    labels: dict[str, str]

    def described(self, members: list[str]) -> dict[str, Any]:
        return {
            "Id": self.id,
            "Name": self.name,
            "Labels": self.labels,
            "IPAM": {"Config": [{"Subnet": str(self.subnet)}]},
            "Containers": {member: {} for member in members},
        }


def _spoken(age: timedelta) -> str:
    """As Docker words it."""
    seconds = int(age.total_seconds())
    if seconds < 1:
        return "Less than a second"
    if seconds < 60:
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    minutes = seconds // 60
    return "About a minute" if minutes == 1 else f"{minutes} minutes"
