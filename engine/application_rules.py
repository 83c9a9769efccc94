"""What the fields of an application may be, beyond their types.

Each rule names the field it is about, and all that are broken are raised together: one InvalidInput, or a group.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from db.models import Application
from engine.docker.values import RegistryCredentials
from engine.errors import InvalidInput, raise_together
from engine.release_spec import CheckKind, HealthCheck
from engine.secrets import Secret

MAX_REPLICAS = 20
MAX_VARIABLES = 1000
MAX_VARIABLE_BYTES = 128 * 1024 - 1  # of "NAME=value", as Linux takes it
MAX_ENVIRONMENT_BYTES = 1024 * 1024  # Linux takes 2 MiB, together with the command and the image's own variables
MAX_VOLUMES = 100
MAX_COMMAND_BYTES = 64 * 1024
MAX_USERNAME = 255
MAX_PASSWORD_BYTES = 64 * 1024  # it travels in a header
_MIN_MEMORY = 6 * 1024 * 1024  # Docker refuses less
_MAX_CORES = 512.0
_MIN_PIDS = 16  # a shell, a health check and what the runtimes of some languages begin with
_MAX_PIDS = 4_194_304  # Linux has no more numbers for them
_MAX_GRACE = 3600.0
_MAX_CHECK_SECONDS = 3600.0
# What would name another host or end the request's line is not in it, nor what is never sent or refused on the way.
_PATH = re.compile(r"/(?:[!-\"$&-~]|%[0-9A-Fa-f]{2})*")
_MAX_PATH = 1024


class _Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> Secret: ...


def check_application(application: Application, cores: int | None) -> None:
    """Raises `InvalidInput` for fields that cannot be used on a server with so many cores, if that is known."""
    raise_together(_in_application(application, cores))


def check_limits(cpu_limit: float | None, memory_limit: int | None, cores: int | None) -> None:
    """Raises `InvalidInput` for limits in cores and bytes that Docker refuses on a server with so many cores."""
    raise_together(_in_limits(cpu_limit, memory_limit, cores))


def check_variables(variables: Sequence[_Named]) -> None:
    """Raises `InvalidInput` for a name given twice or a value that no process can be given."""
    raise_together(_in_variables(variables))


def check_environment(sizes: Sequence[int]) -> None:
    """Raises `InvalidInput` for variables that are too many or, by the sizes of each, too large together."""
    raise_together(_in_environment(sizes))


def check_registry(registry: RegistryCredentials) -> None:
    """Raises `InvalidInput` for what nobody can sign in with."""
    raise_together(_in_registry(registry))


def check_mount_path(mount_path: str, field: tuple[str, ...]) -> None:
    """Raises `InvalidInput` for a mount path that would break the container."""
    if mount_path.split("/")[1] in ("proc", "sys", "dev"):
        raise InvalidInput(f"Nothing can be mounted at {mount_path}.", field=field)


def _in_application(application: Application, cores: int | None) -> Iterator[InvalidInput]:
    if application.command is not None:
        yield from _in_command(application.command, "command")
    if not 1 <= application.replicas <= MAX_REPLICAS:
        yield _mistake(f"replicas must be between 1 and {MAX_REPLICAS}.", "replicas")
    yield from _in_limits(application.cpu_limit, application.memory_limit, cores)
    if not _MIN_PIDS <= application.pids_limit <= _MAX_PIDS:
        yield _mistake(f"pidsLimit must be between {_MIN_PIDS} and {_MAX_PIDS}.", "pidsLimit")
    if application.capabilities is not None and len(set(application.capabilities)) < len(application.capabilities):
        yield _mistake("capabilities must name each of them once.", "capabilities")
    if not 0 <= application.stop_grace <= _MAX_GRACE:
        yield _mistake("stopGracePeriod must be between 0 s and 1 h.", "stopGracePeriod")
    if application.health_check is not None:
        yield from _in_health_check(HealthCheck.model_validate(application.health_check), application.port)


def _in_limits(cpu_limit: float | None, memory_limit: int | None, cores: int | None) -> Iterator[InvalidInput]:
    most = cores or _MAX_CORES
    if cpu_limit is not None and not 0.01 <= cpu_limit <= most:
        whose = ", as many as the server has" if cores else ""
        yield _mistake(f"cpuLimit must be between 0.01 and {most:g} cores{whose}.", "cpuLimit")
    if memory_limit is not None and memory_limit < _MIN_MEMORY:
        yield _mistake("memoryLimit must be at least 6 MiB; Docker starts nothing with less.", "memoryLimit")


def _in_health_check(check: HealthCheck, port: int | None) -> Iterator[InvalidInput]:
    if check.kind is CheckKind.COMMAND and not check.command:
        yield _mistake("A COMMAND check needs a command.", "healthCheck", "command")
    if check.kind is not CheckKind.COMMAND and check.port is None and port is None:
        sentence = f"A {check.kind.value} check needs a port, here or on the application."
        yield _mistake(sentence, "healthCheck", "port")
    if check.command:
        yield from _in_command(check.command, "healthCheck", "command")
    if len(check.path) > _MAX_PATH or not _PATH.fullmatch(check.path):
        yield _mistake(
            "The path must begin with / and hold neither spaces, control characters nor #; % stands before two "
            f"hexadecimal digits; {_MAX_PATH} characters are the most.",
            "healthCheck",
            "path",
        )
    for name, status in (("statusFrom", check.status_from), ("statusTo", check.status_to)):
        if not 100 <= status <= 599:
            yield _mistake(f"{name} must be between 100 and 599.", "healthCheck", name)
    if check.status_from > check.status_to:
        yield _mistake("statusTo must not be below statusFrom.", "healthCheck", "statusTo")
    if not 1 <= check.retries <= 100:
        yield _mistake("retries must be between 1 and 100.", "healthCheck", "retries")
    yield from _in_durations(check)


def _in_durations(check: HealthCheck) -> Iterator[InvalidInput]:
    for name, value in (("interval", check.interval), ("timeout", check.timeout)):
        if not 0.05 <= value.total_seconds() <= _MAX_CHECK_SECONDS:
            yield _mistake(f"{name} must be between 50 ms and 1 h.", "healthCheck", name)
    if not 0 <= check.start_period.total_seconds() <= _MAX_CHECK_SECONDS:
        yield _mistake("startPeriod must be at most 1 h.", "healthCheck", "startPeriod")


def _in_variables(variables: Sequence[_Named]) -> Iterator[InvalidInput]:
    yield from _in_count(len(variables))
    seen: set[str] = set()
    for step, variable in enumerate(variables):
        place, name = ("variables", str(step)), variable.name
        if name in seen:
            yield _mistake(f"{name} is given twice.", *place, "name")
        seen.add(name)
        text = variable.value.reveal()
        if "\0" in text:
            yield _mistake(f"The value of {name} holds a NUL character.", *place, "value")
        if len(f"{name}={text}".encode("utf-8", "surrogatepass")) > MAX_VARIABLE_BYTES:
            sentence = f"The value of {name} is longer than Linux allows, 128 KiB with its name."
            yield _mistake(sentence, *place, "value")


def _in_environment(sizes: Sequence[int]) -> Iterator[InvalidInput]:
    yield from _in_count(len(sizes))
    if sum(sizes) > MAX_ENVIRONMENT_BYTES:
        yield _mistake("All variables of the application together would be larger than 1 MiB.", "variables")


def _in_registry(registry: RegistryCredentials) -> Iterator[InvalidInput]:
    name, password = registry.username, registry.password.reveal()
    if not 1 <= len(name) <= MAX_USERNAME or not name.isprintable():
        sentence = f"The user name must have 1 to {MAX_USERNAME} characters, none of them for control."
        yield _mistake(sentence, "registry", "username")
    if not 1 <= len(password.encode("utf-8", "surrogatepass")) <= MAX_PASSWORD_BYTES or "\0" in password:
        sentence = "The password must have at most 64 KiB, and neither be empty nor hold a NUL character."
        yield _mistake(sentence, "registry", "password")


def _in_command(command: Sequence[str], *place: str) -> Iterator[InvalidInput]:
    if not command or not command[0]:
        yield _mistake("A command must have at least one word; leave it out to use the image's own.", *place)
    if wrong := [step for step, word in enumerate(command) if "\0" in word]:
        yield _mistake("A word of the command holds a NUL character.", *place, str(wrong[0]))
    if sum(len(word.encode("utf-8", "surrogatepass")) + 1 for word in command) > MAX_COMMAND_BYTES:
        yield _mistake("The command is longer than 64 KiB.", *place)


def _in_count(variables: int) -> Iterator[InvalidInput]:
    if variables > MAX_VARIABLES:
        yield _mistake(f"An application has at most {MAX_VARIABLES} variables.", "variables")


def _mistake(sentence: str, *place: str) -> InvalidInput:
    return InvalidInput(sentence, field=("input", *place))
