"""Maintenance mode: what visitors of an application meet while somebody works on it."""

from collections.abc import Callable

from sqlmodel import Session

from db.models import Application, EventKind, MaintenanceMode, now
from db.sessions import Sessions
from engine.deployments.requests import standing
from engine.errors import InvalidInput
from engine.status import record_about

LONGEST_MESSAGE = 1000


class MaintenanceModes:
    """What the API may do about them. `changed` is called when routes are to be published."""

    def __init__(self, sessions: Sessions, changed: Callable[[], None]) -> None:
        self._sessions = sessions
        self._changed = changed

    async def set(self, application_id: str, mode: MaintenanceMode, message: str) -> Application:
        """Have visitors meet the application, a page with the message, or nothing for a while.

        Raises `NotFound`, `InvalidInput` for a message that no page can show.
        """
        _check(message)
        application = await self._sessions.write(_set, application_id, mode, message)
        self._changed()
        return application


def _set(session: Session, application_id: str, mode: MaintenanceMode, message: str) -> Application:
    application = standing(session, application_id)
    if (application.maintenance, application.maintenance_message) == (mode, message):
        return application
    if application.maintenance is MaintenanceMode.HOLD and mode is MaintenanceMode.OFF:
        application.maintenance_ended_at = now()
    application.maintenance, application.maintenance_message = mode, message
    application.updated_at = now()
    session.add(application)
    data: dict[str, object] = {"name": application.name, "changed": ["maintenance"]}
    record_about(session, EventKind.UPDATED, application, data=data)
    return application


def _check(message: str) -> None:
    if len(message) > LONGEST_MESSAGE:
        raise InvalidInput(f"A message has at most {LONGEST_MESSAGE} characters.", field=("input", "message"))
    if not all(line.isprintable() for line in message.split("\n")):
        raise InvalidInput(
            "A message has lines of printable characters, and nothing else.", field=("input", "message")
        )
