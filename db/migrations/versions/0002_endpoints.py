"""Containers tell by what endpoint they are on their network"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("container", schema=None) as batch_op:
        batch_op.add_column(sa.Column("endpoint", sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("container", schema=None) as batch_op:
        batch_op.drop_column("endpoint")
