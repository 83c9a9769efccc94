from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from db.models.columns import JSON_COLUMN, hidden_column, id_column, moment_column


class User(SQLModel, table=True):
    """Somebody who can sign in. `email` is normalised.

    `password` is an argon2id hash; None: signs in by other means only. `totp` is the ciphertext of the secret of the
    second factor, in force once `totp_confirmed_at` is set; `totp_used` the number of the last time step that a code
    was accepted for.
    """

    __tablename__ = "user"

    id: str = id_column()
    email: str = Field(unique=True)
    name: str
    password: str | None = hidden_column(default=None)
    administrator: bool = False
    totp: str | None = hidden_column(default=None)
    totp_confirmed_at: datetime | None = None
    totp_used: int = 0
    created_at: datetime = moment_column()
    last_signed_in_at: datetime | None = None
    disabled_at: datetime | None = None


class RecoveryCode(SQLModel, table=True):
    """Stands in for the second factor once. Only its hash is kept."""

    __tablename__ = "recovery_code"

    id: str = id_column()
    user_id: str = Field(foreign_key="user.id", index=True)
    hash: str = hidden_column()
    used_at: datetime | None = None


class Passkey(SQLModel, table=True):
    """A WebAuthn credential. `credential_id` and `public_key` are base64url."""

    __tablename__ = "passkey"

    id: str = id_column()
    user_id: str = Field(foreign_key="user.id", index=True)
    name: str
    credential_id: str = Field(unique=True)
    public_key: str
    sign_count: int = 0
    transports: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    created_at: datetime = moment_column()
    last_used_at: datetime | None = None


class Identity(SQLModel, table=True):
    """Who somebody is to a provider of OpenID Connect: the subject of an issuer, never an address."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: str = id_column()
    user_id: str = Field(foreign_key="user.id", index=True)
    issuer: str
    subject: str
    email: str = ""
    created_at: datetime = moment_column()
    last_used_at: datetime | None = None


class UserSession(SQLModel, table=True):
    """A browser that is signed in. Only the SHA-256 of what its cookie holds is kept."""

    __tablename__ = "user_session"

    id: str = id_column()
    user_id: str = Field(foreign_key="user.id", index=True)
    hash: str = hidden_column(unique=True)
    address: str = ""
    user_agent: str = ""
    created_at: datetime = moment_column()
    last_used_at: datetime = moment_column()
    expires_at: datetime
    revoked_at: datetime | None = None


class PasswordReset(SQLModel, table=True):
    """A link with which somebody chooses a new password, once. Only its hash is kept."""

    __tablename__ = "password_reset"

    id: str = id_column()
    user_id: str = Field(foreign_key="user.id", index=True)
    hash: str = hidden_column(unique=True)
    created_at: datetime = moment_column()
    expires_at: datetime
    used_at: datetime | None = None
