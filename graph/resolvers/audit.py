from typing import Annotated

import strawberry

from engine.audit_log import AuditFilter, newest
from engine.errors import InvalidInput
from graph.connections import Connection, page, page_size
from graph.context import Info
from graph.ids import any_id, local_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import query
from graph.scalars import Cursor
from graph.schema.audit import AuditEntry, audit_cursor, audit_sequence
from graph.schema.pages import AFTER, FIRST

_LONGEST_ACTION = 100

_NOUN = strawberry.argument(description="Only what was done to the thing with this id; null: to any.")
_USER = strawberry.argument(description="Only what this user did; null: whoever it was.")
_TOKEN = strawberry.argument(description="Only what was done with this token; null: with whatever.")
_TEAM = strawberry.argument(description="Only what belongs to this team; null: to any, or to none.")
_ACTION = strawberry.argument(description="Only this, such as deployApplication; null: whatever it was.")


@strawberry.type
class AuditQueries:
    @query(
        Action.READ,
        Noun.AUDIT_ENTRY,
        "Who did what to what, newest first. What was done in a team is seen by its admins and owners, all of it by "
        "administrators.",
    )
    async def audit_log(
        self,
        info: Info,
        first: Annotated[int, FIRST] = 50,
        after: Annotated[Cursor | None, AFTER] = None,
        noun_id: Annotated[strawberry.ID | None, _NOUN] = None,
        user_id: Annotated[strawberry.ID | None, _USER] = None,
        token_id: Annotated[strawberry.ID | None, _TOKEN] = None,
        team_id: Annotated[strawberry.ID | None, _TEAM] = None,
        action: Annotated[str | None, _ACTION] = None,
    ) -> Connection[AuditEntry]:
        wanted = AuditFilter(
            noun_id=any_id(noun_id, field=("nounId",))[1] if noun_id is not None else None,
            user_id=_key("User", user_id, "userId"),
            token_id=_key("ApiToken", token_id, "tokenId"),
            team_id=_key("Team", team_id, "teamId"),
            action=_checked(action),
        )
        before = audit_sequence(after) if after is not None else None
        rows = await info.context.read(newest, page_size(first) + 1, before, wanted)
        return page(rows, first, after=after, node=AuditEntry.of, cursor=audit_cursor)


def _key(kind: str, given: strawberry.ID | None, argument: str) -> str | None:
    return None if given is None else local_id(kind, given, field=(argument,))


def _checked(action: str | None) -> str | None:
    if action is not None and not (action.isprintable() and 0 < len(action) <= _LONGEST_ACTION):
        raise InvalidInput("That is not the name of an action.", field=("action",))
    return action
