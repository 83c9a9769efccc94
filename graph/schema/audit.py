import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import strawberry

from db import models
from engine.accounts.visible import noun_of
from engine.errors import InvalidInput
from graph import loaders
from graph.ids import global_id, page_cursor, page_key
from graph.scalars import Cursor
from graph.schema.loaded import loaded
from graph.schema.names import field_name
from graph.schema.rows import of_row
from graph.schema.tokens import ApiToken
from graph.schema.users import User


@strawberry.type(description="A field of something that was made, changed or removed.")
class AuditChange:
    field: str = strawberry.field(description="The field, such as replicas.")
    old: str | None = strawberry.field(description="Its value before, as JSON; null: none, or a secret.")
    new: str | None = strawberry.field(description="Its value since, as JSON; null: none, or a secret.")
    secret: bool = strawberry.field(description="Whether it is only told that it has changed.")


@strawberry.type(
    description="Who did what to what. Written together with what it tells, and never changed or removed."
)
class AuditEntry:
    user_key: strawberry.Private[str | None]
    token_key: strawberry.Private[str | None]
    cursor: Cursor = strawberry.field(description="The place of this entry in the log.")
    at: datetime = strawberry.field(description="When it was done.")
    actor: str = strawberry.field(description="What the user, the token or the program was called then.")
    user_id: strawberry.ID | None = strawberry.field(description="The user who did it, if one did.")
    token_id: strawberry.ID | None = strawberry.field(description="The token it was done with, if with one.")
    session_id: strawberry.ID | None = strawberry.field(description="The session it was done in, if in one.")
    address: str = strawberry.field(description="The address it was asked from; empty: from this machine.")
    action: str = strawberry.field(description="The mutation, or what else was done: a query, a command.")
    noun: str = strawberry.field(
        description="What kind of thing it was done to; Refusal: to none, as a permission was lacking."
    )
    noun_id: strawberry.ID | None = strawberry.field(description="The id of that thing, which may be gone.")
    name: str = strawberry.field(description="What people called it then; of a refusal, the permission.")
    team_id: strawberry.ID | None = strawberry.field(description="The team it belongs to, if to one.")
    project_id: strawberry.ID | None = strawberry.field(description="The project it belongs to, if to one.")
    environment_id: strawberry.ID | None = strawberry.field(description="The environment it belongs to, if to one.")
    changes: list[AuditChange] = strawberry.field(
        description="What has become different, by fields. All that was given when it was made, and all that there "
        "was when it was removed."
    )

    user: User | None = loaded(
        "That user, as far as the viewer may see them; null: nobody, or gone.", loaders.user, "user_key"
    )
    token: ApiToken | None = loaded(
        "That token, as far as the viewer may see it; null: none, or revoked.", loaders.api_token, "token_key"
    )

    @classmethod
    def of(cls, row: models.AuditEntry) -> "AuditEntry":
        made = ids_of(row)
        changes = [AuditChange(**_texts(change)) for change in changes_of(row)]
        return of_row(
            cls, row, user_key=row.user_id, token_key=row.token_id, cursor=audit_cursor(row), changes=changes, **made
        )


def audit_cursor(row: models.AuditEntry) -> Cursor:
    """The place just after this entry."""
    return page_cursor("audit", str(row.sequence))


def audit_sequence(cursor: Cursor) -> int:
    """The number in a cursor of the audit log."""
    text = page_key("audit", cursor)
    if not re.fullmatch("[0-9]{1,18}", text):
        raise InvalidInput("That cursor does not belong here.", field=("after",))
    return int(text)


def ids_of(row: models.AuditEntry) -> dict[str, strawberry.ID | None]:
    """The ids in an entry, as clients know them."""
    kinds = {
        "user_id": "User",
        "token_id": "ApiToken",
        "session_id": "UserSession",
        "noun_id": row.noun,
        "team_id": "Team",
        "project_id": "Project",
        "environment_id": "Environment",
    }
    keys = ((name, kind, getattr(row, name)) for name, kind in kinds.items())
    return {name: global_id(kind, key) if key else None for name, kind, key in keys}


def changes_of(row: models.AuditEntry) -> Iterator[dict[str, Any]]:
    """For each field that has changed: `field`, `old`, `new`, `secret`."""
    for name, change in row.changes.items():
        old, new = (_known(name, change.get(when)) for when in ("old", "new"))
        yield {"field": field_name(name), "old": old, "new": new, "secret": "changed" in change}


def _known(name: str, value: object) -> object:
    """The value as clients know it: in application_id is an id."""
    kind = "".join(map(str.title, name.removesuffix("s").removesuffix("_id").split("_")))
    if not name.endswith(("_id", "_ids")) or noun_of(kind) is None:
        return value
    if isinstance(value, list):
        return [global_id(kind, str(each)) for each in value]
    return global_id(kind, value) if isinstance(value, str) else value


def _texts(change: dict[str, Any]) -> dict[str, Any]:
    texts = {when: None if change[when] is None else orjson.dumps(change[when]).decode() for when in ("old", "new")}
    return change | texts
