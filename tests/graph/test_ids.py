from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidInput, NotFound
from graph.ids import (
    event_cursor,
    event_sequence,
    global_id,
    local_id,
    no_such,
    page_cursor,
    page_key,
    read_global_id,
)
from graph.scalars import Cursor
from tests.graph.asking import data, errors
from tests.graph.small import KEYS

KEY = KEYS[0]


def test_an_id_is_opaque_and_read_back() -> None:
    given_out = global_id("Application", KEY)
    assert KEY not in given_out
    assert read_global_id(given_out) == ("Application", KEY)
    assert local_id("Application", given_out) == KEY


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "=",
        "garbage",
        "é",
        KEY,
        f"Application:{KEY}",
        global_id("Application", KEY) + "==",
        global_id("Application", KEY) + "\n",
        global_id("Application", KEY)[:-1] + "R",  # other bits after the last byte
        global_id("Application", KEY[:-1]),
        global_id("Application", KEY.lower()[:-1] + "u"),
        global_id("Application", f"{KEY}:1"),
        global_id("Deployment", KEY),
        "A" * 100_000,
    ],
)
def test_an_id_of_something_else_is_not_found(wrong: str) -> None:
    with pytest.raises(NotFound, match="No application has the id '") as refusal:
        local_id("Application", wrong, field=("input", "applicationId"))
    assert refusal.value.field == ("input", "applicationId")
    assert len(refusal.value.sentence) < 150


@settings(deadline=None)
@given(st.text())
def test_no_text_breaks_the_reading_of_ids_and_cursors(text: str) -> None:
    assert read_global_id(text) is None
    with pytest.raises(InvalidInput):
        event_sequence(Cursor(text))
    with pytest.raises(InvalidInput):
        page_key("Deployment", Cursor(text))


@pytest.mark.parametrize(
    ("kind", "noun"),
    [("Application", "application"), ("ApiToken", "API token"), ("EnvironmentVariable", "environment variable")],
)
def test_the_sentence_speaks_of_the_noun(kind: str, noun: str) -> None:
    assert no_such(kind, "x").sentence == f"No {noun} has the id 'x'."


@given(st.integers(min_value=0, max_value=2**53))
def test_an_event_cursor_is_read_back(sequence: int) -> None:
    assert event_sequence(event_cursor(sequence)) == sequence


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=100))
def test_a_page_cursor_is_read_back(key: str) -> None:
    assert page_key("Deployment", page_cursor("Deployment", key)) == key


@pytest.mark.parametrize(
    "cursor",
    [page_cursor("Deployment", "1"), page_cursor("event", "-1"), page_cursor("event", "٣"), global_id("X", "1")],
)
def test_a_cursor_of_another_kind_is_no_event_cursor(cursor: str) -> None:
    with pytest.raises(InvalidInput, match="That cursor does not belong here") as refusal:
        event_sequence(Cursor(cursor))
    assert refusal.value.field == ("after",)


@pytest.mark.parametrize("cursor", [event_cursor(1), page_cursor("Event", "1"), Cursor("")])
def test_a_cursor_of_another_kind_is_no_page_cursor(cursor: Cursor) -> None:
    with pytest.raises(InvalidInput, match="That cursor does not belong here"):
        page_key("Deployment", cursor)


PAGE = """
    query ($first: Int!, $after: Cursor) {
        applications(first: $first, after: $after) {
            edges { cursor node { id } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
    }
"""


async def test_pages_follow_each_other_to_the_end() -> None:
    after, seen = None, []
    infos: list[Any] = []
    while not infos or infos[-1]["hasNextPage"]:
        page = (await data(PAGE, first=2, after=after))["applications"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        infos.append(page["pageInfo"])
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
    assert seen == [global_id("Application", key) for key in KEYS]
    assert [info["hasPreviousPage"] for info in infos] == [False, True, True]


async def test_the_page_after_the_last_is_empty() -> None:
    page = (await data(PAGE, first=1, after=page_cursor("Application", KEYS[-1])))["applications"]
    nothing = {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None}
    assert page == {"edges": [], "pageInfo": nothing}


@pytest.mark.parametrize("first", [-1, 0, 101])
async def test_a_page_has_a_size(first: int) -> None:
    (error,) = await errors(PAGE, first=first)
    assert error["message"] == "A page has from 1 to 100 entries."
    assert error["extensions"] == {"code": "INVALID_INPUT", "field": ["first"]}
