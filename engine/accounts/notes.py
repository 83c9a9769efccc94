"""What the audit log tells of those who were not let in."""

from sqlmodel import Session

from db.models import User
from engine.accounts.acting import actor_of
from engine.accounts.viewer import anybody_at
from engine.audit import note


def note_failure(session: Session, action: str, user: User | None, tried: str) -> None:
    """Write down that somebody has failed in `action`, such as "signIn": with the account of `user`, or with none.

    `tried` is what they called themselves.
    """
    actor = actor_of(session)
    note(session, actor.viewer if actor else anybody_at(""), action, "User", user.id if user else "", tried)
