"""The store's row cannot be replaced by its row number either."""

from alembic import op

from core.store.growing import triggers

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = "store_never_replaced"


def upgrade() -> None:
    """Make the trigger anew that refuses to replace the store's row; PostgreSQL has no such way past one."""
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        op.execute(f"DROP TRIGGER {NAME}")
        op.execute(triggers(dialect)[NAME][1])


def downgrade() -> None:
    """Leave the trigger: the one before let the row be replaced."""
