"""What the containers of an application may do, and how many processes they may have"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_RELEASE = sa.table("release", sa.column("id", sa.String()), sa.column("spec", sa.JSON()))
_OF_SPECS = ("pids_limit", "capabilities", "allow_privilege_escalation")


def upgrade() -> None:
    """Releases stay as they are: what runs is not made anew."""
    op.add_column("application", sa.Column("pids_limit", sa.Integer(), nullable=False, server_default="4096"))
    op.add_column("application", sa.Column("capabilities", sa.JSON(), nullable=True))
    op.add_column(
        "application",
        sa.Column("allow_privilege_escalation", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    """An older version refuses releases that say what it does not know."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(_RELEASE.c.id, _RELEASE.c.spec)).all():
        known = {name: value for name, value in row.spec.items() if name not in _OF_SPECS}
        if known != row.spec:
            connection.execute(sa.update(_RELEASE).where(_RELEASE.c.id == row.id).values(spec=known))
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.drop_column("allow_privilege_escalation")
        batch_op.drop_column("capabilities")
        batch_op.drop_column("pids_limit")
