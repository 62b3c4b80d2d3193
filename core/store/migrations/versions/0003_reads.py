"""The reads and the audit chain: tables that only grow; worklists say what they are for."""

import secrets
import time

import sqlalchemy as sa
from alembic import op

from core.store.growing import FUNCTION, triggers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GROWING = ("store", "worklists", "reads", "audit")


def upgrade() -> None:
    """Make the tables store, reads and audit, and the triggers that refuse to change a row."""
    # Worklists from before were all made to be read, and list what their policy lists.
    op.add_column("worklists", sa.Column("purpose", sa.String(20), nullable=False, server_default="reading"))
    op.add_column("worklists", sa.Column("films", sa.JSON, nullable=True))
    store = op.create_table(
        "store",
        sa.Column("store_id", sa.String(32), primary_key=True),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_table(
        "reads",
        sa.Column("read_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("worklist", sa.String(80), sa.ForeignKey("worklists.name"), nullable=False),
        sa.Column("image_id", sa.String(200), nullable=False),
        sa.Column("image_sha256", sa.String(64), nullable=False),
        sa.Column("reader", sa.String(80), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("stage", sa.Integer, nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("seen", sa.JSON, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("supersedes", sa.Integer, sa.ForeignKey("reads.read_id"), nullable=True),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_index("reads_by_case", "reads", ["worklist", "image_id", "read_id"])
    op.create_table(
        "audit",
        sa.Column("entry_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("row_table", sa.String(40), nullable=True),
        sa.Column("row_key", sa.String(200), nullable=True),
        sa.Column("row_digest", sa.String(64), nullable=True),
        sa.Column("about", sa.JSON, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.bulk_insert(store, [{"store_id": secrets.token_hex(16), "created_at": time.time()}])
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute(FUNCTION)
    for _, statement in triggers(dialect, GROWING).values():
        op.execute(statement)


def downgrade() -> None:
    """Drop what only grows, its triggers first."""
    dialect = op.get_bind().dialect.name
    for name, (table, _) in triggers(dialect, GROWING).items():
        op.execute(f"DROP TRIGGER {name} ON {table}" if dialect == "postgresql" else f"DROP TRIGGER {name}")
    if dialect == "postgresql":
        op.execute("DROP FUNCTION only_grows")
    for table in ("audit", "reads", "store"):
        op.drop_table(table)
    with op.batch_alter_table("worklists") as batch:
        batch.drop_column("films")
        batch.drop_column("purpose")
