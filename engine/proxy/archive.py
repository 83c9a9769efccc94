"""What goes into the proxy's container, as tar archives for Docker's archive API. Pure and byte-stable."""

import io
import tarfile
from collections.abc import Iterable

from engine.proxy.compiler import Compiled, revision_path
from engine.proxy.templates import plugin_files

CONFIG_DIR = "/etc/wharf"
LIVE_DIR = f"{CONFIG_DIR}/live"  # where the document lies, by itself: static.yml names it too
DOCUMENT = "http.yml"
PLUGIN_DIR = "plugins-local/src/wharf.local/wharf"  # where Traefik looks for it, by the name in static.yml
PROXY_USER = 65532  # Traefik's user and group; it alone reads what it is told, in which there are private keys
_SLOTS = 8


def first_filling(static: str, files: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """Everything but the document that a new container needs before it starts, with these files of its resolvers."""
    plugin = ((f"{PLUGIN_DIR}/{name}", content) for name, content in plugin_files())
    return _tar([("static.yml", static.encode()), *plugin, *files])


def delivery(document: Compiled, slot: int) -> bytes:
    """The document under a name of its own, and after it the link that makes Traefik read it.

    Written over the file that Traefik reads, it would be empty for a moment, and an empty file is a valid
    configuration. The link is removed and made anew: Traefik reads the old document, nothing, or the new one.
    """
    name = f"http-{slot}.yml"
    return _tar([(f"live/{name}", _stamped(document, slot))], link=(f"live/{DOCUMENT}", name))


def next_slot(last_sent: int | None, in_use: int) -> int:
    """A slot that Traefik's link does not lead to: neither the one in use nor any that was sent lately."""
    # Half a ring away from what is in use: a process before us may have sent some that were never loaded.
    following = (in_use + _SLOTS // 2 if last_sent is None else last_sent + 1) % _SLOTS
    return following if following != in_use else (following + 1) % _SLOTS


def _stamped(document: Compiled, slot: int) -> bytes:
    """The document whose mark also tells its slot: the one not to be written over while it is in use."""
    mark = revision_path(document.revision)
    return document.text.replace(mark, f"{mark}/{slot}").encode()


def _tar(contents: Iterable[tuple[str, bytes]], *, link: tuple[str, str] | None = None) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, content in contents:
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.gid = len(content), 0o440, PROXY_USER
            archive.addfile(entry, io.BytesIO(content))
        if link:
            symbolic = tarfile.TarInfo(link[0])
            symbolic.type, symbolic.linkname = tarfile.SYMTYPE, link[1]
            archive.addfile(symbolic)
    return packed.getvalue()
