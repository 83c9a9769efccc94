"""What the fields of an application may be, beyond their types. Each rule names the field it is about."""

import re
from collections.abc import Sequence
from typing import Protocol

from db.models import Application
from engine.docker.values import RegistryCredentials
from engine.errors import InvalidInput
from engine.release_spec import CheckKind, HealthCheck

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
_MAX_GRACE = 3600.0
_MAX_CHECK_SECONDS = 3600.0
# What would name another host or end the request's line is not in it, nor what is never sent or refused on the way.
_PATH = re.compile(r"/(?:[!-\"$&-~]|%[0-9A-Fa-f]{2})*")
_MAX_PATH = 1024


class _Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str: ...


def check_application(application: Application) -> None:
    """Raises `InvalidInput` for the first field that cannot be used."""
    _check_command(application.command)
    if not 1 <= application.replicas <= MAX_REPLICAS:
        _refuse("replicas", f"replicas must be between 1 and {MAX_REPLICAS}.")
    if application.cpu_limit is not None and not 0.01 <= application.cpu_limit <= _MAX_CORES:
        _refuse("cpuLimit", f"cpuLimit must be between 0.01 and {_MAX_CORES:g} cores.")
    if application.memory_limit is not None and application.memory_limit < _MIN_MEMORY:
        _refuse("memoryLimit", "memoryLimit must be at least 6 MiB; Docker starts nothing with less.")
    if not 0 <= application.stop_grace <= _MAX_GRACE:
        _refuse("stopGracePeriod", "stopGracePeriod must be between 0 s and 1 h.")
    if application.health_check is not None:
        check_health_check(HealthCheck.model_validate(application.health_check), application.port)


def check_health_check(check: HealthCheck, port: int | None) -> None:
    """Raises `InvalidInput` for a check that could never be asked."""
    if check.kind is CheckKind.COMMAND:
        if not check.command:
            _refuse("healthCheck", "A COMMAND check needs a command.")
    elif check.port is None and port is None:
        _refuse("healthCheck", f"A {check.kind.value} check needs a port, here or on the application.")
    if check.command:
        _check_command(list(check.command), "healthCheck")
    if len(check.path) > _MAX_PATH or not _PATH.fullmatch(check.path):
        _refuse(
            "healthCheck",
            "The path must begin with / and hold neither spaces, control characters nor #; % stands before two "
            f"hexadecimal digits; {_MAX_PATH} characters are the most.",
        )
    if not 100 <= check.status_from <= check.status_to <= 599:
        _refuse("healthCheck", "The expected statuses must be a range within 100 to 599.")
    if not 1 <= check.retries <= 100:
        _refuse("healthCheck", "retries must be between 1 and 100.")
    for name, value in (("interval", check.interval), ("timeout", check.timeout)):
        if not 0.05 <= value.total_seconds() <= _MAX_CHECK_SECONDS:
            _refuse("healthCheck", f"{name} must be between 50 ms and 1 h.")
    if not 0 <= check.start_period.total_seconds() <= _MAX_CHECK_SECONDS:
        _refuse("healthCheck", "startPeriod must be at most 1 h.")


def check_variables(variables: Sequence[_Named]) -> None:
    """Raises `InvalidInput` for a name given twice or a value that no process can be given."""
    _check_count(len(variables))
    seen: set[str] = set()
    for variable in variables:
        if variable.name in seen:
            _refuse("variables", f"{variable.name} is given twice.")
        seen.add(variable.name)
        if "\0" in variable.value:
            _refuse("variables", f"The value of {variable.name} holds a NUL character.")
        if len(f"{variable.name}={variable.value}".encode("utf-8", "surrogatepass")) > MAX_VARIABLE_BYTES:
            _refuse("variables", f"The value of {variable.name} is longer than Linux allows, 128 KiB with its name.")


def check_environment(sizes: Sequence[int]) -> None:
    """Raises `InvalidInput` for variables that are too many or, by the sizes of each, too large together."""
    _check_count(len(sizes))
    if sum(sizes) > MAX_ENVIRONMENT_BYTES:
        _refuse("variables", "All variables of the application together would be larger than 1 MiB.")


def check_registry(registry: RegistryCredentials) -> None:
    """Raises `InvalidInput` for what nobody can sign in with."""
    name, password = registry.username, registry.password
    if not 1 <= len(name) <= MAX_USERNAME or not name.isprintable():
        _refuse("registry", f"The user name must have 1 to {MAX_USERNAME} characters, none of them for control.")
    if not 1 <= len(password.encode("utf-8", "surrogatepass")) <= MAX_PASSWORD_BYTES or "\0" in password:
        _refuse("registry", "The password must have at most 64 KiB, and neither be empty nor hold a NUL character.")


def check_mount_path(mount_path: str, field: tuple[str, ...]) -> None:
    """Raises `InvalidInput` for a mount path that would break the container."""
    if mount_path.split("/")[1] in ("proc", "sys", "dev"):
        raise InvalidInput(f"Nothing can be mounted at {mount_path}.", field=field)


def _check_command(command: list[str] | None, field: str = "command") -> None:
    if command is None:
        return
    if not command or not command[0]:
        _refuse(field, "A command must have at least one word; leave it out to use the image's own.")
    if any("\0" in word for word in command):
        _refuse(field, "A word of the command holds a NUL character.")
    if sum(len(word.encode("utf-8", "surrogatepass")) + 1 for word in command) > MAX_COMMAND_BYTES:
        _refuse(field, "The command is longer than 64 KiB.")


def _check_count(variables: int) -> None:
    if variables > MAX_VARIABLES:
        _refuse("variables", f"An application has at most {MAX_VARIABLES} variables.")


def _refuse(field: str, sentence: str) -> None:
    raise InvalidInput(sentence, field=("input", field))
