"""What an answer says of others by way of the audit log, and what its entries say themselves."""

from typing import Any

import pytest

from tests.operations.answers import without_deeds


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("name", {"name": "their web"}),
        ("a1: name", {"a1": "their web"}),
        ("... on AuditEntry { projectId }", {"projectId": "theirs"}),
        ("changes { new }", {"changes": [{"new": '"their image"'}]}),
    ],
)
def test_what_an_entry_says_itself_is_left_out(asked: str, told: dict[str, Any]) -> None:
    assert "their" not in str(without_deeds(asking(asked), told_in_log(told)))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("token { name }", {"token": {"name": "their token"}}),
        ("user { a1: name }", {"user": {"a1": "their user"}}),
    ],
)
def test_what_is_reached_through_an_entry_stays(asked: str, told: dict[str, Any]) -> None:
    assert without_deeds(asking(asked), told_in_log(told)) == told_in_log(told)


def asking(asked: str) -> str:
    return f"query It {{ auditLog {{ nodes {{ ...F0 }} }} }} fragment F0 on AuditEntry {{ {asked} }}"


def told_in_log(told: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"auditLog": {"nodes": [told]}}}
