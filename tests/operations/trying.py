"""Operations sent through the front door as somebody, and everything that is looked at after each."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.accounts.authority import EVERYTHING
from engine.accounts.viewer import Viewer
from tests.graph.api.conftest import Api, Json
from tests.graph.api.front import Answer, Front, opened
from tests.operations.answers import without_deeds
from tests.operations.planted import FOREIGN, FOREIGN_SECRET, SECRET, TYPED, Planted, looks_after_teams, running
from tests.operations.writing import Operation, Writer
from wharf.app import create_app

_PRIVATE_KEY = "PRIVATE KEY"
# What administrators change in all teams.
_OF_PEOPLE = {
    *(
        "team",
        "membership",
        "invitation",
        "user",
        "user_session",
        "identity",
        "passkey",
        "password_reset",
        "recovery_code",
    ),
    *("api_token", "audit_entry"),
}


@dataclass
class Trying:
    """The doors of one installation, one for each who may come. `codes` counts how operations ended."""

    planted: Planted
    doors: dict[str, Front]
    log: pytest.LogCaptureFixture
    codes: Counter[str] = field(default_factory=Counter)
    _named: set[str] = field(default_factory=set)  # names of the other team's things that somebody else typed

    async def as_each(self, names: Sequence[str], writer: Writer, count: int) -> None:
        """So many operations, each by all of these, after which the other team has what it had before."""
        theirs = self._theirs(names)
        for _ in range(count):
            operation = writer.operation()
            for name in writer.lots.sample(names, len(names)):
                await self.once(name, operation)
        changed = _changed(theirs, self._theirs(names))
        assert changed == {}, changed

    async def once(self, name: str, operation: Operation) -> str:
        """The answer, after it and what was logged meanwhile were looked at."""
        self.log.clear()
        sent = f"{operation.text}\n{json.dumps(operation.variables)}"
        self._named |= {word for word in TYPED if word in sent}
        answer = await self._answer(name, operation)
        try:
            self._look(self.planted.viewers[name], operation, answer, sent)
        except AssertionError as wrong:
            raise AssertionError(f"{wrong}\nAs {name}:\n{sent}\n{answer.status} {answer.body.decode()}") from wrong
        return answer.body.decode()

    async def _answer(self, name: str, operation: Operation) -> Answer:
        door = self.doors[name]
        if operation.kind == "subscription" and not self.planted.viewers[name].anonymous:
            return await door.first_message(operation.text, operation.variables)
        return await door.post(operation.text, operation.variables)

    def _look(self, viewer: Viewer, operation: Operation, answer: Answer, sent: str) -> None:
        assert answer.status in ((200, 400, 401) if viewer.anonymous else (200, 400)), answer.status
        errors = list(_errors(answer.json()))
        for error in errors:
            assert error["code"] not in (None, "INTERNAL")
            assert not any(secret in error["message"] for secret in operation.secrets)
        self.codes.update([error["code"] for error in errors] or ["done"])
        text = answer.body.decode()
        assert self._secrets_in(text, viewer, operation) == []
        told = _without_deeds(operation, answer) if looks_after_teams(viewer) else text
        assert self.planted.told_of_others(viewer, told, sent + " ".join(self._named)) == []
        self._look_at_log(operation)

    def _secrets_in(self, text: str, viewer: Viewer, operation: Operation) -> list[str]:
        if "databaseCredentials" in operation.text:
            for secret in self.planted.passwords_shown_to(viewer):
                text = text.replace(f"{secret}-password", "")
        return [secret for secret in (SECRET, FOREIGN_SECRET, _PRIVATE_KEY) if secret in text]

    def _look_at_log(self, operation: Operation) -> None:
        assert [record for record in self.log.records if record.exc_info or record.levelname == "ERROR"] == []
        secrets = (SECRET, FOREIGN_SECRET, _PRIVATE_KEY, *operation.secrets)
        assert [secret for secret in secrets if secret in self.log.text] == []

    def _theirs(self, names: Sequence[str]) -> dict[str, list[str]]:
        """All rows of the other team that none of these may change, and how many events there are of it."""
        viewers = [self.planted.viewers[name] for name in names]
        if any(viewer.authority == EVERYTHING for viewer in viewers):
            return {}
        people = any(map(looks_after_teams, viewers))
        contents = next(iter(self.doors.values())).contents()
        contents["event"] = (
            next(iter(self.doors.values()))
            .database.execute("SELECT noun, noun_id, count(*) FROM event GROUP BY noun, noun_id")
            .fetchall()
        )
        tells = self.planted.tells - {FOREIGN} - (self.planted.people if people else set())
        return {
            table: sorted(text for text in map(repr, rows) if any(each in text for each in tells))
            for table, rows in contents.items()
            if not (people and table in _OF_PEOPLE)
        }


def _changed(before: Mapping[str, list[str]], now: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """By table, the rows that are only in one of the two."""
    return {table: sorted(set(before[table]) ^ set(now[table])) for table in before if before[table] != now[table]}


def _without_deeds(operation: Operation, answer: Answer) -> str:
    """Administrators read the audit log of all teams."""
    return json.dumps(without_deeds(operation.text, answer.json()))


def _errors(body: Json) -> Iterator[Json]:
    """All errors of an answer: those of the whole, and those in the payloads of mutations."""
    for error in body.get("errors") or ():
        yield {"code": None, **error, **error.get("extensions", {})}
    for payload in (body.get("data") or {}).values():
        told: Any = payload.get("errors") if isinstance(payload, dict) else None
        for error in told if isinstance(told, list) else ():
            if isinstance(error, dict) and {"code", "message"} <= error.keys():
                yield error


@asynccontextmanager
async def trying(
    planted: Planted, copy: Path, log: pytest.LogCaptureFixture, origin: Path | None = None
) -> AsyncIterator[Trying]:
    """An installation of its own, in which everybody may try: a copy of the one with both teams, or of another."""
    async with running(origin or planted.directory, copy) as api, AsyncExitStack() as stack:
        app = _app(api, planted)
        database = str(copy / "wharf.db")
        doors = {name: await stack.enter_async_context(opened(app, name, database)) for name in planted.viewers}
        await doors["all"].data("{ version }")
        yield Trying(planted, doors, log)


def _app(api: Api, planted: Planted) -> Any:
    """The application that is served, to which everybody is known by their name."""

    async def known(name: str, _address: str) -> Viewer | None:
        return planted.viewers.get(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.engine.tokens, "authenticate", known)
        return create_app(api.engine, lambda _: None)
