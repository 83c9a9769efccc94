"""Passwords: what may be one, and how one is kept: argon2id, by the recommendation of OWASP.

https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from engine.accounts.common_passwords import COMMONEST
from engine.errors import InvalidInput, NotNow

T = TypeVar("T")

SHORTEST = 12  # characters
LONGEST = 1024  # bytes in UTF-8
_WAITING = 64  # who finds as many before them is told to come again


@dataclass(frozen=True, slots=True)
class Hashing:
    """What one hash costs: `memory` in KiB, so many passes over it, by so many threads."""

    memory: int = 19 * 1024
    passes: int = 2
    threads: int = 1


OWASP = Hashing()


def check_password(password: str, email: str, field: tuple[str, ...] = ("input", "password")) -> None:
    """Raises `InvalidInput` for what cannot be a password of whoever has this address."""
    if len(password) < SHORTEST:
        raise InvalidInput(f"A password has at least {SHORTEST} characters.", field=field)
    if not _encodable(password) or len(password.encode()) > LONGEST:
        raise InvalidInput(f"A password has at most {LONGEST} bytes of text.", field=field)
    plain = password.casefold().strip()
    if plain in (email, email.partition("@")[0]):
        raise InvalidInput("The address is no password.", field=field)
    if plain in COMMONEST or len(set(plain)) < 4:
        raise InvalidInput("Too many people have this password: it is tried first.", field=field)


class Passwords:
    """Hashes and compares, two at a time, in threads: a flood takes no more memory, and keeps nobody else waiting."""

    def __init__(self, hashing: Hashing = OWASP) -> None:
        self._hasher = PasswordHasher(
            time_cost=hashing.passes, memory_cost=hashing.memory, parallelism=hashing.threads, type=Type.ID
        )
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")
        self._waiting = 0
        self._of_nobody: str | None = None

    async def hash(self, password: str) -> str:
        """What is kept of it. Raises `NotNow` when too many wait."""
        return await self._run(lambda: self._hasher.hash(password))

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is the one that was kept; None is no password's, and takes as long. Raises `NotNow`."""
        return await self._run(lambda: self._fits(password, kept))

    def outdated(self, kept: str) -> bool:
        """Whether it was hashed with less than is asked for today."""
        return self._hasher.check_needs_rehash(kept)

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _fits(self, password: str, kept: str | None) -> bool:
        if not _encodable(password) or len(password.encode()) > LONGEST:
            password, kept = "", None
        if self._of_nobody is None:
            self._of_nobody = self._hasher.hash("nobody's")
        try:
            return self._hasher.verify(kept or self._of_nobody, password) and kept is not None
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= _WAITING:
            raise NotNow("Too many people sign in at this moment. Try again in a few seconds.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _encodable(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return True
