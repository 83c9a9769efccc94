"""What an entry of the catalogue says: values, and pure functions from a database as it is wanted to more values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.archives import File
from engine.databases.versions import upwards
from engine.hardening import Capability
from engine.proxy.tcp.spec import Opening
from engine.secrets import Secret

Text = Callable[["Setup"], str]
Words = Callable[["Setup"], tuple[str, ...]]

STARTING_AS_ROOT = frozenset(
    {Capability.CHOWN, Capability.DAC_OVERRIDE, Capability.FOWNER, Capability.SETGID, Capability.SETUID}
)
"""What it takes to give a volume to the user of the server, and to go on as that user."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs in, and to what. `user` and `database` are "" where the kind has none."""

    user: str
    password: Secret
    database: str


@dataclass(frozen=True, slots=True)
class Setup:
    """One database as it is wanted. `configuration` is the user's own text, in the server's own format."""

    version: str
    credentials: Credentials
    configuration: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command to run in the database's container. No argument is ever secret; the rest can be."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    standard_input: bytes | None = field(default=None, repr=False)
    files: tuple[File, ...] = ()  # to be put into the running container first
    answer: str | None = None  # a regular expression that all of the output matches when the command has worked
    exit_codes: tuple[int, ...] = (0,)  # after which it has worked
    within: float = 0.0  # seconds in which it may be run again until it works

    def worked(self, exit_code: int, output: str) -> bool:
        """Whether it did what it was to do."""
        if exit_code not in self.exit_codes:
            return False
        return self.answer is None or bool(re.fullmatch(self.answer, output.strip(), re.DOTALL))


@dataclass(frozen=True, slots=True)
class Dump:
    """How a running database is written to a stream: what `stream` writes to its standard output."""

    stream: Command
    before: tuple[Command, ...] = ()
    after: tuple[Command, ...] = ()  # also when `stream` failed
    suffix: str = "dump"  # of the name of a file that keeps it


@dataclass(frozen=True, slots=True)
class StreamedRestore:
    """How a dump is read back by a running, newly made database: it is the standard input of `stream`."""

    stream: Command
    before: tuple[Command, ...] = ()
    after: tuple[Command, ...] = ()
    left_out: tuple[bytes, ...] = ()  # lines that begin like this are left out of the dump, by `dumps.without_lines`
    left_out_until: bytes = b""  # up to the first line that begins like this


@dataclass(frozen=True, slots=True)
class FileRestore:
    """How a dump is read back by a server that starts with it: as one file of a new volume."""

    path: str
    owner: int
    mode: int = 0o600


@dataclass(frozen=True, slots=True)
class ArchiveRestore:
    """How a dump is read back by a server that starts with it: as a tar archive, unpacked at `path`."""

    path: str


Restore = StreamedRestore | FileRestore | ArchiveRestore


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One entry of the catalogue: all that is particular about one database server."""

    title: str
    repository: str  # on its registry, as Docker writes it in full
    tag: Callable[[str], str] = str  # of a version
    versions: tuple[str, ...]  # newest first
    default_version: str
    may_follow: Callable[[str, str], bool]  # (data written by, to be opened by): other versions of `versions`
    port: int
    user: str  # the default; "" where the kind has no users
    database: str  # the default; "" where the kind has none to choose
    user_is_fixed: bool = False  # no other user can be chosen
    database_is_fixed: bool = False
    refused_names: str = ""  # a regular expression of what neither user nor database can be called
    opening: Opening = Opening.CLIENT_SPEAKS
    owner: int  # the server's user in the container
    data_path: Callable[[str], str]  # of a version
    stop_signal: str
    stop_grace: float  # seconds; more than a clean shutdown takes
    capabilities: frozenset[Capability] = STARTING_AS_ROOT  # all that root has in its container
    variables: Callable[[Setup], Mapping[str, str]] = lambda setup: {}
    reserved_variables: tuple[str, ...] = ()  # beginnings of the names that are not the user's to set
    command: Words | None = None  # None: the image's own
    files: Callable[[Setup], tuple[File, ...]]  # put into every new container before its start
    first_files: Callable[[Setup], tuple[File, ...]] = lambda setup: ()  # the same, until it has been ready once
    ready: Callable[[Setup], Command]
    login: Callable[[Setup], Command]  # works exactly when the password is right
    change_password: Callable[[Setup, Secret], Command]  # to the new one, which stays through every start
    dump: Callable[[Setup], Dump]
    restore: Callable[[Setup], Restore]
    contents: Callable[[Setup], Command]  # what is in it, in a few lines: fails when it cannot be read
    lasting: Callable[[str], str] = lambda contents: contents  # the part of that which time alone does not change
    may_read: Callable[[str, str], bool] = upwards  # (dumped by, to be read by)
    after_version_change: Callable[[Setup], tuple[Command, ...]] = lambda setup: ()  # once it is ready again
    connection_string: Callable[[Setup, str, int, bool], str]  # (setup, host, port, with TLS)
    check_password: Callable[[Secret], None] = lambda password: None  # raises InvalidInput
    check_configuration: Callable[[str], None]  # raises InvalidInput
