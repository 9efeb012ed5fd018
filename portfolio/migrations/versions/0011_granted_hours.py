"""hours a week that experts give"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("hours_per_week", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "hours_per_week")
