"""Why a database's server does not serve, as a value to be remembered."""

from dataclasses import dataclass

from db.models import DatabaseProblem
from engine.docker.values import LogLine
from engine.errors import (
    DockerFailure,
    DockerUnreachable,
    EngineError,
    ImageNotFound,
    RegistryDenied,
    RegistryUnreachable,
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is told of it. `log` are the last lines that the server wrote."""

    problem: DatabaseProblem
    message: str
    exit_code: int | None = None
    log: tuple[str, ...] = ()


class DatabaseFailed(EngineError):
    """The server did not come up, for a reason that is to be told."""

    def __init__(
        self, problem: DatabaseProblem, sentence: str, *, exit_code: int | None = None, log: tuple[LogLine, ...] = ()
    ) -> None:
        super().__init__(sentence)
        self.trouble = Trouble(problem, sentence, exit_code, tuple(line.text for line in log))


def trouble_of(error: EngineError) -> Trouble | None:
    """What an error while a server was brought up means; None where it says nothing about the database."""
    match error:
        case DatabaseFailed():
            return error.trouble
        case ImageNotFound():
            return Trouble(DatabaseProblem.IMAGE_NOT_FOUND, error.sentence)
        case RegistryDenied():
            return Trouble(DatabaseProblem.REGISTRY_DENIED, error.sentence)
        case RegistryUnreachable():
            return Trouble(DatabaseProblem.REGISTRY_UNREACHABLE, error.sentence)
        case DockerUnreachable():
            return None
        case DockerFailure():
            return Trouble(DatabaseProblem.START_REFUSED, error.sentence)
        case _:
            return Trouble(DatabaseProblem.INTERNAL, error.sentence)
