"""The log of a deployment: what we did, what the registry said, what the release wrote last."""

import asyncio
from collections.abc import AsyncGenerator, Iterable

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from db.models import Deployment, DeploymentLogLine, LogSource
from db.sessions import Sessions, tell
from engine.errors import NotFound

_PAGE = 500
_LAST_LINE = select(func.max(DeploymentLogLine.number)).where(
    DeploymentLogLine.deployment_id == bindparam("deployment_id")
)

Line = tuple[LogSource, str]


class Journals:
    """Writes the logs of deployments, and follows them live."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._news = asyncio.Event()
        sessions.on_commit(self._committed)

    async def write(self, deployment_id: str, *lines: Line) -> None:
        await self._sessions.write(append_lines, deployment_id, lines)

    async def say(self, deployment_id: str, sentence: str) -> None:
        """A line of our own."""
        await self.write(deployment_id, (LogSource.WHARF, sentence))

    async def follow(self, deployment_id: str, after: int = 0) -> AsyncGenerator[DeploymentLogLine, None]:
        """Every line past number `after`, in order; ends when the deployment has ended and all was given."""
        while True:
            news = self._news
            lines, ended = await self._sessions.read(_past, deployment_id, after)
            for line in lines:
                after = line.number
                yield line
            if not lines:
                if ended:
                    return
                await news.wait()

    def _committed(self, notes: list[object]) -> None:
        if any(isinstance(note, DeploymentLogLine | Deployment) for note in notes):
            self._news.set()
            self._news = asyncio.Event()


def append_lines(session: Session, deployment_id: str, lines: Iterable[Line]) -> None:
    last = session.exec(_LAST_LINE, params={"deployment_id": deployment_id}).one()
    for number, (source, text) in enumerate(lines, start=(last or 0) + 1):
        line = DeploymentLogLine(deployment_id=deployment_id, number=number, source=source, text=text)
        session.add(line)
        tell(session, line)


def append_line(session: Session, deployment_id: str, sentence: str) -> None:
    """A line of our own."""
    append_lines(session, deployment_id, [(LogSource.WHARF, sentence)])


def _past(session: Session, deployment_id: str, after: int) -> tuple[list[DeploymentLogLine], bool]:
    deployment = session.get(Deployment, deployment_id)
    if deployment is None:
        raise NotFound("This deployment no longer exists.")
    lines = session.exec(
        select(DeploymentLogLine)
        .where(DeploymentLogLine.deployment_id == deployment_id, col(DeploymentLogLine.number) > after)
        .order_by(col(DeploymentLogLine.number))
        .limit(_PAGE)
    )
    return list(lines), deployment.finished_at is not None
