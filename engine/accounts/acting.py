"""In whose name something is written.

A mutation says who acts; what it writes itself is theirs. What it sets going, such as the work of a deployment, is
the engine's own doing: it runs in other tasks, which inherit the context but not the name.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session

from db.models import User
from engine.accounts.authority import EVERYTHING, Authority
from engine.accounts.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who does something: `action` is the field of the API, such as "deployApplication"."""

    viewer: Viewer
    action: str
    _task: "asyncio.Task[Any] | None" = field(default_factory=asyncio.current_task, repr=False, compare=False)

    @property
    def now(self) -> bool:
        """Whether it is this that the present task does."""
        return asyncio.current_task() is self._task


_ACTING: ContextVar[Acting | None] = ContextVar("acting", default=None)


@contextmanager
def acting(viewer: Viewer, action: str) -> Iterator[None]:
    """What this task writes meanwhile, it writes in the name of `viewer`."""
    token = _ACTING.set(Acting(viewer, action))
    try:
        yield
    finally:
        _ACTING.reset(token)


def acting_now() -> Acting | None:
    """Who acts, in the task that asks; None: nobody but the engine."""
    found = _ACTING.get()
    return found if found is not None and found.now else None


def actor_of(session: Session) -> Acting | None:
    """In whose name this transaction is; None: the engine's own."""
    found: Acting | None = session.info.get("by")
    return found


def identified(session: Session, user: User) -> None:
    """Whoever is behind this transaction, and has not said who they are, has shown that they are this user."""
    actor = actor_of(session)
    if actor and actor.viewer.anonymous:
        session.info["by"] = replace(actor, viewer=replace(actor.viewer, name=user.name, user_id=user.id))


def authority_of(session: Session) -> Authority:
    """What whoever is behind this transaction may do, to tell them no more than they may know."""
    actor = actor_of(session)
    return actor.viewer.authority if actor else EVERYTHING
