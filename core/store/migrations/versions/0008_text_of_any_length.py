"""On PostgreSQL a text may be as long as SQLite, which counts no letters, has let it be."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("jobs", "worklists", "store", "reads", "audit", "proposals", "decisions", "origin_reads", "switches")


def upgrade() -> None:
    """Make every column of a limited text one of any length; PostgreSQL rewrites no table for it."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    inspector = sa.inspect(connection)
    for table in TABLES:
        for column in inspector.get_columns(table):
            if isinstance(column["type"], sa.String) and column["type"].length:
                op.alter_column(table, column["name"], type_=sa.Text)


def downgrade() -> None:
    """Leave the columns as they are: what stands in them may be longer by now."""
