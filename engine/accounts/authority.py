"""What somebody may do, and where: values, and the one function that decides.

Everything there is has a place: the installation, a team, a project, an environment. An allowance says which actions
on which nouns are allowed in a place and in all that lies within it. Whoever is allowed something within a team or a
project may also read that team and that project, to know where they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from itertools import product
from typing import NamedTuple, TypeAlias


class Action(Enum):
    """What somebody wants to do with a noun."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"
    DEPLOY = "deploy"  # also: roll back, restart, stop, start, cancel
    REVEAL = "reveal"  # read what is secret, such as a password


class Noun(Enum):
    """What is acted upon. The values are GraphQL type names."""

    TEAM = "Team"
    MEMBERSHIP = "Membership"
    INVITATION = "Invitation"
    USER = "User"
    API_TOKEN = "ApiToken"
    AUDIT_ENTRY = "AuditEntry"
    PROJECT = "Project"
    ENVIRONMENT = "Environment"
    APPLICATION = "Application"
    DATABASE = "Database"
    TCP_PROXY = "TcpProxy"
    CERTIFICATE = "Certificate"
    CERTIFICATE_RESOLVER = "CertificateResolver"
    DATABASE_DUMP = "DatabaseDump"
    DATABASE_RESTORE = "DatabaseRestore"
    DOMAIN = "Domain"
    DEPLOYMENT = "Deployment"
    RELEASE = "Release"
    SERVER = "Server"
    EVENT = "Event"


Permission: TypeAlias = tuple[Action, Noun]

ALL = frozenset(product(Action, Noun))

_SHARED = frozenset(
    {(Action.READ, Noun.SERVER), (Action.READ, Noun.CERTIFICATE_RESOLVER)}
)  # what belongs to no team, and everybody with a team may see
_AROUND = frozenset({(Action.READ, Noun.TEAM), (Action.READ, Noun.PROJECT), (Action.READ, Noun.CERTIFICATE)})


def shared(permission: Permission) -> bool:
    """Whether it is given for all that belongs to no team, to whoever has it anywhere."""
    return permission in _SHARED


def around(permission: Permission) -> bool:
    """Whether it is given also for what its place lies in."""
    return permission in _AROUND


class Place(NamedTuple):
    """Where something is. Each part is None from where the thing lies above it: `Place()` is the installation."""

    team_id: str | None = None
    project_id: str | None = None
    environment_id: str | None = None

    def holds(self, other: "Place") -> bool:
        """Whether `other` is this place, or lies within it."""
        return all(mine in (None, theirs) for mine, theirs in zip(self, other, strict=True))


INSTALLATION = Place()


@dataclass(frozen=True, slots=True)
class Allowance:
    """Permissions in a place."""

    permissions: frozenset[Permission]
    place: Place = INSTALLATION

    def allows(self, permission: Permission, place: Place) -> bool:
        if permission not in self.permissions:
            return False
        if self.place.holds(place):
            return True
        return shared(permission) if place == INSTALLATION else around(permission) and place.holds(self.place)


@dataclass(frozen=True, slots=True)
class Authority:
    """All that somebody may do. Two that may do the same are equal.

    `within` is the authority of whoever gave it: nobody gives more than they have.
    """

    allowances: frozenset[Allowance] = field(default_factory=frozenset)
    within: "Authority | None" = None

    @classmethod
    def of(cls, allowances: Iterable[Allowance], within: "Authority | None" = None) -> "Authority":
        return cls(frozenset(allowances), within)

    def allows(self, action: Action, noun: Noun, place: Place) -> bool:
        """Whether this may be done to a thing in this place."""
        if self.within is not None and not self.within.allows(action, noun, place):
            return False
        return any(each.allows((action, noun), place) for each in self.allowances)

    def allows_somewhere(self, action: Action, noun: Noun) -> bool:
        """Whether there may be a place where this is allowed."""
        if self.within is not None and not self.within.allows_somewhere(action, noun):
            return False
        return any((action, noun) in each.permissions for each in self.allowances)

    def places(self, action: Action, noun: Noun) -> list[Place]:
        """Where, as this authority itself says, this is allowed."""
        return [each.place for each in self.allowances if (action, noun) in each.permissions]


EVERYTHING = Authority(frozenset({Allowance(ALL)}))
NOTHING = Authority()
