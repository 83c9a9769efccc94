"""Whether a container does what it was started for."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass

from db.models import FailureReason
from engine.deployments.failure import DeploymentFailed
from engine.deployments.probes import ProbeFailed
from engine.docker.gateway import DockerGateway
from engine.docker.values import LogLine
from engine.errors import DockerFailure, DockerNotFound, DockerTimeout
from engine.outside import REAL, Outside
from engine.release_spec import CheckKind, HealthCheck, ReleaseSpec

_FIRST_INTERVAL = 0.01
_INTERVAL_GROWTH = 1.1
_STEADY_SECONDS = 3.0
_LOG_LINES = 50


@dataclass(frozen=True, slots=True)
class Patient:
    """A container to be examined. `address` is where we reach it from here."""

    container: str
    replica: int
    address: str
    spec: ReleaseSpec


class HealthChecker:
    """Examines containers of one Docker engine."""

    def __init__(self, docker: DockerGateway, outside: Outside = REAL) -> None:
        self._docker = docker
        self._outside = outside

    async def until_healthy(self, patient: Patient) -> None:
        """Return once the container has passed its check.

        Raises `DeploymentFailed` as soon as it has ended, or has given too many wrong answers.
        """
        exit_watch = asyncio.ensure_future(self._docker.wait_container(patient.container))
        examination = asyncio.ensure_future(self._examine(patient))
        try:
            await asyncio.wait({exit_watch, examination}, return_when=asyncio.FIRST_COMPLETED)
            if exit_watch.done():
                await _outcome(exit_watch)
                raise await self._ended(patient)
            await self._verdict(examination, patient)
        finally:
            for task in (exit_watch, examination):
                task.cancel()
            await asyncio.gather(exit_watch, examination, return_exceptions=True)

    async def _verdict(self, examination: "asyncio.Future[None]", patient: Patient) -> None:
        try:
            await examination
        except ProbeFailed as error:
            reason = FailureReason.HEALTH_CHECK_FAILED if error.listening else FailureReason.PORT_NOT_LISTENING
            log = await self._last_words(patient.container)
            raise DeploymentFailed(reason, f"Replica {patient.replica}: {error}", log=log) from error

    async def _ended(self, patient: Patient) -> DeploymentFailed:
        try:
            facts = await self._docker.inspect_container(patient.container)
        except DockerNotFound:
            sentence = f"Replica {patient.replica} was removed from the Docker host while it was starting."
            return DeploymentFailed(FailureReason.EXITED, sentence)
        log = await self._last_words(patient.container)
        if facts.out_of_memory:
            sentence = f"Replica {patient.replica} used more memory than it may{_limit(patient.spec)} and was killed."
            return DeploymentFailed(FailureReason.OUT_OF_MEMORY, sentence, exit_code=facts.exit_code, log=log)
        sentence = f"Replica {patient.replica} ended with exit code {facts.exit_code} before it was healthy."
        return DeploymentFailed(FailureReason.EXITED, sentence, exit_code=facts.exit_code, log=log)

    async def _last_words(self, container: str) -> tuple[LogLine, ...]:
        with suppress(DockerFailure):
            return tuple(await self._docker.log_tail(container, _LOG_LINES))
        return ()

    async def _examine(self, patient: Patient) -> None:
        if patient.spec.port is None and patient.spec.health_check is None:
            # Nothing can be asked of it: that it keeps running is all there is to see.
            await asyncio.sleep(_STEADY_SECONDS)
            return None
        check = patient.spec.health_check or HealthCheck()
        loop = asyncio.get_running_loop()
        lenient_until = loop.time() + check.start_period.total_seconds()
        interval, failures = _FIRST_INTERVAL, 0
        while True:
            try:
                return await self._probe_all(patient, check)
            except ProbeFailed:
                failures = failures + 1 if loop.time() > lenient_until else 0
                if failures >= check.retries:
                    raise
            await asyncio.sleep(interval)
            interval = min(interval * _INTERVAL_GROWTH, check.interval.total_seconds())

    async def _probe_all(self, patient: Patient, check: HealthCheck) -> None:
        await self._probe(patient, check)
        port = patient.spec.port
        if port is not None and (check.kind is CheckKind.COMMAND or check.port not in (None, port)):
            # Where visitors will be sent, whatever else was asked.
            await self._outside.probe_tcp(patient.address, port, check)

    def _probe(self, patient: Patient, check: HealthCheck) -> Awaitable[None]:
        port = check.port or patient.spec.port or 0
        match check.kind:
            case CheckKind.HTTP:
                return self._outside.probe_http(patient.address, port, check)
            case CheckKind.TCP:
                return self._outside.probe_tcp(patient.address, port, check)
            case CheckKind.COMMAND:
                return _probe_command(self._docker, patient.container, check)


def _limit(spec: ReleaseSpec) -> str:
    return f" ({spec.memory_limit / 1024**2:.0f} MiB)" if spec.memory_limit else ""


async def _outcome(watch: "asyncio.Future[int]") -> None:
    """Let a lost Docker engine surface as what it is; a removed container counts as ended."""
    with suppress(DockerNotFound):
        await watch


async def _probe_command(docker: DockerGateway, container: str, check: HealthCheck) -> None:
    try:
        result = await docker.exec(container, check.command, check.timeout.total_seconds())
    except DockerTimeout as error:
        seconds = check.timeout.total_seconds()
        raise ProbeFailed(f"the command did not end within {seconds:g} s.") from error
    if result.exit_code != 0:
        last = result.output.strip().splitlines()[-1:] or ["(it wrote nothing)"]
        raise ProbeFailed(f"the command ended with exit code {result.exit_code}: {last[0]}")
