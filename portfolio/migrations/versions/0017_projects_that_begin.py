"""when a project began, and when its stop rule is looked at"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import UtcDateTime

revision = "0017"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("projects", sa.Column("stop_on", sa.Date(), nullable=True))
    op.add_column("projects", sa.Column("begun_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("projects", "begun_at")
    op.drop_column("projects", "stop_on")
