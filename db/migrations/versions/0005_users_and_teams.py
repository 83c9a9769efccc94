"""Users, teams and what they may do: every project, certificate and event belongs to a team; the audit log"""

from collections.abc import Iterable
from datetime import UTC, datetime

import sqlalchemy as sa
import sqlmodel
from alembic import op
from ulid import ULID

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s"}

_GRANTS = sa.Enum("OWNER", "SETUP", "LIMITED", name="grant")
_WRITTEN_ONCE = """
CREATE TRIGGER audit_entry_is_never_{done} BEFORE {verb} ON audit_entry
BEGIN SELECT RAISE(ABORT, 'an entry of the audit log is never {done}'); END
"""


# REPLACE removes a row without asking the triggers of removals.
_NUMBERED_ONCE = """
CREATE TRIGGER audit_entry_is_never_replaced BEFORE INSERT ON audit_entry
WHEN EXISTS (SELECT 1 FROM audit_entry WHERE sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'an entry of the audit log is never replaced'); END
"""


def upgrade() -> None:
    _create_tables()
    op.execute(_NUMBERED_ONCE)
    for verb, done in (("UPDATE", "changed"), ("DELETE", "removed")):
        op.execute(_WRITTEN_ONCE.format(verb=verb, done=done))
    _extend_tokens()
    team_id = _first_team()
    _give_projects(team_id)
    _give_the_rest(team_id)


