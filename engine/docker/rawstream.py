"""What containers write, put together again from the pieces in which Docker sends it. Pure."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime

from engine.docker.facts import moment
from engine.docker.values import LogLine, LogStream
from engine.errors import DockerFailure

LONGEST_LINE = 64 * 1024
LONGEST_FRAME = 4 * 1024 * 1024

_HEADER = struct.Struct(">BxxxL")
_STDERR = 2

Message = tuple[LogStream, bytes]


class Frames:
    """Docker's framed stream as messages: eight bytes of header (stream, length), then the message."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[Message]:
        """The messages that `piece` completes."""
        self._buffer += piece
        while len(self._buffer) >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._buffer)
            if length > LONGEST_FRAME:
                raise DockerFailure("Docker sent a log stream that cannot be read.")
            end = _HEADER.size + length
            if len(self._buffer) < end:
                return
            message = bytes(self._buffer[_HEADER.size : end])
            del self._buffer[:end]
            yield (LogStream.STDERR if kind == _STDERR else LogStream.STDOUT), message

    def finish(self) -> Iterator[Message]:
        """Nothing: a frame that was cut off is not told from garbage."""
        yield from ()


class Plain:
    """The unframed stream of a container with a terminal as messages: one per line, or per 64 KiB of one."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, piece: bytes) -> Iterator[Message]:
        """The messages that `piece` completes."""
        *lines, self._buffer = (self._buffer + piece).split(b"\n")
        for line in lines:
            yield LogStream.STDOUT, line.removesuffix(b"\r") + b"\n"
        if len(self._buffer) > LONGEST_LINE:
            yield from self.finish()

    def finish(self) -> Iterator[Message]:
        """What has come of the line that is not complete."""
        if self._buffer:
            yield LogStream.STDOUT, self._buffer
            self._buffer = b""


class Lines:
    """Time-stamped messages of one stream as lines. Docker cuts a line over 16 KiB into several messages."""

    def __init__(self, stream: LogStream) -> None:
        self._stream = stream
        self._at: datetime | None = None
        self._text = b""

    def feed(self, message: bytes) -> Iterator[LogLine]:
        """The lines that `message` completes; each has the time of its first message."""
        at, text = _split_moment(message)
        *whole, rest = text.split(b"\n")
        for line in whole:
            yield from self._add(line, at)
            yield self._line(self._text)
            self._text, self._at = b"", None
        if rest:
            yield from self._add(rest, at)

    def finish(self) -> Iterator[LogLine]:
        """The line that was still without end."""
        if self._text:
            yield self._line(self._text)

    def _add(self, text: bytes, at: datetime | None) -> Iterator[LogLine]:
        self._at = self._at or at
        self._text += text
        while len(self._text) > LONGEST_LINE:
            end = _character_start(self._text, LONGEST_LINE)
            yield self._line(self._text[:end])
            self._text = self._text[end:]

    def _line(self, text: bytes) -> LogLine:
        return LogLine(self._at or datetime.now(UTC), self._stream, text.decode("utf-8", errors="replace"))


class Demultiplexer:
    """Bytes of a log stream in, whole lines of stdout and stderr out. Keeps one message and two lines."""

    def __init__(self, *, terminal: bool) -> None:
        self._messages = Plain() if terminal else Frames()
        self._lines = {stream: Lines(stream) for stream in LogStream}

    def feed(self, piece: bytes) -> Iterator[LogLine]:
        """The lines that `piece` completes."""
        for stream, message in self._messages.feed(piece):
            yield from self._lines[stream].feed(message)

    def finish(self) -> Iterator[LogLine]:
        """What stays when the stream has ended: lines that never got their end."""
        for stream, message in self._messages.finish():
            yield from self._lines[stream].feed(message)
        for lines in self._lines.values():
            yield from lines.finish()


def _split_moment(message: bytes) -> tuple[datetime | None, bytes]:
    stamp, _, text = message.partition(b" ")
    try:
        return moment(stamp.decode("ascii")), text
    except ValueError:
        return None, message


def _character_start(text: bytes, end: int) -> int:
    """The largest place up to `end`, at most three bytes before it, that does not split a UTF-8 character."""
    return next((place for place in range(end, end - 4, -1) if text[place] & 0xC0 != 0x80), end)
