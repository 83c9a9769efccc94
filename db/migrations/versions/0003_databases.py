"""Databases, their dumps, and who is linked to them"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "database_dump",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("database_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("environment_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "status", sa.Enum("QUEUED", "DUMPING", "VERIFYING", "GOOD", "FAILED", name="dumpstatus"), nullable=False
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "POSTGRESQL",
                "MYSQL",
                "MARIADB",
                "MONGODB",
                "REDIS",
                "VALKEY",
                "KEYDB",
                "DRAGONFLY",
                "CLICKHOUSE",
                "COUCHDB",
                name="databasekind",
            ),
            nullable=False,
        ),
        sa.Column("version", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("database_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("file", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("failure", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("requested_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("finished_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("database_dump", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_database_dump_database_id"), ["database_id"], unique=False)

    op.create_table(
        "database_container",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("server_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("health", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("out_of_memory", sa.Boolean(), nullable=False),
        sa.Column("error", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("restart_count", sa.Integer(), nullable=False),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("endpoint", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("started_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("finished_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("observed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("database_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"],
            ["server.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("database_container", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_database_container_database_id"), ["database_id"], unique=False)

    op.create_table(
        "database",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("environment_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("server_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "POSTGRESQL",
                "MYSQL",
                "MARIADB",
                "MONGODB",
                "REDIS",
                "VALKEY",
                "KEYDB",
                "DRAGONFLY",
                "CLICKHOUSE",
                "COUCHDB",
                name="databasekind",
            ),
            nullable=False,
        ),
        sa.Column("version", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("data_version", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("username", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("database_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("password", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("next_password", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("rotation_failure", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("configuration", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("variables", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("cpu_limit", sa.Float(), nullable=True),
        sa.Column("memory_limit", sa.Integer(), nullable=True),
        sa.Column("volume_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("previous_volume_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("desired", sa.Enum("RUNNING", "STOPPED", "REMOVED", name="desiredstate"), nullable=False),
        sa.Column("restart_wanted", sa.Boolean(), nullable=False),
        sa.Column("remove_volume", sa.Boolean(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "STARTING",
                "RUNNING",
                "FAILING",
                "STOPPING",
                "STOPPED",
                "REMOVING",
                "UNREACHABLE",
                name="databasestatus",
            ),
            nullable=False,
        ),
        sa.Column(
            "problem",
            sa.Enum(
                "IMAGE_NOT_FOUND",
                "REGISTRY_DENIED",
                "REGISTRY_UNREACHABLE",
                "START_REFUSED",
                "EXITED",
                "OUT_OF_MEMORY",
                "NOT_READY",
                "UNHEALTHY",
                "INTERNAL",
                name="databaseproblem",
            ),
            nullable=True,
        ),
        sa.Column("problem_message", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("problem_exit_code", sa.Integer(), nullable=True),
        sa.Column("problem_log", sa.JSON(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["server_id"],
            ["server.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("environment_id", "name"),
    )
    with op.batch_alter_table("database", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_database_server_id"), ["server_id"], unique=False)

    op.create_table(
        "database_link",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("database_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("application_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("variable", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
        ),
        sa.ForeignKeyConstraint(
            ["database_id"],
            ["database.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("application_id", "variable"),
    )
    with op.batch_alter_table("database_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_database_link_application_id"), ["application_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_database_link_database_id"), ["database_id"], unique=False)

    op.create_table(
        "database_restore",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("database_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("environment_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("dump_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("QUEUED", "RESTORING", "SWITCHING", "SUCCEEDED", "FAILED", name="restorestatus"),
            nullable=False,
        ),
        sa.Column("volume_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("data_version", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("failure", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("requested_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("finished_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("database_restore", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_database_restore_database_id"), ["database_id"], unique=False)

    op.add_column("event", sa.Column("database_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.create_index("events_of_database", "event", ["database_id", "sequence"], unique=False)


def downgrade() -> None:
    op.drop_index("events_of_database", "event")
    op.drop_column("event", "database_id")
    op.drop_table("database_restore")
    op.drop_table("database_link")
    op.drop_table("database")
    op.drop_table("database_container")
    op.drop_table("database_dump")
