"""TCP proxies of exposed databases, and the certificates that they show"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "certificate",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("issuer", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("chain", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("not_before", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("not_after", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "tcp_proxy",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("database_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("server_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("bind_address", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("allowed_networks", sa.JSON(), nullable=False),
        sa.Column("tls", sa.Enum("NONE", "TERMINATE", "PASSTHROUGH", name="tlsmode"), nullable=False),
        sa.Column("certificate_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("closing", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Enum("PENDING", "LISTENING", "FAILED", "CLOSED", name="tcpproxystate"), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "PORT_TAKEN",
                "ADDRESS_NOT_LOCAL",
                "IMAGE_UNAVAILABLE",
                "START_REFUSED",
                "EXITED",
                "NOT_LISTENING",
                "ENGINE_UNREACHABLE",
                "INTERNAL",
                name="tcpproxyreason",
            ),
            nullable=True,
        ),
        sa.Column("message", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["database_id"],
            ["database.id"],
        ),
        sa.ForeignKeyConstraint(
            ["server_id"],
            ["server.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("database_id"),
        sa.UniqueConstraint("server_id", "bind_address", "port"),
    )
    with op.batch_alter_table("tcp_proxy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tcp_proxy_certificate_id"), ["certificate_id"], unique=False)


def downgrade() -> None:
    op.drop_table("tcp_proxy")
    op.drop_table("certificate")
