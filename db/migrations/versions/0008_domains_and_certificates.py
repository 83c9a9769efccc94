"""Domains by their URL, the names that they stand for, resolvers, and certificates by ACME"""

from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s"}
_TEXT = sqlmodel.sql.sqltypes.AutoString()
_MOMENT = sqlmodel.sql.sqltypes.UTCDateTime()
_REASONS = (
    "NAME_NOT_FOUND",
    "POINTS_ELSEWHERE",
    "DNS_FAILURE",
    "CAA_FORBIDS",
    "PORT_UNREACHABLE",
    "PROXY_NOT_RUNNING",
    "LIMIT_REACHED",
    "REFUSED",
    "AUTHORITY_UNREACHABLE",
    "NO_ANSWER",
    "NOT_SHOWN",
    "EXPIRED",
)
_STATES = ("PENDING", "CHECKING", "ORDERING", "ISSUED", "RENEWING", "EXPIRING", "FAILED")


def upgrade() -> None:
    _make_resolvers()
    _extend_domains()
    _extend_certificates()
    _add(
        "application",
        sa.Column("maintenance", sa.Enum("OFF", "PAGE", "HOLD", name="maintenancemode"), server_default="OFF"),
        sa.Column("maintenance_message", _TEXT, server_default=""),
    )
    with op.batch_alter_table("application") as batch_op:
        batch_op.add_column(sa.Column("maintenance_ended_at", _MOMENT, nullable=True))
    with op.batch_alter_table("server", naming_convention=_NAMES) as batch_op:
        batch_op.add_column(sa.Column("default_resolver_id", _TEXT, nullable=True))
        batch_op.create_foreign_key(
            "fk_server_default_resolver_id", "certificate_resolver", ["default_resolver_id"], ["id"]
        )


def _add(table: str, *columns: "sa.Column[Any]") -> None:
    """Add columns that every row has; what rows have from now on is said by whoever writes them."""
    with op.batch_alter_table(table) as batch_op:
        for column in columns:
            column.nullable = False
            batch_op.add_column(column)
    with op.batch_alter_table(table) as batch_op:
        for column in columns:
            batch_op.alter_column(column.name, server_default=None)


