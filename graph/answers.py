"""Answers that are encoded once and go to many: as frames of websockets, and as chunks of streams of events."""

from functools import cached_property

import orjson
from strawberry.types import ExecutionResult

from graph.event_stream import next_event
from graph.outlet import chunk
from graph.wire import text_frame


class Answers:
    """What all who have seen everything up to a number are told of the events after it, in one piece."""

    def __init__(self, cursor: int) -> None:
        self.numbers: list[int] = []
        self.last = cursor  # that of the newest event that is told of
        self.size = 0  # bytes, without what is around each payload
        self._payloads: list[bytes] = []
        self._made: tuple[str, bytes] = ("", b"")

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, number: int, payload: bytes) -> None:
        """The payload of a `next` message that tells of the event with this number, which is greater than `last`."""
        self.numbers.append(number)
        self.last = number
        self.size += len(payload)
        self._payloads.append(payload)

    def past(self, cursor: int) -> "Answers":
        """What is left of them for one that has seen everything up to `cursor` already."""
        if cursor < self.numbers[0]:
            return self
        left = Answers(cursor)
        for number, payload in zip(self.numbers, self._payloads, strict=True):
            if number > cursor:
                left.add(number, payload)
        return left

    def frames(self, operation_id: str) -> bytes:
        """On a websocket: `next` messages with the id of the operation."""
        if self._made[0] != operation_id:  # many clients use the same id
            head = b'{"id":%b,"type":"next","payload":' % orjson.dumps(operation_id)
            self._made = operation_id, b"".join(text_frame(head + payload + b"}") for payload in self._payloads)
        return self._made[1]

    @cached_property
    def chunks(self) -> bytes:
        """On a stream of events."""
        told = zip(self._payloads, self.numbers, strict=True)
        return b"".join(chunk(next_event(payload, number)) for payload, number in told)


def encoded(result: ExecutionResult) -> bytes:
    """The payload of a `next` message."""
    payload: dict[str, object] = {"data": result.data}
    if result.errors:
        payload["errors"] = [error.formatted for error in result.errors]
    return orjson.dumps(payload)
