"""Why a release could not take over, in a form that the deployment keeps."""

from db.models import DeploymentStatus, FailureReason
from engine.docker.values import LogLine
from engine.errors import (
    DockerUnreachable,
    EngineError,
    ImageNotFound,
    RegistryDenied,
    RegistryUnreachable,
)

_BY_STEP = {
    DeploymentStatus.PREPARING: FailureReason.IMAGE_UNUSABLE,
    DeploymentStatus.ROUTING: FailureReason.NOT_ROUTED,
}


class DeploymentFailed(Exception):
    """The old release stays. `log` is what the new one wrote last."""

    def __init__(
        self,
        reason: FailureReason,
        sentence: str,
        *,
        exit_code: int | None = None,
        log: tuple[LogLine, ...] = (),
    ) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence
        self.exit_code = exit_code
        self.log = log


def failure_of(status: DeploymentStatus, error: EngineError) -> DeploymentFailed:
    """What an error in the step `status` means for the deployment."""
    return DeploymentFailed(_reason(status, error), error.sentence)


def _reason(status: DeploymentStatus, error: EngineError) -> FailureReason:
    match error:
        case ImageNotFound():
            return FailureReason.IMAGE_NOT_FOUND
        case RegistryDenied():
            return FailureReason.REGISTRY_DENIED
        case RegistryUnreachable():
            return FailureReason.REGISTRY_UNREACHABLE
        case DockerUnreachable():
            return FailureReason.ENGINE_UNREACHABLE
        case _:
            return _BY_STEP.get(status, FailureReason.START_REFUSED)
