"""Who filed a job, so that with a login only they and an administrator may stop it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column filed_by; jobs from before have none."""
    op.add_column("jobs", sa.Column("filed_by", sa.String(80), nullable=True))


def downgrade() -> None:
    """Drop it again."""
    op.drop_column("jobs", "filed_by")
