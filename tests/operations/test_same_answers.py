"""What is served is what graphql-core alone would answer: the same data, errors, paths and extensions, in one order.

Operations are drawn by lot over the whole schema, and asked as everybody in front of one of everything.
"""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from graph.ids import event_cursor, page_cursor, read_global_id
from tests.operations.comparing import comparing, differing, without_lots
from tests.operations.planted import Planted
from tests.operations.test_generated import EVERYBODY, OTHERWISE_DIFFERENT, assert_worth_it
from tests.operations.writing import Known, Operation, Writer

_BEGUN = "(GraphQLCoreConverter|Executor|CompilingExecutor)"
pytestmark = [
    pytest.mark.usefixtures("nothing_converges"),
    # graphql-core forgets what it has begun of one field when another, which cannot be null, fails at once.
    pytest.mark.filterwarnings(f"ignore:coroutine '{_BEGUN}:RuntimeWarning"),
    pytest.mark.filterwarnings(f"ignore:Exception ignored in. <coroutine object {_BEGUN}"),
]

_NEEDED = ("project", "release", "user", "certificate_resolver", "certificate", "database", "environment")
_OFTEN = ("all", "all", "owner", "administrator", "developer")


async def test_queries_are_answered_as_graphql_core_would(planted: Planted, tmp_path: Path, seed: int) -> None:
    await compare_queries(planted, tmp_path / "copy", f"{seed}", 500)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_queries_are_answered_as_graphql_core_would_for_long(
    planted: Planted, tmp_path: Path, seed: int
) -> None:
    for part in range(10):
        await compare_queries(planted, tmp_path / str(part), f"{seed} {part}", 1000)


async def test_subscriptions_tell_what_graphql_core_would(planted: Planted, tmp_path: Path, seed: int) -> None:
    await compare_subscriptions(planted, tmp_path / "copy", f"{seed}", 40)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_subscriptions_tell_what_graphql_core_would_for_long(
    planted: Planted, tmp_path: Path, seed: int
) -> None:
    await compare_subscriptions(planted, tmp_path / "copy", f"{seed}", 1000)


async def test_mutations_answer_what_graphql_core_would(planted: Planted, tmp_path: Path, seed: int) -> None:
    await compare_mutations(planted, tmp_path, f"{seed}", 100)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_mutations_answer_what_graphql_core_would_for_long(planted: Planted, tmp_path: Path, seed: int) -> None:
    for part in range(10):
        await compare_mutations(planted, tmp_path / str(part), f"{seed} {part}", 200)


async def compare_queries(planted: Planted, copy: Path, lots: str, count: int) -> None:
    """Half of them as anybody might ask, half such as are answered; then with things missing that others need."""
    writers = [
        Writer(Random(lots), planted.known(), ["query"], OTHERWISE_DIFFERENT),
        Writer(Random(lots), everything_own(planted), ["query"], OTHERWISE_DIFFERENT, carefully=True),
    ]
    async with comparing(planted, copy) as here:
        for number in range(count):
            writer = writers[number % 2]
            if number >= count // 2 and number % 20 == 0:
                here.remove(writer.lots.choice(_NEEDED))
            operation, name = writer.operation(), somebody(writer.lots)
            await here.same(name, operation, writer.lots.choice((None, None, None, {"cost": True})))
            if (other := turned(operation)) != operation:  # the same document, of which something else is left out
                await here.same(name, other)
    assert_worth_it(here.codes)


async def compare_subscriptions(planted: Planted, copy: Path, lots: str, count: int) -> None:
    writer = Writer(Random(lots), everything_own(planted), ["subscription"], carefully=True)
    async with comparing(planted, copy) as here:
        for _ in range(count):
            await here.same_messages(writer.lots.choice(_OFTEN), writer.operation())
    assert_worth_it(here.codes)


async def compare_mutations(planted: Planted, directory: Path, lots: str, count: int) -> None:
    """Each is done twice: as it is served in one installation, and by graphql-core alone in another like it."""
    writer = Writer(Random(lots), planted.known(), ["mutation"])
    ids = map(read_global_id, (*planted.own.values(), *planted.foreign.values()))
    known = frozenset(each[1] for each in ids if each)
    async with comparing(planted, directory / "served") as served, comparing(planted, directory / "alone") as alone:
        for _ in range(count):
            operation, name = writer.operation(), somebody(writer.lots)
            one = without_lots(await served.answered(name, operation, alone=False), known)
            other = without_lots(await alone.answered(name, operation, alone=True), known)
            assert one == other, differing(name, operation, one, other)
    assert_worth_it(served.codes)


def everything_own(planted: Planted) -> Known:
    cursors = [event_cursor(0)] * 4 + [page_cursor("audit", "0")]
    return replace(planted.known(), foreign=planted.own, cursors=cursors)


def somebody(lots: Random) -> str:
    return lots.choice(_OFTEN if lots.random() < 0.7 else EVERYBODY[1:])


def turned(operation: Operation) -> Operation:
    """The same with every variable that is true or false the other way round."""
    values = {key: not value if isinstance(value, bool) else value for key, value in operation.variables.items()}
    return replace(operation, variables=values)
