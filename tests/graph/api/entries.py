"""What the audit log must and must not hold, looked at in the database itself."""

from typing import Any

from graphql import get_named_type

from graph.ids import read_global_id
from tests.graph.api.certificates import PRIVATE_KEY
from tests.graph.api.conftest import Json
from tests.graph.api.front import Front
from tests.graph.api.fuzzing import put, walk

CANARY = "plum-Canary-51"
_SECRETS = (CANARY, PRIVATE_KEY.splitlines()[1])


def with_canaries(kind: Any, wanted: Json) -> Json:
    """The input with the canary wherever it takes a secret."""
    for place, each in walk(kind):
        if get_named_type(each).name == "Secret" and place[-1] != "key":  # that is the private key
            wanted = put(wanted, place, CANARY)
    return wanted


def last_entry(front: Front) -> int:
    """The number of the newest entry."""
    return int(front.database.execute("SELECT coalesce(max(sequence), 0) FROM audit_entry").fetchone()[0])


def assert_written_down(front: Front, actor: str, mutation: str, wanted: Json, after: int) -> None:
    """Past the entry `after` there is one at least that says who did this to what, and none with a secret in it."""
    rows = front.database.execute(
        "SELECT actor, action, token_id, noun_id, changes, team_id, project_id, environment_id FROM audit_entry "
        "WHERE sequence > ? AND actor = ?",
        (after, actor),
    ).fetchall()
    assert rows, f"{mutation} leaves no entry"
    assert {row[1] for row in rows} == {mutation}
    assert all(row[2] and row[3] for row in rows), rows
    if keys := _keys_in(wanted):
        things = {row[3] for row in rows}
        about = [each for table in front.contents().values() for each in table if things & set(map(str, each))]
        assert any(key in str([rows, about]) for key in keys), (mutation, rows)
    everything = str(front.database.execute("SELECT * FROM audit_entry WHERE sequence > ?", (after,)).fetchall())
    assert [secret for secret in (*_SECRETS, front.token) if secret in everything] == []


def _keys_in(value: object) -> set[str]:
    """The keys of all things that an input names."""
    if isinstance(value, dict | list):
        return {key for each in (value.values() if isinstance(value, dict) else value) for key in _keys_in(each)}
    found = read_global_id(value) if isinstance(value, str) else None
    return {found[1]} if found else set()
