"""Everything that makes one version of an application run: read from the database, never changed."""

from datetime import timedelta
from enum import Enum

from pydantic import BaseModel, ConfigDict

from db.models import RestartPolicy, Strategy
from engine.hardening import Capability


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CheckKind(Enum):
    """How a container is asked whether it is well."""

    HTTP = "HTTP"
    TCP = "TCP"
    COMMAND = "COMMAND"


class HealthCheck(_Frozen):
    """A question put to each new container, every `interval`, answered within `timeout`.

    During `start_period` a wrong answer does not count; after it `retries` wrong answers in a row are one
    too many. HTTP asks for `path` and wants a status from `status_from` to `status_to`; COMMAND runs
    `command` inside the container and wants exit code 0; `port` overrides the application's.
    """

    kind: CheckKind = CheckKind.TCP
    path: str = "/"
    port: int | None = None
    status_from: int = 200
    status_to: int = 399
    command: tuple[str, ...] = ()
    interval: timedelta = timedelta(seconds=1)
    timeout: timedelta = timedelta(seconds=5)
    retries: int = 3
    start_period: timedelta = timedelta(seconds=30)


class VariableReference(_Frozen):
    """One value of a variable, by the id of its row; the value itself stays where it is encrypted."""

    name: str
    id: str


class Mount(_Frozen):
    volume_id: str
    path: str
    read_only: bool = False


class ClaimedDomain(_Frozen):
    """A domain that the application had when the release was made: for the record, routes follow the present."""

    host: str
    path_prefix: str


class ReleaseSpec(_Frozen):
    """`image_id` is the digest of the image on the host, `image_digest` the registry's ("name@sha256:…").

    A release of an older version of ours says nothing of processes and privileges, and is run as it was made then:
    with any number of processes, what Docker gives, and programs that may give more.
    """

    image: str
    image_id: str
    image_digest: str | None = None
    command: tuple[str, ...] | None = None
    port: int | None = None
    replicas: int = 1
    strategy: Strategy = Strategy.ROLLING
    variables: tuple[VariableReference, ...] = ()
    mounts: tuple[Mount, ...] = ()
    health_check: HealthCheck | None = None
    cpu_limit: float | None = None
    memory_limit: int | None = None
    pids_limit: int | None = None
    capabilities: tuple[Capability, ...] | None = None
    allow_privilege_escalation: bool = True
    stop_grace: float = 10.0
    restart_policy: RestartPolicy = RestartPolicy.UNLESS_STOPPED
    domains: tuple[ClaimedDomain, ...] = ()
