"""Reads of the "is it real?" round, and what an administrator turned on or off; both only grow."""

import sqlalchemy as sa
from alembic import op

from core.store.growing import triggers

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

GROWING = ("origin_reads", "switches")


def upgrade() -> None:
    """Make the tables origin_reads and switches, and the triggers that refuse to change a row."""
    op.create_table(
        "origin_reads",
        sa.Column("origin_read_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("synthetic", sa.String(80), nullable=False),
        sa.Column("generator_sha256", sa.String(64), nullable=False),
        sa.Column("dataset", sa.String(80), nullable=False),
        sa.Column("direction", sa.String(20), nullable=False),
        sa.Column("reader", sa.String(80), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("film_id", sa.String(200), nullable=False),
        sa.Column("film_sha256", sa.String(64), nullable=False),
        sa.Column("film_patient", sa.String(200), nullable=False),
        sa.Column("made_id", sa.String(200), nullable=False),
        sa.Column("made_sha256", sa.String(64), nullable=False),
        sa.Column("made_patient", sa.String(200), nullable=False),
        sa.Column("image_size", sa.Integer, nullable=False),
        sa.Column("seen", sa.Boolean, nullable=False),
        sa.Column("film_side", sa.String(10), nullable=False),
        sa.Column("chosen", sa.String(10), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_index("origin_reads_by_set", "origin_reads", ["synthetic", "origin_read_id"])
    op.create_table(
        "switches",
        sa.Column("switch_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("turned_on", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_index("switches_by_name", "switches", ["name", "switch_id"])
    for _, statement in triggers(op.get_bind().dialect.name, GROWING).values():
        op.execute(statement)


def downgrade() -> None:
    """Drop both tables, their triggers first; the audit keeps what it tells of them."""
    dialect = op.get_bind().dialect.name
    for name, (table, _) in triggers(dialect, GROWING).items():
        op.execute(f"DROP TRIGGER {name} ON {table}" if dialect == "postgresql" else f"DROP TRIGGER {name}")
    for table in reversed(GROWING):
        op.drop_table(table)
