"""What the audit log tells of those who were not let in."""

from sqlmodel import Session

from db.models import AuditEntry, User
from engine.accounts.acting import actor_of


def note_failure(session: Session, action: str, user: User | None, tried: str) -> None:
    """Write down that somebody has failed in `action`, such as "signIn": with the account of `user`, or with none.

    `tried` is what they called themselves.
    """
    actor = actor_of(session)
    session.add(
        AuditEntry(
            actor=actor.viewer.name if actor else "",
            user_id=actor.viewer.user_id if actor else None,
            session_id=actor.viewer.session_id if actor else None,
            address=actor.viewer.address if actor else "",
            action=action,
            noun="User",
            noun_id=user.id if user else "",
            name=tried,
        )
    )
