"""What a user and what a token may do, from the rows of this moment."""

from collections.abc import Iterable, Iterator

from sqlmodel import Session, select

from db.models import ApiToken, Grant, Membership, User
from engine.accounts.authority import ALL, EVERYTHING, Action, Allowance, Authority, Noun, Permission, Place
from engine.accounts.roles import ADMINISTRATOR, ROLES, SETUP

EVERY_NOUN = "*"

_NEVER_BY_TOKEN = {(Action.CREATE, Noun.API_TOKEN)}  # one with fewer limits


def of_user(session: Session, user: User) -> Authority:
    """What the roles of a user, in all their teams, add up to."""
    memberships = session.exec(select(Membership).where(Membership.user_id == user.id))
    allowances = {allowance for each in memberships for allowance in of_membership(each)}
    return Authority.of({*allowances, Allowance(ADMINISTRATOR)} if user.administrator else allowances)


def of_membership(membership: Membership) -> Iterator[Allowance]:
    """What a role allows, in the whole team or in each of its projects that it is narrowed to."""
    permissions = ROLES[membership.role]
    if membership.project_ids is None:
        yield Allowance(permissions, Place(membership.team_id))
        return
    for project_id in membership.project_ids:
        yield Allowance(permissions, Place(membership.team_id, project_id))


def of_token(session: Session, token: ApiToken) -> Authority | None:
    """What a token allows; None: nothing any more, as whoever made it may do nothing."""
    if token.grant is Grant.OWNER:
        return EVERYTHING
    if token.grant is Grant.SETUP:
        return Authority.of({Allowance(SETUP)})
    place = Place(token.team_id, token.project_id, token.environment_id)
    allowance = Allowance(read_permissions(token.permissions) - _NEVER_BY_TOKEN, place)
    if token.user_id is None:
        return Authority.of({allowance})
    user = session.get_one(User, token.user_id)
    return Authority.of({allowance}, within=of_user(session, user)) if user.disabled_at is None else None


def read_permissions(texts: Iterable[str]) -> frozenset[Permission]:
    """Permissions as tokens keep them: "deploy Application", or "read *" for all nouns; no text at all: all."""
    texts = list(texts)
    if not texts:
        return ALL
    return frozenset(permission for text in texts for permission in _read(text))


def write_permission(action: Action, noun: Noun | None) -> str:
    """A permission as tokens keep it."""
    return f"{action.value} {noun.value if noun else EVERY_NOUN}"


def split_permission(text: str) -> tuple[Action, Noun | None]:
    """What was written by `write_permission`."""
    action, _, noun = text.partition(" ")
    return Action(action), None if noun == EVERY_NOUN else Noun(noun)


def _read(text: str) -> Iterator[Permission]:
    action, noun = split_permission(text)
    for each in Noun if noun is None else (noun,):
        yield action, each
