"""An installation with two teams that have one of everything: what is the one's, the other may not learn.

What is said to be theirs has names that nobody else would think of, and every secret is a text that is nowhere else.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlmodel import Session, col, delete, select

from db.models import Event
from engine.accounts.authority import EVERYTHING, Action, Noun, Place
from engine.accounts.viewer import Viewer
from graph.ids import event_cursor, global_id, local_id, page_cursor, read_global_id
from tests.graph.api.conftest import Api, let_nothing_converge, running_api
from tests.operations.writing import Known
from tests.permissions.belongings import belongings
from tests.permissions.principals import principals

FOREIGN, SECRET, FOREIGN_SECRET = "zanzibar", "kept-inside", "kept-abroad"
"""What the names of the other team's things hold, and what the secrets of both teams begin with."""

TYPED = (f"{FOREIGN}shop.example.com", f"{FOREIGN}web", f"{FOREIGN}db")
"""Names of theirs that others type too."""

# Of these, administrators look after all teams'.
_ADMINISTRATED = {"Team", "Membership", "User", "UserSession", "Identity", "Passkey", "Invitation"}


@dataclass(frozen=True)
class Planted:
    """`directory` holds both teams; `alone` is the same, before there was the other."""

    directory: Path
    alone: Path
    own: Mapping[str, str]
    foreign: Mapping[str, str]
    viewers: Mapping[str, Viewer]
    events: int
    """The number of the last event before there was the other team."""
    tells: frozenset[str] = field(default_factory=frozenset)
    """Texts of which each tells of the other team: names and ids. An answer that holds one says too much."""
    people: frozenset[str] = field(default_factory=frozenset)
    """Those of them that name the team and its people."""

    def known(self) -> Known:
        """What can be written of: even the ids and names of what is not theirs may be known to anybody."""
        ids = filter(None, map(read_global_id, (*self.own.values(), *self.foreign.values())))
        pages = [page_cursor("number", "2"), *(page_cursor(kind, key) for kind, key in ids)]
        events = [event_cursor(number) for number in (0, 0, 1, 5, self.events)]
        return Known(self.own, self.foreign, [*events, *pages], TYPED)

    def told_of_others(self, viewer: Viewer, answer: str, typed: str) -> list[str]:
        """What an answer tells this viewer of the other team, but for what was typed by themselves."""
        if viewer.authority == EVERYTHING:
            return []
        known = self.people if looks_after_teams(viewer) else frozenset()
        for text in (*known, *TYPED, *self.tells):
            if text != FOREIGN and (text in known or text in typed):
                answer = answer.replace(text, "")
        return [text for text in self.tells if text in answer]

    def passwords_shown_to(self, viewer: Viewer) -> tuple[str, ...]:
        """What `databaseCredentials` may show them."""
        team, project, environment = (local_id(kind, self.own[kind]) for kind in ("Team", "Project", "Environment"))
        place = Place(team, project, environment)
        own = viewer.authority.allows(Action.REVEAL, Noun.DATABASE, place)
        return (SECRET,) * own + (FOREIGN_SECRET,) * (viewer.authority == EVERYTHING)


def looks_after_teams(viewer: Viewer) -> bool:
    """Whether somebody is an administrator, who knows all teams and their people."""
    return viewer.authority.allows(Action.UPDATE, Noun.TEAM, Place())


@asynccontextmanager
async def running(directory: Path, copy: Path) -> AsyncIterator[Api]:
    """The API in front of a copy of what is planted."""
    shutil.copytree(directory, copy)
    async with running_api(copy) as api:
        yield api


def plant(directory: Path, empty_database: Path) -> Planted:
    """Make both teams, the other one last, and everybody who may come."""
    with pytest.MonkeyPatch.context() as patch:
        let_nothing_converge(patch)
        return asyncio.run(_plant(directory, empty_database))


async def _plant(directory: Path, empty_database: Path) -> Planted:
    both, alone = directory / "both", directory / "alone"
    alone.mkdir()
    shutil.copy(empty_database, alone / "wharf.db")
    async with running_api(alone) as api:
        own = await belongings(api, secret=SECRET)
        viewers = await api.engine.sessions.write(principals, own)
        events = api.engine.events.last
    shutil.copytree(alone, both)
    async with running_api(both) as api:
        before = await api.engine.sessions.read(_ids_of_events)
        made = await api.do("createTeam", "team { id }", name=f"{FOREIGN}team")
        foreign = await belongings(api, made["team"]["id"], FOREIGN, FOREIGN_SECRET)
        about = await api.engine.sessions.read(_ids_of_events) - before
        await api.engine.sessions.write(_forget_servers, events)
    about |= {known for key in foreign.values() if (known := read_global_id(key))}
    # The first token ends the one for setting up, which is nobody's.
    everybodys = {local_id(kind, foreign[kind]) for kind in ("Server", "CertificateResolver")}
    others = everybodys | {viewer.token_id for viewer in viewers.values()}
    about = {(kind, key) for kind, key in about if key not in others}
    tells = {FOREIGN, *(text for kind, key in about for text in (key, global_id(kind, key)))}
    people = {f"{FOREIGN}{name}" for name in ("team", "somebody", "new@example.com")} | {
        text for kind, key in about if kind in _ADMINISTRATED for text in (key, global_id(kind, key))
    }
    return Planted(both, alone, own, foreign, viewers, events, frozenset(tells), frozenset(people))


def _ids_of_events(session: Session) -> set[tuple[str, str]]:
    """The kinds and ids of all that events are about."""
    return {(event.noun, event.noun_id) for event in session.exec(select(Event)) if event.noun_id}


def _forget_servers(session: Session, after: int) -> None:
    """What was told of servers together with the other team's things: it is for everybody."""
    session.exec(delete(Event).where(col(Event.sequence) > after, col(Event.noun) == "Server"))
