"""Log streams are put together whole, however they were cut."""

import struct
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.docker.rawstream import LONGEST_LINE, Demultiplexer
from engine.docker.values import LogLine, LogStream
from engine.errors import DockerFailure

AT = datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)
STAMP = b"2026-01-02T03:04:05.123456789Z "
LATER = b"2026-01-02T03:04:06.000000000Z "

OUT, ERR = LogStream.STDOUT, LogStream.STDERR
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"))


def frame(stream: LogStream, message: bytes) -> bytes:
    return struct.pack(">BxxxL", 1 if stream is OUT else 2, len(message)) + message


def read(raw: bytes, cuts: list[int] | None = None, *, terminal: bool = False) -> list[LogLine]:
    demultiplexer = Demultiplexer(terminal=terminal)
    places = [0, *sorted(cuts or []), len(raw)]
    pieces = [raw[start:end] for start, end in pairwise(places)]
    lines = [line for piece in pieces for line in demultiplexer.feed(piece)]
    return [*lines, *demultiplexer.finish()]


def test_stdout_and_stderr_keep_their_order() -> None:
    raw = frame(OUT, STAMP + b"one\n") + frame(ERR, STAMP + b"two\n") + frame(OUT, STAMP + b"three\n")
    assert read(raw) == [LogLine(AT, OUT, "one"), LogLine(AT, ERR, "two"), LogLine(AT, OUT, "three")]


@given(
    st.lists(st.tuples(st.sampled_from(LogStream), TEXT)),
    st.lists(st.integers(0, 400)),
)
def test_it_does_not_matter_where_the_stream_is_cut(written: list[tuple[LogStream, str]], cuts: list[int]) -> None:
    raw = b"".join(frame(stream, STAMP + text.encode() + b"\n") for stream, text in written)
    expected = [LogLine(AT, stream, text) for stream, text in written]
    assert read(raw, [cut for cut in cuts if cut <= len(raw)]) == expected


@given(st.lists(TEXT), st.lists(st.integers(0, 400)))
def test_a_terminal_has_no_frames(written: list[str], cuts: list[int]) -> None:
    raw = b"".join(STAMP + text.encode() + b"\r\n" for text in written)
    expected = [LogLine(AT, OUT, text) for text in written]
    assert read(raw, [cut for cut in cuts if cut <= len(raw)], terminal=True) == expected


def test_a_long_line_comes_in_messages_and_leaves_as_one() -> None:
    # Docker cuts bytes, here in the middle of "ü".
    first, second = "aü".encode()[:2], "aü".encode()[2:]
    raw = frame(OUT, STAMP + first) + frame(ERR, STAMP + b"between\n") + frame(OUT, LATER + second + b"b\n")
    assert read(raw) == [LogLine(AT, ERR, "between"), LogLine(AT, OUT, "aüb")]


def test_each_line_has_its_own_time() -> None:
    raw = frame(OUT, STAMP + b"one\n") + frame(OUT, LATER + b"two\n")
    assert read(raw) == [LogLine(AT, OUT, "one"), LogLine(datetime(2026, 1, 2, 3, 4, 6, 0, UTC), OUT, "two")]


def test_what_is_not_utf8_is_replaced() -> None:
    assert read(frame(OUT, STAMP + b"a\xffb\n")) == [LogLine(AT, OUT, "a�b")]


def test_a_line_without_end_is_kept_at_the_end() -> None:
    assert read(frame(OUT, STAMP + b"half")) == [LogLine(AT, OUT, "half")]


@pytest.mark.parametrize("terminal", [False, True])
def test_an_endless_line_is_cut_between_characters(terminal: bool) -> None:
    text = "a" + "ü" * LONGEST_LINE
    pieces = [text.encode()[start : start + 16384] for start in range(0, 2 * LONGEST_LINE + 1, 16384)]
    raw = STAMP + text.encode() if terminal else b"".join(frame(OUT, STAMP + piece) for piece in pieces)
    lines = read(raw, list(range(0, len(raw), 30000)), terminal=terminal)
    assert "".join(line.text for line in lines) == text
    assert max(len(line.text.encode()) for line in lines) <= LONGEST_LINE
    assert {line.at for line in lines} == {AT}


def test_a_line_of_exactly_the_longest_length_stays_whole() -> None:
    text = "a" * LONGEST_LINE
    assert read(frame(OUT, STAMP + text.encode() + b"\n")) == [LogLine(AT, OUT, text)]


def test_empty_lines_are_lines() -> None:
    assert [line.text for line in read(frame(OUT, STAMP + b"\n") * 2)] == ["", ""]


def test_garbage_is_an_error_and_not_memory() -> None:
    with pytest.raises(DockerFailure):
        read(b"\x01\x00\x00\x00\xff\xff\xff\xff")
