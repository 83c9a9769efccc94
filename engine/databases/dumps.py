"""What is done to a dump on its way."""

from collections.abc import AsyncGenerator, AsyncIterable

from engine.databases.kinds import StreamedRestore


async def without_lines(dump: AsyncIterable[bytes], restore: StreamedRestore) -> AsyncGenerator[bytes, None]:
    """The dump for a restore: without the lines that it is to leave out, up to the line where that ends."""
    unfinished, leaves_out = b"", bool(restore.left_out)
    async for piece in dump:
        if not leaves_out:
            yield piece
            continue
        *lines, unfinished = (unfinished + piece).split(b"\n")
        kept = bytearray()
        for line in lines:
            leaves_out = leaves_out and not line.startswith(restore.left_out_until)
            if not (leaves_out and line.startswith(restore.left_out)):
                kept += line + b"\n"
        if not leaves_out:
            kept += unfinished
            unfinished = b""
        if kept:
            yield bytes(kept)
    if unfinished and not unfinished.startswith(restore.left_out):
        yield unfinished
