"""Whatever is asked, as whomever: nothing breaks, no secret comes out, and nothing of another team is told."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from tests.operations.naming import naming
from tests.operations.planted import FOREIGN, Planted
from tests.operations.trying import trying
from tests.operations.writing import Operation, Writer
from tests.permissions import table

pytestmark = [
    pytest.mark.usefixtures("nothing_converges"),
    # graphql-core forgets what it has begun of one field when another, which cannot be null, fails at once.
    pytest.mark.filterwarnings("ignore:coroutine '(GraphQLCoreConverter|Executor):RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in. <coroutine object (GraphQLCoreConverter|Executor)"),
]

EVERYBODY = next(iter(table.FILE.read_text().splitlines())).split()[1:]
# Who may change what is the other team's has an installation of their own.
LAST = ("administrator", "all")
# How long the one log of the whole installation is; and a query that writes into it, with the moment.
OTHERWISE_DIFFERENT = frozenset({"eventCursor", "databaseCredentials"})
_SOCKET = re.compile(r"unix://\S*/nobody\.sock")  # where no Docker answers, in a directory of the test's own


async def test_whatever_is_asked_breaks_nothing_and_tells_nothing(
    planted: Planted, tmp_path: Path, caplog: pytest.LogCaptureFixture, seed: int
) -> None:
    codes = await as_everybody(planted, tmp_path, caplog, f"{seed}", 50)
    assert set(planted.viewers) == set(EVERYBODY)
    assert_worth_it(codes)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(20))
async def test_whatever_is_asked_breaks_nothing_and_tells_nothing_for_long(
    part: int, planted: Planted, tmp_path: Path, caplog: pytest.LogCaptureFixture, seed: int
) -> None:
    """Of 10,000 operations as each, the 500 of one part."""
    for number in range(5):
        codes = await as_everybody(planted, tmp_path / str(number), caplog, f"{seed} {part} {number}", 100)
        assert_worth_it(codes)


async def test_answers_are_the_same_as_if_there_were_no_other_team(
    planted: Planted, tmp_path: Path, caplog: pytest.LogCaptureFixture, seed: int
) -> None:
    await as_if_alone(planted, tmp_path, caplog, f"{seed}", 30)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_answers_are_the_same_as_if_there_were_no_other_team_for_long(
    planted: Planted, tmp_path: Path, caplog: pytest.LogCaptureFixture, seed: int
) -> None:
    await as_if_alone(planted, tmp_path, caplog, f"{seed}", 1000)


async def test_what_is_the_other_teams_is_as_if_there_were_none(
    planted: Planted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Wherever an id can be given: what is named there is not found, whether or not it is there."""
    async with both_and_alone(planted, tmp_path, caplog) as same:
        for operation in naming(planted.own, planted.foreign):
            for name in ("stranger", "narrowed", "owner", "write"):
                await same(name, operation)


async def test_an_administrator_reads_their_entries_and_not_what_these_lead_to(
    planted: Planted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What has been drawn once, shrunk."""
    log = "{ auditLog(first: 100) { nodes { name changes { new } token { name user { id } environment { id } } } } }"
    async with trying(planted, tmp_path / "both", caplog) as there:
        answer = await there.once("administrator", Operation("query", f"query It {log}", {}))
    entries = [entry for entry in json.loads(answer)["data"]["auditLog"]["nodes"] if FOREIGN in entry["name"]]
    assert {entry["name"] for entry in entries} > {f"{FOREIGN}shop", f"{FOREIGN}web", f"{FOREIGN}ci"}
    assert {entry["token"] and entry["token"]["name"] for entry in entries} == {None}


async def as_if_alone(
    planted: Planted, directory: Path, log: pytest.LogCaptureFixture, lots: str, count: int
) -> None:
    """Queries, as everybody who sees no other team: pages, counts and errors tell of it as little as lists do."""
    writer = Writer(Random(lots), planted.known(), ["query"], OTHERWISE_DIFFERENT)
    async with both_and_alone(planted, directory, log) as same:
        for _ in range(count):
            operation = writer.operation()
            for name in EVERYBODY[1:]:
                if name not in LAST:
                    await same(name, operation)


@asynccontextmanager
async def both_and_alone(
    planted: Planted, directory: Path, log: pytest.LogCaptureFixture
) -> AsyncIterator[Callable[[str, Operation], Awaitable[None]]]:
    """Asks the installation with both teams and the one without the other, and sees that they answer the same."""
    async with (
        trying(planted, directory / "both", log) as there,
        trying(planted, directory / "alone", log, planted.alone) as here,
    ):

        async def same(name: str, operation: Operation) -> None:
            answers = [_SOCKET.sub("", await each.once(name, operation)) for each in (there, here)]
            assert answers[0] == answers[1], (name, operation)

        yield same


async def as_everybody(
    planted: Planted, directory: Path, log: pytest.LogCaptureFixture, lots: str, count: int
) -> Counter[str]:
    """How the operations ended, each of which was sent as everybody."""
    codes: Counter[str] = Counter()
    for number, names in enumerate([[name for name in EVERYBODY if name not in LAST], *([name] for name in LAST)]):
        async with trying(planted, directory / str(number), log) as there:
            await there.as_each(names, Writer(Random(lots), planted.known()), count)
            codes += there.codes
    return codes


def assert_worth_it(codes: Counter[str]) -> None:
    """Most operations could be read, and many were done: else there was nothing to look at."""
    read = Counter({code: count for code, count in codes.items() if code != "UNAUTHENTICATED"})
    assert read["done"] > 0.2 * read.total(), codes
    assert read["BAD_REQUEST"] < 0.3 * read.total(), codes
