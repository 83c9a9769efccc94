"""What each role may do in its team. The table is the law: tests hold every field of the API against it."""

from itertools import product

from db.models import Role
from engine.accounts.authority import Action, Noun, Permission

_RESOURCES = frozenset(
    {
        Noun.PROJECT,
        Noun.ENVIRONMENT,
        Noun.APPLICATION,
        Noun.DATABASE,
        Noun.TCP_PROXY,
        Noun.CERTIFICATE,
        Noun.DATABASE_DUMP,
        Noun.DATABASE_RESTORE,
        Noun.DOMAIN,
        Noun.DEPLOYMENT,
        Noun.RELEASE,
    }
)
_SEEN_BY_ALL = _RESOURCES | {Noun.TEAM, Noun.MEMBERSHIP, Noun.SERVER, Noun.CERTIFICATE_RESOLVER, Noun.EVENT}
_CHANGES = frozenset({Action.CREATE, Action.UPDATE, Action.REMOVE, Action.DEPLOY, Action.REVEAL})
_PEOPLE = frozenset({Noun.MEMBERSHIP, Noun.INVITATION, Noun.API_TOKEN})

_VIEWER = frozenset(product({Action.READ}, _SEEN_BY_ALL))
_DEVELOPER = _VIEWER | frozenset(product(_CHANGES, _RESOURCES)) | {(Action.CREATE, Noun.API_TOKEN)}
_ADMIN = (
    _DEVELOPER
    | frozenset(product({Action.READ, Action.CREATE, Action.UPDATE, Action.REMOVE}, _PEOPLE))
    | {(Action.READ, Noun.AUDIT_ENTRY), (Action.UPDATE, Noun.TEAM)}
)
_OWNER = _ADMIN | {(Action.REMOVE, Noun.TEAM)}

ROLES: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.DEVELOPER: _DEVELOPER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _OWNER,
}

# An administrator looks after the installation: its people and teams, not what the teams run.
ADMINISTRATOR: frozenset[Permission] = frozenset(
    product(
        {Action.READ, Action.CREATE, Action.UPDATE, Action.REMOVE},
        {Noun.TEAM, Noun.MEMBERSHIP, Noun.INVITATION, Noun.USER, Noun.SERVER, Noun.CERTIFICATE_RESOLVER},
    )
) | {(Action.READ, Noun.AUDIT_ENTRY), (Action.READ, Noun.EVENT)}

SETUP: frozenset[Permission] = frozenset({(Action.CREATE, Noun.API_TOKEN), (Action.CREATE, Noun.USER)})

_HIGHEST_FIRST = list(Role)


def outranks(one: Role, other: Role) -> bool:
    """Whether the first may do more than the second."""
    return _HIGHEST_FIRST.index(one) < _HIGHEST_FIRST.index(other)
