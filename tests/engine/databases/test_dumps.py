"""A dump loses the lines that it is to lose, and no other byte, however it is cut into pieces."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.databases.dumps import without_lines
from engine.databases.kinds import Command, StreamedRestore

RESTORE = StreamedRestore(
    Command(("psql",)), left_out=(b"CREATE ROLE me;", b"ALTER ROLE me WITH "), left_out_until=b"\\connect "
)
DUMP = b"""--
CREATE ROLE me;
ALTER ROLE me WITH SUPERUSER PASSWORD 'x';
CREATE ROLE mean;
\\connect template1
CREATE ROLE me;
\x00\xff
ALTER ROLE me WITH the last line"""
KEPT = DUMP.replace(b"CREATE ROLE me;\nALTER ROLE me WITH SUPERUSER PASSWORD 'x';\n", b"")


async def read(pieces: Sequence[bytes], restore: StreamedRestore) -> bytes:
    async def source() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return b"".join([piece async for piece in without_lines(source(), restore)])


def cut(content: bytes, places: Sequence[int]) -> list[bytes]:
    marks = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return [content[start:end] for start, end in pairwise(marks)]


@given(st.lists(st.integers(0, 10_000), max_size=12))
def test_lines_are_left_out_up_to_where_that_ends(places: list[int]) -> None:
    assert asyncio.run(read(cut(DUMP, places), RESTORE)) == KEPT


@given(st.binary(), st.lists(st.integers(0, 10_000), max_size=6))
def test_a_restore_that_leaves_out_nothing_takes_every_byte(content: bytes, places: list[int]) -> None:
    assert asyncio.run(read(cut(content, places), StreamedRestore(Command(("psql",))))) == content


@given(st.lists(st.binary(max_size=4)))
def test_what_holds_no_such_line_keeps_every_byte(pieces: list[bytes]) -> None:
    assert asyncio.run(read(pieces, RESTORE)) == b"".join(pieces)
