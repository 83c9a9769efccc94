"""Everything that can go wrong, as sentences.

EngineError
├── Refused                 what a person can mend; reaches clients as a UserError with code, message, field
│   ├── NotFound            no such thing, or not yours
│   ├── InvalidInput        a value that cannot be used, with the field it stands in
│   ├── Conflict            something that exists stands in the way
│   │   ├── NameTaken
│   │   └── RouteTaken
│   ├── NotNow              the thing is in a state that does not allow it
│   │   ├── CodeNeeded          the password was right; the code of the second factor is needed too
│   │   └── ConfirmationNeeded  it was too long ago that whoever asks has shown their password
│   └── CursorExpired       the event log no longer keeps what the cursor asks for
├── DockerFailure           what Docker said no to
│   ├── DockerUnreachable   no answer at all: nobody listens, the connection broke
│   │   └── DockerTimeout   connected, but no answer before the deadline
│   ├── DockerNotFound      no such container, network, volume
│   ├── DockerConflict      the name is taken, the object is in use
│   ├── PortTaken           a host port belongs to somebody else
│   ├── AddressNotLocal     the host does not have the address that a port was to be published on
│   └── ImageFailure
│       ├── ImageNotFound       the registry has no such image
│       ├── RegistryDenied      the registry wants credentials, or other ones
│       └── RegistryUnreachable the registry does not answer
└── ProxyFailure            the proxy did not start, or did not load what it was given
    └── ProxySilent         it runs and serves nothing, not even what it was given before
"""

from collections.abc import Iterable
from enum import Enum
from itertools import islice
from typing import ClassVar

_MOST_TOLD = 20


class ErrorCode(Enum):
    """What kind of mistake a UserError is about."""

    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    CONFLICT = "CONFLICT"
    NAME_TAKEN = "NAME_TAKEN"
    ROUTE_TAKEN = "ROUTE_TAKEN"
    NOT_NOW = "NOT_NOW"
    CODE_NEEDED = "CODE_NEEDED"
    CONFIRMATION_NEEDED = "CONFIRMATION_NEEDED"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"


class EngineError(Exception):
    """Base of all of ours. `str(error)` is a whole sentence, fit for a person."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Refused(EngineError):
    """A person can mend this. `field` is the path to the input field at fault, e.g. ("input", "host")."""

    code: ClassVar[ErrorCode]

    def __init__(self, sentence: str, *, field: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.field = field


class NotFound(Refused):
    code = ErrorCode.NOT_FOUND


class InvalidInput(Refused):
    code = ErrorCode.INVALID_INPUT


class Conflict(Refused):
    code = ErrorCode.CONFLICT


class NameTaken(Conflict):
    code = ErrorCode.NAME_TAKEN


class RouteTaken(Conflict):
    code = ErrorCode.ROUTE_TAKEN


class NotNow(Refused):
    code = ErrorCode.NOT_NOW


class CodeNeeded(NotNow):
    code = ErrorCode.CODE_NEEDED


class ConfirmationNeeded(NotNow):
    code = ErrorCode.CONFIRMATION_NEEDED


class CursorExpired(Refused):
    code = ErrorCode.CURSOR_EXPIRED


class DockerFailure(EngineError):
    """Docker answered, and the answer was no. `status` is the HTTP status where there was one."""

    def __init__(self, sentence: str, *, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


class DockerUnreachable(DockerFailure):
    pass


class DockerTimeout(DockerUnreachable):
    pass


class DockerNotFound(DockerFailure):
    pass


class DockerConflict(DockerFailure):
    pass


class PortTaken(DockerFailure):
    pass


class AddressNotLocal(DockerFailure):
    pass


class ImageFailure(DockerFailure):
    pass


class ImageNotFound(ImageFailure):
    pass


class RegistryDenied(ImageFailure):
    pass


class RegistryUnreachable(ImageFailure):
    pass


class ProxyFailure(EngineError):
    pass


class ProxySilent(ProxyFailure):
    pass


def raise_together(found: Iterable[InvalidInput]) -> None:
    """Raise all mistakes that were found at once: the one there is, or a group of the first ones."""
    mistakes = list(islice(found, _MOST_TOLD))
    if len(mistakes) == 1:
        raise mistakes[0]
    if mistakes:
        raise ExceptionGroup("several rules are broken", mistakes)
