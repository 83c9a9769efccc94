"""What Docker says, kept in the database: one event stream per engine, and a fresh look after every gap."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from sqlmodel import Session

from db.errors import DatabaseUnusable
from db.sessions import Sessions
from engine import labels
from engine.concurrency import together
from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerFacts, ContainerSummary, DockerEvent
from engine.errors import DockerFailure, DockerNotFound, DockerTimeout, DockerUnreachable
from engine.observed import is_ready, states, to_look_at
from engine.servers import server_reachable, server_unreachable

log = logging.getLogger(__name__)

_HEARTBEAT_SECONDS = 2.0
_HEARTBEAT_DEADLINE = 2.0  # an engine takes a millisecond for what is asked there, a busy one a tenth of a second
_ROLL_CALL_SECONDS = 30.0
_SECOND_LOOK_SECONDS = 1.0
_FIRST_RETRY_SECONDS = 0.2
_LAST_RETRY_SECONDS = 1.0
_AT_ONCE = 8
# What does not change how a container is. After "kill" Docker keeps it locked until "die", which tells the end.
_IGNORED = ("kill", "exec_", "attach", "resize", "top", "export", "copy", "archive-path", "extract-to-dir")


@dataclass(frozen=True, slots=True)
class Remembering:
    """How the containers of one kind of owner are remembered. The first three give its id if there is news."""

    remember: Callable[[Session, str, ContainerFacts, bool], str | None]
    ended: Callable[[Session, str, int], str | None]
    forget: Callable[[Session, str], str | None]
    changed: Callable[[str], None]  # who is told of the news


@dataclass(frozen=True, slots=True)
class Reactions:
    """What the rest of the engine does when the observer learns something."""

    connected: Callable[[Sequence[ContainerSummary]], Awaitable[None]]  # with every container of ours
    proxy_changed: Callable[[], None]
    is_proxy: Callable[[str], bool]
    tcp_proxy_changed: Callable[[DockerEvent], Awaitable[None]]
    remembered: Mapping[str, Remembering]  # by the kind of container that its label tells


class EventsLost(Exception):
    """Docker answers, but its stream of events is not to be trusted."""


class Observer:
    """Watches the containers of this instance on one server."""

    def __init__(
        self,
        sessions: Sessions,
        docker: DockerGateway,
        *,
        instance_id: str,
        server_id: str,
        reactions: Reactions,
    ) -> None:
        self._sessions = sessions
        self._docker = docker
        self._ours = labels.ours(instance_id)
        self._server_id = server_id
        self._reactions = reactions
        # Who looks at a container writes what was seen before the next one looks.
        self._looking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._unanswered: set[str] = set()  # those that Docker has not described when it was asked
        self.cores: int | None = None  # of the server; None until its engine has answered
        self.connected = False
        """Whether Docker answered when it was asked last."""

    async def run(self) -> None:
        """Watch until cancelled, through every outage of the Docker engine."""
        delay = _FIRST_RETRY_SECONDS
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._watch()
            except* DockerFailure as errors:
                self.connected = False
                await self._lost(errors.exceptions[0])
            except* EventsLost as errors:
                log.warning("%s", errors.exceptions[0])
            if asyncio.get_running_loop().time() - started > _LAST_RETRY_SECONDS:
                delay = _FIRST_RETRY_SECONDS
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LAST_RETRY_SECONDS)

    async def _watch(self) -> None:
        # One that accepts calls and never answers is found out by a question that waits only for so long.
        await self._docker.beat(_HEARTBEAT_DEADLINE)
        async with self._docker.events(self._ours, None) as stream, asyncio.TaskGroup() as group:
            group.create_task(self._heartbeat())
            group.create_task(self._call_the_roll())
            await self._reconnected()
            async for event in stream:
                await self._react(event)

    async def look(self, container_id: str, *, passed: bool = False) -> None:
        """Inspect one container and remember what it is now; with `passed`, also that it has passed its check."""
        async with self._looking.setdefault(container_id, asyncio.Lock()), self._turns:
            try:
                facts = await self._docker.inspect_container(container_id)
            except DockerNotFound:
                for owner, gone in await self._sessions.write(_forget, container_id, self._reactions.remembered):
                    owner.changed(gone)
                return
            kind = self._remembering(facts.labels)
            if kind and (owner_id := await self._sessions.write(kind.remember, self._server_id, facts, passed)):
                kind.changed(owner_id)

    async def look_at_all(self) -> list[ContainerSummary]:
        """Every container of ours, as Docker lists them; those that are not as we remember them are looked at."""
        present = await self._docker.list_containers(self._ours)
        remembered = [summary for summary in present if self._remembering(summary.labels)]
        strange = await self._sessions.read(to_look_at, self._server_id, remembered)
        await together(*(self.look(container_id) for container_id in strange))
        return present

    async def _react_to_network(self, event: DockerEvent) -> None:
        # Containers that start and end come and go as well: only one that serves can be missed by its visitors.
        container_id = event.attributes.get("container", "")
        if event.action == "disconnect" and self._reactions.is_proxy(container_id):
            self._reactions.proxy_changed()
        elif event.action == "disconnect" and await self._sessions.read(is_ready, container_id):
            await self.look(container_id)

    def _remembering(self, marks: Mapping[str, str]) -> Remembering | None:
        return self._reactions.remembered.get(marks.get(labels.KIND, ""))

    async def _note_end(self, event: DockerEvent, kind: Remembering) -> None:
        # Docker keeps an ended container locked for some 100 ms while it cleans up; visitors cannot wait for that.
        exit_code = int(event.attributes.get("exitCode", "0"))
        if owner_id := await self._sessions.write(kind.ended, event.id, exit_code):
            kind.changed(owner_id)

    async def _reconnected(self) -> None:
        version = await self._docker.ping()
        self.connected = True
        self.cores = await self._docker.cores()
        if await self._sessions.write(server_reachable, self._server_id, version):
            log.info("The Docker engine answers: version %s.", version.engine)
        await self._reactions.connected(await self.look_at_all())

    async def _lost(self, error: BaseException) -> None:
        if await self._sessions.write(server_unreachable, self._server_id, str(error)):
            log.warning("%s", error)

    async def _heartbeat(self) -> None:
        # A hung engine keeps the event stream open and silent: only a question finds out.
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            try:
                await self._docker.beat(_HEARTBEAT_DEADLINE)
            except DockerTimeout:
                # It may have been us who were too busy to hear the answer.
                await self._docker.beat(_HEARTBEAT_DEADLINE)
            await self._look_again()

    async def _look_again(self) -> None:
        for container_id in sorted(self._unanswered):
            try:
                await self.look(container_id)
            except DockerUnreachable:
                raise
            except DockerFailure:
                continue
            self._unanswered.discard(container_id)

    async def _call_the_roll(self) -> None:
        # Docker drops events for listeners it takes for too slow, and a connection can die without a word.
        while True:
            await asyncio.sleep(_ROLL_CALL_SECONDS)
            if suspected := await self._not_as_told():
                await asyncio.sleep(_SECOND_LOOK_SECONDS)
                if suspected & await self._not_as_told():
                    raise EventsLost("Docker did not tell of all that happened; everything is looked at anew.")

    async def _not_as_told(self) -> set[tuple[str, str | None]]:
        """The containers, and the states we remember of them, that are in another state by now.

        Also those of which we remember nothing: what was asked for and given up may still have been made.
        """
        found = [each for each in await self._docker.list_containers(self._ours) if self._remembering(each.labels)]
        present = {each.id: each.state.value for each in found}
        remembered = await self._sessions.read(states, self._server_id)
        return {(id, remembered.get(id)) for id in present | remembered if present.get(id) != remembered.get(id)}

    async def _react(self, event: DockerEvent) -> None:
        if event.kind == "network":
            await self._react_to_network(event)
            return
        if event.action.startswith(_IGNORED):
            return
        if self._reactions.is_proxy(event.id) or event.attributes.get(labels.KIND) == labels.PROXY:
            self._reactions.proxy_changed()
            return
        if event.attributes.get(labels.KIND) == labels.TCP_PROXY_KIND:
            await self._reactions.tcp_proxy_changed(event)
            return
        if (kind := self._remembering(event.attributes)) is None:
            return
        try:
            if event.action == "die":
                await self._note_end(event, kind)
            await self.look(event.id)
        except (DockerUnreachable, DatabaseUnusable):
            raise
        except DockerFailure as error:
            log.warning("%s It is asked again.", error)
            self._unanswered.add(event.id)
        except Exception:  # one event that we cannot use must not end the watch
            log.exception("Skipped a Docker event; what we show may lag: %s", event)


def _forget(
    session: Session, container_id: str, remembered: Mapping[str, Remembering]
) -> list[tuple[Remembering, str]]:
    found = ((kind, kind.forget(session, container_id)) for kind in remembered.values())
    return [(kind, owner_id) for kind, owner_id in found if owner_id]
