"""What graphql-sse says in a stream of events.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

from graph.ids import event_cursor

HEADERS = {"Cache-Control": "no-store", "Vary": "Accept", "X-Accel-Buffering": "no"}
COMPLETE = b"event: complete\ndata:\n\n"  # without a line of data browsers would not tell of it
HEARTBEAT = b":\n\n"


def next_event(payload: bytes, number: int = 0) -> bytes:
    """One answer, a line of JSON. `number` is that of the event of the log which it tells of; 0: of none.

    Browsers send the cursor of the last one back when they connect again, in the header Last-Event-ID.
    """
    if not number:
        return b"event: next\ndata: %b\n\n" % payload
    return b"id: %b\nevent: next\ndata: %b\n\n" % (event_cursor(number).encode(), payload)
