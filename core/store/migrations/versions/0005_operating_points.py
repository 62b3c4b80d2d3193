"""Operating points that are set after training: proposals, and what was decided on each; both only grow."""

import sqlalchemy as sa
from alembic import op

from core.store.growing import triggers

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

GROWING = ("proposals", "decisions")


def upgrade() -> None:
    """Make the tables proposals and decisions, and the triggers that refuse to change a row."""
    op.create_table(
        "proposals",
        sa.Column("proposal_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("checkpoint_id", sa.String(80), nullable=False),
        sa.Column("weights_sha256", sa.String(64), nullable=False),
        sa.Column("dataset", sa.String(80), nullable=False),
        sa.Column("split", sa.String(80), nullable=False),
        sa.Column("split_sha256", sa.String(64), nullable=False),
        sa.Column("truth", sa.String(80), nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("films", sa.Integer, nullable=False),
        sa.Column("positive_films", sa.Integer, nullable=False),
        sa.Column("figures", sa.JSON, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_index("proposals_by_checkpoint", "proposals", ["checkpoint_id", "proposal_id"])
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("proposal_id", sa.Integer, sa.ForeignKey("proposals.proposal_id"), nullable=False, unique=True),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=True),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    for _, statement in triggers(op.get_bind().dialect.name, GROWING).values():
        op.execute(statement)


def downgrade() -> None:
    """Drop both tables, their triggers first; the audit keeps what it tells of them."""
    dialect = op.get_bind().dialect.name
    for name, (table, _) in triggers(dialect, GROWING).items():
        op.execute(f"DROP TRIGGER {name} ON {table}" if dialect == "postgresql" else f"DROP TRIGGER {name}")
    for table in reversed(GROWING):
        op.drop_table(table)
