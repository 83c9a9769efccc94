"""The keys to the secrets: from a file, from a variable, or from both while one follows the other."""

import base64
import binascii
import os
import secrets
from collections.abc import Collection, Iterable
from pathlib import Path

from engine.secrets import KEY_BYTES, UNNAMED, Key, Secret, SecretUnreadable

KEY_FILE = "secret.key"
"""The name of the key's file in the data directory."""


class KeyRing:
    """Keys, the first of which encrypts. Those `given` are kept by somebody else, ours in a file, one behind another.

    Only who has the data directory for himself may change the file.
    """

    def __init__(self, path: Path, given: Secret | None = None) -> None:
        self.path = path
        self.given = keys_in(given) if given else ()
        self.kept = _read(path)

    @property
    def keys(self) -> tuple[Key, ...]:
        return (*self.given, *self.kept)

    def make(self) -> None:
        """Have a new key, which is on the disk when this returns, encrypt. Raises `OSError`."""
        self.keep((Key(secrets.token_bytes(KEY_BYTES)), *self.kept))

    def superfluous(self, needed: Collection[str]) -> tuple[Key, ...]:
        """The keys in the file that are not `needed`, by their ids, or that are given too."""
        if UNNAMED in needed:
            return ()
        needed = {self.keys[0].id, *needed} - {key.id for key in self.given}
        return tuple(key for key in self.kept if key.id not in needed)

    def drop(self, keys: Collection[Key]) -> None:
        """Forget keys of the file for good. Raises `OSError`."""
        self.keep([key for key in self.kept if key not in keys])

    def keep(self, keys: Iterable[Key]) -> None:
        """Have these, and no others, in the file, the newest first. Raises `OSError`."""
        keys = tuple(keys)
        _write(self.path, b"".join(key.content for key in keys))
        self.kept = keys


def keys_in(given: Secret) -> tuple[Key, ...]:
    """The keys in a text like "new,old": 32 bytes each, in Base64. Raises `ValueError`, which tells nothing of it."""
    try:
        contents = [base64.b64decode(part.strip(), validate=True) for part in given.reveal().split(",")]
    except (binascii.Error, ValueError):
        contents = []
    if not contents or any(len(content) != KEY_BYTES for content in contents):
        raise ValueError("must be 32 random bytes in Base64 (openssl rand -base64 32), an older key after a comma")
    return tuple(map(Key, contents))


def _read(path: Path) -> tuple[Key, ...]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    if not content or len(content) % KEY_BYTES:
        raise SecretUnreadable(f"{path} does not hold a key of {KEY_BYTES} bytes. Restore it.")
    return tuple(Key(content[start : start + KEY_BYTES]) for start in range(0, len(content), KEY_BYTES))


def _write(path: Path, content: bytes) -> None:
    """Have this, or the file as it was, at `path`, whatever happens meanwhile; no content is no file."""
    if content:
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)  # of a process that was killed
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    else:
        path.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
