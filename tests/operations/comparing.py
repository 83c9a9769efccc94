"""The same operation executed as it is served and by graphql-core alone, and what each of them answers."""

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import orjson
from strawberry.types import ExecutionResult

from engine.accounts.viewer import Viewer
from graph import root
from graph.compiled import plainly
from graph.context import Context
from graph.ids import read_global_id
from tests.graph.api.conftest import Api, Json
from tests.operations.planted import Planted, running
from tests.operations.writing import Operation

T = TypeVar("T")

_PATIENCE = 0.1  # seconds, for a stream that has nothing more to tell
_MOST_MESSAGES = 30
_NEVER_THE_SAME = re.compile(
    r"\d{4}-\d\d-\d\dT[0-9:.]+Z"  # moments
    r"|wharf_\w+[\w-]*|otpauth://[^\"\\]+|[A-Z2-7]{32}|secret=\w+"  # what is drawn by lot, and shown once
    r"|(?<=\")[\w-]{43}(?=\")|(?<=\")[\w-]{86}(?=\\)"
)
_ID = re.compile(r"(?<=\")[\w-]{30,80}(?=\")")
_LOGGED = re.compile(rb"(?<=error )[0-9a-f]{12}|(?<=\"id\":\")[0-9a-f]{12}(?=\")")
_DIRECTORY = re.compile(r"unix://\S*/nobody\.sock")


@dataclass
class Comparing:
    """Asks as whoever is named. `codes` counts how operations ended."""

    api: Api
    viewers: Mapping[str, Viewer]
    database: sqlite3.Connection
    codes: Counter[str] = field(default_factory=Counter)

    async def same(self, name: str, operation: Operation, extensions: Json | None = None) -> None:
        """The first answer, one of when the operation was known, and that of graphql-core are the same bytes."""

        async def all_three() -> tuple[list[bytes], bytes]:
            served = [await self._answer(name, operation, extensions) for _ in range(2)]
            with plainly():
                return served, await self._answer(name, operation, extensions)

        served, plain = await self._undisturbed(all_three)
        for answer in served:
            assert answer == plain, differing(name, operation, answer, plain)
        self._count(plain)

    def remove(self, table: str) -> None:
        """Take one row away that others may refer to, past what keeps such rows."""
        self.database.execute(f"DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})")
        self.database.commit()

    async def _undisturbed(self, both: Callable[[], Awaitable[T]]) -> T:
        """What it comes to while nobody writes, as what goes on in the background does at times."""
        while True:
            version, found = self._version(), await both()
            if version == self._version():
                return found

    def _version(self) -> object:
        return self.database.execute("PRAGMA data_version").fetchone()

    async def same_messages(self, name: str, operation: Operation) -> None:
        """As many messages of a subscription as there are to tell, each with the same bytes."""

        async def both() -> tuple[list[bytes], list[bytes]]:
            with plainly():
                plain = [message async for message in self._messages(name, operation, _MOST_MESSAGES)]
            return plain, [message async for message in self._messages(name, operation, len(plain))]

        plain, compiled = await self._undisturbed(both)
        assert compiled == plain, differing(name, operation, b"\n".join(compiled), b"\n".join(plain))
        for message in plain:
            self._count(message)

    async def answered(self, name: str, operation: Operation, *, alone: bool) -> bytes:
        """The answer to a mutation, with what differs from one installation to the next taken out."""
        with plainly() if alone else nullcontext():
            answer = await self._answer(name, operation, None)
        self._count(answer)
        return answer

    async def _answer(self, name: str, operation: Operation, extensions: Json | None) -> bytes:
        result = await root.schema.execute(
            operation.text,
            variable_values=operation.variables,
            context_value=self._context(name),
            operation_extensions=extensions,
        )
        return _written(result)

    async def _messages(self, name: str, operation: Operation, most: int) -> AsyncGenerator[bytes]:
        results: Any = await root.schema.stream(
            operation.text, variable_values=operation.variables, context_value=self._context(name)
        )
        async with aclosing(results):
            for _ in range(most):
                try:
                    yield _written(await asyncio.wait_for(anext(results), _PATIENCE))
                except (TimeoutError, StopAsyncIteration):
                    return

    def _context(self, name: str) -> Context:
        visit = replace(self.api.visit, host="wharf.example.com")
        return Context(self.viewers[name], self.api.engine, self.api.sockets, visit=visit)

    def _count(self, answer: bytes) -> None:
        errors = orjson.loads(answer)["errors"]
        self.codes.update([error["extensions"]["code"] for error in errors] or ["done"])


@asynccontextmanager
async def comparing(planted: Planted, copy: Path) -> AsyncIterator[Comparing]:
    """Asks a copy of what is planted."""
    async with running(planted.directory, copy) as api:
        with closing(sqlite3.connect(copy / "wharf.db")) as database:
            yield Comparing(api, planted.viewers, database)


def without_lots(answer: bytes, known: frozenset[str]) -> str:
    """An answer without moments, secrets, and ids of what is new: only their kinds are left."""

    def kind(found: re.Match[str]) -> str:
        read = read_global_id(found[0])
        return found[0] if read is None or read[1] in known else read[0]

    return _NEVER_THE_SAME.sub("…", _ID.sub(kind, _DIRECTORY.sub("", answer.decode())))


def differing(name: str, operation: Operation, served: bytes | str, plain: bytes | str) -> str:
    """What was asked, and two different answers."""
    return f"As {name}:\n{operation.text}\n{operation.variables}\n{served!s}\n{plain!s}"


def _written(result: ExecutionResult) -> bytes:
    """All of an answer, in its order, but for the ids under which bugs are logged."""
    errors = [error.formatted for error in result.errors or ()]
    answer = orjson.dumps({"data": result.data, "errors": errors, "extensions": result.extensions or {}})
    return _LOGGED.sub(b"", answer) if b"INTERNAL" in answer else answer
