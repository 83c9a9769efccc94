"""What Docker tells us, as values of our own: nothing outside engine/docker sees Docker's JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from engine.secrets import Secret


class ContainerState(Enum):
    """Docker's own words for the state of a container."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


class ContainerHealth(Enum):
    """The verdict of the HEALTHCHECK that an image brings with it."""

    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class LogStream(Enum):
    STDOUT = "stdout"
    STDERR = "stderr"


@dataclass(frozen=True, slots=True)
class EngineVersion:
    engine: str  # "20.10.24+dfsg1"
    api: str  # "1.41"
    operating_system: str
    architecture: str


@dataclass(frozen=True, slots=True)
class ContainerSummary:
    """One row of Docker's container list."""

    id: str
    name: str  # without Docker's leading slash
    labels: Mapping[str, str]
    state: ContainerState
    status: str  # the state in words: "Exited (137) 2 hours ago"
    addresses: Mapping[str, str]  # network name → IPv4 address; empty while not running
    endpoints: Mapping[str, str]  # network name → what Docker calls this attachment, another one after each start
    published: frozenset[tuple[str, int]] = frozenset()  # (address, port) on the host; empty while not running


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """All we care about in an inspected container."""

    id: str
    name: str
    labels: Mapping[str, str]
    image_id: str
    state: ContainerState
    exit_code: int | None  # None while it has never ended
    out_of_memory: bool
    error: str  # why Docker could not start it, else ""
    health: ContainerHealth | None
    restart_count: int
    pid: int | None  # on the Docker host; None while not running
    started_at: datetime | None
    finished_at: datetime | None
    addresses: Mapping[str, str]
    endpoints: Mapping[str, str]
    restart_policy: str  # "no", "unless-stopped", "on-failure", "always"
    mounts: Mapping[str, str]  # path in the container → where that lies on the Docker host


@dataclass(frozen=True, slots=True)
class PathFacts:
    """A file or directory of a container, as Docker sees it."""

    size: int
    modified_at: datetime  # cut to microseconds


@dataclass(frozen=True, slots=True)
class ExecResult:
    exit_code: int
    output: str  # stdout and stderr together, at most 64 KiB


@dataclass(frozen=True, slots=True)
class StreamedResult:
    exit_code: int
    errors: str  # the last 64 KiB of stderr


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a container wrote, without its end, at most 64 KiB (longer ones are cut into several)."""

    at: datetime
    stream: LogStream
    text: str


@dataclass(frozen=True, slots=True)
class StatsSample:
    """One second of a container's life. Bytes count since it started; cpu is in cores (1.5: 150 %)."""

    at: datetime
    cpu_cores: float
    memory_bytes: int  # without the page cache, as `docker stats` shows it
    memory_limit_bytes: int
    network_received_bytes: int
    network_sent_bytes: int
    disk_read_bytes: int
    disk_written_bytes: int
    anonymous_bytes: int | None = None  # memory that nobody shares and no file backs; None where Docker does not say


@dataclass(frozen=True, slots=True)
class DockerEvent:
    """Something happened to an object. `kind` is Docker's type ("container"), `action` its verb ("die")."""

    kind: str
    action: str
    id: str
    attributes: Mapping[str, str]
    at_ns: int


@dataclass(frozen=True, slots=True)
class ImageFacts:
    id: str  # "sha256:…", the image's own digest
    repo_digests: tuple[str, ...]  # "registry/name@sha256:…"
    exposed_ports: tuple[int, ...]
    architecture: str


@dataclass(frozen=True, slots=True)
class PullProgress:
    """One line of a pull. `layer` is "" for lines about the image as a whole."""

    layer: str
    status: str
    current: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class RegistryCredentials:
    username: str
    password: Secret


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    id: str
    name: str
    labels: Mapping[str, str]
    subnets: tuple[str, ...]
    members: frozenset[str]  # container ids; empty where Docker's list does not say
    gateways: tuple[str, ...] = ()  # the host's own addresses in the subnets


@dataclass(frozen=True, slots=True)
class VolumeFacts:
    name: str
    labels: Mapping[str, str]
