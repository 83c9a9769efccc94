"""The key to the secrets can be changed, and what the proxies know us by no longer comes from it"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("instance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("key_wanted", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("proxy_keys", sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("instance", schema=None) as batch_op:
        batch_op.drop_column("proxy_keys")
        batch_op.drop_column("key_wanted")
