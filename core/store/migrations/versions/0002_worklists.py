"""The worklists table."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of worklists."""
    op.create_table(
        "worklists",
        sa.Column("worklist_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("checkpoint_id", sa.String(120), nullable=False),
        sa.Column("weights_sha256", sa.String(64), nullable=False),
        sa.Column("dataset", sa.String(80), nullable=False),
        sa.Column("split", sa.String(80), nullable=False),
        sa.Column("part", sa.String(10), nullable=False),
        sa.Column("truth", sa.String(80), nullable=False),
        sa.Column("policy", sa.JSON, nullable=False),
        sa.Column("cut", sa.Float, nullable=False),
        sa.Column("cut_from", sa.String(200), nullable=False),
        sa.Column("read_mode", sa.String(10), nullable=False),
        sa.Column("readers", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
    )


def downgrade() -> None:
    """Drop the table of worklists."""
    op.drop_table("worklists")
