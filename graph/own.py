"""What somebody reads of themselves: no authority is asked, for these rows are theirs."""

from sqlmodel import Session, col, func, select

from db.models import ApiToken, Identity, Membership, Passkey, RecoveryCode, User, UserSession
from engine.accounts import user_sessions
from engine.accounts.authority import Authority
from engine.accounts.passkeys import passkeys_of


def user(session: Session, _authority: Authority, user_id: str | None) -> User | None:
    return session.get(User, user_id) if user_id else None


def memberships(session: Session, _authority: Authority, user_id: str | None) -> list[Membership]:
    query = select(Membership).where(Membership.user_id == user_id)
    return list(session.exec(query.order_by(Membership.id))) if user_id else []


def tokens(session: Session, _authority: Authority, user_id: str | None) -> list[ApiToken]:
    query = select(ApiToken).where(ApiToken.user_id == user_id, col(ApiToken.revoked_at).is_(None))
    return list(session.exec(query.order_by(ApiToken.id))) if user_id else []


def sessions(session: Session, _authority: Authority, user_id: str | None) -> list[UserSession]:
    return user_sessions.of_user_now(session, user_id)


def identities(session: Session, _authority: Authority, user_id: str | None) -> list[Identity]:
    return list(session.exec(select(Identity).where(Identity.user_id == user_id).order_by(Identity.id)))


def passkeys(session: Session, _authority: Authority, user_id: str | None) -> list[Passkey]:
    return passkeys_of(session, user_id)


def recovery_codes(session: Session, _authority: Authority, user_id: str | None) -> int:
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, col(RecoveryCode.used_at).is_(None))
    return session.exec(unused).one()