def _make_resolvers() -> None:
    op.create_table(
        "certificate_resolver",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("builtin", _TEXT, nullable=True),
        sa.Column("directory_url", _TEXT, nullable=False),
        sa.Column("ca_certificates", _TEXT, nullable=False),
        sa.Column("email", _TEXT, nullable=False),
        sa.Column("key_type", sa.Enum("EC256", "EC384", "RSA2048", "RSA4096", name="keytype"), nullable=False),
        sa.Column("challenge", sa.Enum("HTTP_01", "TLS_ALPN_01", "DNS_01", name="challenge"), nullable=False),
        sa.Column("eab_key_id", _TEXT, nullable=False),
        sa.Column("eab_hmac_key", _TEXT, nullable=True),
        sa.Column("dns_provider", _TEXT, nullable=False),
        sa.Column("dns_credentials", _TEXT, nullable=True),
        sa.Column("dns_delay_seconds", sa.Integer(), nullable=True),
        sa.Column("profile", _TEXT, nullable=False),
        sa.Column("certificate_hours", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("builtin"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "certificate_order",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("resolver_id", _TEXT, nullable=False),
        sa.Column("host", _TEXT, nullable=False),
        sa.Column("registered_domain", _TEXT, nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["resolver_id"], ["certificate_resolver.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_certificate_order_registered_domain", "certificate_order", ["registered_domain"])
    op.create_index("ix_certificate_order_resolver_id", "certificate_order", ["resolver_id"])


def _extend_domains() -> None:
    """Those that there are were served over plain HTTP, by the one name they have."""
    with op.batch_alter_table("domain", naming_convention=_NAMES) as batch_op:
        batch_op.add_column(sa.Column("resolver_id", _TEXT, nullable=True))
        batch_op.drop_constraint("uq_domain_server_id", type_="unique")
        batch_op.create_foreign_key("fk_domain_resolver_id", "certificate_resolver", ["resolver_id"], ["id"])
    op.create_index("ix_domain_resolver_id", "domain", ["resolver_id"])
    _add(
        "domain",
        sa.Column("scheme", sa.Enum("HTTP", "HTTPS", name="scheme"), server_default="HTTP"),
        sa.Column("www_mode", sa.Enum("NONE", "REDIRECT", "SERVE", name="wwwmode"), server_default="NONE"),
        sa.Column("https_only", sa.Boolean(), server_default=sa.true()),
        sa.Column("options", sa.JSON(), server_default="{}"),
        sa.Column("basic_auth", sa.JSON(), server_default="[]"),
    )
    op.create_table(
        "domain_name",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("domain_id", _TEXT, nullable=False),
        sa.Column("server_id", _TEXT, nullable=False),
        sa.Column("host", _TEXT, nullable=False),
        sa.Column("path_prefix", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(["domain_id"], ["domain.id"]),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("server_id", "host", "path_prefix"),
    )
    op.create_index("ix_domain_name_domain_id", "domain_name", ["domain_id"])
    op.execute(
        "INSERT INTO domain_name (id, domain_id, server_id, host, path_prefix) "
        "SELECT id, id, server_id, host, path_prefix FROM domain"
    )


def _extend_certificates() -> None:
    """Those that there are were brought by somebody."""
    _add(
        "certificate",
        sa.Column("source", sa.Enum("UPLOADED", "ACME", name="certificatesource"), server_default="UPLOADED"),
        sa.Column("standing", sa.Boolean(), server_default=sa.false()),
        sa.Column("state", sa.Enum(*_STATES, name="certificatestate"), server_default="ISSUED"),
        sa.Column("problem", _TEXT, server_default=""),
        sa.Column("failures", sa.Integer(), server_default="0"),
        sa.Column("state_since", _MOMENT, server_default="1970-01-01 00:00:00"),
    )
    op.execute("UPDATE certificate SET state_since = created_at")
    with op.batch_alter_table("certificate", naming_convention=_NAMES) as batch_op:
        for name in ("server_id", "host", "resolver_id"):
            batch_op.add_column(sa.Column(name, _TEXT, nullable=True))
        batch_op.add_column(sa.Column("reason", sa.Enum(*_REASONS, name="certificatereason"), nullable=True))
        batch_op.add_column(sa.Column("next_attempt_at", _MOMENT, nullable=True))
        batch_op.add_column(sa.Column("confirmed_at", _MOMENT, nullable=True))
        batch_op.add_column(sa.Column("warned_days", sa.Integer(), nullable=True))
        batch_op.alter_column("key", existing_type=sa.VARCHAR(), nullable=True)
        batch_op.alter_column("not_before", existing_type=_MOMENT, nullable=True)
        batch_op.alter_column("not_after", existing_type=_MOMENT, nullable=True)
        batch_op.create_unique_constraint("uq_certificate_server_id", ["server_id", "host"])
        batch_op.create_foreign_key("fk_certificate_resolver_id", "certificate_resolver", ["resolver_id"], ["id"])
        batch_op.create_foreign_key("fk_certificate_server_id", "server", ["server_id"], ["id"])
    op.create_index("ix_certificate_resolver_id", "certificate", ["resolver_id"])


def downgrade() -> None:
    """What is there of a certificate stays; a domain is served over plain HTTP, as all were."""
    with op.batch_alter_table("server", naming_convention=_NAMES) as batch_op:
        batch_op.drop_constraint("fk_server_default_resolver_id", type_="foreignkey")
        batch_op.drop_column("default_resolver_id")
    with op.batch_alter_table("application") as batch_op:
        for name in ("maintenance_ended_at", "maintenance_message", "maintenance"):
            batch_op.drop_column(name)
    _reduce_certificates()
    op.drop_table("domain_name")
    op.drop_index("ix_domain_resolver_id", "domain")
    op.execute("DELETE FROM domain WHERE host LIKE '*.%'")
    with op.batch_alter_table("domain", naming_convention=_NAMES) as batch_op:
        batch_op.drop_constraint("fk_domain_resolver_id", type_="foreignkey")
        for name in ("basic_auth", "options", "resolver_id", "https_only", "www_mode", "scheme"):
            batch_op.drop_column(name)
        batch_op.create_unique_constraint("uq_domain_server_id", ["server_id", "host", "path_prefix"])
    op.drop_table("certificate_order")
    op.drop_table("certificate_resolver")


def _reduce_certificates() -> None:
    missing = "SELECT id FROM certificate WHERE key IS NULL"
    op.execute(f"UPDATE tcp_proxy SET certificate_id = NULL, closing = true WHERE certificate_id IN ({missing})")
    op.execute("DELETE FROM certificate WHERE key IS NULL")
    op.drop_index("ix_certificate_resolver_id", "certificate")
    with op.batch_alter_table("certificate", naming_convention=_NAMES) as batch_op:
        batch_op.drop_constraint("fk_certificate_resolver_id", type_="foreignkey")
        batch_op.drop_constraint("fk_certificate_server_id", type_="foreignkey")
        batch_op.drop_constraint("uq_certificate_server_id", type_="unique")
        for name in ("key", "not_before", "not_after"):
            batch_op.alter_column(name, existing_type=sa.VARCHAR() if name == "key" else _MOMENT, nullable=False)
        for name in (
            "warned_days",
            "confirmed_at",
            "state_since",
            "next_attempt_at",
            "failures",
            "problem",
            "reason",
            "state",
            "standing",
            "resolver_id",
            "host",
            "server_id",
            "source",
        ):
            batch_op.drop_column(name)