def _create_tables() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("token_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("session_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("action", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("noun", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("noun_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("team_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("project_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("environment_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_of_noun", "audit_entry", ["noun_id", "sequence"])
    op.create_index("audit_of_team", "audit_entry", ["team_id", "sequence"])

    op.create_table(
        "team",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "user",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("password", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("administrator", sa.Boolean(), nullable=False),
        sa.Column("totp", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("totp_confirmed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("totp_used", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("last_signed_in_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("disabled_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "identity",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("issuer", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("last_used_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("issuer", "subject"),
    )
    op.create_index("ix_identity_user_id", "identity", ["user_id"])

    op.create_table(
        "invitation",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("team_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("role", sa.Enum("OWNER", "ADMIN", "DEVELOPER", "VIEWER", name="role"), nullable=False),
        sa.Column("project_ids", sa.JSON(), nullable=True),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("invited_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("accepted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("revoked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["team.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("ix_invitation_team_id", "invitation", ["team_id"])

    op.create_table(
        "membership",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("team_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("role", sa.Enum("OWNER", "ADMIN", "DEVELOPER", "VIEWER", name="role"), nullable=False),
        sa.Column("project_ids", sa.JSON(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["team.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "team_id"),
    )
    op.create_index("ix_membership_team_id", "membership", ["team_id"])

    op.create_table(
        "passkey",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("credential_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("public_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("last_used_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credential_id"),
    )
    op.create_index("ix_passkey_user_id", "passkey", ["user_id"])

    op.create_table(
        "password_reset",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("used_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("ix_password_reset_user_id", "password_reset", ["user_id"])

    op.create_table(
        "recovery_code",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("used_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"])

    op.create_table(
        "user_session",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user_agent", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("last_used_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("revoked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("ix_user_session_user_id", "user_session", ["user_id"])


def _extend_tokens() -> None:
    with op.batch_alter_table("api_token", naming_convention=_NAMES) as batch_op:
        for name in ("user_id", "team_id", "project_id", "environment_id"):
            batch_op.add_column(sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        batch_op.add_column(sa.Column("permissions", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("networks", sa.JSON(), nullable=True))
        batch_op.add_column(
            sa.Column("last_used_from", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        )
        batch_op.alter_column("grant", existing_type=sa.VARCHAR(length=5), type_=_GRANTS, existing_nullable=False)
        batch_op.create_foreign_key("fk_api_token_user_id", "user", ["user_id"], ["id"])
        batch_op.create_foreign_key("fk_api_token_team_id", "team", ["team_id"], ["id"])
    with op.batch_alter_table("api_token") as batch_op:
        for name in ("permissions", "last_used_from"):
            batch_op.alter_column(name, server_default=None)


def _first_team() -> str | None:
    """The team that gets everything there is; None in a database that was never used."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM instance")).first() is None:
        return None
    team_id = str(ULID()).lower()
    team = sa.table("team", *map(sa.column, ("id", "name")), sa.column("created_at", sa.DateTime))
    op.execute(team.insert().values(id=team_id, name="default", created_at=datetime.now(UTC).replace(tzinfo=None)))
    return team_id


def _give_projects(team_id: str | None) -> None:
    with op.batch_alter_table("project", naming_convention=_NAMES) as batch_op:
        batch_op.add_column(sa.Column("team_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        batch_op.drop_constraint("uq_project_name", type_="unique")
    op.execute(sa.text("UPDATE project SET team_id = :team").bindparams(team=team_id))
    with op.batch_alter_table("project", naming_convention=_NAMES) as batch_op:
        batch_op.alter_column("team_id", existing_type=sa.String(), nullable=False)
        batch_op.create_unique_constraint("uq_project_team_id", ["team_id", "name"])
        batch_op.create_foreign_key("fk_project_team_id", "team", ["team_id"], ["id"])


def _give_the_rest(team_id: str | None) -> None:
    for table in ("environment", "certificate"):
        _give(table, ["team_id"], team_id)
        op.create_index(f"ix_{table}_team_id", table, ["team_id"])
    for table in ("database_dump", "database_restore"):
        _give(table, ["team_id", "project_id"], team_id)
    with op.batch_alter_table("event") as batch_op:
        batch_op.add_column(sa.Column("team_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.execute(
        sa.text("UPDATE event SET team_id = :team WHERE project_id IS NOT NULL OR noun = 'Certificate'").bindparams(
            team=team_id
        )
    )


def _give(table: str, columns: Iterable[str], team_id: str | None) -> None:
    with op.batch_alter_table(table) as batch_op:
        for name in columns:
            batch_op.add_column(sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.execute(sa.text(f"UPDATE {table} SET team_id = :team").bindparams(team=team_id))
    if "project_id" in columns:  # of an environment that is gone, nobody knows the project any more
        project = f"SELECT project_id FROM environment WHERE environment.id = {table}.environment_id"
        op.execute(f"UPDATE {table} SET project_id = COALESCE(({project}), '')")
    with op.batch_alter_table(table, naming_convention=_NAMES) as batch_op:
        for name in columns:
            batch_op.alter_column(name, existing_type=sa.String(), nullable=False)
        if "project_id" not in columns:
            batch_op.create_foreign_key(f"fk_{table}_team_id", "team", ["team_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_column("team_id")
    for table in ("database_dump", "database_restore"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("team_id")
            batch_op.drop_column("project_id")
    for table in ("environment", "certificate"):
        op.drop_index(f"ix_{table}_team_id", table)
        with op.batch_alter_table(table, naming_convention=_NAMES) as batch_op:
            batch_op.drop_constraint(f"fk_{table}_team_id", type_="foreignkey")
            batch_op.drop_column("team_id")
    with op.batch_alter_table("project", naming_convention=_NAMES) as batch_op:
        batch_op.drop_constraint("fk_project_team_id", type_="foreignkey")
        batch_op.drop_constraint("uq_project_team_id", type_="unique")
        batch_op.drop_column("team_id")
        batch_op.create_unique_constraint("uq_project_name", ["name"])
    _reduce_tokens()
    for table in (
        "user_session",
        "recovery_code",
        "password_reset",
        "passkey",
        "membership",
        "invitation",
        "identity",
        "user",
        "team",
        "audit_entry",
    ):
        op.drop_table(table)


def _reduce_tokens() -> None:
    op.execute("DELETE FROM api_token WHERE \"grant\" = 'LIMITED'")
    with op.batch_alter_table("api_token", naming_convention=_NAMES) as batch_op:
        batch_op.drop_constraint("fk_api_token_user_id", type_="foreignkey")
        batch_op.drop_constraint("fk_api_token_team_id", type_="foreignkey")
        for name in (
            "user_id",
            "team_id",
            "project_id",
            "environment_id",
            "permissions",
            "networks",
            "last_used_from",
        ):
            batch_op.drop_column(name)
        batch_op.alter_column("grant", existing_type=_GRANTS, type_=sa.VARCHAR(length=5), existing_nullable=False)
