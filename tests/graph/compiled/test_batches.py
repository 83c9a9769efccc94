"""What is asked for many objects is asked once, and no more of a row than is needed."""

from graph.compiled import Reads
from tests.graph.compiled.everything import Row, Seen, Thing
from tests.graph.compiled.test_answers import executed


async def test_a_batch_is_asked_once_for_all_objects_of_a_level() -> None:
    _, _, seen = await executed('{ things(names: ["ab", "cd", "ab"]) { friend { name friend { name } } } }')
    assert seen.batches == [["ab", "cd", "ab"], ["ba", "dc"]]  # what two have in common is completed once


async def test_batches_of_one_level_are_awaited_together() -> None:
    _, _, seen = await executed(
        '{ things(names: ["ab"]) { a: lateFriend { lateFriend { id } } b: lateFriend { id } } }'
    )
    assert seen.batches == [["ab"], ["ab"], ["ba"]]


async def test_it_is_known_what_is_read_of_views_before_they_are_found() -> None:
    _, _, seen = await executed("{ page { rows { low double something } } }")
    assert below_the_root(seen) == [{Row: frozenset({"low", "high"})}]


async def test_a_resolver_that_does_not_say_what_it_reads_may_read_anything() -> None:
    _, _, seen = await executed("{ page { rows { low anything } } }")
    assert below_the_root(seen) == [{Row: None}]


async def test_below_what_has_several_types_anything_may_be_read() -> None:
    _, _, seen = await executed("{ named(names: []) { name } thing { friend { named { name } } } }")
    assert below_the_root(seen)[0] == {object: None}
    assert seen.reads == [{object: None}]
    assert Thing not in seen.reads[0]


def below_the_root(seen: Seen) -> list[Reads]:
    return [reads for (parent, *_), reads in seen.asked.items() if parent == "Query"]
